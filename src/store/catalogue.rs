//! Every statement the program can send, with values of the right types, for the tests that prepare and explain them.
//!
//! A statement with a fixed text is listed by the name of its constant; one that is put together is listed by the
//! function that does it, in the variants that differ in shape. A test finds a statement that is missing here.

mod channels;

use std::collections::BTreeSet;

use huiyin_domain::access::{self, Actor, Limit, Role, UnitKind};
use huiyin_domain::id::{AccountId, HoldId, PullId, UnitId, UploadId};
use uuid::Uuid;

use super::item_list::{After, Filter, Order, Slice, Told, Waiting, count_statement, page_statement};
use super::statement::{Places, Record, Statement, Value, insert_text, values};
use super::{
    access_token, account, attachment, desk, door, hold, item, ledger, message, publication, second_factor,
    sign_in_lock, source, tx, unit, upload, worklist,
};

/// A statement and where it comes from: `module::CONSTANT`, `module::function` or `insert table`.
pub type Named = (&'static str, Statement);

/// A value that no row has.
const NONE: &str = "none";

/// All of them.
pub fn statements() -> Vec<Named> {
    [
        accounts(),
        channels::alarms(),
        channels::jobs(),
        channels::schedules(),
        channels::days(),
        channels::source_days(),
        channels::payloads(),
        sign_in(),
        desks(),
        items(),
        item_lists(),
        ledgers(),
        messages(),
        publications(),
        sources(),
        holds(),
        uploads(),
        doors(),
        units(),
        worklists(),
        inserts(),
    ]
    .concat()
}

fn read<T: Record>(name: &'static str, rest: &str, values: Vec<Value>) -> Named {
    (name, Statement::select::<T>(rest, values))
}

fn fixed(name: &'static str, sql: &'static str, values: Vec<Value>) -> Named {
    (name, Statement::new(sql, values))
}

/// A list of one value is written differently from a longer one, and a long one may be planned differently.
fn lists() -> [Vec<String>; 3] {
    [1, 2, 100].map(|length| (0..length).map(|index| format!("{NONE}{index}")).collect())
}

fn for_lists(name: &'static str, statement: impl Fn(&[String]) -> Statement) -> impl Iterator<Item = Named> {
    lists().into_iter().map(move |list| (name, statement(&list)))
}

fn accounts() -> Vec<Named> {
    use account::{AccountRow, SessionRow, by_ids_statement, by_token_statement};
    let mut named = vec![
        read::<AccountRow>("account::BY_LOGIN", account::BY_LOGIN, values![NONE]),
        read::<AccountRow>("account::BY_ID", account::BY_ID, values![NONE]),
        read::<AccountRow>("account::ALL", account::ALL, values![]),
        read::<AccountRow>("account::BY_TOKEN", account::BY_TOKEN, values![NONE, 0_i64, 0_i64]),
        ("account::by_token_statement", by_token_statement(NONE, 0, 0)),
        read::<SessionRow>("account::SESSIONS", account::SESSIONS, values![NONE, 0_i64, 0_i64]),
        read::<SessionRow>("account::SESSION_BY_ID", account::SESSION_BY_ID, values![NONE]),
        fixed("account::REVOKE", account::REVOKE, values![0_i64, NONE]),
        fixed("account::REVOKE_ALL", account::REVOKE_ALL, values![0_i64, NONE]),
        fixed("account::REVOKE_OTHERS", account::REVOKE_OTHERS, values![0_i64, NONE, NONE]),
        fixed("account::REVOKE_ONE", account::REVOKE_ONE, values![0_i64, NONE, NONE]),
        fixed("account::TOUCH", account::TOUCH, values![0_i64, NONE]),
        fixed("account::SET_ROLES", account::SET_ROLES, values![NONE, NONE]),
        fixed("account::SET_PASSWORD", account::SET_PASSWORD, values![NONE, true, NONE]),
        fixed("account::HOLD", account::HOLD, values![NONE]),
        fixed("account::HOLD_PROVED", account::HOLD_PROVED, values![NONE, NONE]),
        fixed("account::SET_ACTIVE", account::SET_ACTIVE, values![true, NONE]),
        fixed("account::SET_UNIT", account::SET_UNIT, values![NONE, NONE]),
        fixed("account::SET_SECOND_FACTOR", account::SET_SECOND_FACTOR, values![true, NONE]),
    ];
    named.extend(for_lists("account::by_ids_statement", by_ids_statement));
    named
}

fn sign_in() -> Vec<Named> {
    use access_token::AccessTokenRow;
    use second_factor::FactorRow;
    use sign_in_lock::LockRow;
    let mut named = vec![
        read::<LockRow>("sign_in_lock::BY_LOGIN", sign_in_lock::BY_LOGIN, values![NONE, 0_i64]),
        fixed("sign_in_lock::UNLOCK", sign_in_lock::UNLOCK, values![NONE]),
        fixed("sign_in_lock::FORGET", sign_in_lock::FORGET, values![0_i64]),
        read::<FactorRow>("second_factor::OF_ACCOUNT", second_factor::OF_ACCOUNT, values![NONE]),
        fixed("second_factor::REMOVE", second_factor::REMOVE, values![NONE]),
        fixed("second_factor::REMOVE_WAITING", second_factor::REMOVE_WAITING, values![NONE]),
        fixed("second_factor::REMOVE_RECOVERY", second_factor::REMOVE_RECOVERY, values![NONE]),
        fixed("second_factor::CONFIRM", second_factor::CONFIRM, values![0_i64, NONE]),
        fixed("second_factor::USE_STEP", second_factor::USE_STEP, values![0_i64, NONE]),
        fixed("second_factor::USE_RECOVERY", second_factor::USE_RECOVERY, values![0_i64, NONE, NONE]),
        fixed("second_factor::RECOVERY_LEFT", second_factor::RECOVERY_LEFT, values![NONE]),
        read::<AccessTokenRow>("access_token::OF_ACCOUNT", access_token::OF_ACCOUNT, values![NONE, 0_i64]),
        fixed("access_token::COUNT", access_token::COUNT, values![NONE, 0_i64]),
        read::<account::AccountRow>("access_token::BY_DIGEST", access_token::BY_DIGEST, values![NONE, 0_i64]),
        ("access_token::by_digest_statement", access_token::by_digest_statement(NONE, 0)),
        fixed("access_token::REVOKE", access_token::REVOKE, values![0_i64, NONE, NONE]),
        fixed("access_token::REVOKE_ALL", access_token::REVOKE_ALL, values![0_i64, NONE]),
        fixed("access_token::TOUCH", access_token::TOUCH, values![0_i64, NONE]),
    ];
    named.extend(for_lists("sign_in_lock::by_logins_statement", sign_in_lock::by_logins_statement));
    named
}

fn desks() -> Vec<Named> {
    use desk::{DraftNoteRow, SavedFilterRow};
    vec![
        read::<SavedFilterRow>("desk::FILTERS", desk::FILTERS, values![NONE]),
        fixed("desk::REMOVE_FILTER", desk::REMOVE_FILTER, values![NONE, NONE]),
        fixed("desk::REPLACE_FILTER", desk::REPLACE_FILTER, values![NONE, NONE, NONE]),
        read::<DraftNoteRow>("desk::NOTES_OF_ITEM", desk::NOTES_OF_ITEM, values![NONE, NONE]),
        fixed("desk::REMOVE_NOTE", desk::REMOVE_NOTE, values![NONE, NONE, NONE]),
        fixed("desk::REMOVE_NOTES", desk::REMOVE_NOTES, values![NONE]),
        fixed("desk::REPLACE_NOTE", desk::REPLACE_NOTE, values![NONE, 0_i64, 0_i64, NONE, NONE, NONE]),
    ]
}

fn items() -> Vec<Named> {
    use item::{ItemRow, NoteRow, ReplyRow, TimingRow};
    let update = values![
        NONE,
        NONE,
        NONE,
        true,
        Some(NONE.to_owned()),
        Some(NONE.to_owned()),
        Some(0_i64),
        false,
        Some(0_i64),
        2_i64,
        NONE,
        NONE,
        1_i64
    ];
    let mut named = vec![
        read::<ItemRow>("item::BY_ID", item::BY_ID, values![NONE]),
        read::<ItemRow>("item::BY_NUMBER", item::BY_NUMBER, values![0_i64]),
        read::<ItemRow>("item::BY_MESSAGE", item::BY_MESSAGE, values![NONE]),
        read::<ItemRow>("item::REPEATS", item::REPEATS, values![NONE, 10_i64]),
        read::<ItemRow>("item::PAGE_BY_NUMBER", item::PAGE_BY_NUMBER, values![0_i64, 10_i64]),
        read::<NoteRow>("item::NOTES", item::NOTES, values![NONE]),
        read::<ReplyRow>("item::REPLIES", item::REPLIES, values![NONE]),
        read::<TimingRow>("item::TIMINGS", item::TIMINGS, values![0_i64, 1_i64]),
        read::<TimingRow>("item::TIMINGS_DUE", item::TIMINGS_DUE, values![false, true, 0_i64, 1_i64]),
        fixed("item::RESERVE_NUMBERS", item::RESERVE_NUMBERS, values![1_i64]),
        fixed("item::UPDATE", item::UPDATE, update),
        fixed("item::UPDATE_PARTS", item::UPDATE_PARTS, values![true, 0_i64, NONE]),
        fixed("item::HOLD_STILL", item::HOLD_STILL, values![1_i64, NONE, 1_i64]),
        fixed("item::LEAVE_UNITS", item::LEAVE_UNITS, values![NONE]),
        fixed("item::UNBAR", item::UNBAR, values![NONE]),
        ("item::by_numbers_statement", item::by_numbers_statement(&[-1])),
        ("item::by_numbers_statement", item::by_numbers_statement(&[-1, -2])),
    ];
    named.extend(for_lists("item::by_ids_statement", item::by_ids_statement));
    named.extend(for_lists("item::by_messages_statement", item::by_messages_statement));
    named.extend(for_lists("item::first_by_fingerprints_statement", item::first_by_fingerprints_statement));
    named.extend(for_lists("item::units_of_statement", item::units_of_statement));
    named.extend(for_lists("item::replies_of_statement", item::replies_of_statement));
    named.extend(for_lists("item::notes_of_statement", item::notes_of_statement));
    named
}

/// The widest filter in every order, from the first page and from a later one, and without a filter.
fn item_lists() -> Vec<Named> {
    let list = || lists()[1].clone();
    let full = Filter {
        sources: list(),
        lead_units: list(),
        stages: list(),
        request_types: list(),
        open: Some(true),
        overdue_at: Some(0),
        asked_from: Some(0),
        asked_to: Some(1),
        due_from: Some(0),
        due_to: Some(1),
        replied_from: Some(0),
        replied_to: Some(1),
        tasks: list(),
        waiting: Some(Waiting { anywhere: list(), own: Some((NONE.to_owned(), list())), but: Some(NONE.to_owned()) }),
        assisting: Some(NONE.to_owned()),
    };
    let assisted = Filter { assisting: Some(NONE.to_owned()), ..Filter::default() };
    let scope = access::scope(&Actor::System("catalogue"));
    let mut named = Vec::new();
    for filter in [Filter::default(), assisted, full] {
        for order in [Order::AskedNewest, Order::AskedOldest, Order::DueFirst] {
            for after in [None, Some(After { at: 0, number: 0 })] {
                for told in [Told::Whole, Told::Facts] {
                    let slice = Slice { order, after, limit: 10, told };
                    named.push(("item_list::page_statement", page_statement(scope, &filter, slice)));
                }
            }
        }
        named.push(("item_list::count_statement", count_statement(scope, &filter)));
    }
    let both = BTreeSet::from([Role::Handler, Role::Publisher]);
    let of_both = access::scope(&Actor::Account {
        id: AccountId::from(Uuid::nil()),
        unit: UnitId::from(Uuid::nil()),
        unit_kind: UnitKind::Section,
        roles: both,
        limit: Limit::None,
    });
    named.push(("item_list::either_count_statement", count_statement(of_both, &Filter::default())));
    named
}

fn ledgers() -> Vec<Named> {
    use ledger::{AFTER, EntryRow, HEAD, NEWEST, OF_SUBJECT};
    let mut named = vec![
        fixed("ledger::HEAD", HEAD, values![]),
        read::<EntryRow>("ledger::NEWEST", NEWEST, values![]),
        read::<EntryRow>("ledger::AFTER", AFTER, values![0_i64, 10_i64]),
        read::<EntryRow>("ledger::OF_SUBJECT", OF_SUBJECT, values![NONE, 0_i64, 10_i64]),
        fixed("tx::RESERVE", tx::RESERVE, values![0_i64]),
        fixed("tx::ADVANCE", tx::ADVANCE, values![NONE]),
    ];
    named.extend(for_lists("ledger::of_subjects_statement", ledger::of_subjects_statement));
    named
}

fn messages() -> Vec<Named> {
    use message::{
        ADVANCE, BETWEEN_KEYS, Facts, KeyRow, MessageRow, RENAME, SHOWN_AFTER, VERSIONS, VERSIONS_AFTER, VersionRow,
        by_ids_statement, by_keys_statement, newest_of_statement, newest_texts_of_statement, set_facts_statement,
        set_withdrawn_statement,
    };
    let facts = Facts {
        list_digest: Some(NONE.to_owned()),
        url: NONE.to_owned(),
        printed_number: NONE.to_owned(),
        series: Some(NONE.to_owned()),
        running: Some(0),
        named_unit: NONE.to_owned(),
    };
    let of_all = |ids: &[String]| set_facts_statement(ids.iter().map(|id| (id.clone(), facts.clone())).collect());
    let mut named = vec![
        read::<VersionRow>("message::VERSIONS", VERSIONS, values![NONE]),
        read::<VersionRow>("message::VERSIONS_AFTER", VERSIONS_AFTER, values![NONE, 0_i64, 10_i64]),
        fixed("message::ADVANCE", ADVANCE, values![2_i64, NONE, NONE, 1_i64]),
        fixed("message::RENAME", RENAME, values![NONE, NONE, NONE]),
        read::<MessageRow>("message::BETWEEN_KEYS", BETWEEN_KEYS, values![NONE, NONE, NONE]),
        read::<KeyRow>("message::SHOWN_AFTER", SHOWN_AFTER, values![NONE, NONE, 10_i64]),
    ];
    named.extend(for_lists("message::by_ids_statement", by_ids_statement));
    named.extend(for_lists("message::set_facts_statement", of_all));
    named.extend(for_lists("message::set_withdrawn_statement", |ids| set_withdrawn_statement(ids, Some(0))));
    named.extend(for_lists("message::by_keys_statement", |keys| by_keys_statement(NONE, keys)));
    named.extend(for_lists("message::newest_of_statement", newest_of_statement));
    named.extend(for_lists("message::newest_texts_of_statement", newest_texts_of_statement));
    named
}

fn publications() -> Vec<Named> {
    use publication::{EntryRow, EntryVersionRow, PublicationRow};
    let update = values![NONE, NONE, 2_i64, NONE, Some(0_i64), NONE, 1_i64];
    let update_entry = values![NONE, 1_i64, 2_i64, NONE, NONE, 1_i64];
    let mut named = vec![
        read::<PublicationRow>("publication::BY_ID", publication::BY_ID, values![NONE]),
        read::<PublicationRow>("publication::BY_MONTH", publication::BY_MONTH, values![NONE]),
        read::<PublicationRow>("publication::BY_STAGE", publication::BY_STAGE, values![NONE, 10_i64]),
        read::<PublicationRow>("publication::NEWEST", publication::NEWEST, values![10_i64]),
        fixed("publication::UPDATE", publication::UPDATE, update),
        read::<EntryRow>("publication::ENTRIES", publication::ENTRIES, values![NONE]),
        read::<EntryRow>("publication::ENTRY_BY_ID", publication::ENTRY_BY_ID, values![NONE]),
        fixed("publication::UPDATE_ENTRY", publication::UPDATE_ENTRY, update_entry),
        read::<EntryVersionRow>("publication::VERSIONS", publication::VERSIONS, values![NONE]),
    ];
    named.extend(for_lists("publication::versions_of_statement", publication::versions_of_statement));
    named
}

fn sources() -> Vec<Named> {
    use source::{HoldRow, PullRow, SheetRow, SourceRow, known_holds_statement, open_holds_by_keys_statement};
    let count = values![
        NONE,
        Some(0_i64),
        0_i64,
        0_i64,
        0_i64,
        0_i64,
        0_i64,
        0_i64,
        0_i64,
        Some(0_i64),
        0_i64,
        0_i64,
        0_i64,
        0_i64,
        false,
        NONE,
        NONE,
        NONE
    ];
    let mut named = vec![
        read::<SourceRow>("source::ALL", source::ALL, values![]),
        read::<SourceRow>("source::BY_ID", source::BY_ID, values![NONE]),
        read::<PullRow>("source::PULLS_BY_STAGE", source::PULLS_BY_STAGE, values![NONE]),
        read::<HoldRow>("source::HOLDS_AFTER", source::HOLDS_AFTER, values![NONE, 10_i64]),
        fixed("source::COUNT_PULL", source::COUNT_PULL, count),
        read::<PullRow>("source::BY_ID_PULL", source::BY_ID_PULL, values![NONE]),
        read::<PullRow>("source::READ_FILE", source::READ_FILE, values![NONE, NONE]),
        fixed("source::RENEW", source::RENEW, values![0_i64, NONE]),
        fixed("source::INTERRUPT", source::INTERRUPT, values![Some(0_i64), NONE, 0_i64, NONE]),
        read::<SheetRow>("source::SHEET", source::SHEET, values![NONE, NONE]),
    ];
    named.extend(for_lists("source::pulls_by_ids_statement", source::pulls_by_ids_statement));
    named.extend(for_lists("source::known_holds_statement", |digests| known_holds_statement(NONE, digests)));
    let by_keys = |keys: &[String]| open_holds_by_keys_statement(NONE, keys);
    named.extend(for_lists("source::open_holds_by_keys_statement", by_keys));
    named
}

/// Held rows of all, of a source and of a pull, all of them and the open ones, from the first page and from a later one.
fn holds() -> Vec<Named> {
    let settle = values![
        Some(0_i64),
        NONE,
        NONE,
        Some(NONE.to_owned()),
        Some(NONE.to_owned()),
        Some(NONE.to_owned()),
        Some(NONE.to_owned()),
        NONE
    ];
    let mut named = vec![
        read::<source::HoldRow>("hold::BY_ID", hold::BY_ID, values![NONE]),
        fixed("hold::SETTLE", hold::SETTLE, settle),
    ];
    let (pull, row) = (PullId::from(Uuid::nil()), HoldId::from(Uuid::nil()));
    for open in [false, true] {
        for (pull, source) in [(None, None), (Some(pull), None), (None, Some(NONE.to_owned()))] {
            let filter = hold::HoldFilter { pull, source, open };
            let place = hold::HoldAfter { pull: PullId::from(Uuid::nil()), row: 1, hold: row };
            named.push(("hold::page_statement", hold::page_statement(&filter, None, 10)));
            named.push(("hold::page_statement", hold::page_statement(&filter, Some(&place), 10)));
            named.push(("hold::count_statement", hold::count_statement(&filter)));
        }
    }
    for source in [None, Some(NONE)] {
        for after in [None, Some(pull)] {
            named.push(("hold::pulls_statement", hold::pulls_statement(source, after, 10)));
        }
    }
    named
}

fn uploads() -> Vec<Named> {
    use upload::{CheckRow, UploadRow};
    let update = values![NONE, NONE, Some(NONE.to_owned()), Some(0_i64), NONE, NONE, Some(0_i64), 0_i64, NONE, NONE];
    vec![
        read::<UploadRow>("upload::BY_ID", upload::BY_ID, values![NONE]),
        read::<UploadRow>("upload::BY_STAGE", upload::BY_STAGE, values![NONE, 10_i64]),
        fixed("upload::COUNT_OF", upload::COUNT_OF, values![NONE, NONE]),
        fixed("upload::UPDATE", upload::UPDATE, update),
        fixed("upload::RENEW", upload::RENEW, values![0_i64, NONE]),
        read::<CheckRow>("upload::LAST_CHECK", upload::LAST_CHECK, values![]),
        ("upload::page_statement", upload::page_statement(None, 10)),
        ("upload::page_statement", upload::page_statement(Some(UploadId::from(Uuid::nil())), 10)),
    ]
}

fn doors() -> Vec<Named> {
    use attachment::AttachmentRow;
    use door::{InquiryRow, KeyRow, ReceiptRow};
    let mut named = vec![
        read::<ReceiptRow>("door::RECEIPT", door::RECEIPT, values![NONE, NONE]),
        fixed("door::FORGET", door::FORGET, values![0_i64]),
        read::<InquiryRow>("door::INQUIRY", door::INQUIRY, values![NONE]),
        read::<KeyRow>("door::KEY", door::KEY, values![NONE]),
        read::<AttachmentRow>("attachment::BY_ID", attachment::BY_ID, values![NONE]),
        read::<AttachmentRow>("attachment::OF_MESSAGE", attachment::OF_MESSAGE, values![NONE]),
        read::<AttachmentRow>("attachment::AFTER", attachment::AFTER, values![NONE, 10_i64]),
        read::<AttachmentRow>("attachment::DUE", attachment::DUE, values![NONE, 10_i64]),
        fixed(
            "attachment::UPDATE",
            attachment::UPDATE,
            values![NONE, 0_i64, Some(NONE.to_owned()), NONE, NONE, NONE, 0_i64, NONE, NONE, 0_i64, NONE],
        ),
    ];
    named.extend(for_lists("attachment::of_messages_statement", attachment::of_messages_statement));
    named.extend(for_lists("attachment::by_contents_statement", attachment::by_contents_statement));
    named
}

fn units() -> Vec<Named> {
    use unit::{ALL, BY_CODE, BY_ID, UnitRow, by_ids_statement};
    let mut named = vec![
        read::<UnitRow>("unit::ALL", ALL, values![]),
        read::<UnitRow>("unit::BY_ID", BY_ID, values![NONE]),
        fixed("unit::RENAME", unit::RENAME, values![NONE, NONE]),
        fixed("unit::SET_ACTIVE", unit::SET_ACTIVE, values![true, NONE]),
        read::<UnitRow>("unit::BY_CODE", BY_CODE, values![NONE]),
    ];
    named.extend(for_lists("unit::by_ids_statement", by_ids_statement));
    named
}

fn worklists() -> Vec<Named> {
    use worklist::{ENTRIES_TO_REVIEW, ISSUES, LOADS, LOADS_ASSISTED, LOADS_OF_UNIT, LoadRow, StageRow};
    let of_unit = || values![0_i64, 1_i64, 2_i64, NONE, NONE];
    vec![
        read::<LoadRow>("worklist::LOADS", LOADS, values![0_i64, 1_i64, 2_i64, NONE]),
        read::<LoadRow>("worklist::LOADS_OF_UNIT", LOADS_OF_UNIT, of_unit()),
        read::<LoadRow>("worklist::LOADS_ASSISTED", LOADS_ASSISTED, of_unit()),
        read::<StageRow>("worklist::ISSUES", ISSUES, values![]),
        read::<StageRow>("worklist::ENTRIES_TO_REVIEW", ENTRIES_TO_REVIEW, values![]),
    ]
}

/// One row into every table; what its columns take is proved by the round trips of the contract suite.
fn inserts() -> Vec<Named> {
    [
        ("insert account", "account", account::ACCOUNT_COLUMNS),
        ("insert session", "session", account::SESSION_COLUMNS),
        ("insert sign_in_lock", "sign_in_lock", sign_in_lock::COLUMNS),
        ("insert second_factor", "second_factor", second_factor::COLUMNS),
        ("insert recovery_code", "recovery_code", second_factor::RECOVERY_COLUMNS),
        ("insert access_token", "access_token", access_token::COLUMNS),
        ("insert saved_filter", "saved_filter", desk::FILTER_COLUMNS),
        ("insert draft_note", "draft_note", desk::NOTE_COLUMNS),
        ("insert item", "item", item::ITEM_COLUMNS),
        ("insert item_unit", "item_unit", item::UNIT_COLUMNS),
        ("insert item_barred", "item_barred", item::BARRED_COLUMNS),
        ("insert item_note", "item_note", item::NOTE_COLUMNS),
        ("insert reply_version", "reply_version", item::REPLY_COLUMNS),
        ("insert ledger", "ledger", tx::LEDGER_COLUMNS),
        ("insert message", "message", message::COLUMNS),
        ("insert message_version", "message_version", message::VERSION_COLUMNS),
        ("insert publication", "publication", publication::COLUMNS),
        ("insert entry", "entry", publication::ENTRY_COLUMNS),
        ("insert entry_version", "entry_version", publication::VERSION_COLUMNS),
        ("insert source", "source", source::COLUMNS),
        ("insert pull", "pull", source::PULL_COLUMNS),
        ("insert hold", "hold", source::HOLD_COLUMNS),
        ("insert unit", "unit", unit::COLUMNS),
        ("insert pull_sheet", "pull_sheet", source::SHEET_COLUMNS),
        ("insert upload", "upload", upload::COLUMNS),
        ("insert push_receipt", "push_receipt", door::RECEIPT_COLUMNS),
        ("insert inquiry", "inquiry", door::INQUIRY_COLUMNS),
        ("insert door_key", "door_key", door::KEY_COLUMNS),
        ("insert attachment", "attachment", attachment::COLUMNS),
        ("insert ledger_check", "ledger_check", upload::CHECK_COLUMNS),
    ]
    .into_iter()
    .chain(channels::inserts())
    .map(|(name, table, columns)| {
        (name, Statement::assembled(insert_text(table, columns, 1, Places::Numbered), Vec::new()))
    })
    .collect()
}
