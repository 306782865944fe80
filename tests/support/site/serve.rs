//! The server of the scripted source, in its own process. It speaks HTTP by hand, because it has to speak it badly.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::fault::{Fault, What};
use super::model::Model;
use super::render::{Asked, Page, Source};

/// Set for the process that is to be the server.
pub(super) const ROLE: &str = "HUIYIN_TEST_SITE";
/// The line it prints begins so.
pub(super) const ANNOUNCES: &str = "the scripted site listens on ";
/// How the test below is called.
pub(super) const ENTRY: &str = "support::site::serve::the_process_of_the_scripted_site";
/// The largest body it ever sends.
const HUGE: u64 = 2 << 30;
/// What a bomb unpacks to.
const BOMB: usize = 32 << 20;

/// What the test and the server tell each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Script {
    pub(super) model: Model,
    pub(super) faults: Vec<Fault>,
    /// Requests since the last time it was told something, by path and query.
    pub(super) asked: Vec<String>,
}

/// No test by itself: what [`super::Site::start`] runs.
#[test]
#[ignore = "the server of the scripted source; started by the tests that need it"]
fn the_process_of_the_scripted_site() {
    let Ok(prefix) = std::env::var(ROLE) else { return };
    // It ends with the test that started it, however that ends.
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime is made");
    runtime.block_on(serve(prefix));
}

#[derive(Debug, Default)]
struct State {
    source: Source,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<State>>;

async fn serve(prefix: String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let mut out = std::io::stdout();
    writeln!(out, "\n{ANNOUNCES}{address}").and_then(|()| out.flush()).expect("the address is told");
    let (shared, prefix) = (Shared::default(), Arc::<str>::from(format!("/{prefix}")));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (shared, prefix) = (Arc::clone(&shared), Arc::clone(&prefix));
        // A client that goes away is none of ours.
        tokio::spawn(async move { drop(talk(stream, &shared, &prefix).await) });
    }
}

/// Answers the requests of one connection; ends when the client does or a fault does.
async fn talk(stream: TcpStream, shared: &Shared, prefix: &str) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        if request.path == prefix {
            let text = control(shared, &request);
            send(&mut stream, 200, &["Content-Type: application/json".to_owned()], text.as_bytes()).await?;
            continue;
        }
        let page = {
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            state.asked.push(request.line.clone());
            state.source.answer(&Asked { path: request.path.clone(), fields: request.fields() })
        };
        if !show(&mut stream, page).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Takes a new script where one is sent, and tells how things stand.
fn control(shared: &Shared, request: &Request) -> String {
    let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if !request.body.is_empty() {
        let script: Script = serde_json::from_slice(&request.body).expect("the test speaks our language");
        state.source.model = script.model;
        state.source.faults = script.faults;
        state.asked.clear();
    }
    let script =
        Script { model: state.source.model.clone(), faults: state.source.faults.clone(), asked: state.asked.clone() };
    serde_json::to_string(&script).expect("it can be written")
}

#[derive(Debug)]
struct Request {
    /// Method, path and query, for whoever wants to know what was asked.
    line: String,
    path: String,
    query: String,
    body: Vec<u8>,
}

impl Request {
    fn fields(&self) -> std::collections::BTreeMap<String, String> {
        let query = form_urlencoded::parse(self.query.as_bytes());
        query.into_owned().chain(form_urlencoded::parse(&self.body).into_owned()).collect()
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(Some(Request { line: format!("{method} {target}"), path, query, body }))
}

/// The head of an answer.
fn head(status: u16, headers: &[String]) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{headers}\r\n")
}

async fn send(stream: &mut BufReader<TcpStream>, status: u16, headers: &[String], body: &[u8]) -> std::io::Result<()> {
    let mut headers = headers.to_vec();
    headers.push(format!("Content-Length: {}", body.len()));
    let mut bytes = head(status, &headers).into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes).await
}

