//! `huiyin search [--limit N] QUERY`, `huiyin search rebuild`

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use huiyin_domain::access::Actor;
use huiyin_domain::item::Stage;
use serde::Serialize;
use serde_json::json;

use super::output::Output;
use super::{Failure, Global, data};
use crate::search::{Query, QueryText};
use crate::service::ServiceError;
use crate::service::query::{Found, Piece};

// Without a help subcommand, so that one can search for the word.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, disable_help_subcommand = true)]
pub(super) struct Search {
    #[command(subcommand)]
    command: Option<Command>,
    /// How many to show
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Words that must all occur; "…" keeps words together, -词 excludes
    #[arg(value_name = "QUERY", required = true, allow_hyphen_values = true)]
    query: Option<String>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Build the index anew while the old one serves 重建搜索索引 (to search for the word: huiyin search -- rebuild)
    Rebuild,
}

/// One hit, as programs read it. This shape is an interface.
#[derive(Debug, Serialize)]
struct Hit {
    id: String,
    title: String,
    source: String,
    stage: String,
    score: f32,
    snippet: String,
}

pub(super) async fn run(global: &Global, command: &Search, output: Output) -> Result<(), Failure> {
    if let Some(Command::Rebuild) = command.command {
        return rebuild(global, output).await;
    }
    let text = QueryText::parse(command.query.as_deref().unwrap_or_default()).map_err(ServiceError::from)?;
    let opened = data::open_current(global).await?;
    let query = Query { limit: usize::from(command.limit), ..Query::new(text, opened.service.now()) };
    let page = opened.service.search_items(&Actor::System("cli"), query).await?;
    let hits: Vec<Hit> = page.found.iter().map(hit).collect();
    output.either(&hits, || {
        let mut text = format!("共 {} 件\n", page.page.total);
        for (hit, found) in hits.iter().zip(&page.found) {
            let stage = Stage::parse(&hit.stage).map_or("", Stage::label);
            let number = found.item.number;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n第 {number} 件  {}  [{}·{stage}]\n  {}", hit.title, hit.source, hit.snippet);
        }
        text
    })
}

async fn rebuild(global: &Global, output: Output) -> Result<(), Failure> {
    let opened = data::open(global).await?;
    let Some(mut follower) = opened.follower else {
        return Err(Failure::Told("搜索索引正由另一个 huiyin 进程使用。请等它结束，或先停止服务，再重建。".to_owned()));
    };
    let bar = output.progress("重建搜索索引");
    let items = follower.rebuild(&mut |items| bar.set_position(items)).await?;
    bar.finish_and_clear();
    output.either(&json!({ "items": items }), || format!("搜索索引已重建：{items} 件。"))
}

fn hit(found: &Found) -> Hit {
    Hit {
        id: found.item.id.clone(),
        title: found.item.title.clone(),
        source: found.item.source_id.clone(),
        stage: found.item.stage.clone(),
        score: found.score,
        snippet: plain(&found.snippet),
    }
}

fn plain(pieces: &[Piece]) -> String {
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
