//! The board connector over real exports, where they are at hand.

use std::path::PathBuf;

use super::{FileSummary, Limits, Record, RowOutcome, find, read_table};

/// `None`, with one line said, when the data is not there; a failure where it must be.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/taidi2020c").join(name);
    if path.is_file() {
        return Some(path);
    }
    assert!(std::env::var_os("HUIYIN_REQUIRE_SHARED").is_none(), "{name} is required and not there");
    eprintln!("skipped: ../shared/data/taidi2020c/{name} is not there");
    None
}

fn read(path: &std::path::Path) -> (FileSummary, Vec<Record>) {
    let connector = find("board", None).unwrap().unwrap();
    let mut records = Vec::new();
    let summary = read_table(&connector, path, &Limits::default(), &mut |row| -> Result<(), ()> {
        match row {
            RowOutcome::Record(record) => records.push(*record),
            RowOutcome::Held(held) => eprintln!("row {} {:?}: {:?}", held.row, held.column, held.reason.code),
        }
        Ok(())
    })
    .unwrap();
    (summary, records)
}

#[test]
fn every_row_of_the_real_messages_is_read() {
    let Some(path) = shared("messages.xlsx") else { return };
    let (summary, records) = read(&path);
    assert_eq!((summary.stated, summary.held), (4_326, 0), "{summary:?}");
    assert!(records.iter().all(|record| record.asked_at.is_some() && record.answer.is_none()));
}

#[test]
fn every_row_of_the_real_answers_is_read_and_the_median_is_known() {
    let Some(path) = shared("replied.xlsx") else { return };
    let (summary, records) = read(&path);
    assert_eq!((summary.stated, summary.held), (2_816, 0), "{summary:?}");
    let answers: Vec<_> = records.iter().filter_map(|record| record.answer.as_ref()).collect();
    let holding = answers.iter().filter(|answer| answer.holding).count();
    let backwards = answers.iter().filter(|answer| answer.before_question).count();
    let mut days: Vec<f64> = records
        .iter()
        .filter_map(|record| {
            let asked = record.asked_at?.instant()?;
            let replied = record.answer.as_ref()?.replied_at?.instant()?;
            Some(f64::from(i32::try_from(replied.micros_since(asked) / 1_000_000).unwrap()) / 86_400.0)
        })
        .collect();
    days.sort_by(f64::total_cmp);
    let median = f64::midpoint(days[(days.len() - 1) / 2], days[days.len() / 2]);
    eprintln!("{} answers, {holding} holding, {backwards} before the question, median {median:.3} days", answers.len());
    assert!((median - 11.2).abs() < 0.05, "{median}");
}
