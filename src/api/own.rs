//! What everybody sees to themselves: password, sessions, second factor, access tokens.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use huiyin_domain::id::{AccessTokenId, AccountId, SessionId};

use super::account::AccountPayload;
use super::connection::QUESTION;
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::payload::{Outcome, Status, UserError};
use super::scalars::{NodeId as _, Time, node};
use super::words::Word;
use crate::service::account::{Client, TokenScope};
use crate::store::access_token::AccessTokenRow;
use crate::store::account::SessionRow;

/// A session under way. 会话
#[derive(Debug, Clone, SimpleObject)]
pub struct SignedInSession {
    /// Its id. 编号
    id: ID,
    /// What it was started from. 客户端
    client: Word,
    /// When it was started. 登录时间
    started_at: Time,
    /// When it was last used, to the minute. 最近使用
    last_used_at: Time,
    /// When it ends however much it is used; without use it ends after half an hour. 最迟结束
    expires_at: Time,
    /// Whether it is the one that asks. 当前会话
    current: bool,
}

impl SignedInSession {
    fn new(row: &SessionRow, asking: Option<SessionId>) -> Self {
        let client = Client::parse(&row.client);
        Self {
            id: node("session", &row.id),
            client: Word::new(client.code(), client.label()),
            started_at: Time::from_micros(row.created_at),
            last_used_at: Time::from_micros(row.last_used_at),
            expires_at: Time::from_micros(row.expires_at),
            current: asking.is_some_and(|id| id.to_string() == row.id),
        }
    }
}

/// What a personal access token is good for. 令牌权限
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TokenScope")]
pub enum AccessScope {
    /// 读取: what its owner may read.
    Read,
    /// 写入: what its owner may change, and reading.
    Write,
}

/// A personal access token. 访问令牌
#[derive(Debug, Clone, SimpleObject)]
pub struct AccessToken {
    /// Its id. 编号
    id: ID,
    /// What its owner calls it. 名称
    name: String,
    /// What it is good for. 权限
    scopes: Vec<Word>,
    /// When it was made. 创建时间
    created_at: Time,
    /// When it ends. 有效期至
    expires_at: Time,
    /// When it was last used, to the minute. 最近使用
    last_used_at: Option<Time>,
}

impl AccessToken {
    fn new(row: AccessTokenRow) -> Self {
        let word = |code: &str| Word::new(code, if code == "write" { "写入" } else { "读取" });
        Self {
            id: node("token", &row.id),
            name: row.name,
            scopes: row.scopes.split_whitespace().map(word).collect(),
            created_at: Time::from_micros(row.created_at),
            expires_at: Time::from_micros(row.expires_at),
            last_used_at: row.last_used_at.map(Time::from_micros),
        }
    }
}

/// What ending sessions or tokens came to.
#[derive(Debug, SimpleObject)]
pub struct RevokePayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// How many ended. 结束个数
    revoked: i64,
}

/// What beginning with a second factor came to.
#[derive(Debug, SimpleObject)]
pub struct EnrolmentPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The secret in base32, to be typed into an authenticator app; shown this once. 密钥
    secret: Option<String>,
    /// The same as an address, to be scanned. 二维码内容
    uri: Option<String>,
}

/// What turning the second factor on came to.
#[derive(Debug, SimpleObject)]
pub struct SecondFactorPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// Codes that each serve once in the place of one of the app; shown this once. 恢复码
    recovery_codes: Vec<String>,
}

/// What making an access token came to.
#[derive(Debug, SimpleObject)]
pub struct AccessTokenPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// Show it as `Authorization: Bearer hy_…`; shown this once. 令牌
    token: Option<String>,
    /// What is kept of it. 令牌信息
    access_token: Option<AccessToken>,
}

/// Queries about what is one's own.
#[derive(Debug, Default)]
pub struct OwnQuery;

#[Object]
impl OwnQuery {
    /// The sessions of an account that are under way, the newest first. 会话
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; one's own when left out, another's for the security administrator. 账号")]
        account: Option<ID>,
    ) -> ApiResult<Vec<SignedInSession>> {
        let actor = ctx.signed_in()?;
        let of = account.map(|id| AccountId::from_node(&id)).transpose()?;
        let rows = ctx.service()?.sessions(actor, of).await?;
        let asking = ctx.session()?.viewer.session;
        Ok(rows.iter().map(|row| SignedInSession::new(row, asking)).collect())
    }

    /// One's own access tokens that are good, the newest first. 访问令牌
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn access_tokens(&self, ctx: &Context<'_>) -> ApiResult<Vec<AccessToken>> {
        let rows = ctx.service()?.access_tokens(ctx.signed_in()?).await?;
        Ok(rows.into_iter().map(AccessToken::new).collect())
    }

    /// How many of one's own recovery codes are left. 剩余恢复码
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn recovery_codes_left(&self, ctx: &Context<'_>) -> ApiResult<i64> {
        Ok(ctx.service()?.recovery_codes_left(ctx.signed_in()?).await?)
    }
}

