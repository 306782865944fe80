//! What one item shows when it is opened.

use async_graphql::{Context, Description, ID, Object, SimpleObject};
use huiyin_domain::access::ReviewStep;
use huiyin_domain::deadline::{self, explain_zh};
use huiyin_domain::item;
use huiyin_domain::privacy::{mask_contact, mask_name};

use super::context::ContextExt as _;
use super::error::ApiResult;
use super::ledger::{Person, person};
use super::scalars::{Date, Time, node};
use super::unit::Unit;
use super::words::Word;
use crate::service::holding::{self, Holder};
use crate::store::attachment::AttachmentRow;
use crate::store::item::{NoteRow, ReplyRow};
use crate::store::message::VersionRow;

/// One version of a message, as the source showed it. Personal. 来件的一个版本
#[derive(Debug, SimpleObject)]
pub struct MessageVersion {
    /// From one. 版本
    version: i64,
    /// When this version was first seen. 首次见到
    first_seen_at: Time,
    /// The subject line. 标题
    title: String,
    /// What the citizen wrote. 正文
    body: String,
    /// Who wrote, as the source shows it. Personal. 来件人
    author: String,
    /// How to reach them, as the source shows it. Personal. 联系方式
    contact: String,
    /// Who wrote, with all but the first character hidden. 来件人（遮掩）
    masked_author: String,
    /// How to reach them, with the middle hidden. 联系方式（遮掩）
    masked_contact: String,
    /// Where it happened, as the source shows it. Personal. 地址
    address: String,
    /// When the citizen wrote; null when the source does not tell. 来件时间
    asked_at: Option<Time>,
}

impl MessageVersion {
    /// Of a message the viewer may see.
    pub fn new(row: VersionRow) -> Self {
        Self {
            version: row.version,
            first_seen_at: Time::from_micros(row.first_seen_at),
            title: row.title,
            body: row.body,
            masked_author: mask_name(&row.author),
            masked_contact: mask_contact(&row.contact),
            author: row.author,
            contact: row.contact,
            address: row.address,
            asked_at: row.asked_at.map(Time::from_micros),
        }
    }
}

/// A picture or document of a message. Personal. 附件
#[derive(Debug, SimpleObject)]
pub struct Attachment {
    /// Its id. 编号
    id: ID,
    /// The name of the file. 文件名
    name: String,
    /// What it is, told by its bytes; empty while they are not here. 类型
    media_type: String,
    /// Its size; zero while it is not here. 字节数
    bytes: i64,
    /// Whether its bytes are here: stored, listed, refused or missing. 状态
    state: Word,
    /// Why they are not; null otherwise. 原因
    problem: Option<String>,
    /// Where it is downloaded; null while its bytes are not here. 下载地址
    address: Option<String>,
}

impl Attachment {
    /// Of a message the viewer may see.
    pub fn new(row: AttachmentRow) -> Self {
        let is_stored = row.stage == "stored";
        let label = match row.stage.as_str() {
            "stored" => "已收存",
            "listed" => "已登记",
            "refused" => "未收存",
            _ => "缺失",
        };
        Self {
            id: node("attachment", &row.id),
            address: is_stored.then(|| format!("/desk/attachments/{}", row.id)),
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            state: Word::new(&row.stage, label),
            problem: (!row.problem.is_empty()).then_some(row.problem),
        }
    }
}

/// The answer that the source shows. 源平台答复
#[derive(Debug, SimpleObject)]
pub struct AnswerAtSource {
    /// The answer. 答复内容
    text: String,
    /// Who answered, as the source shows it. 答复单位
    unit: String,
    /// When; null when the source does not tell. 答复时间
    replied_at: Option<Time>,
}

impl AnswerAtSource {
    /// Out of the newest version of a message.
    pub fn new(row: VersionRow) -> Self {
        Self { text: row.reply, unit: row.reply_unit, replied_at: row.replied_at.map(Time::from_micros) }
    }
}

