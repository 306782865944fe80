//! Reading what the witnesses of a day say.

use std::collections::{BTreeMap, HashMap, HashSet};

use huiyin_domain::statement::{
    Counts, GapsOf, HeldFacts, PullFacts, ReceivedFacts, SourceFacts, Sweep, Whole, fill_numbers,
};
use serde_json::Value;

use super::super::pull::NOT_SHOWN;
use super::super::{Service, ServiceError};
use super::Span;
use crate::store::Conn;
use crate::store::reconcile::{self, AboutRow, DayPullRow, PartsRow};
use crate::store::schedule::{self, ScheduleRow};
use crate::store::source::{self, SourceRow};
use crate::store::source_day;

/// Rows read at once.
const PAGE: i64 = 5_000;
/// Ids asked for at once.
const IDS: usize = 500;
/// The most pulls of a day: a push every half second.
const PULLS: i64 = 200_000;
/// Gaps named one by one, for each source.
const GAPS: usize = 200;
/// Numbers of a gap that are looked for among held rows.
const NUMBERS_OF_GAP: u64 = 200;
/// How far the numbers of a day may lie apart, beside how many there are: further, and the clock has jumped.
const APART: i64 = 10_000;

/// What is known of a day.
pub(super) struct Facts {
    pub(super) sources: Vec<SourceRow>,
    pub(super) schedules: Vec<ScheduleRow>,
    pub(super) of_source: BTreeMap<String, SourceFacts>,
    /// Numbers nobody has, of nobody knows which source.
    pub(super) unplaced: Vec<u64>,
}

/// What the ledger has of a pull.
#[derive(Debug, Default)]
struct PullEntries {
    source: Option<String>,
    recorded: Option<Counts>,
    /// Held rows: id and row number.
    held: Vec<(String, u64)>,
    /// Numbers of items that its list left out.
    unshown: Vec<u64>,
}

/// The smallest and the largest number of a day's items, and how many there are.
#[derive(Debug, Default, Clone, Copy)]
struct Numbers {
    range: Option<(i64, i64)>,
    count: i64,
}

impl Numbers {
    fn add(&mut self, first: i64, last: i64, count: i64) {
        let (low, high) = self.range.unwrap_or((first, last));
        self.range = Some((low.min(first), high.max(last)));
        self.count += count;
    }
}

impl Service {
    /// Reads all of it from one state of the database.
    pub(super) async fn read_facts(&self, span: Span) -> Result<Facts, ServiceError> {
        let mut snapshot = self.store.snapshot().await?;
        let mut conn = snapshot.conn();
        let sources = source::all(&mut conn).await?;
        let schedules = schedule::all(&mut conn).await?;
        let mut of_source: BTreeMap<String, SourceFacts> = BTreeMap::new();
        let pulls = reconcile::pulls(&mut conn, span.from, span.to, PULLS).await?;
        let entries = pull_entries(&mut conn, span).await?;
        add_gone_pulls(&mut conn, &pulls, &entries, &mut of_source).await?;
        let mut numbers = Numbers::default();
        for (id, pulls) in by_source(&pulls) {
            let facts = of_source.entry(id.to_owned()).or_default();
            add_pulls(&mut conn, id, &pulls, &entries, facts, &mut numbers).await?;
        }
        add_held(&mut conn, &pulls, &entries, &mut of_source).await?;
        add_received(&mut conn, span, &mut of_source).await?;
        let unplaced = numbers_gone(&mut conn, numbers, &of_source).await?;
        for (id, facts) in &mut of_source {
            // Only what came on the day can have skipped something.
            if !facts.pulls.is_empty() || !facts.received.is_empty() {
                facts.gaps = gaps(&mut conn, id, span).await?;
            }
        }
        Ok(Facts { sources, schedules, of_source, unplaced })
    }
}

