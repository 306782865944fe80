//! Units, accounts and sessions: who works here, and who is asking.
//!
//! The account is read anew for every request, so that a change of unit or role holds from the next request on. The
//! ledger tells of accounts and sessions by id only: never a login or a name.

use std::collections::BTreeSet;

use huiyin_domain::access::{Action, Actor, Object, Permit, Role, UnitKind, allowed, check_roles};
use huiyin_domain::id::{AccountId, SessionId, UnitId};
use huiyin_domain::item::Code;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::auth::{check_password, token_digest};
use super::error::or_taken;
use super::{Refusal, Service, ServiceError, stored_id};
use crate::store::account::{self as accounts, AccountRow};
use crate::store::statement::WithNumber;
use crate::store::unit::{self as units, UnitRow};

/// How long a session lasts.
pub const SESSION_SECONDS: i64 = 12 * 3_600;
/// The most characters of a name or a login.
const MAX_NAME_CHARS: usize = 64;

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
    /// The ledger's newest number when the session was read; `None` where none was. Whatever was read of the store at or
    /// after this number is as new as this viewer may expect.
    pub seen: Option<i64>,
}

impl Viewer {
    /// A visitor who did not sign in.
    pub const PUBLIC: Self = Self { actor: Actor::Public, account: None, seen: None };

    /// The viewer behind an account; its password's hash is dropped.
    pub fn of(mut row: AccountRow) -> Result<Self, ServiceError> {
        row.password_hash.clear();
        Ok(Self { actor: actor_of(&row)?, account: Some(row), seen: None })
    }
}

