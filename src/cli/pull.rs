//! `huiyin pull SOURCE [--sweep]`

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::output::Output;
use super::{Failure, Global, data};
use crate::intake::Connector;
use crate::intake::crawl::Reach;
use crate::intake::fetch::{Fetcher, Hosts, NetSettings, Secrets, Validators};
use crate::service::Service;
use crate::service::pull::Pulled;

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
    let mut fetcher = fetcher(global, &connector)?;
    let mut joined = data::data_dir(global)?.join_imports()?;
    let opened = data::open(global).await?;
    let service = opened.service;
    joined.note_interrupted(&service).await?;
    let stop = CancellationToken::new();
    let following = opened.follower.map(|follower| tokio::spawn(follower.run(service.store().follow(), stop.clone())));
    let outcome = pull(&service, &connector, command.sweep, &mut fetcher, output).await;
    stop.cancel();
    if let Some(following) = following {
        let bar = output.progress("更新检索");
        following.await?.catch_up().await?;
        bar.finish_and_clear();
    }
    service.store().close().await;
    drop(joined);
    let pulled = outcome?;
    report(&pulled, output)?;
    if pulled.is_sound() { Ok(()) } else { Err(Failure::Silent) }
}

/// Who gets the source's pages.
fn fetcher(global: &Global, connector: &Connector) -> Result<Fetcher, Failure> {
    let Some(rules) = connector.fetch_rules() else {
        let name = &connector.id;
        return Err(Failure::Told(format!("“{name}”不能从网上采集，请用 huiyin import 导入导出的文件。")));
    };
    let settings = NetSettings { secrets: Secrets::load(global.secrets.as_deref())?, ..NetSettings::default() };
    Ok(Fetcher::new(rules, &settings, &Arc::new(Hosts::new()), Validators::default())?)
}

/// Pulls until the end or until the program is told to stop: what was read by then is kept.
async fn pull(
    service: &Service,
    connector: &Connector,
    sweep: bool,
    fetcher: &mut Fetcher,
    output: Output,
) -> Result<Pulled, Failure> {
    let reach = if sweep { Reach::Sweep } else { Reach::Head };
    let bar = output.progress(&format!("采集 {}", connector.id));
    let stop = CancellationToken::new();
    let mut progress = |rows| bar.set_position(rows);
    let actor = Actor::System("cli");
    let outcome = {
        let mut pulling = std::pin::pin!(service.pull_source(&actor, connector, reach, fetcher, &stop, &mut progress));
        loop {
            tokio::select! {
                outcome = &mut pulling => break outcome,
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

fn report(pulled: &Pulled, output: Output) -> Result<(), Failure> {
    if let Some(problem) = &pulled.problem {
        output.aside(&format!("huiyin: {}（{}）", problem.message, problem.code));
    }
    for alarm in &pulled.alarms {
        output.aside(&format!("huiyin: 告警 {}（{}）：{}", alarm.code, alarm.subject, alarm.message));
    }
    output.either(pulled, || {
        let counts = &pulled.statement;
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}：来源 {} 行 = 新收 {} + 未变 {} + 有变 {} + 待修复 {} + 拒收 {}{}",
            pulled.source,
            counts.stated,
            counts.accepted,
            counts.unchanged,
            counts.changed,
            counts.held,
            counts.rejected,
            if counts.adds_up() { "" } else { "（对不上，请报告）" },
        );
        let claimed = pulled.claimed.map_or_else(|| "未说明".to_owned(), |claimed| claimed.to_string());
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
