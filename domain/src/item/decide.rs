//! What a command means for an item.

use std::collections::BTreeSet;

use super::{Command, Event, Item, ItemRules, Receipt, Refusal, SourceAnswer, Stage};
use crate::access::Actor;
use crate::id::UnitId;
use crate::time::Instant;

/// Answers a command with the events that carry it out, or with the refusal that tells what to do next. Changes nothing;
/// time and rules are arguments.
///
/// Whether the actor has the role for it is [`crate::access::allowed`]'s business. What is asked of the actor here is
/// what only the item can tell: is this its lead unit, has this person written or reviewed this very reply.
pub fn decide(
    item: Option<&Item>,
    command: &Command,
    actor: &Actor,
    now: Instant,
    rules: &ItemRules,
) -> Result<Vec<Event>, Refusal> {
    match (item, command) {
        (None, Command::Receive(receipt)) => Ok(receive(receipt, now)),
        (None, _) => Err(Refusal::NotReceived),
        (Some(_), Command::Receive(_)) => Err(Refusal::AlreadyReceived),
        (Some(item), _) => Deciding { item, command, actor, now, rules }.decide(),
    }
}

fn receive(receipt: &Receipt, now: Instant) -> Vec<Event> {
    let received = Event::Received {
        item: receipt.item,
        message: receipt.message,
        source: receipt.source.clone(),
        request_type: receipt.request_type,
        digest: receipt.digest,
        submitted_at: receipt.submitted_at,
        source_dispatched_at: receipt.source_dispatched_at,
        at: now,
    };
    let answered = receipt.answer.as_ref().map(|answer| answered_at_source(answer, now));
    std::iter::once(received).chain(answered).collect()
}

const fn answered_at_source(answer: &SourceAnswer, now: Instant) -> Event {
    Event::AnsweredAtSource { digest: answer.digest, replied_at: answer.replied_at, unit: answer.unit, at: now }
}

