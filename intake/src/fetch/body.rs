//! Reading a body without ever holding more of it than allowed, as sent and as unpacked.

use std::io::{self, Write};
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use tokio::time::timeout;

use super::failure::Fault;
use super::{FetchCode, FetchError};

/// How much of a body is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits {
    /// How long the server may be silent between two pieces.
    pub(super) idle: Duration,
    /// Bytes as sent.
    pub(super) sent: u64,
    /// Bytes once unpacked.
    pub(super) unpacked: u64,
    /// Whether what lies beyond is left out, instead of refusing the whole.
    pub(super) cut: bool,
}

/// A body and how many bytes of it were sent.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) sent: u64,
}

/// Bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
    over: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = self.max.saturating_sub(self.bytes.len());
        let taken = piece.get(..room).unwrap_or(piece);
        self.bytes.extend_from_slice(taken);
        if taken.len() < piece.len() {
            self.over = true;
            return Err(io::Error::other("more than allowed"));
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Sink {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(bounded) => bounded.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece),
        }
    }

    fn bounded(&mut self) -> &mut Bounded {
        match self {
            Self::Plain(bounded) => bounded,
            Self::Gzip(decoder) => decoder.get_mut(),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
        }
    }
}

/// The body of an answer. Unpacked by hand: whoever unpacks on the way counts neither the bytes before nor those after.
pub(super) async fn read(mut response: Response, limits: BodyLimits, host: &str) -> Result<Body, Fault> {
    let max = usize::try_from(limits.unpacked).unwrap_or(usize::MAX);
    let bounded = Bounded { bytes: Vec::new(), max, over: false };
    let encoding = response.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    let mut sink = match encoding.as_deref() {
        None | Some(b"" | b"identity") => Sink::Plain(bounded),
        Some(b"gzip" | b"x-gzip") => Sink::Gzip(Box::new(MultiGzDecoder::new(bounded))),
        Some(_) => {
            let message = format!("{host} 用了没有要求的压缩方式（只接受 gzip）");
            return Err(FetchError::new(FetchCode::Status, message).into());
        }
    };
    if !limits.cut && response.content_length().is_some_and(|length| length > limits.sent) {
        return Err(too_large(host, limits));
    }
    let mut sent: u64 = 0;
    loop {
        let Ok(piece) = timeout(limits.idle, response.chunk()).await else {
            let seconds = limits.idle.as_secs_f64();
            return Err(Fault::passing(FetchCode::Timeout, format!("{host} 传到一半停了 {seconds} 秒")));
        };
        let piece = piece.map_err(|error| Fault::of_transport(&error, host, false))?;
        let Some(piece) = piece else { break };
        sent = sent.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let written = if sent > limits.sent { Err(io::ErrorKind::FileTooLarge.into()) } else { sink.write(&piece) };
        if let Err(error) = written {
            let over = sink.bounded().over || sent > limits.sent;
            return match (over, limits.cut) {
                (true, true) => Ok(Body { bytes: std::mem::take(&mut sink.bounded().bytes), sent }),
                (true, false) => Err(too_large(host, limits)),
                (false, _) => Err(damaged(host, &error)),
            };
        }
    }
    // A packed body of no bytes is an empty body, not half of one.
    if sent > 0
        && let Err(error) = sink.finish()
    {
        return Err(if sink.bounded().over { too_large(host, limits) } else { damaged(host, &error) });
    }
    Ok(Body { bytes: std::mem::take(&mut sink.bounded().bytes), sent })
}

fn too_large(host: &str, limits: BodyLimits) -> Fault {
    let (sent, unpacked) = (limits.sent >> 10, limits.unpacked >> 10);
    let message = format!("{host} 的回答太大（上限：传输 {sent} KiB，解压后 {unpacked} KiB）");
    FetchError::new(FetchCode::TooLarge, message).into()
}

fn damaged(host: &str, error: &io::Error) -> Fault {
    tracing::debug!(host, kind = ?error.kind(), "a packed body is damaged");
    Fault::passing(FetchCode::Network, format!("{host} 传来的压缩内容不完整或已损坏"))
}
