//! `huiyin pull` against a server: what it prints, how it ends, and that a kill at any moment loses nothing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, http::StatusCode, routing::get};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::program::{Counts, Program, number, text};

/// Messages on one page of the list.
const SIZE: usize = 100;

/// What the server shows, and how it behaves.
#[derive(Debug, Default)]
struct Shows {
    rows: Vec<Value>,
    claims: Option<usize>,
    /// It never answers when asked for this page; who is told then.
    silent: Option<(usize, mpsc::UnboundedSender<()>)>,
    refuses: bool,
}

/// A server with a list in JSON.
#[derive(Debug)]
struct Server {
    shows: Arc<Mutex<Shows>>,
    address: std::net::SocketAddr,
    running: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    page: usize,
}

async fn list(State(shows): State<Arc<Mutex<Shows>>>, Query(Asked { page }): Query<Asked>) -> Response {
    let (answer, silent) = {
        let shows = shows.lock().expect("nobody failed");
        if shows.refuses {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let rows: Vec<&Value> = shows.rows.iter().skip((page - 1) * SIZE).take(SIZE).collect();
        let total = shows.claims.unwrap_or(shows.rows.len());
        let silent = shows.silent.as_ref().filter(|(silent, _)| *silent == page).map(|(_, told)| told.clone());
        (Json(json!({ "total": total, "rows": rows })).into_response(), silent)
    };
    if let Some(told) = silent {
        told.send(()).expect("somebody waits");
        std::future::pending::<()>().await;
    }
    answer
}

impl Server {
    async fn start(rows: Vec<Value>) -> Self {
        let shows = Arc::new(Mutex::new(Shows { rows, ..Shows::default() }));
        let app = Router::new().route("/list", get(list)).with_state(shows.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let running = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { shows, address, running }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Shows) -> T) -> T {
        change(&mut self.shows.lock().expect("nobody failed"))
    }

    /// A folder with a connector that reads it.
    fn connectors(&self, program: &Program) -> PathBuf {
        let folder = program.path("connectors");
        std::fs::create_dir_all(folder.join("site")).expect("a folder is made");
        let address = self.address;
        let description = format!(
            "id = \"site\"\nname = \"样例信箱\"\nchannel = \"领导信箱\"\nkind = \"json\"\nversion = 1\n\
             description = \"样例\"\nfixtures = [\"site.toml\"]\n\
             [fetch]\nbase = \"http://{address}/\"\nprivate = [\"127.0.0.1\"]\nrobots = false\npace = \"0s\"\nretries = 0\n\
             [list]\nurl = \"/list?page={{page}}\"\npaging = {{ by = \"page\", first = 1, size = {SIZE} }}\n\
             rows = \"/rows\"\ntotal = {{ pointer = \"/total\" }}\n\
             [[column]]\nfield = \"key\"\naliases = [\"id\"]\nrequired = true\nfilled = true\n\
             [[column]]\nfield = \"title\"\naliases = [\"title\"]\nrequired = true\n\
             [[column]]\nfield = \"body\"\naliases = [\"text\"]\nrequired = true\nfilled = true\n\
             [[column]]\nfield = \"asked_at\"\naliases = [\"time\"]\nrequired = true\nfilled = true\nformats = [\"ymd\"]\n\
             [key]\nkind = \"printed\"\n\
             [running_number]\npattern = '^(X)(\\d+)$'\n"
        );
        std::fs::write(folder.join("site/connector.toml"), description).expect("it is written");
        folder
    }
}

fn rows(count: usize) -> Vec<Value> {
    let row = |index: usize| {
        json!({
            "id": format!("X{index:05}"), "title": format!("题目{index}"), "text": format!("第{index}件的内容，请答复"),
            "time": format!("2026-09-{:02} 08:00:00", index % 28 + 1),
        })
    };
    (1..=count).map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_prints_its_statement_and_ends_with_1_when_somebody_has_to_look() {
    let server = Server::start(rows(250)).await;
    let program = Program::new();
    let folder = server.connectors(&program);
    let pull = |more: &[&str]| program.run(&[&["--connectors", text(&folder), "pull", "site"], more].concat());

    let ran = pull(&["--sweep", "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let told = ran.json();
    let keys: Vec<&str> = told.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "accepted",
            "alarms",
            "changed",
            "claimed",
            "complete",
            "file",
            "held",
            "met",
            "pages",
            "problem",
            "pull",
            "purpose",
            "rejected",
            "returned",
            "source",
            "stage",
            "stated",
            "unchanged",
            "withdrawn"
        ]
    );
    assert_eq!((Counts::of(&told).accepted, &told["claimed"], &told["met"]), (250, &json!(250), &json!(250)));
    assert_eq!(
        (&told["purpose"], &told["complete"], &told["file"]),
        (&json!("sweep"), &json!(true), &json!("127.0.0.1"))
    );
    let mut db = program.database().await;
    assert_eq!(number(&mut db, "SELECT running FROM message WHERE source_key = 'X00207' AND series = 'X'").await, 207);

    let ran = pull(&["--sweep"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("来源 250 行 = 新收 0 + 未变 250 + 有变 0"), "{}", ran.out);

    // Said to be more: somebody has to look.
    server.with(|shows| shows.claims = Some(251));
    let ran = pull(&["--sweep", "--json"]);
    assert_eq!((ran.code, &ran.json()["alarms"][0]["code"]), (Some(1), &json!("count_differs")));
    assert!(ran.err.contains("count_differs"), "{}", ran.err);

    server.with(|shows| shows.refuses = true);
    let ran = pull(&["--json"]);
    assert_eq!((ran.code, &ran.json()["stage"]), (Some(1), &json!("failed")), "{}", ran.out);
    assert!(!ran.err.is_empty());

    server.with(|shows| (shows.claims, shows.refuses) = (None, false));
    server.with(|shows| drop(shows.rows.remove(6)));
    let ran = pull(&["--sweep", "--json"]);
    assert_eq!((ran.code, &ran.json()["withdrawn"]), (Some(0), &json!(1)), "{}{}", ran.out, ran.err);
    program.verify();

    let ran = program.run(&["pull", "board"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("huiyin import"), "{}", ran.err);
    assert_eq!(program.run(&["pull", "nowhere"]).code, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_read_by_one_at_a_time() {
    let server = Server::start(rows(5)).await;
    let program = Program::new();
    let folder = server.connectors(&program);
    let pull = || program.run(&["--connectors", text(&folder), "pull", "site"]);
    assert_eq!(pull().code, Some(0));
    let mut db = program.database().await;
    // A lease that does not run out in this test, one that has, and one that nobody can have given.
    for (lease_until, code) in
        [("(unixepoch() + 60) * 1000000", Some(1)), ("1", Some(0)), ("9223372036854775807", Some(0))]
    {
        let job = format!(
            "INSERT OR REPLACE INTO job (id, kind, source_id, stage, run_at, attempts, actor, owner, lease_until, problem, \
             created_at) VALUES ('01980000-0000-7000-8000-000000000001', 'sweep', 'site', 'running', 1, 1, \
             'system:schedule', 'elsewhere', {lease_until}, '', 1)"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(job)).execute(&mut db).await.expect("a job is running");
        let before = number(&mut db, "SELECT COUNT(*) FROM pull").await;
        let ran = pull();
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        assert_eq!(ran.err.contains("正在采集"), code == Some(1), "{}", ran.err);
        assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull").await - before, i64::from(code == Some(0)));
        let running = number(&mut db, "SELECT COUNT(*) FROM job WHERE stage = 'running'").await;
        assert_eq!(running, i64::from(code == Some(1)), "the command's own has ended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_out_and_the_certificates_of_the_installation_count() {
    let server = Server::start(rows(5)).await;
    let program = Program::new();
    let folder = server.connectors(&program);
    let pull = |more: &[&str]| {
        let asked = ["--json", "--connectors", text(&folder), "pull", "site", "--sweep"];
        program.run(&[&asked, more].concat())
    };
    // What is no address of a proxy, and may hold its password, is not said again.
    let ran = pull(&["--proxy", "hunter2"]);
    assert!(ran.code == Some(1) && ran.err.contains("代理") && !ran.err.contains("hunter2"), "{}", ran.err);
    let ran = pull(&["--certificate", "nowhere.pem"]);
    assert!(ran.code == Some(1) && ran.err.contains("nowhere.pem"), "{}", ran.err);
    // The list's server answers a proxy's requests as well: they name the whole address.
    let proxy = format!("http://{}", server.address);
    let ran = pull(&["--proxy", &proxy, "--contact", "office@example.gov.cn"]);
    assert_eq!((ran.code, Counts::of(&ran.json()).accepted), (Some(0), 5), "{}", ran.err);
    // Behind a proxy that is not there nothing is reached.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port is free");
    let ran = pull(&["--proxy", &format!("http://{free}")]);
    assert_eq!((ran.code, &ran.json()["stage"]), (Some(1), &json!("failed")), "{}", ran.err);
}

/// Waits until the newest pull has written so many rows. Another process cannot tell of it; its database can be asked.
async fn wait_until_written(program: &Program, rows: i64) {
    if rows == 0 {
        return;
    }
    let mut db = program.database().await;
    for _ in 0..12_000 {
        if number(&mut db, "SELECT stated FROM pull ORDER BY id DESC LIMIT 1").await >= rows {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{rows} rows were not written within two minutes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_killed_at_any_page_loses_nothing_and_doubles_nothing() {
    let count = 2_450;
    let server = Server::start(rows(count)).await;
    let program = Program::new();
    let folder = server.connectors(&program);
    let arguments = ["--json", "--connectors", text(&folder), "pull", "site", "--sweep"];
    // Some are killed while they write, some when they have written all whole batches they were given.
    for (page, written) in [(1, 0), (4, 0), (11, 0), (12, 1_000), (21, 0), (25, 2_000), (13, 0)] {
        let (told, mut waits) = mpsc::unbounded_channel();
        server.with(|shows| shows.silent = Some((page, told)));
        let mut child = program.start(&arguments);
        waits.recv().await.expect("it asks for that page");
        wait_until_written(&program, written).await;
        child.kill().expect("it is killed");
        assert_eq!(child.wait().expect("it ends").code(), None);
        program.verify();
    }
    server.with(|shows| shows.silent = None);
    let ran = program.run(&arguments);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let counts = Counts::of(&ran.json());
    assert!(counts.adds_up() && counts.stated == count as u64 && counts.unchanged >= 2_000, "{counts:?}");
    let mut db = program.database().await;
    for (sql, expected) in [
        ("SELECT COUNT(*) FROM item", count as i64),
        ("SELECT COUNT(*) FROM message_version", count as i64),
        ("SELECT COUNT(DISTINCT source_key) FROM message WHERE withdrawn_at IS NULL", count as i64),
        ("SELECT SUM(accepted) FROM pull", count as i64),
        ("SELECT COUNT(*) FROM pull WHERE stage = 'interrupted'", 7),
        ("SELECT COUNT(*) FROM pull WHERE stage = 'running'", 0),
        ("SELECT COUNT(*) FROM pull WHERE stated <> accepted + unchanged + changed + held + rejected", 0),
    ] {
        assert_eq!(number(&mut db, sql).await, expected, "{sql}");
    }
    program.verify();
}
