//! A table that is fetched: the same file again is nothing new, and what is no table is an alarm.

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::Digest;
use tokio_util::sync::CancellationToken;

use super::{Pulled, Purpose, Reading, Reads, not_pulled};
use crate::intake::crawl::{Alarm, AlarmCode, Coverage, CrawlError, Host, Pages, Reach, download_request};
use crate::intake::fetch::{FetchError, Method};
use crate::intake::{Connector, TableFile, Way};
use crate::service::blob::Taking;
use crate::service::{Service, ServiceError};
use crate::store::{hold, source};

/// What there is to read of a file.
pub(super) enum FileReading {
    /// It did not come.
    Failed(FetchError),
    /// It is not what it should be.
    Refused(Alarm),
    /// It was read before, to its end.
    Same,
    /// The program stops before it is here.
    Stopped,
    /// This.
    File(Box<TableFile>),
}

impl Reading for FileReading {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        match self {
            Self::Failed(error) => (Coverage::default(), Err(error.into())),
            Self::Refused(alarm) => (Coverage::default(), Err(CrawlError::Layout(alarm))),
            // Nothing is read, so that what was wrong with the table is not over.
            Self::Same => (Coverage::default(), Ok(())),
            // Whoever waits for it looks at the same token.
            Self::Stopped => std::future::pending().await,
            Self::File(file) => file.read(host).await,
        }
    }
}

impl Service {
    /// Fetches a source's table through `pages` and takes in what it holds. A head leaves alone what the server says, or its
    /// bytes say, is the table of before; a sweep reads it in any case.
    pub async fn pull_download<P: Pages>(
        &self,
        actor: &Actor,
        connector: &Connector,
        reach: Reach,
        pages: &mut P,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Pulled, ServiceError> {
        allowed(actor, Action::PullSource, &Object::None)?;
        let Some(Way::Download(rules)) = connector.way() else { return Err(not_pulled().into()) };
        let name = rules.base.host_str().unwrap_or_default().to_owned();
        let request = self.now().date().and_then(|today| download_request(connector, today));
        let mut reads = Reads { purpose: Purpose::File, name: name.clone(), digest: String::new(), whole: None };
        let Some(mut request) = request else {
            let message = "采集配置里的下载地址拼不出来，请核对 [download]".to_owned();
            let alarm = Alarm { code: AlarmCode::LayoutChanged, subject: "download".to_owned(), message };
            return self.pull_reads(actor, connector, reads, FileReading::Refused(alarm), stop, progress).await;
        };
        // "Not changed since" is no answer where what changed before may not have been written.
        let last = hold::pulls(&mut self.store.read().await?.conn(), Some(&connector.id), None, 1).await?;
        let is_read = last.first().is_some_and(|pull| pull.stage == "finished");
        request.conditional = is_read && reach == Reach::Head && request.method == Method::Get;
        let answer = tokio::select! {
            answer = pages.get(request.clone()) => Some(answer),
            () = stop.cancelled() => None,
        };
        // It goes away when this is over.
        let mut kept: Option<Taking> = None;
        let reading = match answer {
            None => FileReading::Stopped,
            Some(Err(error)) => FileReading::Failed(error),
            Some(Ok(answer)) => match answer.body {
                None => FileReading::Same,
                Some(body) => {
                    let (digest, body) = digest_of(body).await?;
                    reads.digest = digest.to_string();
                    if reach == Reach::Head && self.has_read(&connector.id, &reads.digest).await? {
                        FileReading::Same
                    } else {
                        let mut taking = self.begin_taking(u64::MAX).await?;
                        taking.write(body).await?;
                        let path = taking.path().to_owned();
                        kept = Some(taking);
                        reads.whole = self.keep_file(&path, &reads.digest).await;
                        FileReading::File(Box::new(TableFile {
                            connector: connector.clone(),
                            path,
                            name: reads.name.clone(),
                            alarm: (AlarmCode::LayoutChanged, "file".to_owned()),
                        }))
                    }
                }
            },
        };
        let pulled = self.pull_reads(actor, connector, reads, reading, stop, progress).await?;
        drop(kept);
        if let Some(refusal) = pulled.refusal() {
            let host = pages.refused_by().unwrap_or(&name).to_owned();
            self.rest_host(&connector.id, &host, false, refusal.retry_after).await?;
        }
        Ok(pulled)
    }

    /// Whether a file with these bytes was read to its end before.
    pub(super) async fn has_read(&self, source: &str, digest: &str) -> Result<bool, ServiceError> {
        Ok(source::read_file(&mut self.store.read().await?.conn(), source, digest).await?.is_some())
    }
}

/// SM3 of a body, and the body.
async fn digest_of(body: Vec<u8>) -> Result<(Digest, Vec<u8>), ServiceError> {
    Ok(tokio::task::spawn_blocking(move || (Digest::of(&body), body)).await?)
}
