//! `huiyin pull SOURCE [--sweep]`

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use huiyin_domain::access::Actor;
use huiyin_domain::id::PullId;
use tokio_util::sync::CancellationToken;

use super::output::Output;
use super::{Failure, Global, data};
use crate::intake::crawl::Reach;
use crate::intake::fetch::{Fetcher, Hosts, Validators};
use crate::intake::mail::Mailroom;
use crate::intake::{Connector, Way};
use crate::jobs;
use crate::service::import::Purpose;
use crate::service::pull::{FolderLook, FolderMemory, Pulled};
use crate::service::schedule::{JobKind, Outcome};
use crate::service::{Service, ServiceError};
use crate::store::job::JobRow;

/// In whose name.
const ACTOR: Actor = Actor::System("cli");

#[derive(Debug, Args)]
pub(super) struct Pull {
    /// Which source; `huiyin connector list` names them
    source: String,
    /// Read the whole list, and tell what it no longer shows 全量采集
    #[arg(long)]
    sweep: bool,
}

pub(super) async fn run(global: &Global, command: &Pull, output: Output) -> Result<(), Failure> {
    let own = data::connectors(global);
    let Some(connector) = crate::intake::find(&command.source, own.as_deref())? else {
        let known: Vec<String> =
            crate::intake::all(own.as_deref())?.into_iter().map(|connector| connector.id).collect();
        return Err(Failure::Told(format!("没有叫“{}”的采集配置。可用的有：{}", command.source, known.join("、"))));
    };
    let way = Means::of(global, &connector)?;
    let mut joined = data::data_dir(global)?.join_imports()?;
    let opened = data::open(global).await?;
    let service = opened.service;
    joined.note_interrupted(&service).await?;
    let (kind, reach) = if command.sweep { (JobKind::Sweep, Reach::Sweep) } else { (JobKind::Head, Reach::Head) };
    let job = match service.begin_job(&ACTOR, &connector, kind).await {
        Ok(job) => job,
        Err(error) => {
            service.store().close().await;
            return Err(error.into());
        }
    };
    let stop = CancellationToken::new();
    let following = opened.follower.map(|follower| tokio::spawn(follower.run(service.store().follow(), stop.clone())));
    let outcome = pull(&service, &connector, (reach, &job), way, output).await;
    let (made, came_to) = outcome.as_ref().map_or_else(|_| (None, Read::failed()), Read::outcome);
    let closed = service.close_job(&ACTOR, job, made, &came_to).await;
    stop.cancel();
    if let Some(following) = following {
        let bar = output.progress("更新检索");
        following.await?.catch_up().await?;
        bar.finish_and_clear();
    }
    service.store().close().await;
    drop(joined);
    let read = outcome?;
    closed?;
    let is_sound = match read {
        Read::Pull(pulled) => {
            report(&pulled, output)?;
            pulled.is_sound()
        }
        Read::Folder(look, _) => {
            report_folder(&look, output)?;
            look.is_sound()
        }
    };
    if is_sound { Ok(()) } else { Err(Failure::Silent) }
}

/// What a source is read with.
enum Means {
    Http(Box<Fetcher>),
    Folder(FolderMemory),
    Mail(Box<Mailroom>),
}

/// What came of it.
enum Read {
    Pull(Pulled),
    Folder(FolderLook, Stopped),
}

/// Whether somebody told the program to stop.
type Stopped = bool;

impl Read {
    /// For the plan, with the pull that it came to.
    fn outcome(&self) -> (Option<PullId>, Outcome) {
        match self {
            Self::Pull(pulled) => (pulled.pull.parse().ok(), pulled.outcome()),
            Self::Folder(look, stopped) => (look.pull(), look.outcome(*stopped)),
        }
    }

    /// The same where it did not come to anything.
    fn failed() -> Outcome {
        Outcome::Failed { code: "internal".to_owned() }
    }
}

impl Means {
    fn of(global: &Global, connector: &Connector) -> Result<Self, Failure> {
        match connector.way() {
            Some(Way::List(rules) | Way::Download(rules)) => {
                let settings = data::net_settings(global)?;
                let fetcher = Fetcher::new(rules, &settings, &Arc::new(Hosts::new()), Validators::default())?;
                Ok(Self::Http(Box::new(fetcher)))
            }
            Some(Way::Folder(_)) => Ok(Self::Folder(FolderMemory::default())),
            Some(Way::Mailbox(mailbox)) => {
                let settings = data::net_settings(global)?;
                Ok(Self::Mail(Box::new(Mailroom::new(mailbox, &settings, &Arc::new(Hosts::new())))))
            }
            None => {
                let name = &connector.id;
                Err(Failure::Told(format!("“{name}”不能自动采集，请用 huiyin import 导入导出的文件。")))
            }
        }
    }

