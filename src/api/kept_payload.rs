//! What a source sent, as it sent it 原始页面: what is known of it, and what it says once it is opened beside a held row.

use async_graphql::SimpleObject;

use super::scalars::Time;
use crate::service::payload::{RawPayload as Opened, Shown};
use crate::store::payload::PayloadRow;

/// A page, a request or a file as a source sent it. 原始页面
#[derive(Debug, Clone, SimpleObject)]
pub struct KeptPayload {
    /// Its place among those of its pull, from one. 序号
    ordinal: i64,
    /// The request it answers, without anything secret; empty for what was sent by itself. 网址
    url: String,
    /// What its sender says it is; empty when nobody says. 类型
    media_type: String,
    /// Its size as it was sent. 字节数
    bytes: i64,
    /// SM3 of what was sent. 摘要
    digest: String,
    /// When it came. 时间
    taken_at: Time,
}

impl From<PayloadRow> for KeptPayload {
    fn from(row: PayloadRow) -> Self {
        Self {
            ordinal: row.ordinal,
            url: row.url,
            media_type: row.media_type,
            bytes: row.bytes,
            digest: row.content,
            taken_at: Time::from_micros(row.taken_at),
        }
    }
}

/// What a source sent, opened. Personal, and not only about the row that was held. 原始页面内容
#[derive(Debug, SimpleObject)]
pub struct RawPayload {
    /// What is known of it. 概况
    payload: KeptPayload,
    /// Its text; null for a table. 文字
    text: Option<RawText>,
    /// The rows of the sheet around the held one; null for what is no table. 前后各行
    rows: Option<Vec<RawRow>>,
}

/// Text as it was sent, with what the held row says found in it. 原始文字
#[derive(Debug, SimpleObject)]
pub struct RawText {
    /// What stands before. 前文
    before: String,
    /// The row's key, or how its longest cell begins; empty when it stands nowhere. 找到的字
    found: String,
    /// What stands behind. 后文
    after: String,
    /// Whether there is more of it than is shown. 未列全
    cut: bool,
    /// Whether it is JSON, set out in lines. 已排版
    arranged: bool,
}

/// A row of a sheet as it stands there. 表格行
#[derive(Debug, SimpleObject)]
pub struct RawRow {
    /// As a spreadsheet program numbers it. 行号
    number: i64,
    /// Its cells, from the first column on. 单元格
    cells: Vec<String>,
}

impl From<Opened> for RawPayload {
    fn from(Opened { row, shown }: Opened) -> Self {
        let (text, rows) = match shown {
            Shown::Text(text) => {
                let text = RawText {
                    before: text.before,
                    found: text.found,
                    after: text.after,
                    cut: text.cut,
                    arranged: text.arranged,
                };
                (Some(text), None)
            }
            Shown::Table(rows) => {
                let row = |row: crate::intake::SheetRow| RawRow {
                    number: i64::try_from(row.number).unwrap_or(i64::MAX),
                    cells: row.cells,
                };
                (None, Some(rows.into_iter().map(row).collect()))
            }
        };
        Self { payload: row.into(), text, rows }
    }
}
