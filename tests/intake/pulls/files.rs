//! Pictures and documents that a source's messages name: listed with the message, fetched afterwards, and never in its way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use huiyin::intake::Connector;
use huiyin::intake::crawl::Reach;
use huiyin::intake::fetch::{Fetcher, Hosts, NetSettings, Validators};
use huiyin::service::{HomeSettings, Service};
use huiyin::store::attachment::{self, AttachmentRow};
use huiyin::store::message;
use huiyin_domain::access::Actor;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::on_both;
use crate::support::world::World;

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n rest";

/// What the server shows under each name: a status and bytes.
type Shown = Arc<Mutex<(Value, BTreeMap<String, (u16, Vec<u8>)>)>>;

async fn list(State(shown): State<Shown>) -> Json<Value> {
    Json(shown.lock().expect("nobody failed").0.clone())
}

async fn file(State(shown): State<Shown>, Path(name): Path<String>) -> Response {
    let found = shown.lock().expect("nobody failed").1.get(&name).cloned();
    let (status, bytes) = found.unwrap_or((404, Vec::new()));
    (StatusCode::from_u16(status).expect("a status"), bytes).into_response()
}

fn rows(files: &[&str]) -> Value {
    let files: Vec<Value> = files.iter().map(|name| json!({ "url": format!("/f/{name}"), "name": name })).collect();
    json!({ "rows": [{ "id": "X1", "title": "路灯", "text": "村口的路灯坏了很久", "files": files }] })
}

fn connector(address: std::net::SocketAddr) -> Connector {
    let text = format!(
        "id = \"site\"\nname = \"样例信箱\"\nchannel = \"领导信箱\"\nkind = \"json\"\nversion = 1\n\
         description = \"样例\"\nfixtures = [\"site.toml\"]\n\
         [fetch]\nbase = \"http://{address}/\"\nprivate = [\"127.0.0.1\"]\nrobots = false\npace = \"0s\"\nretries = 0\n\
         [list]\nurl = \"/list\"\nrows = \"/rows\"\n\
         attachments = {{ pointer = \"files\", url = \"url\", name = \"name\" }}\n\
         [attachments]\nfetch = true\nmax_mb = 1\ntypes = [\"image\"]\n\
         [[column]]\nfield = \"key\"\naliases = [\"id\"]\nrequired = true\nfilled = true\n\
         [[column]]\nfield = \"title\"\naliases = [\"title\"]\nrequired = true\n\
         [[column]]\nfield = \"body\"\naliases = [\"text\"]\nrequired = true\nfilled = true\n\
         [key]\nkind = \"printed\"\n"
    );
    Connector::parse("connector.toml", &text).expect("it is sound")
}

async fn pull(service: &Service, connector: &Connector) {
    let rules = connector.fetch_rules().expect("it is crawled");
    let hosts = Arc::new(Hosts::new());
    let mut pages = Fetcher::new(rules, &NetSettings::default(), &hosts, Validators::default()).expect("a fetcher");
    let (actor, stop) = (Actor::System("test"), CancellationToken::new());
    let pulled = service.pull_source(&actor, connector, Reach::Sweep, &mut pages, &stop, &mut |_| ()).await;
    assert_eq!(pulled.expect("the pull runs").stage, "finished", "no file holds a message up");
}

async fn attachments(service: &Service) -> Vec<AttachmentRow> {
    let mut reader = service.store().read().await.expect("a reader");
    let rows = message::by_keys(&mut reader.conn(), "site", &["X1".to_owned()]).await.expect("the store answers");
    let message = &rows.first().expect("the message is there").id;
    attachment::of_message(&mut reader.conn(), message).await.expect("the store answers")
}

/// Name, stage and code of each.
async fn told(service: &Service) -> Vec<(String, String, String)> {
    attachments(service).await.into_iter().map(|row| (row.name, row.stage, row.problem_code)).collect()
}

fn one(name: &str, stage: &str, code: &str) -> (String, String, String) {
    (name.to_owned(), stage.to_owned(), code.to_owned())
}