impl std::fmt::Debug for Viewer {
    /// Without who it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl Service {
    /// Adds a responsible unit. `code` is short, lower case and unique, such as `zhk`.
    pub async fn add_unit(
        &self,
        actor: &Actor,
        code: &str,
        name: &str,
        kind: UnitKind,
    ) -> Result<UnitRow, ServiceError> {
        let permit = allowed(actor, Action::ManageUnits, &Object::None)?;
        let code: Code = code.trim().parse().map_err(|_| {
            Refusal::new("unit_code_shape", "单位代码只能用小写字母、数字和连字符，1 至 64 个字符，请修改。")
        })?;
        let name =
            checked_name(name).ok_or_else(|| Refusal::new("unit_name_missing", "请填写单位名称，最多 64 个字。"))?;
        let now = self.now();
        let id = UnitId::new(now, self.random()?);
        let row = UnitRow {
            id: id.to_string(),
            code: code.to_string(),
            name,
            kind: kind.code().to_owned(),
            active: true,
            created_at: now.as_micros(),
        };
        let mut tx = self.store.begin(&permit).await?;
        let taken = Refusal::new("unit_code_taken", "已有单位使用这个代码，请换一个。");
        units::insert(&mut tx, row.clone()).await.map_err(or_taken(taken))?;
        tx.record(format!("unit:{id}"), "unit.added", &json!({ "code": code.as_str(), "kind": kind.code() }))?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// All units.
    pub async fn units(&self, actor: &Actor) -> Result<Vec<UnitRow>, ServiceError> {
        allowed(actor, Action::ViewUnits, &Object::None)?;
        Ok(units::all(&mut self.store.read().await?.conn()).await?)
    }

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
        check_password(&new.password)?;
        let unit = units::by_id(&mut self.store.read().await?.conn(), new.unit).await?;
        let Some(unit) = unit.filter(|unit| unit.active) else {
            return Err(Refusal::new("unit_unknown", "没有这个责任单位，或者已停用。请重新选择单位。").into());
        };
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
        let Some(mut row) = accounts::by_id(&mut tx.conn(), id).await? else {
            return Err(Refusal::new("account_unknown", "没有这个账号，请刷新列表后重新选择。").into());
        };
        row.roles = role_codes(roles);
        row.password_hash.clear();
        accounts::set_roles(&mut tx, id, &row.roles).await?;
        tx.record(format!("account:{id}"), "account.roles_set", &json!({ "roles": role_list(&row.roles) }))?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// Starts a session. Whether login or password was wrong is not told.
    pub async fn sign_in(&self, login: &str, password: String) -> Result<SignedIn, ServiceError> {
        let refused = || Refusal::new("sign_in_refused", "登录名或密码不对，请核对后重试。");
        // What nobody can be called is not remembered either.
        let login = normal_login(login).ok_or_else(refused)?;
        self.sign_in.attempt(&login, self.now())?;
        let row = accounts::by_login(&mut self.store.read().await?.conn(), &login).await?.filter(|row| row.active);
        let hash = row.as_ref().map(|row| row.password_hash.clone());
        let right = self.sign_in.verify(password, hash).await?;
        let Some(row) = row.filter(|_| right) else { return Err(refused().into()) };
        self.sign_in.succeeded(&login);
        self.start_session(row).await
    }

    async fn start_session(&self, row: AccountRow) -> Result<SignedIn, ServiceError> {
        let account: AccountId = stored_id("account", &row.id)?;
        let permit = session_permit(account)?;
        let token = hex::encode(self.random::<32>()?);
        let now = self.now();
        let expires_at = now.plus_seconds(SESSION_SECONDS);
        let session = SessionId::new(now, self.random()?);
        let mut tx = self.store.begin(&permit).await?;
        let (from, to) = (now.as_micros(), expires_at.as_micros());
        accounts::insert_session(&mut tx, session, &row.id, &token_digest(&token), from, to).await?;
        tx.record(format!("account:{account}"), "session.started", &json!({ "session": session.to_string() }))?;
        tx.commit(now).await?;
        Ok(SignedIn { token, expires_at, viewer: Viewer::of(row)? })
    }

    /// Ends a session; tells whether there was one.
    pub async fn sign_out(&self, token: &str) -> Result<bool, ServiceError> {
        let digest = token_digest(token);
        let now = self.now();
        let row = accounts::by_token(&mut self.store.read().await?.conn(), &digest, now.as_micros()).await?;
        let Some(row) = row.map(|found| found.row) else { return Ok(false) };
        let account: AccountId = stored_id("account", &row.id)?;
        let mut tx = self.store.begin(&session_permit(account)?).await?;
        if !accounts::revoke(&mut tx, &digest, now.as_micros()).await? {
            return Ok(false);
        }
        tx.record(format!("account:{account}"), "session.ended", &json!({}))?;
        tx.commit(now).await?;
        Ok(true)
    }

    /// Who shows this token; `None` when it is unknown, expired or revoked, or the account is disabled.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Viewer>, ServiceError> {
        let digest = token_digest(token);
        let now = self.now();
        // Before the session is read, so that a change made meanwhile is not taken for one already seen.
        let written = self.store.written();
        if let Some(viewer) = self.recent.get(&digest, written, now) {
            return Ok(Some(viewer));
        }
        let row = accounts::by_token(&mut self.store.read().await?.conn(), &digest, now.as_micros()).await?;
        let Some(WithNumber { row, number }) = row else { return Ok(None) };
        let viewer = Viewer { seen: Some(number), ..Viewer::of(row)? };
        if self.store.is_embedded() {
            self.recent.keep(digest, &viewer, written, now);
        }
        Ok(Some(viewer))
    }
}

/// Sessions are started and ended by the program itself, for the account the ledger entry names.
fn session_permit(id: AccountId) -> Result<Permit, ServiceError> {
    Ok(allowed(&Actor::System("session"), Action::ManageAccounts, &Object::Account { id })?)
}

fn actor_of(row: &AccountRow) -> Result<Actor, ServiceError> {
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
    })
}

/// A login in the form in which it is kept; `None` when it cannot be one.
fn normal_login(text: &str) -> Option<String> {
    let login = text.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((2..=MAX_NAME_CHARS).contains(&login.len()) && login.bytes().all(plain)).then_some(login)
}

/// A name without blanks around it; `None` when it is empty or too long.
fn checked_name(name: &str) -> Option<String> {
    let name = name.trim();
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()).then(|| name.to_owned())
}

fn role_codes(roles: &BTreeSet<Role>) -> String {
    roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(" ")
}

fn role_list(codes: &str) -> Vec<&str> {
    codes.split_whitespace().collect()
}
