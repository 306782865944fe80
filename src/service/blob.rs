//! Files kept beside the database under the digest of their bytes: the same file comes to lie there once.
//!
//! Nothing here knows what a file belongs to. What no row names two days later is removed; what a source sent, one day later.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use huiyin_domain::ledger::Digest;
use sm3::{Digest as _, Sm3};

use super::payload::PACKED;
use super::{Refusal, Service, ServiceError};
use crate::store::{attachment, payload};

/// How old a file is before it counts as left, in microseconds: two days. A form that is still open may name it for one.
const LEFT: i64 = 2 * 86_400_000_000;
/// Files asked after at once.
const ASKED: usize = 200;
/// What a file that is still coming in is called.
pub(super) const PART: &str = "part";

/// A file that is coming in. Dropped before it is kept, it leaves nothing behind.
#[derive(Debug)]
pub struct Taking {
    folder: PathBuf,
    part: Part,
    writing: Option<(File, Sm3)>,
    bytes: u64,
    max_bytes: u64,
}

/// A file that goes away with this value.
#[derive(Debug)]
pub(super) struct Part(pub(super) PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It may have its final name by now.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// SM3 of its bytes, hexadecimal.
    pub(super) content: String,
    /// Its size.
    pub(super) bytes: u64,
}

impl Taking {
    /// Takes the next piece. Tells whether the file is still within its limit; what is beyond is not written.
    pub async fn write(&mut self, chunk: impl AsRef<[u8]> + Send + 'static) -> Result<bool, ServiceError> {
        self.bytes = self.bytes.saturating_add(chunk.as_ref().len() as u64);
        if self.bytes > self.max_bytes {
            return Ok(false);
        }
        let Some((mut file, mut sm3)) = self.writing.take() else { return Err(broken()) };
        let (writing, result) = tokio::task::spawn_blocking(move || {
            sm3.update(chunk.as_ref());
            let result = file.write_all(chunk.as_ref());
            ((file, sm3), result)
        })
        .await?;
        result.map_err(ServiceError::Spool)?;
        self.writing = Some(writing);
        Ok(true)
    }

    /// Where its bytes are while nobody has decided on them.
    pub(super) fn path(&self) -> &Path {
        &self.part.0
    }

    /// Keeps it under its digest, on disk for certain.
    pub(super) async fn keep(mut self) -> Result<Kept, ServiceError> {
        let Some((file, sm3)) = self.writing.take() else { return Err(broken()) };
        let content = Digest::from_bytes(sm3.finalize().into()).to_string();
        let to = place(&self.folder, &content).ok_or_else(broken)?;
        let bytes = self.bytes;
        tokio::task::spawn_blocking(move || {
            file.sync_all()?;
            let folder = to.parent().unwrap_or(&to);
            std::fs::create_dir_all(folder)?;
            // Also over the same file that is there already: it is new again, and nobody takes it for left.
            std::fs::rename(self.path(), &to)?;
            File::open(folder)?.sync_all()
        })
        .await?
        .map_err(ServiceError::Spool)?;
        Ok(Kept { content, bytes })
    }
}

fn broken() -> ServiceError {
    ServiceError::Spool(std::io::Error::other("an earlier piece was not written"))
}

/// Where a file with this digest lies; none for what is no digest.
pub(super) fn place(folder: &Path, content: &str) -> Option<PathBuf> {
    content.parse::<Digest>().ok()?;
    let (head, rest) = content.split_at_checked(2)?;
    Some(folder.join(head).join(rest))
}

impl Service {
    /// Whether this process can keep files.
    pub fn keeps_files(&self) -> bool {
        self.home.blobs.is_some()
    }

