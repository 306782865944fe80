//! The files of payloads: packed, each under the SM3 of what was sent. They lie beside attachments and have a name of their
//! own, so that a page and an attachment with the same bytes are two files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use huiyin_domain::ledger::Digest;
use sm3::{Digest as _, Sm3};

use super::super::blob::{PART, Part, place};

/// What the name of a packed file ends in.
pub(in crate::service) const PACKED: &str = "gz";

/// Where a payload with this digest lies; none for what is no digest.
pub(in crate::service) fn packed_place(folder: &Path, content: &str) -> Option<PathBuf> {
    place(folder, content).map(|path| path.with_extension(PACKED))
}

/// Counts what goes through into a digest.
struct Digesting<'a> {
    from: &'a mut dyn Read,
    sm3: Sm3,
}

impl Read for Digesting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.sm3.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Packs bytes into their place, unless they lie there; either way nobody takes the file for left. `part` is what it is
/// called meanwhile, `now` in microseconds UTC. What stands in the place is whole, whenever the process ends.
pub(super) fn pack(folder: &Path, part: &str, content: &str, from: &mut dyn Read, now: i64) -> io::Result<()> {
    let to = packed_place(folder, content).ok_or_else(|| io::Error::other("no digest"))?;
    match File::options().write(true).open(&to) {
        Ok(known) => return set_time(&known, now),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    std::fs::create_dir_all(to.parent().unwrap_or(folder))?;
    let part = Part(folder.join(format!("{part}.{PART}")));
    let file = File::options().write(true).create_new(true).open(&part.0)?;
    let mut reading = Digesting { from, sm3: Sm3::new() };
    let mut packing = GzEncoder::new(file, Compression::default());
    io::copy(&mut reading, &mut packing)?;
    let file = packing.finish()?;
    if Digest::from_bytes(reading.sm3.finalize().into()).to_string() != content {
        return Err(io::Error::other("it changed while it was read"));
    }
    set_time(&file, now)?;
    file.sync_data()?;
    std::fs::rename(&part.0, &to)
}

/// Says when a file was last needed.
fn set_time(file: &File, now: i64) -> io::Result<()> {
    let at: SystemTime = UNIX_EPOCH + Duration::from_micros(u64::try_from(now).unwrap_or(0));
    file.set_modified(at)
}

/// What was sent, `bytes` long; `None` when it does not lie here. What is not what its name says is an error.
pub(super) fn unpack(folder: &Path, content: &str, bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(path) = packed_place(folder, content) else { return Ok(None) };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut body = Vec::new();
    GzDecoder::new(file).take(bytes.saturating_add(1)).read_to_end(&mut body)?;
    if Digest::of(&body).to_string() != content {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not what its name says"));
    }
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_comes_back_and_lies_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let body = "来件".repeat(10_000).into_bytes();
        let content = Digest::of(&body).to_string();
        pack(folder.path(), "a", &content, &mut body.as_slice(), 1_000_000).unwrap();
        let path = packed_place(folder.path(), &content).unwrap();
        let written = || std::fs::metadata(&path).unwrap();
        assert!(written().len() < 1_000, "{} bytes", written().len());
        assert_eq!(written().modified().unwrap(), UNIX_EPOCH + Duration::from_secs(1));
        // What it is packed from is not even looked at the second time, and it is new again.
        pack(folder.path(), "b", &content, &mut io::empty(), 2_000_000).unwrap();
        assert_eq!(written().modified().unwrap(), UNIX_EPOCH + Duration::from_secs(2));
        assert_eq!(unpack(folder.path(), &content, body.len() as u64).unwrap(), Some(body));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
    }

    #[test]
    fn what_is_not_what_its_name_says_is_neither_kept_nor_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Digest::of(b"one").to_string(), Digest::of(b"other").to_string());
        assert!(pack(folder.path(), "a", &one, &mut &b"other"[..], 0).is_err());
        assert_eq!(unpack(folder.path(), &one, 3).unwrap(), None);
        assert_eq!(unpack(folder.path(), "../x", 3).unwrap(), None);
        pack(folder.path(), "a", &other, &mut &b"other"[..], 0).unwrap();
        assert!(unpack(folder.path(), &other, 3).is_err(), "longer than it is said to be");
        std::fs::write(packed_place(folder.path(), &other).unwrap(), b"no gzip").unwrap();
        assert!(unpack(folder.path(), &other, 5).is_err());
    }
}
