//! The sections of `connector.toml` for sources on the network, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::media::MediaGroup;

/// `"…"` or `{ secret = "NAME" }`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawValue {
    Plain(String),
    Secret(RawSecret),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSecret {
    pub(super) secret: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFetch {
    pub(super) base: Spanned<String>,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) private: Vec<Spanned<String>>,
    pub(super) pace: Option<Spanned<String>>,
    pub(super) concurrency: Option<Spanned<usize>>,
    pub(super) robots: Option<bool>,
    pub(super) charset: Option<Spanned<String>>,
    pub(super) connect_timeout: Option<Spanned<String>>,
    pub(super) idle_timeout: Option<Spanned<String>>,
    pub(super) total_timeout: Option<Spanned<String>>,
    pub(super) max_mb: Option<Spanned<u64>>,
    pub(super) max_unpacked_mb: Option<Spanned<u64>>,
    pub(super) retries: Option<Spanned<u32>>,
    pub(super) proxy: Option<Spanned<RawValue>>,
    pub(super) certificate: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) blocked_words: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<RawValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchedule {
    pub(super) head: Option<Spanned<String>>,
    pub(super) head_pages: Option<Spanned<u64>>,
    pub(super) sweep: Option<Spanned<String>>,
    pub(super) expect_every: Option<Spanned<String>>,
    pub(super) min_items: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWarmUp {
    pub(super) url: Spanned<String>,
    #[serde(default)]
    pub(super) tokens: BTreeMap<String, Spanned<RawToken>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawToken {
    pub(super) pattern: Option<Spanned<String>>,
    pub(super) cookie: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMethod {
    Get,
    Form,
    Json,
}

/// A form field: a text, or a number that needs no quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawScalar {
    Text(String),
    Number(i64),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    pub(super) url: Spanned<String>,
    pub(super) method: Option<Spanned<RawMethod>>,
    pub(super) form: Option<Spanned<BTreeMap<String, RawScalar>>>,
    pub(super) json: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
    pub(super) paging: Option<Spanned<RawPaging>>,
    pub(super) rows: Option<Spanned<String>>,
    pub(super) array: Option<Spanned<String>>,
    pub(super) skip: Option<Spanned<String>>,
    pub(super) total: Option<Spanned<RawFigure>>,
    pub(super) pages: Option<Spanned<RawFigure>>,
    pub(super) empty: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) volatile: Vec<Spanned<String>>,
    pub(super) max_pages: Option<Spanned<u64>>,
    pub(super) newest_only: Option<bool>,
    #[serde(default)]
    pub(super) cells: BTreeMap<String, Spanned<RawCell>>,
    pub(super) attachments: Option<Spanned<RawAttachments>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawPagingBy {
    Page,
    Offset,
    Last,
    Link,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPaging {
    pub(super) by: RawPagingBy,
    pub(super) first: Option<Spanned<RawScalar>>,
    pub(super) size: Option<Spanned<u64>>,
    pub(super) cell: Option<String>,
    pub(super) css: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFigure {
    pub(super) css: Option<Spanned<String>>,
    pub(super) pointer: Option<String>,
    pub(super) pattern: Option<Spanned<String>>,
}

/// A cell: short as a text, or in full.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawCell {
    Short(String),
    Full(RawCellRule),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCellRule {
    pub(super) css: Option<String>,
    pub(super) pointer: Option<String>,
    pub(super) cell: Option<String>,
    pub(super) json: Option<String>,
    pub(super) text: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) take: Option<RawTake>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawTake {
    First,
    Last,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawRefresh {
    Sweep,
    New,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawDetailKind {
    Html,
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDetail {
    pub(super) url: Spanned<String>,
    pub(super) method: Option<Spanned<RawMethod>>,
    pub(super) form: Option<Spanned<BTreeMap<String, RawScalar>>>,
    pub(super) json: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
    pub(super) check: Option<Spanned<String>>,
    pub(super) kind: Option<Spanned<RawDetailKind>>,
    pub(super) root: Option<Spanned<String>>,
    pub(super) pairs: Option<Spanned<RawPairs>>,
    pub(super) refresh: Option<RawRefresh>,
    pub(super) gone: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) cells: BTreeMap<String, Spanned<RawCell>>,
    pub(super) attachments: Option<Spanned<RawAttachments>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPairs {
    pub(super) label: Spanned<String>,
    pub(super) value: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAttachments {
    pub(super) css: Option<Spanned<String>>,
    pub(super) pointer: Option<String>,
    pub(super) url: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLink {
    pub(super) url: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRunningNumber {
    pub(super) pattern: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPush {
    pub(super) secret: Spanned<String>,
    pub(super) old_secret: Option<Spanned<String>>,
    pub(super) tolerance: Option<Spanned<String>>,
    pub(super) max_kb: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) cells: BTreeMap<String, Spanned<RawCell>>,
    pub(super) attachments: Option<Spanned<RawAttachments>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMailbox {
    pub(super) host: Spanned<String>,
    pub(super) port: Option<u16>,
    pub(super) tls: Option<Spanned<RawTls>>,
    pub(super) user: RawValue,
    pub(super) password: RawSecret,
    pub(super) folder: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) private: Vec<Spanned<String>>,
    pub(super) certificate: Option<Spanned<String>>,
    pub(super) automatic: Option<RawAutomatic>,
    pub(super) max_mb: Option<Spanned<u64>>,
    pub(super) pace: Option<Spanned<String>>,
    pub(super) connect_timeout: Option<Spanned<String>>,
    pub(super) idle_timeout: Option<Spanned<String>>,
    pub(super) total_timeout: Option<Spanned<String>>,
    pub(super) retries: Option<Spanned<u32>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawTls {
    Implicit,
    Starttls,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawAutomatic {
    Hold,
    Take,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWatch {
    pub(super) folder: Spanned<String>,
    pub(super) settle: Option<Spanned<String>>,
    pub(super) done: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDownload {
    pub(super) url: Spanned<String>,
    pub(super) method: Option<Spanned<RawMethod>>,
    pub(super) form: Option<Spanned<BTreeMap<String, RawScalar>>>,
    pub(super) json: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFiles {
    pub(super) fetch: Option<bool>,
    pub(super) max_mb: Option<Spanned<u64>>,
    pub(super) types: Option<Spanned<Vec<MediaGroup>>>,
}
