//! The crawl: pages of the list one after the other, and what they add up to.

use std::collections::{BTreeMap, HashMap};

use url::Url;

use super::ask::Values;
use super::detail::Details;
use super::digest::{self, Short};
use super::{Alarm, AlarmCode, Coverage, CrawlError, CrawlLimits, Found, Host, Pages, Payload, Reach, Shows};
use crate::connector::Connector;
use crate::connector::site::{Paging, Site, TokenRule};
use crate::extract::{self, ListPage};
use crate::fetch::{Answer, FetchCode, FetchError, Method, Request, decode};
use crate::line::Lines;

/// A head goes on while all it meets is new, but not further than this. Pages.
const HEAD_PAGES_MOST: u64 = 50;
/// So many pages in a row that cannot be read end the crawl.
const LOST_MOST: u64 = 2;
/// So many pages in a row without anything new end a pass: the source does not page.
const FRUITLESS_MOST: u64 = 3;

/// A crawl while it runs.
pub(super) struct Crawl<'a, P, H> {
    pub(super) connector: &'a Connector,
    pub(super) site: &'a Site,
    pub(super) reach: Reach,
    pub(super) pages: &'a mut P,
    pub(super) host: &'a mut H,
    pub(super) limits: &'a CrawlLimits,
    pub(super) tokens: BTreeMap<String, String>,
    pub(super) coverage: Coverage,
    /// What was met, and in which pass it was met last.
    pub(super) met: HashMap<Short, u8>,
    /// Rows handed over so far.
    pub(super) row: u64,
    pub(super) details: Details,
    pub(super) lines: Lines<'a>,
}

/// Once through the list.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) number: u8,
    /// Distinct messages.
    pub(super) distinct: u64,
    /// Rows that stood in it before.
    pub(super) repeated: u64,
    /// Pages with rows.
    pages: u64,
    /// Sum of the digests of what was met: the same for the same messages, in whatever order.
    keys: u128,
    /// What the source said at the beginning and at the end.
    pub(super) claimed_first: Option<u64>,
    pub(super) claimed: Option<u64>,
    /// Pages that could not be read, or were empty in the middle.
    pub(super) lost: u64,
    /// Whether it came to the end of the list.
    pub(super) ended: bool,
    /// Pages in a row that were lost, and that had nothing new.
    lost_in_a_row: u64,
    fruitless: u64,
    /// Rows of the largest page so far: a shorter one is the last.
    full: u64,
    last_page: Option<Short>,
    visited: Vec<Short>,
}

impl Pass {
    /// Whether nothing speaks against it: the end was reached, and the count is the source's own or nothing shifted.
    pub(super) fn is_clean(&self) -> bool {
        let adds_up = match self.claimed {
            Some(claimed) => claimed == self.distinct && self.claimed_first == self.claimed,
            None => self.repeated == 0,
        };
        self.ended && self.lost == 0 && adds_up
    }

    /// Meets a message for the first time in this pass.
    pub(super) const fn note(&mut self, identity: Short) {
        self.distinct += 1;
        self.keys = self.keys.wrapping_add(u128::from_be_bytes(identity));
    }

    /// Whether something may have been skipped without a trace: what is taken out of a page that was read moves the first
    /// row of the next one to where nobody looks any more, and no count says so.
    pub(super) const fn may_have_skipped(&self) -> bool {
        self.claimed.is_none() && self.pages > 1
    }

    /// Whether rows may lie between the pages: so many are asked for at a time, by their place, and never as many are
    /// given. Where the source says how many there are, its count tells.
    pub(super) const fn falls_short_of(&self, size: u64) -> bool {
        self.claimed.is_none() && self.pages > 1 && self.full < size
    }

    /// Whether the page at this place, from 0, lies behind all that the source says it has.
    fn is_past_end(&self, index: u64) -> bool {
        self.claimed
            .is_some_and(|claimed| self.distinct >= claimed || (self.full > 0 && index >= claimed.div_ceil(self.full)))
    }

    /// What a further pass is compared with: when nothing changes, it would not change in another.
    pub(super) const fn outcome(&self) -> (u64, u128, u64, Option<u64>, u64, bool) {
        (self.distinct, self.keys, self.repeated, self.claimed, self.lost, self.ended)
    }
}

