//! The rows of one page of a list: which are new, which have to be read again.

use sm3::{Digest, Sm3};
use url::Url;

use super::digest::{self, Short};
use super::run::{Crawl, Pass, layout};
use super::{AlarmCode, CrawlError, Found, Host, Known, Pages, Reach};
use crate::connector::site::{Part, Site};
use crate::connector::{Connector, Field, Key};
use crate::extract::{Cells, ListPage};
use crate::fold::fold_header;
use crate::line::{self, add_own};
use crate::mapper::Mapped;
use crate::record::{HoldCode, HoldReason, RowOutcome};

/// What was seen of a page.
pub(super) struct Looked {
    /// Of the keys on it, in their order.
    pub(super) digest: Short,
    /// Nothing on it was known, and nothing was met before.
    pub(super) all_new: bool,
}

/// A row on its way.
pub(super) struct Row {
    pub(super) cells: Cells,
    /// The page of the list it stands on: its addresses are relative to that.
    pub(super) page: Url,
    pub(super) key: Option<String>,
    pub(super) digest: String,
    pub(super) known: Option<Known>,
}

impl<P: Pages, H: Host> Crawl<'_, P, H> {
    /// Hands over every row of a page that was not handed over before.
    pub(super) async fn rows(&mut self, pass: &mut Pass, page: &ListPage, url: &Url) -> Result<Looked, CrawlError> {
        let mut whole = Sm3::new();
        let mut fresh = Vec::new();
        let mut all_new = true;
        let (mut repeated, mut earlier) = (0, 0);
        for cells in page.rows.iter().filter(|row| !line::is_blank(row)) {
            let key = self.lines.key_of(&cells.cells);
            let digest = digest::of_row(self.connector, &self.site.list.volatile, cells);
            let identity = digest::of_text(key.as_deref().unwrap_or(&digest));
            whole.update(identity);
            match self.met.insert(identity, pass.number) {
                None => {
                    pass.note(identity);
                    fresh.push(Row { cells: cells.clone(), page: url.clone(), key, digest, known: None });
                }
                Some(last) if last == pass.number => {
                    repeated += 1;
                    // A shift shows a row again on another page, and as it was.
                    let is_twin = |row: &Row| row.key == key && row.digest != digest;
                    if let Some(key) = key.as_ref().filter(|_| fresh.iter().any(is_twin)) {
                        let message = format!(
                            "列表的同一页上有两行的主键都是“{key}”，内容却不同，只收下了前一行（别处可能还有）：请到网站核对，换一个分得清来件的主键"
                        );
                        self.alarm(AlarmCode::KeyReused, "list", message);
                    }
                }
                Some(_) => {
                    pass.note(identity);
                    earlier += 1;
                }
            }
        }
        pass.repeated += repeated;
        all_new &= repeated == 0;
        self.coverage.shown += repeated + earlier;
        self.coverage.repeated += repeated + earlier;
        let keys: Vec<String> = fresh.iter().filter_map(|row| row.key.clone()).collect();
        let mut known = if keys.is_empty() { Vec::new() } else { self.host.known(&keys).await? }.into_iter();
        for mut row in fresh {
            if row.key.is_some() {
                row.known = known.next().flatten();
            }
            all_new &= row.known.is_none();
            self.row(row).await?;
        }
        let digest = whole.finalize();
        let digest = std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default());
        Ok(Looked { digest, all_new })
    }

    async fn row(&mut self, row: Row) -> Result<(), CrawlError> {
        let is_same = row.known.as_ref().is_some_and(|known| known.list_digest.as_ref() == Some(&row.digest));
        let again = self.reach == Reach::Sweep && self.site.detail.as_ref().is_some_and(|detail| detail.every_sweep);
        let found = match &row.key {
            Some(key) if is_same && !again => Found::Unchanged { key: key.clone() },
            _ if self.site.detail.is_some() && row.key.is_some() => self.with_detail(&row).await?,
            _ => {
                let digest = row.digest.clone();
                Found::Row(self.mapped(&row, &row.cells, &row.page, Some(digest)))
            }
        };
        self.row += 1;
        self.coverage.shown += 1;
        self.host.take(found).await?;
        Ok(())
    }

    /// The record or held row that cells make. `page`: where those stand that are not in the list.
    pub(super) fn mapped(&mut self, row: &Row, cells: &Cells, page: &Url, digest: Option<String>) -> RowOutcome {
        let key = row.key.as_deref();
        let link = self.link(row, cells, page);
        let attachments: Vec<(String, String)> = cells
            .attachments
            .iter()
            .filter_map(|one| {
                let from = if row.cells.attachments.contains(one) { &row.page } else { page };
                Some((one.0.clone(), from.join(&one.1).ok()?.to_string()))
            })
            .collect();
        let mut all = cells.cells.clone();
        let own_key = key.filter(|key| self.lines.key_of(&all).as_deref() != Some(*key));
        let own_key = own_key.or_else(|| key.filter(|_| matches!(self.connector.key, Key::Digest(_))));
        add_own(&mut all, link.as_ref(), &attachments, own_key);
        match self.lines.map(&all, self.row + 1) {
            Mapped::Record(mut record) => {
                record.list_digest = digest;
                RowOutcome::Record(record)
            }
            Mapped::Held(mut held) => {
                held.key.clone_from(&row.key);
                RowOutcome::Held(held)
            }
            // Blank rows were left out before, and a source on the network has no words for footers.
            Mapped::Blank | Mapped::Furniture => {
                let message = "这一行读不出内容".to_owned();
                RowOutcome::Held(crate::record::Held {
                    sheet: String::new(),
                    row: self.row + 1,
                    column: None,
                    reason: HoldReason { code: HoldCode::RequiredMissing, message },
                    header: all.iter().map(|(name, _)| name.clone()).collect(),
                    raw: all,
                    key: row.key.clone(),
                })
            }
        }
    }

    /// Where the public reads it: as the connector says, else its page.
    fn link(&self, row: &Row, cells: &Cells, page: &Url) -> Option<Url> {
        let values = super::ask::Values::of_row(&self.tokens, row.key.as_deref().unwrap_or_default(), Some(cells));
        if let Some(link) = &self.site.link {
            let is_listed = |name: &str| row.cells.get(name) == cells.get(name);
            let from = match link.0.first() {
                Some(Part::Cell(name)) if is_listed(name) => &row.page,
                _ => page,
            };
            return values.url(link, &self.site.fetch.base, Some(from));
        }
        let detail = self.site.detail.as_ref()?;
        let is_page = matches!(detail.shape, crate::connector::site::DetailShape::Html { .. });
        let has_secret = detail.ask.url.0.iter().any(|part| matches!(part, Part::Secret(_) | Part::Token(_)));
        let is_public = is_page && !has_secret && detail.ask.body == crate::connector::site::AskBody::Get;
        let values = super::ask::Values::of_row(&self.tokens, row.key.as_deref().unwrap_or_default(), Some(&row.cells));
        is_public.then(|| values.url(&detail.ask.url, &self.site.fetch.base, Some(&row.page))).flatten()
    }

    /// A cell that every message has, and that none of the rows has: the layout has changed.
    pub(super) fn check_needed(&self, index: u64, page: &ListPage) -> Result<(), CrawlError> {
        for (wanted, is_filled) in needed(self.connector, self.site) {
            let is_it =
                |name: &str, text: &str| (!is_filled || !text.trim().is_empty()) && wanted.contains(&fold_header(name));
            let has = |row: &Cells| row.cells.iter().any(|(name, text)| is_it(name, text));
            if page.rows.iter().any(has) {
                continue;
            }
            let name = wanted.first().map_or("", String::as_str);
            let message = format!("列表第 {} 页的每一行都找不到“{name}”，网站可能改版了，请核对采集配置", index + 1);
            return Err(layout("list", message));
        }
        Ok(())
    }
}

/// Cells without which a row of the list is of no use, each under all its names, and whether one must be filled.
fn needed(connector: &Connector, site: &Site) -> Vec<(Vec<String>, bool)> {
    let mut needed: Vec<(Vec<String>, bool)> = Vec::new();
    if connector.key == Key::Printed {
        let keys = connector.columns.iter().filter(|column| column.field == Field::Key);
        needed.push((keys.flat_map(|column| column.aliases.clone()).collect(), true));
    }
    if let Some(detail) = &site.detail {
        needed.extend(detail.ask.url.cells().map(|name| (vec![fold_header(name)], false)));
    } else {
        let required = connector.columns.iter().filter(|column| column.required);
        needed.extend(required.map(|column| (column.aliases.clone(), false)));
    }
    needed
}
