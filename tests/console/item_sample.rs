//! The page of an item with everything on it at once.

use std::collections::BTreeMap;

use huiyin_domain::item::ActKind;
use serde_json::{Value, json};

const TIME: &str = "2026-11-27T17:30:00+08:00";

/// What its templates are given.
pub fn item(words: &str) -> Value {
    let form = json!({
        "values": { "text": words, "basis": words, "reason": words, "days": words, "into": words, "lead": words },
        "errors": { "text": words, "basis": words, "reason": words, "days": words, "into": words, "lead": words,
            "assisting": words, "unit": words, "suggested": words },
        "error": words,
    });
    let acts: Vec<&str> = ActKind::ALL.iter().map(|kind| kind.code()).collect();
    let forms: BTreeMap<&str, &Value> = acts.iter().map(|act| (*act, &form)).collect();
    let choice = json!([{ "code": words, "label": words, "assists": true }]);
    let kept = json!({ "text": words, "savedAt": TIME, "stale": true });
    let pieces = json!([{ "text": words, "kind": "SAME" }, { "text": words, "kind": "ADDED" },
        { "text": words, "kind": "REMOVED" }]);
    let replies = replies(words);
    json!({
        "item": detail(words), "acts": acts, "forms": forms, "tried": "send_back", "error": words,
        "lost": [{ "label": "答复稿", "text": words }], "units": choice,
        "choices": { "reasons": choice, "routes": choice, "grounds": choice, "pauses": choice, "again": choice },
        "reply": replies[1], "draft": replies[1]["versions"][1],
        "kept": { "reply": kept, "return": kept, "comment": kept },
        "reply_changes": pieces, "question_changes": pieces,
        "compared": { "reply": [1, 2], "question": [1, 2] },
        "news": [entry(words)], "marks": { "revision": 7, "seq": 12, "version": 2, "question": 2 },
        "spent": { "parts": [{ "label": words, "tone": "work", "seconds": 3600, "from": TIME }],
            "seconds": 3600, "from": TIME, "to": TIME },
        "personal": false, "printed_at": TIME,
    })
}

fn detail(words: &str) -> Value {
    let word = json!({ "code": "handling", "label": words });
    let unit = json!({ "id": words, "name": words });
    let person = json!({ "label": words });
    let other = json!({ "number": 3, "title": words, "stage": word });
    let version = |number: i32| {
        json!({ "version": number, "firstSeenAt": TIME, "title": words, "body": words, "address": words,
            "maskedAuthor": words, "maskedContact": words, "author": words, "contact": words })
    };
    let level = json!({ "level": word, "binding": true, "basis": words, "limit": words, "startsAt": TIME, "dueAt": TIME,
        "dueText": words, "provisional": true, "calendar": words,
        "days": [{ "date": "2026-11-27", "counts": true, "why": words },
            { "date": "2026-11-28", "counts": false, "why": words }] });
    json!({
        "id": words, "number": 12, "title": words, "revision": 7, "open": true, "stage": word, "requestType": word,
        "source": { "name": words, "channel": words }, "leadUnit": unit, "assistingUnits": [unit, unit],
        "message": { "namedUnit": words, "withdrawnAt": TIME }, "suggestedUnit": { "unit": unit, "uses": 3 },
        "askedAt": TIME, "receivedAt": TIME, "dueAt": TIME, "dueProvisional": true, "repliedAt": TIME,
        "availableActs": [word], "awaitedReview": word,
        "pendingReturn": { "unit": unit, "reason": word, "suggested": unit, "at": TIME },
        "pendingExtension": { "days": 5, "at": TIME },
        "mergedInto": other, "repeatOf": other, "repeats": [other], "confidential": true,
        "attachments": [{ "id": words, "name": words, "bytes": 12, "state": word, "problem": words, "address": null },
            { "id": words, "name": words, "bytes": 12, "state": word, "problem": null, "address": "/desk/attachments/x" }],
        "questionVersions": [version(1), version(2)],
        "answerAtSource": { "text": words, "unit": words, "repliedAt": TIME },
        "replies": replies(words),
        "reviews": [{ "step": word, "reviewer": person, "at": TIME }],
        "notes": [{ "kind": word, "text": words, "author": person, "at": TIME }],
        "deadline": { "dueAt": TIME, "provisional": true, "levels": [level, level] },
        "history": (0..8).map(|_| entry(words)).collect::<Vec<_>>(),
    })
}

fn entry(words: &str) -> Value {
    json!({ "seq": 12, "at": TIME, "actor": { "label": words }, "kind": { "code": "item.assigned", "label": words },
        "detail": words, "hash": "0123456789abcdef" })
}

fn replies(words: &str) -> Value {
    let version = |number: i32| json!({ "version": number, "text": words, "at": TIME, "author": { "label": words } });
    json!([
        { "id": words, "current": false, "released": false, "versions": [version(1)] },
        { "id": words, "current": true, "released": false, "versions": [version(1), version(2)] },
    ])
}
