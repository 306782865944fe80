//! Putting events into effect.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, EntryStage, Event, Publication, PublicationStage};
use crate::id::{AccountId, EntryId};
use crate::item::Digest;

/// A sequence of events that no issue can have had: the ledger was not written by [`super::decide()`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There are no events.
    #[error("an issue without events")]
    Empty,
    /// The first event does not make the issue.
    #[error("`{kind}` before the issue was created")]
    NotCreated {
        /// The event's kind.
        kind: &'static str,
    },
    /// A later event makes the issue.
    #[error("the issue was created twice")]
    CreatedTwice,
    /// The event speaks of an entry the issue does not have.
    #[error("`{kind}` of an entry that was not added")]
    UnknownEntry {
        /// The event's kind.
        kind: &'static str,
    },
}

impl Publication {
    /// Makes the issue again from its events, oldest first.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, ReplayError> {
        let mut publication = None;
        for event in events {
            publication = Some(Self::apply(publication, event)?);
        }
        publication.ok_or(ReplayError::Empty)
    }

    /// Puts one event into effect. Asks no questions: [`super::decide()`] did.
    pub fn apply(publication: Option<Self>, event: &Event) -> Result<Self, ReplayError> {
        let Some(mut publication) = publication else {
            let Event::Created { publication, month } = event else {
                return Err(ReplayError::NotCreated { kind: event.kind() });
            };
            return Ok(Self {
                id: *publication,
                month: *month,
                stage: PublicationStage::Draft,
                revision: 1,
                entries: BTreeMap::new(),
                order: Vec::new(),
                published_at: None,
            });
        };
        publication.take_effect(event)?;
        if publication.published_at.is_none() {
            publication.stage = publication.stage_of_entries();
        }
        publication.revision = publication.revision.saturating_add(1);
        Ok(publication)
    }

    fn take_effect(&mut self, event: &Event) -> Result<(), ReplayError> {
        match event {
            Event::Created { .. } => return Err(ReplayError::CreatedTwice),
            Event::EntryAdded { entry, item, digest, by } => {
                let added = Entry {
                    item: *item,
                    stage: EntryStage::Candidate,
                    digest: *digest,
                    editors: BTreeSet::from([*by]),
                    deidentified_by: None,
                    checked_by: None,
                    approved_by: None,
                    was_public: false,
                };
                self.order = self.in_order();
                self.entries.insert(*entry, added);
                self.order.push(*entry);
            }
            Event::EntryEdited { entry, digest, by } => self.entry(*entry, event)?.edit(*digest, *by),
            Event::EntryMoved { entry, place, .. } => {
                self.entry(*entry, event)?;
                let mut order = self.in_order();
                order.retain(|known| known != entry);
                let index = usize::try_from(*place).unwrap_or(usize::MAX).saturating_sub(1).min(order.len());
                order.insert(index, *entry);
                self.order = order;
            }
            Event::EntryRemoved { entry } => {
                self.entries.remove(entry);
                self.order.retain(|known| known != entry);
            }
            Event::EntryDeidentified { entry, by, .. } => {
                let entry = self.entry(*entry, event)?;
                entry.stage = EntryStage::Deidentified;
                entry.deidentified_by = Some(*by);
                entry.editors.insert(*by);
            }
            Event::EntrySecrecyChecked { entry, by, .. } => {
                let entry = self.entry(*entry, event)?;
                entry.stage = EntryStage::SecrecyChecked;
                entry.checked_by = Some(*by);
            }
            Event::EntryApproved { entry, by, .. } => {
                let entry = self.entry(*entry, event)?;
                entry.stage = EntryStage::Approved;
                entry.approved_by = Some(*by);
            }
            Event::EntrySentBack { entry, .. } => self.entry(*entry, event)?.restart(),
            Event::EntryRetracted { entry, .. } => self.entry(*entry, event)?.stage = EntryStage::Retracted,
            Event::Published { at, .. } => {
                self.stage = PublicationStage::Published;
                self.published_at = self.published_at.or(Some(*at));
                self.entries.values_mut().for_each(Entry::publish);
            }
            Event::Retracted { .. } => self.stage = PublicationStage::Retracted,
        }
        Ok(())
    }

    fn entry(&mut self, id: EntryId, event: &Event) -> Result<&mut Entry, ReplayError> {
        self.entries.get_mut(&id).ok_or(ReplayError::UnknownEntry { kind: event.kind() })
    }

    /// The stage of an issue that was not published yet.
    fn stage_of_entries(&self) -> PublicationStage {
        match self.entries.values().map(|entry| entry.stage).min() {
            None | Some(EntryStage::Candidate) => PublicationStage::Draft,
            Some(EntryStage::Deidentified | EntryStage::SecrecyChecked) => PublicationStage::InReview,
            Some(_) => PublicationStage::Approved,
        }
    }
}

impl Entry {
    fn edit(&mut self, digest: Digest, by: AccountId) {
        self.digest = digest;
        self.editors.insert(by);
        self.restart();
    }

    /// Every check is to be given again.
    fn restart(&mut self) {
        self.stage = EntryStage::Candidate;
        self.deidentified_by = None;
        self.checked_by = None;
        self.approved_by = None;
    }

    fn publish(&mut self) {
        if self.stage == EntryStage::Approved {
            self.stage = if self.was_public { EntryStage::Updated } else { EntryStage::Published };
            self.was_public = true;
        }
    }
}
