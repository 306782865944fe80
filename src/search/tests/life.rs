//! The life of an index: commits, crashes, replacement, rebuilds, several processes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Moment};

use super::{ask, doc, index_of, numbers, query, sorted, writer};
use crate::search::{BareIndex, Indexer, IndexerOptions, Search, SearchError};

#[test]
fn what_was_not_committed_is_forgotten_and_the_position_with_it() {
    let (dir, mut indexer) = index_of(vec![doc(1, "停车", "")]);
    indexer.apply(vec![doc(2, "停车", "")]).unwrap();
    assert_eq!(numbers(&ask(&indexer.search(), "停车")), [1]);
    drop(indexer);
    let mut indexer = writer(&dir);
    assert_eq!((indexer.cursor(), indexer.search().len().unwrap()), (1, 1));
    indexer.apply(vec![doc(2, "停车", "")]).unwrap();
    indexer.commit(9).unwrap();
    assert_eq!((indexer.cursor(), indexer.search().cursor().unwrap()), (9, 9));
    assert_eq!(numbers(&ask(&indexer.search(), "停车")), [2, 1]);
}

#[test]
fn a_document_replaces_the_one_of_its_number() {
    let (dir, mut indexer) = index_of((1..=200).map(|number| doc(number, "旧标题", "")).collect());
    // Within a batch, within a commit, after a commit and after opening again.
    indexer.apply(vec![doc(201, "旧标题", ""), doc(201, "新标题", ""), doc(7, "新标题", "")]).unwrap();
    indexer.apply(vec![doc(7, "再改", ""), doc(8, "新标题", "")]).unwrap();
    indexer.remove(&[9]);
    indexer.commit(2).unwrap();
    drop(indexer);
    let mut indexer = writer(&dir);
    indexer.apply(vec![doc(200, "新标题", ""), doc(202, "新标题", "")]).unwrap();
    indexer.commit(3).unwrap();
    let search = indexer.search();
    assert_eq!(search.len().unwrap(), 201);
    assert_eq!(sorted(numbers(&ask(&search, "新标题"))), [8, 200, 201, 202]);
    assert_eq!(numbers(&ask(&search, "再改")), [7]);
    assert_eq!(ask(&search, "旧标题").total, 196);
}

#[test]
fn what_comes_at_once_is_merged_afterwards() {
    let (dir, mut indexer) = index_of(Vec::new());
    for lot in 0..10 {
        indexer.apply((1..=100).map(|number| doc(lot * 100 + number, "停车", "")).collect()).unwrap();
        indexer.commit_giving_way(lot + 2).unwrap();
    }
    let segments = || BareIndex::open(&dir.path().join("gen-1")).unwrap().index.searchable_segment_ids().unwrap().len();
    assert!((10..=20).contains(&segments()), "{}", segments());
    indexer.apply(vec![doc(1_001, "停车", "")]).unwrap();
    indexer.commit(14).unwrap();
    wait_until(|| segments() < 8);
    assert_eq!(ask(&indexer.search(), "停车").total, 1_001);
}

#[test]
fn one_process_writes_and_others_may_read() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Search::open(dir.path()), Err(SearchError::Missing { .. })));
    let mut indexer = writer(&dir);
    let second = Indexer::open(dir.path(), IndexerOptions::default()).err().unwrap();
    assert!(matches!(second, SearchError::Locked { .. }));
    assert!(second.message().contains("另一个进程"));
    let reader = Search::open(dir.path()).unwrap();
    assert!(reader.is_empty().unwrap());
    indexer.apply(vec![doc(1, "停车", "")]).unwrap();
    indexer.commit(4).unwrap();
    wait_until(|| reader.len().unwrap() == 1);
    assert_eq!((numbers(&ask(&reader, "停车")), reader.cursor().unwrap()), (vec![1], 4));
    drop(indexer);
    assert!(Indexer::open(dir.path(), IndexerOptions::default()).is_ok());
}

fn wait_until(condition: impl Fn() -> bool) {
    let start = Moment::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn generations(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("gen-")).collect();
    names.sort();
    names
}

#[test]
fn a_rebuild_serves_the_old_until_it_is_finished() {
    let (dir, mut indexer) = index_of(vec![doc(1, "停车", "")]);
    let (search, reader) = (indexer.search(), Search::open(dir.path()).unwrap());
    let mut rebuild = indexer.begin_rebuild().unwrap();
    assert!(matches!(indexer.begin_rebuild(), Err(SearchError::Rebuilding)));
    rebuild.apply(vec![doc(1, "停车", ""), doc(2, "停车", "")]).unwrap();
    rebuild.commit(5).unwrap();
    indexer.apply(vec![doc(3, "停车", "")]).unwrap();
    indexer.commit(6).unwrap();
    assert_eq!(numbers(&ask(&search, "停车")), [3, 1]);
    rebuild.finish(&mut indexer, 5).unwrap();
    assert_eq!((numbers(&ask(&search, "停车")), indexer.cursor()), (vec![2, 1], 5));
    assert_eq!(numbers(&ask(&reader, "停车")), [2, 1]);
    // The indexer goes on in the new one.
    indexer.apply(vec![doc(3, "停车", "")]).unwrap();
    indexer.commit(6).unwrap();
    assert_eq!(numbers(&ask(&search, "停车")), [3, 2, 1]);
    assert_eq!(generations(dir.path()), ["gen-2"]);
    drop((indexer, search));
    assert_eq!(ask(&writer(&dir).search(), "停车").total, 3);
}

