//! Trying a source out 试读: what a look at its newest page would take. Nothing is written.

use std::sync::Arc;
use std::time::Duration;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::time::Instant;
use tokio::sync::Semaphore;

use super::pull::not_pulled;
use super::{Refusal, Service, ServiceError};
use crate::intake::crawl::{AlarmCode, CrawlError, CrawlLimits, Payload, Reach};
use crate::intake::fetch::{Fetcher, Hosts, NetSettings, Validators};
use crate::intake::mail::{MailReading, Mailroom};
use crate::intake::{Bounded, Connector, DryRun, Limits, Mailbox, Way, dry_run, dry_run_of, page_text};

/// Rows shown.
const ROWS: usize = 10;
/// Requests of one trial: a page for its tokens, the list, and a page for each row shown.
const REQUESTS: usize = ROWS + 3;
/// How long somebody waits for it.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of the list's page is shown. Characters.
const PAGE_CHARS: usize = 40_000;

/// How this process speaks to sources, and what it has learnt of their servers.
#[derive(Debug)]
pub(super) struct Network {
    settings: NetSettings,
    hosts: Arc<Hosts>,
    /// One trial at a time: nobody's server is to be asked by many at once.
    turn: Semaphore,
}

impl Default for Network {
    fn default() -> Self {
        Self::new(NetSettings::default())
    }
}

impl Network {
    pub(super) fn new(settings: NetSettings) -> Self {
        Self { settings, hosts: Arc::new(Hosts::new()), turn: Semaphore::new(1) }
    }
}

/// What a trial came to. Personal.
#[derive(Debug)]
pub struct SourcePreview {
    /// What would be taken, and what looks wrong.
    pub run: DryRun,
    /// The list's page as it was sent; `None` when none was got.
    pub page: Option<SeenPage>,
}

/// A page as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPage {
    /// Where it was got, without anything secret.
    pub url: String,
    /// Its text.
    pub text: String,
    /// Whether there is more of it.
    pub cut: bool,
}

impl Service {
    /// The same with these secrets, proxies and certificates for reading sources.
    #[must_use]
    pub fn with_network(self, settings: NetSettings) -> Self {
        Self { network: Arc::new(Network::new(settings)), ..self }
    }

    /// Pace and robots of each host, whoever asks in this process.
    pub fn hosts(&self) -> Arc<Hosts> {
        Arc::clone(&self.network.hosts)
    }

    /// Looks at the newest page of a source as a pull would, and writes nothing.
    pub async fn preview_source(&self, actor: &Actor, id: &str) -> Result<SourcePreview, ServiceError> {
        allowed(actor, Action::PullSource, &Object::None)?;
        // The rows are what citizens wrote.
        allowed(actor, Action::ViewHeld, &Object::None)?;
        let connector = self.connector(id)?;
        let rules = match connector.way() {
            Some(Way::List(rules)) => rules,
            Some(Way::Mailbox(mailbox)) => return self.preview_mail(&connector, mailbox).await,
            Some(Way::Download(_) | Way::Folder(_)) => {
                let message = "这个渠道不能试读，请立即采集，再看采集批次。";
                return Err(Refusal::new("source_not_previewed", message).into());
            }
            None => return Err(not_pulled().into()),
        };
        let _turn = self.network.turn.try_acquire().map_err(|_| busy())?;
        let fetcher = Fetcher::new(rules, &self.network.settings, &self.network.hosts, Validators::default());
        let mut pages = match fetcher {
            Ok(inner) => Bounded::new(inner, REQUESTS),
            Err(error) => {
                let run = DryRun { broke_off: Some(CrawlError::Fetch(error)), ..DryRun::default() };
                return Ok(SourcePreview { run, page: None });
            }
        };
        let trial = tokio::time::timeout(PATIENCE, try_out(&connector, &mut pages, self.now()));
        let mut run = trial.await.map_err(|_| slow())?;
        // Details that nobody asked for are not missing.
        run.coverage.alarms.retain(|alarm| !pages.is_used_up() || alarm.code != AlarmCode::DetailMissing);
        // That the list goes on is no fault of it: one page was asked for.
        run.coverage.alarms.retain(|alarm| alarm.code != AlarmCode::Limit);
        let page = run.page.take().map(|page| SeenPage::new(&connector, &page));
        Ok(SourcePreview { run, page })
    }
}

fn busy() -> Refusal {
    Refusal::new("preview_busy", "正在试读另一个渠道，请过一分钟再试。")
}

fn slow() -> Refusal {
    Refusal::new("preview_slow", "源平台答得太慢，一分钟还没有读完。请稍后再试，或者等计划采集。")
}

impl Service {
    /// The same for the newest letters of a mailbox.
    async fn preview_mail(&self, connector: &Connector, mailbox: &Mailbox) -> Result<SourcePreview, ServiceError> {
        let _turn = self.network.turn.try_acquire().map_err(|_| busy())?;
        let mut room = Mailroom::new(mailbox, &self.network.settings, &self.network.hosts);
        let trial = async {
            let (reach, limits) = (Reach::Head, Limits::default());
            let reading = MailReading { connector, reach, room: &mut room, limits, most: Some(ROWS) };
            let run = Box::pin(dry_run_of(connector, reading, ROWS, self.now())).await;
            room.close().await;
            run
        };
        let mut run = tokio::time::timeout(PATIENCE, trial).await.map_err(|_| slow())?;
        let page = run.page.take().map(|page| SeenPage::new(connector, &page));
        Ok(SourcePreview { run, page })
    }
}

async fn try_out(connector: &Connector, pages: &mut Bounded<Fetcher>, now: Instant) -> DryRun {
    let limits = CrawlLimits { max_pages: Some(1), conditional: false, ..CrawlLimits::default() };
    // On the heap: what holds the state of a whole crawl is large.
    Box::pin(dry_run(connector, Reach::Head, pages, &limits, ROWS, now)).await
}

impl SeenPage {
    fn new(connector: &Connector, page: &Payload) -> Self {
        let text = page_text(Some(connector), &page.body, page.charset.as_deref());
        let end = text.char_indices().nth(PAGE_CHARS).map(|(at, _)| at);
        let shown = end.and_then(|end| text.get(..end)).unwrap_or(&text);
        Self { url: page.url.clone(), text: shown.to_owned(), cut: end.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::crawl::Shows;

    #[test]
    fn a_page_is_shown_in_the_characters_its_server_names() {
        let connector = crate::intake::find("board", None).unwrap().unwrap();
        let page = Payload {
            url: "https://www.example.gov.cn/list".to_owned(),
            media_type: None,
            charset: Some("big5".to_owned()),
            body: b"\xA4\xA4\xA4\xE5".to_vec(),
            shows: Shows::List,
        };
        let seen = SeenPage::new(&connector, &page);
        assert_eq!((seen.text.as_str(), seen.cut), ("中文", false));
    }
}
