//! The second factor: codes from an authenticator app, and recovery codes for when it is lost.
//!
//! Neither the secret nor a code is ever in the log or the ledger.

use data_encoding::BASE32_NOPAD;
use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::AccountId;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::manage::password_wrong;
use super::{Viewer, account_in, not_own, own_permit, totp};
use crate::service::auth::token_digest;
use crate::service::error::or_taken;
use crate::service::{Refusal, Service, ServiceError, stored_id};
use crate::store::Tx;
use crate::store::account::{self as accounts, AccountRow};
use crate::store::second_factor::{self as factors, FactorRow};

/// How many recovery codes are given.
pub const RECOVERY_CODES: usize = 10;
/// The letters and digits of a recovery code, fifty bits of chance.
const RECOVERY_CHARS: usize = 10;
/// Under what name authenticator apps list the code.
const ISSUER: &str = "Huiyin";

/// A second factor that waits to be confirmed: shown once.
#[derive(Clone)]
pub struct Enrolment {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same as an `otpauth://` address, to be scanned.
    pub uri: String,
}

impl std::fmt::Debug for Enrolment {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").finish_non_exhaustive()
    }
}

/// What was shown besides the password.
pub(super) enum Code {
    /// Nothing: the account has no second factor.
    None,
    /// The code of a step.
    Totp(i64),
    /// A recovery code, by its digest.
    Recovery(String),
}

impl Code {
    /// What the ledger calls it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Totp(_) => "totp",
            Self::Recovery(_) => "recovery",
        }
    }

    /// Uses it up; tells whether it was still good.
    pub(super) async fn use_up(&self, tx: &mut Tx, account: AccountId, now: Instant) -> Result<bool, ServiceError> {
        match self {
            Self::None => Ok(true),
            Self::Totp(step) => Ok(factors::use_step(tx, account, *step).await?),
            Self::Recovery(digest) => Ok(factors::use_recovery(tx, account, digest, now.as_micros()).await?),
        }
    }
}

