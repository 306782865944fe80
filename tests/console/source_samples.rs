//! Samples for the pages of sources and pulls.

use serde_json::{Value, json};

const TIME: &str = "2026-11-27T17:30:00+08:00";
const DAY: &str = "2026-11-19";

pub fn own(template: &str, words: &str) -> Value {
    match template {
        "console/sources.html" => list(words),
        "console/source.html" => one(words),
        "console/source_preview.html" => preview(words),
        _ => pull(words),
    }
}

/// Open alarms as the home page lists them.
pub fn alarms(words: &str) -> Value {
    let mut bare = alarm(words, "blocked");
    bare["source"] = Value::Null;
    json!({ "pageInfo": { "hasNextPage": true }, "edges": [{ "node": alarm(words, "stale") }, { "node": bare }] })
}

fn alarm(words: &str, code: &str) -> Value {
    json!({
        "id": format!("alarm:{code}"), "kind": { "code": code, "label": words }, "about": words, "message": words,
        "raisedAt": TIME, "metAt": TIME, "source": { "id": "board", "name": words },
        "pull": { "id": "pull:1", "fileName": words },
    })
}

fn sums(balanced: bool) -> Value {
    json!({
        "day": DAY, "pulls": 9, "failed": i64::from(!balanced), "stated": 1234, "accepted": 1000, "unchanged": 230,
        "changed": 2, "held": 1, "rejected": i64::from(balanced), "balanced": balanced, "claimed": 130, "met": 128,
        "sweepComplete": true, "complete": true,
    })
}

fn source(words: &str, kind: &str, enabled: bool) -> Value {
    json!({
        "id": format!("board-{kind}"), "name": words, "channel": words, "kind": { "code": kind, "label": words },
        "settings": { "host": words, "description": words, "version": 3, "headPages": 2, "minItems": 5, "own": enabled,
            "crawled": true },
        "schedule": { "enabled": enabled, "headEvery": 600, "sweepEvery": 86_400, "expectEvery": 172_800,
            "headDueAt": TIME, "sweepDueAt": TIME, "blockedUntil": enabled.then_some(TIME), "failures": 2 },
        "freshness": { "lastPullAt": TIME, "lastSuccessAt": TIME, "lastSweepAt": TIME, "lastNewAt": TIME, "stale": true,
            "unread": true },
        "month": sums(enabled), "days": [sums(true), sums(false)],
        "alarms": vec![json!({ "id": "alarm:1" }); if enabled { 20 } else { 0 }],
        "jobs": [{ "kind": { "label": words }, "stage": { "code": "failed", "label": words },
            "askedBy": { "label": words }, "createdAt": TIME }],
    })
}

fn part(closed: bool) -> Value {
    json!({
        "came": 128, "accounted": 127, "closed": closed, "pulls": 3, "moreGaps": 2,
        "gaps": [{ "from": "101", "to": "103", "count": 3 }, { "from": "109", "to": "109", "count": 1 }],
    })
}

fn list(words: &str) -> Value {
    let mut bare = source(words, "gone", false);
    for name in ["kind", "schedule", "freshness", "month"] {
        bare[name] = Value::Null;
    }
    let mut uploaded = source(words, "table", false);
    uploaded["schedule"] = Value::Null;
    json!({
        "shown": { "day": DAY, "at": TIME, "over": false, "came": 128, "accounted": 127, "closed": false },
        "differences": [{ "message": words, "href": "/desk/pulls/1" }, { "message": words, "href": null }],
        "is_today": false, "is_yesterday": true, "month": words, "earlier": "/desk/sources?day=2026-11-18",
        "later": "/desk/sources?day=2026-11-20",
        "uploads": true,
        "rows": [
            { "source": source(words, "json", true), "shown": part(true), "today": part(false) },
            { "source": source(words, "table", false), "shown": null, "today": null },
            { "source": uploaded, "shown": null, "today": null },
            { "source": bare, "shown": null, "today": null },
            { "source": source(words, "form", true), "shown": null, "today": null },
        ],
        "letterboxes": [{ "id": "form", "name": words, "open": true }, { "id": "form-consult", "name": words, "open": false }],
    })
}

fn pull_row(words: &str, stage: &str) -> Value {
    let mut pull = sums(stage == "finished");
    let more = json!({
        "id": "pull:1", "fileName": words, "fileDigest": words, "purpose": { "code": "sweep", "label": words },
        "startedAt": TIME, "finishedAt": TIME, "stage": { "code": stage, "label": words }, "startedBy": { "label": words },
        "source": { "id": "board", "name": words }, "pages": 7, "withdrawn": 1, "returned": 1, "openHeld": 1,
        "problem": { "code": "blocked", "message": words }, "alarms": [alarm(words, "stale")],
        "items": [
            { "number": 12, "title": words, "askedAt": TIME, "leadUnit": { "name": words }, "stage": { "label": words } },
            { "number": 13, "title": words, "askedAt": TIME, "leadUnit": null, "stage": { "label": words } },
        ],
    });
    pull.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    pull
}

fn one(words: &str) -> Value {
    let pulls = ["finished", "running", "failed"].map(|stage| json!({ "node": pull_row(words, stage) }));
    json!({
        "form": { "values": { "alarm": "alarm:stale", "reason": words }, "errors": { "reason": words }, "error": words },
        "source": source(words, "html", true), "busy": true, "here": "/desk/sources/board?day=2026-11-19", "tries": true, "uploads": false,
        "alarms": [alarm(words, "stale"), alarm(words, "blocked")],
        "gaps": [alarm(words, "numbers_missing")], "more_alarms": true, "refused": "alarm:stale", "month": "2026-11-01",
        "this_month": false, "earlier": "/desk/sources/board?month=2026-10", "later": "/desk/sources/board?month=2026-12",
        "day": DAY, "checked_at": TIME, "part": part(false), "differences": [{ "message": words, "href": "/desk/pulls/1" }], "pulls": pulls,
        "first_page": "/desk/sources/board", "next_page": "/desk/sources/board?after=ff",
    })
}

fn pull(words: &str) -> Value {
    let held = json!({
        "node": {
            "id": "hold:1", "sheet": words, "row": 12, "column": words, "reason": { "label": words },
            "cells": [{ "header": words, "text": words }], "resolution": null, "resolvedBy": null,
            "pull": { "fileName": words, "source": { "name": words } },
        }
    });
    json!({
        "id": "1", "pull": pull_row(words, "interrupted"), "sees_items": true, "sees_held": true, "held": [held],
    })
}

fn preview(words: &str) -> Value {
    let cell = json!({ "text": words, "at": false, "sign": words });
    json!({
        "form": { "values": {}, "errors": {}, "error": words }, "source": source(words, "html", true),
        "preview": {
            "found": {
                "url": words, "page": words.repeat(40), "cut": true, "shown": 20, "claimed": 128,
                "columns": [
                    { "name": words, "field": { "label": words }, "rows": 9 },
                    { "name": words, "field": null, "rows": 1 },
                ],
                "absent": [words], "alarms": [{ "label": words }], "problem": words,
            },
            "columns": [words, words],
            "rows": [
                { "sheet": "", "number": 1, "held": false, "signs": [words], "raw": [], "cells": [cell, null] },
                { "sheet": "", "number": 2, "held": true, "signs": [words], "cells": [],
                    "raw": [{ "header": words, "text": words, "wrong": true }] },
            ],
        },
    })
}
