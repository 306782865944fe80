//! Rows that do not come from a file: each has its own names, and goes through the same mapper.

use std::sync::Arc;

use super::cell::{Cell, SourceRow};
use super::connector::{Column, Connector, Field, Key};
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
        self.look_at(cells);
        let row = SourceRow { number, cells: cells.iter().map(|(_, text)| cell(text)).collect(), fields: None };
        self.mapper().map(&row, &mut Repeats::default())
    }

    /// The source's own key of a row that may not be readable otherwise.
    pub(crate) fn key_of(&mut self, cells: &RawCells) -> Option<String> {
        self.look_at(cells);
        // Every row of every page is asked for its key, most of them for nothing else: the other cells are not copied.
        let columns = self.connector.columns.iter().zip(&self.header.places);
        let makes_key = |column: &Column| match &self.connector.key {
            Key::Printed => column.field == Field::Key,
            Key::Digest(fields) => fields.contains(&column.field),
        };
        let places: Vec<usize> =
            columns.filter(|(column, _)| makes_key(column)).filter_map(|(_, place)| *place).collect();
        let wanted = cells.iter().enumerate();
        let wanted = wanted.map(|(at, (_, text))| if places.contains(&at) { cell(text) } else { Cell::Empty });
        let row = SourceRow { number: 0, cells: wanted.collect(), fields: None };
        self.mapper().key_of(&row)
    }

    fn look_at(&mut self, cells: &RawCells) {
        let is_same = self.header.names.len() == cells.len()
            && self.header.names.iter().zip(cells).all(|(known, (name, _))| known == name);
        if !is_same || self.header.places.is_empty() {
            self.header = header(self.connector, cells);
        }
    }

    fn mapper(&self) -> Mapper<'_> {
        Mapper { connector: self.connector, limits: self.limits, sheet: "", header: &self.header }
    }
}

fn cell(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
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
    let is_key = |column: &Column| column.field == Field::Key;
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
