//! Signing in through an identity provider, over the browser's real redirects, and everything that must not get in.

use huiyin::clock::Clock as _;
use huiyin::identity::{ATTEMPT_SECONDS, Provider, Settings};
use huiyin::store::ledger::of_subject;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http;
use crate::support::identity::{CLIENT, IdentityProvider, SECRET, Twist};

const START: &str = "/sign-in/oidc";
const ATTEMPT: &str = "huiyin_attempt";
const SESSION: &str = "huiyin_session";

fn settings(issuer: &str, public_url: &str, claim: &str) -> Settings {
    Settings {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        public_url: public_url.to_owned(),
        name: "统一身份认证".to_owned(),
        claim: claim.to_owned(),
    }
}

/// The program with a provider beside it that knows its address and its time.
async fn start_with_claim(claim: &str) -> (TestApp, IdentityProvider) {
    let provider = IdentityProvider::start().await;
    let app = TestApp::start_with(|app, address| {
        app.with_provider(Some(Provider::new(settings(&provider.address, address, claim)).unwrap()))
    })
    .await;
    provider.script().redirect = format!("{}{}", app.address, huiyin::identity::CALLBACK);
    provider.script().now = app.clock.now().as_micros() / 1_000_000;
    (app, provider)
}

async fn start() -> (TestApp, IdentityProvider) {
    start_with_claim("preferred_username").await
}

/// Goes to the provider; answers with the address the browser is sent back to, on this site.
async fn out(app: &TestApp, provider: &IdentityProvider, browser: &mut Browser<'_>, from: &str) -> String {
    let left = browser.get(from).await;
    assert_eq!(left.status, 303, "{}", left.body);
    let back = provider.visit(&left.location).await;
    back.strip_prefix(&app.address).unwrap().to_owned()
}

async fn there_and_back(app: &TestApp, provider: &IdentityProvider, browser: &mut Browser<'_>, from: &str) -> Page {
    let back = out(app, provider, browser, from).await;
    browser.get(&back).await
}

/// Nobody is signed in, and the sign-in page says this, with a number.
async fn assert_told(browser: &mut Browser<'_>, page: &Page, words: &str) {
    assert_eq!((page.status, page.location.split('?').next().unwrap()), (303, "/sign-in"), "{words}");
    assert_eq!(browser.cookie(SESSION), None, "{words}");
    let shown = browser.get(&page.location).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains(words), "{words}: {}", shown.body);
    let number = shown.body.split("（错误编号 ").nth(1).unwrap().split('）').next().unwrap();
    assert!(number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{number}");
    assert!(shown.body.contains("name=\"password\""), "the password is the way out");
    assert!(!shown.body.contains("周敏") && !page.location.contains("zhou"), "nothing of what the provider said");
}

#[tokio::test]
async fn somebody_is_vouched_for_and_works() {
    let (app, provider) = start().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/sign-in?next=%2Fdesk%2Fitems%3Forder%3Ddue").await;
    let button = "href=\"/sign-in/oidc?next=%2Fdesk%2Fitems%3Forder%3Ddue\"";
    assert!(page.body.contains(button) && page.body.contains("统一身份认证"), "{}", page.body);

    let left = browser.get("/sign-in/oidc?next=%2Fdesk%2Fitems%3Forder%3Ddue").await;
    let kept = left.header("set-cookie").to_owned();
    assert!(kept.ends_with("; Path=/sign-in/oidc; Max-Age=600; HttpOnly; SameSite=Lax"), "{kept}");
    let back = provider.visit(&left.location).await;
    let page = browser.get(back.strip_prefix(&app.address).unwrap()).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/items?order=due"));
    assert_eq!(browser.cookie(ATTEMPT), None, "an attempt serves once");
    assert!(browser.get("/desk").await.body.contains("办公室 · 办公室甲"));

    let viewer = app.service.authenticate(browser.cookie(SESSION).unwrap()).await.unwrap().unwrap();
    let (account, session) = (viewer.account.unwrap(), viewer.session.unwrap());
    let store = app.service.store();
    let rows = of_subject(&mut store.read().await.unwrap().conn(), &format!("account:{}", account.id), 0, 100).await;
    let entry = rows.unwrap().into_iter().rfind(|row| row.kind == "session.started").unwrap();
    let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
    assert_eq!(body, json!({ "session": session.to_string(), "by": "oidc" }));
    // It is a session like any other: idle too long, it is over.
    app.clock.advance(31 * 60);
    assert_eq!(browser.get("/desk").await.location, "/sign-in");
}

#[tokio::test]
async fn providers_differ_in_keys_secrets_and_claims() {
    let (app, provider) = start_with_claim("employee").await;
    provider.script().use_rsa();
    provider.script().takes_secret = "client_secret_post";
    provider.script().login = " Handler ".to_owned();
    provider.script().twist = Some(|claims| claims["preferred_username"] = json!("stranger"));
    let mut browser = Browser::new(&app);
    let page = there_and_back(&app, &provider, &mut browser, START).await;
    assert_eq!(page.location, "/desk");
    assert!(browser.get("/desk").await.body.contains("规划科 · 经办人甲"));
}

