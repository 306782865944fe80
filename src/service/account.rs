//! Accounts and sessions: who works here, and who is asking.
//!
//! The account is read anew for every request, so that a change of unit or role holds from the next request on. The
//! ledger tells of accounts and sessions by id only: never a login or a name. What is recorded stands in
//! `docs/accounts.md`.

mod access_token;
mod manage;
mod second_factor;
mod session;
mod sign_in;
mod totp;

use std::collections::BTreeSet;

use huiyin_domain::access::{Action, Actor, Limit, Object, Permit, Role, UnitKind, allowed, check_roles};
use huiyin_domain::id::{AccountId, SessionId, UnitId};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::auth::{check_password, token_digest};
use super::error::or_taken;
use super::{Refusal, Service, ServiceError, checked_name, stored_id};
use crate::store::Tx;
use crate::store::account::{self as accounts, AccountRow, HeldRow};
use crate::store::unit::{self as units, UnitRow};

pub use super::auth::{IDLE_SECONDS, LOCK_SECONDS, MAX_ATTEMPTS, SESSION_SECONDS};
pub use access_token::{ACCESS_TOKEN_PREFIX, MAX_TOKEN_DAYS, NewAccessToken, TokenScope};
pub use second_factor::{Enrolment, RECOVERY_CODES};
pub use session::Client;
pub use sign_in::{SignIn, SignedInBy};

pub(super) use session::NOTING_PATIENCE;
use session::Used;
pub(super) use sign_in::too_many_attempts;

/// The most characters of a login.
const MAX_LOGIN_CHARS: usize = 64;

/// An account to add.
#[derive(Clone)]
pub struct NewAccount {
    /// What is typed to sign in; kept in lower case.
    pub login: String,
    /// The name colleagues see.
    pub name: String,
    /// The unit the person works for.
    pub unit: UnitId,
    /// What the person is trusted with; may be empty and given later.
    pub roles: BTreeSet<Role>,
    /// The first password.
    pub password: String,
    /// Whether the person has to change it before doing anything else: so it is whenever somebody else chose it.
    pub must_change: bool,
}

impl std::fmt::Debug for NewAccount {
    /// Without the password, and without who it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("unit", &self.unit).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Somebody who has just signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// What to show with every request; nowhere else written in this form.
    pub token: String,
    /// When it ends.
    pub expires_at: Instant,
    /// Who it is.
    pub viewer: Viewer,
}

impl std::fmt::Debug for SignedIn {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Who is asking.
#[derive(Clone)]
pub struct Viewer {
    /// As the one place that authorises sees them.
    pub actor: Actor,
    /// The account, without its password's hash; `None` for a visitor.
    pub account: Option<AccountRow>,
    /// The session; `None` for a visitor, and where an access token is shown.
    pub session: Option<SessionId>,
    /// The ledger's newest number when the session was read; `None` where none was. Whatever was read of the store at or
    /// after this number is as new as this viewer may expect.
    pub seen: Option<i64>,
}

impl Viewer {
    /// A visitor who did not sign in.
    pub const PUBLIC: Self = Self { actor: Actor::Public, account: None, session: None, seen: None };

    /// The viewer behind an account; its password's hash is dropped.
    pub fn of(row: AccountRow) -> Result<Self, ServiceError> {
        Self::limited(row, Limit::None)
    }

    /// The viewer of a session, whom this vouched for. A first password holds nobody up who came without one.
    fn vouched(row: AccountRow, by: SignedInBy) -> Result<Self, ServiceError> {
        let must_change = row.must_change && by == SignedInBy::Password;
        Self::of(AccountRow { must_change, ..row })
    }

    /// The same with narrowed rights. A password that has to be changed narrows them most.
    fn limited(mut row: AccountRow, limit: Limit) -> Result<Self, ServiceError> {
        row.password_hash.clear();
        let limit = if row.must_change { Limit::PasswordChange } else { limit };
        Ok(Self { actor: actor_of(&row, limit)?, account: Some(row), session: None, seen: None })
    }
}

impl std::fmt::Debug for Viewer {
    /// Without who it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl Service {
    /// All accounts, without their passwords' hashes.
    pub async fn accounts(&self, actor: &Actor) -> Result<Vec<AccountRow>, ServiceError> {
        allowed(actor, Action::ViewAccounts, &Object::None)?;
        let mut rows = accounts::all(&mut self.store.read().await?.conn()).await?;
        for row in &mut rows {
            row.password_hash.clear();
        }
        Ok(rows)
    }