/// Changes of what is one's own.
#[derive(Debug, Default)]
pub struct OwnMutation;

#[Object]
impl OwnMutation {
    /// Changes one's own password; the other sessions end. 修改密码
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The present password. 当前密码", secret)] present: String,
        #[graphql(desc = "At least eight characters of three classes, without the login. 新密码", secret)] new: String,
    ) -> ApiResult<AccountPayload> {
        ctx.signed_in()?;
        AccountPayload::of(ctx.service()?.change_password(&ctx.session()?.viewer, present, new).await)
    }

    /// Ends a session: one's own, or anybody's for the security administrator. 结束会话
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session. 会话")] session: ID,
    ) -> ApiResult<RevokePayload> {
        let actor = ctx.signed_in()?;
        let revoked = ctx.service()?.revoke_session(actor, SessionId::from_node(&session)?).await;
        Ok(RevokePayload::of(Outcome::of(revoked.map(|()| 1))?))
    }

    /// Ends all of one's own sessions but the one that asks. 结束其他会话
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> ApiResult<RevokePayload> {
        let actor = ctx.signed_in()?;
        // Without a session there is none to keep; a token is refused by the use case.
        let keep = ctx.session()?.viewer.session.unwrap_or_else(|| SessionId::from(uuid::Uuid::nil()));
        Ok(RevokePayload::of(Outcome::of(ctx.service()?.revoke_other_sessions(actor, keep).await)?))
    }

    /// Makes a secret for one's own second factor; it counts once it is confirmed. 设置动态口令
    async fn begin_second_factor(&self, ctx: &Context<'_>) -> ApiResult<EnrolmentPayload> {
        ctx.signed_in()?;
        let begun = ctx.service()?.begin_second_factor(&ctx.session()?.viewer).await;
        let Outcome { status, user_errors, done } = Outcome::of(begun)?;
        let (secret, uri) = done.map(|enrolment| (enrolment.secret, enrolment.uri)).unzip();
        Ok(EnrolmentPayload { status, user_errors, secret, uri })
    }

    /// Turns one's own second factor on, by a code of it. 启用动态口令
    async fn confirm_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code the app shows. 动态口令", secret)] code: String,
    ) -> ApiResult<SecondFactorPayload> {
        ctx.signed_in()?;
        let confirmed = ctx.service()?.confirm_second_factor(&ctx.session()?.viewer, &code).await;
        let Outcome { status, user_errors, done } = Outcome::of(confirmed)?;
        Ok(SecondFactorPayload { status, user_errors, recovery_codes: done.unwrap_or_default() })
    }

    /// Turns one's own second factor off. 停用动态口令
    async fn remove_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password. 密码", secret)] password: String,
    ) -> ApiResult<AccountPayload> {
        ctx.signed_in()?;
        AccountPayload::of(ctx.service()?.remove_second_factor(&ctx.session()?.viewer, password).await)
    }

    /// Makes a personal access token. 新增访问令牌
    async fn add_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to call it. 名称")] name: String,
        #[graphql(desc = "What it is good for. 权限")] scopes: Vec<AccessScope>,
        #[graphql(desc = "For how many days, 365 at the most. 有效天数")] days: i64,
    ) -> ApiResult<AccessTokenPayload> {
        let actor = ctx.signed_in()?;
        let scopes = scopes.into_iter().map(TokenScope::from).collect();
        let added = ctx.service()?.add_access_token(actor, &name, &scopes, days).await;
        let Outcome { status, user_errors, done } = Outcome::of(added)?;
        let (token, access_token) = done.map(|new| (new.token, AccessToken::new(new.row))).unzip();
        Ok(AccessTokenPayload { status, user_errors, token, access_token })
    }

    /// Ends one of one's own access tokens. 撤销访问令牌
    async fn revoke_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token. 令牌")] token: ID,
    ) -> ApiResult<RevokePayload> {
        let actor = ctx.signed_in()?;
        let revoked = ctx.service()?.revoke_access_token(actor, AccessTokenId::from_node(&token)?).await;
        Ok(RevokePayload::of(Outcome::of(revoked.map(|()| 1))?))
    }
}

impl RevokePayload {
    fn of(outcome: Outcome<u64>) -> Self {
        let Outcome { status, user_errors, done } = outcome;
        Self { status, user_errors, revoked: i64::try_from(done.unwrap_or_default()).unwrap_or(i64::MAX) }
    }
}
