//! One cell, whatever kind of file it came from.

use huiyin_domain::text::date::{DateOrDateTime, SerialEpoch, parse_excel_serial};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// A number the workbook formats as a date.
    Date(f64, SerialEpoch),
    /// The result of a formula that failed: `#REF!`.
    Error(String),
}

/// One row of a sheet or file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceRow {
    /// As a spreadsheet program numbers it, from 1.
    pub(crate) number: u64,
    pub(crate) cells: Vec<Cell>,
    /// How many fields a csv row has; a workbook's rows have no such count.
    pub(crate) fields: Option<usize>,
}

/// Rows in their order; `None` after the last.
pub(crate) trait Rows {
    fn next_row(&mut self) -> Result<Option<SourceRow>, super::error::FileRefusal>;
}

impl Cell {
    /// Nothing to see: no text, or only spaces.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.chars().all(|c| c.is_whitespace() || super::fold::is_invisible(c)),
            Self::Number(_) | Self::Bool(_) | Self::Date(..) | Self::Error(_) => false,
        }
    }

    /// The cell as a person sees it: whole numbers without decimals or exponent, dates as 2019-02-08 09:05:33.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Error(text) => text.clone(),
            // Rust prints a float with the fewest digits that give it back, and never with an exponent.
            Self::Number(number) => number.to_string(),
            Self::Bool(true) => "TRUE".to_owned(),
            Self::Bool(false) => "FALSE".to_owned(),
            Self::Date(serial, epoch) => shown_date(*serial, *epoch),
        }
    }

    /// Characters of the text, without making a copy.
    pub(crate) fn is_longer_than(&self, max_chars: usize) -> bool {
        match self {
            Self::Text(text) => text.len() > max_chars && text.chars().nth(max_chars).is_some(),
            _ => false,
        }
    }
}

fn shown_date(serial: f64, epoch: SerialEpoch) -> String {
    match parse_excel_serial(serial, epoch) {
        Ok(DateOrDateTime::Date(date)) => date.to_string(),
        Ok(DateOrDateTime::DateTime(at)) => {
            at.to_civil().map_or_else(|| serial.to_string(), |local| local.strftime("%Y-%m-%d %H:%M:%S").to_string())
        }
        // What a spreadsheet program shows for the days that only it knows.
        Err(_) if (0.0..1.0).contains(&serial) && epoch == SerialEpoch::Excel1900 => "1900-01-00".to_owned(),
        Err(_) if (60.0..61.0).contains(&serial) && epoch == SerialEpoch::Excel1900 => "1900-02-29".to_owned(),
        Err(_) => serial.to_string(),
    }
}

/// The letters a spreadsheet program puts above the column `index` (from 0): A, B … Z, AA.
pub(crate) fn column_letters(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(u8::try_from(rest % 26).map_or('?', |offset| char::from(b'A' + offset)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_ids_keep_their_digits() {
        for (number, shown) in [
            (12_345_678_901_234.0, "12345678901234"),
            (1.0, "1"),
            (0.5, "0.5"),
            (1.0e15, "1000000000000000"),
            (-3.0, "-3"),
        ] {
            assert_eq!(Cell::Number(number).shown(), shown);
        }
    }

    #[test]
    fn dates_are_shown_as_a_spreadsheet_shows_them() {
        let shown = |serial| Cell::Date(serial, SerialEpoch::Excel1900).shown();
        assert_eq!(shown(43_504.0), "2019-02-08");
        assert_eq!(shown(43_504.5), "2019-02-08 12:00:00");
        assert_eq!(shown(0.0), "1900-01-00");
        assert_eq!(shown(60.0), "1900-02-29");
    }

    #[test]
    fn columns_have_letters() {
        for (index, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(index), letters);
        }
    }
}
