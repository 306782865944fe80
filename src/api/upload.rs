//! Import by upload 上传导入: what was uploaded, how it would be taken, and what its import came to.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use huiyin_domain::id::UploadId;

use super::connection::{Connection, QUESTION, decode_text_cursor, encode_text_cursor, page_size, weight};
use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult};
use super::ledger::{Person, person};
use super::payload::{Outcome, Status, UserError};
use super::ready::Ready;
use super::scalars::{NodeId as _, Time, node};
use super::source::Pull;
use super::words::Word;
use crate::intake::{Match, Record, RowOutcome, SheetSummary, sign_label};
use crate::service::upload::Preview;
use crate::store::source::PullRow;
use crate::store::upload::UploadRow;

/// The order of uploads, in cursors.
const UPLOADS: &str = "uploads";
/// What a preview costs: it reads the whole file.
const PREVIEWING: usize = 5_000;

/// A file uploaded for import. 上传文件
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct Upload {
    #[graphql(skip)]
    row: UploadRow,
    /// Its id. 编号
    id: ID,
    /// The name it had. 文件名
    file_name: String,
    /// What it is by its content: xlsx, xls, ods or text. 类型
    file_kind: String,
    /// Its size in bytes. 大小
    file_bytes: i64,
    /// SM3 of its bytes. 文件摘要
    file_digest: String,
    /// Whether it waits, runs, is imported, failed, was interrupted or discarded. 状态
    state: Word,
    /// The connector it is read with, once one was chosen. 采集配置
    connector: Option<String>,
    /// Why it failed, and what to do. 失败原因
    problem: Option<Word>,
    /// When it was uploaded. 上传时间
    uploaded_at: Time,
    /// When its import ended or it was discarded. 结束时间
    finished_at: Option<Time>,
}

impl Ready for Upload {}

/// How far an import is. 进度
#[derive(Debug, SimpleObject)]
pub struct UploadProgress {
    /// Rows taken. 已处理行数
    done: i64,
    /// Rows in the file; null until they are counted. 总行数
    total: Option<i64>,
    /// From 0 to 100; null until the rows are counted. 百分比
    percent: Option<i64>,
}

impl Upload {
    fn new(row: UploadRow) -> Self {
        let label = match row.stage.as_str() {
            "uploaded" => "待确认",
            "queued" => "排队中",
            "importing" => "导入中",
            "imported" => "已导入",
            "failed" => "失败",
            "interrupted" => "中断",
            "discarded" => "已放弃",
            other => other,
        };
        let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            id: node("upload", &row.id),
            file_name: row.file_name.clone(),
            file_kind: row.file_kind.clone(),
            file_bytes: row.file_bytes,
            file_digest: row.file_digest.clone(),
            state: Word::new(&row.stage, label),
            connector: filled(&row.connector),
            problem: filled(&row.problem_code).map(|code| Word::new(&code, &row.problem)),
            uploaded_at: Time::from_micros(row.uploaded_at),
            finished_at: row.finished_at.map(Time::from_micros),
            row,
        }
    }

    /// The newest pull's row.
    async fn pull(&self, ctx: &Context<'_>) -> ApiResult<Option<PullRow>> {
        match &self.row.pull_id {
            Some(pull) => ctx.loaders()?.pull(pull).await,
            None => Ok(None),
        }
    }
}

#[ComplexObject]
impl Upload {
    /// Who uploaded it. 上传人
    async fn uploaded_by(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.row.actor).await
    }

    /// Its newest pull with the count statement; null before it began. 采集批次和对账单
    async fn statement(&self, ctx: &Context<'_>) -> ApiResult<Option<Pull>> {
        Ok(self.pull(ctx).await?.map(Pull::new))
    }

    /// How far its import is; null before it began. 进度
    async fn progress(&self, ctx: &Context<'_>) -> ApiResult<Option<UploadProgress>> {
        let Some(pull) = self.pull(ctx).await? else { return Ok(None) };
        let (done, total) = (pull.stated, self.row.row_total);
        let percent = total.map(|total| if total == 0 { 100 } else { (done * 100 / total).clamp(0, 100) });
        Ok(Some(UploadProgress { done, total, percent }))
    }

    /// How the file would be taken; refused once it was confirmed or discarded. Nothing is written. 预览
    #[graphql(complexity = "PREVIEWING + 20 * child_complexity")]
    async fn preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Read with this connector; with the best that fits when left out. 采集配置")]
        connector: Option<String>,
    ) -> ApiResult<UploadPreview> {
        let id = self.row.id.parse().map_err(|_| ApiError::internal("a stored upload has no id"))?;
        let preview = ctx.service()?.preview_upload(ctx.signed_in()?, id, connector.as_deref()).await?;
        Ok(UploadPreview::new(preview))
    }
}

