//! `huiyin ledger verify [--root SEQ:HASH]`

use clap::Subcommand;
use huiyin_domain::access::Actor;
use huiyin_domain::ledger::Root;
use serde_json::json;

use super::output::Output;
use super::{Failure, Global, data};

#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// Prove that nothing was lost or altered
    Verify {
        /// A head printed earlier: proves that no tail was cut off since. May be given several times
        #[arg(long, value_name = "SEQ:HASH")]
        root: Vec<Root>,
    },
}

pub(super) async fn run(global: &Global, command: &Ledger, output: Output) -> Result<(), Failure> {
    let Ledger::Verify { root } = command;
    let opened = data::open(global).await?;
    let bar = output.progress("核对逐件账");
    let verification = opened.service.verify(&Actor::System("cli"), root).await?;
    bar.finish_and_clear();
    let findings = &verification.findings;
    let value = json!({
        "ok": findings.is_empty(), "entries": verification.head.seq, "head": verification.head.to_string(),
        "texts": verification.texts, "items": verification.items,
        "findings": findings.iter()
            .map(|finding| json!({ "code": finding.code(), "message": finding.message() }))
            .collect::<Vec<_>>(),
    });
    output.either(&value, || {
        let counts = format!(
            "账目 {} 条，正文 {} 份，来件 {} 件",
            verification.head.seq, verification.texts, verification.items
        );
        if findings.is_empty() {
            return format!("核对无误：{counts}。\n凭据（请另行保存）：{}", verification.head);
        }
        let list: Vec<String> =
            findings.iter().map(|finding| format!("  {}（{}）", finding.message(), finding.code())).collect();
        format!("核对不符：{counts}。\n{}", list.join("\n"))
    })?;
    if findings.is_empty() { Ok(()) } else { Err(Failure::Silent) }
}
