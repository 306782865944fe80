//! Rows that cannot be read 待修复行: held once, counted each time, and settled when their source shows them readably.

use std::collections::{HashMap, HashSet};

use huiyin_domain::id::HoldId;
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::super::{Service, ServiceError, stored_id};
use super::Pull;
use super::batch::Standing;
use super::content::hold_parts;
use crate::intake::Held;
use crate::store::hold::{self, Settled};
use crate::store::source::{self, HoldRow, PullRow, SheetRow};
use crate::store::{Tx, item as items, message};

/// What becomes of a held row that its source has shown readably since.
pub(super) const SUPERSEDED: &str = "superseded";

impl Service {
    /// Holds rows that could not be read; a row already held is not held twice, and counts as what became of it.
    pub(super) async fn hold_rows(
        &self,
        tx: &mut Tx,
        pull: &mut Pull,
        counts: &mut PullRow,
        rows: Vec<Standing>,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let mut holds = Vec::new();
        for Standing { row, on } in rows {
            if !row.header.is_empty() && pull.sheets.insert(row.sheet.clone()) {
                let header = serde_json::to_string(&row.header[..]).unwrap_or_default();
                let sheet = SheetRow { pull_id: pull.row.id.clone(), sheet: row.sheet.clone(), header };
                source::insert_sheet(tx, sheet).await?;
            }
            holds.push(self.hold_row(pull, row, on, now)?);
        }
        let known = known_holds(tx, &pull.connector.id, &mut holds).await?;
        for hold in &holds {
            match known.get(hold.raw_digest.as_str()).and_then(|known| known.resolution.as_deref()) {
                Some("rejected") => counts.rejected += 1,
                Some(_) => counts.unchanged += 1,
                None => counts.held += 1,
            }
        }
        let mut seen: HashSet<String> = known.into_keys().collect();
        holds.retain(|hold| seen.insert(hold.raw_digest.clone()));
        for hold in &mut holds {
            let (salt, digest) = {
                let parts = hold_parts(hold);
                self.seal_text(&parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>())?
            };
            hold.salt = salt;
            hold.digest = digest.to_string();
            let body = json!({
                "hold": hold.id, "row": hold.row_number, "reason": hold.reason, "digest": hold.digest,
            });
            tx.record(pull.subject(), "row.held", &body)?;
        }
        source::insert_holds(tx, holds).await?;
        Ok(())
    }

    fn hold_row(&self, pull: &mut Pull, row: Held, on: Option<String>, now: Instant) -> Result<HoldRow, ServiceError> {
        let raw = serde_json::to_string(&row.raw).unwrap_or_default();
        // Two equally broken rows of a file are two rows; the same row in an overlapping file is one.
        let times = pull.held.entry(Digest::of(raw.as_bytes())).or_default();
        *times += 1;
        let identity = format!("{times}\n{raw}");
        Ok(HoldRow {
            id: HoldId::new(now, self.random()?).to_string(),
            pull_id: pull.row.id.clone(),
            source_id: pull.connector.id.clone(),
            sheet: row.sheet,
            row_number: i64::try_from(row.row).unwrap_or(i64::MAX),
            column_name: row.column.unwrap_or_default(),
            reason: row.reason.code.as_str().to_owned(),
            message: row.reason.message,
            raw,
            raw_digest: Digest::of(identity.as_bytes()).to_string(),
            held_at: now.as_micros(),
            resolved_at: None,
            salt: String::new(),
            digest: String::new(),
            resolution: None,
            resolved_by: None,
            item_id: None,
            note: None,
            note_salt: None,
            note_digest: None,
            source_key: row.key,
            payload: on.or_else(|| pull.whole.clone()),
        })
    }

    /// Settles the open held rows that have one of these keys: their source shows them readably now.
    pub(super) async fn supersede_holds(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        keys: &[String],
        now: Instant,
    ) -> Result<(), ServiceError> {
        let holds = source::open_holds_by_keys(&mut tx.conn(), &pull.connector.id, keys).await?;
        if holds.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = holds.iter().filter_map(|hold| hold.source_key.clone()).collect();
        let messages = message::by_keys(&mut tx.conn(), &pull.connector.id, &keys).await?;
        let ids: Vec<String> = messages.iter().map(|row| row.id.clone()).collect();
        let items = items::by_messages(&mut tx.conn(), &ids).await?;
        let items: HashMap<&str, &str> =
            items.iter().map(|item| (item.message_id.as_str(), item.id.as_str())).collect();
        let items: HashMap<&str, &str> =
            messages.iter().filter_map(|row| Some((row.source_key.as_str(), *items.get(row.id.as_str())?))).collect();
        for row in &holds {
            let id: HoldId = stored_id("hold", &row.id)?;
            let item = row.source_key.as_deref().and_then(|key| items.get(key)).map(|item| (*item).to_owned());
            let settled = Settled {
                at: now.as_micros(),
                resolution: SUPERSEDED,
                by: pull.permit.actor().code(),
                item: item.clone(),
                note: None,
            };
            hold::settle(tx, id, settled).await?;
            tx.record(format!("hold:{id}"), "hold.superseded", &json!({ "pull": pull.row.id, "item": item }))?;
        }
        Ok(())
    }
}

/// The rows that are held already, by the digest of their cells. One that was superseded, and is unreadable again, is
/// held anew: its digest is changed to the one it has then.
async fn known_holds(
    tx: &mut Tx,
    source: &str,
    holds: &mut [HoldRow],
) -> Result<HashMap<String, HoldRow>, ServiceError> {
    let mut known: HashMap<String, HoldRow> = HashMap::new();
    let mut asked: Vec<String> = holds.iter().map(|hold| hold.raw_digest.clone()).collect();
    while !asked.is_empty() {
        let found = source::known_holds(&mut tx.conn(), source, &asked).await?;
        asked.clear();
        for row in found {
            known.insert(row.raw_digest.clone(), row);
        }
        for hold in &mut *holds {
            let is_superseded = |row: &&HoldRow| row.resolution.as_deref() == Some(SUPERSEDED);
            if let Some(row) = known.get(&hold.raw_digest).filter(is_superseded) {
                hold.raw_digest = Digest::of(format!("{}\n{}", row.id, row.raw_digest).as_bytes()).to_string();
                asked.push(hold.raw_digest.clone());
            }
        }
    }
    Ok(known)
}
