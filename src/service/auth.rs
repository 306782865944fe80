//! Passwords, tokens and the brake on guessing. Knows nothing of accounts' rows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::account::too_many_attempts;
use super::{Refusal, ServiceError};

/// Memory of one hash in KiB, passes and lanes: the first choice of OWASP's Password Storage Cheat Sheet for Argon2id.
const HASH_COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Hashes computed at once, so that a wave of sign-ins leaves processor time to everybody else.
const HASHES_AT_ONCE: usize = 2;
/// The fewest and the most characters of a password. The upper bound keeps hashing cheap.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=128;
/// Of the classes capital letter, small letter, digit and other, how many a password must have.
const PASSWORD_CLASSES: usize = 3;
/// The shortest login that a password must not contain: shorter ones are parts of words.
const TELLING_LOGIN_CHARS: usize = 3;
/// How long a session lasts, however much it is used.
pub const SESSION_SECONDS: i64 = 12 * 3_600;
/// How long a session lasts without being used.
pub const IDLE_SECONDS: i64 = 30 * 60;
/// How seldom the use of a session is written down.
pub(super) const USE_NOTED_SECONDS: i64 = 60;
/// Attempts to sign in within [`LOCK_SECONDS`] after which a login has to wait.
pub const MAX_ATTEMPTS: usize = 5;
/// How long an attempt counts, and how long a login then has to wait.
pub const LOCK_SECONDS: i64 = 600;
/// Logins remembered at once; beyond that those whose last attempt lies furthest back are forgotten.
const MAX_LOGINS: usize = 10_000;
/// What the password of a login nobody has is compared with, so that the answer takes as long as for one that exists. It
/// is the hash of no known password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$aHVpeWluIGhhcyBub2JvZHk$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What signing in shares among all requests of a process.
#[derive(Debug)]
pub(super) struct SignInGuard {
    hashes: Arc<Semaphore>,
    brake: Mutex<Brake>,
    /// Sessions and tokens whose last use is being written.
    noting: Mutex<HashSet<String>>,
}

impl Default for SignInGuard {
    fn default() -> Self {
        let hashes = Arc::new(Semaphore::new(HASHES_AT_ONCE));
        Self { hashes, brake: Mutex::default(), noting: Mutex::default() }
    }
}

impl SignInGuard {
    /// Counts an attempt and tells how many there were of late; refused when there were too many of late. Counted before the password is looked at, so that
    /// attempts made at once are all counted.
    pub(super) fn attempt(&self, login: &str, now: Instant) -> Result<usize, Refusal> {
        self.brake.lock().unwrap_or_else(PoisonError::into_inner).attempt(login, now)
    }

    /// Forgets the attempts of a login that signed in.
    pub(super) fn succeeded(&self, login: &str) {
        self.brake.lock().unwrap_or_else(PoisonError::into_inner).attempts.remove(login);
    }

    /// Takes back the newest attempt of a login, which turned out to be none.
    pub(super) fn withdraw(&self, login: &str) {
        let mut brake = self.brake.lock().unwrap_or_else(PoisonError::into_inner);
        brake.attempts.get_mut(login).map(Vec::pop);
    }

    /// Tells whether nobody is writing down the use of this session or token at the moment; the caller then is.
    pub(super) fn begin_noting(&self, id: &str) -> bool {
        self.noting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
    }

    /// The use of this session or token is written down.
    pub(super) fn end_noting(&self, id: &str) {
        self.noting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// A turn to hash. It goes with the work onto its thread, which does not end when the request does: who hangs up does
    /// not make room for one more.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, ServiceError> {
        Arc::clone(&self.hashes).acquire_owned().await.map_err(|_| ServiceError::Password)
    }

    /// Hashes a password into a PHC string, off the asynchronous threads.
    pub(super) async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, ServiceError> {
        let turn = self.turn().await?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let hash = argon2id()?.hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|_| ServiceError::Password)
        })
        .await?
    }

    /// Whether the password is the one that was hashed; against no hash it is compared all the same, and is wrong.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ServiceError> {
        // A longer one than can be set is wrong; hashing it would only cost time.
        if password.chars().count() > *PASSWORD_CHARS.end() {
            return Ok(false);
        }
        let turn = self.turn().await?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let right = argon2id()?.verify_password(password.as_bytes(), hash.as_str()).is_ok();
            Ok(right && known)
        })
        .await?
    }
}

fn argon2id() -> Result<Argon2<'static>, ServiceError> {
    let (memory, passes, lanes) = HASH_COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| ServiceError::Password)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Refuses a password that is too short, too long, too uniform, or contains the login.
