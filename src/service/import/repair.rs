//! What becomes of a row that was held: looked at, repaired, rejected with a reason.
//!
//! A repaired row becomes a message and an item exactly as if it had stood in the file. The statement of its pull stays as
//! it was: it tells what the file held then.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::id::{HoldId, PullId};
use serde_json::json;

use super::Pull;
use super::content::Content;
use crate::intake::{Connector, RawCells, Record, Repaired, map_again};
use crate::service::{Refusal, Service, ServiceError, stored_id};
use crate::store::hold::{self, HoldAfter, HoldFilter, Settled};
use crate::store::message::{self, VersionRow};
use crate::store::source::{self, HoldRow, PullRow};
use crate::store::{StoreError, item as items};

/// The most characters of a reason.
const MAX_REASON_CHARS: usize = 2_000;
/// The most characters of all corrected cells.
const MAX_CELL_CHARS: usize = 200_000;
/// Rows that one replay repairs at most: each is a transaction.
const REPLAYED: u64 = 1_000;
/// Rows looked at at once.
const PAGE: i64 = 200;

/// A held row that was settled.
#[derive(Debug, Clone)]
pub struct SettledHold {
    /// The row as it is now.
    pub hold: HoldRow,
    /// What it came to: `accepted`, `changed`, `unchanged` or `rejected`.
    pub outcome: &'static str,
    /// The ledger number that includes it.
    pub seq: u64,
}

/// What mapping all open rows of a source once more came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Rows that can be read now.
    pub repaired: u64,
    /// Rows that still cannot.
    pub still_held: u64,
    /// Whether there are rows that were not looked at any more: replay once again.
    pub more: bool,
}

impl Service {
    /// The cells of a held row as they were read. They may be personal: who opens them stands in the ledger.
    pub async fn open_held(&self, actor: &Actor, id: HoldId) -> Result<RawCells, ServiceError> {
        let permit = allowed(actor, Action::OpenHeld, &Object::None)?;
        let row = self.held_row(id).await?;
        let mut tx = self.store.begin(&permit).await?;
        tx.record(subject(id), "held.viewed", &json!({ "pull": row.pull_id }))?;
        tx.commit(self.now()).await?;
        cells_of(&row)
    }

