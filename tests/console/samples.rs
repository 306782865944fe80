//! Samples for every template: what each is given, with `words` wherever somebody's words stand.

use serde_json::{Value, json};

const TIME: &str = "2026-11-27T17:30:00+08:00";

/// What all templates have, and what each has beside it.
pub fn sample(template: &str, words: &str, layout: &str) -> Value {
    let mut sample = own(template, words);
    sample["desk"] = json!({
        "layout": layout, "site": words, "large": true, "address": format!("/desk?q={words}"),
        "search": words, "today": "2026-11-20", "day": "工作日", "flash": { "state": "ok", "text": words }, "dev": true,
        "person": { "name": words, "unit": words },
        "nav": [
            { "group": "", "label": words, "path": "/desk", "key": "h", "current": true, "badge": null, "alarm": false },
            { "group": words, "label": words, "path": "/desk/items", "key": "l", "current": false, "badge": 1234,
                "alarm": true },
        ],
    });
    sample
}

fn own(template: &str, words: &str) -> Value {
    let form = json!({
        "values": { "q": words, "login": words, "title": words, "body": words, "kind": words, "unit": words, "overdue": "on",
            "code": words },
        "errors": { "login": words, "title": words, "body": words, "code": words },
        "error": words,
    });
    let pieces = json!({ "pieces": [{ "text": words, "hit": true }, { "text": words, "hit": false }] });
    match template {
        "console/failure.html" => json!({ "heading": words, "advice": words, "number": "0123abcd", "again": true }),
        "console/sign_in.html" => json!({ "form": form, "next": words, "second_factor": true,
            "provider": { "name": words, "href": format!("/sign-in/oidc?next={words}") } }),
        "console/items.html" => json!({
            "form": form, "total": 2914, "first_page": "/desk/items", "next_page": "/desk/items?after=ff",
            "filtered": true, "rows": [row(words), { "node": bare(words), "title": pieces, "snippet": pieces }],
            "stages": [{ "code": "received", "label": words, "chosen": true },
                { "code": "closed", "label": words, "chosen": false }],
            "orders": [{ "code": "", "label": words, "chosen": true }],
            "units": [{ "id": words, "name": words }],
        }),
        "console/samples.html" => json!({
            "form": form,
            "instants": { "late": "2026-11-18T09:00:00+08:00", "soon": TIME, "ok": TIME, "now": TIME },
            "bars": [{ "label": words, "tone": "wait", "seconds": 19_680 }, { "label": words, "tone": "work", "seconds": 0 }],
        }),
        _ => json!({}),
    }
}

fn row(words: &str) -> Value {
    let label = json!({ "code": "received", "label": words });
    json!({ "node": {
        "number": 12, "title": words, "stage": label, "requestType": label, "source": { "name": words, "channel": words },
        "leadUnit": { "name": words }, "askedAt": TIME, "dueAt": TIME, "dueProvisional": true, "open": true,
    } })
}

/// The same where everything that may be missing is.
fn bare(words: &str) -> Value {
    let mut row = row(words)["node"].clone();
    for name in ["source", "leadUnit", "dueAt"] {
        row[name] = Value::Null;
    }
    row
}
