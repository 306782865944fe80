//! What administrators change about accounts and units, and that it holds at once.

use std::time::Duration;

use huiyin::clock::Clock as _;
use huiyin::service::account::{Client, LOCK_SECONDS, TokenScope};
use huiyin::service::{Service, ServiceError};
use huiyin::store::{Tx, account as accounts};
use serde_json::{Value, json};

use crate::support::app::{Letter, PASSWORD, TestApp, error_code};
use crate::support::stores;

const OTHER: &str = "Other-2026";

/// Does something about accounts and answers with the payload.
async fn act(app: &TestApp, login: &'static str, call: &str) -> Value {
    let fields = "status userErrors { code } account { active mustChangePassword lockedUntil unit { code } }";
    app.ok(login, &format!("mutation {{ it: {call} {{ {fields} }} }}"), json!({})).await["it"].clone()
}

/// The code with which a sign-in is refused; `OK` when it is not.
async fn sign_in(app: &TestApp, login: &str, password: &str) -> String {
    let call =
        format!("mutation {{ signIn(login: \"{login}\", password: \"{password}\") {{ userErrors {{ code }} }} }}");
    let answer = app.gql(None, &call, json!({})).await;
    answer["data"]["signIn"]["userErrors"][0]["code"].as_str().unwrap_or("OK").to_owned()
}

async fn viewer(app: &TestApp, token: &str) -> Value {
    app.post(token, "{ viewer { login } }").await["data"]["viewer"]["login"].clone()
}

#[tokio::test]
async fn a_password_is_changed_against_the_present_one_and_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let (here, elsewhere) = (app.sign_in("handler", PASSWORD).await, app.sign_in("handler", PASSWORD).await);
    let change = async |present: &str, new: &str| -> Value {
        let call = format!(
            "mutation {{ it: changePassword(present: \"{present}\", new: \"{new}\") {{ userErrors {{ code }} }} }}"
        );
        app.post(&here, &call).await["data"]["it"]["userErrors"][0]["code"].clone()
    };
    assert_eq!(change(PASSWORD, "short").await, "password_weak");
    assert_eq!(change(PASSWORD, "Handler-2026").await, "password_has_login");
    assert_eq!(change(PASSWORD, PASSWORD).await, "password_unchanged");
    assert_eq!(change("Wrong-2026", OTHER).await, "password_wrong");
    assert_eq!(viewer(&app, &elsewhere).await, "handler", "so far nothing was changed");
    assert_eq!(change(PASSWORD, OTHER).await, Value::Null);
    assert_eq!(viewer(&app, &here).await, "handler");
    assert_eq!(viewer(&app, &elsewhere).await, Value::Null);
    assert_eq!(sign_in(&app, "handler", PASSWORD).await, "sign_in_refused");
    assert_eq!(sign_in(&app, "handler", OTHER).await, "OK");
    // Guessing the present password is braked like signing in, and locks the login.
    for _ in 0..5 {
        assert_eq!(change("Wrong-2026", PASSWORD).await, "password_wrong");
    }
    assert_eq!(change(OTHER, PASSWORD).await, "too_many_attempts");
    assert_eq!(sign_in(&app, "handler", OTHER).await, "too_many_attempts");
}

