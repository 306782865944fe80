use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A day on which `accepted` messages came, numbered from `first`, and all is well.
fn sound(first: u64, accepted: u64) -> SourceFacts {
    let counts = Counts { stated: accepted + 3, accepted, unchanged: 2, held: 1, ..Counts::default() };
    let received = (first..first + accepted)
        .map(|number| ReceivedFacts { item: format!("id-{number}"), number: Some(number), whole: Whole::Yes })
        .collect();
    SourceFacts {
        pulls: vec![PullFacts {
            id: "P".to_owned(),
            succeeded: true,
            counts,
            recorded: Some(counts),
            kept: accepted,
            ..PullFacts::default()
        }],
        received,
        held: vec![HeldFacts { pull: "P".to_owned(), row: 7, there: true, superseded_by: None }],
        sweep: Some(Sweep { claimed: Some(accepted + 3), met: accepted + 3, complete: true }),
        expected: true,
        ..SourceFacts::default()
    }
}

fn codes(facts: SourceFacts) -> Vec<&'static str> {
    close(facts).differences.iter().map(Difference::code).collect()
}

#[test]
fn a_sound_day_closes() {
    let statement = close(sound(1, 127));
    assert!(statement.is_closed(), "{:?}", statement.differences);
    assert_eq!((statement.came, statement.accounted, statement.held, statement.failed), (128, 128, 1, 0));
    assert_eq!(close(SourceFacts::default()), DayStatement::default());
}

#[test]
fn a_row_that_was_held_and_taken_in_on_one_day_came_once() {
    let mut facts = sound(1, 5);
    facts.held[0].superseded_by = Some("id-3".to_owned());
    let statement = close(facts.clone());
    assert_eq!((statement.came, statement.accounted, statement.held), (5, 5, 1));
    // The item of another day is another day's.
    facts.held[0].superseded_by = Some("id-9".to_owned());
    let statement = close(facts.clone());
    assert_eq!((statement.came, statement.accounted), (6, 6));
    // That the row is still there does not stand for the item.
    facts.held[0].superseded_by = Some("id-3".to_owned());
    (facts.received[2].whole, facts.pulls[0].kept) = (Whole::NoItem, 4);
    let statement = close(facts);
    assert_eq!((statement.came, statement.accounted, statement.is_closed()), (5, 4, false));
}

#[test]
fn a_deleted_item_is_named_by_its_number() {
    let mut facts = sound(51, 5);
    facts.received[2].whole = Whole::NoItem;
    facts.pulls[0].kept = 4;
    let statement = close(facts);
    let [Difference::ItemGone { number: Some(53), .. }] = statement.differences[..] else {
        panic!("{:?}", statement.differences)
    };
    assert_eq!((statement.came, statement.accounted), (6, 5));
    assert!(statement.differences[0].message().contains("第 53 件"));
}

#[test]
fn what_cannot_be_named_is_counted() {
    // The ledger's entries are gone as well, so that only the pull's count tells.
    let mut facts = sound(1, 5);
    facts.received.remove(2);
    facts.pulls[0].kept = 4;
    facts.numbers_gone = vec![3];
    assert_eq!(codes(facts), ["number_gone", "pull_short"]);
}

#[test]
fn every_fault_has_its_own_name() {
    let one = |change: &dyn Fn(&mut SourceFacts)| {
        let mut facts = sound(1, 5);
        change(&mut facts);
        codes(facts)
    };
    assert_eq!(one(&|facts| facts.received[0].whole = Whole::NoMessage), ["message_gone"]);
    assert_eq!(one(&|facts| facts.received[0].whole = Whole::NoVersion(2)), ["version_gone"]);
    assert_eq!(one(&|facts| facts.pulls[0].counts.unchanged += 1), ["pull_unbalanced", "pull_altered"]);
    assert_eq!(one(&|facts| facts.pulls_gone.push("Q".to_owned())), ["pull_gone"]);
    assert_eq!(one(&|facts| facts.held[0].there = false), ["held_gone"]);
    assert_eq!(one(&|facts| facts.pulls[0].succeeded = false), ["not_read"]);
    let sweep = |claimed, met, complete| Some(Sweep { claimed, met, complete });
    assert_eq!(one(&|facts| facts.sweep = sweep(Some(28), 8, true)), ["source_differs"]);
    assert_eq!(one(&|facts| facts.sweep = sweep(Some(7), 8, true)), ["source_differs"]);
    assert_eq!(one(&|facts| facts.sweep = sweep(Some(28), 8, false)), ["sweep_unfinished"]);
    assert_eq!(one(&|facts| facts.sweep = sweep(None, 8, true)), [""; 0]);
    assert_eq!(one(&|facts| facts.unshown = vec![3, 4]), ["not_shown", "not_shown"]);
    let gap = Gap { series: "ZH".to_owned(), from: 9, to: 10, width: 4 };
    let gaps = Gaps { listed: vec![gap], unlisted: 2 };
    assert_eq!(one(&|facts| facts.gaps = gaps.clone()), ["numbers_missing", "more_numbers_missing"]);
    // What still runs is not judged.
    assert_eq!(
        one(&|facts| {
            facts.pulls[0].running = true;
            facts.pulls[0].kept = 0;
            facts.pulls[0].counts.stated += 4;
            facts.expected = false;
        }),
        [""; 0]
    );
}

