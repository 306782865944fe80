//! Loaders: what many nodes of one answer ask for is read with one statement.
//!
//! They live for one request, so that nothing is remembered that another viewer must not see.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Lookahead;
use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use huiyin_domain::access::Actor;

use super::error::ApiResult;
use crate::service::{Service, ServiceError};
use crate::store::account::AccountRow;
use crate::store::item::ItemRow;
use crate::store::message::VersionRow;
use crate::store::source::{PullRow, SourceRow};
use crate::store::unit::UnitRow;

/// Keys a loader takes at once: a page with its assisting units, below the databases' limits on placeholders.
const BATCH: usize = 500;

/// A unit by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct UnitKey(String);
/// An account by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AccountKey(String);
/// A source by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SourceKey(String);
/// A pull by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PullKey(String);
/// An item by id, if the viewer may see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ItemKey(String);
/// The newest version of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct NewestKey(String);

/// Reads in batches for one viewer.
struct Batches {
    service: Service,
    viewer: Actor,
}

/// The loaders of one request.
pub struct Loaders(DataLoader<Batches, HashMapCache>);

impl Loaders {
    /// Loaders that read what `viewer` may see.
    pub fn new(service: Service, viewer: Actor) -> Self {
        let batches = Batches { service, viewer };
        Self(DataLoader::with_cache(batches, tokio::spawn, HashMapCache::default()).max_batch_size(BATCH))
    }

    /// Reads at once what the nodes of a list will ask for, as far as the request names it: one statement a kind of thing,
    /// whenever the nodes get round to asking.
    pub async fn prime(&self, rows: &[ItemRow], node: &Lookahead<'_>) -> ApiResult<()> {
        let Batches { service, viewer } = self.0.loader();
        let wants = |names: &[&str]| !rows.is_empty() && names.iter().any(|name| node.field(name).exists());
        if wants(&["source"]) {
            let found = service.source_names().await?;
            self.0.feed_many(found.into_iter().map(|row| (SourceKey(row.id.clone()), row))).await;
        }
        if wants(&["leadUnit", "assistingUnits"]) {
            let found = service.unit_names().await?;
            self.0.feed_many(found.into_iter().map(|row| (UnitKey(row.id.clone()), row))).await;
        }
        if wants(&["question", "answerAtSource"]) {
            let found = service.newest_versions(&texts(rows, |row| &row.message_id)).await?;
            self.0.feed_many(found.into_iter().map(|row| (NewestKey(row.message_id.clone()), row))).await;
        }
        let repeated: Vec<String> = rows.iter().filter_map(|row| row.repeat_of.clone()).collect();
        if wants(&["repeatOf"]) && !repeated.is_empty() {
            let found = service.items_by_ids(viewer, &repeated).await?;
            self.0.feed_many(found.into_iter().map(|row| (ItemKey(row.id.clone()), row))).await;
        }
        Ok(())
    }

    /// A unit.
    pub async fn unit(&self, id: &str) -> ApiResult<Option<UnitRow>> {
        Ok(self.0.load_one(UnitKey(id.to_owned())).await?)
    }

    /// Units, in the order of their ids; one that is gone is left out.
    pub async fn units(&self, ids: impl IntoIterator<Item = String>) -> ApiResult<Vec<UnitRow>> {
        let keys: Vec<UnitKey> = ids.into_iter().map(UnitKey).collect();
        let mut found = self.0.load_many(keys.clone()).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// An account, for its name.
    pub async fn account(&self, id: &str) -> ApiResult<Option<AccountRow>> {
        Ok(self.0.load_one(AccountKey(id.to_owned())).await?)
    }

    /// A source.
    pub async fn source(&self, id: &str) -> ApiResult<Option<SourceRow>> {
        Ok(self.0.load_one(SourceKey(id.to_owned())).await?)
    }

    /// Reads at once the pulls, the people (as the ledger writes them) and the sources that the nodes of a list will ask for.
    pub async fn warm(&self, pulls: Vec<String>, actors: Vec<String>, sources: Vec<String>) -> ApiResult<()> {
        let pulls: Vec<PullKey> = pulls.into_iter().map(PullKey).collect();
        let accounts: Vec<AccountKey> = actors
            .iter()
            .filter_map(|actor| actor.strip_prefix("account:"))
            .map(|id| AccountKey(id.to_owned()))
            .collect();
        let sources: Vec<SourceKey> = sources.into_iter().map(SourceKey).collect();
        self.0.load_many(pulls).await?;
        self.0.load_many(accounts).await?;
        self.0.load_many(sources).await?;
        Ok(())
    }

    /// A pull.
    pub async fn pull(&self, id: &str) -> ApiResult<Option<PullRow>> {
        Ok(self.0.load_one(PullKey(id.to_owned())).await?)
    }

    /// An item, if the viewer may see it.
    pub async fn item(&self, id: &str) -> ApiResult<Option<ItemRow>> {
        Ok(self.0.load_one(ItemKey(id.to_owned())).await?)
    }

    /// The newest version of a visible item's message.
    pub async fn newest_version(&self, message: &str) -> ApiResult<Option<VersionRow>> {
        Ok(self.0.load_one(NewestKey(message.to_owned())).await?)
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

impl Loader<UnitKey> for Batches {
    type Value = UnitRow;
    type Error = Arc<ServiceError>;

    /// There are tens of them: all are read, and what another level of the answer asks for is there already.
    async fn load(&self, _keys: &[UnitKey]) -> Result<HashMap<UnitKey, UnitRow>, Self::Error> {
        let rows = self.service.unit_names().await?;
        Ok(rows.into_iter().map(|row| (UnitKey(row.id.clone()), row)).collect())
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

impl Loader<SourceKey> for Batches {
    type Value = SourceRow;
    type Error = Arc<ServiceError>;

    /// There are nine or so: all are read, whichever are asked for.
    async fn load(&self, _keys: &[SourceKey]) -> Result<HashMap<SourceKey, SourceRow>, Self::Error> {
        let rows = self.service.source_names().await?;
        Ok(rows.into_iter().map(|row| (SourceKey(row.id.clone()), row)).collect())
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

impl Loader<NewestKey> for Batches {
    type Value = VersionRow;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[NewestKey]) -> Result<HashMap<NewestKey, VersionRow>, Self::Error> {
        let rows = self.service.newest_versions(&texts(keys, |key| &key.0)).await?;
        Ok(rows.into_iter().map(|row| (NewestKey(row.message_id.clone()), row)).collect())
    }
}
