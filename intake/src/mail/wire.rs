//! IMAP as it goes over the wire: one response after the other, each with its literals, within limits.

use std::time::Duration;

use imap_proto::Response;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use crate::fetch::{FetchCode, FetchError};

/// A response without its literals is never longer: all the numbers of a million letters take eight.
const MAX_LINE_BYTES: usize = 16 << 20;
/// So many responses that nobody can read are no IMAP.
const NONSENSE_MOST: usize = 100;
/// Lists in lists that go deeper are an attack: who reads them goes as deep.
const DEEPEST: usize = 100;

/// Whatever carries bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection to a mail server.
pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    host: String,
    /// How long the server may be silent, and how long an answer may take in all.
    idle: Duration,
    total: Duration,
    tag: u32,
    buffer: Vec<u8>,
}

/// A part of a command.
pub(super) enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// A value that may hold anything: quoted, or sent by itself.
    Value(&'a str),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// As it should.
    Ok,
    /// The server says no, in these words. They may be personal.
    No(String),
    /// The server does not understand, or does not want to.
    Bad,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, host: &str, idle: Duration, total: Duration) -> Self {
        let stream = BufReader::with_capacity(1 << 16, stream);
        Self { stream, host: host.to_owned(), idle, total, tag: 0, buffer: Vec::new() }
    }

    /// The connection itself, to be made secret. What the server sent too early was sent by nobody one could trust.
    pub(super) fn into_stream(self) -> Result<Box<dyn Stream>, FetchError> {
        if self.stream.buffer().is_empty() { Ok(self.stream.into_inner()) } else { Err(self.nonsense()) }
    }

    fn broken(&self) -> FetchError {
        FetchError::new(FetchCode::Network, format!("{} 中途断开了连接", self.host))
    }

    fn silent(&self) -> FetchError {
        let seconds = self.idle.as_secs_f64();
        FetchError::new(FetchCode::Timeout, format!("{} {seconds} 秒没有回答", self.host))
    }

    fn nonsense(&self) -> FetchError {
        FetchError::new(FetchCode::Status, format!("{} 的回答不合 IMAP 的规矩，请核对主机和端口", self.host))
    }

    /// What the server has to say next; waits for it.
    async fn fill(&mut self) -> Result<usize, FetchError> {
        let filled = match timeout(self.idle, self.stream.fill_buf()).await {
            Err(_) => None,
            Ok(Err(_)) => Some(0),
            Ok(Ok(bytes)) => Some(bytes.len()),
        };
        match filled {
            None => Err(self.silent()),
            Some(0) => Err(self.broken()),
            Some(length) => Ok(length),
        }
    }

    /// Reads one response into the buffer. `max` is the most that its literals may hold in all.
    async fn response(&mut self, max: u64) -> Result<(), FetchError> {
        self.buffer.clear();
        let mut left = max;
        let (mut line, mut open) = (0, 0);
        loop {
            let length = self.fill().await?;
            let bytes = self.stream.buffer();
            let (used, ends) = match bytes.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (length, false),
            };
            let bytes = bytes.get(..used).unwrap_or_default();
            let (still_open, deepest) = nesting(bytes, open);
            open = still_open;
            self.buffer.extend_from_slice(bytes);
            self.stream.consume(used);
            line += used;
            if line > MAX_LINE_BYTES || deepest > DEEPEST {
                return Err(self.nonsense());
            }
            if !ends {
                continue;
            }
            let Some(literal) = literal_of(&self.buffer) else { return Ok(()) };
            left = left.checked_sub(literal).ok_or_else(|| {
                FetchError::new(FetchCode::TooLarge, format!("{} 发来的比说好的多，已断开", self.host))
            })?;
            self.literal(literal).await?;
        }
    }

    async fn literal(&mut self, mut left: u64) -> Result<(), FetchError> {
        while left > 0 {
            let length = self.fill().await?;
            let used = usize::try_from(left).map_or(length, |left| left.min(length));
            self.buffer.extend_from_slice(self.stream.buffer().get(..used).unwrap_or_default());
            self.stream.consume(used);
            left -= used as u64;
        }
        Ok(())
    }

    /// What the server says before anybody has asked. `true`: it takes us for logged in already.
    pub(super) async fn greeting(&mut self) -> Result<bool, FetchError> {
        self.response(0).await?;
        match word(&self.buffer) {
            Some(("*", "OK")) => Ok(false),
            Some(("*", "PREAUTH")) => Ok(true),
            Some(("*", "BYE")) => {
                let message = format!("{} 现在不接待，已停止：请过些时候再采集", self.host);
                Err(FetchError::new(FetchCode::Blocked, message))
            }
            _ => Err(self.nonsense()),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let sent = {
            let stream = self.stream.get_mut();
            let sending = async {
                stream.write_all(bytes).await?;
                stream.flush().await
            };
            timeout(self.idle, sending).await
        };
        match sent {
            Err(_) => Err(self.silent()),
            Ok(Err(_)) => Err(self.broken()),
            Ok(Ok(())) => Ok(()),
        }
    }

    /// Sends a command and hands over what is answered to it, until it is done.
    pub(super) async fn run(
        &mut self,
        command: &[Piece<'_>],
        max: u64,
        each: &mut (dyn FnMut(Response<'_>) + Send),
    ) -> Result<Ended, FetchError> {
        let total = self.total;
        let done = timeout(total, self.run_to_end(command, max, each)).await;
        done.unwrap_or_else(|_| {
            let message = format!("{} 超过 {} 秒还没有答完", self.host, total.as_secs_f64());
            Err(FetchError::new(FetchCode::Timeout, message))
        })
    }

    async fn run_to_end(
        &mut self,
        command: &[Piece<'_>],
        max: u64,
        each: &mut (dyn FnMut(Response<'_>) + Send),
    ) -> Result<Ended, FetchError> {
        self.tag += 1;
        let tag = format!("h{}", self.tag);
        let mut out = format!("{tag} ").into_bytes();
        for piece in command {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Value(value) if is_quotable(value) => {
                    out.push(b'"');
                    out.extend_from_slice(value.replace('\\', "\\\\").replace('"', "\\\"").as_bytes());
                    out.push(b'"');
                }
                Piece::Value(value) => {
                    out.extend_from_slice(format!("{{{}}}\r\n", value.len()).as_bytes());
                    self.send(&out).await?;
                    if let Some(refused) = self.wait_for_go(&tag).await? {
                        return Ok(refused);
                    }
                    out = value.as_bytes().to_vec();
                }
            }
        }
        out.extend_from_slice(b"\r\n");
        self.send(&out).await?;
        let mut nonsense = 0;
        loop {
            self.response(max).await?;
            if let Some(ended) = self.ended(&tag)? {
                return Ok(ended);
            }
            match imap_proto::parser::parse_response(&self.buffer) {
                Ok((_, response)) => each(response),
                // An extension that nobody asked for. What was asked for and cannot be read is missed by who asked.
                Err(_) if self.buffer.starts_with(b"* ") && nonsense < NONSENSE_MOST => nonsense += 1,
                Err(_) => return Err(self.nonsense()),
            }
        }
    }

    /// Waits until the server wants the value.
    async fn wait_for_go(&mut self, tag: &str) -> Result<Option<Ended>, FetchError> {
        loop {
            self.response(0).await?;
            if self.buffer.starts_with(b"+") {
                return Ok(None);
            }
            if let Some(ended) = self.ended(tag)? {
                return Ok(Some(ended));
            }
        }
    }

    /// How the command of this tag ended, where the response says so. A farewell is a broken connection.
    fn ended(&self, tag: &str) -> Result<Option<Ended>, FetchError> {
        match word(&self.buffer) {
            Some(("*", "BYE")) => Err(self.broken()),
            Some((known, status)) if known == tag => match status {
                "OK" => Ok(Some(Ended::Ok)),
                "NO" => Ok(Some(Ended::No(String::from_utf8_lossy(&self.buffer).to_lowercase()))),
                "BAD" => Ok(Some(Ended::Bad)),
                _ => Err(self.nonsense()),
            },
            _ => Ok(None),
        }
    }
}

/// The tag of a response, and the word after it in upper case where that is a status.
fn word(response: &[u8]) -> Option<(&str, &'static str)> {
    let head = response.get(..response.len().min(64)).unwrap_or_default();
    let end = head.iter().position(|byte| !byte.is_ascii_graphic() && *byte != b' ').unwrap_or(head.len());
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    let mut words = head.split(' ');
    let (tag, status) = (words.next()?, words.next()?);
    let known = ["OK", "NO", "BAD", "BYE", "PREAUTH"];
    Some((tag, known.into_iter().find(|known| known.eq_ignore_ascii_case(status)).unwrap_or("")))
}

/// How many parentheses are open behind these bytes, and how many were at once, when so many are open before them.
fn nesting(bytes: &[u8], open: usize) -> (usize, usize) {
    bytes.iter().fold((open, open), |(open, deepest), byte| match byte {
        b'(' => (open + 1, deepest.max(open + 1)),
        b')' => (open.saturating_sub(1), deepest),
        _ => (open, deepest),
    })
}

/// The length of the literal that a line announces at its end.
fn literal_of(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line).strip_suffix(b"}")?;
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    let digits = std::str::from_utf8(line.get(open + 1..)?).ok()?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number beyond any size is larger than any limit.
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn is_quotable(value: &str) -> bool {
    value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// The name of a folder as IMAP writes it: what is not ASCII in a base64 of UTF-16 between `&` and `-`.
pub(super) fn folder_name(name: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let mut out = String::new();
    let mut foreign: Vec<u8> = Vec::new();
    let close = |foreign: &mut Vec<u8>, out: &mut String| {
        if foreign.is_empty() {
            return;
        }
        out.push('&');
        for three in foreign.chunks(3) {
            let at = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
            let bits = (at(0) << 16) | (at(1) << 8) | at(2);
            for digit in 0..=three.len() {
                let index = usize::try_from((bits >> (18 - 6 * digit)) & 63).unwrap_or_default();
                out.push(DIGITS.get(index).copied().map_or('A', char::from));
            }
        }
        out.push('-');
        foreign.clear();
    };
    for letter in name.chars() {
        if letter == '&' || letter == ' ' || letter.is_ascii_graphic() {
            close(&mut foreign, &mut out);
            out.push(letter);
            if letter == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            foreign.extend(letter.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    close(&mut foreign, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_spelt_as_the_standard_says() {
        assert_eq!(folder_name("INBOX"), "INBOX");
        assert_eq!(folder_name("台北"), "&U,BTFw-");
        assert_eq!(folder_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(folder_name("a&b c"), "a&-b c");
    }

    #[tokio::test]
    async fn what_is_nested_without_end_is_not_read() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let mut wire = Wire::new(Box::new(ours), "mail.example", Duration::from_secs(5), Duration::from_secs(5));
        let deep = format!("* 1 FETCH (BODYSTRUCTURE {}\r\nh1 OK\r\n", "(".repeat(500_000));
        tokio::io::AsyncWriteExt::write_all(&mut theirs, deep.as_bytes()).await.unwrap();
        let error = wire.run(&[Piece::Text("NOOP")], 0, &mut |_| ()).await.unwrap_err();
        assert_eq!(error.code, FetchCode::Status);
    }

    #[test]
    fn literals_and_statuses_are_told() {
        assert_eq!(literal_of(b"* 1 FETCH (BODY[] {12}\r\n"), Some(12));
        assert_eq!(literal_of(b"* 1 FETCH {99999999999999999999999}\r\n"), Some(u64::MAX));
        for none in [&b"* OK {a}\r\n"[..], b"* OK {}\r\n", b"* OK 12}\r\n", b"* OK {12} \r\n"] {
            assert_eq!(literal_of(none), None);
        }
        assert_eq!(word(b"h1 ok done\r\n"), Some(("h1", "OK")));
        assert_eq!(word(b"* 1 EXISTS\r\n"), Some(("*", "")));
        assert_eq!(word(b"\xff\xfe\r\n"), None);
    }
}
