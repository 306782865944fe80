//! The bureau's own form: what somebody wrote becomes a message and an item, and the writer gets a number and a code.
//!
//! The code is kept nowhere. It is made of the number that only the writer's page has and a salt that only the store has,
//! so that the same page sent twice gets the same code, and neither half alone tells it.

mod check;
mod code;
mod file;
mod letterbox;
mod ticket;

use std::net::IpAddr;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::digest_text;
use huiyin_domain::text::date::DateOrDateTime;
use huiyin_domain::text::fold::comparable;
use huiyin_domain::time::Instant;

pub use check::{BODY_CHARS, NAME_CHARS, PLACE_CHARS, TITLE_CHARS, Wrong};
pub(super) use code::{code_digest, is_same, normal};
pub use file::{FILE_BYTES, FILES, FormFile};
pub use letterbox::Letterbox;
pub use ticket::Ticket;

use super::import::{Purpose, Reads};
use super::{Refusal, Service, ServiceError};
use crate::intake::{Connector, Kind, RawCells, Record, RowOutcome};
use crate::store::door::{self, InquiryRow};
use crate::store::item::{self as items, ItemRow};
use crate::store::message;
use crate::store::{Conn, Tx};

/// How long somebody must have looked at the form before it is taken, in seconds: programs are quicker.
const QUICKEST: i64 = 3;
/// How long a form that was opened can be sent, in seconds: a day.
const OPEN_FOR: i64 = 86_400;

/// What somebody typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The box's id.
    pub letterbox: String,
    /// The code of the request type.
    pub request_type: String,
    /// The subject line.
    pub title: String,
    /// The text.
    pub body: String,
    /// Who writes.
    pub name: String,
    /// How to reach them.
    pub telephone: String,
    /// Where it happened; may be empty.
    pub place: String,
    /// Whether they ask that it be not made public.
    pub confidential: bool,
    /// Whether they have read what becomes of their data.
    pub informed: bool,
}

/// A form as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The ticket that the page was made with.
    pub ticket: String,
    /// What stands in the field that people do not see.
    pub trap: String,
    /// What was typed.
    pub letter: Letter,
    /// The files that were taken in with it.
    pub files: Vec<FormFile>,
    /// Where it comes from.
    pub address: Option<IpAddr>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is an item now.
    Received(FormReceipt),
    /// It has to be mended first; nothing was written.
    Wrong(Vec<Wrong>),
}

/// What the writer is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormReceipt {
    /// The item's number.
    pub number: i64,
    /// The code for looking it up: shown now and never again.
    pub code: String,
    /// The box it was dropped into.
    pub letterbox: String,
    /// When it was received.
    pub received_at: Instant,
    /// How many files came with it.
    pub files: usize,
}

impl Service {
    /// Whether this address may send one more form now. Counts it.
    pub fn may_knock(&self, address: Option<IpAddr>) -> bool {
        self.doors.knocks.passes(&self.doors.address_key(address), self.now())
    }

    /// Whether one more file may be sent with a form now, from wherever. Counts it.
    pub fn may_send_file(&self) -> bool {
        self.doors.files.passes("", self.now())
    }

    /// The ticket that was sent, while a form can still be sent with it.
    pub async fn usable_ticket(&self, text: &str) -> Result<Option<Ticket>, ServiceError> {
        let seconds = self.now().as_micros().div_euclid(1_000_000);
        let ticket = self.read_ticket(text).await?;
        Ok(ticket.filter(|ticket| seconds.saturating_sub(ticket.issued) <= OPEN_FOR))
    }

    /// What is wrong with a form, without taking it.
    pub async fn faults_of(&self, sent: &Sent) -> Result<Vec<Wrong>, ServiceError> {
        let ticket = self.read_ticket(&sent.ticket).await?;
        Ok(check::check(sent, ticket.as_ref(), &self.letterboxes().await?, self.now()).1)
    }

