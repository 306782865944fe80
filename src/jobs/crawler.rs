//! Reading a source over the network, as its connector says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::{Done, Puller};
use crate::intake::crawl::Reach;
use crate::intake::fetch::{FetchCode, Fetcher, Hosts, NetSettings, Validators};
use crate::service::pull::Pulled;
use crate::service::schedule::{JobKind, Outcome};
use crate::service::{Service, ServiceError};

/// Reads sources of this installation.
#[derive(Debug)]
pub struct Crawler {
    service: Service,
    settings: NetSettings,
    /// Pace and robots of each host, whichever source asks.
    hosts: Arc<Hosts>,
    /// What pages were like when this process read them last, by source. What another process wrote is not known here, and
    /// costs no more than reading a page once more.
    validators: Mutex<HashMap<String, Validators>>,
}

impl Crawler {
    /// With these secrets, proxies and certificates.
    pub fn new(service: Service, settings: NetSettings) -> Self {
        let hosts = service.hosts();
        Self { service, settings, hosts, validators: Mutex::default() }
    }

    fn known(&self, source: &str) -> Validators {
        let known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(source).cloned().unwrap_or_default()
    }

    /// Keeps what the pages of a pull were like once all of its rows are written.
    fn keep(&self, source: &str, validators: &Validators) {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(source.to_owned(), validators.clone());
    }
}

impl Puller for Crawler {
    async fn pull(&self, source: &str, kind: JobKind, stop: &CancellationToken) -> Result<Done, ServiceError> {
        let connector = self.service.connector(source)?;
        let failed = |code: &str| Done { pull: None, outcome: Outcome::Failed { code: code.to_owned() } };
        // Since it was asked for, the connector's file has changed.
        let Some(rules) = connector.fetch_rules() else { return Ok(failed("source_not_pulled")) };
        let mut pages = match Fetcher::new(rules, &self.settings, &self.hosts, self.known(source)) {
            Ok(pages) => pages,
            Err(error) => {
                tracing::warn!(source, code = error.code.as_str(), "a source cannot be read with these settings");
                return Ok(failed(error.code.as_str()));
            }
        };
        let reach = match kind {
            JobKind::Head => Reach::Head,
            JobKind::Sweep => Reach::Sweep,
        };
        let actor = Actor::System("schedule");
        let mut progress = |_| ();
        let pulling = self.service.pull_source(&actor, &connector, reach, &mut pages, stop, &mut progress);
        // On the heap: what holds the state of a whole crawl is large.
        let pulled = Box::pin(pulling).await?;
        if pulled.stage == "finished" {
            self.keep(source, pages.validators());
        }
        Ok(Done { pull: pulled.pull.parse().ok(), outcome: outcome(pulled) })
    }
}

/// What a pull came to, for the plan.
fn outcome(pulled: Pulled) -> Outcome {
    const AWAY: [&str; 2] = [FetchCode::Blocked.as_str(), FetchCode::Robots.as_str()];
    match (pulled.stage.as_str(), pulled.problem) {
        ("finished", _) => Outcome::Read { new: pulled.statement.accepted },
        ("interrupted", _) => Outcome::Stopped,
        (_, Some(problem)) if AWAY.contains(&problem.code.as_str()) => {
            Outcome::Blocked { retry_after: problem.retry_after }
        }
        (_, problem) => Outcome::Failed { code: problem.map_or_else(|| "internal".to_owned(), |problem| problem.code) },
    }
}
