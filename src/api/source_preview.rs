//! Trying a source out 试读: its page, and the rows it yields.

use async_graphql::{Context, Object, SimpleObject};

use super::context::ContextExt as _;
use super::error::ApiResult;
use super::payload::{Outcome, Status, UserError};
use super::upload::PreviewRow;
use super::words::Word;
use crate::service::preview::SourcePreview as Found;

/// What trying a source out came to. 试读结果
#[derive(Debug, SimpleObject)]
pub struct SourcePreviewPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// What would be taken. 试读
    preview: Option<SourcePreview>,
}

/// What a look at a source's newest page would take. Nothing is written. Personal. 试读
#[derive(Debug, SimpleObject)]
pub struct SourcePreview {
    /// Where the list's page was got; null when it was not. 列表页网址
    url: Option<String>,
    /// The page as it was sent. 列表页原文
    page: Option<String>,
    /// Whether there is more of it. 原文未列全
    cut: bool,
    /// Rows on the page. 列表页行数
    shown: i64,
    /// How many messages the source says it has; null where it does not say. 源平台总数
    claimed: Option<i64>,
    /// The cells that were found. 读到的单元格
    columns: Vec<SeenCell>,
    /// What the connector knows and no row had. 没有读到的
    absent: Vec<String>,
    /// The first rows as they would be taken. 前若干行
    rows: Vec<PreviewRow>,
    /// What a pull would raise an alarm about. 会触发的告警
    alarms: Vec<Word>,
    /// What broke it off. 中断原因
    problem: Option<String>,
}

/// A cell that the rows of a source have. 单元格
#[derive(Debug, SimpleObject)]
pub struct SeenCell {
    /// Its name on the page. 名称
    name: String,
    /// The field it is read into; null when it is only kept. 对应字段
    field: Option<Word>,
    /// In how many rows it is filled. 行数
    rows: i64,
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl From<Found> for SourcePreview {
    fn from(Found { run, page }: Found) -> Self {
        let cell = |seen: crate::intake::SeenColumn| SeenCell {
            name: seen.name,
            field: seen.field.map(Word::field),
            rows: number(seen.rows),
        };
        let alarms = run.coverage.alarms.iter();
        Self {
            cut: page.as_ref().is_some_and(|page| page.cut),
            url: page.as_ref().map(|page| page.url.clone()),
            page: page.map(|page| page.text),
            shown: number(run.coverage.shown),
            claimed: run.coverage.claimed.map(number),
            columns: run.columns.into_iter().map(cell).collect(),
            absent: run.absent,
            rows: run.rows.into_iter().map(|(row, signs)| PreviewRow::new(row, &signs)).collect(),
            alarms: alarms.map(|alarm| Word::new(alarm.code.as_str(), &alarm.message)).collect(),
            problem: run.broke_off.map(|error| error.to_string()),
        }
    }
}

/// Trying sources out.
#[derive(Debug, Default)]
pub struct SourcePreviewMutation;

#[Object]
impl SourcePreviewMutation {
    /// Looks at a source's newest page and shows what a pull would take. Nothing is written. 试读
    async fn preview_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source. 渠道")] source: String,
    ) -> ApiResult<SourcePreviewPayload> {
        let tried = ctx.service()?.preview_source(ctx.signed_in()?, &source).await;
        let Outcome { status, user_errors, done } = Outcome::of(tried)?;
        Ok(SourcePreviewPayload { status, user_errors, preview: done.map(SourcePreview::from) })
    }
}
