//! What sources send is kept as they sent it: a held row is looked at where it stood, for as long as somebody may need to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use huiyin::intake::crawl::{Coverage, CrawlError, Found, Host, Payload, Reach, Shows};
use huiyin::intake::fetch::{Fetcher, Hosts, NetSettings, Validators};
use huiyin::intake::{Connector, RowOutcome};
use huiyin::service::payload::{Keeping, Shown};
use huiyin::service::pull::Reading;
use huiyin::service::{HomeSettings, Service, ServiceError};
use huiyin::store::hold::HoldFilter;
use huiyin::store::ledger;
use huiyin::store::payload::{self, PayloadRow};
use huiyin::store::source::HoldRow;
use huiyin_domain::access::{Actor, Role, UnitKind};
use huiyin_domain::id::HoldId;
use huiyin_domain::ledger::Digest;
use tokio_util::sync::CancellationToken;

use super::on_both;
use super::site::shown;
use crate::support::world::World;

const CLI: Actor = Actor::System("test");
/// A list whose second row has no text, with letters as some programs write them.
const LIST: &str = r#"{"rows":[{"id":"X0001","title":"路灯","text":"村口的路灯坏了"},{"id":"X0002","title":"\u8def\u9762","text":""}]}"#;

/// The world's use cases in a data directory.
fn at_home(world: &World, folder: &Path) -> Service {
    world.service.clone().with_home(HomeSettings {
        owner: "test".to_owned(),
        spool: folder.join("uploads"),
        blobs: folder.join("blobs"),
        max_upload_bytes: 1 << 20,
        connectors: Some(folder.join("connectors")),
    })
}

/// The packed files.
fn packed(folder: &Path) -> Vec<PathBuf> {
    let below = |path: &Path| {
        std::fs::read_dir(path).into_iter().flatten().map(|entry| entry.expect("it is read").path()).collect::<Vec<_>>()
    };
    let files = below(&folder.join("blobs")).into_iter().flat_map(|head| below(&head));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "gz")).collect()
}

async fn payloads(service: &Service, pull: &str) -> Vec<PayloadRow> {
    payload::of_pull(&mut service.store().read().await.unwrap().conn(), pull, 100).await.unwrap()
}

/// All held rows in the order of their numbers.
async fn holds(service: &Service) -> Vec<HoldRow> {
    service.held_rows(&CLI, &HoldFilter::default(), None, 100).await.unwrap()
}

