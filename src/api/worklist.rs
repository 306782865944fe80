//! The home of each role: every number with the list that it counts.

use async_graphql::{Context, Description, Object, SimpleObject};
use huiyin_domain::deadline::DueWindow;

use super::connection::QUESTION;
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::scalars::{Date, Time};
use super::unit::Unit;
use super::words::Word;
use crate::service::list::ListQuery;
use crate::service::worklist as service;

/// A number, and the list that it counts. 件数
#[derive(Debug, SimpleObject)]
pub struct ListCount {
    /// How many. 件数
    count: u64,
    /// The query string of the list that shows them: `/desk/items?` and this. 列表地址
    query: String,
}

impl ListCount {
    fn new(count: u64, list: &ListQuery) -> Self {
        Self { count, query: list.to_query() }
    }
}

/// A kind of work, and how much of it there is. 一类待办
#[derive(Debug, Description)]
pub struct WorklistEntry(service::Entry);

#[Object(use_type_description)]
impl WorklistEntry {
    /// What it is. 待办
    async fn kind(&self) -> Word {
        Word::new(self.0.code, self.0.label)
    }

    /// All of it. 合计
    async fn total(&self) -> ListCount {
        ListCount::new(self.0.load.total, &self.0.list_within(None))
    }

    /// What is late. 超期
    async fn overdue(&self) -> ListCount {
        self.within(DueWindow::Overdue)
    }

    /// What is due by the end of today. 今日到期
    async fn due_today(&self) -> ListCount {
        self.within(DueWindow::Today)
    }

    /// What is due after today, by the end of the third working day. 三个工作日内到期
    async fn due_soon(&self) -> ListCount {
        self.within(DueWindow::Soon)
    }

    /// When the citizen wrote who waits longest; null when there is none. 最早来件
    async fn oldest_asked_at(&self) -> Option<Time> {
        self.0.load.oldest_asked_at.map(Time)
    }
}

impl WorklistEntry {
    fn within(&self, window: DueWindow) -> ListCount {
        ListCount::new(self.0.load.within(Some(window)), &self.0.list_within(Some(window)))
    }
}

/// What one unit has in hand. 在谁手里
#[derive(Debug, Description)]
pub struct UnitLoad(service::UnitLoad);

#[Object(use_type_description)]
impl UnitLoad {
    /// The unit; null for what no unit leads yet. 单位
    async fn unit(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        let Some(id) = self.0.unit else { return Ok(None) };
        Ok(ctx.loaders()?.unit(&id.to_string()).await?.map(Unit::new))
    }

    /// All it has in hand. 在办
    async fn open(&self) -> ListCount {
        ListCount::new(self.0.load.total, &self.0.list_within(None))
    }

    /// What is due by the end of today. 今日到期
    async fn due_today(&self) -> ListCount {
        self.within(DueWindow::Today)
    }

    /// What is late. 超期
    async fn overdue(&self) -> ListCount {
        self.within(DueWindow::Overdue)
    }
}

impl UnitLoad {
    fn within(&self, window: DueWindow) -> ListCount {
        ListCount::new(self.0.load.within(Some(window)), &self.0.list_within(Some(window)))
    }
}

/// How many stand in one stage. 分阶段计数
#[derive(Debug, SimpleObject)]
pub struct StageCount {
    /// The stage. 阶段
    stage: Word,
    /// How many. 个数
    count: u64,
    /// Whether it is the viewer's turn. 轮到我
    mine: bool,
}

impl From<service::StageCount> for StageCount {
    fn from(counted: service::StageCount) -> Self {
        Self { stage: Word::new(counted.code, counted.label), count: counted.count, mine: counted.mine }
    }
}

/// The home of one person: what waits, what is late, in whose hands it is. 工作台
#[derive(Debug, SimpleObject)]
pub struct Worklist {
    /// As of when. 截至
    at: Time,
    /// That day in China. 日期
    today: Option<Date>,
    /// All that waits for the viewer. 待我处理
    mine: WorklistEntry,
    /// All open items that the viewer may see. 未办结
    in_sight: WorklistEntry,
    /// The parts of what waits, and what the viewer's unit helps with, in the order of work; those with nothing in them too. 分类
    #[graphql(complexity = "12 * child_complexity")]
    entries: Vec<WorklistEntry>,
    /// In whose hands what the viewer answers for is: the most overdue first. 在谁手里
    #[graphql(complexity = "50 * child_complexity")]
    units: Vec<UnitLoad>,
    /// Monthly issues by stage, for those who work on them. 热点咨询
    #[graphql(complexity = "5 * child_complexity")]
    issues: Vec<StageCount>,
    /// Entries that are not public in their newest text, by stage, for those who work on them. 条目
    #[graphql(complexity = "4 * child_complexity")]
    issue_entries: Vec<StageCount>,
}

/// Queries about what waits.
#[derive(Debug, Default)]
pub struct WorklistQuery;

#[Object]
impl WorklistQuery {
    /// What waits for the viewer, what is late, and in whose hands it is. 工作台
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn worklist(&self, ctx: &Context<'_>) -> ApiResult<Worklist> {
        let worklist = ctx.service()?.worklist(ctx.signed_in()?).await?;
        Ok(Worklist {
            at: Time(worklist.at),
            today: worklist.at.date().map(Date),
            mine: WorklistEntry(worklist.mine),
            in_sight: WorklistEntry(worklist.in_sight),
            entries: worklist.entries.into_iter().map(WorklistEntry).collect(),
            units: worklist.units.into_iter().map(UnitLoad).collect(),
            issues: worklist.issues.into_iter().map(StageCount::from).collect(),
            issue_entries: worklist.issue_entries.into_iter().map(StageCount::from).collect(),
        })
    }
}
