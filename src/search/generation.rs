//! The index's folder: generations, the pointer to the one that serves, and the writer's lock.
//!
//! ```text
//! index/
//!   CURRENT          the name of the generation that serves, replaced atomically
//!   LOCK             held by the one process that writes
//!   gen-7/           a tantivy index, and huiyin.json: the versions it was built with
//! ```

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, IndexReader, ReloadPolicy};

use super::error::SearchError;
use super::schema::{BIGRAM, Fields, WORDS, schema};
use super::tokenizer::BigramTokenizer;
use super::words::WordTokenizer;

/// Counts up when fields or their options change.
pub const SCHEMA_VERSION: u32 = 3;

/// Counts up when a text would be cut or folded differently: tokenizers, the folding table, the dictionary.
pub const TOKENIZER_VERSION: u32 = 1;

const CURRENT: &str = "CURRENT";
const LOCK: &str = "LOCK";
const STAMP: &str = "huiyin.json";
const PREFIX: &str = "gen-";

/// The versions an index was built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    schema: u32,
    tokenizer: u32,
    engine: String,
}

impl Stamp {
    fn present() -> Self {
        Self { schema: SCHEMA_VERSION, tokenizer: TOKENIZER_VERSION, engine: tantivy::version_string().to_owned() }
    }
}

/// One complete index.
pub(super) struct Generation {
    pub(super) name: String,
    pub(super) index: Index,
    pub(super) fields: Fields,
    pub(super) reader: IndexReader,
    /// Whether it was built by other versions and wants a rebuild.
    pub(super) outdated: bool,
    path: PathBuf,
    doomed: AtomicBool,
}

/// Tells the engine how this program cuts texts.
pub(super) fn register_tokenizers(index: &Index) {
    index.tokenizers().register(BIGRAM, TextAnalyzer::from(BigramTokenizer));
    index.tokenizers().register(WORDS, TextAnalyzer::from(WordTokenizer));
}

/// Who tells a reader of new commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// The writer in this process.
    ByWriter,
    /// The engine watches the file.
    Watched,
}

impl Generation {
    /// Makes an empty index.
    pub(super) fn create(dir: &Path, name: String) -> Result<Self, SearchError> {
        let path = dir.join(&name);
        fs::create_dir_all(&path).map_err(SearchError::io("create", &path))?;
        let index = Index::create_in_dir(&path, schema())?;
        let stamp = serde_json::to_string(&Stamp::present()).unwrap_or_default();
        replace(&path.join(STAMP), &stamp)?;
        Self::from_index(index, name, path, false, Reload::ByWriter)
    }

    /// Opens an index that was made earlier.
    pub(super) fn open(dir: &Path, name: &str, reload: Reload) -> Result<Self, SearchError> {
        let path = dir.join(name);
        let index = Index::open_in_dir(&path)?;
        let stamp = read(&path.join(STAMP))?.and_then(|text| serde_json::from_str::<Stamp>(&text).ok());
        let outdated = stamp != Some(Stamp::present());
        Self::from_index(index, name.to_owned(), path, outdated, reload)
    }

    fn from_index(
        index: Index,
        name: String,
        path: PathBuf,
        outdated: bool,
        reload: Reload,
    ) -> Result<Self, SearchError> {
        register_tokenizers(&index);
        let fields = Fields::of(&index.schema())?;
        let policy = match reload {
            Reload::ByWriter => ReloadPolicy::Manual,
            Reload::Watched => ReloadPolicy::OnCommitWithDelay,
        };
        let reader = index.reader_builder().reload_policy(policy).try_into()?;
        Ok(Self { name, index, fields, reader, outdated, path, doomed: AtomicBool::new(false) })
    }

    /// The ledger position of the last commit; 0 before the first.
    pub(super) fn cursor(&self) -> Result<u64, SearchError> {
        match self.index.load_metas()?.payload {
            Some(payload) => {
                payload.parse().map_err(|_| SearchError::Foreign { detail: "no ledger position in the commit".into() })
            }
            None => Ok(0),
        }
    }

    /// The highest number of any document, deleted ones included; 0 when there is none.
    pub(super) fn highest_number(&self) -> Result<u64, SearchError> {
        let mut highest = 0;
        for segment in self.reader.searcher().segment_readers() {
            highest = highest.max(segment.fast_fields().u64("number")?.max_value());
        }
        Ok(highest)
    }

    /// Has the folder removed once nobody reads from it any more.
    pub(super) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// Takes [`doom`](Self::doom) back.
    pub(super) fn spare(&self) {
        self.doomed.store(false, Ordering::Release);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            // What cannot be removed now is a stray that the next writer removes.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The name of the generation that serves; `None` when there is no index.
pub(super) fn current(dir: &Path) -> Result<Option<String>, SearchError> {
    let name = read(&dir.join(CURRENT))?.map(|text| text.trim().to_owned());
    Ok(name.filter(|name| number_of(name).is_some()))
}

/// Makes a generation the one that serves.
pub(super) fn set_current(dir: &Path, name: &str) -> Result<(), SearchError> {
    replace(&dir.join(CURRENT), &format!("{name}\n"))
}

/// The name of the generation after all there are.
pub(super) fn next_name(dir: &Path) -> Result<String, SearchError> {
    let highest = generations(dir)?.iter().filter_map(|name| number_of(name)).max();
    Ok(format!("{PREFIX}{}", highest.unwrap_or(0) + 1))
}

/// Removes every generation but the one that serves: remains of a crash, or of an earlier rebuild.
pub(super) fn remove_strays(dir: &Path, current: Option<&str>) -> Result<(), SearchError> {
    for name in generations(dir)? {
        if Some(name.as_str()) != current {
            let path = dir.join(name);
            fs::remove_dir_all(&path).map_err(SearchError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Takes the writer's lock. The system lets go of it when the process ends, however it ends.
pub(super) fn lock(dir: &Path) -> Result<File, SearchError> {
    fs::create_dir_all(dir).map_err(SearchError::io("create", dir))?;
    let path = dir.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(SearchError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SearchError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(SearchError::io("lock", &path)(source)),
    }
}

fn generations(dir: &Path) -> Result<Vec<String>, SearchError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(SearchError::io("list", dir))? {
        let name = entry.map_err(SearchError::io("list", dir))?.file_name();
        if let Some(name) = name.to_str().filter(|name| number_of(name).is_some()) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// The text of a small file; `None` when there is no such file.
fn read(path: &Path) -> Result<Option<String>, SearchError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SearchError::io("read", path)(error)),
    }
}

/// Writes a small file so that a crash leaves either the old or the new one, whole.
fn replace(path: &Path, text: &str) -> Result<(), SearchError> {
    let draft = path.with_extension("new");
    fs::write(&draft, text).map_err(SearchError::io("write", &draft))?;
    let synced = File::open(&draft).and_then(|file| file.sync_all());
    synced.map_err(SearchError::io("sync", &draft))?;
    fs::rename(&draft, path).map_err(SearchError::io("replace", path))?;
    if let Some(parent) = path.parent() {
        // Where folders cannot be opened (Windows), the rename itself is as durable as it gets.
        let _ = File::open(parent).and_then(|folder| folder.sync_all());
    }
    Ok(())
}
