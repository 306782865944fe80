//! `huiyin connector check DIR`, `huiyin connector list`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::Failure;
use super::output::Output;
use crate::intake::CheckedConnector;

#[derive(Debug, Subcommand)]
pub(super) enum Connector {
    /// Read a connector's fixtures and compare them with its expected.json
    Check {
        /// The connector's folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// The connectors that come with the program
    List,
}

pub(super) fn run(command: &Connector, output: Output) -> Result<(), Failure> {
    match command {
        Connector::Check { dir } => {
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
        Connector::List => {
            let connectors = crate::intake::builtin()?;
            let value: Vec<_> = connectors
                .iter()
                .map(|connector| json!({ "id": connector.id, "name": connector.name, "channel": connector.channel }))
                .collect();
            output.either(&value, || {
                let lines: Vec<String> = connectors
                    .iter()
                    .map(|connector| format!("{}  {}（{}）", connector.id, connector.name, connector.channel))
                    .collect();
                lines.join("\n")
            })
        }
    }
}
