//! Where the time went: one part a holder, which together are the whole.

use huiyin_domain::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::page::PageError;

/// All the time from arrival to answer, or to now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Spent {
    /// In the order in which they held the item; their seconds add up to the whole.
    parts: Vec<Part>,
    /// The whole, in seconds.
    seconds: i64,
    /// When the first got it.
    from: String,
    /// When the last gave it away; nothing while somebody holds it.
    to: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Part {
    label: String,
    /// The colour of the kit's time bar.
    tone: &'static str,
    seconds: i64,
    from: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timed {
    lead_unit: Option<Unit>,
    holders: Vec<Holder>,
}

#[derive(Deserialize)]
struct Holder {
    #[serde(rename = "holder")]
    who: Word,
    unit: Option<Unit>,
    from: String,
    to: Option<String>,
}

#[derive(Deserialize)]
struct Word {
    code: String,
    label: String,
}

#[derive(Deserialize)]
struct Unit {
    id: String,
    name: String,
}

impl Spent {
    /// Of an item as its document answers it.
    pub(super) fn of(item: &Value, now: Instant) -> Result<Self, PageError> {
        let Timed { lead_unit, holders } = Timed::deserialize(item)?;
        let lead = lead_unit.map(|unit| unit.id);
        let first = holders.first().map(|holder| holder.from.clone()).unwrap_or_default();
        let last = holders.last().and_then(|holder| holder.to.clone());
        let now = now.to_string();
        // Nobody has held it yet: there is no time to speak of.
        let seconds = if holders.is_empty() { 0 } else { between(&first, last.as_deref().unwrap_or(&now)) };
        let parts = holders.into_iter().map(|holder| Part {
            tone: tone(&holder, lead.as_deref()),
            seconds: between(&holder.from, holder.to.as_deref().unwrap_or(&now)),
            label: holder.unit.map_or(holder.who.label, |unit| unit.name),
            from: holder.from,
        });
        Ok(Self { parts: parts.collect(), seconds, from: first, to: last })
    }
}

/// The unit that leads now works; one that led before is another.
fn tone(holder: &Holder, lead: Option<&str>) -> &'static str {
    match (holder.who.code.as_str(), &holder.unit) {
        ("office", _) => "wait",
        ("unit", Some(unit)) if Some(unit.id.as_str()) == lead => "work",
        (code, _) if code.starts_with("reviewer") => "review",
        _ => "other",
    }
}

/// Whole seconds between two instants as the API writes them.
fn between(from: &str, to: &str) -> i64 {
    let second = |text: &str| text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
    second(to).saturating_sub(second(from))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn held(code: &str, unit: Option<&str>, from: &str, to: Option<&str>) -> Value {
        let time = |time: &str| format!("2026-10-09T{time}+08:00");
        let unit = unit.map(|unit| json!({ "id": unit, "name": unit }));
        json!({ "holder": { "code": code, "label": code }, "unit": unit, "from": time(from), "to": to.map(time) })
    }

    #[test]
    fn the_parts_are_the_whole() {
        let item = json!({ "leadUnit": { "id": "b", "name": "b" }, "holders": [
            held("office", None, "09:00:00", Some("09:20:07")),
            held("unit", Some("a"), "09:20:07", Some("10:00:00")),
            held("unit", Some("b"), "10:00:00", Some("11:59:59")),
            held("reviewer_first", None, "11:59:59", None),
        ] });
        let now = Instant::from_civil("2026-10-09T15:00:00".parse().unwrap()).unwrap();
        let spent = Spent::of(&item, now).unwrap();
        assert_eq!(spent.seconds, 6 * 3_600);
        assert_eq!(spent.parts.iter().map(|part| part.seconds).sum::<i64>(), spent.seconds);
        assert_eq!(spent.parts.iter().map(|part| part.tone).collect::<Vec<_>>(), ["wait", "other", "work", "review"]);
        assert_eq!(spent.to, None);
        let nothing = Spent::of(&json!({ "leadUnit": null, "holders": [] }), now).unwrap();
        assert_eq!((nothing.seconds, nothing.parts.len()), (0, 0));
    }
}
