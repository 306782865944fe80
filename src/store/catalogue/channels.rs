//! The statements about reading sources by plan, and about holding a day's witnesses against one another.

use huiyin_domain::id::AlarmId;
use uuid::Uuid;

use super::super::source::PullRow;
use super::super::statement::values;
use super::super::{alarm, alias, job, payload, reconcile, schedule, source_day};
use super::{NONE, Named, fixed, for_lists, read};

pub(super) fn alarms() -> Vec<Named> {
    use alarm::{AlarmFilter, AlarmRow, page_statement};
    let some = || Some(NONE.to_owned());
    let mut named = vec![
        read::<AlarmRow>("alarm::BY_ID", alarm::BY_ID, values![NONE]),
        read::<AlarmRow>("alarm::OPEN", alarm::OPEN, values![NONE, NONE, NONE]),
        read::<AlarmRow>("alarm::OPEN_OF_SOURCE", alarm::OPEN_OF_SOURCE, values![NONE, 10_i64]),
        fixed("alarm::MEET", alarm::MEET, values![Some(NONE.to_owned()), NONE, 0_i64, NONE]),
        fixed("alarm::SETTLE", alarm::SETTLE, values![Some(0_i64), some(), NONE]),
        fixed("alarm::SETTLE_SAYING", alarm::SETTLE_SAYING, values![Some(0_i64), some(), some(), some(), some(), NONE]),
    ];
    for source in [None, some()] {
        for open in [false, true] {
            for after in [None, Some(AlarmId::from(Uuid::nil()))] {
                let filter = AlarmFilter { source: source.clone(), open };
                named.push(("alarm::page_statement", page_statement(&filter, after, 10)));
            }
        }
    }
    named
}

pub(super) fn jobs() -> Vec<Named> {
    use job::JobRow;
    let finish = values![NONE, Some(NONE.to_owned()), NONE, Some(0_i64), NONE, NONE];
    vec![
        read::<JobRow>("job::BY_ID", job::BY_ID, values![NONE]),
        read::<JobRow>("job::IN_STAGE", job::IN_STAGE, values![NONE, 10_i64]),
        read::<JobRow>("job::OF_SOURCE", job::OF_SOURCE, values![NONE, 10_i64]),
        read::<JobRow>("job::READY", job::READY, values![10_i64]),
        fixed("job::CLAIM", job::CLAIM, values![NONE, 0_i64, NONE]),
        fixed("job::TAKE_OVER", job::TAKE_OVER, values![NONE, 0_i64, NONE, NONE, 0_i64]),
        fixed("job::RENEW", job::RENEW, values![0_i64, NONE, NONE]),
        fixed("job::GIVE_BACK", job::GIVE_BACK, values![NONE, NONE]),
        fixed("job::FINISH", job::FINISH, finish),
        fixed("job::ASK", job::ASK, values![NONE, NONE]),
        fixed("job::DROP", job::DROP, values![NONE, NONE]),
        fixed("job::FORGET", job::FORGET, values![NONE, 0_i64]),
    ]
}

pub(super) fn schedules() -> Vec<Named> {
    use schedule::ScheduleRow;
    let some = Some(0_i64);
    let update = values![true, 0_i64, some, some, some, some, some, some, some, some, 0_i64, some, NONE, NONE];
    let mut named = vec![
        read::<ScheduleRow>("schedule::ALL", schedule::ALL, values![]),
        read::<ScheduleRow>("schedule::BY_SOURCE", schedule::BY_SOURCE, values![NONE]),
        fixed("schedule::UPDATE", schedule::UPDATE, update),
        fixed("schedule::REST", schedule::REST, values![0_i64, NONE, NONE, 0_i64]),
        fixed("alias::UPDATE", alias::UPDATE, values![NONE, 1_i64, 0_i64, NONE, NONE]),
    ];
    named.extend(for_lists("alias::by_words_statement", alias::by_words_statement));
    named
}

