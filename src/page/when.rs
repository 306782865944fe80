//! How pages write days, times, spans and numbers.

use huiyin_domain::calendar::weekday_zh;
use huiyin_domain::time::Instant;
use jiff::civil::{Date, DateTime};

/// Digits of a group in a large number.
const GROUP: usize = 3;
/// Stands between the groups, and between a number and its Latin unit: a narrow space at which no line breaks.
pub(super) const THIN: char = '\u{202f}';
/// Seconds of a minute, an hour and a day.
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The wall clock in China of an instant as the API writes it, or midnight of a date.
pub fn civil(text: &str) -> Option<DateTime> {
    match text.strip_suffix("+08:00") {
        Some(local) => local.parse().ok(),
        None => text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)),
    }
}

/// `11月27日 周五`; with the year where it is not that of `today`. A text that is no date is left as it is.
pub fn date(text: &str, today: Option<Date>) -> String {
    let Some(at) = civil(text) else { return text.to_owned() };
    let (month, day) = (at.month(), at.day());
    let year = today.is_none_or(|today| today.year() != at.year());
    let year = if year { format!("{}年", at.year()) } else { String::new() };
    format!("{year}{month}月{day}日 {}", weekday_zh(at.weekday()))
}

/// `17:30`.
pub fn time(text: &str) -> String {
    civil(text).map_or_else(|| text.to_owned(), |at| at.strftime("%H:%M").to_string())
}

/// `2026-11-05 09:00`, as government pages show it.
pub fn minute(text: &str) -> String {
    civil(text).map_or_else(|| text.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

/// A span in the two largest units that say something: `2 天 3 小时`, `5 分钟`. The sign is dropped.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.saturating_abs();
    let (days, hours, minutes) = (seconds / DAY, seconds % DAY / HOUR, seconds % HOUR / MINUTE);
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes} 分钟"),
        (0, hours, 0) => format!("{hours} 小时"),
        (0, hours, minutes) => format!("{hours} 小时 {minutes} 分钟"),
        (days, 0, _) => format!("{days} 天"),
        (days, hours, _) => format!("{days} 天 {hours} 小时"),
    }
}

/// The last moment before an instant from which on something is late: the day before, when that is midnight; else the day
/// and the time.
pub fn last_moment(text: &str, today: Option<Date>) -> String {
    let Some(at) = civil(text) else { return text.to_owned() };
    match (is_midnight(at), at.date().yesterday()) {
        (true, Ok(day)) => date(&day.to_string(), today),
        _ => format!("{} {}", date(text, today), time(text)),
    }
}

fn is_midnight(at: DateTime) -> bool {
    (at.hour(), at.minute()) == (0, 0)
}

/// How an instant from which on something is late lies to `now`: its state (`late`; `soon`: less than a day away; `ok`) and
/// the words of its chip.
pub fn due(text: &str, now: Instant) -> Option<(&'static str, String)> {
    let at = civil(text)?;
    let due = Instant::from_civil(at)?;
    let seconds = due.micros_since(now) / 1_000_000;
    let rough = |seconds: i64| match seconds {
        0..MINUTE => "不到 1 分钟".to_owned(),
        MINUTE..HOUR => format!("{} 分钟", seconds / MINUTE),
        HOUR..DAY => format!("{} 小时", seconds / HOUR),
        _ => format!("{} 天", seconds / DAY),
    };
    if seconds < 0 {
        return Some(("late", format!("超期 {}", rough(seconds.saturating_neg()))));
    }
    let today = now.date() == due.plus_seconds(-1).date();
    let words = match (today, is_midnight(at)) {
        (true, true) => "今天内".to_owned(),
        (true, false) => format!("今天 {}", time(text)),
        (false, _) => format!("剩 {}", rough(seconds)),
    };
    Some((if seconds < DAY { "soon" } else { "ok" }, words))
}

/// A number with a narrow space every three digits.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = if number < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(GROUP) {
            shown.push(THIN);
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_weekday_and_a_foreign_year() {
        let today = "2026-11-20".parse().ok();
        assert_eq!(date("2026-11-27T17:30:00+08:00", today), "11月27日 周五");
        assert_eq!(date("2025-11-27", today), "2025年11月27日 周四");
        assert_eq!(date("2026-11-27", None), "2026年11月27日 周五");
        assert_eq!(date("不详", today), "不详");
        assert_eq!(last_moment("2026-11-27T17:30:00+08:00", today), "11月27日 周五 17:30");
        assert_eq!(last_moment("2027-01-01T00:00:00+08:00", today), "12月31日 周四");
        assert_eq!(time("2026-11-27T17:30:00+08:00"), "17:30");
        assert_eq!(minute("2026-11-05T09:00:00+08:00"), "2026-11-05 09:00");
    }

    #[test]
    fn spans_have_two_units() {
        for (seconds, words) in [
            (0, "0 分钟"),
            (59 * 60, "59 分钟"),
            (3_600, "1 小时"),
            (-3_660, "1 小时 1 分钟"),
            (86_400, "1 天"),
            (3 * 86_400 + 7_200 + 60, "3 天 2 小时"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn deadlines_are_told_by_word() {
        let now = Instant::from_civil("2026-11-20T10:00:00".parse().unwrap()).unwrap();
        let told = |text: &str| due(text, now).map(|(state, words)| format!("{state} {words}"));
        for (text, words) in [
            ("2026-11-20T09:59:30+08:00", "late 超期 不到 1 分钟"),
            ("2026-11-20T07:00:00+08:00", "late 超期 3 小时"),
            ("2026-11-18T09:00:00+08:00", "late 超期 2 天"),
            ("2026-11-20T17:30:00+08:00", "soon 今天 17:30"),
            ("2026-11-21T00:00:00+08:00", "soon 今天内"),
            ("2026-11-21T09:00:00+08:00", "soon 剩 23 小时"),
            ("2026-11-27T17:30:00+08:00", "ok 剩 7 天"),
        ] {
            assert_eq!(told(text).as_deref(), Some(words), "{text}");
        }
        assert_eq!(told("never"), None);
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (2_914, "2\u{202f}914"), (-1_307_000, "-1\u{202f}307\u{202f}000")]
        {
            assert_eq!(grouped(number), shown);
        }
    }
}
