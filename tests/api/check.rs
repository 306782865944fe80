//! The ledger verified from a page: started, followed, its result kept; and its entries read one by one.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp, error_code};

const STATE: &str = "state { code } seq head finishedAt texts items findings { code } actor { label }";

async fn check(app: &TestApp) -> Value {
    app.ok("auditor", &format!("{{ ledgerCheck {{ {STATE} }} }}"), json!({})).await["ledgerCheck"].clone()
}

/// Starts a check and waits for its end.
async fn verified(app: &TestApp, root: Option<&str>) -> Value {
    let query = "mutation($root: String) { verifyLedger(root: $root) { status userErrors { code } } }";
    let started = app.ok("auditor", query, json!({ "root": root })).await;
    assert_eq!(started["verifyLedger"]["status"], "OK", "{started}");
    for _ in 0..600 {
        let state = check(app).await;
        if state["state"]["code"] != "running" {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the check does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_tells_what_it_found_and_stays_known() {
    let app = TestApp::start().await;
    assert_eq!(check(&app).await["state"]["code"], "never");
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let sound = verified(&app, None).await;
    assert_eq!((&sound["state"]["code"], &sound["items"]), (&json!("sound"), &json!(2)));
    assert_eq!(sound["actor"]["label"], "审计管理员甲");
    let head = sound["head"].as_str().unwrap().to_owned();
    assert_eq!(head.split(':').next().unwrap(), sound["seq"].to_string());

    // The check is an entry itself; with the head noted before, the next goes further.
    app.clock.advance(60);
    let again = verified(&app, Some(&head)).await;
    assert_eq!(again["state"]["code"], "sound");
    assert!(again["seq"].as_i64() > sound["seq"].as_i64());
    let foreign = format!("{}:{}", sound["seq"], "0".repeat(64));
    app.clock.advance(60);
    let unsound = verified(&app, Some(&foreign)).await;
    assert_eq!(unsound["state"]["code"], "unsound");
    assert!(unsound["findings"][0]["code"].as_str().unwrap().starts_with("ledger."), "{unsound}");
    let query = "mutation { verifyLedger(root: \"1:xyz\") { status } }";
    assert_eq!(error_code(&app.gql(Some("auditor"), query, json!({})).await), "bad_root");
}

#[tokio::test]
async fn entries_are_paged_in_their_order() {
    let app = TestApp::start().await;
    app.import(&(1..=30).map(Letter::new).collect::<Vec<_>>()).await;
    let query = "query($after: String) { ledgerRows(first: 7, after: $after) \
                 { edges { node { seq kind { label } actor { label } hash prevHash } } pageInfo { hasNextPage endCursor } } }";
    let (mut after, mut seen, mut hash) = (Value::Null, 0, "0".repeat(64));
    loop {
        let page = app.ok("auditor", query, json!({ "after": after })).await["ledgerRows"].clone();
        for edge in page["edges"].as_array().unwrap() {
            let row = &edge["node"];
            seen += 1;
            assert_eq!((&row["seq"], row["prevHash"].as_str().unwrap()), (&json!(seen), hash.as_str()));
            row["hash"].as_str().unwrap().clone_into(&mut hash);
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let head = app.ok("auditor", "{ ledgerHead { seq hash } }", json!({})).await["ledgerHead"].clone();
    assert_eq!((&head["seq"], &head["hash"]), (&json!(seen), &json!(hash)));
    let from = app.ok("auditor", "{ ledgerRows(first: 1, afterSeq: 5) { edges { node { seq } } } }", json!({})).await;
    assert_eq!(from["ledgerRows"]["edges"][0]["node"]["seq"], 6);
    let bad = app.gql(Some("auditor"), "{ ledgerRows(after: \"zz\") { edges { node { seq } } } }", json!({})).await;
    assert_eq!(error_code(&bad), "bad_cursor");
}
