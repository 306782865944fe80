//! The tests' own eyes and hands: what is wrong on a page is seen, and what people do is done.
//!
//! A small site made for it, since no page of the program may be wrong in these ways.

use axum::Router;
use axum::extract::RawForm;
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::support::browser::{Browser, Width};

const FORM: &str = r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>表单</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><script src="/keys.js"></script></head><body><main>
<h1>表单</h1><p hidden id="hidden">看不见</p>
<form method="post" action="/take">
<p><label>姓名（必填） <input name="name" value="旧"></label></p>
<p><label for="unit">主办单位</label> <select id="unit" name="unit"><option value="a">规划科</option><option value="b">测绘科</option></select></p>
<p><label for="day">日期</label> <input id="day" type="date" name="day"></p>
<p><label><input type="checkbox" name="urgent"> 加急</label></p>
<p><label for="text">答复</label><textarea id="text" name="text"></textarea></p>
<p><button>提交</button></p></form>
<form method="post" action="/file" enctype="multipart/form-data">
<p><label for="file">文件</label> <input id="file" type="file" name="file"></p><p><button>上传</button></p></form>
<ul><li id="one"><a href="/two?a=1">打开</a></li><li id="two"><a href="/two?a=2#part">打开</a></li></ul>
<p id="said"></p></main></body></html>"#;

const KEYS: &str = "addEventListener('keydown', event => {
  const held = [event.ctrlKey && 'Control', event.shiftKey && 'Shift'].filter(Boolean);
  if (!['Control', 'Shift'].includes(event.key)) document.getElementById('said').textContent = [...held, event.key].join('+');
});";

/// Everything wrong at once: a script the policy forbids, an exception, an error on the console, a missing picture, a
/// foreign address, a dialog, a line too long for any screen, a picture without words, grey on white.
const WRONG: &str = r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>错</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/wrong.css">
<script>window.ran = true</script><script src="/wrong.js"></script></head><body><main><h1>错</h1><img src="/no.png">
<img src="https://elsewhere.example/pixel.png" alt="远"><p class="long">很长</p><p class="pale">很淡</p>
<p class="hostile" onclick="0">{{ 6713 }} <span>&#x202e;反</span>着</p></main></body></html>"#;

const SECOND: &str = r#"<!doctype html><html lang="zh-CN"><head><title>二</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><h1>第二页</h1>
<p>a6713f 0-6713-1 167135</p></body></html>"#;

const WRONG_CSS: &str = ".long { width: 2000px } .pale { color: #ddd }";
const WRONG_JS: &str = "console.error('said', 7); alert('打扰');
setTimeout(() => { window.thrown = true; throw new Error('thrown') });";

fn script(text: &'static str) -> Response {
    ([("content-type", "text/javascript")], text).into_response()
}

async fn take(RawForm(form): RawForm) -> Redirect {
    Redirect::to(&format!("/taken?{}", String::from_utf8_lossy(&form)))
}

async fn take_file(form: String) -> Html<&'static str> {
    let whole = form.contains("filename=\"十二.csv\"") && form.contains("\r\n\r\ntwelve bytes\r\n");
    Html(if whole { "<!doctype html><title>到</title><p>到了</p>" } else { "<!doctype html><title>坏</title>" })
}

