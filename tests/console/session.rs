//! Signing in and out over HTTP, and what a browser is told on the way.

use huiyin::service::account::IDLE_SECONDS;
use reqwest::Method;

use super::browser::Browser;
use crate::support::app::{Letter, PASSWORD, TestApp};

#[tokio::test]
async fn somebody_signs_in_works_and_signs_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/sign-in?next=%2Fdesk%2Fitems%3Forder%3Ddue").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("name=\"next\" value=\"/desk/items?order=due\""), "{}", page.body);
    let fields = [("login", "office"), ("password", PASSWORD), ("next", "/desk/items?order=due")];
    let page = browser.post("/sign-in", &fields).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/items?order=due"));
    let set = page.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert!(
        set.iter().any(|set| set.starts_with("huiyin_session=") && set.contains("; HttpOnly; SameSite=Lax")),
        "{set:?}"
    );

    let page = browser.get("/desk").await;
    assert!(page.body.contains("办公室 · 办公室甲"), "{}", page.body);
    assert!(page.body.contains("10月9日 周五") && page.body.contains("工作日"));
    // Who is signed in needs no sign-in page.
    assert_eq!(browser.get("/sign-in").await.location, "/desk");

    let token = browser.cookie("huiyin_session").unwrap().to_owned();
    let page = browser.post("/sign-out", &[]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/sign-in"));
    assert_eq!(browser.cookie("huiyin_session"), None);
    assert!(app.service.authenticate(&token).await.unwrap().is_none(), "the session itself has ended");
    assert!(browser.get("/sign-in").await.body.contains("已退出登录。"));
    assert!(!browser.get("/sign-in").await.body.contains("已退出登录。"), "a message is shown once");
    assert_eq!(browser.get("/desk").await.status, 303);
}

#[tokio::test]
async fn a_wrong_password_keeps_the_login_and_forgets_the_password() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    let page = browser.post("/sign-in", &[("login", "office"), ("password", "Wrong-2026")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("登录名或密码不对") && page.body.contains("value=\"office\""));
    assert!(!page.body.contains("Wrong-2026"));
    assert_eq!(browser.cookie("huiyin_session"), None);
    let page = browser.post("/sign-in", &[("login", " "), ("password", "")]).await;
    assert!(page.body.contains("请填写登录名。") && page.body.contains("请填写密码。"));
    assert!(page.body.contains("aria-describedby=\"f-login-wrong\" aria-invalid=\"true\""), "{}", page.body);
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    let app = TestApp::start().await;
    for next in
        ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
    {
        let mut browser = Browser::new(&app);
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        assert!(
            browser.get(&format!("/sign-in?{query}")).await.body.contains("name=\"next\" value=\"/desk\""),
            "{next}"
        );
        let page = browser.post("/sign-in", &[("login", "office"), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!((page.status, page.location.as_str()), (303, "/desk"), "{next}");
        assert_eq!(browser.post("/desk/text", &[("back", next), ("size", "large")]).await.location, "/desk", "{next}");
    }
}

#[tokio::test]
async fn another_sites_form_is_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    for path in ["/sign-out", "/sign-in", "/desk/text"] {
        let page = browser.send(Method::POST, path, &[("sec-fetch-site", "cross-site")], Some("size=large".to_owned()));
        assert_eq!(page.await.status, 403, "{path}");
    }
    assert_eq!(browser.get("/desk").await.status, 200, "still signed in");
}

#[tokio::test]
async fn whoever_signs_in_next_ends_the_former_session() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    let former = browser.cookie("huiyin_session").unwrap().to_owned();
    browser.post("/sign-in", &[("login", "handler"), ("password", PASSWORD)]).await;
    assert!(app.service.authenticate(&former).await.unwrap().is_none());
    assert!(browser.get("/desk").await.body.contains("规划科 · 经办人甲"));
}

