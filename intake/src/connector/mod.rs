//! How one source looks, told in data: `connectors/<id>/connector.toml`.
//!
//! A connector is a closed set of settings, checked as a whole when it is loaded: whatever is unknown, double or
//! impossible is refused with file and line, so that nothing is found out in the middle of an import.

mod net_rules;
mod raw;
mod raw_site;
pub(crate) mod site;
mod site_rules;
mod syntax;
mod template;
mod validate;
mod way_rules;
mod ways;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use huiyin_domain::text::date::Shapes;
use include_dir::{Dir, include_dir};
use jiff::civil;
use serde::Deserialize;

pub use self::site::{Files, Kind, Push, Schedule};
use self::site::{Pattern, Site};
pub(crate) use self::validate::is_id;
pub(crate) use self::ways::Download;
pub use self::ways::{MailTls, Mailbox, Watch, Way};
use super::fetch::FetchRules;

/// The connectors that come with the program.
pub(crate) static BUILTIN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../connectors");

/// File name of the description inside a connector's folder.
pub const FILE_NAME: &str = "connector.toml";

/// A checked description of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct Connector {
    /// Lowercase noun, unique: `hotline-city`.
    pub id: String,
    /// What the office calls it.
    pub name: String,
    /// The channel its messages come through: 12345热线, 领导信箱 …
    pub channel: String,
    /// How its messages come.
    pub kind: Kind,
    /// Raised whenever a change makes the same file read differently.
    pub version: u32,
    /// For whom and what it is, one or two sentences.
    pub description: String,
    pub(crate) fixtures: Vec<Fixture>,
    pub(crate) table: Table,
    pub(crate) schedule: Schedule,
    /// Of a kind that is crawled.
    pub(crate) site: Option<Box<Site>>,
    /// Of a table that is fetched.
    pub(crate) download: Option<Box<Download>>,
    /// Of tables that come into a folder.
    pub(crate) watch: Option<Watch>,
    pub(crate) push: Option<Push>,
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) files: Files,
    pub(crate) running: Option<Pattern>,
    pub(crate) columns: Vec<Column>,
    pub(crate) key: Key,
    pub(crate) answer: Option<AnswerRule>,
    pub(crate) request_types: BTreeMap<String, String>,
    pub(crate) title_openings: Vec<String>,
}

/// A file in the connector's `fixtures/` that shows what the source exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    /// Line of `connector.toml` that names it.
    pub(crate) line: usize,
}

/// Where the rows are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) sheets: Sheets,
    /// Sheets that never hold messages (填表说明 …).
    pub(crate) ignore_sheets: Vec<String>,
    /// How many rows from the top the header may be below title rows.
    pub(crate) header_search_rows: usize,
    /// Folded openings of footer rows; `#` stands for digits.
    pub(crate) footers: Vec<String>,
}

/// Which sheets are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sheets {
    All,
    First,
    Named(Vec<String>),
}

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Key,
    /// The number the source prints, where it is not the key.
    Number,
    Title,
    Body,
    Author,
    Contact,
    AskedAt,
    DispatchedAt,
    DueAt,
    RequestType,
    Unit,
    Address,
    Reply,
    RepliedAt,
    ReplyUnit,
    Status,
    Extra,
}

impl Field {
    /// The word for it in `connector.toml`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Number => "number",
            Self::Title => "title",
            Self::Body => "body",
            Self::Author => "author",
            Self::Contact => "contact",
            Self::AskedAt => "asked_at",
            Self::DispatchedAt => "dispatched_at",
            Self::DueAt => "due_at",
            Self::RequestType => "request_type",
            Self::Unit => "unit",
            Self::Address => "address",
            Self::Reply => "reply",
            Self::RepliedAt => "replied_at",
            Self::ReplyUnit => "reply_unit",
            Self::Status => "status",
            Self::Extra => "extra",
        }
    }

    /// Whether the field is a point in time.
    pub(crate) const fn is_date(self) -> bool {
        matches!(self, Self::AskedAt | Self::DispatchedAt | Self::DueAt | Self::RepliedAt)
    }
}

