//! What the page offers is what the use cases accept, for everybody at every stage.

use std::collections::BTreeSet;
use std::time::Duration;

use huiyin::service::ServiceError;
use huiyin::service::act::Act;
use huiyin_domain::access::{Actor, ReviewStep};
use huiyin_domain::id::{ItemId, UnitId};
use huiyin_domain::item::{ActKind, Ground, ReopenReason, ReturnReason, Stage, SuspendReason, TransferRoute};

use super::browser::{Browser, Page};
use super::item_way::fresh;
use crate::support::app::{Letter, TestApp};

/// Who may meet an item of `planning` that `survey` assists, and one who may not.
const PEOPLE: [&str; 7] = ["office", "handler", "stranger", "head", "checker", "leader", "sysadmin"];
const DRAFT: &str = "您好，该项目的日照分析已经公示，请到规划展示厅查询。";

struct Bureau {
    app: TestApp,
    actors: Vec<Actor>,
    next: i64,
}

impl Bureau {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let letters: Vec<Letter> = (1..=120).map(fresh).collect();
        app.import(&letters).await;
        let mut actors = Vec::new();
        for login in PEOPLE {
            let token = app.token(login).await;
            actors.push(app.service.authenticate(&token).await.unwrap().unwrap().actor);
        }
        Self { app, actors, next: 2 }
    }

    fn actor(&self, login: &str) -> &Actor {
        &self.actors[PEOPLE.iter().position(|known| *known == login).unwrap()]
    }

    fn unit(&self, code: &str) -> UnitId {
        self.app.unit(code).strip_prefix("unit:").unwrap().parse().unwrap()
    }

    async fn id(&self, number: i64) -> ItemId {
        let row = self.app.service.item_by_number(self.actor("office"), number).await.unwrap().unwrap();
        row.id.parse().unwrap()
    }

    async fn revision(&self, item: ItemId) -> i64 {
        self.app.service.item(self.actor("office"), item).await.unwrap().unwrap().revision
    }

    async fn act(&self, login: &str, item: ItemId, act: Act) -> bool {
        self.app.clock.advance(1);
        self.app.service.act(self.actor(login), item, act, None).await.is_ok()
    }

    /// A new item at this stage, and its number.
    async fn item_at(&mut self, stage: Stage) -> (i64, ItemId) {
        let number = self.next;
        self.next += 1;
        let id = self.id(number).await;
        for (login, act) in self.way(stage).await {
            assert!(self.act(login, id, act.clone()).await, "{login} {act:?} towards {stage}");
        }
        (number, id)
    }

    async fn way(&self, stage: Stage) -> Vec<(&'static str, Act)> {
        let assign = Act::Assign { lead: self.unit("planning"), assisting: BTreeSet::from([self.unit("survey")]) };
        let dispatched = vec![("office", assign)];
        let handling = [
            dispatched.clone(),
            vec![("handler", Act::Accept), ("handler", Act::SaveDraft { text: DRAFT.to_owned() })],
        ]
        .concat();
        let returned =
            [dispatched.clone(), vec![("handler", self.sample(ActKind::RequestReturn, None).await)]].concat();
        let reviewed = |approvals: usize| {
            let reviews = ["head", "checker", "leader"].into_iter().zip(ReviewStep::ALL).take(approvals);
            let reviews = reviews.map(|(login, step)| (login, Act::Approve { step: *step, version: 1 }));
            let submitted = [("handler", Act::SubmitReply { version: 1 })];
            handling.iter().cloned().chain(submitted).chain(reviews).collect::<Vec<_>>()
        };
        let released = || [reviewed(3), vec![("office", Act::Release)]].concat();
        let registered = vec![("office", Act::Register)];
        match stage {
            Stage::Received => Vec::new(),
            Stage::Registered => registered,
            Stage::Dispatched => dispatched,
            Stage::ReturnReview => returned,
            Stage::Arbitration => [returned, vec![("office", Act::DisputeReturn)]].concat(),
            Stage::Handling => handling,
            Stage::Suspended => [handling, vec![("handler", Act::Suspend { reason: SuspendReason::Citizen })]].concat(),
            Stage::Review1 => reviewed(0),
            Stage::Review2 => reviewed(1),
            Stage::Review3 => reviewed(2),
            Stage::Approved => reviewed(3),
            Stage::Replied => released(),
            Stage::Closed => [released(), vec![("office", Act::Close)]].concat(),
            Stage::Archived => [released(), vec![("office", Act::Close), ("office", Act::Archive)]].concat(),
            Stage::Merged => vec![("office", self.sample(ActKind::Merge, None).await)],
            Stage::NotAccepted => {
                [registered, vec![("office", Act::RefuseAcceptance { ground: Ground::Secret })]].concat()
            }
            Stage::TransferredOut => {
                [registered, vec![("office", Act::TransferOut { route: TransferRoute::Petition })]].concat()
            }
            Stage::Withdrawn => vec![("office", Act::Withdraw)],
        }
    }

    /// The act as somebody would do it whose form has no mistake.
    async fn sample(&self, kind: ActKind, awaited: Option<ReviewStep>) -> Act {
        let step = awaited.unwrap_or(ReviewStep::First);
        match kind {
            ActKind::Register => Act::Register,
            ActKind::Assign => Act::Assign { lead: self.unit("survey"), assisting: BTreeSet::new() },
            ActKind::Merge => Act::Merge { into: self.id(1).await },
            ActKind::RefuseAcceptance => Act::RefuseAcceptance { ground: Ground::Malicious },
            ActKind::TransferOut => Act::TransferOut { route: TransferRoute::OtherAgency },
            ActKind::Accept => Act::Accept,
            ActKind::RequestReturn => Act::RequestReturn {
                reason: ReturnReason::NotOurDuty,
                basis: "职责表第三条".to_owned(),
                suggested: Some(self.unit("survey")),
            },
            ActKind::UpholdReturn => Act::UpholdReturn,
            ActKind::RejectReturn => Act::RejectReturn,
            ActKind::DisputeReturn => Act::DisputeReturn,
            ActKind::Arbitrate => Act::Arbitrate { unit: self.unit("survey") },
            ActKind::RecordContact => Act::RecordContact,
            ActKind::SaveDraft => Act::SaveDraft { text: format!("{DRAFT}周一闭馆。") },
            ActKind::SubmitReply => Act::SubmitReply { version: 1 },
            ActKind::Approve => Act::Approve { step, version: 1 },
            ActKind::SendBack => Act::SendBack { step, reason: "请写明地址".to_owned() },
            ActKind::Release => Act::Release,
            ActKind::RequestExtension => Act::RequestExtension { days: 3 },
            ActKind::GrantExtension => Act::DecideExtension { granted: true },
            ActKind::RejectExtension => Act::DecideExtension { granted: false },
            ActKind::Suspend => Act::Suspend { reason: SuspendReason::ThirdParty },
            ActKind::Resume => Act::Resume,
            ActKind::Close => Act::Close,
            ActKind::Archive => Act::Archive,
            ActKind::Reopen => Act::Reopen { reason: ReopenReason::Untrue },
            ActKind::Withdraw => Act::Withdraw,
        }
    }
}

