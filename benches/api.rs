//! A list of items with the names of their units: through GraphQL, and through a handler written by hand for just that.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use huiyin::http::{App, router};
use huiyin::service::Service;
use huiyin::service::account::NewAccount;
use huiyin::service::act::Act;
use huiyin::store::item_list::{Filter, Order, Slice, Told};
use huiyin_domain::access::{Actor, Role, UnitKind};
use serde::Serialize;
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::data::{Data, Opened};
use crate::report::{Bound, Report, count, quantile, spread};

/// Items on the page.
const ITEMS: usize = 20;
/// Connections at once, each kept open.
const CONNECTIONS: usize = 8;
/// Requests of one connection.
const REQUESTS: usize = 500;
/// Turns of either side, one after the other; the middle one counts. A turn takes half a second, in which the machine may
/// give one side more than the other, and the best of each side are not of the same moment.
const TURNS: usize = 25;

const LOGIN: &str = "bench";
const PASSWORD: &str = "Invented-1-Password";

const QUERY: &str = "{ items(first: 20, filter: {stages: [DISPATCHED]}) { edges { node { \
     id number title stage { code } askedAt dueAt open leadUnit { id name } } } } }";

const LIST: &str = "SELECT item.id, item.number, item.title, item.stage, item.asked_at, item.due_at, item.open, \
     unit.id, unit.name FROM item JOIN unit ON unit.id = item.lead_unit_id WHERE item.stage = 'dispatched' \
     ORDER BY item.asked_at DESC, item.number DESC LIMIT 20";

