//! `connector check`: every connector reads its fixtures into exactly what `expected.json` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::connector::{Connector, ConnectorError, FILE_NAME, Kind};
use super::crawl::{Coverage, CrawlLimits, Found, Host, HostGone, Known, Reach, SitePages, crawl};
use super::error::{FileRefusal, ReadError};
use super::mail::letter_file;
use super::push::push_rows;
use super::read::read_table;
use super::record::{FileSummary, Held, Limits, RawCells, Record, RowOutcome};

const EXPECTED: &str = "expected.json";
const FIXTURES: &str = "fixtures";
const README: &str = "README.md";
/// Lines of a difference that are shown on each side.
const DIFF_LINES: usize = 20;

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CheckReport {
    /// One for each connector, by id.
    pub connectors: Vec<CheckedConnector>,
}

/// One connector that is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedConnector {
    /// Its id.
    pub id: String,
    /// How many fixtures it read.
    pub fixtures: usize,
    /// Records in all of them.
    pub records: u64,
    /// Held rows in all of them.
    pub held: u64,
}

/// What is wrong with a connector's folder.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// `connector.toml` is wrong, or names a fixture that is not there.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// A file of the folder cannot be read.
    #[error("failed to read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// Something that belongs there is not, or something is there that does not belong.
    #[error("{}: {message}", path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The fixtures come out differently.
    #[error("{} differs from what the fixtures give:\n{diff}", path.display())]
    Difference {
        /// The `expected.json`.
        path: PathBuf,
        /// `-` lines are expected, `+` lines came out.
        diff: String,
    },
}

/// What one fixture gives.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<FileRefusal>,
    /// Of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<FileSummary>,
    /// Of a source on the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
    /// Why a crawl broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_off: Option<String>,
    records: Vec<Record>,
    held: Vec<Held>,
}

impl Outcome {
    fn take(&mut self, row: RowOutcome) {
        match row {
            // What a record was made of is in the fixture itself.
            RowOutcome::Record(record) => self.records.push(Record { raw: RawCells::new(), ..*record }),
            RowOutcome::Held(held) => self.held.push(held),
        }
    }
}

/// Checks `dir`: one connector's folder, or a folder of such folders.
pub fn check(dir: &Path) -> Result<CheckReport, CheckError> {
    if dir.join(FILE_NAME).is_file() {
        return Ok(CheckReport { connectors: vec![check_one(dir)?] });
    }
    let mut folders: Vec<PathBuf> = entries(dir)?.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    if folders.is_empty() {
        return Err(CheckError::Folder { path: dir.to_owned(), message: "no connector in it".to_owned() });
    }
    Ok(CheckReport { connectors: folders.iter().map(|folder| check_one(folder)).collect::<Result<_, _>>()? })
}

/// What `expected.json` of the connector in `dir` must hold, as things are.
pub fn expected_json(dir: &Path) -> Result<String, CheckError> {
    let connector = Connector::load(dir)?;
    render(&outcomes(dir, &connector)?, dir)
}

fn check_one(dir: &Path) -> Result<CheckedConnector, CheckError> {
    let connector = Connector::load(dir)?;
    let folder = |message: String| CheckError::Folder { path: dir.to_owned(), message };
    if dir.file_name().is_none_or(|name| *name != *connector.id) {
        return Err(folder(format!("the folder must be named after the connector's id `{}`", connector.id)));
    }
    if read(&dir.join(README))?.trim().lines().count() != 1 {
        return Err(folder(format!("{README} must be one line")));
    }
    let outcomes = outcomes(dir, &connector)?;
    let actual = render(&outcomes, dir)?;
    let path = dir.join(EXPECTED);
    let expected = read(&path)?;
    if expected.trim_end() != actual.trim_end() {
        return Err(CheckError::Difference { path, diff: diff(&expected, &actual) });
    }
    Ok(CheckedConnector {
        id: connector.id,
        fixtures: outcomes.len(),
        records: count(outcomes.values().map(|outcome| outcome.records.len())),
        held: count(outcomes.values().map(|outcome| outcome.held.len())),
    })
}

fn count(lengths: impl Iterator<Item = usize>) -> u64 {
    u64::try_from(lengths.sum::<usize>()).unwrap_or(u64::MAX)
}

fn read(path: &Path) -> Result<String, CheckError> {
    std::fs::read_to_string(path).map_err(|source| CheckError::Unreadable { path: path.to_owned(), source })
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let unreadable = |source| CheckError::Unreadable { path: dir.to_owned(), source };
    let entries = std::fs::read_dir(dir).map_err(unreadable)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable)).collect()
}

