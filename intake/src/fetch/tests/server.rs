//! A server that does what the test says: real sockets, no manners.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a connection, one step after the other; then it closes it.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Send(Vec<u8>),
    /// A byte at a time, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// So many zeros, or as many as the other side takes.
    Flood(u64),
    /// Silence until the other side leaves.
    Hang,
    /// Breaks the connection instead of closing it.
    Reset,
}

/// The steps that send one answer with its length.
pub(super) fn page(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let mut out = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(out, "{name}: {value}\r\n");
    }
    out.push_str("\r\n");
    vec![Step::Send([out.as_bytes(), body].concat())]
}

pub(super) fn ok(body: impl AsRef<[u8]>) -> Vec<Step> {
    page(200, &[("Content-Type", "text/html; charset=utf-8")], body)
}

pub(super) fn redirect(status: u16, to: &str) -> Vec<Step> {
    page(status, &[("Location", to)], "")
}

/// Answers a request, given how many came before it.
type Script = dyn Fn(&Seen, usize) -> Vec<Step> + Send + Sync;

#[derive(Default)]
struct Record {
    seen: Mutex<Vec<Seen>>,
    flooded: AtomicU64,
    active: AtomicUsize,
    most_active: AtomicUsize,
}

pub(super) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    record: Arc<Record>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(script: impl Fn(&Seen, usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::listen(Arc::new(script), None).await
    }

    pub(super) async fn tls(script: impl Fn(&Seen, usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        crate::fetch::install_tls();
        let chain = vec![CertificateDer::from_pem_file(tls_file("server.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(tls_file("server.key")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        Self::listen(Arc::new(script), Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(script: Arc<Script>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let record = Arc::new(Record::default());
        let shared = Arc::clone(&record);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, record, tls) = (Arc::clone(&script), Arc::clone(&shared), tls.clone());
                tokio::spawn(async move { serve(stream, tls, &*script, &record).await });
            }
        });
        Self { address, scheme, record, task }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `127.0.0.1:port`.
    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn url(&self, path: &str) -> url::Url {
        format!("{}://{}{path}", self.scheme, self.address).parse().unwrap()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.record.seen.lock().unwrap().clone()
    }

    pub(super) fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// How many bytes of floods were taken.
    pub(super) fn flooded(&self) -> u64 {
        self.record.flooded.load(Ordering::SeqCst)
    }

    /// How many requests were under way at once at most.
    pub(super) fn most_active(&self) -> usize {
        self.record.most_active.load(Ordering::SeqCst)
    }
}

pub(super) fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fetch/tests/tls").join(name)
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, script: &Script, record: &Record) {
    match tls {
        None => {
            let mut stream = stream;
            if play(&mut stream, script, record).await {
                stream.set_zero_linger().unwrap();
            }
        }
        Some(tls) => {
            if let Ok(mut stream) = tls.accept(stream).await {
                play(&mut stream, script, record).await;
                let _ = stream.shutdown().await;
            }
        }
    }
}

/// Answers one request; whether the connection is to be broken.
async fn play(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), script: &Script, record: &Record) -> bool {
    let Some(seen) = read_request(stream).await else { return false };
    let active = record.active.fetch_add(1, Ordering::SeqCst) + 1;
    record.most_active.fetch_max(active, Ordering::SeqCst);
    let before = {
        let mut all = record.seen.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    let mut reset = false;
    for step in script(&seen, before) {
        match step {
            Step::Send(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    if stream.write_all(&[byte]).await.is_err() {
                        break;
                    }
                }
            }
            Step::Flood(total) => {
                let zeros = vec![0; 64 << 10];
                while record.flooded.load(Ordering::SeqCst) < total && stream.write_all(&zeros).await.is_ok() {
                    record.flooded.fetch_add(zeros.len() as u64, Ordering::SeqCst);
                }
            }
            Step::Hang => {
                let _ = stream.read(&mut [0; 16]).await;
            }
            Step::Reset => reset = true,
        }
    }
    let _ = stream.flush().await;
    record.active.fetch_sub(1, Ordering::SeqCst);
    reset
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut piece).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (first.next()?, first.next()?);
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + length {
        match stream.read(&mut piece).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
    seen.body = String::from_utf8_lossy(&bytes[head_end..]).into_owned();
    Some(seen)
}
