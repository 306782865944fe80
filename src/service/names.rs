//! The names of units and sources, which nearly every answer shows: kept in memory, never older than the ledger's number
//! the viewer has seen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Service, ServiceError};
use crate::store::ledger;
use crate::store::source::{self, SourceRow};
use crate::store::unit::{self, UnitRow};

/// All units and sources by id, as they were at one number of the ledger or later.
#[derive(Debug, Default)]
pub struct Names {
    seq: i64,
    units: HashMap<String, Arc<UnitRow>>,
    sources: HashMap<String, Arc<SourceRow>>,
}

impl Names {
    /// A unit.
    pub fn unit(&self, id: &str) -> Option<Arc<UnitRow>> {
        self.units.get(id).cloned()
    }

    /// A source.
    pub fn source(&self, id: &str) -> Option<Arc<SourceRow>> {
        self.sources.get(id).cloned()
    }
}

/// What was read last; shared by all requests.
#[derive(Debug, Default)]
pub(super) struct KnownNames(Mutex<Option<Arc<Names>>>);

impl KnownNames {
    fn at_least(&self, seq: i64) -> Option<Arc<Names>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|names| names.seq >= seq).cloned()
    }

    fn keep(&self, names: &Arc<Names>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| known.seq < names.seq) {
            *known = Some(Arc::clone(names));
        }
    }
}

impl Service {
    /// The units and sources as they were at the ledger's number `seen` or later; with `None`, as they are now. Their names
    /// are no secret. Whatever changes one of them writes to the ledger, so an unchanged number means unchanged names.
    pub async fn names(&self, seen: Option<i64>) -> Result<Arc<Names>, ServiceError> {
        if let Some(names) = seen.and_then(|seq| self.known_names.at_least(seq)) {
            return Ok(names);
        }
        Box::pin(self.read_names()).await
    }

    async fn read_names(&self) -> Result<Arc<Names>, ServiceError> {
        let mut reader = self.store.read().await?;
        let mut conn = reader.conn();
        // The number first: what is read after it is at least as new.
        let seq = i64::try_from(ledger::head(&mut conn).await?.seq).unwrap_or(i64::MAX);
        if let Some(names) = self.known_names.at_least(seq) {
            return Ok(names);
        }
        let units = unit::all(&mut conn).await?;
        let sources = source::all(&mut conn).await?;
        let names = Arc::new(Names {
            seq,
            units: units.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect(),
            sources: sources.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect(),
        });
        self.known_names.keep(&names);
        Ok(names)
    }
}
