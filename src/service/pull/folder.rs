//! A folder that is watched: each table put into it is taken in once it stays as it is, and never twice.
//!
//! What was taken is known by its bytes, from the pulls; the memory here only saves reading files again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::Digest;
use serde::Serialize;
use sm3::{Digest as _, Sm3};
use tokio_util::sync::CancellationToken;

use super::table::FileReading;
use super::{Problem, Pulled, Purpose, Reads, UNREACHABLE, not_pulled};
use crate::intake::crawl::{Alarm, AlarmCode, Reach};
use crate::intake::{Connector, Limits, TableFile, Way};
use crate::service::alarm::{Raise, settle};
use crate::service::blob::Taking;
use crate::service::upload::clean_file_name;
use crate::service::{Service, ServiceError};

/// What an alarm about the folder itself is about.
const FOLDER: &str = "folder";
/// How much of a file is copied at once. Bytes.
const PIECE: usize = 1 << 20;
/// Endings of files that somebody is still writing.
const UNFINISHED: [&str; 5] = [".part", ".tmp", ".temp", ".crdownload", ".filepart"];

/// What one look at a folder came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderLook {
    /// The source.
    pub source: String,
    /// A pull for each file that was read, in their order.
    pub pulls: Vec<Pulled>,
    /// Files that are still changing, and wait for the next look.
    pub waiting: u64,
    /// Why the folder cannot be looked at.
    pub problem: Option<Problem>,
}

impl FolderLook {
    /// Whether every file was read, every row is accounted for and nobody has to look at anything.
    pub fn is_sound(&self) -> bool {
        self.problem.is_none() && self.pulls.iter().all(Pulled::is_sound)
    }
}

/// What is known of the files in a folder, so that they need not be read again at each look.
#[derive(Debug, Clone, Default)]
pub struct FolderMemory {
    files: HashMap<PathBuf, Remembered>,
}

/// A file as it was when it was read.
#[derive(Debug, Clone)]
struct Remembered {
    stamp: Stamp,
    subject: String,
    /// The connector's version with which it could not be read; `None` when it was taken.
    refused: Option<u32>,
}

impl FolderMemory {
    /// Whether there is nothing new about a file. One that could not be read is tried again when its connector is another,
    /// and in every sweep.
    fn knows(&self, path: &Path, stamp: &Stamp, version: u32, reach: Reach) -> bool {
        self.files.get(path).is_some_and(|known| {
            let is_settled = known.refused.is_none_or(|refused| refused == version && reach == Reach::Head);
            known.stamp == *stamp && is_settled
        })
    }
}

/// Size and last change of a file: while either moves, somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// What became of one file.
enum Taken {
    /// It is known by now: these bytes came before, or it was refused for good.
    Known(Remembered),
    /// Somebody writes it, or it is gone: the next look will tell.
    Later,
    /// The program stops, or something other than the file is at fault.
    Stopped,
}