fn by_source(pulls: &[DayPullRow]) -> BTreeMap<&str, Vec<&DayPullRow>> {
    let mut grouped: BTreeMap<&str, Vec<&DayPullRow>> = BTreeMap::new();
    for pull in pulls {
        grouped.entry(&pull.source_id).or_default().push(pull);
    }
    grouped
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The subject of what was made at an instant, up to the millisecond its id tells: `item:01980000-0000`.
fn subject_at(kind: &str, micros: i64) -> String {
    format!("{kind}:{}", source_day::id_at(micros))
}

/// What the ledger has of the pulls that began in a time.
async fn pull_entries(conn: &mut Conn<'_>, span: Span) -> Result<HashMap<String, PullEntries>, ServiceError> {
    let (mut after, end) = ((subject_at("pull", span.from), 0), subject_at("pull", span.to));
    let mut entries: HashMap<String, PullEntries> = HashMap::new();
    loop {
        let rows = reconcile::about(conn, (&after.0, after.1), &end, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(entries) };
        after = (last.subject.clone(), last.seq);
        for row in rows {
            let Some(id) = row.subject.strip_prefix("pull:") else { continue };
            let of_pull = entries.entry(id.to_owned()).or_default();
            let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
            let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            match row.kind.as_str() {
                "pull.started" => of_pull.source = text("source"),
                "pull.finished" | "pull.failed" => of_pull.recorded = Some(recorded(&body)),
                "row.held" => {
                    let row = body.get("row").and_then(Value::as_u64).unwrap_or(0);
                    of_pull.held.extend(text("hold").map(|hold| (hold, row)));
                }
                NOT_SHOWN => of_pull.unshown = numbers_in(&body),
                _ => {}
            }
        }
    }
}

fn numbers_in(body: &Value) -> Vec<u64> {
    let items = body.get("items").and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// The counts at the end of a pull, as the ledger has them.
fn recorded(body: &Value) -> Counts {
    let number = |name: &str| body.get(name).and_then(Value::as_u64).unwrap_or(0);
    Counts {
        stated: number("stated"),
        accepted: number("accepted"),
        unchanged: number("unchanged"),
        changed: number("changed"),
        held: number("held"),
        rejected: number("rejected"),
    }
}

/// Pulls that the ledger has and the store has not.
async fn add_gone_pulls(
    conn: &mut Conn<'_>,
    pulls: &[DayPullRow],
    entries: &HashMap<String, PullEntries>,
    of_source: &mut BTreeMap<String, SourceFacts>,
) -> Result<(), ServiceError> {
    let there: HashSet<&str> = pulls.iter().map(|pull| pull.id.as_str()).collect();
    let mut missing: Vec<String> = entries
        .iter()
        .filter(|(id, entries)| entries.source.is_some() && !there.contains(id.as_str()))
        .map(|(id, _)| id.clone())
        .collect();
    missing.sort();
    for some in missing.chunks(IDS) {
        // One whose row tells another time than its id is there all the same.
        let found = source::pulls_by_ids(conn, some).await?;
        let found: HashSet<&str> = found.iter().map(|pull| pull.id.as_str()).collect();
        for id in some.iter().filter(|id| !found.contains(id.as_str())) {
            if let Some(source) = entries.get(id).and_then(|entries| entries.source.clone()) {
                of_source.entry(source).or_default().pulls_gone.push(id.clone());
            }
        }
    }
    Ok(())
}

/// The pulls of one source, and what is there of what they took in.
async fn add_pulls(
    conn: &mut Conn<'_>,
    source: &str,
    pulls: &[&DayPullRow],
    entries: &HashMap<String, PullEntries>,
    facts: &mut SourceFacts,
    numbers: &mut Numbers,
) -> Result<(), ServiceError> {
    let ended = || pulls.iter().filter(|pull| pull.stage != "running");
    let from = ended().map(|pull| pull.started_at).min();
    let until = ended().filter_map(|pull| pull.finished_at).max();
    let mut kept: HashMap<String, i64> = HashMap::new();
    if let (Some(from), Some(until)) = (from, until) {
        for row in reconcile::kept(conn, source, from, until).await? {
            numbers.add(row.first, row.last, row.count);
            kept.insert(row.pull_id, row.count);
        }
        let has_held = |pull: &&&DayPullRow| entries.get(&pull.id).is_some_and(|entries| !entries.held.is_empty());
        let held = || ended().filter(has_held).map(|pull| pull.id.as_str());
        if let (Some(first), Some(last)) = (held().min(), held().max()) {
            for row in reconcile::repaired(conn, source, first, last, until).await? {
                kept.entry(row.pull_id).and_modify(|count| *count -= row.count);
            }
        }
    }
    for pull in pulls {
        facts.pulls.push(PullFacts {
            id: pull.id.clone(),
            running: pull.stage == "running",
            succeeded: pull.stage == "finished",
            counts: counts(pull),
            recorded: entries.get(&pull.id).and_then(|entries| entries.recorded),
            kept: count(kept.get(&pull.id).copied().unwrap_or(0)),
        });
        if pull.purpose == "sweep" && pull.stage != "running" {
            facts.sweep =
                Some(Sweep { claimed: pull.claimed.map(count), met: count(pull.met), complete: pull.complete });
            facts.unshown = entries.get(&pull.id).map_or_else(Vec::new, |entries| entries.unshown.clone());
        }
    }
    Ok(())
}

fn counts(pull: &DayPullRow) -> Counts {
    Counts {
        stated: count(pull.stated),
        accepted: count(pull.accepted),
        unchanged: count(pull.unchanged),
        changed: count(pull.changed),
        held: count(pull.held),
        rejected: count(pull.rejected),
    }
}

/// The rows that the day's pulls held, and whether they are there.
async fn add_held(
    conn: &mut Conn<'_>,
    pulls: &[DayPullRow],
    entries: &HashMap<String, PullEntries>,
    of_source: &mut BTreeMap<String, SourceFacts>,
) -> Result<(), ServiceError> {
    for pull in pulls.iter().filter(|pull| pull.stage != "running") {
        let Some(entries) = entries.get(&pull.id) else { continue };
        for some in entries.held.chunks(IDS) {
            let ids: Vec<String> = some.iter().map(|(id, _)| id.clone()).collect();
            let there = reconcile::holds_there(conn, &ids).await?;
            let mut there: HashMap<String, Option<String>> =
                there.into_iter().map(|row| (row.id, row.superseded_by)).collect();
            let held = some.iter().map(|(id, row)| {
                let found = there.remove(id);
                HeldFacts { pull: pull.id.clone(), row: *row, there: found.is_some(), superseded_by: found.flatten() }
            });
            of_source.entry(pull.source_id.clone()).or_default().held.extend(held);
        }
    }
    Ok(())
}

/// The items the ledger received on the day, each with its number, and whether all of it is there.
async fn add_received(
    conn: &mut Conn<'_>,
    span: Span,
    of_source: &mut BTreeMap<String, SourceFacts>,
) -> Result<(), ServiceError> {
    let start = subject_at("item", span.from);
    // Those received last before the day tell the number from which the day's go on. Of one batch all have one time.
    let earlier = reconcile::received_before(conn, &start).await?;
    let from = earlier.as_ref().and_then(|row| row.subject.get(..start.len())).unwrap_or(&start).to_owned();
    let mut rows = Vec::new();
    let (mut after, end) = ((from, 0), subject_at("item", span.to));
    loop {
        let page = reconcile::received(conn, (&after.0, after.1), &end, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = (last.subject.clone(), last.seq);
        rows.extend(page);
    }
    // In this order numbers were given out.
    rows.sort_unstable_by_key(|row| row.seq);
    let parts = parts(conn, &rows).await?;
    let known: Vec<Option<u64>> =
        rows.iter().map(|row| parts.get(id_of(row)).map(|parts| count(parts.number))).collect();
    let numbers = fill_numbers(&known, earlier.is_none().then_some(0));
    for (row, number) in rows.iter().zip(numbers).filter(|(row, _)| row.subject.as_str() >= start.as_str()) {
        let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
        let Some(source) = body.get("source").and_then(Value::as_str) else { continue };
        let id = id_of(row);
        let received = ReceivedFacts { item: id.to_owned(), number, whole: whole(parts.get(id)) };
        of_source.entry(source.to_owned()).or_default().received.push(received);
    }
    Ok(())
}

fn id_of(row: &AboutRow) -> &str {
    row.subject.strip_prefix("item:").unwrap_or_default()
}

async fn parts(conn: &mut Conn<'_>, rows: &[AboutRow]) -> Result<HashMap<String, PartsRow>, ServiceError> {
    let mut parts = HashMap::new();
    for some in rows.chunks(IDS) {
        let ids: Vec<String> = some.iter().map(|row| id_of(row).to_owned()).collect();
        parts.extend(reconcile::parts(conn, &ids).await?.into_iter().map(|row| (row.id.clone(), row)));
    }
    Ok(parts)
}

fn whole(parts: Option<&PartsRow>) -> Whole {
    let Some(parts) = parts else { return Whole::NoItem };
    match (parts.version, parts.first, parts.newest) {
        (None, _, _) => Whole::NoMessage,
        (_, None, _) => Whole::NoVersion(1),
        (Some(version), _, None) => Whole::NoVersion(count(version)),
        _ => Whole::Yes,
    }
}

/// Numbers among those of the day's items that nobody has, and that no item of the ledger accounts for.
async fn numbers_gone(
    conn: &mut Conn<'_>,
    numbers: Numbers,
    of_source: &BTreeMap<String, SourceFacts>,
) -> Result<Vec<u64>, ServiceError> {
    let Some((first, last)) = numbers.range else { return Ok(Vec::new()) };
    if last - first > numbers.count.saturating_mul(4).saturating_add(APART) {
        return Ok(Vec::new());
    }
    let there = reconcile::numbers(conn, first, last, last - first + 1).await?;
    let mut known: HashSet<u64> = there.into_iter().map(count).collect();
    known.extend(of_source.values().flat_map(|facts| &facts.received).filter_map(|received| received.number));
    Ok((count(first)..=count(last)).filter(|number| !known.contains(number)).collect())
}

/// The running numbers missing below those that came on the day. A number was met as well when its row is held.
async fn gaps(conn: &mut Conn<'_>, source: &str, span: Span) -> Result<huiyin_domain::statement::Gaps, ServiceError> {
    let limit = i64::try_from(GAPS).unwrap_or(0) * 5;
    let skipped = reconcile::skipped(conn, source, span.from, span.to, limit).await?;
    let mut gaps = GapsOf::new(GAPS);
    for row in skipped {
        let digits = row.printed.strip_prefix(&row.series).unwrap_or_default();
        let width = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.len() } else { 0 };
        let (before, after) = (count(row.earlier), count(row.running));
        let candidates = (before + 1..after).take(usize::try_from(NUMBERS_OF_GAP).unwrap_or(0));
        let printed: HashMap<String, u64> =
            candidates.map(|number| (format!("{}{number:0width$}", row.series), number)).collect();
        let keys: Vec<String> = printed.keys().cloned().collect();
        let held = reconcile::held_keys(conn, source, &keys).await?;
        let met: Vec<u64> = held.iter().filter_map(|row| printed.get(&row.key).copied()).collect();
        gaps.add(&row.series, before, after, width, &met);
    }
    Ok(gaps.finish())
}
