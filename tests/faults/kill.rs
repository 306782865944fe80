//! `kill -9` at any moment of an import, of indexing or of a rebuild, then start again: nothing lost, nothing twice.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use huiyin::search::{Query, QueryText, Search};
use huiyin::service::Service;
use huiyin::store::Store;
use huiyin_domain::access::Actor;

use crate::support::program::{Counts, Program, number, ran, text, texts};
use crate::support::seeded::Seeded;

/// Into how many parts the duration of an import is divided, with one kill in each.
const PARTS: u64 = 9;
/// Titles that are searched for afterwards.
const SAMPLES: usize = 15;

/// Rows of the file: enough for more than one transaction of a thousand. `HUIYIN_FAULT_ROWS` sets more for a longer test.
fn rows() -> u64 {
    std::env::var("HUIYIN_FAULT_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_600)
}

fn sample(program: &Program, rows: u64) -> PathBuf {
    let file = program.path("sample.csv");
    let rows = rows.to_string();
    let made = program.run(&["sample", "--items", &rows, "--seed", "11", "--out", text(&file)]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    file
}

/// Waits for the process until the moment has come, then kills it. Tells whether it was still running.
pub(super) fn kill_after(mut child: Child, moment: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < moment {
        if let Some(status) = child.try_wait().expect("the process can be asked") {
            assert!(status.success(), "it ended by itself: {status}");
            return false;
        }
        sleep(Duration::from_millis(2));
    }
    child.kill().expect("the process is killed");
    child.wait().expect("the process ends").code().is_none()
}

/// What must be true once an import has come to its end, however often it was killed on the way.
async fn assert_whole(program: &Program, file: &Path, rows: u64, kills: i64) {
    let mut db = program.database().await;
    let items = number(&mut db, "SELECT COUNT(*) FROM item").await;

    // Every number printed in the file is a message once, or in a held row.
    let mut reader = csv::Reader::from_path(file).expect("the sample is read");
    let keys: Vec<String> = reader.records().map(|row| row.expect("a row")[0].trim().to_owned()).collect();
    assert_eq!(keys.len() as u64, rows);
    let messages = texts(&mut db, "SELECT source_key FROM message").await;
    let distinct: HashSet<&str> = messages.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), messages.len(), "a key came twice");
    let held = texts(&mut db, "SELECT raw FROM hold").await;
    let lost = keys.iter().filter(|key| !distinct.contains(key.as_str()));
    let lost: Vec<&String> = lost.filter(|key| !held.iter().any(|raw| raw.contains(key.as_str()))).collect();
    assert!(lost.is_empty(), "rows were lost: {lost:?}");
    let distinct_keys = keys.iter().collect::<HashSet<_>>().len();
    assert_eq!(messages.len() + held.len(), distinct_keys, "each row is an item or is held");
    assert_eq!(items, messages.len() as i64);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM message_version").await, items, "a version too many");

    // The pulls: the last is finished and adds up, the cut off ones are marked, together they accepted each item once.
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'running'").await, 0);
    assert_eq!(number(&mut db, "SELECT SUM(accepted) FROM pull").await, items);
    let sums = "SELECT COUNT(*) FROM pull WHERE stated <> accepted + unchanged + changed + held + rejected";
    assert_eq!(number(&mut db, sums).await, 0);
    assert!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'interrupted'").await <= kills);
    let marked = "SELECT COUNT(*) FROM ledger WHERE kind = 'pull.interrupted'";
    let interrupted = "SELECT COUNT(*) FROM pull WHERE stage = 'interrupted'";
    assert_eq!(number(&mut db, marked).await, number(&mut db, interrupted).await);

    let report = program.verify();
    assert_eq!(report["items"], items);
    assert_found(program, items).await;
}

/// The index holds every item once and finds sampled titles.
async fn assert_found(program: &Program, items: i64) {
    let index = Search::open(&program.data().join("index")).expect("the index opens");
    assert_eq!(index.len().expect("the index counts") as i64, items, "documents in the index");
    let store = Store::open_file(&program.data().join("huiyin.db")).await.expect("the store opens");
    let service = Service::new(store, index);
    let mut seeded = Seeded(5);
    for _ in 0..SAMPLES {
        let number = 1 + seeded.below(items as u64) as i64;
        let viewer = Actor::System("test");
        let item = service.item_by_number(&viewer, number).await.expect("the store answers").expect("an item");
        let query =
            QueryText::parse(&format!("\"{}\"", item.title.replace('"', " "))).expect("a title can be searched");
        let query = Query { limit: 200, ..Query::new(query, service.now()) };
        let page = service.search_items(&viewer, query).await.expect("the index answers");
        assert!(page.found.iter().any(|found| found.item.id == item.id), "not found: {}", item.title);
    }
    service.store().close().await;
}