    /// Begins to take a file in that may have so many bytes.
    pub(super) async fn begin_taking(&self, max_bytes: u64) -> Result<Taking, ServiceError> {
        let Some(folder) = self.home.blobs.clone() else {
            return Err(Refusal::new("uploads_off", "这个进程没有数据目录，不能接收上传。请联系系统管理员。").into());
        };
        let name: [u8; 16] = self.random()?;
        let part = Part(folder.join(format!("{}.{PART}", hex::encode(name))));
        let (path, made) = (part.0.clone(), folder.clone());
        let file = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&made)?;
            File::options().write(true).create_new(true).open(path)
        });
        let file = file.await?.map_err(ServiceError::Spool)?;
        Ok(Taking { folder, part, writing: Some((file, Sm3::new())), bytes: 0, max_bytes })
    }

    /// The bytes of a kept file; `None` when it is not in this data directory.
    pub(super) async fn kept_bytes(&self, content: &str) -> Result<Option<Vec<u8>>, ServiceError> {
        let Some(path) = self.home.blobs.as_deref().and_then(|folder| place(folder, content)) else { return Ok(None) };
        match tokio::task::spawn_blocking(move || std::fs::read(path)).await? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ServiceError::Spool(error)),
        }
    }

    /// Whether a file with this digest lies here.
    pub(super) async fn is_kept(&self, content: &str) -> Result<bool, ServiceError> {
        let Some(path) = self.home.blobs.as_deref().and_then(|folder| place(folder, content)) else { return Ok(false) };
        tokio::task::spawn_blocking(move || path.try_exists()).await?.map_err(ServiceError::Spool)
    }

    /// Removes files that no attachment and no payload names, and parts of files that broke off. Returns how many.
    pub async fn forget_loose_files(&self) -> Result<usize, ServiceError> {
        let Some(folder) = self.home.blobs.clone() else { return Ok(0) };
        let now = self.now().as_micros();
        let old = tokio::task::spawn_blocking(move || old_files(&folder, now)).await?;
        let mut count = 0;
        for some in old.chunks(ASKED) {
            let loose = self.loose(some).await?;
            let removed = tokio::task::spawn_blocking(move || {
                // Looked at once more: it may have come in again meanwhile.
                loose.iter().filter(|(path, name)| is_old(path, name.oldest(now)) && remove(path)).count()
            });
            count += removed.await?;
        }
        Ok(count)
    }

    /// Those of these files that nothing names.
    async fn loose(&self, files: &[(PathBuf, Name)]) -> Result<Vec<(PathBuf, Name)>, ServiceError> {
        let whole: Vec<String> = files.iter().filter_map(|(_, name)| name.of_file()).collect();
        let packed: Vec<String> = files.iter().filter_map(|(_, name)| name.of_payload()).collect();
        let mut reader = self.store.read().await?;
        let attached = attachment::by_contents(&mut reader.conn(), &whole).await?;
        let attached: HashSet<String> = attached.into_iter().filter_map(|row| row.content).collect();
        let sent: HashSet<String> = payload::named(&mut reader.conn(), &packed).await?.into_iter().collect();
        let is_loose = |name: &Name| match name {
            Name::Part => true,
            Name::File(content) => !attached.contains(content),
            Name::Payload(content) => !sent.contains(content),
        };
        Ok(files.iter().filter(|(_, name)| is_loose(name)).cloned().collect())
    }
}

/// What the name of a file says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// It broke off.
    Part,
    /// It is an attachment; by its digest.
    File(String),
    /// It is what a source sent, packed; by its digest.
    Payload(String),
}

impl Name {
    /// What the place of a file says; nothing for one that is not ours.
    fn of(head: &str, file: &Path) -> Option<Self> {
        let rest = file.file_name()?.to_string_lossy();
        let (rest, is_packed) = match rest.strip_suffix(PACKED).and_then(|rest| rest.strip_suffix('.')) {
            Some(rest) => (rest, true),
            None => (&*rest, false),
        };
        let content = format!("{head}{rest}");
        content.parse::<Digest>().ok()?;
        Some(if is_packed { Self::Payload(content) } else { Self::File(content) })
    }

    fn of_file(&self) -> Option<String> {
        if let Self::File(content) = self { Some(content.clone()) } else { None }
    }

    fn of_payload(&self) -> Option<String> {
        if let Self::Payload(content) = self { Some(content.clone()) } else { None }
    }

    /// When it must have been written last to count as left, microseconds UTC.
    const fn oldest(&self, now: i64) -> i64 {
        match self {
            Self::Part | Self::File(_) => now.saturating_sub(LEFT),
            Self::Payload(_) => now.saturating_sub(super::payload::LEFT),
        }
    }
}

/// The files that are so old that they may be left, with what the name of each says.
fn old_files(folder: &Path, now: i64) -> Vec<(PathBuf, Name)> {
    let mut old = Vec::new();
    for entry in entries(folder) {
        let head = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.extension().is_some_and(|extension| extension == PART) {
            old.push((entry, Name::Part));
            continue;
        }
        old.extend(entries(&entry).filter_map(|file| Name::of(&head, &file).map(|name| (file, name))));
    }
    old.retain(|(path, name)| is_old(path, name.oldest(now)));
    old
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

pub(super) fn is_old(path: &Path, before: i64) -> bool {
    let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let written = written.and_then(|written| written.duration_since(UNIX_EPOCH).ok());
    written.is_some_and(|written| i64::try_from(written.as_micros()).is_ok_and(|written| written < before))
}

pub(super) fn remove(path: &Path) -> bool {
    match std::fs::remove_file(path) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(error = %error.kind(), "a file that belongs to nothing could not be removed");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digests_have_a_place() {
        let folder = Path::new("blobs");
        let digest = Digest::of(b"x").to_string();
        let place_of = place(folder, &digest).unwrap();
        assert_eq!(place_of, folder.join(&digest[..2]).join(&digest[2..]));
        for hostile in ["", "../../etc/passwd", "zz", &digest[1..], "é".repeat(32).as_str()] {
            assert_eq!(place(folder, hostile), None, "{hostile}");
        }
    }
}
