//! Accounts 经办人 and their sessions.

use huiyin_domain::id::{AccountId, SessionId, UnitId};

use super::StoreError;
use super::db::Conn;
use super::statement::{Cell as _, Cells, Insert, Record, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// An account.
    pub struct AccountRow {
        "account.id" =>
        /// Its id.
        id: String,
        "account.login" =>
        /// What is typed to sign in, unique, lower case.
        login: String,
        "account.name" =>
        /// The name colleagues see.
        name: String,
        "account.unit_id" =>
        /// The unit it belongs to.
        unit_id: String,
        "account.roles" =>
        /// Codes of `access::Role`, separated by spaces.
        roles: String,
        "account.password_hash" =>
        /// Argon2id in PHC string form.
        password_hash: String,
        "account.active" =>
        /// Whether it may sign in.
        active: bool,
        "account.created_at" =>
        /// Microseconds UTC.
        created_at: i64,
        "account.must_change" =>
        /// Whether the password was given by somebody else and has to be changed first.
        must_change: bool,
        "account.second_factor" =>
        /// Whether signing in takes a code as well.
        second_factor: bool,
        "unit.kind" =>
        /// Code of the unit's `access::UnitKind`.
        unit_kind: String,
    }
}

record! {
    /// A session.
    pub struct SessionRow {
        "id" =>
        /// Its id.
        id: String,
        "account_id" =>
        /// Whose it is.
        account_id: String,
        "client" =>
        /// Coarsely, what it was started from: code of `service::account::Client`.
        client: String,
        "created_at" =>
        /// When it was started, microseconds UTC.
        created_at: i64,
        "last_used_at" =>
        /// When it was last used, to the minute; microseconds UTC.
        last_used_at: i64,
        "expires_at" =>
        /// When it ends however much it is used, microseconds UTC.
        expires_at: i64,
        "signed_in_by" =>
        /// Who vouched for the person: code of `service::account::SignedInBy`.
        signed_in_by: String,
    }
}

/// An account and the session or access token by which it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow<T> {
    /// The account.
    pub account: AccountRow,
    /// By what it was found.
    pub by: T,
}

/// What a request needs of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionMark {
    /// The session's id.
    pub id: String,
    /// When it was last used, to the minute; microseconds UTC.
    pub last_used_at: i64,
    /// Who vouched for the person: code of `service::account::SignedInBy`.
    pub signed_in_by: String,
    /// The ledger's newest number when this was read.
    pub head: i64,
}

/// The number of an account's columns: what a statement selects besides comes after them.
pub(super) fn account_width() -> usize {
    AccountRow::COLUMNS.split(',').count()
}

impl Record for HeldRow<SessionMark> {
    const COLUMNS: &'static str = "";

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        let next = account_width();
        let by = SessionMark {
            id: String::read(cells, next)?,
            last_used_at: i64::read(cells, next + 1)?,
            signed_in_by: String::read(cells, next + 2)?,
            head: i64::read(cells, next + 3)?,
        };
        Ok(Self { account: AccountRow::read(cells)?, by })
    }
}

pub(super) const ACCOUNT_COLUMNS: &[&str] = &[
    "id",
    "login",
    "name",
    "unit_id",
    "roles",
    "password_hash",
    "active",
    "created_at",
    "must_change",
    "second_factor",
];
pub(super) const SESSION_COLUMNS: &[&str] =
    &["id", "account_id", "client", "created_at", "last_used_at", "expires_at", "signed_in_by", "token_digest"];
pub(super) const BY_LOGIN: &str = "FROM account JOIN unit ON unit.id = account.unit_id WHERE account.login = $1";
pub(super) const BY_ID: &str = "FROM account JOIN unit ON unit.id = account.unit_id WHERE account.id = $1";
pub(super) const ALL: &str = "FROM account JOIN unit ON unit.id = account.unit_id ORDER BY account.login";
pub(super) const BY_TOKEN: &str = "FROM session \
     JOIN account ON account.id = session.account_id \
     JOIN unit ON unit.id = account.unit_id \
     WHERE session.token_digest = $1 AND session.revoked_at IS NULL AND session.expires_at > $2 \
     AND session.last_used_at > $3 AND account.active";
