//! One's own sessions and access tokens.

use reqwest::header::{AUTHORIZATION, USER_AGENT};
use serde_json::{Value, json};

use crate::support::app::{Letter, PASSWORD, TestApp, error_code};

const SESSIONS: &str = "{ sessions { id client { code label } startedAt lastUsedAt expiresAt current } }";

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = TestApp::start().await;
    let agent = "Mozilla/5.0 (Windows NT 10.0; rv:143.0) Gecko/20100101 Firefox/143.0";
    let call = format!("mutation {{ signIn(login: \"handler\", password: \"{PASSWORD}\") {{ token }} }}");
    let request = app.client.post(format!("{}/graphql", app.address)).header(USER_AGENT, agent);
    let answer: Value = request.json(&json!({ "query": call })).send().await.unwrap().json().await.unwrap();
    let first = answer["data"]["signIn"]["token"].as_str().unwrap().to_owned();
    app.clock.advance(60);
    let second = app.sign_in("handler", PASSWORD).await;
    let third = app.sign_in("handler", PASSWORD).await;

    let listed = app.post(&first, SESSIONS).await["data"]["sessions"].clone();
    let rows = listed.as_array().unwrap();
    assert_eq!(rows.len(), 3, "{listed:#}");
    let own = rows.iter().find(|row| row["current"] == true).unwrap();
    assert_eq!(own["client"], json!({ "code": "firefox", "label": "Firefox 浏览器" }));
    assert_eq!(
        (&own["startedAt"], &own["lastUsedAt"]),
        (&json!("2026-10-09T09:00:00+08:00"), &json!("2026-10-09T09:01:00+08:00"),)
    );
    assert_eq!(rows.iter().filter(|row| row["current"] == true).count(), 1);
    assert!(!listed.to_string().contains(&first), "a token is never shown again");

    // Nobody else ends it or learns that it is there, but the security administrator.
    let id = own["id"].as_str().unwrap();
    let revoke = format!("mutation {{ it: revokeSession(session: \"{id}\") {{ userErrors {{ code }} revoked }} }}");
    for login in ["stranger", "sysadmin", "auditor"] {
        let refused = app.ok(login, &revoke, json!({})).await;
        assert_eq!(refused["it"]["userErrors"][0]["code"], "session_unknown", "{login}");
    }
    let account = app.account("handler").await;
    let of = format!("{{ sessions(account: \"{account}\") {{ id current }} }}");
    assert_eq!(error_code(&app.gql(Some("sysadmin"), &of, json!({})).await), "forbidden");
    let seen = app.ok("secadmin", &of, json!({})).await["sessions"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 3);
    assert!(seen.as_array().unwrap().iter().all(|row| row["current"] == false));
    assert_eq!(app.ok("secadmin", &revoke, json!({})).await["it"]["revoked"], 1);
    assert_eq!(error_code(&app.post(&first, "{ units { code } }").await), "sign_in_required");
    let again = app.ok("secadmin", &revoke, json!({})).await;
    assert_eq!(again["it"]["userErrors"][0]["code"], "session_unknown");

    let others = "mutation { it: revokeOtherSessions { status revoked } }";
    assert_eq!(app.post(&second, others).await["data"]["it"], json!({ "status": "OK", "revoked": 1 }));
    assert_eq!(app.post(&third, "{ viewer { login } }").await["data"]["viewer"], Value::Null);
    assert_eq!(app.post(&second, "{ viewer { login } }").await["data"]["viewer"]["login"], "handler");
    assert_eq!(app.post(&second, others).await["data"]["it"]["revoked"], 0);
}

async fn add_token(app: &TestApp, name: &str, scopes: &str, days: i64) -> Value {
    let fields = "userErrors { code } token accessToken { id name scopes { code } expiresAt lastUsedAt }";
    let call =
        format!("mutation {{ it: addAccessToken(name: \"{name}\", scopes: [{scopes}], days: {days}) {{ {fields} }} }}");
    app.ok("office", &call, json!({})).await["it"].clone()
}