pub(super) fn check_password(password: &str, login: &str) -> Result<(), Refusal> {
    if login.chars().count() >= TELLING_LOGIN_CHARS && password.to_lowercase().contains(&login.to_lowercase()) {
        return Err(Refusal::new("password_has_login", "密码不能包含登录名，请重新设置。"));
    }
    let classes: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_ascii_alphanumeric(),
    ];
    let present = classes.iter().filter(|class| password.chars().any(**class)).count();
    if PASSWORD_CHARS.contains(&password.chars().count()) && present >= PASSWORD_CLASSES {
        return Ok(());
    }
    Err(Refusal::new(
        "password_weak",
        "密码须为 8 至 128 个字符，并含有大写字母、小写字母、数字、其他符号中的至少三类，请重新设置。",
    ))
}

/// What a token is stored as: its digest. Whoever reads the table cannot sign in with it.
pub(super) fn token_digest(token: &str) -> String {
    Digest::of(token.as_bytes()).to_string()
}

/// Attempts to sign in, by login.
#[derive(Debug, Default)]
struct Brake {
    attempts: HashMap<String, Vec<Instant>>,
}

impl Brake {
    fn attempt(&mut self, login: &str, now: Instant) -> Result<usize, Refusal> {
        let earliest = now.plus_seconds(-LOCK_SECONDS);
        if self.attempts.len() >= MAX_LOGINS && !self.attempts.contains_key(login) {
            self.forget(earliest);
        }
        let recent = self.attempts.entry(login.to_owned()).or_default();
        recent.retain(|at| *at > earliest);
        if recent.len() >= MAX_ATTEMPTS {
            return Err(too_many_attempts());
        }
        recent.push(now);
        Ok(recent.len())
    }

    /// Makes room: what no longer counts goes; failing that, the half whose last attempt lies furthest back.
    fn forget(&mut self, earliest: Instant) {
        self.attempts.retain(|_, attempts| attempts.last().is_some_and(|last| *last > earliest));
        if self.attempts.len() < MAX_LOGINS {
            return;
        }
        let mut newest: Vec<Instant> = self.attempts.values().filter_map(|attempts| attempts.last().copied()).collect();
        let middle = newest.len() / 2;
        let (_, median, _) = newest.select_nth_unstable(middle);
        let median = *median;
        self.attempts.retain(|_, attempts| attempts.last().is_some_and(|last| *last > median));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::from_micros(1_800_000_000_000_000);

    #[test]
    fn five_attempts_and_then_a_wait() {
        let mut brake = Brake::default();
        for second in 0..5 {
            brake.attempt("a", START.plus_seconds(second)).unwrap();
        }
        assert_eq!(brake.attempt("a", START.plus_seconds(599)).unwrap_err().code, "too_many_attempts");
        brake.attempt("b", START.plus_seconds(5)).unwrap();
        // The first attempt no longer counts; a refused one never did.
        brake.attempt("a", START.plus_seconds(600)).unwrap();
        assert!(brake.attempt("a", START.plus_seconds(600)).is_err());
    }

    #[test]
    fn a_flood_of_logins_stays_within_bounds() {
        let mut brake = Brake::default();
        for number in 0..30_000 {
            brake.attempt(&format!("login-{number}"), START.plus_seconds(number / 100)).unwrap();
            assert!(brake.attempts.len() <= MAX_LOGINS);
        }
        assert!(brake.attempts.contains_key("login-29999"));
    }

    #[test]
    fn passwords_need_length_and_variety() {
        for good in ["Huiyin-2026", "abcDEF12", "回音huiyin1", "aB3!aB3!"] {
            assert_eq!(check_password(good, "zhou.min"), Ok(()), "{good}");
        }
        let long = "aB3!".repeat(33);
        for bad in ["", "aB3!", "abcdefgh", "abcdefg1", "12345678", long.as_str()] {
            assert_eq!(check_password(bad, "zhou.min").unwrap_err().code, "password_weak", "{bad}");
        }
        for named in ["Zhou.Min-2026", "2026-xxZHOU.MIN"] {
            assert_eq!(check_password(named, "zhou.min").unwrap_err().code, "password_has_login", "{named}");
        }
        assert_eq!(check_password("Huiyin-2026", "hu"), Ok(()), "two letters are part of many a word");
    }

    #[tokio::test]
    async fn who_hangs_up_makes_no_room_for_more_hashes() {
        let guard = SignInGuard::default();
        let mut most = 0;
        for _ in 0..10 {
            // Polled until it waits for its thread, then dropped as a request is whose client is gone.
            let hashing = guard.hash("Huiyin-2026".to_owned(), [7; 16]);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(1), hashing).await;
            most = most.max(HASHES_AT_ONCE - guard.hashes.available_permits());
        }
        assert_eq!(most, HASHES_AT_ONCE, "a hash goes on, and its turn with it");
    }

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let guard = SignInGuard::default();
        let hash = guard.hash("Huiyin-2026".to_owned(), [7; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(guard.verify("Huiyin-2026".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!guard.verify("Huiyin-2027".to_owned(), Some(hash)).await.unwrap());
        assert!(!guard.verify("Huiyin-2026".to_owned(), None).await.unwrap());
        // The stand-in must be read as a hash, or unknown logins would be told by how fast they are refused.
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODY).is_ok());
    }
}
