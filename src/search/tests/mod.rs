//! Tests of the module as a whole, on indexes in temporary folders.

mod evaluation;
mod finding;
mod life;
mod order;

use huiyin_domain::time::Instant;
use tempfile::TempDir;

use super::{Indexer, IndexerOptions, Page, Query, QueryText, Search, SearchDoc};

const DAY: i64 = 86_400_000_000;

/// 2026-11-01T00:00:00+08:00.
const NOW: Instant = Instant::from_micros(1_793_462_400_000_000);

fn days_ago(days: i64) -> Instant {
    Instant::from_micros(NOW.as_micros() - days * DAY)
}

fn doc(number: u64, title: &str, body: &str) -> SearchDoc {
    SearchDoc {
        number,
        title: title.to_owned(),
        body: body.to_owned(),
        reply: String::new(),
        source: "hotline".to_owned(),
        lead: None,
        assisting: Vec::new(),
        barred: Vec::new(),
        stage: "received".to_owned(),
        task: Some("register".to_owned()),
        request_type: "consult".to_owned(),
        asked_at: days_ago(30),
        due_at: None,
        replied_at: None,
        open: true,
    }
}

fn writer(dir: &TempDir) -> Indexer {
    Indexer::open(dir.path(), IndexerOptions { threads: 1, memory: 15_000_000 }).unwrap()
}

/// A folder with an index of these documents, committed at ledger position 1.
fn index_of(docs: Vec<SearchDoc>) -> (TempDir, Indexer) {
    let dir = tempfile::tempdir().unwrap();
    let mut indexer = writer(&dir);
    indexer.apply(docs).unwrap();
    indexer.commit(1).unwrap();
    (dir, indexer)
}

fn query(text: &str) -> Query {
    Query::new(QueryText::parse(text).unwrap(), NOW)
}

fn ask(search: &Search, text: &str) -> Page {
    search.search(&query(text)).unwrap()
}

fn numbers(page: &Page) -> Vec<u64> {
    page.hits.iter().map(|hit| hit.number).collect()
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}
