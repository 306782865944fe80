use jiff::civil::{self, date};
use proptest::prelude::*;

use super::*;

fn china(year: i16, month: i8, day: i8, hour: i8, minute: i8, second: i8) -> DateOrDateTime {
    DateOrDateTime::DateTime(Instant::from_civil(date(year, month, day).at(hour, minute, second, 0)).unwrap())
}

fn day(year: i16, month: i8, day: i8) -> DateOrDateTime {
    DateOrDateTime::Date(date(year, month, day))
}

#[test]
fn every_shape_of_real_exports_is_read() {
    let cases = [
        ("2019/2/8 9:05:33", china(2019, 2, 8, 9, 5, 33)),
        ("2019-12-08 19:05", china(2019, 12, 8, 19, 5, 0)),
        ("2019-12-08  19:05:00", china(2019, 12, 8, 19, 5, 0)),
        ("2019年2月8日", day(2019, 2, 8)),
        ("2019年2月8日9时5分", china(2019, 2, 8, 9, 5, 0)),
        ("2019年2月8日 9时5分33秒", china(2019, 2, 8, 9, 5, 33)),
        ("2019年2月8日 9时", china(2019, 2, 8, 9, 0, 0)),
        ("2019年2月8日 9点05", china(2019, 2, 8, 9, 5, 0)),
        ("2019年02月08日 09:05", china(2019, 2, 8, 9, 5, 0)),
        ("2019 年 2 月 8 号", day(2019, 2, 8)),
        ("12/31/2019", day(2019, 12, 31)),
        ("31/12/2019 08:00", china(2019, 12, 31, 8, 0, 0)),
        ("05/05/2019", day(2019, 5, 5)),
        ("2019.2.8", day(2019, 2, 8)),
        ("2019.2.8 7:01", china(2019, 2, 8, 7, 1, 0)),
        ("20190208", day(2019, 2, 8)),
        ("20190208090533", china(2019, 2, 8, 9, 5, 33)),
        ("2019-02-08T09:05:33", china(2019, 2, 8, 9, 5, 33)),
        ("2019-02-08T01:05:33Z", china(2019, 2, 8, 9, 5, 33)),
        ("2019-02-08T09:05:33+08:00", china(2019, 2, 8, 9, 5, 33)),
        ("2019-02-08T09:05:33.000+0800", china(2019, 2, 8, 9, 5, 33)),
        ("2019-02-07T20:05:33-05", china(2019, 2, 8, 9, 5, 33)),
        ("1549587933", china(2019, 2, 8, 9, 5, 33)),
        ("1549587933000", china(2019, 2, 8, 9, 5, 33)),
        ("２０１９／２／８　９：０５：３３", china(2019, 2, 8, 9, 5, 33)),
        ("\u{FEFF}\u{3000}2019-2-8\u{00A0}\n", day(2019, 2, 8)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_date(text, Shapes::CLEAR), Ok(expected), "{text}");
    }
}

#[test]
fn microseconds_are_kept() {
    let Ok(DateOrDateTime::DateTime(at)) = parse_date("2019-02-08T01:05:33.1234567Z", Shapes::CLEAR) else { panic!() };
    assert_eq!(at.as_micros(), 1_549_587_933_123_456);
}

#[test]
fn days_and_times_that_do_not_exist_are_named() {
    for text in [
        "1900-01-00",
        "2019-02-30",
        "2019-13-01",
        "0000-00-00",
        "1899-12-31",
        "9999-12-31",
        "2019-2-8 24:00",
        "2019-2-8 9:60",
        "2019年2月31日",
        "20190231",
        "13/32/2019",
        "02/30/2019",
        "2019-02-08T09:05:33+19:00",
    ] {
        assert_eq!(parse_date(text, Shapes::CLEAR), Err(DateError::Impossible { text: text.to_owned() }), "{text}");
    }
}