impl Service {
    /// What a text is as a code of the account; `None` when it is none. Whether a recovery code is there shows when it is
    /// used up.
    pub(super) async fn read_code(&self, row: &AccountRow, text: &str) -> Result<Option<Code>, ServiceError> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        if plain.len() == RECOVERY_CHARS {
            return Ok(Some(Code::Recovery(recovery_digest(&plain))));
        }
        let id = stored_id("account", &row.id)?;
        let factor = factors::of_account(&mut self.store.read().await?.conn(), id).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else { return Ok(None) };
        let secret = secret_of(&factor)?;
        Ok(totp::step_of(&secret, &plain, self.now(), factor.last_step).map(Code::Totp))
    }

    /// Makes a secret for one's own second factor. It counts once a code of it was shown to
    /// [`Service::confirm_second_factor`]; until then it can be made anew.
    pub async fn begin_second_factor(&self, viewer: &Viewer) -> Result<Enrolment, ServiceError> {
        let (id, permit) = own_permit(&viewer.actor, Action::ManageOwn)?;
        let secret = BASE32_NOPAD.encode(&self.random::<20>()?);
        let mut tx = self.store.begin(&permit).await?;
        let row = account_in(&mut tx, id).await?;
        let present =
            || Refusal::new("second_factor_present", "已经启用动态口令。如需更换设备，请先停用，再重新启用。");
        if row.second_factor {
            return Err(present().into());
        }
        // One that was confirmed this moment stays, and is in the way.
        factors::begin(&mut tx, id, &secret).await.map_err(or_taken(present()))?;
        tx.commit(self.now()).await?;
        // A login holds letters, digits and `._-` only: nothing that an address would have to escape.
        let login = row.login;
        let uri = format!(
            "otpauth://totp/{ISSUER}:{login}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits=6&period={}",
            totp::STEP_SECONDS
        );
        Ok(Enrolment { secret, uri })
    }

    /// Turns one's own second factor on by a code of it. Returns the recovery codes, which are shown this once.
    pub async fn confirm_second_factor(&self, viewer: &Viewer, code: &str) -> Result<Vec<String>, ServiceError> {
        let (id, permit) = own_permit(&viewer.actor, Action::ManageOwn)?;
        let missing = || Refusal::new("second_factor_missing", "没有待确认的动态口令，请重新开始设置。");
        let codes = self.recovery_codes()?;
        let digests: Vec<String> = codes.iter().map(|code| recovery_digest(code)).collect();
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let factor = factors::of_account(&mut tx.conn(), id).await?;
        let factor = factor.filter(|factor| factor.confirmed_at.is_none()).ok_or_else(missing)?;
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let Some(step) = totp::step_of(&secret_of(&factor)?, &plain, now, factor.last_step) else {
            let wrong = "动态口令不对，请核对手机时间和口令后重试。";
            return Err(Refusal::new("second_factor_code", wrong).into());
        };
        if !factors::use_step(&mut tx, id, step).await?
            || !factors::confirm(&mut tx, id, &digests, now.as_micros()).await?
        {
            return Err(missing().into());
        }
        accounts::set_second_factor(&mut tx, id, true).await?;
        tx.record(format!("account:{id}"), "second_factor.added", &json!({ "recovery_codes": codes.len() }))?;
        tx.commit(now).await?;
        Ok(codes)
    }

    /// Takes one's own second factor away, against the password.
    pub async fn remove_second_factor(&self, viewer: &Viewer, password: String) -> Result<AccountRow, ServiceError> {
        own_permit(&viewer.actor, Action::ManageOwn)?;
        let proved = self.prove_own(viewer, password).await?;
        let (id, permit) = own_permit(&viewer.actor, Action::ManageOwn)?;
        let mut tx = self.store.begin(&permit).await?;
        if !accounts::hold(&mut tx, id, Some(&proved)).await? {
            return Err(password_wrong().into());
        }
        let row = take_away(&mut tx, id, "second_factor.removed").await?;
        tx.commit(self.now()).await?;
        Ok(row)
    }

    /// Takes another's second factor away, whose device is lost; their sessions end.
    pub async fn reset_second_factor(&self, actor: &Actor, id: AccountId) -> Result<AccountRow, ServiceError> {
        let permit = allowed(actor, Action::ManageSessions, &Object::Account { id })?;
        not_own(actor, id)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let row = take_away(&mut tx, id, "second_factor.reset").await?;
        accounts::revoke_all(&mut tx, id, now.as_micros()).await?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// How many of one's own recovery codes are left.
    pub async fn recovery_codes_left(&self, actor: &Actor) -> Result<i64, ServiceError> {
        let (id, _) = own_permit(actor, Action::ManageOwn)?;
        Ok(factors::recovery_left(&mut self.store.read().await?.conn(), id).await?)
    }

    fn recovery_codes(&self) -> Result<Vec<String>, ServiceError> {
        let one = || -> Result<String, ServiceError> {
            let text = BASE32_NOPAD.encode(&self.random::<7>()?);
            let (first, second) = (text.get(..5).unwrap_or_default(), text.get(5..RECOVERY_CHARS).unwrap_or_default());
            Ok(format!("{first}-{second}"))
        };
        (0..RECOVERY_CODES).map(|_| one()).collect()
    }
}

async fn take_away(tx: &mut Tx, id: AccountId, kind: &str) -> Result<AccountRow, ServiceError> {
    let row = account_in(tx, id).await?;
    if !factors::remove(tx, id).await? {
        return Err(Refusal::new("second_factor_absent", "该账号没有启用动态口令，无需停用。").into());
    }
    accounts::set_second_factor(tx, id, false).await?;
    tx.record(format!("account:{id}"), kind, &json!({}))?;
    Ok(AccountRow { second_factor: false, ..row })
}

fn secret_of(factor: &FactorRow) -> Result<Vec<u8>, ServiceError> {
    BASE32_NOPAD.decode(factor.secret.as_bytes()).map_err(|_| ServiceError::Inconsistent {
        subject: format!("account:{}", factor.account_id),
        problem: "the second factor's secret is not base32".to_owned(),
    })
}

/// What a recovery code is stored as, however it is typed.
fn recovery_digest(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    token_digest(&plain.to_ascii_uppercase())
}
