//! What is wrong with a source is said once, until it is settled: by a later pull that no longer finds it, or by a person.

use std::collections::HashSet;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::AlarmId;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::import::Purpose;
use super::{Refusal, Service, ServiceError};
use crate::intake::crawl::AlarmCode;
use crate::store::alarm::{self, AlarmFilter, AlarmRow};
use crate::store::source::{self, PullRow};
use crate::store::{Tx, item as items};

/// Open alarms of one source that are looked at: far more than anybody reads.
const MOST: i64 = 10_000;
/// What a sweep looks for and a quick look does not, by code and subject: that the list is shorter than it should be, is
/// another each time it is gone through, gives fewer rows than are asked for, or leaves out a message that is still there.
const ONLY_SWEPT: [(&str, &str); 4] = [
    (AlarmCode::TooFew.as_str(), "list"),
    (AlarmCode::CountDiffers.as_str(), "passes"),
    (AlarmCode::CountDiffers.as_str(), "size"),
    (AlarmCode::PageMissing.as_str(), "unlisted"),
];
/// Characters of a reason.
const MAX_REASON_CHARS: usize = 500;

/// What is to be said about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raise<'a> {
    /// The source.
    pub(super) source: &'a str,
    /// The pull that met it; `None` when no pull did.
    pub(super) pull: Option<&'a str>,
    /// Stable code.
    pub(super) code: &'a str,
    /// Which page, number or day it is about. Never personal: it is written to the ledger.
    pub(super) subject: &'a str,
    /// What happened and what to do, in Chinese. Never personal.
    pub(super) message: &'a str,
}

impl Service {
    /// Raises an alarm, or notes that an open one of the same code and subject was met again; tells whether it is new.
    ///
    /// Takes the lock under which imports write, so that two who raise the same alarm at once raise one. Nobody may hold
    /// an item's row before.
    pub(super) async fn raise(&self, tx: &mut Tx, alarm: Raise<'_>, now: Instant) -> Result<bool, ServiceError> {
        items::reserve_numbers(tx, 0).await?;
        let pull = alarm.pull.map(str::to_owned);
        if let Some(open) = alarm::open(&mut tx.conn(), alarm.source, alarm.code, alarm.subject).await? {
            // A clock that was set back does not take back when it was met.
            let met_at = now.as_micros().max(open.met_at);
            if alarm::meet(tx, &open.id, pull.clone(), alarm.message, met_at).await? {
                return Ok(false);
            }
        }
        let id = AlarmId::new(now, self.random()?);
        let row = AlarmRow {
            id: id.to_string(),
            source_id: alarm.source.to_owned(),
            pull_id: pull,
            code: alarm.code.to_owned(),
            subject: alarm.subject.to_owned(),
            detail: alarm.message.to_owned(),
            raised_at: now.as_micros(),
            met_at: now.as_micros(),
            settled_at: None,
            settled_by: None,
            note: None,
        };
        alarm::insert(tx, row).await?;
        let body = json!({
            "source": alarm.source, "code": alarm.code, "about": alarm.subject, "pull": alarm.pull,
        });
        tx.record(subject(&id.to_string()), "alarm.raised", &body)?;
        Ok(true)
    }

    /// The open alarms of a source, for whoever has pulled it.
    pub(super) async fn open_alarms_of(&self, source: &str) -> Result<Vec<AlarmRow>, ServiceError> {
        Ok(alarm::open_of_source(&mut self.store.read().await?.conn(), source, MOST).await?)
    }

