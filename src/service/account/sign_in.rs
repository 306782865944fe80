//! Signing in and out, and the lock-out after too many wrong attempts.

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::{AccountId, SessionId};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::second_factor::Code;
use super::{Client, SignedIn, Viewer, normal_login, own_permit, session_permit};
use crate::service::auth::{LOCK_SECONDS, MAX_ATTEMPTS, SESSION_SECONDS, token_digest};
use crate::service::{Refusal, Service, ServiceError, stored_id};
use crate::store::account::{self as accounts, AccountRow, SessionRow};
use crate::store::sign_in_lock::{self as locks, LockRow};

/// What somebody shows to sign in.
#[derive(Clone, Default)]
pub struct SignIn {
    /// What the person calls themselves.
    pub login: String,
    /// The password.
    pub password: String,
    /// A code of the second factor or a recovery code; asked for when the account has a second factor.
    pub code: Option<String>,
    /// What the person uses.
    pub client: Client,
}

impl std::fmt::Debug for SignIn {
    /// Without what is secret, and without who it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("client", &self.client).finish_non_exhaustive()
    }
}

/// Who vouched for a person when their session was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedInBy {
    /// The account's own password, with the second factor where there is one.
    Password,
    /// An identity provider (OpenID Connect) 统一身份认证.
    Provider,
}

impl SignedInBy {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "oidc",
        }
    }

    /// The one with this code; what is unknown is the stricter one.
    pub fn parse(code: &str) -> Self {
        if code == Self::Provider.code() { Self::Provider } else { Self::Password }
    }
}

/// What a session is started on.
enum Proof<'a> {
    /// A password, and what was shown besides.
    Code(&'a Code),
    /// An identity provider's word.
    Provider,
}

impl Proof<'_> {
    const fn by(&self) -> SignedInBy {
        match self {
            Self::Code(_) => SignedInBy::Password,
            Self::Provider => SignedInBy::Provider,
        }
    }

    /// What the ledger says of it beside the session.
    fn entry(&self, session: SessionId) -> serde_json::Value {
        match self {
            Self::Code(code) => json!({ "session": session.to_string(), "factor": code.kind() }),
            Self::Provider => json!({ "session": session.to_string(), "by": self.by().code() }),
        }
    }
}

/// An account whose password was right, and the number of the attempt.
pub(super) struct Proved {
    pub(super) row: AccountRow,
    attempt: usize,
}

impl Service {
    /// Starts a session of an account without a second factor. Whether login or password was wrong is not told.
    pub async fn sign_in(&self, login: &str, password: String) -> Result<SignedIn, ServiceError> {
        self.sign_in_with(SignIn { login: login.to_owned(), password, ..SignIn::default() }).await
    }

    /// Starts a session. Whether login or password was wrong is not told; that a code is missing or wrong is told only
    /// to who has shown the password.
    pub async fn sign_in_with(&self, shown: SignIn) -> Result<SignedIn, ServiceError> {
        // What nobody can be called is not remembered either.
        let login = normal_login(&shown.login).ok_or_else(sign_in_refused)?;
        let Proved { row, attempt } = self.prove(&login, shown.password).await?.ok_or_else(sign_in_refused)?;
        let code = if row.second_factor {
            let Some(code) = shown.code.filter(|code| !code.trim().is_empty()) else {
                // Nothing was guessed. The attempts that were stay counted, so that asking again does not free them.
                self.sign_in.withdraw(&login);
                return Err(Refusal::new("second_factor_required", "该账号启用了动态口令，请输入六位动态口令。").into());
            };
            self.read_code(&row, &code).await?
        } else {
            Some(Code::None)
        };
        let id: AccountId = stored_id("account", &row.id)?;
        let started = match code {
            Some(code) => self.start_session(row, &Proof::Code(&code), shown.client).await?,
            None => None,
        };
        let Some(started) = started else {
            self.failed(&login, attempt, Some(id)).await?;
            let wrong = "动态口令不对或者已经用过，请等待下一个口令后重试，或使用恢复码。";
            return Err(Refusal::new("second_factor_wrong", wrong).into());
        };
        self.sign_in.succeeded(&login);
        Ok(started)
    }

    /// Starts a session of whom an identity provider vouched for, under this login. No account is made: somebody gave each
    /// its unit and roles. Wrong passwords lock nobody out here, because none is looked at, a second factor is the
    /// provider's affair, and a first password need not be changed.
    pub async fn sign_in_vouched(&self, login: &str, client: Client) -> Result<SignedIn, ServiceError> {
        let unknown = || {
            Refusal::new(
                "identity_unknown",
                "统一身份认证已通过，但这里没有对应的账号。请联系系统管理员添加账号，或用登录名和密码登录。",
            )
        };
        let login = normal_login(login).ok_or_else(unknown)?;
        let row = accounts::by_login(&mut self.store.read().await?.conn(), &login).await?.ok_or_else(unknown)?;
        if !row.active {
            return Err(account_disabled().into());
        }
        // Nothing is used up that somebody else could have used first.
        let started = self.start_session(row, &Proof::Provider, client).await?;
        started.ok_or_else(|| unknown().into())
    }

