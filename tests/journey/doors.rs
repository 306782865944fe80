//! Who gets in, and what the three administrators do not see.

use serde_json::{Value, json};

use super::bureau::{Bureau, PASSWORD, VISITOR, mutation, refusal};

/// Each of the three sees no item, by whatever way; the auditor alone reads the ledger's head.
pub async fn administrators_see_no_items(bureau: &Bureau, item: &str) {
    for login in ["sysadmin", "secadmin", "auditor"] {
        for query in
            ["{ items { totalCount } }", "{ search(text: \"搅拌站\") { totalCount } }", "{ publications { id } }"]
        {
            bureau.denied(login, query, "forbidden").await;
        }
        let query = format!("{{ item(id: \"{item}\") {{ title }} itemByNumber(number: 1) {{ title }} }}");
        assert_eq!(bureau.read(login, &query).await, json!({ "item": null, "itemByNumber": null }), "{login}");
        bureau.refused(login, &format!("acceptItem(item: \"{item}\")"), "not_visible").await;
        bureau.refused(login, &format!("releaseReply(item: \"{item}\")"), "not_visible").await;
    }
    for login in ["sysadmin", "secadmin", "office", "leader", "handler"] {
        bureau.denied(login, "{ ledgerHead { seq } }", "forbidden").await;
    }
    assert!(bureau.ledger_seq().await > 0);
    let unit = bureau.unit("survey");
    let add = |roles: &str| {
        format!(
            "addAccount(input: {{ login: \"new\", name: \"新人\", unit: \"{unit}\", password: \"{PASSWORD}\", roles: [{roles}] }})"
        )
    };
    bureau.refused("sysadmin", &add("OFFICE"), "forbidden").await;
    bureau.refused("secadmin", &add(""), "forbidden").await;
    bureau.refused("auditor", &add(""), "forbidden").await;
    bureau.refused("office", &add(""), "forbidden").await;
    let new = mutation(&add(""), "");
    let (one, other) = tokio::join!(bureau.send("sysadmin", &new), bureau.send("sysadmin", &new));
    let loser = if one["data"]["it"]["status"] == "OK" { other } else { one };
    refusal(&loser, "login_taken", "two accounts of one name at once");
    roles_exclude_one_another(bureau).await;
}

/// Nobody is two administrators, and nobody trusts themselves.
async fn roles_exclude_one_another(bureau: &Bureau) {
    let accounts = bureau.read("secadmin", "{ accounts { id login } }").await["accounts"].clone();
    let id = |login: &str| -> Value {
        accounts.as_array().unwrap().iter().find(|account| account["login"] == login).unwrap()["id"].clone()
    };
    let set = |login: &str, roles: &str| format!("setAccountRoles(account: {}, roles: [{roles}])", id(login));
    bureau.refused("secadmin", &set("auditor", "AUDITOR, OFFICE"), "roles_conflict").await;
    bureau.refused("secadmin", &set("sysadmin", "SYSTEM_ADMIN, SECURITY_ADMIN"), "roles_conflict").await;
    bureau.refused("secadmin", &set("secadmin", "AUDITOR"), "own_roles").await;
    bureau.refused("sysadmin", &set("handler", "OFFICE"), "forbidden").await;
}

/// A token ends with its session; wrong passwords are refused alike, and then not even looked at.
pub async fn sessions_end_and_guesses_are_braked(bureau: &Bureau) {
    let token = bureau.token("helper").await;
    let viewer = "{ viewer { login } }";
    assert_eq!(bureau.post(Some(&token), viewer).await["data"]["viewer"]["login"], "helper");
    assert_eq!(bureau.read("helper", "mutation { signOut { status } }").await["signOut"]["status"], "OK");
    assert_eq!(bureau.post(Some(&token), viewer).await["data"]["viewer"], Value::Null);
    refusal(&bureau.post(Some(&token), "{ items { totalCount } }").await, "sign_in_required", "an ended session");

    let sign_in = |login: &str, password: &str| format!("signIn(login: \"{login}\", password: \"{password}\")");
    for _ in 0..4 {
        bureau.refused(VISITOR, &sign_in("stranger", "Wrong-2026"), "sign_in_refused").await;
        bureau.refused(VISITOR, &sign_in("nobody", "Wrong-2026"), "sign_in_refused").await;
    }
    // The last attempt locks the login: where there is an account, that is in the ledger.
    let before = bureau.ledger_seq().await;
    let last = bureau.post(None, &mutation(&sign_in("stranger", "Wrong-2026"), "")).await;
    refusal(&last, "sign_in_refused", "the last attempt");
    assert_eq!(bureau.ledger_seq().await, before + 1);
    bureau.refused(VISITOR, &sign_in("nobody", "Wrong-2026"), "sign_in_refused").await;
    let before = bureau.fingerprint().await;
    bureau.refused(VISITOR, &sign_in("stranger", PASSWORD), "too_many_attempts").await;
    bureau.refused(VISITOR, &sign_in("nobody", PASSWORD), "too_many_attempts").await;
    assert_eq!(bureau.fingerprint().await, before);
    bureau.clock.advance(600);
    let answer = bureau.post(None, &mutation(&sign_in("stranger", PASSWORD), "account { login }")).await;
    assert_eq!(answer["data"]["it"]["account"]["login"], "stranger", "{answer:#}");
}
