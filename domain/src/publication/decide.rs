//! What a command means for an issue.

use super::{Command, Entry, EntryStage, Event, Publication, PublicationStage, Refusal};
use crate::access::Actor;
use crate::id::{AccountId, EntryId};
use crate::item::Digest;
use crate::time::Instant;

/// Answers a command with the events that carry it out. Changes nothing; time is an argument.
///
/// Whether the actor has the role for it is [`crate::access::allowed`]'s business.
pub fn decide(
    publication: Option<&Publication>,
    command: &Command,
    actor: &Actor,
    now: Instant,
) -> Result<Vec<Event>, Refusal> {
    let by = actor.account().ok_or(Refusal::AccountRequired)?;
    let publication = match (publication, command) {
        (None, Command::Create { existing: Some(_), .. }) => return Err(Refusal::MonthTaken),
        (None, Command::Create { publication, month, existing: None }) => {
            return Ok(vec![Event::Created { publication: *publication, month: *month }]);
        }
        (None, _) => return Err(Refusal::NotCreated),
        (Some(_), Command::Create { .. }) => return Err(Refusal::AlreadyCreated),
        (Some(publication), _) => publication,
    };
    if publication.stage == PublicationStage::Retracted {
        return Err(publication.refuses(command));
    }
    let event = match *command {
        Command::Create { .. } => return Err(Refusal::AlreadyCreated),
        Command::Publish => publication.publish(now, by)?,
        Command::Retract { reason } if publication.stage == PublicationStage::Published => {
            Event::Retracted { reason, by }
        }
        Command::Retract { .. } => return Err(publication.refuses(command)),
        Command::AddEntry { .. } => publication.add(command, by)?,
        Command::MoveEntry { entry, place } => publication.shift(command, entry, place, by)?,
        Command::EditEntry { entry, .. }
        | Command::RemoveEntry { entry }
        | Command::Deidentify { entry, .. }
        | Command::CheckSecrecy { entry, .. }
        | Command::RefuseSecrecy { entry, .. }
        | Command::ApproveEntry { entry, .. }
        | Command::RefuseApproval { entry, .. }
        | Command::RetractEntry { entry, .. } => {
            publication.entries.get(&entry).ok_or(Refusal::EntryMissing)?.decide(entry, command, by)?
        }
    };
    Ok(vec![event])
}

impl Publication {
    const fn refuses(&self, command: &Command) -> Refusal {
        Refusal::WrongPublicationStage { command: command.label(), stage: self.stage }
    }

    /// Entries join an issue before it is published; what is answered later belongs to a later month.
    fn add(&self, command: &Command, by: AccountId) -> Result<Event, Refusal> {
        let Command::AddEntry { entry, item, item_stage, digest } = *command else {
            return Err(self.refuses(command));
        };
        if self.stage == PublicationStage::Published {
            return Err(self.refuses(command));
        }
        if self.entries.contains_key(&entry) || self.entries.values().any(|known| known.item == item) {
            return Err(Refusal::EntryRepeated);
        }
        if !item_stage.is_answered() {
            return Err(Refusal::ItemNotAnswered);
        }
        Ok(Event::EntryAdded { entry, item, digest, by })
    }

    /// What is public stays where its readers found it.
    fn shift(&self, command: &Command, entry: EntryId, place: u32, by: AccountId) -> Result<Event, Refusal> {
        if self.published_at.is_some() {
            return Err(self.refuses(command));
        }
        let order = self.in_order();
        let now = order.iter().position(|known| *known == entry).ok_or(Refusal::EntryMissing)?;
        let index = usize::try_from(place).unwrap_or(usize::MAX).saturating_sub(1).min(order.len().saturating_sub(1));
        if index == now {
            return Err(Refusal::EntryUnchanged);
        }
        let place = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        Ok(Event::EntryMoved { entry, place, by })
    }

    fn publish(&self, at: Instant, by: AccountId) -> Result<Event, Refusal> {
        let ready = |entry: &Entry| entry.stage >= EntryStage::Approved;
        if !self.entries.values().all(ready) {
            return Err(Refusal::EntryNotApproved);
        }
        if !self.entries.values().any(|entry| entry.stage == EntryStage::Approved) {
            return Err(Refusal::PublicationEmpty);
        }
        Ok(Event::Published { at, by })
    }
}

impl Entry {
    fn decide(&self, entry: EntryId, command: &Command, by: AccountId) -> Result<Event, Refusal> {
        let in_stage = |stage: EntryStage| if self.stage == stage { Ok(()) } else { Err(self.refuses(command)) };
        match *command {
            Command::EditEntry { digest, .. } => {
                if self.stage == EntryStage::Retracted {
                    return Err(self.refuses(command));
                }
                if self.digest == digest {
                    return Err(Refusal::EntryUnchanged);
                }
                Ok(Event::EntryEdited { entry, digest, by })
            }
            Command::RemoveEntry { .. } if self.was_public => Err(self.refuses(command)),
            Command::RemoveEntry { .. } => Ok(Event::EntryRemoved { entry }),
            Command::Deidentify { digest, .. } => {
                in_stage(EntryStage::Candidate)?;
                self.is_text(digest)?;
                Ok(Event::EntryDeidentified { entry, digest, by })
            }
            Command::CheckSecrecy { digest, .. } => {
                in_stage(EntryStage::Deidentified)?;
                self.is_text(digest)?;
                self.may_review(by)?;
                Ok(Event::EntrySecrecyChecked { entry, digest, by })
            }
            Command::ApproveEntry { digest, .. } => {
                in_stage(EntryStage::SecrecyChecked)?;
                self.is_text(digest)?;
                self.may_review(by)?;
                Ok(Event::EntryApproved { entry, digest, by })
            }
            Command::RefuseSecrecy { reason, .. } => {
                in_stage(EntryStage::Deidentified)?;
                Ok(Event::EntrySentBack { entry, reason, by })
            }
            Command::RefuseApproval { reason, .. } => {
                in_stage(EntryStage::SecrecyChecked)?;
                Ok(Event::EntrySentBack { entry, reason, by })
            }
            Command::RetractEntry { reason, .. } if self.was_public && self.stage != EntryStage::Retracted => {
                Ok(Event::EntryRetracted { entry, reason, by })
            }
            Command::RetractEntry { .. }
            | Command::Create { .. }
            | Command::AddEntry { .. }
            | Command::MoveEntry { .. }
            | Command::Publish
            | Command::Retract { .. } => Err(self.refuses(command)),
        }
    }

    const fn refuses(&self, command: &Command) -> Refusal {
        Refusal::WrongEntryStage { command: command.label(), stage: self.stage }
    }

    fn is_text(&self, digest: Digest) -> Result<(), Refusal> {
        if self.digest == digest { Ok(()) } else { Err(Refusal::TextChanged) }
    }

    fn may_review(&self, by: AccountId) -> Result<(), Refusal> {
        if self.editors.contains(&by) {
            return Err(Refusal::ReviewerIsEditor);
        }
        if self.checked_by == Some(by) {
            return Err(Refusal::ReviewerRepeated);
        }
        Ok(())
    }
}
