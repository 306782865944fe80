//! Tables that come by themselves, through the program: fetched from a server, or put into a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use serde_json::Value;

use crate::support::program::{Counts, Program, Ran, number, texts};

const HEADER: &str = "编号,主题,时间,内容\n";

/// A table with so many messages, from this number on.
fn table(from: usize, count: usize) -> String {
    let row = |index: usize| {
        format!("T{index:06},题目{index},2026-09-{:02} 08:00,第{index}件的内容，请答复\n", index % 28 + 1)
    };
    (from..from + count).map(row).fold(HEADER.to_owned(), |table, row| table + &row)
}

fn connector(sections: &str) -> String {
    format!(
        "id = \"table\"\nname = \"样例台账\"\nchannel = \"领导信箱\"\nkind = \"table\"\nversion = 1\n\
         description = \"样例\"\nfixtures = [\"a.csv\"]\n{sections}\
         [[column]]\nfield = \"key\"\naliases = [\"编号\"]\nrequired = true\nfilled = true\n\
         [[column]]\nfield = \"title\"\naliases = [\"主题\"]\nrequired = true\n\
         [[column]]\nfield = \"asked_at\"\naliases = [\"时间\"]\nrequired = true\n\
         [[column]]\nfield = \"body\"\naliases = [\"内容\"]\nrequired = true\nfilled = true\n\
         [key]\nkind = \"printed\"\n"
    )
}

/// What the server has under its one address.
#[derive(Debug, Default)]
struct Shows {
    body: Vec<u8>,
    status: u16,
    etag: Option<&'static str>,
    /// The requests so far: path with query, and the header with the secret.
    seen: Vec<(String, String)>,
}

async fn export(State(shows): State<Arc<Mutex<Shows>>>, request: Request) -> Response {
    let mut shows = shows.lock().expect("nobody failed");
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    shows.seen.push((request.uri().to_string(), header(AUTHORIZATION).to_owned()));
    let is_known = shows.etag.is_some_and(|etag| header(IF_NONE_MATCH) == etag);
    let status = if is_known { 304 } else { shows.status };
    let mut answer = (StatusCode::from_u16(status).expect("a status"), shows.body.clone()).into_response();
    if let Some(etag) = shows.etag {
        answer.headers_mut().insert(ETAG, etag.parse().expect("a header"));
    }
    if shows.body.starts_with(b"<") {
        return Html(shows.body.clone()).into_response();
    }
    answer
}

/// A program with a connector, and how it is run.
struct Trial {
    program: Program,
    connectors: PathBuf,
}

impl Trial {
    fn new(sections: &str) -> Self {
        let program = Program::new();
        let connectors = program.connector("table", &connector(sections));
        Self { program, connectors }
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let connectors = self.connectors.to_str().expect("a test's path is UTF-8");
        [&["--json", "--connectors", connectors, "pull", "table"], more].concat()
    }

    fn pull(&self, more: &[&str]) -> Ran {
        let mut command = self.program.command(&self.arguments(more));
        command.env("HUIYIN_SECRET_EXPORT", "Bearer hunter2hunter2");
        crate::support::program::ran(command.output().expect("the program starts"))
    }

    /// The numbers and alarms of a pull.
    fn told(ran: &Ran) -> (Option<i32>, u64, u64, u64, Vec<String>) {
        let value = ran.json();
        let count = |name: &str| value[name].as_u64().unwrap_or_else(|| panic!("{value}"));
        (ran.code, count("stated"), count("accepted"), count("unchanged"), alarms(&value))
    }
}

