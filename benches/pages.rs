//! Every main page of the staff and the public: how long the server needs to its last byte, and how much goes over the line.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use huiyin::http::{App, router_with, whole};
use huiyin::page::Site;
use reqwest::Client;
use reqwest::header::{ACCEPT_ENCODING, COOKIE};
use tokio::net::TcpListener;

use self::people::People;
use crate::data::{Data, Opened};
use crate::report::{Bound, Report, count, quantile};

mod people;

/// Requests of one connection: fewer where nobody looks at the figures.
const REQUESTS: usize = if cfg!(debug_assertions) { 10 } else { 200 };
/// Connections at once, each kept open.
const CONNECTIONS: [usize; 2] = [1, 4];
/// The longest that one request in a hundred may take, in milliseconds.
const LONGEST: f64 = 100.0;
/// The most that may go over the line until a first page stands with all it needs, in thousands of bytes.
const FIRST_VIEW: f64 = 150.0;
/// The most of a page once stylesheets and scripts are there, in thousands of bytes.
const LATER_VIEW: f64 = 30.0;

/// A page, who reads it, and what must stand on it.
struct Page {
    name: &'static str,
    path: String,
    cookie: String,
    shows: String,
}

/// Asks for each page over and over.
pub async fn run(data: &Data, report: &mut Report) -> anyhow::Result<()> {
    println!("\npages, on {} items, {REQUESTS} requests a connection", data.items);
    let opened = Opened::new(&data.filled()).await?;
    let people = People::hire(&opened.service).await?;
    let app = App::new(opened.service.clone());
    // Under the same guards, with nothing to do.
    let empty = router_with(app.clone(), Router::new().route("/empty", get(|| async { Html("<!doctype html>") })));
    let empty = serve(empty).await?;
    let address = serve(whole(app, Site::default())?).await?;
    // All was imported today.
    let today = opened.service.now().date().context("today")?.to_string();
    let pages = pages(&people, &data.connector.id, &today);
    for page in &pages {
        check(address, page).await?;
    }
    for connections in CONNECTIONS {
        let (least, _) = load(empty, "/empty", "", connections).await?;
        println!("  {connections} connection(s), an empty page: p50 {least:.3} ms");
        let mut longest = 0.0_f64;
        for page in &pages {
            let (half, most) = load(address, &page.path, &page.cookie, connections).await?;
            longest = longest.max(most);
            let times = half / least;
            println!("  {:<34} p50 {half:>8.2} ms  p99 {most:>8.2} ms  {times:>6.0} times empty", page.name);
        }
        let what = format!("pages: p99 of the slowest page, {connections} connection(s), ms");
        report.note(&what, longest, Bound::AtMost(LONGEST));
    }
    transfer(address, &pages, report).await?;
    opened.service.store().close().await;
    Ok(())
}

fn pages(people: &People, source: &str, today: &str) -> Vec<Page> {
    let office = || people.office.clone();
    let item = people.item;
    let page =
        |name, path: &str, cookie, shows: &str| Page { name, path: path.to_owned(), cookie, shows: shows.to_owned() };
    vec![
        page("home, office", "/desk", office(), "早报"),
        page("home, handler", "/desk", people.handler.clone(), "待您处理"),
        page("items", "/desk/items", office(), "/desk/items/"),
        page("items, late ones", "/desk/items?open=yes&within=overdue&order=due", office(), "/desk/items/"),
        page("items, a word", "/desk/items?q=规划", office(), "<mark>"),
        page("item", &format!("/desk/items/{item}"), people.handler.clone(), &format!("件 {item}")),
        page("monthly issues", "/desk/issues", people.publisher.clone(), "2026-10"),
        page("imports", "/desk/imports", office(), "messages.csv"),
        page("held rows", "/desk/held", office(), "/desk/held/"),
        page("sources", "/desk/sources", office(), "✓ 账平"),
        page("source, a day", &format!("/desk/sources/{source}?day={today}"), office(), "✓ 账平"),
        page("public: months", "/", String::new(), "/hot/2026-10"),
        page("public: a month", "/hot/2026-10", String::new(), people::ANSWER),
    ]
}

async fn serve(routes: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

/// A page as a browser asks for it, and the bytes that come: compressed where the server does so.
async fn fetch(client: &Client, address: SocketAddr, path: &str, cookie: &str) -> anyhow::Result<usize> {
    let request = client.get(format!("http://{address}{path}")).header(ACCEPT_ENCODING, "gzip");
    let answer = request.header(COOKIE, cookie).send().await?;
    anyhow::ensure!(answer.status() == 200, "{path}: {}", answer.status());
    Ok(answer.bytes().await?.len())
}

/// The text of a page, uncompressed, once it is sure that it is the page and no refusal. Returns it.
async fn check(address: SocketAddr, page: &Page) -> anyhow::Result<String> {
    let request = Client::new().get(format!("http://{address}{}", page.path)).header(COOKIE, &page.cookie);
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    let whole = status == 200 && text.contains(&page.shows) && text.trim_end().ends_with("</html>");
    anyhow::ensure!(whole, "{} answered {status} without {:?}", page.path, page.shows);
    Ok(text)
}

/// The median and the 99th percentile in milliseconds. The load is made on a thread of its own.
async fn load(address: SocketAddr, path: &str, cookie: &str, connections: usize) -> anyhow::Result<(f64, f64)> {
    let (path, cookie) = (path.to_owned(), cookie.to_owned());
    let mut times = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut running = tokio::task::JoinSet::new();
            for _ in 0..connections {
                running.spawn(connection(address, path.clone(), cookie.clone()));
            }
            let mut times = Vec::new();
            while let Some(ended) = running.join_next().await {
                times.extend(ended??);
            }
            anyhow::Ok(times)
        })
    })
    .await??;
    Ok((quantile(&mut times, 0.5), quantile(&mut times, 0.99)))
}

async fn connection(address: SocketAddr, path: String, cookie: String) -> anyhow::Result<Vec<Duration>> {
    // One request after the other: it keeps one connection.
    let client = Client::new();
    // The first ones open the connection and fill what is kept in memory.
    for _ in 0..REQUESTS / 10 {
        fetch(&client, address, &path, &cookie).await?;
    }
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let started = Instant::now();
        fetch(&client, address, &path, &cookie).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// What goes over the line: bodies as sent, without heads.
async fn transfer(address: SocketAddr, pages: &[Page], report: &mut Report) -> anyhow::Result<()> {
    let client = Client::new();
    let (mut first, mut later) = (0, 0);
    for page in pages {
        let html = fetch(&client, address, &page.path, &page.cookie).await?;
        let plain = check(address, page).await?;
        // In templates a slash is written as a reference.
        let text = plain.replace("&#x2f;", "/");
        let assets: BTreeSet<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
        anyhow::ensure!(!assets.is_empty(), "{} has no stylesheet", page.path);
        let mut all = html;
        for asset in &assets {
            all += fetch(&client, address, asset, "").await.context("an asset")?;
        }
        println!("  {:<34} {html:>7} bytes of html ({} unpacked), {all:>7} at first", page.name, plain.len());
        (first, later) = (first.max(all), later.max(html));
    }
    report.note("pages: the largest first view, kB", count(first) / 1e3, Bound::AtMost(FIRST_VIEW));
    report.note("pages: the largest html after that, kB", count(later) / 1e3, Bound::AtMost(LATER_VIEW));
    Ok(())
}
