//! Acts on one item: the domain decides, one transaction writes.

use huiyin_domain::deadline::{self, Limit, LimitUnit, Owed};
use huiyin_domain::id::ItemId;
use huiyin_domain::item::{Event, Item, Stage};

use super::{Rules, ServiceError};
use crate::store::item::ItemRow;
use crate::store::{StoreError, Tx};

/// The ledger's subject of an item.
pub fn subject(id: ItemId) -> String {
    format!("item:{id}")
}

/// The domain's item out of its row.
pub(super) fn load_state(row: &ItemRow) -> Result<Item, ServiceError> {
    serde_json::from_str(&row.state).map_err(|error| {
        ServiceError::Store(StoreError::Inconsistent {
            table: "item",
            column: "state",
            id: row.id.clone(),
            problem: error.to_string(),
        })
    })
}

/// The item after these events.
pub(super) fn apply_all(state: Item, events: &[Event]) -> Result<Item, ServiceError> {
    let subject = subject(state.id);
    events
        .iter()
        .try_fold(state, |state, event| Item::apply(Some(state), event))
        .map_err(|error| ServiceError::Inconsistent { subject, problem: error.to_string() })
}

/// Notes the events in the ledger.
pub(super) fn record_events(tx: &mut Tx, item: ItemId, events: &[Event]) -> Result<(), StoreError> {
    events.iter().try_for_each(|event| tx.record(subject(item), event.kind(), &event.body()))
}

/// Writes the state into the columns that lists filter and sort by.
pub(super) fn project(row: &mut ItemRow, state: &Item, rules: &Rules) -> Result<(), ServiceError> {
    state.request_type.code().clone_into(&mut row.request_type);
    state.stage.code().clone_into(&mut row.stage);
    row.open = state.stage.is_open();
    row.task = state.task().map(|task| task.code().to_owned());
    row.lead_unit_id = state.lead.map(|unit| unit.to_string());
    row.replied_at = state.times.replied_at.map(huiyin_domain::time::Instant::as_micros);
    row.revision = i64::try_from(state.revision).unwrap_or(i64::MAX);
    row.state = serde_json::to_string(state).unwrap_or_default();
    // While the clock is stopped there is no date to be late for; it is computed anew when the work is resumed.
    let due = if state.stage == Stage::Suspended { None } else { effective_deadline(state, rules)? };
    row.due_at = due.as_ref().map(|due| due.binding.proof.due.as_micros());
    row.due_provisional = due.is_some_and(|due| due.binding.proof.provisional);
    Ok(())
}

/// When the answer to an item is due, at every level, with proof.
///
/// The clock starts when the source dispatched or the citizen wrote, never when somebody clicked 签收; that of a reopened
/// item starts anew.
pub fn effective_deadline(state: &Item, rules: &Rules) -> Result<Option<deadline::Effective>, ServiceError> {
    let times = &state.times;
    let first_start = times.clock_start();
    let start = times.reopened_at.unwrap_or(first_start);
    let extensions: Vec<deadline::Extension> = state
        .current_extensions()
        .map(|extension| {
            let limit = Limit::new(extension.days, LimitUnit::WorkingDays)?;
            Ok(deadline::Extension { granted_at: extension.granted_at, limit })
        })
        .collect::<Result<_, deadline::DeadlineError>>()?;
    let pauses: Vec<deadline::Pause> =
        state.pauses.iter().filter_map(|pause| Some(deadline::Pause { from: pause.from, to: pause.to? })).collect();
    let owed = Owed {
        source: state.source.as_str(),
        request_type: state.request_type.code(),
        stage: deadline::Stage::Reply,
        start,
        extensions: &extensions,
        pauses: &pauses,
    };
    Ok(rules.deadlines.effective(&owed, &rules.calendar)?)
}
