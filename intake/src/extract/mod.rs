//! From an answer of a source's server to rows of cells. Every kind of source ends here; what the cells mean is the
//! mapper's work.

mod cells;
mod feed;
mod html;
mod json;
mod script;

use super::connector::site::{Attachments, CellRule, Detail, DetailShape, Figure, RowsAt, Site};
use super::record::RawCells;

/// One row of a list, or the page of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    /// By name, in their order. A cell whose place was not found is left out; one that is there and blank is blank.
    pub(crate) cells: RawCells,
    /// Pictures and documents: name and address, the address as it stands on the page.
    pub(crate) attachments: Vec<(String, String)>,
}

impl Cells {
    /// The first cell of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.cells.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    fn push(&mut self, name: &str, text: impl Into<String>) {
        self.cells.push((name.to_owned(), text.into()));
    }
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListPage {
    pub(crate) rows: Vec<Cells>,
    /// Whether the place where rows stand was found. A page of a site has no such place when it has no rows.
    pub(crate) has_place: bool,
    /// How many messages the source says it has.
    pub(crate) total: Option<u64>,
    /// How many pages the source says it has.
    pub(crate) pages: Option<u64>,
    /// The next page, as the link stands on this one.
    pub(crate) next: Option<String>,
    /// The page says that there is nothing.
    pub(crate) says_empty: bool,
}

/// The answer is not of the kind that the connector describes. A sentence for the office; never quotes the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotOfThisKind(pub(crate) &'static str);

/// The rows of one page of the list.
pub(crate) fn list_page(site: &Site, text: &str) -> Result<ListPage, NotOfThisKind> {
    let list = &site.list;
    let mut page = match &list.rows {
        RowsAt::Css(css) => html::list_page(list, css, text),
        RowsAt::Pointer(pointer) => json::list_page(list, pointer, text)?,
        RowsAt::Script { array, css } => script::list_page(list, array.as_deref(), css, text)?,
        RowsAt::Feed => feed::list_page(text)?,
    };
    if matches!(list.rows, RowsAt::Feed) {
        for row in &mut page.rows {
            cells::derive(&list.cells, row);
        }
    }
    for (figure, place) in [(&list.total, &mut page.total), (&list.pages, &mut page.pages)] {
        if let Some(Figure { at: None, pattern: Some(pattern) }) = figure {
            *place = pattern.find(text).and_then(number);
        }
    }
    page.says_empty = list.empty.as_ref().is_some_and(|empty| empty.is_match(text));
    Ok(page)
}

/// What the page of one message says; `None` when it says that the message was deleted.
pub(crate) fn detail(detail: &Detail, text: &str) -> Result<Option<Cells>, NotOfThisKind> {
    if detail.gone.as_ref().is_some_and(|gone| gone.is_match(text)) {
        return Ok(None);
    }
    match &detail.shape {
        DetailShape::Html { pairs } => Ok(Some(html::detail(detail, pairs.as_ref(), text))),
        DetailShape::Json { root } => json::detail(detail, root, text).map(Some),
    }
}

/// The cells of one JSON object that somebody sent.
pub(crate) fn object(rules: &[CellRule], links: Option<&Attachments>, value: &serde_json::Value) -> Cells {
    json::object(rules, links, value)
}

/// The first whole number in a text: 1,234 is one, 共 12 条 as well.
fn number(text: &str) -> Option<u64> {
    let digits: String = text
        .chars()
        .map(super::fold::narrow)
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// The number that a figure finds in the text it points to.
fn figure(figure: &Figure, text: Option<String>) -> Option<u64> {
    let text = text?;
    match &figure.pattern {
        Some(pattern) => pattern.find(&text).and_then(number),
        None => number(&text),
    }
}

#[cfg(test)]
mod tests;