    /// Reads the source.
    async fn read(
        self,
        service: &Service,
        connector: &Connector,
        reach: Reach,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Read, ServiceError> {
        match self {
            Self::Http(mut pages) if matches!(connector.way(), Some(Way::Download(_))) => {
                service.pull_download(&ACTOR, connector, reach, &mut *pages, stop, progress).await.map(Read::Pull)
            }
            Self::Http(mut pages) => {
                service.pull_source(&ACTOR, connector, reach, &mut *pages, stop, progress).await.map(Read::Pull)
            }
            Self::Mail(mut room) => {
                service.pull_mail(&ACTOR, connector, reach, &mut room, stop, progress).await.map(Read::Pull)
            }
            Self::Folder(mut memory) => service
                .pull_folder(&ACTOR, connector, reach, &mut memory, stop, progress)
                .await
                .map(|look| Read::Folder(look, stop.is_cancelled())),
        }
    }
}

/// Pulls until the end or until the program is told to stop: what was read by then is kept.
async fn pull(
    service: &Service,
    connector: &Connector,
    (reach, job): (Reach, &JobRow),
    means: Means,
    output: Output,
) -> Result<Read, Failure> {
    let bar = output.progress(&format!("采集 {}", connector.id));
    let stop = CancellationToken::new();
    let mut progress = |rows| bar.set_position(rows);
    let outcome = {
        let mut alive = Box::pin(jobs::stay_alive(service, job, jobs::SIGN_OF_LIFE, &stop));
        let mut pulling = Box::pin(means.read(service, connector, reach, &stop, &mut progress));
        loop {
            tokio::select! {
                outcome = &mut pulling => break outcome,
                never = &mut alive => match never {},
                told = tokio::signal::ctrl_c(), if !stop.is_cancelled() => {
                    told?;
                    stop.cancel();
                }
            }
        }
    };
    bar.finish_and_clear();
    Ok(outcome?)
}

/// Says what somebody has to look at.
fn warn(pulled: &Pulled, output: Output) {
    if let Some(problem) = &pulled.problem {
        output.aside(&format!("huiyin: {}（{}）", problem.message, problem.code));
    }
    for alarm in &pulled.alarms {
        output.aside(&format!("huiyin: 告警 {}（{}）：{}", alarm.code, alarm.subject, alarm.message));
    }
}

fn counts(pulled: &Pulled, name: &str) -> String {
    let counts = &pulled.statement;
    format!(
        "{name}：来源 {} 行 = 新收 {} + 未变 {} + 有变 {} + 待修复 {} + 拒收 {}{}\n",
        counts.stated,
        counts.accepted,
        counts.unchanged,
        counts.changed,
        counts.held,
        counts.rejected,
        if counts.adds_up() { "" } else { "（对不上，请报告）" },
    )
}

fn report_folder(look: &FolderLook, output: Output) -> Result<(), Failure> {
    if let Some(problem) = &look.problem {
        output.aside(&format!("huiyin: {}（{}）", problem.message, problem.code));
    }
    for pulled in &look.pulls {
        warn(pulled, output);
    }
    output.either(look, || {
        let mut text: String = look.pulls.iter().map(|pulled| counts(pulled, &pulled.statement.file)).collect();
        let waiting = if look.waiting > 0 { "个文件还在写，下次再读" } else { "个文件在等" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}：读了 {} 个文件，{} {waiting}", look.source, look.pulls.len(), look.waiting);
        text
    })
}

fn report(pulled: &Pulled, output: Output) -> Result<(), Failure> {
    warn(pulled, output);
    output.either(pulled, || {
        let mut text = counts(pulled, &pulled.source);
        if pulled.purpose == Purpose::File {
            return text;
        }
        let claimed = pulled.claimed.map_or_else(|| "未说明".to_owned(), |claimed| claimed.to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "列表 {} 页，源平台称共 {claimed} 件，读到 {} 件{}；撤下 {}，重新显示 {}",
            pulled.pages,
            pulled.met,
            if pulled.complete { "（到底）" } else { "（未到底）" },
            pulled.withdrawn,
            pulled.returned,
        );
        text
    })
}