    /// Adds an account. Giving it roles at once takes the right to give roles as well: the administrator who adds people
    /// and the one who trusts them are two (三员分立).
    pub async fn add_account(&self, actor: &Actor, new: NewAccount) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageAccounts, &Object::None)?;
        if !new.roles.is_empty() {
            allowed(actor, Action::ManageRoles, &Object::None)?;
        }
        check_roles(&new.roles)?;
        let login = normal_login(&new.login).ok_or_else(|| {
            Refusal::new("login_shape", "登录名只能用英文字母、数字和 . _ - 三种符号，2 至 64 个字符，请修改。")
        })?;
        let name = checked_name(&new.name)
            .ok_or_else(|| Refusal::new("account_name_missing", "请填写姓名，最多 64 个字。"))?;
        check_password(&new.password, &login)?;
        let unit = self.active_unit(new.unit).await?;
        let password_hash = self.sign_in.hash(new.password, self.random()?).await?;
        let now = self.now();
        let id = AccountId::new(now, self.random()?);
        let row = AccountRow {
            id: id.to_string(),
            login,
            name,
            unit_id: unit.id,
            roles: role_codes(&new.roles),
            password_hash,
            active: true,
            created_at: now.as_micros(),
            must_change: new.must_change,
            second_factor: false,
            unit_kind: unit.kind,
        };
        self.insert_account(&permit, row, now).await
    }

    async fn insert_account(
        &self,
        permit: &Permit,
        mut row: AccountRow,
        now: Instant,
    ) -> Result<AccountRow, ServiceError> {
        let mut tx = self.store.begin(permit).await?;
        let taken = Refusal::new("login_taken", "已有账号使用这个登录名，请换一个。");
        accounts::insert(&mut tx, row.clone()).await.map_err(or_taken(taken))?;
        let body = json!({ "roles": role_list(&row.roles), "unit": row.unit_id });
        tx.record(format!("account:{}", row.id), "account.added", &body)?;
        tx.commit(now).await?;
        row.password_hash.clear();
        Ok(row)
    }

    /// A unit that people can be moved to.
    async fn active_unit(&self, id: UnitId) -> Result<UnitRow, ServiceError> {
        let unit = units::by_id(&mut self.store.read().await?.conn(), id).await?;
        unit.filter(|unit| unit.active)
            .ok_or_else(|| Refusal::new("unit_unknown", "没有这个责任单位，或者已停用。请重新选择单位。").into())
    }

    /// Gives an account exactly these roles; they hold from its next request on.
    pub async fn set_roles(
        &self,
        actor: &Actor,
        id: AccountId,
        roles: &BTreeSet<Role>,
    ) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageRoles, &Object::Account { id })?;
        check_roles(roles)?;
        if actor.account() == Some(id) {
            return Err(Refusal::new("own_roles", "不能调整自己的角色，请由另一位安全管理员办理。").into());
        }
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let mut row = account_in(&mut tx, id).await?;
        row.roles = role_codes(roles);
        accounts::set_roles(&mut tx, id, &row.roles).await?;
        tx.record(format!("account:{id}"), "account.roles_set", &json!({ "roles": role_list(&row.roles) }))?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// Who shows this token, of a session or an access token; `None` when it is unknown, over, idle for too long or
    /// revoked, or the account is disabled. It counts as a use.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Viewer>, ServiceError> {
        self.known(token, true).await
    }

    /// The same for what happens by itself on a page that lies open: it is no use, so that a session which nobody touches
    /// ends all the same.
    pub async fn still_signed_in(&self, token: &str) -> Result<Option<Viewer>, ServiceError> {
        self.known(token, false).await
    }

    async fn known(&self, token: &str, is_use: bool) -> Result<Option<Viewer>, ServiceError> {
        let (digest, now) = (token_digest(token), self.now());
        if token.starts_with(ACCESS_TOKEN_PREFIX) {
            return self.known_access_token(&digest, is_use, now).await;
        }
        // Before the session is read, so that a change made meanwhile is not taken for one already seen.
        let written = self.store.written();
        if let Some(viewer) = self.recent.get(&digest, written, now) {
            return Ok(Some(viewer));
        }
        let mut reader = self.store.read().await?;
        let idle_since = now.plus_seconds(-IDLE_SECONDS).as_micros();
        let held = accounts::by_token(&mut reader.conn(), &digest, now.as_micros(), idle_since).await?;
        drop(reader);
        let Some(HeldRow { account, by }) = held else { return Ok(None) };
        let session = Some(stored_id("session", &by.id)?);
        let vouched = SignedInBy::parse(&by.signed_in_by);
        if is_use {
            self.note_use(Used::Session(by.id), Some(by.last_used_at), now).await;
        }
        let viewer = Viewer { session, seen: Some(by.head), ..Viewer::vouched(account, vouched)? };
        // What was no use is not kept: a use a moment later has to be noted.
        if is_use && self.store.is_embedded() {
            self.recent.keep(digest, &viewer, written, now);
        }
        Ok(Some(viewer))
    }
}