    /// A page of alarms, newest first.
    pub async fn alarms(
        &self,
        actor: &Actor,
        filter: &AlarmFilter,
        after: Option<AlarmId>,
        limit: i64,
    ) -> Result<Vec<AlarmRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(alarm::page(&mut self.store.read().await?.conn(), filter, after, limit).await?)
    }

    /// Settles an alarm for a reason that stays on record. What it tells of may raise it again.
    pub async fn settle_alarm(&self, actor: &Actor, id: AlarmId, reason: &str) -> Result<AlarmRow, ServiceError> {
        let permit = allowed(actor, Action::SettleAlarm, &Object::None)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS {
            return Err(Refusal::new("alarm_reason", "请写明怎么处理的，最多 500 字，再提交。").into());
        }
        let found = alarm::by_id(&mut self.store.read().await?.conn(), &id.to_string()).await?;
        let row = found.ok_or_else(Refusal::not_visible)?;
        if row.settled_at.is_some() {
            return Err(Refusal::new("alarm_settled", "这条告警已经解除。请刷新页面查看。").into());
        }
        let (salt, digest) = self.seal_text(&[reason])?;
        let (now, by) = (self.now(), permit.actor().code());
        let mut tx = self.store.begin(&permit).await?;
        alarm::settle_saying(&mut tx, &row.id, now.as_micros(), &by, (reason, &salt, &digest.to_string())).await?;
        let body = json!({
            "source": row.source_id, "code": row.code, "about": row.subject, "note": digest.to_string(),
        });
        tx.record(subject(&row.id), "alarm.settled", &body)?;
        tx.commit(now).await?;
        Ok(AlarmRow { settled_at: Some(now.as_micros()), settled_by: Some(by), note: Some(reason.to_owned()), ..row })
    }

    /// Settles the open alarms of a pull's source whose codes are among `codes` and which the pull has not met: what they
    /// tell of is over. Returns how many.
    pub(super) async fn settle_unmet(
        &self,
        tx: &mut Tx,
        pull: &PullRow,
        codes: &[&str],
        now: Instant,
    ) -> Result<usize, ServiceError> {
        items::reserve_numbers(tx, 0).await?;
        let open = alarm::open_of_source(&mut tx.conn(), &pull.source_id, MOST).await?;
        let over = open.into_iter().filter(|row| codes.contains(&row.code.as_str()));
        let mut over: Vec<AlarmRow> = over.filter(|row| row.pull_id.as_deref() != Some(pull.id.as_str())).collect();
        if pull.purpose == Purpose::Head.as_str() {
            let not_looked_for = swept(tx, &over).await?;
            over.retain(|row| !not_looked_for.contains(&row.id));
        }
        for row in &over {
            settle(tx, row, now).await?;
        }
        Ok(over.len())
    }
}

/// Which of these alarms only another sweep shows to be over, by id: a sweep has met them, and a quick look does not look for
/// what they tell of, even where it meets the end of the list.
async fn swept(tx: &mut Tx, alarms: &[AlarmRow]) -> Result<HashSet<String>, ServiceError> {
    let is_swept = |row: &&AlarmRow| ONLY_SWEPT.contains(&(row.code.as_str(), row.subject.as_str()));
    let alarms: Vec<&AlarmRow> = alarms.iter().filter(is_swept).collect();
    if alarms.is_empty() {
        return Ok(HashSet::new());
    }
    let met_by: Vec<String> = alarms.iter().filter_map(|row| row.pull_id.clone()).collect();
    let mut pulls = source::pulls_by_ids(&mut tx.conn(), &met_by).await?;
    pulls.retain(|pull| pull.purpose == Purpose::Sweep.as_str());
    let sweeps: HashSet<Option<&str>> = pulls.iter().map(|pull| Some(pull.id.as_str())).collect();
    Ok(alarms.into_iter().filter(|row| sweeps.contains(&row.pull_id.as_deref())).map(|row| row.id.clone()).collect())
}

/// Settles one open alarm in the name of whoever writes.
pub(super) async fn settle(tx: &mut Tx, row: &AlarmRow, now: Instant) -> Result<(), ServiceError> {
    let by = tx.actor().to_owned();
    alarm::settle(tx, &row.id, now.as_micros(), &by).await?;
    let body = json!({ "source": row.source_id, "code": row.code, "about": row.subject });
    tx.record(subject(&row.id), "alarm.settled", &body)?;
    Ok(())
}

/// The ledger's subject of an alarm.
fn subject(id: &str) -> String {
    format!("alarm:{id}")
}
