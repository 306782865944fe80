//! The two commands over real exports, where they are at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sqlx::Row as _;

use crate::support::program::{Counts, Program, number};

/// `None`, with one line said, when the data is not there; a failure where it must be.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/taidi2020c").join(name);
    if path.is_file() {
        return Some(path);
    }
    assert_ne!(std::env::var("HUIYIN_REQUIRE_SHARED").as_deref(), Ok("1"), "{name} is required and not there");
    eprintln!("skipped: ../shared/data/taidi2020c/{name} is not there");
    None
}

/// Imports a file twice: every row is accounted for, and the second time brings nothing.
fn import_twice(program: &Program, name: &str, rows: u64) -> Option<Counts> {
    let file = shared(name)?;
    let counts = program.import("board", &file);
    assert_eq!(counts.stated, rows);
    assert!(counts.adds_up(), "{counts:?}");
    assert_eq!(counts.accepted + counts.held, rows, "{counts:?}");
    let again = program.import("board", &file);
    assert_eq!((again.stated, again.accepted, again.changed, again.held), (rows, 0, 0, counts.held), "{again:?}");
    Some(counts)
}

#[tokio::test]
async fn real_messages_are_taken_in_whole_with_their_repeats_linked_and_found() {
    let program = Program::new();
    let Some(counts) = import_twice(&program, "messages.xlsx", 4_326) else { return };
    assert_eq!(counts.held, 0);
    let mut db = program.database().await;
    // Known from an independent count of letters and digits: 226 messages in 108 groups of the same text. Folded, as
    // everything that is compared here, one pair more differs in nothing but the case of its letters.
    let groups = sqlx::query("SELECT repeat_of, COUNT(*) FROM item WHERE repeat_of IS NOT NULL GROUP BY repeat_of");
    let groups: BTreeMap<String, i64> =
        groups.fetch_all(&mut db).await.expect("the groups").iter().map(|row| (row.get(0), row.get(1))).collect();
    let linked: i64 = groups.values().sum();
    assert_eq!((groups.len(), linked + groups.len() as i64), (109, 228));
    for word in ["搅拌站", "丽发新城", "捆绑车位"] {
        let found = program.run(&["--json", "search", "--limit", "5", word]).json();
        let title = found[0]["title"].as_str().expect("a first hit");
        assert!(title.contains(word), "{word} first finds {title}");
    }
    assert_eq!(program.verify()["items"], 4_326);
}

#[tokio::test]
async fn real_answers_keep_their_times() {
    let program = Program::new();
    let Some(counts) = import_twice(&program, "replied.xlsx", 2_816) else { return };
    assert_eq!(counts.held, 0);
    let mut db = program.database().await;
    let rows = sqlx::query("SELECT replied_at - asked_at FROM message_version WHERE replied_at IS NOT NULL ORDER BY 1");
    let times: Vec<i64> = rows.fetch_all(&mut db).await.expect("the times").iter().map(|row| row.get(0)).collect();
    let median = (times[(times.len() - 1) / 2] + times[times.len() / 2]) as f64 / 2.0 / 86_400e6;
    assert!((median - 11.2).abs() < 0.05, "median {median} days of {}", times.len());
    assert!(number(&mut db, "SELECT COUNT(*) FROM item WHERE stage = 'replied'").await > 2_500);
    program.verify();
}
