//! The pages of sources and pulls: what came, what is there of it, and what is done about an alarm.

use huiyin::store::db::statements_run;
use huiyin::store::schedule::{self, ScheduleRow};

use super::browser::{Browser, Page};
use crate::support::app::{Letter, TestApp};
use crate::support::stores::run_raw;
use crate::support::world::World;

/// A day in seconds.
const DAY: i64 = 86_400;

/// The board is read by plan.
async fn plan(app: &TestApp) {
    let now = app.service.now();
    let row = ScheduleRow {
        source_id: "board".to_owned(),
        enabled: true,
        since: now.as_micros(),
        head_every: Some(600),
        sweep_every: Some(DAY),
        expect_every: Some(DAY),
        head_due_at: Some(now.as_micros()),
        sweep_due_at: None,
        head_done_at: None,
        sweep_done_at: None,
        new_at: None,
        failures: 0,
        blocked_until: None,
        blocked_code: String::new(),
    };
    let mut tx = app.service.store().begin(&World::permit()).await.unwrap();
    schedule::insert(&mut tx, row).await.unwrap();
    tx.commit(now).await.unwrap();
}

/// Three letters and a row that is held came on the first day; it is the next morning.
async fn worked() -> TestApp {
    let app = TestApp::start().await;
    let held = Letter { asked_at: "某天".to_owned(), ..Letter::new(4) };
    app.import(&[Letter::new(1), Letter::new(2), Letter::new(3), held]).await;
    app.clock.advance(DAY);
    app
}

/// The first address on a page that begins so.
fn link(page: &Page, start: &str) -> String {
    let (_, rest) =
        page.body.split_once(&format!("href=\"{start}")).unwrap_or_else(|| panic!("no {start}: {}", page.body));
    format!("{start}{}", rest.split('"').next().unwrap()).replace("&amp;", "&")
}

