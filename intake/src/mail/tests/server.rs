//! A mail server that plays by a script: real connections, real TLS, and every way in which such a server fails.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The password that opens the mailbox: with what a quoted string must escape.
pub(super) const PASSWORD: &str = "p\"w\\ 1";

/// A letter in the folder.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) uid: u32,
    pub(super) raw: Vec<u8>,
    /// What the server says of its size, where that is not the truth.
    pub(super) size: Option<u64>,
}

/// How the server behaves.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) validity: u32,
    pub(super) letters: Vec<Shown>,
    /// It counts so many more than it names.
    pub(super) overcounts: usize,
    /// Sent instead of a greeting.
    pub(super) greeting: Option<&'static str>,
    /// The connection is cut in the middle of a letter, so many times.
    pub(super) cuts: usize,
    /// It falls silent in the middle of a letter.
    pub(super) silent: bool,
    /// It says good-bye instead of giving out a letter, so many times.
    pub(super) byes: usize,
    /// It gives this letter out never.
    pub(super) refuses: Option<u32>,
    /// It answers nonsense to FETCH.
    pub(super) nonsense: bool,
    /// It sends a letter of so many bytes whatever was said before.
    pub(super) floods: Option<usize>,
    /// It can STARTTLS.
    pub(super) starttls: bool,
    /// Every command, without its tag.
    pub(super) seen: Vec<String>,
}

/// A server on this machine.
#[derive(Debug)]
pub(super) struct MailServer {
    pub(super) port: u16,
    folder: Arc<Mutex<Folder>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fetch/tests/tls").join(name)
}

fn acceptor() -> TlsAcceptor {
    crate::fetch::install_tls();
    let chain = vec![CertificateDer::from_pem_file(tls_file("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(tls_file("server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl MailServer {
    /// `secret`: TLS from the first byte.
    pub(super) async fn start(secret: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = Arc::new(Mutex::new(Folder { validity: 7, ..Folder::default() }));
        let shared = Arc::clone(&folder);
        let task = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let folder = Arc::clone(&shared);
                serving.spawn(async move {
                    if secret {
                        if let Ok(stream) = acceptor().accept(stream).await {
                            let _ = serve(BufReader::new(stream), &folder, true).await;
                        }
                    } else {
                        plain(stream, &folder).await;
                    }
                });
            }
        });
        Self { port, folder, task }
    }

    pub(super) fn folder(&self) -> MutexGuard<'_, Folder> {
        self.folder.lock().unwrap()
    }

    /// Puts a letter into the folder.
    pub(super) fn put(&self, uid: u32, raw: impl AsRef<[u8]>) {
        self.folder().letters.push(Shown { uid, raw: raw.as_ref().to_vec(), size: None });
    }

    /// Every command so far that begins so.
    pub(super) fn count(&self, command: &str) -> usize {
        self.folder().seen.iter().filter(|seen| seen.starts_with(command)).count()
    }
}

