//! Reading a calendar table, with errors that name the line.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;

use super::{Row, is_weekend, weekday_zh};

/// The first line of a table.
const HEADER: &str = "date,kind,name";

/// The longest holiday name accepted, in characters.
const MAX_NAME: usize = 20;

/// A table that cannot be used: the line and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CalendarError {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: CalendarProblem,
}

/// What is wrong with a line of a calendar table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarProblem {
    /// The first line is not the header.
    #[error("expected the header `{HEADER}`, found `{found}`")]
    Header {
        /// What stands there, cut.
        found: String,
    },
    /// A row without exactly three fields.
    #[error("expected 3 fields separated by commas (date, kind, name), found {found}")]
    Fields {
        /// How many there are.
        found: usize,
    },
    /// A first field that is not a date.
    #[error("`{found}` is not a date (expected YYYY-MM-DD)")]
    Date {
        /// What stands there, cut.
        found: String,
    },
    /// A second field that is neither kind.
    #[error("unknown kind `{found}` (expected `holiday` or `workday`)")]
    Kind {
        /// What stands there, cut.
        found: String,
    },
    /// A name that is empty, too long, quoted or holds control characters.
    #[error("`{found}` is not a holiday's name (1 to {MAX_NAME} characters, no quotes)")]
    Name {
        /// What stands there, cut.
        found: String,
    },
    /// A date that an earlier line has already.
    #[error("{date} is listed already on line {first}")]
    Duplicate {
        /// The date.
        date: Date,
        /// The line that has it first.
        first: usize,
    },
    /// A make-up working day from Monday to Friday, which works anyway.
    #[error("{date} is a {weekday}; a `workday` row must be a Saturday or a Sunday", weekday = weekday_zh(date.weekday()))]
    WorkdayNotOnWeekend {
        /// The date.
        date: Date,
    },
    /// A header and nothing below it.
    #[error("the table has no rows")]
    Empty,
}

/// All rows by date.
pub(super) fn rows(csv: &str) -> Result<BTreeMap<Date, Row>, CalendarError> {
    let text = csv.strip_prefix('\u{feff}').unwrap_or(csv);
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let header = lines.next().map_or("", |(_, line)| line);
    if header != HEADER {
        return Err(CalendarError { line: 1, problem: CalendarProblem::Header { found: cut(header) } });
    }
    let mut rows: BTreeMap<Date, (usize, Row)> = BTreeMap::new();
    for (line, content) in lines.filter(|(_, content)| !content.is_empty()) {
        let (date, row) = parse_row(content).map_err(|problem| CalendarError { line, problem })?;
        match rows.entry(date) {
            Entry::Vacant(slot) => {
                slot.insert((line, row));
            }
            Entry::Occupied(slot) => {
                let problem = CalendarProblem::Duplicate { date, first: slot.get().0 };
                return Err(CalendarError { line, problem });
            }
        }
    }
    if rows.is_empty() {
        return Err(CalendarError { line: 1, problem: CalendarProblem::Empty });
    }
    Ok(rows.into_iter().map(|(date, (_, row))| (date, row)).collect())
}

/// One row of the table.
fn parse_row(content: &str) -> Result<(Date, Row), CalendarProblem> {
    let fields: Vec<&str> = content.split(',').map(str::trim).collect();
    let [date, kind, name] = *fields.as_slice() else {
        return Err(CalendarProblem::Fields { found: fields.len() });
    };
    let date = parse_date(date)?;
    let named = || parse_name(name);
    match kind {
        "holiday" => Ok((date, Row::Holiday(named()?))),
        "workday" if is_weekend(date.weekday()) => Ok((date, Row::Workday(named()?))),
        "workday" => Err(CalendarProblem::WorkdayNotOnWeekend { date }),
        other => Err(CalendarProblem::Kind { found: cut(other) }),
    }
}

/// `YYYY-MM-DD` and nothing else: jiff alone would also take a date with a time behind it.
fn parse_date(text: &str) -> Result<Date, CalendarProblem> {
    let shaped = text.len() == "2026-01-01".len() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let parsed = if shaped { text.parse().ok() } else { None };
    parsed.ok_or_else(|| CalendarProblem::Date { found: cut(text) })
}

/// A name short enough for one line of a page.
fn parse_name(text: &str) -> Result<String, CalendarProblem> {
    let fits = (1..=MAX_NAME).contains(&text.chars().count());
    if fits && !text.contains(|c: char| c.is_control() || c == '"') {
        Ok(text.to_owned())
    } else {
        Err(CalendarProblem::Name { found: cut(text) })
    }
}

/// The start of a foreign text, short enough for an error.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
