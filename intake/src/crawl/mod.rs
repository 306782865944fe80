//! Reading a source's list over the network: what it shows, what it says it has, and what of it is still there.
//!
//! A crawl knows nothing of the store. It asks its [`Host`] what is known already, and hands over what it finds.

mod ask;
mod detail;
mod digest;
mod download;
mod rows;
mod run;
mod site_pages;
#[cfg(test)]
mod tests;
mod withdrawn;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;

use serde::Serialize;
use url::Url;

pub use self::download::download_request;
pub(crate) use self::download::is_date_name;
pub use self::site_pages::{SiteFault, SitePages};
use super::connector::Connector;
use super::connector::site::Paging;
use super::fetch::{FetchError, Request, redacted};
use super::line::Lines;
use super::record::{Limits, RowOutcome};

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
    /// The character set the server says it is in.
    pub charset: Option<String>,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// What it shows.
    pub shows: Shows,
}

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shows {
    /// A list: the rows that follow stand on it, up to the next list.
    List,
    /// One message: it is that of the row that follows.
    Message,
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

/// What reads a source and hands over what it finds.
pub trait Reading: Send {
    /// Reads to the end, or until something breaks it off. What it covered is told either way.
    fn read<H: Host>(self, host: &mut H) -> impl Future<Output = (Coverage, Result<(), CrawlError>)> + Send;
}

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
    /// Keys the hub knows and a sweep did not meet whose list came up short: a page was left out, or the source counts
    /// more than it shows. They are not withdrawn; at most 200.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unshown: Vec<String>,
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
    /// The same key now shows another message, or two at once.
    KeyReused,
    /// The source asks us to stay away.
    Blocked,
    /// The list goes on beyond what a crawl may read.
    Limit,
    /// A file that came into a watched folder cannot be read.
    FileRefused,
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
            Self::FileRefused => "file_refused",
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

    /// The file at an address that a message names; `TooLarge` where it has more bytes than told.
    fn get_file(
        &mut self,
        url: Url,
        max_bytes: u64,
    ) -> impl Future<Output = Result<super::fetch::Answer, FetchError>> + Send {
        async move {
            let answer = self.get(Request::get(url)).await?;
            match &answer.body {
                Some(body) if body.len() as u64 > max_bytes => {
                    Err(FetchError::new(super::fetch::FetchCode::TooLarge, "文件太大"))
                }
                _ => Ok(answer),
            }
        }
    }

    /// The value of a cookie that would be sent to `url`; tokens of a session are often kept in one.
    fn cookie(&self, _url: &Url, _name: &str) -> Option<String> {
        None
    }

    /// The host that asked to be left alone, after a [`FetchCode::Blocked`](super::fetch::FetchCode::Blocked).
    fn refused_by(&self) -> Option<&str> {
        None
    }

    /// What [`Payload::url`] says of a request: where it went, without anything secret.
    fn redacted(&self, request: &Request) -> String {
        redacted(request)
    }
}

/// How far a crawl goes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrawlLimits {
    /// Pages of the list, beside the connector's own `max_pages`; `None` for no other limit.
    pub max_pages: Option<u64>,
    /// Whether "not changed since" will do for an answer. Not when the rows of the last pull may have got lost.
    pub conditional: bool,
    /// Limits of a row.
    pub row: Limits,
}

impl Default for CrawlLimits {
    fn default() -> Self {
        Self { max_pages: None, conditional: true, row: Limits::default() }
    }
}

/// A sweep in which something shifted goes through the list so often at most.
const PASSES_MOST: u8 = 3;