    /// The account whose login and password these are; `None` when they are not. Refused without a look at the password
    /// when there were too many attempts.
    pub(super) async fn prove(&self, login: &str, password: String) -> Result<Option<Proved>, ServiceError> {
        let now = self.now();
        let mut reader = self.store.read().await?;
        let lock = locks::by_login(&mut reader.conn(), &token_digest(login), now.as_micros()).await?;
        let row = accounts::by_login(&mut reader.conn(), login).await?.filter(|row| row.active);
        drop(reader);
        if lock.is_some() {
            return Err(too_many_attempts().into());
        }
        let attempt = self.sign_in.attempt(login, now)?;
        let id = row.as_ref().map(|row| stored_id("account", &row.id)).transpose()?;
        let hash = row.as_ref().map(|row| row.password_hash.clone());
        if self.sign_in.verify(password, hash).await? {
            return Ok(row.map(|row| Proved { row, attempt }));
        }
        self.failed(login, attempt, id).await?;
        Ok(None)
    }

    /// Locks a login at its last attempt, so that it stays locked when the program starts anew. A login that nobody has is
    /// locked like any other; the ledger tells of accounts only.
    async fn failed(&self, login: &str, attempt: usize, account: Option<AccountId>) -> Result<(), ServiceError> {
        if attempt < MAX_ATTEMPTS {
            return Ok(());
        }
        let now = self.now();
        let until = now.plus_seconds(LOCK_SECONDS);
        let object = account.map_or(Object::None, |id| Object::Account { id });
        let mut tx = self.store.begin(&allowed(&Actor::System("session"), Action::ManageAccounts, &object)?).await?;
        let row = LockRow { login_digest: token_digest(login), locked_until: until.as_micros() };
        match locks::lock(&mut tx, row, now.as_micros()).await {
            // Another node has just locked it.
            Err(error) if error.is_taken() => return Ok(()),
            other => other?,
        }
        if let Some(id) = account {
            tx.record(format!("account:{id}"), "account.locked", &json!({ "until": until.to_string() }))?;
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// Starts a session and uses up what it is started on, in one transaction; `None` when that was used before. Refused
    /// when the account was disabled, or its password changed, since it was proved.
    async fn start_session(
        &self,
        row: AccountRow,
        proof: &Proof<'_>,
        client: Client,
    ) -> Result<Option<SignedIn>, ServiceError> {
        let account: AccountId = stored_id("account", &row.id)?;
        let token = hex::encode(self.random::<32>()?);
        let now = self.now();
        let expires_at = now.plus_seconds(SESSION_SECONDS);
        let session = SessionId::new(now, self.random()?);
        let mut tx = self.store.begin(&session_permit(account)?).await?;
        let (proved, changed) = match proof {
            Proof::Code(_) => (Some(row.password_hash.as_str()), sign_in_refused()),
            Proof::Provider => (None, account_disabled()),
        };
        if !accounts::hold(&mut tx, account, proved).await? {
            return Err(changed.into());
        }
        if let Proof::Code(code) = proof
            && !code.use_up(&mut tx, account, now).await?
        {
            return Ok(None);
        }
        let started = SessionRow {
            id: session.to_string(),
            account_id: row.id.clone(),
            client: client.code().to_owned(),
            created_at: now.as_micros(),
            last_used_at: now.as_micros(),
            expires_at: expires_at.as_micros(),
            signed_in_by: proof.by().code().to_owned(),
        };
        accounts::insert_session(&mut tx, started, &token_digest(&token)).await?;
        tx.record(format!("account:{account}"), "session.started", &proof.entry(session))?;
        tx.commit(now).await?;
        let viewer = Viewer { session: Some(session), ..Viewer::vouched(row, proof.by())? };
        Ok(Some(SignedIn { token, expires_at, viewer }))
    }

    /// Ends a session; tells whether there was one. An access token is refused: it is revoked instead.
    pub async fn sign_out(&self, token: &str) -> Result<bool, ServiceError> {
        let Some(viewer) = self.authenticate(token).await? else { return Ok(false) };
        let (account, permit) = own_permit(&viewer.actor, Action::SignOut)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        if !accounts::revoke(&mut tx, &token_digest(token), now.as_micros()).await? {
            return Ok(false);
        }
        let session = viewer.session.map(|id| id.to_string());
        tx.record(format!("account:{account}"), "session.ended", &json!({ "session": session }))?;
        tx.commit(now).await?;
        Ok(true)
    }

    /// Until when each of these logins has to wait before the next attempt, as far as they have to. Who may not read the
    /// accounts learns of none.
    pub async fn locks_of(&self, actor: &Actor, logins: &[String]) -> Result<Vec<(String, Instant)>, ServiceError> {
        if allowed(actor, Action::ViewAccounts, &Object::None).is_err() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let digests: Vec<String> = logins.iter().map(|login| token_digest(login)).collect();
        let rows = locks::by_logins(&mut self.store.read().await?.conn(), &digests).await?;
        let until = |digest: &str| rows.iter().find(|row| row.login_digest == digest).map(|row| row.locked_until);
        let locked = logins.iter().zip(&digests).filter_map(|(login, digest)| {
            let until = Instant::from_micros(until(digest)?);
            (until > now).then(|| (login.clone(), until))
        });
        Ok(locked.collect())
    }
}

fn sign_in_refused() -> Refusal {
    Refusal::new("sign_in_refused", "登录名或密码不对，请核对后重试。")
}

fn account_disabled() -> Refusal {
    Refusal::new("account_disabled", "该账号已停用，不能登录。请联系系统管理员。")
}

/// Why not even the right password is looked at.
pub(in crate::service) fn too_many_attempts() -> Refusal {
    Refusal::new("too_many_attempts", "登录失败次数过多，请十分钟后再试，或联系系统管理员。")
}
