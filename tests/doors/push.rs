//! `POST /in/{source}`: forged, replayed, late, oversized, repeated and at once.

use std::collections::BTreeSet;

use huiyin::clock::Clock as _;
use serde_json::{Value, json};

use super::sender::{Pushing, answer, code, order};
use crate::support::app::{CLI, OLD_PUSH_SECRET, PUSH_SECRET, TestApp};

/// The present second of the program's clock.
fn now(app: &TestApp) -> i64 {
    app.clock.now().as_micros() / 1_000_000
}

fn pushing(app: &TestApp, key: &str, body: &Value) -> Pushing {
    Pushing::new(now(app), key, body)
}

async fn send(app: &TestApp, request: &Pushing) -> (u16, Value) {
    request.send(&app.client, &app.address).await
}

/// How many pulls there are, and whether each one's counts close.
async fn pulls(app: &TestApp) -> usize {
    let query = "{ pulls { edges { node { balanced } } } }";
    let pulls = app.ok("office", query, json!({})).await["pulls"]["edges"].clone();
    let pulls = pulls.as_array().unwrap();
    assert!(pulls.iter().all(|pull| pull["node"]["balanced"] == true), "{pulls:?}");
    pulls.len()
}

#[tokio::test]
async fn what_is_pushed_is_there_when_it_is_answered() {
    let app = TestApp::start().await;
    let (status, taken) = send(&app, &pushing(&app, "a-1", &order("SZ202610090001"))).await;
    assert_eq!(status, 200, "{taken}");
    assert_eq!((&taken["stated"], &taken["accepted"], &taken["held"]), (&json!(1), &json!(1), &json!(0)));
    assert!(taken["pull"].is_string());
    let query = "{ itemByNumber(number: 1) { title source { name } requestType { code } question { body author } } }";
    let item = app.ok("office", query, json!({})).await["itemByNumber"].clone();
    assert_eq!((&item["title"], &item["requestType"]["code"]), (&json!("SZ202610090001的采光"), &json!("consult")));
    assert_eq!(item["question"]["author"], "甲某");

    let mut changed = order("SZ202610090001");
    changed["content"] = json!("青禾路北侧已经开工，核算过采光吗？");
    let mut odd = order("SZ202610090003");
    odd["dispatchTime"] = json!("某天");
    let many = json!({ "items": [order("SZ202610090001"), order("SZ202610090002"), odd, "一句话"] });
    let (status, taken) = send(&app, &pushing(&app, "a-2", &many)).await;
    assert_eq!(status, 202, "what waits for repair is said: {taken}");
    let counts = ["stated", "accepted", "unchanged", "changed", "held"].map(|name| taken[name].as_i64().unwrap());
    assert_eq!(counts, [4, 1, 1, 0, 2]);
    let query = "{ heldRows { edges { node { row rawPayload { payload { mediaType } text { found after } } } } } }";
    let held = app.ok("office", query, json!({})).await["heldRows"]["edges"].clone();
    let (sent, found) = (&held[0]["node"]["rawPayload"], &held[0]["node"]["rawPayload"]["text"]["found"]);
    assert_eq!(
        (&sent["payload"]["mediaType"], found),
        (&json!("application/json"), &json!("SZ202610090003")),
        "{held}"
    );
    assert!(held[1]["node"]["rawPayload"]["text"].to_string().contains("一句话"), "{held}");
    let (_, taken) = send(&app, &pushing(&app, "a-3", &json!({ "items": [changed] }))).await;
    assert_eq!(taken["changed"], 1);
    assert_eq!((app.item_count().await, pulls(&app).await), (2, 3));
    assert_eq!(app.service.verify(&CLI, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn who_does_not_know_the_secret_learns_nothing() {
    let app = TestApp::start().await;
    let good = pushing(&app, "k", &order("SZ202610090001"));
    let mut said = BTreeSet::new();
    let unknown = Pushing { source: "no-such-source".to_owned(), ..good.clone() };
    let no_push = Pushing { source: "board".to_owned(), ..good.clone() };
    let forged = Pushing { secret: "guess".to_owned(), ..good.clone() };
    for request in [unknown, no_push, forged] {
        let (status, answer) = send(&app, &request).await;
        assert_eq!((status, code(&answer)), (401, "push_unauthorised"));
        said.insert(answer.to_string());
    }
    let client = &app.client;
    let signature = good.signature();
    let plain = || {
        let request = client.post(format!("{}/in/hotline-push", app.address)).header("idempotency-key", "k");
        request.header("content-type", "application/json").body(good.body.clone())
    };
    for request in [
        plain(),
        plain().header("x-huiyin-timestamp", good.seconds.to_string()),
        plain().header("x-huiyin-signature", &signature),
        // Another time, another body, a cut signature.
        plain().header("x-huiyin-timestamp", (good.seconds + 1).to_string()).header("x-huiyin-signature", &signature),
        plain()
            .header("x-huiyin-timestamp", good.seconds.to_string())
            .header("x-huiyin-signature", &signature)
            .body(format!("{} ", good.body)),
        plain()
            .header("x-huiyin-timestamp", good.seconds.to_string())
            .header("x-huiyin-signature", &signature[..signature.len() - 2]),
    ] {
        let (status, answer) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 401);
        said.insert(answer.to_string());
    }
    assert_eq!(said.len(), 1, "all are told the same: {said:?}");
    assert_eq!(app.item_count().await, 0);
}

#[tokio::test]
async fn late_and_early_requests_are_refused() {
    let app = TestApp::start().await;
    for (seconds, taken) in [(-299, true), (299, true), (-301, false), (301, false)] {
        let good = pushing(&app, &format!("t{seconds}"), &order("SZ202610090001"));
        let request = Pushing { seconds: good.seconds + seconds, ..good };
        let (status, answer) = send(&app, &request).await;
        if taken {
            assert_eq!(status, 200, "{seconds}: {answer}");
        } else {
            assert_eq!((status, code(&answer)), (401, "push_time"), "{seconds}");
        }
    }
    // Caught on the way and sent again later: signed rightly, and too old.
    let caught = pushing(&app, "caught", &order("SZ202610090009"));
    app.clock.advance(600);
    assert_eq!(code(&send(&app, &caught).await.1), "push_time");
    assert_eq!(app.item_count().await, 1);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_another_one_none() {
    let app = TestApp::start().await;
    let request = pushing(&app, "once", &order("SZ202610090001"));
    let first = send(&app, &request).await;
    // Replayed within the window: the answer, and nothing else.
    assert_eq!(send(&app, &request).await, first);
    app.clock.advance(3_600);
    let later = Pushing { seconds: now(&app), ..request.clone() };
    assert_eq!(send(&app, &later).await, first, "the first answer, not one about unchanged rows");
    let other = pushing(&app, "once", &order("SZ202610090002"));
    let (status, answer) = send(&app, &other).await;
    assert_eq!((status, code(&answer)), (409, "push_conflict"));
    assert_eq!((app.item_count().await, pulls(&app).await), (1, 1));

    app.clock.advance(7 * 86_400);
    assert_eq!(app.service.forget_old_receipts().await.unwrap(), 1);
    let (status, again) = send(&app, &Pushing { seconds: now(&app), ..request }).await;
    assert_eq!((status, &again["unchanged"]), (200, &json!(1)), "forgotten after seven days, and still nothing twice");
    assert_eq!(app.item_count().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_sent_by_several_at_once_is_taken_once() {
    let app = TestApp::start().await;
    for round in 0..4 {
        let request = pushing(&app, &format!("r{round}"), &order(&format!("SZ20261009{round:04}")));
        let sends = (0..4).map(|_| send(&app, &request));
        let answers = futures_util::future::join_all(sends).await;
        // More than four at once are told to come later.
        let taken: BTreeSet<String> =
            answers.iter().filter(|(status, _)| *status == 200).map(|(_, answer)| answer.to_string()).collect();
        assert_eq!(taken.len(), 1, "{answers:?}");
        assert!(answers.iter().all(|(status, _)| [200, 429].contains(status)), "{answers:?}");
    }
    assert_eq!((app.item_count().await, pulls(&app).await), (4, 4));
}

#[tokio::test]
async fn what_is_no_push_is_told_why() {
    let app = TestApp::start().await;
    let good = pushing(&app, "k", &order("SZ202610090001"));
    let body = |body: &str| Pushing { body: body.to_owned(), ..good.clone() };
    for (request, status, expected) in [
        (Pushing { content_type: "text/plain", ..good.clone() }, 415, "push_type"),
        (Pushing { key: String::new(), ..good.clone() }, 400, "push_key"),
        (Pushing { key: "k".repeat(129), ..good.clone() }, 400, "push_key"),
        (body("{"), 400, "push_body"),
        (body("7"), 400, "push_body"),
        (body("{\"items\": 7}"), 400, "push_body"),
        (body(&json!({ "items": vec![0; 1_001] }).to_string()), 400, "push_body"),
        (body(&"x".repeat((1 << 20) + 1)), 413, "push_too_large"),
        (body(&"x".repeat((8 << 20) + 1)), 413, "push_too_large"),
    ] {
        let (found, answer) = send(&app, &request).await;
        assert_eq!((found, code(&answer)), (status, expected));
    }
    let json_with_charset = Pushing { content_type: "application/json; charset=utf-8", ..good };
    assert_eq!(send(&app, &json_with_charset).await.0, 200);
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep = Pushing { key: "deep".to_owned(), body: deep, ..json_with_charset };
    assert_eq!(code(&send(&app, &deep).await.1), "push_body");
    assert_eq!(app.item_count().await, 1);
}

#[tokio::test]
async fn two_secrets_are_good_while_one_replaces_the_other() {
    let app = TestApp::start().await;
    let shipped = include_str!("../../connectors/hotline-push/connector.toml");
    let own = shipped.replace("id = \"hotline-push\"", "id = \"city-push\"");
    let own = own.replace("secret = \"HOTLINE_PUSH\"", "secret = \"HOTLINE_PUSH\"\nold_secret = \"OLD_PUSH\"");
    let folder = app.dir().join("connectors/city-push");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("connector.toml"), own).unwrap();
    for (secret, status) in [(PUSH_SECRET, 200), (OLD_PUSH_SECRET, 200), ("another", 401), ("", 401)] {
        let good = pushing(&app, secret, &order("SZ202610090001"));
        let request = Pushing { source: "city-push".to_owned(), secret: secret.to_owned(), ..good };
        assert_eq!(send(&app, &request).await.0, status, "{secret}");
    }
    // The old secret is good for the one source alone.
    let good = pushing(&app, "k", &order("SZ202610090001"));
    assert_eq!(send(&app, &Pushing { secret: OLD_PUSH_SECRET.to_owned(), ..good }).await.0, 401);
}

#[tokio::test]
async fn a_source_that_sends_without_end_is_told_to_wait() {
    let app = TestApp::start().await;
    let request = pushing(&app, "k", &order("SZ202610090001"));
    let mut last = 0;
    for _ in 0..601 {
        let response = request.request(&app.client, &app.address).send().await.unwrap();
        last = response.status().as_u16();
        assert_eq!(response.headers().contains_key("retry-after"), last == 429);
    }
    assert_eq!(last, 429);
    app.clock.advance(61);
    assert_eq!(send(&app, &Pushing { seconds: now(&app), ..request }).await.0, 200);
}
