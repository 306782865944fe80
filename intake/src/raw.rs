//! Looking at what a source sent, as it was sent: the text of a page, the rows of a sheet around one of them.

use std::path::Path;

use super::cell::{Rows, SourceRow};
use super::connector::Connector;
use super::error::{FileRefusal, Refuse};
use super::fetch::decode_as;
use super::header::{self, Found};
use super::kind::{self, FileKind};
use super::record::Limits;
use super::text::TextFile;
use super::workbook::Workbook;

/// Rows shown before and behind the one that is looked for.
const AROUND: u64 = 10;
/// Cells of a row that are shown.
const CELLS: usize = 100;
/// Characters of a cell that are shown.
const CELL_CHARS: usize = 300;

/// A row of a sheet as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// As a spreadsheet program numbers it, from one.
    pub number: u64,
    /// Its cells as a person sees them, from the first column on. Long ones are cut, and so are rows of more than a hundred.
    pub cells: Vec<String>,
}

/// The text of a page as its crawl read it: `charset` is what the server said, the connector's own word goes before it.
pub fn page_text(connector: Option<&Connector>, body: &[u8], charset: Option<&str>) -> String {
    let forced = connector.and_then(|connector| connector.site.as_ref()?.fetch.charset);
    decode_as(body, charset, forced).0
}

/// The rows of a sheet around one of them, and the header of the sheet where there is one; nothing when the sheet is not in
/// the file. `sheet` is empty for csv and tsv.
///
/// Memory: as when the file was read.
pub fn rows_around(
    connector: &Connector,
    path: &Path,
    (sheet, row): (&str, u64),
    limits: &Limits,
) -> Result<Vec<SheetRow>, FileRefusal> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let refuse = Refuse { file: &name };
    match kind::detect(path, limits, refuse)? {
        FileKind::Text => {
            let text = TextFile::survey(connector, path, limits, refuse)?;
            let top = header_row(connector, &mut text.rows()?, refuse);
            window(&mut text.rows()?, top, row)
        }
        kind => {
            let mut workbook = Workbook::open(path, kind, refuse)?;
            if !workbook.sheets().iter().any(|known| known.name == sheet) {
                return Ok(Vec::new());
            }
            let top = header_row(connector, workbook.rows(sheet, refuse)?.as_mut(), refuse);
            window(workbook.rows(sheet, refuse)?.as_mut(), top, row)
        }
    }
}

/// Where the header stands; a sheet whose header cannot be told is shown without.
fn header_row(connector: &Connector, rows: &mut dyn Rows, refuse: Refuse<'_>) -> Option<u64> {
    match header::find(connector, rows, refuse) {
        Ok(Found::Header(header)) => Some(header.row),
        Ok(Found::Nothing { .. }) | Err(_) => None,
    }
}

fn window(rows: &mut dyn Rows, header: Option<u64>, row: u64) -> Result<Vec<SheetRow>, FileRefusal> {
    let mut shown = Vec::new();
    let (first, last) = (row.saturating_sub(AROUND), row.saturating_add(AROUND));
    while let Some(next) = rows.next_row()? {
        if next.number > last {
            break;
        }
        if next.number >= first || Some(next.number) == header {
            shown.push(as_shown(&next));
        }
    }
    Ok(shown)
}

fn as_shown(row: &SourceRow) -> SheetRow {
    let shown = |text: String| {
        let mut cut: String = text.chars().take(CELL_CHARS).collect();
        if cut.len() < text.len() {
            cut.push('…');
        }
        cut
    };
    SheetRow { number: row.number, cells: row.cells.iter().take(CELLS).map(|cell| shown(cell.shown())).collect() }
}
