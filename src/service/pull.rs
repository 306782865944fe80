//! The pull use case: what a crawl finds in a source becomes messages, versions, items and held rows, as a file does, and
//! the pull closes with its count statement.
//!
//! The crawl reads here, the rows are written on a task of their own, batch by batch, each one transaction. Whatever
//! breaks a pull off leaves whole batches; the next one adds what is missing.

mod files;
mod folder;
mod mail;
mod outcome;
mod table;
mod taker;
mod unshown;

use std::collections::BTreeMap;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

pub use self::folder::{FolderLook, FolderMemory};
use self::taker::Taker;
pub(in crate::service) use self::unshown::NOT_SHOWN;
use super::alarm::Raise;
use super::import::{BATCH_ROWS, BATCHES_AHEAD, Batch, LEASE, Pull, Purpose, Reads, Statement};
use super::{Refusal, Service, ServiceError};
pub use crate::intake::crawl::Reading;
use crate::intake::crawl::{Alarm, AlarmCode, Coverage, CrawlError, CrawlLimits, Host, Pages, Reach, crawl};
use crate::intake::fetch::{FetchCode, FetchError};
use crate::intake::{Connector, Way};
use crate::store::{hold, item as items, source};
use crate::telemetry;

/// Alarms of one kind that a pull raises one by one. That there are more is told by one of its own.
const ALARMS_OF_A_KIND: usize = 100;
/// The source could not be read, for a reason that may pass.
const UNREACHABLE: &str = "unreachable";
/// The pull counted other rows than it was handed: the fault is the program's.
const STATEMENT_OPEN: &str = "statement_open";
/// What any pull that ended well shows to be over.
const OVER_WHEN_READ: &[&str] = &[UNREACHABLE, AlarmCode::Blocked.as_str(), STATEMENT_OPEN];
/// What a pull that went to the end of the list shows to be over. That a key was reused is for a person to look at.
const OVER_WHEN_COMPLETE: &[&str] = &[
    UNREACHABLE,
    AlarmCode::Blocked.as_str(),
    STATEMENT_OPEN,
    AlarmCode::LayoutChanged.as_str(),
    AlarmCode::CountDiffers.as_str(),
    AlarmCode::PageMissing.as_str(),
    AlarmCode::TooFew.as_str(),
    AlarmCode::DetailMissing.as_str(),
    AlarmCode::Limit.as_str(),
];

/// A crawl as its connector describes it.
struct Crawling<'a, P> {
    connector: &'a Connector,
    reach: Reach,
    pages: &'a mut P,
    limits: CrawlLimits,
}

impl<P: Pages> Reading for Crawling<'_, P> {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        crawl(self.connector, self.reach, self.pages, host, &self.limits).await
    }
}

/// What a pull did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pulled {
    /// The pull's id.
    pub pull: String,
    /// The source.
    pub source: String,
    /// Why it ran.
    pub purpose: Purpose,
    /// `finished`, `failed` or `interrupted`.
    pub stage: String,
    /// The counts of the rows that were read: those the source showed, each once.
    #[serde(flatten)]
    pub statement: Statement,
    /// How many messages the source says its list has; `None` where it does not say.
    pub claimed: Option<u64>,
    /// Distinct messages met.
    pub met: u64,
    /// Pages of the list that were read.
    pub pages: u64,
    /// Messages that the source no longer shows.
    pub withdrawn: u64,
    /// Messages that it shows again.
    pub returned: u64,
    /// Whether it went to the end of the list.
    pub complete: bool,
    /// Why it ended early.
    pub problem: Option<Problem>,
    /// What somebody has to look at.
    pub alarms: Vec<Told>,
}

impl Pulled {
    /// Whether everything was read, every row is accounted for and nobody has to look at anything.
    pub fn is_sound(&self) -> bool {
        self.stage == "finished" && self.statement.adds_up() && self.alarms.is_empty()
    }

    /// That the source refused to be read, if it did.
    fn refusal(&self) -> Option<&Problem> {
        self.problem.as_ref().filter(|problem| problem.code == FetchCode::Blocked.as_str())
    }
}

/// Why a pull ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code.
    pub code: String,
    /// What happened and what to do, in Chinese.
    pub message: String,
    /// The server's own wish when to come back, in seconds.
    pub retry_after: Option<u64>,
}

impl Problem {
    fn of(error: &FetchError) -> Self {
        let FetchError { code, message, retry_after } = error;
        Self { code: code.as_str().to_owned(), message: message.clone(), retry_after: *retry_after }
    }
}

/// An alarm as it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Told {
    /// Stable code.
    pub code: String,
    /// Which page, number or count it is about.
    pub subject: String,
    /// What happened and what to do, in Chinese.
    pub message: String,
}

