//! `/progress`: with number and code, and with nothing less.

use super::writer::{Filled, Writer};
use crate::support::app::{Letter, TestApp};

/// Takes an item through all its reviews to its release.
pub async fn answer(app: &TestApp, item: &str) {
    let approve = |step: &str| format!("approveReply(item: \"{item}\", step: {step}, version: 1)");
    for (login, call) in [
        ("office", format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("planning"))),
        ("handler", format!("acceptItem(item: \"{item}\")")),
        ("handler", format!("saveDraft(item: \"{item}\", text: \"您好，日照分析已经公示。\\n请到规划展示厅查询。\")")),
        ("handler", format!("submitReply(item: \"{item}\", version: 1)")),
        ("head", approve("FIRST")),
        ("checker", approve("SECOND")),
        ("leader", approve("THIRD")),
        ("office", format!("releaseReply(item: \"{item}\")")),
    ] {
        let done = app.act(login, &call).await;
        assert_eq!(done["status"], "OK", "{call}: {done:#}");
    }
}

#[tokio::test]
async fn the_writer_follows_the_letter_to_its_answer() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let (number, code) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    let page = writer.look_up(&number, &code).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(page.body.contains("<h1>青禾路的采光</h1>") && page.body.contains(">已收到<"), "{}", page.body);
    assert!(page.body.contains("按规定最迟 2026-") && !page.body.contains("甲某"), "{}", page.body);
    // As people type it.
    let typed = code.to_lowercase().replace('-', " ");
    assert!(writer.look_up(&format!(" {number} "), &typed).await.body.contains(">已收到<"));

    let item = app.item(1).await;
    let assign = format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("planning"));
    app.act("office", &assign).await;
    app.act("handler", &format!("acceptItem(item: \"{item}\")")).await;
    app.act("handler", &format!("saveDraft(item: \"{item}\", text: \"未签发的答复稿，不能让人看到。\")")).await;
    let page = writer.look_up(&number, &code).await;
    assert!(page.body.contains(">办理中<") && !page.body.contains("未签发"), "{}", page.body);

    let (number, code) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    answer(&app, &app.item(2).await).await;
    let page = writer.look_up(&number, &code).await;
    assert!(page.body.contains(">已答复<") && page.body.contains("<p>请到规划展示厅查询。</p>"), "{}", page.body);
    assert!(!page.body.contains("最迟"), "{}", page.body);

    let (number, code) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    assert_eq!(app.act("office", &format!("registerItem(item: \"{}\")", app.item(3).await)).await["status"], "OK");
    let refused = format!("refuseAcceptance(item: \"{}\", ground: NO_REQUEST)", app.item(3).await);
    assert_eq!(app.act("office", &refused).await["status"], "OK");
    assert!(writer.look_up(&number, &code).await.body.contains("原因：无实质诉求"));
}

#[tokio::test]
async fn a_wrong_code_and_a_number_that_is_not_there_are_told_alike() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    app.import(&[Letter::answered(1)]).await;
    let (number, code) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    assert_eq!(number, "2");
    let without_number = |body: &str| {
        let (before, after) = body.split_once("name=\"number\"").unwrap();
        format!("{before}{}", after.split_once('>').unwrap().1)
    };
    let mut said = std::collections::BTreeSet::new();
    // Of its own letter with another code, of an item that did not come through the form, of none, of no number.
    for (number, code) in
        [(number.as_str(), "0000-00000-0000"), ("1", &code), ("999", &code), ("", &code), ("2", ""), ("x", "")]
    {
        let page = writer.look_up(number, code).await;
        assert_eq!(page.status, 422, "{number} {code}");
        assert!(
            !page.body.contains("0000-00000-0000") && !page.body.contains("日照分析"),
            "the code is not shown again"
        );
        said.insert(without_number(&page.body));
    }
    assert_eq!(said.len(), 1, "{said:?}");
    // Number and code are asked for by a form that posts: neither can stand in an address.
    let page = writer.get(&format!("/progress?number={number}&code={code}")).await;
    assert!(page.body.contains("method=\"post\" action=\"/progress\"") && !page.body.contains("青禾路"));
}

#[tokio::test]
async fn a_number_that_is_guessed_at_is_closed_for_a_while() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let (number, code) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    for _ in 0..4 {
        assert_eq!(writer.look_up(&number, "0000-00000-0000").await.status, 422);
    }
    assert_eq!(writer.look_up(&number, &code).await.status, 200, "the right one opens it, and begins anew");
    for _ in 0..5 {
        assert_eq!(writer.look_up(&number, "0000-00000-0000").await.status, 422);
    }
    let locked = writer.look_up(&number, &code).await;
    assert_eq!(locked.status, 429);
    assert!(locked.body.contains("半小时后再试") && !locked.body.contains("青禾路"));
    // One that is not there is closed as well.
    for _ in 0..5 {
        assert_eq!(writer.look_up("999", &code).await.status, 422);
    }
    assert_eq!(writer.look_up("999", &code).await.status, 429);
    app.clock.advance(1_801);
    assert_eq!(writer.look_up(&number, &code).await.status, 200);
}
