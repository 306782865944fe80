//! Samples for every template: what each is given, with `words` wherever somebody's words stand.

use serde_json::{Value, json};

use super::item_sample;

const TIME: &str = "2026-11-27T17:30:00+08:00";

/// What all templates have, and what each has beside it.
pub fn sample(template: &str, words: &str, layout: &str) -> Value {
    let mut sample = own(template, words);
    sample["desk"] = json!({
        "layout": layout, "site": words, "large": true, "address": format!("/desk?q={words}"),
        "search": words, "today": "2026-11-20", "day": "工作日", "flash": { "state": "ok", "text": words }, "dev": true,
        "live": "/desk/live?since=12", "person": { "name": words, "unit": words },
        "nav": [
            { "group": "", "label": words, "path": "/desk", "key": "h", "current": true, "counts": null, "badge": null,
                "alarm": false },
            { "group": words, "label": words, "path": "/desk/items", "key": "l", "current": false, "counts": "mine",
                "badge": 1234,
                "alarm": true },
        ],
    });
    sample
}

fn own(template: &str, words: &str) -> Value {
    let form = json!({
        "values": { "q": words, "login": words, "title": words, "body": words, "kind": words, "unit": words, "overdue": "on",
            "code": words },
        "errors": { "login": words, "title": words, "body": words, "code": words, "name": words },
        "error": words,
    });
    match template {
        "console/failure.html" => json!({ "heading": words, "advice": words, "number": "0123abcd", "again": true }),
        "console/sign_in.html" => json!({ "form": form, "next": words, "second_factor": true,
            "provider": { "name": words, "href": format!("/sign-in/oidc?next={words}") } }),
        "console/item.html" | "console/item_print.html" => item_sample::item(words),
        "console/home.html" => home(words),
        "console/items.html" => items(words, &form),
        "console/issue.html" | "console/issues.html" | "console/issue_add.html" | "console/issue_entry.html" => {
            super::issue_samples::own(template, words)
        }
        "console/me.html" | "console/accounts.html" | "console/account.html" | "console/units.html" => {
            super::account_samples::own(template, words)
        }
        "console/sources.html" | "console/source.html" | "console/source_preview.html" | "console/pull.html" => {
            super::source_samples::own(template, words)
        }
        "console/samples.html" => json!({
            "form": form,
            "instants": { "late": "2026-11-18T09:00:00+08:00", "soon": TIME, "ok": TIME, "now": TIME },
            "bars": [{ "label": words, "tone": "wait", "seconds": 19_680 }, { "label": words, "tone": "work", "seconds": 0 }],
        }),
        _ => imports(template, words, &form),
    }
}

/// A held row, open or settled.
fn held(words: &str, cells: &Value, resolution: &Value) -> Value {
    json!({
        "id": words, "sheet": words, "row": 12, "column": words, "columns": [words],
        "reason": { "code": "imported", "label": words }, "cells": cells, "heldAt": TIME, "resolvedAt": TIME,
        "resolution": resolution, "resolvedBy": { "label": words }, "note": words, "hadPayload": true,
        "payload": { "url": words, "mediaType": words, "bytes": 1234, "takenAt": TIME },
        "pull": { "id": words, "fileName": words, "source": { "name": words } },
    })
}

/// The pages of imports, held rows and the ledger.
fn imports(template: &str, words: &str, form: &Value) -> Value {
    let label = json!({ "code": "imported", "label": words });
    let person = json!({ "label": words });
    let pull = |stated: i64| {
        json!({
            "id": words, "fileName": words, "source": { "name": words }, "startedBy": person, "startedAt": TIME,
            "stage": label, "stated": stated, "accepted": 1, "unchanged": 1, "changed": 1, "held": 1, "rejected": 1,
            "balanced": stated == 5, "openHeld": 1,
        })
    };
    let upload = |statement: Value| {
        json!({
            "id": words, "fileName": words, "fileDigest": words, "uploadedBy": person, "uploadedAt": TIME, "finishedAt": TIME,
            "state": label, "statement": statement, "problem": person, "progress": { "done": 7, "total": 12 },
        })
    };
    let cells = json!([{ "header": words, "text": words }, { "header": "内容", "text": words.repeat(50) }]);
    let held = |resolution: &Value| held(words, &cells, resolution);
    let edges = |nodes: &[Value]| nodes.iter().map(|node| json!({ "node": node })).collect::<Vec<_>>();
    let rows = edges(&[held(&Value::Null), held(&label)]);
    match template {
        "console/imports.html" => json!({
            "form": { "values": {}, "errors": { "file": words }, "error": null }, "largest": 500,
            "uploads": edges(&[upload(Value::Null), upload(pull(5)), upload(pull(7))]),
            "pulls": edges(&[pull(5), pull(7), pull(2)]),
            "more_uploads": "/desk/imports?uploads=ff", "more_pulls": "/desk/imports?pulls=ff", "first_page": "/desk/imports",
        }),
        "console/import.html" => json!({
            "form": form, "id": words, "kind": words, "size": words, "running": true, "no_preview": words, "pull": words,
            "upload": upload(pull(7)), "held": rows, "preview": preview(words),
        }),
        "console/held.html" => json!({
            "form": form, "rows": rows, "total": 2, "sources": [{ "id": words, "name": words }], "pull": pull(7),
            "all": true, "other": "/desk/held", "first_page": "/desk/held", "next_page": "/desk/held?after=ff",
        }),
        "console/held_row.html" => json!({
            "form": { "values": { "reason": words }, "errors": { "reason": words }, "error": words }, "id": words,
            "row": held(&Value::Null), "pull": words, "cells": cells, "item": { "number": 12, "title": words },
            "sent": { "rows": [{ "number": 12, "cells": [words] }], "text": { "before": words, "found": words,
                "after": words, "cut": true, "arranged": true } },
            "sent_gone": false,
        }),
        "console/ledger.html" => json!({
            "form": { "values": { "root": words, "subject": words, "from": words }, "errors": { "root": words },
                "error": words },
            "running": false, "head": { "seq": 12, "root": words }, "older": "/desk/ledger?from=1",
            "newer": "/desk/ledger?from=60",
            "check": { "state": label, "rows": 1, "total": 2, "seq": 12, "head": words, "finishedAt": TIME,
                "brokeOffAt": TIME, "texts": 3, "items": 2, "findings": [label], "actor": person },
            "rows": [{ "seq": 12, "at": TIME, "subject": words, "kind": label, "body": words, "hash": words,
                "actor": person }],
        }),
        _ => json!({}),
    }
}