/// How a file would be taken. Personal. 导入预览
#[derive(Debug, SimpleObject)]
pub struct UploadPreview {
    /// The connectors that know its header, the best first. 可用的采集配置
    candidates: Vec<ConnectorMatch>,
    /// The connector it was read with; null when none fits and none was chosen. 所用采集配置
    connector: Option<Word>,
    /// Why it cannot be read, or not to its end. 不能读取的原因
    problem: Option<Word>,
    /// Data rows in the file. 行数
    stated: i64,
    /// Rows that can be read. 可读
    records: i64,
    /// Rows that would be held for repair. 待修复
    held: i64,
    /// Whether the rows were counted to the end of the file. 是否数到文件末尾
    complete: bool,
    /// Its sheets. 工作表
    sheets: Vec<PreviewSheet>,
    /// Sheets that are not read, with why. 不读的工作表
    skipped: Vec<Word>,
    /// The first rows as they would be taken. 前若干行
    rows: Vec<PreviewRow>,
}

/// How well a connector knows a file. 采集配置的吻合程度
#[derive(Debug, SimpleObject)]
pub struct ConnectorMatch {
    /// The connector's id. 编号
    id: String,
    /// Its name. 名称
    name: String,
    /// Columns found. 吻合的列数
    matched: i64,
    /// Columns it knows. 已知的列数
    known: i64,
    /// Columns that must be there and are not; empty when it fits. 缺少的列
    missing: Vec<String>,
}

/// A sheet of the file. 工作表
#[derive(Debug, SimpleObject)]
pub struct PreviewSheet {
    /// Its name; empty for csv. 名称
    name: String,
    /// The row of its header, from one; null when it has none. 表头行号
    header_row: Option<i64>,
    /// Its columns and what each is taken for. 列
    columns: Vec<PreviewColumn>,
    /// What the connector knows and the sheet has not. 没有的列
    absent: Vec<String>,
    /// Data rows. 行数
    stated: i64,
    /// Rows that would be held. 待修复
    held: i64,
    /// Totals and notes that are no rows. 合计、说明行
    footers: i64,
}

/// A column of the file. 列
#[derive(Debug, SimpleObject)]
pub struct PreviewColumn {
    /// Its header. 列名
    header: String,
    /// The field it is taken for; null when it is only kept. 对应字段
    field: Option<Word>,
}

/// A row as it would be taken. 预览行
#[derive(Debug, SimpleObject)]
pub struct PreviewRow {
    /// The sheet. 工作表
    sheet: String,
    /// The row, from one. 行号
    row: i64,
    /// Whether it would be held. 是否待修复
    held: bool,
    /// The header of the column at fault, where one column is. 有问题的列
    column: Option<String>,
    /// Field by field as it would be taken; the cells as they are when it would be held. 内容
    values: Vec<PreviewValue>,
    /// What looks wrong. 看上去不对的地方
    warnings: Vec<Word>,
}

/// A value of a row. 值
#[derive(Debug, SimpleObject)]
pub struct PreviewValue {
    /// The field, or the column's header. 字段
    name: Word,
    /// Its value. 值
    text: String,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl UploadPreview {
    fn new(preview: Preview) -> Self {
        let Preview { candidates, connector, look } = preview;
        let summary = look.summary;
        Self {
            candidates: candidates.into_iter().map(ConnectorMatch::new).collect(),
            connector: connector.map(|(id, name)| Word::new(&id, &name)),
            problem: look.refusal.map(|refusal| Word::new(refusal.code.as_str(), &refusal.to_string())),
            stated: number(summary.stated),
            records: number(summary.records),
            held: number(summary.held),
            complete: look.complete,
            sheets: summary.sheets.into_iter().map(PreviewSheet::new).collect(),
            skipped: summary.skipped.into_iter().map(|sheet| Word::new(&sheet.name, &sheet.why)).collect(),
            rows: look.rows.into_iter().map(|(row, warnings)| PreviewRow::new(row, &warnings)).collect(),
        }
    }
}

impl ConnectorMatch {
    fn new(found: Match) -> Self {
        let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let (matched, known) = (count(found.matched), count(found.known));
        Self { id: found.id, name: found.name, matched, known, missing: found.missing }
    }
}

impl PreviewSheet {
    fn new(sheet: SheetSummary) -> Self {
        let column = |column: crate::intake::SheetColumn| PreviewColumn {
            field: column.field.map(|code| match &column.name {
                Some(name) => Word::new(code, name),
                None => Word::field(code),
            }),
            header: column.header,
        };
        Self {
            name: sheet.name,
            header_row: Some(number(sheet.header_row)).filter(|row| *row > 0),
            columns: sheet.columns.into_iter().map(column).collect(),
            absent: sheet.absent,
            stated: number(sheet.stated),
            held: number(sheet.held),
            footers: number(sheet.footers),
        }
    }
}

impl PreviewRow {
    /// Out of a row as it was read, with the codes of what looks wrong.
    pub fn new(row: RowOutcome, warnings: &[&str]) -> Self {
        let signs = warnings.iter().map(|code| Word::new(code, sign_label(code)));
        match row {
            RowOutcome::Record(record) => Self {
                sheet: record.sheet.clone(),
                row: number(record.row),
                held: false,
                column: None,
                values: values(&record),
                warnings: signs.collect(),
            },
            RowOutcome::Held(held) => Self {
                sheet: held.sheet,
                row: number(held.row),
                held: true,
                column: held.column,
                values: held
                    .raw
                    .into_iter()
                    .map(|(header, text)| PreviewValue { name: Word::new("cell", &header), text })
                    .collect(),
                warnings: vec![Word::new(held.reason.code.as_str(), &held.reason.message)],
            },
        }
    }
}

/// Field by field, what is not empty.
fn values(record: &Record) -> Vec<PreviewValue> {
    let date = |date: Option<huiyin_domain::text::date::DateOrDateTime>| {
        date.and_then(huiyin_domain::text::date::DateOrDateTime::instant).map(|at| at.to_string())
    };
    let answer = record.answer.as_ref();
    let fields = [
        ("key", record.printed_number.clone()),
        ("title", Some(record.title.clone())),
        ("body", Some(record.body.clone())),
        ("author", record.author.clone()),
        ("contact", record.contact.clone()),
        ("address", record.address.clone()),
        ("asked_at", date(record.asked_at)),
        ("dispatched_at", date(record.dispatched_at)),
        ("due_at", date(record.due_at)),
        ("request_type", record.request_type_text.clone()),
        ("unit", record.unit.clone()),
        ("status", record.status.clone()),
        ("reply", answer.map(|answer| answer.text.clone())),
        ("reply_unit", answer.and_then(|answer| answer.unit.clone())),
        ("replied_at", date(answer.and_then(|answer| answer.replied_at))),
    ];
    let fields = fields.into_iter().filter_map(|(code, text)| {
        let text = text.filter(|text| !text.is_empty())?;
        Some(PreviewValue { name: Word::field(code), text })
    });
    let extra = record.extra.iter();
    fields
        .chain(extra.map(|(name, text)| PreviewValue { name: Word::new("extra", name), text: text.clone() }))
        .collect()
}

/// What confirming or discarding an upload came to. 结果
#[derive(Debug, SimpleObject)]
pub struct UploadPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The upload. 上传文件
    upload: Option<Upload>,
}

