//! Passwords, and what the system administrator changes about an account. Whatever takes rights away ends sessions at once.

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::sign_in::Proved;
use super::{Viewer, account_in, not_own, own_permit};
use crate::service::auth::{check_password, token_digest};
use crate::service::{Refusal, Service, ServiceError};
use crate::store::Tx;
use crate::store::access_token as tokens;
use crate::store::account::{self as accounts, AccountRow};
use crate::store::sign_in_lock as locks;

impl Service {
    /// Changes one's own password, against the present one. The other sessions end; the one that asks goes on, and a first
    /// password counts as changed.
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        present: String,
        new: String,
    ) -> Result<AccountRow, ServiceError> {
        let (id, permit) = own_permit(&viewer.actor, Action::ChangePassword)?;
        let login = viewer.account.as_ref().map(|row| row.login.clone()).unwrap_or_default();
        check_password(&new, &login)?;
        if new == present {
            return Err(Refusal::new("password_unchanged", "新密码与当前密码相同，请换一个新密码。").into());
        }
        let proved = self.prove_own(viewer, present).await?;
        let hash = self.sign_in.hash(new, self.random()?).await?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        // It was proved before the transaction: a reset meanwhile takes it back.
        if !accounts::hold(&mut tx, id, Some(&proved)).await? {
            return Err(password_wrong().into());
        }
        let row = account_in(&mut tx, id).await?;
        accounts::set_password(&mut tx, id, &hash, false).await?;
        let ended = match viewer.session {
            Some(session) => accounts::revoke_others(&mut tx, id, session, now.as_micros()).await?,
            None => accounts::revoke_all(&mut tx, id, now.as_micros()).await?,
        };
        tx.record(format!("account:{id}"), "account.password_changed", &json!({ "sessions": ended }))?;
        tx.commit(now).await?;
        Ok(AccountRow { must_change: false, ..row })
    }

    /// Refuses who does not know the own present password; counted like an attempt to sign in. Answers with the hash that
    /// was proved: whoever acts on it holds the account to it in the transaction that acts.
    pub(super) async fn prove_own(&self, viewer: &Viewer, password: String) -> Result<String, ServiceError> {
        let login = viewer.account.as_ref().map(|row| row.login.as_str()).unwrap_or_default();
        let Proved { row, .. } = self.prove(login, password).await?.ok_or_else(password_wrong)?;
        self.sign_in.succeeded(&row.login);
        Ok(row.password_hash)
    }

    /// Gives an account another password, which has to be changed at the next sign-in. Its sessions and access tokens
    /// end, and it is unlocked.
    pub async fn reset_password(
        &self,
        actor: &Actor,
        id: AccountId,
        password: String,
    ) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageAccounts, &Object::Account { id })?;
        not_own(actor, id)?;
        let row = accounts::by_id(&mut self.store.read().await?.conn(), id).await?;
        check_password(&password, row.as_ref().map_or("", |row| row.login.as_str()))?;
        let hash = self.sign_in.hash(password, self.random()?).await?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let row = account_in(&mut tx, id).await?;
        accounts::set_password(&mut tx, id, &hash, true).await?;
        let (sessions, tokens) = end_all(&mut tx, id, now).await?;
        locks::unlock(&mut tx, &token_digest(&row.login)).await?;
        let body = json!({ "sessions": sessions, "tokens": tokens });
        tx.record(format!("account:{id}"), "account.password_reset", &body)?;
        tx.commit(now).await?;
        self.sign_in.succeeded(&row.login);
        Ok(AccountRow { must_change: true, ..row })
    }

    /// Sets whether an account may sign in. Disabled, its sessions and access tokens end at once and stay ended.
    pub async fn set_account_active(
        &self,
        actor: &Actor,
        id: AccountId,
        active: bool,
    ) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageAccounts, &Object::Account { id })?;
        not_own(actor, id)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let row = account_in(&mut tx, id).await?;
        if row.active != active {
            accounts::set_active(&mut tx, id, active).await?;
            let (sessions, tokens) = if active { (0, 0) } else { end_all(&mut tx, id, now).await? };
            let body = json!({ "active": active, "sessions": sessions, "tokens": tokens });
            tx.record(format!("account:{id}"), "account.active_set", &body)?;
            tx.commit(now).await?;
        }
        Ok(AccountRow { active, ..row })
    }

    /// Moves an account to a unit; it sees that unit's items from its next request on.
    pub async fn set_account_unit(
        &self,
        actor: &Actor,
        id: AccountId,
        unit: UnitId,
    ) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageAccounts, &Object::Account { id })?;
        not_own(actor, id)?;
        let to = self.active_unit(unit).await?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let row = account_in(&mut tx, id).await?;
        if row.unit_id != to.id {
            accounts::set_unit(&mut tx, id, unit).await?;
            let body = json!({ "from": row.unit_id, "unit": to.id });
            tx.record(format!("account:{id}"), "account.unit_set", &body)?;
            tx.commit(now).await?;
        }
        Ok(AccountRow { unit_id: to.id, unit_kind: to.kind, ..row })
    }

    /// Lets an account sign in again that had too many wrong attempts. Another node that counted attempts of its own goes
    /// on counting them.
    pub async fn unlock_account(&self, actor: &Actor, id: AccountId) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageAccounts, &Object::Account { id })?;
        not_own(actor, id)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let row = account_in(&mut tx, id).await?;
        if locks::unlock(&mut tx, &token_digest(&row.login)).await? {
            tx.record(format!("account:{id}"), "account.unlocked", &json!({}))?;
            tx.commit(now).await?;
        }
        self.sign_in.succeeded(&row.login);
        Ok(row)
    }
}

/// The present password was asked for, and is not the one shown.
pub(super) fn password_wrong() -> Refusal {
    Refusal::new("password_wrong", "当前密码不对，请核对后重试。")
}

/// Ends all sessions and access tokens of an account; tells how many there were of each.
async fn end_all(tx: &mut Tx, id: AccountId, now: Instant) -> Result<(u64, u64), ServiceError> {
    let sessions = accounts::revoke_all(tx, id, now.as_micros()).await?;
    Ok((sessions, tokens::revoke_all(tx, id, now.as_micros()).await?))
}
