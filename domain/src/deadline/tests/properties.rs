//! What holds for every deadline.

use jiff::ToSpan;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Instants from 2017 to 2028, a year beyond the table at either side.
fn start() -> impl Strategy<Value = Instant> {
    (1_483_200_000_000_000_i64..1_861_800_000_000_000).prop_map(Instant::from_micros)
}

fn unit() -> impl Strategy<Value = LimitUnit> {
    prop::sample::select(LimitUnit::ALL.to_vec())
}

/// Limits of an ordinary size.
fn small_limit() -> impl Strategy<Value = Limit> {
    (1_u32..=40, unit()).prop_map(|(amount, unit)| Limit::new(amount, unit).unwrap())
}

fn roll() -> impl Strategy<Value = Roll> {
    prop::sample::select(vec![Roll::None, Roll::NextWorkday])
}

fn end_of_day() -> impl Strategy<Value = EndOfDay> {
    prop::sample::select(vec!["24:00", "17:30", "18:00", "00:01"]).prop_map(|text| text.parse().unwrap())
}

/// Pauses as offsets and lengths in microseconds from a start.
fn pauses() -> impl Strategy<Value = Vec<(i64, i64)>> {
    vec((-3 * DAY..40 * DAY, 0..9 * DAY), 0..4)
}

fn placed(start: Instant, pauses: &[(i64, i64)]) -> Vec<Pause> {
    let after = |micros: i64| Instant::from_micros(start.as_micros() + micros);
    pauses.iter().map(|(from, long)| Pause { from: after(*from), to: after(from + long) }).collect()
}

fn ask(start: Instant, limit: Limit, roll: Roll, end_of_day: EndOfDay) -> Request<'static> {
    Request { start, limit, end_of_day, roll, extensions: &[], pauses: &[] }
}

fn days(amount: u32, unit: LimitUnit) -> Limit {
    Limit::new(amount, unit).unwrap()
}

fn works(date: Date) -> bool {
    WorkCalendar::builtin().day(date).counts
}

