//! What happens, as it happens: one reader of the ledger a process, and any number of listeners.
//!
//! Nothing of a person is told, only that an item with a number has changed; and each listener is told only of items within
//! their scope, as it is now.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use huiyin_domain::access::{Actor, scope};
use huiyin_domain::id::UnitId;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::item::load_state;
use super::{Service, ServiceError};
use crate::store::item as items;
use crate::store::ledger;

/// Ledger entries read at once, and the most that a listener who comes back is told of.
const ENTRIES: u32 = 500;
/// Batches a listener may fall behind; beyond that it is told to look at everything anew.
const BEHIND: usize = 64;
/// How often the ledger is looked at for what other processes have written.
const POLL: Duration = Duration::from_secs(1);

/// An item that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// Its number.
    pub number: i64,
    /// Its revision now.
    pub revision: i64,
    /// The code of its stage now.
    pub stage: String,
    lead: Option<UnitId>,
    assisting: BTreeSet<UnitId>,
    answered: bool,
}

impl ItemChange {
    /// Whether the viewer may see the item.
    pub fn is_for(&self, viewer: &Actor) -> bool {
        scope(viewer).contains(self.lead, &self.assisting, self.answered)
    }
}

/// What a stretch of the ledger tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The newest ledger number of it.
    pub seq: u64,
    /// The items it is about, each once.
    pub items: Vec<ItemChange>,
    /// The accounts it is about: sessions ended, roles set.
    pub accounts: BTreeSet<String>,
}

/// Tells listeners what happens. Cheap to clone; it reads the ledger only while somebody listens.
#[derive(Debug, Clone)]
pub struct Live {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    service: Service,
    stop: CancellationToken,
    sender: broadcast::Sender<Arc<Changes>>,
    reading: Mutex<bool>,
}

impl Live {
    /// Over the use cases, until told to stop.
    pub fn new(service: Service, stop: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(BEHIND);
        Self { shared: Arc::new(Shared { service, stop, sender, reading: Mutex::new(false) }) }
    }

    /// When to end everything.
    pub fn stop(&self) -> &CancellationToken {
        &self.shared.stop
    }

    /// Listens from now on; the number is that of the ledger's newest entry, of which nothing more is told.
    pub async fn listen(&self) -> Result<(u64, broadcast::Receiver<Arc<Changes>>), ServiceError> {
        // Before the head is read: what comes between is told twice rather than not at all.
        let receiver = self.shared.sender.subscribe();
        let head = self.shared.service.ledger_position().await?;
        self.start(head);
        Ok((head, receiver))
    }

    /// What happened after an entry, for a listener who was away; `None` when it is too much to be told one by one.
    pub async fn since(&self, seq: u64) -> Result<Option<Changes>, ServiceError> {
        let changes = self.shared.service.changes_after(seq).await?;
        Ok(changes.filter(|(_, more)| !more).map(|(changes, _)| changes))
    }

    /// Starts reading unless somebody does.
    fn start(&self, head: u64) {
        let mut reading = self.shared.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reading {
            *reading = true;
            tokio::spawn(read(Arc::clone(&self.shared), head));
        }
    }
}

/// Reads the ledger as it grows, until nobody listens or the program stops.
async fn read(shared: Arc<Shared>, mut seq: u64) {
    let mut written = shared.service.store().follow();
    loop {
        match shared.service.changes_after(seq).await {
            Ok(Some((changes, more))) => {
                seq = changes.seq;
                // Without listeners there is nobody to tell.
                let _ = shared.sender.send(Arc::new(changes));
                if more {
                    continue;
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(error = %crate::telemetry::chain(&error), "the ledger could not be followed for listeners");
            }
        }
        if shared.nobody_listens() {
            return;
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = written.changed() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

impl Shared {
    /// Whether to end the reading: then, and under the same lock, it counts as ended.
    fn nobody_listens(&self) -> bool {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sender.receiver_count() == 0 {
            *reading = false;
        }
        !*reading
    }
}

impl Service {
    /// The newest number of the ledger. A page made now follows from there.
    pub async fn ledger_position(&self) -> Result<u64, ServiceError> {
        Ok(ledger::head(&mut self.store.read().await?.conn()).await?.seq)
    }

    /// What the entries after `seq` tell, and whether there may be more; `None` when there are none.
    async fn changes_after(&self, seq: u64) -> Result<Option<(Changes, bool)>, ServiceError> {
        let mut reader = self.store.read().await?;
        let entries = ledger::subjects_after(&mut reader.conn(), seq, ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok(None) };
        let of = |kind: &str| -> BTreeSet<String> {
            entries.iter().filter_map(|entry| entry.subject.strip_prefix(kind)).map(str::to_owned).collect()
        };
        let ids: Vec<String> = of("item:").into_iter().collect();
        let rows = if ids.is_empty() { Vec::new() } else { items::by_ids(&mut reader.conn(), &ids).await? };
        let touched = rows.iter().filter_map(|row| {
            // An item that cannot be read is told of to nobody, and stops nobody from being told of the others. Verifying
            // finds it.
            let state = load_state(row).ok()?;
            Some(ItemChange {
                number: row.number,
                revision: row.revision,
                stage: row.stage.clone(),
                answered: state.stage.is_answered(),
                lead: state.lead,
                assisting: state.assisting,
            })
        });
        let mut items: Vec<ItemChange> = touched.collect();
        items.sort_unstable_by_key(|item| item.number);
        let changes = Changes { seq: u64::try_from(last.seq).unwrap_or(seq), items, accounts: of("account:") };
        Ok(Some((changes, entries.len() == ENTRIES as usize)))
    }
}
