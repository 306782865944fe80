//! From a letter as it was sent to cells: who wrote, when, what, and what came with it.

use huiyin_domain::text::fold::comparable;
use jiff::Timestamp;
use jiff::tz::Offset;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use sm3::{Digest, Sm3};

use crate::clean::{clean_line, clean_text, literal};
use crate::fetch::decode_body;
use crate::record::{HoldCode, RawCells};

/// Names of the cells of a letter. Connectors read them by these.
pub(super) mod cell {
    pub(in crate::mail) const KEY: &str = "邮件编号";
    pub(in crate::mail) const SUBJECT: &str = "主题";
    pub(in crate::mail) const NAME: &str = "发件人";
    pub(in crate::mail) const ADDRESS: &str = "发件地址";
    pub(in crate::mail) const WRITTEN: &str = "发信时间";
    pub(in crate::mail) const RECEIVED: &str = "收到时间";
    pub(in crate::mail) const BODY: &str = "正文";
    pub(in crate::mail) const AUTOMATIC: &str = "自动邮件";
}

/// A longer identifier is no identifier. Bytes.
const MAX_ID_BYTES: usize = 200;
/// What stands for a character that could not be read.
const LOST: char = '\u{FFFD}';
/// China, seconds east of Greenwich.
const CHINA: i32 = 8 * 3_600;
/// Parts of a letter that are looked at: one with more is an attack.
const PARTS_MOST: usize = 1_000;

/// What the header says of a letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its Message-ID; `None` when it has none that could tell it apart.
    pub(super) id: Option<String>,
    /// Of identifier, writer, date and subject: the same in every copy.
    pub(super) digest: String,
    /// The cells that the header alone fills.
    pub(super) cells: RawCells,
}

/// A letter that was read.
#[derive(Debug, Default)]
pub(super) struct Letter {
    pub(super) cells: RawCells,
    /// Names of what came with it, in the order in which [`attached`] counts them.
    pub(super) attachments: Vec<String>,
    /// Why it cannot be taken as it is.
    pub(super) fault: Option<(HoldCode, String)>,
}

/// What a header says. Never fails: a letter without one has nothing to tell.
pub(super) fn identity(header: &[u8]) -> Identity {
    let Some(message) = MessageParser::default().parse_headers(header) else { return Identity::default() };
    let id = message.message_id().map(str::trim).filter(|id| !id.is_empty() && id.len() <= MAX_ID_BYTES);
    let id = id.filter(|id| !id.chars().any(|c| c.is_control() || c.is_whitespace() || c == LOST)).map(str::to_owned);
    let cells = head_cells(&message);
    let mut sm3 = Sm3::new();
    sm3.update(id.as_deref().unwrap_or_default().as_bytes());
    for (name, text) in &cells {
        sm3.update([0xFF]);
        sm3.update(name.as_bytes());
        sm3.update([0xFE]);
        sm3.update(comparable(text).as_bytes());
    }
    let digest = sm3.finalize();
    let digest = hex::encode(digest.get(..16).unwrap_or_default());
    Identity { id, digest, cells }
}

/// Reads a whole letter. `holds_automatic`: what no person wrote is held.
pub(super) fn read(raw: &[u8], holds_automatic: bool) -> Letter {
    let fault = |why: &str| Some((HoldCode::MailUnreadable, why.to_owned()));
    let Some(message) = MessageParser::default().parse(raw) else {
        return Letter {
            fault: fault("邮件读不懂，请到邮箱里查看，再在这里补全或注明理由拒收"), ..Letter::default()
        };
    };
    let mut letter = Letter { cells: head_cells(&message), ..Letter::default() };
    if message.parts.len() > PARTS_MOST {
        letter.fault = fault("邮件的部分太多，不像是人写的，请到邮箱里查看");
        return letter;
    }
    letter.attachments = message.attachments().zip(1..).map(|(part, number)| attachment_name(part, number)).collect();
    let automatic = automatic(&message);
    let mut body = body(&message);
    let subject = cell_of(&letter.cells, cell::SUBJECT).unwrap_or_default().to_owned();
    if body.trim().is_empty() {
        // Many write all they have to say into the subject, or into a picture.
        body = match (subject.is_empty(), letter.attachments.is_empty()) {
            (false, _) => subject.clone(),
            (true, false) => "（邮件没有正文，见附件）".to_owned(),
            (true, true) => String::new(),
        };
    }
    if body.contains(LOST) || subject.contains(LOST) {
        letter.fault = fault("邮件的文字有的读不出来（字符集不明或内容已损坏），请到邮箱里查看，补全后收下");
    }
    letter.cells.push((cell::BODY.to_owned(), literal(&body).into_owned()));
    if let Some(automatic) = automatic {
        letter.cells.push((cell::AUTOMATIC.to_owned(), automatic.to_owned()));
        if holds_automatic && letter.fault.is_none() {
            let message = format!("这是{automatic}，多半不是来信：若是，请修复收下；若不是，请注明理由拒收");
            letter.fault = Some((HoldCode::MailAutomatic, message));
        }
    }
    letter
}

/// The bytes of what came with a letter, by its number from 1; `None` when there is no such part.
pub(super) fn attached(raw: &[u8], number: usize) -> Option<Vec<u8>> {
    let message = MessageParser::default().parse(raw)?;
    let part = message.attachments().nth(number.checked_sub(1)?)?;
    Some(match &part.body {
        // As it was sent: a text's own bytes say more than what was made of them.
        PartType::Text(_) | PartType::Html(_) => decoded(&message, part),
        PartType::Message(inner) => inner.raw_message().to_vec(),
        _ => part.contents().to_vec(),
    })
}

