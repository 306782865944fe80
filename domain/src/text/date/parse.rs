//! The reading itself: a cursor over characters, one function per shape.

use jiff::civil;
use jiff::tz::Offset;

use super::{DateError, DateOrDateTime, SerialEpoch, Shapes, SlashOrder};
use crate::time::Instant;

const QUOTED_CHARS: usize = 32;
/// Longer texts are not dates; the bound keeps a huge cell from being copied.
const MAX_CHARS: usize = 64;
const SECONDS_A_DAY: i64 = 86_400;

/// Why no date came out, before the text is named.
enum Fault {
    Unreadable,
    Ambiguous,
    Impossible,
}

type Parsed = Result<DateOrDateTime, Fault>;

/// The first characters of a text, for a message.
pub(super) fn cut(text: &str) -> String {
    text.trim().chars().take(QUOTED_CHARS).collect()
}

pub(super) fn text(text: &str, accepted: Shapes) -> Result<DateOrDateTime, DateError> {
    fold(text).ok_or(Fault::Unreadable).and_then(|folded| shape(&folded, accepted)).map_err(|fault| {
        let text = cut(text);
        match fault {
            Fault::Unreadable => DateError::Unreadable { text, accepted },
            Fault::Ambiguous => DateError::Ambiguous { text },
            Fault::Impossible => DateError::Impossible { text },
        }
    })
}

/// Full-width forms as ASCII, every kind of space as one, none around. `None` for what is too long to be a date.
fn fold(text: &str) -> Option<Vec<char>> {
    let mut folded = Vec::new();
    for c in text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}').chars() {
        if folded.len() == MAX_CHARS {
            return None;
        }
        match c {
            '\u{FF01}'..='\u{FF5E}' => folded.push(char::from_u32(u32::from(c) - 0xFEE0)?),
            space if space.is_whitespace() => {
                if folded.last() != Some(&' ') {
                    folded.push(' ');
                }
            }
            other => folded.push(other),
        }
    }
    Some(folded)
}

fn shape(folded: &[char], accepted: Shapes) -> Parsed {
    if folded.iter().all(char::is_ascii_digit) {
        return bare_number(folded, accepted);
    }
    if accepted.excel_serial && folded.iter().all(|c| c.is_ascii_digit() || *c == '.') && dots(folded) == 1 {
        let serial: f64 = folded.iter().collect::<String>().parse().map_err(|_| Fault::Unreadable)?;
        return self::serial(serial, SerialEpoch::Excel1900).ok_or(Fault::Impossible);
    }
    if accepted.rfc2822
        && let Some(parsed) = self::rfc2822(folded)
    {
        return parsed;
    }
    let mut cursor = Cursor { rest: folded };
    let (first, digits) = cursor.number().ok_or(Fault::Unreadable)?;
    let day = match (digits, accepted.slash) {
        (4, _) if accepted.year_first => cursor.year_first(first)?,
        (1 | 2, Some(order)) => cursor.year_last(first, order)?,
        _ => return Err(Fault::Unreadable),
    };
    cursor.time_of(day)
}

/// Tue, 10 Nov 2026 08:00:00 +0800: the weekday and the seconds may be missing. `None` when it does not look like it.
fn rfc2822(folded: &[char]) -> Option<Parsed> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let text: String = folded.iter().collect::<String>().to_lowercase();
    let day_text = text.split_once(',').map_or(text.as_str(), |(_, rest)| rest);
    let mut words = day_text.split(' ').filter(|word| !word.is_empty());
    let day_of_month: i64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().zip(1_i64..).find(|(known, _)| name.get(..3) == Some(known)).map(|(_, month)| month)?;
    let year: i64 = words.next()?.parse().ok()?;
    let clock: Vec<char> = words.next()?.chars().collect();
    let zone: Vec<char> = match words.next()? {
        "gmt" | "ut" | "utc" => vec!['z'],
        other => other.chars().collect(),
    };
    if words.next().is_some() {
        return None;
    }
    let rest: Vec<char> = [clock, zone].concat();
    Some(day(year, month, day_of_month).and_then(|day| Cursor { rest: &rest }.time_of(day)))
}

fn dots(folded: &[char]) -> usize {
    folded.iter().filter(|c| **c == '.').count()
}

