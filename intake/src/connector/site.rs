//! What a connector says of a source that is read over the network.

use std::time::Duration;



/// How a source's messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Files the source exports: xlsx, xls, ods, csv, tsv.
    Table,
    /// Pages: a list, and a page for each message.
    Html,
    /// Answers in JSON.
    Json,
    /// Answers that are JavaScript with rows of HTML in it.
    JsRows,
    /// RSS or Atom.
    Feed,
    /// The source sends messages itself.
    Push,
    /// The bureau's own form.
    Form,
    /// A mailbox.
    Mail,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] =
        [Self::Table, Self::Html, Self::Json, Self::JsRows, Self::Feed, Self::Push, Self::Form, Self::Mail];

    /// The word for it in `connector.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Html => "html",
            Self::Json => "json",
            Self::JsRows => "jsrows",
            Self::Feed => "feed",
            Self::Push => "push",
            Self::Form => "form",
            Self::Mail => "mail",
        }
    }

    /// Whether its list is crawled over the network.
    pub const fn is_crawled(self) -> bool {
        matches!(self, Self::Html | Self::Json | Self::JsRows | Self::Feed)
    }
}

/// What a source that sends messages itself has to keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Name of the secret that signs its requests.
    pub secret: String,
    /// Name of a second secret that is good as well, while one replaces the other.
    pub old_secret: Option<String>,
    /// How far its clock may be from ours. Default five minutes.
    pub tolerance: Duration,
    /// The largest body. Bytes; default 256 KiB.
    pub max_bytes: u64,
}
