//! Rows held for repair 待修复行: the list, with cells masked; one opened; repaired, rejected, replayed.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use huiyin_domain::id::{HoldId, PullId};

use super::connection::{
    Connection, Cursor, QUESTION, bad_cursor, decode_text_cursor, encode_text_cursor, page_size, weight,
};
use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult};
use super::kept_payload::{KeptPayload, RawPayload};
use super::ledger::{Person, person};
use super::payload::{Outcome, Status, UserError};
use super::ready::Ready;
use super::scalars::{NodeId as _, Time, node};
use super::source::Pull;
use super::words::Word;
use crate::intake::RawCells;
use crate::service::import::held::ShownHold;
use crate::store::hold::{HoldAfter, HoldFilter};

/// The order of held rows, in cursors.
const HELD: &str = "held";
/// What opening one row's cells costs: each is an entry in the ledger, so that a page opens few.
const OPENING: usize = 500;

/// A row that could not be read, kept until somebody repairs or rejects it. Personal. 待修复行
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct HeldRow {
    #[graphql(skip)]
    shown: ShownHold,
    /// Its id. 编号
    id: ID,
    /// The sheet; empty for csv. 工作表
    sheet: String,
    /// The row as a spreadsheet shows it, from one. 行号
    row: i64,
    /// The column at fault; empty when it is the whole row. 列
    column: String,
    /// What is wrong, and what to do; what may be personal is left out. 原因
    reason: Word,
    /// The cells, masked: enough to recognise the row in the file. 单元格（已遮盖）
    cells: Vec<Cell>,
    /// When it was held. 时间
    held_at: Time,
    /// When it was repaired, rejected or superseded. 处理时间
    resolved_at: Option<Time>,
    /// What became of it: repaired, rejected, or superseded once its source showed it readably. 处理结果
    resolution: Option<Word>,
    /// Why it was rejected. 拒收理由
    note: Option<String>,
    /// The item it became or belongs to. 对应的件
    item: Option<ID>,
    /// Whether what it stood on was kept when it was held. 曾保存原始页面
    had_payload: bool,
}

impl Ready for HeldRow {}

/// A cell as read. 单元格
#[derive(Debug, SimpleObject)]
pub struct Cell {
    /// The header of its column. 列名
    header: String,
    /// What it holds. 内容
    text: String,
}

fn cells(raw: RawCells) -> Vec<Cell> {
    raw.into_iter().map(|(header, text)| Cell { header, text }).collect()
}

impl HeldRow {
    fn new(shown: ShownHold) -> Self {
        let row = &shown.row;
        let word = |code: &str| match code {
            "rejected" => "已拒收",
            "superseded" => "源平台已更正",
            _ => "已修复",
        };
        let resolution = row.resolution.as_deref().map(|code| Word::new(code, word(code)));
        Self {
            id: node("hold", &row.id),
            sheet: row.sheet.clone(),
            row: row.row_number,
            column: row.column_name.clone(),
            reason: Word::new(&row.reason, &shown.message),
            cells: cells(shown.masked.clone()),
            held_at: Time::from_micros(row.held_at),
            resolved_at: row.resolved_at.map(Time::from_micros),
            resolution,
            note: row.note.clone(),
            item: row.item_id.as_deref().map(|id| node("item", id)),
            had_payload: row.payload.is_some(),
            shown,
        }
    }

    fn cursor(row: &ShownHold) -> Cursor {
        encode_text_cursor(HELD, &format!("{}.{}.{}", row.row.pull_id, row.row.row_number, row.row.id))
    }
}

#[ComplexObject]
impl HeldRow {
    /// The cells as they were read. Opening them is an entry in the ledger, each time. 原始单元格（查看留痕）
    #[graphql(complexity = "OPENING + child_complexity")]
    async fn raw_cells(&self, ctx: &Context<'_>) -> ApiResult<Vec<Cell>> {
        let id = self.shown.row.id.parse().map_err(|_| ApiError::internal("a stored row has no id"))?;
        Ok(cells(ctx.service()?.open_held(ctx.signed_in()?, id).await?))
    }

