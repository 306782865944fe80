//! Held rows as a list shows them: what may be personal is masked until somebody opens the row.

use std::collections::HashMap;

use huiyin_domain::access::Actor;
use huiyin_domain::id::HoldId;
use huiyin_domain::privacy;

use crate::intake::{Connector, RawCells, hold_label};
use crate::service::{Service, ServiceError};
use crate::store::hold::{HoldAfter, HoldFilter};
use crate::store::source::HoldRow;

/// What stands for something personal.
const MASK: &str = "●●●";
/// Characters shown of a cell that is not personal.
const SHOWN_CHARS: usize = 40;
/// Fields whose cells are shown: they say which row it is, and nothing of a person.
const OPEN_FIELDS: [&str; 10] = [
    "key",
    "number",
    "asked_at",
    "dispatched_at",
    "due_at",
    "replied_at",
    "request_type",
    "status",
    "unit",
    "reply_unit",
];
/// Fields whose cells are told by their length.
const TEXT_FIELDS: [&str; 4] = ["title", "body", "reply", "extra"];
/// Reasons that say that cells may stand in other columns than their own.
const SLIPPED: [&str; 4] = ["looks_like_name", "too_few_fields", "too_many_fields", "header_missing"];

/// A held row with its cells and its reason masked.
#[derive(Debug, Clone)]
pub struct ShownHold {
    /// The row as it is stored.
    pub row: HoldRow,
    /// Its cells, masked.
    pub masked: RawCells,
    /// Its reason; a general one where it would quote something personal.
    pub message: String,
}

impl Service {
    /// A page of held rows, masked.
    pub async fn shown_holds(
        &self,
        actor: &Actor,
        filter: &HoldFilter,
        after: Option<&HoldAfter>,
        limit: i64,
    ) -> Result<Vec<ShownHold>, ServiceError> {
        let rows = self.held_rows(actor, filter, after, limit).await?;
        let mut connectors: HashMap<String, Option<Connector>> = HashMap::new();
        Ok(rows
            .into_iter()
            .map(|row| {
                let connector =
                    connectors.entry(row.source_id.clone()).or_insert_with(|| self.connector(&row.source_id).ok());
                self.mask(row, connector.as_ref())
            })
            .collect())
    }

    /// One held row, masked; `None` when there is none.
    pub async fn shown_hold(&self, actor: &Actor, id: HoldId) -> Result<Option<ShownHold>, ServiceError> {
        Ok(self.hold(actor, id).await?.map(|row| self.show_hold(row)))
    }

    /// The same of a row the viewer was handed.
    pub fn show_hold(&self, row: HoldRow) -> ShownHold {
        let connector = self.connector(&row.source_id).ok();
        self.mask(row, connector.as_ref())
    }

    fn mask(&self, row: HoldRow, connector: Option<&Connector>) -> ShownHold {
        // What is no list of cells was not written by this program; the row is still shown.
        let cells: RawCells = super::repair::cells_of(&row).unwrap_or_default();
        let slipped = SLIPPED.contains(&row.reason.as_str());
        let field = |header: &str| connector.and_then(|connector| connector.field_of(header));
        let masked = cells.into_iter().map(|(header, text)| {
            let shown = match field(&header) {
                _ if slipped => MASK.to_owned(),
                Some(field) if OPEN_FIELDS.contains(&field) => self.cut_and_masked(&text, SHOWN_CHARS),
                Some(field) if TEXT_FIELDS.contains(&field) => format!("〔{} 字〕", text.chars().count()),
                _ => MASK.to_owned(),
            };
            (header, shown)
        });
        let masked = masked.collect();
        let open =
            row.column_name.is_empty() || field(&row.column_name).is_some_and(|field| OPEN_FIELDS.contains(&field));
        let message = if slipped || !open {
            hold_label(&row.reason).to_owned()
        } else {
            self.cut_and_masked(&row.message, usize::MAX)
        };
        ShownHold { row, masked, message }
    }

    /// The text without obvious personal data, and no longer than allowed.
    fn cut_and_masked(&self, text: &str, max_chars: usize) -> String {
        let found = privacy::find(text, &self.rules.official_numbers);
        let hidden = |place: usize| found.iter().any(|found| (found.start..found.end).contains(&place));
        let mut shown: String =
            text.chars().take(max_chars).enumerate().map(|(place, c)| if hidden(place) { '●' } else { c }).collect();
        if text.chars().nth(max_chars).is_some() {
            shown.push('…');
        }
        shown
    }
}
