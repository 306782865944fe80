//! What the verifier must catch, and that the chain can be rebuilt without this program.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::time::Instant;

const FORMAT: &str = include_str!("../../../docs/ledger-format.md");
const START: Instant = Instant::from_micros(1_791_475_200_000_000);

fn draft(number: u64) -> Draft {
    let subject = format!("item:01980000-0000-7000-8000-{number:012}");
    Draft::new("system", subject, "item.received", &json!({"source": "board", "row": number})).unwrap()
}

fn chain(rows: u64) -> Vec<Entry> {
    let mut prev = Digest::ZERO;
    (1..=rows)
        .map(|seq| {
            let entry = seal(&prev, &draft(seq), seq, START.plus_seconds(i64::try_from(seq).unwrap()));
            prev = entry.hash;
            entry
        })
        .collect()
}

fn root(entry: &Entry) -> Root {
    Root { seq: entry.seq, hash: entry.hash }
}

fn verify(rows: &[Entry], roots: &[Root], head: Option<Root>) -> Result<Root, Fault> {
    let mut verifier = Verifier::with_roots(roots);
    for row in rows {
        verifier.push(row)?;
    }
    verifier.finish(head)
}

/// The rows as the export named in the document: one row a line, columns parted by tabs.
fn tsv(rows: &[Entry]) -> String {
    let line = |row: &Entry| {
        let Entry { seq, at, actor, subject, kind, body, prev_hash, hash } = row;
        format!("{seq}\t{}\t{actor}\t{subject}\t{kind}\t{body}\t{prev_hash}\t{hash}\n", at.as_micros())
    };
    rows.iter().map(line).collect()
}

