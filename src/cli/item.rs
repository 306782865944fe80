//! `huiyin item show ID`

use std::fmt::Write as _;

use clap::Subcommand;
use huiyin_domain::access::Actor;
use huiyin_domain::item::{RequestType, Stage};
use huiyin_domain::time::Instant;
use serde_json::{Value, json};

use super::output::Output;
use super::{Failure, Global, data};
use crate::service::query::ItemDetail;

#[derive(Debug, Subcommand)]
pub(super) enum Item {
    /// Everything about one item
    Show {
        /// The item's id, or its number
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub(super) async fn run(global: &Global, command: &Item, output: Output) -> Result<(), Failure> {
    let Item::Show { id } = command;
    let opened = data::open(global).await?;
    let viewer = Actor::System("cli");
    let row = match id.parse::<i64>() {
        Ok(number) => opened.service.item_by_number(&viewer, number).await?,
        Err(_) => opened.service.item(&viewer, id.parse()?).await?,
    };
    let Some(row) = row else {
        return Err(Failure::Told(format!("没有 {id} 这一件。用 huiyin search 找到它的编号。")));
    };
    let detail = opened.service.item_detail(&viewer, row).await?;
    output.either(&value(&detail), || text(&detail))
}

fn time(at: Option<i64>) -> Option<String> {
    at.map(|at| Instant::from_micros(at).to_string())
}

fn value(detail: &ItemDetail) -> Value {
    let item = &detail.item;
    json!({
        "id": item.id, "number": item.number, "source": item.source_id, "title": item.title,
        "request_type": item.request_type, "stage": item.stage, "open": item.open,
        "lead_unit": detail.units.iter().find(|unit| Some(&unit.id) == item.lead_unit_id.as_ref()).map(|unit| &unit.name),
        "repeat_of": item.repeat_of,
        "asked_at": time(Some(item.asked_at)), "received_at": time(Some(item.received_at)),
        "due_at": time(item.due_at), "due_provisional": item.due_provisional, "replied_at": time(item.replied_at),
        "versions": detail.versions.iter().map(|version| json!({
            "version": version.version, "first_seen_at": time(Some(version.first_seen_at)),
            "title": version.title, "body": version.body, "reply": version.reply,
            "replied_at": time(version.replied_at),
        })).collect::<Vec<_>>(),
        "replies": detail.replies.iter().map(|reply| json!({
            "version": reply.version, "text": reply.text, "at": time(Some(reply.at)), "actor": reply.actor,
        })).collect::<Vec<_>>(),
        "history": detail.history.iter().map(|entry| json!({
            "seq": entry.seq, "at": time(Some(entry.at)), "actor": entry.actor, "kind": entry.kind,
        })).collect::<Vec<_>>(),
    })
}

fn text(detail: &ItemDetail) -> String {
    let item = &detail.item;
    let stage = Stage::parse(&item.stage).map_or("", Stage::label);
    let kind = RequestType::parse(&item.request_type).map_or("", RequestType::label);
    let mut text = format!("第 {} 件  {}\n{}·{kind}·{stage}\n", item.number, item.title, item.source_id);
    // Writing to a String cannot fail.
    let mut line = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{label}：{value}");
        }
    };
    line("编号", Some(item.id.clone()));
    line("来信", time(Some(item.asked_at)));
    line("接收", time(Some(item.received_at)));
    line("截止", time(item.due_at).map(|due| if item.due_provisional { format!("{due}（暂估）") } else { due }));
    line("答复", time(item.replied_at));
    for version in &detail.versions {
        line(&format!("\n来件第 {} 版", version.version), Some(version.body.clone()));
        line("源平台答复", Some(version.reply.clone()).filter(|reply| !reply.is_empty()));
    }
    for reply in &detail.replies {
        line(&format!("\n答复第 {} 版", reply.version), Some(reply.text.clone()));
    }
    text.push_str("\n逐件账\n");
    for entry in &detail.history {
        let _ =
            writeln!(text, "  {:>6}  {}  {}  {}", entry.seq, Instant::from_micros(entry.at), entry.kind, entry.actor);
    }
    text
}