    /// What is known of what it stood on; null when that was not kept, or is not any more. 原始页面
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn payload(&self, ctx: &Context<'_>) -> ApiResult<Option<KeptPayload>> {
        let row = ctx.service()?.payload_of_hold(ctx.signed_in()?, &self.shown.row).await?;
        Ok(row.map(KeptPayload::from))
    }

    /// What it stood on, as its source sent it; null when that is not there. Opening it is an entry in the ledger, each
    /// time. 原始页面内容（查看留痕）
    #[graphql(complexity = "OPENING + child_complexity")]
    async fn raw_payload(&self, ctx: &Context<'_>) -> ApiResult<Option<RawPayload>> {
        let id = self.shown.row.id.parse().map_err(|_| ApiError::internal("a stored row has no id"))?;
        Ok(ctx.service()?.open_payload(ctx.signed_in()?, id).await?.map(RawPayload::from))
    }

    /// The pull that met it first. 采集批次
    async fn pull(&self, ctx: &Context<'_>) -> ApiResult<Option<Pull>> {
        Ok(ctx.loaders()?.pull(&self.shown.row.pull_id).await?.map(Pull::new))
    }

    /// The columns a repaired row may fill: those of its sheet; where that had no header, those of its cells and what its
    /// connector knows. 可填的列
    async fn columns(&self, ctx: &Context<'_>) -> ApiResult<Vec<String>> {
        Ok(ctx.service()?.held_columns(ctx.signed_in()?, &self.shown.row).await?)
    }

    /// Who repaired or rejected it. 处理人
    async fn resolved_by(&self, ctx: &Context<'_>) -> ApiResult<Option<Person>> {
        match &self.shown.row.resolved_by {
            Some(actor) => person(ctx, actor).await.map(Some),
            None => Ok(None),
        }
    }
}

/// A cell as it should have been. 更正的单元格
#[derive(Debug, InputObject)]
pub struct CellInput {
    /// The header of its column. 列名
    header: String,
    /// What it should hold. 内容
    text: String,
}

/// What settling a held row came to. 处理结果
#[derive(Debug, SimpleObject)]
pub struct HeldPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The row. 待修复行
    row: Option<HeldRow>,
    /// What it came to: accepted, changed, unchanged or rejected. 归入
    outcome: Option<String>,
    /// The ledger number that includes it. 账目号
    seq: Option<i64>,
}

/// What reading all open rows of a source once more came to. 重放结果
#[derive(Debug, SimpleObject)]
pub struct ReplayPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// Rows that can be read now. 已修复
    repaired: Option<i64>,
    /// Rows that still cannot. 仍待修复
    still_held: Option<i64>,
    /// Whether there are more: replay once again. 还有未处理
    more: Option<bool>,
}

fn filter(pull: Option<&ID>, source: Option<String>, open: Option<bool>) -> ApiResult<HoldFilter> {
    let pull = pull.map(PullId::from_node).transpose()?;
    Ok(HoldFilter { pull, source, open: open.unwrap_or(false) })
}

fn place(text: &str) -> ApiResult<HoldAfter> {
    let place: String = decode_text_cursor(HELD, text)?;
    let read = |place: &str| {
        let (pull, rest) = place.split_once('.')?;
        let (row, hold) = rest.split_once('.')?;
        Some(HoldAfter { pull: pull.parse().ok()?, row: row.parse().ok()?, hold: hold.parse().ok()? })
    };
    read(&place).ok_or_else(bad_cursor)
}

/// Queries about held rows.
#[derive(Debug, Default)]
pub struct HeldQuery;

