//! Messages that are known already: shown again, gone, back, or their key given to another message.

use std::collections::HashMap;

use huiyin_domain::time::Instant;
use serde_json::json;

use super::super::alarm::Raise;
use super::super::{Service, ServiceError};
use super::Pull;
use super::batch::Seen;
use super::content::Content;
use crate::intake::crawl::AlarmCode;
use crate::store::item as items;
use crate::store::message::{self, MessageRow, VersionRow};
use crate::store::source::PullRow;
use crate::store::{StoreError, Tx};

/// The ledger's kind for a message that its source no longer shows. The item stays owed.
pub(crate) const WITHDRAWN: &str = "message.withdrawn";
/// The same for one that it shows again.
pub(crate) const RETURNED: &str = "message.returned";
/// The same for one whose key its source has given to another message.
pub(crate) const KEY_REUSED: &str = "message.key_reused";

/// What stands between a key and the number of the message that had it before.
const MARK: char = '~';
/// The character after [`MARK`].
const AFTER_MARK: char = '\u{7f}';

/// A row under a known key whose content is not the newest known.
#[derive(Debug)]
pub(super) struct Differing {
    /// The message that has the key.
    pub(super) row: MessageRow,
    /// What the source shows under it.
    pub(super) content: Content,
}

/// Whose content a row is.
#[derive(Debug)]
pub(super) enum Whose {
    /// The beginning of what is known of the message whole.
    Excerpt {
        /// The message.
        row: MessageRow,
    },
    /// That of a message which had the key before, as it is known.
    Same {
        /// The message.
        row: MessageRow,
        /// What the source shows.
        content: Content,
    },
    /// A new version of a message.
    Changed {
        /// The message.
        row: MessageRow,
        /// Its newest version so far.
        newest: Box<VersionRow>,
        /// What the source shows.
        content: Content,
    },
    /// A message nobody has seen before.
    New {
        /// What the source shows.
        content: Content,
    },
}

impl Service {
    /// Tells whose content a row is that differs from what is known under its key, and gives the key to whom it belongs.
    ///
    /// Under one key a source may show one message and later another, or two at once where it numbers carelessly. The one
    /// that came last has the key; those before it live on under `KEY~1`, `KEY~2` …
    pub(super) async fn whose(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        counts: &mut PullRow,
        differing: Differing,
        newest: VersionRow,
        now: Instant,
    ) -> Result<Whose, ServiceError> {
        let Differing { row, content } = differing;
        if pull.reads_a_list() && content.facts.list_digest.is_none() && content.is_excerpt_of(&newest) {
            return Ok(Whose::Excerpt { row });
        }
        if !content.is_another_than(&newest) {
            return Ok(Whose::Changed { row, newest: Box::new(newest), content });
        }
        let family = self.family(tx, pull, &row.source_key).await?;
        if let Some((earlier, version)) = of_family(&family, &content) {
            let mut earlier = earlier.clone();
            // A list shows a key once: whoever has it there has it. A file may well hold both.
            if pull.reads_a_list() {
                let key = row.source_key.clone();
                let free = free_key(&key, &family, Some(&earlier));
                let parked = format!("{free}{MARK}");
                message::rename(tx, &earlier, &parked).await?;
                self.retire(tx, pull, counts, &row, &free, now).await?;
                parked.clone_into(&mut earlier.source_key);
                message::rename(tx, &earlier, &key).await?;
                key.clone_into(&mut earlier.source_key);
            }
            return Ok(if earlier.content_digest == content.comparable_digest {
                Whose::Same { row: earlier, content }
            } else {
                Whose::Changed { row: earlier, newest: Box::new(version.clone()), content }
            });
        }
        let free = free_key(&row.source_key, &family, None);
        self.retire(tx, pull, counts, &row, &free, now).await?;
        Ok(Whose::New { content })
    }

