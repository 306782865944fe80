//! Reading: any number of searches at once, in any number of processes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::query::EnableScoring;

use super::collect::PageCollector;
use super::error::SearchError;
use super::generation::{self, Generation, Reload};
use super::plan::{excluded, plan};
use super::query::{Page, Query};
use super::words;

/// The reading side of an index. Clones are cheap and share it.
#[derive(Clone)]
pub struct Search {
    shared: Arc<Shared>,
}

struct Shared {
    dir: PathBuf,
    serving: RwLock<Arc<Generation>>,
    reload: Reload,
}

impl Search {
    /// Opens the index in `dir` for reading only, for instance while another process writes it: commits of that process
    /// show within a second, a finished rebuild at the next search.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let serving = RwLock::new(Arc::new(open_current(dir)?));
        Ok(Self { shared: Arc::new(Shared { dir: dir.to_owned(), serving, reload: Reload::Watched }) })
    }

    pub(super) fn of_writer(dir: &Path, generation: Arc<Generation>) -> Self {
        let serving = RwLock::new(generation);
        Self { shared: Arc::new(Shared { dir: dir.to_owned(), serving, reload: Reload::ByWriter }) }
    }

    /// Answers a query. Takes processor time of milliseconds: call it off the asynchronous threads.
    pub fn search(&self, query: &Query) -> Result<Page, SearchError> {
        let generation = self.serving()?;
        let searcher = generation.reader.searcher();
        let excluded = match excluded(query, &generation.fields) {
            Some(excluded) => Some(excluded.weight(EnableScoring::disabled_from_searcher(&searcher))?),
            None => None,
        };
        let collector = PageCollector::new(query, excluded);
        let plan = plan(query, &generation.fields, collector.is_scored());
        Ok(searcher.search(&plan, &collector)?)
    }

    /// The ledger position of the last commit; 0 before the first.
    pub fn cursor(&self) -> Result<u64, SearchError> {
        self.serving()?.cursor()
    }

    /// How many documents can be found.
    pub fn len(&self) -> Result<u64, SearchError> {
        Ok(self.serving()?.reader.searcher().num_docs())
    }

    /// Whether nothing can be found.
    pub fn is_empty(&self) -> Result<bool, SearchError> {
        Ok(self.len()? == 0)
    }

    /// Whether the index was built by another version of schema, tokenizers or engine, and so should be rebuilt.
    pub fn is_outdated(&self) -> Result<bool, SearchError> {
        Ok(self.serving()?.outdated)
    }

    /// Loads the dictionary that ranking uses, so that the first search need not wait for it.
    pub fn warm() {
        words::load();
    }

    pub(super) fn swap(&self, generation: Arc<Generation>) {
        *self.shared.serving.write().unwrap_or_else(PoisonError::into_inner) = generation;
    }

    fn serving(&self) -> Result<Arc<Generation>, SearchError> {
        let serving = Arc::clone(&self.shared.serving.read().unwrap_or_else(PoisonError::into_inner));
        if self.shared.reload == Reload::ByWriter {
            return Ok(serving);
        }
        match generation::current(&self.shared.dir)? {
            Some(name) if name != serving.name => {
                let newer = Arc::new(open_current(&self.shared.dir)?);
                self.swap(Arc::clone(&newer));
                Ok(newer)
            }
            _ => Ok(serving),
        }
    }
}

/// Opens the generation that serves. It may be replaced and removed between looking and opening: then look again.
fn open_current(dir: &Path) -> Result<Generation, SearchError> {
    let mut tried = None;
    loop {
        let name = generation::current(dir)?.ok_or_else(|| SearchError::Missing { dir: dir.to_owned() })?;
        match Generation::open(dir, &name, Reload::Watched) {
            Err(_) if tried.as_ref() != Some(&name) => tried = Some(name),
            result => return result,
        }
    }
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}
