//! A list as a file: what the page shows, and nothing that computes.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use huiyin::api::filter::list_variables;
use huiyin::service::list::ListQuery;
use huiyin::store::ledger;
use huiyin_domain::ledger::Digest;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp, error_code};

async fn fetch(app: &TestApp, login: Option<&'static str>, query: &str) -> reqwest::Response {
    let mut request = app.client.get(format!("{}/desk/items.xlsx?{query}", app.address));
    if let Some(login) = login {
        request = request.bearer_auth(app.token(login).await);
    }
    request.send().await.unwrap()
}

/// The cells of the sheet, and whether any of them computes.
async fn sheet(app: &TestApp, login: &'static str, query: &str) -> Vec<Vec<String>> {
    let response = fetch(app, Some(login), query).await;
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(response.bytes().await.unwrap())).unwrap();
    assert_eq!(workbook.sheet_names(), ["件"]);
    assert!(workbook.worksheet_formula("件").unwrap().is_empty(), "nothing is computed");
    let range = workbook.worksheet_range("件").unwrap();
    let text = |cell: &Data| match cell {
        Data::String(text) => text.clone(),
        Data::Empty => String::new(),
        other => panic!("a cell is no text: {other:?}"),
    };
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

#[tokio::test]
async fn the_file_is_the_list() {
    let app = TestApp::start().await;
    let mut letters: Vec<Letter> = (1..=230).map(Letter::new).collect();
    letters[6].title = "=HYPERLINK(\"http://example.org\",\"青禾路\")".to_owned();
    letters[7].title = "+1+1 & <青禾路> @SUM(A1)".to_owned();
    for letter in &mut letters {
        letter.title = letter.title.replace(',', "，").replace('"', "”");
    }
    app.import(&letters).await;
    let list = "query($filter: ItemFilter, $text: String!, $order: ItemOrder!, $sort: SearchSort!, $after: String) {
        items(filter: $filter, order: $order, first: 100, after: $after) {
            edges { node { number title } } pageInfo { hasNextPage endCursor } }
        search(text: $text, filter: $filter, sort: $sort, first: 100) { hits { item { number title } } }
    }";
    for address in ["", "order=oldest&open=yes", "order=due&column=number&column=title", "asked-from=2026-09-20"] {
        let query: ListQuery = address.parse().unwrap();
        let (mut listed, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut variables = serde_json::to_value(list_variables(&query)).unwrap();
            variables["after"] = after;
            let page = app.ok("office", list, variables).await["items"].clone();
            listed.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let cells = sheet(&app, "office", address).await;
        let columns: Vec<&str> = query.effective_columns().iter().map(|column| column.label()).collect();
        assert_eq!(cells[0], columns, "{address}");
        let shown: Vec<Value> =
            cells[1..].iter().map(|row| json!({ "number": row[0].parse::<i64>().unwrap(), "title": row[1] })).collect();
        assert_eq!(shown, listed, "{address}");
        assert!(shown.len() > 50, "{address}");
    }
    let found = sheet(&app, "office", "q=青禾路第11&column=title&column=number&order=oldest").await;
    let variables = list_variables(&"q=青禾路第11&order=oldest".parse().unwrap());
    let hits = app.ok("office", list, serde_json::to_value(variables).unwrap()).await["search"]["hits"].clone();
    let hits: Vec<&Value> = hits.as_array().unwrap().iter().map(|hit| &hit["item"]["title"]).collect();
    assert_eq!(
        found[1..].iter().map(|row| json!(row[0])).collect::<Vec<_>>(),
        hits.into_iter().cloned().collect::<Vec<_>>()
    );
    assert!(found.len() > 5);
}

#[tokio::test]
async fn who_may_take_what_away() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2), Letter::answered(3)]).await;
    let planning = app.unit("planning").to_owned();
    let assign = format!("assignItem(item: \"{}\", lead: \"{planning}\")", app.item(1).await);
    assert_eq!(app.act("office", &assign).await["status"], "OK");
    let status = async |login, query: &str| fetch(&app, login, query).await.status().as_u16();
    assert_eq!(status(None, "").await, 401);
    for admin in ["sysadmin", "secadmin", "auditor"] {
        assert_eq!(status(Some(admin), "").await, 403, "{admin}");
    }
    for (login, plain, personal) in
        [("office", 200, 200), ("handler", 200, 200), ("head", 200, 403), ("leader", 200, 403), ("publisher", 200, 403)]
    {
        assert_eq!(status(Some(login), "").await, plain, "{login}");
        assert_eq!(status(Some(login), "column=number&column=author").await, personal, "{login}");
    }
    assert_eq!(status(Some("office"), "stage=nowhere").await, 422);
    // A unit takes away its own items only.
    let own = sheet(&app, "handler", "column=number&column=author").await;
    assert_eq!(own, [["件号", "来件人"], ["1", "甲1"]]);
    assert_eq!(sheet(&app, "stranger", "").await.len(), 1);
}

#[tokio::test]
async fn who_took_how_much_is_in_the_ledger_without_a_word_of_it() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let response = fetch(&app, Some("office"), "q=青禾路&column=number&column=contact").await;
    let name = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename=\"items-2026-10-09.xlsx\"; filename*=UTF-8''%E6"), "{name}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut reader = app.service.store().read().await.unwrap();
    let entries = ledger::after(&mut reader.conn(), 0, 1_000).await.unwrap();
    let exported: Vec<_> = entries.iter().filter(|entry| entry.kind == "items.exported").collect();
    assert_eq!(exported.len(), 1);
    let body: Value = serde_json::from_str(&exported[0].body).unwrap();
    assert_eq!((&body["rows"], &body["columns"]), (&json!(2), &json!(["number", "contact"])));
    // The words searched for are no part of the digest: few words are soon guessed.
    let columns: ListQuery = "column=number&column=contact".parse().unwrap();
    assert_eq!(body["query"], Digest::of(columns.to_query().as_bytes()).to_string());
    assert_eq!(body["searched"], true);
    assert!(exported[0].actor.starts_with("account:") && exported[0].subject == exported[0].actor);
    assert!(!exported[0].body.contains("青禾路"));
}

#[tokio::test]
async fn another_sites_link_leaves_no_trace() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let cookie = format!("huiyin_session={}", app.token("office").await);
    let head =
        async || app.ok("auditor", "{ ledgerHead { seq } }", json!({})).await["ledgerHead"]["seq"].as_i64().unwrap();
    // The auditor's own signing in is an entry as well: it comes before what is counted.
    head().await;
    let follow = async |site| {
        let request = app.client.get(format!("{}/desk/items.xlsx", app.address)).header("cookie", &cookie);
        request.header("sec-fetch-site", site).send().await.unwrap()
    };
    let before = head().await;
    for site in ["cross-site", "same-site"] {
        let answer = follow(site).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(error_code(&answer.json().await.unwrap()), "cross_site");
    }
    assert_eq!(head().await, before);
    // A page of our own, and an address that somebody typed.
    for site in ["same-origin", "none"] {
        assert_eq!(follow(site).await.status(), StatusCode::OK);
    }
    assert_eq!(head().await, before + 2);
}
