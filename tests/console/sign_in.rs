//! The sign-in page beyond a login and a password: the second factor, the first password, the browser's family.

use serde_json::json;

use super::browser::{Browser, Page};
use crate::api::second_factor::{code, enrol};
use crate::support::app::{PASSWORD, TestApp};

const CODE_FIELD: &str = "name=\"code\"";

#[tokio::test]
async fn a_code_is_asked_for_only_after_the_password() {
    let app = TestApp::start().await;
    let (secret, recovery) = enrol(&app).await;
    app.clock.advance(60);
    let mut browser = Browser::new(&app);
    let page = browser.get("/sign-in").await;
    assert!(!page.body.contains(CODE_FIELD));
    let page = browser.post("/sign-in", &[("login", "handler"), ("password", "Wrong-2026")]).await;
    assert!(!page.body.contains(CODE_FIELD), "who does not know the password learns nothing of a second factor");

    let page = browser.post("/sign-in", &[("login", "handler"), ("password", PASSWORD), ("next", "/desk/items")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains(CODE_FIELD) && page.body.contains("请输入六位动态口令"), "{}", page.body);
    assert!(page.body.contains("value=\"handler\"") && page.body.contains("name=\"next\" value=\"/desk/items\""));
    assert!(!page.body.contains(PASSWORD));

    let now = code(&app, &secret, 0);
    let page = post(&mut browser, "Wrong-2026", &now).await;
    assert!(page.body.contains("登录名或密码不对") && page.body.contains(CODE_FIELD), "it goes on being asked for");
    assert!(!page.body.contains(&now));
    let page = post(&mut browser, PASSWORD, "000000").await;
    assert!(page.status == 422 && page.body.contains("动态口令不对或者已经用过"), "{}", page.body);
    assert!(page.body.contains("aria-describedby=\"f-code"), "beside its field: {}", page.body);
    assert_eq!(browser.cookie("huiyin_session"), None);
    let page = post(&mut browser, PASSWORD, &now).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/items"), "{}", page.body);

    // A recovery code fits into the field.
    let asking = Browser::new(&app).post("/sign-in", &[("login", "handler"), ("password", PASSWORD)]).await;
    let longest = field_length(&asking.body);
    assert!(recovery[0].len() <= longest, "{} of {longest}", recovery[0]);
    let page = post(&mut Browser::new(&app), PASSWORD, &recovery[0]).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// Sends the form with a code.
async fn post(browser: &mut Browser<'_>, password: &str, code: &str) -> Page {
    let fields = [("login", "handler"), ("password", password), ("code", code), ("next", "/desk/items")];
    browser.post("/sign-in", &fields).await
}

/// How many characters the field of the code takes.
fn field_length(page: &str) -> usize {
    let field = page.split('<').find(|tag| tag.contains(CODE_FIELD)).unwrap();
    field.split("maxlength=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_first_password_leads_to_the_own_page_and_nowhere_else() {
    let app = TestApp::start().await;
    let id = app.account("handler").await;
    let reset = format!("mutation {{ it: resetPassword(account: \"{id}\", password: \"First-2026\") {{ status }} }}");
    assert_eq!(app.ok("sysadmin", &reset, json!({})).await["it"]["status"], "OK");
    let mut browser = Browser::new(&app);
    let fields = [("login", "handler"), ("password", "First-2026"), ("next", "/desk/items")];
    let page = browser.post("/sign-in", &fields).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/me"));
    let page = browser.get("/desk/items").await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/me"));
    // Signing out is left.
    assert_eq!(browser.post("/sign-out", &[]).await.location, "/sign-in");
}

#[tokio::test]
async fn the_session_knows_the_family_of_the_browser() {
    let app = TestApp::start().await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("login", "office"), ("password", PASSWORD)])
        .finish();
    let headers = [("sec-fetch-site", "same-origin"), ("user-agent", agent)];
    let mut browser = Browser::new(&app);
    let page = browser.send(reqwest::Method::POST, "/sign-in", &headers, Some(form)).await;
    assert_eq!(page.status, 303);
    let viewer = app.service.authenticate(browser.cookie("huiyin_session").unwrap()).await.unwrap().unwrap();
    let sessions = app.service.sessions(&viewer.actor, None).await.unwrap();
    let clients: Vec<&str> = sessions.iter().map(|session| session.client.as_str()).collect();
    assert_eq!(clients, ["firefox"]);
}
