//! An item's way from arrival to archive, and every wrong turn refused with its code.

use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp};

const DRAFT: &str = "您好，该地块的日照分析已经公示，结果符合标准，详见规划展示厅。";

async fn expect(app: &TestApp, login: &'static str, call: &str, outcome: &str) -> Value {
    app.clock.advance(60);
    let payload = app.act(login, call).await;
    let found = payload["userErrors"][0]["code"].as_str().or_else(|| payload["item"]["stage"]["code"].as_str());
    assert_eq!(found, Some(outcome), "{login}: {call}: {payload:#}");
    payload
}

#[tokio::test]
async fn an_item_is_answered_by_a_unit_and_three_reviewers() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let id = app.item(1).await;
    let on = |field: &str, arguments: &str| format!("{field}(item: \"{id}\"{arguments})");
    let (planning, survey) = (app.unit("planning"), app.unit("survey"));
    let draft = format!(", text: \"{DRAFT}\"");
    let assign = on("assignItem", &format!(", lead: \"{planning}\", assisting: [\"{survey}\"]"));

    expect(&app, "handler", &on("acceptItem", ""), "not_visible").await;
    let assigned = expect(&app, "office", &assign, "dispatched").await;
    app.follow().await;
    assert!(app.service.wait_for_index(assigned["seq"].as_u64().unwrap()).await.unwrap());
    expect(&app, "stranger", &on("acceptItem", ""), "forbidden").await;
    let accepted = expect(&app, "handler", &on("acceptItem", ""), "handling").await;
    expect(&app, "handler", &on("saveDraft", &format!("{draft}, expectedRevision: 1")), "changed_meanwhile").await;
    let current = format!("{draft}, expectedRevision: {}", accepted["item"]["revision"]);
    expect(&app, "handler", &on("saveDraft", &current), "handling").await;
    expect(&app, "handler", &on("submitReply", ", version: 2"), "draft_unknown").await;
    expect(&app, "handler", &on("submitReply", ", version: 1"), "review_1").await;
    expect(&app, "checker", &on("approveReply", ", step: SECOND, version: 1"), "wrong_review_step").await;
    expect(&app, "head", &on("sendBackReply", ", step: FIRST, reason: \" \""), "reason_missing").await;
    expect(&app, "head", &on("sendBackReply", ", step: FIRST, reason: \"请写明查询地址\""), "handling").await;
    let longer = format!(", text: \"{DRAFT}地址：青禾路1号。\"");
    expect(&app, "handler", &on("saveDraft", &longer), "handling").await;
    expect(&app, "handler", &on("submitReply", ", version: 2"), "review_1").await;
    expect(&app, "head", &on("approveReply", ", step: FIRST, version: 1"), "text_changed").await;
    expect(&app, "head", &on("approveReply", ", step: FIRST, version: 2"), "review_2").await;
    expect(&app, "office", &on("releaseReply", ""), "wrong_stage").await;
    expect(&app, "checker", &on("approveReply", ", step: SECOND, version: 2"), "review_3").await;
    expect(&app, "leader", &on("approveReply", ", step: THIRD, version: 2"), "approved").await;
    expect(&app, "office", &on("releaseReply", ""), "replied").await;
    expect(&app, "office", &on("closeItem", ""), "closed").await;
    expect(&app, "office", &on("archiveItem", ""), "archived").await;
    check_record(&app, &id).await;
}

/// What the finished item shows, and that its holders own the whole time between arrival and answer.
async fn check_record(app: &TestApp, id: &str) {
    let query = "query($id: ID!) { item(id: $id) {
        leadUnit { name } assistingUnits { name } repliedAt askedAt
        replies { current released versions { version text author { label } } }
        reviews { step { code } reviewer { label } } notes { kind { code } text author { label } }
        holders { holder { code } unit { name } from to } history { kind { code } actor { label } }
    } }";
    let item = app.ok("stranger", query, json!({ "id": id })).await["item"].clone();
    assert_eq!((&item["leadUnit"]["name"], &item["assistingUnits"][0]["name"]), (&json!("规划科"), &json!("测绘科")));
    let reply = &item["replies"][0];
    assert_eq!((&reply["current"], &reply["released"]), (&json!(true), &json!(true)));
    assert_eq!(reply["versions"][1]["author"]["label"], "经办人甲");
    let steps: Vec<&Value> = item["reviews"].as_array().unwrap().iter().map(|review| &review["step"]["code"]).collect();
    assert_eq!(steps, ["first", "second", "third"]);
    assert_eq!(item["notes"][0]["text"], "请写明查询地址");
    assert_eq!(item["notes"][0]["kind"]["code"], "reply.sent_back");
    assert_eq!(item["history"].as_array().unwrap().last().unwrap()["actor"]["label"], "办公室甲");

    let holders = item["holders"].as_array().unwrap();
    assert_eq!(holders.first().unwrap()["from"], item["askedAt"]);
    assert_eq!(holders.last().unwrap()["to"], item["repliedAt"]);
    assert!(holders.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{holders:#?}");
    let codes: Vec<&str> = holders.iter().map(|holding| holding["holder"]["code"].as_str().unwrap()).collect();
    let expected =
        ["office", "unit", "reviewer_first", "unit", "reviewer_first", "reviewer_second", "reviewer_third", "office"];
    assert_eq!(codes, expected);
    assert_eq!(holders[1]["unit"]["name"], "规划科");
}

#[tokio::test]
async fn a_unit_can_say_it_is_not_ours() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let id = app.item(1).await;
    let on = |field: &str, arguments: &str| format!("{field}(item: \"{id}\"{arguments})");
    let (planning, survey) = (app.unit("planning"), app.unit("survey"));
    let give_back = format!(", reason: NOT_OUR_DUTY, basis: \"三定方案第三条\", suggested: \"{survey}\"");
    expect(&app, "office", &on("assignItem", &format!(", lead: \"{planning}\"")), "dispatched").await;
    expect(&app, "handler", &on("requestReturn", ", reason: UNCLEAR, basis: \"\""), "return_basis_missing").await;
    expect(&app, "handler", &on("requestReturn", &give_back), "return_review").await;
    expect(&app, "office", &on("disputeReturn", ""), "arbitration").await;
    expect(&app, "handler", &on("arbitrateReturn", &format!(", unit: \"{survey}\"")), "forbidden").await;
    expect(&app, "leader", &on("arbitrateReturn", &format!(", unit: \"{survey}\"")), "dispatched").await;
    expect(&app, "handler", &on("acceptItem", ""), "not_visible").await;
    expect(&app, "stranger", &on("acceptItem", ""), "handling").await;
    expect(&app, "stranger", &on("recordContact", ""), "handling").await;
    expect(&app, "stranger", &on("requestExtension", ", days: 99"), "extension_days").await;
    expect(&app, "stranger", &on("suspendItem", ", reason: SITE_VISIT"), "suspended").await;
    expect(&app, "stranger", &on("resumeItem", ""), "handling").await;
    expect(&app, "office", &on("withdrawItem", ""), "withdrawn").await;
}
