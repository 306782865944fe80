//! The first twenty hits with their exact count, with and without what the program adds to the engine.

use std::time::{Duration, Instant};

use huiyin::search::{BareIndex, Query, QueryText};
use huiyin_domain::access::Actor;
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, BoostQuery, Occur, PhraseQuery, Query as EngineQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::data::{Data, Opened, page};
use crate::report::{Bound, Report, quantile};

/// Searches of each number of words.
const QUERIES: usize = 200;
/// How often each is run; the best counts, so that a moment in which the machine was busy elsewhere does not.
const TURNS: usize = 5;
/// Hits on a page.
const LIMIT: usize = 20;

/// What one search took.
#[derive(Debug, Default)]
struct Times {
    bare: Vec<Duration>,
    engine: Vec<Duration>,
    service: Vec<Duration>,
}

/// Runs the same searches on the bare engine, on the program's index and through its service, in turn.
pub async fn run(data: &Data, report: &mut Report) -> anyhow::Result<()> {
    println!("\nsearch: top {LIMIT}, exact count, milliseconds");
    let opened = Opened::new(&data.filled()).await?;
    let service = opened.service;
    let generation = std::fs::read_to_string(data.filled().join("index/CURRENT"))?;
    let bare = BareIndex::open(&data.filled().join("index").join(generation.trim()))?;
    let searcher = bare.index.reader()?.searcher();
    let viewer = Actor::System("bench");
    let mut all = Times::default();
    for words in 1..=3 {
        let mut times = Times::default();
        for text in texts(&service, data.items, words).await? {
            let query =
                Query::new(QueryText::parse(&text).map_err(|refusal| anyhow::anyhow!(refusal.code()))?, service.now());
            let plain = plan(&text, &bare)?;
            let mut turns = Times::default();
            for _ in 0..TURNS {
                let started = Instant::now();
                let (_, total) = searcher.search(&plain, &(TopDocs::with_limit(LIMIT).order_by_score(), Count))?;
                turns.bare.push(started.elapsed());
                let started = Instant::now();
                let page = service.search_index().search(&query)?;
                turns.engine.push(started.elapsed());
                let query = query.clone();
                let started = Instant::now();
                let found = service.search_items(&viewer, query).await?;
                turns.service.push(started.elapsed());
                anyhow::ensure!(page.total == total as u64 && found.page.total == page.total, "{text}: other counts");
                anyhow::ensure!(found.found.len() == page.hits.len() && page.total > 0, "{text}: hits are missing");
            }
            times.bare.push(best(&turns.bare));
            times.engine.push(best(&turns.engine));
            times.service.push(best(&turns.service));
        }
        times.print(&format!("{words} words"));
        all.bare.append(&mut times.bare);
        all.engine.append(&mut times.engine);
        all.service.append(&mut times.service);
    }
    all.print("all");
    let engine_alone = quantile(&mut all.bare, 0.99);
    report.note(
        "search: p99 of the index alone against bare tantivy",
        quantile(&mut all.engine, 0.99) / engine_alone,
        Bound::AtMost(2.0),
    );
    report.note(
        "search: p99 with rows and highlights against bare tantivy",
        quantile(&mut all.service, 0.99) / engine_alone,
        Bound::AtMost(2.0),
    );
    service.store().close().await;
    drop(searcher as Searcher);
    Ok(())
}

impl Times {
    fn print(&mut self, what: &str) {
        for (who, times) in [
            ("bare tantivy", &mut self.bare),
            ("huiyin: index", &mut self.engine),
            ("huiyin: rows, highlights", &mut self.service),
        ] {
            let (half, most, worst) = (quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1.0));
            println!("  {what:<8} {who:<26} p50 {half:>7.3}  p99 {most:>7.3}  max {worst:>7.3}");
        }
    }
}

fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}

/// Search texts of so many words, all words of one taken from one message: so there is always something to find.
async fn texts(service: &huiyin::service::Service, items: usize, words: usize) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut random = Random(20_261_121 + words as u64);
    while texts.len() < QUERIES {
        let number = i64::try_from(random.below(items))?;
        let Some((_, version)) = page(service.store(), number, 1).await?.pop() else { continue };
        let pieces: Vec<&str> = huiyin::search::cut_words(&version.body)
            .into_iter()
            .filter(|word| word.chars().nth(1).is_some() && word.chars().all(char::is_alphanumeric))
            .collect();
        if pieces.is_empty() {
            continue;
        }
        let chosen: Vec<&str> = (0..words).filter_map(|_| pieces.get(random.below(pieces.len())).copied()).collect();
        texts.push(chosen.join(" "));
    }
    Ok(texts)
}

/// The same conditions and weights in the engine's own words: each word in title, question or answers, all words.
fn plan(text: &str, bare: &BareIndex) -> anyhow::Result<BooleanQuery> {
    let schema = bare.index.schema();
    let fields =
        [(schema.get_field("title")?, 2.0), (schema.get_field("body")?, 1.0), (schema.get_field("reply")?, 0.5)];
    let mut words: Vec<String> = text.split(' ').map(huiyin_domain::text::fold::fold).collect();
    words.sort_unstable();
    words.dedup();
    let clauses = words.iter().map(|word| -> (Occur, Box<dyn EngineQuery>) {
        let places = fields.iter().map(|(field, weight)| -> (Occur, Box<dyn EngineQuery>) {
            (Occur::Should, Box::new(BoostQuery::new(phrase(word, *field), *weight)))
        });
        (Occur::Must, Box::new(BooleanQuery::new(places.collect())))
    });
    Ok(BooleanQuery::new(clauses.collect()))
}

/// A word as the pairs of characters that cover it: every other one, and the last.
fn phrase(word: &str, field: Field) -> Box<dyn EngineQuery> {
    let chars: Vec<char> = word.chars().collect();
    let last = chars.len().saturating_sub(2);
    let mut terms: Vec<(usize, Term)> = chars
        .windows(2)
        .enumerate()
        .filter(|(at, _)| at % 2 == 0 || *at == last)
        .map(|(at, pair)| (at, Term::from_field_text(field, &String::from_iter(pair))))
        .collect();
    match terms.pop() {
        Some((_, term)) if terms.is_empty() => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
        Some(last) => {
            terms.push(last);
            Box::new(PhraseQuery::new_with_offset(terms))
        }
        None => Box::new(tantivy::query::EmptyQuery),
    }
}

/// A small generator of numbers (splitmix64): the same searches in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or(0) % bound.max(1)
    }
}
