//! Signing in and out, by token and by cookie.

use huiyin::service::account::{IDLE_SECONDS, SESSION_SECONDS};
use huiyin::store::db::statements_run;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::json;

use crate::support::app::{CLI, PASSWORD, TestApp, error_code};

const SIGN_IN: &str = "mutation($login: String!, $password: String!, $cookie: Boolean! = false) {
    signIn(login: $login, password: $password, cookie: $cookie) {
        status userErrors { code } token expiresAt account { login roles { code label } unit { name } }
    }
}";
const VIEWER: &str = "{ viewer { login } }";

#[tokio::test]
async fn a_token_is_handed_out_and_taken_back() {
    let app = TestApp::start().await;
    let answer = app.gql(None, SIGN_IN, json!({ "login": " Office ", "password": PASSWORD })).await;
    let payload = &answer["data"]["signIn"];
    assert_eq!(payload["status"], "OK", "{answer:#}");
    assert_eq!(payload["expiresAt"], "2026-10-09T21:00:00+08:00");
    assert_eq!(payload["account"]["roles"], json!([{ "code": "office", "label": "办公室" }]));
    let token = payload["token"].as_str().unwrap();

    let ask = async |query: &str| -> serde_json::Value {
        let request = app.client.post(format!("{}/graphql", app.address)).bearer_auth(token);
        request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(ask(VIEWER).await["data"]["viewer"]["login"], "office");
    assert_eq!(ask("mutation { signOut { status } }").await["data"]["signOut"]["status"], "OK");
    assert_eq!(ask(VIEWER).await["data"]["viewer"], json!(null));
    assert_eq!(error_code(&ask("{ units { code } }").await), "sign_in_required");
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_without_use_and_after_twelve_hours_with_it() {
    let app = TestApp::start().await;
    let idle = app.sign_in("office", PASSWORD).await;
    app.clock.advance(IDLE_SECONDS - 1);
    let busy = app.sign_in("office", PASSWORD).await;
    assert_eq!(app.post(&idle, VIEWER).await["data"]["viewer"]["login"], "office");
    // That was a use, and it counts from now on.
    app.clock.advance(IDLE_SECONDS - 1);
    assert_eq!(app.post(&idle, VIEWER).await["data"]["viewer"]["login"], "office");
    assert_eq!(app.post(&busy, VIEWER).await["data"]["viewer"]["login"], "office");
    app.clock.advance(IDLE_SECONDS);
    assert_eq!(app.post(&idle, VIEWER).await["data"]["viewer"], json!(null));
    assert_eq!(error_code(&app.post(&idle, "{ units { code } }").await), "sign_in_required");

    let busy = app.sign_in("office", PASSWORD).await;
    let mut left = SESSION_SECONDS;
    while left > IDLE_SECONDS {
        app.clock.advance(IDLE_SECONDS - 60);
        left -= IDLE_SECONDS - 60;
        assert_eq!(app.post(&busy, VIEWER).await["data"]["viewer"]["login"], "office", "{left} seconds before its end");
    }
    app.clock.advance(left - 1);
    assert_eq!(app.post(&busy, VIEWER).await["data"]["viewer"]["login"], "office");
    app.clock.advance(1);
    assert_eq!(app.post(&busy, VIEWER).await["data"]["viewer"], json!(null), "however much it is used");
}

#[tokio::test]
async fn a_request_reads_its_session_and_seldom_writes_it() {
    let app = TestApp::start().await;
    let token = app.sign_in("office", PASSWORD).await;
    let count = async || -> u64 {
        let before = statements_run();
        app.post(&token, VIEWER).await;
        statements_run() - before
    };
    assert_eq!(count().await, 1);
    app.clock.advance(59);
    assert_eq!(count().await, 1);
    app.clock.advance(1);
    assert_eq!(count().await, 2, "its use is noted, once");
    assert_eq!(count().await, 0, "within a second, and with nothing written, it is not read again");
    app.clock.advance(1);
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn a_cookie_serves_as_well() {
    let app = TestApp::start().await;
    let url = format!("{}/graphql", app.address);
    let variables = json!({ "login": "office", "password": PASSWORD, "cookie": true });
    let request = app.client.post(&url).json(&json!({ "query": SIGN_IN, "variables": variables }));
    let response = request.send().await.unwrap();
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["data"]["signIn"]["token"], json!(null));

    let pair = cookie.split(';').next().unwrap();
    let request = app.client.post(&url).header(COOKIE, pair).json(&json!({ "query": VIEWER }));
    let body: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["data"]["viewer"]["login"], "office");
}

#[tokio::test]
async fn wrong_passwords_are_refused_alike_and_then_braked() {
    let app = TestApp::start().await;
    let code = async |login: &str, password: &str| -> String {
        let answer = app.gql(None, SIGN_IN, json!({ "login": login, "password": password })).await;
        answer["data"]["signIn"]["userErrors"][0]["code"].as_str().unwrap_or("OK").to_owned()
    };
    for _ in 0..5 {
        assert_eq!(code("handler", "wrong").await, "sign_in_refused");
        assert_eq!(code("nobody", "wrong").await, "sign_in_refused");
    }
    // Now not even the right one is looked at, and it cannot be told which logins exist.
    assert_eq!(code("handler", PASSWORD).await, "too_many_attempts");
    assert_eq!(code("nobody", PASSWORD).await, "too_many_attempts");
    assert_eq!(code("office", PASSWORD).await, "OK");
    app.clock.advance(600);
    assert_eq!(code("handler", PASSWORD).await, "OK");
}

#[tokio::test]
async fn accounts_are_added_by_one_administrator_and_trusted_by_another() {
    let app = TestApp::start().await;
    let add = "mutation($input: AddAccountInput!) { addAccount(input: $input) { status userErrors { code } account { id } } }";
    let input = |login: &str, roles: serde_json::Value, password: &str| {
        json!({ "input": {
            "login": login, "name": "新人", "unit": app.unit("survey"), "roles": roles, "password": password
        } })
    };
    let code = |data: serde_json::Value| data["addAccount"]["userErrors"][0]["code"].clone();
    assert_eq!(code(app.ok("sysadmin", add, input("new", json!(["HANDLER"]), PASSWORD)).await), "forbidden");
    assert_eq!(code(app.ok("sysadmin", add, input("new", json!([]), "password")).await), "password_weak");
    assert_eq!(code(app.ok("sysadmin", add, input("新人", json!([]), PASSWORD)).await), "login_shape");
    assert_eq!(code(app.ok("sysadmin", add, input("HANDLER", json!([]), PASSWORD)).await), "login_taken");
    let added = app.ok("sysadmin", add, input("new", json!([]), PASSWORD)).await;
    let id = added["addAccount"]["account"]["id"].as_str().unwrap();

    let set = "mutation($id: ID!, $roles: [Role!]!) { setAccountRoles(account: $id, roles: $roles) { status userErrors { code } } }";
    let refused = app.ok("secadmin", set, json!({ "id": id, "roles": ["AUDITOR", "OFFICE"] })).await;
    assert_eq!(refused["setAccountRoles"]["userErrors"][0]["code"], "roles_conflict");

    // What was given holds from the next request on, without signing in anew.
    let token = app.sign_in("new", PASSWORD).await;
    let items = async || app.post(&token, "{ items { totalCount } }").await;
    assert_eq!(error_code(&items().await), "password_change_required");
    let change = format!("mutation {{ changePassword(present: \"{PASSWORD}\", new: \"Other-2026\") {{ status }} }}");
    assert_eq!(app.post(&token, &change).await["data"]["changePassword"]["status"], "OK");
    assert_eq!(error_code(&items().await), "forbidden");
    let given = app.ok("secadmin", set, json!({ "id": id, "roles": ["HANDLER"] })).await;
    assert_eq!(given["setAccountRoles"]["status"], "OK");
    assert_eq!(items().await["data"]["items"]["totalCount"], 0);
}

#[tokio::test]
async fn the_ledger_knows_accounts_by_id_only() {
    let app = TestApp::start().await;
    app.token("office").await;
    let store = app.service.store();
    let entries = huiyin::store::ledger::after(&mut store.read().await.unwrap().conn(), 0, 1_000).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert!(kinds.contains(&"account.added") && kinds.contains(&"session.started"), "{kinds:?}");
    assert_eq!(entries[0].actor, CLI.code());
    for entry in &entries {
        let text = format!("{} {} {}", entry.actor, entry.subject, entry.body);
        assert!(!text.contains("甲") && !text.contains("stranger") && !text.contains("argon2"), "{text}");
    }
}
