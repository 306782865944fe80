//! Items in every stage, brought there by the domain's own decisions.

use std::collections::BTreeSet;

use huiyin::store::item::{ItemRow, ItemUnitRow};
use huiyin::store::message::MessageRow;
use huiyin_domain::access::{Actor, Limit, ReviewStep, Role, UnitKind};
use huiyin_domain::id::{AccountId, ItemId, ReplyId, UnitId};
use huiyin_domain::item::{
    Command, Digest, Ground, Item, ItemRules, Receipt, RequestType, ReturnReason, Stage, SuspendReason, TransferRoute,
    decide,
};
use huiyin_domain::time::Instant;

use super::rows::{DAY, START, fresh, item_unit};

/// What an item is to be like.
#[derive(Debug, Clone)]
pub struct Life {
    /// Where it stands.
    pub stage: Stage,
    /// What the citizen wants.
    pub request_type: RequestType,
    /// The lead unit of an item that gets one.
    pub lead: UnitId,
    /// The assisting units.
    pub assisting: BTreeSet<UnitId>,
    /// When the citizen wrote.
    pub asked_at: Instant,
    /// The item's number.
    pub number: i64,
}

impl Life {
    /// The item of a message, and the units it concerns.
    pub fn lead(&self, message: &MessageRow) -> (ItemRow, Vec<ItemUnitRow>) {
        let item = self.walk(message);
        assert_eq!(item.stage, self.stage, "the path leads to its stage");
        let due = (item.stage.is_open() && item.stage != Stage::Suspended)
            .then(|| self.asked_at.as_micros() + (self.number % 30) * DAY);
        let row = ItemRow {
            id: item.id.to_string(),
            number: self.number,
            message_id: message.id.clone(),
            source_id: message.source_id.clone(),
            title: format!("样例来件第{}号", self.number),
            fingerprint: super::rows::digest(&format!("fingerprint {}", self.number)),
            repeat_of: None,
            request_type: item.request_type.code().to_owned(),
            stage: item.stage.code().to_owned(),
            open: item.stage.is_open(),
            task: item.task().map(|task| task.code().to_owned()),
            lead_unit_id: item.lead.map(|unit| unit.to_string()),
            asked_at: self.asked_at.as_micros(),
            received_at: START.as_micros(),
            due_at: due,
            due_provisional: false,
            replied_at: item.times.replied_at.map(Instant::as_micros),
            revision: i64::try_from(item.revision).expect("a small revision"),
            state: serde_json::to_string(&item).expect("an item is JSON"),
        };
        let units = item.lead.iter().map(|unit| (unit, "lead")).chain(item.assisting.iter().map(|u| (u, "assist")));
        let units = units.map(|(unit, part)| item_unit(&row, &unit.to_string(), part));
        let units = units.collect();
        (row, units)
    }

    fn walk(&self, message: &MessageRow) -> Item {
        let receipt = Command::Receive(Receipt {
            item: ItemId::new(self.asked_at, fresh()),
            message: message.id.parse().expect("a message's id"),
            source: message.source_id.parse().expect("a source's code"),
            request_type: self.request_type,
            digest: Digest::of(b"message"),
            submitted_at: Some(self.asked_at),
            source_dispatched_at: None,
            answer: None,
        });
        let rules = ItemRules::default();
        let office = Actor::System("test");
        let events = decide(None, &receipt, &office, START, &rules).expect("a receipt is never refused");
        let mut item = Item::replay(&events).expect("an item is received");
        for (actor, command) in self.path() {
            let events = decide(Some(&item), &command, &actor, START, &rules)
                .unwrap_or_else(|refusal| panic!("{command:?} in {:?}: {refusal:?}", item.stage));
            for event in &events {
                item = Item::apply(Some(item), event).expect("what was decided applies");
            }
        }
        item
    }

    /// Who does what until the stage is reached.
    fn path(&self) -> Vec<(Actor, Command)> {
        use Stage as S;
        let office = |command| (Actor::System("test"), command);
        let handler = person(self.lead, Role::Handler);
        let unit = |command| (handler.clone(), command);
        let text = Digest::of(b"reply");
        let assign = office(Command::Assign { lead: self.lead, assisting: self.assisting.clone() });
        let answering = [
            assign.clone(),
            unit(Command::Accept),
            unit(Command::SaveDraft { reply: ReplyId::new(START, fresh()), version: 1, digest: text }),
            unit(Command::SubmitReply { version: 1, digest: text, chars: 100 }),
            (person(self.lead, Role::Reviewer), Command::Approve { step: ReviewStep::First, digest: text }),
            (person(self.lead, Role::Reviewer), Command::Approve { step: ReviewStep::Second, digest: text }),
            (person(self.lead, Role::Reviewer), Command::Approve { step: ReviewStep::Third, digest: text }),
            office(Command::Release),
            office(Command::Close),
            office(Command::Archive),
        ];
        let way = |steps: usize| answering.iter().take(steps).cloned().collect::<Vec<_>>();
        let other = UnitId::new(START, fresh());
        let (basis, suggested) = (Some(Digest::of(b"basis")), Some(other));
        let give_back = unit(Command::RequestReturn { reason: ReturnReason::NotOurDuty, basis, suggested });
        match self.stage {
            S::Received => Vec::new(),
            S::Registered => vec![office(Command::Register)],
            S::Dispatched => way(1),
            S::ReturnReview => vec![assign, give_back],
            S::Arbitration => vec![assign, give_back, office(Command::DisputeReturn)],
            S::Handling => way(2),
            S::Suspended => [way(2), vec![unit(Command::Suspend { reason: SuspendReason::SiteVisit })]].concat(),
            S::Review1 => way(4),
            S::Review2 => way(5),
            S::Review3 => way(6),
            S::Approved => way(7),
            S::Replied => way(8),
            S::Closed => way(9),
            S::Archived => way(10),
            S::Merged => {
                let into = ItemId::new(START, fresh());
                vec![office(Command::Merge { into, into_stage: Stage::Handling })]
            }
            S::NotAccepted => {
                vec![office(Command::Register), office(Command::RefuseAcceptance { ground: Ground::NoRequest })]
            }
            S::TransferredOut => {
                vec![office(Command::Register), office(Command::TransferOut { route: TransferRoute::Petition })]
            }
            S::Withdrawn => vec![office(Command::Withdraw)],
        }
    }
}

/// A new person of a section.
pub fn person(unit: UnitId, role: Role) -> Actor {
    let id = AccountId::new(START, fresh());
    Actor::Account { id, unit, unit_kind: UnitKind::Section, roles: BTreeSet::from([role]), limit: Limit::None }
}
