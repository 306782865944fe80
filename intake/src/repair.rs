//! A held row once more: its cells, corrected by a person or as they were, below the header they stood under.

use super::cell::{Cell, SourceRow};
use super::connector::{Connector, Field};
use super::fold::fold_header;
use super::header::Header;
use super::mapper::{Mapped, Mapper, Repeats};
use super::record::{Held, Limits, RawCells, Record};

/// What a row mapped again turned out to be.
#[derive(Debug)]
pub enum Repaired {
    /// It can be read now.
    Record(Box<Record>),
    /// It still cannot.
    Held(Held),
    /// There is nothing in it, or it is a total or a header.
    Nothing,
}

/// Maps the cells of a held row as the file's reader would. `header` names the sheet's columns as the file had them; it is
/// empty where the sheet had none, and then the cells' own headers count, and what no message may leave blank is asked for.
pub fn map_again(connector: &Connector, sheet: &str, row: u64, header: &[String], cells: &RawCells) -> Repaired {
    let mut names: Vec<String> = header.to_vec();
    let mut values: Vec<Option<&str>> = vec![None; names.len()];
    for (name, text) in cells {
        // A header that stands twice takes the cells in their order.
        let place = names.iter().zip(&values).position(|(known, value)| value.is_none() && is_same(known, name));
        if let Some(value) = place.and_then(|place| values.get_mut(place)) {
            *value = Some(text);
        } else {
            names.push(name.clone());
            values.push(Some(text));
        }
    }
    if header.is_empty() {
        let has = |names: &[String], aliases: &[String]| names.iter().any(|name| aliases.contains(&fold_header(name)));
        for column in &connector.columns {
            let asked_for = column.required || column.filled || column.field == Field::AskedAt;
            if asked_for && !has(&names, &column.aliases) {
                names.push(column.name.clone());
                values.push(None);
            }
        }
    }
    let folded: Vec<String> = names.iter().map(|name| fold_header(name)).collect();
    let place = |aliases: &[String]| folded.iter().position(|name| aliases.contains(name));
    let places = connector.columns.iter().map(|column| place(&column.aliases)).collect();
    let cells = values.into_iter().map(|value| match value {
        Some(text) if !text.is_empty() => Cell::Text(text.to_owned()),
        _ => Cell::Empty,
    });
    let row = SourceRow { number: row, cells: cells.collect(), fields: None };
    let limits = Limits::default();
    let header = Header { row: 0, names: names.into(), places };
    let mapper = Mapper { connector, limits: &limits, sheet, header: &header };
    match mapper.map(&row, &mut Repeats::default()) {
        Mapped::Record(record) => Repaired::Record(record),
        Mapped::Held(held) => Repaired::Held(held),
        Mapped::Blank | Mapped::Furniture => Repaired::Nothing,
    }
}

/// Whether two headers are one, whatever ends their lines: a browser sends `\r\n` where a file had `\n`.
fn is_same(known: &str, sent: &str) -> bool {
    known == sent || known.replace("\r\n", "\n") == sent.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RowOutcome, find, read_table};

    /// Every row of every fixture, held or not, comes out of its raw cells as it came out of the file.
    #[test]
    fn a_row_mapped_again_is_what_it_was() {
        let mut seen = (0, 0);
        for id in
            ["board", "grid-export", "hotline-city", "hotline-district", "mailbox", "people-export", "survey-export"]
        {
            let connector = find(id, None).unwrap().unwrap();
            for fixture in &connector.fixtures {
                let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join(format!("../connectors/{id}/fixtures/{}", fixture.name));
                let mut header: Option<Vec<String>> = None;
                let mut rows = Vec::new();
                let summary =
                    read_table::<std::convert::Infallible>(&connector, &path, &Limits::default(), &mut |row| {
                        rows.push(row);
                        Ok(())
                    });
                if let Ok(summary) = summary {
                    header = Some(summary.sheets[0].columns.iter().map(|column| column.header.clone()).collect());
                }
                for row in rows {
                    match row {
                        RowOutcome::Record(record) => {
                            let header = header.as_deref().unwrap_or_default();
                            let again = map_again(&connector, &record.sheet, record.row, header, &record.raw);
                            let Repaired::Record(again) = again else { panic!("{id}: {again:?}") };
                            // Equal rows of a file are told apart by a count that a single row cannot know.
                            let key = |key: &str| key.split('-').next().unwrap().to_owned();
                            if matches!(connector.key, crate::connector::Key::Digest(_)) {
                                assert_eq!(key(&again.key), key(&record.key));
                            } else {
                                assert_eq!(again.key, record.key);
                            }
                            assert_eq!(
                                Record { key: String::new(), ..*again },
                                Record { key: String::new(), ..*record }
                            );
                            seen.0 += 1;
                        }
                        // What the shape of a csv row was at fault for is gone once its cells are named.
                        RowOutcome::Held(held) if held.column.is_some() => {
                            let again = map_again(&connector, &held.sheet, held.row, &held.header, &held.raw);
                            let Repaired::Held(again) = again else { panic!("{id}: {again:?}") };
                            assert_eq!(again, held);
                            seen.1 += 1;
                        }
                        RowOutcome::Held(_) => {}
                    }
                }
            }
        }
        assert!(seen.0 > 15 && seen.1 > 5, "{seen:?}");
    }

    #[test]
    fn a_header_of_several_lines_is_the_same_with_other_line_ends() {
        let board = find("board", None).unwrap().unwrap();
        let header = ["留言编号", "留言用户", "留言\n主题", "留言时间", "留言\r\n详情"].map(str::to_owned);
        let sent = |ends: &str| -> RawCells {
            let names = ["留言编号", "留言用户", "留言\n主题", "留言时间", "留言\n详情"];
            let texts = ["L1", "甲", "题目", "2026-09-01 08:00:00", "内容"];
            names.iter().zip(texts).map(|(name, text)| (name.replace('\n', ends), text.to_owned())).collect()
        };
        for ends in ["\n", "\r\n"] {
            let again = map_again(&board, "", 3, &header, &sent(ends));
            let Repaired::Record(record) = again else { panic!("{again:?}") };
            assert_eq!(record.raw.len(), 5, "no column beside the sheet's own");
        }
    }

    #[test]
    fn without_a_header_what_must_be_filled_is_asked_for() {
        let board = find("board", None).unwrap().unwrap();
        let cells = |pairs: &[(&str, &str)]| -> RawCells {
            pairs.iter().map(|(header, text)| ((*header).to_owned(), (*text).to_owned())).collect()
        };
        assert!(matches!(map_again(&board, "", 3, &[], &cells(&[("A", "x")])), Repaired::Held(_)));
        assert!(matches!(map_again(&board, "", 3, &[], &cells(&[("A", " ")])), Repaired::Nothing));
        let whole = cells(&[
            ("留言编号", "L1"),
            ("留言用户", "甲"),
            ("留言主题", "题目"),
            ("留言时间", "2026-09-01 08:00:00"),
            ("留言详情", "内容"),
        ]);
        assert!(matches!(map_again(&board, "", 3, &[], &whole), Repaired::Record(_)));
    }
}
