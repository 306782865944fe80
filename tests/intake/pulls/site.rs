//! A source that shows what a test wants it to, and a crawl of it that does what any crawl promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use huiyin::intake::crawl::{Alarm, Coverage, CrawlError, Found, Host, Payload, Shows};
use huiyin::intake::{Answer, Held, HoldCode, HoldReason, Record, RowOutcome};
use huiyin::service::import::Purpose;
use huiyin::service::pull::{Pulled, Reading};
use huiyin_domain::access::Actor;
use huiyin_domain::ledger::Digest;
use huiyin_domain::text::date::DateOrDateTime;
use huiyin_domain::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::support::world::World;

/// One message as the source shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) body: String,
    /// The day of September 2026 on which it was written, at eight.
    pub(super) day: i8,
    /// An answer: text, day, whether it only says that the message was received.
    pub(super) reply: Option<(String, i8, bool)>,
    /// It cannot be read.
    pub(super) broken: bool,
    /// Its detail cannot be read: the list's row is taken, with the text cut.
    pub(super) cut_at: Option<usize>,
}

/// A message that nobody has answered.
pub(super) fn shown(key: &str, title: &str, body: &str, day: i8) -> Shown {
    let (key, title, body) = (key.to_owned(), title.to_owned(), body.to_owned());
    Shown { key, title, body, day, reply: None, broken: false, cut_at: None }
}

/// A moment of September 2026 in China.
pub(super) fn at(day: i8) -> Instant {
    Instant::from_civil(jiff::civil::date(2026, 9, day).at(8, 0, 0, 0)).expect("a time")
}

impl Shown {
    pub(super) fn replied(mut self, text: &str, day: i8, holding: bool) -> Self {
        self.reply = Some((text.to_owned(), day, holding));
        self
    }

    fn record(&self) -> Record {
        let body = match self.cut_at {
            Some(chars) => format!("{}...", self.body.chars().take(chars).collect::<String>()),
            None => self.body.clone(),
        };
        let reply = self.reply.as_ref().filter(|_| self.cut_at.is_none());
        Record {
            sheet: String::new(),
            row: 1,
            key: self.key.clone(),
            printed_number: Some(format!("No.{}", self.key)),
            title: self.title.clone(),
            body,
            author: Some("网友".to_owned()),
            contact: None,
            asked_at: Some(DateOrDateTime::DateTime(at(self.day))),
            dispatched_at: None,
            due_at: None,
            request_type: Some("consult".to_owned()),
            request_type_text: Some("咨询".to_owned()),
            unit: Some("某某科".to_owned()),
            address: None,
            status: None,
            answer: reply.map(|(text, day, holding)| Answer {
                text: text.clone(),
                unit: None,
                replied_at: Some(DateOrDateTime::DateTime(at(*day))),
                holding: *holding,
                before_question: false,
            }),
            extra: BTreeMap::new(),
            url: Some(format!("https://www.example.gov.cn/item?id={}", self.key)),
            list_digest: self.cut_at.is_none().then(|| self.list_digest()),
            attachments: Vec::new(),
            raw: vec![("标题".to_owned(), self.title.clone()), ("内容".to_owned(), self.body.clone())],
        }
    }

    pub(super) fn outcome(&self) -> RowOutcome {
        if !self.broken {
            return RowOutcome::Record(Box::new(self.record()));
        }
        RowOutcome::Held(Held {
            sheet: String::new(),
            row: 1,
            column: None,
            reason: HoldReason { code: HoldCode::DetailMissing, message: "详情页读不到".to_owned() },
            raw: vec![("编号".to_owned(), self.key.clone())],
            key: Some(self.key.clone()),
            header: Arc::from([]),
        })
    }

    fn list_digest(&self) -> String {
        Digest::of(format!("{self:?}").as_bytes()).to_string()
    }
}

/// A source.
#[derive(Debug, Clone, Default)]
pub(super) struct Site {
    pub(super) rows: Vec<Shown>,
    /// How many it says it has, when that is not how many there are.
    pub(super) claims: Option<u64>,
    /// Breaks off after so many rows.
    pub(super) breaks: Option<(usize, Break)>,
    /// What the crawl has to say.
    pub(super) alarms: BTreeSet<Alarm>,
}

/// How a source breaks a crawl off.
#[derive(Clone)]
pub(super) struct Break(pub(super) Arc<dyn Fn() -> CrawlError + Send + Sync>);

impl std::fmt::Debug for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Break")
    }
}