fn alarms(pulled: &Value) -> Vec<String> {
    let alarms = pulled["alarms"].as_array().expect("alarms are told");
    alarms.iter().map(|alarm| alarm["code"].as_str().expect("a code").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_fetched_and_the_same_again_is_nothing_new() {
    let shows = Arc::new(Mutex::new(Shows { body: table(1, 3).into(), status: 200, ..Shows::default() }));
    let app = Router::new().route("/export", get(export)).with_state(shows.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
    let set = |body: &[u8], status| {
        let mut shows = shows.lock().expect("nobody failed");
        (shows.body, shows.status) = (body.to_vec(), status);
    };
    let trial = Trial::new(&format!(
        "[fetch]\nbase = \"http://{address}/\"\nprivate = [\"127.0.0.1\"]\nrobots = false\npace = \"0s\"\nretries = 0\n\
         headers = {{ Authorization = {{ secret = \"EXPORT\" }} }}\n[download]\nurl = \"/export?until={{today}}\"\n[schedule]\nmin_items = 3\n"
    ));
    let pull = |more: &'static [&'static str]| {
        let ran = trial.pull(more);
        assert!(!format!("{}{}", ran.out, ran.err).contains("hunter2"), "{ran:?}");
        ran
    };

    assert_eq!(Trial::told(&pull(&[])), (Some(0), 3, 3, 0, vec![]));
    let (asked, secret) = shows.lock().expect("nobody failed").seen[0].clone();
    assert!(asked.starts_with("/export?until=20") && asked.len() == "/export?until=2026-10-09".len(), "{asked}");
    assert_eq!(secret, "Bearer hunter2hunter2");
    assert_eq!(Trial::told(&pull(&[])), (Some(0), 0, 0, 0, vec![]), "the same bytes");
    assert_eq!(Trial::told(&pull(&["--sweep"])), (Some(0), 3, 0, 3, vec![]), "a sweep reads them all the same");

    set(b"<html><body><form><input type=password name=p></form></body></html>", 200);
    let (code, stated, _, _, told) = Trial::told(&pull(&[]));
    assert_eq!((code, stated), (Some(1), 0));
    assert!(told == ["blocked"] || told == ["layout_changed"], "a log-in page is never nothing new: {told:?}");
    set("<html><body><table><tr><td>编号</td></tr></table></body></html>".as_bytes(), 200);
    assert_eq!(Trial::told(&pull(&[])), (Some(1), 0, 0, 0, vec!["layout_changed".to_owned()]));
    set(b"PK\x03\x04 half an archive", 200);
    assert_eq!(Trial::told(&pull(&[])), (Some(1), 0, 0, 0, vec!["layout_changed".to_owned()]));
    set("工号,姓名\n1,甲\n".as_bytes(), 200);
    assert_eq!(Trial::told(&pull(&[])), (Some(1), 0, 0, 0, vec!["layout_changed".to_owned()]));
    set(b"", 500);
    assert_eq!(Trial::told(&pull(&[])), (Some(1), 0, 0, 0, vec!["unreachable".to_owned()]));
    set(b"", 200);
    assert_eq!(Trial::told(&pull(&[])).4, ["blocked"], "an empty answer means: slow down");

    let more = table(1, 4).replace("第2件的内容", "第2件改过的内容");
    set(more.as_bytes(), 200);
    let ran = pull(&[]);
    let counts = Counts::of(&ran.json());
    let expected = Counts { stated: 4, accepted: 1, unchanged: 2, changed: 1, ..Counts::default() };
    assert_eq!(counts, expected, "{ran:?}");
    let mut db = trial.program.database().await;
    let open = "SELECT COUNT(*) FROM alarm WHERE settled_at IS NULL";
    assert_eq!(number(&mut db, open).await, 0, "what was wrong is over");
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM item").await, 4);

    set(table(1, 2).as_bytes(), 200);
    assert_eq!(Trial::told(&pull(&[])), (Some(1), 2, 0, 1, vec!["too_few".to_owned()]));
    assert_eq!(Trial::told(&pull(&[])), (Some(0), 0, 0, 0, vec![]), "the same bytes");
    assert_eq!(number(&mut db, open).await, 1, "and as few rows as before");
    set(table(1, 4).as_bytes(), 200);
    assert_eq!(pull(&[]).code, Some(0));
    assert_eq!(number(&mut db, open).await, 0);
    trial.program.verify();
    serving.abort();
}

/// The files of a look, each as its name, stage and counts.
fn looked(ran: &Ran) -> Vec<(String, String, u64, u64)> {
    let value = ran.json();
    let pulls = value["pulls"].as_array().unwrap_or_else(|| panic!("{value}"));
    let one = |pulled: &Value| {
        let text = |name: &str| pulled[name].as_str().unwrap_or_else(|| panic!("{pulled}")).to_owned();
        let count = |name: &str| pulled[name].as_u64().unwrap_or_else(|| panic!("{pulled}"));
        (text("file"), text("stage"), count("accepted"), count("unchanged"))
    };
    pulls.iter().map(one).collect()
}

fn read(name: &str, stage: &str, accepted: u64, unchanged: u64) -> (String, String, u64, u64) {
    (name.to_owned(), stage.to_owned(), accepted, unchanged)
}

fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    std::fs::create_dir_all(folder).expect("a folder is made");
    std::fs::write(folder.join(name), content).expect("a file is put into it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_watched_folder_are_taken_once() {
    let trial = Trial::new("[watch]\nfolder = \"inbox\"\nsettle = \"10ms\"\n");
    let inbox = trial.program.data().join("inbox");
    let ran = trial.pull(&[]);
    assert_eq!(ran.code, Some(1), "there is no such folder: {ran:?}");
    let mut db = trial.program.database().await;
    let open = "SELECT code FROM alarm WHERE settled_at IS NULL ORDER BY code";
    assert_eq!(texts(&mut db, open).await, ["unreachable"]);

    put(&inbox, "甲.csv", table(1, 3));
    put(&inbox, "乙.csv.part", table(50, 3));
    put(&inbox, "~$丙.xlsx", "x");
    let ran = trial.pull(&[]);
    assert_eq!((ran.code, looked(&ran)), (Some(0), vec![read("甲.csv", "finished", 3, 0)]), "{ran:?}");
    assert_eq!(texts(&mut db, open).await, [""; 0], "the folder is there");
    let ran = trial.pull(&[]);
    assert_eq!((ran.code, looked(&ran)), (Some(0), vec![]), "the same again is nothing");
    put(&inbox, "甲的副本.csv", table(1, 3));
    assert_eq!(looked(&trial.pull(&[])), [], "under another name as well");

    put(&inbox, "坏.xlsx", "这不是表格\u{0}");
    put(&inbox, "丁.csv", table(2, 4));
    let ran = trial.pull(&[]);
    assert_eq!(ran.code, Some(1));
    let mut files = looked(&ran);
    files.sort();
    assert_eq!(files, [read("丁.csv", "finished", 2, 2), read("坏.xlsx", "failed", 0, 0)], "{ran:?}");
    assert!(ran.err.contains("坏.xlsx"), "{ran:?}");
    assert_eq!(texts(&mut db, open).await, ["file_refused"]);
    let ledger = "SELECT body FROM ledger WHERE body LIKE '%坏%'";
    assert_eq!(texts(&mut db, ledger).await, [""; 0], "its name is in no ledger");
    assert!(inbox.join("坏.xlsx").is_file() && inbox.join("甲.csv").is_file(), "nothing is moved or deleted");

    put(&inbox, "坏.xlsx", table(10, 1));
    let ran = trial.pull(&[]);
    assert_eq!((ran.code, looked(&ran)), (Some(0), vec![read("坏.xlsx", "finished", 1, 0)]), "it changed");
    assert_eq!(texts(&mut db, open).await, [""; 0]);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM item").await, 6);
    trial.program.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_a_file_has_too_few_rows_is_not_over_because_the_next_has_enough() {
    let trial = Trial::new("[watch]\nfolder = \"inbox\"\nsettle = \"10ms\"\n[schedule]\nmin_items = 3\n");
    let inbox = trial.program.data().join("inbox");
    put(&inbox, "1.csv", table(1, 2));
    put(&inbox, "2.csv", table(10, 3));
    let ran = trial.pull(&[]);
    let files = vec![read("1.csv", "finished", 2, 0), read("2.csv", "finished", 3, 0)];
    assert_eq!((ran.code, looked(&ran)), (Some(1), files), "{ran:?}");
    let mut db = trial.program.database().await;
    assert_eq!(texts(&mut db, "SELECT code FROM alarm WHERE settled_at IS NULL").await, ["too_few"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_taken_is_put_away_where_that_is_wanted() {
    let trial = Trial::new("[watch]\nfolder = \"inbox\"\nsettle = \"10ms\"\ndone = \"已导入\"\n");
    let inbox = trial.program.data().join("inbox");
    for (count, name) in [(3, "台账.csv"), (4, "1-台账.csv")] {
        put(&inbox, "台账.csv", table(1, count));
        assert_eq!(trial.pull(&[]).code, Some(0));
        assert!(!inbox.join("台账.csv").try_exists().expect("the disk answers"));
        let kept = std::fs::read_to_string(inbox.join("已导入").join(name)).expect("it was put away");
        assert_eq!(kept, table(1, count), "and took nobody's place");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_of_a_file_loses_nothing_and_doubles_nothing() {
    let count = 12_000;
    let trial = Trial::new("[watch]\nfolder = \"inbox\"\nsettle = \"10ms\"\n");
    put(&trial.program.data().join("inbox"), "大.csv", table(1, count));
    let mut child = trial.program.start(&trial.arguments(&[]));
    // Some of it is written, and by far not all.
    let store = trial.program.data().join("huiyin.db");
    loop {
        tokio::task::yield_now().await;
        assert!(child.try_wait().expect("it can be asked").is_none(), "it was too quick for this test");
        if store.try_exists().expect("the disk answers")
            && let Ok(written) = written(&trial.program).await
            && (1..count as i64).contains(&written)
        {
            break;
        }
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let ran = trial.pull(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let files = looked(&ran);
    assert!(files.len() == 1 && files[0].2 + files[0].3 == count as u64 && files[0].3 > 0, "{files:?}");
    let mut db = trial.program.database().await;
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM item").await, count as i64);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM message_version").await, count as i64);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'interrupted'").await, 1);
    trial.program.verify();
}

/// Items so far; an error while the tables are not there yet.
async fn written(program: &Program) -> Result<i64, sqlx::Error> {
    use sqlx::{ConnectOptions as _, Row as _};
    let path = program.data().join("huiyin.db");
    let mut db = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await?;
    Ok(sqlx::query("SELECT COUNT(*) FROM item").fetch_one(&mut db).await?.get(0))
}
