//! Lists, one item, search: what is shown, and what is not shown to whom.

use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp};

const PAGE: &str = "query($order: ItemOrder!, $first: Int, $after: String, $filter: ItemFilter) {
    items(order: $order, first: $first, after: $after, filter: $filter) {
        edges { cursor node { number askedAt } } pageInfo { hasNextPage endCursor } totalCount
    }
}";

async fn walk(app: &TestApp, order: &str, first: i32) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "order": order, "first": first, "after": after });
        let page = app.ok("office", PAGE, variables).await["items"].clone();
        assert_eq!(page["totalCount"], 45);
        let edges = page["edges"].as_array().unwrap();
        numbers.extend(edges.iter().map(|edge| edge["node"]["number"].as_i64().unwrap()));
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            return numbers;
        }
        assert_eq!(page["pageInfo"]["endCursor"], edges.last().unwrap()["cursor"]);
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn pages_put_together_are_the_whole_list() {
    let app = TestApp::start().await;
    let letters: Vec<Letter> = (1..=45).map(Letter::new).collect();
    assert_eq!(app.import(&letters).await.accepted, 45);
    let newest = walk(&app, "ASKED_NEWEST", 7).await;
    let mut oldest = walk(&app, "ASKED_OLDEST", 10).await;
    oldest.reverse();
    assert_eq!(newest, oldest);
    let due = walk(&app, "DUE_FIRST", 100).await;
    for mut numbers in [newest, due] {
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=45).collect::<Vec<i64>>());
    }
}

#[tokio::test]
async fn filters_hold_together() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2), Letter::answered(3)]).await;
    let count = async |filter: Value| -> Value {
        let variables = json!({ "order": "ASKED_NEWEST", "filter": filter });
        app.ok("office", PAGE, variables).await["items"]["totalCount"].clone()
    };
    assert_eq!(count(json!({ "open": true })).await, 2);
    assert_eq!(count(json!({ "stages": ["REPLIED"] })).await, 1);
    assert_eq!(count(json!({ "stages": ["REPLIED"], "open": true })).await, 0);
    assert_eq!(count(json!({ "sources": ["board"], "askedFrom": "2026-09-03T00:00:00+08:00" })).await, 2);
    assert_eq!(count(json!({ "sources": ["elsewhere"] })).await, 0);
    assert_eq!(count(json!({ "overdue": true })).await, 2);
    assert_eq!(count(json!({ "leadUnits": [app.unit("survey")] })).await, 0);
}

#[tokio::test]
async fn one_item_shows_everything_about_it() {
    let app = TestApp::start().await;
    let first = Letter::new(1);
    let repeat = Letter { key: "L00002".to_owned(), ..first.clone() };
    app.import(&[first.clone(), repeat, Letter::answered(3)]).await;
    app.import(&[Letter { body: format!("{}（补充）", first.body), ..first }]).await;
    let query = "query($n: Int!) { itemByNumber(number: $n) {
        title stage { code label } requestType { label } source { name channel } leadUnit { name } assistingUnits { name }
        open overdue dueProvisional repliedAt repeatOf { number } repeats { number } revision
        message { number url namedUnit firstSeenAt withdrawnAt }
        question { version author body } questionVersions { version body } answerAtSource { text repliedAt }
        replies { id } reviews { at } notes { text }
        deadline { provisional levels { level { label } binding limit dueText explanation days { date counts why } } }
        holders { holder { code } from to } history { seq kind { code label } actor { label } }
    } }";
    let item = app.ok("office", query, json!({ "n": 1 })).await["itemByNumber"].clone();
    assert_eq!(item["stage"], json!({ "code": "received", "label": "已接收" }));
    assert_eq!(item["question"]["version"], 2);
    assert_eq!(item["questionVersions"].as_array().unwrap().len(), 2);
    assert_eq!(item["repeats"], json!([{ "number": 2 }]));
    assert_eq!(item["overdue"], json!(true));
    let levels = item["deadline"]["levels"].as_array().unwrap();
    assert_eq!(levels.iter().map(|level| &level["level"]["label"]).collect::<Vec<_>>(), ["法定", "内控"]);
    assert_eq!(levels.iter().filter(|level| level["binding"] == json!(true)).count(), 1);
    let counted = levels[1]["days"].as_array().unwrap().iter().filter(|day| day["counts"] == json!(true)).count();
    assert_eq!(levels[1]["limit"], format!("{counted}个工作日"));
    assert_eq!(
        item["holders"],
        json!([{ "holder": { "code": "office" }, "from": "2026-09-02T09:01:00+08:00", "to": null }])
    );
    assert_eq!(item["history"][0]["kind"], json!({ "code": "item.received", "label": "接收来件" }));
    assert_eq!(item["history"][0]["actor"]["label"], "系统（采集）");

    let repeat = app.ok("office", query, json!({ "n": 2 })).await["itemByNumber"].clone();
    assert_eq!(repeat["repeatOf"]["number"], 1);
    let answered = app.ok("office", query, json!({ "n": 3 })).await["itemByNumber"].clone();
    assert_eq!(answered["answerAtSource"]["repliedAt"], "2026-09-30T10:00:00+08:00");
    assert_eq!((&answered["open"], &answered["holders"]), (&json!(false), &json!([])));
    let message = &answered["message"];
    assert_eq!(
        (&message["number"], &message["url"], &message["namedUnit"]),
        (&json!("L00003"), &json!(""), &json!(""))
    );
    assert!(message["firstSeenAt"].is_string() && message["withdrawnAt"].is_null(), "{message}");

    // The source gives a number to another letter: the first one says so, and stays what it was.
    app.import(&[Letter { key: "L00001".to_owned(), ..Letter::new(7) }]).await;
    let reused = app.ok("office", query, json!({ "n": 1 })).await["itemByNumber"].clone();
    assert!(reused["message"]["withdrawnAt"].is_string(), "{reused}");
    let kinds: Vec<&Value> =
        reused["history"].as_array().unwrap().iter().map(|entry| &entry["kind"]["label"]).collect();
    assert_eq!(kinds[2..], ["源平台把编号用于另一来件", "源平台不再显示"]);
    assert_eq!((&reused["open"], &reused["holders"]), (&json!(true), &item["holders"]));
}

