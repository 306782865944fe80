//! Putting events into effect.

use std::collections::BTreeSet;

use super::{Approval, Event, Extension, ExtensionRequest, Item, Pause, PendingReturn, Reply, Stage, Times};
use crate::access::ReviewStep;
use crate::id::UnitId;
use crate::time::Instant;

/// A sequence of events that no item can have had: the ledger was not written by [`super::decide()`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There are no events.
    #[error("an item without events")]
    Empty,
    /// The first event is not the receipt.
    #[error("`{kind}` before the item was received")]
    NotReceived {
        /// The event's kind.
        kind: &'static str,
    },
    /// A later event is a receipt.
    #[error("the item was received twice")]
    ReceivedTwice,
    /// The event speaks of something the item does not have.
    #[error("`{kind}` does not fit an item that is {stage}")]
    Unfitting {
        /// The event's kind.
        kind: &'static str,
        /// Where the item stands.
        stage: Stage,
    },
}

impl Item {
    /// Makes the item again from its events, oldest first.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, ReplayError> {
        let mut item = None;
        for event in events {
            item = Some(Self::apply(item, event)?);
        }
        item.ok_or(ReplayError::Empty)
    }

    /// Puts one event into effect. Asks no questions: [`super::decide()`] did.
    pub fn apply(item: Option<Self>, event: &Event) -> Result<Self, ReplayError> {
        let Some(mut item) = item else { return Self::received(event) };
        item.take_effect(event)?;
        item.revision = item.revision.saturating_add(1);
        Ok(item)
    }

    fn received(event: &Event) -> Result<Self, ReplayError> {
        let Event::Received { item, message, source, request_type, digest, submitted_at, source_dispatched_at, at } =
            event
        else {
            return Err(ReplayError::NotReceived { kind: event.kind() });
        };
        Ok(Self {
            id: *item,
            message: *message,
            source: source.clone(),
            request_type: *request_type,
            stage: Stage::Received,
            revision: 1,
            message_digest: *digest,
            message_versions: 1,
            lead: None,
            assisting: BTreeSet::new(),
            returns: 0,
            return_forbidden: false,
            pending_return: None,
            reply: None,
            extension_pending: None,
            extensions: Vec::new(),
            pauses: Vec::new(),
            reopened: 0,
            times: Times {
                submitted_at: *submitted_at,
                source_dispatched_at: *source_dispatched_at,
                received_at: *at,
                assigned_at: None,
                accepted_at: None,
                first_contact_at: None,
                replied_at: None,
                closed_at: None,
                reopened_at: None,
            },
            answered_at_source: false,
            source_answer: None,
            merged_into: None,
        })
    }

    fn take_effect(&mut self, event: &Event) -> Result<(), ReplayError> {
        match event {
            Event::Received { .. } => return Err(ReplayError::ReceivedTwice),
            Event::VersionRecorded { digest, version } => {
                self.message_digest = *digest;
                self.message_versions = *version;
            }
            Event::Registered {} => self.stage = Stage::Registered,
            Event::Merged { into } => {
                self.stage = Stage::Merged;
                self.merged_into = Some(*into);
            }
            Event::NotAccepted { .. } => self.stage = Stage::NotAccepted,
            Event::TransferredOut { .. } => self.stage = Stage::TransferredOut,
            Event::Assigned { .. }
            | Event::Accepted { .. }
            | Event::ReturnRequested { .. }
            | Event::ReturnUpheld {}
            | Event::ReturnRejected {}
            | Event::ReturnDisputed {}
            | Event::Arbitrated { .. } => self.take_assignment(event),
            Event::Contacted { at } => self.times.first_contact_at = Some(*at),
            Event::ExtensionRequested { .. }
            | Event::ExtensionGranted { .. }
            | Event::ExtensionRejected {}
            | Event::Suspended { .. }
            | Event::Resumed { .. } => self.take_clock(event),
            Event::Drafted { .. } | Event::Submitted { .. } | Event::Approved { .. } | Event::SentBack { .. } => {
                return self.take_reply(event);
            }
            Event::Released { at, .. } => {
                self.answer(*at);
                self.answered_at_source = false;
            }
            Event::AnsweredAtSource { digest, replied_at, unit, at } => {
                self.end_pause(*at);
                self.answer(*replied_at);
                self.answered_at_source = true;
                self.source_answer = Some(*digest);
                self.lead = self.lead.or(*unit);
            }
            Event::Closed { at } => {
                self.stage = Stage::Closed;
                self.times.closed_at = Some(*at);
            }
            Event::Archived {} => self.stage = Stage::Archived,
            Event::Reopened { at, .. } => self.reopen(*at),
            Event::Withdrawn { at } => {
                self.end_pause(*at);
                self.extension_pending = None;
                self.pending_return = None;
                self.stage = Stage::Withdrawn;
            }
        }
        Ok(())
    }

    fn take_assignment(&mut self, event: &Event) {
        match event {
            Event::Assigned { lead, assisting, at } => {
                self.assisting.clone_from(assisting);
                let stays = self.lead == Some(*lead) && matches!(self.stage, Stage::Dispatched | Stage::Handling);
                if !stays {
                    self.hand_to(*lead, *at);
                }
            }
            Event::Accepted { at } => {
                self.stage = Stage::Handling;
                self.times.accepted_at = Some(*at);
            }
            Event::ReturnRequested { unit, reason, basis, suggested, at } => {
                self.stage = Stage::ReturnReview;
                self.returns = self.returns.saturating_add(1);
                self.pending_return =
                    Some(PendingReturn { unit: *unit, reason: *reason, basis: *basis, suggested: *suggested, at: *at });
            }
            Event::ReturnUpheld {} => {
                self.stage = Stage::Registered;
                self.pending_return = None;
                self.lead = None;
                self.assisting.clear();
                self.times.assigned_at = None;
            }
            Event::ReturnRejected {} => {
                self.stage = Stage::Dispatched;
                self.pending_return = None;
                self.return_forbidden = true;
            }
            Event::ReturnDisputed {} => self.stage = Stage::Arbitration,
            Event::Arbitrated { unit, at } => {
                self.pending_return = None;
                self.return_forbidden = true;
                self.assisting.remove(unit);
                self.hand_to(*unit, *at);
            }
            _ => {}
        }
    }

    /// The item waits to be accepted by a unit that got it at `at`; what an earlier unit had in hand is dropped.
    fn hand_to(&mut self, lead: UnitId, at: Instant) {
        self.stage = Stage::Dispatched;
        self.lead = Some(lead);
        self.reply = None;
        self.extension_pending = None;
        self.times.assigned_at = Some(at);
        self.times.accepted_at = None;
    }

    fn take_clock(&mut self, event: &Event) {
        match event {
            Event::ExtensionRequested { days, at } => {
                self.extension_pending = Some(ExtensionRequest { days: *days, at: *at });
            }
            Event::ExtensionGranted { days, at } => {
                self.extension_pending = None;
                self.extensions.push(Extension { days: *days, granted_at: *at });
            }
            Event::ExtensionRejected {} => self.extension_pending = None,
            Event::Suspended { reason, at } => {
                self.stage = Stage::Suspended;
                self.pauses.push(Pause { reason: *reason, from: *at, to: None });
            }
            Event::Resumed { at } => {
                self.stage = Stage::Handling;
                self.end_pause(*at);
            }
            _ => {}
        }
    }

    fn take_reply(&mut self, event: &Event) -> Result<(), ReplayError> {
        if let Event::Drafted { reply, version, digest, by } = event {
            let (mut drafters, sent_back) =
                self.reply.take().map(|reply| (reply.drafters, reply.sent_back)).unwrap_or_default();
            drafters.insert(*by);
            self.reply = Some(Reply {
                id: *reply,
                version: *version,
                digest: *digest,
                drafters,
                submitted_at: None,
                approvals: Vec::new(),
                sent_back,
            });
            self.stage = Stage::Handling;
            return Ok(());
        }
        let stage = self.stage;
        let Some(reply) = self.reply.as_mut() else {
            return Err(ReplayError::Unfitting { kind: event.kind(), stage });
        };
        match event {
            Event::Submitted { by, at, .. } => {
                reply.drafters.insert(*by);
                reply.submitted_at = Some(*at);
                reply.sent_back = None;
                // An answer on its way needs no more time, so a request that was not decided is spent.
                self.extension_pending = None;
                self.stage = Stage::Review1;
            }
            Event::Approved { step, digest, by, at } => {
                reply.approvals.push(Approval { step: *step, account: *by, at: *at, digest: *digest });
                self.stage = match step {
                    ReviewStep::First => Stage::Review2,
                    ReviewStep::Second => Stage::Review3,
                    ReviewStep::Third => Stage::Approved,
                };
            }
            Event::SentBack { step, .. } => {
                reply.sent_back = Some(*step);
                reply.approvals.clear();
                reply.submitted_at = None;
                self.stage = Stage::Handling;
            }
            _ => {}
        }
        Ok(())
    }

    /// The citizen has an answer since `at`.
    fn answer(&mut self, at: Instant) {
        self.stage = Stage::Replied;
        self.extension_pending = None;
        self.pending_return = None;
        self.times.replied_at = Some(at);
        self.times.first_contact_at = self.times.first_contact_at.or(Some(at));
    }

    /// The present answer does not stand. The reply is written anew, so its drafters start anew too.
    fn reopen(&mut self, at: Instant) {
        self.reopened = self.reopened.saturating_add(1);
        self.reply = None;
        self.answered_at_source = false;
        self.times.reopened_at = Some(at);
        self.times.replied_at = None;
        self.times.closed_at = None;
        self.times.accepted_at = None;
        self.times.assigned_at = self.lead.map(|_| at);
        self.stage = if self.lead.is_some() { Stage::Dispatched } else { Stage::Registered };
    }

    fn end_pause(&mut self, at: Instant) {
        if let Some(pause) = self.pauses.last_mut()
            && pause.to.is_none()
        {
            pause.to = Some(at);
        }
    }
}