/// What a cell of the column must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CellType {
    Text,
    Date { shapes: Shapes, not_before: Option<civil::Date> },
    Integer,
    Enum,
}

/// One column the connector knows. Several with the same field: the first that is not blank counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) field: Field,
    /// For `extra`: the name under which the value is kept. Else the first alias.
    pub(crate) name: String,
    /// Folded header names.
    pub(crate) aliases: Vec<String>,
    /// The header must have the column.
    pub(crate) required: bool,
    /// No row may leave it blank.
    pub(crate) filled: bool,
    pub(crate) cell: CellType,
    pub(crate) checks: Checks,
}

/// Checks on the values of one column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checks {
    pub(crate) max_chars: Option<usize>,
    pub(crate) one_of: Vec<String>,
    pub(crate) digits: bool,
    pub(crate) not_personal_name: bool,
}

/// What tells two messages of the source apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// The number the source prints is its own key.
    Printed,
    /// It prints none, or one that repeats: a digest of these fields, the n-th repeat within a file counted.
    Digest(Vec<Field>),
}

/// When a row already has an official answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnswerRule {
    /// All of these must be filled.
    pub(crate) when: Vec<Field>,
    /// Folded words of a holding reply.
    pub(crate) holding: Vec<String>,
    /// A longer text is an answer even if it has such a word: most answers open with 已收悉.
    pub(crate) holding_max_chars: usize,
    /// The source never leaves an old date on a new answer.
    pub(crate) trusted_dates: bool,
    /// Folded words that make even a short text an answer (答复如下 …).
    pub(crate) unless: Vec<String>,
}

/// Why a connector is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// The file cannot be read.
    #[error("failed to read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the disk said.
        source: std::io::Error,
    },
    /// The description is wrong.
    #[error("{file}, line {line}: {message}")]
    Invalid {
        /// Which file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl Connector {
    /// Reads `dir/connector.toml`.
    pub fn load(dir: &Path) -> Result<Self, ConnectorError> {
        let path = dir.join(FILE_NAME);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ConnectorError::Unreadable { path: path.clone(), source })?;
        let mut connector = Self::parse(&path.display().to_string(), &text)?;
        // A certificate lies beside the description.
        let site = connector.site.as_mut().map(|site| &mut site.fetch.certificate);
        let download = connector.download.as_mut().map(|download| &mut download.fetch.certificate);
        let mailbox = connector.mailbox.as_mut().map(|mailbox| &mut mailbox.certificate);
        for certificate in [site, download, mailbox].into_iter().flatten().flatten() {
            *certificate = dir.join(&certificate);
        }
        Ok(connector)
    }

    /// Reads a description; `file` is only what error messages call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConnectorError> {
        validate::connector(file, text)
    }

    /// Names of the files in its `fixtures/` that show what the source sends.
    pub fn fixtures(&self) -> impl Iterator<Item = &str> {
        self.fixtures.iter().map(|fixture| fixture.name.as_str())
    }

    /// When the source is read, and what is expected of it.
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// How its server is spoken to over HTTP; `None` where it is not.
    pub fn fetch_rules(&self) -> Option<&FetchRules> {
        match self.way() {
            Some(Way::List(rules) | Way::Download(rules)) => Some(rules),
            _ => None,
        }
    }

    /// What requests that bring messages have to keep to; `None` for a kind that is not pushed.
    pub const fn push(&self) -> Option<&Push> {
        self.push.as_ref()
    }

    /// The mailbox that is read; `None` for any other kind.
    pub const fn mailbox(&self) -> Option<&Mailbox> {
        self.mailbox.as_ref()
    }

    /// What is done with the pictures and documents that its messages name.
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// The series of a printed number and its place in it; `None` where the source does not number its messages without
    /// gaps, and for a number of another shape.
    pub fn running_number(&self, printed: &str) -> Option<(String, u64)> {
        let found = self.running.as_ref()?.0.captures(printed.trim())?;
        let number = found.get(2)?.as_str().parse().ok()?;
        Some((found.get(1).map_or_else(String::new, |series| series.as_str().to_owned()), number))
    }

    /// Whether an answer that took the place of another text under the same date really is of that date. Most sources leave
    /// the date of the holding reply on the real one.
    pub fn trusts_reply_dates(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.trusted_dates)
    }

    /// The code of the field that a column with this header is read into; `None` when the connector does not know it.
    pub fn field_of(&self, header: &str) -> Option<&'static str> {
        let folded = super::fold::fold_header(header);
        self.columns.iter().find(|column| column.aliases.contains(&folded)).map(|column| column.field.code())
    }

    /// The names the columns go by in a header, folded; the first of each.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter_map(|column| column.aliases.first().map(String::as_str))
    }

    /// Whether the source has a column that says when a message was written.
    pub fn has_asked_at(&self) -> bool {
        self.columns.iter().any(|column| column.field == Field::AskedAt)
    }
}