/// A reply with its drafts. 答复
#[derive(Debug, SimpleObject)]
pub struct Reply {
    /// Its id. 编号
    id: ID,
    /// Whether it is the one being written, or the one that was released. 当前
    current: bool,
    /// Whether it was handed over to the citizen. 已签发
    released: bool,
    /// The drafts, oldest first. 各版本
    #[graphql(complexity = "5 * child_complexity")]
    versions: Vec<Draft>,
}

/// Groups drafts by reply.
pub fn replies_of(state: &item::Item, drafts: Vec<ReplyRow>) -> Vec<Reply> {
    let current = state.reply.as_ref().map(|reply| reply.id.to_string());
    let released = state.stage.is_answered() && !state.answered_at_source;
    let mut replies: Vec<(String, Reply)> = Vec::new();
    for row in drafts {
        let reply_id = row.reply_id.clone();
        let draft = Draft::new(row);
        if let Some((_, reply)) = replies.iter_mut().find(|(id, _)| *id == reply_id) {
            reply.versions.push(draft);
            continue;
        }
        let is_current = current.as_ref() == Some(&reply_id);
        let id = node("reply", &reply_id);
        let reply = Reply { id, current: is_current, released: is_current && released, versions: vec![draft] };
        replies.push((reply_id, reply));
    }
    replies.into_iter().map(|(_, reply)| reply).collect()
}

/// One version of a reply. 答复稿
#[derive(Debug, Description)]
pub struct Draft(ReplyRow);

impl Draft {
    const fn new(row: ReplyRow) -> Self {
        Self(row)
    }
}

#[Object(use_type_description)]
impl Draft {
    /// From one: hand it in when submitting or approving. 版本
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The text. 内容
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Who wrote it. 起草人
    async fn author(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.0.actor).await
    }

    /// When. 时间
    async fn at(&self) -> Time {
        Time::from_micros(self.0.at)
    }
}

/// An approval of the present reply. 审核通过
#[derive(Debug, Description)]
pub struct Review(item::Approval);

impl Review {
    /// Of a visible item's reply.
    pub const fn new(approval: item::Approval) -> Self {
        Self(approval)
    }
}

#[Object(use_type_description)]
impl Review {
    /// Which review. 环节
    async fn step(&self) -> Word {
        self.0.step.into()
    }

    /// Who approved. 审核人
    async fn reviewer(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &format!("account:{}", self.0.account)).await
    }

    /// When. 时间
    async fn at(&self) -> Time {
        Time(self.0.at)
    }
}

/// What somebody said about an item. 办理说明
#[derive(Debug, Description)]
pub struct Note(NoteRow);

impl Note {
    /// Of a visible item.
    pub const fn new(row: NoteRow) -> Self {
        Self(row)
    }
}

#[Object(use_type_description)]
impl Note {
    /// What it was said for: the kind of the ledger entry. 事由
    async fn kind(&self) -> Word {
        super::ledger::kind_word(&self.0.kind)
    }

    /// The text. 内容
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Who said it. 说明人
    async fn author(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.0.actor).await
    }

    /// When. 时间
    async fn at(&self) -> Time {
        Time::from_micros(self.0.at)
    }
}

/// Who held an item from when to when. 责任时段
#[derive(Debug, Description)]
pub struct Holding(holding::Holding);

impl Holding {
    /// Of a visible item.
    pub const fn new(holding: holding::Holding) -> Self {
        Self(holding)
    }
}

#[Object(use_type_description)]
impl Holding {
    /// In whose hand: office, unit, reviewer, or nobody's during an approved pause. 责任方
    async fn holder(&self) -> Word {
        match self.0.holder {
            Holder::Office => Word::new("office", "办公室"),
            Holder::Unit(_) => Word::new("unit", "主办单位"),
            Holder::Reviewer(ReviewStep::First) => Word::new("reviewer_first", "一审人"),
            Holder::Reviewer(ReviewStep::Second) => Word::new("reviewer_second", "二审人"),
            Holder::Reviewer(ReviewStep::Third) => Word::new("reviewer_third", "三审人"),
            Holder::Pause => Word::new("pause", "批准挂起"),
        }
    }

