//! A mailbox through the use cases: letters become items, what came with them is kept, automatic mail is held.

use std::sync::{Arc, Mutex};

use huiyin::intake::Connector;
use huiyin::intake::crawl::Reach;
use huiyin::intake::fetch::{Hosts, NetSettings, Secrets};
use huiyin::intake::mail::Mailroom;
use huiyin::service::pull::Pulled;
use huiyin::service::{HomeSettings, Service};
use huiyin::store::attachment;
use huiyin::store::message::{self, MessageRow};
use huiyin_domain::access::Actor;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::on_both;
use crate::support::world::World;

const LETTER: &str = include_str!("../../../connectors/mail-leader/fixtures/letter.eml");
const REPLY: &str = include_str!("../../../connectors/mail-leader/fixtures/auto-reply.eml");
const KEY: &str = "20261109093000.1@example.com";

/// The letters of a folder, by their numbers.
type Folder = Arc<Mutex<Vec<(u32, &'static str)>>>;

/// Speaks as much IMAP as a reader needs.
async fn serve(stream: TcpStream, folder: Folder) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK ready\r\n").await.ok()?;
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let (tag, command) = line.trim_end().split_once(' ')?;
        let letters = folder.lock().expect("nobody failed").clone();
        let mut out = String::new();
        let mut end = "OK";
        if command == "CAPABILITY" {
            out.push_str("* CAPABILITY IMAP4rev1\r\n");
        } else if command.starts_with("LOGIN") {
            end = if command.ends_with("\"hunter2\"") { "OK" } else { "NO" };
        } else if command.starts_with("EXAMINE") {
            out = format!("* {} EXISTS\r\n* OK [UIDVALIDITY 3] valid\r\n", letters.len());
        } else if command == "UID SEARCH ALL" {
            let uids = letters.iter().map(|(uid, _)| format!(" {uid}")).collect::<Vec<_>>().concat();
            out = format!("* SEARCH{uids}\r\n");
        } else if let Some(fetch) = command.strip_prefix("UID FETCH ") {
            let asked: Vec<&str> = fetch.split(' ').next().unwrap_or_default().split(',').collect();
            let is_head = fetch.contains("HEADER.FIELDS");
            for (uid, raw) in letters.iter().filter(|(uid, _)| asked.contains(&uid.to_string().as_str())) {
                let (section, text) = if is_head {
                    let end = raw.find("\r\n\r\n").map_or(raw.len(), |end| end + 4);
                    ("BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]", &raw[..end])
                } else {
                    ("BODY[]", *raw)
                };
                let size = raw.len();
                let fetched = format!(
                    "* 1 FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE \"09-Oct-2026 08:30:00 +0800\" {section} \
                     {{{}}}\r\n{text})\r\n",
                    text.len()
                );
                out.push_str(&fetched);
            }
        }
        stream.write_all(format!("{out}{tag} {end} done\r\n").as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
    }
}

fn connector(port: u16) -> Connector {
    let text = include_str!("../../../connectors/mail-leader/connector.toml")
        .replace("host = \"imap.example.gov.cn\"", "host = \"127.0.0.1\"\ntls = \"none\"\nprivate = [\"127.0.0.1\"]")
        .replace("# port = 993", &format!("port = {port}\nretries = 0\npace = \"0s\""));
    Connector::parse("connector.toml", &text).expect("it is sound")
}

async fn pull(service: &Service, connector: &Connector, password: &str) -> Pulled {
    let variable = [("HUIYIN_SECRET_MAIL_LEADER".into(), password.into())];
    let secrets = Secrets::read(variable, None).expect("the secret is read");
    let settings = NetSettings { secrets, ..NetSettings::default() };
    let mailbox = connector.mailbox().expect("it is a mailbox");
    let mut room = Mailroom::new(mailbox, &settings, &Arc::new(Hosts::new()));
    let (actor, stop) = (Actor::System("test"), CancellationToken::new());
    let pulled = service.pull_mail(&actor, connector, Reach::Sweep, &mut room, &stop, &mut |_| ()).await;
    pulled.expect("the pull runs")
}

async fn letter(service: &Service) -> MessageRow {
    let mut reader = service.store().read().await.expect("a reader");
    let rows = message::by_keys(&mut reader.conn(), "mail-leader", &[KEY.to_owned()]).await;
    rows.expect("the store answers").into_iter().next().expect("the letter is there")
}

fn codes(pulled: &Pulled) -> Vec<&str> {
    pulled.alarms.iter().map(|alarm| alarm.code.as_str()).collect()
}

async fn a_mailbox_is_read_and_read_again(world: &World) {
    let folder: Folder = Arc::new(Mutex::new(vec![(4, LETTER), (5, REPLY)]));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let connector = connector(listener.local_addr().expect("it has an address").port());
    let shared = Arc::clone(&folder);
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&shared)));
        }
    });
    let home = tempfile::tempdir().expect("a folder is made");
    let service = world.service.clone().with_home(HomeSettings {
        owner: "test".to_owned(),
        spool: home.path().join("uploads"),
        blobs: home.path().join("blobs"),
        max_upload_bytes: 1 << 20,
        connectors: None,
    });

    let pulled = pull(&service, &connector, "wrong").await;
    let problem = pulled.problem.as_ref().map(|problem| problem.code.as_str());
    assert_eq!((pulled.stage.as_str(), problem), ("failed", Some("blocked")), "{pulled:?}");
    assert!(codes(&pulled).contains(&"blocked") && !format!("{pulled:?}").contains("mayor"), "{pulled:?}");

    let pulled = pull(&service, &connector, "hunter2").await;
    let counts = &pulled.statement;
    assert_eq!((counts.stated, counts.accepted, counts.held, pulled.claimed), (2, 1, 1, Some(2)), "{pulled:?}");
    assert!(pulled.is_sound() && pulled.complete, "{pulled:?}");
    let row = letter(&service).await;
    let files = {
        let mut reader = service.store().read().await.expect("a reader");
        attachment::of_message(&mut reader.conn(), &row.id).await.expect("the store answers")
    };
    let told: Vec<(&str, &str)> = files.iter().map(|file| (file.name.as_str(), file.stage.as_str())).collect();
    assert_eq!(told, [("现场.png", "stored"), ("附件2", "stored")], "the picture in the text as well: {files:?}");

    let pulled = pull(&service, &connector, "hunter2").await;
    let counts = &pulled.statement;
    assert_eq!((counts.unchanged, counts.held, counts.accepted), (1, 1, 0), "{pulled:?}");
    folder.lock().expect("nobody failed").remove(0);
    let pulled = pull(&service, &connector, "hunter2").await;
    assert_eq!((pulled.withdrawn, codes(&pulled)), (1, vec![]), "{pulled:?}");
    assert!(letter(&service).await.withdrawn_at.is_some());
    // Moved back, under another number.
    folder.lock().expect("nobody failed").push((9, LETTER));
    let pulled = pull(&service, &connector, "hunter2").await;
    assert_eq!((pulled.returned, pulled.statement.unchanged), (1, 1), "{pulled:?}");
    assert_eq!(world.items().await.len(), 1);
    serving.abort();
}

#[tokio::test]
async fn letters_become_items_and_nothing_is_lost() {
    on_both(a_mailbox_is_read_and_read_again).await;
}
