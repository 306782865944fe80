//! The use cases: authorise → load → the domain decides → one transaction (rows and ledger).
//!
//! Only this module changes anything. It may not know of HTTP, GraphQL or pages.

pub mod account;
pub mod act;
pub mod alarm;
pub mod alias;
pub mod attachment;
mod auth;
mod blob;
pub mod check;
pub mod desk;
pub mod detail;
pub mod difference;
mod door;
mod error;
pub mod export;
pub mod form;
mod handover;
pub mod holding;
mod home;
pub mod import;
pub mod index;
pub mod item;
pub mod job;
pub mod list;
pub mod live;
pub mod names;
pub mod payload;
pub mod preview;
pub mod progress;
pub mod publication;
pub mod pull;
pub mod push;
pub mod query;
mod recent;
pub mod reconcile;
mod rest;
pub mod schedule;
pub mod source;
pub mod statistics;
pub mod unit;
pub mod upload;
pub mod verify;
pub mod worklist;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use huiyin_domain::access::Actor;
use huiyin_domain::calendar::WorkCalendar;
use huiyin_domain::deadline::RuleSet;
use huiyin_domain::id::InvalidId;
use huiyin_domain::item::ItemRules;
use huiyin_domain::ledger::{Digest, digest_text};
use huiyin_domain::privacy::OfficialNumbers;
use huiyin_domain::time::Instant;

use tokio::sync::Semaphore;

pub use error::{Refusal, ServiceError};
pub use home::{HomeSettings, MAX_UPLOAD_BYTES};

use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::intake::fetch::Secrets;
use crate::search::Search;
use crate::store::Store;

/// Files made at once, so that everybody else has processor time left.
const EXPORTS_AT_ONCE: usize = 2;

/// Everything the use cases need: the store, the index, time, randomness and the rules. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    store: Store,
    search: Search,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    rules: Arc<Rules>,
    sign_in: Arc<auth::SignInGuard>,
    known_names: Arc<names::KnownNames>,
    recent: Arc<recent::Recent<account::Viewer>>,
    /// What waits for whom, with the one it was read for.
    recent_worklists: Arc<recent::Recent<(Actor, worklist::Worklist)>>,
    /// What days came to.
    recent_days: Arc<reconcile::Recent>,
    /// Files made at once: each takes processor time and disk.
    exports: Arc<Semaphore>,
    home: Arc<home::Home>,
    network: Arc<preview::Network>,
    doors: Arc<door::Doors>,
    /// What pushing sources sign with.
    secrets: Secrets,
    keeping: payload::Keeping,
    /// What an import hands the follower of this process, if there is one.
    handover: Option<Arc<handover::Handover>>,
    /// How long a request waits for its session's last use to be written.
    noting_patience: Duration,
    /// A day that is reconciled faster than this is read each time, and not told again.
    quick_day: Duration,
}

/// The rules in force.
#[derive(Debug)]
pub struct Rules {
    /// The work calendar with 调休.
    pub calendar: WorkCalendar,
    /// The deadline rules of all levels.
    pub deadlines: RuleSet,
    /// The limits of the item's stages.
    pub item: ItemRules,
    /// The office's own telephone numbers: the only ones that may be published.
    pub official_numbers: OfficialNumbers,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            calendar: WorkCalendar::builtin().clone(),
            deadlines: RuleSet::builtin(),
            item: ItemRules::default(),
            official_numbers: OfficialNumbers::default(),
        }
    }
}

impl Service {
    /// The use cases over a store and an index, with the machine's clock and the rules shipped with the program.
    pub fn new(store: Store, search: Search) -> Self {
        Self {
            store,
            search,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            rules: Arc::new(Rules::default()),
            sign_in: Arc::default(),
            known_names: Arc::default(),
            recent: Arc::default(),
            recent_worklists: Arc::default(),
            recent_days: Arc::default(),
            exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
            home: Arc::new(home::Home::nowhere()),
            network: Arc::default(),
            doors: Arc::default(),
            secrets: Secrets::default(),
            keeping: payload::Keeping::default(),
            handover: None,
            noting_patience: account::NOTING_PATIENCE,
            quick_day: reconcile::QUICK,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same with other rules.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules: Arc::new(rules), ..self }
    }

    /// The same with requests that wait so long for the last use of their session to be written.
    #[must_use]
    pub fn with_noting_patience(self, noting_patience: Duration) -> Self {
        Self { noting_patience, ..self }
    }

    /// The same with pages that read a day's reconciliation each time as long as reading it takes less than this.
    #[must_use]
    pub fn with_quick_day(self, quick_day: Duration) -> Self {
        Self { quick_day, ..self }
    }

    /// The same in a data directory: uploads are taken.
    #[must_use]
    pub fn with_home(self, settings: HomeSettings) -> Self {
        Self { home: Arc::new(settings.into()), ..self }
    }

    /// The same with secrets that sources sign with.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// The same beside the one who keeps the index: imports hand it what they write, so that it need not read it back.
    #[must_use]
    pub fn with_follower(self, follower: &index::Follower) -> Self {
        Self { handover: Some(follower.handover()), ..self }
    }

    /// The store, for reading.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The search index, for reading.
    pub const fn search_index(&self) -> &Search {
        &self.search
    }

    /// The rules in force.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], ServiceError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Seals personal text for the ledger: a fresh salt (hexadecimal, stored beside the text) and the salted digest.
    fn seal_text(&self, parts: &[&str]) -> Result<(String, Digest), ServiceError> {
        Ok(seal_with(self.random()?, parts))
    }
}

/// What is mixed into the digest of a personal text, so that nobody finds out by trying what stood there.
type Salt = [u8; 16];

/// As [`Service::seal_text`], with a salt that nobody else gets.
fn seal_with(salt: Salt, parts: &[&str]) -> (String, Digest) {
    (hex::encode(salt), digest_text(&salt, parts))
}

/// The most characters of a name.
const MAX_NAME_CHARS: usize = 64;

/// A name without blanks around it; `None` when it is empty or too long.
fn checked_name(name: &str) -> Option<String> {
    let name = name.trim();
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()).then(|| name.to_owned())
}

/// Parses an id that the store handed out.
pub(crate) fn stored_id<T: FromStr<Err = InvalidId>>(subject: &str, text: &str) -> Result<T, ServiceError> {
    text.parse().map_err(|error: InvalidId| ServiceError::Inconsistent {
        subject: subject.to_owned(),
        problem: error.to_string(),
    })
}
