//! Writing: one process, one `Indexer`, and at most one `Rebuild` beside it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::{IndexWriter, TantivyError, Term};

use super::background::giving_way;
use super::error::SearchError;
use super::generation::{self, Generation, Reload};
use super::schema::SearchDoc;
use super::searcher::Search;

/// Commits of at most so many documents are handed to one indexing thread, and so make a single segment. Others are handed
/// over one by one: the engine's queue is bounded by hand-overs, whatever their size.
const SMALL_COMMIT: usize = 64;

/// The engine's bounds for the memory of one thread, in bytes.
const MIN_THREAD_MEMORY: usize = 15_000_000;
const MAX_THREAD_MEMORY: usize = 2_000_000_000;

/// So many segments of like size are made one: at rest, and while much comes at once. Merging waits for the end of an
/// import if it can, since it takes from a writer what he needs, and what comes afterwards is merged with it.
const SEGMENTS_AT_REST: usize = 8;
const SEGMENTS_AMID_MUCH: usize = 24;

/// What indexing may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexerOptions {
    /// Threads that cut texts into terms; at least one.
    pub threads: usize,
    /// Memory for documents not yet written, all threads together, in bytes. No thread gets less than 15 MB.
    pub memory: usize,
}

impl Default for IndexerOptions {
    fn default() -> Self {
        Self { threads: 2, memory: 64_000_000 }
    }
}

/// The only writer of an index. Dropping it lets go of the lock and forgets what was not committed.
///
/// After an error the engine takes no more documents: drop the indexer, open it again and go on from its
/// [`cursor`](Self::cursor).
pub struct Indexer {
    target: Target,
    search: Search,
    options: IndexerOptions,
    dir: PathBuf,
    rebuilding: Arc<AtomicBool>,
    _lock: File,
}

impl Indexer {
    /// Opens the index in `dir` for writing, and makes an empty one when there is none or when the one there cannot be read
    /// by this program (its [`cursor`](Self::cursor) is then 0). Removes what an interrupted rebuild left behind.
    ///
    /// An index built by other versions that can still be read goes on serving; see [`Search::is_outdated`].
    pub fn open(dir: &Path, options: IndexerOptions) -> Result<Self, SearchError> {
        let lock = generation::lock(dir)?;
        let current = generation::current(dir)?;
        generation::remove_strays(dir, current.as_deref())?;
        let found = match &current {
            Some(name) => readable(Generation::open(dir, name, Reload::ByWriter))?,
            None => None,
        };
        let serving = found.map_or_else(|| start_anew(dir), Ok)?;
        let target = Target::new(Arc::new(serving), options)?;
        let search = Search::of_writer(dir, Arc::clone(&target.generation));
        let rebuilding = Arc::new(AtomicBool::new(false));
        Ok(Self { target, search, options, dir: dir.to_owned(), rebuilding, _lock: lock })
    }

    /// The reading side. It sees each commit as soon as [`commit`](Self::commit) returns.
    pub fn search(&self) -> Search {
        self.search.clone()
    }

    /// The ledger position the last commit stands for; 0 before the first. Everything behind it must be applied (again).
    pub const fn cursor(&self) -> u64 {
        self.target.cursor
    }

    /// Puts documents in, each in place of an earlier one with the same number. Visible and durable after
    /// [`commit`](Self::commit).
    pub fn apply(&mut self, batch: Vec<SearchDoc>) -> Result<(), SearchError> {
        self.target.apply(batch)
    }

    /// Takes the documents with these numbers out.
    pub fn remove(&mut self, numbers: &[u64]) {
        self.target.remove(numbers);
    }

    /// Makes everything applied so far durable and visible, together with the ledger position it stands for. After a crash
    /// the index opens at its last commit, with that commit's position.
    pub fn commit(&mut self, cursor: u64) -> Result<(), SearchError> {
        self.target.merge_from(SEGMENTS_AT_REST);
        self.target.commit(cursor)
    }

    /// The same; what is applied after it is cut by threads that give way to whoever else has something to do, and merged
    /// later. Much that comes at once is written sooner so: its writer is not kept waiting.
    pub fn commit_giving_way(&mut self, cursor: u64) -> Result<(), SearchError> {
        self.target.merge_from(SEGMENTS_AMID_MUCH);
        giving_way(|| self.target.commit(cursor))
    }

    /// Begins a new, empty index beside the one that serves. It has its own memory budget, and may be filled in another
    /// thread while this indexer goes on.
    pub fn begin_rebuild(&self) -> Result<Rebuild, SearchError> {
        if self.rebuilding.swap(true, Ordering::AcqRel) {
            return Err(SearchError::Rebuilding);
        }
        let turn = Turn(Arc::clone(&self.rebuilding));
        let fresh = Generation::create(&self.dir, generation::next_name(&self.dir)?)?;
        // Until it is finished it is a stray: whatever happens, its folder goes with it.
        fresh.doom();
        Ok(Rebuild { target: Target::new(Arc::new(fresh), self.options)?, _turn: turn })
    }
}

/// A new index being filled while the old one serves. Dropped unfinished, it leaves nothing behind.
pub struct Rebuild {
    target: Target,
    _turn: Turn,
}

