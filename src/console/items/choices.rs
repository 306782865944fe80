//! What a list can be restricted to: the fields of its form, what is chosen, and the counts that lead further.

use std::collections::BTreeSet;

use huiyin_domain::deadline::DueWindow;
use huiyin_domain::id::UnitId;
use huiyin_domain::item::{RequestType, Stage, Task};
use serde::{Deserialize, Serialize};

use super::{Named, address};
use crate::service::list::{Column, Days, ListOrder, ListQuery};

/// Something to choose.
#[derive(Serialize)]
pub(super) struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// A field of which several values may be chosen.
#[derive(Serialize)]
pub(super) struct Pick {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

/// A stretch of days.
#[derive(Serialize)]
pub(super) struct Dates {
    name: &'static str,
    label: &'static str,
    from: String,
    to: String,
}

/// The fields of the form.
#[derive(Serialize)]
pub(super) struct Fields {
    text: String,
    picks: Vec<Pick>,
    columns: Vec<Choice>,
    orders: Vec<Choice>,
    windows: Vec<Choice>,
    open: Vec<Choice>,
    waiting: bool,
    dates: Vec<Dates>,
    /// The id of a unit that assists; the form passes it on.
    assisting: Option<String>,
}

/// Something that restricts the list, and the list without it.
#[derive(Serialize)]
pub(super) struct Chip {
    label: String,
    href: String,
}

/// Counts of one kind.
#[derive(Serialize)]
pub(super) struct Group {
    label: &'static str,
    values: Vec<Count>,
}

/// How many there are, and the list of these; of what is chosen already, the list without it.
#[derive(Serialize)]
struct Count {
    label: String,
    total: i64,
    chosen: bool,
    href: String,
}

/// Counts over a list.
#[derive(Deserialize)]
pub(super) struct Counted {
    pub(super) facets: Option<Facets>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facets {
    sources: Vec<SourceCount>,
    units: Vec<UnitCount>,
    stages: Vec<WordCount>,
    request_types: Vec<WordCount>,
}

#[derive(Deserialize)]
struct SourceCount {
    source: Option<Named>,
    count: i64,
}

#[derive(Deserialize)]
struct UnitCount {
    unit: Option<Named>,
    count: i64,
}

#[derive(Deserialize)]
struct WordCount {
    word: Word,
    count: i64,
}

#[derive(Deserialize)]
struct Word {
    code: String,
    label: String,
}

/// The id of a unit as addresses of lists write it.
fn unit_id(named: &Named) -> Option<UnitId> {
    named.id.strip_prefix("unit:")?.parse().ok()
}

fn choices<T: Copy>(
    all: &[T],
    words: impl Fn(T) -> (&'static str, &'static str),
    chosen: impl Fn(T) -> bool,
) -> Vec<Choice> {
    let choice = |one: &T| {
        let (code, label) = words(*one);
        Choice { value: code.to_owned(), label: label.to_owned(), chosen: chosen(*one) }
    };
    all.iter().map(choice).collect()
}

impl Fields {
    pub(super) fn new(query: &ListQuery, units: &[Named], sources: &[Named], personal: bool) -> Self {
        let unit = |unit: &Named| {
            let id = unit_id(unit)?;
            let chosen = query.lead_units.contains(&id);
            Some(Choice { value: id.to_string(), label: unit.name.clone(), chosen })
        };
        let source = |source: &Named| Choice {
            value: source.id.clone(),
            label: source.name.clone(),
            chosen: query.sources.contains(&source.id),
        };
        let searching = !query.text.is_empty();
        let orders: Vec<ListOrder> =
            ListOrder::ALL.iter().copied().filter(|order| searching || *order != ListOrder::Match).collect();
        let columns: Vec<Column> =
            Column::ALL.iter().copied().filter(|column| personal || !column.is_personal()).collect();
        let shown = query.effective_columns();
        let yes_or_no = |open: bool| if open { ("yes", "未办结") } else { ("no", "已办结") };
        Self {
            text: query.text.clone(),
            picks: vec![
                Pick {
                    name: "stage",
                    label: "阶段",
                    options: choices(Stage::ALL, |one| (one.code(), one.label()), |one| query.stages.contains(&one)),
                },
                Pick {
                    name: "task",
                    label: "待办",
                    options: choices(Task::ALL, |one| (one.code(), one.label()), |one| query.tasks.contains(&one)),
                },
                Pick { name: "unit", label: "主办单位", options: units.iter().filter_map(unit).collect() },
                Pick { name: "source", label: "渠道", options: sources.iter().map(source).collect() },
                Pick {
                    name: "type",
                    label: "诉求类型",
                    options: choices(
                        RequestType::ALL,
                        |one| (one.code(), one.label()),
                        |one| query.request_types.contains(&one),
                    ),
                },
            ],
            columns: choices(&columns, |one| (one.code(), one.label()), |one| shown.contains(&one)),
            orders: choices(&orders, |one| (one.code(), one.label()), |one| query.effective_order() == one),
            windows: choices(DueWindow::ALL, |one| (one.code(), one.label()), |one| query.due_window == Some(one)),
            open: choices(&[true, false], yes_or_no, |one| query.open == Some(one)),
            waiting: query.waiting_for_me,
            dates: vec![
                Dates::new("asked", "来件", query.asked),
                Dates::new("due", "到期", query.due),
                Dates::new("replied", "答复", query.replied),
            ],
            assisting: query.assisting.map(|unit| unit.to_string()),
        }
    }
}

impl Dates {
    fn new(name: &'static str, label: &'static str, days: Days) -> Self {
        let text = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self { name, label, from: text(days.from), to: text(days.to) }
    }
}

/// The list changed in one point.
fn changed(query: &ListQuery, change: impl FnOnce(&mut ListQuery)) -> String {
    let mut query = query.clone();
    change(&mut query);
    address(&query)
}

/// Everything that restricts the list. Columns and order restrict nothing.
pub(super) fn chips(query: &ListQuery, units: &[Named], sources: &[Named]) -> Vec<Chip> {
    let unit_name = |id: UnitId| {
        let named = units.iter().find(|unit| unit_id(unit) == Some(id));
        named.map_or_else(|| "未知单位".to_owned(), |unit| unit.name.clone())
    };
    let source_name = |id: &String| {
        let named = sources.iter().find(|source| source.id == *id);
        named.map_or_else(|| "未知渠道".to_owned(), |source| source.name.clone())
    };
    let mut chips = Vec::new();
    if !query.text.is_empty() {
        let href = changed(query, |query| query.text.clear());
        chips.push(Chip { label: format!("搜索“{}”", query.text), href });
    }
    if query.waiting_for_me {
        let href = changed(query, |query| query.waiting_for_me = false);
        chips.push(Chip { label: "待我处理".to_owned(), href });
    }
    if let Some(open) = query.open {
        let href = changed(query, |query| query.open = None);
        chips.push(Chip { label: if open { "未办结" } else { "已办结" }.to_owned(), href });
    }
    if let Some(window) = query.due_window {
        let href = changed(query, |query| query.due_window = None);
        chips.push(Chip { label: window.label().to_owned(), href });
    }
    if let Some(unit) = query.assisting {
        let href = changed(query, |query| query.assisting = None);
        chips.push(Chip { label: format!("{}协办", unit_name(unit)), href });
    }
    chips.extend(each(query, |query| &mut query.stages, |stage| stage.label().to_owned()));
    chips.extend(each(query, |query| &mut query.tasks, |task| task.label().to_owned()));
    chips.extend(each(query, |query| &mut query.lead_units, |unit| unit_name(*unit)));
    chips.extend(each(query, |query| &mut query.sources, source_name));
    chips.extend(each(query, |query| &mut query.request_types, |one| one.label().to_owned()));
    chips.extend(days("来件", query, |query| &mut query.asked));
    chips.extend(days("到期", query, |query| &mut query.due));
    chips.extend(days("答复", query, |query| &mut query.replied));
    chips
}

/// A chip for each value of a set.
fn each<T: Ord + Clone>(
    query: &ListQuery,
    set: impl Fn(&mut ListQuery) -> &mut BTreeSet<T>,
    label: impl Fn(&T) -> String,
) -> Vec<Chip> {
    let values = set(&mut query.clone()).clone();
    let chip = |value: T| {
        let mut without = query.clone();
        set(&mut without).remove(&value);
        Chip { label: label(&value), href: address(&without) }
    };
    values.into_iter().map(chip).collect()
}

/// A chip for a stretch of days.
fn days(label: &str, query: &ListQuery, days: impl Fn(&mut ListQuery) -> &mut Days) -> Option<Chip> {
    let mut without = query.clone();
    let chosen = std::mem::take(days(&mut without));
    let label = match (chosen.from, chosen.to) {
        (None, None) => return None,
        (Some(from), Some(to)) if from == to => format!("{label} {from}"),
        (Some(from), Some(to)) => format!("{label} {from} 至 {to}"),
        (Some(from), None) => format!("{label} {from} 起"),
        (None, Some(to)) => format!("{label}至 {to}"),
    };
    Some(Chip { label, href: address(&without) })
}

fn toggle<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if !set.remove(&value) {
        set.insert(value);
    }
}

/// The counts as links. A kind that has one value and none chosen divides nothing and is left out.
pub(super) fn groups(query: &ListQuery, facets: Facets) -> Vec<Group> {
    let stages = facets.stages.into_iter().filter_map(|WordCount { word, count }| {
        let stage = Stage::parse(&word.code)?;
        let href = changed(query, |query| toggle(&mut query.stages, stage));
        Some(Count { label: word.label, total: count, chosen: query.stages.contains(&stage), href })
    });
    let types = facets.request_types.into_iter().filter_map(|WordCount { word, count }| {
        let one = RequestType::parse(&word.code)?;
        let href = changed(query, |query| toggle(&mut query.request_types, one));
        Some(Count { label: word.label, total: count, chosen: query.request_types.contains(&one), href })
    });
    let units = facets.units.into_iter().filter_map(|UnitCount { unit, count }| {
        let unit = unit?;
        let id = unit_id(&unit)?;
        let href = changed(query, |query| toggle(&mut query.lead_units, id));
        Some(Count { label: unit.name, total: count, chosen: query.lead_units.contains(&id), href })
    });
    let sources = facets.sources.into_iter().filter_map(|SourceCount { source, count }| {
        let Named { id, name } = source?;
        let chosen = query.sources.contains(&id);
        let href = changed(query, |query| toggle(&mut query.sources, id));
        Some(Count { label: name, total: count, chosen, href })
    });
    let groups = [
        Group { label: "阶段", values: stages.collect() },
        Group { label: "主办单位", values: units.collect() },
        Group { label: "渠道", values: sources.collect() },
        Group { label: "诉求类型", values: types.collect() },
    ];
    groups.into_iter().filter(|group| group.values.len() > 1 || group.values.iter().any(|value| value.chosen)).collect()
}
