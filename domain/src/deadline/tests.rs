use jiff::civil::{Date, DateTime, date};

use super::*;
use crate::calendar::WorkCalendar;

mod properties;
mod rules;
mod vectors;

/// The instant a wall clock in China shows.
fn at(local: DateTime) -> Instant {
    Instant::from_civil(local).unwrap()
}

/// Half past eight in the morning of a date.
fn morning(date: Date) -> Instant {
    at(date.at(8, 30, 0, 0))
}

fn limit(text: &str) -> Limit {
    text.parse().unwrap()
}

/// A request without extensions, pauses or special hours.
fn plain(start: Instant, text: &str) -> Request<'static> {
    Request {
        start,
        limit: limit(text),
        end_of_day: EndOfDay::MIDNIGHT,
        roll: Roll::NextWorkday,
        extensions: &[],
        pauses: &[],
    }
}

fn count(request: &Request<'_>) -> Proof {
    compute(request, WorkCalendar::builtin()).unwrap()
}

fn refused(request: &Request<'_>) -> DeadlineError {
    compute(request, WorkCalendar::builtin()).unwrap_err()
}

/// The days of a proof and their reasons.
fn whys(proof: &Proof) -> Vec<String> {
    proof.counted.iter().map(|day| format!("{} {}", day.date, day.why)).collect()
}

#[test]
fn limits_round_trip_and_errors_say_the_accepted_shapes() {
    for text in ["5WD", "60CD", "3MO", "48H", "2500WD"] {
        assert_eq!(limit(text).to_string(), text);
    }
    assert_eq!(limit(" 5wd ").to_string(), "5WD");
    for text in ["", "WD", "5", "5 WD", "+5WD", "-5WD", "5D", "5.5H", "五WD", "5WDé", "é"] {
        let error = text.parse::<Limit>().unwrap_err();
        assert_eq!(error.code(), "limit_shape", "{text}");
        assert!(error.to_string().contains("5WD, 60CD, 3MO or 48H"), "{text}");
    }
    for text in ["0WD", "2501WD", "3661CD", "121MO", "87841H", "99999999999999999999H"] {
        assert_eq!(text.parse::<Limit>().unwrap_err().code(), "limit_amount", "{text}");
    }
    assert_eq!("0CD".parse::<Limit>().unwrap_err().to_string(), "a limit in CD must be from 1 to 3660");
}

#[test]
fn the_end_of_day_is_read_and_bounded() {
    for text in ["24:00", "17:30", "18:00", "00:01"] {
        assert_eq!(text.parse::<EndOfDay>().unwrap().to_string(), text);
    }
    for text in ["00:00", "24:01", "25:00", "17:60", "17", "7:30", "+7:30", "17:30:00", "", "１７:30"] {
        assert_eq!(text.parse::<EndOfDay>().unwrap_err().code(), "end_of_day_shape", "{text}");
    }
}

#[test]
fn the_due_instant_is_the_first_that_is_too_late() {
    let midnight = count(&plain(morning(date(2024, 9, 30)), "5WD"));
    assert_eq!(midnight.due, at(date(2024, 10, 13).at(0, 0, 0, 0)));
    assert_eq!(midnight.due_text(), "2024-10-12 24:00");
    assert!(midnight.is_met_by(at(date(2024, 10, 12).at(23, 59, 59, 999_999_000))));
    assert!(!midnight.is_met_by(midnight.due));

    let business = count(&Request { end_of_day: "17:30".parse().unwrap(), ..plain(morning(date(2024, 9, 30)), "5WD") });
    assert_eq!(business.due, at(date(2024, 10, 12).at(17, 30, 0, 0)));
    assert_eq!((business.due_date, business.due_text().as_str()), (date(2024, 10, 12), "2024-10-12 17:30"));
}

#[test]
fn received_late_in_the_evening_is_still_received_that_day() {
    let evening = count(&plain(at(date(2026, 10, 20).at(23, 59, 59, 0)), "1WD"));
    assert_eq!(evening.due_date, date(2026, 10, 21));
}

