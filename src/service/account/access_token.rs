//! Personal access tokens: what a program of one's own shows instead of a session.

use std::collections::BTreeSet;

use huiyin_domain::access::{Action, Actor, Limit};
use huiyin_domain::id::AccessTokenId;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::session::Used;
use super::{Viewer, own_permit};
use crate::service::auth::token_digest;
use crate::service::{Refusal, Service, ServiceError, checked_name};
use crate::store::access_token::{self as tokens, AccessTokenRow};
use crate::store::account::HeldRow;

/// What every access token begins with, so that it is known where it turns up.
pub const ACCESS_TOKEN_PREFIX: &str = "hy_";
/// The longest life of a token in days.
pub const MAX_TOKEN_DAYS: i64 = 365;
/// The most good tokens of one account.
const MAX_TOKENS: i64 = 20;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenScope {
    /// To read what its owner may read.
    Read,
    /// To change what its owner may change, and to read.
    Write,
}

impl TokenScope {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A token that was just made.
#[derive(Clone)]
pub struct NewAccessToken {
    /// What to show as `Authorization: Bearer hy_…`; nowhere else written in this form.
    pub token: String,
    /// What is kept of it.
    pub row: AccessTokenRow,
}

impl std::fmt::Debug for NewAccessToken {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccessToken").field("id", &self.row.id).finish_non_exhaustive()
    }
}

impl Service {
    /// Makes a token of one's own that is good for `days` days.
    pub async fn add_access_token(
        &self,
        actor: &Actor,
        name: &str,
        scopes: &BTreeSet<TokenScope>,
        days: i64,
    ) -> Result<NewAccessToken, ServiceError> {
        let (account, permit) = own_permit(actor, Action::ManageOwn)?;
        let name =
            checked_name(name).ok_or_else(|| Refusal::new("token_name_missing", "请填写令牌名称，最多 64 个字。"))?;
        if scopes.is_empty() {
            return Err(Refusal::new("token_scopes_missing", "请至少选择一项权限：读取或写入。").into());
        }
        if !(1..=MAX_TOKEN_DAYS).contains(&days) {
            return Err(Refusal::new("token_days", "有效期应为 1 至 365 天，请修改。").into());
        }
        let token = format!("{ACCESS_TOKEN_PREFIX}{}", hex::encode(self.random::<32>()?));
        let now = self.now();
        let id = AccessTokenId::new(now, self.random()?);
        let codes: Vec<&str> = scopes.iter().map(|scope| scope.code()).collect();
        let row = AccessTokenRow {
            id: id.to_string(),
            account_id: account.to_string(),
            name,
            scopes: codes.join(" "),
            created_at: now.as_micros(),
            expires_at: now.plus_seconds(days * 86_400).as_micros(),
            last_used_at: None,
        };
        let mut tx = self.store.begin(&permit).await?;
        if tokens::count(&mut tx.conn(), account, now.as_micros()).await? >= MAX_TOKENS {
            return Err(Refusal::new("token_limit", "有效的访问令牌已达 20 个，请先撤销不用的令牌。").into());
        }
        tokens::insert(&mut tx, row.clone(), &token_digest(&token)).await?;
        let body = json!({ "token": row.id, "scopes": codes, "days": days });
        tx.record(format!("account:{account}"), "access_token.added", &body)?;
        tx.commit(now).await?;
        Ok(NewAccessToken { token, row })
    }

    /// One's own tokens that are good, the newest first.
    pub async fn access_tokens(&self, actor: &Actor) -> Result<Vec<AccessTokenRow>, ServiceError> {
        let (account, _) = own_permit(actor, Action::ManageOwn)?;
        let now = self.now().as_micros();
        Ok(tokens::of_account(&mut self.store.read().await?.conn(), account, now).await?)
    }

    /// Ends one of one's own tokens.
    pub async fn revoke_access_token(&self, actor: &Actor, id: AccessTokenId) -> Result<(), ServiceError> {
        let (account, permit) = own_permit(actor, Action::ManageOwn)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        if !tokens::revoke(&mut tx, account, id, now.as_micros()).await? {
            return Err(Refusal::new("token_unknown", "没有这个访问令牌，或者已经撤销。请刷新列表。").into());
        }
        tx.record(format!("account:{account}"), "access_token.revoked", &json!({ "token": id.to_string() }))?;
        tx.commit(now).await?;
        Ok(())
    }

    /// Who shows this access token, and whether that is a use of it.
    pub(super) async fn known_access_token(
        &self,
        digest: &str,
        is_use: bool,
        now: Instant,
    ) -> Result<Option<Viewer>, ServiceError> {
        let mut reader = self.store.read().await?;
        let held = tokens::by_digest(&mut reader.conn(), digest, now.as_micros()).await?;
        drop(reader);
        let Some(HeldRow { account, by }) = held else { return Ok(None) };
        let writes = by.scopes.split_whitespace().any(|code| code == TokenScope::Write.code());
        if is_use {
            self.note_use(Used::AccessToken(by.id), by.last_used_at, now).await;
        }
        let limit = if writes { Limit::WriteToken } else { Limit::ReadToken };
        Viewer::limited(account, limit).map(Some)
    }
}
