//! Measures the program against the bare engines below it, in the same run on the same machine.
//!
//! `cargo bench` runs all parts, `cargo bench -- search start` those named. `HUIYIN_BENCH_ITEMS` sets the number of items
//! (100,000), `HUIYIN_BENCH_ROUNDS` how often the long ones are repeated (2); the best round counts.
//! `docs/PERFORMANCE.md` tells how to read the figures.

mod api;
mod bare;
mod channels;
mod data;
mod intake;
mod pages;
mod report;
mod search;
mod start;

use anyhow::Context as _;

use data::Data;
use report::Report;

/// The program's own: both sides of every comparison run with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTS: [&str; 7] = ["memory", "intake", "channels", "search", "start", "api", "pages"];

fn main() -> anyhow::Result<()> {
    if let Some(file) = std::env::var_os(channels::ROLE) {
        return channels::serve(file.as_ref());
    }
    // The pages are asked for with a client that could speak TLS, and does not begin without it.
    huiyin::intake::fetch::install_tls();
    // Cargo itself adds `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|part| !PARTS.contains(&part.as_str())) {
        anyhow::bail!("no part {unknown}; there are {}", PARTS.join(", "));
    }
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    let items = number("HUIYIN_BENCH_ITEMS", 100_000)?;
    let rounds = number("HUIYIN_BENCH_ROUNDS", 2)?.max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let data = Data::generate(items)?;
    let mut report = Report::default();
    println!("{items} items, {rounds} rounds, {} cores", std::thread::available_parallelism()?);
    if wants("memory") {
        intake::memory(&data, &mut report)?;
    }
    let source = if wants("channels") { Some(channels::Source::start(&data)?) } else { None };
    if let Some(source) = &source {
        source.memory(&data, &mut report)?;
    }
    runtime.block_on(async {
        // Every other part reads what the first round of the intake has written.
        let rounds = if wants("intake") { rounds } else { 0 };
        intake::run(&data, rounds, &mut report).await?;
        if let Some(source) = source {
            Box::pin(source.run(&data, &mut report)).await?;
        }
        if wants("search") {
            search::run(&data, &mut report).await?;
        }
        if wants("start") {
            start::run(&data, &mut report).await?;
        }
        if wants("api") {
            api::run(&data, &mut report).await?;
        }
        if wants("pages") {
            pages::run(&data, &mut report).await?;
        }
        anyhow::Ok(())
    })?;
    report.print();
    Ok(())
}

fn number(name: &str, default: usize) -> anyhow::Result<usize> {
    match std::env::var(name) {
        Ok(text) => text.replace('_', "").parse().with_context(|| format!("{name}={text} is not a number")),
        Err(_) => Ok(default),
    }
}
