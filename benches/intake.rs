//! Taking in a file: parse, rows, ledger and index, against the bare engines; and the memory it takes.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use huiyin::search::Search;
use huiyin::store::Store;

use crate::bare;
use crate::data::{Data, Opened, documents, remove, settle, size};
use crate::report::{Bound, Report, Spent, count};

/// Imports the csv file once in any case, since the other parts read the outcome; with `rounds`, measures.
pub async fn run(data: &Data, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    Search::warm();
    let mut ours = None;
    let mut tantivy = None;
    let mut sqlite = None;
    println!("\nintake");
    for round in 0..rounds.max(1) {
        let target = if round == 0 { data.filled() } else { data.folder("again") };
        settle().await;
        let spent = import(data, "csv", &target).await?;
        spent.print("huiyin: parse, rows, ledger, index (csv)", data.items);
        ours = Some(spent.best(ours));
        if rounds == 0 {
            return Ok(());
        }
        if round > 0 {
            remove(&target)?;
        }
        settle().await;
        let spent = bare_tantivy(data).await?;
        spent.print("bare tantivy: the same documents", data.items);
        tantivy = Some(spent.best(tantivy));
        // Row by row is how one writes it first, many at once is how this driver does it fastest. The faster one counts.
        for (name, at_once) in [("bare SQLite: the same rows", 1), ("bare SQLite: the same, many at once", 64)] {
            settle().await;
            let spent = bare_sqlite(data, at_once).await?;
            spent.print(name, data.items);
            sqlite = Some(spent.best(sqlite));
        }
    }
    let (ours, tantivy, sqlite) =
        (ours.context("no round")?, tantivy.context("no round")?, sqlite.context("no round")?);
    report.note(
        "intake: throughput against the slower of bare tantivy and bare SQLite",
        tantivy.wall.max(sqlite.wall).as_secs_f64() / ours.wall.as_secs_f64(),
        Bound::AtLeast(0.6),
    );
    let database = size(&data.filled().join("huiyin.db"))?;
    let index = size(&data.filled().join("index"))?;
    println!("  database {} MB, index {} MB", database / 1_000_000, index / 1_000_000);
    // A sheet holds no more rows than this, and the sample's writer keeps a whole workbook in memory.
    if data.items <= 200_000 {
        data.write("xlsx")?;
        settle().await;
        let target = data.folder("xlsx");
        import(data, "xlsx", &target).await?.print("huiyin: the same as xlsx", data.items);
        remove(&target)?;
    }
    Ok(())
}

/// Imports a file of the messages into a folder of its own.
pub async fn import(data: &Data, extension: &str, target: &std::path::Path) -> anyhow::Result<Spent> {
    let opened = Opened::new(target).await?;
    let watch = crate::report::Watch::start();
    let statement = opened.import(data, &data.file(extension)).await?;
    let spent = watch.stop();
    anyhow::ensure!(statement.accepted + statement.held == statement.stated, "not all is new: {statement:?}");
    Ok(spent)
}

async fn bare_tantivy(data: &Data) -> anyhow::Result<Spent> {
    let store = Store::open_file(&data.filled().join("huiyin.db")).await?;
    let documents = documents(&store).await?;
    store.close().await;
    let target = data.folder("bare-index");
    let spent = {
        let target = target.clone();
        tokio::task::spawn_blocking(move || bare::tantivy(&target, documents)).await??
    };
    remove(&target)?;
    Ok(spent)
}

async fn bare_sqlite(data: &Data, at_once: usize) -> anyhow::Result<Spent> {
    let target = data.folder("bare-rows");
    std::fs::create_dir_all(&target)?;
    let spent = bare::sqlite(&data.filled().join("huiyin.db"), &target.join("rows.db"), at_once).await?;
    remove(&target)?;
    Ok(spent)
}

/// Imports with the program itself and watches how much of its memory is resident at most.
pub fn memory(data: &Data, report: &mut Report) -> anyhow::Result<()> {
    println!("\nmemory");
    let target = data.folder("child");
    let started = std::time::Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
    command.arg("--data").arg(&target).args(["import", "--connector", "board"]).arg(data.file("csv"));
    let peak = peak(&mut command)?;
    let Peak { resident, own } = peak;
    println!("  huiyin import: {:.2} s, {resident} kB at most, its own {own} kB", started.elapsed().as_secs_f64());
    report.note("intake: peak memory of `huiyin import`, MB", count(resident) * 1.024e-3, Bound::AtMost(500.0));
    remove(&target)?;
    Ok(())
}

/// The most memory that a process had, in kB.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peak {
    /// All that was resident, with the pages of files that it maps: of the index, and of the program itself.
    pub resident: usize,
    /// Its own, without them, as seen every 20 ms.
    pub own: usize,
}

/// Runs a command, which must succeed, and watches its memory.
pub fn peak(command: &mut Command) -> anyhow::Result<Peak> {
    let mut child = command.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = Peak::default();
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0)
        };
        peak.resident = peak.resident.max(kilobytes("VmHWM:"));
        peak.own = peak.own.max(kilobytes("RssAnon:"));
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    anyhow::ensure!(ended.success(), "{command:?} failed");
    Ok(peak)
}