fn home(words: &str) -> Value {
    let number = |count: i64| json!({ "count": count, "query": format!("q={words}") });
    let entry = |code: &str, count: i64| {
        json!({
            "kind": { "code": code, "label": words }, "total": number(count), "overdue": number(count), "dueToday": number(count),
            "dueSoon": number(count), "oldestAskedAt": TIME,
        })
    };
    let load = |unit: Value| json!({ "unit": unit, "open": number(9), "dueToday": number(2), "overdue": number(1) });
    let line = row(words);
    let mut bare = line.clone();
    (bare["node"]["leadUnit"], bare["node"]["dueAt"]) = (Value::Null, Value::Null);
    json!({
        "roles": ["office"], "office": true, "most_units": 2, "is_yesterday": false,
        "check": { "day": "2026-11-18", "came": 128, "accounted": 127, "differences": 1 },
        "alarms": super::source_samples::alarms(words),
        "worklist": {
            "mine": entry("mine", 1234), "inSight": entry("open", 86),
            "entries": [entry("route", 3), entry("release", 1), entry("returns", 0)],
            "units": [load(json!({ "name": words })), load(Value::Null), load(json!({ "name": words }))],
            "issues": [{ "stage": { "label": words }, "count": 2, "mine": true }],
            "issueEntries": [{ "stage": { "label": words }, "count": 0, "mine": false }],
        },
        "lately": { "since": words, "came": number(128), "answered": number(0) },
        "late": { "edges": [line, bare] }, "today": { "edges": [] }, "waiting": { "edges": [row(words)] },
    })
}

fn items(words: &str, form: &Value) -> Value {
    let pieces = json!({ "pieces": [{ "text": words, "hit": true }, { "text": words, "hit": false }] });
    let options = json!([{ "value": words, "label": words, "chosen": true },
        { "value": "closed", "label": words, "chosen": false }]);
    let codes = [
        "number", "title", "source", "type", "stage", "task", "unit", "asked", "received", "due", "overdue", "replied",
        "author", "contact",
    ];
    let columns: Vec<Value> = codes.iter().map(|code| json!({ "code": code, "label": words })).collect();
    let href = format!("/desk/items?q={words}");
    json!({
        "heading": words, "query": format!("q={words}"), "trouble": words, "total": 2914, "columns": columns,
        "first_page": href, "next_page": href, "export": href, "no_export": words, "form": form,
        "fields": {
            "text": words, "picks": [{ "name": "stage", "label": words, "options": options }], "columns": options,
            "orders": options, "windows": options, "open": options, "waiting": true, "assisting": words,
            "dates": [{ "name": "asked", "label": words, "from": words, "to": "" }],
        },
        "chips": [{ "label": words, "href": href }],
        "groups": [{ "label": words, "values": [{ "label": words, "total": 1200, "chosen": true, "href": href }] }],
        "kept": [{ "id": words, "name": words, "href": href, "current": false }],
        "rows": [row(words), { "node": bare(words), "title": pieces, "snippet": pieces }],
    })
}

fn preview(words: &str) -> Value {
    let word = json!({ "code": words, "label": words });
    let column = |field: Value| json!({ "header": words, "field": field });
    json!({
        "found": {
            "candidates": [{ "id": words, "name": words, "matched": 3, "known": 7, "missing": [words] }], "connector": word,
            "problem": null, "stated": 3, "records": 2, "held": 1, "complete": false, "skipped": [word],
            "sheets": [{ "name": words, "headerRow": 1, "columns": [column(word.clone()), column(Value::Null)],
                "absent": [words], "stated": 3, "held": 1, "footers": 1 }],
        },
        "columns": [words, words],
        "rows": [
            { "sheet": words, "number": 2, "held": false, "signs": [words], "raw": [],
                "cells": [{ "text": words, "at": false, "sign": words }, null, { "text": TIME, "at": true, "sign": null }] },
            { "sheet": words, "number": 3, "held": true, "signs": [words], "cells": [],
                "raw": [{ "header": words, "text": words, "wrong": true }] },
        ],
    })
}

fn row(words: &str) -> Value {
    let label = json!({ "code": "received", "label": words });
    json!({ "node": {
        "number": 12, "title": words, "stage": label, "task": label, "requestType": label,
        "source": { "name": words, "channel": words }, "leadUnit": { "name": words }, "askedAt": TIME, "receivedAt": TIME,
        "dueAt": TIME, "dueProvisional": true, "repliedAt": TIME, "overdue": true, "open": true,
        "question": { "author": words, "contact": words },
    } })
}

/// The same where everything that may be missing is.
fn bare(words: &str) -> Value {
    let mut row = row(words)["node"].clone();
    for name in ["source", "leadUnit", "dueAt", "task", "repliedAt", "question"] {
        row[name] = Value::Null;
    }
    row
}
