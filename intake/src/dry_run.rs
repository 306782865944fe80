//! `connector run`: what a connector takes from its source, without anybody writing it down.

use std::collections::BTreeMap;

use huiyin_domain::time::Instant;
use serde::Serialize;
use url::Url;

use super::connector::Connector;
use super::crawl::{
    Coverage, CrawlError, CrawlLimits, Found, Host, HostGone, Known, Pages, Payload, Reach, Reading, crawl,
};
use super::fetch::{Answer, FetchCode, FetchError, Request};
use super::fold::fold_header;
use super::preview::signs;
use super::record::{RawCells, RowOutcome};

/// What a crawl would have handed over.
#[derive(Debug, Default)]
pub struct DryRun {
    /// The first rows, in the order of the list, with what looks wrong about each; those that are held come with the code
    /// of their reason.
    pub rows: Vec<(RowOutcome, Vec<&'static str>)>,
    /// How many rows can be read.
    pub records: u64,
    /// How many are held.
    pub held: u64,
    /// How often each thing looked wrong, in all rows.
    pub signs: BTreeMap<&'static str, u64>,
    /// The cells that were found, in the order in which they were met.
    pub columns: Vec<SeenColumn>,
    /// What the connector knows and no row had.
    pub absent: Vec<String>,
    /// Addresses of the pages that were read, without anything secret.
    pub pages: Vec<String>,
    /// The first page of the list that was read.
    pub page: Option<Payload>,
    /// What the crawl covered, with its alarms.
    pub coverage: Coverage,
    /// What broke it off.
    pub broke_off: Option<CrawlError>,
}

/// A cell that the rows of a source have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenColumn {
    /// Its name on the page.
    pub name: String,
    /// The code of the field it is read into; `None` when the connector does not know it: it is kept with the raw cells.
    pub field: Option<&'static str>,
    /// In how many rows it is filled.
    pub rows: u64,
}

/// Reads a source as a pull would, and remembers the first `shown` rows.
pub async fn dry_run<P: Pages>(
    connector: &Connector,
    reach: Reach,
    pages: &mut P,
    limits: &CrawlLimits,
    shown: usize,
    now: Instant,
) -> DryRun {
    dry_run_of(connector, Listing { connector, reach, pages, limits }, shown, now).await
}

/// The list of a source.
struct Listing<'a, P> {
    connector: &'a Connector,
    reach: Reach,
    pages: &'a mut P,
    limits: &'a CrawlLimits,
}

impl<P: Pages> Reading for Listing<'_, P> {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        crawl(self.connector, self.reach, self.pages, host, self.limits).await
    }
}

/// The same for whatever reads a source.
pub async fn dry_run_of(connector: &Connector, reading: impl Reading, shown: usize, now: Instant) -> DryRun {
    let mut reader = Reader { connector, shown, now, run: DryRun::default() };
    let (coverage, result) = reading.read(&mut reader).await;
    let mut run = reader.run;
    run.coverage = coverage;
    run.broke_off = result.err();
    let is_absent = |aliases: &[String]| !run.columns.iter().any(|seen| aliases.contains(&fold_header(&seen.name)));
    let absent = connector.columns.iter().filter(|column| is_absent(&column.aliases));
    run.absent = absent.map(|column| column.name.clone()).collect();
    run
}

/// Takes the rows of a dry run: nothing is known, and nothing is kept but what is to be shown.
struct Reader<'a> {
    connector: &'a Connector,
    shown: usize,
    now: Instant,
    run: DryRun,
}

impl Reader<'_> {
    fn row(&mut self, row: RowOutcome) {
        let signs = match &row {
            RowOutcome::Record(record) => {
                self.run.records += 1;
                self.cells(&record.raw);
                signs(self.connector, record, self.now)
            }
            RowOutcome::Held(held) => {
                self.run.held += 1;
                self.cells(&held.raw);
                vec![held.reason.code.as_str()]
            }
        };
        for sign in &signs {
            *self.run.signs.entry(sign).or_default() += 1;
        }
        if self.run.rows.len() < self.shown {
            self.run.rows.push((row, signs));
        }
    }

    fn cells(&mut self, cells: &RawCells) {
        for (name, _) in cells {
            if let Some(seen) = self.run.columns.iter_mut().find(|seen| seen.name == *name) {
                seen.rows += 1;
            } else {
                let field = self.connector.field_of(name);
                self.run.columns.push(SeenColumn { name: name.clone(), field, rows: 1 });
            }
        }
    }
}

impl Host for Reader<'_> {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        Ok(vec![None; keys.len()])
    }

    async fn shown_after(&mut self, _after: &str, _limit: usize) -> Result<Vec<String>, HostGone> {
        Ok(Vec::new())
    }

    async fn take(&mut self, found: Found) -> Result<(), HostGone> {
        match found {
            Found::Page(page) => {
                self.run.pages.push(page.url.clone());
                self.run.page.get_or_insert(page);
            }
            Found::Row(row) => self.row(row),
            // Nothing is known to a dry run, so that nothing can be as it was.
            Found::Unchanged { .. } => {}
        }
        Ok(())
    }
}

/// Gets pages up to a number; what is asked for behind it fails.
#[derive(Debug)]
pub struct Bounded<P> {
    inner: P,
    left: usize,
}

impl<P> Bounded<P> {
    /// At most so many requests.
    pub const fn new(inner: P, requests: usize) -> Self {
        Self { inner, left: requests }
    }

    /// Whether no request is left.
    pub const fn is_used_up(&self) -> bool {
        self.left == 0
    }
}

impl<P: Pages> Pages for Bounded<P> {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| FetchError::new(FetchCode::Timeout, "试读只读前几行的详情。"))?;
        self.inner.get(request).await
    }

    fn cookie(&self, url: &Url, name: &str) -> Option<String> {
        self.inner.cookie(url, name)
    }

    fn redacted(&self, request: &Request) -> String {
        self.inner.redacted(request)
    }
}