#[test]
fn what_is_no_date_is_unreadable_and_the_message_is_short() {
    for text in [
        "",
        " ",
        "昨天",
        "2019",
        "2019-2",
        "2019/2-8",
        "2/8",
        "2019-2-8 9",
        "2019-2-8 上午",
        "2019年2月",
        "1-2-3",
        "43504",
    ] {
        assert!(matches!(parse_date(text, Shapes::CLEAR), Err(DateError::Unreadable { .. })), "{text}");
    }
    let long = "某".repeat(100_000);
    let error = parse_date(&long, Shapes::CLEAR).unwrap_err();
    assert!(error.to_string().chars().count() < 200, "{error}");
    assert!(error.to_string().contains("2019年12月8日"), "{error}");
}

#[test]
fn the_order_of_day_and_month_is_never_guessed() {
    let with = |slash| Shapes { slash, ..Shapes::CLEAR };
    let text = "02/03/2019 9:05";
    assert_eq!(parse_date(text, Shapes::CLEAR), Err(DateError::Ambiguous { text: text.to_owned() }));
    assert_eq!(parse_date(text, with(Some(SlashOrder::MonthFirst))), Ok(china(2019, 2, 3, 9, 5, 0)));
    assert_eq!(parse_date(text, with(Some(SlashOrder::DayFirst))), Ok(china(2019, 3, 2, 9, 5, 0)));
    assert!(matches!(parse_date(text, with(None)), Err(DateError::Unreadable { .. })));
    assert!(matches!(parse_date("31/12/2019", with(Some(SlashOrder::MonthFirst))), Err(DateError::Impossible { .. })));
}

#[test]
fn only_declared_shapes_are_read() {
    let samples = ["2019-2-8", "12/31/2019", "1549587933", "1549587933000", "43504.5"];
    for text in samples {
        assert!(parse_date(text, Shapes::NONE).is_err(), "{text}");
    }
    let serial = Shapes { excel_serial: true, ..Shapes::NONE };
    assert_eq!(parse_date("43504", serial), Ok(day(2019, 2, 8)));
    assert_eq!(parse_date("43504.5", serial), Ok(china(2019, 2, 8, 12, 0, 0)));
}

#[test]
fn spreadsheet_day_numbers_skip_the_days_that_never_were() {
    let read = |serial| parse_excel_serial(serial, SerialEpoch::Excel1900);
    assert_eq!(read(1.0), Ok(day(1900, 1, 1)));
    assert_eq!(read(59.0), Ok(day(1900, 2, 28)));
    assert_eq!(read(61.0), Ok(day(1900, 3, 1)));
    assert_eq!(read(43_504.378_854_166_67), Ok(china(2019, 2, 8, 9, 5, 33)));
    // One float step below midnight is the midnight it shows as.
    assert_eq!(read(43_503.999_999_999_99), Ok(day(2019, 2, 8)));
    for serial in [0.0, 0.5, 60.0, 60.9, -1.0, f64::NAN, f64::INFINITY, 3.0e6, 1.0e300] {
        assert!(matches!(read(serial), Err(DateError::Impossible { .. })), "{serial}");
    }
    assert_eq!(parse_excel_serial(42_042.0, SerialEpoch::Excel1904), Ok(day(2019, 2, 8)));
    assert_eq!(parse_excel_serial(0.0, SerialEpoch::Excel1904), Ok(day(1904, 1, 1)));
}

#[test]
fn a_mere_day_starts_at_midnight_in_china() {
    let only_day = parse_date("2026-10-09", Shapes::CLEAR).unwrap();
    assert!(!only_day.has_time());
    assert_eq!(only_day.instant().unwrap().to_string(), "2026-10-09T00:00:00+08:00");
    assert_eq!(serde_json::to_string(&only_day).unwrap(), "\"2026-10-09\"");
    let moment = parse_date("2026-10-09 8:30", Shapes::CLEAR).unwrap();
    assert_eq!(serde_json::to_string(&moment).unwrap(), "\"2026-10-09T08:30:00+08:00\"");
    assert_eq!(moment.date(), Some(date(2026, 10, 9)));
}

