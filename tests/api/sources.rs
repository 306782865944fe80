//! Sources as the office sees them: their plan, what is wrong with them, and their counts, for a few statements.

use huiyin::store::alarm::{self, AlarmRow};
use huiyin::store::db::statements_run;
use huiyin::store::schedule::{self, ScheduleRow};
use huiyin_domain::id::AlarmId;
use serde_json::json;

use crate::support::app::{Letter, TestApp};
use crate::support::world::World;

/// What the office's page of sources asks for.
const PAGE: &str = "{ sources { id name kind { code label } \
     schedule { enabled headEvery sweepEvery expectEvery headDueAt sweepDueAt blockedUntil failures } \
     freshness { lastPullAt lastSuccessAt lastSweepAt lastNewAt stale unread } \
     alarms(first: 5) { id kind { code label } about message raisedAt } \
     statement { pulls failed stated accepted unchanged changed held rejected balanced claimed met sweepComplete } \
     month { stated accepted balanced } } dayChecks(first: 7) { day came accounted differences } }";

async fn plan(app: &TestApp) {
    let now = app.service.now();
    let row = ScheduleRow {
        source_id: "board".to_owned(),
        enabled: true,
        since: now.as_micros(),
        head_every: Some(600),
        sweep_every: None,
        expect_every: Some(86_400),
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

#[tokio::test]
async fn the_office_sees_how_sources_are_read() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    plan(&app).await;
    for login in ["office", "sysadmin"] {
        app.ok(login, "{ viewer { id } }", json!({})).await;
        let before = statements_run();
        let page = app.ok(login, PAGE, json!({})).await;
        // Sources, schedules, newest pulls and messages, alarms, the sums and sweeps of a day and of a month, the checks:
        // however many sources there are.
        assert!(statements_run() - before <= 9, "{}", statements_run() - before);
        let source = &page["sources"][0];
        assert_eq!((source["id"].as_str(), source["kind"]["code"].as_str()), (Some("board"), Some("table")));
        assert_eq!(source["schedule"]["headEvery"], 600);
        assert_eq!(source["freshness"]["stale"], false);
        assert!(source["freshness"]["lastNewAt"].is_string());
        assert_eq!(source["alarms"], json!([]));
        let counts = &source["statement"];
        assert_eq!((&counts["pulls"], &counts["accepted"], &counts["balanced"]), (&json!(1), &json!(2), &json!(true)));
        assert_eq!(source["month"]["stated"], 2);
    }
    // Whoever handles items sees which sources there are, and no more.
    let page = app
        .ok(
            "handler",
            "{ sources { id schedule { enabled } freshness { stale } alarms { id } \
         statement { stated } month { stated } jobs { id } } }",
            json!({}),
        )
        .await;
    let nothing = json!({
        "id": "board", "schedule": null, "freshness": null, "alarms": null, "statement": null, "month": null, "jobs": null,
    });
    assert_eq!(page["sources"], json!([nothing]));
}

#[tokio::test]
async fn a_day_is_reconciled_and_an_alarm_settled() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2), Letter::new(3)]).await;
    let today = app.service.now().date().unwrap().to_string();
    let query = "query($day: Date!) { reconciliation(day: $day) { day over came accounted closed \
         sources { source { id } came accounted closed pulls accepted gaps { from to count } moreGaps \
         differences { code about message } } unplaced { code } } }";
    let found = app.ok("office", query, json!({ "day": today })).await["reconciliation"].clone();
    assert_eq!((&found["came"], &found["accounted"], &found["closed"]), (&json!(3), &json!(3), &json!(true)));
    assert_eq!(found["sources"][0]["accepted"], 3);

    let asked = "mutation { pullNow(source: \"board\") { status userErrors { code } job { id } } }";
    let asked = app.ok("office", asked, json!({})).await["pullNow"].clone();
    assert_eq!(asked["userErrors"][0]["code"], "source_not_pulled");
    let switched = "mutation { setSourceEnabled(source: \"board\", enabled: true) { userErrors { code } } }";
    let switched = app.ok("office", switched, json!({})).await["setSourceEnabled"].clone();
    assert_eq!(switched["userErrors"][0]["code"], "source_not_planned");

    plan(&app).await;
    app.clock.advance(86_401);
    assert_eq!(app.service.note_freshness().await.unwrap(), 2);
    let alarms = "{ alarms(open: true) { edges { node { id kind { code label } about message source { name } \
         settledBy { label } note } } } }";
    let listed = app.ok("office", alarms, json!({})).await["alarms"]["edges"].clone();
    let kinds: Vec<&str> =
        listed.as_array().unwrap().iter().map(|edge| edge["node"]["kind"]["code"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "{listed:#}");
    assert!(kinds.contains(&"stale") && kinds.contains(&"not_read"));
    let id = listed[0]["node"]["id"].as_str().unwrap();
    let settle = async |reason: &str| {
        let text = "mutation($id: ID!, $reason: String!) { settleAlarm(alarm: $id, reason: $reason) \
             { userErrors { code } alarm { note settledAt settledBy { label } } } }";
        app.ok("office", text, json!({ "id": id, "reason": reason })).await["settleAlarm"].clone()
    };
    assert_eq!(settle(" ").await["userErrors"][0]["code"], "alarm_reason");
    let settled = settle("已与源平台核对").await;
    assert_eq!(settled["alarm"]["note"], "已与源平台核对");
    assert!(settled["alarm"]["settledBy"]["label"].is_string());
    assert_eq!(settle("再来一次").await["userErrors"][0]["code"], "alarm_settled");
    let left = app.ok("office", alarms, json!({})).await["alarms"]["edges"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

/// An open alarm that nothing has met since.
async fn raise(app: &TestApp, source: &str, count: u16) {
    let now = app.service.now();
    let mut tx = app.service.store().begin(&World::permit()).await.unwrap();
    for place in 0..count {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&place.to_be_bytes());
        let row = AlarmRow {
            id: AlarmId::new(now, random).to_string(),
            source_id: source.to_owned(),
            pull_id: None,
            code: "numbers_missing".to_owned(),
            subject: place.to_string(),
            detail: String::new(),
            raised_at: now.as_micros(),
            met_at: now.as_micros(),
            settled_at: None,
            settled_by: None,
            note: None,
        };
        alarm::insert(&mut tx, row).await.unwrap();
    }
    tx.commit(now).await.unwrap();
}

#[tokio::test]
async fn an_alarm_is_shown_however_many_newer_ones_another_source_has() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let enable = "mutation { setSourceEnabled(source: \"mailbox-vsb\", enabled: true) { status } }";
    app.ok("sysadmin", enable, json!({})).await;
    raise(&app, "board", 1).await;
    app.clock.advance(1);
    raise(&app, "mailbox-vsb", 1_000).await;
    let page = app.ok("office", "{ sources { id alarms(first: 20) { about } } }", json!({})).await;
    let shown = |id: &str| {
        let source = page["sources"].as_array().unwrap().iter().find(|source| source["id"] == id).unwrap();
        source["alarms"].as_array().unwrap().len()
    };
    assert_eq!((shown("board"), shown("mailbox-vsb")), (1, 20));
}