/// Asks both sides for the same rows, in turn.
pub async fn run(data: &Data, report: &mut Report) -> anyhow::Result<()> {
    println!("\napi: {ITEMS} items with the names of their units, {CONNECTIONS} connections");
    let opened = Opened::new(&data.filled()).await?;
    let token = prepare(&opened.service).await?;
    let graphql = serve(router(App::new(opened.service.clone()))).await?;
    let options = crate::bare::options(&data.filled().join("huiyin.db")).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
    let bare = serve(Router::new().route("/items", get(list)).with_state(pool.clone())).await?;
    let body = serde_json::json!({ "query": QUERY }).to_string();
    let asked = format!(
        "POST /graphql HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut ours = Side::new("GraphQL", graphql, asked);
    let mut other =
        Side::new("bare axum, sqlx, serde_json", bare, "GET /items HTTP/1.1\r\nhost: bench\r\n\r\n".to_owned());
    for side in [&ours, &other] {
        // Opens what is opened once.
        load(side.address, &side.request).await?;
    }
    let mut ratios = Vec::with_capacity(TURNS);
    for _ in 0..TURNS {
        let (ours, other) = (ours.turn().await?, other.turn().await?);
        ratios.push(ours / other);
    }
    ours.print();
    other.print();
    let [least, middle, most] = spread(&mut ratios);
    println!("  turn by turn {least:.3} to {most:.3} of the bare handler");
    report.note("api: requests/s against a bare handler of the same rows", middle, Bound::AtLeast(0.45));
    pool.close().await;
    opened.service.store().close().await;
    Ok(())
}

/// One of the two that are asked, and what it did.
struct Side {
    name: &'static str,
    address: SocketAddr,
    request: String,
    rates: Vec<f64>,
    times: Vec<Duration>,
}

impl Side {
    fn new(name: &'static str, address: SocketAddr, request: String) -> Self {
        Self { name, address, request, rates: Vec::new(), times: Vec::new() }
    }

    /// Asks for one turn. Returns the requests a second.
    async fn turn(&mut self) -> anyhow::Result<f64> {
        let (rate, took) = load(self.address, &self.request).await?;
        self.rates.push(rate);
        self.times.extend(took);
        Ok(rate)
    }

    fn print(&mut self) {
        let [least, middle, most] = spread(&mut self.rates);
        let (half, slowest) = (quantile(&mut self.times, 0.5), quantile(&mut self.times, 0.99));
        println!(
            "  {:<28} {middle:>8.0} requests/s ({least:.0} to {most:.0})  p50 {half:>7.3} ms  p99 {slowest:>7.3} ms",
            self.name
        );
    }
}

/// Hands items to units, so that there are names to show, and signs in.
async fn prepare(service: &Service) -> anyhow::Result<String> {
    let system = Actor::System("bench");
    let mut units = Vec::new();
    for number in 1..=5 {
        let unit =
            service.add_unit(&system, &format!("bench{number}"), &format!("测算{number}科"), UnitKind::Section).await?;
        units.push(unit.unit_id()?);
    }
    let first = *units.first().context("no unit")?;
    let new = NewAccount {
        login: LOGIN.to_owned(),
        name: "测算".to_owned(),
        unit: first,
        roles: BTreeSet::from([Role::Office]),
        password: PASSWORD.to_owned(),
        must_change: false,
    };
    service.add_account(&system, new).await?;
    let signed_in = service.sign_in(LOGIN, PASSWORD.to_owned()).await?;
    let office = signed_in.viewer.actor;
    let open = Filter { open: Some(true), ..Filter::default() };
    let newest = Slice { order: Order::AskedNewest, after: None, limit: 200, told: Told::Facts };
    let items = service.list_items(&office, &open, newest).await?;
    for (item, lead) in items.iter().zip(units.iter().cycle()) {
        let id = item.id.parse()?;
        service.act(&office, id, Act::Register, None).await?;
        service.act(&office, id, Act::Assign { lead: *lead, assisting: BTreeSet::new() }, None).await?;
    }
    Ok(signed_in.token)
}

async fn serve(routes: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    number: i64,
    title: String,
    stage: String,
    asked_at: i64,
    due_at: Option<i64>,
    open: bool,
    lead_unit: Unit,
}

#[derive(Debug, Serialize)]
struct Unit {
    id: String,
    name: String,
}

type Row = (String, i64, String, String, i64, Option<i64>, bool, String, String);

/// What somebody would write who needs this one list.
async fn list(State(pool): State<SqlitePool>) -> Result<Json<Vec<Item>>, axum::http::StatusCode> {
    let rows: Vec<Row> =
        sqlx::query_as(LIST).fetch_all(&pool).await.map_err(|_| axum::http::StatusCode::INTERNAL_SERVER_ERROR)?;
    let items = rows.into_iter().map(|(id, number, title, stage, asked_at, due_at, open, unit, name)| Item {
        id,
        number,
        title,
        stage,
        asked_at,
        due_at,
        open,
        lead_unit: Unit { id: unit, name },
    });
    Ok(Json(items.collect()))
}

/// Sends the request over and over on a thread of its own. Returns the requests a second and what each took.
async fn load(address: SocketAddr, request: &str) -> anyhow::Result<(f64, Vec<Duration>)> {
    let request = request.to_owned();
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let started = Instant::now();
            let mut connections = tokio::task::JoinSet::new();
            for _ in 0..CONNECTIONS {
                connections.spawn(connection(address, request.clone()));
            }
            let mut times = Vec::new();
            while let Some(ended) = connections.join_next().await {
                times.extend(ended??);
            }
            Ok((count(times.len()) / started.elapsed().as_secs_f64(), times))
        })
    })
    .await?
}

async fn connection(address: SocketAddr, request: String) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::new();
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        answer.clear();
        let length = loop {
            anyhow::ensure!(stream.read_buf(&mut answer).await? > 0, "the server hung up");
            if let Some(length) = length(&answer)? {
                break length;
            }
        };
        while answer.len() < length {
            anyhow::ensure!(stream.read_buf(&mut answer).await? > 0, "the server hung up");
        }
        times.push(started.elapsed());
    }
    // Both sides must have answered with the page, not with a refusal.
    let text = String::from_utf8(answer)?;
    anyhow::ensure!(text.starts_with("HTTP/1.1 200 ") && text.matches("测算").count() == ITEMS, "answered: {text}");
    Ok(times)
}

/// The length of an answer, head and body, once its head is there.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?.to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("no length")?;
    Ok(Some(end + 4 + line.trim().parse::<usize>()?))
}
