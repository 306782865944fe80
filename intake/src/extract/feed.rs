//! Entries of RSS 2.0 and Atom. The names of the elements are the names of the cells; below an element, by path:
//! `author/name`.

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::{Cells, ListPage, NotOfThisKind};
use crate::clean::literal;

const NO_FEED: NotOfThisKind = NotOfThisKind("回答不是 RSS 或 Atom，订阅地址可能改了");
/// Elements whose content is text even where it is written as elements.
const TEXTS: [&str; 5] = ["title", "summary", "content", "description", "content:encoded"];
/// An entry with more is cut off there: nobody writes so.
const MAX_CELLS: usize = 400;

/// What is open while an entry is read.
#[derive(Default)]
struct Entry {
    cells: Cells,
    path: Vec<String>,
    text: String,
    /// What is in the element is HTML, as a text or as elements; else it is plain text.
    is_html: bool,
    /// Depth at which an element that is text as a whole began.
    inside: Option<usize>,
}

pub(super) fn list_page(text: &str) -> Result<ListPage, NotOfThisKind> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{FEFF}').trim_start());
    let mut page = ListPage::default();
    let mut entry: Option<Entry> = None;
    loop {
        match reader.read_event().map_err(|_| NO_FEED)? {
            Event::Start(start) => match &mut entry {
                Some(entry) => entry.open(&start),
                None => entry = begins(&start, &mut page).then(Entry::default),
            },
            Event::Empty(start) => {
                if let Some(entry) = &mut entry {
                    entry.open(&start);
                    entry.close();
                } else {
                    begins(&start, &mut page);
                }
            }
            Event::End(_) => {
                if let Some(done) = entry.take_if(|entry| entry.path.is_empty()) {
                    page.rows.push(done.cells);
                } else if let Some(entry) = &mut entry {
                    entry.close();
                }
            }
            Event::Text(part) => push(&mut entry, &part.xml10_content()),
            Event::CData(part) => push(&mut entry, &part.xml10_content()),
            Event::GeneralRef(name) => {
                let resolved = name.resolve_char_ref().ok().flatten().map(String::from);
                let name = name.into_inner();
                let resolved = resolved.or_else(|| resolve_xml_entity(&name).map(str::to_owned));
                push(&mut entry, &resolved.unwrap_or_else(|| format!("&{name};")));
            }
            Event::Eof if entry.is_none() && page.has_place => return Ok(page),
            Event::Eof => return Err(NO_FEED),
            _ => {}
        }
    }
}

/// Whether an element opens an entry; notes that this is a feed at all.
fn begins(start: &BytesStart<'_>, page: &mut ListPage) -> bool {
    let name = start.local_name();
    let name: &str = name.as_ref();
    page.has_place |= matches!(name, "rss" | "feed" | "RDF");
    page.has_place && matches!(name, "item" | "entry")
}

fn push(entry: &mut Option<Entry>, text: &str) {
    if let Some(entry) = entry {
        entry.text.push_str(text);
    }
}

impl Entry {
    fn open(&mut self, start: &BytesStart<'_>) {
        let name = start.name();
        let name: &str = name.as_ref();
        let attr = |wanted: &str| {
            let found = start.try_get_attribute(wanted).ok().flatten()?;
            Some(unescape(&found.value).map_or_else(|_| found.value.to_string(), std::borrow::Cow::into_owned))
        };
        if self.inside.is_some() {
            // Elements inside a text end its lines.
            self.text.push('\n');
            self.path.push(name.to_owned());
            return;
        }
        self.path.push(name.to_owned());
        self.text.clear();
        let kind = attr("type").unwrap_or_default();
        if TEXTS.contains(&name) {
            self.inside = Some(self.path.len());
            // RSS writes HTML in its descriptions; Atom says so.
            self.is_html = kind.contains("html") || (kind.is_empty() && name != "title" && name != "summary");
        }
        let address = attr("href").or_else(|| attr("url"));
        match (name, attr("rel").as_deref(), address) {
            ("enclosure", _, Some(address)) | ("link", Some("enclosure"), Some(address)) => {
                self.cells.attachments.push((attr("title").unwrap_or_default(), address));
            }
            ("link", None | Some("alternate"), Some(address)) => self.text = address,
            _ => {}
        }
    }

    /// Closes the innermost element.
    fn close(&mut self) {
        if self.inside.is_some_and(|outer| self.path.len() > outer) {
            self.text.push('\n');
            self.path.pop();
            return;
        }
        let name = self.path.join("/");
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let text =
            if self.inside.take().is_some() && self.is_html { text.to_owned() } else { literal(text).into_owned() };
        self.path.pop();
        let has_below = self.cells.cells.iter().any(|(known, _)| known.starts_with(&name) && *known != name);
        let has_room = self.cells.cells.len() < MAX_CELLS;
        match self.cells.cells.iter_mut().find(|(known, _)| *known == name) {
            // What stands twice keeps both.
            Some((_, old)) if !old.is_empty() && !text.is_empty() => {
                old.push('\n');
                old.push_str(&text);
            }
            Some((_, old)) if old.is_empty() => *old = text,
            // What only holds other elements has no text of its own.
            None if has_room && !(text.is_empty() && has_below) => self.cells.push(&name, text),
            _ => {}
        }
    }
}
