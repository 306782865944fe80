//! One visit to a mailbox: log in, look at the folder without changing anything, read.

use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode};

use super::wire::{Ended, Piece, Wire, folder_name};
use crate::connector::{MailTls, Mailbox};
use crate::fetch::connect::{connect, encrypt, tls};
use crate::fetch::{FetchCode, FetchError, NetSettings};

/// The largest header that is looked at, of one letter. Bytes.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// A folder that is open for reading.
pub(super) struct Session {
    wire: Wire,
    host: String,
    /// The folder's own mark: with another one, the numbers of its letters mean others.
    pub(super) validity: u32,
    exists: u64,
}

/// What the folder says of a letter before it is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) uid: u32,
    /// Bytes.
    pub(super) size: u64,
    /// When the server received it, as IMAP writes it.
    pub(super) received: Option<String>,
    /// Lines of its header: whose it is, and which.
    pub(super) header: Vec<u8>,
}

/// What came of asking for a letter.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The letter.
    Here(Vec<u8>),
    /// It is not in the folder any more.
    Gone,
    /// The server has it and does not give it out.
    Refused,
}

impl Session {
    pub(super) async fn open(mailbox: &Mailbox, settings: &NetSettings) -> Result<Self, FetchError> {
        let host = mailbox.host.as_str();
        // Before anything is asked of the server: without them there is no use in asking.
        let user = settings.secrets.value(&mailbox.user)?.to_owned();
        let password = settings.secrets.get(&mailbox.password)?.to_owned();
        let connector = tls(settings, mailbox.certificate.as_deref())?;
        let patience = mailbox.connect_timeout;
        let stream = connect((host, mailbox.port), &mailbox.private, settings, patience).await?;
        let (idle, total) = (mailbox.idle_timeout, mailbox.total_timeout);
        let mut wire = if mailbox.tls == MailTls::Implicit {
            let stream = encrypt(&connector, host, stream, patience).await?;
            Wire::new(Box::new(stream), host, idle, total)
        } else {
            Wire::new(Box::new(stream), host, idle, total)
        };
        let mut is_in = wire.greeting().await?;
        let mut can = capabilities(&mut wire).await?;
        if mailbox.tls == MailTls::StartTls {
            let has = can.iter().any(|can| can == "STARTTLS");
            if is_in || !has || wire.run(&[Piece::Text("STARTTLS")], 0, &mut |_| ()).await? != Ended::Ok {
                let message = format!("{host} 不肯加密（STARTTLS）：请改用 tls = \"implicit\"，或换一台服务器");
                return Err(FetchError::new(FetchCode::Settings, message));
            }
            let stream = encrypt(&connector, host, wire.into_stream()?, patience).await?;
            wire = Wire::new(Box::new(stream), host, idle, total);
            is_in = false;
            can = capabilities(&mut wire).await?;
        }
        if !is_in {
            log_in(&mut wire, host, &can, (&user, &password)).await?;
            can = capabilities(&mut wire).await?;
        }
        if can.iter().any(|can| can == "ID") {
            // Some providers open no folder for somebody who has not introduced himself.
            let id = format!("ID (\"name\" \"Huiyin\" \"version\" \"{}\")", env!("CARGO_PKG_VERSION"));
            wire.run(&[Piece::Text(&id)], MAX_HEADER_BYTES, &mut |_| ()).await?;
        }
        let mut session = Self { wire, host: host.to_owned(), validity: 0, exists: 0 };
        session.examine(&mailbox.folder).await?;
        Ok(session)
    }

