//! Cells that are made of other cells.

use std::borrow::Cow;

use super::{Cells, json};
use crate::connector::site::{CellRule, From, Take};

/// Adds the cells whose rules name other cells, in the order of the rules; a cell of the same name is replaced.
pub(super) fn derive(rules: &[CellRule], row: &mut Cells) {
    for rule in rules {
        let found: Vec<String> = match &rule.from {
            From::Text(text) => vec![text.clone()],
            From::Cell(name) => row.get(name).map(str::to_owned).into_iter().collect(),
            From::Json { cell, pointer } => {
                let opened = row.get(cell).and_then(|text| serde_json::from_str(text).ok());
                let opened: Option<serde_json::Value> = opened;
                opened.map(|value| json::texts(&value, pointer)).unwrap_or_default()
            }
            From::Css { .. } | From::Pointer(_) => continue,
        };
        put(rule, &found, row);
    }
}

/// Adds what was found for a rule; nothing when nothing was found.
pub(super) fn put(rule: &CellRule, found: &[String], row: &mut Cells) {
    let Some(text) = chosen(rule, found) else { return };
    match row.cells.iter_mut().find(|(known, _)| *known == rule.name) {
        Some((_, place)) => *place = text,
        None => row.push(&rule.name, text),
    }
}

fn chosen(rule: &CellRule, found: &[String]) -> Option<String> {
    let text: Cow<'_, str> = match rule.take {
        Take::First => found.first()?.into(),
        Take::Last => found.last()?.into(),
        Take::All if found.is_empty() => return None,
        Take::All => found.join("\n").into(),
    };
    Some(match &rule.pattern {
        // The place is there, and what is looked for is not in it: blank.
        Some(pattern) => pattern.find(&text).unwrap_or_default().to_owned(),
        None => text.into_owned(),
    })
}