/// Where in the list a pass is.
struct Cursor {
    /// From 0.
    index: u64,
    last: String,
    next: Option<Url>,
}

/// What comes after a page.
enum Step {
    Next,
    End,
    Stop,
}

impl<P: Pages, H: Host> Crawl<'_, P, H> {
    /// The page before the list, for its cookies and tokens.
    pub(super) async fn warm_up(&mut self) -> Result<(), CrawlError> {
        let Some(warm_up) = &self.site.warm_up else { return Ok(()) };
        let base = &self.site.fetch.base;
        let url = Values::of_row(&self.tokens, "", None).url(&warm_up.url, base, None).ok_or_else(|| unbuilt(""))?;
        let answer = self.pages.get(Request::get(url.clone())).await?;
        let text = self.text(&answer);
        for (name, rule) in &warm_up.tokens {
            let found = match rule {
                TokenRule::Pattern(pattern) => pattern.find(&text).map(str::to_owned),
                TokenRule::Cookie(cookie) => self.pages.cookie(&url, cookie),
            };
            let Some(found) = found else {
                let message = format!("预热页上找不到令牌 {name}，网站可能改版了，请核对采集配置的 warm_up");
                return Err(layout("warm_up", message));
            };
            self.tokens.insert(name.clone(), found);
        }
        Ok(())
    }

    pub(super) fn text(&self, answer: &Answer) -> String {
        decode(answer, self.site.fetch.charset).0
    }

    /// Goes through the list.
    pub(super) async fn pass(&mut self, number: u8) -> Result<Pass, CrawlError> {
        let mut pass = Pass { number, ..Pass::default() };
        let first = match &self.site.list.paging {
            Paging::Last { first, .. } => first.clone(),
            _ => String::new(),
        };
        let mut cursor = Cursor { index: 0, last: first, next: None };
        while self.may_go_on(&cursor) {
            let request = self.list_request(&cursor)?;
            let step = match self.pages.get(request.clone()).await {
                Ok(Answer { body: None, .. }) => Step::Stop,
                Ok(answer) => self.page(&mut pass, &mut cursor, &request, answer).await?,
                Err(error) => self.lost(&mut pass, &cursor, error)?,
            };
            match step {
                Step::Next => cursor.index += 1,
                Step::End => {
                    pass.ended = true;
                    break;
                }
                Step::Stop => break,
            }
        }
        Ok(pass)
    }

    fn may_go_on(&mut self, cursor: &Cursor) -> bool {
        let most = self.limits.max_pages.unwrap_or(u64::MAX).min(self.site.list.max_pages);
        if cursor.index < most {
            return true;
        }
        let message = format!("列表读到第 {most} 页就停下了，后面的没有读；要读得更多，请改采集配置的 max_pages");
        self.alarm(AlarmCode::Limit, "list", message);
        false
    }

    fn list_request(&self, cursor: &Cursor) -> Result<Request, CrawlError> {
        if let Some(next) = &cursor.next {
            return Ok(Request::get(next.clone()));
        }
        let paging = &self.site.list.paging;
        let size = paging.size().unwrap_or_default();
        let (page, offset) = match paging {
            Paging::Page { first, .. } => (first + cursor.index, cursor.index * size),
            Paging::Offset { first, size } => (cursor.index + 1, first + cursor.index * size),
            _ => (cursor.index + 1, 0),
        };
        let values = Values {
            tokens: &self.tokens,
            page,
            offset,
            end: (offset + size).saturating_sub(1),
            size,
            last: &cursor.last,
            key: "",
            row: None,
        };
        let mut request =
            values.request(&self.site.list.ask, &self.site.fetch.base, None).ok_or_else(|| unbuilt("list"))?;
        // Only a list of one page says by "not changed" that there is nothing new in it.
        let is_whole = *paging == Paging::None && request.method == Method::Get;
        request.conditional = is_whole && self.reach == Reach::Head && self.limits.conditional;
        Ok(request)
    }

    /// A page of the list that did not come.
    fn lost(&mut self, pass: &mut Pass, cursor: &Cursor, error: FetchError) -> Result<Step, CrawlError> {
        let passes = matches!(
            error.code,
            FetchCode::Gone | FetchCode::Status | FetchCode::Network | FetchCode::Timeout | FetchCode::TooLarge
        );
        if cursor.index == 0 || !passes {
            return Err(error.into());
        }
        if pass.is_past_end(cursor.index) || (pass.claimed.is_none() && error.code == FetchCode::Gone) {
            return Ok(Step::End);
        }
        let message = format!("列表第 {} 页读不到：{}", cursor.index + 1, error.message);
        self.skip(pass, cursor, message, Some(error))
    }

    /// Notes a page that is missing, and goes on where the next one can be asked for without it.
    fn skip(
        &mut self,
        pass: &mut Pass,
        cursor: &Cursor,
        message: String,
        error: Option<FetchError>,
    ) -> Result<Step, CrawlError> {
        self.alarm(AlarmCode::PageMissing, &page_name(cursor), message);
        pass.lost += 1;
        pass.lost_in_a_row += 1;
        let can_skip = matches!(self.site.list.paging, Paging::Page { .. } | Paging::Offset { .. });
        if can_skip && pass.lost_in_a_row <= LOST_MOST {
            return Ok(Step::Next);
        }
        error.map_or(Ok(Step::Stop), |error| Err(error.into()))
    }

    /// A page of the list that came.
    async fn page(
        &mut self,
        pass: &mut Pass,
        cursor: &mut Cursor,
        request: &Request,
        answer: Answer,
    ) -> Result<Step, CrawlError> {
        let text = self.text(&answer);
        let read = extract::list_page(self.site, &text);
        drop(text);
        let (url, payload) = self.payload(request, answer, Shows::List);
        self.host.take(Found::Page(payload)).await?;
        self.coverage.pages += 1;
        let page = match read {
            Ok(page) if page.has_place || cursor.index > 0 || page.says_empty || page.total == Some(0) => page,
            Ok(_) => {
                return Err(layout(
                    "list",
                    "列表页上找不到一行来件，网站可能改版了：请系统管理员核对采集配置（[list] 的 rows）".to_owned(),
                ));
            }
            Err(not) if cursor.index == 0 => return Err(layout("list", not.to_string())),
            Err(not) => return self.skip(pass, cursor, format!("列表第 {} 页：{not}", cursor.index + 1), None),
        };
        if page.total.is_some() {
            pass.claimed = page.total;
            pass.claimed_first = pass.claimed_first.or(page.total);
            self.coverage.claimed = page.total;
        }
        if page.rows.iter().all(crate::line::is_blank) {
            return self.empty_page(pass, cursor, &page).await;
        }
        pass.lost_in_a_row = 0;
        pass.pages += 1;
        self.check_needed(cursor.index, &page)?;
        let before = pass.distinct;
        let looked = self.rows(pass, &page, &url).await?;
        pass.fruitless = if pass.distinct == before { pass.fruitless + 1 } else { 0 };
        let rows = u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
        let is_same = pass.last_page.replace(looked.digest) == Some(looked.digest);
        let is_short = rows < self.site.list.paging.size().unwrap_or(pass.full);
        pass.full = pass.full.max(rows);
        if self.reach == Reach::Head && !self.head_goes_on(cursor, looked.all_new) {
            return Ok(self.next(pass, cursor, &page, &url, is_short).map_or(Step::End, |_| Step::Stop));
        }
        if is_same && pass.claimed.is_none() && is_short {
            // A site that answers a page beyond the last with the last: it is no page of the list.
            pass.repeated -= rows.min(pass.repeated);
            pass.pages -= 1;
            return Ok(Step::End);
        }
        if pass.fruitless >= FRUITLESS_MOST {
            let message =
                format!("列表第 {} 页起一直是已经读过的内容，网站可能不理会翻页参数，只读到这里", cursor.index + 1);
            self.alarm(AlarmCode::PageMissing, &page_name(cursor), message);
            return Ok(Step::Stop);
        }
        Ok(self.next(pass, cursor, &page, &url, is_short).map_or(Step::End, |next| {
            cursor.next = next.url;
            if let Some(last) = next.last {
                cursor.last = last;
            }
            if next.is_loop { Step::Stop } else { Step::Next }
        }))
    }

    /// Where the page came from, and what is kept of it.
    pub(super) fn payload(&self, request: &Request, answer: Answer, shows: Shows) -> (Url, Payload) {
        let Answer { url, body, media_type, charset } = answer;
        let payload =
            Payload { url: self.pages.redacted(request), media_type, charset, body: body.unwrap_or_default(), shows };
        (url, payload)
    }

    fn head_goes_on(&mut self, cursor: &Cursor, all_new: bool) -> bool {
        if cursor.index + 1 < self.connector.schedule.head_pages {
            return true;
        }
        if all_new && cursor.index + 1 >= HEAD_PAGES_MOST {
            let message = format!("看了 {HEAD_PAGES_MOST} 页全是新的就停下了，其余的由全量采集来读");
            self.alarm(AlarmCode::Limit, "head", message);
            return false;
        }
        all_new
    }

    /// A page without a row: the end, or one that is missing.
    async fn empty_page(&mut self, pass: &mut Pass, cursor: &Cursor, page: &ListPage) -> Result<Step, CrawlError> {
        if cursor.index > 0 {
            let is_past_end = pass.claimed.is_none() || pass.is_past_end(cursor.index);
            if is_past_end && page.pages.unwrap_or_default() <= cursor.index {
                return Ok(Step::End);
            }
            let message = format!("列表第 {} 页是空的，可是网站说还有", cursor.index + 1);
            return self.skip(pass, cursor, message, None);
        }
        // What this crawl has met itself may still be on its way to the store.
        let was_filled = !self.met.is_empty() || !self.host.shown_after("", 1).await?.is_empty();
        if was_filled && !self.site.list.newest_only {
            let message = "列表是空的，可是以前读到过来件；请打开网站核对，可能改了接口或要求登录".to_owned();
            self.alarm(AlarmCode::TooFew, "list", message);
            return Ok(Step::Stop);
        }
        Ok(Step::End)
    }

    /// How the page after this one is asked for; `None` at the end of the list.
    fn next(&mut self, pass: &mut Pass, cursor: &Cursor, page: &ListPage, url: &Url, is_short: bool) -> Option<Next> {
        let is_claimed = pass.is_past_end(cursor.index + 1);
        let is_last = page.pages.is_some_and(|pages| cursor.index + 1 >= pages);
        match &self.site.list.paging {
            Paging::None => None,
            Paging::Link(_) => {
                let next = url.join(page.next.as_deref()?.trim()).ok()?;
                let digest = digest::of_text(next.as_str());
                let is_loop = pass.visited.contains(&digest) || next == *url;
                pass.visited.push(digest);
                if is_loop {
                    let message = format!("列表第 {} 页的“下一页”又指回读过的页，只读到这里", cursor.index + 1);
                    self.alarm(AlarmCode::PageMissing, &page_name(cursor), message);
                }
                Some(Next { url: Some(next), last: None, is_loop })
            }
            // What is claimed may lag behind: a full page is followed by one more.
            _ if (is_claimed && is_short) || is_last => None,
            Paging::Last { cell, .. } => {
                let last = page.rows.iter().rev().find_map(|row| row.get(cell)).map_or("", str::trim);
                let is_loop = last.is_empty() || last == cursor.last;
                if is_loop {
                    let message = format!(
                        "列表第 {} 页之后接不下去：末行的“{cell}”是空的，或与上一页的一样，只读到这里，请核对采集配置的 paging",
                        cursor.index + 1
                    );
                    self.alarm(AlarmCode::PageMissing, &page_name(cursor), message);
                }
                Some(Next { url: None, last: Some(last.to_owned()), is_loop })
            }
            Paging::Page { .. } | Paging::Offset { .. } => Some(Next { url: None, last: None, is_loop: false }),
        }
    }

    pub(super) fn alarm(&mut self, code: AlarmCode, subject: &str, message: String) {
        let is_known = self.coverage.alarms.iter().any(|known| known.code == code && known.subject == subject);
        if !is_known {
            self.coverage.alarms.insert(Alarm { code, subject: subject.to_owned(), message });
        }
    }
}

struct Next {
    url: Option<Url>,
    last: Option<String>,
    is_loop: bool,
}

fn page_name(cursor: &Cursor) -> String {
    format!("page {}", cursor.index + 1)
}

pub(super) fn layout(subject: &str, message: String) -> CrawlError {
    CrawlError::Layout(Alarm { code: AlarmCode::LayoutChanged, subject: subject.to_owned(), message })
}

fn unbuilt(subject: &str) -> CrawlError {
    layout(subject, "采集配置里的地址拼不出来：缺少令牌或单元格".to_owned())
}