/// Does something with a password while the account is changed by somebody who holds the writer meanwhile; how it is
/// refused.
async fn overtaken<T: Send + 'static>(
    app: &TestApp,
    change: impl AsyncFnOnce(&mut Tx),
    act: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
) -> String {
    let store = app.service.store();
    let mut tx = stores::begin(store).await;
    let acting = tokio::spawn(act);
    // Long enough for the password to be looked at. Were it not, it would be refused just so.
    tokio::time::sleep(Duration::from_secs(2)).await;
    change(&mut tx).await;
    tx.commit(app.clock.now()).await.unwrap();
    match acting.await.unwrap() {
        Err(ServiceError::Refused(refusal)) => refusal.code.to_owned(),
        Err(error) => panic!("{error}"),
        Ok(_) => "OK".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_reset_meanwhile_proves_nothing() {
    let app = TestApp::start().await;
    let handler = app.viewer("handler").await;
    let id = handler.actor.account().unwrap();
    let stranger = app.viewer("stranger").await.actor.account().unwrap();
    let reset = async |tx: &mut Tx| accounts::set_password(tx, id, "another", true).await.unwrap();
    let disable = async |tx: &mut Tx| accounts::set_active(tx, stranger, false).await.unwrap();
    let service = app.service.clone();
    let change = async move { service.change_password(&handler, PASSWORD.to_owned(), OTHER.to_owned()).await };
    assert_eq!(overtaken(&app, reset, change).await, "password_wrong");
    let service = app.service.clone();
    let sign_in = async move { service.sign_in("stranger", PASSWORD.to_owned()).await };
    assert_eq!(overtaken(&app, disable, sign_in).await, "sign_in_refused");
    let service = app.service.clone();
    let vouched = async move { service.sign_in_vouched("office", Client::Other).await };
    let office = app.viewer("office").await.actor.account().unwrap();
    let disable = async |tx: &mut Tx| accounts::set_active(tx, office, false).await.unwrap();
    assert_eq!(overtaken(&app, disable, vouched).await, "account_disabled");
}

#[tokio::test]
async fn a_reset_ends_everything_and_asks_for_a_new_password() {
    let app = TestApp::start().await;
    let id = app.account("handler").await;
    let session = app.sign_in("handler", PASSWORD).await;
    let owner = app.viewer("handler").await.actor;
    let token = app.service.add_access_token(&owner, "脚本", &[TokenScope::Read].into(), 30).await.unwrap().token;
    assert_eq!(viewer(&app, &token).await, "handler");

    let reset = |password: &str| format!("resetPassword(account: \"{id}\", password: \"{password}\")");
    assert_eq!(act(&app, "sysadmin", &reset("weak")).await["userErrors"][0]["code"], "password_weak");
    assert_eq!(act(&app, "sysadmin", &reset("Handler-2026")).await["userErrors"][0]["code"], "password_has_login");
    let done = act(&app, "sysadmin", &reset(OTHER)).await;
    assert_eq!((&done["status"], &done["account"]["mustChangePassword"]), (&json!("OK"), &json!(true)));
    assert_eq!(viewer(&app, &session).await, Value::Null);
    assert_eq!(viewer(&app, &token).await, Value::Null);
    assert_eq!(sign_in(&app, "handler", PASSWORD).await, "sign_in_refused");
    let session = app.sign_in("handler", OTHER).await;
    assert_eq!(error_code(&app.post(&session, "{ items { totalCount } }").await), "password_change_required");
    assert_eq!(viewer(&app, &session).await, "handler");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_stays_out_when_it_is_enabled() {
    let app = TestApp::start().await;
    let id = app.account("handler").await;
    let session = app.sign_in("handler", PASSWORD).await;
    let active = |on: bool| format!("setAccountActive(account: \"{id}\", active: {on})");
    assert_eq!(act(&app, "sysadmin", &active(false)).await["account"]["active"], false);
    assert_eq!(viewer(&app, &session).await, Value::Null);
    assert_eq!(sign_in(&app, "handler", PASSWORD).await, "sign_in_refused");
    assert_eq!(act(&app, "sysadmin", &active(true)).await["account"]["active"], true);
    assert_eq!(viewer(&app, &session).await, Value::Null, "an ended session does not come back");
    assert_eq!(sign_in(&app, "handler", PASSWORD).await, "OK");

    let own = app.account("sysadmin").await;
    for call in [
        format!("setAccountActive(account: \"{own}\", active: false)"),
        format!("resetPassword(account: \"{own}\", password: \"{OTHER}\")"),
        format!("setAccountUnit(account: \"{own}\", unit: \"{}\")", app.unit("survey")),
        format!("unlockAccount(account: \"{own}\")"),
    ] {
        assert_eq!(act(&app, "sysadmin", &call).await["userErrors"][0]["code"], "own_account", "{call}");
    }
}

#[tokio::test]
async fn a_change_of_unit_holds_from_the_next_request_on() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let item = app.item(1).await;
    let call = format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("planning"));
    assert_eq!(app.act("office", &call).await["status"], "OK");
    let (stranger, item_of) = (app.sign_in("stranger", PASSWORD).await, format!("{{ item(id: \"{item}\") {{ id }} }}"));
    assert_eq!(app.post(&stranger, &item_of).await["data"]["item"], Value::Null);

    let id = app.account("stranger").await;
    let moved = |unit: &str| format!("setAccountUnit(account: \"{id}\", unit: \"{}\")", app.unit(unit));
    assert_eq!(act(&app, "sysadmin", &moved("planning")).await["account"]["unit"]["code"], "planning");
    assert_eq!(app.post(&stranger, &item_of).await["data"]["item"]["id"], item);
    assert_eq!(act(&app, "sysadmin", &moved("survey")).await["account"]["unit"]["code"], "survey");
    assert_eq!(app.post(&stranger, &item_of).await["data"]["item"], Value::Null);

    // A unit that is closed takes neither people nor items; its name may change all the same.
    let unit = app.unit("planning");
    let change = async |call: String| -> Value {
        let document = format!("mutation {{ it: {call} {{ userErrors {{ code }} unit {{ name active }} }} }}");
        app.ok("sysadmin", &document, json!({})).await["it"].clone()
    };
    let closed = change(format!("setUnitActive(unit: \"{unit}\", active: false)")).await;
    assert_eq!(closed["unit"]["active"], false);
    assert_eq!(act(&app, "sysadmin", &moved("planning")).await["userErrors"][0]["code"], "unit_unknown");
    app.import(&[Letter::new(2)]).await;
    let call = format!("assignItem(item: \"{}\", lead: \"{unit}\")", app.item(2).await);
    assert_eq!(app.act("office", &call).await["userErrors"][0]["code"], "unit_unknown");
    let renamed = change(format!("renameUnit(unit: \"{unit}\", name: \" 规划一科 \")")).await;
    assert_eq!(renamed["unit"]["name"], "规划一科");
    let nameless = change(format!("renameUnit(unit: \"{unit}\", name: \" \")")).await;
    assert_eq!(nameless["userErrors"][0]["code"], "unit_name_missing");
}

#[tokio::test]
async fn a_lock_survives_a_restart_and_an_administrator_takes_it_away() {
    let app = TestApp::start().await;
    for login in ["handler", "nobody"] {
        for _ in 0..5 {
            assert_eq!(sign_in(&app, login, "Wrong-2026").await, "sign_in_refused");
        }
    }
    // Another process over the same store has seen none of the attempts.
    let service = app.service.clone();
    let restarted = Service::new(service.store().clone(), service.search_index().clone()).with_clock(app.clock.clone());
    for login in ["handler", "nobody"] {
        let refused = restarted.sign_in(login, PASSWORD.to_owned()).await.unwrap_err();
        assert_eq!(refused.to_string(), "refused: too_many_attempts", "{login}");
    }
    let locked = "{ accounts { login lockedUntil } }";
    let until = |accounts: &Value, login: &str| {
        accounts["accounts"].as_array().unwrap().iter().find(|row| row["login"] == login).unwrap()["lockedUntil"]
            .clone()
    };
    let accounts = app.ok("secadmin", locked, json!({})).await;
    let expected = app.clock.now().plus_seconds(LOCK_SECONDS).to_string();
    assert_eq!((until(&accounts, "handler"), until(&accounts, "office")), (json!(expected), Value::Null));

    let unlock = format!("unlockAccount(account: \"{}\")", app.account("handler").await);
    assert_eq!(act(&app, "sysadmin", &unlock).await["account"]["lockedUntil"], Value::Null);
    assert_eq!(sign_in(&app, "handler", PASSWORD).await, "OK");
    assert!(restarted.sign_in("handler", PASSWORD.to_owned()).await.is_ok());
    // The one nobody has waits for its time to pass.
    assert_eq!(sign_in(&app, "nobody", PASSWORD).await, "too_many_attempts");
    app.clock.advance(LOCK_SECONDS);
    assert_eq!(sign_in(&app, "nobody", PASSWORD).await, "sign_in_refused");
}

#[tokio::test]
async fn the_ledger_tells_of_every_change_and_of_no_secret() {
    let app = TestApp::start().await;
    let id = app.account("handler").await;
    for call in [
        format!("resetPassword(account: \"{id}\", password: \"{OTHER}\")"),
        format!("setAccountUnit(account: \"{id}\", unit: \"{}\")", app.unit("survey")),
        format!("setAccountActive(account: \"{id}\", active: false)"),
        format!("setAccountActive(account: \"{id}\", active: true)"),
    ] {
        assert_eq!(act(&app, "sysadmin", &call).await["status"], "OK", "{call}");
    }
    for _ in 0..5 {
        assert_eq!(sign_in(&app, "handler", "Wrong-2026").await, "sign_in_refused");
    }
    act(&app, "sysadmin", &format!("unlockAccount(account: \"{id}\")")).await;
    let token = app.sign_in("handler", OTHER).await;
    let change = format!("mutation {{ changePassword(present: \"{OTHER}\", new: \"{PASSWORD}\") {{ status }} }}");
    app.post(&token, &change).await;
    app.post(&token, "mutation { signOut { status } }").await;

    let store = app.service.store();
    let entries =
        huiyin::store::ledger::of_subject(&mut store.read().await.unwrap().conn(), &id, 0, 100).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let expected = [
        "account.added",
        "account.password_reset",
        "account.unit_set",
        "account.active_set",
        "account.active_set",
        "account.locked",
        "account.unlocked",
        "session.started",
        "account.password_changed",
        "session.ended",
    ];
    assert_eq!(kinds, expected);
    let sysadmin = app.account("sysadmin").await;
    assert!(entries[1..5].iter().all(|entry| entry.actor == sysadmin));
    assert!(entries[8..].iter().all(|entry| entry.actor == id), "one's own acts are signed by oneself");
    for entry in &entries {
        for secret in ["handler甲", PASSWORD, OTHER, "argon2", &token] {
            assert!(!entry.body.contains(secret), "{}", entry.body);
        }
    }
    let verified = app.service.verify(&app.viewer("auditor").await.actor, &[]).await.unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}
