//! `/write`: the bureau's own form, for a bureau whose site has none. Works without a script; what was typed is never lost.

use axum::Router;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest as _, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use huiyin_domain::item::RequestType;
use huiyin_domain::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::pages::{Made, Portal, Shared, Visit};
use super::sent::{self, Broken, Came, address_of};
use crate::page::PageError;
use crate::service::Service;
use crate::service::form::{FILE_BYTES, FILES, FormReceipt, Letter, Letterbox, Outcome, Sent, Wrong};

/// Where the form is.
pub const PATH: &str = "/write";
/// What a form has around its files, in bytes.
const AROUND: u64 = 1 << 20;
/// The fields in their order on the page, and what each is called where faults are listed.
const FIELDS: [&str; 10] =
    ["form", "letterbox", "request_type", "title", "body", "place", "name", "telephone", "files", "informed"];

/// The routes.
pub(super) fn routes() -> Router<Arc<Portal>> {
    let most = usize::try_from(FILE_BYTES.saturating_mul(FILES as u64).saturating_add(AROUND)).unwrap_or(usize::MAX);
    Router::new().route(PATH, get(show).post(take)).layer(DefaultBodyLimit::max(most))
}

/// A choice of a list.
#[derive(Debug, Serialize)]
struct Choice {
    id: String,
    name: String,
    hint: String,
    chosen: bool,
}

/// A file that need not be sent again.
#[derive(Debug, Serialize)]
struct KeptFile {
    line: String,
    name: String,
    size: String,
}

/// One thing to be mended.
#[derive(Debug, Serialize)]
struct Fault {
    field: &'static str,
    message: String,
}

/// What was typed, as the fields show it.
#[derive(Debug, Serialize)]
struct Typed {
    title: String,
    body: String,
    name: String,
    telephone: String,
    place: String,
    confidential: bool,
    informed: bool,
}

#[derive(Debug, Serialize)]
struct FormOwn {
    ticket: String,
    letterboxes: Vec<Choice>,
    types: Vec<Choice>,
    typed: Typed,
    kept: Vec<KeptFile>,
    takes_files: bool,
    /// By field; empty where nothing is wrong.
    errors: BTreeMap<&'static str, String>,
    /// The same in the order of the page.
    faults: Vec<Fault>,
}

#[derive(Debug, Serialize)]
struct ReceiptOwn {
    number: i64,
    code: String,
    letterbox: String,
    at: String,
    files: usize,
}

