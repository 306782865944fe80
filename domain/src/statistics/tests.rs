use proptest::prelude::*;

use super::report::nearest_rank;
use super::{Case, Figures, Grouping, Imbalance, Period, Report, Span, check, report};
use crate::id::UnitId;
use crate::item::{RequestType, Stage};
use crate::time::Instant;

const HOUR: i64 = 3_600;

/// `hours` after 2026-10-01 in China.
fn at(hours: i64) -> Instant {
    "2026-10".parse::<crate::publication::YearMonth>().unwrap().first_instant().plus_seconds(hours * HOUR)
}

fn october() -> Period {
    Period { from: at(0), to: at(31 * 24) }
}

fn unit(number: u8) -> UnitId {
    UnitId::new(at(0), [number; 10])
}

/// Asked, due and answered at these hours.
fn case(asked: i64, due: i64, replied: Option<i64>) -> Case {
    Case {
        source: "hotline".to_owned(),
        request_type: RequestType::Consult,
        unit: Some(unit(1)),
        stage: if replied.is_some() { Stage::Replied } else { Stage::Handling },
        asked_at: at(asked),
        due_at: Some(at(due)),
        replied_at: replied.map(at),
    }
}

fn all(cases: &[Case], now: i64) -> Figures {
    report(cases, october(), Grouping::Unit, at(now)).total
}

#[test]
fn percentiles_are_values_that_occurred() {
    assert_eq!(nearest_rank(&[], 50), None);
    assert_eq!(nearest_rank(&[7], 90), Some(Span::from_micros(7)));
    assert_eq!(nearest_rank(&[1, 2, 3, 4], 50), Some(Span::from_micros(2)));
    assert_eq!(nearest_rank(&[1, 2, 3, 4, 5], 50), Some(Span::from_micros(3)));
    let ten: Vec<i64> = (1..=10).collect();
    assert_eq!(nearest_rank(&ten, 90), Some(Span::from_micros(9)));
    let eleven: Vec<i64> = (1..=11).collect();
    assert_eq!(nearest_rank(&eleven, 90), Some(Span::from_micros(10)));
}

#[test]
fn the_due_instant_is_the_first_too_late() {
    let just_in_time = Case { replied_at: Some(Instant::from_micros(at(48).as_micros() - 1)), ..case(0, 48, Some(48)) };
    assert_eq!(all(&[just_in_time], 100).on_time, 1);
    let figures = all(&[case(0, 48, Some(48))], 100);
    assert_eq!((figures.on_time, figures.due), (0, 1));
}

#[test]
fn nothing_gives_no_rate() {
    let figures = all(&[], 0);
    assert_eq!(figures, Figures::default());
    assert_eq!((figures.on_time_rate(), figures.median), (None, None));
}

#[test]
fn cases_are_counted_where_they_belong() {
    let cases = [
        case(0, 49, Some(48)),
        case(0, 48, Some(72)),
        case(0, 48, None),
        case(0, 480, None),
        Case { stage: Stage::Merged, ..case(0, 48, None) },
        case(-1, 48, Some(10)),
        case(0, 31 * 24, Some(10)),
    ];
    let figures = all(&cases, 100);
    assert_eq!((figures.received, figures.answered, figures.open, figures.excluded), (6, 3, 2, 1));
    assert_eq!(figures.overdue, 1);
    // Due by now and in October: the first three, and the one asked in September.
    assert_eq!((figures.on_time, figures.due), (2, 4));
    assert_eq!(figures.on_time_rate(), Some(0.5));
    assert_eq!(figures.median.map(Span::hours), Some(48.0));
    assert_eq!(figures.p90.map(Span::days), Some(3.0));
}

#[test]
fn an_answer_dated_before_its_question_is_answered_but_not_timed() {
    let figures = all(&[case(10, 48, Some(9))], 100);
    assert_eq!((figures.answered, figures.timed, figures.median), (1, 0, None));
}

#[test]
fn a_month_is_that_of_the_question_or_of_the_due_date() {
    let period = Period { from: at(0), to: at(61 * 24) };
    let report = report(&[case(0, 32 * 24, Some(1))], period, Grouping::Month, at(1_000));
    let counts: Vec<_> = report
        .groups
        .iter()
        .map(|group| (group.key.as_deref().unwrap_or_default(), group.figures.received, group.figures.due))
        .collect();
    assert_eq!(counts, [("2026-10", 1, 0), ("2026-11", 0, 1)]);
}

#[test]
fn a_report_that_does_not_add_up_is_refused() {
    let cases = [case(0, 48, Some(50)), case(1, 48, None)];
    let good = report(&cases, october(), Grouping::Source, at(100));
    assert_eq!(check(&good), Ok(()));
    let spoil = |change: fn(&mut Report)| {
        let mut report = good.clone();
        change(&mut report);
        check(&report).unwrap_err().figure
    };
    assert_eq!(spoil(|report| report.total.received += 1), "received");
    assert_eq!(spoil(|report| report.groups.clear()), "received");
    assert_eq!(spoil(|report| report.groups[0].figures.due += 1), "due");
    assert_eq!(
        check(&Report { total: Figures { on_time: 3, due: 2, ..Figures::default() }, groups: vec![], ..good }),
        Err(Imbalance { figure: "on_time", whole: 3, parts: 0 })
    );
}

prop_compose! {
    fn any_case()(
        source in "[abc]",
        kind in 0..RequestType::ALL.len(),
        lead in prop::option::of(0..4_u8),
        stage in 0..Stage::ALL.len(),
        asked in -200..1_000_i64,
        due in prop::option::of(-200..1_000_i64),
        replied in prop::option::of(-200..1_000_i64),
    ) -> Case {
        Case {
            source,
            request_type: RequestType::ALL[kind],
            unit: lead.map(unit),
            stage: Stage::ALL[stage],
            asked_at: at(asked),
            due_at: due.map(at),
            replied_at: replied.map(at),
        }
    }
}

proptest! {
    #[test]
    fn every_grouping_adds_up_to_the_same_total(cases in prop::collection::vec(any_case(), 0..60), now in -300..1_200_i64) {
        let reports = Grouping::ALL.iter().map(|grouping| report(&cases, october(), *grouping, at(now)));
        let reports: Vec<Report> = reports.collect();
        for report in &reports {
            prop_assert_eq!(check(report), Ok(()));
            prop_assert_eq!(report.total, reports[0].total);
        }
        let received = cases.iter().filter(|case| october().contains(case.asked_at)).count();
        prop_assert_eq!(reports[0].total.received, received as u64);
    }
}