/// Serves the site; its address.
async fn site() -> String {
    let wrong = get(async || ([(CONTENT_SECURITY_POLICY, "script-src 'self'")], Html(WRONG)));
    let routes = Router::new()
        .route("/", get(async || Html(FORM)))
        .route("/keys.js", get(async || script(KEYS)))
        .route("/take", post(take))
        .route("/taken", get(async || Html("<!doctype html><title>收到</title><p>收到了</p>")))
        .route("/file", post(take_file))
        .route("/two", get(async || Html(SECOND)))
        .route("/wrong", wrong)
        .route("/wrong.js", get(async || script(WRONG_JS)))
        .route("/wrong.css", get(async || ([("content-type", "text/css")], WRONG_CSS)))
        .fallback(async || (StatusCode::NOT_FOUND, Html("<!doctype html><title>无</title>")));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_do_is_done() {
    let site = site().await;
    let Some(browser) = Browser::start(&site) else { return };
    let page = browser.page(Width::Desk).await;
    assert_eq!(page.open("/").await, 200);
    assert_eq!(page.value("姓名").await, "旧");
    page.fill("姓名", "甲").await;
    page.fill("主办单位", "测绘科").await;
    page.fill("日期", "2026-11-27").await;
    page.fill("答复", "多余").await;
    page.fill("答复", "").await;
    page.check("加急", true).await;
    page.check("加急", true).await;
    assert_eq!(page.follow("提交").await, 200);
    page.wait_for_text("收到了").await;
    let sent = "/taken?name=%E7%94%B2&unit=b&day=2026-11-27&urgent=on&text=";
    assert_eq!(page.address().await, sent);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("十二.csv");
    std::fs::write(&file, "twelve bytes").unwrap();
    page.open("/").await;
    page.upload("文件", &file).await;
    page.follow("上传").await;
    assert_eq!(page.text("p").await, "到了");

    page.open("/").await;
    for keys in ["j", "?", "Escape", "Control+Enter", "Shift+Tab"] {
        page.press(keys).await;
        page.wait_until(&format!("document.getElementById('said').textContent === '{keys}'")).await;
    }
    assert!(!page.has_text("看不见").await && !page.is_there("#hidden").await);
    assert_eq!(page.links().await, ["/two?a=1", "/two?a=2"]);
    assert_eq!(page.texts("li").await, ["打开", "打开"]);
    page.leave("click in the second line", async || page.click_in("#two", "打开").await).await;
    page.wait_for("h1").await;
    assert_eq!(page.address().await, "/two?a=2");
    assert_eq!(page.open("/nowhere").await, 404);
    page.assert_calm();
    assert!(page.print("harness").await == 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_seen() {
    let site = site().await;
    let Some(browser) = Browser::start(&site) else { return };
    for width in Width::ALL {
        let page = browser.page(width).await;
        page.open("/wrong").await;
        page.wait_until("window.thrown").await;
        assert!(!page.eval::<bool>("'ran' in window").await);
        let troubles = page.troubles();
        // How Chromium words a refusal differs from version to version.
        for what in ["inline script", "inline event handler"] {
            let refused = |trouble: &&String| trouble.starts_with("security: ") && trouble.contains(what);
            let count = troubles.iter().filter(refused).count();
            assert_eq!(count, 1, "{what}: {troubles:#?}");
        }
        for sign in ["console: said 7", "exception: Error: thrown", "status 404", "dialog: 打扰"] {
            let count = troubles.iter().filter(|trouble| trouble.starts_with(sign)).count();
            assert_eq!(count, 1, "{sign}: {troubles:#?}");
        }
        assert!(troubles.iter().any(|trouble| trouble.contains("third party: https://elsewhere.example/")));
        assert!(troubles.iter().any(|trouble| trouble.starts_with("not loaded: https://elsewhere.example/")));
        page.assert_calm();

        let overflows = page.overflows().await;
        assert!(overflows.len() == 2 && overflows[1].starts_with("p.long “很长” to 20"), "{overflows:?}");
        if let Some(broken) = page.axe().await {
            let ids: Vec<&str> = broken.iter().map(|violation| violation.id.as_str()).collect();
            assert_eq!(ids, ["color-contrast", "image-alt"], "{broken:#?}");
        }
        let foreign = page.foreign().await;
        for sign in ["script:", ".hostile", "a handler", "a text was taken", "what stands behind span"] {
            let count = foreign.iter().filter(|found| found.starts_with(sign)).count();
            assert_eq!(count, 1, "{sign}: {foreign:#?}");
        }
        page.open("/two").await;
        assert_eq!(page.foreign().await, [] as [String; 0]);
        assert_eq!(page.overflows().await, [] as [String; 0]);
    }
    let page = browser.page(Width::Phone).await.without_scripts().await;
    page.open("/wrong").await;
    assert!(page.overflows().await.len() == 2, "the tests look without the page's scripts too");
    let troubles = page.troubles();
    assert!(!troubles.iter().any(|trouble| trouble.contains("said")), "{troubles:?}");
    assert_eq!(page.dialogs(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_have_the_width_of_the_screen() {
    let site = site().await;
    let Some(browser) = Browser::start(&site) else { return };
    for (width, wide) in [(Width::Desk, 1366), (Width::Phone, 720)] {
        let page = browser.page(width).await;
        page.open("/").await;
        let picture = std::fs::read(page.screenshot("harness").await).unwrap();
        // The width stands in the header of a PNG.
        assert_eq!(picture[16..20], u32::to_be_bytes(wide), "{}", width.name());
    }
}
