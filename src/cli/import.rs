//! `huiyin import --connector ID FILE…`

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::output::Output;
use super::{Failure, Global, data};
use crate::intake::Kind;
use crate::service::import::{Imported, Statement};

#[derive(Debug, Args)]
pub(super) struct Import {
    /// Which connector describes the files; `huiyin connector list` names them
    #[arg(long, value_name = "ID")]
    connector: String,
    /// xlsx, xls, ods, csv or tsv
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) async fn run(global: &Global, command: &Import, output: Output) -> Result<(), Failure> {
    let own = data::connectors(global);
    let Some(connector) = crate::intake::find(&command.connector, own.as_deref())? else {
        let known: Vec<String> = crate::intake::all(own.as_deref())?
            .into_iter()
            .filter(|connector| connector.kind == Kind::Table)
            .map(|connector| connector.id)
            .collect();
        return Err(Failure::Told(format!("没有叫“{}”的采集配置。可用的有：{}", command.connector, known.join("、"))));
    };
    if connector.kind != Kind::Table {
        return Err(Failure::Told(format!("采集配置“{}”不是读文件的，不能用来导入。", connector.name)));
    }
    let mut joined = data::data_dir(global)?.join_imports()?;
    let opened = data::open(global).await?;
    let service = opened.service;
    joined.note_interrupted(&service).await?;
    // The index is built while rows are read and written: three kinds of work on two cores.
    let stop = CancellationToken::new();
    let following = opened.follower.map(|follower| tokio::spawn(follower.run(service.store().follow(), stop.clone())));
    let mut imported = Vec::new();
    let mut failed = None;
    for path in &command.files {
        let bar = output.progress(&format!("导入 {}", path.display()));
        let result =
            service.import_file(&Actor::System("cli"), &connector, path, &mut |rows| bar.set_position(rows)).await;
        bar.finish_and_clear();
        match result {
            Ok(outcome) => imported.push(outcome),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    stop.cancel();
    if let Some(following) = following {
        let bar = output.progress("更新搜索索引");
        following.await?.catch_up().await?;
        bar.finish_and_clear();
    }
    service.store().close().await;
    drop(joined);
    report(&imported, output)?;
    match failed {
        Some(error) => Err(error.into()),
        None if imported.iter().any(|outcome| outcome.refusal.is_some()) => Err(Failure::Silent),
        None => Ok(()),
    }
}

fn report(imported: &[Imported], output: Output) -> Result<(), Failure> {
    for refusal in imported.iter().filter_map(|outcome| outcome.refusal.as_ref()) {
        output.aside(&format!("huiyin: {refusal}（{}）", refusal.code.as_str()));
    }
    let statements: Vec<&Statement> = imported.iter().map(|outcome| &outcome.statement).collect();
    output.either(&statements, || {
        let mut text = String::new();
        for statement in &statements {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{}：来源 {} 行 = 新收 {} + 未变 {} + 变更 {} + 待修复 {} + 拒收 {}{}",
                statement.file,
                statement.stated,
                statement.accepted,
                statement.unchanged,
                statement.changed,
                statement.held,
                statement.rejected,
                if statement.adds_up() { "" } else { "（对不上，请报告）" },
            );
        }
        text
    })
}
