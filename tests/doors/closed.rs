//! A box for letters is opened and closed at the desk; what was written before is answered and followed as ever.

use serde_json::json;

use super::writer::{Filled, Writer};
use crate::support::app::TestApp;
use crate::support::stores::behind;

async fn switch(app: &TestApp, login: &'static str, source: &str, open: bool) -> serde_json::Value {
    let query = "mutation($source: String!, $open: Boolean!) { setSourceEnabled(source: $source, enabled: $open) \
                 { status userErrors { code } schedule { enabled headDueAt } } }";
    app.gql(Some(login), query, json!({ "source": source, "open": open })).await
}

#[tokio::test]
async fn a_closed_box_takes_no_letters_and_old_ones_are_still_followed() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let (number, code) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    let typed = Filled::new(&writer.ticket().await);
    let refused = switch(&app, "handler", "form", false).await["data"]["setSourceEnabled"].clone();
    assert_eq!((&refused["status"], &refused["userErrors"][0]["code"]), (&json!("REFUSED"), &json!("forbidden")));
    let closed = switch(&app, "sysadmin", "form", false).await["data"]["setSourceEnabled"].clone();
    assert_eq!((&closed["status"], &closed["schedule"]["enabled"]), (&json!("OK"), &json!(false)));
    let query = "{ letterboxes { id open } reconciliation(day: \"2026-10-09\") { closed } }";
    let answer = app.ok("office", query, json!({})).await;
    assert_eq!(answer["letterboxes"][0], json!({ "id": "form", "open": false }));
    assert_eq!(answer["reconciliation"]["closed"], true);

    // The other box is open; what is dropped into the closed one comes back whole.
    let page = writer.get("/write").await;
    assert!(page.status == 200 && !page.body.contains("value=\"form\""), "{}", page.body);
    let page = writer.send(&typed).await;
    assert_eq!((page.status, page.wrong()), (422, vec!["letterbox"]), "{}", page.body);
    assert_eq!(page.value("title"), "青禾路的采光");
    assert_eq!(app.item_count().await, 1);

    // With all of them closed there is no form, and the letter from before is followed.
    switch(&app, "office", "form-consult", false).await;
    assert_eq!(writer.get("/write").await.status, 404);
    let home = writer.get("/").await;
    assert!(!home.body.contains("/write") && home.body.contains("href=\"/progress\""), "{}", home.body);
    let page = writer.get("/progress").await;
    assert!(page.status == 200 && !page.body.contains("/write"), "{}", page.body);
    assert!(writer.look_up(&number, &code).await.body.contains(">已收到<"));

    // It is not read by any plan, and nobody misses it.
    app.clock.advance(30 * 86_400);
    assert_eq!((app.service.plan_jobs().await.unwrap(), app.service.note_freshness().await.unwrap()), (0, 0));
    switch(&app, "office", "form", true).await;
    assert_eq!((app.service.plan_jobs().await.unwrap(), app.service.note_freshness().await.unwrap()), (0, 0));
    let (number, _) = writer.send(&Filled::new(&writer.ticket().await)).await.receipt();
    assert_eq!(number, "2");
}

#[tokio::test]
async fn that_the_boxes_cannot_be_read_is_not_said_to_be_no_such_page() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let typed = Filled::new(&writer.ticket().await);
    let away = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    behind(app.service.store(), &away("schedule", "schedule_away")).await;
    // What is known of the boxes is remembered for ten seconds.
    app.clock.advance(11);
    assert_eq!((writer.get("/write").await.status, writer.send(&typed).await.status), (503, 503));
    // What was written before is followed all the same.
    assert_eq!((writer.get("/progress").await.status, writer.get("/").await.status), (200, 200));
    behind(app.service.store(), &away("schedule_away", "schedule")).await;
    app.clock.advance(11);
    assert_eq!(writer.send(&typed).await.receipt().0, "1");
}

#[tokio::test]
async fn a_connector_that_is_half_written_closes_no_box() {
    let app = TestApp::start().await;
    let writer = Writer { app: &app };
    let typed = Filled::new(&writer.ticket().await);
    let folder = app.dir().join("connectors/own-box");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("connector.toml"), "half a fi").unwrap();
    app.clock.advance(11);
    assert_eq!((writer.get("/write").await.status, writer.get("/").await.status), (200, 200));
    assert_eq!(writer.send(&typed).await.receipt().0, "1");
}
