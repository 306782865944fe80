//! Reading a source over the network, as its connector says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::{Done, Puller};
use crate::intake::crawl::Reach;
use crate::intake::fetch::{FetchError, FetchRules, Fetcher, Hosts, NetSettings, Validators};
use crate::intake::mail::Mailroom;
use crate::intake::{Connector, Way};
use crate::service::pull::FolderMemory;
use crate::service::schedule::{JobKind, Outcome};
use crate::service::{Service, ServiceError};

/// In whose name sources are read by plan.
const ACTOR: Actor = Actor::System("schedule");

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
    /// The same for the files of watched folders.
    folders: Mutex<HashMap<String, FolderMemory>>,
}

impl Crawler {
    /// With these secrets, proxies and certificates.
    pub fn new(service: Service, settings: NetSettings) -> Self {
        let hosts = service.hosts();
        Self { service, settings, hosts, validators: Mutex::default(), folders: Mutex::default() }
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

    /// Reads over HTTP: a list page by page, or a table at once.
    async fn over_http(
        &self,
        connector: &Connector,
        rules: &FetchRules,
        reach: Reach,
        stop: &CancellationToken,
    ) -> Result<Done, ServiceError> {
        let source = connector.id.as_str();
        let mut pages = match Fetcher::new(rules, &self.settings, &self.hosts, self.known(source)) {
            Ok(pages) => pages,
            Err(error) => return Ok(unusable(source, &error)),
        };
        let mut progress = |_| ();
        // On the heap: what holds the state of a whole crawl is large.
        let pulled = if let Some(Way::Download(_)) = connector.way() {
            Box::pin(self.service.pull_download(&ACTOR, connector, reach, &mut pages, stop, &mut progress)).await?
        } else {
            Box::pin(self.service.pull_source(&ACTOR, connector, reach, &mut pages, stop, &mut progress)).await?
        };
        if pulled.stage == "finished" {
            self.keep(source, pages.validators());
        }
        Ok(Done { pull: pulled.pull.parse().ok(), outcome: pulled.outcome() })
    }

    /// Looks at a watched folder.
    async fn in_folder(
        &self,
        connector: &Connector,
        reach: Reach,
        stop: &CancellationToken,
    ) -> Result<Done, ServiceError> {
        let known = || self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = known().remove(&connector.id).unwrap_or_default();
        let mut progress = |_| ();
        let looking = self.service.pull_folder(&ACTOR, connector, reach, &mut memory, stop, &mut progress);
        let look = Box::pin(looking).await;
        known().insert(connector.id.clone(), memory);
        let look = look?;
        Ok(Done { pull: look.pull(), outcome: look.outcome(stop.is_cancelled()) })
    }
}

/// Nothing was read, because the settings are wrong.
fn unusable(source: &str, error: &FetchError) -> Done {
    tracing::warn!(source, code = error.code.as_str(), "a source cannot be read with these settings");
    Done { pull: None, outcome: Outcome::Failed { code: error.code.as_str().to_owned() } }
}

impl Puller for Crawler {
    async fn pull(&self, source: &str, kind: JobKind, stop: &CancellationToken) -> Result<Done, ServiceError> {
        let connector = self.service.connector(source)?;
        let reach = match kind {
            JobKind::Head => Reach::Head,
            JobKind::Sweep => Reach::Sweep,
        };
        match connector.way() {
            Some(Way::List(rules) | Way::Download(rules)) => self.over_http(&connector, rules, reach, stop).await,
            Some(Way::Folder(_)) => self.in_folder(&connector, reach, stop).await,
            Some(Way::Mailbox(mailbox)) => {
                let mut room = Mailroom::new(mailbox, &self.settings, &self.hosts);
                let mut progress = |_| ();
                let reading = self.service.pull_mail(&ACTOR, &connector, reach, &mut room, stop, &mut progress);
                let pulled = Box::pin(reading).await?;
                Ok(Done { pull: pulled.pull.parse().ok(), outcome: pulled.outcome() })
            }
            // Since it was asked for, the connector's file has changed.
            None => Ok(Done { pull: None, outcome: Outcome::Failed { code: "source_not_pulled".to_owned() } }),
        }
    }
}
