//! One byte of one column of one row at a time.

use super::findings;
use super::hand::{self, Hand, Stored};
use crate::support::world::World;

/// Columns that no entry vouches for, each with its reason.
const FREE: &[(&str, &str, &str)] = &[
    ("item", "fingerprint", "computed from the text, for finding repeats"),
    ("item", "due_at", "computed from state, rules and calendar: re-issued when a calendar is loaded"),
    ("item", "due_provisional", "computed like the due date"),
    ("entry_version", "version", "the order of an entry's texts; each text is vouched for"),
    ("pull", "id", "changing it makes a pull without history, which is found; see the test of pulls"),
    ("pull", "file_name", "a name on somebody's disk, possibly personal; the digest of the file is vouched for"),
    ("pull", "started_at", "the entries at its start and end have their own times"),
    ("pull", "finished_at", "the entries at its start and end have their own times"),
    ("pull", "owner", "the data directory it runs in: tells which pulls a crash cut off"),
    ("pull", "lease_until", "moves on while it runs"),
];

/// Changes one byte.
fn altered(value: &Stored, declared: &str) -> Stored {
    match value {
        Stored::Null => Stored::Integer(1),
        Stored::Integer(flag) if declared == "BOOLEAN" => Stored::Integer(1 - flag),
        // One byte of the number as it is stored; far enough not to meet another row's.
        Stored::Integer(number) => Stored::Integer(number ^ (1 << 24)),
        Stored::Text(text) if text.is_empty() => Stored::Text("x".to_owned()),
        Stored::Text(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            let middle = letters.len() / 2;
            letters[middle] = match letters[middle] {
                '0' => '1',
                letter if letter.is_ascii() => '0',
                '改' => '换',
                _ => '改',
            };
            Stored::Text(letters.into_iter().collect())
        }
    }
}

/// Alters each column of each row of a table in turn; `names` gives the texts of which one must be in a finding.
async fn assert_every_column_is_watched(
    world: &World,
    hand: &mut Hand,
    table: &str,
    names: impl AsyncFn(&mut Hand, i64) -> Vec<String>,
) -> usize {
    let mut count = 0;
    for row in hand.row_ids(table).await {
        for (column, declared) in hand.columns(table).await {
            if FREE.iter().any(|(free_table, free, _)| *free_table == table && *free == column) {
                continue;
            }
            let value = hand.read(table, &column, row).await;
            let mut names = names(hand, row).await;
            hand.write(table, &column, row, &altered(&value, &declared)).await;
            // When it is the row's own name that was altered, the new one is all there is to say.
            names.extend(self::names_now(hand, table, row).await);
            let found = findings(world, &[]).await;
            let named = found.iter().any(|(_, message)| names.iter().any(|name| message.contains(name.as_str())));
            assert!(named, "{table}.{column} of row {row} was altered; one of {names:?} was expected: {found:?}");
            hand.write(table, &column, row, &value).await;
            count += 1;
        }
    }
    assert_eq!(findings(world, &[]).await, [], "everything is as it was");
    count
}

async fn names_now(hand: &mut Hand, table: &str, row: i64) -> Vec<String> {
    let name = match table {
        "message_version" => "message_id || ' v' || version",
        "item" => "'第 ' || number || ' 件'",
        "item_note" => "item_id || ' #' || ordinal",
        "reply_version" => "item_id || ' v' || version",
        "entry_version" => "entry_id || ' v' || version",
        _ => "id",
    };
    hand.texts(&format!("SELECT {name} FROM {table} WHERE rowid = {row}")).await
}

#[tokio::test]
async fn one_byte_of_any_ledger_row_is_named() {
    let (world, mut hand) = hand::worked().await;
    let last = hand.number("SELECT MAX(seq) FROM ledger").await;
    let mut count = 0;
    for seq in [1, last / 2, last] {
        for column in ["at", "actor", "subject", "kind", "body", "prev_hash", "hash"] {
            let value = hand.read("ledger", column, seq).await;
            hand.write("ledger", column, seq, &altered(&value, "")).await;
            let found = findings(&world, &[]).await;
            let place = format!("第 {seq} 条");
            let named = found.iter().any(|(code, message)| code.starts_with("ledger.") && message.contains(&place));
            assert!(named, "ledger.{column} of row {seq} was altered: {found:?}");
            hand.write("ledger", column, seq, &value).await;
            count += 1;
        }
        // The number is the row's place: the place it leaves is named.
        hand.run(&format!("UPDATE ledger SET seq = seq + 256 WHERE seq = {seq}")).await;
        let found = findings(&world, &[]).await;
        let named = found
            .iter()
            .any(|(code, message)| code.starts_with("ledger.") && message.contains(&format!("第 {seq} 条")));
        assert!(named, "ledger.seq of row {seq} was altered: {found:?}");
        hand.run(&format!("UPDATE ledger SET seq = seq - 256 WHERE seq = {}", seq + 256)).await;
    }
    assert_eq!(count, 21);
    let head = hand.read("ledger_head", "hash", 1).await;
    hand.write("ledger_head", "hash", 1, &altered(&head, "")).await;
    assert!(findings(&world, &[]).await.iter().any(|(code, _)| *code == "ledger.head_mismatch"));
    hand.write("ledger_head", "hash", 1, &head).await;
    assert_eq!(findings(&world, &[]).await, []);
}

#[tokio::test]
async fn one_byte_of_any_protected_row_beside_the_ledger_is_named() {
    let (world, mut hand) = hand::worked().await;
    let mut count = 0;
    let names = async |hand: &mut Hand, row| names_now(hand, "item", row).await;
    count += assert_every_column_is_watched(&world, &mut hand, "item", names).await;
    for table in ["message_version", "item_note", "reply_version", "entry_version", "hold"] {
        // A text that was given another owner is missed where it belongs: its entry is named.
        let names = async |hand: &mut Hand, row| {
            let entry = hand.entry_of(table, row).await;
            let mut names = names_now(hand, table, row).await;
            names.push(format!("第 {entry} 条"));
            names
        };
        count += assert_every_column_is_watched(&world, &mut hand, table, names).await;
    }
    assert!(count > 200, "{count} columns were altered");
}

#[tokio::test]
async fn altered_counts_of_a_pull_are_named() {
    let (world, mut hand) = hand::worked().await;
    let names = async |hand: &mut Hand, row| names_now(hand, "pull", row).await;
    let count = assert_every_column_is_watched(&world, &mut hand, "pull", names).await;
    assert_eq!(count, 2 * 19);
    hand.run("UPDATE pull SET id = '0' || substr(id, 2, 34) || 'x' WHERE rowid = 1").await;
    assert!(findings(&world, &[]).await.iter().any(|(code, _)| *code == "pull.differs"));
}
