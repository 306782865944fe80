//! What was read a moment ago: a page asks for itself, its lists and its badges at once, and each asks who is asking, and
//! what waits for whom.
//!
//! It is told again without being read only as long as this process has written nothing since, and for a second at most.
//! Kept for an embedded database alone: where other machines write too, every request reads.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use huiyin_domain::time::Instant;

/// How long a thing is told again, in microseconds.
const MICROS: i64 = 1_000_000;
/// Things kept; when more come, all are forgotten and read again.
const MANY: usize = 1_024;

#[derive(Debug)]
struct Read<T> {
    thing: T,
    written: u64,
    at: Instant,
}

/// By a key: of a session, the digest of its token.
#[derive(Debug)]
pub(super) struct Recent<T>(Mutex<HashMap<String, Read<T>>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    /// What was read a moment ago, if nothing was written since.
    pub(super) fn get(&self, key: &str, written: u64, now: Instant) -> Option<T> {
        let recent = self.recent();
        let found = recent.get(key).filter(|found| {
            let age = now.as_micros() - found.at.as_micros();
            found.written == written && (0..MICROS).contains(&age)
        })?;
        Some(found.thing.clone())
    }

    /// Keeps what was read when so much had been written.
    pub(super) fn keep(&self, key: String, thing: &T, written: u64, at: Instant) {
        let mut recent = self.recent();
        if recent.len() >= MANY {
            recent.clear();
        }
        recent.insert(key, Read { thing: thing.clone(), written, at });
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<String, Read<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::account::Viewer;
    use super::*;

    #[test]
    fn a_session_is_told_again_for_a_second_and_not_past_a_write() {
        let sessions = Recent::default();
        let at = Instant::from_micros(1_800_000_000_000_000);
        sessions.keep("a".to_owned(), &Viewer::PUBLIC, 7, at);
        assert!(sessions.get("a", 7, at).is_some());
        assert!(sessions.get("a", 7, Instant::from_micros(at.as_micros() + MICROS - 1)).is_some());
        assert!(sessions.get("a", 7, at.plus_seconds(1)).is_none());
        assert!(sessions.get("a", 7, at.plus_seconds(-1)).is_none());
        assert!(sessions.get("a", 8, at).is_none());
        assert!(sessions.get("b", 7, at).is_none());
    }

    #[test]
    fn a_flood_of_sessions_stays_within_bounds() {
        let sessions = Recent::default();
        let at = Instant::from_micros(0);
        for number in 0..5_000 {
            sessions.keep(number.to_string(), &Viewer::PUBLIC, 0, at);
            assert!(sessions.recent().len() <= MANY);
        }
        assert!(sessions.get("4999", 0, at).is_some());
    }
}
