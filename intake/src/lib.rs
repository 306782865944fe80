//! Reading what a source shows, sends or exports: pages, letters and files in, typed rows out.
//!
//! A [`Connector`] says in data how one source looks; what is read with it comes out row by row, each a [`Record`] or, when
//! the row cannot be understood, a [`Held`] row with its raw cells and the reason. Nothing here writes to the store:
//! `service::import` decides whether a record is a new message, a new version or nothing new.

mod cell;
mod check;
mod clean;
mod connector;
pub mod crawl;
mod dry_run;
mod error;
#[cfg(test)]
mod evaluation;
mod extract;
pub mod fetch;
mod fold;
mod header;
mod kind;
mod line;
pub mod mail;
mod mapper;
mod media;
mod ole;
mod preview;
mod push;
mod raw;
mod read;
mod record;
mod repair;
mod scaffold;
mod table_file;
#[cfg(test)]
mod tests;
mod text;
mod workbook;

pub use check::{CheckError, CheckReport, CheckedConnector, check, expected_json};
pub use connector::{
    Connector, ConnectorError, Files, Kind, MailTls, Mailbox, Push, Schedule, Usable, Watch, Way, all, builtin, find,
    usable,
};
pub use dry_run::{Bounded, DryRun, SeenColumn, dry_run, dry_run_of};
pub use error::{FileCode, FileRefusal, ReadError};
pub use media::{MEDIA, Media, MediaFault, MediaGroup, media_of};
pub use preview::{Look, Match, count_rows, file_kind, look, recognise, sign_label, signs};
pub use push::{PushFault, push_rows};
pub use raw::{SheetRow, page_text, rows_around};
pub use read::read_table;
pub use record::{
    Answer, AttachmentLink, FileSummary, Held, HoldCode, HoldReason, Limits, RawCells, Record, RowOutcome, SheetColumn,
    SheetSummary, SkippedSheet, hold_label,
};
pub use repair::{Repaired, map_again};
pub use scaffold::{ScaffoldError, scaffold};
pub use table_file::TableFile;

/// The JSON schema of `connector.toml`, for editors and programs.
pub const CONNECTOR_SCHEMA: &str = include_str!("../../connectors/connector.schema.json");

/// Runs work that only waits for itself to its end, without a runtime: an answer out of a folder is there at once. `None`
/// when it waits for something else all the same.
pub(crate) fn block_on<T>(work: impl std::future::Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match work.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => Some(done),
        std::task::Poll::Pending => None,
    }
}
