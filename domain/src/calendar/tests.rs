use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

fn why(date: Date) -> String {
    WorkCalendar::builtin().day(date).why.to_string()
}

fn refused(csv: &str) -> String {
    WorkCalendar::parse("test", csv).unwrap_err().to_string()
}

#[test]
fn the_builtin_table_has_its_rows_and_years() {
    let calendar = WorkCalendar::builtin();
    let holidays = calendar.rows.values().filter(|row| matches!(row, Row::Holiday(_))).count();
    assert_eq!((holidays, calendar.rows.len() - holidays), (263, 59));
    assert_eq!(calendar.years().collect::<Vec<_>>(), (2018..=2026).collect::<Vec<i16>>());
    assert_eq!(calendar.version(), "cn-2018-2026 (chinesecalendar 1.11.0)");
}

#[test]
fn working_days_a_year_are_those_published() {
    let expected = [250, 250, 249, 250, 249, 249, 251, 248, 248];
    for (year, expected) in (2018..).zip(expected) {
        let counted = WorkCalendar::builtin().working_days(date(year - 1, 12, 31), date(year, 12, 31));
        assert_eq!(counted, expected, "{year}");
    }
}

#[test]
fn a_day_says_why_in_chinese() {
    assert_eq!(why(date(2024, 10, 12)), "周六·调休上班（国庆节）");
    assert_eq!(why(date(2024, 10, 1)), "国庆节放假");
    assert_eq!(why(date(2024, 10, 13)), "周末");
    assert_eq!(why(date(2024, 10, 14)), "工作日");
    assert_eq!(why(date(2027, 1, 4)), "日历缺失·暂估");
}

#[test]
fn a_year_that_is_not_loaded_counts_monday_to_friday() {
    let calendar = WorkCalendar::builtin();
    assert!(calendar.day(date(2027, 10, 1)).counts, "a Friday");
    assert!(!calendar.day(date(2027, 10, 2)).counts, "a Saturday");
    assert_eq!(calendar.day(date(2027, 10, 2)).why, Why::NotCovered);
}

#[test]
fn a_lone_row_or_half_a_year_does_not_cover_the_year() {
    let csv = "date,kind,name\n2026-12-31,holiday,元旦\n2027-01-01,holiday,元旦\n2027-10-01,holiday,国庆节\n2028-01-01,holiday,元旦";
    let calendar = WorkCalendar::parse("test", csv).unwrap();
    assert_eq!(calendar.years().collect::<Vec<_>>(), [2027]);
    assert_eq!(calendar.day(date(2026, 12, 31)).why, Why::Holiday("元旦".to_owned()), "a listed day is known");
    assert_eq!(calendar.day(date(2026, 12, 30)).why, Why::NotCovered);
}

#[test]
fn byte_order_mark_crlf_and_blank_lines_are_read() {
    let calendar = WorkCalendar::parse("test", "\u{feff}date,kind,name\r\n\r\n2027-02-06, workday ,春节\r\n").unwrap();
    assert!(calendar.day(date(2027, 2, 6)).counts);
}

#[test]
fn errors_name_the_line_and_the_accepted_form() {
    let with = |row: &str| refused(&format!("date,kind,name\n2027-01-01,holiday,元旦\n{row}"));
    assert_eq!(refused(""), "line 1: expected the header `date,kind,name`, found ``");
    assert_eq!(refused("date,kind,name\n\n"), "line 1: the table has no rows");
    assert_eq!(with("2027-01-02,holiday"), "line 3: expected 3 fields separated by commas (date, kind, name), found 2");
    assert_eq!(with("2027-02-30,holiday,x"), "line 3: `2027-02-30` is not a date (expected YYYY-MM-DD)");
    assert_eq!(with("2027-1-2,holiday,x"), "line 3: `2027-1-2` is not a date (expected YYYY-MM-DD)");
    assert_eq!(with("2027-01-02,rest,x"), "line 3: unknown kind `rest` (expected `holiday` or `workday`)");
    assert_eq!(with("2027-01-02,holiday,"), "line 3: `` is not a holiday's name (1 to 20 characters, no quotes)");
    assert_eq!(with("2027-01-01,holiday,元旦"), "line 3: 2027-01-01 is listed already on line 2");
    assert_eq!(
        with("2027-01-04,workday,元旦"),
        "line 3: 2027-01-04 is a 周一; a `workday` row must be a Saturday or a Sunday"
    );
}

/// Dates around the table and far outside it.
fn any_date() -> impl Strategy<Value = Date> {
    (2016_i16..=2028, 1_i8..=12, 1_i8..=31).prop_map(|(year, month, day)| {
        Date::new(year, month, day).unwrap_or_else(|_| Date::new(year, month, 1).unwrap().last_of_month())
    })
}

proptest! {
    #[test]
    fn counting_between_two_dates_equals_asking_day_by_day(from in any_date(), days in 0_i32..900) {
        let calendar = WorkCalendar::builtin();
        let to = from + days.days();
        let asked = (1..=days).filter(|offset| calendar.day(from + offset.days()).counts).count();
        prop_assert_eq!(calendar.working_days(from, to), i64::try_from(asked).unwrap());
        prop_assert_eq!(calendar.working_days(to, from), -i64::try_from(asked).unwrap());
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = WorkCalendar::parse("test", &text);
        let _ = WorkCalendar::parse("test", &format!("date,kind,name\n{text}"));
    }
}

#[test]
fn the_ends_of_time_are_answered() {
    let calendar = WorkCalendar::builtin();
    assert_eq!(calendar.day(Date::MAX).why, Why::NotCovered);
    assert!(calendar.working_days(Date::MIN, Date::MAX) > 5_000_000);
}
