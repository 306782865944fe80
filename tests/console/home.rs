//! The home of each role.

use huiyin::store::db::statements_run;

use super::browser::Browser;
use crate::support::app::{Letter, TestApp};
use crate::support::work::work;

/// Every figure of a page: the address it opens and the number it shows.
fn figures(page: &str) -> Vec<(String, String)> {
    let figure = |part: &str| {
        let (address, rest) = part.split_once("href=\"")?.1.split_once("\">")?;
        Some((address.replace("&amp;", "&"), rest.split('<').next()?.to_owned()))
    };
    page.split("<a class=\"figure").skip(1).map(|part| figure(part).unwrap()).collect()
}

#[tokio::test]
async fn every_number_opens_its_list() {
    let app = TestApp::start().await;
    work(&app).await;
    let mut seen = 0;
    for viewer in ["office", "handler", "stranger", "head", "checker", "leader", "publisher"] {
        let mut browser = Browser::of(&app, viewer).await;
        let page = browser.get("/desk").await;
        assert_eq!(page.status, 200, "{viewer}");
        let mut figures = figures(&page.body);
        figures.sort();
        figures.dedup();
        for (address, number) in &figures {
            let list = browser.get(address).await;
            assert_eq!(list.status, 200, "{viewer} {address}");
            let told =
                if number == "0" { "没有符合条件的来件".to_owned() } else { format!("，共 {number} 件") };
            assert!(list.body.contains(&told), "{viewer} {address} {number}: {}", list.body);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[tokio::test]
async fn the_office_reads_its_report_and_others_their_work() {
    let app = TestApp::start().await;
    work(&app).await;
    let home = async |viewer: &str| Browser::of(&app, viewer).await.get("/desk").await.body;
    let office = home("office").await;
    for told in ["<h1>早报", "已超期", "规划科", "未派单位", "在谁手里", "data-print", "昨日来件"] {
        assert!(office.contains(told), "{told}: {office}");
    }
    let handler = home("handler").await;
    assert!(handler.contains("本单位在办") && handler.contains("最早来的先办"), "{handler}");
    assert!(!handler.contains("在谁手里") && !handler.contains("测绘科"), "{handler}");
    assert!(home("checker").await.contains("待二审"));
    let publisher = home("publisher").await;
    assert!(publisher.contains("热点咨询") && publisher.contains("各期"), "{publisher}");
    for (admin, told) in [("sysadmin", "系统管理员"), ("secadmin", "安全管理员"), ("auditor", "审计管理员")]
    {
        let page = home(admin).await;
        assert!(page.contains(told) && !page.contains("在办") && !page.contains("data-live"), "{page}");
    }
}

#[tokio::test]
async fn news_are_followed_from_before_the_page_was_read() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let head = app.service.ledger_position().await.unwrap();
    for path in ["/desk", "/desk/items"] {
        let page = browser.get(path).await;
        assert!(page.body.contains(&format!("data-live=\"/desk/live?since={head}\"")), "{path}: {}", page.body);
        assert!(
            page.body.contains("data-news=\"#") && page.body.contains("<tr data-number=\"1\">") == (path != "/desk")
        );
    }
    // An item's page tells of its own item only.
    let item = app.ok("office", "{ itemByNumber(number: 1) { revision } }", serde_json::json!({})).await;
    let page = browser.get("/desk/items/1").await;
    let bar = format!("data-item=\"1\" data-revision=\"{}\" hidden", item["itemByNumber"]["revision"]);
    assert!(page.body.contains(&bar) && page.body.contains("data-live="), "{}", page.body);
}

#[tokio::test]
async fn a_page_costs_the_same_however_much_there_is() {
    let app = TestApp::start().await;
    let mut costs = Vec::new();
    for letters in [1..=3, 4..=120] {
        let letters: Vec<Letter> = letters.map(Letter::new).collect();
        app.import(&letters).await;
        let mut cost = Vec::new();
        for viewer in ["office", "handler", "checker", "publisher", "auditor"] {
            let mut browser = Browser::of(&app, viewer).await;
            for path in ["/desk", "/desk/items", "/desk/items?q=%E9%87%87%E5%85%89", "/desk/items?open=yes&order=due"] {
                let before = statements_run();
                let page = browser.get(path).await;
                cost.push((viewer, path, page.status, statements_run() - before));
            }
        }
        costs.push(cost);
    }
    for ((viewer, path, status, few), (.., other, many)) in costs[0].iter().zip(&costs[1]) {
        assert_eq!(status, other, "{viewer} {path}");
        // What is asked for at the same moment is asked for in one statement or in two, as the moment has it.
        assert!(few.abs_diff(*many) <= 2, "{viewer} {path}: {few} {many}");
    }
    let most = |path: &str| if path == "/desk" { 19 } else { 30 };
    assert!(costs[0].iter().all(|(_, path, _, statements)| *statements <= most(path)), "{costs:?}");
}