#[test]
fn every_day_of_a_rolled_count_has_its_reason() {
    let proof = count(&plain(morning(date(2025, 9, 26)), "5CD"));
    assert_eq!((proof.due_raw, proof.due_date), (date(2025, 10, 1), date(2025, 10, 9)));
    let whys = whys(&proof);
    assert_eq!(whys[0], "2025-09-27 自然日");
    assert_eq!(whys[4], "2025-10-01 自然日·期间届满（国庆节放假）");
    assert_eq!(whys[5], "2025-10-02 顺延（国庆节放假）");
    assert_eq!(whys[12], "2025-10-09 顺延（工作日）");
    assert_eq!((whys.len(), proof.counted_days()), (13, 5));

    let kept = count(&Request { roll: Roll::None, ..plain(morning(date(2025, 9, 26)), "5CD") });
    assert_eq!((kept.due_raw, kept.due_date), (date(2025, 10, 1), date(2025, 10, 1)));
}

#[test]
fn hours_run_through_nights_and_holidays_to_the_microsecond() {
    let start = Instant::from_micros(at(date(2024, 9, 30).at(17, 45, 12, 0)).as_micros() + 345);
    let proof = count(&plain(start, "48H"));
    assert_eq!(proof.due.micros_since(start), 48 * 3_600_000_000);
    assert_eq!((proof.due_date, proof.due_text().as_str()), (date(2024, 10, 2), "2024-10-02 17:45:12"));
    assert_eq!(whys(&proof), ["2024-10-01 按小时连续计时", "2024-10-02 按小时连续计时"]);
    assert!(count(&plain(morning(date(2024, 9, 30)), "5H")).counted.is_empty(), "due on the same day");
}

#[test]
fn an_extension_adds_to_the_original_due_date() {
    let start = morning(date(2024, 9, 30));
    let extended = |granted: Instant, base: &str, extra: &str| {
        let extensions = [Extension { granted_at: granted, limit: limit(extra) }];
        compute(&Request { extensions: &extensions, ..plain(start, base) }, WorkCalendar::builtin())
    };
    // 5 WD end on Saturday 10-12, a working day; whenever it was granted, day one is Monday 10-14.
    for granted in [start, at(date(2024, 10, 12).at(23, 59, 0, 0))] {
        assert_eq!(extended(granted, "5WD", "5WD").unwrap().due_date, date(2024, 10, 18));
    }
    assert_eq!(extended(start, "5WD", "3CD").unwrap().due_date, date(2024, 10, 15));
    let late = extended(at(date(2024, 10, 13).at(0, 0, 0, 0)), "5WD", "5WD").unwrap_err();
    assert_eq!(late.code(), "extension_after_due");
    assert!(late.message_zh().contains("不能再延期"));
    let early = extended(at(date(2024, 9, 30).at(8, 0, 0, 0)), "5WD", "5WD").unwrap_err();
    assert_eq!(early.code(), "extension_before_start");
    assert_eq!(extended(start, "5WD", "5H").unwrap_err().code(), "extension_unit");
    assert_eq!(extended(start, "48H", "5WD").unwrap_err().code(), "extension_unit");
    assert_eq!(extended(start, "48H", "24H").unwrap().due.micros_since(start), 72 * 3_600_000_000);
}

#[test]
fn an_extension_counts_from_the_bare_date_and_may_be_granted_until_the_rolled_one() {
    // 5 CD end on 2025-10-01 and move to 10-09; 10 more are counted from 10-01, through the holiday.
    let extensions = [Extension { granted_at: morning(date(2025, 10, 9)), limit: limit("10CD") }];
    let proof = count(&Request { extensions: &extensions, ..plain(morning(date(2025, 9, 26)), "5CD") });
    assert_eq!((proof.due_raw, proof.due_date), (date(2025, 10, 11), date(2025, 10, 11)));
    assert_eq!(proof.counted_days(), 15);
    assert_eq!(whys(&proof)[4], "2025-10-01 自然日", "the first end is an ordinary day again");
}

#[test]
fn extensions_are_taken_in_the_order_granted() {
    let first = Extension { granted_at: morning(date(2026, 10, 20)), limit: limit("2WD") };
    // Granted after the original due day, 10-21, but before the extended one, 10-23.
    let second = Extension { granted_at: morning(date(2026, 10, 23)), limit: limit("3WD") };
    let start = morning(date(2026, 10, 19));
    let both = [second, first];
    assert_eq!(count(&Request { extensions: &both, ..plain(start, "2WD") }).due_date, date(2026, 10, 28));
    let only = [second];
    assert_eq!(refused(&Request { extensions: &only, ..plain(start, "2WD") }).code(), "extension_after_due");
}

