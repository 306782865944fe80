//! A table on disk, read as a source is: row by row to whoever takes them, with an alarm when it cannot be read.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::connector::Connector;
use super::crawl::{Alarm, AlarmCode, Coverage, CrawlError, Found, Host, HostGone, Reading};
use super::error::{FileCode, FileRefusal, ReadError};
use super::fetch::{FetchCode, FetchError};
use super::read::read_table;
use super::record::Limits;

/// Rows that are read ahead of who takes them.
const ROWS_AHEAD: usize = 256;

/// A table that came by itself, or was fetched.
#[derive(Debug)]
pub struct TableFile {
    /// How it is read.
    pub connector: Connector,
    /// Where it lies; nobody changes it there.
    pub path: PathBuf,
    /// What people call it.
    pub name: String,
    /// What is raised when it cannot be read, and about what. Never personal.
    pub alarm: (AlarmCode, String),
}

impl TableFile {
    /// Why nothing, or nothing more, of it can be read.
    fn refused(&self, refusal: FileRefusal) -> CrawlError {
        let refusal = FileRefusal { file: self.name.clone(), ..refusal };
        if refusal.code == FileCode::Unreadable {
            return FetchError::new(FetchCode::Network, refusal.to_string()).into();
        }
        let (code, subject) = self.alarm.clone();
        CrawlError::Layout(Alarm { code, subject, message: format!("{refusal}（{}）", refusal.code.as_str()) })
    }
}

impl Reading for TableFile {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        let mut coverage = Coverage::default();
        let (sender, mut rows) = mpsc::channel(ROWS_AHEAD);
        let (connector, path) = (self.connector.clone(), self.path.clone());
        let reader = tokio::task::spawn_blocking(move || {
            read_table(&connector, &path, &Limits::default(), &mut |row| {
                sender.blocking_send(row).map_err(|_| HostGone)
            })
        });
        while let Some(row) = rows.recv().await {
            coverage.shown += 1;
            if let Err(gone) = host.take(Found::Row(row)).await {
                return (coverage, Err(gone.into()));
            }
        }
        let summary = match reader.await {
            Ok(Ok(summary)) => summary,
            Ok(Err(ReadError::File(refusal))) => return (coverage, Err(self.refused(refusal))),
            Ok(Err(ReadError::Row(gone))) => return (coverage, Err(gone.into())),
            Err(_) => {
                let error = FetchError::new(FetchCode::Network, "读文件的程序意外中断，请再试一次");
                return (coverage, Err(error.into()));
            }
        };
        coverage.complete = true;
        let least = self.connector.schedule.min_items;
        if summary.stated < least {
            let message =
                format!("文件“{}”只有 {} 行来件，少于采集配置里的最少条数 {least}", self.name, summary.stated);
            coverage.alarms.insert(Alarm { code: AlarmCode::TooFew, subject: "file".to_owned(), message });
        }
        (coverage, Ok(()))
    }
}
