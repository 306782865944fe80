//! Signing in with a second factor.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use huiyin::clock::Clock as _;
use huiyin::store::second_factor as factors;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::support::app::{PASSWORD, TestApp};

/// What an authenticator app shows, `seconds` from now.
pub fn code(app: &TestApp, secret: &str, seconds: i64) -> String {
    let step = app.clock.now().plus_seconds(seconds).as_micros() / 30_000_000;
    let mut mac = Hmac::<Sha1>::new_from_slice(&BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The code with which a sign-in is refused; `OK` when it is not.
async fn sign_in(app: &TestApp, password: &str, code: Option<&str>) -> String {
    let call = "mutation($password: String!, $code: String) {
        signIn(login: \"handler\", password: $password, code: $code) { userErrors { code } token } }";
    let answer = app.gql(None, call, json!({ "password": password, "code": code })).await;
    let payload = &answer["data"]["signIn"];
    assert_eq!(payload["userErrors"] == json!([]), payload["token"].is_string(), "{answer:#}");
    payload["userErrors"][0]["code"].as_str().unwrap_or("OK").to_owned()
}

async fn act(app: &TestApp, call: &str, fields: &str) -> Value {
    let document = format!("mutation {{ it: {call} {{ status userErrors {{ code }} {fields} }} }}");
    app.ok("handler", &document, json!({})).await["it"].clone()
}

/// Turns the second factor on; answers with the secret and the recovery codes. The code that confirms it is used up.
pub async fn enrol(app: &TestApp) -> (String, Vec<String>) {
    let begun = act(app, "beginSecondFactor", "secret uri").await;
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let uri = format!("otpauth://totp/Huiyin:handler?secret={secret}&issuer=Huiyin&algorithm=SHA1&digits=6&period=30");
    assert_eq!(begun["uri"], uri);
    assert_eq!(sign_in(app, PASSWORD, None).await, "OK", "it does not count before it is confirmed");
    let wrong = act(app, "confirmSecondFactor(code: \"abc\")", "").await;
    assert_eq!(wrong["userErrors"][0]["code"], "second_factor_code");
    let call = format!("confirmSecondFactor(code: \"{}\")", code(app, &secret, 0));
    let confirmed = act(app, &call, "recoveryCodes").await;
    let codes: Vec<String> = serde_json::from_value(confirmed["recoveryCodes"].clone()).unwrap();
    assert_eq!((&confirmed["status"], codes.len()), (&json!("OK"), 10));
    assert_eq!(act(app, &call, "").await["userErrors"][0]["code"], "second_factor_missing");
    assert_eq!(act(app, "beginSecondFactor", "").await["userErrors"][0]["code"], "second_factor_present");
    (secret, codes)
}

#[tokio::test]
async fn a_code_is_asked_for_and_serves_once() {
    let app = TestApp::start().await;
    let (secret, _) = enrol(&app).await;
    assert_eq!(sign_in(&app, PASSWORD, None).await, "second_factor_required");
    assert_eq!(sign_in(&app, PASSWORD, Some(" ")).await, "second_factor_required");
    assert_eq!(sign_in(&app, "Wrong-2026", Some(&code(&app, &secret, 0))).await, "sign_in_refused");
    let used = code(&app, &secret, 0);
    assert_eq!(sign_in(&app, PASSWORD, Some(&used)).await, "second_factor_wrong", "it confirmed the factor");
    app.clock.advance(30);
    let next = code(&app, &secret, 0);
    assert_eq!(sign_in(&app, PASSWORD, Some(&format!("{} {}", &next[..3], &next[3..]))).await, "OK");
    assert_eq!(sign_in(&app, PASSWORD, Some(&next)).await, "second_factor_wrong", "a code serves once");
    // A telephone's clock may be half a minute off, and no more.
    app.clock.advance(600);
    assert_eq!(sign_in(&app, PASSWORD, Some(&code(&app, &secret, 60))).await, "second_factor_wrong");
    assert_eq!(sign_in(&app, PASSWORD, Some(&code(&app, &secret, -60))).await, "second_factor_wrong");
    assert_eq!(sign_in(&app, PASSWORD, Some(&code(&app, &secret, 30))).await, "OK");
}

#[tokio::test]
async fn guessing_codes_is_braked_and_asking_for_one_does_not_free() {
    let app = TestApp::start().await;
    let (secret, _) = enrol(&app).await;
    app.clock.advance(600);
    let right = code(&app, &secret, 0);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(sign_in(&app, PASSWORD, None).await, "second_factor_required");
        assert_eq!(sign_in(&app, PASSWORD, Some(wrong)).await, "second_factor_wrong");
    }
    assert_eq!(sign_in(&app, PASSWORD, Some(&right)).await, "too_many_attempts");
    assert_eq!(sign_in(&app, PASSWORD, None).await, "too_many_attempts");
    app.clock.advance(600);
    assert_eq!(sign_in(&app, PASSWORD, Some(&code(&app, &secret, 0))).await, "OK");
}

#[tokio::test]
async fn a_recovery_code_serves_once_in_the_place_of_a_code() {
    let app = TestApp::start().await;
    let (_, codes) = enrol(&app).await;
    let left = async || app.ok("handler", "{ recoveryCodesLeft }", json!({})).await["recoveryCodesLeft"].clone();
    assert_eq!(left().await, 10);
    assert_eq!(sign_in(&app, PASSWORD, Some(&codes[0].to_lowercase())).await, "OK");
    assert_eq!(sign_in(&app, PASSWORD, Some(&codes[0])).await, "second_factor_wrong");
    assert_eq!(sign_in(&app, PASSWORD, Some(&codes[1].replace('-', " "))).await, "OK");
    assert_eq!(sign_in(&app, PASSWORD, Some("AAAAA-AAAAA")).await, "second_factor_wrong");
    assert_eq!(left().await, 8);
}

#[tokio::test]
async fn it_is_turned_off_by_its_owner_or_the_security_administrator() {
    let app = TestApp::start().await;
    let (secret, codes) = enrol(&app).await;
    let off = |password: &str| format!("removeSecondFactor(password: \"{password}\")");
    assert_eq!(act(&app, &off("Wrong-2026"), "").await["userErrors"][0]["code"], "password_wrong");
    assert_eq!(act(&app, &off(PASSWORD), "account { secondFactor }").await["account"]["secondFactor"], false);
    assert_eq!(act(&app, &off(PASSWORD), "").await["userErrors"][0]["code"], "second_factor_absent");
    assert_eq!(sign_in(&app, PASSWORD, None).await, "OK");

    app.clock.advance(30);
    let (other, _) = enrol(&app).await;
    assert_ne!(secret, other);
    // One that is confirmed is never replaced, also by whoever began before it was.
    let id = app.viewer("handler").await.actor.account().unwrap();
    let mut tx = crate::support::stores::begin(app.service.store()).await;
    assert!(factors::begin(&mut tx, id, "AAAA").await.unwrap_err().is_taken());
    drop(tx);
    assert_eq!(sign_in(&app, PASSWORD, Some(&codes[5])).await, "second_factor_wrong", "the old codes are gone");
    let session = app.token("handler").await;
    let account = app.account("handler").await;
    let reset =
        format!("mutation {{ it: resetSecondFactor(account: \"{account}\") {{ status userErrors {{ code }} }} }}");
    assert_eq!(app.ok("sysadmin", &reset, json!({})).await["it"]["userErrors"][0]["code"], "forbidden");
    assert_eq!(app.ok("secadmin", &reset, json!({})).await["it"]["status"], "OK");
    assert_eq!(app.post(&session, "{ viewer { login } }").await["data"]["viewer"], Value::Null);
    assert_eq!(sign_in(&app, PASSWORD, None).await, "OK");
    assert_eq!(app.ok("secadmin", &reset, json!({})).await["it"]["userErrors"][0]["code"], "second_factor_absent");
    let own = reset.replace(&account, &app.account("secadmin").await);
    assert_eq!(app.ok("secadmin", &own, json!({})).await["it"]["userErrors"][0]["code"], "own_account");

    let store = app.service.store();
    let entries = huiyin::store::ledger::of_subject(&mut store.read().await.unwrap().conn(), &account, 0, 100).await;
    let entries = entries.unwrap();
    let about = |kind: &str| entries.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!((about("second_factor.added"), about("second_factor.removed"), about("second_factor.reset")), (2, 1, 1));
    for entry in &entries {
        assert!(!entry.body.contains(&secret) && !entry.body.contains(&other) && !entry.body.contains(&codes[0]));
    }
}