    /// The messages that had a key before, each with its newest version.
    async fn family(&self, tx: &mut Tx, pull: &Pull, key: &str) -> Result<Vec<(MessageRow, VersionRow)>, ServiceError> {
        let (low, high) = (format!("{key}{MARK}"), format!("{key}{AFTER_MARK}"));
        let rows = message::between_keys(&mut tx.conn(), &pull.connector.id, &low, &high).await?;
        let rows: Vec<MessageRow> = rows.into_iter().filter(|row| place_in(key, &row.source_key).is_some()).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let versions = message::newest_of(&mut tx.conn(), &ids).await?;
        let mut versions: HashMap<String, VersionRow> =
            versions.into_iter().map(|version| (version.message_id.clone(), version)).collect();
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let version = versions.remove(&row.id)?;
                Some((row, version))
            })
            .collect())
    }

    /// Takes the key away from a message that the source no longer shows under it, and says so.
    async fn retire(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        counts: &mut PullRow,
        row: &MessageRow,
        free: &str,
        now: Instant,
    ) -> Result<(), ServiceError> {
        // The lock for new alarms is taken already; no item has been touched for this row.
        let message = format!(
            "源平台把编号“{}”用于另一来件。原来件保留为“{free}”，新来件已另立一件。请核对两件是否都要办理。",
            row.source_key
        );
        let raise = Raise {
            source: &pull.connector.id,
            pull: Some(&pull.row.id),
            code: AlarmCode::KeyReused.as_str(),
            subject: &row.source_key,
            message: &message,
        };
        self.raise(tx, raise, now).await?;
        message::rename(tx, row, free).await?;
        let item = item_of(tx, row).await?;
        let body = json!({ "message": row.id, "pull": pull.row.id });
        tx.record(format!("item:{item}"), KEY_REUSED, &body)?;
        // What this very file has shown as well is not gone.
        if row.withdrawn_at.is_none() && !pull.has_met(&row.source_key) {
            message::set_withdrawn(tx, std::slice::from_ref(&row.id), Some(now.as_micros())).await?;
            tx.record(format!("item:{item}"), WITHDRAWN, &body)?;
            counts.withdrawn += 1;
        }
        Ok(())
    }

    /// Notes that rows were not read again because they stand as they did.
    pub(super) async fn write_unchanged(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        counts: &mut PullRow,
        mut keys: Vec<String>,
    ) -> Result<(), ServiceError> {
        if keys.is_empty() {
            return Ok(());
        }
        counts.unchanged += i64::try_from(keys.len()).unwrap_or(i64::MAX);
        keys.sort_unstable();
        keys.dedup();
        let rows = message::by_keys(&mut tx.conn(), &pull.connector.id, &keys).await?;
        if rows.len() != keys.len() {
            return Err(ServiceError::Inconsistent {
                subject: pull.subject(),
                problem: "a message that was known a moment ago is gone".to_owned(),
            });
        }
        let mut seen = Seen::default();
        for row in &rows {
            seen.note_shown(row);
        }
        self.write_seen(tx, pull, counts, seen).await
    }

    /// Writes what a run came to for known messages.
    pub(super) async fn write_seen(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        counts: &mut PullRow,
        seen: Seen,
    ) -> Result<(), ServiceError> {
        let Seen { facts, returned } = seen;
        message::set_facts(tx, facts).await?;
        counts.returned += i64::try_from(returned.len()).unwrap_or(i64::MAX);
        set_shown(tx, pull, &returned, None).await
    }

    /// Notes that the source no longer shows the messages with these keys; returns how many it had shown until now.
    pub(in crate::service) async fn withdraw(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        keys: &[String],
        now: Instant,
    ) -> Result<i64, ServiceError> {
        let mut rows = message::by_keys(&mut tx.conn(), &pull.connector.id, keys).await?;
        rows.retain(|row| row.withdrawn_at.is_none());
        // In the order in which they were told, so that the ledger does not depend on a plan.
        rows.sort_by(|a, b| a.source_key.cmp(&b.source_key));
        set_shown(tx, pull, &rows, Some(now.as_micros())).await?;
        Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX))
    }
}

/// Marks messages as withdrawn since `at`, or as shown again, and notes it in their items' histories.
async fn set_shown(tx: &mut Tx, pull: &Pull, rows: &[MessageRow], at: Option<i64>) -> Result<(), ServiceError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    message::set_withdrawn(tx, &ids, at).await?;
    let items = items::by_messages(&mut tx.conn(), &ids).await?;
    let items: HashMap<&str, &str> = items.iter().map(|item| (item.message_id.as_str(), item.id.as_str())).collect();
    let kind = if at.is_some() { WITHDRAWN } else { RETURNED };
    for row in rows {
        let item = items.get(row.id.as_str()).ok_or_else(|| without_item(row))?;
        tx.record(format!("item:{item}"), kind, &json!({ "message": row.id, "pull": pull.row.id }))?;
    }
    Ok(())
}

/// The id of the item made from a message.
async fn item_of(tx: &mut Tx, row: &MessageRow) -> Result<String, ServiceError> {
    let item = items::by_message(&mut tx.conn(), &row.id).await?.ok_or_else(|| without_item(row))?;
    Ok(item.id)
}

/// A message that has no item was not written by this program.
pub(super) fn without_item(row: &MessageRow) -> ServiceError {
    StoreError::Inconsistent {
        table: "message",
        column: "id",
        id: row.id.clone(),
        problem: "it has no item".to_owned(),
    }
    .into()
}

/// The member of a family whose content this is: word for word if there is one, else one that it can be a version of.
fn of_family<'a>(family: &'a [(MessageRow, VersionRow)], content: &Content) -> Option<&'a (MessageRow, VersionRow)> {
    let same = family.iter().find(|(row, _)| row.content_digest == content.comparable_digest);
    same.or_else(|| family.iter().find(|(_, version)| !content.is_another_than(version)))
}

/// The place in the family of `key` that another key tells; `None` when it is a key of its own.
fn place_in(key: &str, other: &str) -> Option<u32> {
    let place = other.strip_prefix(key)?.strip_prefix(MARK)?;
    let plain = place.bytes().all(|byte| byte.is_ascii_digit()) && !place.starts_with('0');
    place.parse().ok().filter(|_| plain)
}

/// The next free key of a family. That of `leaving` is free.
fn free_key(key: &str, family: &[(MessageRow, VersionRow)], leaving: Option<&MessageRow>) -> String {
    let leaving = leaving.map(|row| row.id.as_str());
    let stay = family.iter().filter(|(row, _)| Some(row.id.as_str()) != leaving);
    let taken: Vec<u32> = stay.filter_map(|(row, _)| place_in(key, &row.source_key)).collect();
    let free = (1..=u32::MAX).find(|place| !taken.contains(place)).unwrap_or(u32::MAX);
    format!("{key}{MARK}{free}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbered_keys_belong_to_a_family() {
        assert_eq!(place_in("A1", "A1~1"), Some(1));
        assert_eq!(place_in("A1", "A1~12"), Some(12));
        for other in ["A1", "A1~", "A1~x", "A1~01", "A1~+1", "A12~1", "A1~1~2"] {
            assert_eq!(place_in("A1", other), None, "{other}");
        }
        assert_eq!(free_key("A1", &[], None), "A1~1");
    }
}
