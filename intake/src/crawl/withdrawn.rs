//! What a whole list no longer shows: asked for once more before it counts as withdrawn.

use super::ask::Values;
use super::detail::Turned;
use super::digest;
use super::run::Crawl;
use super::{AlarmCode, CrawlError, Host, Pages};
use crate::connector::site::{Detail, Part};
use crate::fetch::Request;

/// Keys compared at once.
const BATCH: usize = 1_000;
/// Messages asked for in one crawl; the others wait for the next.
const ASKED_MOST: usize = 500;
/// Keys that an alarm names.
const NAMED: usize = 5;
/// Keys of a list that came up short that are told.
const UNSHOWN_MOST: usize = 200;

impl<P: Pages, H: Host> Crawl<'_, P, H> {
    /// Known messages that the passes so far did not meet, at most `most`.
    async fn missing(&mut self, most: usize) -> Result<Vec<String>, CrawlError> {
        let mut missing = Vec::new();
        let mut after = String::new();
        while missing.len() < most {
            let keys = self.host.shown_after(&after, BATCH).await?;
            let Some(last) = keys.last() else { break };
            after.clone_from(last);
            let was_met = |key: &String| self.met.contains_key(&digest::of_text(key));
            missing.extend(keys.into_iter().filter(|key| !was_met(key)));
        }
        missing.truncate(most);
        Ok(missing)
    }

    /// Finds which known messages a list left out that was read to its end and is shorter than it should be.
    pub(super) async fn find_unshown(&mut self) -> Result<(), CrawlError> {
        self.coverage.unshown = self.missing(UNSHOWN_MOST).await?;
        Ok(())
    }

    /// Finds what was withdrawn after a complete sweep in which nothing was wrong. `passes` is how often the list was gone
    /// through.
    pub(super) async fn find_withdrawn(&mut self, passes: u8) -> Result<(), CrawlError> {
        let missing = self.missing(usize::MAX).await?;
        if missing.is_empty() {
            return Ok(());
        }
        match self.site.detail.as_ref().filter(|detail| can_ask(detail)) {
            Some(detail) => self.ask_for(detail, missing).await,
            None if passes > 1 => {
                self.coverage.withdrawn = missing;
                Ok(())
            }
            None => {
                let again = self.pass(passes + 1).await?;
                if again.is_clean() {
                    let was_met = |key: &String| self.met.contains_key(&digest::of_text(key));
                    self.coverage.withdrawn = missing.into_iter().filter(|key| !was_met(key)).collect();
                    self.coverage.met = again.distinct;
                }
                Ok(())
            }
        }
    }

    async fn ask_for(&mut self, detail: &Detail, missing: Vec<String>) -> Result<(), CrawlError> {
        let mut unlisted = Vec::new();
        for key in missing.into_iter().take(ASKED_MOST) {
            let values = Values::of_row(&self.tokens, &key, None);
            let base = &self.site.fetch.base;
            let request = match &detail.check {
                Some(check) => values.url(check, base, None).map(Request::get),
                None => values.request(&detail.ask, base, None),
            };
            let Some(request) = request else { continue };
            match self.detail_page(detail, request).await? {
                Turned::Gone => self.coverage.withdrawn.push(key),
                // Where other pages are read, one without anything on it is that of a message that was deleted.
                Turned::Empty if self.details.read > 0 => self.coverage.withdrawn.push(key),
                Turned::Read(..) => unlisted.push(key),
                Turned::Empty | Turned::Lost(_) => {}
            }
        }
        if !unlisted.is_empty() {
            let named = unlisted.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("、");
            let message = format!("{} 条来件不在列表里，详情页却还在（{named}），列表可能漏了页", unlisted.len());
            self.alarm(AlarmCode::PageMissing, "unlisted", message);
        }
        Ok(())
    }
}

/// Whether a message can be asked for by its key alone.
fn can_ask(detail: &Detail) -> bool {
    let by_key = |part: &Part| !matches!(part, Part::Cell(_) | Part::Page | Part::Offset | Part::Last);
    detail.check.is_some() || (detail.ask.url.0.contains(&Part::Key) && detail.ask.url.0.iter().all(by_key))
}
