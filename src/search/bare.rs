//! The bare engine: this module's fields and tokenizers with nothing around them. `benches/` measure against it.

use std::path::Path;

use tantivy::schema::TantivyDocument;
use tantivy::{Index, IndexWriter};

use super::error::SearchError;
use super::generation::register_tokenizers;
use super::indexer::IndexerOptions;
use super::schema::{Fields, SearchDoc, schema};

/// An engine's index that knows neither generations nor ledger positions.
#[derive(Debug)]
pub struct BareIndex {
    /// The engine's own handle.
    pub index: Index,
    fields: Fields,
}

impl BareIndex {
    /// Makes an empty one in a folder that is there and empty.
    pub fn create(dir: &Path) -> Result<Self, SearchError> {
        Self::of(Index::create_in_dir(dir, schema())?)
    }

    /// Opens the index of one generation.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        Self::of(Index::open_in_dir(dir)?)
    }

    fn of(index: Index) -> Result<Self, SearchError> {
        register_tokenizers(&index);
        let fields = Fields::of(&index.schema())?;
        Ok(Self { index, fields })
    }

    /// A writer with the threads and the memory of the real one.
    pub fn writer(&self) -> Result<IndexWriter, SearchError> {
        let options = IndexerOptions::default();
        Ok(self.index.writer_with_num_threads(options.threads, options.memory)?)
    }

    /// The engine's form of a document.
    pub fn document(&self, doc: SearchDoc) -> TantivyDocument {
        self.fields.document(doc)
    }
}
