//! What the nodes of sources ask for: read once for all sources of an answer, and only for those who may see it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use huiyin_domain::access::Actor;
use tokio::sync::{Mutex, OnceCell};

use super::error::{ApiResult, if_allowed};
use crate::service::reconcile::Span;
use crate::service::{Service, ServiceError};
use crate::store::alarm::{AlarmFilter, AlarmRow};
use crate::store::reconcile::{DayPullRow, FreshRow, TotalsRow};
use crate::store::schedule::ScheduleRow;

/// Open alarms read at once for a list of sources.
const ALARMS: usize = 1_000;

/// The pulls of a time: added up by source, and the last sweep of each.
#[derive(Debug, Default)]
pub struct Totals {
    totals: HashMap<String, TotalsRow>,
    sweeps: HashMap<String, DayPullRow>,
}

impl Totals {
    /// Those of a source; none where it was not read.
    pub fn of(&self, source: &str) -> (Option<&TotalsRow>, Option<&DayPullRow>) {
        (self.totals.get(source), self.sweeps.get(source))
    }
}

type Seen<T> = OnceCell<Option<Arc<T>>>;

/// What is known of a span, from its start to its end in microseconds UTC; `None` where the viewer may not know it.
type KnownTotals = HashMap<(i64, i64), Option<Arc<Totals>>>;

/// For one request, so that nothing is remembered that another viewer must not see.
pub struct SourceStates {
    service: Service,
    viewer: Actor,
    schedules: Seen<HashMap<String, ScheduleRow>>,
    fresh: Seen<HashMap<String, FreshRow>>,
    alarms: Seen<Vec<AlarmRow>>,
    kinds: OnceCell<Arc<HashMap<String, &'static str>>>,
    totals: Mutex<KnownTotals>,
}

impl SourceStates {
    /// For a viewer.
    pub fn new(service: Service, viewer: Actor) -> Self {
        Self {
            service,
            viewer,
            schedules: OnceCell::new(),
            fresh: OnceCell::new(),
            alarms: OnceCell::new(),
            kinds: OnceCell::new(),
            totals: Mutex::default(),
        }
    }

    /// The schedules of all sources; `None` for who may not see them.
    pub async fn schedules(&self) -> ApiResult<Option<&HashMap<String, ScheduleRow>>> {
        seen(&self.schedules, || async {
            let rows = self.service.schedules(&self.viewer).await?;
            Ok(rows.into_iter().map(|row| (row.source_id.clone(), row)).collect())
        })
        .await
    }

    /// When each source was read last; `None` for who may not see it.
    pub async fn fresh(&self) -> ApiResult<Option<&HashMap<String, FreshRow>>> {
        seen(&self.fresh, || async {
            let rows = self.service.freshness(&self.viewer).await?;
            Ok(rows.into_iter().map(|row| (row.source_id.clone(), row)).collect())
        })
        .await
    }

    /// The open alarms of a source that are among `wanted`, the newest first, at most `size`; `None` for who may not see
    /// them.
    pub async fn open_alarms_of(
        &self,
        source: &str,
        size: usize,
        wanted: impl Fn(&AlarmRow) -> bool + Send,
    ) -> ApiResult<Option<Vec<AlarmRow>>> {
        let newest = seen(&self.alarms, || self.read_alarms(None)).await?;
        let Some(newest) = newest else { return Ok(None) };
        let of_source = |row: &&AlarmRow| row.source_id == source && wanted(row);
        let found: Vec<AlarmRow> = newest.iter().filter(of_source).take(size).cloned().collect();
        if found.len() == size || newest.len() < ALARMS {
            return Ok(Some(found));
        }
        // There are more than were read at once, and those left out may be this source's.
        let rows = if_allowed(self.read_alarms(Some(source.to_owned())).await)?;
        Ok(rows.map(|rows| rows.into_iter().filter(wanted).take(size).collect()))
    }

    async fn read_alarms(&self, source: Option<String>) -> Result<Vec<AlarmRow>, ServiceError> {
        let limit = i64::try_from(ALARMS).unwrap_or(i64::MAX);
        self.service.alarms(&self.viewer, &AlarmFilter { source, open: true }, None, limit).await
    }

    /// The pulls of a time; `None` for who may not see them.
    pub async fn totals(&self, span: Span) -> ApiResult<Option<Arc<Totals>>> {
        // Held while it is read: the nodes of a list ask all at once, and one of them reads.
        let mut known = self.totals.lock().await;
        if let Some(totals) = known.get(&(span.from, span.to)) {
            return Ok(totals.clone());
        }
        let totals = if_allowed(self.read_totals(span).await)?.map(Arc::new);
        known.insert((span.from, span.to), totals.clone());
        Ok(totals)
    }

    async fn read_totals(&self, span: Span) -> Result<Totals, ServiceError> {
        let totals = self.service.pull_totals(&self.viewer, span).await?;
        let sweeps = self.service.sweeps(&self.viewer, span).await?;
        Ok(Totals {
            totals: totals.into_iter().map(|row| (row.source_id.clone(), row)).collect(),
            // The oldest comes first, so that the last one stays.
            sweeps: sweeps.into_iter().map(|row| (row.source_id.clone(), row)).collect(),
        })
    }

    /// The kind of a source's connector, as its file says; `None` where the connector is gone.
    pub async fn kind(&self, source: &str) -> ApiResult<Option<&'static str>> {
        let kinds = self.kinds.get_or_try_init(|| async {
            let service = self.service.clone();
            let kinds = tokio::task::spawn_blocking(move || service.connector_kinds()).await;
            kinds.map_err(ServiceError::from).and_then(|kinds| kinds).map(Arc::new)
        });
        Ok(kinds.await?.get(source).copied())
    }
}

impl std::fmt::Debug for SourceStates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceStates").finish_non_exhaustive()
    }
}

async fn seen<T, F>(cell: &Seen<T>, read: impl FnOnce() -> F) -> ApiResult<Option<&T>>
where
    F: Future<Output = Result<T, ServiceError>>,
{
    let known = cell.get_or_try_init(|| async { if_allowed(read().await).map(|read| read.map(Arc::new)) });
    Ok(known.await?.as_deref())
}