fn outcomes(dir: &Path, connector: &Connector) -> Result<BTreeMap<String, Outcome>, CheckError> {
    let fixtures = dir.join(FIXTURES);
    let mut outcomes = BTreeMap::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for fixture in &connector.fixtures {
        let path = fixtures.join(&fixture.name);
        if !path.is_file() {
            let file = dir.join(FILE_NAME).display().to_string();
            let message = format!("fixture `{}` is not there", fixture.name);
            return Err(ConnectorError::Invalid { file, line: fixture.line, message }.into());
        }
        named.insert(fixture.name.clone());
        let outcome = match connector.kind {
            Kind::Table => table(connector, &path),
            Kind::Push | Kind::Form => pushed(connector, &path)?,
            Kind::Mail => mailed(connector, &path)?,
            Kind::Html | Kind::Json | Kind::JsRows | Kind::Feed => crawled(connector, &path, &mut named)?,
        };
        outcomes.insert(fixture.name.clone(), outcome);
    }
    for path in entries(&fixtures)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !named.contains(&name) {
            let message = format!("not named under `fixtures` in {FILE_NAME}, nor by a file that is");
            return Err(CheckError::Folder { path, message });
        }
    }
    Ok(outcomes)
}

fn table(connector: &Connector, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let read = read_table::<std::convert::Infallible>(connector, path, &Limits::default(), &mut |row| {
        outcome.take(row);
        Ok(())
    });
    outcome.summary = Some(FileSummary::default());
    match read {
        Ok(summary) => outcome.summary = Some(summary),
        Err(ReadError::File(refusal)) => outcome.refused = Some(refusal),
        Err(ReadError::Row(never)) => match never {},
    }
    outcome
}

/// A body as a source sends it.
fn pushed(connector: &Connector, path: &Path) -> Result<Outcome, CheckError> {
    let body = std::fs::read(path).map_err(|source| CheckError::Unreadable { path: path.to_owned(), source })?;
    let rows = push_rows(connector, &body, &Limits::default())
        .map_err(|fault| CheckError::Folder { path: path.to_owned(), message: fault.to_string() })?;
    let mut outcome = Outcome::default();
    for row in rows {
        outcome.take(row);
    }
    Ok(outcome)
}

/// A letter as it was sent.
fn mailed(connector: &Connector, path: &Path) -> Result<Outcome, CheckError> {
    let raw = std::fs::read(path).map_err(|source| CheckError::Unreadable { path: path.to_owned(), source })?;
    let mut outcome = Outcome::default();
    if let Some(row) = letter_file(connector, &raw, 1, &Limits::default()) {
        outcome.take(row);
    }
    Ok(outcome)
}

/// A sweep of a site that is written down; nothing is known before.
fn crawled(connector: &Connector, path: &Path, named: &mut BTreeSet<String>) -> Result<Outcome, CheckError> {
    let folder = |message: String| CheckError::Folder { path: path.to_owned(), message };
    let rules = connector.fetch_rules().ok_or_else(|| folder("the connector has no [fetch]".to_owned()))?;
    let mut pages = SitePages::load(path, &rules.base).map_err(|fault| folder(fault.to_string()))?;
    named.extend(pages.files().map(str::to_owned));
    let mut outcome = Outcome::default();
    let mut host = Kept { outcome: &mut outcome };
    let limits = CrawlLimits::default();
    let work = crawl(connector, Reach::Sweep, &mut pages, &mut host, &limits);
    let (coverage, result) =
        crate::block_on(work).ok_or_else(|| folder("the crawl did not come to its end".to_owned()))?;
    outcome.coverage = Some(coverage);
    outcome.broken_off = result.err().map(|error| error.to_string());
    Ok(outcome)
}

/// Keeps what a crawl of a fixture finds.
struct Kept<'a> {
    outcome: &'a mut Outcome,
}

impl Host for Kept<'_> {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        Ok(vec![None; keys.len()])
    }

    async fn shown_after(&mut self, _after: &str, _limit: usize) -> Result<Vec<String>, HostGone> {
        Ok(Vec::new())
    }

    async fn take(&mut self, found: Found) -> Result<(), HostGone> {
        if let Found::Row(row) = found {
            self.outcome.take(row);
        }
        Ok(())
    }
}