    /// Takes a letter. What is wrong with it is told beside the field, and nothing is written; sent once more, the same
    /// page is answered as it was before.
    pub async fn receive_letter(&self, sent: Sent) -> Result<Outcome, ServiceError> {
        let permit = allowed(&Actor::Public, Action::WriteIn, &Object::None)?;
        let now = self.now();
        let ticket = self.read_ticket(&sent.ticket).await?;
        let (letter, wrong) = check::check(&sent, ticket.as_ref(), &self.letterboxes().await?, now);
        let (Some(ticket), true) = (ticket, wrong.is_empty()) else { return Ok(Outcome::Wrong(wrong)) };
        let connector = self.source_by_door(&letter.letterbox, Kind::Form)?.ok_or_else(|| {
            Refusal::new("connector_unknown", "没有这个采集配置，请重新选择；如应有，请联系系统管理员。")
        })?;
        let key = key_of(&ticket, &letter, &sent.files);
        if let Some(receipt) = self.received_before(&ticket, &connector, &key).await? {
            return Ok(Outcome::Received(receipt));
        }
        for file in &sent.files {
            if !self.is_kept(&file.content).await? {
                return Ok(Outcome::Wrong(vec![Wrong::new("files", "有附件没有收到，请重新选择附件后再提交。")]));
            }
        }
        if !self.doors.letters.passes(&self.doors.address_key(sent.address), now) {
            let message = "同一网络一小时内提交的来信过多。您填写的内容都还在，请稍后再提交。";
            return Ok(Outcome::Wrong(vec![Wrong::new("form", message)]));
        }
        let mut tx = self.store.begin(&permit).await?;
        self.take_turn(&mut tx).await?;
        // A second press of the button waits for its turn, and finds what the first has left.
        if let Some(receipt) = self.receipt(&mut tx.conn(), &ticket, &connector, &key).await? {
            return Ok(Outcome::Received(receipt));
        }
        let now = self.now();
        let lot = Reads { purpose: Purpose::Form, name: "网上来信".to_owned(), digest: String::new(), whole: None };
        let row = RowOutcome::Record(Box::new(record(&letter, &key, &sent.files, now)));
        self.arrive(&mut tx, &permit, &connector, lot, vec![row], now).await?;
        let item = written(&mut tx, &connector, &key).await?;
        let files = sent.files.into_iter().map(Into::into).collect();
        self.add_attachments(&mut tx, &item.message_id, files, now).await?;
        let salt: [u8; 16] = self.random()?;
        let inquiry = InquiryRow {
            message_id: item.message_id.clone(),
            salt: hex::encode(salt),
            digest: code_digest(&salt, &code::code_of(&salt, &ticket.nonce)).to_string(),
            confidential: letter.confidential,
            created_at: now.as_micros(),
        };
        door::insert_inquiry(&mut tx, inquiry).await?;
        tx.commit(now).await?;
        let receipt = self.received_before(&ticket, &connector, &key).await?;
        receipt.map(Outcome::Received).ok_or_else(|| missing(&connector))
    }

    async fn received_before(
        &self,
        ticket: &Ticket,
        connector: &Connector,
        key: &str,
    ) -> Result<Option<FormReceipt>, ServiceError> {
        self.receipt(&mut self.store.read().await?.conn(), ticket, connector, key).await
    }

    /// What the writer of a letter that was received is given.
    async fn receipt(
        &self,
        conn: &mut Conn<'_>,
        ticket: &Ticket,
        connector: &Connector,
        key: &str,
    ) -> Result<Option<FormReceipt>, ServiceError> {
        let known = message::by_keys(conn, &connector.id, &[key.to_owned()]).await?.pop();
        let Some(known) = known else { return Ok(None) };
        let item = items::by_message(conn, &known.id).await?.ok_or_else(|| missing(connector))?;
        let inquiry = door::inquiry(conn, &known.id).await?.ok_or_else(|| missing(connector))?;
        let mut salt = [0; 16];
        hex::decode_to_slice(&inquiry.salt, &mut salt).map_err(|_| missing(connector))?;
        let files = crate::store::attachment::of_message(conn, &known.id).await?.len();
        Ok(Some(FormReceipt {
            number: item.number,
            code: code::code_of(&salt, &ticket.nonce),
            letterbox: connector.name.clone(),
            received_at: Instant::from_micros(item.received_at),
            files,
        }))
    }
}

fn missing(connector: &Connector) -> ServiceError {
    ServiceError::Inconsistent {
        subject: format!("source:{}", connector.id),
        problem: "a letter has no item or no code".to_owned(),
    }
}

