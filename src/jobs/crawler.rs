//! Reading a source over the network, as its connector says.

use std::sync::Arc;

use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::{Done, Puller};
use crate::intake::Connector;
use crate::intake::crawl::{Coverage, CrawlError, CrawlLimits, Host, Reach, crawl};
use crate::intake::fetch::{FetchCode, Fetcher, Hosts, NetSettings, Validators};
use crate::service::import::Purpose;
use crate::service::pull::{Pulled, Reading};
use crate::service::schedule::{JobKind, Outcome};
use crate::service::{Service, ServiceError};

/// Reads sources of this installation.
#[derive(Debug)]
pub struct Crawler {
    service: Service,
    settings: NetSettings,
    /// Pace and robots of each host, whichever source asks.
    hosts: Arc<Hosts>,
}

impl Crawler {
    /// With these secrets, proxies and certificates.
    pub fn new(service: Service, settings: NetSettings) -> Self {
        Self { service, settings, hosts: Arc::new(Hosts::new()) }
    }
}

/// A crawl that has not begun.
struct Crawl<'a> {
    connector: &'a Connector,
    reach: Reach,
    pages: Fetcher,
}

impl Reading for Crawl<'_> {
    async fn read<H: Host>(mut self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        crawl(self.connector, self.reach, &mut self.pages, host, &CrawlLimits::default()).await
    }
}

impl Puller for Crawler {
    async fn pull(&self, source: &str, kind: JobKind, stop: &CancellationToken) -> Result<Done, ServiceError> {
        let connector = self.service.connector(source)?;
        let failed = |code: &str| Done { pull: None, outcome: Outcome::Failed { code: code.to_owned() } };
        // Since it was asked for, the connector's file has changed.
        let Some(rules) = connector.fetch_rules() else { return Ok(failed("source_not_pulled")) };
        let pages = match Fetcher::new(rules, &self.settings, &self.hosts, Validators::default()) {
            Ok(pages) => pages,
            Err(error) => {
                tracing::warn!(source, code = error.code.as_str(), "a source cannot be read with these settings");
                return Ok(failed(error.code.as_str()));
            }
        };
        let (purpose, reach) = match kind {
            JobKind::Head => (Purpose::Head, Reach::Head),
            JobKind::Sweep => (Purpose::Sweep, Reach::Sweep),
        };
        let name = rules.base.host_str().unwrap_or_default();
        let reading = Crawl { connector: &connector, reach, pages };
        let pulling =
            self.service.pull_reading(&Actor::System("schedule"), &connector, (purpose, name), reading, stop, &mut |_| ());
        // On the heap: what holds the state of a whole crawl is large.
        let pulled = Box::pin(pulling).await?;
        Ok(Done { pull: pulled.pull.parse().ok(), outcome: outcome(pulled) })
    }
}

/// What a pull came to, for the plan.
fn outcome(pulled: Pulled) -> Outcome {
    match (pulled.stage.as_str(), pulled.problem) {
        ("finished", _) => Outcome::Read { new: pulled.statement.accepted },
        ("interrupted", _) => Outcome::Stopped,
        (_, Some(problem)) if problem.code == FetchCode::Blocked.as_str() || problem.code == FetchCode::Robots.as_str() => {
            Outcome::Blocked { retry_after: problem.retry_after }
        }
        (_, problem) => Outcome::Failed { code: problem.map_or_else(|| "internal".to_owned(), |problem| problem.code) },
    }
}
