//! Rows in JSON. Everything below a row is a cell by itself, named by its path: `TITLE`, `REPLYS/0/CONTENT`.

use serde_json::Value;

use super::{Cells, ListPage, NotOfThisKind, cells, figure};
use crate::connector::site::{Attachments, CellRule, Detail, Figure, FigureAt, From, List, Pointer};

/// Cells of one row beyond this stay together in one, as JSON.
const MAX_CELLS: usize = 400;
/// So does what lies deeper.
const MAX_DEPTH: usize = 6;

pub(super) fn list_page(list: &List, rows: &Pointer, text: &str) -> Result<ListPage, NotOfThisKind> {
    let answer = parse(text)?;
    let place = at(&answer, rows);
    let opened: Option<Value>;
    let array = match place {
        Some(Value::Array(array)) => Some(array),
        // A list inside a text.
        Some(Value::String(inner)) => {
            opened = serde_json::from_str(inner).ok();
            opened.as_ref().and_then(Value::as_array)
        }
        _ => None,
    };
    // A source with nothing to show may say null, but only where it says of something else that it is well.
    let has_place = array.is_some() || matches!(place, Some(Value::Null));
    let found = array.map(|array| array.iter().map(|row| self::row(list, row)).collect()).unwrap_or_default();
    let number = |wanted: &Option<Figure>| {
        wanted.as_ref().and_then(|wanted| match &wanted.at {
            Some(FigureAt::Pointer(pointer)) => figure(wanted, texts(&answer, pointer).into_iter().next()),
            _ => None,
        })
    };
    Ok(ListPage {
        rows: found,
        has_place,
        total: number(&list.total),
        pages: number(&list.pages),
        next: None,
        says_empty: false,
    })
}

fn row(list: &List, value: &Value) -> Cells {
    object(&list.cells, list.attachments.as_ref(), value)
}

/// Everything in a value, and what the rules take from it beside.
pub(super) fn object(rules: &[CellRule], links: Option<&Attachments>, value: &Value) -> Cells {
    let mut row = Cells::default();
    flatten(value, &mut row);
    take(rules, value, &mut row);
    if let Some(links) = links {
        row.attachments = attachments(links, value);
    }
    row
}

fn take(rules: &[CellRule], value: &Value, row: &mut Cells) {
    for rule in rules {
        if let From::Pointer(pointer) = &rule.from {
            cells::put(rule, &texts(value, pointer), row);
        }
    }
    cells::derive(rules, row);
}

pub(super) fn detail(detail: &Detail, root: &Pointer, text: &str) -> Result<Cells, NotOfThisKind> {
    let answer = parse(text)?;
    let root = at(&answer, root).filter(|root| !root.is_null());
    Ok(root.map(|root| object(&detail.cells, detail.attachments.as_ref(), root)).unwrap_or_default())
}

/// JSON, also where a call stands around it (JSONP) or a byte order mark before it.
fn parse(text: &str) -> Result<Value, NotOfThisKind> {
    let text = text.trim_start_matches('\u{FEFF}').trim();
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let is_name = |name: &str| {
        let name = name.trim();
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))
    };
    let inside = text
        .split_once('(')
        .filter(|(name, _)| is_name(name.rsplit([';', ' ', '/']).next().unwrap_or(name)))
        .map(|(_, rest)| rest.trim_end().trim_end_matches(';').trim_end())
        .and_then(|rest| rest.strip_suffix(')'));
    inside
        .and_then(|inside| serde_json::from_str(inside.trim()).ok())
        .ok_or(NotOfThisKind("回答不是 JSON，接口可能改了，或者要求登录"))
}

/// The value at a path without `*`.
fn at<'v>(value: &'v Value, pointer: &Pointer) -> Option<&'v Value> {
    pointer.0.iter().try_fold(value, |value, step| step_into(value, step))
}

fn step_into<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(values) => values.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// All values at a path, in which `*` stands for every element.
fn all<'v>(value: &'v Value, pointer: &Pointer) -> Vec<&'v Value> {
    let mut found = vec![value];
    for step in &pointer.0 {
        found = found
            .into_iter()
            .flat_map(|value| match (step.as_str(), value) {
                ("*", Value::Array(values)) => values.iter().collect(),
                ("*", Value::Object(map)) => map.values().collect(),
                (step, value) => step_into(value, step).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    found
}

/// The same as texts.
pub(super) fn texts(value: &Value, pointer: &Pointer) -> Vec<String> {
    all(value, pointer).into_iter().map(shown).collect()
}

/// A value as a cell shows it: a text as it is, nothing for null, a list or an object as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Every value below `value`, under its path.
fn flatten(value: &Value, row: &mut Cells) {
    let mut path = String::new();
    descend(value, &mut path, 0, row);
}

fn descend(value: &Value, path: &mut String, depth: usize, row: &mut Cells) {
    let length = match value {
        Value::Object(map) => map.len(),
        Value::Array(values) => values.len(),
        _ => 1,
    };
    let has_room = depth < MAX_DEPTH && row.cells.len() + length <= MAX_CELLS;
    let mut below = |name: &str, value: &Value| {
        let before = path.len();
        if before > 0 {
            path.push('/');
        }
        path.push_str(name);
        descend(value, path, depth + 1, row);
        path.truncate(before);
    };
    match value {
        Value::Object(map) if has_room && length > 0 => map.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(values) if has_room && length > 0 => {
            values.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value));
        }
        Value::Object(_) | Value::Array(_) if length == 0 => {}
        value => {
            let name = if path.is_empty() { "/" } else { path.as_str() };
            row.push(name, shown(value));
        }
    }
}

fn attachments(rule: &Attachments, value: &Value) -> Vec<(String, String)> {
    let Attachments::Pointer { pointer, url, name } = rule else { return Vec::new() };
    let mut found = Vec::new();
    for place in all(value, pointer) {
        // One address, a list of them, or either as JSON in a text.
        let opened = place.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let place = opened.as_ref().filter(|opened| opened.is_array() || opened.is_object()).unwrap_or(place);
        let elements: Vec<&Value> = place.as_array().map_or_else(|| vec![place], |values| values.iter().collect());
        for element in elements {
            let part = |wanted: &Option<Pointer>| {
                wanted.as_ref().and_then(|wanted| at(element, wanted)).map(shown).unwrap_or_default()
            };
            let address = if url.is_some() { part(url) } else { element.as_str().unwrap_or_default().to_owned() };
            if !address.trim().is_empty() {
                found.push((part(name).trim().to_owned(), address.trim().to_owned()));
            }
        }
    }
    found
}
