//! Rows that do not come from a file: each has its own names, and goes through the same mapper.

use std::sync::Arc;

use super::cell::{Cell, SourceRow};
use super::connector::Connector;
use super::extract::Cells;
use super::fold::fold_header;
use super::header::Header;
use super::mapper::{Mapped, Mapper, Repeats, own};
use super::record::{Limits, RawCells};

/// Maps rows of cells by their names. Rows that have the same names share what was found out about them.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    connector: &'a Connector,
    limits: &'a Limits,
    header: Header,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(connector: &'a Connector, limits: &'a Limits) -> Self {
        Self { connector, limits, header: Header { row: 0, names: Arc::default(), places: Vec::new() } }
    }

    /// What the row is. A blank one is told by [`is_blank`].
    pub(crate) fn map(&mut self, cells: &RawCells, number: u64) -> Mapped {
        self.with(cells, number, |mapper, row| mapper.map(row, &mut Repeats::default()))
    }

    /// The source's own key of a row that may not be readable otherwise.
    pub(crate) fn key_of(&mut self, cells: &RawCells) -> Option<String> {
        self.with(cells, 0, |mapper, row| mapper.key_of(row))
    }

    fn with<T>(&mut self, cells: &RawCells, number: u64, work: impl FnOnce(&Mapper<'_>, &SourceRow) -> T) -> T {
        let is_same = self.header.names.len() == cells.len()
            && self.header.names.iter().zip(cells).all(|(known, (name, _))| known == name);
        if !is_same || self.header.places.is_empty() {
            self.header = header(self.connector, cells);
        }
        let shown = |text: &String| if text.is_empty() { Cell::Empty } else { Cell::Text(text.clone()) };
        let row = SourceRow { number, cells: cells.iter().map(|(_, text)| shown(text)).collect(), fields: None };
        let mapper = Mapper { connector: self.connector, limits: self.limits, sheet: "", header: &self.header };
        work(&mapper, &row)
    }
}

fn header(connector: &Connector, cells: &RawCells) -> Header {
    let folded: Vec<String> = cells.iter().map(|(name, _)| fold_header(name)).collect();
    // Of an alias's cells the first that is filled counts in a row; which that is differs from row to row, so the first does.
    let place = |aliases: &[String]| {
        let found = aliases.iter().find_map(|alias| folded.iter().position(|name| name == alias));
        found.or_else(|| folded.iter().position(|name| aliases.contains(name)))
    };
    let places = connector.columns.iter().map(|column| place(&column.aliases)).collect();
    Header { row: 0, names: cells.iter().map(|(name, _)| name.clone()).collect(), places }
}

/// Whether there is nothing in a row.
pub(crate) fn is_blank(row: &Cells) -> bool {
    row.cells.iter().all(|(_, text)| text.trim().is_empty())
}

/// The row with what its page says: that counts, except where it is blank, or would be another key.
pub(crate) fn merge(connector: &Connector, row: &Cells, detail: &Cells) -> Cells {
    let mut merged = row.clone();
    for (name, text) in &detail.cells {
        match merged.cells.iter_mut().find(|(known, _)| known == name) {
            Some(_) if text.trim().is_empty() => {}
            Some((_, old)) if old.trim().is_empty() || !is_key(connector, name) => text.clone_into(old),
            Some(_) => {}
            None => merged.cells.push((name.clone(), text.clone())),
        }
    }
    let links = detail.attachments.iter().filter(|link| !row.attachments.contains(link));
    merged.attachments.extend(links.cloned());
    merged
}

fn is_key(connector: &Connector, name: &str) -> bool {
    let folded = fold_header(name);
    let is_key = |column: &crate::connector::Column| column.field == crate::connector::Field::Key;
    connector.columns.iter().any(|column| is_key(column) && column.aliases.contains(&folded))
}

/// Adds what no column says: the public address, the attachments, and the key it has in the list.
pub(crate) fn add_own(
    cells: &mut RawCells,
    link: Option<&url::Url>,
    attachments: &[(String, String)],
    key: Option<&str>,
) {
    if let Some(link) = link {
        cells.push((own::LINK.to_owned(), link.to_string()));
    }
    for (name, url) in attachments {
        let text = if name.is_empty() { url.clone() } else { format!("{url} {name}") };
        cells.push((own::ATTACHMENT.to_owned(), text));
    }
    if let Some(key) = key {
        cells.push((own::KEY.to_owned(), key.to_owned()));
    }
}