#[Object]
impl HeldQuery {
    /// Rows held for repair, pull by pull in the order of the file. 待修复行
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn held_rows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of one pull, `pull:UUID`. 采集批次")] pull: Option<ID>,
        #[graphql(desc = "Of one source. 渠道")] source: Option<String>,
        #[graphql(desc = "Only those nobody has settled. 仅待处理")] open: Option<bool>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor. 起点")] after: Option<String>,
    ) -> ApiResult<Connection<HeldRow>> {
        let (actor, size) = (ctx.signed_in()?, page_size(first)?);
        let after = after.as_deref().map(place).transpose()?;
        let filter = filter(pull.as_ref(), source, open)?;
        let service = ctx.service()?;
        let limit = i64::try_from(size).unwrap_or(0) + 1;
        let rows = service.shown_holds(actor, &filter, after.as_ref(), limit).await?;
        let node = ctx.look_ahead().field("edges").field("node");
        let pulls = if node.field("pull").exists() { rows.as_slice() } else { &[] };
        let people = if node.field("resolvedBy").exists() { rows.as_slice() } else { &[] };
        let people = people.iter().filter_map(|shown| shown.row.resolved_by.clone()).collect();
        let sources = pulls.iter().map(|shown| shown.row.source_id.clone()).collect();
        let pulls = pulls.iter().map(|shown| shown.row.pull_id.clone()).collect();
        ctx.loaders()?.warm(pulls, people, sources).await?;
        let counted = ctx.look_ahead().field("totalCount").exists();
        let total = if counted { Some(service.count_held(actor, &filter).await?) } else { None };
        Ok(Connection::new(rows, size, total, HeldRow::cursor, HeldRow::new))
    }

    /// One held row; null when there is none. 待修复行
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn held_row(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`hold:UUID`. 编号")] id: ID,
    ) -> ApiResult<Option<HeldRow>> {
        let row = ctx.service()?.shown_hold(ctx.signed_in()?, HoldId::from_node(&id)?).await?;
        Ok(row.map(HeldRow::new))
    }

    /// How many rows wait for repair, in all sources or in one. 待修复行数
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn open_held_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of one source. 渠道")] source: Option<String>,
    ) -> ApiResult<i64> {
        Ok(ctx.service()?.count_held(ctx.signed_in()?, &filter(None, source, Some(true))?).await?)
    }
}

/// What is done with held rows.
#[derive(Debug, Default)]
pub struct HeldMutation;

#[Object]
impl HeldMutation {
    /// Reads a held row once more: with these cells, or, without any, as its connector reads it by now. 修复
    async fn repair_held_row(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`hold:UUID`. 编号")] row: ID,
        #[graphql(desc = "The whole row, corrected. 更正后的整行")] cells: Option<Vec<CellInput>>,
    ) -> ApiResult<HeldPayload> {
        let cells = cells.map(|cells| cells.into_iter().map(|cell| (cell.header, cell.text)).collect());
        let settled = ctx.service()?.repair_held(ctx.signed_in()?, HoldId::from_node(&row)?, cells).await;
        payload(ctx, Outcome::of(settled)?)
    }

    /// Rejects a held row, with a reason that stays on record. 拒收
    async fn reject_held_row(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`hold:UUID`. 编号")] row: ID,
        #[graphql(desc = "Why. 理由")] reason: String,
    ) -> ApiResult<HeldPayload> {
        let settled = ctx.service()?.reject_held(ctx.signed_in()?, HoldId::from_node(&row)?, &reason).await;
        payload(ctx, Outcome::of(settled)?)
    }

    /// Reads all open rows of a source once more, after its connector was mended. 全部重放
    async fn replay_held_rows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source. 渠道")] source: String,
    ) -> ApiResult<ReplayPayload> {
        let Outcome { status, user_errors, done } =
            Outcome::of(ctx.service()?.replay_held(ctx.signed_in()?, &source).await)?;
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        Ok(ReplayPayload {
            status,
            user_errors,
            repaired: done.map(|done| number(done.repaired)),
            still_held: done.map(|done| number(done.still_held)),
            more: done.map(|done| done.more),
        })
    }
}

fn payload(ctx: &Context<'_>, outcome: Outcome<crate::service::import::repair::SettledHold>) -> ApiResult<HeldPayload> {
    let Outcome { status, user_errors, done } = outcome;
    let Some(done) = done else { return Ok(HeldPayload { status, user_errors, row: None, outcome: None, seq: None }) };
    let shown = ctx.service()?.show_hold(done.hold);
    let seq = i64::try_from(done.seq).ok();
    let outcome = Some(done.outcome.to_owned());
    Ok(HeldPayload { status, user_errors, row: Some(HeldRow::new(shown)), outcome, seq })
}
