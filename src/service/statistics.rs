//! Response times and on-time rates of the items the viewer answers for.

use std::collections::{BTreeMap, BTreeSet};

use huiyin_domain::access::{Action, Actor, Object, allowed, scope};
use huiyin_domain::item::RequestType;
use huiyin_domain::statistics::{self, Case, Grouping, Period, Report};
use huiyin_domain::time::Instant;

use super::{Refusal, Service, ServiceError, stored_id};
use crate::store::item::{self as items, TimingRow};
use crate::store::{Reader, StoreError, source, unit};

/// A report with the names of its groups.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// The figures.
    pub report: Report,
    /// What people call a group, by its key; a group without a name here is called by its key.
    pub names: BTreeMap<String, String>,
}

impl Service {
    /// The figures of a period in one grouping, as they stand now.
    ///
    /// A unit's people see what their unit leads, whoever sees answered items only sees figures of those, the office sees
    /// all. Figures that do not add up are an error and are not shown.
    pub async fn statistics(
        &self,
        viewer: &Actor,
        period: Period,
        grouping: Grouping,
    ) -> Result<Statistics, ServiceError> {
        allowed(viewer, Action::ViewStatistics, &Object::None)?;
        if period.from >= period.to {
            return Err(Refusal::new("period_empty", "起止时间不对：开始须早于结束。请重新选择时间段。").into());
        }
        let (from, to) = (period.from.as_micros(), period.to.as_micros());
        let mut reader = self.store.read().await?;
        let asked = items::timings(&mut reader.conn(), from, to).await?;
        let due = items::timings_due(&mut reader.conn(), from, to).await?;
        let due = due.into_iter().filter(|row| !(from..to).contains(&row.asked_at));
        let cases = asked.into_iter().chain(due).map(case).collect::<Result<Vec<Case>, ServiceError>>()?;
        let scope = scope(viewer);
        let seen = |case: &Case| scope.contains(case.unit, &BTreeSet::new(), case.stage.is_answered());
        let cases: Vec<Case> = cases.into_iter().filter(seen).collect();
        let report = statistics::report(&cases, period, grouping, self.now());
        statistics::check(&report).map_err(|imbalance| ServiceError::Inconsistent {
            subject: "statistics".to_owned(),
            problem: imbalance.to_string(),
        })?;
        let names = names(&mut reader, &report).await?;
        Ok(Statistics { report, names })
    }
}

fn case(row: TimingRow) -> Result<Case, ServiceError> {
    let unknown = |column, problem: &str| StoreError::Inconsistent {
        table: "item",
        column,
        id: String::new(),
        problem: format!("`{problem}` is no code"),
    };
    Ok(Case {
        request_type: RequestType::parse(&row.request_type)
            .ok_or_else(|| unknown("request_type", &row.request_type))?,
        unit: row.lead_unit_id.map(|id| stored_id("unit", &id)).transpose()?,
        stage: huiyin_domain::item::Stage::parse(&row.stage).ok_or_else(|| unknown("stage", &row.stage))?,
        source: row.source_id,
        asked_at: Instant::from_micros(row.asked_at),
        due_at: row.due_at.map(Instant::from_micros),
        replied_at: row.replied_at.map(Instant::from_micros),
    })
}

async fn names(reader: &mut Reader, report: &Report) -> Result<BTreeMap<String, String>, ServiceError> {
    Ok(match report.grouping {
        Grouping::Unit => {
            let keys: Vec<String> = report.groups.iter().filter_map(|group| group.key.clone()).collect();
            let units = unit::by_ids(&mut reader.conn(), &keys).await?;
            units.into_iter().map(|unit| (unit.id, unit.name)).collect()
        }
        Grouping::Source => {
            let sources = source::all(&mut reader.conn()).await?;
            sources.into_iter().map(|source| (source.id, source.name)).collect()
        }
        Grouping::RequestType => {
            let named = RequestType::ALL.iter().map(|known| (known.code().to_owned(), known.label().to_owned()));
            named.collect()
        }
        Grouping::Month => BTreeMap::new(),
    })
}