/// Digits only: 20190208, 20190208090533, Unix seconds, Java milliseconds, or a day number.
fn bare_number(folded: &[char], accepted: Shapes) -> Parsed {
    let number: i64 = folded.iter().collect::<String>().parse().map_err(|_| Fault::Unreadable)?;
    match folded.len() {
        8 if accepted.year_first => date_of(number).map(DateOrDateTime::Date),
        14 if accepted.year_first => {
            let day = date_of(number / 1_000_000)?;
            at(day, number / 10_000 % 100, number / 100 % 100, number % 100)
        }
        10 if accepted.unix_seconds => moment(number.checked_mul(1_000_000)),
        13 if accepted.java_millis => moment(number.checked_mul(1_000)),
        1..=6 if accepted.excel_serial => {
            let days = i32::try_from(number).map_err(|_| Fault::Unreadable)?;
            serial(f64::from(days), SerialEpoch::Excel1900).ok_or(Fault::Impossible)
        }
        _ => Err(Fault::Unreadable),
    }
}

/// From 20190208.
fn date_of(number: i64) -> Result<civil::Date, Fault> {
    day(number / 10_000, number / 100 % 100, number % 100)
}

/// A day that exists, in a year this program may meet.
fn day(year: i64, month: i64, day: i64) -> Result<civil::Date, Fault> {
    let in_range = (1900..=2199).contains(&year);
    let date = || {
        let (year, month, day) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        civil::Date::new(year, month, day).ok()
    };
    in_range.then(date).flatten().ok_or(Fault::Impossible)
}

/// A time of day on a wall in China.
fn at(day: civil::Date, hour: i64, minute: i64, second: i64) -> Parsed {
    local(day, hour, minute, second).and_then(|local| moment(Instant::from_civil(local).map(Instant::as_micros)))
}

fn local(day: civil::Date, hour: i64, minute: i64, second: i64) -> Result<civil::DateTime, Fault> {
    let time = || {
        let (hour, minute, second) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?);
        civil::Time::new(hour, minute, second, 0).ok()
    };
    time().map(|time| day.to_datetime(time)).ok_or(Fault::Impossible)
}

/// A moment whose day in China is in range.
fn moment(micros: Option<i64>) -> Parsed {
    let instant = micros.map(Instant::from_micros).ok_or(Fault::Impossible)?;
    let year = instant.date().map(civil::Date::year).ok_or(Fault::Impossible)?;
    if (1900..=2199).contains(&year) { Ok(DateOrDateTime::DateTime(instant)) } else { Err(Fault::Impossible) }
}

pub(super) fn serial(serial: f64, epoch: SerialEpoch) -> Option<DateOrDateTime> {
    // Seconds are what a spreadsheet shows; the binary fraction of a day is never exact.
    let seconds = (serial * 86_400.0).round();
    if !(0.0..=1.0e12).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number between 0 and 10^12")]
    let seconds = seconds as i64;
    let days = seconds / SECONDS_A_DAY;
    let day_zero = match (epoch, days) {
        (SerialEpoch::Excel1904, _) => civil::date(1904, 1, 1),
        // 1900-01-00 and 1900-02-29 are days that only a spreadsheet knows.
        (SerialEpoch::Excel1900, 0 | 60) => return None,
        (SerialEpoch::Excel1900, 1..60) => civil::date(1899, 12, 31),
        (SerialEpoch::Excel1900, _) => civil::date(1899, 12, 30),
    };
    let date = day_zero.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    let date = day(date.year().into(), date.month().into(), date.day().into()).ok()?;
    let second = seconds % SECONDS_A_DAY;
    if second == 0 {
        return Some(DateOrDateTime::Date(date));
    }
    at(date, second / 3_600, second / 60 % 60, second % 60).ok()
}

/// What has not been read yet.
struct Cursor<'a> {
    rest: &'a [char],
}

