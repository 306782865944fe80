//! What waits for whom: every number is the number of the list it opens.

use huiyin::api::filter::list_variables;
use huiyin::service::list::ListQuery;
use huiyin::store::db::statements_run;
use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp};
use crate::support::work::work;

const COUNT: &str = "{ count query }";

fn home() -> String {
    format!(
        "{{ worklist {{ today mine {{ total {COUNT} overdue {COUNT} dueToday {COUNT} dueSoon {COUNT} }}
        inSight {{ total {COUNT} overdue {COUNT} dueToday {COUNT} dueSoon {COUNT} }}
        entries {{ kind {{ code label }} total {COUNT} overdue {COUNT} dueToday {COUNT} dueSoon {COUNT} oldestAskedAt }}
        units {{ unit {{ id name }} open {COUNT} dueToday {COUNT} overdue {COUNT} }}
        issues {{ stage {{ code }} count mine }} issueEntries {{ stage {{ code }} count mine }} }} }}"
    )
}

/// Every `{ count query }` of an answer.
fn counts(answer: &Value, found: &mut Vec<(i64, String)>) {
    match answer {
        Value::Object(fields) => {
            if let (Some(count), Some(query)) = (fields.get("count"), fields.get("query")) {
                found.push((count.as_i64().unwrap(), query.as_str().unwrap().to_owned()));
            }
            fields.values().for_each(|value| counts(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| counts(value, found)),
        _ => {}
    }
}

fn entry<'a>(home: &'a Value, code: &str) -> &'a Value {
    let entries = home["entries"].as_array().unwrap();
    entries.iter().find(|entry| entry["kind"]["code"] == code).unwrap_or_else(|| panic!("{code}: {home:#}"))
}

#[tokio::test]
async fn every_number_is_that_of_its_list() {
    let app = TestApp::start().await;
    work(&app).await;
    let list = "query($filter: ItemFilter, $text: String!, $order: ItemOrder!, $sort: SearchSort!) {
        items(filter: $filter, order: $order, first: 100) { totalCount edges { node { number } } }
        search(text: $text, filter: $filter, sort: $sort, first: 100) { totalCount }
    }";
    let mut seen = 0;
    for viewer in ["office", "handler", "stranger", "head", "checker", "leader", "publisher"] {
        let answer = app.ok(viewer, &home(), json!({})).await;
        let mut numbers = Vec::new();
        counts(&answer, &mut numbers);
        for (count, text) in numbers {
            let query: ListQuery = text.parse().unwrap();
            assert_eq!(query.to_query(), text, "the address is canonical");
            let variables = serde_json::to_value(list_variables(&query)).unwrap();
            let lists = app.ok(viewer, list, variables).await;
            assert_eq!(lists["items"]["totalCount"], count, "{viewer}: {text}");
            assert_eq!(lists["items"]["edges"].as_array().unwrap().len() as i64, count, "{viewer}: {text}");
            assert_eq!(lists["search"]["totalCount"], count, "{viewer}: {text}");
            seen += count;
        }
    }
    assert!(seen > 50, "there is something to count: {seen}");
}

#[tokio::test]
async fn each_role_sees_its_work() {
    let app = TestApp::start().await;
    work(&app).await;
    let totals = async |viewer: &'static str| -> Vec<(String, i64)> {
        let home = app.ok(viewer, &home(), json!({})).await["worklist"].clone();
        let entries = home["entries"].as_array().unwrap().iter();
        let mut totals: Vec<(String, i64)> = entries
            .map(|entry| {
                (entry["kind"]["code"].as_str().unwrap().to_owned(), entry["total"]["count"].as_i64().unwrap())
            })
            .collect();
        totals.push(("mine".to_owned(), home["mine"]["total"]["count"].as_i64().unwrap()));
        totals
    };
    let named =
        |list: &[(&str, i64)]| list.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect::<Vec<_>>();
    let office = [("route", 3), ("returns", 1), ("disputes", 0), ("extensions", 0), ("release", 0), ("mine", 4)];
    assert_eq!(totals("office").await, named(&office));
    let handler =
        [("extensions", 0), ("accept", 1), ("revise", 1), ("answer", 1), ("resume", 1), ("assist", 1), ("mine", 4)];
    assert_eq!(totals("handler").await, named(&handler));
    assert_eq!(totals("head").await, named(&[("review_first", 1), ("mine", 1)]));
    assert_eq!(totals("checker").await, named(&[("review_second", 1), ("mine", 1)]));
    assert_eq!(totals("leader").await, named(&[("disputes", 0), ("review_third", 1), ("mine", 1)]));
    assert_eq!(totals("publisher").await, named(&[("mine", 0)]));
}