/// Sends a page with what goes wrong on its way; false when the connection is not good for another.
async fn show(stream: &mut BufReader<TcpStream>, page: Page) -> std::io::Result<bool> {
    let labelled = |label: &str| vec![format!("Content-Type: {}{label}", page.media_type)];
    let plain = labelled("; charset=utf-8");
    match page.spoilt {
        Some(What::Status(status, wish)) => {
            let wish = wish.map(|seconds| format!("Retry-After: {seconds}"));
            send(stream, status, &wish.into_iter().collect::<Vec<_>>(), "<html>出错了</html>".as_bytes()).await?;
        }
        Some(What::Redirect(target)) => send(stream, 302, &[format!("Location: {target}")], b"").await?,
        Some(What::Empty) => send(stream, 200, &plain, b"").await?,
        Some(What::Login) => {
            let text =
                "<html><body><form>用户名<input name=u>密码<input type=\"password\" name=p></form></body></html>";
            send(stream, 200, &plain, text.as_bytes()).await?;
        }
        Some(What::Charset { gb18030, label }) => {
            let label = label.map(|label| format!("; charset={label}")).unwrap_or_default();
            let bytes = if gb18030 { encoding_rs::GB18030.encode(&page.text).0.into_owned() } else { page.text.into() };
            send(stream, page.status, &labelled(&label), &bytes).await?;
        }
        Some(What::Bomb) => {
            let mut headers = plain;
            headers.push("Content-Encoding: gzip".to_owned());
            send(stream, page.status, &headers, &bomb()).await?;
        }
        Some(What::Silent) => {
            // Until the client has had enough.
            stream.read_u8().await?;
        }
        Some(What::Slow) => return trickle(stream, &page.text).await.map(|()| false),
        Some(What::Reset) => {
            let mut headers = plain;
            headers.push(format!("Content-Length: {}", page.text.len()));
            let half = page.text.len() / 2;
            stream.write_all(head(page.status, &headers).as_bytes()).await?;
            stream.write_all(&page.text.as_bytes()[..half]).await?;
            stream.flush().await?;
            stream.get_ref().set_zero_linger()?;
            return Ok(false);
        }
        Some(What::Huge { stated }) => return flood(stream, stated).await.map(|()| false),
        _ => send(stream, page.status, &plain, page.text.as_bytes()).await?,
    }
    Ok(true)
}

/// Never silent for long, and never done.
async fn trickle(stream: &mut BufReader<TcpStream>, text: &str) -> std::io::Result<()> {
    let headers = [format!("Content-Length: {}", HUGE)];
    stream.write_all(head(200, &headers).as_bytes()).await?;
    loop {
        for byte in text.as_bytes() {
            stream.write_all(&[*byte]).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn flood(stream: &mut BufReader<TcpStream>, stated: bool) -> std::io::Result<()> {
    let length = if stated { format!("Content-Length: {HUGE}") } else { "Connection: close".to_owned() };
    stream.write_all(head(200, &[length]).as_bytes()).await?;
    let piece = vec![b' '; 1 << 16];
    let mut sent = 0;
    while sent < HUGE {
        stream.write_all(&piece).await?;
        sent += piece.len() as u64;
    }
    Ok(())
}

/// Some kilobytes that unpack to a thousand times as much. The packing is borrowed from a zip file.
fn bomb() -> Vec<u8> {
    use zip::write::SimpleFileOptions;

    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("bomb", options).expect("a file is begun");
    writer.write_all(&vec![b' '; BOMB]).expect("it is packed");
    let mut archive = zip::ZipArchive::new(writer.finish().expect("it is finished")).expect("it is read again");
    let mut entry = archive.by_index_raw(0).expect("there is one");
    let (sum, size) = (entry.crc32(), u32::try_from(entry.size()).expect("a small bomb"));
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    entry.read_to_end(&mut packed).expect("its bytes are read");
    packed.extend(sum.to_le_bytes());
    packed.extend(size.to_le_bytes());
    packed
}
