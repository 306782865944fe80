//! Hostile texts in every field of every message, uploaded and crawled, and in the names of files: on no page does one run,
//! become markup, or break the layout.

use std::path::Path;

use serde_json::{Value, json};

use super::crawl::Crawl;
use super::hostile_site::{HostileSite, SOURCE};
use super::pages::VISITOR;
use crate::support::browser::{Browser, Width};
use crate::support::demo::{Demo, PASSWORD};

/// What an attacker, or a careless citizen, writes. A script among them sets `window.hostile`; markup has that class; a
/// template would make 6713.
const TEXTS: [&str; 14] = [
    "<script>window.hostile = 1</script>",
    "</title></textarea></script><img class=hostile src=x onerror=\"window.hostile=1\">",
    "\"><svg class=hostile onload=window.hostile=1>",
    "' autofocus onfocus='window.hostile=1' x='",
    "<a class=hostile href=\"javascript:window.hostile=1\">点我</a>",
    "javascript:window.hostile=1",
    "{{ 7*7*137 }}{% include \"portal/base.html\" %}${7*7*137}",
    "<!--<style class=hostile>*{display:none}</style>-->]]><b class=hostile>",
    "&lt;img class=hostile src=x onerror=window.hostile=1&gt;",
    "\u{202e}反着写的字\u{202e}",
    "零\u{200b}宽\u{200d}连\u{feff}接\u{2060}符",
    "🏚️👩‍👩‍👧‍👦🇨🇳 表情",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a} 叠字",
    "控\u{1}制\u{8}字\u{1b}[31m符\u{7f}",
];

/// A file name may hold all but a slash.
const FILE_NAME: &str = "\"><img class=hostile src=x onerror=window.hostile=1>{{ 7*7*137 }}\u{202e}.csv";

/// A month of which the demonstration has no issue.
const MONTH: &str = "2026-08";

