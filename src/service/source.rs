//! What the pages of a source show: how it is set up, its month day by day, the pulls of a day, what a pull brought.

use std::collections::BTreeMap;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::PullId;
use huiyin_domain::time::Instant;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::detail::MAX_DETAILS;
use super::reconcile::Span;
use super::{Service, ServiceError};
use crate::store::item::ItemRow;
use crate::store::source::{self, PullRow, SourceRow};
use crate::store::source_day::{self, SourceDayRow};

/// Sweeps of a month that are looked at for the last of each day: one every quarter of an hour.
const SWEEPS: i64 = 3_000;

/// How a source's connector has it read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The host it is read from; `None` where nothing is fetched.
    pub host: Option<String>,
    /// What its connector says of it.
    pub description: String,
    /// The connector's version.
    pub version: u32,
    /// Pages that a quick look reads at least; `None` where none is planned.
    pub head_pages: Option<u64>,
    /// A whole list with fewer messages raises an alarm; zero: none.
    pub min_items: u64,
    /// Whether its connector is this installation's own.
    pub own: bool,
    /// Whether it can be read now, without waiting for somebody to upload a file or for a push.
    pub crawled: bool,
}

/// One day of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDay {
    /// The day in China.
    pub day: Date,
    /// The pulls that began on it, added up.
    pub totals: SourceDayRow,
    /// What the source said it has, in the day's last sweep.
    pub claimed: Option<i64>,
    /// What it showed in that sweep.
    pub met: Option<i64>,
    /// Whether that sweep reached the end of the list.
    pub complete: Option<bool>,
}

impl Service {
    /// One source; `None` when there is none.
    pub async fn source(&self, actor: &Actor, id: &str) -> Result<Option<SourceRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        Ok(source::by_id(&mut self.store.read().await?.conn(), id).await?)
    }

    /// How a source's connector has it read; `None` where the connector is gone.
    pub fn source_settings(&self, actor: &Actor, id: &str) -> Result<Option<Settings>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        let connector = match self.connector(id) {
            Ok(connector) => connector,
            Err(ServiceError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let host = connector.host();
        let schedule = connector.schedule();
        Ok(Some(Settings {
            host: host.map(str::to_owned),
            head_pages: schedule.head.map(|_| schedule.head_pages),
            min_items: schedule.min_items,
            own: self.is_own_connector(id),
            crawled: connector.way().is_some(),
            version: connector.version,
            description: connector.description,
        }))
    }

    /// The days of a month on which a source was read, the newest first.
    pub async fn source_days(&self, actor: &Actor, id: &str, month: Span) -> Result<Vec<SourceDay>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        let mut reader = self.store.read().await?;
        let rows = source_day::days(&mut reader.conn(), id, month.from, month.to).await?;
        let sweeps = source_day::sweeps(&mut reader.conn(), id, month.from, month.to, SWEEPS).await?;
        // The oldest comes first, so that the last one of a day stays.
        let last: BTreeMap<Date, _> =
            sweeps.iter().filter_map(|row| Some((Instant::from_micros(row.started_at).date()?, row))).collect();
        let mut days: Vec<SourceDay> = rows
            .into_iter()
            .filter_map(|totals| {
                let day = date(1970, 1, 1).checked_add(totals.day.days()).ok()?;
                let sweep = last.get(&day);
                Some(SourceDay {
                    day,
                    totals,
                    claimed: sweep.and_then(|sweep| sweep.claimed),
                    met: sweep.map(|sweep| sweep.met),
                    complete: sweep.map(|sweep| sweep.complete),
                })
            })
            .collect();
        days.sort_by_key(|day| std::cmp::Reverse(day.day));
        Ok(days)
    }

    /// A page of the pulls of a source that began in a time, the newest first.
    pub async fn pulls_between(
        &self,
        actor: &Actor,
        id: &str,
        span: Span,
        after: Option<PullId>,
        limit: i64,
    ) -> Result<Vec<PullRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        let end = source_day::id_at(span.to);
        let below = after.map(|after| after.to_string()).filter(|after| *after < end).unwrap_or(end);
        let mut reader = self.store.read().await?;
        Ok(source_day::pulls(&mut reader.conn(), id, source_day::id_at(span.from), below, limit).await?)
    }

    /// The items that a pull made, those the viewer may see, the first met first.
    pub async fn items_of_pull(
        &self,
        viewer: &Actor,
        pull: &PullRow,
        limit: i64,
    ) -> Result<Vec<ItemRow>, ServiceError> {
        allowed(viewer, Action::ListItems, &Object::None)?;
        let until = pull.finished_at.unwrap_or_else(|| self.now().as_micros());
        let limit = limit.clamp(0, MAX_DETAILS);
        let brought = source_day::brought(&mut self.store.read().await?.conn(), pull, until, limit).await?;
        let ids: Vec<String> = brought.into_iter().map(|row| row.id).collect();
        let mut items = self.items_by_ids(viewer, &ids).await?;
        items.sort_by_key(|item| item.number);
        Ok(items)
    }
}
