//! What the hub holds of the scripted source, compared with what that shows and has shown.

use std::collections::{BTreeMap, HashMap};

use huiyin::store::hold::{self, HoldFilter};
use huiyin::store::message;
use huiyin::store::{Store, item};

use super::site::model::{Model, Said, uid_of};

/// More rows than any test makes.
const ALL: i64 = 1_000_000;

/// One message as the hub holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub key: String,
    pub withdrawn: bool,
    /// Oldest first.
    pub versions: Vec<Said>,
}

/// All messages of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hub {
    /// By the number in their text.
    pub kept: BTreeMap<u32, Kept>,
    /// Keys of rows that wait for repair.
    pub held: Vec<String>,
    /// What cannot be, whatever the source did.
    problems: Vec<String>,
}

impl Hub {
    /// Reads everything of a source.
    pub async fn read(store: &Store, source: &str) -> Self {
        let mut reader = store.read().await.expect("a reader");
        let conn = &mut reader.conn();
        let rows = message::between_keys(conn, source, "", "\u{10ffff}").await.expect("the messages are read");
        let mut versions: HashMap<String, Vec<(i64, Said)>> = HashMap::new();
        for row in message::versions_after(conn, "", 0, ALL).await.expect("the versions are read") {
            let said = Said::new(&row.title, &row.body, &row.reply);
            versions.entry(row.message_id).or_default().push((row.version, said));
        }
        let items = item::page_by_number(conn, 0, ALL).await.expect("the items are read");
        let mut hub = Self::default();
        for row in rows {
            let versions = versions.remove(&row.id).unwrap_or_default();
            if !versions.iter().map(|(version, _)| *version).eq(1..=row.version) {
                hub.problems.push(format!("{}: versions {versions:?} of {}", row.source_key, row.version));
            }
            let owed = items.iter().filter(|item| item.message_id == row.id).count();
            if owed != 1 {
                hub.problems.push(format!("{}: {owed} items", row.source_key));
            }
            let versions: Vec<Said> = versions.into_iter().map(|(_, said)| said).collect();
            let Some(uid) = versions.last().and_then(|said| uid_of(&said.body)) else {
                hub.problems.push(format!("{}: {versions:?} is no message of the source", row.source_key));
                continue;
            };
            let kept = Kept { key: row.source_key, withdrawn: row.withdrawn_at.is_some(), versions };
            if let Some(twice) = hub.kept.insert(uid, kept) {
                hub.problems.push(format!("{uid}: twice, also as {twice:?}"));
            }
        }
        let open = HoldFilter { source: Some(source.to_owned()), open: true, ..HoldFilter::default() };
        let holds = hold::page(conn, &open, None, ALL).await.expect("the held rows are read");
        hub.held = holds.into_iter().map(|row| row.source_key.unwrap_or_default()).collect();
        hub
    }

    /// What cannot be, whatever was read in between: a message twice, a version that was never shown, or in another order.
    pub fn impossible(&self, model: &Model) -> Vec<String> {
        let mut problems = self.problems.clone();
        for (uid, kept) in &self.kept {
            let past = model.past.get(uid).map(Vec::as_slice).unwrap_or_default();
            // Each as the list shows it, then whole.
            let mut shown = past.iter().flat_map(|said| [said.listed(), said.clone()]);
            if let Some(wrong) = kept.versions.iter().find(|version| !shown.any(|said| said == **version)) {
                problems.push(format!("{uid}: {wrong:?} out of {:?} was not shown so: {past:?}", kept.versions));
            }
            if kept.versions.windows(2).any(|pair| pair[0] == pair[1]) {
                problems.push(format!("{uid}: a version came twice: {:?}", kept.versions));
            }
        }
        problems
    }

    /// What differs from what the source shows; nothing when the hub holds exactly that. A message whose row waits for
    /// repair is accounted for.
    pub fn differs(&self, model: &Model) -> Vec<String> {
        let mut problems = self.impossible(model);
        for letter in &model.letters {
            let key = letter.id.to_string();
            if self.held.contains(&key) {
                continue;
            }
            let Some(kept) = self.kept.get(&letter.uid) else {
                problems.push(format!("{}: not taken in", letter.uid));
                continue;
            };
            if kept.key != key || kept.withdrawn {
                problems.push(format!("{}: shown as {key}, kept as {kept:?}", letter.uid));
            }
            if kept.versions.last() != Some(&letter.said()) {
                problems.push(format!("{}: shown as {:?}, kept as {kept:?}", letter.uid, letter.said()));
            }
        }
        let is_shown = |uid: &u32| model.letters.iter().any(|letter| letter.uid == *uid);
        for (uid, kept) in self.kept.iter().filter(|(uid, kept)| !kept.withdrawn && !is_shown(uid)) {
            problems.push(format!("{uid}: not withdrawn: {kept:?}"));
        }
        problems
    }
}
