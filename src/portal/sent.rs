//! Reading the form as it is sent: text in memory, files to the disk piece by piece.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::http::{Extensions, HeaderMap, StatusCode};

use crate::page::PageError;
use crate::service::Service;
use crate::service::form::{FILES, FormFile, Letter, Sent, Ticket};

/// How long the next piece may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of a field that is no file: four times what the longest text may have.
const FIELD_BYTES: usize = 48 << 10;
/// Fields beyond this are not looked at.
const MANY_FIELDS: usize = 64;

/// A form as it came.
#[derive(Debug)]
pub(super) struct Came {
    /// What it says, with the files that were taken in.
    pub(super) sent: Sent,
    /// What is wrong with its files, one sentence each.
    pub(super) file_faults: Vec<String>,
}

/// Why a form could not be read.
#[derive(Debug)]
pub(super) enum Broken {
    /// It breaks off, or is none.
    Form(StatusCode),
    /// A file could not be kept.
    Page(PageError),
}

impl From<MultipartError> for Broken {
    fn from(error: MultipartError) -> Self {
        Self::Form(error.status())
    }
}

impl From<crate::service::ServiceError> for Broken {
    fn from(error: crate::service::ServiceError) -> Self {
        Self::Page(error.into())
    }
}

/// Where a request comes from. A server in front of this one on the same machine or network says so in its header; what
/// others write there is not believed.
pub(super) fn address_of(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical())?;
    let is_near = match peer {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    // The last one is what the server in front of this one has seen itself.
    let told = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let told = told.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    told.filter(|_| is_near).or(Some(peer))
}

/// Reads a form. Files are taken in only for a page that this installation has made.
pub(super) async fn read(service: &Service, form: Multipart, address: Option<IpAddr>) -> Result<Came, Broken> {
    let sent =
        Sent { ticket: String::new(), trap: String::new(), letter: Letter::default(), files: Vec::new(), address };
    let reading = Reading { service, came: Came { sent, file_faults: Vec::new() }, ticket: None, kept: Vec::new() };
    reading.read(form).await
}

struct Reading<'a> {
    service: &'a Service,
    came: Came,
    ticket: Option<Ticket>,
    /// The files of an earlier try, each with the line that named it.
    kept: Vec<(String, FormFile)>,
}

impl Reading<'_> {
    async fn read(mut self, mut form: Multipart) -> Result<Came, Broken> {
        let mut new = Vec::new();
        for _ in 0..MANY_FIELDS {
            let Some(field) = in_time(form.next_field()).await? else { break };
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                // A browser sends the field without a name when nothing was chosen.
                Some(file_name) if name == "files" && !file_name.is_empty() => {
                    new.extend(self.take_file(field, &file_name, new.len()).await?);
                }
                Some(_) => skip(field).await?,
                None => {
                    let text = text(field).await?;
                    self.take_text(&name, text).await?;
                }
            }
        }
        let kept = self.kept.into_iter().map(|(_, file)| file);
        self.came.sent.files = kept.chain(new).collect();
        // The same file chosen twice is one.
        let mut seen = std::collections::HashSet::new();
        self.came.sent.files.retain(|file| seen.insert(file.content.clone()));
        Ok(self.came)
    }

    async fn take_text(&mut self, name: &str, text: String) -> Result<(), Broken> {
        let sent = &mut self.came.sent;
        let letter = &mut sent.letter;
        match name {
            "ticket" => {
                self.ticket = self.service.read_ticket(&text).await?;
                sent.ticket = text;
            }
            "website" => sent.trap = text,
            "letterbox" => letter.letterbox = text,
            "request_type" => letter.request_type = text,
            "title" => letter.title = text,
            "body" => letter.body = text,
            "name" => letter.name = text,
            "telephone" => letter.telephone = text,
            "place" => letter.place = text,
            "confidential" => letter.confidential = text == "yes",
            "informed" => letter.informed = text == "yes",
            "kept" => {
                let file = match &self.ticket {
                    Some(ticket) => self.service.kept_file(ticket, &text).await?,
                    None => None,
                };
                self.kept.extend(file.map(|file| (text, file)));
            }
            "drop" => self.kept.retain(|(line, _)| *line != text),
            _ => {}
        }
        Ok(())
    }

    async fn take_file(&mut self, mut field: Field<'_>, name: &str, before: usize) -> Result<Option<FormFile>, Broken> {
        let shown: String = name.chars().take(40).collect();
        let mut refuse = |why: &str| self.came.file_faults.push(format!("“{shown}”{why}"));
        if self.ticket.is_none() {
            refuse("没有收下，请重新选择。");
            skip(field).await?;
            return Ok(None);
        }
        if before + self.kept.len() >= FILES {
            refuse("没有收下：附件最多 5 个。");
            skip(field).await?;
            return Ok(None);
        }
        if !self.service.may_send_file() {
            refuse("没有收下：现在上传的人太多，请稍后再试，或先不带附件提交。");
            skip(field).await?;
            return Ok(None);
        }
        let mut taking = self.service.begin_form_file().await?;
        let mut fits = true;
        while let Some(chunk) = in_time(field.chunk()).await? {
            fits = fits && taking.write(chunk).await?;
        }
        if !fits {
            refuse("超过 10 MB，请压缩后再上传。");
            return Ok(None);
        }
        match self.service.keep_form_file(taking, name).await? {
            Ok(file) => Ok(Some(file)),
            Err(why) => {
                refuse(&format!("没有收下：{why}。"));
                Ok(None)
            }
        }
    }
}

/// The field's text, cut where no honest text goes on.
async fn text(mut field: Field<'_>) -> Result<String, Broken> {
    let mut bytes = Vec::new();
    while let Some(chunk) = in_time(field.chunk()).await? {
        let room = FIELD_BYTES.saturating_sub(bytes.len());
        bytes.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn skip(mut field: Field<'_>) -> Result<(), Broken> {
    while in_time(field.chunk()).await?.is_some() {}
    Ok(())
}

/// A sender that falls silent is not waited for.
async fn in_time<T>(piece: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Broken> {
    match tokio::time::timeout(PATIENCE, piece).await {
        Ok(piece) => Ok(piece?),
        Err(_) => Err(Broken::Form(StatusCode::BAD_REQUEST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_nearby_is_believed_about_addresses() {
        let address = |peer: &str, told: Option<&str>| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            let mut headers = HeaderMap::new();
            if let Some(told) = told {
                headers.insert("x-forwarded-for", told.parse().unwrap());
            }
            address_of(&extensions, &headers).unwrap().to_string()
        };
        assert_eq!(address("203.0.113.9", Some("198.51.100.1")), "203.0.113.9");
        assert_eq!(address("127.0.0.1", Some("10.0.0.1, 198.51.100.1")), "198.51.100.1");
        assert_eq!(address("::ffff:127.0.0.1", Some("198.51.100.1")), "198.51.100.1");
        assert_eq!(address("127.0.0.1", Some("nobody")), "127.0.0.1");
        assert_eq!(address("127.0.0.1", None), "127.0.0.1");
        assert_eq!(address_of(&Extensions::new(), &HeaderMap::new()), None);
    }
}