fn render(outcomes: &BTreeMap<String, Outcome>, dir: &Path) -> Result<String, CheckError> {
    let mut json = serde_json::to_string_pretty(outcomes)
        .map_err(|source| CheckError::Unreadable { path: dir.to_owned(), source: source.into() })?;
    json.push('\n');
    Ok(json)
}

/// The lines between the common beginning and the common end.
fn diff(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let same_before = expected.iter().zip(&actual).take_while(|(a, b)| a == b).count();
    let rest = expected.len().min(actual.len()) - same_before;
    let same_after = expected.iter().rev().zip(actual.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut diff = String::new();
    for (sign, lines) in [('-', &expected), ('+', &actual)] {
        let differing = lines.get(same_before..lines.len() - same_after).unwrap_or_default();
        for (number, line) in (same_before + 1..).zip(differing).take(DIFF_LINES) {
            // Writing to a String cannot fail.
            let _ = writeln!(diff, "{sign} {number:>4} {line}");
        }
        if let Some(more) = differing.len().checked_sub(DIFF_LINES).filter(|more| *more > 0) {
            let _ = writeln!(diff, "{sign}      … {more} more lines");
        }
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors")
    }

    /// A copy of a shipped connector that a test may spoil.
    fn copy(id: &str) -> (tempfile::TempDir, PathBuf) {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join(id);
        std::fs::create_dir_all(dir.join(FIXTURES)).unwrap();
        for file in [FILE_NAME, EXPECTED, README] {
            std::fs::copy(shipped().join(id).join(file), dir.join(file)).unwrap();
        }
        for fixture in std::fs::read_dir(shipped().join(id).join(FIXTURES)).unwrap() {
            let fixture = fixture.unwrap();
            std::fs::copy(fixture.path(), dir.join(FIXTURES).join(fixture.file_name())).unwrap();
        }
        (parent, dir)
    }

    /// `HUIYIN_BLESS=1` writes what comes out now; the difference is then read in the commit.
    #[test]
    fn every_shipped_connector_reads_its_fixtures() {
        if std::env::var_os("HUIYIN_BLESS").is_some() {
            for folder in entries(&shipped()).unwrap().into_iter().filter(|path| path.is_dir()) {
                std::fs::write(folder.join(EXPECTED), expected_json(&folder).unwrap()).unwrap();
            }
        }
        let report = check(&shipped()).unwrap_or_else(|error| panic!("{error}"));
        let ids: Vec<&str> = report.connectors.iter().map(|connector| connector.id.as_str()).collect();
        let builtin = super::super::builtin().unwrap();
        let names: Vec<&str> = builtin.iter().map(|connector| connector.id.as_str()).collect();
        assert_eq!(ids, names);
        assert!(report.connectors.iter().all(|connector| connector.records > 0));
    }

    #[test]
    fn a_missing_fixture_is_refused_with_the_line() {
        let (_parent, dir) = copy("mailbox");
        std::fs::remove_file(dir.join(FIXTURES).join("letters.csv")).unwrap();
        let error = check(&dir).unwrap_err().to_string();
        let text = std::fs::read_to_string(dir.join(FILE_NAME)).unwrap();
        let line = text.lines().position(|line| line.starts_with("fixtures")).unwrap() + 1;
        assert!(error.contains(&format!("line {line}: fixture `letters.csv` is not there")), "{error}");
    }

    #[test]
    fn a_difference_is_shown() {
        let (_parent, dir) = copy("mailbox");
        let expected = std::fs::read_to_string(dir.join(EXPECTED)).unwrap();
        std::fs::write(dir.join(EXPECTED), expected.replacen("\"held\": 1", "\"held\": 7", 1)).unwrap();
        let error = check(&dir).unwrap_err().to_string();
        assert!(error.contains("\"held\": 7") && error.contains("\"held\": 1") && error.lines().count() < 8, "{error}");
    }

    #[test]
    fn what_does_not_belong_is_refused() {
        let (_parent, dir) = copy("mailbox");
        std::fs::write(dir.join(FIXTURES).join("other.csv"), "x").unwrap();
        assert!(check(&dir).unwrap_err().to_string().contains("not named under `fixtures`"));
        std::fs::remove_file(dir.join(FIXTURES).join("other.csv")).unwrap();
        std::fs::write(dir.join(README), "one\ntwo\n").unwrap();
        assert!(check(&dir).unwrap_err().to_string().contains("must be one line"));
    }
}