impl Site {
    pub(super) fn of(rows: &[Shown]) -> Self {
        Self { rows: rows.to_vec(), ..Self::default() }
    }

    pub(super) fn row(&mut self, key: &str) -> &mut Shown {
        self.rows.iter_mut().find(|row| row.key == key).expect("it shows that")
    }

    pub(super) fn remove(&mut self, key: &str) -> Shown {
        let place = self.rows.iter().position(|row| row.key == key).expect("it shows that");
        self.rows.remove(place)
    }
}

/// Rows on one page.
const PAGE: usize = 7;
/// Pages a quick look reads.
const HEAD_PAGES: usize = 1;

/// One crawl of it.
#[derive(Debug)]
pub(super) struct Crawl {
    pub(super) site: Site,
    pub(super) sweep: bool,
}

impl Crawl {
    async fn go<H: Host>(&self, host: &mut H, coverage: &mut Coverage) -> Result<(), CrawlError> {
        let mut met = BTreeSet::new();
        let mut handed = 0;
        for (number, page) in self.site.rows.chunks(PAGE).enumerate() {
            if !self.sweep && number == HEAD_PAGES {
                return Ok(());
            }
            let url = format!("https://www.example.gov.cn/list?p={number}");
            let shown = Payload { url, media_type: None, charset: None, body: Vec::new(), shows: Shows::List };
            host.take(Found::Page(shown)).await?;
            coverage.pages += 1;
            let keys: Vec<String> = page.iter().map(|row| row.key.clone()).collect();
            let known = host.known(&keys).await?;
            for (row, known) in page.iter().zip(known) {
                if let Some((_, cause)) = self.site.breaks.as_ref().filter(|(after, _)| *after == handed) {
                    return Err(cause.0());
                }
                handed += 1;
                coverage.shown += 1;
                met.insert(row.key.clone());
                coverage.met = met.len() as u64;
                let as_it_was = !row.broken
                    && row.cut_at.is_none()
                    && known.is_some_and(|known| known.list_digest == Some(row.list_digest()));
                let found =
                    if as_it_was { Found::Unchanged { key: row.key.clone() } } else { Found::Row(row.outcome()) };
                host.take(found).await?;
            }
        }
        coverage.complete = true;
        let mut after = String::new();
        loop {
            let keys = host.shown_after(&after, 3).await?;
            let Some(last) = keys.last() else { return Ok(()) };
            after.clone_from(last);
            coverage.withdrawn.extend(keys.into_iter().filter(|key| !met.contains(key)));
        }
    }
}

impl Reading for Crawl {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        let claimed = self.site.claims.or(Some(self.site.rows.len() as u64));
        let mut coverage = Coverage { claimed, alarms: self.site.alarms.clone(), ..Coverage::default() };
        let outcome = self.go(host, &mut coverage).await;
        (coverage, outcome)
    }
}

impl World {
    /// Sweeps a source; a minute later the clock goes on.
    pub(super) async fn sweep(&self, site: &Site) -> Pulled {
        self.read(site, true, &CancellationToken::new()).await
    }

    /// Looks at the newest of a source.
    pub(super) async fn look(&self, site: &Site) -> Pulled {
        self.read(site, false, &CancellationToken::new()).await
    }

    pub(super) async fn read(&self, site: &Site, sweep: bool, stop: &CancellationToken) -> Pulled {
        let pulled = self.pull(Crawl { site: site.clone(), sweep }, sweep, stop).await.expect("the pull runs");
        self.clock.advance(60);
        assert!(pulled.statement.adds_up(), "{pulled:?}");
        pulled
    }

    pub(super) async fn pull(
        &self,
        reading: impl Reading,
        sweep: bool,
        stop: &CancellationToken,
    ) -> Result<Pulled, huiyin::service::ServiceError> {
        let connector = huiyin::intake::find("board", None).expect("the connectors are sound").expect("it is known");
        let purpose = if sweep { Purpose::Sweep } else { Purpose::Head };
        let read = (purpose, "www.example.gov.cn");
        self.service.pull_reading(&Actor::System("test"), &connector, read, reading, stop, &mut |_| ()).await
    }
}

/// `accepted`, `unchanged`, `changed`, `held`, `withdrawn`, `returned`.
pub(super) fn six(pulled: &Pulled) -> [u64; 6] {
    let counts = &pulled.statement;
    [counts.accepted, counts.unchanged, counts.changed, counts.held, pulled.withdrawn, pulled.returned]
}
