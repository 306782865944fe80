//! Invented rows of every table. Each call gives new ids, so rows of one test never meet.

use std::sync::atomic::{AtomicU64, Ordering};

use huiyin::store::access_token::AccessTokenRow;
use huiyin::store::account::{AccountRow, SessionRow};
use huiyin::store::item::{ItemRow, ItemUnitRow, NoteRow, ReplyRow};
use huiyin::store::message::{MessageRow, VersionRow};
use huiyin::store::publication::{EntryRow, EntryVersionRow, PublicationRow};
use huiyin::store::source::{HoldRow, PullRow, SourceRow};
use huiyin::store::unit::UnitRow;
use huiyin_domain::id::{
    AccessTokenId, AccountId, EntryId, HoldId, MessageId, PublicationId, PullId, ReplyId, SessionId, UnitId,
};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;

/// 2026-10-09T00:00:00+08:00.
pub const START: Instant = Instant::from_micros(1_791_475_200_000_000);
/// A day in microseconds.
pub const DAY: i64 = 86_400_000_000;

/// Ten bytes that no earlier call gave.
pub fn fresh() -> [u8; 10] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// A digest in hexadecimal.
pub fn digest(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

/// A section.
pub fn unit(code: &str) -> UnitRow {
    UnitRow {
        id: UnitId::new(START, fresh()).to_string(),
        code: code.to_owned(),
        name: format!("样例科室{code}"),
        kind: "section".to_owned(),
        active: true,
        created_at: START.as_micros(),
    }
}

/// An account of a unit.
pub fn account(login: &str, unit: &UnitRow) -> AccountRow {
    AccountRow {
        id: AccountId::new(START, fresh()).to_string(),
        login: login.to_owned(),
        name: "样例经办人".to_owned(),
        unit_id: unit.id.clone(),
        roles: "handler reviewer".to_owned(),
        password_hash: "$argon2id$none".to_owned(),
        active: true,
        created_at: START.as_micros(),
        must_change: false,
        second_factor: false,
        unit_kind: unit.kind.clone(),
    }
}

/// A session of an account, started and last used at one instant; times in microseconds.
pub fn session(account: &AccountRow, created_at: i64, expires_at: i64) -> SessionRow {
    SessionRow {
        id: SessionId::new(START, fresh()).to_string(),
        account_id: account.id.clone(),
        client: "firefox".to_owned(),
        created_at,
        last_used_at: created_at,
        expires_at,
        signed_in_by: "password".to_owned(),
    }
}

/// An access token of an account; times in microseconds.
pub fn access_token(account: &AccountRow, created_at: i64, expires_at: i64) -> AccessTokenRow {
    AccessTokenRow {
        id: AccessTokenId::new(START, fresh()).to_string(),
        account_id: account.id.clone(),
        name: "样例令牌".to_owned(),
        scopes: "read".to_owned(),
        created_at,
        expires_at,
        last_used_at: None,
    }
}

/// A source.
pub fn source(id: &str) -> SourceRow {
    let (name, channel) = ("样例留言板".to_owned(), "留言板".to_owned());
    SourceRow { id: id.to_owned(), name, channel, created_at: START.as_micros() }
}

/// A pull under way.
pub fn pull(source: &str) -> PullRow {
    PullRow {
        id: PullId::new(START, fresh()).to_string(),
        source_id: source.to_owned(),
        stage: "running".to_owned(),
        file_name: "样例.xlsx".to_owned(),
        file_digest: digest("file"),
        started_at: START.as_micros(),
        finished_at: None,
        stated: 0,
        accepted: 0,
        unchanged: 0,
        changed: 0,
        held: 0,
        rejected: 0,
        actor: "system:test".to_owned(),
        owner: "here".to_owned(),
        lease_until: START.as_micros(),
        purpose: "file".to_owned(),
        claimed: None,
        met: 0,
        pages: 0,
        withdrawn: 0,
        returned: 0,
        complete: false,
        problem_code: String::new(),
        problem: String::new(),
    }
}

/// A row held for repair.
pub fn hold(pull: &PullRow, row_number: i64) -> HoldRow {
    HoldRow {
        id: HoldId::new(START, fresh()).to_string(),
        pull_id: pull.id.clone(),
        source_id: pull.source_id.clone(),
        sheet: "表一".to_owned(),
        row_number,
        column_name: "留言时间".to_owned(),
        reason: "date_unreadable".to_owned(),
        message: "样例".to_owned(),
        raw: r#"[["留言时间","x"]]"#.to_owned(),
        raw_digest: digest(&format!("{row_number}")),
        held_at: START.as_micros(),
        resolved_at: None,
        salt: hex::encode([7; 16]),
        digest: digest(&format!("hold {row_number}")),
        resolution: None,
        resolved_by: None,
        item_id: None,
        note: None,
        note_salt: None,
        note_digest: None,
        source_key: None,
        payload: None,
    }
}

/// A message in its first version.
pub fn message(source: &str, key: &str) -> MessageRow {
    MessageRow {
        id: MessageId::new(START, fresh()).to_string(),
        source_id: source.to_owned(),
        source_key: key.to_owned(),
        version: 1,
        content_digest: digest(key),
        first_seen_at: START.as_micros(),
        list_digest: None,
        url: String::new(),
        printed_number: key.to_owned(),
        series: None,
        running: None,
        named_unit: String::new(),
        withdrawn_at: None,
    }
}

/// A version of a message.
pub fn version(message: &MessageRow, pull: &PullRow, version: i64) -> VersionRow {
    VersionRow {
        message_id: message.id.clone(),
        version,
        pull_id: pull.id.clone(),
        first_seen_at: START.as_micros(),
        title: "样例标题".to_owned(),
        body: "样例正文".to_owned(),
        author: "样例".to_owned(),
        contact: "00000000".to_owned(),
        address: "样例路".to_owned(),
        asked_at: Some(START.as_micros()),
        reply: String::new(),
        reply_unit: String::new(),
        replied_at: None,
        raw: "[]".to_owned(),
        salt: "00".repeat(16),
        digest: digest("version"),
    }
}

/// A unit's part in an item.
pub fn item_unit(item: &ItemRow, unit: &str, part: &str) -> ItemUnitRow {
    ItemUnitRow {
        item_id: item.id.clone(),
        unit_id: unit.to_owned(),
        part: part.to_owned(),
        asked_at: item.asked_at,
        number: item.number,
        open: item.open,
        due_at: item.due_at,
    }
}

/// A note.
pub fn note(item: &str, ordinal: i64) -> NoteRow {
    NoteRow {
        item_id: item.to_owned(),
        ordinal,
        kind: "item.return_requested".to_owned(),
        actor: "system:test".to_owned(),
        at: START.as_micros(),
        text: "样例依据".to_owned(),
        salt: "00".repeat(16),
        digest: digest("note"),
    }
}

/// A version of a reply; all calls with the same `reply` are one reply.
pub fn reply(item: &str, reply: ReplyId, version: i64) -> ReplyRow {
    ReplyRow {
        item_id: item.to_owned(),
        reply_id: reply.to_string(),
        version,
        text: "样例答复".to_owned(),
        actor: "system:test".to_owned(),
        at: START.as_micros() + version,
        salt: "00".repeat(16),
        digest: digest("reply"),
    }
}

/// A monthly issue.
pub fn publication(month: &str) -> PublicationRow {
    PublicationRow {
        id: PublicationId::new(START, fresh()).to_string(),
        month: month.to_owned(),
        stage: "draft".to_owned(),
        title: "样例热点".to_owned(),
        revision: 1,
        state: "{}".to_owned(),
        created_at: START.as_micros(),
        published_at: None,
    }
}

/// An entry of an issue.
pub fn entry(publication: &PublicationRow, item: &str, ordinal: i64) -> EntryRow {
    EntryRow {
        id: EntryId::new(START, fresh()).to_string(),
        publication_id: publication.id.clone(),
        ordinal,
        item_id: item.to_owned(),
        unit_id: None,
        stage: "draft".to_owned(),
        version: 1,
        revision: 1,
        state: "{}".to_owned(),
        asked_at: START.as_micros(),
        replied_at: START.as_micros() + DAY,
    }
}

/// A version of an entry's text.
pub fn entry_version(entry: &EntryRow, version: i64) -> EntryVersionRow {
    EntryVersionRow {
        entry_id: entry.id.clone(),
        version,
        question: "样例问题".to_owned(),
        answer: "样例回答".to_owned(),
        basis: String::new(),
        actor: "system:test".to_owned(),
        at: START.as_micros(),
        salt: "00".repeat(16),
        digest: digest("entry"),
    }
}
