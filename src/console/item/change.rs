//! What changed: between two versions that somebody wants compared, and since somebody looked.

use serde_json::Value;

use crate::console::Form;

/// What somebody had on the screen when they sent a form: the marks every form of the page carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The newest ledger entry of the item.
    pub(super) seq: i64,
    /// The newest version of the reply; zero when there was none.
    pub(super) reply: i64,
    /// The newest version of the question.
    pub(super) question: i64,
}

impl Seen {
    /// The marks a form carries; none without them.
    pub(super) fn in_form(form: &Form) -> Option<Self> {
        let mark = |name: &str| form.get(name).parse().ok();
        Some(Self { seq: mark("seq")?, reply: mark("version")?, question: mark("question")? })
    }

    /// What is to be seen of an item now.
    pub(super) fn of(item: &Value) -> Self {
        let newest = |versions: Option<&Value>| {
            let last = versions.and_then(Value::as_array).and_then(|versions| versions.last());
            last.and_then(|version| version["version"].as_i64()).unwrap_or(0)
        };
        let last = item["history"].as_array().and_then(|history| history.last());
        Self {
            seq: last.and_then(|entry| entry["seq"].as_i64()).unwrap_or(0),
            reply: newest(current_reply(item).and_then(|reply| reply.get("versions"))),
            question: newest(item.get("questionVersions")),
        }
    }
}

/// The reply that is being written, or was released.
pub(super) fn current_reply(item: &Value) -> Option<&Value> {
    item["replies"].as_array()?.iter().find(|reply| reply["current"] == true)
}

/// That reply with its newest version.
pub(super) fn current(item: &Value) -> (Option<Value>, Option<Value>) {
    let reply = current_reply(item).cloned();
    let draft = reply.as_ref().and_then(|reply| reply["versions"].as_array()?.last().cloned());
    (reply, draft)
}

/// Two versions each to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// Of the reply.
    pub(super) reply: Option<(i64, i64)>,
    /// Of the question.
    pub(super) question: Option<(i64, i64)>,
}

impl Compared {
    /// What an address asks for: a version and the one before it.
    pub(super) fn asked(query: &Form) -> Self {
        let pair = |name: &str| {
            let version: i64 = query.get(name).parse().ok()?;
            (version > 1).then_some((version - 1, version))
        };
        Self { reply: pair("reply"), question: pair("question") }
    }

    /// What is new to somebody who saw less.
    pub(super) fn since(seen: Seen, now: Seen) -> Self {
        Self {
            reply: (seen.reply < now.reply).then_some((seen.reply, now.reply)),
            question: (0 < seen.question && seen.question < now.question).then_some((seen.question, now.question)),
        }
    }
}

/// The entries of the item's history that somebody has not seen.
pub(super) fn news(item: &Value, seen: Seen) -> Vec<Value> {
    let history = item["history"].as_array().map(Vec::as_slice).unwrap_or_default();
    history.iter().filter(|entry| entry["seq"].as_i64() > Some(seen.seq)).cloned().collect()
}
