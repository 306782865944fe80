//! The machine seen from outside: table, guards, random walks, wire format.

mod guards;
mod life;
mod possible;
mod table;
mod task;
mod walks;
mod wire;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::access::{Actor, Limit, Role, UnitKind};
use crate::id::{AccountId, ItemId, MessageId, ReplyId, UnitId};
use crate::time::Instant;

pub(super) const RULES: ItemRules =
    ItemRules { max_returns: 1, max_extensions: 1, max_extension_days: 15, min_reply_chars: 10 };

/// 2026-10-09T08:30:00+08:00.
pub(super) const NOW: Instant = Instant::from_micros(1_791_505_800_000_000);
pub(super) const DUE: Instant = NOW.plus_seconds(5 * 86_400);

pub(super) fn unit(n: u128) -> UnitId {
    UnitId::from(Uuid::from_u128(n))
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId::from(Uuid::from_u128(n))
}

pub(super) fn reply_id(n: u128) -> ReplyId {
    ReplyId::from(Uuid::from_u128(n))
}

pub(super) fn item_id(n: u128) -> ItemId {
    ItemId::from(Uuid::from_u128(n))
}

/// Account `n` of unit `n / 10`: 10 to 19 work in unit 1, and so on. Unit 8 is the office, unit 9 the leadership.
pub(super) fn person(n: u128) -> Actor {
    let unit_kind = match n / 10 {
        8 => UnitKind::Office,
        9 => UnitKind::Leadership,
        _ => UnitKind::Section,
    };
    Actor::Account {
        id: account(n),
        unit: unit(n / 10),
        unit_kind,
        roles: BTreeSet::from([Role::Handler]),
        limit: Limit::None,
    }
}

pub(super) const OFFICE: u128 = 80;
pub(super) const HANDLER: u128 = 10;
pub(super) const REVIEWERS: [u128; 3] = [11, 81, 90];

pub(super) fn receipt(answer: Option<SourceAnswer>) -> Command {
    Command::Receive(Receipt {
        item: item_id(1),
        message: MessageId::from(Uuid::from_u128(1)),
        source: "mayor-mailbox".parse().unwrap(),
        request_type: RequestType::Consult,
        digest: Digest::of("message 1"),
        submitted_at: Some(NOW.plus_seconds(-86_400)),
        source_dispatched_at: None,
        answer,
    })
}

pub(super) fn source_answer(text: &str) -> SourceAnswer {
    SourceAnswer { replied_at: NOW, digest: Digest::of(text), unit: None }
}

pub(super) fn assign(lead: u128) -> Command {
    Command::Assign { lead: unit(lead), assisting: BTreeSet::from([unit(7)]) }
}

pub(super) fn give_back() -> Command {
    Command::RequestReturn {
        reason: ReturnReason::NotOurDuty,
        basis: Some(Digest::of("duty list, row 3")),
        suggested: Some(unit(2)),
    }
}

pub(super) fn draft(version: u32, text: &str) -> Command {
    Command::SaveDraft { reply: reply_id(1), version, digest: Digest::of(text) }
}

pub(super) fn submit(version: u32, text: &str) -> Command {
    Command::SubmitReply { version, digest: Digest::of(text), chars: 40 }
}

pub(super) fn approve(step: ReviewStep, text: &str) -> Command {
    Command::Approve { step, digest: Digest::of(text) }
}

/// An item with the events that made it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) item: Option<Item>,
    pub(super) events: Vec<Event>,
    pub(super) now: Instant,
}

impl Story {
    pub(super) fn new() -> Self {
        Self { item: None, events: Vec::new(), now: NOW }
    }

    pub(super) fn received() -> Self {
        Self::new().then(OFFICE, &receipt(None))
    }

    pub(super) fn item(&self) -> &Item {
        self.item.as_ref().unwrap()
    }

    pub(super) fn ask(&self, who: u128, command: &Command) -> Result<Vec<Event>, Refusal> {
        decide(self.item.as_ref(), command, &person(who), self.now, &RULES)
    }

    pub(super) fn tell(&mut self, who: u128, command: &Command) -> Result<(), Refusal> {
        for event in self.ask(who, command)? {
            self.item = Some(Item::apply(self.item.take(), &event).unwrap());
            self.events.push(event);
        }
        self.now = self.now.plus_seconds(60);
        Ok(())
    }

    /// The command is carried out, one minute after the one before.
    pub(super) fn then(mut self, who: u128, command: &Command) -> Self {
        self.tell(who, command).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
        self
    }

    pub(super) fn refused(&self, who: u128, command: &Command) -> &'static str {
        match self.ask(who, command) {
            Ok(events) => panic!("{command:?} gave {events:?}"),
            Err(refusal) => refusal.code(),
        }
    }

    /// Approved by the first `count` reviewers.
    pub(super) fn approved(self, count: usize, text: &str) -> Self {
        let reviews = REVIEWERS.into_iter().zip(ReviewStep::ALL.iter().copied()).take(count);
        reviews.fold(self, |story, (who, step)| story.then(who, &approve(step, text)))
    }

    /// An item that has come to this stage the straight way; at work with a saved draft.
    pub(super) fn at(stage: Stage) -> Self {
        let received = Self::received();
        let handling =
            || Self::at(Stage::Dispatched).then(HANDLER, &Command::Accept).then(HANDLER, &draft(1, "answer"));
        let reviewed = |count| handling().then(HANDLER, &submit(1, "answer")).approved(count, "answer");
        match stage {
            Stage::Received => received,
            Stage::Registered => received.then(OFFICE, &Command::Register),
            Stage::Dispatched => received.then(OFFICE, &assign(1)),
            Stage::ReturnReview => Self::at(Stage::Dispatched).then(HANDLER, &give_back()),
            Stage::Arbitration => Self::at(Stage::ReturnReview).then(OFFICE, &Command::DisputeReturn),
            Stage::Handling => handling(),
            Stage::Suspended => handling().then(HANDLER, &Command::Suspend { reason: SuspendReason::SiteVisit }),
            Stage::Review1 => reviewed(0),
            Stage::Review2 => reviewed(1),
            Stage::Review3 => reviewed(2),
            Stage::Approved => reviewed(3),
            Stage::Replied => reviewed(3).then(OFFICE, &Command::Release),
            Stage::Closed => Self::at(Stage::Replied).then(OFFICE, &Command::Close),
            Stage::Archived => Self::at(Stage::Closed).then(OFFICE, &Command::Archive),
            Stage::Merged => received.then(OFFICE, &Command::Merge { into: item_id(2), into_stage: Stage::Handling }),
            Stage::NotAccepted => {
                Self::at(Stage::Registered).then(OFFICE, &Command::RefuseAcceptance { ground: Ground::LegalRoute })
            }
            Stage::TransferredOut => {
                Self::at(Stage::Registered).then(OFFICE, &Command::TransferOut { route: TransferRoute::Petition })
            }
            Stage::Withdrawn => received.then(OFFICE, &Command::Withdraw),
        }
    }
}
