//! The page of one message, and what is done when it cannot be read.

use url::Url;

use super::ask::Values;
use super::rows::Row;
use super::run::{Crawl, layout};
use super::{AlarmCode, CrawlError, Found, Host, Pages, Shows};
use crate::connector::site::Detail;
use crate::extract::{self, Cells};
use crate::fetch::{FetchCode, FetchError, Request};
use crate::line::{is_blank, merge};
use crate::record::{HoldCode, HoldReason, Record, RowOutcome};

/// So many pages in a row that do not come: the server is not well, and is left alone.
const LOST_MOST: u64 = 10;
/// So many pages in a row without anything on them, and none with: the layout has changed.
const EMPTY_MOST: u64 = 5;
/// Keys that an alarm names.
const NAMED: usize = 5;

/// What became of the pages of messages.
#[derive(Debug, Default)]
pub(super) struct Details {
    /// Pages on which something was found.
    pub(super) read: u64,
    /// Pages on which nothing was found.
    empty: u64,
    /// Messages whose page could not be read, and the first of their keys.
    missing: u64,
    named: Vec<String>,
    lost_in_a_row: u64,
}

/// What a page turned out to be.
pub(super) enum Turned {
    Read(Cells, Url),
    /// It is not there any more.
    Gone,
    /// It is there and says nothing.
    Empty,
    /// It did not come.
    Lost(FetchError),
}

impl<P: Pages, H: Host> Crawl<'_, P, H> {
    /// A row with its page.
    pub(super) async fn with_detail(&mut self, row: &Row) -> Result<Found, CrawlError> {
        let Some(detail) = &self.site.detail else {
            return Ok(Found::Row(self.mapped(row, &row.cells, &row.page, None)));
        };
        let key = row.key.as_deref().unwrap_or_default();
        let values = Values::of_row(&self.tokens, key, Some(&row.cells));
        let request = values.request(&detail.ask, &self.site.fetch.base, Some(&row.page));
        let turned = match request {
            Some(request) => self.detail_page(detail, request).await?,
            None => Turned::Empty,
        };
        match turned {
            Turned::Read(cells, url) => {
                let merged = merge(self.connector, &row.cells, &cells);
                let outcome = self.mapped(row, &merged, &url, Some(row.digest.clone()));
                Ok(self.without_excerpt(row, outcome))
            }
            Turned::Gone => Ok(self.without_detail(row, "详情页已不在")),
            Turned::Empty => Ok(self.without_detail(row, "详情页上读不到内容")),
            Turned::Lost(error) => Ok(self.without_detail(row, &error.message)),
        }
    }

    /// Asks for the page of a message.
    pub(super) async fn detail_page(&mut self, detail: &Detail, request: Request) -> Result<Turned, CrawlError> {
        let answer = match self.pages.get(request.clone()).await {
            Ok(answer) => answer,
            Err(error) if error.code == FetchCode::Gone => return Ok(Turned::Gone),
            Err(error) if matches!(error.code, FetchCode::Blocked | FetchCode::Certificate | FetchCode::Settings) => {
                return Err(error.into());
            }
            Err(error) => {
                self.details.lost_in_a_row += 1;
                if self.details.lost_in_a_row >= LOST_MOST {
                    return Err(error.into());
                }
                return Ok(Turned::Lost(error));
            }
        };
        self.details.lost_in_a_row = 0;
        let text = self.text(&answer);
        let read = extract::detail(detail, &text);
        drop(text);
        let (url, payload) = self.payload(&request, answer, Shows::Message);
        self.host.take(Found::Page(payload)).await?;
        match read {
            Ok(None) => Ok(Turned::Gone),
            Ok(Some(cells)) if !is_blank(&cells) => {
                self.details.read += 1;
                Ok(Turned::Read(cells, url))
            }
            Ok(Some(_)) | Err(_) => {
                self.details.empty += 1;
                if self.details.read == 0 && self.details.empty >= EMPTY_MOST {
                    let message = "连续几个详情页都读不到内容，网站可能改版了，请核对采集配置的 detail".to_owned();
                    return Err(layout("detail", message));
                }
                Ok(Turned::Empty)
            }
        }
    }

    /// A row whose page cannot be read. What is known already stays as it is and is read again next time; what is new is
    /// taken from the list where that is enough, and held where it is not.
    fn without_detail(&mut self, row: &Row, why: &str) -> Found {
        self.note_missing(row);
        if let (Some(key), Some(_)) = (&row.key, &row.known) {
            return Found::Unchanged { key: key.clone() };
        }
        match self.mapped(row, &row.cells, &row.page, None) {
            RowOutcome::Held(mut held) => {
                let message = format!("{why}，列表上的内容不够；下次采集会再读，也可以在这里补全");
                held.reason = HoldReason { code: HoldCode::DetailMissing, message };
                held.column = None;
                Found::Row(RowOutcome::Held(held))
            }
            record @ RowOutcome::Record(_) => Found::Row(record),
        }
    }

    /// A page was read, and the text is still the excerpt that the list shows: its place on the page was not found.
    fn without_excerpt(&mut self, row: &Row, outcome: RowOutcome) -> Found {
        let RowOutcome::Record(mut record) = outcome else { return Found::Row(outcome) };
        if is_excerpt(&record) && self.is_of_list(row, &record) {
            self.note_missing(row);
            if let (Some(key), Some(_)) = (&row.key, &row.known) {
                return Found::Unchanged { key: key.clone() };
            }
            record.list_digest = None;
        }
        Found::Row(RowOutcome::Record(record))
    }

    fn is_of_list(&mut self, row: &Row, record: &Record) -> bool {
        match self.mapped(row, &row.cells, &row.page, None) {
            RowOutcome::Record(listed) => listed.body == record.body,
            RowOutcome::Held(_) => false,
        }
    }

    fn note_missing(&mut self, row: &Row) {
        self.details.missing += 1;
        if let Some(key) = row.key.as_ref().filter(|_| self.details.named.len() < NAMED) {
            self.details.named.push(key.clone());
        }
    }

    /// Says what was noted, once for the whole crawl.
    pub(super) fn tell_missing(&mut self) {
        if self.details.missing > 0 {
            let named = self.details.named.join("、");
            let more = if self.details.missing > NAMED as u64 { " 等" } else { "" };
            let message = format!(
                "{} 条来件的详情页读不到（{named}{more}）：新来的按列表收下或待修复，已有的保持原样，下次采集再读",
                self.details.missing
            );
            self.alarm(AlarmCode::DetailMissing, "detail", message);
        }
        if self.details.read == 0 && self.details.empty > 0 {
            let message = "读到的详情页上都没有内容，网站可能改版了，请核对采集配置的 detail".to_owned();
            self.alarm(AlarmCode::LayoutChanged, "detail", message);
        }
    }
}

/// Lists cut long texts.
fn is_excerpt(record: &Record) -> bool {
    record.body.ends_with("...") || record.body.ends_with('…')
}
