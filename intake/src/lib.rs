//! Reading what a source exported: files in, typed rows out.
//!
//! The only kind so far is `table` (xlsx, xls, ods, csv, tsv). A [`Connector`] says in data how one source looks; a file
//! read with it comes out row by row, each a [`Record`] or, when the row cannot be understood, a [`Held`] row with its raw
//! cells and the reason. Nothing here writes to the store: `service::intake` decides whether a record is a new message, a
//! new version or nothing new.

mod cell;
mod check;
mod clean;
mod connector;
pub mod crawl;
mod error;
#[cfg(test)]
mod evaluation;
mod extract;
pub mod fetch;
mod fold;
mod header;
mod kind;
mod mapper;
mod media;
mod ole;
mod posted;
mod preview;
mod read;
mod record;
mod repair;
#[cfg(test)]
mod tests;
mod text;
mod workbook;

pub use check::{CheckError, CheckReport, CheckedConnector, check, expected_json};
pub use connector::{Connector, ConnectorError, Kind, Mailbox, Push, Schedule, builtin, find};
pub use error::{FileCode, FileRefusal, ReadError};
pub use media::{MEDIA, Media, MediaFault, media_of};
pub use posted::{PostedError, read_posted};
pub use preview::{Look, Match, count_rows, file_kind, look, recognise};
pub use read::read_table;
pub use record::{
    Answer, AttachmentLink, FileSummary, Held, HoldCode, HoldReason, Limits, RawCells, Record, RowOutcome, SheetColumn,
    SheetSummary, SkippedSheet, hold_label,
};
pub use repair::{Repaired, map_again};