#[tokio::test]
async fn what_one_wrote_does_not_wait_for_ones_own_review() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    let planning = app.unit("planning").to_owned();
    let head = huiyin::store::account::by_login(&mut app.service.store().read().await.unwrap().conn(), "head").await;
    let head = head.unwrap().unwrap().id;
    let roles =
        format!("mutation {{ setAccountRoles(account: \"account:{head}\", roles: [HANDLER, REVIEWER]) {{ status }} }}");
    assert_eq!(app.ok("secadmin", &roles, json!({})).await["setAccountRoles"]["status"], "OK");
    let text = "您好，该项目的日照分析已经公示，请到规划展示厅查询。";
    for (number, drafter) in [(1, "head"), (2, "handler")] {
        let item = app.item(number).await;
        for (login, call) in [
            ("office", format!("assignItem(item: \"{item}\", lead: \"{planning}\")")),
            ("handler", format!("acceptItem(item: \"{item}\")")),
            (drafter, format!("saveDraft(item: \"{item}\", text: \"{text}\")")),
            (drafter, format!("submitReply(item: \"{item}\", version: 1)")),
        ] {
            let answer = app.act(login, &call).await;
            assert_eq!(answer["status"], "OK", "{call}: {answer:#}");
        }
    }
    app.follow().await;
    let waiting = async || {
        let home = app.ok("head", &home(), json!({})).await["worklist"].clone();
        let lists =
            "{ items(filter: { tasks: [REVIEW_FIRST], waitingForMe: true }) { totalCount edges { node { number } } }
            search(text: \"采光\", filter: { tasks: [REVIEW_FIRST], waitingForMe: true }) { totalCount } }";
        let lists = app.ok("head", lists, json!({})).await;
        let review = entry(&home, "review_first")["total"]["count"].clone();
        let numbers = lists["items"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["number"].clone());
        let numbers: Vec<Value> = numbers.collect();
        assert_eq!([&lists["items"]["totalCount"], &lists["search"]["totalCount"]], [&review, &review]);
        (review, home["mine"]["total"]["count"].clone(), numbers)
    };
    assert_eq!(waiting().await, (json!(1), json!(1), vec![json!(2)]), "the other's draft, not the own one");
    // Once it is given back, changing it waits for whoever may.
    let item = app.item(1).await;
    let back = app.act("head", &format!("sendBackReply(item: \"{item}\", step: FIRST, reason: \"请写明地点\")")).await;
    assert_eq!(back["status"], "OK", "{back:#}");
    app.follow().await;
    assert_eq!(waiting().await, (json!(1), json!(2), vec![json!(2)]));
}

#[tokio::test]
async fn what_is_late_is_in_somebodys_hands() {
    let app = TestApp::start().await;
    work(&app).await;
    let home = app.ok("office", &home(), json!({})).await["worklist"].clone();
    assert_eq!(home["today"], "2026-10-09");
    let units = home["units"].as_array().unwrap();
    let of = |name: &str| units.iter().find(|unit| unit["unit"]["name"] == name).unwrap();
    assert_eq!(of("规划科")["open"]["count"], 8);
    assert_eq!(of("测绘科")["open"]["count"], 1);
    let none = units.iter().find(|unit| unit["unit"].is_null()).unwrap();
    assert_eq!(none["open"]["count"], 3);
    let total = |field: &str| units.iter().map(|unit| unit[field]["count"].as_i64().unwrap()).sum::<i64>();
    assert_eq!(total("open"), 12, "every open item is in one hand");
    assert!(total("overdue") > 0, "{home:#}");
    assert_eq!(entry(&home, "route")["oldestAskedAt"], "2026-09-02T09:01:00+08:00");
    // A unit sees itself only.
    let own = app.ok("stranger", &self::home(), json!({})).await["worklist"]["units"].clone();
    assert_eq!((own.as_array().unwrap().len(), &own[0]["unit"]["name"]), (1, &json!("测绘科")));
}

#[tokio::test]
async fn issues_wait_for_those_who_make_them() {
    let app = TestApp::start().await;
    app.import(&[Letter::answered(1)]).await;
    let created = "mutation { createPublication(month: \"2026-09\") { publication { id } } }";
    let created = app.ok("publisher", created, json!({})).await["createPublication"]["publication"]["id"].clone();
    let text = "text: { question: \"问\", answer: \"答\" }";
    let add = format!(
        "mutation {{ addEntry(publication: {created}, item: \"{}\", {text}) {{ status }} }}",
        app.item(1).await
    );
    assert_eq!(app.ok("publisher", &add, json!({})).await["addEntry"]["status"], "OK");
    let home = async |viewer| app.ok(viewer, &home(), json!({})).await["worklist"].clone();
    let publisher = home("publisher").await;
    assert_eq!(publisher["issues"][0], json!({ "stage": { "code": "draft" }, "count": 1, "mine": true }));
    assert_eq!(publisher["issueEntries"][0], json!({ "stage": { "code": "candidate" }, "count": 1, "mine": true }));
    let checker = home("checker").await;
    assert_eq!(checker["issueEntries"][1]["mine"], true);
    assert_eq!(checker["issues"][0]["mine"], false);
    assert_eq!(home("handler").await["issues"], json!([]));
}

#[tokio::test]
async fn the_home_costs_the_same_however_much_there_is() {
    let app = TestApp::start().await;
    let mut costs = Vec::new();
    for letters in [1..=3, 4..=90] {
        let letters: Vec<Letter> = letters.map(Letter::new).collect();
        app.import(&letters).await;
        let mut cost = Vec::new();
        for viewer in ["office", "handler", "leader", "publisher"] {
            app.token(viewer).await;
            let before = statements_run();
            app.ok(viewer, &home(), json!({})).await;
            cost.push(statements_run() - before);
        }
        costs.push(cost);
    }
    // The session, the loads (a unit's, and what it assists with), issues and entries; names of units once there are some.
    assert_eq!(costs, [[4, 3, 4, 3], [4, 3, 4, 3]]);
}