impl Service {
    /// Looks at a source's folder once and takes in what is new in it. `memory` is what the last look left.
    pub async fn pull_folder(
        &self,
        actor: &Actor,
        connector: &Connector,
        reach: Reach,
        memory: &mut FolderMemory,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<FolderLook, ServiceError> {
        allowed(actor, Action::PullSource, &Object::None)?;
        let Some(Way::Folder(watch)) = connector.way() else { return Err(not_pulled().into()) };
        let folder = self.home.in_data(&watch.folder);
        let mut look = FolderLook { source: connector.id.clone(), pulls: Vec::new(), waiting: 0, problem: None };
        let files = match list(&folder).await? {
            Ok(files) => files,
            Err(error) => {
                look.problem = Some(self.folder_unread(actor, connector, error.kind()).await?);
                return Ok(look);
            }
        };
        memory.files.retain(|path, _| files.contains_key(path));
        let mut fresh: Vec<(PathBuf, Stamp)> = files.into_iter().collect();
        fresh.retain(|(path, stamp)| !memory.knows(path, stamp, connector.version, reach));
        if !fresh.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(watch.settle) => {}
                () = stop.cancelled() => return Ok(look),
            }
            let still = list(&folder).await?.unwrap_or_default();
            let all = fresh.len();
            fresh.retain(|(path, stamp)| still.get(path) == Some(stamp));
            look.waiting = u64::try_from(all - fresh.len()).unwrap_or(u64::MAX);
        }
        // The oldest first: of two exports with the same message the later one is right.
        fresh.sort_by(|a, b| (a.1.modified, &a.0).cmp(&(b.1.modified, &b.0)));
        for (path, stamp) in fresh {
            if stop.is_cancelled() {
                return Ok(look);
            }
            match self.take_file(actor, connector, &path, stamp, &mut look, stop, progress).await? {
                Taken::Known(known) => {
                    if let (Some(done), None) = (&watch.done, known.refused) {
                        put_away(&folder, done, &path, &known.stamp).await?;
                    }
                    memory.files.insert(path, known);
                }
                Taken::Later => look.waiting += 1,
                // What is behind it was not looked at: nothing is known to be over.
                Taken::Stopped => return Ok(look),
            }
        }
        self.settle_files(actor, connector, memory).await?;
        Ok(look)
    }

    /// Reads one file, from a copy that nobody else writes.
    #[expect(clippy::too_many_arguments, reason = "a look's whole state, and one file of it")]
    async fn take_file(
        &self,
        actor: &Actor,
        connector: &Connector,
        path: &Path,
        stamp: Stamp,
        look: &mut FolderLook,
        stop: &CancellationToken,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Taken, ServiceError> {
        let name = clean_file_name(&path.file_name().unwrap_or_default().to_string_lossy());
        let most = Limits::default().max_file_bytes;
        let copied = if stamp.bytes > most { Copied::TooLarge } else { self.copy(path, &stamp, most).await? };
        let refuse = |subject: &Digest, why: String| {
            let message = format!("文件“{name}”：{why}");
            let subject = subject_of(subject);
            (subject.clone(), FileReading::Refused(Alarm { code: AlarmCode::FileRefused, subject, message }))
        };
        // The copy goes away when this is over.
        let (kept, digest, (subject, reading)) = match copied {
            Copied::Changed => return Ok(Taken::Later),
            Copied::TooLarge => {
                let identity = Digest::of(format!("{name}\n{}", stamp.bytes).as_bytes());
                let why = format!("超过 {} MB，请分成几个文件再放进来", most >> 20);
                (None, String::new(), refuse(&identity, why))
            }
            Copied::Unreadable(kind) => {
                let identity = Digest::of(format!("{name}\n{kind}").as_bytes());
                (None, String::new(), refuse(&identity, format!("读不了（{kind}），请检查权限")))
            }
            Copied::Here(taking, digest) => {
                let text = digest.to_string();
                let subject = subject_of(&digest);
                if self.has_read(&connector.id, &text).await? {
                    return Ok(Taken::Known(Remembered { stamp, subject, refused: None }));
                }
                let file = TableFile {
                    connector: connector.clone(),
                    path: taking.path().to_owned(),
                    name: name.clone(),
                    alarm: (AlarmCode::FileRefused, subject.clone()),
                };
                (Some(taking), text, (subject, FileReading::File(Box::new(file))))
            }
        };
        let whole = match &kept {
            Some(taking) => self.keep_file(taking.path(), &digest).await,
            None => None,
        };
        let reads = Reads { purpose: Purpose::File, name: name.clone(), digest, whole };
        let pulled = self.pull_reads(actor, connector, reads, reading, stop, progress).await?;
        drop(kept);
        let is_refused = pulled.problem.as_ref().is_some_and(|it| it.code == AlarmCode::FileRefused.as_str());
        let taken = match pulled.stage.as_str() {
            "finished" => Taken::Known(Remembered { stamp, subject, refused: None }),
            _ if is_refused => Taken::Known(Remembered { stamp, subject, refused: Some(connector.version) }),
            _ => Taken::Stopped,
        };
        look.pulls.push(pulled);
        Ok(taken)
    }

    /// Copies a file aside.
    async fn copy(&self, path: &Path, stamp: &Stamp, most: u64) -> Result<Copied, ServiceError> {
        let mut taking = self.begin_taking(most).await?;
        let opened = {
            let path = path.to_owned();
            tokio::task::spawn_blocking(move || File::open(path)).await?
        };
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Copied::Changed),
            Err(error) => return Ok(Copied::Unreadable(error.kind())),
        };
        let mut sm3 = Sm3::new();
        loop {
            let piece = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; PIECE];
                let read = file.read(&mut piece)?;
                piece.truncate(read);
                sm3.update(&piece);
                Ok::<_, io::Error>((file, sm3, piece))
            });
            let piece = match piece.await? {
                Ok((same, digest, piece)) => {
                    (file, sm3) = (same, digest);
                    piece
                }
                Err(error) => return Ok(Copied::Unreadable(error.kind())),
            };
            if piece.is_empty() {
                break;
            }
            if !taking.write(piece).await? {
                return Ok(Copied::TooLarge);
            }
        }
        // By its name: a file that took its place meanwhile is another.
        let path = path.to_owned();
        let now = tokio::task::spawn_blocking(move || std::fs::symlink_metadata(path)).await?;
        if now.ok().map(|metadata| Stamp::of(&metadata)).as_ref() != Some(stamp) {
            return Ok(Copied::Changed);
        }
        Ok(Copied::Here(Box::new(taking), Digest::from_bytes(sm3.finalize().into())))
    }

    /// The folder is not there, or may not be looked at.
    async fn folder_unread(
        &self,
        actor: &Actor,
        connector: &Connector,
        kind: io::ErrorKind,
    ) -> Result<Problem, ServiceError> {
        let permit = allowed(actor, Action::PullSource, &Object::None)?;
        let message = format!("监视目录读不到（{kind}），请检查采集配置的 [watch] 和目录的权限。");
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        crate::service::schedule::add_source(&mut tx, connector, now).await?;
        let (source, subject) = (connector.id.as_str(), FOLDER);
        self.raise(&mut tx, Raise { source, pull: None, code: UNREACHABLE, subject, message: &message }, now).await?;
        tx.commit(now).await?;
        Ok(Problem { code: FOLDER.to_owned(), message, retry_after: None })
    }

    /// Settles the alarms about the folder, which could be looked at, and about files that are gone or were read since.
    async fn settle_files(
        &self,
        actor: &Actor,
        connector: &Connector,
        memory: &FolderMemory,
    ) -> Result<(), ServiceError> {
        let permit = allowed(actor, Action::PullSource, &Object::None)?;
        let refused = memory.files.values().filter(|known| known.refused.is_some());
        let refused: BTreeSet<&str> = refused.map(|known| known.subject.as_str()).collect();
        let mut over = self.open_alarms_of(&connector.id).await?;
        over.retain(|row| match row.code.as_str() {
            UNREACHABLE => row.subject == FOLDER,
            code => code == AlarmCode::FileRefused.as_str() && !refused.contains(row.subject.as_str()),
        });
        if over.is_empty() {
            return Ok(());
        }
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        for row in &over {
            settle(&mut tx, row, now).await?;
        }
        tx.commit(now).await?;
        Ok(())
    }
}