#[test]
fn searches_go_on_through_commits_and_rebuilds() {
    fn shared_between_threads<T: Send + Sync>(_: &T) {}
    let (_dir, mut indexer) = index_of((1..=100).map(|number| doc(number, "停车", "")).collect());
    let search = indexer.search();
    shared_between_threads(&search);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut before = 100;
                while !done.load(Ordering::Relaxed) {
                    let total = ask(&search, "停车").total;
                    assert!(total >= before, "{total} after {before}");
                    before = total;
                }
            });
        }
        for round in 1..=4_u64 {
            for step in 1..=5 {
                let number = 100 + (round - 1) * 5 + step;
                // Changing an item that is found must not hide it for a moment.
                indexer.apply(vec![doc(number, "停车", ""), doc(1, "停车", "改过")]).unwrap();
                indexer.commit(number).unwrap();
            }
            let mut rebuild = indexer.begin_rebuild().unwrap();
            let last = indexer.cursor();
            let filling = scope.spawn(move || {
                rebuild.apply((1..=last).map(|number| doc(number, "停车", "")).collect()).unwrap();
                rebuild
            });
            filling.join().unwrap().finish(&mut indexer, last).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(ask(&search, "停车").total, 120);
}

#[test]
fn an_abandoned_rebuild_leaves_nothing_behind() {
    let (dir, indexer) = index_of(vec![doc(1, "停车", "")]);
    let rebuild = indexer.begin_rebuild().unwrap();
    assert_eq!(generations(dir.path()), ["gen-1", "gen-2"]);
    drop(rebuild);
    assert_eq!(generations(dir.path()), ["gen-1"]);
    // After a crash the folder stays, and goes at the next opening.
    let rebuild = indexer.begin_rebuild().unwrap();
    std::mem::forget(rebuild);
    drop(indexer);
    std::fs::create_dir(dir.path().join("gen-77")).unwrap();
    let indexer = writer(&dir);
    assert_eq!(generations(dir.path()), ["gen-1"]);
    assert_eq!(ask(&indexer.search(), "停车").total, 1);
}

#[test]
fn another_version_is_told_and_still_serves() {
    let (dir, indexer) = index_of(vec![doc(1, "停车", "")]);
    assert!(!indexer.search().is_outdated().unwrap());
    drop(indexer);
    std::fs::write(dir.path().join("gen-1/huiyin.json"), r#"{"schema":0,"tokenizer":1,"engine":"tantivy"}"#).unwrap();
    let mut indexer = writer(&dir);
    assert!(indexer.search().is_outdated().unwrap());
    assert_eq!(ask(&indexer.search(), "停车").total, 1);
    indexer.begin_rebuild().unwrap().finish(&mut indexer, 0).unwrap();
    assert!(!indexer.search().is_outdated().unwrap());
}

#[test]
fn an_unreadable_index_is_made_anew_from_the_beginning() {
    let (dir, indexer) = index_of(vec![doc(1, "停车", "")]);
    drop(indexer);
    std::fs::write(dir.path().join("gen-1/meta.json"), "{ broken").unwrap();
    let indexer = writer(&dir);
    assert_eq!((indexer.cursor(), indexer.search().is_empty().unwrap()), (0, true));
    assert_eq!(generations(dir.path()), ["gen-2"]);
}

/// Where the killed child writes its index; unset when the tests run on their own.
const CHILD_DIR: &str = "HUIYIN_TEST_SEARCH_CHILD";

/// Not a test by itself: the process that [`a_killed_writer_opens_at_its_last_commit`] kills.
#[test]
fn child_that_commits_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let mut indexer = Indexer::open(Path::new(&dir), IndexerOptions::default()).unwrap();
    loop {
        let first = indexer.cursor() + 1;
        let last = first + 20 + first % 100;
        indexer.apply((first..=last).map(|number| doc(number, "停车", "每天晚上都没有车位")).collect()).unwrap();
        // Documents of earlier commits change as well.
        indexer.apply((1..=5).map(|number| doc(number, "停车", "改过")).collect()).unwrap();
        indexer.commit(last).unwrap();
        println!("committed {last}");
    }
}

#[test]
fn a_killed_writer_opens_at_its_last_commit() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..6_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "search::tests::life::child_that_commits_until_it_is_killed", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = lines.map_while(Result::ok).filter_map(|line| Some(line.strip_prefix("committed ")?.to_owned()));
        let seen: u64 = told.nth(3).unwrap().parse().unwrap();
        std::thread::sleep(Duration::from_millis(u64::from(round * 7)));
        child.kill().unwrap();
        child.wait().unwrap();
        let indexer = writer(&dir);
        let search = indexer.search();
        assert!(indexer.cursor() >= seen);
        assert_eq!(search.len().unwrap(), indexer.cursor(), "documents are those of the committed position");
        assert_eq!(ask(&search, "停车").total, indexer.cursor());
        assert_eq!(ask(&search, "改过").total, 5);
        let mut all = query("");
        all.limit = 1;
        assert_eq!(numbers(&search.search(&all).unwrap()), [indexer.cursor()]);
    }
}
