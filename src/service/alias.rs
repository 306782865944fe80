//! Which unit a source means by a name: learnt from what the office assigns, suggested, and decided by a person.

use std::collections::{HashMap, HashSet};

use huiyin_domain::access::Permit;
use huiyin_domain::id::UnitId;
use huiyin_domain::text::fold::fold;

use super::{Service, ServiceError};
use crate::store::alias::{self, AliasRow};
use crate::store::message;
use crate::store::unit::{self, UnitRow};

/// A name that is longer is no unit's.
const MAX_CHARS: usize = 64;
/// So many times the office has to decide otherwise before a name that was sure means another unit.
const SURE: i64 = 3;

/// A unit that is probably meant, and on what grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedUnit {
    /// The unit.
    pub unit: String,
    /// What the source calls it.
    pub word: String,
    /// How often the office assigned so; zero where the name is the unit's own and nothing else was learnt.
    pub uses: i64,
}

/// The name as it is compared: without width, case and spaces. `None` for what names nothing.
fn folded(name: &str) -> Option<String> {
    let word: String = fold(name).chars().filter(|letter| letter.is_alphanumeric()).collect();
    (1..=MAX_CHARS).contains(&word.chars().count()).then_some(word)
}

impl Service {
    /// Learns from an assignment which unit the source means by the name it gave. Whatever goes wrong, the assignment
    /// stands: this is a statistic.
    pub(super) async fn learn_alias(&self, permit: &Permit, message: &str, lead: UnitId) -> Result<(), ServiceError> {
        let mut reader = self.store.read().await?;
        let rows = message::by_ids(&mut reader.conn(), &[message.to_owned()]).await?;
        let Some(word) = rows.first().and_then(|row| folded(&row.named_unit)) else { return Ok(()) };
        let known = alias::by_words(&mut reader.conn(), std::slice::from_ref(&word)).await?.pop();
        drop(reader);
        let now = self.now();
        let mut tx = self.store.begin(permit).await?;
        let learned = AliasRow {
            word,
            unit_id: lead.to_string(),
            uses: 1,
            learned_at: now.as_micros(),
            learned_by: permit.actor().code(),
        };
        match known {
            None => alias::insert(&mut tx, learned).await?,
            Some(known) => alias::update(&mut tx, &outvoted(known, learned)).await?,
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// The units that the sources of these messages probably mean, by message: what was learnt from the office, and else the
    /// unit that is called so. Units that are no longer active are not suggested.
    pub async fn suggested_units(&self, messages: &[String]) -> Result<HashMap<String, SuggestedUnit>, ServiceError> {
        let mut reader = self.store.read().await?;
        let rows = message::by_ids(&mut reader.conn(), messages).await?;
        let named: Vec<(String, String, String)> =
            rows.into_iter().filter_map(|row| Some((row.id, folded(&row.named_unit)?, row.named_unit))).collect();
        let words: HashSet<String> = named.iter().map(|(_, word, _)| word.clone()).collect();
        if words.is_empty() {
            return Ok(HashMap::new());
        }
        let known = alias::by_words(&mut reader.conn(), &words.into_iter().collect::<Vec<_>>()).await?;
        let mut units = unit::all(&mut reader.conn()).await?;
        units.retain(|unit| unit.active);
        let suggested = named.into_iter().filter_map(|(message, word, shown)| {
            let learnt = known.iter().find(|row| row.word == word);
            let learnt = learnt.filter(|row| units.iter().any(|unit| unit.id == row.unit_id));
            let (unit, uses) = match learnt {
                Some(row) => (row.unit_id.clone(), row.uses),
                None => (called(&units, &word)?.id.clone(), 0),
            };
            Some((message, SuggestedUnit { unit, word: shown, uses }))
        });
        Ok(suggested.collect())
    }
}

/// The one unit that is called so; none where several are.
fn called<'a>(units: &'a [UnitRow], word: &str) -> Option<&'a UnitRow> {
    let mut of_name = units.iter().filter(|unit| folded(&unit.name).as_deref() == Some(word));
    of_name.next().filter(|_| of_name.next().is_none())
}

/// What is known after one more assignment: the same again counts for the unit; another counts against it, and takes its
/// place once nothing speaks for it.
fn outvoted(known: AliasRow, learned: AliasRow) -> AliasRow {
    if known.unit_id == learned.unit_id {
        return AliasRow { uses: known.uses.saturating_add(1), ..learned };
    }
    match known.uses.min(SURE) - 1 {
        left if left > 0 => AliasRow { uses: left, ..known },
        _ => learned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: &str, uses: i64) -> AliasRow {
        AliasRow { word: "w".to_owned(), unit_id: unit.to_owned(), uses, learned_at: 0, learned_by: String::new() }
    }

    #[test]
    fn a_name_means_the_unit_it_was_assigned_to_most_of_late() {
        let vote = |known: AliasRow, unit: &str| outvoted(known, row(unit, 1));
        assert_eq!(vote(row("a", 1), "a"), row("a", 2));
        assert_eq!(vote(row("a", 1), "b"), row("b", 1), "corrected at once while it was not sure");
        let mut known = row("a", 90);
        for expected in [row("a", 2), row("a", 1), row("b", 1)] {
            known = vote(known, "b");
            assert_eq!(known, expected);
        }
    }

    #[test]
    fn names_are_compared_without_width_case_and_spaces() {
        assert_eq!(folded(" 市 自然资源（和规划）局\u{3000}"), folded("市自然资源(和规划)局"));
        assert_eq!(folded("ＡＢ科"), folded("ab科"));
        assert_eq!((folded(" ——"), folded(&"长".repeat(65))), (None, None));
    }
}
