//! The fields of the index, and the document that is put into it.

use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::time::Instant;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, SchemaBuilder, TantivyDocument, TextFieldIndexing,
    TextOptions,
};

use super::error::SearchError;

/// The mark, among those of the units, of an item that has been answered.
pub(super) const ANSWERED: &str = "answered";

/// Names of the registered tokenizers.
pub(super) const BIGRAM: &str = "huiyin_bigram";
pub(super) const WORDS: &str = "huiyin_words";

/// What the index knows of an item. The texts are cut into terms and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchDoc {
    /// The item's number in the store: the key. Numbers are handed out in rising order.
    pub number: u64,
    /// The title of the citizen's message.
    pub title: String,
    /// The question itself.
    pub body: String,
    /// The answers the viewer may find, drafts not among them.
    pub reply: String,
    /// The id of the source.
    pub source: String,
    /// The lead unit 主办.
    pub lead: Option<UnitId>,
    /// Assisting units 协办.
    pub assisting: Vec<UnitId>,
    /// Who may not do what it waits for: `Item::barred`.
    pub barred: Vec<AccountId>,
    /// The code of the stage.
    pub stage: String,
    /// The code of what it waits for.
    pub task: Option<String>,
    /// The code of the request type.
    pub request_type: String,
    /// When the citizen asked.
    pub asked_at: Instant,
    /// When the answer is due.
    pub due_at: Option<Instant>,
    /// When the answer was given.
    pub replied_at: Option<Instant>,
    /// Whether the item still waits for its answer.
    pub open: bool,
}

/// Handles of the fields, looked up by name so that an older index of the same shape can still be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) number: Field,
    pub(super) title: Field,
    pub(super) body: Field,
    pub(super) reply: Field,
    pub(super) words: Field,
    pub(super) source: Field,
    pub(super) lead: Field,
    pub(super) scope: Field,
    pub(super) assisting: Field,
    pub(super) task: Field,
    pub(super) barred: Field,
    pub(super) stage: Field,
    pub(super) request_type: Field,
    pub(super) open: Field,
    asked_at: Field,
    due_at: Field,
    replied_at: Field,
}

/// The schema of a new index.
pub(super) fn schema() -> Schema {
    let text = |tokenizer, record| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut schema = SchemaBuilder::default();
    schema.add_u64_field("number", INDEXED | FAST);
    for name in ["title", "body", "reply"] {
        schema.add_text_field(name, text(BIGRAM, IndexRecordOption::WithFreqsAndPositions));
    }
    // Only whether a word occurs counts towards the bonus: neither frequencies nor lengths are kept.
    let words = TextFieldIndexing::default()
        .set_tokenizer(WORDS)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    schema.add_text_field("words", TextOptions::default().set_indexing_options(words));
    for name in ["source", "lead", "stage", "request_type"] {
        schema.add_text_field(name, STRING | FAST);
    }
    for name in ["scope", "assisting", "task", "barred"] {
        schema.add_text_field(name, STRING);
    }
    schema.add_bool_field("open", INDEXED | FAST);
    for name in ["asked_at", "due_at", "replied_at"] {
        schema.add_i64_field(name, FAST);
    }
    schema.build()
}

impl Fields {
    /// Finds the fields in the schema of an index.
    pub(super) fn of(schema: &Schema) -> Result<Self, SearchError> {
        let field = |name: &str| {
            schema.get_field(name).map_err(|_| SearchError::Foreign { detail: format!("no field {name}") })
        };
        Ok(Self {
            number: field("number")?,
            title: field("title")?,
            body: field("body")?,
            reply: field("reply")?,
            words: field("words")?,
            source: field("source")?,
            lead: field("lead")?,
            scope: field("scope")?,
            assisting: field("assisting")?,
            task: field("task")?,
            barred: field("barred")?,
            stage: field("stage")?,
            request_type: field("request_type")?,
            open: field("open")?,
            asked_at: field("asked_at")?,
            due_at: field("due_at")?,
            replied_at: field("replied_at")?,
        })
    }

    /// The engine's form of a document.
    pub(super) fn document(&self, doc: SearchDoc) -> TantivyDocument {
        let mut out = TantivyDocument::default();
        out.add_u64(self.number, doc.number);
        out.add_text(self.words, &doc.title);
        out.add_text(self.words, &doc.body);
        out.add_text(self.title, doc.title);
        out.add_text(self.body, doc.body);
        out.add_text(self.reply, doc.reply);
        out.add_text(self.source, doc.source);
        if let Some(lead) = doc.lead {
            out.add_text(self.lead, lead.to_string());
        }
        for unit in &doc.assisting {
            out.add_text(self.assisting, unit.to_string());
        }
        for account in &doc.barred {
            out.add_text(self.barred, account.to_string());
        }
        if let Some(task) = doc.task {
            out.add_text(self.task, task);
        }
        for unit in doc.lead.into_iter().chain(doc.assisting) {
            out.add_text(self.scope, unit.to_string());
        }
        if doc.replied_at.is_some() {
            out.add_text(self.scope, ANSWERED);
        }
        out.add_text(self.stage, doc.stage);
        out.add_text(self.request_type, doc.request_type);
        out.add_bool(self.open, doc.open);
        out.add_i64(self.asked_at, doc.asked_at.as_micros());
        if let Some(due_at) = doc.due_at {
            out.add_i64(self.due_at, due_at.as_micros());
        }
        if let Some(replied_at) = doc.replied_at {
            out.add_i64(self.replied_at, replied_at.as_micros());
        }
        out
    }
}
