//! Two people at once: what one does, the other's page is told, if they may see it.

use std::time::{Duration, Instant};

use huiyin::store::item::{self as items, ItemRow};
use huiyin_domain::access::Role;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::app::{Letter, TestApp};
use crate::support::stores;

/// A stream that only shows that it is alive is waited on no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stream of events, read as a browser does.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, login: &'static str, since: Option<u64>) -> Self {
        Self::open_as(app, &app.token(login).await, since).await
    }

    async fn open_as(app: &TestApp, token: &str, since: Option<u64>) -> Self {
        let mut request = app.client.get(format!("{}/desk/live", app.address)).bearer_auth(token);
        if let Some(since) = since {
            request = request.header("last-event-id", since.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event: its name and its data; none at the stream's end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let found = field("event:").zip(field("data:"));
                let found = found.map(|(name, data)| (name.to_owned(), serde_json::from_str(data).unwrap()));
                self.text = rest.to_owned();
                if found.is_some() {
                    return found;
                }
                continue;
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await.expect("something is sent");
            self.text.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// The next event of this name.
    async fn wait_for(&mut self, name: &str) -> Value {
        let told = async {
            loop {
                let (found, data) = self.next().await.expect("the stream goes on");
                if found == name {
                    return data;
                }
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("no {name} is told"))
    }

    /// The numbers of items told until the ledger's number is reached.
    async fn items_until(&mut self, seq: u64) -> Vec<i64> {
        let mut items = Vec::new();
        let told = async {
            loop {
                let (name, data) = self.next().await.expect("the stream goes on");
                match name.as_str() {
                    "item" => items.push(data["number"].as_i64().unwrap()),
                    "head" if data["seq"].as_u64().unwrap() >= seq => return,
                    _ => {}
                }
            }
        };
        let is_told = timeout(PATIENCE, told).await.is_ok();
        assert!(is_told, "the ledger's number {seq} is not reached; told of {items:?}");
        items
    }
}

async fn assign(app: &TestApp, number: i64, unit: &str) -> u64 {
    let call = format!("assignItem(item: \"{}\", lead: \"{}\")", app.item(number).await, app.unit(unit));
    let done = app.act("office", &call).await;
    assert_eq!(done["status"], "OK");
    done["seq"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_does_the_other_is_told_within_a_second() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let mut handler = Stream::open(&app, "handler", None).await;
    let mut stranger = Stream::open(&app, "stranger", None).await;
    assert_eq!(handler.wait_for("badge").await["mine"], 0);
    assign(&app, 1, "planning").await;
    // From the answer, which comes behind the commit: what the act itself costs is no part of it.
    let start = Instant::now();
    let told = handler.wait_for("item").await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(told, json!({ "number": 1, "revision": 3, "stage": "dispatched" }));
    assert_eq!(handler.wait_for("badge").await["entries"]["accept"], 1);
    // Not the stranger's: the first they hear of is the item that is theirs.
    let last = assign(&app, 2, "survey").await;
    assert_eq!(stranger.items_until(last).await, [2]);
}

#[tokio::test]
async fn who_comes_back_is_told_what_they_missed() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2), Letter::new(3)]).await;
    for login in ["office", "handler", "stranger"] {
        app.token(login).await;
    }
    let seen = assign(&app, 1, "planning").await;
    assign(&app, 2, "survey").await;
    let last = assign(&app, 3, "planning").await;
    let mut office = Stream::open(&app, "office", Some(seen)).await;
    assert_eq!(office.items_until(last).await, [2, 3]);
    let mut handler = Stream::open(&app, "handler", Some(seen)).await;
    assert_eq!(handler.items_until(last).await, [3]);
    assert_eq!(handler.wait_for("badge").await["mine"], 2);
    // Too much to be told one by one: look at everything anew.
    let letters: Vec<Letter> = (10..=520).map(Letter::new).collect();
    app.import(&letters).await;
    let mut late = Stream::open(&app, "office", Some(seen)).await;
    assert_eq!(late.next().await.unwrap().0, "reset");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    let mut handler = Stream::open(&app, "handler", None).await;
    handler.wait_for("head").await;
    app.ok("handler", "mutation { signOut { status } }", json!({})).await;
    while handler.next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_only_lies_open_does_not_keep_its_session() {
    let app = TestApp::start().await;
    let token = app.token("handler").await;
    let mut stream = Stream::open(&app, "handler", None).await;
    stream.wait_for("head").await;
    let id = app.account("handler").await.strip_prefix("account:").unwrap().parse().unwrap();
    // What happens to an account makes its open pages look whether they are still signed in.
    let touch = async || {
        let secadmin = app.viewer("secadmin").await.actor;
        app.service.set_roles(&secadmin, id, &[Role::Handler].into()).await.unwrap();
    };
    app.clock.advance(20 * 60);
    touch().await;
    stream.wait_for("head").await;
    // Nor is it a use that a browser opens a broken stream again by itself.
    let mut again = Stream::open_as(&app, &token, None).await;
    again.wait_for("head").await;
    app.clock.advance(11 * 60);
    touch().await;
    while stream.next().await.is_some() {}
    while again.next().await.is_some() {}
    assert!(app.service.authenticate(&token).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_that_cannot_be_read_does_not_silence_the_others() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let mut office = Stream::open(&app, "office", None).await;
    let store = app.service.store();
    let row = items::by_number(&mut store.read().await.unwrap().conn(), 1).await.unwrap().unwrap();
    let (subject, revision) = (format!("item:{}", row.id), row.revision);
    let mut tx = stores::begin(store).await;
    items::update(&mut tx, &ItemRow { state: "{}".to_owned(), ..row }, revision).await.unwrap();
    tx.record(subject, "item.registered", &json!({})).unwrap();
    tx.commit(app.service.now()).await.unwrap();
    let last = assign(&app, 2, "planning").await;
    assert_eq!(office.items_until(last).await, [2]);
}

#[tokio::test]
async fn strangers_and_crowds_are_refused() {
    let app = TestApp::start().await;
    let address = format!("{}/desk/live", app.address);
    assert_eq!(app.client.get(&address).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let open = async |login| app.client.get(&address).bearer_auth(app.token(login).await).send().await.unwrap();
    assert_eq!(open("auditor").await.status(), StatusCode::FORBIDDEN);
    let mut streams = Vec::new();
    for _ in 0..6 {
        streams.push(open("office").await);
    }
    assert!(streams.iter().all(|stream| stream.status() == StatusCode::OK));
    assert_eq!(open("office").await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(open("handler").await.status(), StatusCode::OK);
    // A page that is closed makes room.
    streams.pop();
    let start = Instant::now();
    while open("office").await.status() != StatusCode::OK {
        assert!(start.elapsed() < Duration::from_secs(20), "a closed page still counts");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_does_not_wait_for_open_pages() {
    let app = TestApp::start().await;
    let mut office = Stream::open(&app, "office", None).await;
    office.wait_for("head").await;
    let start = Instant::now();
    app.stop().await;
    while office.next().await.is_some() {}
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