pub(super) fn source_days() -> Vec<Named> {
    use source_day::{BroughtRow, SourceDayRow};
    let between = || values![NONE, NONE, NONE, 10_i64];
    vec![
        read::<SourceDayRow>("source_day::DAYS", source_day::DAYS, values![NONE, NONE, NONE]),
        read::<reconcile::DayPullRow>("source_day::SWEEPS", source_day::SWEEPS, between()),
        read::<PullRow>("source_day::PULLS", source_day::PULLS, between()),
        read::<BroughtRow>("source_day::BROUGHT", source_day::BROUGHT, values![NONE, 0_i64, 1_i64, NONE, 10_i64]),
    ]
}

pub(super) fn days() -> Vec<Named> {
    use reconcile::{
        AboutRow, DayCheckRow, DayPullRow, FreshRow, KeptRow, RepairedRow, SkippedRow, TotalsRow, held_keys_statement,
        holds_there_statement, parts_statement,
    };
    let day = || values![0_i64, 1_i64, 10_i64];
    let about = || values!["item:0", 0_i64, "item:1", 10_i64];
    let mut named = vec![
        read::<DayPullRow>("reconcile::PULLS", reconcile::PULLS, day()),
        read::<DayPullRow>("reconcile::SWEEPS", reconcile::SWEEPS, day()),
        read::<TotalsRow>("reconcile::TOTALS", reconcile::TOTALS, values![0_i64, 1_i64]),
        read::<FreshRow>("reconcile::FRESH", reconcile::FRESH, values![]),
        read::<AboutRow>("reconcile::ABOUT", reconcile::ABOUT, about()),
        read::<AboutRow>("reconcile::RECEIVED", reconcile::RECEIVED, about()),
        read::<AboutRow>("reconcile::RECEIVED_BEFORE", reconcile::RECEIVED_BEFORE, values!["item:0"]),
        read::<KeptRow>("reconcile::KEPT", reconcile::KEPT, values![NONE, 0_i64, 1_i64]),
        read::<RepairedRow>("reconcile::REPAIRED", reconcile::REPAIRED, values![NONE, NONE, NONE, 0_i64]),
        fixed("reconcile::NUMBERS", reconcile::NUMBERS, day()),
        read::<SkippedRow>("reconcile::SKIPPED", reconcile::SKIPPED, values![NONE, 0_i64, 1_i64, 10_i64]),
        read::<DayCheckRow>("reconcile::DAY_CHECKS", reconcile::DAY_CHECKS, values![NONE, 10_i64]),
        fixed("reconcile::UPDATE_DAY_CHECK", reconcile::UPDATE_DAY_CHECK, values![0_i64, 0_i64, 0_i64, 0_i64, NONE]),
    ];
    named.extend(for_lists("reconcile::parts_statement", parts_statement));
    named.extend(for_lists("reconcile::holds_there_statement", holds_there_statement));
    named.extend(for_lists("reconcile::held_keys_statement", |keys| held_keys_statement(NONE, keys)));
    named
}

pub(super) fn payloads() -> Vec<Named> {
    use payload::PayloadRow;
    let mut named = vec![
        read::<PayloadRow>("payload::OF_PULL", payload::OF_PULL, values![NONE, 10_i64]),
        read::<PayloadRow>("payload::OF_HOLD", payload::OF_HOLD, values![NONE, NONE]),
        read::<PayloadRow>("payload::EXPIRED", payload::EXPIRED, values![0_i64, 10_i64]),
        fixed("payload::REMOVE", payload::REMOVE, values![NONE, 1_i64]),
    ];
    named.extend(for_lists("payload::named_statement", payload::named_statement));
    named
}

/// One row into every table of theirs.
pub(super) fn inserts() -> [(&'static str, &'static str, &'static [&'static str]); 6] {
    [
        ("insert alarm", "alarm", alarm::COLUMNS),
        ("insert schedule", "schedule", schedule::COLUMNS),
        ("insert job", "job", job::COLUMNS),
        ("insert unit_alias", "unit_alias", alias::COLUMNS),
        ("insert payload", "payload", payload::COLUMNS),
        ("insert day_check", "day_check", reconcile::DAY_COLUMNS),
    ]
}