/// The connectors that come with the program, by id.
pub fn builtin() -> Result<Vec<Connector>, ConnectorError> {
    let mut connectors = Vec::new();
    for dir in BUILTIN.dirs() {
        connectors.extend(shipped(dir)?);
    }
    connectors.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(connectors)
}

fn shipped(dir: &Dir<'_>) -> Result<Option<Connector>, ConnectorError> {
    let Some(file) = dir.get_file(dir.path().join(FILE_NAME)) else { return Ok(None) };
    let name = format!("connectors/{}", file.path().display());
    Connector::parse(&name, file.contents_utf8().unwrap_or_default()).map(Some)
}

/// All connectors of an installation, by id: the own ones of `overrides`, and of those that come with the program the ones
/// that are not replaced there.
pub fn all(overrides: Option<&Path>) -> Result<Vec<Connector>, ConnectorError> {
    let Usable { connectors, broken } = usable(overrides)?;
    broken.into_iter().next().map_or(Ok(connectors), |(_, error)| Err(error))
}

/// The connectors of an installation that can be used, and the others.
#[derive(Debug)]
pub struct Usable {
    /// Those that can be used, by id.
    pub connectors: Vec<Connector>,
    /// The own ones that cannot, each with the name of its folder and why.
    pub broken: Vec<(String, ConnectorError)>,
}

/// The same as [`all`], with the own ones that cannot be used told apart. One that is just being written must not close the doors
/// of the others; what comes with the program under the id of a broken one does not take its place.
pub fn usable(overrides: Option<&Path>) -> Result<Usable, ConnectorError> {
    let (mut connectors, mut broken) = (Vec::new(), Vec::new());
    for entry in overrides.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten() {
        let (dir, id) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if is_id(&id) && dir.join(FILE_NAME).is_file() {
            match own(&dir) {
                Ok(connector) => connectors.push(connector),
                Err(error) => broken.push((id, error)),
            }
        }
    }
    for shipped in builtin()? {
        let is_own = |connector: &Connector| connector.id == shipped.id;
        if !connectors.iter().any(is_own) && !broken.iter().any(|(id, _)| *id == shipped.id) {
            connectors.push(shipped);
        }
    }
    connectors.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Usable { connectors, broken })
}

/// The connector `id`: from `overrides/<id>/` when that folder is there, else the one that comes with the program.
/// `Ok(None)` when neither knows it.
pub fn find(id: &str, overrides: Option<&Path>) -> Result<Option<Connector>, ConnectorError> {
    let is_plain_name = is_id(id);
    if let Some(dir) = overrides.filter(|_| is_plain_name).map(|overrides| overrides.join(id))
        && dir.join(FILE_NAME).is_file()
    {
        return own(&dir).map(Some);
    }
    // Only this one is parsed: many callers ask, and compiling the patterns of all is not for nothing.
    BUILTIN.get_dir(id).filter(|_| is_plain_name).map_or(Ok(None), shipped)
}

/// Loads a connector from a folder that bears its id: under another name its messages would belong to another source.
fn own(dir: &Path) -> Result<Connector, ConnectorError> {
    let connector = Connector::load(dir)?;
    if dir.file_name().is_some_and(|name| *name == *connector.id) {
        return Ok(connector);
    }
    let message = format!("the folder must be named after the connector's id `{}`", connector.id);
    Err(ConnectorError::Invalid { file: dir.join(FILE_NAME).display().to_string(), line: 1, message })
}