/// Everything a decision is made from.
pub(super) struct Deciding<'a> {
    pub(super) item: &'a Item,
    pub(super) command: &'a Command,
    pub(super) actor: &'a Actor,
    pub(super) now: Instant,
    pub(super) rules: &'a ItemRules,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Deciding<'_> {
    fn decide(&self) -> Decision {
        match self.command {
            Command::Receive(_) => Err(Refusal::AlreadyReceived),
            Command::RecordVersion { .. } | Command::RecordSourceAnswer(_) => self.source(),
            Command::Register
            | Command::Merge { .. }
            | Command::RefuseAcceptance { .. }
            | Command::TransferOut { .. } => self.triage(),
            Command::Assign { lead, assisting } => self.assign(*lead, assisting),
            Command::Accept
            | Command::RequestReturn { .. }
            | Command::UpholdReturn
            | Command::RejectReturn
            | Command::DisputeReturn
            | Command::Arbitrate { .. } => self.assignment(),
            Command::RecordContact
            | Command::RequestExtension { .. }
            | Command::DecideExtension { .. }
            | Command::Suspend { .. }
            | Command::Resume => self.clock(),
            Command::SaveDraft { .. }
            | Command::SubmitReply { .. }
            | Command::Approve { .. }
            | Command::SendBack { .. }
            | Command::Release => self.reply(),
            Command::Close | Command::Archive | Command::Reopen { .. } | Command::Withdraw => self.ending(),
        }
    }

    /// What the source shows is a fact, and facts are recorded whatever the stage.
    fn source(&self) -> Decision {
        match self.command {
            Command::RecordVersion { digest } => {
                if self.item.message_digest == *digest {
                    return Err(Refusal::VersionUnchanged);
                }
                let version = self.item.message_versions.saturating_add(1);
                Ok(vec![Event::VersionRecorded { digest: *digest, version }])
            }
            Command::RecordSourceAnswer(answer) => {
                // A reopened item's old answer, ours or the source's own, stays on show there. It must not answer the item
                // again. When in doubt (a source that tells days only) the item stays open, and somebody looks.
                let outdated = self.item.times.reopened_at.is_some_and(|at| answer.replied_at < at);
                if outdated || self.item.source_answer == Some(answer.digest) {
                    return Err(Refusal::AnswerKnown);
                }
                if !self.item.stage.is_open() {
                    return Err(self.wrong_stage());
                }
                Ok(vec![answered_at_source(answer, self.now)])
            }
            _ => Err(self.wrong_stage()),
        }
    }

    fn triage(&self) -> Decision {
        let event = match self.command {
            Command::Register => {
                self.in_stages(&[Stage::Received])?;
                Event::Registered {}
            }
            Command::Merge { into, into_stage } => {
                self.in_stages(&[Stage::Received, Stage::Registered])?;
                if *into == self.item.id {
                    return Err(Refusal::MergeIntoSelf);
                }
                if !into_stage.is_open() && !into_stage.is_answered() {
                    return Err(Refusal::MergeTarget);
                }
                Event::Merged { into: *into }
            }
            Command::RefuseAcceptance { ground } => {
                self.in_stages(&[Stage::Registered])?;
                Event::NotAccepted { ground: *ground }
            }
            Command::TransferOut { route } => {
                self.in_stages(&[Stage::Registered])?;
                Event::TransferredOut { route: *route }
            }
            _ => return Err(self.wrong_stage()),
        };
        Ok(vec![event])
    }

    fn assign(&self, lead: UnitId, assisting: &BTreeSet<UnitId>) -> Decision {
        self.in_stages(&[Stage::Received, Stage::Registered, Stage::Dispatched, Stage::Handling])?;
        if assisting.contains(&lead) {
            return Err(Refusal::LeadAssists);
        }
        if self.item.lead == Some(lead) && self.item.assisting == *assisting {
            return Err(Refusal::AssignmentUnchanged);
        }
        let registered = (self.item.stage == Stage::Received).then_some(Event::Registered {});
        let assigned = Event::Assigned { lead, assisting: assisting.clone(), at: self.now };
        Ok(registered.into_iter().chain([assigned]).collect())
    }

    fn assignment(&self) -> Decision {
        let at = self.now;
        let event = match self.command {
            Command::Accept => {
                self.in_stages(&[Stage::Dispatched])?;
                self.lead_unit_acting()?;
                Event::Accepted { at }
            }
            Command::RequestReturn { .. } => self.request_return()?,
            Command::UpholdReturn => {
                self.in_stages(&[Stage::ReturnReview])?;
                Event::ReturnUpheld {}
            }
            Command::RejectReturn => {
                self.in_stages(&[Stage::ReturnReview])?;
                Event::ReturnRejected {}
            }
            Command::DisputeReturn => {
                self.in_stages(&[Stage::ReturnReview])?;
                Event::ReturnDisputed {}
            }
            Command::Arbitrate { unit } => {
                self.in_stages(&[Stage::Arbitration])?;
                Event::Arbitrated { unit: *unit, at }
            }
            _ => return Err(self.wrong_stage()),
        };
        Ok(vec![event])
    }

    fn request_return(&self) -> Result<Event, Refusal> {
        let Command::RequestReturn { reason, basis, suggested } = self.command else {
            return Err(self.wrong_stage());
        };
        self.in_stages(&[Stage::Dispatched])?;
        let unit = self.lead_unit_acting()?;
        if self.item.return_forbidden {
            return Err(Refusal::ReturnForbidden);
        }
        if self.item.returns >= self.rules.max_returns {
            return Err(Refusal::ReturnLimit { max: self.rules.max_returns });
        }
        let basis = basis.ok_or(Refusal::ReturnBasisMissing)?;
        let suggested = suggested.ok_or(Refusal::ReturnUnitMissing)?;
        if suggested == unit {
            return Err(Refusal::ReturnToSelf);
        }
        Ok(Event::ReturnRequested { unit, reason: *reason, basis, suggested, at: self.now })
    }

    fn clock(&self) -> Decision {
        let at = self.now;
        let event = match self.command {
            Command::RecordContact => {
                self.in_stages(&[Stage::Handling, Stage::Suspended])?;
                self.lead_unit_acting()?;
                if self.item.times.first_contact_at.is_some() {
                    return Err(Refusal::ContactKnown);
                }
                Event::Contacted { at }
            }
            Command::RequestExtension { days, due } => self.request_extension(*days, *due)?,
            Command::DecideExtension { granted, due } => self.decide_extension(*granted, *due)?,
            Command::Suspend { reason } => {
                self.in_stages(&[Stage::Handling])?;
                self.lead_unit_acting()?;
                Event::Suspended { reason: *reason, at }
            }
            Command::Resume => {
                self.in_stages(&[Stage::Suspended])?;
                self.lead_unit_acting()?;
                Event::Resumed { at }
            }
            _ => return Err(self.wrong_stage()),
        };
        Ok(vec![event])
    }

    fn request_extension(&self, days: u32, due: Instant) -> Result<Event, Refusal> {
        self.in_stages(&[Stage::Handling])?;
        self.lead_unit_acting()?;
        if self.item.is_extension_pending() {
            return Err(Refusal::ExtensionPending);
        }
        if self.item.current_extensions().count() >= self.rules.max_extensions as usize {
            return Err(Refusal::ExtensionLimit { max: self.rules.max_extensions });
        }
        if days == 0 || days > self.rules.max_extension_days {
            return Err(Refusal::ExtensionDays { max: self.rules.max_extension_days });
        }
        if self.now > due {
            return Err(Refusal::ExtensionAfterDue);
        }
        Ok(Event::ExtensionRequested { days, at: self.now })
    }

    /// An extension must be granted before the due date it moves (domain rules 1.3, 8); it can be rejected at any time.
    fn decide_extension(&self, granted: bool, due: Instant) -> Result<Event, Refusal> {
        self.in_stages(&[Stage::Handling, Stage::Suspended])?;
        let pending = self.item.extension_pending.ok_or(Refusal::ExtensionMissing)?;
        match (granted, self.now > due) {
            (false, _) => Ok(Event::ExtensionRejected {}),
            (true, true) => Err(Refusal::ExtensionAfterDue),
            (true, false) => Ok(Event::ExtensionGranted { days: pending.days, at: self.now }),
        }
    }

    fn ending(&self) -> Decision {
        let at = self.now;
        let event = match self.command {
            Command::Close => {
                self.in_stages(&[Stage::Replied])?;
                Event::Closed { at }
            }
            Command::Archive => {
                self.in_stages(&[Stage::Closed])?;
                Event::Archived {}
            }
            Command::Reopen { reason } => {
                self.in_stages(&[Stage::Replied, Stage::Closed])?;
                Event::Reopened { reason: *reason, at }
            }
            Command::Withdraw if self.item.stage.is_open() => Event::Withdrawn { at },
            _ => return Err(self.wrong_stage()),
        };
        Ok(vec![event])
    }

    pub(super) fn in_stages(&self, stages: &[Stage]) -> Result<(), Refusal> {
        if stages.contains(&self.item.stage) { Ok(()) } else { Err(self.wrong_stage()) }
    }

    pub(super) const fn wrong_stage(&self) -> Refusal {
        Refusal::WrongStage { command: self.command.label(), stage: self.item.stage }
    }

    /// The lead unit, when the actor works for it.
    pub(super) fn lead_unit_acting(&self) -> Result<UnitId, Refusal> {
        self.item.lead.filter(|lead| self.actor.unit() == Some(*lead)).ok_or(Refusal::NotLeadUnit)
    }
}