#[test]
fn a_pause_stops_the_clock_for_the_days_it_touches() {
    let start = morning(date(2026, 10, 19));
    let pauses = [Pause { from: morning(date(2026, 10, 21)), to: at(date(2026, 10, 22).at(15, 0, 0, 0)) }];
    let proof = count(&Request { pauses: &pauses, ..plain(start, "5WD") });
    assert_eq!(proof.due_date, date(2026, 10, 28), "20, 23, 26, 27, 28");
    assert_eq!(whys(&proof)[1], "2026-10-21 暂停计时");
    assert_eq!(proof.counted_days(), 5);

    let ending_at_midnight = [Pause { from: morning(date(2026, 10, 21)), to: at(date(2026, 10, 22).at(0, 0, 0, 0)) }];
    let proof = count(&Request { pauses: &ending_at_midnight, ..plain(start, "5WD") });
    assert_eq!(proof.due_date, date(2026, 10, 27), "the 22nd is not touched");

    let calendar_days = count(&Request { pauses: &pauses, ..plain(start, "5CD") });
    assert_eq!(calendar_days.due_date, date(2026, 10, 26), "20, 23, 24, 25, 26");
    let months = count(&Request { pauses: &pauses, ..plain(start, "1MO") });
    assert_eq!(months.due_raw, date(2026, 11, 21), "11-19 and the two days the clock stood");
}

#[test]
fn a_pause_begun_when_the_last_day_is_over_changes_nothing() {
    let start = morning(date(2026, 10, 19));
    let pauses = [Pause { from: at(date(2026, 10, 20).at(17, 30, 0, 0)), to: morning(date(2026, 11, 20)) }];
    let request = Request { end_of_day: "17:30".parse().unwrap(), pauses: &pauses, ..plain(start, "1WD") };
    assert_eq!(count(&request).due_date, date(2026, 10, 20));
}

#[test]
fn a_deadline_does_not_roll_into_a_pause() {
    // Raw end Sunday 2026-10-25; the Monday and Tuesday after it are suspended.
    let pauses = [Pause { from: morning(date(2026, 10, 26)), to: morning(date(2026, 10, 27)) }];
    let proof = count(&Request { pauses: &pauses, ..plain(morning(date(2026, 10, 19)), "6CD") });
    assert_eq!((proof.due_raw, proof.due_date), (date(2026, 10, 25), date(2026, 10, 28)));
    assert_eq!(proof.counted_days(), 6);
}

#[test]
fn hours_stand_still_in_a_pause_to_the_microsecond() {
    let start = morning(date(2026, 10, 19));
    let after = |micros: i64| Instant::from_micros(start.as_micros() + micros);
    let hour = 3_600_000_000;
    let pauses = [
        Pause { from: after(20 * hour), to: after(21 * hour + 7) },
        Pause { from: after(-hour), to: after(hour) },
        Pause { from: after(20 * hour + 30), to: after(21 * hour) },
        Pause { from: after(26 * hour + 7), to: after(600 * hour) },
    ];
    let proof = count(&Request { pauses: &pauses, ..plain(start, "24H") });
    assert_eq!(proof.due.micros_since(start), 26 * hour + 7, "the last pause begins when the time is up");

    let pauses = [Pause { from: morning(date(2026, 10, 20)), to: morning(date(2026, 10, 22)) }];
    let proof = count(&Request { pauses: &pauses, ..plain(start, "48H") });
    let expected = ["20 按小时连续计时", "21 暂停计时", "22 按小时连续计时", "23 按小时连续计时"];
    assert_eq!(whys(&proof), expected.map(|day| format!("2026-10-{day}")), "a part of a day still runs");
}

#[test]
fn a_pause_that_runs_backwards_is_refused() {
    let pauses = [Pause { from: morning(date(2026, 10, 22)), to: morning(date(2026, 10, 21)) }];
    let error = refused(&Request { pauses: &pauses, ..plain(morning(date(2026, 10, 19)), "5WD") });
    assert_eq!(error.code(), "pause_reversed");
}

