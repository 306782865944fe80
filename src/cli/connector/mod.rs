//! `huiyin connector new|check|run|list|schema`

mod run;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::output::Output;
use super::{Failure, Global, data};
use crate::intake::{CheckedConnector, ScaffoldError, scaffold};

#[derive(Debug, Subcommand)]
pub(super) enum Connector {
    /// Begin a connector of one's own as a copy of one that comes with the program
    New {
        /// Its id: a lowercase noun, such as mailbox-city
        #[arg(value_name = "ID")]
        id: String,
        /// Which one is copied; `huiyin connector list` names them
        #[arg(long, value_name = "SHIPPED")]
        from: String,
        /// Where the folder is made; the installation's own connectors by default
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Read a connector's fixtures and compare them with its expected.json
    Check {
        /// The connector's folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Write what comes out to expected.json instead; then read the difference
        #[arg(long)]
        bless: bool,
    },
    /// Show the rows a connector would take, and write nothing 试运行
    Run(run::Run),
    /// The connectors there are: those that come with the program, and the installation's own
    List,
    /// Print the JSON schema of connector.toml
    Schema,
}

pub(super) async fn run(global: &Global, command: &Connector, output: Output) -> Result<(), Failure> {
    match command {
        Connector::New { id, from, dir } => new(global, id, from, dir.as_deref(), output),
        Connector::Check { dir, bless } => check(dir, *bless, output),
        Connector::Run(command) => run::run(global, command, output).await,
        Connector::List => list(global, output),
        Connector::Schema => output.text(crate::intake::CONNECTOR_SCHEMA),
    }
}

fn new(global: &Global, id: &str, from: &str, dir: Option<&Path>, output: Output) -> Result<(), Failure> {
    let parent = dir.map_or_else(|| data::connectors_place(global), Path::to_owned);
    let made = match scaffold(id, from, &parent) {
        Ok(made) => made,
        Err(ScaffoldError::BadId { id }) => {
            let rule = "请用小写英文字母、数字和单个连字符，以字母开头，例如 mailbox-city";
            return Err(Failure::Told(format!("“{id}”不能作采集配置的标识。{rule}。")));
        }
        Err(ScaffoldError::Unknown { from }) => {
            let known: Vec<String> = crate::intake::builtin()?.into_iter().map(|connector| connector.id).collect();
            return Err(Failure::Told(format!("程序没有附带“{from}”。可以照着做的有：{}", known.join("、"))));
        }
        Err(ScaffoldError::Exists { path }) => {
            return Err(Failure::Told(format!("{} 已经在了，没有改动它。请换一个标识。", path.display())));
        }
        Err(error @ ScaffoldError::Unwritable { .. }) => return Err(error.into()),
    };
    let shown = made.display();
    output.either(&json!({ "id": id, "from": from, "dir": made }), || {
        format!(
            "已照 {from} 建好 {shown}。\n下一步：\n  1. 改 {shown}/connector.toml 里标着【改】的行\n  2. huiyin connector run {shown}   看一看会读出什么，不写入\n  3. huiyin connector check {shown} 用样本核对"
        )
    })
}

fn check(dir: &Path, bless: bool, output: Output) -> Result<(), Failure> {
    if bless {
        let expected = crate::intake::expected_json(dir)?;
        std::fs::write(dir.join("expected.json"), expected)?;
    }
    let report = crate::intake::check(dir)?;
    output.either(&report, || {
        let lines: Vec<String> = report
            .connectors
            .iter()
            .map(|checked| {
                let CheckedConnector { id, fixtures, records, held } = checked;
                format!("{id}：样本 {fixtures} 份，读出 {records} 行，待修复 {held} 行，与预期一致")
            })
            .collect();
        lines.join("\n")
    })
}

fn list(global: &Global, output: Output) -> Result<(), Failure> {
    let own = data::connectors(global);
    let connectors = crate::intake::all(own.as_deref())?;
    let is_own = |id: &str| own.as_deref().is_some_and(|own| own.join(id).join("connector.toml").is_file());
    let value: Vec<_> = connectors
        .iter()
        .map(|connector| {
            json!({
                "id": connector.id,
                "name": connector.name,
                "channel": connector.channel,
                "kind": connector.kind.as_str(),
                "own": is_own(&connector.id),
            })
        })
        .collect();
    output.either(&value, || {
        let lines: Vec<String> = connectors
            .iter()
            .map(|connector| {
                let own = if is_own(&connector.id) { "  本单位" } else { "" };
                let kind = connector.kind.as_str();
                format!("{}  {}（{}，{kind}）{own}", connector.id, connector.name, connector.channel)
            })
            .collect();
        lines.join("\n")
    })
}