/// The fenced block of the document that is marked `language name`.
fn block(marker: &str) -> &'static str {
    let (_, rest) = FORMAT.split_once(&format!("```{marker}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn a_sound_chain_ends_in_its_last_row() {
    let rows = chain(20);
    let roots = [root(&rows[19]), Root::EMPTY, root(&rows[4]), root(&rows[4])];
    assert_eq!(verify(&rows, &roots, Some(root(&rows[19]))), Ok(root(&rows[19])));
    assert_eq!(verify(&[], &[Root::EMPTY], Some(Root::EMPTY)), Ok(Root::EMPTY));
}

#[test]
fn a_removed_row_is_named() {
    for gone in 0..8_usize {
        let mut rows = chain(9);
        rows.remove(gone);
        let expected = u64::try_from(gone).unwrap() + 1;
        assert_eq!(verify(&rows, &[], None), Err(Fault::Gap { expected, found: expected + 1 }));
    }
}

#[test]
fn swapped_and_repeated_rows_are_named() {
    let mut rows = chain(9);
    rows.swap(3, 6);
    assert_eq!(verify(&rows, &[], None), Err(Fault::Gap { expected: 4, found: 7 }));

    let mut rows = chain(9);
    rows.insert(5, rows[4].clone());
    assert_eq!(verify(&rows, &[], None), Err(Fault::OutOfOrder { expected: 6, found: 5 }));

    // As a database shows it: the numbers stay in order, the contents change places.
    let mut rows = chain(9);
    rows.swap(3, 6);
    (rows[3].seq, rows[6].seq) = (4, 7);
    assert_eq!(verify(&rows, &[], None), Err(Fault::HashMismatch { seq: 4 }));
}

#[test]
fn a_row_sealed_anew_breaks_the_chain_behind_it() {
    let mut rows = chain(9);
    rows[3] = seal(&rows[2].hash, &draft(777), 4, START);
    assert_eq!(verify(&rows, &[], None), Err(Fault::PrevMismatch { seq: 5 }));
    let before = root(&chain(9)[3]);
    assert_eq!(verify(&rows, &[before], None), Err(Fault::RootMismatch { seq: 4 }));
}

#[test]
fn a_cut_tail_is_seen_only_with_a_root_or_the_stored_head() {
    let rows = chain(9);
    let end = root(&rows[8]);
    let cut = &rows[..6];
    assert_eq!(verify(cut, &[], None), Ok(root(&rows[5])));
    assert_eq!(verify(cut, &[root(&rows[2]), end], None), Err(Fault::TailCut { expected: 9, found: 6 }));
    assert_eq!(verify(cut, &[], Some(end)), Err(Fault::TailCut { expected: 9, found: 6 }));
    assert_eq!(verify(&[], &[end], None), Err(Fault::TailCut { expected: 9, found: 0 }));
    assert_eq!(verify(&rows, &[], Some(root(&rows[7]))), Err(Fault::HeadMismatch { head: 8, found: 9 }));
    let other = Root { seq: 9, hash: rows[0].hash };
    assert_eq!(verify(&rows, &[], Some(other)), Err(Fault::HeadMismatch { head: 9, found: 9 }));
    let not_empty = Root { seq: 0, hash: rows[0].hash };
    assert_eq!(verify(&rows, &[not_empty], None), Err(Fault::RootMismatch { seq: 0 }));
    assert_eq!(verify(&[], &[not_empty], None), Err(Fault::RootMismatch { seq: 0 }));
}

#[test]
fn a_whole_chain_written_anew_is_caught_by_an_old_root() {
    let genuine = chain(9);
    let mut prev = Digest::ZERO;
    let forged: Vec<_> = (1..=9)
        .map(|seq| {
            let entry = seal(&prev, &draft(seq + 100), seq, START);
            prev = entry.hash;
            entry
        })
        .collect();
    assert_eq!(verify(&forged, &[], None), Ok(root(&forged[8])));
    assert_eq!(verify(&forged, &[root(&genuine[6])], None), Err(Fault::RootMismatch { seq: 7 }));
}

#[test]
fn fields_that_could_imitate_a_line_are_refused() {
    let with = |actor: &str, kind: &str| Draft::new(actor, "item:1", kind, &json!({})).unwrap_err();
    assert_eq!(with("a\nsubject:b", "k"), LedgerError::ControlCharacter { field: "actor" });
    assert_eq!(with("a", "k\u{85}"), LedgerError::ControlCharacter { field: "kind" });
    assert_eq!(with("", "k"), LedgerError::Empty { field: "actor" });

    let mut entry = chain(1).remove(0);
    entry.actor = "a\nsubject:b".to_owned();
    entry.hash = entry.computed_hash();
    assert_eq!(Verifier::new().push(&entry), Err(Fault::Malformed { seq: 1 }));
}

#[test]
fn bodies_have_one_form() {
    let value: serde_json::Value = serde_json::from_str(r#"{ "b": [ {"z": 1, "y": "行\n"} ], "a": null }"#).unwrap();
    assert_eq!(canonical_json(&value), r#"{"a":null,"b":[{"y":"行\n","z":1}]}"#);
}

#[test]
fn digests_and_roots_round_trip() {
    let entry = chain(1).remove(0);
    assert_eq!(root(&entry).to_string().parse::<Root>(), Ok(root(&entry)));
    let json = serde_json::to_string(&entry).unwrap();
    assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
    for wrong in ["", "1", "1:", "x:00", "-1:00", "1:zz"] {
        assert!(wrong.parse::<Root>().is_err(), "{wrong}");
    }
    assert!("AB".repeat(32).parse::<Digest>().is_err());
    assert!("ab".repeat(31).parse::<Digest>().is_err());
    // GB/T 32905-2016, appendix A, example 1.
    let known = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(Digest::of(b"abc").to_string(), known);
}

#[test]
fn text_digests_depend_on_the_salt_and_on_where_a_part_ends() {
    let digest = |salt: u8, parts: &[&str]| digest_text(&[salt; 16], parts);
    assert_eq!(digest(1, &["张", "三"]), digest(1, &["张", "三"]));
    assert_ne!(digest(1, &["张", "三"]), digest(2, &["张", "三"]));
    assert_ne!(digest(1, &["张", "三"]), digest(1, &["张三"]));
    assert_ne!(digest(1, &["张三"]), digest(1, &["张三", ""]));
    let bytes = [&b"huiyin-text-1\n"[..], &[1; 16], &[0, 0, 0, 0, 0, 0, 0, 2], b"ab"].concat();
    assert_eq!(digest(1, &["ab"]), Digest::of(&bytes));
}

/// Runs the loop printed in the document. `None` when openssl is not there, which only a developer's machine may lack.
fn run_documented_loop(input: &str) -> Option<(bool, String)> {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is missing");
        println!("skipped: openssl is not installed, the ledger was not verified without the program");
        return None;
    }
    let mut shell = Command::new("sh")
        .args(["-c", block("sh verify")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The loop stops reading at the first fault, so that the rest of the input may meet a closed pipe.
    let _ = shell.stdin.take().unwrap().write_all(input.as_bytes());
    let output = shell.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn openssl_alone_reproduces_the_chain() {
    let rows = chain(12);
    let Some((sound, said)) = run_documented_loop(&tsv(&rows)) else { return };
    assert!(sound, "{said}");
    assert_eq!(said.trim_end(), format!("ok {}", root(&rows[11])));

    let altered = tsv(&rows).replacen(r#""row":7"#, r#""row":8"#, 1);
    let (sound, said) = run_documented_loop(&altered).unwrap();
    assert!(!sound);
    assert_eq!(said.trim_end(), "row 7: altered");
    let (sound, said) = run_documented_loop(&tsv(&[&rows[..4], &rows[5..]].concat())).unwrap();
    assert!(!sound);
    assert_eq!(said.trim_end(), "row 5: missing or moved (found 6)");
}

#[test]
fn the_worked_example_is_a_real_row() {
    let entry = chain(1).remove(0);
    assert_eq!(block("text example"), entry.canonical_text());
    assert_eq!(Digest::of(block("text example").as_bytes()), entry.hash);
    assert!(FORMAT.contains(&entry.hash.to_string()), "{}", entry.hash);
}

/// A word without control characters, rich in what the format itself uses.
fn word() -> impl Strategy<Value = String> {
    "[a-c:,{}\" 件]{1,6}"
}

fn row() -> impl Strategy<Value = Entry> {
    let texts = (word(), word(), word(), word());
    (0..12_u64, -2..12_i64, texts, any::<bool>()).prop_map(|(seq, at, (actor, subject, kind, body), first)| Entry {
        seq,
        at: Instant::from_micros(at),
        actor,
        subject,
        kind,
        body,
        prev_hash: if first { Digest::ZERO } else { Digest::of(b"prev") },
        hash: Digest::ZERO,
    })
}

/// Changes one byte of one field. Text fields get another ASCII byte, so that they remain UTF-8.
fn alter(entry: &mut Entry, field: usize, byte: usize, by: u8) {
    let change_text = |text: &mut String| {
        let mut bytes = std::mem::take(text).into_bytes();
        let at = byte % bytes.len();
        bytes[at] = (bytes[at] ^ by) & 0x7f;
        *text = String::from_utf8(bytes).unwrap();
    };
    let change_digest = |digest: &mut Digest| {
        let mut bytes = *digest.as_bytes();
        bytes[byte % 32] ^= by;
        *digest = Digest::from_bytes(bytes);
    };
    let bit = by.trailing_zeros() + 8 * u32::try_from(byte % 7).unwrap();
    match field {
        0 => entry.seq ^= 1 << bit,
        1 => entry.at = Instant::from_micros(entry.at.as_micros() ^ (1 << bit)),
        2 => change_text(&mut entry.actor),
        3 => change_text(&mut entry.subject),
        4 => change_text(&mut entry.kind),
        5 => change_text(&mut entry.body),
        6 => change_digest(&mut entry.prev_hash),
        _ => change_digest(&mut entry.hash),
    }
}

proptest! {
    #[test]
    fn any_byte_of_any_field_of_any_row_is_guarded(at in 0..12_usize, field in 0..8_usize, byte in 0..200_usize, by in 1..128_u8) {
        let mut rows = chain(12);
        alter(&mut rows[at], field, byte, by);
        let fault = verify(&rows, &[], None).unwrap_err();
        prop_assert_eq!(fault.seq(), u64::try_from(at).unwrap() + 1);
        prop_assert!(matches!(fault, Fault::HashMismatch { .. } | Fault::Malformed { .. }), "{:?}", fault);
    }

    #[test]
    fn different_rows_have_different_bytes(left in row(), right in row()) {
        prop_assert_eq!(left == right, left.canonical_text() == right.canonical_text());
        prop_assert_eq!(left.computed_hash(), Digest::of(left.canonical_text().as_bytes()));
    }

    #[test]
    fn a_row_that_moves_a_word_over_a_field_border_has_other_bytes(entry in row(), cut in 0..6_usize) {
        let mut moved = entry.clone();
        let at = entry.actor.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(0);
        moved.actor = entry.actor[..at].to_owned();
        moved.subject = format!("{}{}", &entry.actor[at..], entry.subject);
        prop_assert_eq!(moved == entry, moved.canonical_text() == entry.canonical_text());
    }

    #[test]
    fn the_verifier_never_panics(rows in prop::collection::vec(row(), 0..6), seq in any::<u64>()) {
        let _ = verify(&rows, &[Root { seq, hash: Digest::ZERO }], Some(Root { seq, hash: Digest::ZERO }));
    }
}

/// Not a test of speed (machines differ): `cargo nextest run -p huiyin-domain seal_rate --run-ignored all --no-capture`.
#[test]
#[ignore = "a measurement"]
fn seal_rate() {
    let started = std::time::Instant::now();
    let rows = chain(200_000);
    let sealed = started.elapsed();
    assert_eq!(verify(&rows, &[], None), Ok(root(&rows[199_999])));
    println!("200000 rows sealed in {sealed:?}, sealed and verified in {:?}", started.elapsed());
}
