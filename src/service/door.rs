//! What the doors share: which sources come by them, the keys they sign with, and the brakes on who knocks too often.
//!
//! The brakes live in the memory of one process and know nobody: an address is remembered by a digest whose salt is drawn
//! at the start.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use sm3::Sm3;
use tokio::sync::OnceCell;

use super::{Service, ServiceError};
use crate::clock::{Entropy as _, SystemEntropy};
use crate::intake::{Connector, Kind};
use crate::store::door::{self, KeyRow};

/// How long the connectors, and the boxes that are closed, are remembered, in microseconds: ten seconds. Reading them all costs
/// more than a request.
pub(super) const REMEMBERED: i64 = 10_000_000;
/// Keys a brake remembers; beyond that those that knocked longest ago are forgotten.
const MANY: usize = 10_000;

/// What the doors share among all requests of a process.
#[derive(Debug)]
pub(super) struct Doors {
    connectors: Mutex<Option<(Instant, Arc<Vec<Connector>>)>>,
    /// The boxes for letters that were closed.
    pub(super) closed: Mutex<Option<(Instant, Arc<HashSet<String>>)>>,
    form_key: OnceCell<[u8; 32]>,
    salt: [u8; 16],
    /// What a request is signed with that names no source.
    pub(super) nobody: [u8; 32],
    /// Forms that one address sends, right or wrong.
    pub(super) knocks: Brake,
    /// Letters from one address.
    pub(super) letters: Brake,
    /// Files that are sent with forms, from anywhere.
    pub(super) files: Brake,
    /// Look-ups from one address.
    pub(super) questions: Brake,
    /// Wrong codes for one number from one address.
    pub(super) guesses: Brake,
    /// The same from anywhere.
    pub(super) guesses_of_all: Brake,
    /// Requests of one pushing source.
    pub(super) pushes: Brake,
    /// Requests of one pushing source at once.
    pub(super) busy: Turns,
}

impl Default for Doors {
    fn default() -> Self {
        let (mut salt, mut nobody) = ([0; 16], [0; 32]);
        // Without random bytes nothing else works either; every use of them that matters says so.
        let _ = SystemEntropy.fill(&mut salt);
        let _ = SystemEntropy.fill(&mut nobody);
        Self {
            connectors: Mutex::default(),
            closed: Mutex::default(),
            form_key: OnceCell::new(),
            salt,
            nobody,
            knocks: Brake::new(120, 3_600),
            letters: Brake::new(30, 3_600),
            files: Brake::new(1_000, 3_600),
            questions: Brake::new(60, 600),
            guesses: Brake::new(5, 1_800),
            guesses_of_all: Brake::new(50, 1_800),
            pushes: Brake::new(600, 60),
            busy: Turns::default(),
        }
    }
}

impl Doors {
    /// What an address is remembered by. Whoever has a network of their own in IPv6 has one address here.
    pub(super) fn address_key(&self, address: Option<std::net::IpAddr>) -> String {
        let known = match address.map(|address| address.to_canonical()) {
            Some(std::net::IpAddr::V4(address)) => address.to_string(),
            Some(std::net::IpAddr::V6(address)) => format!("{:x}/64", u128::from(address) >> 64),
            None => String::new(),
        };
        let mut text = self.salt.to_vec();
        text.extend(known.as_bytes());
        Digest::of(&text).to_string()
    }
}

impl Service {
    /// The connectors of this installation, as they were a moment ago.
    pub(super) fn connectors_of_late(&self) -> Result<Arc<Vec<Connector>>, ServiceError> {
        let now = self.now();
        let mut remembered = self.doors.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, connectors)) = remembered.as_ref()
            && (0..REMEMBERED).contains(&now.micros_since(*at))
        {
            return Ok(Arc::clone(connectors));
        }
        let connectors = Arc::new(self.connectors()?);
        *remembered = Some((now, Arc::clone(&connectors)));
        Ok(connectors)
    }

    /// The source with this id, if it comes by this door.
    pub(super) fn source_by_door(&self, id: &str, kind: Kind) -> Result<Option<Connector>, ServiceError> {
        let connectors = self.connectors_of_late()?;
        Ok(connectors.iter().find(|connector| connector.id == id && connector.kind == kind).cloned())
    }

    /// The key that all nodes sign forms with; made when it is needed first.
    pub(super) async fn form_key(&self) -> Result<[u8; 32], ServiceError> {
        self.doors.form_key.get_or_try_init(|| self.shared_key("form")).await.copied()
    }

    async fn shared_key(&self, name: &str) -> Result<[u8; 32], ServiceError> {
        let permit = allowed(&Actor::System("start"), Action::ImportFile, &Object::None)?;
        if let Some(row) = door::key(&mut self.store.read().await?.conn(), name).await? {
            return key_bytes(&row);
        }
        let made: [u8; 32] = self.random()?;
        let row = KeyRow { name: name.to_owned(), value: hex::encode(made) };
        let mut tx = self.store.begin(&permit).await?;
        match door::insert_key(&mut tx, row, self.now().as_micros()).await {
            Ok(()) => tx.commit(self.now()).await?,
            // Another node made it at this moment.
            Err(error) if error.is_taken() => 0,
            Err(error) => return Err(error.into()),
        };
        let row = door::key(&mut self.store.read().await?.conn(), name).await?;
        row.as_ref().map_or(Ok(made), key_bytes)
    }
}

