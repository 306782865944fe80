//! What changed between two texts, by dictionary words, and what changed on an item since somebody looked.

use std::time::{Duration, Instant as Timer};

use huiyin_domain::access::{Action, Actor};
use huiyin_domain::id::{ItemId, MessageId, ReplyId};
use huiyin_domain::item::Event;
use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices_deadline};

use super::item::subject;
use super::query::visible;
use super::{Service, ServiceError, stored_id};
use crate::search::cut_words;
use crate::store::item::{self as items, ItemRow};
use crate::store::ledger::{self, EntryRow};
use crate::store::message;

/// How long two texts are compared; what was not matched by then counts as changed.
const PATIENCE: Duration = Duration::from_millis(200);
/// The most entries told to somebody who was overtaken.
const MOST_ENTRIES: usize = 50;

/// Whether a stretch of text is in both texts, or in which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// In both.
    Same,
    /// In the later text only.
    Added,
    /// In the earlier text only.
    Removed,
}

/// A stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPiece {
    /// The text.
    pub text: String,
    /// Where it is.
    pub change: Change,
}

/// An item that moved on while somebody looked at an earlier revision.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The item as it is.
    pub item: ItemRow,
    /// What happened to it since, oldest first.
    pub since: Vec<EntryRow>,
}

/// The differences of two texts. Without what was added it is `old`, without what was removed `new`. Takes processor time:
/// call it off the asynchronous threads.
pub fn difference(old: &str, new: &str) -> Vec<DiffPiece> {
    let (before, after) = (cut_words(old), cut_words(new));
    let deadline = Timer::now().checked_add(PATIENCE);
    let operations = capture_diff_slices_deadline(Algorithm::Myers, &before, &after, deadline);
    let mut pieces: Vec<DiffPiece> = Vec::new();
    for (tag, words) in operations.iter().flat_map(|operation: &DiffOp| operation.iter_slices(&before, &after)) {
        let change = match tag {
            ChangeTag::Equal => Change::Same,
            ChangeTag::Delete => Change::Removed,
            ChangeTag::Insert => Change::Added,
        };
        let text = words.concat();
        match pieces.last_mut().filter(|last| last.change == change) {
            Some(last) => last.text.push_str(&text),
            None => pieces.push(DiffPiece { text, change }),
        }
    }
    pieces
}

impl Service {
    /// What changed between two versions of one of an item's replies; `None` when the item or a version is not there for
    /// the viewer. Version zero is the empty text.
    pub async fn reply_diff(
        &self,
        viewer: &Actor,
        id: ItemId,
        reply: Option<ReplyId>,
        versions: (i64, i64),
    ) -> Result<Option<Vec<DiffPiece>>, ServiceError> {
        let mut reader = self.store.read().await?;
        let row = items::by_id(&mut reader.conn(), id).await?;
        if visible(viewer, Action::ViewItem, row)?.is_none() {
            return Ok(None);
        }
        let drafts = items::replies(&mut reader.conn(), id).await?;
        // Without a reply named, the newest is meant.
        let reply = reply.map(|reply| reply.to_string()).or_else(|| drafts.last().map(|draft| draft.reply_id.clone()));
        let text = |version: i64| match version {
            0 => Some(String::new()),
            _ => drafts
                .iter()
                .find(|draft| Some(&draft.reply_id) == reply.as_ref() && draft.version == version)
                .map(|draft| draft.text.clone()),
        };
        compare(text(versions.0), text(versions.1)).await
    }

    /// What changed in the question between two versions of an item's message; `None` when the item or a version is not
    /// there for the viewer.
    pub async fn question_diff(
        &self,
        viewer: &Actor,
        id: ItemId,
        versions: (i64, i64),
    ) -> Result<Option<Vec<DiffPiece>>, ServiceError> {
        let mut reader = self.store.read().await?;
        let row = items::by_id(&mut reader.conn(), id).await?;
        let Some(row) = visible(viewer, Action::ViewItem, row)? else { return Ok(None) };
        let message: MessageId = stored_id("message", &row.message_id)?;
        let shown = message::versions(&mut reader.conn(), message).await?;
        let text = |version: i64| {
            let found = shown.iter().find(|shown| shown.version == version);
            found.map(|shown| format!("{}\n{}", shown.title, shown.body))
        };
        compare(text(versions.0), text(versions.1)).await
    }

    /// What happened to an item after the revision somebody saw; `None` when they may not see it, or it has not moved on.
    pub async fn conflict(&self, viewer: &Actor, id: ItemId, seen: i64) -> Result<Option<Conflict>, ServiceError> {
        let mut reader = self.store.read().await?;
        let row = items::by_id(&mut reader.conn(), id).await?;
        let Some(item) = visible(viewer, Action::ViewHistory, row)?.filter(|row| row.revision != seen) else {
            return Ok(None);
        };
        let history = ledger::of_subject(&mut reader.conn(), &subject(id), 0, 1_000).await?;
        let events = history.into_iter().filter(|entry| Event::KINDS.contains(&entry.kind.as_str()));
        // A revision is the number of events before it.
        let mut since: Vec<EntryRow> = events.skip(usize::try_from(seen).unwrap_or(0)).collect();
        let earlier = since.len().saturating_sub(MOST_ENTRIES);
        since.drain(..earlier);
        Ok(Some(Conflict { item, since }))
    }
}

async fn compare(old: Option<String>, new: Option<String>) -> Result<Option<Vec<DiffPiece>>, ServiceError> {
    let Some((old, new)) = old.zip(new) else { return Ok(None) };
    Ok(Some(tokio::task::spawn_blocking(move || difference(&old, &new)).await?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put_together(pieces: &[DiffPiece], without: Change) -> String {
        pieces.iter().filter(|piece| piece.change != without).map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn words_are_told_not_letters() {
        let pieces = difference("请到规划展示厅查询，周一闭馆。", "请到档案馆查询，周一闭馆。");
        let removed: Vec<&str> = of(&pieces, Change::Removed);
        let added: Vec<&str> = of(&pieces, Change::Added);
        assert_eq!((removed, added), (vec!["规划展示厅"], vec!["档案馆"]));
        assert_eq!(pieces.first().unwrap().text, "请到");
        assert_eq!(difference("", ""), []);
    }

    fn of(pieces: &[DiffPiece], change: Change) -> Vec<&str> {
        pieces.iter().filter(|piece| piece.change == change).map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn long_texts_without_anything_in_common_are_given_up_in_time() {
        let text = |start: u32| (0..20_000).filter_map(|at| char::from_u32(start + at * 7 % 6_000)).collect::<String>();
        let (old, new) = (text(0x4e00), text(0x6a00));
        let start = Timer::now();
        let pieces = difference(&old, &new);
        assert!(start.elapsed() < Duration::from_secs(20));
        assert_eq!(put_together(&pieces, Change::Added), old);
        assert_eq!(put_together(&pieces, Change::Removed), new);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_made_up(old in "[答复规划的，。 a-c\n]{0,40}", new in "[答复规划的，。 a-c\n]{0,40}") {
            let pieces = difference(&old, &new);
            prop_assert_eq!(put_together(&pieces, Change::Added), old);
            prop_assert_eq!(put_together(&pieces, Change::Removed), new);
            prop_assert!(pieces.iter().all(|piece| !piece.text.is_empty()));
        }
    }
}
