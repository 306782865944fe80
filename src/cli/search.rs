//! `huiyin search [--limit N] QUERY`

use std::fmt::Write as _;

use clap::Args;
use huiyin_domain::access::Actor;
use huiyin_domain::item::Stage;
use serde::Serialize;

use super::output::Output;
use super::{Failure, Global, data};
use crate::search::{Query, QueryText};
use crate::service::ServiceError;
use crate::service::query::{Found, Piece};

#[derive(Debug, Args)]
pub(super) struct Search {
    /// How many to show
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Words that must all occur; "…" keeps words together, -词 excludes
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    query: String,
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
    let text = QueryText::parse(&command.query).map_err(ServiceError::from)?;
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
