//! Samples of the pages of the monthly issue.

use serde_json::{Value, json};

const TIME: &str = "2026-11-05T09:00:00+08:00";

/// What a page of this area has beside the frame.
pub fn own(template: &str, words: &str) -> Value {
    let form = json!({
        "values": { "question": words, "answer": words, "basis": words, "reason": words, "q": words, "all": words,
            "month": words },
        "errors": { "question": words, "reason": words, "month": words },
        "error": words,
    });
    let issue = issue(words);
    match template {
        "console/issues.html" => json!({ "form": form, "creates": true, "issues": [issue, bare(words)] }),
        "console/issue.html" => json!({
            "form": form, "issue": issue, "acts": ["add_entry", "publish", "retract"],
            "rows": [
                { "id": "1", "heading": words, "acts": ["edit", "move"], "found": 2 },
                { "id": "2", "heading": words, "acts": ["move"], "found": 0 },
                { "id": "3", "heading": words, "acts": [], "found": 0 },
            ],
        }),
        "console/issue_add.html" => json!({
            "form": form, "issue": issue, "adds": true, "total": 2914, "first_page": "/desk/issues/2026-10/add",
            "next_page": "/desk/issues/2026-10/add?after=ff", "any_month": "/desk/issues/2026-10/add?all=on",
            "searched": true, "taken": { "item:1": "1" },
            "rows": [hit(words, "item:1", true), hit(words, "item:2", false)],
        }),
        _ => json!({
            "form": form, "issue": issue, "entry": entry(words, "published"), "id": "1", "heading": words, "place": 2,
            "former": "1", "next": "3", "reply": format!("{words}\n\n{words}"), "conflict": true,
            "acts": ["edit", "deidentify", "check_secrecy", "refuse_secrecy", "remove", "retract"],
            "findings": [
                { "part": "question", "label": "问题", "kind": words, "place": "question:1:2", "before": words,
                    "thing": words, "after": words },
                { "part": "basis", "label": "依据", "kind": words, "place": "basis:1:2", "before": "", "thing": words,
                    "after": "" },
            ],
        }),
    }
}

fn issue(words: &str) -> Value {
    json!({
        "id": "publication:1", "month": "2026-10", "title": words, "stage": { "code": "published", "label": words },
        "revision": 12, "publishedAt": TIME, "createdAt": TIME, "entryCount": 3, "approvedCount": 2, "publicCount": 1,
        "entries": [entry(words, "candidate"), entry(words, "retracted"), lonely(words)],
    })
}

/// The same where everything that may be missing is.
fn bare(words: &str) -> Value {
    let mut issue = issue(words);
    issue["publishedAt"] = Value::Null;
    issue["stage"] = json!({ "code": "draft", "label": words });
    issue
}

fn entry(words: &str, stage: &str) -> Value {
    let label = json!({ "code": stage, "label": words });
    json!({
        "id": "entry:1", "stage": label, "version": 3, "question": words, "answer": words, "basis": words,
        "wasPublic": true, "askedAt": TIME, "repliedAt": TIME, "deidentifiedBy": words, "checkedBy": words,
        "approvedBy": null,
        "item": {
            "id": "item:1", "number": 12, "title": words, "stage": label, "requestType": label,
            "leadUnit": { "name": words }, "question": { "title": words, "body": words },
            "notes": [{ "kind": { "code": "entry.sent_back" }, "text": words, "at": TIME, "author": { "label": words } }],
        },
    })
}

/// An entry whose item the viewer may not see.
fn lonely(words: &str) -> Value {
    let mut entry = entry(words, "approved");
    entry["item"] = Value::Null;
    entry["deidentifiedBy"] = Value::Null;
    entry["basis"] = Value::from("");
    entry
}

fn hit(words: &str, id: &str, whole: bool) -> Value {
    let pieces = json!({ "pieces": [{ "text": words, "hit": true }, { "text": words, "hit": false }] });
    let unit = if whole { json!({ "name": words }) } else { Value::Null };
    json!({
        "item": { "id": id, "number": 12, "title": words, "requestType": { "label": words }, "leadUnit": unit,
            "repliedAt": TIME },
        "title": pieces, "snippet": pieces,
    })
}

/// The entry's page as others see it: a reviewer, and somebody who sees no item.
pub fn other_views(words: &str) -> Vec<Value> {
    let own = own("console/issue_entry.html", words);
    let mut reviewer = own.clone();
    reviewer["acts"] = json!(["approve", "refuse_approval"]);
    reviewer["entry"] = entry(words, "secrecy_checked");
    let mut onlooker = own;
    onlooker["acts"] = json!([]);
    onlooker["entry"] = lonely(words);
    onlooker["former"] = Value::Null;
    vec![reviewer, onlooker]
}
