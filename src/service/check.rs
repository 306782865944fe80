//! Verifying the whole ledger in the background, with progress, and what the last time found.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::id::CheckId;
use huiyin_domain::ledger::Root;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::verify::Verification;
use super::{Refusal, Service, ServiceError};
use crate::store::ledger::{self, EntryRow};
use crate::store::upload::{self, CheckRow};
use crate::telemetry;

/// How far a check has come. Shared between the check and those who look at it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Ledger entries read.
    pub entries: AtomicU64,
    /// Ledger entries there are.
    pub total: AtomicU64,
}

/// A check that runs.
#[derive(Debug, Clone)]
pub struct Checking {
    /// Who asked for it, as the ledger writes it.
    pub actor: String,
    /// Since when.
    pub started_at: Instant,
    /// How far it is.
    pub progress: Arc<Progress>,
}

/// What is known about checks of the ledger.
#[derive(Debug, Clone, Default)]
pub struct CheckState {
    /// The one that runs in this process.
    pub running: Option<Checking>,
    /// The last that came to its end, in any process.
    pub last: Option<CheckRow>,
    /// When one broke off without a result since.
    pub broke_off_at: Option<Instant>,
}

impl Service {
    /// Starts verifying the whole ledger in the background; refused while one runs. `roots` are heads noted earlier.
    pub async fn start_ledger_check(&self, actor: &Actor, roots: Vec<Root>) -> Result<CheckState, ServiceError> {
        let permit = allowed(actor, Action::VerifyLedger, &Object::None)?;
        {
            let mut checking = self.home.checking.lock().await;
            if checking.is_some() {
                return Err(Refusal::new("check_running", "账目正在校验，请等它结束后再开始下一次。").into());
            }
            let (actor, started_at) = (permit.actor().code(), self.now());
            let running = Checking { actor, started_at, progress: Arc::default() };
            *checking = Some(running.clone());
            let service = self.clone();
            tokio::spawn(async move {
                let result = service.check_ledger(&permit, &running, &roots).await;
                if let Err(error) = &result {
                    tracing::error!(error = %telemetry::chain(error), "a check of the ledger broke off");
                }
                *service.home.check_broke_off.lock().await = result.is_err().then(|| service.now());
                *service.home.checking.lock().await = None;
            });
        }
        self.check_state().await
    }

    /// What is known about checks of the ledger.
    pub async fn ledger_check(&self, actor: &Actor) -> Result<CheckState, ServiceError> {
        allowed(actor, Action::ViewLedger, &Object::None)?;
        self.check_state().await
    }

    /// Up to `limit` entries of the ledger after a number, of all or about one subject, in order.
    pub async fn ledger_rows(
        &self,
        actor: &Actor,
        subject: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, ServiceError> {
        allowed(actor, Action::ViewLedger, &Object::None)?;
        let mut reader = self.store.read().await?;
        Ok(match subject {
            Some(subject) => ledger::of_subject(&mut reader.conn(), subject, after, limit).await?,
            None => ledger::after(&mut reader.conn(), after, limit).await?,
        })
    }

    async fn check_state(&self) -> Result<CheckState, ServiceError> {
        let running = self.home.checking.lock().await.clone();
        let broke_off_at = *self.home.check_broke_off.lock().await;
        Ok(CheckState { running, last: upload::last_check(&mut self.store.read().await?.conn()).await?, broke_off_at })
    }

    async fn check_ledger(&self, permit: &Permit, running: &Checking, roots: &[Root]) -> Result<(), ServiceError> {
        let progress = &running.progress;
        let found = self
            .verify_noting(permit.actor(), roots, &|entries, total| {
                progress.entries.store(entries, Ordering::Relaxed);
                progress.total.store(total, Ordering::Relaxed);
            })
            .await?;
        let now = self.now();
        let row = check_row(CheckId::new(now, self.random()?), running, &found, now);
        let mut tx = self.store.begin(permit).await?;
        let codes: Vec<&str> = found.findings.iter().map(super::verify::Finding::code).collect();
        let body = json!({ "seq": row.seq, "hash": row.hash, "findings": codes });
        tx.record(format!("check:{}", row.id), "ledger.checked", &body)?;
        upload::insert_check(&mut tx, row).await?;
        tx.commit(now).await?;
        Ok(())
    }
}

fn check_row(id: CheckId, running: &Checking, found: &Verification, now: Instant) -> CheckRow {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let findings: Vec<(&str, String)> =
        found.findings.iter().map(|finding| (finding.code(), finding.message())).collect();
    CheckRow {
        id: id.to_string(),
        actor: running.actor.clone(),
        started_at: running.started_at.as_micros(),
        finished_at: now.as_micros(),
        seq: number(found.head.seq),
        hash: found.head.hash.to_string(),
        texts: number(found.texts),
        items: number(found.items),
        findings: serde_json::to_string(&findings).unwrap_or_default(),
    }
}
