//! Loaders: what many nodes of one answer ask for is read with one statement.
//!
//! They live for one request, so that nothing is remembered that another viewer must not see.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Lookahead;
use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use huiyin_domain::access::Actor;
use huiyin_domain::time::Instant;
use tokio::sync::OnceCell;

use super::error::ApiResult;
use super::source_states::SourceStates;
use crate::service::alias::SuggestedUnit;
use crate::service::names::Names;
use crate::service::{Service, ServiceError};
use crate::store::account::AccountRow;
use crate::store::item::ItemRow;
use crate::store::message::{MessageRow, VersionRow};
use crate::store::source::{PullRow, SourceRow};
use crate::store::unit::UnitRow;

/// Keys a loader takes at once: a page with its assisting units, below the databases' limits on placeholders.
const BATCH: usize = 500;

/// An account by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AccountKey(String);
/// Until when a login is locked, as far as the viewer may know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LockKey(String);
/// A pull by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PullKey(String);
/// An item by id, if the viewer may see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ItemKey(String);
/// A message by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MessageKey(String);
/// The newest version of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct NewestKey(String);

/// The unit that is probably meant by a message's source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SuggestedKey(String);

/// Reads in batches for one viewer.
struct Batches {
    service: Service,
    viewer: Actor,
}

/// The loaders of one request. What waits is boxed: its future would be part of that of every field.
pub struct Loaders {
    batches: DataLoader<Batches, HashMapCache>,
    /// The ledger's number from which on names are new enough; `None`: as new as can be.
    seen: Option<i64>,
    names: OnceCell<Arc<Names>>,
    /// What the nodes of sources ask for.
    pub states: SourceStates,
}

impl Loaders {
    /// Loaders that read what `viewer` may see, with names at least as new as the ledger's number `seen`.
    pub fn new(service: Service, viewer: Actor, seen: Option<i64>) -> Self {
        let states = SourceStates::new(service.clone(), viewer.clone());
        let batches = Batches { service, viewer };
        let batches = DataLoader::with_cache(batches, tokio::spawn, HashMapCache::default()).max_batch_size(BATCH);
        Self { batches, seen, names: OnceCell::new(), states }
    }

    /// Reads at once what the nodes of a list will ask for, as far as the request names it: one statement a kind of thing,
    /// whenever the nodes get round to asking.
    pub async fn prime(&self, rows: &[ItemRow], node: &Lookahead<'_>) -> ApiResult<()> {
        let Batches { service, viewer } = self.batches.loader();
        let wants = |names: &[&str]| !rows.is_empty() && names.iter().any(|name| node.field(name).exists());
        if wants(&["source", "leadUnit", "assistingUnits"]) {
            self.names().await?;
        }
        if wants(&["question", "answerAtSource"]) {
            let found = service.newest_versions(&texts(rows, |row| &row.message_id)).await?;
            self.batches.feed_many(found.into_iter().map(|row| (NewestKey(row.message_id.clone()), row))).await;
        }
        if wants(&["message"]) {
            let found = service.messages_by_ids(&texts(rows, |row| &row.message_id)).await?;
            self.batches.feed_many(found.into_iter().map(|row| (MessageKey(row.id.clone()), row))).await;
        }
        let repeated: Vec<String> = rows.iter().filter_map(|row| row.repeat_of.clone()).collect();
        if wants(&["repeatOf"]) && !repeated.is_empty() {
            let found = service.items_by_ids(viewer, &repeated).await?;
            self.batches.feed_many(found.into_iter().map(|row| (ItemKey(row.id.clone()), row))).await;
        }
        Ok(())
    }

    /// The names, where they have been read already.
    pub fn known_names(&self) -> Option<&Names> {
        self.names.get().map(|names| &**names)
    }

    async fn names(&self) -> ApiResult<&Arc<Names>> {
        Ok(self.names.get_or_try_init(|| self.batches.loader().service.names(self.seen)).await?)
    }

    /// A unit.
    pub async fn unit(&self, id: &str) -> ApiResult<Option<Arc<UnitRow>>> {
        match self.names().await?.unit(id) {
            Some(unit) => Ok(Some(unit)),
            // Added since the request began, by the request itself.
            None => Ok(self.batches.loader().service.names(None).await?.unit(id)),
        }
    }

    /// Units, in the order of their ids; one that is gone is left out.
    pub async fn units(&self, ids: impl IntoIterator<Item = String>) -> ApiResult<Vec<Arc<UnitRow>>> {
        let mut units = Vec::new();
        for id in ids {
            units.extend(self.unit(&id).await?);
        }
        Ok(units)
    }

    /// An account, for its name.
    pub async fn account(&self, id: &str) -> ApiResult<Option<AccountRow>> {
        Ok(Box::pin(self.batches.load_one(AccountKey(id.to_owned()))).await?)
    }

    /// Until when a login is locked; none for who may not read the accounts.
    pub async fn lock(&self, login: &str) -> ApiResult<Option<Instant>> {
        Ok(Box::pin(self.batches.load_one(LockKey(login.to_owned()))).await?)
    }

