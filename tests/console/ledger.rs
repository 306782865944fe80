//! The auditor's page: the ledger verified, and read entry by entry.

use std::time::Duration;

use huiyin::store::db::statements_run;

use super::browser::{Browser, Page};
use crate::support::app::{Letter, TestApp};

/// Starts a verification and opens the page as its refresh does, until it has ended.
async fn verified(browser: &mut Browser<'_>, root: &str) -> Page {
    let page = browser.post("/desk/ledger/verify", &[("root", root)]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/ledger"), "{}", page.body);
    for _ in 0..600 {
        let page = browser.get("/desk/ledger").await;
        if !page.body.contains("http-equiv=\"refresh\"") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the verification does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_verified_from_its_page() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let mut browser = Browser::of(&app, "auditor").await;
    assert!(browser.get("/desk/ledger").await.body.contains("尚未校验过"));
    let page = verified(&mut browser, "").await;
    assert!(page.body.contains("校验至 #") && page.body.contains("审计管理员甲"), "{}", page.body);
    let root = page.body.split("凭据 <code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    app.clock.advance(60);
    assert!(verified(&mut browser, &root).await.body.contains("校验至 #"));

    let page = browser.post("/desk/ledger/verify", &[("root", "<script>x")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("f-root-wrong") && page.body.contains("value=\"&lt;script&gt;x\""), "{}", page.body);
    app.clock.advance(60);
    let foreign = format!("{}:{}", root.split(':').next().unwrap(), "0".repeat(64));
    let page = verified(&mut browser, &foreign).await;
    assert!(page.body.contains("校验不符，发现 1 处") && page.body.contains("class=\"findings\""), "{}", page.body);
}

#[tokio::test]
async fn entries_are_paged_and_filtered_by_address() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "auditor").await;
    let before = statements_run();
    assert_eq!(browser.get("/desk/ledger?from=1").await.status, 200);
    let few = statements_run() - before;
    app.import(&(1..=60).map(Letter::new).collect::<Vec<_>>()).await;
    let before = statements_run();
    let page = browser.get("/desk/ledger?from=1").await;
    assert_eq!(statements_run() - before, few);
    assert!(page.body.contains("本页 50 条") && page.body.contains("/desk/ledger?from=51"), "{}", page.body);
    let page = browser.get("/desk/ledger").await;
    assert!(page.body.contains("更早的") && !page.body.contains("更新的"));
    let subject = page.body.split("/desk/ledger?subject=").nth(1).unwrap().split('"').next().unwrap();
    let page = browser.get(&format!("/desk/ledger?subject={subject}")).await;
    let titles = page.body.matches(&format!("title=\"{subject}\"")).count();
    assert!(titles > 0 && titles == page.body.matches("<td class=\"num\"").count(), "{}", page.body);
    assert!(browser.get("/desk/ledger?subject=item:none").await.body.contains("没有这样的账目"));
    assert_eq!(browser.get("/desk/ledger?from=abc").await.status, 400);
    assert!(browser.get("/desk/ledger?from=999999999999").await.body.contains("没有这样的账目"));
}
