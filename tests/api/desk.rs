//! One's own desk, and two people at one item.

use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp};

const SAVE: &str = "mutation($name: String!, $query: String!) {
    saveFilter(name: $name, query: $query) { status userErrors { code } savedFilter { id name query } }
}";

#[tokio::test]
async fn a_list_is_kept_in_one_form_and_for_oneself() {
    let app = TestApp::start().await;
    let save = async |login, name: &str, query: &str| {
        app.ok(login, SAVE, json!({ "name": name, "query": query })).await["saveFilter"].clone()
    };
    let kept = save("office", " 超期 ", "?open=yes&stage=&within=overdue&after=abc").await;
    assert_eq!(kept["savedFilter"]["query"], "open=yes&within=overdue");
    assert_eq!(kept["savedFilter"]["name"], "超期");
    save("office", "规划", "q=规划&stage=handling").await;
    let again = save("office", "超期", "within=overdue").await;
    assert_eq!(again["savedFilter"]["id"], kept["savedFilter"]["id"]);
    save("handler", "超期", "within=today").await;

    let code = |answer: &Value| answer["userErrors"][0]["code"].as_str().map(str::to_owned);
    assert_eq!(code(&save("office", " ", "").await).as_deref(), Some("filter_name"));
    assert_eq!(code(&save("office", &"长".repeat(31), "").await).as_deref(), Some("filter_name"));
    assert_eq!(code(&save("office", "错", "stage=nowhere").await).as_deref(), Some("bad_list_query"));

    let mine = async |login| app.ok(login, "{ savedFilters { name query } }", json!({})).await["savedFilters"].clone();
    let expected = json!([
        { "name": "超期", "query": "within=overdue" },
        { "name": "规划", "query": "q=%E8%A7%84%E5%88%92&stage=handling" },
    ]);
    assert_eq!(mine("office").await, expected);
    assert_eq!(mine("handler").await, json!([{ "name": "超期", "query": "within=today" }]));

    let delete =
        format!("mutation {{ deleteFilter(id: {}) {{ status userErrors {{ code }} }} }}", kept["savedFilter"]["id"]);
    let foreign = app.ok("handler", &delete, json!({})).await["deleteFilter"].clone();
    assert_eq!(code(&foreign).as_deref(), Some("filter_unknown"));
    assert_eq!(app.ok("office", &delete, json!({})).await["deleteFilter"]["status"], "OK");
    assert_eq!(mine("office").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_keeps_lists_without_end() {
    let app = TestApp::start().await;
    for number in 0..50 {
        let saved = app.ok("office", SAVE, json!({ "name": format!("第{number}个"), "query": "" })).await;
        assert_eq!(saved["saveFilter"]["status"], "OK");
    }
    let refused = app.ok("office", SAVE, json!({ "name": "多一个", "query": "" })).await["saveFilter"].clone();
    assert_eq!(refused["userErrors"][0]["code"], "filter_limit");
    let replaced = app.ok("office", SAVE, json!({ "name": "第7个", "query": "open=no" })).await;
    assert_eq!(replaced["saveFilter"]["status"], "OK");
}

/// An item that `handler` works on.
async fn accepted(app: &TestApp) -> String {
    app.import(&[Letter::new(1)]).await;
    let item = app.item(1).await;
    let assign = format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("planning"));
    assert_eq!(app.act("office", &assign).await["status"], "OK");
    assert_eq!(app.act("handler", &format!("acceptItem(item: \"{item}\")")).await["status"], "OK");
    item
}

#[tokio::test]
async fn what_is_typed_is_kept_until_it_is_saved() {
    let app = TestApp::start().await;
    let item = accepted(&app).await;
    let keep = async |text: &str, base: i64| {
        let query = "mutation($item: ID!, $text: String!, $base: Int!) {
            keepDraft(item: $item, text: $text, baseRevision: $base) { status userErrors { code } keptDraft { text stale } }
        }";
        app.ok("handler", query, json!({ "item": item, "text": text, "base": base })).await["keepDraft"].clone()
    };
    let kept = async || {
        let query = "query($item: ID!) { keptDraft(item: $item) { text stale baseRevision savedAt } }";
        app.ok("handler", query, json!({ "item": item })).await["keptDraft"].clone()
    };
    let head = app.service.health().await.unwrap().0;
    assert_eq!(keep("您好，该项目", 4).await["keptDraft"], json!({ "text": "您好，该项目", "stale": false }));
    assert_eq!(keep("您好，该项目的日照分析", 2).await["keptDraft"]["stale"], true);
    assert_eq!(kept().await["text"], "您好，该项目的日照分析");
    assert_eq!(app.service.health().await.unwrap().0, head, "typing stands in no ledger");
    assert_eq!(keep(&"长".repeat(20_001), 4).await["userErrors"][0]["code"], "text_too_long");

    let save = format!("saveDraft(item: \"{item}\", text: \"您好，该项目的日照分析已经公示。\")");
    assert_eq!(app.act("handler", &save).await["status"], "OK");
    assert_eq!(kept().await, Value::Null);
    assert_eq!(keep("再改", 5).await["status"], "OK");
    assert_eq!(keep("  ", 5).await["keptDraft"], Value::Null);
    assert_eq!(kept().await, Value::Null);
    let foreign = format!("{{ keptDraft(item: \"{item}\") {{ text }} }}");
    assert_eq!(app.ok("stranger", &foreign, json!({})).await["keptDraft"], Value::Null);
}