/// A moment as government pages show it: `2026-10-09 08:30`.
pub(super) fn minute(at: Instant) -> String {
    at.to_civil().map(|civil| civil.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// The empty form.
pub(super) async fn show(State(portal): Shared, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let visit = portal.visit(&uri, query.as_deref(), headers).await;
    let made = match is_open(&portal).await {
        Ok(true) => empty(&portal, &visit).await,
        Ok(false) => nowhere(&portal, &visit).await,
        Err(error) => Err(error),
    };
    portal.send(&visit, made)
}

/// Whether letters are taken. That this cannot be told is no reason to say that there is no such page.
async fn is_open(portal: &Portal) -> Result<bool, PageError> {
    Ok(!portal.api.service().letterboxes().await?.is_empty())
}

/// Takes what was written.
pub(super) async fn take(State(portal): Shared, RawQuery(query): RawQuery, request: Request) -> Response {
    let headers = request.headers().clone();
    let visit = portal.visit(request.uri(), query.as_deref(), headers.clone()).await;
    let made = match is_open(&portal).await {
        Ok(true) => taken(&portal, &visit, request, &headers).await,
        Ok(false) => nowhere(&portal, &visit).await,
        Err(error) => Err(error),
    };
    portal.send(&visit, made)
}

async fn nowhere(portal: &Portal, visit: &Visit) -> Result<Made, PageError> {
    portal.make_missing(visit, "没有找到这一页".to_owned()).await
}

async fn empty(portal: &Portal, visit: &Visit) -> Result<Made, PageError> {
    let service = portal.api.service();
    let sent = Sent {
        ticket: service.new_ticket().await?,
        trap: String::new(),
        letter: Letter::default(),
        files: Vec::new(),
        address: None,
    };
    form(portal, visit, StatusCode::OK, sent, Vec::new()).await
}

async fn taken(portal: &Portal, visit: &Visit, request: Request, headers: &HeaderMap) -> Result<Made, PageError> {
    let service = portal.api.service();
    let address = address_of(request.extensions(), headers);
    if !service.may_knock(address) {
        let message = "同一网络一小时内提交的次数过多，请稍后再试。";
        return again(portal, visit, StatusCode::TOO_MANY_REQUESTS, message).await;
    }
    let Ok(multipart) = Multipart::from_request(request, &()).await else {
        let message = "没有收到填写的内容，请重新填写后提交。";
        return again(portal, visit, StatusCode::UNSUPPORTED_MEDIA_TYPE, message).await;
    };
    let Came { sent, file_faults } = match sent::read(service, multipart, address).await {
        Ok(came) => came,
        Err(Broken::Page(error)) => return Err(error),
        Err(Broken::Form(StatusCode::PAYLOAD_TOO_LARGE)) => {
            let message = "附件过大，没有收到。附件最多 5 个，每个不超过 10 MB，请减少后重新填写提交。";
            return again(portal, visit, StatusCode::PAYLOAD_TOO_LARGE, message).await;
        }
        Err(Broken::Form(status)) => {
            let message = "内容没有传完，请检查网络后重新填写提交。";
            return again(portal, visit, status, message).await;
        }
    };
    if !file_faults.is_empty() {
        let mut wrong = service.faults_of(&sent).await?;
        wrong.retain(|wrong| wrong.field != "files");
        wrong.push(Wrong::new("files", file_faults.concat()));
        return form(portal, visit, StatusCode::UNPROCESSABLE_ENTITY, sent, wrong).await;
    }
    match service.receive_letter(sent.clone()).await? {
        Outcome::Received(receipt) => received(portal, visit, receipt),
        Outcome::Wrong(wrong) => form(portal, visit, StatusCode::UNPROCESSABLE_ENTITY, sent, wrong).await,
    }
}

/// An empty form with a sentence on what went wrong.
async fn again(portal: &Portal, visit: &Visit, status: StatusCode, message: &str) -> Result<Made, PageError> {
    let sent = Sent {
        ticket: String::new(),
        trap: String::new(),
        letter: Letter::default(),
        files: Vec::new(),
        address: None,
    };
    form(portal, visit, status, sent, vec![Wrong::new("form", message)]).await
}

fn received(portal: &Portal, visit: &Visit, receipt: FormReceipt) -> Result<Made, PageError> {
    let own = ReceiptOwn {
        number: receipt.number,
        code: receipt.code,
        letterbox: receipt.letterbox,
        at: minute(receipt.received_at),
        files: receipt.files,
    };
    Ok(Made::unkept(StatusCode::OK, portal.render("portal/receipt.html", visit, own)?))
}

/// The form with what was typed and what is wrong with it.
async fn form(
    portal: &Portal,
    visit: &Visit,
    status: StatusCode,
    sent: Sent,
    wrong: Vec<Wrong>,
) -> Result<Made, PageError> {
    let service = portal.api.service();
    let (ticket, kept) = ticket_and_files(service, &sent).await?;
    let mut errors: BTreeMap<&'static str, String> = FIELDS.iter().map(|field| (*field, String::new())).collect();
    for Wrong { field, message } in wrong {
        errors.insert(field, message);
    }
    let fault = |field: &&'static str| {
        let message = errors.get(field).filter(|message| !message.is_empty())?;
        Some(Fault { field, message: message.clone() })
    };
    let faults = FIELDS.iter().filter_map(fault).collect();
    let Letter { letterbox, request_type, title, body, name, telephone, place, confidential, informed } = sent.letter;
    let own = FormOwn {
        ticket,
        letterboxes: boxes(service.letterboxes().await?, &letterbox),
        types: types(&request_type),
        typed: Typed { title, body, name, telephone, place, confidential, informed },
        kept,
        takes_files: service.keeps_files(),
        errors,
        faults,
    };
    Ok(Made::unkept(status, portal.render("portal/write.html", visit, own)?))
}

/// The page's ticket (a new one where the old is of no use any more), and the lines that name the files under it.
async fn ticket_and_files(service: &Service, sent: &Sent) -> Result<(String, Vec<KeptFile>), PageError> {
    let text = match service.usable_ticket(&sent.ticket).await? {
        Some(_) => sent.ticket.clone(),
        None => service.new_ticket().await?,
    };
    let mut kept = Vec::new();
    if let Some(ticket) = service.read_ticket(&text).await? {
        for file in &sent.files {
            let line = service.kept_line(&ticket, file).await?;
            kept.push(KeptFile { line, name: file.name.clone(), size: size(file.bytes) });
        }
    }
    Ok((text, kept))
}

fn boxes(letterboxes: Vec<Letterbox>, chosen: &str) -> Vec<Choice> {
    let only = letterboxes.len() == 1;
    let choice = |Letterbox { id, name, description, .. }: Letterbox| {
        let chosen = only || id == chosen;
        Choice { id, name, hint: description, chosen }
    };
    letterboxes.into_iter().map(choice).collect()
}

fn types(chosen: &str) -> Vec<Choice> {
    let choice = |word: &RequestType| Choice {
        id: word.code().to_owned(),
        name: word.label().to_owned(),
        hint: String::new(),
        chosen: word.code() == chosen,
    };
    RequestType::ALL.iter().map(choice).collect()
}

/// A size as people say it.
fn size(bytes: i64) -> String {
    match bytes {
        0..1_048_576 => format!("{}\u{202f}KB", (bytes + 1_023) / 1_024),
        _ => format!("{}.{}\u{202f}MB", bytes >> 20, ((bytes & 0xF_FFFF) * 10) >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_people_use() {
        for (bytes, told) in [(1, "1\u{202f}KB"), (2_048, "2\u{202f}KB"), (1_572_864, "1.5\u{202f}MB")] {
            assert_eq!(size(bytes), told);
        }
    }
}