    /// A source.
    pub async fn source(&self, id: &str) -> ApiResult<Option<Arc<SourceRow>>> {
        match self.names().await?.source(id) {
            Some(source) => Ok(Some(source)),
            None => Ok(self.batches.loader().service.names(None).await?.source(id)),
        }
    }

    /// Reads at once the pulls, the people (as the ledger writes them) and the sources that the nodes of a list will ask for.
    pub async fn warm(&self, pulls: Vec<String>, actors: Vec<String>, sources: Vec<String>) -> ApiResult<()> {
        let pulls: Vec<PullKey> = pulls.into_iter().map(PullKey).collect();
        let accounts: Vec<AccountKey> = actors
            .iter()
            .filter_map(|actor| actor.strip_prefix("account:"))
            .map(|id| AccountKey(id.to_owned()))
            .collect();
        Box::pin(self.batches.load_many(pulls)).await?;
        Box::pin(self.batches.load_many(accounts)).await?;
        if !sources.is_empty() {
            self.names().await?;
        }
        Ok(())
    }

    /// A pull.
    pub async fn pull(&self, id: &str) -> ApiResult<Option<PullRow>> {
        Ok(Box::pin(self.batches.load_one(PullKey(id.to_owned()))).await?)
    }

    /// An item, if the viewer may see it.
    pub async fn item(&self, id: &str) -> ApiResult<Option<ItemRow>> {
        Ok(Box::pin(self.batches.load_one(ItemKey(id.to_owned()))).await?)
    }

    /// The unit that the source of a visible item's message probably means.
    pub async fn suggested_unit(&self, message: &str) -> ApiResult<Option<SuggestedUnit>> {
        Ok(Box::pin(self.batches.load_one(SuggestedKey(message.to_owned()))).await?)
    }

    /// A visible item's message.
    pub async fn message(&self, id: &str) -> ApiResult<Option<MessageRow>> {
        Ok(Box::pin(self.batches.load_one(MessageKey(id.to_owned()))).await?)
    }

    /// The newest version of a visible item's message.
    pub async fn newest_version(&self, message: &str) -> ApiResult<Option<VersionRow>> {
        Ok(Box::pin(self.batches.load_one(NewestKey(message.to_owned()))).await?)
    }
}

impl std::fmt::Debug for Loaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaders").finish_non_exhaustive()
    }
}

fn texts<K>(keys: &[K], text: impl Fn(&K) -> &String) -> Vec<String> {
    keys.iter().map(|key| text(key).clone()).collect()
}

impl Loader<LockKey> for Batches {
    type Value = Instant;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[LockKey]) -> Result<HashMap<LockKey, Instant>, Self::Error> {
        let locks = self.service.locks_of(&self.viewer, &texts(keys, |key| &key.0)).await?;
        Ok(locks.into_iter().map(|(login, until)| (LockKey(login), until)).collect())
    }
}

impl Loader<AccountKey> for Batches {
    type Value = AccountRow;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[AccountKey]) -> Result<HashMap<AccountKey, AccountRow>, Self::Error> {
        let rows = self.service.accounts_by_ids(&texts(keys, |key| &key.0)).await?;
        Ok(rows.into_iter().map(|row| (AccountKey(row.id.clone()), row)).collect())
    }
}

impl Loader<PullKey> for Batches {
    type Value = PullRow;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[PullKey]) -> Result<HashMap<PullKey, PullRow>, Self::Error> {
        let rows = self.service.pulls_by_ids(&self.viewer, &texts(keys, |key| &key.0)).await?;
        Ok(rows.into_iter().map(|row| (PullKey(row.id.clone()), row)).collect())
    }
}

impl Loader<ItemKey> for Batches {
    type Value = ItemRow;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[ItemKey]) -> Result<HashMap<ItemKey, ItemRow>, Self::Error> {
        let rows = self.service.items_by_ids(&self.viewer, &texts(keys, |key| &key.0)).await?;
        Ok(rows.into_iter().map(|row| (ItemKey(row.id.clone()), row)).collect())
    }
}

impl Loader<MessageKey> for Batches {
    type Value = MessageRow;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[MessageKey]) -> Result<HashMap<MessageKey, MessageRow>, Self::Error> {
        let rows = self.service.messages_by_ids(&texts(keys, |key| &key.0)).await?;
        Ok(rows.into_iter().map(|row| (MessageKey(row.id.clone()), row)).collect())
    }
}

impl Loader<NewestKey> for Batches {
    type Value = VersionRow;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[NewestKey]) -> Result<HashMap<NewestKey, VersionRow>, Self::Error> {
        let rows = self.service.newest_versions(&texts(keys, |key| &key.0)).await?;
        Ok(rows.into_iter().map(|row| (NewestKey(row.message_id.clone()), row)).collect())
    }
}

impl Loader<SuggestedKey> for Batches {
    type Value = SuggestedUnit;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[SuggestedKey]) -> Result<HashMap<SuggestedKey, SuggestedUnit>, Self::Error> {
        let suggested = self.service.suggested_units(&texts(keys, |key| &key.0)).await?;
        Ok(suggested.into_iter().map(|(message, unit)| (SuggestedKey(message), unit)).collect())
    }
}