async fn plain(stream: TcpStream, folder: &Mutex<Folder>) {
    let mut stream = BufReader::new(stream);
    if serve(&mut stream, folder, true).await == Some(Next::Tls)
        && let Ok(stream) = acceptor().accept(stream.into_inner()).await
    {
        serve(BufReader::new(stream), folder, false).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Tls,
    End,
}

/// Speaks with one client until either has enough.
async fn serve<S: AsyncBufRead + AsyncWrite + Unpin>(
    mut stream: S,
    folder: &Mutex<Folder>,
    greets: bool,
) -> Option<Next> {
    if greets {
        let greeting = folder.lock().unwrap().greeting.unwrap_or("* OK ready\r\n");
        stream.write_all(greeting.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return Some(Next::End);
        }
        let (tag, command) = line.trim_end().split_once(' ')?;
        let is_login = command.starts_with("LOGIN");
        folder.lock().unwrap().seen.push(if is_login { "LOGIN".to_owned() } else { command.to_owned() });
        match answer(folder, tag, command) {
            Said::All(bytes) => stream.write_all(&bytes).await.ok()?,
            Said::Cut(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.flush().await.ok()?;
                return Some(Next::End);
            }
            Said::Silent(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.flush().await.ok()?;
                tokio::time::sleep(Duration::from_hours(1)).await;
            }
            Said::Tls(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.flush().await.ok()?;
                return Some(Next::Tls);
            }
        }
        stream.flush().await.ok()?;
    }
}

enum Said {
    All(Vec<u8>),
    Cut(Vec<u8>),
    Silent(Vec<u8>),
    Tls(Vec<u8>),
}

fn answer(folder: &Mutex<Folder>, tag: &str, command: &str) -> Said {
    let mut folder = folder.lock().unwrap();
    let done = |before: &str| Said::All(format!("{before}{tag} OK done\r\n").into_bytes());
    match command {
        "CAPABILITY" => {
            let starttls = if folder.starttls { " STARTTLS" } else { "" };
            done(&format!("* CAPABILITY IMAP4rev1 ID{starttls}\r\n"))
        }
        "STARTTLS" => Said::Tls(format!("{tag} OK begin\r\n").into_bytes()),
        login if login.starts_with("LOGIN ") => {
            let escaped = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
            if login == format!("LOGIN \"leader@example.gov.cn\" \"{escaped}\"") {
                done("")
            } else {
                Said::All(format!("{tag} NO [AUTHENTICATIONFAILED] for leader@example.gov.cn\r\n").into_bytes())
            }
        }
        id if id.starts_with("ID (") => done("* ID NIL\r\n"),
        "EXAMINE \"INBOX\"" => {
            let exists = folder.letters.len() + folder.overcounts;
            let validity = folder.validity;
            done(&format!("* {exists} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {validity}] valid\r\n"))
        }
        "UID SEARCH ALL" => {
            let uids: Vec<String> = folder.letters.iter().map(|shown| format!(" {}", shown.uid)).collect();
            done(&format!("* SEARCH{}\r\n", uids.concat()))
        }
        "LOGOUT" => Said::Cut(format!("* BYE\r\n{tag} OK\r\n").into_bytes()),
        fetch if fetch.starts_with("UID FETCH ") => self::fetch(&mut folder, tag, fetch),
        _ => Said::All(format!("{tag} BAD unknown\r\n").into_bytes()),
    }
}

fn fetch(folder: &mut Folder, tag: &str, command: &str) -> Said {
    let uids = command.split(' ').nth(2).unwrap();
    let uids: Vec<u32> = uids.split(',').map(|uid| uid.parse().unwrap()).collect();
    let is_head = command.contains("HEADER.FIELDS");
    let wanted: Vec<Shown> = folder.letters.iter().filter(|shown| uids.contains(&shown.uid)).cloned().collect();
    let mut out = Vec::new();
    if folder.nonsense {
        return Said::All(b"\x00\x01 what?\r\n".to_vec());
    }
    for (sequence, shown) in (1..).zip(wanted) {
        let Shown { uid, raw, size } = shown;
        if is_head {
            let header = raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(&raw[..], |end| &raw[..end + 4]);
            let size = size.unwrap_or(raw.len() as u64);
            let most = command.split_once("]<0.").map(|(_, rest)| rest.split('>').next().unwrap().parse().unwrap());
            let (header, from) = match most {
                Some(most) => (&header[..header.len().min(most)], "<0>"),
                None => (header, ""),
            };
            let head = format!(
                "* {sequence} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE \"09-Nov-2026 10:00:00 +0800\" \
                 BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]{from} {{{}}}\r\n",
                header.len()
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(header);
            out.extend_from_slice(b")\r\n");
            continue;
        }
        if folder.refuses == Some(uid) {
            return Said::All(format!("{tag} NO not this one\r\n").into_bytes());
        }
        if folder.byes > 0 {
            folder.byes -= 1;
            return Said::Cut(b"* BYE closing\r\n".to_vec());
        }
        let raw = folder.floods.map_or(raw, |bytes| vec![b'x'; bytes]);
        let head = format!("* {sequence} FETCH (UID {uid} BODY[] {{{}}}\r\n", raw.len());
        out.extend_from_slice(head.as_bytes());
        if folder.cuts > 0 || folder.silent {
            folder.cuts = folder.cuts.saturating_sub(1);
            out.extend_from_slice(&raw[..raw.len() / 2]);
            return if folder.silent { Said::Silent(out) } else { Said::Cut(out) };
        }
        out.extend_from_slice(&raw);
        out.extend_from_slice(b")\r\n");
    }
    out.extend_from_slice(format!("{tag} OK done\r\n").as_bytes());
    Said::All(out)
}