impl Rebuild {
    /// The ledger position of its last commit.
    pub const fn cursor(&self) -> u64 {
        self.target.cursor
    }

    /// Puts documents in; numbers in rising order are the fastest.
    pub fn apply(&mut self, batch: Vec<SearchDoc>) -> Result<(), SearchError> {
        self.target.apply(batch)
    }

    /// Takes the documents with these numbers out.
    pub fn remove(&mut self, numbers: &[u64]) {
        self.target.remove(numbers);
    }

    /// Makes everything applied so far durable, together with the ledger position it stands for.
    pub fn commit(&mut self, cursor: u64) -> Result<(), SearchError> {
        self.target.commit(cursor)
    }

    /// Commits and makes this index the one that serves; the old one is removed once its last reader is done.
    ///
    /// From here on `indexer` writes to the new index and stands at `cursor`: whoever follows the ledger must go on from
    /// [`Indexer::cursor`], which may lie before the position the old index had reached.
    pub fn finish(mut self, indexer: &mut Indexer, cursor: u64) -> Result<(), SearchError> {
        self.target.commit(cursor)?;
        generation::set_current(&indexer.dir, &self.target.generation.name)?;
        self.target.generation.spare();
        indexer.search.swap(Arc::clone(&self.target.generation));
        let old = std::mem::replace(&mut indexer.target, self.target);
        old.generation.doom();
        Ok(())
    }
}

/// The right to rebuild; given back when dropped.
struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A generation with its writer.
struct Target {
    // Before the generation, so that the writer's threads have ended when a doomed folder is removed.
    writer: IndexWriter,
    generation: Arc<Generation>,
    cursor: u64,
    /// No document in the index, or on its way in, has a higher number.
    highest: u64,
    /// Documents applied since the last commit.
    uncommitted: usize,
}

impl Target {
    fn new(generation: Arc<Generation>, options: IndexerOptions) -> Result<Self, SearchError> {
        let threads = options.threads.max(1);
        let memory = (options.memory / threads).clamp(MIN_THREAD_MEMORY, MAX_THREAD_MEMORY);
        let settings = IndexWriterOptions::builder().num_worker_threads(threads).memory_budget_per_thread(memory);
        let writer = generation.index.writer_with_options(settings.build())?;
        let (cursor, highest) = (generation.cursor()?, generation.highest_number()?);
        let target = Self { writer, generation, cursor, highest, uncommitted: 0 };
        target.merge_from(SEGMENTS_AT_REST);
        Ok(target)
    }

    /// From here on so many segments of like size are made one.
    fn merge_from(&self, segments: usize) {
        let mut merging = LogMergePolicy::default();
        merging.set_min_num_segments(segments);
        // Items change several times in their life: space of replaced documents is won back early.
        merging.set_del_docs_ratio_before_merge(0.3);
        self.writer.set_merge_policy(Box::new(merging));
    }

    fn apply(&mut self, batch: Vec<SearchDoc>) -> Result<(), SearchError> {
        let fields = self.generation.fields;
        self.uncommitted = self.uncommitted.saturating_add(batch.len());
        let mut group = Vec::new();
        for doc in batch {
            // A number higher than all before it is new: deleting nothing would still cost a look-up in every segment.
            if doc.number <= self.highest {
                group.push(UserOperation::Delete(Term::from_field_u64(fields.number, doc.number)));
            }
            self.highest = self.highest.max(doc.number);
            group.push(UserOperation::Add(fields.document(doc)));
            if self.uncommitted > SMALL_COMMIT {
                self.writer.run(group.drain(..))?;
            }
        }
        self.writer.run(group)?;
        Ok(())
    }

    fn remove(&self, numbers: &[u64]) {
        for number in numbers {
            self.writer.delete_term(Term::from_field_u64(self.generation.fields.number, *number));
        }
    }

    fn commit(&mut self, cursor: u64) -> Result<(), SearchError> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&cursor.to_string());
        commit.commit()?;
        self.cursor = cursor;
        self.uncommitted = 0;
        self.generation.reader.reload()?;
        Ok(())
    }
}

/// An empty index that serves, in place of any there was.
fn start_anew(dir: &Path) -> Result<Generation, SearchError> {
    let fresh = Generation::create(dir, generation::next_name(dir)?)?;
    generation::set_current(dir, &fresh.name)?;
    generation::remove_strays(dir, Some(&fresh.name))?;
    Ok(fresh)
}

/// `None` when the index cannot be read by this program and so must be made anew; an error when the system is at fault.
fn readable(opened: Result<Generation, SearchError>) -> Result<Option<Generation>, SearchError> {
    match opened {
        Ok(generation) => Ok(Some(generation)),
        Err(
            SearchError::Foreign { .. }
            | SearchError::Engine(
                TantivyError::DataCorruption(_)
                | TantivyError::IncompatibleIndex(_)
                | TantivyError::OpenReadError(_)
                | TantivyError::OpenDirectoryError(_)
                | TantivyError::SchemaError(_),
            ),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

impl std::fmt::Debug for Indexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Indexer").finish_non_exhaustive()
    }
}