/// The acts whose forms a page has.
fn offered(page: &Page, number: i64) -> BTreeSet<ActKind> {
    let marker = format!("action=\"/desk/items/{number}/");
    let names = page.body.split(&marker).skip(1).map(|rest| rest.split('"').next().unwrap());
    let acts = names.filter(|name| !matches!(*name, "reveal" | "keep"));
    acts.map(|name| ActKind::parse(&name.replace('-', "_")).unwrap_or_else(|| panic!("{name}"))).collect()
}

#[tokio::test]
async fn the_page_offers_what_is_accepted_and_nothing_else() {
    let mut bureau = Bureau::open().await;
    let mut total = 0;
    for stage in Stage::ALL {
        let awaited = match stage {
            Stage::Review1 => Some(ReviewStep::First),
            Stage::Review2 => Some(ReviewStep::Second),
            Stage::Review3 => Some(ReviewStep::Third),
            _ => None,
        };
        let (mut number, mut item) = bureau.item_at(*stage).await;
        for login in PEOPLE {
            let page = {
                let mut browser = Browser::of(&bureau.app, login).await;
                browser.get(&format!("/desk/items/{number}")).await
            };
            let offered = offered(&page, number);
            assert!(
                page.status == 200 || offered.is_empty() && page.status == 404,
                "{login} at {stage}: {}",
                page.status
            );
            for kind in ActKind::ALL {
                let act = bureau.sample(*kind, awaited).await;
                let accepted = bureau.act(login, item, act).await;
                assert_eq!(accepted, offered.contains(kind), "{kind} by {login} at {stage}");
                if accepted {
                    total += 1;
                    (number, item) = bureau.item_at(*stage).await;
                }
            }
        }
    }
    assert!(total > 40, "{total}");
}

/// However two saves fall together: each that is refused is told that somebody was faster, and each that is not has its
/// own version.
#[tokio::test]
async fn whoever_is_slower_is_told_so_and_nothing_is_overwritten() {
    let mut bureau = Bureau::open().await;
    let (_, id) = bureau.item_at(Stage::Handling).await;
    let handler = bureau.actor("handler");
    let before = bureau.revision(id).await;
    let (mut saved, mut refused) = (0, 0);
    for round in 0..200_u32 {
        let save = async |who: &str, after: u32| {
            tokio::time::sleep(Duration::from_micros(u64::from(after))).await;
            bureau.app.service.act(handler, id, Act::SaveDraft { text: format!("{DRAFT}{round}{who}") }, None).await
        };
        // The second comes while the first is at every point of its way.
        let (one, other) = tokio::join!(save("甲", 0), save("乙", round * 25));
        for result in [one, other] {
            match result {
                Ok(_) => saved += 1,
                Err(ServiceError::Refused(refusal)) => {
                    assert_eq!(refusal.code, "changed_meanwhile", "round {round}");
                    refused += 1;
                }
                Err(error) => panic!("round {round}: {error}"),
            }
        }
    }
    assert_eq!((saved + refused, bureau.revision(id).await), (400, before + saved));
    assert!(refused > 0, "the two never met");
}
