//! Items 件: one of them, and the list.

use std::sync::OnceLock;

use async_graphql::parser::types::Field;
use async_graphql::{
    Context, ContextSelectionSet, Description, Enum, ID, Lookahead, Object, ScalarType as _, SelectionField,
    SimpleObject, Value,
};
use huiyin_domain::id::ItemId;
use huiyin_domain::item;

use super::connection::{Connection, QUESTION, bad_cursor, decode_cursor, encode_cursor, page_size, weight};
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::filter::ItemFilter;
use super::item_detail::{
    AnswerAtSource, Attachment, Deadline, Holding, MessageVersion, Note, Reply, Review, replies_of,
};
use super::item_turn::{PendingExtension, PendingReturn};
use super::ledger::HistoryEntry;
use super::loaders::Loaders;
use super::message::Message;
use super::ready::{Ready, inner};
use super::scalars::{NodeId as _, Time, node};
use super::source::Source;
use super::unit::Unit;
use super::words::Word;
use crate::service::{Service, detail, holding};
use crate::store::item::ItemRow;
use crate::store::item_list::{After, Order, Slice, Told};

/// A unit that is probably meant, and on what grounds. 建议承办单位
#[derive(Debug, SimpleObject)]
pub struct SuggestedUnit {
    /// The unit. 单位
    unit: Unit,
    /// What the source calls it. 源平台写法
    word: String,
    /// How often the office assigned so; zero where the source writes the unit's own name. 派单次数
    uses: i64,
}

/// The accountable unit of work made from one message: it is owed one answer. 件
#[derive(Debug, Description)]
pub struct Item {
    row: ItemRow,
    state: OnceLock<item::Item>,
}

impl Item {
    /// An item that a reading use case has shown to the viewer.
    pub const fn new(row: ItemRow) -> Self {
        Self { row, state: OnceLock::new() }
    }

    fn state(&self) -> ApiResult<&item::Item> {
        if let Some(state) = self.state.get() {
            return Ok(state);
        }
        let state = detail::state_of(&self.row)?;
        Ok(self.state.get_or_init(|| state))
    }
}

#[Object(use_type_description)]
impl Item {
    /// Its id. 编号（系统）
    async fn id(&self) -> ID {
        node("item", &self.row.id)
    }

    /// Dense number in the order of arrival. 件号
    async fn number(&self) -> i64 {
        self.row.number
    }

    /// The subject line of the newest version of the message. 标题
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Where it stands. 阶段
    async fn stage(&self) -> Word {
        Word::stage(&self.row.stage)
    }

    /// What it waits for; null once nobody owes it anything. 待办
    async fn task(&self) -> Option<Word> {
        self.row.task.as_deref().map(Word::task)
    }

    /// What the citizen wants. 诉求类型
    async fn request_type(&self) -> Word {
        Word::request_type(&self.row.request_type)
    }

    /// The channel it came through. 渠道
    async fn source(&self, ctx: &Context<'_>) -> ApiResult<Option<Source>> {
        Ok(ctx.loaders()?.source(&self.row.source_id).await?.map(|row| Source::new(&row)))
    }

    /// The unit that has to answer. 主办单位
    async fn lead_unit(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        let Some(id) = &self.row.lead_unit_id else { return Ok(None) };
        Ok(ctx.loaders()?.unit(id).await?.map(Unit::new))
    }

    /// The unit that the source probably means, by what the office assigned before or else by its name: a suggestion, for a
    /// person to decide. 建议承办单位
    async fn suggested_unit(&self, ctx: &Context<'_>) -> ApiResult<Option<SuggestedUnit>> {
        let loaders = ctx.loaders()?;
        let Some(found) = loaders.suggested_unit(&self.row.message_id).await? else { return Ok(None) };
        let unit = loaders.unit(&found.unit).await?;
        Ok(unit.map(|unit| SuggestedUnit { unit: Unit::new(unit), word: found.word, uses: found.uses }))
    }

    /// The units that help. 协办单位
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn assisting_units(&self, ctx: &Context<'_>) -> ApiResult<Vec<Unit>> {
        let ids = self.state()?.assisting.iter().map(ToString::to_string);
        Ok(ctx.loaders()?.units(ids).await?.into_iter().map(Unit::new).collect())
    }

    /// When the citizen wrote; where the source does not tell, when it arrived. 来件时间
    async fn asked_at(&self) -> Time {
        Time::from_micros(self.row.asked_at)
    }