    /// Rejects a held row for good, with a reason that stays on record.
    pub async fn reject_held(&self, actor: &Actor, id: HoldId, reason: &str) -> Result<SettledHold, ServiceError> {
        let permit = allowed(actor, Action::SettleHeld, &Object::None)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Refusal::new("reject_reason_missing", "请写明拒收的理由，再提交。").into());
        }
        if reason.chars().count() > MAX_REASON_CHARS {
            let message = format!("理由最多 {MAX_REASON_CHARS} 字。请精简后再提交。");
            return Err(Refusal::new("reject_reason_long", message).into());
        }
        let row = self.open_row(id).await?;
        let (salt, digest) = self.seal_text(&[reason])?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let settled = Settled {
            at: now.as_micros(),
            resolution: "rejected",
            by: permit.actor().code(),
            item: None,
            note: Some((reason.to_owned(), salt, digest.to_string())),
        };
        hold::settle(&mut tx, id, settled).await?;
        let body = json!({ "pull": row.pull_id, "reason": digest.to_string() });
        tx.record(subject(id), "hold.rejected", &body)?;
        let seq = tx.commit(now).await?;
        Ok(SettledHold { hold: self.held_row(id).await?, outcome: "rejected", seq })
    }

    /// Maps a held row once more, with corrected cells or, without any, as the connector reads it by now. A row that still
    /// cannot be read is refused (`row_still_unreadable`) and stays held.
    pub async fn repair_held(
        &self,
        actor: &Actor,
        id: HoldId,
        cells: Option<RawCells>,
    ) -> Result<SettledHold, ServiceError> {
        let permit = allowed(actor, Action::SettleHeld, &Object::None)?;
        if let Some(cells) = &cells {
            let chars: usize = cells.iter().map(|(header, text)| header.chars().count() + text.chars().count()).sum();
            if chars > MAX_CELL_CHARS || cells.iter().any(|(header, text)| header.contains('\0') || text.contains('\0'))
            {
                let message = format!("更正内容最多 {MAX_CELL_CHARS} 字，且不能含空字符。请精简后再提交。");
                return Err(Refusal::new("cells_unusable", message).into());
            }
        }
        let row = self.open_row(id).await?;
        let connector = self.connector(&row.source_id)?;
        let header = self.sheet_header(&row).await?;
        match map_row(&connector, &row, &header, cells)? {
            Repaired::Record(record) => self.settle_repaired(permit, connector, &row, *record).await,
            Repaired::Held(held) => {
                let place = held.column.map(|column| format!("“{column}”列：")).unwrap_or_default();
                let message = format!("这一行还不能读。{place}{}", held.reason.message);
                Err(Refusal::new("row_still_unreadable", message).into())
            }
            Repaired::Nothing => {
                Err(Refusal::new("row_empty", "更正后这一行没有内容，或只是表头、合计。请填写内容，或改为拒收。")
                    .into())
            }
        }
    }

    /// Maps all open rows of a source once more: after its connector was mended.
    pub async fn replay_held(&self, actor: &Actor, source: &str) -> Result<Replayed, ServiceError> {
        let permit = allowed(actor, Action::SettleHeld, &Object::None)?;
        let connector = self.connector(source)?;
        let filter = HoldFilter { source: Some(source.to_owned()), open: true, ..HoldFilter::default() };
        let mut done = Replayed::default();
        let mut after: Option<HoldAfter> = None;
        // Most rows stand under the same few headers.
        let mut headers: HashMap<(String, String), Vec<String>> = HashMap::new();
        loop {
            let page = hold::page(&mut self.store.read().await?.conn(), &filter, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(done) };
            after = Some(place_of(last)?);
            for row in &page {
                if done.repaired >= REPLAYED {
                    done.more = true;
                    return Ok(done);
                }
                let header = match headers.entry((row.pull_id.clone(), row.sheet.clone())) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(self.sheet_header(row).await?),
                };
                match map_row(&connector, row, header, None)? {
                    Repaired::Record(record) => {
                        match self.settle_repaired(permit.clone(), connector.clone(), row, *record).await {
                            Ok(_) => done.repaired += 1,
                            // Somebody else has settled it meanwhile.
                            Err(ServiceError::Refused(_)) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    Repaired::Held(_) | Repaired::Nothing => done.still_held += 1,
                }
            }
        }
    }

    /// One held row; refused as not visible when there is none.
    async fn held_row(&self, id: HoldId) -> Result<HoldRow, ServiceError> {
        let row = hold::by_id(&mut self.store.read().await?.conn(), id).await?;
        Ok(row.ok_or_else(Refusal::not_visible)?)
    }

    async fn open_row(&self, id: HoldId) -> Result<HoldRow, ServiceError> {
        let row = self.held_row(id).await?;
        if row.resolved_at.is_some() {
            return Err(Refusal::new("hold_settled", "这一行已经处理过了。请刷新页面查看结果。").into());
        }
        Ok(row)
    }

    /// The columns a repaired row may fill: those of its sheet; where that had no header, those of its cells and what its
    /// connector knows.
    pub async fn held_columns(&self, actor: &Actor, row: &HoldRow) -> Result<Vec<String>, ServiceError> {
        allowed(actor, Action::ViewHeld, &Object::None)?;
        let mut columns = self.sheet_header(row).await?;
        if columns.is_empty() {
            columns = cells_of(row)?.into_iter().map(|(header, _)| header).collect();
            let connector = self.connector(&row.source_id)?;
            let known = connector.column_names().map(str::to_owned);
            for name in known {
                if !columns.contains(&name) {
                    columns.push(name);
                }
            }
        }
        Ok(columns)
    }

    /// The header a held row stood under; empty where its sheet has none.
    async fn sheet_header(&self, row: &HoldRow) -> Result<Vec<String>, ServiceError> {
        let sheet = source::sheet(&mut self.store.read().await?.conn(), &row.pull_id, &row.sheet).await?;
        match &sheet {
            Some(sheet) => Ok(serde_json::from_str(&sheet.header).map_err(|error| inconsistent(row, &error))?),
            None => Ok(Vec::new()),
        }
    }

    /// One transaction: message, version, item, and the held row settled. Where the source has shown another text since the
    /// row was held, that is the newer one: nothing is written over it, and the row counts as unchanged.
    async fn settle_repaired(
        &self,
        permit: Permit,
        connector: Connector,
        row: &HoldRow,
        record: Record,
    ) -> Result<SettledHold, ServiceError> {
        let now = self.now();
        let (id, pull_id): (HoldId, PullId) = (stored_id("hold", &row.id)?, stored_id("pull", &row.pull_id)?);
        let pull = source::pull(&mut self.store.read().await?.conn(), &row.pull_id).await?;
        let pull = pull.ok_or_else(|| ServiceError::Inconsistent {
            subject: subject(id),
            problem: "its pull is missing".to_owned(),
        })?;
        let (by, version, key) = (permit.actor().code(), connector.version, record.key.clone());
        let mut pull = Pull::of(pull_id, connector, permit, pull);
        let mut counts = pull.row.clone();
        let mut tx = self.store.begin(&pull.permit).await?;
        items::reserve_numbers(&mut tx, 0).await?;
        let before = message::by_keys(&mut tx.conn(), &pull.connector.id, std::slice::from_ref(&key)).await?;
        let before: Vec<String> = before.into_iter().map(|message| message.id).collect();
        let newest = message::newest_of(&mut tx.conn(), &before).await?;
        if !newest.iter().any(|version| is_newer(version, row, &pull.row)) {
            let content = Content::new(&pull.connector, record);
            self.write_run(&mut tx, &mut pull, &mut counts, vec![(content, None)], now).await?;
        }
        let outcome = match (counts.accepted - pull.row.accepted, counts.changed - pull.row.changed) {
            (1, _) => "accepted",
            (_, 1) => "changed",
            _ => "unchanged",
        };
        let known = message::by_keys(&mut tx.conn(), &pull.connector.id, &[key]).await?.pop();
        let item = match &known {
            Some(message) => items::by_message(&mut tx.conn(), &message.id).await?.map(|item| item.id),
            None => None,
        };
        let settled = Settled { at: now.as_micros(), resolution: "repaired", by, item: item.clone(), note: None };
        hold::settle(&mut tx, id, settled).await?;
        let body = json!({ "pull": row.pull_id, "item": item, "outcome": outcome, "mapping": version });
        tx.record(subject(id), "hold.repaired", &body)?;
        let seq = tx.commit(now).await?;
        Ok(SettledHold { hold: self.held_row(id).await?, outcome, seq })
    }
}

