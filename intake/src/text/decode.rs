//! Any encoding in, UTF-8 out, piece by piece; a wrong byte is an error, never a replacement character.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding};

const INPUT_BYTES: usize = 64 << 10;
/// What one decoded character may need; a smaller buffer could make no progress.
const SMALLEST_OUTPUT: usize = 16;

/// A byte that the encoding does not have.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("malformed byte sequence at offset {offset}")]
pub(super) struct Malformed {
    /// Bytes before it.
    pub(super) offset: u64,
    /// Line feeds before it, plus one.
    pub(super) line: u64,
}

/// Reads `source` as UTF-8, without its byte order mark.
pub(super) struct Decoded<R> {
    source: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// The part of `input` that is not decoded yet.
    start: usize,
    end: usize,
    at_end: bool,
    /// The decoder gave its last bytes, and must not be asked again.
    finished: bool,
    offset: u64,
    line: u64,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(source: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self {
            source,
            decoder,
            input: vec![0; INPUT_BYTES],
            start: 0,
            end: 0,
            at_end: false,
            finished: false,
            offset: 0,
            line: 1,
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.len() < SMALLEST_OUTPUT {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the output buffer is too small to decode into"));
        }
        if self.finished {
            return Ok(0);
        }
        loop {
            if self.start == self.end && !self.at_end {
                self.start = 0;
                self.end = self.source.read(&mut self.input)?;
                self.at_end = self.end == 0;
            }
            let input = self.input.get(self.start..self.end).unwrap_or_default();
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, out, self.at_end);
            self.start += read;
            self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            let decoded = out.get(..written).unwrap_or_default();
            self.line = self.line.saturating_add(decoded.iter().map(|byte| u64::from(*byte == b'\n')).sum());
            self.finished = self.at_end && result == DecoderResult::InputEmpty;
            match result {
                DecoderResult::Malformed(length, after) => {
                    self.finished = true;
                    let offset = self.offset.saturating_sub(u64::from(length) + u64::from(after));
                    return Err(io::Error::new(io::ErrorKind::InvalidData, Malformed { offset, line: self.line }));
                }
                DecoderResult::InputEmpty if written == 0 && !self.at_end => {}
                DecoderResult::InputEmpty | DecoderResult::OutputFull => return Ok(written),
            }
        }
    }
}
