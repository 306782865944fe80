//! Samples of the pages of accounts and units.

use serde_json::{Value, json};

const TIME: &str = "2026-11-05T09:00:00+08:00";

/// What a page of this area has beside the frame.
pub fn own(template: &str, words: &str) -> Value {
    let form = json!({
        "values": { "login": words, "name": words, "unit": words, "days": words, "act": words, "code": words, "kind": words },
        "errors": { "present": words, "new": words, "again": words, "code": words, "name": words, "days": words,
            "scopes": words, "login": words, "unit": words, "password": words, "roles": words },
        "error": words,
    });
    let choice = json!({ "code": words, "label": words, "chosen": true });
    let rights = json!({ "accounts": true, "roles": true, "sessions": true });
    let sessions = json!([session(words, true), session(words, false)]);
    match template {
        "console/me.html" => json!({
            "form": form, "scopes": ["read"], "must_change": false, "codes_left": 8, "sessions": sessions,
            "viewer": { "name": words, "login": words, "secondFactor": false },
            "tokens": [
                { "id": words, "name": words, "scopes": [{ "label": words }], "expiresAt": TIME, "lastUsedAt": null },
                { "id": words, "name": words, "scopes": [{ "label": words }], "expiresAt": TIME, "lastUsedAt": TIME },
            ],
            "shown": { "secret": words, "uri": words },
        }),
        "console/accounts.html" => json!({
            "form": form, "units": [choice], "rights": rights, "accounts": [account(words), bare(words)],
        }),
        "console/account.html" => json!({
            "form": form, "units": [choice], "roles": [choice], "rights": rights, "account": account(words), "own": false,
            "address": "/desk/accounts/1", "sessions": sessions,
        }),
        _ => json!({
            "form": form, "manages": true, "kinds": [choice],
            "rename": { "values": { "unit": words, "name": words }, "errors": { "name": words }, "error": words },
            "units": [
                { "id": words, "code": words, "name": words, "kind": { "label": words }, "active": true },
                { "id": words, "code": words, "name": words, "kind": { "label": words }, "active": false },
            ],
        }),
    }
}

fn session(words: &str, current: bool) -> Value {
    json!({ "id": words, "client": { "label": words }, "startedAt": TIME, "lastUsedAt": TIME, "current": current })
}

fn account(words: &str) -> Value {
    json!({
        "id": "account:1", "login": words, "name": words, "active": true, "mustChangePassword": true,
        "secondFactor": true, "lockedUntil": TIME, "roles": [{ "code": words, "label": words }],
        "unit": { "id": words, "name": words },
    })
}

/// The same where everything that may be missing is.
fn bare(words: &str) -> Value {
    let mut account = account(words);
    account["unit"] = Value::Null;
    account["lockedUntil"] = Value::Null;
    account["roles"] = json!([]);
    account
}
