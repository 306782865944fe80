//! A payload as it is shown beside a held row: the rows of a sheet, or the text of a page around what the row says.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::HoldId;
use serde_json::{Value, json};

use super::super::blob::{PART, Part};
use super::super::import::repair::cells_of;
use super::super::{Refusal, Service, ServiceError};
use super::file::unpack;
use crate::intake::{Connector, Kind, Limits, SheetRow, page_text, rows_around};
use crate::store::payload::PayloadRow;
use crate::store::source::HoldRow;

/// Characters of a page that are shown.
const SHOWN_CHARS: usize = 60_000;
/// Characters that are looked for on a page: longer ones are told by their beginning.
const WORD_CHARS: usize = 24;
/// Shorter ones stand everywhere.
const LEAST_CHARS: usize = 4;
/// JSON that is larger is shown as it was sent: apart in memory, it takes up to a hundred times as much. Bytes.
const ARRANGED_BYTES: usize = 2 << 20;
/// The same where it is larger in lines: what lies deep is set far in. Bytes.
const LINES_BYTES: usize = 16 << 20;

/// A payload that was opened. Personal, and not only about the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPayload {
    /// What is known of it.
    pub row: PayloadRow,
    /// What it says.
    pub shown: Shown,
}

/// What a payload says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The rows of the sheet around the held one.
    Table(Vec<SheetRow>),
    /// The text of a page or request.
    Text(RawText),
}

/// Text as it was sent, with what is said of the held row found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawText {
    /// What stands before.
    pub before: String,
    /// The row's key or the beginning of its longest cell; empty when it stands nowhere.
    pub found: String,
    /// What stands behind.
    pub after: String,
    /// Whether there is more of it than is shown.
    pub cut: bool,
    /// Whether it is JSON, set out in lines to be read.
    pub arranged: bool,
}

impl Service {
    /// The payload on which a held row stood; `None` when it is not here, or not any more. It may be personal: who opens it
    /// stands in the ledger.
    pub async fn open_payload(&self, actor: &Actor, id: HoldId) -> Result<Option<RawPayload>, ServiceError> {
        let permit = allowed(actor, Action::OpenHeld, &Object::None)?;
        let hold = self.hold(actor, id).await?.ok_or_else(Refusal::not_visible)?;
        let Some(row) = self.payload_of_hold(actor, &hold).await? else { return Ok(None) };
        let Some(folder) = self.home.blobs.clone() else { return Ok(None) };
        // A connector that is gone says nothing any more; the page is still text.
        let connector = self.connector(&hold.source_id).ok();
        let turn = std::sync::Arc::clone(&self.home.looks);
        let turn = turn.acquire_owned().await.map_err(|_| Refusal::not_visible())?;
        let part: [u8; 16] = self.random()?;
        let (sent, standing) = (row.clone(), hold.clone());
        let shown = tokio::task::spawn_blocking(move || {
            // It ends with the reading, not with the request: a workbook takes memory.
            let _turn = turn;
            let bytes = u64::try_from(sent.bytes).unwrap_or(0);
            let body = unpack(&folder, &sent.content, bytes)?;
            let part = folder.join(format!("{}.{PART}", hex::encode(part)));
            body.map(|body| shown(connector.as_ref(), &standing, &sent, body, part)).transpose()
        });
        let shown = match shown.await? {
            Ok(Some(shown)) => shown,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::error!(hold = %id, error = %error.kind(), "what a source sent cannot be read any more");
                return Ok(None);
            }
        };
        let mut tx = self.store.begin(&permit).await?;
        let body = json!({ "pull": hold.pull_id, "payload": row.content });
        tx.record(format!("hold:{id}"), "payload.viewed", &body)?;
        tx.commit(self.now()).await?;
        Ok(Some(RawPayload { row, shown }))
    }
}

fn shown(
    connector: Option<&Connector>,
    hold: &HoldRow,
    row: &PayloadRow,
    body: Vec<u8>,
    part: PathBuf,
) -> io::Result<Shown> {
    if let Some(connector) = connector.filter(|connector| connector.kind == Kind::Table) {
        let part = Part(part);
        std::fs::write(&part.0, body)?;
        return Ok(Shown::Table(table(connector, hold, &part.0)));
    }
    let charset = Some(row.charset.as_str()).filter(|charset| !charset.is_empty());
    let text = page_text(connector, &body, charset);
    Ok(Shown::Text(excerpt(&text, &words(hold))))
}

/// The rows around the held one; none when the file cannot be read as a table.
fn table(connector: &Connector, hold: &HoldRow, path: &Path) -> Vec<SheetRow> {
    let row = u64::try_from(hold.row_number).unwrap_or(0);
    rows_around(connector, path, (&hold.sheet, row), &Limits::default()).unwrap_or_default()
}

