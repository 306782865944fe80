//! Reading a source's list over the network: what it shows, what it says it has, and what of it is still there.
//!
//! A crawl knows nothing of the store. It asks its [`Host`] what is known already, and hands over what it finds.

use std::collections::BTreeSet;
use std::future::Future;

use serde::Serialize;
use url::Url;

use super::fetch::{FetchError, Request, redacted};
use super::record::RowOutcome;

/// How much of a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// A quick look at the newest pages of the list.
    Head,
    /// The whole list.
    Sweep,
}

/// What is known of a message before it is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Digest of its row in the list when its detail was read; `None` when the detail has to be read again.
    pub list_digest: Option<String>,
}

/// One page as it was sent, to be kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The request it answers, without anything secret.
    pub url: String,
    /// The type the server says it is.
    pub media_type: Option<String>,
    /// The body, unpacked.
    pub body: Vec<u8>,
}

/// One thing a crawl found, in the order of the list.
#[derive(Debug)]
pub enum Found {
    /// A page was read. Comes before the rows that stand on it.
    Page(Payload),
    /// A row, with its detail where it has one.
    Row(RowOutcome),
    /// A row that stands in the list as it did when its detail was read: nothing new.
    Unchanged {
        /// The source's own key.
        key: String,
    },
}

/// The one for whom a crawl reads.
pub trait Host: Send {
    /// What is known of the messages with these keys, in the same order; `None` for a new one.
    fn known(&mut self, keys: &[String]) -> impl Future<Output = Result<Vec<Option<Known>>, HostGone>> + Send;

    /// Keys of all messages that this source is known to show and that are not withdrawn, above `after`, in their order,
    /// at most `limit`: a sweep compares them with what it met.
    fn shown_after(&mut self, after: &str, limit: usize) -> impl Future<Output = Result<Vec<String>, HostGone>> + Send;

    /// Takes what was found; slow when the writing is.
    fn take(&mut self, found: Found) -> impl Future<Output = Result<(), HostGone>> + Send;
}

/// Who takes the rows has failed or been stopped; there is nothing left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody takes the rows any more")]
pub struct HostGone;

/// What a crawl covered. Its counts are of rows: `shown = rows + held + unchanged + repeated`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many messages the source says its list has; `None` where it does not say.
    pub claimed: Option<u64>,
    /// Rows on all pages that were read.
    pub shown: u64,
    /// Of these, rows met before in the same crawl: a list that shifts while it is paged shows some twice.
    pub repeated: u64,
    /// Distinct messages met when the list was last gone through: what `claimed` is compared with.
    pub met: u64,
    /// Pages of the list that were read.
    pub pages: u64,
    /// Whether the end of the list was reached.
    pub complete: bool,
    /// Keys the hub knows and a complete sweep did not meet, each asked for once more: the source no longer shows them.
    pub withdrawn: Vec<String>,
    /// What is not as it should be, although the crawl went on.
    pub alarms: BTreeSet<Alarm>,
}

/// Something that a person has to look at. Never personal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alarm {
    /// What kind of fault.
    pub code: AlarmCode,
    /// Which page, number or count it is about; tells two alarms of one kind apart.
    pub subject: String,
    /// What happened and what to do, in Chinese.
    pub message: String,
}

/// The closed list of alarms a crawl can raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmCode {
    /// A selector that must find something found nothing: the layout has changed.
    LayoutChanged,
    /// The list shows fewer or more messages than it says it has.
    CountDiffers,
    /// A page of the list could not be read, or was empty in the middle.
    PageMissing,
    /// Fewer rows than the connector's `min_items`.
    TooFew,
    /// A detail page could not be read; the row of the list was taken as it stands.
    DetailMissing,
    /// The same key now shows another message.
    KeyReused,
    /// The source asks us to stay away.
    Blocked,
    /// The list goes on beyond what a crawl may read.
    Limit,
}

impl AlarmCode {
    /// The code as written to the store and to JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LayoutChanged => "layout_changed",
            Self::CountDiffers => "count_differs",
            Self::PageMissing => "page_missing",
            Self::TooFew => "too_few",
            Self::DetailMissing => "detail_missing",
            Self::KeyReused => "key_reused",
            Self::Blocked => "blocked",
            Self::Limit => "limit",
        }
    }
}

/// What broke a crawl off. What was handed over before stays.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The source could not be read any further.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The page is not what the connector describes.
    #[error("{}", .0.message)]
    Layout(Alarm),
    /// Who takes the rows is gone.
    #[error(transparent)]
    Host(#[from] HostGone),
}

/// The one who gets pages: `fetch::Fetcher` over the network, a folder of files for fixtures.
pub trait Pages: Send {
    /// The answer to a request.
    fn get(&mut self, request: Request) -> impl Future<Output = Result<super::fetch::Answer, FetchError>> + Send;

    /// The value of a cookie that would be sent to `url`; tokens of a session are often kept in one.
    fn cookie(&self, _url: &Url, _name: &str) -> Option<String> {
        None
    }

    /// What [`Payload::url`] says of a request: where it went, without anything secret.
    fn redacted(&self, request: &Request) -> String {
        redacted(request)
    }
}
