//! Who has to act next on an item, and what has to be done.
//!
//! Every open item waits for exactly one [`Task`], and no other item waits for anything: both follow from the item alone.
//! Whose task it is, is asked where rights are decided ([`crate::access::allowed`]): a task waits for whoever may do it.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Item, ReviewStep, Stage};
use crate::access::coded::coded;
use crate::access::{Action, Actor, Object, allowed};
use crate::id::{AccountId, ItemId, UnitId};

coded! {
    /// What an open item waits for.
    Task {
        /// The office looks at what came in.
        Register = "register" "待登记",
        /// The office names the unit.
        Route = "route" "待分办",
        /// The lead unit accepts it, or gives it back.
        Accept = "accept" "待签收",
        /// The office decides about a return.
        DecideReturn = "decide_return" "退单待定",
        /// The office or a leader names the unit of a disputed return.
        Arbitrate = "arbitrate" "待裁定",
        /// The lead unit writes the reply.
        Answer = "answer" "待答办",
        /// The lead unit changes a reply that a reviewer sent back.
        Revise = "revise" "退回修改",
        /// The office decides about more time; the lead unit goes on meanwhile.
        DecideExtension = "decide_extension" "延期待批",
        /// The lead unit takes the work up again once the reason of the pause is gone.
        Resume = "resume" "挂起待恢复",
        /// A reviewer of the lead unit reads the reply.
        ReviewFirst = "review_first" "待一审",
        /// A reviewer of the office reads the reply.
        ReviewSecond = "review_second" "待二审",
        /// A leader reads the reply.
        ReviewThird = "review_third" "待三审",
        /// The office hands the approved reply over.
        Release = "release" "待签发",
    }
}

impl Task {
    /// What somebody does who does the task. The first is the task itself; the others go on meanwhile.
    const fn actions(self) -> &'static [Action] {
        match self {
            Self::Register => &[Action::Triage],
            Self::Route => &[Action::Assign],
            Self::Accept => &[Action::Accept],
            Self::DecideReturn => &[Action::DecideReturn],
            Self::Arbitrate => &[Action::Arbitrate],
            Self::Answer | Self::Revise => &[Action::Draft],
            Self::DecideExtension => &[Action::DecideExtension, Action::Draft],
            Self::Resume => &[Action::Suspend],
            Self::ReviewFirst => &[Action::Review(ReviewStep::First)],
            Self::ReviewSecond => &[Action::Review(ReviewStep::Second)],
            Self::ReviewThird => &[Action::Review(ReviewStep::Third)],
            Self::Release => &[Action::Release],
        }
    }
}

impl Item {
    /// What the item waits for; none once nobody owes it anything.
    pub fn task(&self) -> Option<Task> {
        let sent_back = || self.reply.as_ref().is_some_and(|reply| reply.sent_back.is_some());
        Some(match self.stage {
            Stage::Received => Task::Register,
            Stage::Registered => Task::Route,
            Stage::Dispatched => Task::Accept,
            Stage::ReturnReview => Task::DecideReturn,
            Stage::Arbitration => Task::Arbitrate,
            Stage::Handling | Stage::Suspended if self.is_extension_pending() => Task::DecideExtension,
            Stage::Handling if sent_back() => Task::Revise,
            Stage::Handling => Task::Answer,
            Stage::Suspended => Task::Resume,
            Stage::Review1 => Task::ReviewFirst,
            Stage::Review2 => Task::ReviewSecond,
            Stage::Review3 => Task::ReviewThird,
            Stage::Approved => Task::Release,
            Stage::Replied
            | Stage::Closed
            | Stage::Archived
            | Stage::Merged
            | Stage::NotAccepted
            | Stage::TransferredOut
            | Stage::Withdrawn => return None,
        })
    }
}

impl Item {
    /// Who may not do what the item waits for, whatever their roles, by what they did before: who wrote the reply, or gave
    /// an earlier review of it, does not give the next.
    pub fn barred(&self) -> BTreeSet<AccountId> {
        let Some(reply) = self.reply.as_ref().filter(|_| self.awaited_review().is_some()) else {
            return BTreeSet::new();
        };
        let reviewers = reply.approvals.iter().map(|approval| approval.account);
        reply.drafters.iter().copied().chain(reviewers).collect()
    }
}

/// The tasks that wait for one person: on every item but those from which an earlier act bars them ([`Item::barred`]).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Tasks on any item.
    pub anywhere: BTreeSet<Task>,
    /// Tasks on items of the person's own unit only, beyond those; with the unit.
    pub own: Option<(UnitId, BTreeSet<Task>)>,
}

impl Waiting {
    /// Whether nothing can ever wait for this person.
    pub fn is_empty(&self) -> bool {
        self.anywhere.is_empty() && self.own.is_none()
    }

    /// Whether an item with this task and this lead unit waits for the person.
    pub fn includes(&self, task: Task, lead: Option<UnitId>) -> bool {
        let of_own = |(unit, tasks): &(UnitId, BTreeSet<Task>)| lead == Some(*unit) && tasks.contains(&task);
        self.anywhere.contains(&task) || self.own.as_ref().is_some_and(of_own)
    }
}

/// What waits for `actor`: whatever they may do.
pub fn waiting_for(actor: &Actor) -> Waiting {
    let nobody = BTreeSet::new();
    let may = |task: Task, lead: Option<UnitId>| {
        let object = Object::Item { id: ItemId::from(Uuid::nil()), lead, assisting: &nobody, answered: false };
        task.actions().iter().any(|action| allowed(actor, *action, &object).is_ok())
    };
    let tasks = || Task::ALL.iter().copied();
    let anywhere: BTreeSet<Task> = tasks().filter(|task| may(*task, None)).collect();
    let own = actor.unit().and_then(|unit| {
        let own: BTreeSet<Task> = tasks().filter(|task| !anywhere.contains(task) && may(*task, Some(unit))).collect();
        (!own.is_empty()).then_some((unit, own))
    });
    Waiting { anywhere, own }
}