/// A server that shows what is told, who reads it, and the use cases in a data directory.
async fn serve(world: &World, shown: &Shown, folder: &std::path::Path) -> (Service, Connector, JoinHandle<()>) {
    let app = Router::new().route("/list", get(list)).route("/f/{name}", get(file)).with_state(shown.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let connector = connector(listener.local_addr().expect("it has an address"));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
    let service = world.service.clone().with_home(HomeSettings {
        owner: "test".to_owned(),
        spool: folder.join("uploads"),
        blobs: folder.join("blobs"),
        max_upload_bytes: 1 << 20,
        connectors: None,
    });
    (service, connector, serving)
}

async fn what_a_message_names_is_listed_fetched_or_on_record_with_the_reason(world: &World) {
    let shown = Shown::default();
    {
        let mut shown = shown.lock().expect("nobody failed");
        shown.0 = rows(&["a.png", "big.png", "b.pdf", "gone.png", "empty.png", "late.png"]);
        shown.1.insert("a.png".to_owned(), (200, PNG.to_vec()));
        shown.1.insert("big.png".to_owned(), (200, [PNG, &vec![0; 1 << 20]].concat()));
        shown.1.insert("b.pdf".to_owned(), (200, b"%PDF-1.7\n".to_vec()));
        shown.1.insert("empty.png".to_owned(), (200, Vec::new()));
        shown.1.insert("late.png".to_owned(), (500, Vec::new()));
    }
    let folder = tempfile::tempdir().expect("a folder is made");
    let (service, connector, serving) = serve(world, &shown, folder.path()).await;

    pull(&service, &connector).await;
    let settled = [
        one("a.png", "stored", ""),
        one("big.png", "refused", "too_large"),
        one("b.pdf", "refused", "type_not_taken"),
        one("gone.png", "missing", "gone"),
        one("empty.png", "refused", "empty"),
    ];
    let late = [one("late.png", "listed", "status")];
    assert_eq!(told(&service).await, [&settled[..], &late].concat());
    let stored = attachments(&service).await.remove(0);
    assert_eq!((stored.media_type.as_str(), stored.bytes), ("image/png", PNG.len() as i64));

    // Another list of files adds; what is no longer named stays, and what failed for a passing reason comes later.
    {
        let mut shown = shown.lock().expect("nobody failed");
        shown.0 = rows(&["late.png", "new.png"]);
        shown.1.insert("late.png".to_owned(), (200, PNG.to_vec()));
        shown.1.insert("new.png".to_owned(), (503, Vec::new()));
    }
    pull(&service, &connector).await;
    let late = [one("late.png", "stored", "")];
    assert_eq!(told(&service).await, [&settled[..], &late, &[one("new.png", "listed", "status")]].concat());
    for _ in 0..4 {
        pull(&service, &connector).await;
    }
    let last = told(&service).await.pop();
    assert_eq!(last, Some(one("new.png", "missing", "status")), "five times in all");
    serving.abort();
}

#[tokio::test]
async fn files_are_listed_fetched_or_on_record_with_the_reason() {
    on_both(what_a_message_names_is_listed_fetched_or_on_record_with_the_reason).await;
}

async fn where_nothing_comes_the_rest_waits_for_the_next_pull(world: &World) {
    let shown = Shown::default();
    let names = ["a.png", "b.png", "c.png", "d.png", "e.png"];
    {
        let mut shown = shown.lock().expect("nobody failed");
        shown.0 = rows(&names);
        shown.1 = names.map(|name| (name.to_owned(), (500, Vec::new()))).into();
    }
    let folder = tempfile::tempdir().expect("a folder is made");
    let (service, connector, serving) = serve(world, &shown, folder.path()).await;
    let tried = async || {
        let mut tried: Vec<i64> = attachments(&service).await.iter().map(|row| row.attempts).collect();
        tried.sort_unstable();
        tried
    };
    pull(&service, &connector).await;
    assert_eq!(tried().await, [0, 0, 1, 1, 1]);
    pull(&service, &connector).await;
    assert_eq!(tried().await, [1, 1, 1, 1, 2], "those that were not asked for come first");
    serving.abort();
}

#[tokio::test]
async fn a_host_that_is_not_well_is_not_asked_for_everything() {
    on_both(where_nothing_comes_the_rest_waits_for_the_next_pull).await;
}