fn id(row: &HoldRow) -> HoldId {
    row.id.parse().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

async fn kinds(service: &Service, subject: &str) -> Vec<String> {
    let mut reader = service.store().read().await.unwrap();
    let rows = ledger::of_subject(&mut reader.conn(), subject, 0, 100).await.unwrap();
    rows.into_iter().map(|row| row.kind).collect()
}

/// A connector of the installation's own, so that the row's page can ask what its source is.
fn connector(folder: &Path, address: std::net::SocketAddr) -> Connector {
    let text = format!(
        "id = \"site\"\nname = \"样例信箱\"\nchannel = \"领导信箱\"\nkind = \"json\"\nversion = 1\n\
         description = \"样例\"\nfixtures = [\"site.toml\"]\n\
         [fetch]\nbase = \"http://{address}/\"\nprivate = [\"127.0.0.1\"]\nrobots = false\npace = \"0s\"\nretries = 0\n\
         [list]\nurl = \"/list?token=geheim\"\nrows = \"/rows\"\n\
         [[column]]\nfield = \"key\"\naliases = [\"id\"]\nrequired = true\nfilled = true\n\
         [[column]]\nfield = \"title\"\naliases = [\"title\"]\nrequired = true\n\
         [[column]]\nfield = \"body\"\naliases = [\"text\"]\nrequired = true\nfilled = true\n\
         [key]\nkind = \"printed\"\n"
    );
    let place = folder.join("connectors/site");
    std::fs::create_dir_all(&place).expect("a folder is made");
    std::fs::write(place.join("connector.toml"), &text).expect("it is written");
    Connector::parse("connector.toml", &text).expect("it is sound")
}

async fn pull(service: &Service, connector: &Connector) -> String {
    let rules = connector.fetch_rules().expect("it is crawled");
    let hosts = Arc::new(Hosts::new());
    let mut pages = Fetcher::new(rules, &NetSettings::default(), &hosts, Validators::default()).expect("a fetcher");
    let stop = CancellationToken::new();
    let pulled = service.pull_source(&CLI, connector, Reach::Sweep, &mut pages, &stop, &mut |_| ()).await;
    let pulled = pulled.expect("the pull runs");
    assert_eq!(pulled.stage, "finished");
    pulled.pull
}

async fn a_held_row_is_looked_at_where_it_stood_until_it_is_settled(world: &World) {
    let app = Router::new().route("/list", get(async || ([(CONTENT_TYPE, "text/html; charset=utf-8")], LIST)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let folder = tempfile::tempdir().expect("a folder is made");
    let connector = connector(folder.path(), listener.local_addr().expect("it has an address"));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
    let service = at_home(world, folder.path());
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    let handler = world.person("planning", UnitKind::Section, Role::Handler).await;

    let first = pull(&service, &connector).await;
    world.clock.advance(60);
    let second = pull(&service, &connector).await;
    let held = holds(&service).await;
    assert_eq!(held.len(), 1, "held once");
    assert_eq!(
        (held[0].pull_id.as_str(), held[0].payload.as_deref()),
        (first.as_str(), Some(&*digest(LIST.as_bytes())))
    );
    let known = payloads(&service, &first).await;
    assert_eq!((known.len(), known[0].ordinal, known[0].bytes), (1, 1, LIST.len() as i64));
    assert_eq!((known[0].media_type.as_str(), known[0].charset.as_str()), ("text/html", "utf-8"));
    assert!(known[0].url.contains("/list") && !known[0].url.contains("geheim"), "{}", known[0].url);
    assert_eq!((payloads(&service, &second).await.len(), packed(folder.path()).len()), (1, 1), "the same bytes once");

    // Opened by who may open the row, each time on record.
    let refused = service.open_payload(&handler, id(&held[0])).await;
    assert!(matches!(&refused, Err(ServiceError::Refused(refusal)) if refusal.code == "forbidden"), "{refused:?}");
    let opened = service.open_payload(&office, id(&held[0])).await.unwrap().expect("it is there");
    let Shown::Text(text) = opened.shown else { panic!("a page is text") };
    assert!(text.arranged && !text.cut && text.found == "X0002" && text.after.contains("路面"), "{text:?}");
    assert!(text.before.contains("村口的路灯坏了"));
    let subject = format!("hold:{}", held[0].id);
    assert_eq!(kinds(&service, &subject).await, ["payload.viewed"]);

    // A file with the same bytes that is an attachment's has another name.
    let content = digest(LIST.as_bytes());
    let attachment = folder.path().join("blobs").join(&content[..2]).join(&content[2..]);
    std::fs::write(&attachment, LIST).unwrap();
    assert_eq!(service.forget_old_payloads().await.unwrap(), 0);
    world.clock.advance(31 * 86_400);
    assert_eq!(service.forget_old_payloads().await.unwrap(), 1, "what nobody needs");
    assert_eq!(payloads(&service, &second).await, []);
    assert_eq!(kinds(&service, "payloads").await, ["payloads.erased"]);
    assert!(service.open_payload(&office, id(&held[0])).await.unwrap().is_some(), "the row waits");
    service.reject_held(&office, id(&held[0]), "样例").await.unwrap();
    assert_eq!(service.forget_old_payloads().await.unwrap(), 1);
    assert_eq!(packed(folder.path()), Vec::<PathBuf>::new());
    assert!(attachment.try_exists().unwrap(), "never what belongs to somebody else");
    assert_eq!(service.open_payload(&office, id(&held[0])).await.unwrap(), None);
    assert_eq!(service.forget_old_payloads().await.unwrap(), 0);
    serving.abort();
}

#[tokio::test]
async fn held_rows_are_looked_at_where_they_stood() {
    on_both(a_held_row_is_looked_at_where_it_stood_until_it_is_settled).await;
}

/// Lists, pages of messages and rows, as a crawl hands them over.
enum Step {
    List(&'static str),
    Message(&'static str),
    Held(&'static str),
    Whole(&'static str),
    Unchanged(&'static str),
}

/// A crawl that does what it is told, and then ends or waits for ever.
struct Told {
    steps: Vec<Step>,
    waits: Option<tokio::sync::oneshot::Sender<()>>,
}

fn page(body: &str, shows: Shows) -> Found {
    let (url, body) = ("https://www.example.gov.cn/".to_owned(), body.as_bytes().to_vec());
    Found::Page(Payload { url, media_type: None, charset: None, body, shows })
}

fn row(key: &str, broken: bool) -> RowOutcome {
    let mut row = shown(key, "题目", &format!("{key}的内容"), 1);
    row.broken = broken;
    row.outcome()
}

impl Reading for Told {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        let mut coverage = Coverage::default();
        for step in self.steps {
            let found = match step {
                Step::List(body) => page(body, Shows::List),
                Step::Message(body) => page(body, Shows::Message),
                Step::Held(key) => Found::Row(row(key, true)),
                Step::Whole(key) => Found::Row(row(key, false)),
                Step::Unchanged(key) => Found::Unchanged { key: key.to_owned() },
            };
            coverage.shown += u64::from(!matches!(found, Found::Page(_)));
            if let Err(gone) = host.take(found).await {
                return (coverage, Err(CrawlError::Host(gone)));
            }
        }
        if let Some(waits) = self.waits {
            waits.send(()).expect("somebody waits");
            std::future::pending::<()>().await;
        }
        (coverage, Ok(()))
    }
}

async fn each_row_names_what_it_stood_on(world: &World) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let world = &world.with_service(at_home(world, folder.path()));
    let steps = vec![
        Step::List("一览"),
        Step::Held("a"),
        Step::Message("乙"),
        Step::Held("b"),
        Step::Held("c"),
        Step::Message("丁"),
        Step::Whole("d"),
        Step::Held("e"),
        Step::Message("己"),
        Step::Unchanged("d"),
        Step::Held("g"),
        Step::List("又一览"),
        Step::Held("h"),
    ];
    world.pull(Told { steps, waits: None }, false, &CancellationToken::new()).await.expect("the pull runs");
    let held = holds(&world.service).await;
    let mut on: Vec<(String, String)> =
        held.into_iter().map(|row| (row.source_key.unwrap(), row.payload.expect("it was kept"))).collect();
    on.sort();
    let expected = [("a", "一览"), ("b", "乙"), ("c", "一览"), ("e", "一览"), ("g", "一览"), ("h", "又一览")];
    assert_eq!(on, expected.map(|(key, body)| (key.to_owned(), digest(body.as_bytes()))));
    let pull = world.pulls().await.remove(0);
    let kept: Vec<String> = payloads(&world.service, &pull.id).await.into_iter().map(|row| row.content).collect();
    assert_eq!(kept, ["一览", "乙", "丁", "己", "又一览"].map(|body| digest(body.as_bytes())));
}

#[tokio::test]
async fn rows_name_their_own_page_or_the_list() {
    on_both(each_row_names_what_it_stood_on).await;
}

/// Nothing of the pull is awaited any more between the file and the row that names it, as when the process is killed.
async fn a_file_without_a_row_goes_a_day_later(world: &World) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let world = &world.with_service(at_home(world, folder.path()));
    let (met, waits) = tokio::sync::oneshot::channel();
    let told = Told { steps: vec![Step::List("一览"), Step::Held("a")], waits: Some(met) };
    let stop = CancellationToken::new();
    tokio::select! {
        _ = world.pull(told, false, &stop) => panic!("it does not end"),
        met = waits => met.expect("it gets there"),
    }
    let pull = world.pulls().await.remove(0);
    assert_eq!((payloads(&world.service, &pull.id).await, holds(&world.service).await.len()), (Vec::new(), 0));
    assert_eq!(packed(folder.path()).len(), 1);
    assert_eq!(world.service.forget_loose_files().await.unwrap(), 0, "its row may be on its way");
    world.clock.advance(25 * 3_600);
    assert_eq!(world.service.forget_loose_files().await.unwrap(), 1);
    assert_eq!(packed(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_kill_leaves_a_file_and_never_a_row_without_one() {
    on_both(a_file_without_a_row_goes_a_day_later).await;
}

async fn files_are_kept_as_far_as_the_settings_say(world: &World) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let service = at_home(world, folder.path());
    let line = |row: u32| format!("L{row},甲,题目{row},2026-09-01 08:00:00,第{row}封的内容,,\n");
    let rows = (1..=40).map(line).collect::<Vec<_>>().concat();
    let rows = rows.replace("L20,甲,题目20,2026-09-01 08:00:00", "L20,甲,题目20,某天");
    let import = async |service: &Service, rows: &str| world.with_service(service.clone()).import(rows).await.statement;
    assert_eq!(import(&service, &rows).await.held, 1);
    let held = holds(&service).await.remove(0);
    let opened = service.open_payload(&CLI, id(&held)).await.unwrap().expect("it is there");
    assert_eq!(opened.row.media_type, "text/csv");
    let Shown::Table(shown) = opened.shown else { panic!("a file is a table") };
    let numbers: Vec<u64> = shown.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [vec![1], (11..=31).collect()].concat());
    assert_eq!(shown[11].cells[..4], ["L20", "甲", "题目20", "某天"]);

    // What is too large is not kept, nor is anything where nothing is to be kept.
    for (days, max_bytes) in [(30, 100), (0, 1 << 20)] {
        let less = service.clone().with_keeping(Keeping { days, max_bytes });
        let other = rows.replace(",甲,", &format!(",甲{days},"));
        assert_eq!(import(&less, &other).await.held, 1);
        assert_eq!(holds(&less).await.pop().unwrap().payload, None, "{days} {max_bytes}");
    }
    assert_eq!(packed(folder.path()).len(), 1);
    // A file that was altered is no evidence.
    std::fs::write(packed(folder.path()).remove(0), b"another").unwrap();
    assert_eq!(service.open_payload(&CLI, id(&held)).await.unwrap(), None);
}

#[tokio::test]
async fn imported_files_are_kept_and_shown_as_tables() {
    on_both(files_are_kept_as_far_as_the_settings_say).await;
}
