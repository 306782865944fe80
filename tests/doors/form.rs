//! `/write`: what somebody typed becomes one item, whatever goes wrong on the way; what is wrong is told beside its field.

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::writer::{Filled, Page, Writer};
use crate::support::app::{CLI, TestApp};

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n and so on";
const PDF: &[u8] = b"%PDF-1.7\n and so on";

/// A container with these parts.
fn zip(names: &[&str]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(b"<x/>").unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The files kept in the data directory.
fn blobs(app: &TestApp) -> usize {
    let entries = |path: &std::path::Path| std::fs::read_dir(path).into_iter().flatten().flatten().collect::<Vec<_>>();
    entries(&app.dir().join("blobs")).iter().map(|folder| entries(&folder.path()).len()).sum()
}

async fn item(app: &TestApp, number: &str) -> Value {
    let query = "query($n: Int!) { itemByNumber(number: $n) { id title confidential source { name } requestType { code } \
                 stage { code } question { body author contact address } \
                 attachments { id name mediaType bytes state { code } address } } }";
    let number: i64 = number.parse().unwrap();
    app.ok("office", query, json!({ "n": number })).await["itemByNumber"].clone()
}

#[tokio::test]
async fn a_letter_becomes_an_item_with_a_number_and_a_code() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let ticket = writer.ticket().await;
    let letter = Filled::new(&ticket).with("confidential", "yes").file("现场 1.png", PNG).file("../../材料.pdf", PDF);
    let page = writer.send(&letter).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!((page.header("cache-control"), page.header("etag")), ("no-store", ""));
    let (number, code) = page.receipt();
    assert_eq!((number.as_str(), code.len()), ("1", 15));
    let item = item(&app, &number).await;
    assert_eq!((&item["title"], &item["confidential"]), (&json!("青禾路的采光"), &json!(true)));
    assert_eq!((&item["source"]["name"], &item["requestType"]["code"]), (&json!("领导信箱"), &json!("consult")));
    assert_eq!((&item["question"]["author"], &item["question"]["contact"]), (&json!("甲某"), &json!("138 0000 0000")));
    let files = item["attachments"].as_array().unwrap();
    let names: Vec<&Value> = files.iter().map(|file| &file["name"]).collect();
    assert_eq!(names, [&json!("现场 1.png"), &json!("材料.pdf")]);
    assert_eq!((&files[0]["mediaType"], &files[0]["bytes"]), (&json!("image/png"), &json!(PNG.len())));
    let pulls = app.ok("office", "{ pulls { edges { node { accepted balanced } } } }", json!({})).await;
    assert_eq!(pulls["pulls"]["edges"], json!([{ "node": { "accepted": 1, "balanced": true } }]));
    assert_eq!(app.service.verify(&CLI, &[]).await.unwrap().findings, []);

    // The code is kept nowhere in the data directory.
    app.service.store().close().await;
    for file in ["huiyin.db", "huiyin.db-wal"] {
        let bytes = std::fs::read(app.dir().join(file)).unwrap_or_default();
        let plain = code.replace('-', "");
        for text in [code.as_bytes(), plain.as_bytes()] {
            assert!(!bytes.windows(text.len()).any(|window| window == text), "{file} holds the code");
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_told_beside_its_field_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let ticket = writer.ticket().await;
    let nothing = Filled { fields: vec![("ticket", ticket.clone())], files: Vec::new() };
    let page = writer.send(&nothing).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.wrong(), ["letterbox", "request_type", "title", "body", "name", "telephone", "informed"]);
    assert!(page.body.contains("role=\"alert\"") && page.body.contains("<title>有错误 · 写信"));

    let hostile = "<script>alert(1)</script>\"'>{{ 7*7 }}";
    let typed = Filled::new(&ticket)
        .with("telephone", "保密")
        .with("title", hostile)
        .with("place", hostile)
        .with("body", &format!("{hostile}\r\n第二行 ; DROP TABLE item; --"))
        .with("confidential", "yes")
        .file("现场.png", PNG);
    let page = writer.send(&typed).await;
    assert_eq!((page.status, page.wrong()), (422, vec!["telephone"]));
    assert!(!page.body.contains("<script") && !page.body.contains(">49<"), "{}", page.body);
    assert_eq!((page.value("title"), page.value("place")), (hostile.to_owned(), hostile.to_owned()));
    assert_eq!(page.value("telephone"), "保密");
    assert!(page.body.contains("第二行 ; DROP TABLE item; --"));
    assert!(page.body.contains("value=\"consult\" selected") && page.body.contains("value=\"form\" checked"));
    assert!(page.body.contains("已收到：现场.png"));
    assert_eq!(app.item_count().await, 0);

    // The file need not be sent again; what was typed goes in as it was typed.
    let kept = page.value("kept");
    let mended = typed.clone().with("telephone", "0730-8000000").with("kept", &kept);
    let mended = Filled { files: Vec::new(), ..mended };
    let page = writer.send(&mended).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let item = item(&app, &page.receipt().0).await;
    assert_eq!((&item["title"], &item["question"]["address"]), (&json!(hostile), &json!(hostile)));
    assert_eq!(item["attachments"][0]["name"], "现场.png");
    // A line of another page names nothing.
    let other = Filled::new(&writer.ticket().await).with("kept", &kept);
    let page = writer.send(&other).await;
    assert!(files(&app, &page).await.is_empty());
}

/// The attachments of the item on a receipt.
async fn files(app: &TestApp, page: &Page) -> Vec<Value> {
    item(app, &page.receipt().0).await["attachments"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_page_that_is_of_no_use_any_more_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let ticket = writer.ticket().await;
    for (what, stale) in
        [("no ticket", String::new()), ("a forged one", ticket.replace('.', ".1")), ("another's", "a.b.c".to_owned())]
    {
        let page = writer.send(&Filled::new(&stale)).await;
        assert_eq!(page.status, 422, "{what}");
        assert!(page.body.contains("页面已经失效") && page.value("title") == "青禾路的采光", "{what}");
        app.clock.advance(60);
        let again = writer.send(&Filled::new(&page.value("ticket")).with("title", what)).await;
        assert_eq!(again.status, 200, "{what}");
    }
    app.clock.advance(86_400);
    assert!(writer.send(&Filled::new(&ticket)).await.body.contains("页面打开超过一天"));
    // Programs are quicker, and fill every field.
    let page = writer.get("/write").await;
    assert!(writer.send(&Filled::new(&page.value("ticket"))).await.body.contains("提交得太快了"));
    let trapped = Filled::new(&writer.ticket().await).with("website", "http://spam.example");
    assert!(writer.send(&trapped).await.body.contains("“网址”一栏请留空"));
    assert_eq!(app.item_count().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_makes_one_item_and_shows_one_receipt() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let letter = Filled::new(&writer.ticket().await).file("a.png", PNG);
    let pages = futures_util::future::join_all((0..4).map(|_| writer.send(&letter))).await;
    let first = pages[0].receipt();
    assert!(pages.iter().all(|page| page.status == 200 && page.receipt() == first));
    // Also when the page is loaded once more.
    assert_eq!(writer.send(&letter).await.receipt(), first);
    assert_eq!((app.item_count().await, files(&app, &pages[0]).await.len()), (1, 1));
    // Going back and changing a word writes another letter: neither is lost.
    let other = writer.send(&letter.clone().with("body", "青禾路北侧已经开工，审批时核算过采光吗？")).await.receipt();
    assert_ne!(other, first);
    assert_eq!(app.item_count().await, 2);
    assert_eq!(app.service.verify(&CLI, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn files_are_told_by_their_bytes_and_refused_with_the_reason() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let large = [PNG, &vec![0; 10 << 20]].concat();
    let many: Vec<String> = (0..10_001).map(|part| format!("word/{part}.xml")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (name, content, why) in [
        ("照片.png", b"MZ\x90\0 a program".to_vec(), "只收图片"),
        ("页面.pdf", b"<html><script>alert(1)</script>".to_vec(), "只收图片"),
        ("图.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "只收图片"),
        ("空.pdf", Vec::new(), "文件是空的"),
        ("大.png", large, "超过 10 MB"),
        ("宏.docx", zip(&["word/document.xml", "word/vbaProject.bin"]), "带有宏"),
        ("出去.docx", zip(&["word/document.xml", "../../../etc/cron.d/x"]), "已损坏"),
        ("炸弹.docx", zip(&many), "已损坏"),
        ("包.zip", zip(&["a.txt"]), "只收图片"),
    ] {
        let page = writer.send(&Filled::new(&writer.ticket().await).file(name, &content)).await;
        assert_eq!((page.status, page.wrong()), (422, vec!["files"]), "{name}");
        assert!(page.body.contains(why) && page.body.contains(&format!("“{name}”")), "{name}: {}", page.body);
    }
    assert_eq!((app.item_count().await, blobs(&app)), (0, 0), "nothing of them is kept");
    let ticket = writer.ticket().await;
    let six = (0..6_u8).fold(Filled::new(&ticket), |letter, number| letter.file("a.png", &[PNG, &[number]].concat()));
    let page = writer.send(&six).await;
    assert_eq!((page.status, page.wrong()), (422, vec!["files"]));
    assert!(page.body.contains("附件最多 5 个"));
    let good = Filled::new(&writer.ticket().await)
        .file("a.jpg", b"\xFF\xD8\xFF\xE0 jpeg")
        .file("a.docx", &zip(&["word/document.xml"]))
        .file("a.xlsx", &zip(&["xl/workbook.xml"]));
    let page = writer.send(&good).await;
    assert_eq!(files(&app, &page).await.len(), 3);
}

#[tokio::test]
async fn files_are_for_those_who_may_see_the_item_and_never_shown_in_a_page() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let page = writer.send(&Filled::new(&writer.ticket().await).file("现场.png", PNG)).await;
    let address = files(&app, &page).await[0]["address"].as_str().unwrap().to_owned();
    let get = async |login: Option<&'static str>, address: &str| {
        let mut request = app.client.get(format!("{}{address}", app.address));
        if let Some(login) = login {
            request = request.bearer_auth(app.token(login).await);
        }
        request.send().await.unwrap()
    };
    let file = get(Some("office"), &address).await;
    assert_eq!(file.status(), 200);
    let header = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/png".into(), "nosniff".into()));
    assert!(header("content-disposition").starts_with("attachment; filename=\"attachment-1.png\"; filename*=UTF-8''"));
    assert!(header("content-security-policy").contains("sandbox") && header("cache-control") == "no-store");
    assert_eq!(file.bytes().await.unwrap(), PNG);
    // Not assigned yet, the item is no unit's; administrators see none.
    for (login, status) in [
        (None, 401),
        (Some("handler"), 404),
        (Some("head"), 404),
        (Some("publisher"), 404),
        (Some("sysadmin"), 403),
        (Some("secadmin"), 403),
        (Some("auditor"), 403),
    ] {
        assert_eq!(get(login, &address).await.status(), status, "{login:?}");
    }
    for nowhere in ["/desk/attachments/x", "/desk/attachments/01980000-0000-7000-8000-000000000000"] {
        assert_eq!(get(Some("office"), nowhere).await.status(), 404);
    }
    let item = app.item(1).await;
    let assign = format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("planning"));
    assert_eq!(app.act("office", &assign).await["status"], "OK");
    assert_eq!(get(Some("handler"), &address).await.status(), 200);
    assert_eq!(get(Some("stranger"), &address).await.status(), 404);
    // A file that nothing names any more goes; one that is named stays.
    let before = blobs(&app);
    writer.send(&Filled::new(&writer.ticket().await).with("name", "").file("b.png", &[PNG, b"2"].concat())).await;
    assert_eq!(blobs(&app), before + 1);
    app.clock.set(huiyin_domain::time::Instant::from_micros(i64::MAX / 2));
    assert_eq!(app.service.forget_loose_files().await.unwrap(), 1);
    assert_eq!(blobs(&app), before);
}

#[tokio::test]
async fn one_network_does_not_flood_the_office() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let mut told = String::new();
    for number in 0..31 {
        let letter = Filled::new(&writer.ticket().await).with("title", &format!("第 {number} 封来信"));
        app.clock.advance(-50);
        told = writer.send(&letter).await.body;
    }
    assert!(told.contains("提交的来信过多") && told.contains("第 30 封来信"), "what was typed is still there");
    assert_eq!(app.item_count().await, 30);
    // From another address, which the server in front of this one tells.
    app.clock.advance(3_600);
    assert_eq!(writer.send(&Filled::new(&writer.ticket().await)).await.status, 200);
}

#[tokio::test]
async fn other_sites_send_nothing_here_and_a_letter_that_is_not_public_is_not_published() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let foreign = app.client.post(format!("{}/write", app.address)).header("sec-fetch-site", "cross-site").body("x");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let no_form = app.client.post(format!("{}/write", app.address)).header("content-type", "text/plain").body("x");
    assert_eq!(no_form.send().await.unwrap().status(), 415);
    let broken = app.client.post(format!("{}/write", app.address));
    let broken = broken.header("content-type", "multipart/form-data; boundary=b").body("--b\r\ncontent-disp");
    assert_eq!(broken.send().await.unwrap().status(), 400);

    let page = writer.send(&Filled::new(&writer.ticket().await).with("confidential", "yes")).await;
    let item = item(&app, &page.receipt().0).await["id"].as_str().unwrap().to_owned();
    super::lookup::answer(&app, &item).await;
    let made = "mutation { createPublication(month: \"2026-10\") { publication { id } } }";
    let issue = app.ok("publisher", made, json!({})).await["createPublication"]["publication"]["id"].clone();
    let add = format!(
        "mutation {{ it: addEntry(publication: {issue}, item: \"{item}\", text: {{ question: \"问\", answer: \"答\" }}) \
         {{ status userErrors {{ code }} }} }}"
    );
    let refused = app.ok("publisher", &add, json!({})).await["it"].clone();
    assert_eq!(refused["userErrors"][0]["code"], "asked_not_public", "{refused}");
}