fn any_local() -> impl Strategy<Value = civil::DateTime> {
    (1901i16..2199, 1i8..=12, 1i8..=28, 0i8..24, 0i8..60, 0i8..60)
        .prop_map(|(year, month, day, hour, minute, second)| date(year, month, day).at(hour, minute, second, 0))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(local in any_local(), shape in 0usize..8) {
        let patterns = [
            "%Y/%-m/%-d %-H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y年%-m月%-d日 %-H时%-M分%-S秒", "%Y.%m.%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S", "　%Y年%m月%d日%H:%M:%S ", "%Y-%m-%dT%H:%M:%S+08:00",
        ];
        let text = local.strftime(patterns[shape]).to_string();
        let expected = DateOrDateTime::DateTime(Instant::from_civil(local).unwrap());
        prop_assert_eq!(parse_date(&text, Shapes::CLEAR), Ok(expected), "{}", text);
        let slashed = local.strftime("%m/%d/%Y %H:%M:%S").to_string();
        let month_first = Shapes { slash: Some(SlashOrder::MonthFirst), ..Shapes::NONE };
        prop_assert_eq!(parse_date(&slashed, month_first), Ok(expected), "{}", slashed);
    }

    #[test]
    fn the_epoch_counts_are_read_back(seconds in 1_000_000_000i64..4_000_000_000) {
        let expected = DateOrDateTime::DateTime(Instant::from_micros(seconds * 1_000_000));
        prop_assert_eq!(parse_date(&seconds.to_string(), Shapes::CLEAR), Ok(expected));
        prop_assert_eq!(parse_date(&format!("{seconds}000"), Shapes::CLEAR), Ok(expected));
    }

    #[test]
    fn day_numbers_are_read_back(days in 61i32..100_000, second in 1u32..86_400) {
        let read = parse_excel_serial(f64::from(days) + f64::from(second) / 86_400.0, SerialEpoch::Excel1900).unwrap();
        let day = date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).unwrap();
        let midnight = Instant::from_civil(day.at(0, 0, 0, 0)).unwrap();
        prop_assert_eq!(read, DateOrDateTime::DateTime(midnight.plus_seconds(second.into())));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}", digits in "[0-9/:. TZ+年月日时分秒-]{0,40}", serial in any::<f64>()) {
        let everything = Shapes { excel_serial: true, ..Shapes::CLEAR };
        for shapes in [Shapes::CLEAR, everything] {
            let _ = parse_date(&text, shapes);
            let _ = parse_date(&digits, shapes);
        }
        let _ = parse_excel_serial(serial, SerialEpoch::Excel1900);
        let _ = parse_excel_serial(serial, SerialEpoch::Excel1904);
    }
}

#[test]
fn dates_of_mail_and_feeds_are_read_where_they_are_accepted() {
    let shapes = Shapes { rfc2822: true, ..Shapes::NONE };
    let moment = |text: &str| match parse_date(text, shapes) {
        Ok(DateOrDateTime::DateTime(at)) => at.to_string(),
        other => panic!("{text}: {other:?}"),
    };
    for text in [
        "Tue, 10 Nov 2026 08:00:00 +0800",
        "10 Nov 2026 08:00 +0800",
        "Tue, 10 Nov 2026 00:00:00 GMT",
        "tue, 10 november 2026 00:00:00 +0000",
    ] {
        assert_eq!(moment(text), "2026-11-10T08:00:00+08:00", "{text}");
    }
    for text in ["Tue, 31 Feb 2026 08:00:00 +0800", "Tue, 10 Nov 2026 25:00:00 +0800"] {
        assert!(matches!(parse_date(text, shapes), Err(DateError::Impossible { .. })), "{text}");
    }
    for text in ["Tue, 10 Foo 2026 08:00:00 +0800", "Tue, 10 Nov 2026", "Tue, 10 Nov 2026 08:00:00 EST", "周二"] {
        assert!(parse_date(text, shapes).is_err(), "{text}");
    }
    assert!(parse_date("Tue, 10 Nov 2026 08:00:00 +0800", Shapes::CLEAR).is_err());
}