impl Cursor<'_> {
    /// A run of digits: its value and how many they are. Never more than nine.
    fn number(&mut self) -> Option<(i64, usize)> {
        let digits = self.rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let (number, rest) = self.rest.split_at_checked(digits)?;
        let value =
            if (1..=9).contains(&digits) { number.iter().collect::<String>().parse().ok()? } else { return None };
        self.rest = rest;
        Some((value, digits))
    }

    /// A number of one or two digits.
    fn short_number(&mut self) -> Result<i64, Fault> {
        self.number().filter(|(_, digits)| *digits <= 2).map(|(value, _)| value).ok_or(Fault::Unreadable)
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.split_first() {
            Some((c, rest)) if *c == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn take_one_of(&mut self, wanted: &[char]) -> Option<char> {
        wanted.iter().copied().find(|c| self.take(*c))
    }

    fn spaces(&mut self) {
        while self.take(' ') {}
    }

    /// After the year: /2/8, -12-08, .2.8, 年2月8日.
    fn year_first(&mut self, year: i64) -> Result<civil::Date, Fault> {
        self.spaces();
        let separator = self.take_one_of(&['/', '-', '.', '年']).ok_or(Fault::Unreadable)?;
        self.spaces();
        let month = self.short_number()?;
        self.spaces();
        if !self.take(if separator == '年' { '月' } else { separator }) {
            return Err(Fault::Unreadable);
        }
        self.spaces();
        let day_of_month = self.short_number()?;
        if separator == '年' {
            self.spaces();
            self.take_one_of(&['日', '号']).ok_or(Fault::Unreadable)?;
        }
        day(year, month, day_of_month)
    }

    /// After the first number: /31/2019.
    fn year_last(&mut self, first: i64, order: SlashOrder) -> Result<civil::Date, Fault> {
        let separator = self.take_one_of(&['/', '-']).ok_or(Fault::Unreadable)?;
        let second = self.short_number()?;
        if !self.take(separator) {
            return Err(Fault::Unreadable);
        }
        let (year, _) = self.number().filter(|(_, digits)| *digits == 4).ok_or(Fault::Unreadable)?;
        match order {
            SlashOrder::MonthFirst => day(year, first, second),
            SlashOrder::DayFirst => day(year, second, first),
            SlashOrder::OnlyIfClear => match (day(year, first, second), day(year, second, first)) {
                (Ok(month_first), Ok(day_first)) if month_first != day_first => Err(Fault::Ambiguous),
                (Ok(date), _) | (_, Ok(date)) => Ok(date),
                (Err(fault), Err(_)) => Err(fault),
            },
        }
    }

    /// What follows the day: nothing, a time, a time with an offset.
    fn time_of(&mut self, day: civil::Date) -> Parsed {
        self.spaces();
        if self.take('T') || self.take('t') {
            self.spaces();
        }
        if self.rest.is_empty() {
            return Ok(DateOrDateTime::Date(day));
        }
        let hour = self.short_number()?;
        let separator = self.take_one_of(&[':', '时', '点']).ok_or(Fault::Unreadable)?;
        let (minute, second) = if separator == ':' { self.after_colon()? } else { self.after_character()? };
        let micros = self.fraction()?;
        self.spaces();
        let local = local(day, hour, minute, second)?;
        let instant = match self.offset()? {
            None => Instant::from_civil(local),
            Some(offset) => offset.to_timestamp(local).ok().map(|at| Instant::from_micros(at.as_microsecond())),
        };
        if !self.rest.is_empty() {
            return Err(Fault::Unreadable);
        }
        moment(instant.and_then(|instant| instant.as_micros().checked_add(micros)))
    }

    /// 05 or 05:33.
    fn after_colon(&mut self) -> Result<(i64, i64), Fault> {
        let minute = self.short_number()?;
        let second = if self.take(':') { self.short_number()? } else { 0 };
        Ok((minute, second))
    }

    /// Nothing (9时), 5分, 5分33秒; the last character may be missing.
    fn after_character(&mut self) -> Result<(i64, i64), Fault> {
        if self.rest.is_empty() {
            return Ok((0, 0));
        }
        let minute = self.short_number()?;
        if !self.take('分') || self.rest.is_empty() {
            return Ok((minute, 0));
        }
        let second = self.short_number()?;
        self.take('秒');
        Ok((minute, second))
    }

    /// .123 as microseconds; digits beyond the sixth are dropped.
    fn fraction(&mut self) -> Result<i64, Fault> {
        if !self.take('.') {
            return Ok(0);
        }
        let (value, digits) = self.number().ok_or(Fault::Unreadable)?;
        let digits = u32::try_from(digits).map_err(|_| Fault::Unreadable)?;
        Ok(if digits <= 6 { value * 10_i64.pow(6 - digits) } else { value / 10_i64.pow(digits - 6) })
    }

    /// Z, +08:00, +0800, +08.
    fn offset(&mut self) -> Result<Option<Offset>, Fault> {
        if self.take('Z') || self.take('z') {
            return Ok(Some(Offset::UTC));
        }
        let Some(sign) = self.take_one_of(&['+', '-']) else { return Ok(None) };
        let (hours, minutes) = match self.number().ok_or(Fault::Unreadable)? {
            (hours, 1 | 2) => (hours, if self.take(':') { self.short_number()? } else { 0 }),
            (both, 4) => (both / 100, both % 100),
            _ => return Err(Fault::Unreadable),
        };
        if hours > 15 || minutes > 59 {
            return Err(Fault::Impossible);
        }
        let seconds = i32::try_from(hours * 3_600 + minutes * 60).map_err(|_| Fault::Impossible)?;
        let offset = Offset::from_seconds(if sign == '-' { -seconds } else { seconds });
        offset.map(Some).map_err(|_| Fault::Impossible)
    }
}
