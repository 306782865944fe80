//! What a connector says of a source that is read over the network.

use std::time::Duration;

use regex::Regex;
use scraper::Selector;

use crate::fetch::FetchRules;
use crate::media::MediaGroup;

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

/// When a source is read, and what is expected of it. `None`: not at all, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// How often the newest pages are looked at.
    pub head: Option<Duration>,
    /// How many pages such a look reads at least. Default two.
    pub head_pages: u64,
    /// How often the whole list is read.
    pub sweep: Option<Duration>,
    /// A source that shows nothing new for longer is stale.
    pub expect_every: Option<Duration>,
    /// A whole list with fewer messages is wrong.
    pub min_items: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { head: None, head_pages: 2, sweep: None, expect_every: None, min_items: 0 }
    }
}

/// What is done with the pictures and documents that messages name. They are listed whatever this says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Whether they are fetched and kept here. Default no; of a mailbox yes, because nobody else shows them.
    pub fetch: bool,
    /// A larger one is refused. Bytes; default 10 MiB.
    pub max_bytes: u64,
    /// What else than these is refused, told by its bytes. Default all.
    pub types: Vec<MediaGroup>,
}

impl Default for Files {
    fn default() -> Self {
        Self { fetch: false, max_bytes: 10 << 20, types: MediaGroup::ALL.to_vec() }
    }
}

/// What a source that sends messages itself has to keep to.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// Name of the secret that signs its requests.
    pub secret: String,
    /// Name of a second secret that is good as well, while one replaces the other.
    pub old_secret: Option<String>,
    /// How far its clock may be from ours. Default five minutes.
    pub tolerance: Duration,
    /// The largest body. Bytes; default 256 KiB.
    pub max_bytes: u64,
    pub(crate) cells: Vec<CellRule>,
    pub(crate) attachments: Option<Attachments>,
}

/// A regular expression. The text of its first group counts, or of all of it where it has none.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(pub(crate) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Pattern {
    /// What it finds in `text`.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.0.captures(text)?;
        found.get(1).or_else(|| found.get(0)).map(|part| part.as_str())
    }

    /// Whether it finds anything.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// A source that is crawled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Site {
    pub(crate) fetch: FetchRules,
    pub(crate) warm_up: Option<WarmUp>,
    pub(crate) list: List,
    pub(crate) detail: Option<Detail>,
    /// Where the public reads a message.
    pub(crate) link: Option<Template>,
}

/// A page that is asked for before the list, for the sake of its cookies and tokens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WarmUp {
    pub(crate) url: Template,
    pub(crate) tokens: Vec<(String, TokenRule)>,
}

/// Where a token stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenRule {
    Pattern(Pattern),
    Cookie(String),
}

/// One request, with what changes in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) url: Template,
    pub(crate) body: AskBody,
    pub(crate) headers: Vec<(String, Template)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AskBody {
    Get,
    Form(Vec<(String, Template)>),
    Json(JsonTemplate),
}

/// A JSON body whose texts are templates; a text that is one number's placeholder alone becomes a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JsonTemplate {
    Fixed(serde_json::Value),
    Text(Template),
    List(Vec<JsonTemplate>),
    Map(Vec<(String, JsonTemplate)>),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// Number of the page.
    Page,
    /// Number of the first row of the page.
    Offset,
    /// Number of the last row of the page.
    End,
    /// Rows a page has.
    Size,
    /// The value of the last row of the page before.
    Last,
    /// The source's own key of the message.
    Key,
    /// A token of the warm-up page.
    Token(String),
    /// A secret, put in where the request is sent.
    Secret(String),
    /// A cell of the row.
    Cell(String),
}

impl Template {
    /// The cells it needs.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Cell(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// The list of messages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List {
    pub(crate) ask: Ask,
    pub(crate) paging: Paging,
    pub(crate) rows: RowsAt,
    /// Rows that are no messages.
    pub(crate) skip: Option<Selector>,
    /// How many messages the source says it has.
    pub(crate) total: Option<Figure>,
    /// How many pages the source says it has.
    pub(crate) pages: Option<Figure>,
    /// Says that there is truly nothing (暂无).
    pub(crate) empty: Option<Pattern>,
    /// Folded names of cells that change without the message changing (点击数).
    pub(crate) volatile: Vec<String>,
    pub(crate) cells: Vec<CellRule>,
    pub(crate) attachments: Option<Attachments>,
    pub(crate) max_pages: u64,
    /// The list never shows more than the newest: what is no longer in it was not withdrawn.
    pub(crate) newest_only: bool,
}

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Paging {
    None,
    Page { first: u64, size: Option<u64> },
    Offset { first: u64, size: u64 },
    Last { first: String, cell: String, size: Option<u64> },
    Link(Selector),
}

impl Paging {
    /// How many rows a full page has, where that is known.
    pub(crate) const fn size(&self) -> Option<u64> {
        match self {
            Self::None | Self::Link(_) => None,
            Self::Page { size, .. } | Self::Last { size, .. } => *size,
            Self::Offset { size, .. } => Some(*size),
        }
    }
}

/// Where the rows of a list stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RowsAt {
    /// Elements of a page.
    Css(Selector),
    /// An array in JSON.
    Pointer(Pointer),
    /// Elements of the HTML in an array of a script, of that name where it is told.
    Script { array: Option<String>, css: Selector },
    /// The entries of a feed.
    Feed,
}

/// A path into JSON; `*` stands for every element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer(pub(crate) Vec<String>);

/// A number on a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub(crate) at: Option<FigureAt>,
    pub(crate) pattern: Option<Pattern>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FigureAt {
    Css(Selector),
    Pointer(Pointer),
}

/// How one cell is taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CellRule {
    pub(crate) name: String,
    pub(crate) from: From,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) take: Take,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum From {
    /// An element below the row (the row itself without a selector), its text or an attribute.
    Css { css: Option<Selector>, attr: Option<String> },
    /// A place in JSON.
    Pointer(Pointer),
    /// Another cell.
    Cell(String),
    /// Another cell that holds JSON, opened.
    Json { cell: String, pointer: Pointer },
    /// The same for every row.
    Text(String),
}

/// Which of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Take {
    #[default]
    First,
    Last,
    /// All of them, a line for each.
    All,
}

/// The page of one message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) ask: Ask,
    /// Asks whether a message that the list no longer shows is still there.
    pub(crate) check: Option<Template>,
    pub(crate) shape: DetailShape,
    pub(crate) cells: Vec<CellRule>,
    /// Read again in every sweep, and not only when the list's row changed.
    pub(crate) every_sweep: bool,
    /// Says that the message was deleted.
    pub(crate) gone: Option<Pattern>,
    pub(crate) attachments: Option<Attachments>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DetailShape {
    /// A page; the pairs of label and value on it are cells by themselves.
    Html { pairs: Option<Pairs> },
    /// JSON; everything below the root is a cell by itself.
    Json { root: Pointer },
}

/// Elements that hold labels, and those that hold their values; without the latter it is the element next to the label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pairs {
    pub(crate) label: Selector,
    pub(crate) value: Option<Selector>,
}

/// Pictures and documents of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attachments {
    Css { css: Selector, attr: Option<String> },
    Pointer { pointer: Pointer, url: Option<Pointer>, name: Option<Pointer> },
}