/// The texts, and those with markup once more as a web form escapes them: intake takes markup away and escapes back.
fn texts() -> Vec<String> {
    let escaped = TEXTS.iter().filter(|text| text.contains('<'));
    let escaped = escaped.map(|text| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    TEXTS.iter().map(|text| (*text).to_owned()).chain(escaped).collect()
}

/// Longer than any line: a word without a place to break it.
fn endless(chars: usize) -> String {
    "Qingxi2026".repeat(chars / 10)
}

/// A file of letters of the mailbox with a hostile text in every field; in the last row also where a date belongs.
fn letters(path: &Path) -> usize {
    let mut file = csv::Writer::from_path(path).unwrap();
    file.write_record([
        "信件编号",
        "来信人",
        "联系电话",
        "信件类型",
        "来信主题",
        "来信内容",
        "来信时间",
        "回复单位",
        "回复内容",
        "回复时间",
    ])
    .unwrap();
    let (day, answered) = ("2026-11-06 10:00:00", "2026-11-09 10:00:00");
    for (number, text) in texts().iter().enumerate() {
        let key = format!("{number}{text}").chars().take(64).collect::<String>();
        let kind = text.chars().take(20).collect::<String>();
        let (title, body) = (format!("{text} 标题{number}"), format!("{text}\n第{number}件\n{text}"));
        let reply = format!("{text} 答复{number}");
        let author = text.chars().take(100).collect::<String>();
        file.write_record([&key, &author, &author, &kind, &title, &body, day, text, &reply, answered]).unwrap();
    }
    let (word, long) = (endless(90), endless(10_000));
    file.write_record(["endless", &word, &word, "咨询", &endless(490), &long, day, &word, &long, answered]).unwrap();
    file.write_record([TEXTS[0], TEXTS[1], "", "", TEXTS[0], TEXTS[1], TEXTS[0], "", "", TEXTS[1]]).unwrap();
    file.flush().unwrap();
    texts().len() + 1
}

/// Orders of the hotline with a hostile text in each of the fields that only they have.
fn orders(path: &Path) -> usize {
    let mut file = csv::Writer::from_path(path).unwrap();
    file.write_record(["主单号", "诉求人", "来电号码", "诉求内容", "具体地址", "事件发生地", "备注"]).unwrap();
    for (number, text) in texts().iter().enumerate() {
        let body = format!("{text} 第{number}单");
        let key = format!("D{number}");
        file.write_record([&key, text, text, &body, text, text, text]).unwrap();
    }
    file.flush().unwrap();
    texts().len()
}

/// Publishes an entry with hostile words for each of the letters, in an issue of their own.
async fn publish(demo: &Demo) -> usize {
    let publisher = demo.token("publisher").await;
    let (checker, leader) = (demo.token("review2").await, demo.token("review3").await);
    let letters = "{ items(filter: { sources: [\"mailbox\"], askedFrom: \"2026-11-06T00:00:00+08:00\", \
                   askedTo: \"2026-11-07T00:00:00+08:00\" }, first: 100) { edges { node { id title } } } }";
    let letters = demo.send(Some(&publisher), letters, Value::Null).await["items"]["edges"].clone();
    let fields = "status userErrors { code message } publication { id } entry { id version }";
    let act = async |token: &str, call: &str, text: Value| {
        let declared = if text.is_null() { "" } else { "($text: EntryTextInput!)" };
        let query = format!("mutation{declared} {{ it: {call} {{ {fields} }} }}");
        let done = demo.send(Some(token), &query, json!({ "text": text })).await["it"].clone();
        assert_eq!(done["status"], "OK", "{call}: {done}");
        done
    };
    let issue =
        act(&publisher, &format!("createPublication(month: \"{MONTH}\")"), Value::Null).await["publication"]["id"]
            .clone();
    let titles = letters.to_string();
    assert!(titles.contains("<script>window.hostile"), "markup came through intake as text: {titles}");
    let mut published = 0;
    let hostile: Vec<&Value> =
        letters.as_array().unwrap().iter().map(|edge| &edge["node"]).filter(|item| is_hostile(item)).collect();
    for (item, text) in hostile.iter().zip(texts().into_iter().chain([format!("{}\n{}", endless(400), endless(9_000))]))
    {
        let words = json!({ "question": text, "answer": format!("{text}\n\n{text}"), "basis": text });
        let add = format!("addEntry(publication: {issue}, item: {}, text: $text)", item["id"]);
        let entry = act(&publisher, &add, words).await["entry"]["id"].clone();
        for (token, step) in [(&publisher, "deidentifyEntry"), (&checker, "checkEntry"), (&leader, "approveEntry")] {
            let step = format!("{step}(publication: {issue}, entry: {entry}, version: 1)");
            act(token, &step, Value::Null).await;
        }
        published += 1;
    }
    act(&publisher, &format!("publish(publication: {issue})"), Value::Null).await;
    published
}

fn is_hostile(item: &Value) -> bool {
    let title = item["title"].as_str().unwrap_or_default();
    title.contains("标题") || title.contains("Qingxi2026")
}

/// The demonstration with the hostile texts in its items, its held rows and an issue, and the site that some came from.
async fn hostile_demo() -> (Demo, HostileSite) {
    let site = HostileSite::start(&texts()).await;
    let demo = Demo::start_with(&[site.source()]);
    let office = demo.token("office").await;
    demo.wait_for_pulls(&office, SOURCE, 1).await;
    let query = format!("{{ source(id: \"{SOURCE}\") {{ statement {{ stated accepted held balanced }} }} }}");
    let read = demo.send(Some(&office), &query, Value::Null).await["source"]["statement"].clone();
    let (all, taken) = (texts().len() + 1, texts().len());
    assert_eq!(read, json!({ "stated": all, "accepted": taken, "held": 1, "balanced": true }));
    let file = demo.path(FILE_NAME);
    let written = letters(&file);
    let counts = demo.import("mailbox", &file);
    assert_eq!((counts.accepted as usize, counts.held, counts.adds_up()), (written, 1, true), "{counts:?}");
    let file = demo.path("orders.csv");
    let written = orders(&file);
    assert_eq!(demo.import("hotline-city", &file).accepted as usize, written);
    assert_eq!(publish(&demo).await, texts().len() + 1);
    (demo, site)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_texts_stay_texts() {
    let (demo, _site) = hostile_demo().await;
    let Some(browser) = Browser::start(&demo.address) else { return };
    let month = format!("/hot/{MONTH}");
    let page = browser.page(Width::Desk).await;
    page.open("/hot/%3Cimg%20class=hostile%20src=x%20onerror=window.hostile=1%3E").await;
    assert_eq!((page.status(), page.foreign().await), (404, Vec::new()));
    page.open(&month).await;
    for text in [TEXTS[1], TEXTS[6]] {
        assert!(page.has_text(text).await, "as it was written: {text}");
    }
    Crawl { demo: &demo, browser: &browser, viewer: VISITOR, starts: &[month], pictures: "hostile-" }.run().await;
}

/// The addresses of the items that hostile files brought, newest first.
async fn hostile_items(demo: &Demo, token: &str) -> Vec<String> {
    let query = "{ mailbox: items(filter: { sources: [\"mailbox\"], askedFrom: \"2026-11-06T00:00:00+08:00\", \
                 askedTo: \"2026-11-07T00:00:00+08:00\" }, first: 100) { edges { node { number title } } } \
                 orders: items(filter: { sources: [\"hotline-city\"] }, order: ASKED_NEWEST, first: 30) { \
                 edges { node { number title } } } \
                 crawled: items(filter: { sources: [\"hostile-site\"] }, first: 100) { edges { node { number title } } } }";
    let found = demo.send(Some(token), query, Value::Null).await;
    let edges = |alias: &str| found[alias]["edges"].as_array().unwrap().clone();
    let letters = edges("mailbox").into_iter().filter(|edge| is_hostile(&edge["node"]));
    let orders = edges("orders").into_iter().take(texts().len());
    letters
        .chain(orders)
        .chain(edges("crawled"))
        .map(|edge| format!("/desk/items/{}", edge["node"]["number"]))
        .collect()
}

/// Opens pages on both screens; what is wrong there.
async fn wrong_on(browser: &Browser, login: &str, addresses: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in Width::ALL {
        let page = browser.page(width).await;
        page.sign_in(login, PASSWORD).await;
        for address in addresses {
            let status = page.open(address).await;
            let mut found = page.overflows().await;
            found.extend(page.foreign().await);
            found.extend(page.troubles());
            if status != 200 {
                found.push(format!("status {status}"));
            }
            wrong.extend(found.iter().map(|what| format!("{address} ({}): {what}", width.name())));
        }
    }
    wrong
}

/// Tries the hostile site out: what it sent is shown as it was sent, beside what was read out of it.
async fn wrong_when_tried(browser: &Browser) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in Width::ALL {
        let page = browser.page(width).await;
        page.sign_in("office", PASSWORD).await;
        page.open(&format!("/desk/sources/{SOURCE}/preview")).await;
        assert_eq!(page.follow("试读一页").await, 200);
        assert!(page.has_text(TEXTS[6]).await, "as it was sent: {}", page.text("main").await);
        page.screenshot("hostile-office-source-tried").await;
        let mut found = page.overflows().await;
        found.extend(page.foreign().await);
        found.extend(page.troubles());
        wrong.extend(found.iter().map(|what| format!("trying it out ({}): {what}", width.name())));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_texts_stay_texts_at_the_desk() {
    let (demo, _site) = hostile_demo().await;
    let Some(browser) = Browser::start(&demo.address) else { return };
    let office = demo.token("office").await;
    let content = std::fs::read_to_string(demo.path(FILE_NAME)).unwrap();
    // A form's part cannot have a quotation mark in its name.
    let upload = demo.upload(&office, &FILE_NAME.replace('"', ""), &content).await;
    let items = hostile_items(&demo, &office).await;
    assert!(items.len() > 3 * texts().len(), "letters, orders and what was crawled: {}", items.len());
    let search = |text: &&str| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        format!("/desk/items?{query}")
    };
    let searches: Vec<String> = TEXTS.iter().map(search).collect();
    let mut starts = vec![upload, "/desk/items?source=mailbox&order=newest".to_owned(), "/desk/held?all=on".to_owned()];
    starts.extend([searches[0].clone(), items[0].clone(), items[1].clone(), items[items.len() - 1].clone()]);
    starts.push(format!("/desk/sources/{SOURCE}"));
    Crawl { demo: &demo, browser: &browser, viewer: "office", starts: &starts, pictures: "hostile-" }.run().await;

    let mut wrong = wrong_on(&browser, "office", &[items, searches].concat()).await;
    wrong.extend(wrong_when_tried(&browser).await);
    let page = browser.page(Width::Desk).await;
    page.sign_in("publisher", PASSWORD).await;
    page.open(&format!("/desk/issues/{MONTH}")).await;
    let mut entries: Vec<String> =
        page.links().await.into_iter().filter(|link| link.contains(&format!("{MONTH}/"))).collect();
    assert!(entries.len() > texts().len(), "{entries:?}");
    entries.push(format!("/desk/issues/{MONTH}/add?all=on"));
    wrong.extend(wrong_on(&browser, "publisher", &entries).await);
    assert!(wrong.is_empty(), "{} things wrong:\n  {}", wrong.len(), wrong.join("\n  "));
}