fn has(page: &Page, told: &[&str]) {
    for told in told {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
}

#[tokio::test]
async fn a_day_is_shown_as_it_adds_up() {
    let app = worked().await;
    let mut browser = Browser::of(&app, "office").await;
    let page = browser.get("/desk/sources").await;
    has(
        &page,
        &["昨日来件 <strong>4</strong>", "<strong>4/4</strong>", "✓ 账平", "/desk/sources/board?day=2026-10-09"],
    );
    assert!(!page.body.contains("处差异"), "{}", page.body);
    let page = browser.get("/desk/sources?day=2026-10-10").await;
    has(&page, &["今日来件 <strong>0</strong>", "这一天还没有过完"]);
    assert!(!page.body.contains("后一天"), "{}", page.body);
    has(&page, &["data-label=\"本月\""]);
    let page = browser.get("/desk/sources?day=2026-09-30").await;
    has(&page, &["data-label=\"2026年9月\""]);
    assert!(!page.body.contains("本月"), "{}", page.body);
    assert_eq!(browser.get("/desk/sources?day=yesterday").await.status, 400);
    assert_eq!(browser.get("/desk/sources?day=1066-01-01").await.status, 400);

    // A row that somebody deletes behind the program's back is named, with a way to the source's day.
    run_raw(app.service.store(), "DELETE FROM hold").await;
    let page = browser.get("/desk/sources").await;
    has(&page, &["<strong>3/4</strong>", "✗ 1 处差异", "待修复行不见了"]);
    let pull = link(&page, "/desk/pulls/");
    has(&browser.get(&pull).await, &["对账单", "应有 <strong>4</strong>", "青禾路第1号楼的采光"]);
    let page = browser.get("/desk/sources/board?day=2026-10-09").await;
    has(&page, &["<strong>3/4</strong>", "待修复行不见了", "10月9日 周五的批次", &pull]);

    // What the nightly check found stands on the first page, alarm and all.
    assert!(app.service.check_days().await.unwrap() > 0);
    let page = browser.get("/desk").await;
    has(&page, &["昨日来件 <strong>4</strong>", ">3/4</a>", "✗ 1 处差异", "待修复行丢失"]);
    has(&Browser::of(&app, "sysadmin").await.get("/desk").await, &[">3/4</a>", "待修复行丢失"]);
    let page = Browser::of(&app, "handler").await.get("/desk").await;
    assert!(!page.body.contains("对账"), "{}", page.body);
}

#[tokio::test]
async fn a_source_is_shown_with_its_month_and_its_pulls() {
    let app = worked().await;
    app.import(&[Letter::new(1), Letter::new(5)]).await;
    let mut browser = Browser::of(&app, "office").await;
    let page = browser.get("/desk/sources/board").await;
    has(&page, &["没有告警", "本月逐日对账", "10月9日 周五", "10月10日 周六", "最近的批次", "随程序附带"]);
    let rows = page.body.matches("<td class=\"num\" data-label=\"应有\">").count();
    assert_eq!(rows, 4, "two days and two pulls: {}", page.body);
    let page = browser.get("/desk/sources/board?day=2026-10-10").await;
    assert_eq!(page.body.matches("<td class=\"num\" data-label=\"实见\">").count(), 1, "{}", page.body);
    let page = browser.get("/desk/sources/board?month=2026-09").await;
    has(&page, &["2026-09 逐日对账", "这个月没有采集过", "month=2026-10"]);
    assert_eq!(browser.get("/desk/sources/nothing").await.status, 404);
    assert_eq!(browser.get("/desk/sources/board?month=10").await.status, 400);
    assert_eq!(browser.get("/desk/pulls/01980000-0000-7000-8000-000000000000").await.status, 404);
    let pull = link(&browser.get("/desk/sources/board").await, "/desk/pulls/");
    let page = browser.get(&pull).await;
    has(&page, &["新收的件", "青禾路第5号楼的采光", "账平"]);
    assert!(!page.body.contains("青禾路第1号楼"), "it was there before: {}", page.body);
    // Whoever may not see items sees the counts and no more.
    let page = Browser::of(&app, "sysadmin").await.get(&pull).await;
    assert!(page.body.contains("账平") && !page.body.contains("青禾路"), "{}", page.body);
}

#[tokio::test]
async fn an_alarm_is_settled_with_what_was_done_about_it() {
    let app = worked().await;
    plan(&app).await;
    app.clock.advance(DAY + 1);
    assert_eq!(app.service.note_freshness().await.unwrap(), 2);
    let mut browser = Browser::of(&app, "office").await;
    has(&browser.get("/desk").await, &["久无新件", "久未采集"]);
    let page = browser.get("/desk/sources").await;
    has(&page, &["久无新件", "久未采集", "/desk/sources/board#alarms"]);
    let page = browser.get("/desk/sources/board").await;
    has(&page, &["2 条未解除", "每 10 分钟", "1 天内应有新件"]);
    let alarm = page.body.split("name=\"alarm\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let settle = [("act", "settle"), ("alarm", alarm.as_str())];
    let page = browser.post("/desk/sources/board", &[settle.as_slice(), &[("reason", " ")]].concat()).await;
    assert_eq!(page.status, 422);
    has(&page, &["请写明查到了什么"]);
    assert!(page.unfolds("请写明查到了什么"), "{}", page.body);
    let reason = [("reason", "已与源平台<b>核对</b>")];
    let page = browser.post("/desk/sources/board", &[settle.as_slice(), &reason].concat()).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/sources/board"), "{}", page.body);
    let page = browser.get("/desk/sources/board").await;
    has(&page, &["告警已解除", "1 条未解除"]);
    let page = browser.post("/desk/sources/board", &[settle.as_slice(), &reason].concat()).await;
    assert_eq!(page.status, 422, "once only");
    has(&page, &["这条告警已经解除"]);
}

#[tokio::test]
async fn what_cannot_be_read_over_the_network_says_so() {
    let app = worked().await;
    let mut browser = Browser::of(&app, "office").await;
    for (act, told) in [("pull", "请上传导出的文件"), ("on", "没有采集计划")] {
        let page = browser.post("/desk/sources/board", &[("act", act)]).await;
        assert_eq!(page.status, 422, "{act}");
        has(&page, &[told]);
    }
    assert_eq!(browser.post("/desk/sources/board", &[("act", "burn")]).await.status, 400);
    for login in ["handler", "auditor"] {
        let page = Browser::of(&app, login).await.post("/desk/sources/board", &[("act", "pull")]).await;
        assert_eq!(page.status, 403, "{login}");
    }
}

#[tokio::test]
async fn a_source_that_is_crawled_is_switched_on_and_read() {
    let app = worked().await;
    let mut browser = Browser::of(&app, "sysadmin").await;
    // One that comes with the program has a page once it is switched on.
    assert_eq!(browser.get("/desk/sources/mailbox-vsb").await.status, 404);
    let page = browser.post("/desk/sources/mailbox-vsb", &[("act", "on"), ("from", "list")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/sources"), "{}", page.body);
    let page = browser.get("/desk/sources").await;
    has(&page, &["已启用", "aria-label=\"全量核对 ", "aria-label=\"立即采集 "]);
    assert!(!page.body.contains("aria-label=\"停用 "), "not in passing: {}", page.body);
    has(&browser.get("/desk/sources/mailbox-vsb").await, &["aria-label=\"停用 "]);
    let page = browser.post("/desk/sources/mailbox-vsb", &[("act", "sweep")]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let page = browser.get("/desk/sources/mailbox-vsb").await;
    has(&page, &["已排队全量核对", "全量采集", "等待", "www.example.gov.cn"]);
    let page = browser.post("/desk/sources/mailbox-vsb", &[("act", "off")]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    has(&browser.get("/desk/sources/mailbox-vsb").await, &["已停用"]);
}

#[tokio::test]
async fn the_pages_cost_the_same_however_much_there_is() {
    let app = TestApp::start().await;
    let mut costs = Vec::new();
    for letters in [1..=3, 4..=120] {
        app.import(&letters.map(Letter::new).collect::<Vec<_>>()).await;
        app.clock.advance(1);
        let mut cost = Vec::new();
        for login in ["office", "sysadmin"] {
            let mut browser = Browser::of(&app, login).await;
            let pull = link(&browser.get("/desk/sources/board").await, "/desk/pulls/");
            for path in ["/desk/sources?day=2026-10-09", "/desk/sources", "/desk/sources/board?day=2026-10-09", &pull] {
                let before = statements_run();
                let page = browser.get(path).await;
                assert_eq!(page.status, 200, "{path}");
                cost.push((path.split('/').nth(2).unwrap().to_owned(), statements_run() - before));
            }
        }
        costs.push(cost);
    }
    for ((page, few), (_, many)) in costs[0].iter().zip(&costs[1]) {
        assert!(few.abs_diff(*many) <= 4, "{page}: {few} {many}");
        assert!(*few <= 60, "{costs:?}");
    }
}

#[tokio::test]
async fn trying_a_source_out_is_for_the_office_and_says_what_is_wrong() {
    let app = worked().await;
    let mut browser = Browser::of(&app, "office").await;
    has(&browser.get("/desk/sources/board/preview").await, &["这个渠道不从网上读"]);
    let page = browser.post("/desk/sources/board/preview", &[]).await;
    assert_eq!(page.status, 422);
    has(&page, &["不能自动采集"]);
    assert_eq!(browser.get("/desk/sources/nothing/preview").await.status, 404);
    let page = Browser::of(&app, "sysadmin").await.post("/desk/sources/board/preview", &[]).await;
    assert_eq!(page.status, 403, "the rows are what citizens wrote");
}

#[tokio::test]
async fn a_source_that_is_read_shows_it_without_being_asked_again() {
    let app = worked().await;
    let mut browser = Browser::of(&app, "office").await;
    assert_eq!(browser.post("/desk/sources/mailbox-vsb", &[("act", "on")]).await.status, 303);
    let follows = |page: &Page| page.body.contains("hx-get=\"/desk/sources/mailbox-vsb");
    assert!(!follows(&browser.get("/desk/sources/mailbox-vsb").await), "nobody has asked");
    assert_eq!(browser.post("/desk/sources/mailbox-vsb", &[("act", "pull")]).await.status, 303);
    let page = browser.get("/desk/sources/mailbox-vsb?month=2026-09").await;
    assert!(follows(&page), "{}", page.body);
    has(&page, &["hx-get=\"/desk/sources/mailbox-vsb?month=2026-09\"", "http-equiv=\"refresh\""]);
}

#[tokio::test]
async fn boxes_for_letters_are_opened_and_closed() {
    let app = worked().await;
    let mut browser = Browser::of(&app, "sysadmin").await;
    has(
        &browser.get("/desk/sources").await,
        &["网上写信", "aria-label=\"关闭 领导信箱\"", "aria-label=\"关闭 网上咨询\""],
    );
    let close = [("act", "close"), ("from", "list")];
    let page = browser.post("/desk/sources/form", &close).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/desk/sources"), "{}", page.body);
    has(&browser.get("/desk/sources").await, &["已关闭，写信页上不再有它", "aria-label=\"开放 领导信箱\""]);
    // It has a page of its own now, with the same switch.
    has(&browser.get("/desk/sources/form").await, &["写信页", "aria-label=\"开放 领导信箱\""]);
    assert_eq!(browser.post("/desk/sources/form", &[("act", "open")]).await.status, 303);
    has(&browser.get("/desk/sources/form").await, &["已开放", "aria-label=\"关闭 领导信箱\""]);
}
