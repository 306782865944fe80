//! Sources 渠道, their pulls 采集批次 and the rows held for repair.

use async_graphql::parser::types::Field;
use async_graphql::{ComplexObject, Context, ContextSelectionSet, ID, Object, SimpleObject, Value};
use huiyin_domain::id::PullId;

use super::connection::{page_size, weight};
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::ready::Ready;
use super::scalars::{NodeId as _, Time, node};
use super::words::Word;
use crate::store::source::{HoldRow, PullRow, SourceRow};

/// A channel, read as its connector describes. 渠道
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct Source {
    /// The connector's id. 采集配置
    id: String,
    /// The name people use. 名称
    name: String,
    /// The channel it belongs to, such as 12345热线. 所属渠道
    channel: String,
}

impl Source {
    /// Out of its row.
    pub fn new(row: &SourceRow) -> Self {
        Self { id: row.id.clone(), name: row.name.clone(), channel: row.channel.clone() }
    }
}

#[ComplexObject]
impl Source {
    /// The newest pulls, at most 100. 最近采集批次
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn pulls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Vec<Pull>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let rows = ctx.service()?.pulls(ctx.signed_in()?, &self.id, limit).await?;
        Ok(rows.into_iter().map(Pull::new).collect())
    }
}

impl Ready for Source {
    fn ready(&self, _ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value> {
        match field.name.node.as_str() {
            "id" => Some(Value::from(self.id.as_str())),
            "name" => Some(Value::from(self.name.as_str())),
            "channel" => Some(Value::from(self.channel.as_str())),
            _ => None,
        }
    }
}

/// One reading of a source, with its count statement:
/// `stated = accepted + unchanged + changed + held + rejected`. 采集批次
#[derive(Debug, Clone, SimpleObject)]
pub struct Pull {
    /// Its id. 编号
    id: ID,
    /// Whether it runs, has finished, failed or was interrupted. 状态
    stage: Word,
    /// The name of the file. 文件名
    file_name: String,
    /// SM3 of the file's bytes. 文件摘要
    file_digest: String,
    /// When it began. 开始时间
    started_at: Time,
    /// When it ended; null while it runs. 结束时间
    finished_at: Option<Time>,
    /// Rows the source holds. 应有
    stated: i64,
    /// Rows that became items. 新收
    accepted: i64,
    /// Rows already known, word for word. 未变
    unchanged: i64,
    /// Rows that gave a known message a new version. 变更
    changed: i64,
    /// Rows held for repair. 待修复
    held: i64,
    /// Rows rejected with a reason. 拒收
    rejected: i64,
    /// Whether every stated row is accounted for. 账平
    balanced: bool,
}

impl Pull {
    fn new(row: PullRow) -> Self {
        Self {
            id: node("pull", &row.id),
            stage: pull_stage(&row.stage),
            started_at: Time::from_micros(row.started_at),
            finished_at: row.finished_at.map(Time::from_micros),
            balanced: row.stated == row.accepted + row.unchanged + row.changed + row.held + row.rejected,
            file_name: row.file_name,
            file_digest: row.file_digest,
            stated: row.stated,
            accepted: row.accepted,
            unchanged: row.unchanged,
            changed: row.changed,
            held: row.held,
            rejected: row.rejected,
        }
    }
}

fn pull_stage(code: &str) -> Word {
    let words = [("running", "进行中"), ("finished", "已完成"), ("failed", "失败"), ("interrupted", "中断")];
    Word::known(code, words.into_iter().find(|(known, _)| *known == code))
}

/// A row that could not be read, kept until somebody repairs it. Personal. 待修复行
#[derive(Debug, SimpleObject)]
pub struct HeldRow {
    /// Its id. 编号
    id: ID,
    /// The sheet; empty for csv. 工作表
    sheet: String,
    /// The row as a spreadsheet shows it, from one. 行号
    row: i64,
    /// The column at fault; empty when it is the whole row. 列
    column: String,
    /// What is wrong, and what to do. 原因
    reason: Word,
    /// The cells as read. 原始单元格
    cells: Vec<Cell>,
    /// When it was held. 时间
    held_at: Time,
    /// When it was repaired. 修复时间
    resolved_at: Option<Time>,
}

/// A cell as read. 单元格
#[derive(Debug, SimpleObject)]
pub struct Cell {
    /// The header of its column. 列名
    header: String,
    /// What it holds. 内容
    text: String,
}

impl HeldRow {
    fn new(row: HoldRow) -> Self {
        // What is no list of cells was not written by this program; the row is still shown.
        let cells: Vec<(String, String)> = serde_json::from_str(&row.raw).unwrap_or_default();
        Self {
            id: node("hold", &row.id),
            sheet: row.sheet,
            row: row.row_number,
            column: row.column_name,
            reason: Word::new(row.reason, row.message),
            cells: cells.into_iter().map(|(header, text)| Cell { header, text }).collect(),
            held_at: Time::from_micros(row.held_at),
            resolved_at: row.resolved_at.map(Time::from_micros),
        }
    }
}

/// Queries about sources.
#[derive(Debug, Default)]
pub struct SourceQuery;

#[Object]
impl SourceQuery {
    /// All sources. 渠道
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn sources(&self, ctx: &Context<'_>) -> ApiResult<Vec<Source>> {
        let rows = ctx.service()?.sources(ctx.signed_in()?).await?;
        Ok(rows.iter().map(Source::new).collect())
    }

    /// The rows a pull held for repair, in the order of the file, at most 100. 待修复行
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn held_rows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`pull:UUID`. 采集批次")] pull: ID,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Vec<HeldRow>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let actor = ctx.signed_in()?;
        let rows = ctx.service()?.held_rows(actor, PullId::from_node(&pull)?, limit).await?;
        Ok(rows.into_iter().map(HeldRow::new).collect())
    }
}