/// Whether the source showed a version after it showed the row: in a later pull, or further on in the row's own. Ids of
/// pulls sort by when they began, and a version that was itself repaired is as old as the pull that held it.
fn is_newer(version: &VersionRow, row: &HoldRow, pull: &PullRow) -> bool {
    match version.pull_id.cmp(&row.pull_id) {
        Ordering::Less => false,
        // What the row's own pull is said to have brought after its end was repaired as well: which of the two rows stood
        // first is not known, and a version more loses nothing.
        Ordering::Equal => {
            version.first_seen_at > row.held_at && pull.finished_at.is_none_or(|end| version.first_seen_at <= end)
        }
        Ordering::Greater => true,
    }
}

/// Maps a held row once more: its own cells, or those it was corrected to.
fn map_row(
    connector: &Connector,
    row: &HoldRow,
    header: &[String],
    cells: Option<RawCells>,
) -> Result<Repaired, ServiceError> {
    let cells = match cells {
        Some(cells) => cells,
        None => cells_of(row)?,
    };
    let number = u64::try_from(row.row_number).unwrap_or(0);
    Ok(map_again(connector, &row.sheet, number, header, &cells))
}

/// The ledger's subject of a held row.
fn subject(id: HoldId) -> String {
    format!("hold:{id}")
}

/// The cells of a held row as they were read.
pub fn cells_of(row: &HoldRow) -> Result<RawCells, ServiceError> {
    serde_json::from_str(&row.raw).map_err(|error| inconsistent(row, &error))
}

/// The place of a held row in its list.
pub fn place_of(row: &HoldRow) -> Result<HoldAfter, ServiceError> {
    let (pull, hold) = (stored_id("pull", &row.pull_id)?, stored_id("hold", &row.id)?);
    Ok(HoldAfter { pull, row: row.row_number, hold })
}

fn inconsistent(row: &HoldRow, error: &serde_json::Error) -> ServiceError {
    let problem = format!("{:?} at column {}", error.classify(), error.column());
    StoreError::Inconsistent { table: "hold", column: "raw", id: row.id.clone(), problem }.into()
}