    /// Opens the folder so that nothing in it can be changed.
    async fn examine(&mut self, folder: &str) -> Result<(), FetchError> {
        let (mut validity, mut exists) = (None, 0);
        let name = folder_name(folder);
        let command = [Piece::Text("EXAMINE "), Piece::Value(&name)];
        let mut each = |response: Response<'_>| match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => exists = u64::from(count),
            Response::Data { code: Some(ResponseCode::UidValidity(mark)), .. } => validity = Some(mark),
            _ => {}
        };
        match self.wire.run(&command, MAX_HEADER_BYTES, &mut each).await? {
            Ended::Ok => {}
            Ended::No(words) if words.contains("unsafe") || words.contains("unavailable") => {
                let message = format!("{} 不让读这个邮箱：请在邮箱的设置里允许 IMAP 客户端", self.host);
                return Err(FetchError::new(FetchCode::Blocked, message));
            }
            Ended::No(_) | Ended::Bad => {
                let message = format!("{} 上打不开采集配置里的文件夹，请核对 folder", self.host);
                return Err(FetchError::new(FetchCode::Settings, message));
            }
        }
        self.validity = validity.unwrap_or_default();
        self.exists = exists;
        Ok(())
    }

    /// The numbers of all letters in the folder, in their order, and how many the server says there are.
    pub(super) async fn all(&mut self) -> Result<(Vec<u32>, u64), FetchError> {
        let mut uids = Vec::new();
        let mut exists = self.exists;
        let mut answered = false;
        let mut each = |response: Response<'_>| match response {
            Response::MailboxData(MailboxDatum::Search(found)) => {
                answered = true;
                uids.extend(found);
            }
            Response::MailboxData(MailboxDatum::Exists(count)) => exists = u64::from(count),
            Response::Expunge(_) => exists = exists.saturating_sub(1),
            _ => {}
        };
        let ended = self.wire.run(&[Piece::Text("UID SEARCH ALL")], 0, &mut each).await?;
        self.exists = exists;
        if ended != Ended::Ok || !answered {
            let message = format!("{} 说不出文件夹里有哪些邮件", self.host);
            return Err(FetchError::new(FetchCode::Status, message));
        }
        uids.sort_unstable();
        uids.dedup();
        Ok((uids, exists))
    }

    /// What the folder says of these letters; one that is not there any more is left out. `is_cut`: of each header no more
    /// is sent than is looked at. Not every server can do that well, so it is not asked for without need.
    pub(super) async fn heads(&mut self, uids: &[u32], is_cut: bool) -> Result<Vec<Head>, FetchError> {
        let list = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let fields = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]";
        let part = if is_cut { format!("<0.{MAX_HEADER_BYTES}>") } else { String::new() };
        let command = format!("UID FETCH {list} (UID RFC822.SIZE INTERNALDATE {fields}{part})");
        let mut heads: Vec<Head> = Vec::new();
        let mut each = |response: Response<'_>| {
            let Response::Fetch(_, attributes) = response else { return };
            let mut head = Head::default();
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(uid) => head.uid = uid,
                    AttributeValue::Rfc822Size(size) => head.size = u64::from(size),
                    AttributeValue::InternalDate(date) => head.received = Some(date.into_owned()),
                    AttributeValue::BodySection { data: Some(data), .. } => head.header = data.into_owned(),
                    _ => {}
                }
            }
            heads.push(head);
        };
        let ended = self.wire.run(&[Piece::Text(&command)], MAX_HEADER_BYTES, &mut each).await?;
        if ended != Ended::Ok {
            let message = format!("{} 不给出邮件的信头", self.host);
            return Err(FetchError::new(FetchCode::Status, message));
        }
        heads.retain(|head| uids.contains(&head.uid));
        heads.sort_by_key(|head| head.uid);
        heads.dedup_by_key(|head| head.uid);
        Ok(heads)
    }

    /// A whole letter of at most so many bytes, without marking it as read.
    pub(super) async fn letter(&mut self, uid: u32, max: u64) -> Result<Fetched, FetchError> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[])");
        let mut letter = None;
        let mut each = |response: Response<'_>| {
            let Response::Fetch(_, attributes) = response else { return };
            let is_it = attributes.contains(&AttributeValue::Uid(uid));
            let body = attributes.into_iter().find_map(|attribute| match attribute {
                AttributeValue::BodySection { section: None, data: Some(data), .. } => Some(data.into_owned()),
                _ => None,
            });
            if is_it {
                letter = letter.take().or(body);
            }
        };
        match self.wire.run(&[Piece::Text(&command)], max, &mut each).await? {
            Ended::Ok => Ok(letter.map_or(Fetched::Gone, Fetched::Here)),
            Ended::No(_) | Ended::Bad => Ok(Fetched::Refused),
        }
    }

    /// Says good-bye. That nobody answers changes nothing.
    pub(super) async fn close(mut self) {
        let _ = self.wire.run(&[Piece::Text("LOGOUT")], 0, &mut |_| ()).await;
    }
}

async fn capabilities(wire: &mut Wire) -> Result<Vec<String>, FetchError> {
    let mut can = Vec::new();
    wire.run(&[Piece::Text("CAPABILITY")], 0, &mut |response| {
        if let Response::Capabilities(all) = response {
            can.extend(all.iter().filter_map(|one| match one {
                Capability::Atom(atom) => Some(atom.to_ascii_uppercase()),
                _ => None,
            }));
        }
    })
    .await?;
    Ok(can)
}

async fn log_in(wire: &mut Wire, host: &str, can: &[String], (user, password): (&str, &str)) -> Result<(), FetchError> {
    if can.iter().any(|can| can == "LOGINDISABLED") {
        let message = format!("{host} 要求先加密再登录：请改用 tls = \"starttls\" 或 \"implicit\"");
        return Err(FetchError::new(FetchCode::Settings, message));
    }
    let command = [Piece::Text("LOGIN "), Piece::Value(user), Piece::Text(" "), Piece::Value(password)];
    match wire.run(&command, 0, &mut |_| ()).await? {
        Ended::Ok => Ok(()),
        Ended::No(words) if words.contains("[unavailable]") => {
            Err(FetchError::new(FetchCode::Network, format!("{host} 暂时不能登录")))
        }
        // Tried once and no more: a wrong password that is repeated locks the account.
        Ended::No(_) | Ended::Bad => {
            let message = format!("{host} 不让登录，已停止：请核对账号和密码（很多邮箱要用授权码）");
            Err(FetchError::new(FetchCode::Blocked, message))
        }
    }
}