#[tokio::test]
async fn a_token_that_does_not_hold_lets_nobody_in() {
    let twists: [(&str, Twist); 7] = [
        ("another attempt's", |claims| claims["nonce"] = json!("another")),
        ("without a nonce", |claims| claims["nonce"] = json!(null)),
        ("another audience's", |claims| claims["aud"] = json!("another-client")),
        ("for two audiences", |claims| claims["aud"] = json!([CLIENT, "another-client"])),
        ("another party's", |claims| claims["azp"] = json!("another-client")),
        ("over", |claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 1)),
        ("another issuer's", |claims| claims["iss"] = json!("http://127.0.0.1:1")),
    ];
    let (app, provider) = start().await;
    for (what, twist) in twists {
        provider.script().twist = Some(twist);
        let mut browser = Browser::new(&app);
        let page = there_and_back(&app, &provider, &mut browser, START).await;
        assert_eq!(browser.cookie(SESSION), None, "{what}");
        assert_told(&mut browser, &page, "没有通过核验").await;
    }
    provider.script().twist = None;
    provider.script().forge_key();
    let mut browser = Browser::new(&app);
    let page = there_and_back(&app, &provider, &mut browser, START).await;
    assert_told(&mut browser, &page, "没有通过核验").await;
}

#[tokio::test]
async fn a_token_without_the_login_is_told() {
    let (app, provider) = start_with_claim("staff_number").await;
    let mut browser = Browser::new(&app);
    let page = there_and_back(&app, &provider, &mut browser, START).await;
    assert_told(&mut browser, &page, "没有给出登录名").await;
}

#[tokio::test]
async fn new_keys_are_asked_for_and_not_too_often() {
    let (app, provider) = start().await;
    assert_eq!(there_and_back(&app, &provider, &mut Browser::new(&app), START).await.location, "/desk");
    assert_eq!(there_and_back(&app, &provider, &mut Browser::new(&app), START).await.location, "/desk");
    assert_eq!(provider.script().asked, 1, "what it says of itself is kept");
    app.clock.advance(120);
    provider.script().change_key(true);
    assert_eq!(there_and_back(&app, &provider, &mut Browser::new(&app), START).await.location, "/desk");
    assert_eq!(provider.script().asked, 2);
    // Keys it never shows: it is not asked at every attempt.
    provider.script().change_key(false);
    for _ in 0..3 {
        let mut browser = Browser::new(&app);
        let page = there_and_back(&app, &provider, &mut browser, START).await;
        assert_told(&mut browser, &page, "没有通过核验").await;
    }
    assert_eq!(provider.script().asked, 2);
}

#[tokio::test]
async fn an_answer_serves_once_and_its_own_browser_only() {
    let (app, provider) = start().await;
    let mut browser = Browser::new(&app);
    let left = browser.get(START).await;
    let attempt = browser.cookie(ATTEMPT).unwrap().to_owned();
    let back = provider.visit(&left.location).await;
    let back = back.strip_prefix(&app.address).unwrap();

    let mut other = Browser::new(&app);
    let page = other.get(back).await;
    assert_told(&mut other, &page, "已经过期或已经用过").await;
    // With an attempt of its own, another's answer does not fit either; the attempt goes on.
    let own = out(&app, &provider, &mut other, START).await;
    let page = other.get(back).await;
    assert_told(&mut other, &page, "已经过期或已经用过").await;
    assert_eq!(other.get(&own).await.location, "/desk");

    assert_eq!(browser.get(back).await.location, "/desk");
    browser.post("/sign-out", &[]).await;
    let page = browser.get(back).await;
    assert_told(&mut browser, &page, "已经过期或已经用过").await;
    // Even who kept the attempt: the provider changes a code once.
    let cookie = format!("{ATTEMPT}={attempt}");
    let mut thief = Browser::new(&app);
    let page = thief.get_with_cookie(back, &cookie).await;
    assert_told(&mut thief, &page, "没有放行").await;
}

#[tokio::test]
async fn an_attempt_is_over_in_time_and_cannot_be_made_up() {
    let (app, provider) = start().await;
    let mut browser = Browser::new(&app);
    let back = out(&app, &provider, &mut browser, START).await;
    app.clock.advance(ATTEMPT_SECONDS);
    let page = browser.get(&back).await;
    assert_told(&mut browser, &page, "已经过期或已经用过").await;
    for made_up in ["", "e30.e30", "e30", "..", "%00"] {
        let mut browser = Browser::new(&app);
        let page = browser.get_with_cookie(&back, &format!("{ATTEMPT}={made_up}")).await;
        assert_told(&mut browser, &page, "已经过期或已经用过").await;
    }
}