pub(super) const REVOKE: &str = "UPDATE session SET revoked_at = $1 WHERE token_digest = $2 AND revoked_at IS NULL";
pub(super) const REVOKE_ALL: &str = "UPDATE session SET revoked_at = $1 WHERE account_id = $2 AND revoked_at IS NULL";
pub(super) const REVOKE_OTHERS: &str =
    "UPDATE session SET revoked_at = $1 WHERE account_id = $2 AND id <> $3 AND revoked_at IS NULL";
pub(super) const REVOKE_ONE: &str =
    "UPDATE session SET revoked_at = $1 WHERE account_id = $2 AND id = $3 AND revoked_at IS NULL";
pub(super) const TOUCH: &str = "UPDATE session SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1";
pub(super) const SESSIONS: &str = "FROM session WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 \
     AND last_used_at > $3 ORDER BY created_at DESC, id DESC LIMIT 100";
pub(super) const SESSION_BY_ID: &str = "FROM session WHERE id = $1";

pub(super) const SET_ROLES: &str = "UPDATE account SET roles = $1 WHERE id = $2";
pub(super) const SET_PASSWORD: &str = "UPDATE account SET password_hash = $1, must_change = $2 WHERE id = $3";
/// Changes nothing; it takes the row's lock, under which it holds until the transaction ends.
pub(super) const HOLD: &str = "UPDATE account SET active = active WHERE id = $1 AND active";
pub(super) const HOLD_PROVED: &str =
    "UPDATE account SET active = active WHERE id = $1 AND active AND password_hash = $2";
pub(super) const SET_ACTIVE: &str = "UPDATE account SET active = $1 WHERE id = $2";
pub(super) const SET_UNIT: &str = "UPDATE account SET unit_id = $1 WHERE id = $2";
pub(super) const SET_SECOND_FACTOR: &str = "UPDATE account SET second_factor = $1 WHERE id = $2";

/// One account by what is typed to sign in.
pub async fn by_login(conn: &mut Conn<'_>, login: &str) -> Result<Option<AccountRow>, StoreError> {
    conn.optional(Statement::select::<AccountRow>(BY_LOGIN, values![login])).await
}

/// One account.
pub async fn by_id(conn: &mut Conn<'_>, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
    conn.optional(Statement::select::<AccountRow>(BY_ID, values![id.to_string()])).await
}

/// Several accounts by id, in no particular order.
pub async fn by_ids(conn: &mut Conn<'_>, ids: &[String]) -> Result<Vec<AccountRow>, StoreError> {
    conn.all(by_ids_statement(ids)).await
}

pub(super) fn by_ids_statement(ids: &[String]) -> Statement {
    let from = "FROM account JOIN unit ON unit.id = account.unit_id";
    Statement::select_any::<AccountRow>(from, "account.id", texts(ids), "")
}

/// All accounts in the order of their logins. There are hundreds at the most, so they are not paged.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<AccountRow>, StoreError> {
    conn.all(Statement::select::<AccountRow>(ALL, values![])).await
}

/// The account behind a session's token that is neither expired nor revoked, and was used after `used_since`;
/// `token_digest` in hexadecimal, times in µs UTC.
pub async fn by_token(
    conn: &mut Conn<'_>,
    token_digest: &str,
    now: i64,
    used_since: i64,
) -> Result<Option<HeldRow<SessionMark>>, StoreError> {
    conn.optional(by_token_statement(token_digest, now, used_since)).await
}

pub(super) fn by_token_statement(token_digest: &str, now: i64, used_since: i64) -> Statement {
    let columns = AccountRow::COLUMNS;
    let head = "(SELECT seq FROM ledger_head WHERE id = 1)";
    let sql = format!("SELECT {columns}, session.id, session.last_used_at, session.signed_in_by, {head} {BY_TOKEN}");
    Statement::assembled(sql, values![token_digest, now, used_since])
}

/// Adds an account (`unit_kind` is the unit's and is not written).
pub async fn insert(tx: &mut Tx, row: AccountRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("account", ACCOUNT_COLUMNS);
    insert.push([
        row.id.into(),
        row.login.into(),
        row.name.into(),
        row.unit_id.into(),
        row.roles.into(),
        row.password_hash.into(),
        row.active.into(),
        row.created_at.into(),
        row.must_change.into(),
        row.second_factor.into(),
    ]);
    tx.insert(insert).await
}

