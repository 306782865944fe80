//! The list of items.

use super::browser::Browser;
use crate::support::app::{Letter, TestApp};

#[tokio::test]
async fn the_list_is_paged_by_its_addresses() {
    let app = TestApp::start().await;
    let letters: Vec<Letter> = (1..=120).map(Letter::new).collect();
    app.import(&letters).await;
    let mut browser = Browser::of(&app, "office").await;
    let mut path = "/desk/items?stage=received&order=oldest".to_owned();
    let mut seen = Vec::new();
    for rows in [50, 50, 20] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains(&format!("本页 {rows} 件，共 120 件")), "{path}");
        let numbers =
            page.body.split("<td class=\"num\" data-label=\"件\">").skip(1).map(|part| part.split('<').next().unwrap());
        seen.extend(numbers.map(|number| number.parse::<i64>().unwrap()));
        let next = page.body.split("href=\"").map(|part| part.split('"').next().unwrap());
        let next = next.filter(|href| href.contains("after=")).map(|href| href.replace("&amp;", "&")).next();
        assert_eq!(next.is_some(), rows == 50, "{path}");
        path = next.unwrap_or_default();
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=120).collect::<Vec<i64>>());
}

#[tokio::test]
async fn filters_restrict_and_say_so() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2), Letter::answered(3)]).await;
    let item = app.item(1).await;
    let unit = app.unit("planning");
    let bare = unit.strip_prefix("unit:").unwrap();
    let call = format!("assignItem(item: \"{item}\", expectedRevision: 1, lead: \"{unit}\")");
    let assigned = app.act("office", &call).await;
    assert_eq!(assigned["status"], "OK", "{assigned:#}");
    let mut browser = Browser::of(&app, "office").await;
    for (path, rows) in [
        ("/desk/items".to_owned(), 3),
        ("/desk/items?stage=dispatched".to_owned(), 1),
        (format!("/desk/items?unit={bare}"), 1),
        ("/desk/items?stage=received&stage=dispatched".to_owned(), 2),
    ] {
        let page = browser.get(&path).await;
        assert!(page.body.contains(&format!("共 {rows} 件")), "{path}");
        assert_eq!(page.body.matches("<td class=\"title\">").count(), rows, "{path}");
    }
    let page = browser.get("/desk/items?stage=archived").await;
    assert!(page.body.contains("没有符合条件的来件") && page.body.contains("清除条件"));
    let mut stranger = Browser::of(&app, "stranger").await;
    assert!(stranger.get("/desk/items").await.body.contains("还没有您能看到的来件"));
}

#[tokio::test]
async fn the_search_box_finds_marks_and_keeps_the_filter() {
    let app = TestApp::start().await;
    let letters: Vec<Letter> = (1..=60).map(Letter::new).collect();
    app.import(&letters).await;
    let mut browser = Browser::of(&app, "office").await;
    let page = browser.get("/desk/items?q=%E7%AC%AC17%E5%8F%B7&stage=received").await;
    assert!(
        page.body.contains("共 1 件") && page.body.contains("青禾路</bdi><bdi><mark>第17号</mark></bdi><bdi>楼的采光"),
        "{}",
        page.body
    );
    assert!(page.body.contains("value=\"第17号\"") && page.body.contains("相关度"));
    let page = browser.get("/desk/items?q=%E9%87%87%E5%85%89&order=oldest").await;
    assert!(page.body.contains("本页 50 件，共 60 件"));
    let next =
        page.body.split("href=\"").map(|part| part.split('"').next().unwrap()).find(|href| href.contains("after="));
    let next = next.unwrap().replace("&amp;", "&");
    assert!(next.contains("q=%E9%87%87%E5%85%89") && next.contains("order=oldest"), "{next}");
    assert!(browser.get(&next).await.body.contains("本页 10 件，共 60 件"));
    assert!(browser.get("/desk/items?q=%E6%B2%A1%E6%9C%89").await.body.contains("没有符合条件的来件"));
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_never_dropped() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    for query in ["stage=nothing", "order=x", "after=zz", "unit=planning", "stage=received&stage=%3Cscript%3E"] {
        let page = browser.get(&format!("/desk/items?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        assert!(page.body.contains("错误编号：") && !page.body.contains("<script>"), "{query}");
        assert!(page.body.contains("aria-label=\"目录\""), "{query} leaves the way out");
    }
}

#[tokio::test]
async fn htmx_gets_the_main_part_only() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let part = browser.get_with("/desk/items", &[("hx-request", "true")]).await;
    assert!(part.body.contains("<title>来件 · 回音</title>") && part.body.contains("id=\"list\""));
    assert!(!part.body.contains("<html") && !part.body.contains("data-go="));
    let back = browser.get_with("/desk/items", &[("hx-request", "true"), ("hx-history-restore-request", "true")]).await;
    assert!(back.body.contains("<html"));
}

#[tokio::test]
async fn what_citizens_write_is_text() {
    let app = TestApp::start().await;
    // Tags are dropped when a message comes in; what is written as entities becomes markup of the title.
    let hostile = "&lt;script&gt;alert(1)&lt;/script&gt;\"\"'><img src=x onerror=alert(2)>{{ 7*7 }}";
    let mut letter = Letter::new(1);
    letter.title = format!("\"{hostile}\"");
    app.import(&[letter]).await;
    let title = app.ok("office", "{ itemByNumber(number: 1) { title } }", serde_json::json!({})).await;
    assert_eq!(title["itemByNumber"]["title"], "<script>alert(1)</script>\"'>{{ 7*7 }}");
    let page = Browser::of(&app, "office").await.get("/desk/items").await;
    let shown = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&gt;{{ 7*7 }}";
    assert_eq!(page.body.matches(shown).count(), 2, "as text and as the hint: {}", page.body);
    assert!(!page.body.contains("<script>alert"));
}