    /// When it arrived here. 接收时间
    async fn received_at(&self) -> Time {
        Time::from_micros(self.row.received_at)
    }

    /// When the answer is due: from this instant on it is late. Null while the clock stands still. 到期时间
    async fn due_at(&self) -> Option<Time> {
        self.row.due_at.map(Time::from_micros)
    }

    /// Whether the due date lies in a year whose holiday notice is not loaded. 暂估
    async fn due_provisional(&self) -> bool {
        self.row.due_provisional
    }

    /// Whether it is open and its due time has passed. 超期
    async fn overdue(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(is_overdue(&self.row, ctx.service()?))
    }

    /// When it was answered. 答复时间
    async fn replied_at(&self) -> Option<Time> {
        self.row.replied_at.map(Time::from_micros)
    }

    /// Whether the citizen is still owed an answer by work on this item. 未结
    async fn open(&self) -> bool {
        self.row.open
    }

    /// The first item with the very same text; null when this is the first, or the viewer may not see it. 重复自
    async fn repeat_of(&self, ctx: &Context<'_>) -> ApiResult<Option<Item>> {
        let Some(id) = &self.row.repeat_of else { return Ok(None) };
        Ok(ctx.loaders()?.item(id).await?.map(Self::new))
    }

    /// The number of events so far: hand it back as `expectedRevision`. 修订号
    async fn revision(&self) -> i64 {
        self.row.revision
    }

    /// What the viewer may do with it now. 可以进行的操作
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn available_acts(&self, ctx: &Context<'_>) -> ApiResult<Vec<Word>> {
        let acts = ctx.service()?.possible_acts(ctx.actor()?, self.state()?)?;
        Ok(acts.into_iter().map(|act| Word::new(act.code(), act.label())).collect())
    }

    /// The review its reply waits for. 待审环节
    async fn awaited_review(&self) -> ApiResult<Option<Word>> {
        Ok(self.state()?.awaited_review().map(Word::from))
    }

    /// The return that waits for a decision. 待定的退单
    async fn pending_return(&self) -> ApiResult<Option<PendingReturn>> {
        Ok(self.state()?.pending_return.map(PendingReturn::new))
    }

    /// The extension that waits for a decision. 待批的延期
    async fn pending_extension(&self) -> ApiResult<Option<PendingExtension>> {
        Ok(self.state()?.extension_pending.map(PendingExtension::from))
    }

    /// The item whose answer is this citizen's answer too; null when it is not merged, or the viewer may not see that one.
    /// 主件
    async fn merged_into(&self, ctx: &Context<'_>) -> ApiResult<Option<Item>> {
        let Some(id) = self.state()?.merged_into else { return Ok(None) };
        Ok(ctx.loaders()?.item(&id.to_string()).await?.map(Self::new))
    }

    /// The message it was made from, as its source shows it. 来件
    async fn message(&self, ctx: &Context<'_>) -> ApiResult<Option<Message>> {
        Ok(ctx.loaders()?.message(&self.row.message_id).await?.map(Message::new))
    }

    /// The newest version of the message. Personal. 来件
    async fn question(&self, ctx: &Context<'_>) -> ApiResult<Option<MessageVersion>> {
        Ok(ctx.loaders()?.newest_version(&self.row.message_id).await?.map(MessageVersion::new))
    }

    /// All versions of the message that the source has shown, oldest first. Personal. 来件各版本
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn question_versions(&self, ctx: &Context<'_>) -> ApiResult<Vec<MessageVersion>> {
        let versions = Box::pin(ctx.service()?.message_versions(&self.row)).await?;
        Ok(versions.into_iter().map(MessageVersion::new).collect())
    }