fn key_bytes(row: &KeyRow) -> Result<[u8; 32], ServiceError> {
    let mut key = [0; 32];
    hex::decode_to_slice(&row.value, &mut key).map_err(|_| ServiceError::Inconsistent {
        subject: format!("key:{}", row.name),
        problem: "it is no key".to_owned(),
    })?;
    Ok(key)
}

/// HMAC-SM3 of these parts, each with its length in front.
pub(super) fn sign(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sm3>> {
    let mut mac = Hmac::<Sm3>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Some(mac)
}

/// Lets a key through so many times within a span of time.
#[derive(Debug)]
pub(super) struct Brake {
    most: usize,
    micros: i64,
    seen: Mutex<HashMap<String, Vec<Instant>>>,
}

impl Brake {
    fn new(most: usize, seconds: i64) -> Self {
        Self { most, micros: seconds.saturating_mul(1_000_000), seen: Mutex::default() }
    }

    /// Counts one more, and tells whether it is let through. One that is not does not count.
    pub(super) fn passes(&self, key: &str, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MANY && !seen.contains_key(key) {
            self.make_room(&mut seen, now);
        }
        let times = seen.entry(key.to_owned()).or_default();
        times.retain(|at| (0..self.micros).contains(&now.micros_since(*at)));
        let passes = times.len() < self.most;
        if passes {
            times.push(now);
        }
        passes
    }

    /// Forgets what counts against a key.
    pub(super) fn forget(&self, key: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Forgets who knocked longest ago.
    fn make_room(&self, seen: &mut HashMap<String, Vec<Instant>>, now: Instant) {
        let last = |times: &Vec<Instant>| times.last().map_or(0, |at| at.as_micros());
        let mut newest: Vec<i64> = seen.values().map(last).collect();
        newest.sort_unstable();
        let middle = newest.get(newest.len() / 2).copied().unwrap_or(0);
        let from = middle.max(now.as_micros().saturating_sub(self.micros));
        seen.retain(|_, times| last(times) > from);
    }
}

/// How many requests of each key are under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<String, usize>>>);

/// A place among the requests of a key, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    key: String,
}

impl Turns {
    /// Takes a place, if fewer than `most` are taken.
    pub(super) fn take(&self, key: &str, most: usize) -> Option<Turn> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(key.to_owned()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Turn { turns: self.clone(), key: key.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_micros(1_800_000_000_000_000).plus_seconds(second)
    }

    #[test]
    fn a_brake_lets_so_many_through_and_opens_again() {
        let brake = Brake::new(2, 10);
        assert!(brake.passes("a", at(0)) && brake.passes("a", at(1)) && !brake.passes("a", at(2)));
        assert!(brake.passes("b", at(2)), "another key has its own count");
        assert!(!brake.passes("a", at(9)));
        assert!(brake.passes("a", at(10)) && !brake.passes("a", at(10)));
        brake.forget("a");
        assert!(brake.passes("a", at(10)));
        // A clock that goes back does not keep anybody out.
        assert!(brake.passes("c", at(100)) && brake.passes("c", at(100)) && brake.passes("c", at(5)));
    }

    #[test]
    fn a_flood_of_keys_stays_within_bounds() {
        let brake = Brake::new(2, 10);
        for number in 0..25_000 {
            brake.passes(&number.to_string(), at(number / 5_000));
            assert!(brake.seen.lock().unwrap().len() <= MANY);
        }
    }

    #[test]
    fn addresses_are_remembered_by_what_nobody_can_read() {
        let doors = Doors::default();
        let key = |text: &str| doors.address_key(Some(text.parse().unwrap()));
        assert_eq!(key("192.0.2.7"), key("::ffff:192.0.2.7"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::2:3"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert!(!key("192.0.2.7").contains("192"));
        assert_ne!(key("192.0.2.7"), Doors::default().address_key(Some("192.0.2.7".parse().unwrap())));
    }

    #[test]
    fn turns_are_given_back() {
        let turns = Turns::default();
        let first = turns.take("a", 1);
        assert!(first.is_some() && turns.take("a", 1).is_none() && turns.take("b", 1).is_some());
        drop(first);
        assert!(turns.take("a", 1).is_some());
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
