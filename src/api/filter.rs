//! The filter of lists and searches, and the variables of a list page's document.

use async_graphql::{ID, InputObject, InputType as _, Name, Value, Variables};
use huiyin_domain::id::UnitId;
use huiyin_domain::{deadline, item};

use super::error::ApiResult;
use super::scalars::{NodeId as _, Time, node};
use super::words::{DueWindow, RequestType, Stage, Task};
use crate::search::Period;
use crate::service::list::{ListFilter, ListOrder, ListQuery};

/// Which items to show. Values of one list are alternatives, the fields hold together; what is left out restricts nothing.
/// 筛选
#[derive(Debug, Default, InputObject)]
pub struct ItemFilter {
    /// Ids of sources. 渠道
    #[graphql(default)]
    pub sources: Vec<String>,
    /// Lead units. 主办单位
    #[graphql(default)]
    pub lead_units: Vec<ID>,
    /// A unit that assists. 协办单位
    pub assisting_unit: Option<ID>,
    /// Stages. 阶段
    #[graphql(default)]
    pub stages: Vec<Stage>,
    /// Request types. 诉求类型
    #[graphql(default)]
    pub request_types: Vec<RequestType>,
    /// What the items wait for. 待办
    #[graphql(default)]
    pub tasks: Vec<Task>,
    /// Only what waits for the viewer: what their roles let them do on it now. 待我处理
    #[graphql(default)]
    pub waiting_for_me: bool,
    /// Only open (true), or only settled (false) items. 是否未结
    pub open: Option<bool>,
    /// Only items that are overdue now. 只看超期
    #[graphql(default)]
    pub overdue: bool,
    /// Only open items whose due time is this near. 到期远近
    pub due_window: Option<DueWindow>,
    /// Asked at this time or later. 来件时间自
    pub asked_from: Option<Time>,
    /// Asked before this time. 来件时间至（不含）
    pub asked_to: Option<Time>,
    /// Due at this time or later. 到期时间自
    pub due_from: Option<Time>,
    /// Due before this time. 到期时间至（不含）
    pub due_to: Option<Time>,
    /// Answered at this time or later. 答复时间自
    pub replied_from: Option<Time>,
    /// Answered before this time. 答复时间至（不含）
    pub replied_to: Option<Time>,
}

impl ItemFilter {
    /// As the use cases read it.
    pub(super) fn into_list(self) -> ApiResult<ListFilter> {
        let period = |from: Option<Time>, until: Option<Time>| Period {
            from: from.map(|time| time.0),
            until: until.map(|time| time.0),
        };
        Ok(ListFilter {
            lead_units: UnitId::from_nodes(&self.lead_units)?,
            assisting: self.assisting_unit.as_ref().map(UnitId::from_node).transpose()?,
            sources: self.sources,
            stages: self.stages.into_iter().map(item::Stage::from).collect(),
            request_types: self.request_types.into_iter().map(item::RequestType::from).collect(),
            tasks: self.tasks.into_iter().map(item::Task::from).collect(),
            waiting_for_me: self.waiting_for_me,
            open: self.open,
            overdue: self.overdue,
            due_window: self.due_window.map(deadline::DueWindow::from),
            asked: period(self.asked_from, self.asked_to),
            due: period(self.due_from, self.due_to),
            replied: period(self.replied_from, self.replied_to),
        })
    }
}

impl From<&ListQuery> for ItemFilter {
    fn from(query: &ListQuery) -> Self {
        let ListFilter { asked, due, replied, .. } = query.filter();
        let unit = |unit: &UnitId| node(UnitId::KIND, &unit.to_string());
        Self {
            sources: query.sources.iter().cloned().collect(),
            lead_units: query.lead_units.iter().map(unit).collect(),
            assisting_unit: query.assisting.as_ref().map(unit),
            stages: query.stages.iter().copied().map(Stage::from).collect(),
            request_types: query.request_types.iter().copied().map(RequestType::from).collect(),
            tasks: query.tasks.iter().copied().map(Task::from).collect(),
            waiting_for_me: query.waiting_for_me,
            open: query.open,
            overdue: false,
            due_window: query.due_window.map(DueWindow::from),
            asked_from: asked.from.map(Time),
            asked_to: asked.until.map(Time),
            due_from: due.from.map(Time),
            due_to: due.until.map(Time),
            replied_from: replied.from.map(Time),
            replied_to: replied.until.map(Time),
        }
    }
}

/// The variables of a document that shows a list: `$filter`, `$text`, `$order` (of `items`) and `$sort` (of `search`).
pub fn list_variables(query: &ListQuery) -> Variables {
    let order = query.effective_order();
    let of_items = match order {
        ListOrder::Newest | ListOrder::Match => "ASKED_NEWEST",
        ListOrder::Oldest => "ASKED_OLDEST",
        ListOrder::Due => "DUE_FIRST",
    };
    let of_search = match order {
        ListOrder::Newest => "NEWEST_FIRST",
        ListOrder::Oldest => "OLDEST_FIRST",
        ListOrder::Due => "DUE_FIRST",
        ListOrder::Match => "RELEVANCE",
    };
    let mut variables = Variables::default();
    for (name, value) in [
        ("filter", ItemFilter::from(query).to_value()),
        ("text", Value::from(query.text.as_str())),
        ("order", Value::Enum(Name::new(of_items))),
        ("sort", Value::Enum(Name::new(of_search))),
    ] {
        variables.insert(Name::new(name), value);
    }
    variables
}
