//! Accounts and sessions: who is asking, signing in and out.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use huiyin_domain::access;
use huiyin_domain::id::{AccountId, UnitId};

use super::context::ContextExt as _;
use super::cookie;
use super::error::ApiResult;
use super::payload::{Outcome, Status, UserError};
use super::scalars::{NodeId as _, Time, node};
use super::unit::Unit;
use super::words::{Role, Word};
use crate::service::ServiceError;
use crate::service::account::{Client, NewAccount, SESSION_SECONDS, SignIn};
use crate::store::account::AccountRow;

/// Somebody who signs in. 账号
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct Account {
    /// Its id. 编号
    id: ID,
    /// What is typed to sign in. 登录名
    login: String,
    /// The name colleagues see. 姓名
    name: String,
    /// What it is trusted with. 角色
    roles: Vec<Word>,
    /// Whether it may sign in. 启用
    active: bool,
    /// Whether the password was given by an administrator and has to be changed before anything else is done. 须修改密码
    must_change_password: bool,
    /// Whether signing in takes a code of an authenticator app as well. 动态口令
    second_factor: bool,
    #[graphql(skip)]
    unit_id: String,
}

impl Account {
    /// Out of its row.
    pub fn new(row: AccountRow) -> Self {
        Self {
            id: node("account", &row.id),
            login: row.login,
            name: row.name,
            roles: row.roles.split_whitespace().map(Word::role).collect(),
            active: row.active,
            must_change_password: row.must_change,
            second_factor: row.second_factor,
            unit_id: row.unit_id,
        }
    }
}

#[ComplexObject]
impl Account {
    /// The unit the person works for. 单位
    async fn unit(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        Ok(ctx.loaders()?.unit(&self.unit_id).await?.map(Unit::new))
    }

    /// Until when it has to wait after too many wrong attempts; null when it is not locked, and for everybody who may not
    /// read the accounts. 锁定至
    async fn locked_until(&self, ctx: &Context<'_>) -> ApiResult<Option<Time>> {
        Ok(ctx.loaders()?.lock(&self.login).await?.map(Time))
    }
}

/// An account to add. 新账号
#[derive(InputObject)]
pub struct AddAccountInput {
    /// What is typed to sign in: letters, digits, and the signs . _ - only. 登录名
    login: String,
    /// The name colleagues see. 姓名
    name: String,
    /// The unit the person works for. 单位
    unit: ID,
    /// What the person is trusted with; giving roles takes the right to. 角色
    #[graphql(default)]
    roles: Vec<Role>,
    /// The first password, to be changed at the first sign-in: at least eight characters of three classes. 初始密码
    #[graphql(secret)]
    password: String,
}

/// What adding or changing an account came to.
#[derive(Debug, SimpleObject)]
pub struct AccountPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The account. 账号
    account: Option<Account>,
}

impl AccountPayload {
    /// Out of what a use case answered.
    pub fn of(result: Result<AccountRow, ServiceError>) -> ApiResult<Self> {
        let Outcome { status, user_errors, done } = Outcome::of(result)?;
        Ok(Self { status, user_errors, account: done.map(Account::new) })
    }
}

/// What signing in came to.
#[derive(Debug, SimpleObject)]
pub struct SignInPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// Show it as `Authorization: Bearer …` from now on; null when a cookie was asked for. 令牌
    token: Option<String>,
    /// When the session ends. 有效期至
    expires_at: Option<Time>,
    /// Who signed in. 账号
    account: Option<Account>,
}

/// What signing out came to.
#[derive(Debug, SimpleObject)]
pub struct SignOutPayload {
    /// Whether it was done. 结果
    status: Status,
}

/// Queries about accounts.
#[derive(Debug, Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// Who is asking; null for a visitor who did not sign in. 当前账号
    async fn viewer(&self, ctx: &Context<'_>) -> ApiResult<Option<Account>> {
        Ok(ctx.session()?.viewer.account.clone().map(Account::new))
    }

    /// All accounts, in the order of their logins. 账号
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn accounts(&self, ctx: &Context<'_>) -> ApiResult<Vec<Account>> {
        let rows = ctx.service()?.accounts(ctx.signed_in()?).await?;
        Ok(rows.into_iter().map(Account::new).collect())
    }
}

/// Changes of accounts and sessions.
#[derive(Debug, Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Starts a session. 登录
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The login. 登录名")] login: String,
        #[graphql(desc = "The password. 密码", secret)] password: String,
        #[graphql(
            default,
            desc = "Keep the token in a cookie that scripts cannot read, instead of answering with it. 存入 Cookie"
        )]
        cookie: bool,
        #[graphql(
            desc = "A code of the authenticator app or a recovery code, when the account has a second factor. 动态口令",
            secret
        )]
        code: Option<String>,
    ) -> ApiResult<SignInPayload> {
        let client = ctx.data_opt::<Client>().copied().unwrap_or_default();
        let signed_in = ctx.service()?.sign_in_with(SignIn { login, password, code, client }).await;
        let Outcome { status, user_errors, done } = Outcome::of(signed_in)?;
        let Some(done) = done else {
            return Ok(SignInPayload { status, user_errors, token: None, expires_at: None, account: None });
        };
        let expires_at = Some(Time(done.expires_at));
        let account = done.viewer.account.map(Account::new);
        let token = if cookie {
            let text = cookie::set(&done.token, SESSION_SECONDS, ctx.session()?.secure_cookies);
            ctx.insert_http_header("set-cookie", text);
            None
        } else {
            Some(done.token)
        };
        Ok(SignInPayload { status, user_errors, token, expires_at, account })
    }

    /// Ends the session that sends this request. 退出登录
    async fn sign_out(&self, ctx: &Context<'_>) -> ApiResult<SignOutPayload> {
        ctx.signed_in()?;
        let session = ctx.session()?;
        if let Some(token) = &session.token {
            ctx.service()?.sign_out(token).await?;
        }
        ctx.insert_http_header("set-cookie", cookie::clear(session.secure_cookies));
        Ok(SignOutPayload { status: Status::Ok })
    }

    /// Adds an account. 新增账号
    async fn add_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] input: AddAccountInput,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        let new = NewAccount {
            login: input.login,
            name: input.name,
            unit: UnitId::from_node(&input.unit)?,
            roles: input.roles.into_iter().map(access::Role::from).collect(),
            password: input.password,
            must_change: true,
        };
        AccountPayload::of(ctx.service()?.add_account(actor, new).await)
    }

    /// Gives an account exactly these roles. 调整角色
    async fn set_account_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] account: ID,
        #[graphql(desc = "All its roles from now on. 角色")] roles: Vec<Role>,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        let roles = roles.into_iter().map(access::Role::from).collect();
        AccountPayload::of(ctx.service()?.set_roles(actor, AccountId::from_node(&account)?, &roles).await)
    }
}
