//! The text an entry may begin with.

use huiyin_domain::access::Actor;
use huiyin_domain::id::ItemId;
use huiyin_domain::privacy;
use huiyin_domain::publication::Refusal;

use super::EntryText;
use crate::service::index::released_reply;
use crate::service::item::load_state;
use crate::service::{Service, ServiceError};
use crate::store::{item as items, message};

impl Service {
    /// The question and the answer of an item with a word in the place of obvious personal data, for a person to work on;
    /// none when the viewer may not see the item. Refused (`item_not_answered`) while there is no answer.
    pub async fn first_entry_text(&self, viewer: &Actor, item: ItemId) -> Result<Option<EntryText>, ServiceError> {
        let Some(row) = self.item(viewer, item).await? else { return Ok(None) };
        let state = load_state(&row)?;
        if !state.stage.is_answered() {
            return Err(Refusal::ItemNotAnswered.into());
        }
        let mut reader = self.store.read().await?;
        let newest = message::newest_of(&mut reader.conn(), std::slice::from_ref(&row.message_id)).await?.pop();
        let (title, body, at_source) =
            newest.map_or_else(Default::default, |version| (version.title, version.body, version.reply));
        let drafts = items::replies(&mut reader.conn(), item).await?;
        let answer = released_reply(&row, &drafts)?.map_or(at_source, |released| released.text.clone());
        let mask = |text: &str| privacy::mask(text.trim(), &self.rules.official_numbers);
        Ok(Some(EntryText { question: mask(&format!("{title}\n{body}")), answer: mask(&answer), basis: String::new() }))
    }
}