/// What a held row says that may be found on its page, the best first.
fn words(hold: &HoldRow) -> Vec<String> {
    let mut cells: Vec<String> =
        cells_of(hold).unwrap_or_default().into_iter().map(|(_, text)| text.trim().to_owned()).collect();
    cells.sort_by_key(|text| std::cmp::Reverse(text.chars().count()));
    let words = hold.source_key.clone().into_iter().chain(cells);
    words
        .filter(|word| word.chars().count() >= LEAST_CHARS)
        .map(|word| first_chars(&word, WORD_CHARS).to_owned())
        .collect()
}

/// The text around the first of these words that stands in it.
fn excerpt(text: &str, words: &[String]) -> RawText {
    let arranged = arranged(text);
    let is_arranged = arranged.is_some();
    let text = arranged.as_deref().unwrap_or(text);
    let place = words.iter().find_map(|word| text.find(word.as_str()).map(|place| (place, word.len())));
    let (place, length) = place.unwrap_or_default();
    let (before, rest) = text.split_at_checked(place).unwrap_or(("", text));
    let (found, after) = rest.split_at_checked(length).unwrap_or(("", rest));
    let shown_before =
        if text.chars().nth(SHOWN_CHARS).is_some() { last_chars(before, SHOWN_CHARS / 2) } else { before };
    let shown_after = first_chars(after, SHOWN_CHARS.saturating_sub(shown_before.chars().count()));
    RawText {
        cut: shown_before.len() < before.len() || shown_after.len() < after.len(),
        before: shown_before.to_owned(),
        found: found.to_owned(),
        after: shown_after.to_owned(),
        arranged: is_arranged,
    }
}

/// JSON in lines and with its letters written out; nothing for what is none, or would take too much memory so.
fn arranged(text: &str) -> Option<String> {
    let start = text.trim_start_matches('\u{FEFF}').trim_start();
    if !start.starts_with(['{', '[']) || start.len() > ARRANGED_BYTES {
        return None;
    }
    let value: Value = serde_json::from_str(start).ok()?;
    let mut lines = Lines(Vec::new());
    serde_json::to_writer_pretty(&mut lines, &value).ok()?;
    String::from_utf8(lines.0).ok()
}

/// Takes lines, up to a limit.
struct Lines(Vec<u8>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LINES_BYTES {
            return Err(io::Error::other("too many lines"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).and_then(|(place, _)| text.get(..place)).unwrap_or(text)
}

fn last_chars(text: &str, count: usize) -> &str {
    let skipped = text.chars().count().saturating_sub(count);
    text.char_indices().nth(skipped).and_then(|(place, _)| text.get(place..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_page_is_shown_around_what_the_row_says() {
        let shown = excerpt("<li>甲</li><li>乙一二三</li>", &words(&["没有的", "乙一二三", "甲"]));
        assert_eq!((shown.before.as_str(), shown.found.as_str()), ("<li>甲</li><li>", "乙一二三"));
        assert_eq!((shown.after.as_str(), shown.cut, shown.arranged), ("</li>", false, false));
        let nowhere = excerpt("<li>甲</li>", &words(&["没有的"]));
        assert_eq!((nowhere.before.as_str(), nowhere.found.as_str(), nowhere.after.as_str()), ("", "", "<li>甲</li>"));
        assert_eq!(excerpt("", &[]).after, "");
    }

    #[test]
    fn a_long_page_is_cut_on_both_sides() {
        let page = format!("{}这一行{}", "前".repeat(SHOWN_CHARS), "后".repeat(SHOWN_CHARS));
        let shown = excerpt(&page, &words(&["这一行"]));
        assert!(shown.cut && shown.before.chars().all(|c| c == '前') && shown.after.chars().all(|c| c == '后'));
        let counts = [&shown.before, &shown.found, &shown.after].map(|text| text.chars().count());
        assert_eq!(counts, [SHOWN_CHARS / 2, 3, SHOWN_CHARS / 2]);
        let start = excerpt(&page, &[]);
        assert!(start.cut && start.before.is_empty() && start.after.chars().count() == SHOWN_CHARS);
    }

    #[test]
    fn json_is_set_out_with_its_letters() {
        let shown = excerpt(r#"{"rows":[{"id":"X1","text":"\u8def\u706f"}]}"#, &words(&["路灯"]));
        assert!(shown.arranged && shown.found == "路灯" && shown.before.contains('\n'), "{shown:?}");
        assert!(!excerpt("{not json", &[]).arranged);
    }

    #[test]
    fn json_that_would_fill_the_memory_is_shown_as_it_was_sent() {
        let list = |depth: usize, count: usize| {
            format!("{}{}{}", "[".repeat(depth), vec!["1"; count].join(","), "]".repeat(depth))
        };
        assert!(arranged(&list(100, 1_000)).is_some());
        assert_eq!(arranged(&list(100, 200_000)), None, "it is set in two hundred blanks a line");
        assert!(arranged(&list(1, 200_000)).is_some());
        assert_eq!(arranged(&list(1, 2 << 20)), None);
    }
}
