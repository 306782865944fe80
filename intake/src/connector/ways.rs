//! The ways in which a source is read by plan, beside the crawling of a list.

use std::path::PathBuf;
use std::time::Duration;

use super::Connector;
use super::site::Ask;
use crate::fetch::{FetchRules, HeaderValue};

/// How a source is read by plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way<'a> {
    /// Its list is crawled.
    List(&'a FetchRules),
    /// A table is downloaded.
    Download(&'a FetchRules),
    /// Tables are put into a folder.
    Folder(&'a Watch),
    /// A mailbox is read.
    Mailbox(&'a Mailbox),
}

/// A folder into which somebody, or a program, puts tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The folder; relative to the data directory unless it is absolute.
    pub folder: PathBuf,
    /// How long a file must stay as it is before it is read. Default ten seconds.
    pub settle: Duration,
    /// Where a file goes once it was taken, below the folder; `None`: it stays where it is.
    pub done: Option<String>,
}

/// A table that is fetched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Download {
    pub(crate) fetch: FetchRules,
    pub(crate) ask: Ask,
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Host name of the IMAP server.
    pub host: String,
    /// Port; 993 by default, 143 where TLS begins later or never.
    pub port: u16,
    /// When TLS begins. Default with the connection.
    pub tls: MailTls,
    /// The account.
    pub user: HeaderValue,
    /// Name of the secret that is its password.
    pub password: String,
    /// The folder; `INBOX` by default.
    pub folder: String,
    /// Hosts (`name` or `name:port`) whose address may be private.
    pub private: Vec<String>,
    /// PEM file of a certificate authority that is trusted beside the system's.
    pub certificate: Option<PathBuf>,
    /// Whether automatic mail is taken like any other, and not held. Default no.
    pub takes_automatic: bool,
    /// A larger letter is held unread. Bytes; default 25 MiB.
    pub max_bytes: u64,
    /// From one letter to the next. Default 100 ms.
    pub pace: Duration,
    /// How long a connection may take. Default ten seconds.
    pub connect_timeout: Duration,
    /// How long the server may be silent. Default thirty seconds.
    pub idle_timeout: Duration,
    /// How long one answer may take in all. Default two minutes.
    pub total_timeout: Duration,
    /// How often a connection that broke is made anew. Default three.
    pub retries: u32,
}

/// When a connection to a mail server becomes secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte.
    Implicit,
    /// By the command STARTTLS, before anybody logs in.
    StartTls,
    /// Never. Only for a host that is named as private.
    Plain,
}

impl Connector {
    /// How the source is read by plan; `None` where somebody has to bring its messages.
    pub fn way(&self) -> Option<Way<'_>> {
        let site = self.site.as_ref().map(|site| Way::List(&site.fetch));
        let download = || self.download.as_ref().map(|download| Way::Download(&download.fetch));
        let folder = || self.watch.as_ref().map(Way::Folder);
        site.or_else(download).or_else(folder).or_else(|| self.mailbox.as_ref().map(Way::Mailbox))
    }

    /// The host it is read from, for people; `None` where nothing is asked for over the network.
    pub fn host(&self) -> Option<&str> {
        match self.way()? {
            Way::List(rules) | Way::Download(rules) => rules.base.host_str(),
            Way::Mailbox(mailbox) => Some(&mailbox.host),
            Way::Folder(_) => None,
        }
    }
}