impl UploadPayload {
    fn of(result: Result<UploadRow, crate::service::ServiceError>) -> ApiResult<Self> {
        let Outcome { status, user_errors, done } = Outcome::of(result)?;
        Ok(Self { status, user_errors, upload: done.map(Upload::new) })
    }
}

/// Queries about uploads.
#[derive(Debug, Default)]
pub struct UploadQuery;

#[Object]
impl UploadQuery {
    /// Uploads, newest first. 上传文件
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn uploads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor. 起点")] after: Option<String>,
    ) -> ApiResult<Connection<Upload>> {
        let (actor, size) = (ctx.signed_in()?, page_size(first)?);
        let after = after.map(|text| decode_text_cursor(UPLOADS, &text)).transpose()?;
        let rows = ctx.service()?.uploads(actor, after, i64::try_from(size).unwrap_or(0) + 1).await?;
        let node = ctx.look_ahead().field("edges").field("node");
        let pulls = if node.field("statement").exists() { rows.as_slice() } else { &[] };
        let people = if node.field("uploadedBy").exists() { rows.as_slice() } else { &[] };
        let pulls = pulls.iter().filter_map(|row| row.pull_id.clone()).collect();
        let people = people.iter().map(|row| row.actor.clone()).collect();
        ctx.loaders()?.warm(pulls, people, Vec::new()).await?;
        Ok(Connection::new(rows, size, None, |row| encode_text_cursor(UPLOADS, &row.id), Upload::new))
    }

    /// One upload; null when there is none. 上传文件
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`upload:UUID`. 编号")] id: ID,
    ) -> ApiResult<Option<Upload>> {
        let row = ctx.service()?.upload(ctx.signed_in()?, UploadId::from_node(&id)?).await?;
        Ok(row.map(Upload::new))
    }
}

/// What is done with uploads.
#[derive(Debug, Default)]
pub struct UploadMutation;

#[Object]
impl UploadMutation {
    /// Imports an uploaded file in the background; also once more after it failed or was interrupted. 确认导入
    async fn confirm_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`upload:UUID`. 编号")] upload: ID,
        #[graphql(desc = "Read with this connector. 采集配置")] connector: String,
    ) -> ApiResult<UploadPayload> {
        let id = UploadId::from_node(&upload)?;
        UploadPayload::of(ctx.service()?.confirm_upload(ctx.signed_in()?, id, &connector).await)
    }

    /// Throws an uploaded file away that is not being imported. 放弃
    async fn discard_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`upload:UUID`. 编号")] upload: ID,
    ) -> ApiResult<UploadPayload> {
        let id = UploadId::from_node(&upload)?;
        UploadPayload::of(ctx.service()?.discard_upload(ctx.signed_in()?, id).await)
    }
}
