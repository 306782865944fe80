//! Verifying the ledger 账目校验: started, followed, and what the last time found; and the ledger's entries one by one.

use std::sync::atomic::Ordering;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use huiyin_domain::ledger::Root;

use super::connection::{Connection, QUESTION, decode_cursor, encode_cursor, page_size, weight};
use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult};
use super::ledger::{Person, kind_word, person};
use super::payload::{Outcome, Status, UserError};
use super::ready::Ready;
use super::scalars::Time;
use super::words::Word;
use crate::service::check::{CheckState, Checking};
use crate::store::ledger::EntryRow;
use crate::store::upload::CheckRow;

/// The order of the ledger, in cursors.
const LEDGER: &str = "ledger";

/// What is known about checks of the ledger. 账目校验
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct LedgerCheck {
    #[graphql(skip)]
    running: Option<Checking>,
    #[graphql(skip)]
    last: Option<CheckRow>,
    /// `never`, `running`, `sound` or `unsound`; of the last one when none runs. 状态
    state: Word,
    /// Entries read by the one that runs. 已校验条数
    rows: Option<i64>,
    /// Entries there are for the one that runs. 总条数
    total: Option<i64>,
    /// The last entry the last check reached. 校验至
    seq: Option<i64>,
    /// The ledger's head then, as `verifyLedger` takes it: note it down elsewhere. 凭据
    head: Option<String>,
    /// When the last check ended. 时间
    finished_at: Option<Time>,
    /// When a check broke off without a result since. 中断时间
    broke_off_at: Option<Time>,
    /// Texts the last check compared. 核对的正文数
    texts: Option<i64>,
    /// Items the last check rebuilt. 核对的件数
    items: Option<i64>,
    /// What the last check found; empty when all is well. 发现的问题
    findings: Vec<Word>,
}

impl LedgerCheck {
    fn new(state: CheckState) -> Self {
        let CheckState { running, last, broke_off_at } = state;
        let findings: Vec<(String, String)> =
            last.as_ref().and_then(|row| serde_json::from_str(&row.findings).ok()).unwrap_or_default();
        let word = match (&running, &last) {
            (Some(_), _) => Word::new("running", "正在校验"),
            (None, None) => Word::new("never", "尚未校验"),
            // A list that cannot be read is no proof of anything.
            (None, Some(row)) if row.findings == "[]" => Word::new("sound", "校验无误"),
            (None, Some(_)) => Word::new("unsound", "校验不符"),
        };
        let number = |value: &std::sync::atomic::AtomicU64| i64::try_from(value.load(Ordering::Relaxed)).ok();
        Self {
            state: word,
            rows: running.as_ref().and_then(|running| number(&running.progress.entries)),
            total: running.as_ref().and_then(|running| number(&running.progress.total)),
            seq: last.as_ref().map(|row| row.seq),
            head: last.as_ref().map(|row| format!("{}:{}", row.seq, row.hash)),
            finished_at: last.as_ref().map(|row| Time::from_micros(row.finished_at)),
            broke_off_at: broke_off_at.map(Time),
            texts: last.as_ref().map(|row| row.texts),
            items: last.as_ref().map(|row| row.items),
            findings: findings.iter().map(|(code, message)| Word::new(code, message)).collect(),
            running,
            last,
        }
    }
}

#[ComplexObject]
impl LedgerCheck {
    /// Who asked for the one that runs, or for the last. 操作人
    async fn actor(&self, ctx: &Context<'_>) -> ApiResult<Option<Person>> {
        let running = self.running.as_ref().map(|running| running.actor.as_str());
        match running.or(self.last.as_ref().map(|row| row.actor.as_str())) {
            Some(actor) => person(ctx, actor).await.map(Some),
            None => Ok(None),
        }
    }
}

/// An entry of the ledger: ids, codes and digests, never a text. 账目
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct LedgerRow {
    #[graphql(skip)]
    by: String,
    /// Its number. 账目号
    seq: i64,
    /// When. 时间
    at: Time,
    /// What it happened to, as `kind:id`. 对象
    subject: String,
    /// What happened. 事项
    kind: Word,
    /// Ids, codes and digests, JSON. 内容
    body: String,
    /// The hash of the entry before. 上一条摘要
    prev_hash: String,
    /// Its own. 摘要
    hash: String,
}

impl Ready for LedgerRow {}

#[ComplexObject]
impl LedgerRow {
    /// Who did it. 操作人
    async fn actor(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.by).await
    }
}

impl LedgerRow {
    fn new(row: EntryRow) -> Self {
        Self {
            by: row.actor,
            seq: row.seq,
            at: Time::from_micros(row.at),
            subject: row.subject,
            kind: kind_word(&row.kind),
            body: row.body,
            prev_hash: row.prev_hash,
            hash: row.hash,
        }
    }
}

/// What starting a check came to. 结果
#[derive(Debug, SimpleObject)]
pub struct LedgerCheckPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The check. 账目校验
    check: Option<LedgerCheck>,
}

/// Queries about the ledger as a whole.
#[derive(Debug, Default)]
pub struct CheckQuery;

#[Object]
impl CheckQuery {
    /// The check that runs, and what the last one found. 账目校验
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn ledger_check(&self, ctx: &Context<'_>) -> ApiResult<LedgerCheck> {
        Ok(LedgerCheck::new(ctx.service()?.ledger_check(ctx.signed_in()?).await?))
    }

    /// The ledger's entries in order, of all or about one subject. 账目
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn ledger_rows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About one subject, such as `item:UUID`. 对象")] subject: Option<String>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor. 起点")] after: Option<String>,
        #[graphql(desc = "Behind the entry with this number, in place of a cursor. 起始账目号")] after_seq: Option<i64>,
    ) -> ApiResult<Connection<LedgerRow>> {
        let (actor, size) = (ctx.signed_in()?, page_size(first)?);
        let after = match after {
            Some(text) => decode_cursor(LEDGER, &text)?[0],
            None => after_seq.unwrap_or(0),
        };
        let (after, limit) = (u64::try_from(after).unwrap_or(0), u32::try_from(size).unwrap_or(0) + 1);
        let rows = ctx.service()?.ledger_rows(actor, subject.as_deref(), after, limit).await?;
        if ctx.look_ahead().field("edges").field("node").field("actor").exists() {
            let people = rows.iter().map(|row| row.actor.clone()).collect();
            ctx.loaders()?.warm(Vec::new(), people, Vec::new()).await?;
        }
        Ok(Connection::new(rows, size, None, |row| encode_cursor(LEDGER, [row.seq, 0]), LedgerRow::new))
    }
}

/// What is done with the ledger as a whole: it is verified, never changed.
#[derive(Debug, Default)]
pub struct CheckMutation;

#[Object]
impl CheckMutation {
    /// Verifies the whole ledger in the background; `ledgerCheck` tells how far it is. 校验账目
    async fn verify_ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A head noted earlier, `SEQ:HASH`: proves that no tail was cut off since. 以前记下的凭据")]
        root: Option<String>,
    ) -> ApiResult<LedgerCheckPayload> {
        let actor = ctx.signed_in()?;
        let root: Option<Root> = root
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| ApiError::bad_input("bad_root", "凭据的格式不对，应为“账目号:摘要”，请核对后重试。"))?;
        let started = ctx.service()?.start_ledger_check(actor, root.into_iter().collect()).await;
        let Outcome { status, user_errors, done } = Outcome::of(started)?;
        Ok(LedgerCheckPayload { status, user_errors, check: done.map(LedgerCheck::new) })
    }
}