/// What came of copying a file.
enum Copied {
    /// The copy, and SM3 of its bytes.
    Here(Box<Taking>, Digest),
    /// It changed meanwhile.
    Changed,
    /// It is larger than any table.
    TooLarge,
    /// The disk says no.
    Unreadable(io::ErrorKind),
}

/// What an alarm about a file is about: its bytes, because its name may be personal and the ledger keeps this.
fn subject_of(digest: &Digest) -> String {
    let mut subject = digest.to_string();
    subject.truncate(16);
    subject
}

/// The files in a folder that are somebody's finished work, as far as their names tell.
async fn list(folder: &Path) -> Result<io::Result<BTreeMap<PathBuf, Stamp>>, ServiceError> {
    let folder = folder.to_owned();
    Ok(tokio::task::spawn_blocking(move || {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // A link is not followed: it may lead anywhere.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() && is_finished(&entry.file_name().to_string_lossy()) {
                files.insert(entry.path(), Stamp::of(&metadata));
            }
        }
        Ok(files)
    })
    .await?)
}

/// Whether a name is not one that programs give to what they are still writing.
fn is_finished(name: &str) -> bool {
    let lower = name.to_lowercase();
    !lower.starts_with('.') && !lower.starts_with("~$") && !UNFINISHED.iter().any(|ending| lower.ends_with(ending))
}

/// Moves a file that was taken below its folder, without ever taking another's place. Where that cannot be done it stays:
/// its bytes are known. So does one that is not as it was read: somebody has put another in its place, which nobody has read.
async fn put_away(folder: &Path, done: &str, path: &Path, as_read: &Stamp) -> Result<(), ServiceError> {
    let (to, path, as_read) = (folder.join(done), path.to_owned(), as_read.clone());
    let moved = tokio::task::spawn_blocking(move || {
        if Stamp::of(&path.symlink_metadata()?) != as_read {
            return Ok(());
        }
        std::fs::create_dir_all(&to)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let free = (0..10_000).map(|n| if n == 0 { to.join(&name) } else { to.join(format!("{n}-{name}")) });
        let mut free = free.filter(|place| place.symlink_metadata().is_err());
        free.next().map_or_else(|| Err(io::Error::other("no free name")), |place| std::fs::rename(&path, place))
    });
    if let Err(error) = moved.await? {
        tracing::warn!(error = %error.kind(), "a file of a watched folder could not be put away");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_written_is_left_alone() {
        for wrong in [".hidden.csv", "~$台账.xlsx", "a.csv.part", "A.TMP", "x.crdownload", "y.filepart"] {
            assert!(!is_finished(wrong), "{wrong}");
        }
        for good in ["台账.xlsx", "a.csv", "partial.csv", "no-ending"] {
            assert!(is_finished(good), "{good}");
        }
    }

    #[tokio::test]
    async fn what_took_the_place_of_a_file_that_was_read_is_not_put_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("台账.csv");
        std::fs::write(&path, "read").unwrap();
        let as_read = Stamp::of(&path.symlink_metadata().unwrap());
        std::fs::write(&path, "another, of the next day").unwrap();
        put_away(folder.path(), "done", &path, &as_read).await.unwrap();
        assert!(path.try_exists().unwrap(), "nobody has read it");
        let as_read = Stamp::of(&path.symlink_metadata().unwrap());
        put_away(folder.path(), "done", &path, &as_read).await.unwrap();
        assert!(!path.try_exists().unwrap() && folder.path().join("done/台账.csv").try_exists().unwrap());
    }
}
