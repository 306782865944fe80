//! Mailboxes: what is read of a folder, how often, and what comes of servers that fail.

mod dovecot;
mod faults;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use self::server::{MailServer, PASSWORD, tls_file};
use super::{MailReading, Mailroom};
use crate::connector::Connector;
use crate::crawl::{Coverage, CrawlError, Found, Host, HostGone, Known, Pages as _, Reach, Reading as _};
use crate::fetch::{FetchCode, Hosts, NetSettings, Secrets};
use crate::record::{Limits, RowOutcome};

const SHIPPED: &str = include_str!("../../../../connectors/mail-leader/connector.toml");

/// The shipped connector for this server, with more settings of the mailbox.
fn connector(server: &MailServer, more: &str) -> Connector {
    let (before, after) = SHIPPED.split_once("[mail]").unwrap();
    let (_, after) = after.split_once("[attachments]").unwrap();
    let port = server.port;
    let mut more = if more.contains("tls") { more.to_owned() } else { format!("tls = \"none\"\n{more}") };
    if !more.contains("idle_timeout") {
        more.push_str("\nidle_timeout = \"2s\"");
    }
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nprivate = [\"127.0.0.1\"]\nuser = \"leader@example.gov.cn\"\n\
         password = {{ secret = \"MAIL\" }}\npace = \"0s\"\n{more}\n"
    );
    let text = format!("{before}{mail}\n[attachments]{after}");
    Connector::parse("connector.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn settings(password: &str) -> NetSettings {
    let variable = [("HUIYIN_SECRET_MAIL".into(), password.into())];
    NetSettings {
        secrets: Secrets::read(variable, None).unwrap(),
        backoff: Duration::from_millis(1),
        ..NetSettings::default()
    }
}

/// What the hub would hold: key, digest of the list, title and body.
#[derive(Debug, Default)]
struct Hub {
    known: BTreeMap<String, (Option<String>, String, String)>,
    held: Vec<(String, &'static str)>,
    unchanged: usize,
    pages: usize,
}

impl Host for Hub {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        let known = |key: &String| self.known.get(key).map(|row| Known { list_digest: row.0.clone() });
        Ok(keys.iter().map(known).collect())
    }

    async fn shown_after(&mut self, after: &str, limit: usize) -> Result<Vec<String>, HostGone> {
        Ok(self.known.keys().filter(|key| key.as_str() > after).take(limit).cloned().collect())
    }

    async fn take(&mut self, found: Found) -> Result<(), HostGone> {
        match found {
            Found::Page(_) => self.pages += 1,
            Found::Unchanged { key } => {
                assert!(self.known.contains_key(&key), "{key}");
                self.unchanged += 1;
            }
            Found::Row(RowOutcome::Record(record)) => {
                self.known.insert(record.key, (record.list_digest, record.title, record.body));
            }
            Found::Row(RowOutcome::Held(held)) => {
                self.held.push((held.key.unwrap_or_default(), held.reason.code.as_str()));
            }
        }
        Ok(())
    }
}

/// One pull.
async fn pull(connector: &Connector, reach: Reach, hub: &mut Hub) -> (Coverage, Result<(), CrawlError>) {
    pull_with(connector, reach, hub, &settings(PASSWORD)).await
}

async fn pull_with(
    connector: &Connector,
    reach: Reach,
    hub: &mut Hub,
    settings: &NetSettings,
) -> (Coverage, Result<(), CrawlError>) {
    let mut room = Mailroom::new(connector.mailbox().unwrap(), settings, &Arc::new(Hosts::new()));
    (hub.held, hub.unchanged, hub.pages) = (Vec::new(), 0, 0);
    let reading = MailReading { connector, reach, room: &mut room, limits: Limits::default(), most: None };
    let (coverage, result) = reading.read(hub).await;
    let rows = coverage.shown - coverage.repeated;
    if let Err(error) = &result {
        assert!(!format!("{error:?}").contains("leader@"), "{error:?}");
    }
    room.close().await;
    assert!(hub.unchanged as u64 + hub.held.len() as u64 <= rows, "{coverage:?}");
    (coverage, result)
}

fn letter(id: &str, subject: &str, text: &str) -> String {
    let id = if id.is_empty() { String::new() } else { format!("Message-ID: <{id}>\r\n") };
    format!(
        "From: Li <li@example.com>\r\nSubject: {subject}\r\nDate: Mon, 09 Nov 2026 09:00:00 +0800\r\n{id}\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

#[tokio::test]
async fn a_folder_is_read_once_and_leaves_no_trace() {
    let server = MailServer::start(false).await;
    for uid in 1..=3 {
        server.put(uid * 10, letter(&format!("m{uid}@x"), "S", &format!("第{uid}封")));
    }
    let connector = connector(&server, "");
    let mut hub = Hub::default();
    let (coverage, result) = pull(&connector, Reach::Sweep, &mut hub).await;
    result.unwrap();
    assert_eq!((coverage.claimed, coverage.met, coverage.complete), (Some(3), 3, true), "{coverage:?}");
    assert_eq!((hub.known.len(), hub.pages), (3, 3));
    assert_eq!(hub.known["m2@x"].2, "第2封");
    let (coverage, _) = pull(&connector, Reach::Head, &mut hub).await;
    assert_eq!((hub.unchanged, hub.pages, coverage.shown), (3, 0, 3), "nothing is read twice");
    // One is new, one was moved away: a head does not know of the latter, a sweep does.
    server.folder().letters.remove(0);
    server.put(40, letter("m4@x", "S", "第4封"));
    let (coverage, _) = pull(&connector, Reach::Head, &mut hub).await;
    assert!(hub.known.contains_key("m4@x") && coverage.withdrawn.is_empty());
    let (coverage, _) = pull(&connector, Reach::Sweep, &mut hub).await;
    assert_eq!(coverage.withdrawn, ["m1@x"]);
    let seen = server.folder().seen.clone();
    let is_reading = |command: &String| {
        let opening = ["CAPABILITY", "LOGIN", "ID (", "EXAMINE ", "UID SEARCH ALL", "UID FETCH ", "LOGOUT"];
        opening.iter().any(|opening| command.starts_with(opening)) && !command.contains("BODY[")
    };
    assert!(seen.iter().all(is_reading), "{seen:?}");
}

#[tokio::test]
async fn another_mark_of_the_folder_makes_no_letter_new() {
    let server = MailServer::start(false).await;
    server.put(1, letter("a@x", "S", "甲"));
    server.put(2, letter("b@x", "S", "乙"));
    let connector = connector(&server, "");
    let mut hub = Hub::default();
    pull(&connector, Reach::Sweep, &mut hub).await.1.unwrap();
    {
        let mut folder = server.folder();
        folder.validity = 8;
        for shown in &mut folder.letters {
            shown.uid += 100;
        }
    }
    let (coverage, result) = pull(&connector, Reach::Sweep, &mut hub).await;
    result.unwrap();
    assert_eq!((hub.unchanged, hub.known.len(), coverage.withdrawn.len()), (2, 2, 0), "{coverage:?}");
}

#[tokio::test]
async fn copies_are_one_and_a_forged_identifier_takes_nobodys_place() {
    let server = MailServer::start(false).await;
    let first = letter("same@x", "S", "原信");
    server.put(1, &first);
    server.put(2, format!("Received: by another way\r\n{first}"));
    server.put(3, letter("same@x", "Forged", "冒名的信"));
    server.put(4, letter("", "None", "没有编号"));
    let connector = connector(&server, "");
    for reach in [Reach::Sweep, Reach::Head, Reach::Sweep] {
        let mut hub = Hub::default();
        let (coverage, result) = pull(&connector, reach, &mut hub).await;
        result.unwrap();
        assert_eq!((coverage.met, coverage.shown, coverage.repeated), (4, 4, 1), "{coverage:?}");
        let bodies: Vec<&str> = hub.known.values().map(|row| row.2.as_str()).collect();
        assert_eq!(bodies, ["没有编号", "原信", "冒名的信"], "{hub:?}");
        assert_eq!(hub.known["same@x"].2, "原信");
        let (_, result) = pull(&connector, reach, &mut hub).await;
        result.unwrap();
        assert_eq!((hub.unchanged, hub.pages), (3, 0), "all three are known");
    }
    // The forged one comes when the first was read long ago, and is all that a look sees.
    let mut hub = Hub::default();
    server.folder().letters.truncate(1);
    pull(&connector, Reach::Head, &mut hub).await.1.unwrap();
    server.folder().letters.clear();
    server.put(9, letter("same@x", "Forged", "冒名的信"));
    pull(&connector, Reach::Head, &mut hub).await.1.unwrap();
    assert_eq!((hub.known.len(), hub.known["same@x"].2.as_str()), (2, "原信"), "{hub:?}");
}

#[tokio::test]
async fn tls_is_on_from_the_first_byte_or_before_the_password() {
    let mut hub = Hub::default();
    let secret = MailServer::start(true).await;
    secret.put(1, letter("a@x", "S", "甲"));
    let trusted = format!("tls = \"implicit\"\ncertificate = \"{}\"", tls_file("ca.pem").display());
    pull(&connector(&secret, &trusted), Reach::Head, &mut hub).await.1.unwrap();
    assert_eq!(hub.known.len(), 1);
    let error = pull(&connector(&secret, "tls = \"implicit\""), Reach::Head, &mut hub).await.1.unwrap_err();
    assert!(matches!(&error, CrawlError::Fetch(error) if error.code == FetchCode::Certificate), "{error}");

    let open = MailServer::start(false).await;
    open.put(1, letter("b@x", "S", "乙"));
    let starttls = trusted.replace("implicit", "starttls");
    let error = pull(&connector(&open, &starttls), Reach::Head, &mut hub).await.1.unwrap_err();
    assert!(matches!(&error, CrawlError::Fetch(error) if error.code == FetchCode::Settings), "{error}");
    assert_eq!(open.count("LOGIN"), 0, "no password goes over an open line");
    open.folder().starttls = true;
    pull(&connector(&open, &starttls), Reach::Head, &mut hub).await.1.unwrap();
    assert_eq!((hub.known.len(), open.count("LOGIN")), (2, 1));
}

#[tokio::test]
async fn what_came_with_a_letter_is_got_by_its_address() {
    let server = MailServer::start(false).await;
    let fixture = include_bytes!("../../../../connectors/mail-leader/fixtures/letter.eml");
    server.put(5, fixture);
    let connector = connector(&server, "");
    let mut room = Mailroom::new(connector.mailbox().unwrap(), &settings(PASSWORD), &Arc::new(Hosts::new()));
    let address =
        |validity, number| Mailroom::address(connector.mailbox().unwrap(), validity, 5, number).parse().unwrap();
    for number in [1, 2] {
        let body = room.get_file(address(7, number), 1 << 20).await.unwrap().body.unwrap();
        assert!(body.starts_with(b"\x89PNG"), "{number}");
    }
    assert_eq!(server.count("UID FETCH 5 (UID BODY.PEEK[])"), 1, "the letter is read once for all of them");
    let elsewhere = Mailroom::address(connector.mailbox().unwrap(), 7, 5, 1).replace("/INBOX;", "/Other;");
    for (gone, max, code) in [
        (address(7, 3), 1 << 20, FetchCode::Gone),
        (address(7, 1), 4, FetchCode::TooLarge),
        (address(6, 1), 1 << 20, FetchCode::Gone),
        (elsewhere.parse().unwrap(), 1 << 20, FetchCode::Gone),
        ("imap://x/INBOX".parse().unwrap(), 4, FetchCode::Gone),
    ] {
        assert_eq!(room.get_file(gone, max).await.unwrap_err().code, code);
    }
    let mut later = Mailroom::new(connector.mailbox().unwrap(), &settings(PASSWORD), &Arc::new(Hosts::new()));
    assert_eq!(later.get_file(address(6, 1), 1 << 20).await.unwrap_err().code, FetchCode::Gone);
}