#[test]
fn a_year_without_a_notice_makes_the_result_provisional_and_is_counted_monday_to_friday() {
    let across = count(&plain(morning(date(2026, 12, 30)), "3WD"));
    assert!(across.provisional);
    assert_eq!(across.due_date, date(2027, 1, 4), "12-31, 01-01 (a Friday nobody knows of), 01-04");
    assert_eq!(whys(&across)[1], "2027-01-01 日历缺失·暂估");
    assert!(!count(&plain(morning(date(2026, 12, 30)), "1WD")).provisional);
    assert!(count(&plain(morning(date(2026, 12, 30)), "10CD")).provisional, "asked whether it must move");
    let unasked = Request { roll: Roll::None, ..plain(morning(date(2026, 12, 30)), "10CD") };
    assert!(!count(&unasked).provisional, "no calendar was needed");
    assert!(count(&plain(morning(date(2026, 12, 30)), "6CD")).provisional, "asked, although it need not move");
    let unrolled = Request { roll: Roll::None, ..plain(morning(date(2026, 12, 30)), "2WD") };
    assert!(count(&unrolled).provisional, "working days always need one");
    assert!(!count(&plain(morning(date(2030, 1, 1)), "48H")).provisional, "no calendar was needed");
    assert!(!count(&plain(morning(date(2017, 12, 20)), "14CD")).provisional, "only its last day is asked about");
    let extensions = [Extension { granted_at: morning(date(2017, 12, 21)), limit: limit("10CD") }];
    let extended = Request { extensions: &extensions, ..plain(morning(date(2017, 12, 20)), "5CD") };
    assert!(!count(&extended).provisional, "its first end decides nothing any more");
}

#[test]
fn rolling_into_a_year_without_a_notice_is_provisional() {
    let csv = "date,kind,name\n2026-01-01,holiday,元旦\n2026-10-01,holiday,国庆节\n2026-12-31,holiday,元旦\n";
    let calendar = WorkCalendar::parse("test", csv).unwrap();
    let proof = compute(&plain(morning(date(2026, 12, 26)), "5CD"), &calendar).unwrap();
    assert_eq!((proof.due_raw, proof.due_date), (date(2026, 12, 31), date(2027, 1, 1)));
    assert!(proof.provisional);
    assert_eq!(proof.calendar_version, "test");
}

#[test]
fn counts_that_would_never_end_and_times_beyond_the_calendar_are_refused() {
    let start = morning(date(2026, 10, 19));
    let for_ever = [Pause { from: start, to: Instant::from_micros(i64::MAX) }];
    for text in ["1WD", "1CD", "1MO", "1H"] {
        let error = refused(&Request { pauses: &for_ever, ..plain(start, text) });
        assert!(matches!(error.code(), "deadline_too_long" | "time_out_of_range"), "{text}: {error}");
    }
    let century = [Pause { from: start, to: morning(date(2126, 10, 19)) }];
    assert_eq!(refused(&Request { pauses: &century, ..plain(start, "1WD") }), DeadlineError::TooLong);
    assert_eq!(refused(&Request { pauses: &century, ..plain(start, "1H") }), DeadlineError::TooLong);
    let last = at(date(9999, 12, 29).at(0, 0, 0, 0));
    for text in ["5WD", "5CD", "1MO", "500H"] {
        assert_eq!(refused(&plain(last, text)), DeadlineError::OutOfRange, "{text}");
        assert_eq!(refused(&plain(Instant::from_micros(i64::MIN), text)), DeadlineError::OutOfRange, "{text}");
    }
}

#[test]
fn what_is_left_is_counted_in_working_days_and_microseconds() {
    let calendar = WorkCalendar::builtin();
    let proof = count(&plain(morning(date(2024, 9, 30)), "5WD"));
    let left = |now: Instant| remaining(now, &proof, calendar);
    let friday = left(at(date(2024, 10, 11).at(23, 0, 0, 0)));
    assert_eq!((friday.overdue, friday.working_days, friday.micros), (false, 1, 25 * 3_600_000_000));
    assert_eq!(left(morning(date(2024, 10, 1))).working_days, 5, "the holiday is not counted");
    assert_eq!(left(morning(date(2024, 10, 12))).working_days, 0);
    let late = left(morning(date(2024, 10, 15)));
    assert_eq!((late.overdue, late.working_days), (true, -2));
    assert!(left(proof.due).overdue && left(proof.due).micros == 0);
    assert!(left(Instant::from_micros(i64::MAX)).working_days < 0);
    assert!(left(Instant::from_micros(i64::MIN)).working_days > 0);
}

