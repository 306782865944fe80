//! A list taken away as a spreadsheet: exactly what the page shows, as text that no program computes with.

use std::collections::HashMap;
use std::sync::Arc;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::item::{RequestType, Stage, Task};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::json;
use tokio::sync::mpsc;

use super::list::{Column, ListOrder, ListQuery};
use super::names::Names;
use super::{Refusal, Service, ServiceError};
use crate::search::{self, MAX_LIMIT, QueryText};
use crate::store::item::ItemRow;
use crate::store::item_list::{After, Filter, Order, Slice, Told};
use crate::store::message::VersionRow;

/// The most rows of a file.
pub const MAX_ROWS: u64 = 50_000;
/// Rows read at once.
const PAGE: i64 = 500;
/// The most characters of a cell; the format allows 32,767.
const MAX_CELL_CHARS: usize = 32_000;

/// A list as a file.
#[derive(Debug, Clone)]
pub struct Export {
    /// The workbook.
    pub bytes: Vec<u8>,
    /// How many items it holds.
    pub rows: u64,
    /// The day it was made, in China: for its name.
    pub day: String,
}

/// Where the next page of rows starts.
enum Place {
    List(Box<Filter>, Order, Option<After>),
    Search(Box<search::Query>),
    End,
}

impl Service {
    /// The items of a list in its order, in the columns it shows. Refused when there are more than [`MAX_ROWS`]; columns
    /// that tell who a citizen is are for those who may take that away. Who took how much is noted in the ledger.
    pub async fn export_items(&self, viewer: &Actor, query: &ListQuery) -> Result<Export, ServiceError> {
        let permit = allowed(viewer, Action::ExportItems, &Object::None)?;
        let columns = query.effective_columns().to_vec();
        if columns.iter().any(|column| column.is_personal()) {
            allowed(viewer, Action::ExportPersonal, &Object::None)?;
        }
        let turn = Arc::clone(&self.exports).acquire_owned().await.map_err(|_| closed())?;
        let mut place = self.first_place(viewer, query).await?;
        let names = self.names(None).await?;
        let now = self.now().as_micros();
        let (sender, receiver) = mpsc::channel(2);
        let headers: Vec<&'static str> = columns.iter().map(|column| column.label()).collect();
        let writing = tokio::task::spawn_blocking(move || {
            // It ends with the file, not with the request.
            let _turn = turn;
            write(&headers, receiver)
        });
        let mut rows = 0;
        loop {
            let page = self.next_rows(viewer, &mut place).await?;
            rows += page.len() as u64;
            if page.is_empty() || rows > MAX_ROWS {
                break;
            }
            let versions = self.personal(&columns, &page).await?;
            let cells = page
                .iter()
                .map(|row| columns.iter().map(|column| cell(*column, row, &names, now, &versions)).collect());
            if sender.send(cells.collect::<Vec<Vec<String>>>()).await.is_err() {
                break;
            }
        }
        drop(sender);
        let bytes = writing.await?.map_err(|error| ServiceError::Inconsistent {
            subject: "spreadsheet".to_owned(),
            problem: error.to_string(),
        })?;
        // It may have grown while it was read.
        check_size(rows)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let codes: Vec<&str> = columns.iter().map(|column| column.code()).collect();
        // The words that were searched for may be a name, and few words are easily guessed from a digest without salt.
        let unsearched = ListQuery { text: String::new(), ..query.clone() }.to_query();
        let body = json!({
            "columns": codes, "query": Digest::of(unsearched.as_bytes()).to_string(), "searched": !query.text.is_empty(),
            "rows": rows,
        });
        tx.record(viewer.code(), "items.exported", &body)?;
        tx.commit(now).await?;
        let day = now.date().map(|date| date.to_string()).unwrap_or_default();
        Ok(Export { bytes, rows, day })
    }

    /// Refuses a list that is too long before anything is written.
    async fn first_place(&self, viewer: &Actor, query: &ListQuery) -> Result<Place, ServiceError> {
        if query.text.is_empty() {
            let filter = self.list_filter(viewer, &query.filter());
            check_size(u64::try_from(self.count_items(viewer, &filter).await?).unwrap_or(0))?;
            let order = match query.effective_order() {
                ListOrder::Newest | ListOrder::Match => Order::AskedNewest,
                ListOrder::Oldest => Order::AskedOldest,
                ListOrder::Due => Order::DueFirst,
            };
            return Ok(Place::List(Box::new(filter), order, None));
        }
        let sort = match query.effective_order() {
            ListOrder::Newest => search::Sort::NewestFirst,
            ListOrder::Oldest => search::Sort::OldestFirst,
            ListOrder::Due => search::Sort::DueFirst,
            ListOrder::Match => search::Sort::Relevance,
        };
        let search = search::Query {
            filters: self.search_filters(viewer, &query.filter()),
            sort,
            limit: MAX_LIMIT,
            ..search::Query::new(QueryText::parse(&query.text)?, self.now())
        };
        let counted = self.search_items(viewer, search::Query { limit: 1, ..search.clone() }).await?;
        check_size(counted.page.total)?;
        Ok(Place::Search(Box::new(search)))
    }