/// Gives an account these roles: codes of `access::Role`, separated by spaces.
pub async fn set_roles(tx: &mut Tx, id: AccountId, roles: &str) -> Result<(), StoreError> {
    tx.change(SET_ROLES, values![roles, id.to_string()], "account", id).await
}

/// Gives an account another password: its hash, and whether it has to be changed before anything else is done.
pub async fn set_password(tx: &mut Tx, id: AccountId, hash: &str, must_change: bool) -> Result<(), StoreError> {
    tx.change(SET_PASSWORD, values![hash, must_change, id.to_string()], "account", id).await
}

/// Holds an account as it is until the transaction ends; tells whether it may sign in, and still by the password with this
/// hash where one was proved.
pub async fn hold(tx: &mut Tx, id: AccountId, proved: Option<&str>) -> Result<bool, StoreError> {
    let held = match proved {
        Some(hash) => tx.execute(HOLD_PROVED, values![id.to_string(), hash]).await?,
        None => tx.execute(HOLD, values![id.to_string()]).await?,
    };
    Ok(held == 1)
}

/// Sets whether an account may sign in.
pub async fn set_active(tx: &mut Tx, id: AccountId, active: bool) -> Result<(), StoreError> {
    tx.change(SET_ACTIVE, values![active, id.to_string()], "account", id).await
}

/// Moves an account to a unit.
pub async fn set_unit(tx: &mut Tx, id: AccountId, unit: UnitId) -> Result<(), StoreError> {
    tx.change(SET_UNIT, values![unit.to_string(), id.to_string()], "account", id).await
}

/// Sets whether signing in takes a code as well.
pub async fn set_second_factor(tx: &mut Tx, id: AccountId, on: bool) -> Result<(), StoreError> {
    tx.change(SET_SECOND_FACTOR, values![on, id.to_string()], "account", id).await
}

/// Adds a session; of its token only the digest (hexadecimal) is kept.
pub async fn insert_session(tx: &mut Tx, row: SessionRow, token_digest: &str) -> Result<(), StoreError> {
    let mut insert = Insert::new("session", SESSION_COLUMNS);
    insert.push([
        row.id.into(),
        row.account_id.into(),
        row.client.into(),
        row.created_at.into(),
        row.last_used_at.into(),
        row.expires_at.into(),
        row.signed_in_by.into(),
        token_digest.into(),
    ]);
    tx.insert(insert).await
}

/// The sessions of an account that are under way, the newest first, a hundred at the most. Times in µs UTC.
pub async fn sessions(
    conn: &mut Conn<'_>,
    account: AccountId,
    now: i64,
    used_since: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    let values = values![account.to_string(), now, used_since];
    conn.all(Statement::select::<SessionRow>(SESSIONS, values)).await
}

/// One session, over or not.
pub async fn session_by_id(conn: &mut Conn<'_>, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
    conn.optional(Statement::select::<SessionRow>(SESSION_BY_ID, values![id.to_string()])).await
}

/// Notes that a session was used at `now` (µs UTC).
pub async fn touch(tx: &mut Tx, session: &str, now: i64) -> Result<(), StoreError> {
    tx.execute(TOUCH, values![now, session]).await.map(drop)
}

/// Ends the session of a token; tells whether there was one.
pub async fn revoke(tx: &mut Tx, token_digest: &str, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, values![now, token_digest]).await? > 0)
}

/// Ends one session of an account; tells whether there was one.
pub async fn revoke_one(tx: &mut Tx, account: AccountId, id: SessionId, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE_ONE, values![now, account.to_string(), id.to_string()]).await? > 0)
}

/// Ends all sessions of an account but the one to keep; tells how many there were.
pub async fn revoke_others(tx: &mut Tx, account: AccountId, keep: SessionId, now: i64) -> Result<u64, StoreError> {
    tx.execute(REVOKE_OTHERS, values![now, account.to_string(), keep.to_string()]).await
}

/// Ends all sessions of an account; tells how many there were.
pub async fn revoke_all(tx: &mut Tx, account: AccountId, now: i64) -> Result<u64, StoreError> {
    tx.execute(REVOKE_ALL, values![now, account.to_string()]).await
}