/// The item that was just made of a letter.
async fn written(tx: &mut Tx, connector: &Connector, key: &str) -> Result<ItemRow, ServiceError> {
    let known = message::by_keys(&mut tx.conn(), &connector.id, &[key.to_owned()]).await?.pop();
    let known = known.ok_or_else(|| missing(connector))?;
    items::by_message(&mut tx.conn(), &known.id).await?.ok_or_else(|| missing(connector))
}

/// The letter's key in its source: of the page and of what is written in it. Who goes back, changes a word and sends again
/// has written another letter; nothing of either is lost.
fn key_of(ticket: &Ticket, letter: &Letter, files: &[FormFile]) -> String {
    let texts = [
        &letter.letterbox,
        &letter.request_type,
        &letter.title,
        &letter.body,
        &letter.name,
        &letter.telephone,
        &letter.place,
    ];
    let mut parts: Vec<String> = texts.iter().map(|text| comparable(text)).collect();
    parts.push(letter.confidential.to_string());
    parts.extend(files.iter().map(|file| file.content.clone()));
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let mut digest: String = digest_text(&ticket.nonce, &parts).to_string();
    digest.truncate(32);
    digest
}

/// The letter as a row that any source might show; its cells have the names that connectors of this kind know them by.
fn record(letter: &Letter, key: &str, files: &[FormFile], now: Instant) -> Record {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let yes = |flag: bool| if flag { "是" } else { "否" }.to_owned();
    let mut raw: RawCells = [
        ("request_type", &letter.request_type),
        ("subject", &letter.title),
        ("text", &letter.body),
        ("name", &letter.name),
        ("telephone", &letter.telephone),
        ("place", &letter.place),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(name, text)| (name.to_owned(), text.clone()))
    .collect();
    raw.push(("number".to_owned(), key.to_owned()));
    raw.push(("submitted_at".to_owned(), now.to_civil().map(|civil| civil.to_string()).unwrap_or_default()));
    raw.push(("confidential".to_owned(), yes(letter.confidential)));
    raw.push(("informed".to_owned(), yes(letter.informed)));
    raw.extend((1..).zip(files).map(|(place, file): (u32, _)| (format!("file/{place}"), file.name.clone())));
    let word = huiyin_domain::item::RequestType::parse(&letter.request_type).map(|word| word.label().to_owned());
    Record {
        sheet: String::new(),
        row: 1,
        key: key.to_owned(),
        printed_number: None,
        title: letter.title.clone(),
        body: letter.body.clone(),
        author: filled(&letter.name),
        contact: filled(&letter.telephone),
        asked_at: Some(DateOrDateTime::DateTime(now)),
        dispatched_at: None,
        due_at: None,
        request_type: filled(&letter.request_type),
        request_type_text: word,
        unit: None,
        address: filled(&letter.place),
        status: None,
        answer: None,
        extra: std::collections::BTreeMap::new(),
        url: None,
        list_digest: None,
        attachments: Vec::new(),
        raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_told_by_its_page_and_its_words() {
        let ticket = Ticket { nonce: [1; 16], issued: 0 };
        let letter = Letter { title: "采光".to_owned(), body: "核算过吗？".to_owned(), ..Letter::default() };
        let key = key_of(&ticket, &letter, &[]);
        assert_eq!(key.len(), 32);
        assert_eq!(key, key_of(&ticket, &Letter { body: " 核算过吗？\r\n".to_owned(), ..letter.clone() }, &[]));
        assert_ne!(key, key_of(&Ticket { nonce: [2; 16], issued: 0 }, &letter, &[]));
        for other in [
            Letter { body: "核算了吗？".to_owned(), ..letter.clone() },
            Letter { confidential: true, ..letter.clone() },
            Letter { title: "采".to_owned(), body: "光核算过吗？".to_owned(), ..letter.clone() },
        ] {
            assert_ne!(key, key_of(&ticket, &other, &[]), "{other:?}");
        }
        let file = FormFile { name: "a".to_owned(), media_type: "image/png", content: "00".to_owned(), bytes: 1 };
        assert_ne!(key, key_of(&ticket, &letter, &[file]));
    }
}