#[tokio::test]
async fn an_access_token_acts_for_its_owner_until_it_ends() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let code = |answer: &Value| answer["userErrors"][0]["code"].clone();
    assert_eq!(code(&add_token(&app, " ", "READ", 30).await), "token_name_missing");
    assert_eq!(code(&add_token(&app, "脚本", "", 30).await), "token_scopes_missing");
    for days in [-1, 0, 366] {
        assert_eq!(code(&add_token(&app, "脚本", "READ", days).await), "token_days");
    }
    let made = add_token(&app, "脚本", "READ, WRITE", 2).await;
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("hy_") && token.len() == 67, "{token}");
    assert_eq!(made["accessToken"]["expiresAt"], "2026-10-11T09:00:00+08:00");
    assert_eq!(made["accessToken"]["scopes"], json!([{ "code": "read" }, { "code": "write" }]));

    let item = app.item(1).await;
    let assign = format!(
        "mutation {{ it: assignItem(item: \"{item}\", lead: \"{}\") {{ status userErrors {{ code }} }} }}",
        app.unit("planning")
    );
    let read = add_token(&app, "只读", "READ", 365).await["token"].as_str().unwrap().to_owned();
    assert_eq!(app.post(&read, &assign).await["data"]["it"]["userErrors"][0]["code"], "token_read_only");
    assert_eq!(app.post(&read, "{ items { totalCount } }").await["data"]["items"]["totalCount"], 1);
    let account = app.account("office").await;
    assert_eq!(app.post(token, &assign).await["data"]["it"]["status"], "OK");
    let store = app.service.store();
    let head = huiyin::store::ledger::head(&mut store.read().await.unwrap().conn()).await.unwrap().seq;
    let last = huiyin::store::ledger::after(&mut store.read().await.unwrap().conn(), head - 1, 1).await.unwrap();
    assert_eq!((last[0].kind.as_str(), last[0].actor.as_str()), ("item.assigned", account.as_str()));

    let list = async || app.ok("office", "{ accessTokens { id name lastUsedAt } }", json!({})).await;
    let listed = list().await["accessTokens"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(
        listed.as_array().unwrap().iter().all(|row| row["lastUsedAt"] == "2026-10-09T09:00:00+08:00"),
        "{listed:#}"
    );
    assert!(!listed.to_string().contains("hy_"), "a token is never shown again");

    // It ends with its days, with its revocation, and with its owner's rights.
    let shown = "{ viewer { login } }";
    app.clock.advance(2 * 86_400 - 1);
    assert_eq!(app.post(token, shown).await["data"]["viewer"]["login"], "office");
    app.clock.advance(1);
    assert_eq!(app.post(token, shown).await["data"]["viewer"], Value::Null);
    let id = list().await["accessTokens"][0]["id"].as_str().unwrap().to_owned();
    let revoke = format!("mutation {{ it: revokeAccessToken(token: \"{id}\") {{ userErrors {{ code }} revoked }} }}");
    let stranger = app.ok("stranger", &revoke, json!({})).await;
    assert_eq!(stranger["it"]["userErrors"][0]["code"], "token_unknown");
    assert_eq!(app.post(&read, shown).await["data"]["viewer"]["login"], "office");
    assert_eq!(app.ok("office", &revoke, json!({})).await["it"]["revoked"], 1);
    assert_eq!(app.post(&read, shown).await["data"]["viewer"], Value::Null);
    assert_eq!(list().await["accessTokens"], json!([]));

    for number in 0..20 {
        assert_eq!(code(&add_token(&app, &format!("第{number}个"), "READ", 1).await), Value::Null);
    }
    assert_eq!(code(&add_token(&app, "又一个", "READ", 1).await), "token_limit");
    app.clock.advance(86_400);
    assert_eq!(code(&add_token(&app, "又一个", "READ", 1).await), Value::Null, "those that ended do not count");
}

#[tokio::test]
async fn a_token_that_nobody_made_is_a_visitors() {
    let app = TestApp::start().await;
    for token in ["hy_", "hy_0000", "Hy_0000", ""] {
        let request =
            app.client.post(format!("{}/graphql", app.address)).header(AUTHORIZATION, format!("Bearer {token}"));
        let answer: Value =
            request.json(&json!({ "query": "{ units { code } }" })).send().await.unwrap().json().await.unwrap();
        assert_eq!(error_code(&answer), "sign_in_required", "{token}");
    }
}
