//! One pass over all that match: exact count, facets, and the first hits in order.

use std::collections::{BTreeMap, BinaryHeap};

use huiyin_domain::time::Instant;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::Weight;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::query::{Cursor, Facets, Filters, Hit, MAX_LIMIT, Page, Period, Query, Rank, Sort};

/// How much newer items gain at most: a question asked this moment scores a quarter more than a very old one.
const RECENCY_GAIN: f32 = 0.25;

/// The age at which half of that gain is left, in microseconds: a year.
const RECENCY_HALF_LIFE: f32 = 365.0 * 86_400.0 * 1e6;

/// The columns that facets count, in the order of [`Facets`].
const FACETS: [&str; 4] = ["source", "lead", "stage", "request_type"];

/// Gathers a [`Page`].
pub(super) struct PageCollector {
    order: Order,
    filters: Filters,
    excluded: Option<Box<dyn Weight>>,
    limit: usize,
    facets: bool,
}

/// Everything the rank of a document depends on, but for the document.
#[derive(Debug, Clone, Copy)]
struct Order {
    sort: Sort,
    now: Instant,
    after: Option<Rank>,
}

impl PageCollector {
    /// Documents that `excluded` matches are left out.
    pub(super) fn new(query: &Query, excluded: Option<Box<dyn Weight>>) -> Self {
        // Without words all match equally well: then the newest come first.
        let worded = !query.text.wanted.is_empty();
        let sort = if query.sort == Sort::Relevance && !worded { Sort::NewestFirst } else { query.sort };
        let now = query.after.map_or(query.now, |cursor| cursor.now);
        Self {
            order: Order { sort, now, after: query.after.map(|cursor| cursor.rank) },
            filters: query.filters.clone(),
            excluded,
            limit: query.limit.min(MAX_LIMIT),
            facets: query.facets,
        }
    }

    /// Whether the order depends on how well a document matches.
    pub(super) fn is_scored(&self) -> bool {
        self.order.sort == Sort::Relevance
    }
}