#[tokio::test]
async fn who_is_overtaken_is_told_by_whom_and_with_what() {
    let app = TestApp::start().await;
    let item = accepted(&app).await;
    let save = |text: &str, seen: i64| {
        format!(
            "mutation {{ saveDraft(item: \"{item}\", text: \"{text}\", expectedRevision: {seen}) {{
                status userErrors {{ code }} item {{ revision }}
                conflict {{ revision stage {{ code }} since {{ kind {{ code }} at actor {{ label }} }} }} }} }}"
        )
    };
    let first = app.ok("handler", &save("请到规划展示厅查询，周一闭馆。", 4), json!({})).await["saveDraft"].clone();
    assert_eq!((&first["status"], &first["conflict"]), (&json!("OK"), &Value::Null));
    let late = app.ok("handler", &save("请到档案馆查询，周一闭馆。", 4), json!({})).await["saveDraft"].clone();
    assert_eq!(late["userErrors"][0]["code"], "changed_meanwhile");
    let conflict = &late["conflict"];
    assert_eq!((&conflict["revision"], &conflict["stage"]["code"]), (&json!(5), &json!("handling")));
    let since = conflict["since"].as_array().unwrap();
    assert_eq!((since.len(), &since[0]["kind"]["code"]), (1, &json!("reply.drafted")));
    assert_eq!(since[0]["actor"]["label"], "经办人甲");

    // Told what changed, the person saves with the present revision; both versions can be compared.
    let seen = conflict["revision"].as_i64().unwrap();
    let again = app.ok("handler", &save("请到档案馆查询，周一闭馆。", seen), json!({})).await["saveDraft"].clone();
    assert_eq!(again["status"], "OK");
    let diff = format!("{{ replyDiff(item: \"{item}\", from: 1, to: 2) {{ text kind }} }}");
    let pieces = app.ok("head", &diff, json!({})).await["replyDiff"].clone();
    let expected = json!([
        { "text": "请到", "kind": "SAME" },
        { "text": "规划展示厅", "kind": "REMOVED" },
        { "text": "档案馆", "kind": "ADDED" },
        { "text": "查询，周一闭馆。", "kind": "SAME" },
    ]);
    assert_eq!(pieces, expected);
    let none = format!("{{ replyDiff(item: \"{item}\", from: 1, to: 9) {{ text }} }}");
    assert_eq!(app.ok("head", &none, json!({})).await["replyDiff"], Value::Null);
    assert_eq!(app.ok("stranger", &diff, json!({})).await["replyDiff"], Value::Null);
}

#[tokio::test]
async fn a_question_that_the_source_changed_is_compared() {
    let app = TestApp::start().await;
    let first = Letter::new(1);
    app.import(std::slice::from_ref(&first)).await;
    app.import(&[Letter { body: format!("{}楼下有幼儿园。", first.body), ..first }]).await;
    let diff = format!("{{ questionDiff(item: \"{}\", from: 1, to: 2) {{ text kind }} }}", app.item(1).await);
    let pieces = app.ok("office", &diff, json!({})).await["questionDiff"].clone();
    let added: Vec<&Value> = pieces.as_array().unwrap().iter().filter(|piece| piece["kind"] == "ADDED").collect();
    assert_eq!(added, [&json!({ "text": "楼下有幼儿园。", "kind": "ADDED" })]);
}
