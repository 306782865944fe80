//! Whatever files come in whatever order: every stated row is accounted for, and the store holds what the files say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{assert_sound, four};
use crate::support::world::World;

/// A row: its number, which of a few wordings, whether it is answered, whether its date can be read.
#[derive(Debug, Clone, Copy)]
struct Row {
    key: u8,
    wording: u8,
    answered: bool,
    readable: bool,
}

impl Row {
    fn line(self) -> String {
        let Self { key, wording, answered, readable } = self;
        let asked = if readable { "2026-09-01 08:00:00" } else { "2026-13-41 08:00" };
        let answer = if answered { "您好，所反映的问题已经办结。,2026-09-09 10:00:00" } else { "," };
        format!("P{key},网友,题目{wording},{asked},这是第{wording}种内容,{answer}\n")
    }
}

fn row() -> impl Strategy<Value = Row> {
    (0..8_u8, 0..4_u8, any::<bool>(), prop::bool::weighted(0.85)).prop_map(|(key, wording, answered, readable)| Row {
        key,
        wording,
        answered,
        readable,
    })
}

fn files() -> impl Strategy<Value = Vec<Vec<Row>>> {
    prop::collection::vec(prop::collection::vec(row(), 1..12), 1..5)
}

/// What the counts must be, and the newest wording and answer of each key.
fn expected(known: &mut BTreeMap<u8, (u8, bool)>, file: &[Row]) -> (u64, u64, u64, u64) {
    let (mut accepted, mut unchanged, mut changed, mut held) = (0, 0, 0, 0);
    for row in file {
        if !row.readable {
            held += 1;
            continue;
        }
        match known.insert(row.key, (row.wording, row.answered)) {
            None => accepted += 1,
            Some(before) if before == (row.wording, row.answered) => unchanged += 1,
            Some(_) => changed += 1,
        }
    }
    (accepted, unchanged, changed, held)
}

async fn run(files: &[Vec<Row>]) {
    let world = World::embedded().await;
    let mut known = BTreeMap::new();
    for file in files {
        let lines: String = file.iter().map(|row| row.line()).collect();
        let counts = world.counts(&lines).await;
        assert_eq!(counts.stated, file.len() as u64);
        assert_eq!(four(counts), expected(&mut known, file), "{lines}");
    }
    let items = world.items().await;
    assert_eq!(items.len(), known.len());
    let pulls = world.pulls().await;
    assert_eq!(pulls.iter().map(|pull| pull.accepted).sum::<i64>() as usize, items.len());
    let mut versions = 0;
    for item in &items {
        versions += world.versions(item).await.len();
    }
    assert_eq!(versions, pulls.iter().map(|pull| pull.accepted + pull.changed).sum::<i64>() as usize);
    // Whoever was answered once stays answered, and an item nobody answered is open.
    let ever = |key: u8| files.iter().flatten().any(|row| row.readable && row.key == key && row.answered);
    let answered = known.keys().filter(|key| ever(**key)).count();
    assert_eq!(items.iter().filter(|item| item.stage == "replied").count(), answered);
    assert_sound(&world).await;
}

#[test]
fn every_stated_row_is_accounted_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&files(), |files| {
        runtime.block_on(run(&files));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