    async fn next_rows(&self, viewer: &Actor, place: &mut Place) -> Result<Vec<ItemRow>, ServiceError> {
        match place {
            Place::End => Ok(Vec::new()),
            Place::List(filter, order, after) => {
                let slice = Slice { order: *order, after: *after, limit: PAGE, told: Told::Facts };
                let rows = self.list_items(viewer, filter, slice).await?;
                *after = rows.last().map(|last| {
                    let at = if *order == Order::DueFirst { last.due_at.unwrap_or_default() } else { last.asked_at };
                    After { at, number: last.number }
                });
                Ok(rows)
            }
            Place::Search(query) => {
                let found = self.search_items(viewer, (**query).clone()).await?;
                match found.page.next {
                    Some(next) => query.after = Some(next),
                    None => *place = Place::End,
                }
                Ok(found.found.into_iter().map(|found| found.item).collect())
            }
        }
    }

    /// Who wrote, when a column asks for it.
    async fn personal(
        &self,
        columns: &[Column],
        rows: &[ItemRow],
    ) -> Result<HashMap<String, VersionRow>, ServiceError> {
        if !columns.iter().any(|column| column.is_personal()) {
            return Ok(HashMap::new());
        }
        let messages: Vec<String> = rows.iter().map(|row| row.message_id.clone()).collect();
        let versions = self.newest_versions(&messages).await?;
        Ok(versions.into_iter().map(|version| (version.message_id.clone(), version)).collect())
    }
}

/// Whether a list of so many items is given as a file; the refusal says what to do instead.
pub fn check_size(rows: u64) -> Result<(), Refusal> {
    if rows <= MAX_ROWS {
        return Ok(());
    }
    Err(Refusal::new("export_too_large", format!("共 {rows} 件，一次最多导出 {MAX_ROWS} 件。请缩小范围后再导出。")))
}

fn closed() -> ServiceError {
    ServiceError::Inconsistent { subject: "exports".to_owned(), problem: "the turns are closed".to_owned() }
}

fn cell(column: Column, row: &ItemRow, names: &Names, now: i64, versions: &HashMap<String, VersionRow>) -> String {
    let version = || versions.get(&row.message_id);
    let text = match column {
        Column::Number => row.number.to_string(),
        Column::Title => row.title.clone(),
        Column::Source => {
            names.source(&row.source_id).map_or_else(|| row.source_id.clone(), |source| source.name.clone())
        }
        Column::RequestType => RequestType::parse(&row.request_type).map_or("", RequestType::label).to_owned(),
        Column::Stage => Stage::parse(&row.stage).map_or("", Stage::label).to_owned(),
        Column::Task => row.task.as_deref().and_then(Task::parse).map_or("", Task::label).to_owned(),
        Column::LeadUnit => {
            row.lead_unit_id.as_ref().and_then(|id| names.unit(id)).map(|unit| unit.name.clone()).unwrap_or_default()
        }
        Column::Asked => minute(Some(row.asked_at)),
        Column::Received => minute(Some(row.received_at)),
        Column::Due => minute(row.due_at),
        Column::Overdue => {
            let overdue = row.open && row.due_at.is_some_and(|due| due < now);
            if overdue { "超期" } else { "" }.to_owned()
        }
        Column::Replied => minute(row.replied_at),
        Column::Author => version().map(|version| version.author.clone()).unwrap_or_default(),
        Column::Contact => version().map(|version| version.contact.clone()).unwrap_or_default(),
    };
    text.chars().take(MAX_CELL_CHARS).collect()
}

/// `2026-10-09 08:30`, as a clock in China shows it.
fn minute(micros: Option<i64>) -> String {
    let civil = micros.and_then(|micros| Instant::from_micros(micros).to_civil());
    civil.map_or_else(String::new, |at| format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute()))
}

/// Writes the rows as they come. Only the packed file is held in memory; the sheet is on disk until then.
fn write(headers: &[&str], mut pages: mpsc::Receiver<Vec<Vec<String>>>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("件")?;
    sheet.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (column, header) in (0..).zip(headers) {
        sheet.write_string_with_format(0, column, *header, &bold)?;
    }
    let mut number = 0;
    while let Some(rows) = pages.blocking_recv() {
        for row in rows {
            number += 1;
            for (column, cell) in (0..).zip(row) {
                // Always a text: what begins with `=` is shown, not computed.
                sheet.write_string(number, column, cell)?;
            }
        }
    }
    workbook.save_to_buffer()
}
