//! A mailbox is read: each letter is a row, what came with it is fetched afterwards from the same place.

use huiyin_domain::access::{Action, Actor, Object, allowed};
use tokio_util::sync::CancellationToken;

use super::{Pulled, Purpose, not_pulled};
use crate::intake::crawl::Reach;
use crate::intake::mail::{MailReading, Mailroom};
use crate::intake::{Connector, Limits, Way};
use crate::service::{Service, ServiceError};
use crate::telemetry;

impl Service {
    /// Reads a mailbox and takes in what is in its folder; the rest as in [`Self::pull_reading`].
    pub async fn pull_mail(
        &self,
        actor: &Actor,
        connector: &Connector,
        reach: Reach,
        room: &mut Mailroom,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Pulled, ServiceError> {
        allowed(actor, Action::PullSource, &Object::None)?;
        let Some(Way::Mailbox(mailbox)) = connector.way() else { return Err(not_pulled().into()) };
        let purpose = match reach {
            Reach::Head => Purpose::Head,
            Reach::Sweep => Purpose::Sweep,
        };
        let reading = MailReading { connector, reach, room: &mut *room, limits: Limits::default(), most: None };
        let pulled = self.pull_reading(actor, connector, (purpose, &mailbox.host), reading, stop, progress).await?;
        // The pull is closed: no file holds a letter up, and no fault of one is the pull's.
        if pulled.stage == "finished"
            && let Err(error) = self.fetch_files(actor, connector, room, stop).await
        {
            tracing::error!(pull = pulled.pull, error = %telemetry::chain(&error), "no more attachments were fetched");
        }
        room.close().await;
        Ok(pulled)
    }
}