impl From<Alarm> for Told {
    fn from(alarm: Alarm) -> Self {
        Self { code: alarm.code.as_str().to_owned(), subject: alarm.subject, message: alarm.message }
    }
}

/// How a reading ended.
enum Ended {
    /// By itself.
    Read(Coverage, Result<(), CrawlError>),
    /// Because the program is stopping.
    Stopped,
    /// Because nobody could write any more.
    WriterGone,
}

impl Service {
    /// Reads a source's list through `pages` and takes in what it shows; the rest as in [`Self::pull_reading`].
    pub async fn pull_source<P: Pages>(
        &self,
        actor: &Actor,
        connector: &Connector,
        reach: Reach,
        pages: &mut P,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Pulled, ServiceError> {
        allowed(actor, Action::PullSource, &Object::None)?;
        let Some(Way::List(rules)) = connector.way() else { return Err(not_pulled().into()) };
        let name = rules.base.host_str().unwrap_or_default().to_owned();
        let purpose = match reach {
            Reach::Head => Purpose::Head,
            Reach::Sweep => Purpose::Sweep,
        };
        // "Not changed since" is no answer where what changed before may not have been written.
        let last = hold::pulls(&mut self.store.read().await?.conn(), Some(&connector.id), None, 1).await?;
        let conditional = last.first().is_some_and(|pull| pull.stage == "finished");
        let limits = CrawlLimits { conditional, ..CrawlLimits::default() };
        let reading = Crawling { connector, reach, pages: &mut *pages, limits };
        let pulled = self.pull_reading(actor, connector, (purpose, &name), reading, stop, progress).await?;
        let mut refusal = pulled.refusal().cloned();
        // The pull is closed: no file holds a message up, and no fault of one is the pull's.
        if pulled.stage == "finished" {
            match self.fetch_files(actor, connector, pages, stop).await {
                Ok(refused) => refusal = refused,
                Err(error) => {
                    tracing::error!(pull = pulled.pull, error = %telemetry::chain(&error), "no more attachments were fetched");
                }
            }
        }
        if let Some(refusal) = refusal {
            let host = pages.refused_by().unwrap_or(&name).to_owned();
            self.rest_host(&connector.id, &host, pulled.stage == "finished", refusal.retry_after).await?;
        }
        Ok(pulled)
    }

    /// Takes in what a reading finds. `name` is what the pull is called: the host of the source, never anything personal.
    /// `progress` is told the number of rows written so far; once `stop` is cancelled, what was read is written and the
    /// pull ends as interrupted.
    ///
    /// A source that cannot be read, or not to its end, is no error: the pull says so. What was read before is kept.
    pub async fn pull_reading(
        &self,
        actor: &Actor,
        connector: &Connector,
        (purpose, name): (Purpose, &str),
        reading: impl Reading,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Pulled, ServiceError> {
        let reads = Reads { purpose, name: name.to_owned(), digest: String::new(), whole: None };
        self.pull_reads(actor, connector, reads, reading, stop, progress).await
    }

    /// The same for what may be a file.
    async fn pull_reads(
        &self,
        actor: &Actor,
        connector: &Connector,
        reads: Reads,
        reading: impl Reading,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Pulled, ServiceError> {
        let purpose = reads.purpose;
        let action = match purpose {
            Purpose::Head | Purpose::Sweep | Purpose::Mail => Action::PullSource,
            Purpose::File | Purpose::Push | Purpose::Form => Action::ImportFile,
        };
        let permit = allowed(actor, action, &Object::None)?;
        let pull = self.begin_pull(permit, connector, reads).await?;
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let (told, mut written) = watch::channel(0);
        let mut taker = Taker::new(self.clone(), connector.clone(), sender);
        let writer = tokio::spawn(self.clone().write_all(pull, receiver, told));
        let ended = {
            let mut reading = std::pin::pin!(reading.read(&mut taker));
            loop {
                tokio::select! {
                    (coverage, outcome) = &mut reading => break Ended::Read(coverage, outcome),
                    () = stop.cancelled() => break Ended::Stopped,
                    changed = written.changed() => match changed {
                        Ok(()) => progress(*written.borrow_and_update()),
                        Err(_) => break Ended::WriterGone,
                    },
                }
            }
        };
        let (failure, pages) = taker.finish().await;
        while written.changed().await.is_ok() {
            progress(*written.borrow_and_update());
        }
        let (mut pull, wrote) = writer.await?;
        match wrote.err().or(failure) {
            None => self.close(pull, purpose, ended, pages).await,
            Some(error) => {
                "failed".clone_into(&mut pull.row.stage);
                "internal".clone_into(&mut pull.row.problem_code);
                "程序内部出错，已读到的行已保存。请查看运行日志后重新采集。".clone_into(&mut pull.row.problem);
                let tx = self.store.begin(&pull.permit).await?;
                self.end_pull(tx, &mut pull).await?;
                Err(error)
            }
        }
    }

    /// Writes until there are no more batches; owns the pull meanwhile.
    async fn write_all(
        self,
        mut pull: Pull,
        batches: mpsc::Receiver<Batch>,
        told: watch::Sender<u64>,
    ) -> (Pull, Result<(), ServiceError>) {
        let mut tell = |rows| {
            told.send_replace(rows);
        };
        let outcome = self.write_batches(&mut pull, batches, &mut tell).await;
        (pull, outcome)
    }

    /// Ends a pull whose rows are written: withdrawals, statement, alarms.
    async fn close(&self, mut pull: Pull, purpose: Purpose, ended: Ended, pages: u64) -> Result<Pulled, ServiceError> {
        let (coverage, outcome) = match ended {
            Ended::Read(coverage, outcome) => (coverage, Some(outcome)),
            Ended::Stopped | Ended::WriterGone => (Coverage { pages, ..Coverage::default() }, None),
        };
        if matches!(outcome, Some(Ok(()))) && coverage.complete {
            self.withdraw_all(&mut pull, &coverage.withdrawn).await?;
        }
        let mut alarms: Vec<Told> = Vec::new();
        let (stage, problem) = match outcome {
            None => ("interrupted", Some(stopped())),
            Some(Ok(())) => ("finished", None),
            Some(Err(error)) => {
                let (problem, alarm) = problem_of(error);
                alarms.push(alarm);
                ("failed", Some(problem))
            }
        };
        // That it was refused is told already, by what broke it off.
        let others = coverage.alarms.iter().filter(|alarm| alarm.code != AlarmCode::Blocked);
        alarms.extend(others.cloned().map(Told::from));
        if stage == "finished" {
            alarms.extend(differences(&pull, purpose, &coverage));
        }
        let unshown = self.numbers_of(&pull.connector.id, &coverage.unshown).await?;
        unshown::name_in(&mut alarms, &unshown);
        note_coverage(&mut pull, &coverage);
        stage.clone_into(&mut pull.row.stage);
        if let Some(problem) = &problem {
            pull.row.problem_code.clone_from(&problem.code);
            pull.row.problem.clone_from(&problem.message);
        }
        let alarms = cut(alarms);
        self.end_with_alarms(&mut pull, &alarms, &unshown, coverage.complete).await?;
        let alarms = self.with_reused_keys(&pull, alarms).await?;
        Ok(pulled(&pull, purpose, problem, alarms))
    }

    /// The last transaction of a pull.
    async fn end_with_alarms(
        &self,
        pull: &mut Pull,
        alarms: &[Told],
        unshown: &[i64],
        complete: bool,
    ) -> Result<(), ServiceError> {
        let now = self.now();
        let mut tx = self.store.begin(&pull.permit).await?;
        items::reserve_numbers(&mut tx, 0).await?;
        for Told { code, subject, message } in alarms {
            let raise = Raise { source: &pull.connector.id, pull: Some(&pull.row.id), code, subject, message };
            self.raise(&mut tx, raise, now).await?;
        }
        if pull.row.stage == "finished" {
            // That one file of a folder is whole says nothing of another.
            let is_all = complete && !matches!(pull.connector.way(), Some(Way::Folder(_)));
            let over = if is_all { OVER_WHEN_COMPLETE } else { OVER_WHEN_READ };
            self.settle_unmet(&mut tx, &pull.row, over, now).await?;
        }
        if !unshown.is_empty() {
            tx.record(pull.subject(), NOT_SHOWN, &json!({ "items": unshown }))?;
        }
        self.end_pull(tx, pull).await
    }

    /// The same alarms, and those that were raised while the rows were written.
    async fn with_reused_keys(&self, pull: &Pull, mut alarms: Vec<Told>) -> Result<Vec<Told>, ServiceError> {
        let open = self.open_alarms_of(&pull.connector.id).await?;
        let reused = open.into_iter().filter(|row| {
            row.code == AlarmCode::KeyReused.as_str() && row.pull_id.as_deref() == Some(pull.row.id.as_str())
        });
        alarms.extend(reused.map(|row| Told { code: row.code, subject: row.subject, message: row.detail }));
        alarms.sort();
        alarms.dedup();
        Ok(alarms)
    }

    /// Notes batch by batch what the source no longer shows.
    async fn withdraw_all(&self, pull: &mut Pull, keys: &[String]) -> Result<(), ServiceError> {
        for keys in keys.chunks(BATCH_ROWS) {
            let now = self.now();
            let mut tx = self.store.begin(&pull.permit).await?;
            items::reserve_numbers(&mut tx, 0).await?;
            let mut counts = pull.row.clone();
            counts.withdrawn += self.withdraw(&mut tx, pull, keys, now).await?;
            counts.lease_until = now.as_micros().saturating_add(LEASE);
            source::update_pull(&mut tx, &counts).await?;
            tx.commit(now).await?;
            pull.row = counts;
        }
        Ok(())
    }
}

/// The refusal where somebody has to bring the messages.
pub(in crate::service) fn not_pulled() -> Refusal {
    Refusal::new("source_not_pulled", "这个渠道不能自动采集，请上传导出的文件。")
}

/// Writes into a pull's row what the crawl covered.
fn note_coverage(pull: &mut Pull, coverage: &Coverage) {
    let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    pull.row.claimed = coverage.claimed.map(count);
    pull.row.met = count(coverage.met);
    pull.row.pages = count(coverage.pages);
    pull.row.complete = coverage.complete;
}

fn stopped() -> Problem {
    Problem {
        code: "stopped".to_owned(),
        message: "程序停止，采集到此为止。已读到的行已保存，下一次采集会接着补齐。".to_owned(),
        retry_after: None,
    }
}

/// Why a crawl broke off, and the alarm that says so.
fn problem_of(error: CrawlError) -> (Problem, Told) {
    let told = |problem: &Problem, code: &str, subject: String| Told {
        code: code.to_owned(),
        subject,
        message: problem.message.clone(),
    };
    match error {
        CrawlError::Fetch(error) => {
            let code = error.code.as_str();
            let problem = Problem::of(&error);
            let blocked = matches!(error.code, FetchCode::Blocked | FetchCode::Robots);
            let alarm = if blocked { AlarmCode::Blocked.as_str() } else { UNREACHABLE };
            let alarm = told(&problem, alarm, code.to_owned());
            (problem, alarm)
        }
        CrawlError::Layout(alarm) => {
            let code = alarm.code.as_str().to_owned();
            (Problem { code, message: alarm.message.clone(), retry_after: None }, alarm.into())
        }
        // The writer's own failure has been told before this is looked at.
        CrawlError::Host(_) => {
            let problem = stopped();
            let alarm = told(&problem, UNREACHABLE, problem.code.clone());
            (problem, alarm)
        }
    }
}

/// What does not agree although everything was read.
fn differences(pull: &Pull, purpose: Purpose, coverage: &Coverage) -> Vec<Told> {
    let mut found = Vec::new();
    let said = coverage.alarms.iter().any(|alarm| alarm.code == AlarmCode::CountDiffers);
    if let Some(claimed) = coverage.claimed.filter(|claimed| coverage.complete && *claimed != coverage.met && !said) {
        let message = format!(
            "源平台称共有 {claimed} 件，列表里读到 {} 件。请打开源平台的列表核对，并检查采集配置的翻页设置。",
            coverage.met
        );
        found.push(Told { code: AlarmCode::CountDiffers.as_str().to_owned(), subject: "list".to_owned(), message });
    }
    let handed = coverage.shown.saturating_sub(coverage.repeated);
    let is_list = matches!(purpose, Purpose::Head | Purpose::Sweep);
    if is_list && i64::try_from(handed).ok() != Some(pull.row.stated) {
        let message = format!("列表里有 {handed} 行，入账 {} 行，对不上。请报告。", pull.row.stated);
        found.push(Told { code: STATEMENT_OPEN.to_owned(), subject: "rows".to_owned(), message });
    }
    found
}

/// No more than anybody reads; of each kind one says how many more there were.
fn cut(alarms: Vec<Told>) -> Vec<Told> {
    let mut of_a_kind: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for alarm in alarms {
        let count = of_a_kind.entry(alarm.code.clone()).or_default();
        *count += 1;
        if *count <= ALARMS_OF_A_KIND {
            kept.push(alarm);
        }
    }
    for (code, count) in of_a_kind {
        if let Some(more) = count.checked_sub(ALARMS_OF_A_KIND).filter(|more| *more > 0) {
            let message = format!("同类告警还有 {more} 条，未逐条列出。请先处理已列出的，再重新采集。");
            kept.push(Told { code, subject: "more".to_owned(), message });
        }
    }
    kept
}

fn pulled(pull: &Pull, purpose: Purpose, problem: Option<Problem>, alarms: Vec<Told>) -> Pulled {
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let row = &pull.row;
    Pulled {
        pull: row.id.clone(),
        source: row.source_id.clone(),
        purpose,
        stage: row.stage.clone(),
        statement: pull.statement(row.file_name.clone()),
        claimed: row.claimed.map(count),
        met: count(row.met),
        pages: count(row.pages),
        withdrawn: count(row.withdrawn),
        returned: count(row.returned),
        complete: row.complete,
        problem,
        alarms,
    }
}
