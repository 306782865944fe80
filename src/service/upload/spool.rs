//! Keeping an uploaded file aside while it comes in: chunk by chunk, never whole in memory.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::id::UploadId;
use huiyin_domain::ledger::Digest;
use sm3::{Digest as _, Sm3};

use super::WAITS;
use crate::intake::{self, FileRefusal, Limits};
use crate::service::{Refusal, Service, ServiceError};
use crate::store::upload::{self, UploadRow};

/// The most characters of a file's name that are kept.
const NAME_CHARS: usize = 120;
/// The most files of one person that wait: each may be large, and all of them are personal data.
const MAX_WAITING: i64 = 50;

/// A file that is coming in. Dropped before [`Service::finish_upload`], it leaves nothing behind.
#[derive(Debug)]
pub struct Spooling {
    permit: Permit,
    id: UploadId,
    file_name: String,
    part: Part,
    writing: Option<Writing>,
    bytes: u64,
    max_bytes: u64,
}

/// What writes, handed to a blocking thread and back with every chunk.
#[derive(Debug)]
struct Writing {
    file: File,
    sm3: Sm3,
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

impl Spooling {
    /// Takes the next piece. A file larger than allowed is refused (`upload_too_large`).
    pub async fn write(&mut self, chunk: impl AsRef<[u8]> + Send + 'static) -> Result<(), ServiceError> {
        self.bytes = self.bytes.saturating_add(chunk.as_ref().len() as u64);
        if self.bytes > self.max_bytes {
            let message = format!("文件超过上限 {} MB。请按月份分成几个文件导出后再上传。", self.max_bytes >> 20);
            return Err(Refusal::new("upload_too_large", message).into());
        }
        let Some(mut writing) = self.writing.take() else { return Err(broken()) };
        let (writing, result) = tokio::task::spawn_blocking(move || {
            writing.sm3.update(chunk.as_ref());
            let result = writing.file.write_all(chunk.as_ref());
            (writing, result)
        })
        .await?;
        result.map_err(ServiceError::Spool)?;
        self.writing = Some(writing);
        Ok(())
    }
}

fn broken() -> ServiceError {
    ServiceError::Spool(std::io::Error::other("an earlier piece was not written"))
}

impl Service {
    /// Begins to take a file in; `file_name` is what the browser calls it.
    pub async fn begin_upload(&self, actor: &Actor, file_name: &str) -> Result<Spooling, ServiceError> {
        let permit = allowed(actor, Action::ImportFile, &Object::None)?;
        let Some(folder) = self.home.spool.clone() else {
            return Err(Refusal::new("uploads_off", "这个进程没有数据目录，不能接收上传。请联系系统管理员。").into());
        };
        self.check_waiting(&permit).await?;
        let id = UploadId::new(self.now(), self.random()?);
        let part = Part(folder.join(format!("{id}.part")));
        let path = part.0.clone();
        let file = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            File::options().write(true).create_new(true).open(path)
        });
        let file = file.await?.map_err(ServiceError::Spool)?;
        let (writing, max_bytes) = (Some(Writing { file, sm3: Sm3::new() }), self.home.max_upload_bytes);
        Ok(Spooling { permit, id, file_name: clean_file_name(file_name), part, writing, bytes: 0, max_bytes })
    }

    /// Refuses one more file of somebody of whom many wait.
    async fn check_waiting(&self, permit: &Permit) -> Result<(), ServiceError> {
        let (mut reader, actor, mut waiting) = (self.store.read().await?, permit.actor().code(), 0);
        for stage in WAITS {
            waiting += upload::count_of(&mut reader.conn(), &actor, stage).await?;
        }
        if waiting < MAX_WAITING {
            return Ok(());
        }
        let message = format!("您已有 {waiting} 个上传的文件等待处理，请先确认导入或放弃其中一些，再上传。");
        Err(Refusal::new("uploads_waiting", message).into())
    }

    /// The file is here. Refused when it is no table, told by its content.
    pub async fn finish_upload(&self, mut spooling: Spooling) -> Result<UploadRow, ServiceError> {
        let Some(Writing { file, sm3 }) = spooling.writing.take() else { return Err(broken()) };
        let (path, name) = (spooling.part.0.clone(), spooling.file_name.clone());
        let kind = tokio::task::spawn_blocking(move || {
            file.sync_all().map_err(ServiceError::Spool)?;
            drop(file);
            let kind = intake::file_kind(&path, &Limits::default());
            let kind = kind.map_err(|refusal| FileRefusal { file: name, ..refusal })?;
            std::fs::rename(&path, path.with_extension("")).map_err(ServiceError::Spool)?;
            Ok::<_, ServiceError>(kind)
        });
        let kind = kind.await??;
        let row = UploadRow {
            id: spooling.id.to_string(),
            file_name: spooling.file_name.clone(),
            file_kind: kind.to_owned(),
            file_bytes: i64::try_from(spooling.bytes).unwrap_or(i64::MAX),
            file_digest: Digest::from_bytes(sm3.finalize().into()).to_string(),
            stage: "uploaded".to_owned(),
            actor: spooling.permit.actor().code(),
            connector: String::new(),
            pull_id: None,
            row_total: None,
            problem_code: String::new(),
            problem: String::new(),
            uploaded_at: self.now().as_micros(),
            finished_at: None,
            owner: self.home.owner.clone(),
            lease_until: 0,
        };
        // Should the row fail, the file must go too.
        let kept = Part(spooling.part.0.with_extension(""));
        let row = self.add_upload(&spooling.permit, row).await?;
        std::mem::forget(kept);
        Ok(row)
    }

    /// The largest file that can be uploaded, in bytes.
    pub fn max_upload_bytes(&self) -> u64 {
        self.home.max_upload_bytes
    }
}

/// The last part of a path in either notation, without what cannot be seen or turns the reading direction, and cut in its
/// middle so that the extension stays.
pub fn clean_file_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    let visible: Vec<char> = base.trim().chars().filter(|c| !hidden(*c)).collect();
    let name: String = match visible.len() {
        0 => "未命名文件".to_owned(),
        length if length > NAME_CHARS => {
            let (head, tail) = (visible.iter().take(NAME_CHARS - 21), visible.iter().skip(length - 20));
            head.chain(&['…']).chain(tail).collect()
        }
        _ => visible.into_iter().collect(),
    };
    if name.chars().all(|c| c == '.') { "未命名文件".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::clean_file_name;

    #[test]
    fn only_the_visible_base_name_is_kept() {
        for (given, kept) in [
            ("来件.xlsx", "来件.xlsx"),
            ("C:\\导出\\来件.xlsx", "来件.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("a\u{202E}xslx.exe\0\n", "axslx.exe"),
            ("..", "未命名文件"),
            ("", "未命名文件"),
            ("/", "未命名文件"),
        ] {
            assert_eq!(clean_file_name(given), kept, "{given:?}");
        }
        let long = clean_file_name(&format!("{}.xlsx", "长".repeat(500)));
        assert!(long.chars().count() == 120 && long.ends_with("长.xlsx"), "{long}");
    }
}