    /// The unit, when it is one. 责任单位
    async fn unit(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        let Holder::Unit(id) = self.0.holder else { return Ok(None) };
        Ok(ctx.loaders()?.unit(&id.to_string()).await?.map(Unit::new))
    }

    /// From when. 自
    async fn from(&self) -> Time {
        Time(self.0.from)
    }

    /// Until when; null while it goes on. 至
    async fn to(&self) -> Option<Time> {
        self.0.to.map(Time)
    }
}

/// When the answer is due. 时限说明
#[derive(Debug, SimpleObject)]
pub struct Deadline {
    /// The instant from which on it is late: the earliest of all levels. 到期时间
    due_at: Time,
    /// Whether that lies in a year whose holiday notice is not loaded. 暂估
    provisional: bool,
    /// All levels that set a limit, from the highest. 各级时限
    #[graphql(complexity = "4 * child_complexity")]
    levels: Vec<DeadlineLevel>,
}

/// The limit one level sets. 一级时限
#[derive(Debug, SimpleObject)]
pub struct DeadlineLevel {
    /// Whose rule: 法定 by law, 考核 what the bureau is scored on, 内控 its own promise. 层级
    level: Word,
    /// Whether it is the one that binds. 以此为准
    binding: bool,
    /// The rule. 规则
    rule: String,
    /// Its version. 规则版本
    rule_version: u32,
    /// What it rests on. 依据
    basis: String,
    /// The limit, such as 5个工作日. 时限
    limit: String,
    /// When the clock started. 起算
    starts_at: Time,
    /// The instant from which on it is late. 到期时间
    due_at: Time,
    /// The last day in time. 最后一日
    due_date: Date,
    /// The due time as a person writes it. 到期（文字）
    due_text: String,
    /// Whether a day that decided something lies in a year whose holiday notice is not loaded. 暂估
    provisional: bool,
    /// The version of the calendar that was asked. 日历版本
    calendar: String,
    /// Every day from the day after the start to the due day. 逐日计数
    #[graphql(complexity = "20 * child_complexity")]
    days: Vec<DeadlineDay>,
    /// The count in words. 计数说明
    explanation: String,
}

/// One day of a count. 计数的一日
#[derive(Debug, SimpleObject)]
pub struct DeadlineDay {
    /// The day. 日期
    date: Date,
    /// Whether it used up the limit. 计入
    counts: bool,
    /// Why. 理由
    why: String,
}

impl Deadline {
    /// Of a visible item.
    pub fn new(effective: deadline::Effective) -> Self {
        let binding = effective.binding.rule.clone();
        Self {
            due_at: Time(effective.binding.proof.due),
            provisional: effective.binding.proof.provisional,
            levels: effective
                .levels
                .into_iter()
                .map(|level| {
                    let binds = level.rule == binding;
                    DeadlineLevel::new(level, binds)
                })
                .collect(),
        }
    }
}

impl DeadlineLevel {
    fn new(level: deadline::LevelDeadline, binding: bool) -> Self {
        let deadline::LevelDeadline { rule, proof } = level;
        let days = proof.counted.iter().map(|day| DeadlineDay {
            date: Date(day.date),
            counts: day.counts,
            why: day.why.to_string(),
        });
        Self {
            level: Word::new(rule.level.code(), rule.level.zh()),
            binding,
            rule: rule.id,
            rule_version: rule.version,
            basis: rule.legal_basis,
            limit: proof.limit.zh(),
            starts_at: Time(proof.start),
            due_at: Time(proof.due),
            due_date: Date(proof.due_date),
            due_text: proof.due_text(),
            provisional: proof.provisional,
            calendar: proof.calendar_version.clone(),
            days: days.collect(),
            explanation: explain_zh(&proof),
        }
    }
}