#[tokio::test]
async fn an_import_killed_at_any_moment_loses_nothing_and_doubles_nothing() {
    let rows = rows();
    let origin = Program::new();
    let file = sample(&origin, rows);
    let arguments = ["--json", "import", "--connector", "board", text(&file)];
    let start = Instant::now();
    let whole = origin.import("board", &file);
    let duration = start.elapsed();
    assert!(whole.adds_up() && whole.stated == rows, "{whole:?}");

    // The moments lie in equal parts of the duration, in an order of their own. A start that comes to its end before its
    // moment, because little was left to do, leaves the moment to the next round, which begins from nothing.
    let mut seeded = Seeded(20_261_121);
    let mut parts: Vec<u64> = (0..PARTS).collect();
    let (mut killed, mut rounds) = (0, 0);
    // How long an import takes where it has all to itself; the machine may be quicker now than when it was measured.
    let mut duration = duration;
    while !parts.is_empty() && rounds < 2 * PARTS {
        let program = Program::new();
        let mut kills = 0;
        while !parts.is_empty() {
            let part = parts.swap_remove(seeded.below(parts.len() as u64) as usize);
            let thousandths = (part * 1_000 + seeded.below(1_000)) / PARTS;
            let moment = duration * u32::try_from(thousandths).expect("a small number") / 1_000;
            if !kill_after(program.start(&arguments), moment) {
                parts.push(part);
                if kills == 0 {
                    duration = duration * 3 / 4;
                }
                break;
            }
            kills += 1;
        }
        if program.data().join("huiyin.db").try_exists().expect("the disk answers") {
            // What the kill left is sound before anything repairs it.
            program.verify();
        }
        // Started again until it comes to its end.
        let last = ran(program.start(&arguments).wait_with_output().expect("the import ends"));
        assert_eq!(last.code, Some(0), "{}", last.err);
        let counts = Counts::of(&last.json()[0]);
        assert!(counts.adds_up() && counts.stated == rows && counts.held == whole.held, "{counts:?}");
        assert_whole(&program, &file, rows, kills).await;
        (killed, rounds) = (killed + kills, rounds + 1);
    }
    eprintln!("{killed} kills in {rounds} rounds over {rows} rows, one import takes {duration:?}");
    assert!(killed >= 8, "too few moments fell into an import: {killed}");
}

/// Kills `huiyin ARGUMENTS` at several moments of its duration, each time with the index in the state `before` makes, and
/// checks that a search started afterwards finds everything.
async fn assert_index_heals(program: &Program, arguments: &[&str], duration: Duration, before: impl Fn()) {
    let items = number(&mut program.database().await, "SELECT COUNT(*) FROM item").await;
    for tenths in [2, 5, 8] {
        // The machine may be quicker now than when the duration was measured: a moment that comes too late comes earlier.
        let mut moment = duration * tenths / 10;
        let mut tries = 0;
        loop {
            before();
            let killed = kill_after(program.start(arguments), moment);
            let searched = program.run(&["--json", "search", "--limit", "1", "咨询"]);
            assert_eq!(searched.code, Some(0), "{}", searched.err);
            let index = Search::open(&program.data().join("index")).expect("the index opens");
            assert_eq!(index.len().expect("the index counts") as i64, items, "documents in the index");
            if killed {
                break;
            }
            tries += 1;
            assert!(tries < 8, "it is always done before it can be killed");
            moment /= 2;
        }
    }
    assert_found(program, items).await;
    program.verify();
}

#[tokio::test]
async fn an_index_killed_at_work_or_lost_heals_at_the_next_search() {
    let program = Program::new();
    let file = sample(&program, 1_500);
    program.import("board", &file);
    let index = program.data().join("index");
    let drop_index = || std::fs::remove_dir_all(&index).expect("the index is removed");

    let search = ["--json", "search", "咨询"];
    drop_index();
    let start = Instant::now();
    let healed = program.run(&search);
    let duration = start.elapsed();
    assert!(!healed.json().as_array().expect("an array").is_empty());
    assert_index_heals(&program, &search, duration, drop_index).await;

    let rebuild = ["--json", "search", "rebuild"];
    let start = Instant::now();
    let rebuilt = program.run(&rebuild);
    let duration = start.elapsed();
    assert_eq!(rebuilt.json()["items"], number(&mut program.database().await, "SELECT COUNT(*) FROM item").await);
    assert_index_heals(&program, &rebuild, duration, || ()).await;
    let generations = std::fs::read_dir(&index)
        .expect("the index is there")
        .filter(|entry| entry.as_ref().expect("an entry").file_name().to_string_lossy().starts_with("gen-"));
    assert_eq!(generations.count(), 1, "a rebuild cut off leaves nothing behind");
}

#[tokio::test]
async fn an_index_behind_its_ledger_catches_up_and_one_held_elsewhere_is_left_alone() {
    let program = Program::new();
    let file = sample(&program, 300);
    program.import("board", &file);
    let index = program.data().join("index");
    let behind = program.path("behind");
    assert!(copy_dir(&index, &behind) > 2);

    let more = program.path("more.csv");
    let made = program.run(&["sample", "--items", "200", "--seed", "12", "--shape", "mailbox", "--out", text(&more)]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    program.import("mailbox", &more);
    let items = number(&mut program.database().await, "SELECT COUNT(*) FROM item").await;
    std::fs::remove_dir_all(&index).expect("the index is removed");
    copy_dir(&behind, &index);
    assert!((Search::open(&index).expect("the index opens").len().expect("it counts") as i64) < items);
    assert_eq!(program.run(&["search", "咨询"]).code, Some(0));
    assert_found(&program, items).await;

    // The lock stands for a server that is running.
    let lock = std::fs::File::options().write(true).open(index.join("LOCK")).expect("the lock is there");
    lock.lock().expect("the lock is taken");
    let refused = program.run(&["search", "rebuild"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("停止服务") && refused.out.is_empty(), "{}", refused.err);
    assert_eq!(program.run(&["search", "咨询"]).code, Some(0), "searching goes on beside it");
}

/// Copies a folder; tells how many files there were.
fn copy_dir(from: &Path, to: &Path) -> usize {
    std::fs::create_dir_all(to).expect("a folder is made");
    let entries = std::fs::read_dir(from).expect("the folder is read").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                return copy_dir(&entry.path(), &target);
            }
            std::fs::copy(entry.path(), target).expect("a file is copied");
            1
        })
        .sum()
}
