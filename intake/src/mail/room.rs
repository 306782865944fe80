//! A mailbox for the length of one pull: connected when it is needed, and again when the connection broke.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::letter::attached;
use super::session::{Fetched, Head, Session};
use crate::connector::Mailbox;
use crate::crawl::Pages;
use crate::fetch::{Answer, FetchCode, FetchError, Hosts, NetSettings, Request};

/// No pause between two attempts is longer, whatever the doubling says.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// Gets the letters of one mailbox for one pull, and what came with them.
pub struct Mailroom {
    mailbox: Mailbox,
    settings: NetSettings,
    hosts: Arc<Hosts>,
    session: Option<Session>,
    /// The folder's mark when it was opened first: with another one, numbers mean other letters.
    validity: Option<u32>,
    /// The letter that was asked for last: its attachments are asked for one after the other.
    last: Option<(u32, Vec<u8>)>,
}

impl std::fmt::Debug for Mailroom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The account is somebody's.
        f.debug_struct("Mailroom").field("host", &self.mailbox.host).finish_non_exhaustive()
    }
}

/// One thing to ask of the server; asked again when the connection breaks meanwhile.
#[derive(Debug, Clone, Copy)]
enum Ask<'a> {
    All,
    /// Whether only the beginning of each header is wanted.
    Heads(&'a [u32], bool),
    Letter(u32, u64),
}

enum Got {
    All(Vec<u32>, u64),
    Heads(Vec<Head>),
    Letter(Fetched),
}

impl Mailroom {
    /// For one pull. `hosts` is the one of the process. Nothing is asked of the server yet.
    pub fn new(mailbox: &Mailbox, settings: &NetSettings, hosts: &Arc<Hosts>) -> Self {
        crate::fetch::install_tls();
        Self {
            mailbox: mailbox.clone(),
            settings: settings.clone(),
            hosts: Arc::clone(hosts),
            session: None,
            validity: None,
            last: None,
        }
    }

    pub(super) const fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The numbers of all letters, and how many the server says there are.
    pub(super) async fn all(&mut self) -> Result<(Vec<u32>, u64), FetchError> {
        match self.ask(Ask::All).await? {
            Got::All(uids, exists) => Ok((uids, exists)),
            _ => Err(self.moved()),
        }
    }

    pub(super) async fn heads(&mut self, uids: &[u32]) -> Result<Vec<Head>, FetchError> {
        let got = match self.ask(Ask::Heads(uids, false)).await {
            // Anybody can send a letter whose header has no end: it keeps nobody else's letter out.
            Err(error) if error.code == FetchCode::TooLarge => self.ask(Ask::Heads(uids, true)).await,
            got => got,
        };
        match got? {
            Got::Heads(heads) => Ok(heads),
            _ => Err(self.moved()),
        }
    }

    pub(super) async fn letter(&mut self, uid: u32, max: u64) -> Result<Fetched, FetchError> {
        match self.ask(Ask::Letter(uid, max)).await? {
            Got::Letter(letter) => Ok(letter),
            _ => Err(self.moved()),
        }
    }

    /// The folder's mark; zero before anything was asked.
    pub(super) fn validity(&self) -> u32 {
        self.validity.unwrap_or_default()
    }

    fn moved(&self) -> FetchError {
        let message = format!("{} 的文件夹正在重建，请过些时候再采集", self.mailbox.host);
        FetchError::new(FetchCode::Network, message)
    }

    async fn ask(&mut self, ask: Ask<'_>) -> Result<Got, FetchError> {
        let mut tried = 0;
        loop {
            let error = match self.attempt(ask).await {
                Ok(got) => return Ok(got),
                Err(error) => error,
            };
            // Whatever is wrong, what else comes over this connection is not to be trusted.
            self.session = None;
            let passes = matches!(error.code, FetchCode::Network | FetchCode::Timeout);
            if !passes || tried >= self.mailbox.retries {
                return Err(error);
            }
            let drawn = (self.settings.jitter)();
            let jitter = if drawn.is_nan() { 0.0 } else { drawn.clamp(0.0, 1.0) };
            let pause = self.settings.backoff.saturating_mul(2_u32.saturating_pow(tried)).min(MAX_PAUSE);
            tokio::time::sleep(pause.mul_f64(jitter)).await;
            tried += 1;
        }
    }

    async fn attempt(&mut self, ask: Ask<'_>) -> Result<Got, FetchError> {
        let hosts = Arc::clone(&self.hosts);
        let _turn = hosts.turn(&self.mailbox.host, self.mailbox.pace, 1).await;
        let mut session = if let Some(session) = self.session.take() {
            session
        } else {
            let session = Session::open(&self.mailbox, &self.settings).await?;
            if *self.validity.get_or_insert(session.validity) != session.validity {
                return Err(self.moved());
            }
            session
        };
        let got = match ask {
            Ask::All => session.all().await.map(|(uids, exists)| Got::All(uids, exists)),
            Ask::Heads(uids, is_cut) => session.heads(uids, is_cut).await.map(Got::Heads),
            Ask::Letter(uid, max) => session.letter(uid, max).await.map(Got::Letter),
        }?;
        self.session = Some(session);
        Ok(got)
    }

    /// Leaves the server as it should be left.
    pub async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }

    /// Where what came with a letter is found again.
    pub(super) fn address(mailbox: &Mailbox, validity: u32, uid: u32, number: usize) -> String {
        let mut folder = String::new();
        for byte in mailbox.folder.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/') {
                folder.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(folder, "%{byte:02X}");
            }
        }
        format!("imap://{}:{}/{folder};UIDVALIDITY={validity}/;UID={uid}#{number}", mailbox.host, mailbox.port)
    }

    /// Mark, number of the letter and number of the part in such an address.
    fn place(url: &Url) -> Option<(u32, u32, usize)> {
        let path = url.path();
        let (rest, uid) = path.rsplit_once("/;UID=")?;
        let (_, validity) = rest.rsplit_once(";UIDVALIDITY=")?;
        Some((validity.parse().ok()?, uid.parse().ok()?, url.fragment()?.parse().ok()?))
    }
}

impl Pages for Mailroom {
    async fn get(&mut self, _request: Request) -> Result<Answer, FetchError> {
        Err(FetchError::new(FetchCode::Address, "邮箱里没有网页"))
    }

    async fn get_file(&mut self, url: Url, max_bytes: u64) -> Result<Answer, FetchError> {
        let gone = || FetchError::new(FetchCode::Gone, "邮件已不在这个文件夹里");
        let (validity, uid, number) = Self::place(&url).ok_or_else(gone)?;
        if self.validity.is_none() {
            self.all().await?;
        }
        // In another folder, and in this one before it was numbered anew, the same number is somebody else's letter.
        let ours = Url::parse(&Self::address(&self.mailbox, self.validity(), uid, number)).ok();
        let is_ours = ours.is_some_and(|ours| (ours.host_str(), ours.path()) == (url.host_str(), url.path()));
        if self.validity() != validity || !is_ours {
            return Err(gone());
        }
        if self.last.as_ref().is_none_or(|(known, _)| *known != uid) {
            let Fetched::Here(raw) = self.letter(uid, self.mailbox.max_bytes).await? else { return Err(gone()) };
            self.last = Some((uid, raw));
        }
        let body = self.last.as_ref().and_then(|(_, raw)| attached(raw, number)).ok_or_else(gone)?;
        if body.len() as u64 > max_bytes {
            return Err(FetchError::new(FetchCode::TooLarge, "附件太大"));
        }
        Ok(Answer { url, body: Some(body), media_type: None, charset: None })
    }
}