proptest! {
    #[test]
    fn working_days_end_on_a_working_day_and_count_exactly(
        start in start(), n in 1_u32..300, roll in roll(), pauses in pauses(),
    ) {
        let pauses = placed(start, &pauses);
        let request = Request { pauses: &pauses, ..ask(start, days(n, LimitUnit::WorkingDays), roll, EndOfDay::MIDNIGHT) };
        let proof = count(&request);
        prop_assert!(works(proof.due_date));
        prop_assert_eq!(proof.due_date, proof.due_raw);
        prop_assert_eq!(proof.counted_days(), usize::try_from(n).unwrap());
        if pauses.is_empty() {
            let between = WorkCalendar::builtin().working_days(start.date().unwrap(), proof.due_date);
            prop_assert_eq!(between, i64::from(n));
        }
    }

    #[test]
    fn calendar_days_are_start_plus_n_and_move_to_the_first_working_day(start in start(), n in 1_i32..700) {
        let limit = days(n.unsigned_abs(), LimitUnit::CalendarDays);
        let proof = count(&ask(start, limit, Roll::NextWorkday, EndOfDay::MIDNIGHT));
        prop_assert_eq!(proof.due_raw, start.date().unwrap() + n.days());
        prop_assert_eq!(proof.counted_days(), usize::try_from(n).unwrap());
        prop_assert!(works(proof.due_date));
        let mut between = proof.due_raw;
        while between < proof.due_date {
            prop_assert!(!works(between));
            between = between.tomorrow().unwrap();
        }
    }

    #[test]
    fn months_keep_the_day_number_or_end_the_month(start in start(), n in 1_u32..36) {
        let proof = count(&ask(start, days(n, LimitUnit::Months), Roll::None, EndOfDay::MIDNIGHT));
        let from = start.date().unwrap();
        let months = i32::from(from.year()) * 12 + i32::from(from.month()) - 1 + i32::try_from(n).unwrap();
        prop_assert_eq!(i32::from(proof.due_raw.year()) * 12 + i32::from(proof.due_raw.month()) - 1, months);
        prop_assert_eq!(proof.due_raw.day(), from.day().min(proof.due_raw.days_in_month()));
    }

    #[test]
    fn hours_are_exact_to_the_microsecond(start in start(), n in 1_u32..2_000, roll in roll(), pauses in pauses()) {
        let limit = days(n, LimitUnit::Hours);
        let proof = count(&ask(start, limit, roll, EndOfDay::MIDNIGHT));
        prop_assert_eq!(proof.due.micros_since(start), i64::from(n) * HOUR);

        let pauses = placed(start, &pauses);
        let paused = count(&Request { pauses: &pauses, ..ask(start, limit, roll, EndOfDay::MIDNIGHT) });
        // Every stretch of the span between two ends of pauses either runs or stands still as a whole.
        let mut cuts: Vec<Instant> = pauses.iter().flat_map(|pause| [pause.from, pause.to]).collect();
        cuts.extend([start, paused.due]);
        cuts.retain(|cut| start <= *cut && *cut <= paused.due);
        cuts.sort();
        let runs = |from: Instant| !pauses.iter().any(|pause| pause.from <= from && from < pause.to);
        let run: i64 = cuts
            .windows(2)
            .filter(|pair| runs(pair[0]))
            .map(|pair| pair[1].micros_since(pair[0]))
            .sum();
        prop_assert_eq!(run, i64::from(n) * HOUR);
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(
        start in start(), n in 1_u32..60, unit in unit(), roll in roll(), pauses in pauses(), end in end_of_day(),
    ) {
        let pauses = placed(start, &pauses);
        let due = |n: u32| count(&Request { pauses: &pauses, ..ask(start, days(n, unit), roll, end) }).due;
        prop_assert!(due(n) <= due(n + 1));
    }

    #[test]
    fn a_later_start_is_never_due_earlier(
        start in start(), later in 0..60 * DAY, limit in small_limit(), roll in roll(), pauses in pauses(),
        end in end_of_day(),
    ) {
        let pauses = placed(start, &pauses);
        let due = |start: Instant| count(&Request { pauses: &pauses, ..ask(start, limit, roll, end) }).due;
        // A month is 29 days from 30 January and 28 from the 31st, so a pause on the 31st costs only the earlier start a day.
        if limit.unit() != LimitUnit::Months || pauses.is_empty() {
            prop_assert!(due(start) <= due(Instant::from_micros(start.as_micros() + later)));
        }
    }

    #[test]
    fn every_date_appears_exactly_once_and_in_order(
        start in start(), limit in small_limit(), roll in roll(), pauses in pauses(), end in end_of_day(),
    ) {
        let pauses = placed(start, &pauses);
        let proof = count(&Request { pauses: &pauses, ..ask(start, limit, roll, end) });
        let mut expected = start.date().unwrap();
        for day in &proof.counted {
            expected = expected.tomorrow().unwrap();
            prop_assert_eq!(day.date, expected);
        }
        prop_assert_eq!(expected, proof.due_date);
    }

    #[test]
    fn a_pause_never_moves_the_due_time_earlier(
        start in start(), limit in small_limit(), roll in roll(), pauses in pauses(), end in end_of_day(),
    ) {
        let pauses = placed(start, &pauses);
        let due = |pauses: &[Pause]| count(&Request { pauses, ..ask(start, limit, roll, end) }).due;
        for fewer in 0..pauses.len() {
            prop_assert!(due(&pauses[..fewer]) <= due(&pauses[..=fewer]));
        }
    }

    #[test]
    fn an_extension_in_time_never_moves_the_due_time_earlier_and_a_late_one_is_refused(
        start in start(), limit in small_limit(), extra in small_limit(), roll in roll(), end in end_of_day(),
        share in 0_i64..=1_000,
    ) {
        let base = count(&ask(start, limit, roll, end));
        let span = base.due.micros_since(start);
        let granted_at = Instant::from_micros(start.as_micros() + (span - 1) / 1_000 * share);
        let extended = |granted_at: Instant| {
            let extensions = [Extension { granted_at, limit: extra }];
            compute(&Request { extensions: &extensions, ..ask(start, limit, roll, end) }, WorkCalendar::builtin())
        };
        if (limit.unit() == LimitUnit::Hours) == (extra.unit() == LimitUnit::Hours) {
            let longer = extended(granted_at).unwrap();
            prop_assert!(base.due <= longer.due);
            prop_assert!(base.counted.len() <= longer.counted.len());
            prop_assert_eq!(extended(base.due).unwrap_err().code(), "extension_after_due");
        } else {
            prop_assert_eq!(extended(granted_at).unwrap_err().code(), "extension_unit");
        }
    }

    #[test]
    fn reminders_lie_between_start_and_due_in_order(
        start in start(), limit in small_limit(), roll in roll(), pauses in pauses(), end in end_of_day(),
    ) {
        let pauses = placed(start, &pauses);
        let proof = count(&Request { pauses: &pauses, ..ask(start, limit, roll, end) });
        let planned = reminders(&proof, WorkCalendar::builtin());
        prop_assert!(planned.windows(2).all(|pair| pair[0].at < pair[1].at));
        prop_assert!(planned.iter().all(|reminder| start < reminder.at && reminder.at <= proof.due));
        prop_assert_eq!(planned.last().map(|last| last.kind), Some(ReminderKind::Due));
    }

    #[test]
    fn nothing_panics(
        start in any::<i64>(), amount in any::<u32>(), unit in unit(), roll in roll(), end in end_of_day(),
        pauses in vec((any::<i64>(), any::<i64>()), 0..3), granted in any::<i64>(), text in ".{0,12}",
        now in any::<i64>(),
    ) {
        let _ = text.parse::<Limit>();
        let _ = text.parse::<EndOfDay>();
        let calendar = WorkCalendar::builtin();
        let pauses: Vec<Pause> = pauses
            .into_iter()
            .map(|(a, b)| Pause { from: Instant::from_micros(a), to: Instant::from_micros(b) })
            .collect();
        for amount in [amount, amount % 100 + 1] {
            let Ok(limit) = Limit::new(amount, unit) else { continue };
            let extension = [Extension { granted_at: Instant::from_micros(granted), limit }];
            // Any instant of 64 bits, and one within the years jiff can express.
            for start in [start, start % 253_000_000_000_000_000, 253_402_207_200_000_000 - start % 100_000_000_000_000] {
                let request = ask(Instant::from_micros(start), limit, roll, end);
                let _ = compute(&Request { extensions: &extension, pauses: &pauses, ..request }, calendar);
                if let Ok(proof) = compute(&request, calendar) {
                    let _ = (reminders(&proof, calendar), explain_zh(&proof), Explanation::from(&proof));
                    let _ = remaining(Instant::from_micros(now), &proof, calendar);
                }
            }
        }
    }
}