impl Collector for PageCollector {
    type Fruit = Page;
    type Child = SegmentPage;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentPage> {
        let columns = segment.fast_fields();
        let mut counters = Vec::new();
        if self.facets {
            for name in FACETS {
                counters.push(Counter::new(columns.str(name)?));
            }
        }
        Ok(SegmentPage {
            order: self.order,
            conditions: Conditions::new(&self.filters, segment)?,
            excluded: match &self.excluded {
                Some(weight) => matches(weight.as_ref(), segment)?,
                None => Vec::new(),
            },
            number: columns.u64("number")?,
            asked_at: columns.i64("asked_at")?,
            due_at: columns.i64("due_at")?,
            room: self.limit + 1,
            best: BinaryHeap::new(),
            total: 0,
            counters,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.is_scored()
    }

    fn merge_fruits(&self, parts: Vec<tantivy::Result<Part>>) -> tantivy::Result<Page> {
        let mut entries = Vec::new();
        let mut total = 0;
        let mut counts: [BTreeMap<String, u64>; 4] = Default::default();
        for part in parts {
            let part = part?;
            total += part.total;
            entries.extend(part.best);
            for (sum, counted) in counts.iter_mut().zip(part.counts) {
                for (value, count) in counted {
                    *sum.entry(value).or_default() += count;
                }
            }
        }
        entries.sort_unstable();
        let more = entries.len() > self.limit;
        entries.truncate(self.limit);
        let last = entries.last().map(|rank| Cursor { rank: *rank, now: self.order.now });
        Ok(Page {
            hits: entries.into_iter().map(|rank| self.order.hit(rank)).collect(),
            total,
            facets: self.facets.then(|| facets(counts)),
            next: last.filter(|_| more),
        })
    }
}

impl Order {
    /// The number's part of a rank: newer items have higher numbers.
    const fn minor(self, number: u64) -> u64 {
        match self.sort {
            Sort::Relevance | Sort::NewestFirst => u64::MAX - number,
            Sort::OldestFirst | Sort::DueFirst => number,
        }
    }

    /// What a rank says about its document.
    fn hit(self, rank: Rank) -> Hit {
        // `minor` undoes itself.
        let number = self.minor(rank.minor);
        let bits = u32::try_from(rank.major.saturating_neg()).unwrap_or(0);
        let score = if self.sort == Sort::Relevance { f32::from_bits(bits) } else { 0.0 };
        Hit { number, score }
    }
}

/// A score's part of a rank: the bits of positive floats are in the floats' own order.
fn score_major(score: f32) -> i64 {
    if score > 0.0 { -i64::from(score.to_bits()) } else { 0 }
}

/// 1 plus the gain of a question asked at `asked_at`, seen from `now`.
fn recency(asked_at: Option<i64>, now: Instant) -> f32 {
    let Some(asked_at) = asked_at else { return 1.0 };
    #[expect(clippy::cast_precision_loss, reason = "a few minutes more or less do not change the gain")]
    let age = now.as_micros().saturating_sub(asked_at).max(0) as f32;
    1.0 + RECENCY_GAIN * (-age / RECENCY_HALF_LIFE).exp2()
}

/// The part of a page that one segment gives.
pub(super) struct SegmentPage {
    order: Order,
    conditions: Conditions,
    /// By document, whether it is left out; empty when none is.
    excluded: Vec<bool>,
    number: Column<u64>,
    asked_at: Column<i64>,
    due_at: Column<i64>,
    /// How many ranks are kept: one more than a page holds tells whether there is another page.
    room: usize,
    /// The lowest ranks, the highest of them on top.
    best: BinaryHeap<Rank>,
    total: u64,
    counters: Vec<Counter>,
}

/// What one segment found.
pub(super) struct Part {
    best: Vec<Rank>,
    total: u64,
    counts: Vec<Vec<(String, u64)>>,
}

impl SegmentPage {
    /// The main part of a document's rank. `worst` is that of the last rank kept when there is no more room: a document
    /// that cannot beat it, even as the newest, gives `None` before its column is read.
    fn major(&self, doc: DocId, score: Score, worst: Option<i64>) -> Option<i64> {
        Some(match self.order.sort {
            Sort::Relevance => {
                let possible = score_major(score * (1.0 + RECENCY_GAIN));
                if worst.is_some_and(|worst| possible > worst) {
                    return None;
                }
                score_major(score * recency(self.asked_at.first(doc), self.order.now))
            }
            Sort::NewestFirst => self.asked_at.first(doc).map_or(i64::MAX, i64::saturating_neg),
            Sort::OldestFirst => self.asked_at.first(doc).unwrap_or(i64::MAX),
            Sort::DueFirst => self.due_at.first(doc).unwrap_or(i64::MAX),
        })
    }
}

impl SegmentCollector for SegmentPage {
    type Fruit = tantivy::Result<Part>;

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.excluded.get(doc as usize).is_some_and(|excluded| *excluded) || !self.conditions.hold(doc) {
            return;
        }
        self.total += 1;
        for counter in &mut self.counters {
            counter.count(doc);
        }
        let worst = if self.best.len() < self.room { None } else { self.best.peek().copied() };
        let Some(major) = self.major(doc, score, worst.map(|rank| rank.major)) else { return };
        if worst.is_some_and(|worst| major > worst.major) {
            return;
        }
        let rank = Rank { major, minor: self.order.minor(self.number.first(doc).unwrap_or(0)) };
        if self.order.after.is_some_and(|after| rank <= after) {
            return;
        }
        self.best.push(rank);
        if self.best.len() > self.room {
            self.best.pop();
        }
    }

    fn harvest(self) -> tantivy::Result<Part> {
        let counts = self.counters.into_iter().map(Counter::values).collect::<tantivy::Result<Vec<_>>>()?;
        Ok(Part { best: self.best.into_vec(), total: self.total, counts })
    }
}

/// By document of a segment, whether it matches.
fn matches(weight: &dyn Weight, segment: &SegmentReader) -> tantivy::Result<Vec<bool>> {
    let mut matches = vec![false; segment.max_doc() as usize];
    weight.for_each_no_score(segment, &mut |docs| {
        for doc in docs {
            if let Some(matched) = matches.get_mut(*doc as usize) {
                *matched = true;
            }
        }
    })?;
    Ok(matches)
}

/// The conditions on instants, looked up in columns.
struct Conditions(Vec<(Column<i64>, Period)>);

impl Conditions {
    fn new(filters: &Filters, segment: &SegmentReader) -> tantivy::Result<Self> {
        let overdue = Period { from: None, until: filters.overdue_at };
        let periods = [
            ("asked_at", filters.asked),
            ("due_at", filters.due),
            ("due_at", overdue),
            ("replied_at", filters.replied),
        ];
        let mut conditions = Vec::new();
        for (name, period) in periods {
            if !period.is_unbounded() {
                conditions.push((segment.fast_fields().i64(name)?, period));
            }
        }
        Ok(Self(conditions))
    }

    fn hold(&self, doc: DocId) -> bool {
        self.0.iter().all(|(column, period)| period.contains(column.first(doc).map(Instant::from_micros)))
    }
}

/// Counts the values of one column.
struct Counter {
    column: Option<StrColumn>,
    counts: Vec<u64>,
}

impl Counter {
    fn new(column: Option<StrColumn>) -> Self {
        let values = column.as_ref().map_or(0, |column| column.num_terms());
        Self { column, counts: vec![0; values] }
    }

    fn count(&mut self, doc: DocId) {
        let ord = self.column.as_ref().and_then(|column| column.ords().first(doc));
        let slot = ord.and_then(|ord| usize::try_from(ord).ok()).and_then(|ord| self.counts.get_mut(ord));
        if let Some(slot) = slot {
            *slot += 1;
        }
    }

    fn values(self) -> tantivy::Result<Vec<(String, u64)>> {
        let Some(column) = self.column else { return Ok(Vec::new()) };
        let mut values = Vec::new();
        for (ord, count) in (0_u64..).zip(self.counts) {
            if count > 0 {
                let mut value = String::new();
                column.ord_to_str(ord, &mut value)?;
                values.push((value, count));
            }
        }
        Ok(values)
    }
}

fn facets(counts: [BTreeMap<String, u64>; 4]) -> Facets {
    let [sources, units, stages, request_types] = counts.map(|counts| {
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        // Stable: equal counts stay in the order of their values.
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    });
    let units = units.into_iter().filter_map(|(unit, count)| Some((unit.parse().ok()?, count))).collect();
    Facets { sources, units, stages, request_types }
}