/// Sessions are started and ended by the program itself, for the account the ledger entry names.
fn session_permit(id: AccountId) -> Result<Permit, ServiceError> {
    Ok(allowed(&Actor::System("session"), Action::ManageAccounts, &Object::Account { id })?)
}

/// The account within a transaction, without its password's hash; refused when it is not there.
async fn account_in(tx: &mut Tx, id: AccountId) -> Result<AccountRow, ServiceError> {
    let row = accounts::by_id(&mut tx.conn(), id).await?;
    let mut row = row.ok_or_else(|| Refusal::new("account_unknown", "没有这个账号，请刷新列表后重新选择。"))?;
    row.password_hash.clear();
    Ok(row)
}

/// The account of whoever asks for something of their own, with leave to do it.
fn own_permit(actor: &Actor, action: Action) -> Result<(AccountId, Permit), ServiceError> {
    // A visitor or a part of the program has no account: the answer is the same for whatever object.
    let id = actor.account().unwrap_or_else(|| AccountId::from(uuid::Uuid::nil()));
    Ok((id, allowed(actor, action, &Object::Account { id })?))
}

/// Refuses what an administrator must not do to the own account.
fn not_own(actor: &Actor, id: AccountId) -> Result<(), Refusal> {
    if actor.account() == Some(id) {
        return Err(Refusal::new(
            "own_account",
            "不能这样处理自己的账号，请由另一位管理员办理；自己的密码请用“修改密码”。",
        ));
    }
    Ok(())
}

fn actor_of(row: &AccountRow, limit: Limit) -> Result<Actor, ServiceError> {
    let inconsistent = |problem: &str| ServiceError::Inconsistent {
        subject: format!("account:{}", row.id),
        problem: problem.to_owned(),
    };
    let roles = row.roles.split_whitespace().map(|code| Role::parse(code).ok_or_else(|| inconsistent("unknown role")));
    Ok(Actor::Account {
        id: stored_id("account", &row.id)?,
        unit: stored_id("unit", &row.unit_id)?,
        unit_kind: UnitKind::parse(&row.unit_kind).ok_or_else(|| inconsistent("unknown kind of unit"))?,
        roles: roles.collect::<Result<_, _>>()?,
        limit,
    })
}

/// A login in the form in which it is kept; `None` when it cannot be one.
fn normal_login(text: &str) -> Option<String> {
    let login = text.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((2..=MAX_LOGIN_CHARS).contains(&login.len()) && login.bytes().all(plain)).then_some(login)
}

fn role_codes(roles: &BTreeSet<Role>) -> String {
    roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(" ")
}

fn role_list(codes: &str) -> Vec<&str> {
    codes.split_whitespace().collect()
}
