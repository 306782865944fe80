//! Files that are sent with a form. They are kept before anything else is, so that a form that has to be mended need not
//! send them again: the page then names each by a signed line.

use super::super::attachment::Belonging;
use super::super::blob::Taking;
use super::super::upload::clean_file_name;
use super::super::{Service, ServiceError};
use super::Ticket;
use super::ticket::{is_signature, signature};
use crate::intake::{MEDIA, MediaFault, media_of};

/// The most files of one letter.
pub const FILES: usize = 5;
/// The largest file, in bytes: 10 MiB.
pub const FILE_BYTES: u64 = 10 << 20;

/// A file that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFile {
    /// Its name, cleaned.
    pub name: String,
    /// What it is, told by its bytes.
    pub media_type: &'static str,
    /// SM3 of its bytes, hexadecimal.
    pub content: String,
    /// Its size.
    pub bytes: i64,
}

impl From<FormFile> for Belonging {
    fn from(file: FormFile) -> Self {
        let FormFile { name, media_type, content, bytes } = file;
        Self { name, media_type, content, bytes }
    }
}

impl Service {
    /// Begins to take a file in.
    pub async fn begin_form_file(&self) -> Result<Taking, ServiceError> {
        self.begin_taking(FILE_BYTES).await
    }

    /// The file is here: keeps it, or says why it is not taken.
    pub async fn keep_form_file(
        &self,
        taking: Taking,
        name: &str,
    ) -> Result<Result<FormFile, &'static str>, ServiceError> {
        let path = taking.path().to_owned();
        let media = match tokio::task::spawn_blocking(move || media_of(&path)).await? {
            Ok(media) => media,
            Err(MediaFault::Unreadable(error)) => return Err(ServiceError::Spool(error)),
            Err(fault) => return Ok(Err(fault.message())),
        };
        let kept = taking.keep().await?;
        let bytes = i64::try_from(kept.bytes).unwrap_or(i64::MAX);
        let name = clean_file_name(name);
        Ok(Ok(FormFile { name, media_type: media.media_type, content: kept.content, bytes }))
    }

    /// The line by which the page of this ticket names a kept file.
    pub async fn kept_line(&self, ticket: &Ticket, file: &FormFile) -> Result<String, ServiceError> {
        let key = self.form_key().await?;
        let ending = ending_of(file.media_type);
        let line = format!("{}.{}.{ending}.{}", file.content, file.bytes, hex::encode(&file.name));
        let signed = signature(&key, &[b"kept", &ticket.nonce, line.as_bytes()]);
        Ok(format!("{line}.{signed}"))
    }

    /// The file that a line of this ticket's page names; `None` for any other line.
    pub async fn kept_file(&self, ticket: &Ticket, text: &str) -> Result<Option<FormFile>, ServiceError> {
        let key = self.form_key().await?;
        let signed = text
            .rsplit_once('.')
            .filter(|(line, signed)| is_signature(&key, &[b"kept", &ticket.nonce, line.as_bytes()], signed));
        Ok(signed.and_then(|(line, _)| file_of(line)))
    }
}

fn ending_of(media_type: &str) -> &'static str {
    MEDIA.iter().find(|media| media.media_type == media_type).map_or("", |media| media.ending)
}

fn file_of(line: &str) -> Option<FormFile> {
    let mut parts = line.split('.');
    let content = parts.next()?.to_owned();
    let bytes = parts.next()?.parse().ok()?;
    let ending = parts.next()?;
    let media_type = MEDIA.iter().find(|media| media.ending == ending)?.media_type;
    let name = String::from_utf8(hex::decode(parts.next()?).ok()?).ok()?;
    Some(FormFile { name, media_type, content, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_file() {
        let line = format!("{}.12.png.{}", "ab".repeat(32), hex::encode("现场.jpg"));
        let file = file_of(&line).unwrap();
        assert_eq!((file.name.as_str(), file.media_type, file.bytes), ("现场.jpg", "image/png", 12));
        for wrong in ["", "a", "a.b.png.00", "a.1.exe.00", "a.1.png.zz", "a.1.png.ff"] {
            assert_eq!(file_of(wrong), None, "{wrong}");
        }
    }
}
