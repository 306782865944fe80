//! Some days of work: routing, returns, answers, reviews, releases.

use std::collections::BTreeSet;

use huiyin_domain::access::{Actor, ReviewStep};
use huiyin_domain::id::ItemId;
use huiyin_domain::item::{ReturnReason, SuspendReason};

use super::people::People;
use super::{Failure, Stage};
use crate::service::act::Act;
use crate::store::item::ItemRow;
use crate::store::item_list::{Filter, Order, Slice, Told};

/// Which unit answers what: a word of the title, the unit's code. The first that fits decides.
const ROUTES: &[(&str, &str)] = &[
    ("不动产", "budongchan"),
    ("房产证", "budongchan"),
    ("抵押", "budongchan"),
    ("登记", "budongchan"),
    ("过户", "budongchan"),
    ("征地", "zhengchai"),
    ("补偿", "zhengchai"),
    ("拆迁", "zhengchai"),
    ("安置", "zhengchai"),
    ("违建", "zhifa"),
    ("违法", "zhifa"),
    ("占用", "zhifa"),
    ("采砂", "zhifa"),
    ("采矿", "zhifa"),
    ("规划", "guihua"),
    ("公示", "guihua"),
];
/// Who has people in the demo.
const STAFFED: &[(&str, &str, &str)] = &[
    ("budongchan", "handler", "review1"),
    ("guihua", "handler-guihua", "review1-guihua"),
    ("zhifa", "handler-zhifa", "review1-zhifa"),
    ("zhengchai", "handler-zhengchai", "review1-zhengchai"),
];
/// Open items that are worked on; the rest wait for the office.
const WORKED: i64 = 100;
/// Of those, the newest stay unrouted, as on any real morning.
const UNROUTED: usize = 12;

const REPLY: &str = "您好！您反映的事项收悉。经核实，相关资料已于本周收齐，我单位已安排专人跟进办理，\
    将在五个工作日内完成审核并把结果告知您。根据《不动产登记暂行条例》第二十条，登记机构应当自受理登记申请之日起\
    三十个工作日内办结。如需了解进度，可凭受理单到政务服务大厅综合窗口查询，或拨打12345转我局。感谢您的理解和支持！";

/// One unit's item on its way.
struct Desk<'a> {
    stage: &'a Stage,
    office: &'a Actor,
    handler: &'a Actor,
    reviewers: [&'a Actor; 3],
    item: ItemId,
}

impl Desk<'_> {
    async fn act(&self, actor: &Actor, act: Act) -> Result<(), Failure> {
        self.stage.pass(3);
        self.stage.service.act(actor, self.item, act, None).await?;
        Ok(())
    }

    async fn accept(&self) -> Result<(), Failure> {
        self.act(self.handler, Act::Accept).await
    }

    async fn draft(&self) -> Result<(), Failure> {
        self.accept().await?;
        self.act(self.handler, Act::SaveDraft { text: REPLY.to_owned() }).await
    }

    /// Up to so many approvals.
    async fn review(&self, approvals: usize) -> Result<(), Failure> {
        self.draft().await?;
        self.act(self.handler, Act::SubmitReply { version: 1 }).await?;
        for (reviewer, step) in self.reviewers.iter().zip(ReviewStep::ALL).take(approvals) {
            self.act(reviewer, Act::Approve { step: *step, version: 1 }).await?;
        }
        Ok(())
    }

    async fn give_back(&self, suggested: huiyin_domain::id::UnitId) -> Result<(), Failure> {
        let basis = "按照三定规定，该事项属于土地利用管理职责，建议改派。".to_owned();
        let suggested = Some(suggested);
        self.act(self.handler, Act::RequestReturn { reason: ReturnReason::NotOurDuty, basis, suggested }).await
    }
}

/// Routes the oldest open items and lets the units work on them, so that every stage has some.
pub(super) async fn work(stage: &Stage, people: &People) -> Result<(), Failure> {
    let office = people.actor("office")?;
    let filter = Filter { open: Some(true), ..Filter::default() };
    let oldest = Slice { order: Order::AskedOldest, after: None, limit: WORKED, told: Told::Facts };
    let open = stage.service.list_items(office, &filter, oldest).await?;
    let routed = open.len().saturating_sub(UNROUTED);
    let mut turn = 0_usize;
    for row in open.iter().take(routed) {
        let Some((unit, handler, reviewer)) = desk_for(row) else {
            continue;
        };
        let item: ItemId = row.id.parse()?;
        let assign = Act::Assign { lead: people.unit(unit)?, assisting: BTreeSet::new() };
        stage.pass(1);
        stage.service.act(office, item, assign, None).await?;
        let desk = Desk {
            stage,
            office,
            handler: people.actor(handler)?,
            reviewers: [people.actor(reviewer)?, people.actor("review2")?, people.actor("review3")?],
            item,
        };
        advance(&desk, people, turn).await?;
        turn += 1;
    }
    Ok(())
}

/// How far the item gets depends on its turn.
async fn advance(desk: &Desk<'_>, people: &People, turn: usize) -> Result<(), Failure> {
    match turn % 12 {
        0 => Ok(()),
        1 | 2 => desk.accept().await,
        3 => desk.draft().await,
        4 => desk.review(0).await,
        5 => desk.review(1).await,
        6 => desk.review(2).await,
        7 => desk.review(3).await,
        8 if turn < 24 => desk.give_back(people.unit("liyong")?).await,
        9 if turn < 12 => {
            desk.accept().await?;
            desk.act(desk.handler, Act::Suspend { reason: SuspendReason::ThirdParty }).await
        }
        _ => {
            desk.review(3).await?;
            desk.act(desk.office, Act::Release).await
        }
    }
}

fn desk_for(row: &ItemRow) -> Option<(&'static str, &'static str, &'static str)> {
    let (_, unit) = ROUTES.iter().find(|(word, _)| row.title.contains(word))?;
    STAFFED.iter().find(|(code, _, _)| code == unit).copied()
}
