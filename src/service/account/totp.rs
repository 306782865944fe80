//! One-time codes by time (RFC 6238): HMAC-SHA-1, six digits, thirty seconds, which is what every authenticator app
//! takes without being told.

use hmac::{Hmac, KeyInit as _, Mac as _};
use huiyin_domain::time::Instant;
use sha1::Sha1;

/// How long a code is shown.
pub(super) const STEP_SECONDS: i64 = 30;
/// Steps by which the clock of a telephone may be off, either way.
const TOLERANCE: i64 = 1;

/// The step at an instant.
pub(super) fn step_at(now: Instant) -> i64 {
    now.as_micros().div_euclid(1_000_000).div_euclid(STEP_SECONDS)
}

/// The code of a step (RFC 4226, 5.3).
fn code_at(secret: &[u8], step: i64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 0x0f);
    let chosen: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(chosen) & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, of those near `now` that come after the one used last; `None` when it is wrong.
pub(super) fn step_of(secret: &[u8], code: &str, now: Instant, last_used: i64) -> Option<i64> {
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let code: u32 = code.parse().ok()?;
    let step = step_at(now);
    // All are computed, so that how long it takes does not tell which was near.
    let matching = (step - TOLERANCE..=step + TOLERANCE).filter(|step| code_at(secret, *step) == Some(code));
    matching.filter(|step| *step > last_used).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1; the last six of its eight digits.
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let step = step_at(Instant::from_micros(seconds * 1_000_000));
            assert_eq!(code_at(SECRET, step), Some(code), "{seconds}");
        }
    }

    #[test]
    fn a_code_holds_for_its_time_and_once() {
        let now = Instant::from_micros(1_111_111_109_000_000);
        let step = step_at(now);
        assert_eq!(step_of(SECRET, "081804", now, 0), Some(step));
        assert_eq!(step_of(SECRET, "081804", now.plus_seconds(30), 0), Some(step));
        assert_eq!(step_of(SECRET, "081804", now.plus_seconds(-30), 0), Some(step));
        assert_eq!(step_of(SECRET, "081804", now.plus_seconds(60), 0), None, "it is over");
        assert_eq!(step_of(SECRET, "081804", now, step), None, "it was used");
        for wrong in ["081805", "81804", "0818040", "", "08180a", "+81804", "０８１８０４"] {
            assert_eq!(step_of(SECRET, wrong, now, 0), None, "{wrong}");
        }
    }
}