    /// Pictures and documents of the message, in their order. Personal. 附件
    #[graphql(complexity = "5 + child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> ApiResult<Vec<Attachment>> {
        let rows = Box::pin(ctx.service()?.attachments(&self.row)).await?;
        Ok(rows.into_iter().map(Attachment::new).collect())
    }

    /// Whether the writer asked that the message be not made public. 要求不公开
    async fn confidential(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(Box::pin(ctx.service()?.is_confidential(&self.row)).await?)
    }

    /// The answer that the source shows. 源平台答复
    async fn answer_at_source(&self, ctx: &Context<'_>) -> ApiResult<Option<AnswerAtSource>> {
        let version = ctx.loaders()?.newest_version(&self.row.message_id).await?;
        Ok(version.filter(|version| !version.reply.is_empty()).map(AnswerAtSource::new))
    }

    /// The replies written here, with their drafts in versions, oldest first. 答复稿
    #[graphql(complexity = "5 + 2 * child_complexity")]
    async fn replies(&self, ctx: &Context<'_>) -> ApiResult<Vec<Reply>> {
        let drafts = Box::pin(ctx.service()?.drafts(&self.row)).await?;
        Ok(replies_of(self.state()?, drafts))
    }

    /// The approvals of the present reply, in the order of the reviews. 审核
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn reviews(&self) -> ApiResult<Vec<Review>> {
        let reply = self.state()?.reply.as_ref();
        Ok(reply.map_or_else(Vec::new, |reply| reply.approvals.iter().copied().map(Review::new).collect()))
    }

    /// What was said about it: the basis of a return, what a reviewer wants changed. 办理说明
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn notes(&self, ctx: &Context<'_>) -> ApiResult<Vec<Note>> {
        Ok(Box::pin(ctx.service()?.notes(&self.row)).await?.into_iter().map(Note::new).collect())
    }

    /// When the answer is due at every level, and the day-by-day count of each; null when no rule applies. 时限说明
    #[graphql(complexity = "5 + child_complexity")]
    async fn deadline(&self, ctx: &Context<'_>) -> ApiResult<Option<Deadline>> {
        Ok(ctx.service()?.deadline(self.state()?)?.map(Deadline::new))
    }

    /// Who held it from when to when; together they cover the whole time from arrival to answer. 责任时段
    #[graphql(complexity = "5 + 10 * child_complexity")]
    async fn holders(&self, ctx: &Context<'_>) -> ApiResult<Vec<Holding>> {
        let id: ItemId = ItemId::from_node(&node("item", &self.row.id))?;
        let history = Box::pin(ctx.service()?.item_history(ctx.actor()?, id)).await?;
        Ok(holding::holdings(&history)?.into_iter().map(Holding::new).collect())
    }

    /// Everything that happened to it, from its ledger. 办理过程
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn history(&self, ctx: &Context<'_>) -> ApiResult<Vec<HistoryEntry>> {
        let id: ItemId = ItemId::from_node(&node("item", &self.row.id))?;
        let history = Box::pin(ctx.service()?.item_history(ctx.actor()?, id)).await?;
        Ok(history.into_iter().map(HistoryEntry::new).collect())
    }

    /// The exact repeats of it that the viewer may see, oldest first, at most a hundred. 重复件
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn repeats(&self, ctx: &Context<'_>) -> ApiResult<Vec<Item>> {
        let rows = Box::pin(ctx.service()?.repeats(ctx.actor()?, &self.row)).await?;
        Ok(rows.into_iter().map(Self::new).collect())
    }
}

fn is_overdue(row: &ItemRow, service: &Service) -> bool {
    row.open && row.due_at.is_some_and(|due| due < service.now().as_micros())
}

impl Ready for Item {
    fn ready(&self, ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value> {
        let row = &self.row;
        let names = || ctx.data_opt::<Loaders>().and_then(Loaders::known_names);
        let time = |micros| Time::from_micros(micros).to_value();
        match field.name.node.as_str() {
            "id" => Some(Value::from(node("item", &row.id).0)),
            "number" => Some(Value::from(row.number)),
            "title" => Some(Value::from(row.title.as_str())),
            "stage" => inner(&Word::stage(&row.stage), ctx, field),
            "task" => match &row.task {
                Some(code) => inner(&Word::task(code), ctx, field),
                None => Some(Value::Null),
            },
            "requestType" => inner(&Word::request_type(&row.request_type), ctx, field),
            "source" => inner(&Source::new(&*names()?.source(&row.source_id)?), ctx, field),
            "leadUnit" => match &row.lead_unit_id {
                Some(id) => inner(&Unit::new(names()?.unit(id)?), ctx, field),
                None => Some(Value::Null),
            },
            "askedAt" => Some(time(row.asked_at)),
            "receivedAt" => Some(time(row.received_at)),
            "dueAt" => Some(row.due_at.map_or(Value::Null, time)),
            "dueProvisional" => Some(Value::from(row.due_provisional)),
            "overdue" => ctx.data_opt::<Service>().map(|service| Value::from(is_overdue(row, service))),
            "repliedAt" => Some(row.replied_at.map_or(Value::Null, time)),
            "open" => Some(Value::from(row.open)),
            "revision" => Some(Value::from(row.revision)),
            _ => None,
        }
    }
}

/// In which order items are listed. 排序
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum ItemOrder {
    /// Newest message first. 最新来件在前
    #[default]
    AskedNewest,
    /// Oldest message first. 最早来件在前
    AskedOldest,
    /// What is due first; items without a due date, and, unless asked for, settled ones are left out. 先到期在前
    DueFirst,
}

impl ItemOrder {
    const fn order(self) -> Order {
        match self {
            Self::AskedNewest => Order::AskedNewest,
            Self::AskedOldest => Order::AskedOldest,
            Self::DueFirst => Order::DueFirst,
        }
    }