/// Reads a source's list: the newest pages, or all of it.
///
/// What was found goes to `host` page by page, so that memory does not grow with the list but for some tens of bytes a
/// message in a sweep. The coverage is true also when the crawl broke off: it says what was handed over until then.
pub async fn crawl<P: Pages, H: Host>(
    connector: &Connector,
    reach: Reach,
    pages: &mut P,
    host: &mut H,
    limits: &CrawlLimits,
) -> (Coverage, Result<(), CrawlError>) {
    let Some(site) = &connector.site else {
        let message = format!("“{}”不是要到网上去读的渠道", connector.name);
        let alarm = Alarm { code: AlarmCode::LayoutChanged, subject: "kind".to_owned(), message };
        return (Coverage::default(), Err(CrawlError::Layout(alarm)));
    };
    let mut crawl = run::Crawl {
        connector,
        site,
        reach,
        pages,
        host,
        limits,
        tokens: BTreeMap::new(),
        coverage: Coverage::default(),
        met: HashMap::new(),
        row: 0,
        details: detail::Details::default(),
        lines: Lines::new(connector, &limits.row),
    };
    let result = crawl.run().await;
    crawl.tell_missing();
    if let Err(CrawlError::Layout(alarm)) = &result {
        crawl.alarm(alarm.code, &alarm.subject, alarm.message.clone());
    }
    if let Err(CrawlError::Fetch(error)) = &result
        && error.code == super::fetch::FetchCode::Blocked
    {
        crawl.alarm(AlarmCode::Blocked, "source", error.message.clone());
    }
    (crawl.coverage, result)
}

impl<P: Pages, H: Host> run::Crawl<'_, P, H> {
    async fn run(&mut self) -> Result<(), CrawlError> {
        self.warm_up().await?;
        let mut pass = self.pass(1).await?;
        if self.reach == Reach::Head {
            self.coverage.met = pass.distinct;
            self.coverage.complete = pass.ended && pass.lost == 0;
            return Ok(());
        }
        // By the last row's key nothing is skipped: the next page begins behind it, wherever it stands by now.
        let by_place = !matches!(self.site.list.paging, Paging::Last { .. });
        let mut is_settled = false;
        while pass.number < PASSES_MOST && !is_settled && !(pass.is_clean() && !(by_place && pass.may_have_skipped())) {
            let again = self.pass(pass.number + 1).await?;
            is_settled = again.outcome() == pass.outcome();
            pass = again;
        }
        let is_restless = by_place && pass.may_have_skipped() && !is_settled;
        self.coverage.met = pass.distinct;
        self.coverage.complete = pass.ended && pass.lost == 0;
        if pass.lost == 0 {
            // A page that was missing in an earlier pass was read in the last.
            self.coverage.alarms.retain(|alarm| alarm.code != AlarmCode::PageMissing || !pass.ended);
        }
        self.compare(&pass);
        if is_restless {
            let message = format!(
                "网站没有说列表共有多少条，读了 {} 遍每遍都不一样（最后一遍 {} 条），可能有来件漏读；下次全量采集再核对",
                pass.number, pass.distinct
            );
            self.alarm(AlarmCode::CountDiffers, "passes", message);
        }
        let is_sound = self.coverage.alarms.is_empty() && self.coverage.complete;
        let is_short = pass.lost > 0 || pass.claimed.is_some_and(|claimed| claimed > pass.distinct);
        if is_sound && !self.site.list.newest_only {
            self.find_withdrawn(pass.number).await?;
        } else if pass.ended && is_short && !self.site.list.newest_only {
            self.find_unshown().await?;
        }
        Ok(())
    }

    /// What the source says it has, and what was met.
    fn compare(&mut self, pass: &run::Pass) {
        if let Some(claimed) = pass.claimed.filter(|claimed| *claimed != pass.distinct) {
            let message =
                format!("网站说列表共有 {claimed} 条，实际读到 {} 条（重复出现 {} 行）", pass.distinct, pass.repeated);
            self.alarm(AlarmCode::CountDiffers, "list", message);
        }
        if let Paging::Offset { size, .. } = self.site.list.paging
            && pass.falls_short_of(size)
        {
            let message = format!(
                "每次要 {size} 条，网站一次也没有给满，其间的来件会漏读：请把采集配置的 size 改成网站每次实际给的条数"
            );
            self.alarm(AlarmCode::CountDiffers, "size", message);
        }
        let least = self.connector.schedule.min_items;
        if pass.ended && pass.distinct < least {
            let message = format!("整个列表只有 {} 条，少于采集配置里的最少条数 {least}", pass.distinct);
            self.alarm(AlarmCode::TooFew, "list", message);
        }
    }
}