#[test]
fn a_page_that_was_dropped_is_told_with_its_size() {
    let mut facts = sound(1, 5);
    facts.sweep = Some(Sweep { claimed: Some(28), met: 8, complete: true });
    // Its running numbers are missing too: the same twenty messages.
    facts.gaps.listed.push(Gap { series: String::new(), from: 100, to: 119, width: 3 });
    let statement = close(facts);
    assert_eq!((statement.came, statement.accounted), (26, 6));
    assert!(statement.differences[0].message().contains("缺 20 条"), "{}", statement.differences[0].message());
}

#[test]
fn gaps_are_printed_as_the_source_prints_them() {
    let gap = Gap { series: "ZH2026".to_owned(), from: 7, to: 7, width: 4 };
    assert_eq!((gap.label().as_str(), gap.count()), ("ZH20260007", 1));
    let gap = Gap { to: 12, ..gap };
    assert_eq!((gap.label().as_str(), gap.count()), ("ZH20260007 至 ZH20260012", 6));
    let mut gaps = GapsOf::new(2);
    gaps.add("B", 1, 3, 1, &[]);
    gaps.add("A", 1, 9, 1, &[4, 4, 3, 90]);
    gaps.add("A", 10, 12, 1, &[]);
    let gaps = gaps.finish();
    let listed: Vec<String> = gaps.listed.iter().map(Gap::label).collect();
    assert_eq!((listed, gaps.unlisted, gaps.count()), (vec!["A2".to_owned(), "B2".to_owned()], 2, 2));
}

#[test]
fn every_difference_tells_what_to_do() {
    let gap = Gap { series: "A".to_owned(), from: 1, to: 2, width: 1 };
    let (pull, item) = ("P".to_owned(), "I".to_owned());
    let all = [
        Difference::PullUnbalanced { pull: pull.clone(), stated: 1, accounted: 2 },
        Difference::PullAltered { pull: pull.clone() },
        Difference::PullGone { pull: pull.clone() },
        Difference::PullShort { pull: pull.clone(), accepted: 2, kept: 1 },
        Difference::ItemGone { number: Some(1), item: item.clone() },
        Difference::ItemGone { number: None, item },
        Difference::MessageGone { number: 1 },
        Difference::VersionGone { number: 1, version: 2 },
        Difference::NumberGone { number: 1 },
        Difference::HeldGone { pull, row: 3 },
        Difference::SourceDiffers { claimed: 3, met: 2 },
        Difference::SourceDiffers { claimed: 2, met: 3 },
        Difference::NotShown { number: 2 },
        Difference::SweepUnfinished,
        Difference::NumbersMissing { gap },
        Difference::MoreNumbersMissing { gaps: 2 },
        Difference::NotRead,
    ];
    for difference in &all {
        let message = difference.message();
        assert!(message.ends_with('。') && message.contains("请"), "{}: {message}", difference.code());
    }
    let named: BTreeSet<(&str, String)> = all.iter().map(|one| (one.code(), one.subject())).collect();
    // The two ways in which a source differs are one difference.
    assert_eq!(named.len(), all.len() - 1);
}

proptest! {
    /// Whatever is missing of a run of numbers is listed, and nothing else.
    #[test]
    fn missing_numbers_are_found_exactly(before in 0_u64..50, length in 1_u64..200, met: BTreeSet<u8>) {
        let after = before + length;
        let met: Vec<u64> = met.into_iter().map(u64::from).collect();
        let ranges = missing_between(before, after, &met);
        let listed: Vec<u64> = ranges.iter().flat_map(|(from, to)| *from..=*to).collect();
        let expected: Vec<u64> = (before + 1..after).filter(|number| !met.contains(number)).collect();
        prop_assert_eq!(listed, expected);
        prop_assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ranges are as long as they can be");
    }

    /// The numbers of items that are gone follow from those that are left, from either side.
    #[test]
    fn numbers_that_are_gone_are_told(first in 1_u64..1_000, there: Vec<bool>, known_before: bool) {
        let all: Vec<u64> = (first..).take(there.len()).collect();
        let known: Vec<Option<u64>> = all.iter().zip(&there).map(|(number, there)| there.then_some(*number)).collect();
        let filled = fill_numbers(&known, known_before.then_some(first - 1));
        if known_before || there.contains(&true) {
            prop_assert_eq!(filled, all.into_iter().map(Some).collect::<Vec<_>>());
        } else {
            prop_assert!(filled.iter().all(Option::is_none));
        }
    }

    /// What came and what is there are equal exactly when nothing is gone, and every deleted item is named.
    #[test]
    fn every_deleted_item_is_named(first in 1_u64..1_000, there in proptest::collection::vec(any::<bool>(), 0..60)) {
        let mut facts = sound(first, there.len() as u64);
        let mut deleted = Vec::new();
        for (received, there) in facts.received.iter_mut().zip(&there) {
            if !there {
                received.whole = Whole::NoItem;
                deleted.extend(received.number);
            }
        }
        facts.pulls[0].kept -= deleted.len() as u64;
        let statement = close(facts);
        prop_assert_eq!(statement.came - statement.accounted, deleted.len() as u64);
        let named: Vec<u64> = statement
            .differences
            .iter()
            .map(|difference| difference.subject().parse().unwrap())
            .collect();
        prop_assert_eq!(named, deleted);
        prop_assert_eq!(statement.is_closed(), there.iter().all(|there| *there));
    }
}