#[tokio::test]
async fn a_foreign_item_looks_like_none() {
    let app = TestApp::start().await;
    app.import(&[Letter { author: "诸葛小虫".to_owned(), ..Letter::new(1) }]).await;
    let item = app.item(1).await;
    let query = "query($id: ID!) { item(id: $id) { title question { author body } history { seq } } }";
    let none = "item:01980000-0000-7000-8000-000000000000";
    for login in ["handler", "stranger", "publisher", "sysadmin", "auditor"] {
        let foreign = app.gql(Some(login), query, json!({ "id": item })).await;
        let absent = app.gql(Some(login), query, json!({ "id": none })).await;
        assert_eq!(foreign, absent, "{login}");
        let call = |id: &str| format!("saveDraft(item: \"{id}\", text: \"答复\")");
        let (foreign, absent) = (app.act(login, &call(&item)).await, app.act(login, &call(none)).await);
        assert_eq!(foreign, absent, "{login}");
        assert_eq!(foreign["userErrors"][0]["code"], "not_visible");
    }
    for query in [
        "{ items { totalCount edges { node { title question { author body } } } } }",
        "{ search(text: \"诸葛小虫 采光\") { totalCount hits { snippet { html } } facets { sources { count } } } }",
    ] {
        let answer = app.ok("stranger", query, json!({})).await.to_string();
        assert!(answer.contains("\"totalCount\":0") && !answer.contains("诸葛小虫"), "{answer}");
    }
    let shown = app.ok("office", "{ itemByNumber(number: 1) { question { author } } }", json!({})).await;
    assert_eq!(shown["itemByNumber"]["question"]["author"], "诸葛小虫");
}

#[tokio::test]
async fn search_finds_counts_and_marks() {
    let app = TestApp::start().await;
    let mut letters: Vec<Letter> = (1..=30).map(Letter::new).collect();
    letters.push(Letter { title: "搅拌站&夜间施工".to_owned(), ..Letter::answered(31) });
    app.import(&letters).await;
    let query = "query($text: String!, $first: Int, $after: String, $filter: ItemFilter) {
        search(text: $text, first: $first, after: $after, filter: $filter, sort: NEWEST_FIRST) {
            totalCount pageInfo { hasNextPage endCursor }
            hits { item { number source { id } } title { html pieces { text hit } } snippet { html } }
            facets { stages { word { code } count } sources { source { name } count } units { count } requestTypes { count } }
        }
    }";
    let found = app.ok("office", query, json!({ "text": "搅拌站" })).await["search"].clone();
    assert_eq!(found["totalCount"], 1);
    assert_eq!(found["hits"][0]["title"]["html"], "<mark>搅拌站</mark>&amp;夜间施工");
    assert_eq!(found["hits"][0]["title"]["pieces"][0], json!({ "text": "搅拌站", "hit": true }));

    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "text": "采光", "first": 12, "after": after, "filter": { "open": true } });
        let page = app.ok("office", query, variables).await["search"].clone();
        assert_eq!(page["totalCount"], 30);
        assert_eq!(page["facets"]["stages"], json!([{ "word": { "code": "received" }, "count": 30 }]));
        seen.extend(page["hits"].as_array().unwrap().iter().map(|hit| hit["item"]["number"].as_i64().unwrap()));
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=30).collect::<Vec<i64>>());
}

#[tokio::test]
async fn pulls_show_their_count_statement_and_held_rows_their_cells() {
    let app = TestApp::start().await;
    let broken = Letter { asked_at: "某天".to_owned(), ..Letter::new(2) };
    app.import(&[Letter::new(1), broken]).await;
    let query = "{ sources { id name channel pulls(first: 5) { id stage { label } stated accepted held balanced } } }";
    let source = app.ok("office", query, json!({})).await["sources"][0].clone();
    let pull = &source["pulls"][0];
    assert_eq!((&pull["stated"], &pull["accepted"], &pull["held"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!((&pull["balanced"], &pull["stage"]["label"]), (&json!(true), &json!("已完成")));
    let query = "query($pull: ID!) { heldRows(pull: $pull) { edges { node { row column reason { code label } \
                 cells { header text } rawCells { header text } } } } }";
    let rows = app.ok("office", query, json!({ "pull": pull["id"] })).await["heldRows"]["edges"].clone();
    let row = &rows[0]["node"];
    assert_eq!((&row["row"], &row["column"]), (&json!(3), &json!("留言时间")));
    assert!(row["rawCells"].as_array().unwrap().contains(&json!({ "header": "留言用户", "text": "甲2" })));
    let masked = row["cells"].to_string();
    assert!(masked.contains("某天") && !masked.contains("甲2") && !masked.contains("青禾路"), "{masked}");
}
