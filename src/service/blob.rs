//! Files kept beside the database under the digest of their bytes: the same file comes to lie there once.
//!
//! Nothing here knows what a file belongs to. What no row names two days later is removed.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use huiyin_domain::ledger::Digest;
use sm3::{Digest as _, Sm3};

use super::{Refusal, Service, ServiceError};
use crate::store::attachment;

/// How old a file is before it counts as left, in microseconds: two days. A form that is still open may name it for one.
const LEFT: i64 = 2 * 86_400_000_000;
/// Files asked after at once.
const ASKED: usize = 200;
/// What a file that is still coming in is called.
const PART: &str = "part";

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
struct Part(PathBuf);

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
fn place(folder: &Path, content: &str) -> Option<PathBuf> {
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

    /// Removes files that no attachment names, and parts of files that broke off. Returns how many.
    pub async fn forget_loose_files(&self) -> Result<usize, ServiceError> {
        let Some(folder) = self.home.blobs.clone() else { return Ok(0) };
        let before = self.now().as_micros().saturating_sub(LEFT);
        let old = tokio::task::spawn_blocking(move || old_files(&folder, before)).await?;
        let mut count = 0;
        for some in old.chunks(ASKED) {
            let contents: Vec<String> = some.iter().filter_map(|(_, content)| content.clone()).collect();
            let named = attachment::by_contents(&mut self.store.read().await?.conn(), &contents).await?;
            let is_named = |content: &String| named.iter().any(|row| row.content.as_ref() == Some(content));
            let loose = some.iter().filter(|(_, content)| !content.as_ref().is_some_and(is_named));
            let loose: Vec<PathBuf> = loose.map(|(path, _)| path.clone()).collect();
            let removed = tokio::task::spawn_blocking(move || {
                // Looked at once more: it may have come in again meanwhile.
                loose.iter().filter(|path| is_old(path, before) && remove(path)).count()
            });
            count += removed.await?;
        }
        Ok(count)
    }
}

/// The files that were last written before this time (microseconds UTC), each with the digest that its place tells; none for
/// one that broke off.
fn old_files(folder: &Path, before: i64) -> Vec<(PathBuf, Option<String>)> {
    let mut old = Vec::new();
    for entry in entries(folder) {
        let head = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.extension().is_some_and(|extension| extension == PART) {
            old.push((entry, None));
            continue;
        }
        for file in entries(&entry) {
            let content = format!("{head}{}", file.file_name().unwrap_or_default().to_string_lossy());
            // What has another name is not ours.
            if content.parse::<Digest>().is_ok() {
                old.push((file, Some(content)));
            }
        }
    }
    old.retain(|(path, _)| is_old(path, before));
    old
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_old(path: &Path, before: i64) -> bool {
    let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let written = written.and_then(|written| written.duration_since(UNIX_EPOCH).ok());
    written.is_some_and(|written| i64::try_from(written.as_micros()).is_ok_and(|written| written < before))
}

fn remove(path: &Path) -> bool {
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