    /// What binds a cursor to this order.
    const fn tag(self) -> &'static str {
        match self {
            Self::AskedNewest => "asked_newest",
            Self::AskedOldest => "asked_oldest",
            Self::DueFirst => "due_first",
        }
    }

    const fn place(self, row: &ItemRow) -> i64 {
        match (self, row.due_at) {
            (Self::DueFirst, Some(due)) => due,
            _ => row.asked_at,
        }
    }
}

/// Fields that are told by columns alone.
const FACTS: &[&str] = &[
    "__typename",
    "id",
    "number",
    "title",
    "stage",
    "task",
    "requestType",
    "source",
    "leadUnit",
    "askedAt",
    "receivedAt",
    "dueAt",
    "dueProvisional",
    "overdue",
    "repliedAt",
    "open",
    "revision",
    "message",
    "question",
    "answerAtSource",
    "repeatOf",
];

/// Whether the nodes of a list are asked for nothing that their state has to tell.
fn facts_suffice(node: &Lookahead<'_>) -> bool {
    let nodes = node.selection_fields();
    nodes.iter().flat_map(SelectionField::selection_set).all(|field| FACTS.contains(&field.name()))
}

/// Queries about items.
#[derive(Debug, Default)]
pub struct ItemQuery;

#[Object]
impl ItemQuery {
    /// The items the viewer may see, a page at a time. 件列表
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which items. 筛选")] filter: Option<ItemFilter>,
        #[graphql(default, desc = "In which order. 排序")] order: ItemOrder,
        #[graphql(desc = "How many, at most 100; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor of a page in the same order. 翻页位置")] after: Option<String>,
    ) -> ApiResult<Connection<Item>> {
        let actor = ctx.signed_in()?;
        let service = ctx.service()?;
        let size = page_size(first)?;
        let filter = service.list_filter(actor, &filter.unwrap_or_default().into_list()?);
        let after = after.map(|text| decode_cursor(order.tag(), &text)).transpose()?;
        let after = after.map(|[at, number]| After { at, number });
        let limit = i64::try_from(size + 1).map_err(|_| bad_cursor())?;
        let node = ctx.look_ahead().field("edges").field("node");
        let told = if facts_suffice(&node) { Told::Facts } else { Told::Whole };
        let slice = Slice { order: order.order(), after, limit, told };
        let rows = service.list_items(actor, &filter, slice).await?;
        let total = if ctx.look_ahead().field("totalCount").exists() {
            Some(service.count_items(actor, &filter).await?)
        } else {
            None
        };
        ctx.loaders()?.prime(&rows, &node).await?;
        let cursor = |row: &ItemRow| encode_cursor(order.tag(), [order.place(row), row.number]);
        Ok(Connection::new(rows, size, total, cursor, Item::new))
    }

    /// One item; null when there is none or the viewer may not see it. 按编号查件
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn item(
        &self, ctx: &Context<'_>, #[graphql(desc = "`item:UUID`. 编号")] id: ID
    ) -> ApiResult<Option<Item>> {
        let actor = ctx.signed_in()?;
        Ok(ctx.service()?.item(actor, ItemId::from_node(&id)?).await?.map(Item::new))
    }

    /// One item by its number; null when there is none or the viewer may not see it. 按件号查件
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn item_by_number(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dense number. 件号")] number: i64,
    ) -> ApiResult<Option<Item>> {
        let actor = ctx.signed_in()?;
        Ok(ctx.service()?.item_by_number(actor, number).await?.map(Item::new))
    }
}
