//! Somebody writes in, at a desk and on a telephone (the pages have no script): what is wrong is told, the letter goes in, the receipt
//! opens its progress. Pictures of every station are left in `target/screenshots`.

use crate::support::browser::{Browser, Page, Width};
use crate::support::demo::Demo;

/// Holds a page against the rules and the width of its screen, and takes its picture.
async fn look(page: &Page, name: &str) {
    let mut wrong = page.overflows().await;
    wrong.extend(page.foreign().await);
    wrong.extend(page.axe().await.unwrap_or_default().iter().map(ToString::to_string));
    page.screenshot(name).await;
    assert_eq!(wrong, [""; 0], "{name} ({})", page.width().name());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_written_mended_received_and_followed() {
    let demo = Demo::start();
    let Some(browser) = Browser::start(&demo.address) else { return };
    let picture = demo.path("现场.png");
    std::fs::write(&picture, b"\x89PNG\r\n\x1A\n and so on").unwrap();
    for width in [Width::Desk, Width::Phone] {
        let page = browser.page(width).await;
        assert_eq!(page.open("/").await, 200);
        look(&page, "letter-home").await;
        assert_eq!(page.follow("a.primary").await, 200);
        page.check("#letterbox-1", true).await;
        page.fill("来信类型", "咨询").await;
        page.fill("标题", "青禾路的采光").await;
        page.fill("内容", "青禾路北侧要建高楼，审批时核算过采光吗？").await;
        page.fill("联系电话", "保密").await;
        page.upload("附件", &picture).await;
        assert_eq!(page.follow("提交").await, 422);
        assert!(page.has_text("已收到：现场.png").await);
        look(&page, "letter-wrong").await;
        assert_eq!(page.value("标题").await, "青禾路的采光");
        page.fill("姓名", "甲某").await;
        page.fill("联系电话", "138 0000 0000").await;
        page.check("#informed", true).await;
        // A hand that is quicker than three seconds is asked to press once more.
        while page.follow("提交").await == 422 {
            assert!(page.has_text("提交得太快了").await, "{}", page.text("main").await);
        }
        look(&page, "letter-receipt").await;
        let facts = page.texts(".slip dd").await;
        let [number, code] = facts.as_slice() else { panic!("{facts:?}") };
        assert_eq!(page.follow("查询办理进度").await, 200);
        page.fill("编号", number).await;
        page.fill("查询码", "0000-00000-0000").await;
        assert_eq!(page.follow("查询").await, 422);
        look(&page, "letter-unknown").await;
        page.fill("查询码", code).await;
        assert_eq!(page.follow("查询").await, 200);
        assert!(page.has_text("来信已经收到").await);
        look(&page, "letter-progress").await;
    }
    demo.verify();
}
