//! How long the program needs before it can answer, with everything in place.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::data::{Data, Opened};
use crate::report::{Bound, Report, quantile};

/// How often it is started.
const TURNS: usize = 5;

/// Opens store and index of the filled data directory, as the server does before it listens.
pub async fn run(data: &Data, report: &mut Report) -> anyhow::Result<()> {
    println!("\nstart, on {} items", data.items);
    let mut starts = Vec::new();
    for _ in 0..TURNS {
        let started = Instant::now();
        let opened = Opened::new(&data.filled()).await?;
        opened.service.note_interrupted_pulls(true).await?;
        let _routes = huiyin::http::router(huiyin::http::App::new(opened.service.clone()));
        starts.push(started.elapsed());
        opened.service.store().close().await;
    }
    let start = quantile(&mut starts, 0.5);
    println!("  store, migrations, index, interrupted pulls, schema, routes: {start:.1} ms");
    report.note("start: until the state of the server is ready, s", start / 1e3, Bound::AtMost(0.5));
    // Verification reads everything there is: once is enough.
    let commands: [(&[&str], usize); 2] = [(&["search", "规划"], TURNS), (&["ledger", "verify"], 1)];
    for (arguments, turns) in commands {
        let mut times: Vec<Duration> = (0..turns).map(|_| command(data, arguments)).collect::<Result<_, _>>()?;
        println!("  huiyin {}: {:.0} ms", arguments.join(" "), quantile(&mut times, 0.5));
    }
    Ok(())
}

/// The wall time of one command, process start included.
fn command(data: &Data, arguments: &[&str]) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let ended = Command::new(env!("CARGO_BIN_EXE_huiyin"))
        .arg("--data")
        .arg(data.filled())
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .context("run huiyin")?;
    anyhow::ensure!(ended.success(), "huiyin {} failed", arguments.join(" "));
    Ok(started.elapsed())
}