/// The reminders of a request, as text.
fn reminded(request: &Request<'_>) -> Vec<String> {
    let proof = count(request);
    let planned = reminders(&proof, WorkCalendar::builtin());
    planned.iter().map(|reminder| format!("{:?} {}", reminder.kind, reminder.at)).collect()
}

#[test]
fn reminders_fall_on_working_mornings() {
    assert_eq!(
        reminded(&plain(morning(date(2024, 9, 30)), "5WD")),
        [
            "Half 2024-10-10T09:00:00+08:00",
            "FourFifths 2024-10-11T09:00:00+08:00",
            "LastWorkingDay 2024-10-12T09:00:00+08:00",
            "Due 2024-10-13T00:00:00+08:00",
        ]
    );
    // Day 30 and day 48 of 60; the bare end lies in the holiday, so the last working day is the one before it.
    assert_eq!(
        reminded(&plain(morning(date(2025, 8, 6)), "60CD")),
        [
            "Half 2025-09-05T09:00:00+08:00",
            "FourFifths 2025-09-23T09:00:00+08:00",
            "LastWorkingDay 2025-09-30T09:00:00+08:00",
            "Due 2025-10-10T00:00:00+08:00",
        ]
    );
    // The bare end is Sunday 10-25 and the Friday before it is suspended.
    let pauses = [Pause { from: morning(date(2026, 10, 23)), to: morning(date(2026, 10, 23)).plus_seconds(60) }];
    let brought_forward = reminded(&Request { pauses: &pauses, ..plain(morning(date(2026, 10, 19)), "5CD") });
    assert_eq!(brought_forward[0], "LastWorkingDay 2026-10-22T09:00:00+08:00");
    assert_eq!(
        reminded(&plain(morning(date(2026, 10, 19)), "1WD")),
        ["LastWorkingDay 2026-10-20T09:00:00+08:00", "Due 2026-10-21T00:00:00+08:00"]
    );
    assert_eq!(
        reminded(&plain(morning(date(2026, 10, 19)), "5H")),
        ["Half 2026-10-19T11:00:00+08:00", "FourFifths 2026-10-19T12:30:00+08:00", "Due 2026-10-19T13:30:00+08:00"]
    );
}

#[test]
fn the_json_shape_is_exactly_the_published_one() {
    let proof = count(&plain(morning(date(2024, 10, 11)), "2WD"));
    let json = serde_json::to_string(&Explanation::from(&proof)).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"due":"2024-10-14","due_raw":"2024-10-14","provisional":false,"counted":["#,
            r#"{"date":"2024-10-12","counts":true,"why":"周六·调休上班（国庆节）"},"#,
            r#"{"date":"2024-10-13","counts":false,"why":"周末"},"#,
            r#"{"date":"2024-10-14","counts":true,"why":"工作日"}]}"#
        )
    );
}

#[test]
fn the_chinese_text_folds_runs_of_days() {
    assert_eq!(
        explain_zh(&count(&plain(morning(date(2024, 9, 30)), "5WD"))),
        "起算  2024-09-30 08:30:00（当日不计，次日起算）\n\
         时限  5个工作日\n  \
           2024-10-01 周二 至 2024-10-07 周一  不计7天  国庆节放假\n  \
           2024-10-08 周二 至 2024-10-11 周五  第1至4日  工作日\n  \
           2024-10-12 周六  第5日  周六·调休上班（国庆节）\n\
         到期  2024-10-12 24:00（周六）\n\
         日历  cn-2018-2026 (chinesecalendar 1.11.0)\n"
    );
    let extensions = [Extension { granted_at: morning(date(2026, 12, 25)), limit: limit("10CD") }];
    let text = explain_zh(&count(&Request { extensions: &extensions, ..plain(morning(date(2026, 12, 25)), "5CD") }));
    assert!(text.contains("时限  5日，延期10日\n"), "{text}");
    assert!(text.contains("届满  2027-01-09 周六，非工作日，顺延\n"), "{text}");
    assert!(text.contains("暂估  "), "{text}");
}