pub(super) fn cell_of<'a>(cells: &'a RawCells, name: &str) -> Option<&'a str> {
    cells.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
}

/// When the server received it, as a cell.
pub(super) fn received_cell(date: &str) -> Option<(String, String)> {
    let at = Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", date.trim()).ok()?;
    Some((cell::RECEIVED.to_owned(), china(at)?))
}

fn china(at: Timestamp) -> Option<String> {
    let offset = Offset::from_seconds(CHINA).ok()?;
    Some(offset.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn head_cells(message: &Message<'_>) -> RawCells {
    let mut cells = RawCells::new();
    let mut push = |name: &str, text: String| {
        let text = clean_line(&literal(&text));
        if !text.is_empty() {
            cells.push((name.to_owned(), literal(&text).into_owned()));
        }
    };
    let whole = |header: HeaderName<'static>, text: &str| {
        if text.contains(LOST) {
            raw_header(message, &header).unwrap_or_else(|| text.to_owned())
        } else {
            text.to_owned()
        }
    };
    push(cell::SUBJECT, whole(HeaderName::Subject, message.subject().unwrap_or_default()));
    let from = message.from().and_then(|from| from.first());
    let address = from.and_then(|from| from.address()).unwrap_or_default();
    let name = from.and_then(|from| from.name()).unwrap_or_default();
    // One that was not encoded at all: what stands before the address.
    let again = || {
        let raw = raw_header(message, &HeaderName::From)?;
        raw.split('<').next().map(|name| name.trim().trim_matches('"').to_owned())
    };
    let name = if name.contains(LOST) { again() } else { None }.unwrap_or_else(|| name.to_owned());
    push(cell::NAME, if name.trim().is_empty() { address.to_owned() } else { name });
    push(cell::ADDRESS, address.to_owned());
    // A date that is none is left out: when it was received is known all the same.
    let written = message.date().filter(|date| date.is_valid()).map(mail_parser::DateTime::to_timestamp);
    let written = written.and_then(|seconds| Timestamp::from_second(seconds).ok()).and_then(china);
    push(cell::WRITTEN, written.unwrap_or_default());
    cells
}

/// A header as it was sent, decoded by what its bytes look like.
fn raw_header(message: &Message<'_>, name: &HeaderName<'static>) -> Option<String> {
    let header = message.headers().iter().find(|header| header.name == *name)?;
    let (from, to) = (usize::try_from(header.offset_start()).ok()?, usize::try_from(header.offset_end()).ok()?);
    Some(decode_body(message.raw_message.get(from..to)?).0.trim().to_owned())
}

/// What was written: the text as text, else the text of the page.
fn body(message: &Message<'_>) -> String {
    let texts = join(message, &message.text_body);
    if texts.trim().is_empty() { join(message, &message.html_body) } else { texts }
}

fn join(message: &Message<'_>, parts: &[u32]) -> String {
    let texts = parts.iter().filter_map(|id| message.part(*id)).filter_map(|part| text_of(message, part));
    let texts: Vec<String> = texts.filter(|text| !text.trim().is_empty()).collect();
    texts.join("\n\n")
}

fn text_of(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let (text, is_html) = match &part.body {
        PartType::Text(text) => (text.as_ref(), false),
        PartType::Html(text) => (text.as_ref(), true),
        _ => return None,
    };
    // What its own words about its character set make unreadable may be readable by what it looks like.
    let again = text.contains(LOST).then(|| decode_body(&decoded(message, part)).0);
    let text = again.as_deref().unwrap_or(text);
    Some(if is_html { clean_text(text) } else { clean_text(&literal(text)) })
}

/// The bytes of a part, without what it was packed in for the journey.
fn decoded(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    let raw = message.raw_message.get(at(part.raw_body_offset())..at(part.raw_end_offset())).unwrap_or_default();
    let unpacked = match part.encoding {
        Encoding::None => None,
        Encoding::Base64 => base64_decode(raw),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
    };
    unpacked.unwrap_or_else(|| raw.to_vec())
}

fn attachment_name(part: &MessagePart<'_>, number: usize) -> String {
    let name = part.attachment_name().map(str::trim).filter(|name| !name.is_empty() && !name.contains(LOST));
    name.map_or_else(|| format!("附件{number}"), |name| name.replace(['\r', '\n'], " "))
}

/// What kind of letter it is when no person wrote it to this address.
fn automatic(message: &Message<'_>) -> Option<&'static str> {
    let value = |name: &str| {
        let header = message.headers().iter().rfind(|header| header.name().eq_ignore_ascii_case(name))?;
        let (from, to) = (usize::try_from(header.offset_start()).ok()?, usize::try_from(header.offset_end()).ok()?);
        Some(String::from_utf8_lossy(message.raw_message.get(from..to)?).trim().to_lowercase())
    };
    let sender = message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let sender = sender.split('@').next().unwrap_or_default().to_lowercase();
    let is_report = message.is_content_type("multipart", "report");
    if is_report || value("Return-Path").is_some_and(|path| path == "<>") || sender == "mailer-daemon" {
        return Some("退信或系统通知");
    }
    let is_reply = value("Auto-Submitted").is_some_and(|value| !value.starts_with("no"));
    if is_reply || value("X-Autoreply").is_some() || value("Precedence").is_some_and(|value| value == "auto_reply") {
        return Some("自动回复");
    }
    let is_bulk = value("Precedence").is_some_and(|value| ["bulk", "list", "junk"].contains(&value.as_str()));
    let is_list = ["List-Id", "List-Unsubscribe"].iter().any(|name| value(name).is_some());
    (is_bulk || is_list).then_some("群发邮件")
}
