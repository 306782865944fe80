//! Pulling a source over the network, against importing the same messages from a file; and the memory it takes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use huiyin::intake::Connector;
use huiyin::intake::crawl::Reach;
use huiyin::intake::fetch::{Fetcher, Hosts, NetSettings, Validators};
use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use crate::data::{Data, Opened, remove, settle};
use crate::intake;
use crate::report::{Bound, Report, Spent, Watch, count};

/// Set for the process that is to be the source, to the file with its messages.
pub const ROLE: &str = "HUIYIN_BENCH_SOURCE";
/// Rows on a page.
const PAGE: usize = 100;
/// What the file's connector says: the source shows the same columns.
const BOARD: &str = include_str!("../connectors/board/connector.toml");

/// A source in a process of its own; it ends with this value.
#[derive(Debug)]
pub struct Source {
    child: Child,
    host: String,
}

impl Drop for Source {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Source {
    /// Starts one that shows the messages of the csv file.
    pub fn start(data: &Data) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(ROLE, data.file("csv")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut host = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut host)?;
        Ok(Self { child, host: host.trim().to_owned() })
    }

    /// The connector that reads so many of its messages.
    fn connector(&self, items: usize) -> anyhow::Result<String> {
        let host = &self.host;
        let (top, rest) = BOARD.split_once("[table]").context("the connector has a table")?;
        let (_, columns) = rest.split_once("[[column]]").context("the connector has columns")?;
        let top = top.replace("kind = \"table\"", "kind = \"json\"").replace("id = \"board\"", "id = \"measured\"");
        let top = top.replace("[\"utf8.csv\", \"gb18030.csv\"]", "[\"site.toml\"]");
        Ok(format!(
            "{top}\n[fetch]\nbase = \"http://{host}/\"\nprivate = [\"{host}\"]\npace = \"0s\"\nrobots = false\n\
             [list]\nurl = \"/rows?of={items}&p={{page}}\"\npaging = {{ by = \"page\", size = {PAGE} }}\n\
             rows = \"/rows\"\ntotal = {{ pattern = \"\\\"total\\\":(\\\\d+)\" }}\n[[column]]{columns}"
        ))
    }

    /// Pulls with the program itself and watches how much of its memory is resident at most.
    pub fn memory(&self, data: &Data, report: &mut Report) -> anyhow::Result<()> {
        println!("\nchannels: memory");
        let mut peaks = Vec::new();
        for items in [data.items / 5 / PAGE * PAGE, data.items] {
            let target = data.folder("pulled");
            let connectors = data.folder("connectors");
            std::fs::create_dir_all(connectors.join("measured"))?;
            std::fs::write(connectors.join("measured/connector.toml"), self.connector(items)?)?;
            let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
            command
                .arg("--data")
                .arg(&target)
                .arg("--connectors")
                .arg(&connectors)
                .args(["pull", "measured", "--sweep"]);
            let peak = intake::peak(&mut command)?;
            println!("  huiyin pull of {items}: {} kB at most, its own {} kB", peak.resident, peak.own);
            peaks.push(peak);
            remove(&target)?;
        }
        let [fifth, all] = peaks[..] else { anyhow::bail!("two peaks are measured") };
        for (what, fifth, all) in
            [("with the mapped index", fifth.resident, all.resident), ("its own memory", fifth.own, all.own)]
        {
            report.note(
                &format!("channels: growth of `huiyin pull` from a fifth to all, {what}, MB"),
                count(all.saturating_sub(fifth)) * 1.024e-3,
                Bound::AtMost(50.0),
            );
        }
        Ok(())
    }

    /// Pulls all of it, and imports the same from the file.
    pub async fn run(self, data: &Data, report: &mut Report) -> anyhow::Result<()> {
        println!("\nchannels");
        let connector = Connector::parse("connector.toml", &self.connector(data.items)?)?;
        let (mut pulled, mut imported) = (None, None);
        // In turns: the machine is not the same at every moment.
        for _ in 0..2 {
            settle().await;
            let target = data.folder("imported");
            let spent = intake::import(data, "csv", &target).await?;
            spent.print("huiyin: from the file (csv)", data.items);
            imported = Some(spent.best(imported));
            remove(&target)?;
            settle().await;
            let target = data.folder("pulled");
            let spent = pull(data, &connector, &target).await?;
            spent.print("huiyin: from the source (json)", data.items);
            pulled = Some(spent.best(pulled));
            remove(&target)?;
        }
        let (pulled, imported) = (pulled.context("a round")?, imported.context("a round")?);
        report.note(
            "channels: rows a second from a json source against the file's",
            imported.wall.as_secs_f64() / pulled.wall.as_secs_f64(),
            Bound::AtLeast(0.5),
        );
        Ok(())
    }
}

/// Sweeps the source while the index follows; done when both are.
async fn pull(data: &Data, connector: &Connector, target: &Path) -> anyhow::Result<Spent> {
    let opened = Opened::new(target).await?;
    let rules = connector.fetch_rules().context("it is read over the network")?;
    let hosts = Arc::new(Hosts::new());
    let mut fetcher = Fetcher::new(rules, &NetSettings::default(), &hosts, Validators::default())?;
    let watch = Watch::start();
    let stop = CancellationToken::new();
    let following = tokio::spawn(opened.follower.run(opened.service.store().follow(), stop.clone()));
    let actor = Actor::System("cli");
    let never = CancellationToken::new();
    let pulled = opened.service.pull_source(&actor, connector, Reach::Sweep, &mut fetcher, &never, &mut |_| ()).await;
    stop.cancel();
    following.await?.catch_up().await?;
    opened.service.store().close().await;
    let spent = watch.stop();
    let pulled = pulled?;
    anyhow::ensure!(pulled.is_sound() && pulled.met == data.items as u64, "not all was read: {pulled:?}");
    Ok(spent)
}

/// Serves the rows of a csv file as pages of JSON, until standard input is closed. All pages are made beforehand: what is
/// measured is not the source.
pub fn serve(file: &Path) -> anyhow::Result<()> {
    let mut reader = csv::Reader::from_path(file)?;
    let header = reader.headers()?.clone();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row?;
        let cells = header.iter().zip(row.iter()).map(|(name, text)| (name.to_owned(), text.into()));
        rows.push(serde_json::Value::Object(cells.collect()).to_string());
    }
    let pages: Arc<Vec<String>> = Arc::new(rows.chunks(PAGE).map(|rows| rows.join(",")).collect());
    drop(rows);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    #[expect(
        clippy::disallowed_methods,
        reason = "the process ends with the one that measures, which nobody can await"
    )]
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    for stream in listener.incoming() {
        let pages = Arc::clone(&pages);
        // A client that goes away is none of ours.
        std::thread::spawn(move || stream.and_then(|stream| talk(stream, &pages)));
    }
    Ok(())
}

fn talk(stream: TcpStream, pages: &[String]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(first) = lines.next() {
        let first = first?;
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let number = |name: &str| {
            let (_, value) = first.split_once(name)?;
            value.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
        };
        let (all, page) = (number("of=").unwrap_or(0), number("p=").unwrap_or(1));
        let rows = if (page - 1) * PAGE < all { pages.get(page - 1).map_or("", String::as_str) } else { "" };
        let body = format!("{{\"total\":{all},\"rows\":[{rows}]}}");
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        out.write_all((head + &body).as_bytes())?;
    }
    Ok(())
}