#[tokio::test]
async fn only_accounts_that_are_there_and_active_get_in() {
    let (app, provider) = start().await;
    for nobody in ["zhou.min", "周敏", "", "office@bureau.example"] {
        provider.script().login = nobody.to_owned();
        let mut browser = Browser::new(&app);
        let page = there_and_back(&app, &provider, &mut browser, "/sign-in/oidc?next=/desk/items").await;
        assert_eq!(page.location, "/sign-in?next=%2Fdesk%2Fitems", "where it was to lead is kept");
        assert_told(&mut browser, &page, "没有对应的账号").await;
    }
    let accounts = app.ok("sysadmin", "{ accounts { id } }", json!({})).await["accounts"].clone();
    assert_eq!(accounts.as_array().unwrap().len(), crate::support::app::ACCOUNTS.len(), "no account was made");

    provider.script().login = "handler".to_owned();
    let mut browser = Browser::new(&app);
    there_and_back(&app, &provider, &mut browser, START).await;
    let id = app.account("handler").await;
    let disable = format!("mutation {{ it: setAccountActive(account: \"{id}\", active: false) {{ status }} }}");
    assert_eq!(app.ok("sysadmin", &disable, json!({})).await["it"]["status"], "OK");
    assert_eq!(browser.get("/desk").await.location, "/sign-in", "the session under way ends");
    let mut browser = Browser::new(&app);
    let page = there_and_back(&app, &provider, &mut browser, START).await;
    assert_told(&mut browser, &page, "该账号已停用").await;
}

#[tokio::test]
async fn passwords_do_not_matter() {
    let (app, provider) = start().await;
    let id = app.account("office").await;
    let reset = format!("mutation {{ it: resetPassword(account: \"{id}\", password: \"First-2026\") {{ status }} }}");
    assert_eq!(app.ok("sysadmin", &reset, json!({})).await["it"]["status"], "OK");
    for _ in 0..5 {
        Browser::new(&app).post("/sign-in", &[("login", "office"), ("password", PASSWORD)]).await;
    }
    let page = Browser::new(&app).post("/sign-in", &[("login", "office"), ("password", "First-2026")]).await;
    assert!(page.body.contains("登录失败次数过多"), "{}", page.body);
    let mut browser = Browser::new(&app);
    let page = there_and_back(&app, &provider, &mut browser, START).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk"), "a first password need not be changed");
    assert_eq!(browser.get("/desk/items").await.status, 200);
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_without_its_words() {
    let (app, provider) = start().await;
    for error in ["access_denied", "周敏"] {
        provider.script().refuses = Some(error);
        let mut browser = Browser::new(&app);
        let page = there_and_back(&app, &provider, &mut browser, START).await;
        assert_told(&mut browser, &page, "没有放行").await;
        assert_eq!(browser.cookie(ATTEMPT), None);
    }
    provider.script().refuses = None;
    let mut browser = Browser::new(&app);
    let back = out(&app, &provider, &mut browser, START).await;
    let (state, _) = back.split_once("&code=").unwrap();
    let page = browser.get(&format!("{state}&code=invented")).await;
    assert_told(&mut browser, &page, "没有放行").await;
    let mut browser = Browser::new(&app);
    let back = out(&app, &provider, &mut browser, START).await;
    let (state, _) = back.split_once("&code=").unwrap();
    let page = browser.get(state).await;
    assert_told(&mut browser, &page, "暂时用不了").await;
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_the_password() {
    let (app, provider) = start().await;
    let mut waiting = Browser::new(&app);
    let back = out(&app, &provider, &mut waiting, START).await;
    let address = provider.address.clone();
    drop(provider);
    // Its connections go with it.
    while http::get(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let page = waiting.get(&back).await;
    assert_told(&mut waiting, &page, "暂时用不了").await;
    app.clock.set(Instant::from_micros(app.clock.now().as_micros() + 3_600_000_000));
    let mut browser = Browser::new(&app);
    let page = browser.get("/sign-in/oidc?next=/desk/items").await;
    assert_eq!(page.location, "/sign-in?next=%2Fdesk%2Fitems");
    assert_told(&mut browser, &page, "暂时用不了").await;
    let fields = [("login", "office"), ("password", PASSWORD), ("next", "/desk/items")];
    assert_eq!(browser.post("/sign-in", &fields).await.location, "/desk/items");
}

#[tokio::test]
async fn coming_back_leads_nowhere_else() {
    let (app, provider) = start().await;
    for next in
        ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
    {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let page = there_and_back(&app, &provider, &mut Browser::new(&app), &format!("{START}?{query}")).await;
        assert_eq!((page.status, page.location.as_str()), (303, "/desk"), "{next}");
    }
}

#[tokio::test]
async fn whoever_comes_back_ends_the_former_session() {
    let (app, provider) = start().await;
    let mut browser = Browser::of(&app, "handler").await;
    let former = browser.cookie(SESSION).unwrap().to_owned();
    assert_eq!(there_and_back(&app, &provider, &mut browser, START).await.location, "/desk");
    assert!(app.service.authenticate(&former).await.unwrap().is_none());
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    assert!(!browser.get("/sign-in").await.body.contains(START));
    for path in [START, huiyin::identity::CALLBACK] {
        let page = browser.get(path).await;
        assert!(page.status == 404 && page.body.contains("没有启用统一身份认证"), "{path}: {}", page.body);
    }
}