#[tokio::test]
async fn large_text_is_kept() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    assert!(!browser.get("/desk").await.body.contains("class=\"large\""));
    let page = browser.post("/desk/text", &[("back", "/desk/items?order=due"), ("size", "large")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/items?order=due"));
    assert!(browser.get("/desk/help").await.body.contains("<html lang=\"zh-CN\" class=\"large\">"));
    browser.post("/desk/text", &[("back", "/desk"), ("size", "normal")]).await;
    assert!(!browser.get("/desk").await.body.contains("class=\"large\""));
}

#[tokio::test]
async fn a_bearer_token_opens_no_page() {
    let app = TestApp::start().await;
    let bearer = format!("Bearer {}", app.token("office").await);
    let page = Browser::new(&app).get_with("/desk", &[("authorization", &bearer)]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/sign-in"));
}

#[tokio::test]
async fn pages_allow_only_the_sites_own_scripts_and_assets_last() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    let page = browser.get("/desk/items").await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let assets: Vec<&str> = page.body.split(['"', '\'']).filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 4, "{assets:?}");
    for asset in assets {
        let got = browser.get(asset).await;
        assert_eq!((got.status, got.header("cache-control")), (200, "public, max-age=31536000, immutable"), "{asset}");
        assert!(!got.header("content-type").starts_with("text/html") && !got.body.is_empty(), "{asset}");
    }
}

#[tokio::test]
async fn an_accident_is_told_with_its_number() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    app.service.store().close().await;
    let page = browser.get("/desk/items").await;
    assert_eq!(page.status, 503);
    let number = page.body.split("错误编号：").nth(1).unwrap().split('<').next().unwrap();
    assert!(number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{number}");
}

#[tokio::test]
async fn what_is_not_there_is_told_inside_the_frame() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "handler").await;
    let page = browser.get("/desk/no/such/page?a=%3Cscript%3E").await;
    assert_eq!(page.status, 404);
    assert!(page.body.contains("没有这个页面") && page.body.contains("aria-label=\"目录\""));
    let page = browser.get("/sign-out").await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("不能直接打开"));
    // What only a form is sent to leads back to the form's page.
    for (path, to) in [
        ("/desk/items/1/approve", "/desk/items/1"),
        ("/desk/items/1/reveal", "/desk/items/1"),
        ("/desk/items/lists", "/desk/items"),
        ("/desk/held/replay", "/desk/held"),
        ("/desk/issues/2026-09/entries/x/review", "/desk/issues/2026-09/entries/x"),
        ("/desk/text", "/desk"),
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.location.as_str()), (303, to), "{path}");
    }
}

#[tokio::test]
async fn a_message_beside_an_error_is_shown_once() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "sysadmin").await;
    let unit = app.unit("survey").to_owned();
    browser.post("/desk/units", &[("act", "active"), ("unit", &unit), ("active", "on")]).await;
    assert!(browser.get("/desk/no/such/page").await.body.contains("已启用。"));
    assert!(!browser.get("/desk").await.body.contains("已启用。"));
}

#[tokio::test]
async fn whoever_sends_a_form_too_late_is_told_and_comes_back_to_it() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let token = browser.cookie("huiyin_session").unwrap().to_owned();
    app.service.sign_out(&token).await.unwrap();
    let page = browser.post("/desk/items/1/request-return", &[("basis", "写了很久")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/sign-in?next=%2Fdesk%2Fitems%2F1%2Frequest-return"));
    assert!(browser.get(&page.location).await.body.contains("刚才填写的内容没有保存"));
    let next = "/desk/items/1/request-return";
    let page = browser.post("/sign-in", &[("login", "office"), ("password", PASSWORD), ("next", next)]).await;
    assert_eq!((page.status, page.location.as_str()), (303, next));
    assert_eq!(browser.get(next).await.location, "/desk/items/1");
    // Whoever only opened a page has lost nothing.
    app.service.sign_out(browser.cookie("huiyin_session").unwrap()).await.unwrap();
    let page = browser.get("/desk/items/1").await;
    assert!(!browser.get(&page.location).await.body.contains("没有保存"));
}

#[tokio::test]
async fn a_page_that_asks_for_itself_does_not_keep_its_session_alive() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    let asks = [("hx-request", "true"), ("hx-trigger", "reading")];
    for _ in 0..3 {
        app.clock.advance(IDLE_SECONDS / 4);
        let page = browser.get_with("/desk/sources", &asks).await;
        assert!(page.status == 200 && page.body.contains("<h1"), "{}", page.body);
    }
    app.clock.advance(IDLE_SECONDS / 4);
    let page = browser.get_with("/desk/sources", &asks).await;
    assert_eq!(page.header("hx-redirect"), "/sign-in?next=%2Fdesk%2Fsources", "{}", page.body);
}
