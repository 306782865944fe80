//! A list costs the same number of statements however long it is.

use huiyin::store::db::statements_run;
use huiyin_domain::access::{Actor, UnitKind};
use serde_json::json;

use crate::support::app::{Letter, TestApp};

const LIST: &str = "query($first: Int!) { items(first: $first) { totalCount edges { node {
    id number title stage { label } requestType { label } source { name } leadUnit { name } assistingUnits { name }
    askedAt receivedAt dueAt dueProvisional overdue repliedAt open repeatOf { number title leadUnit { name } } revision
    question { body author } answerAtSource { text }
} } } }";

#[tokio::test]
async fn a_page_of_a_hundred_takes_no_more_statements_than_one_of_twenty() {
    let app = TestApp::start().await;
    let letters: Vec<Letter> = (1..=100)
        .map(|number| {
            // Every third is a repeat of the one before.
            let letter = Letter::new(number);
            let body = if number % 3 == 0 { Letter::new(number - 1).body } else { letter.body.clone() };
            Letter { body, ..letter }
        })
        .collect();
    assert_eq!(app.import(&letters).await.accepted, 100);
    let (planning, survey) = (app.unit("planning"), app.unit("survey"));
    for number in (1..=100).step_by(4) {
        let item = app.item(number).await;
        let (lead, assisting) = if number % 2 == 0 { (planning, survey) } else { (survey, planning) };
        let call = format!("assignItem(item: \"{item}\", lead: \"{lead}\", assisting: [\"{assisting}\"])");
        assert_eq!(app.act("office", &call).await["status"], "OK");
    }
    // The names of sources and units are remembered from the first page on.
    app.ok("office", LIST, json!({ "first": 1 })).await;
    let mut counts = Vec::new();
    for first in [20, 100] {
        let before = statements_run();
        let page = app.ok("office", LIST, json!({ "first": first })).await;
        counts.push(statements_run() - before);
        assert_eq!(page["items"]["edges"].as_array().unwrap().len(), first);
    }
    // The page, the count, messages, items repeated. The session was read with the page before.
    assert_eq!(counts, [4, 4]);
}

/// Fields that a list writes at once, spread by name too; in a fragment without one they take the engine's way.
const AT_ONCE: &str =
    "__typename id number title stage { __typename code label } requestType { label } source { id name channel }
    leadUnit { id code name kind { code } active } askedAt receivedAt dueAt dueProvisional overdue repliedAt open revision
    task { code label } again: title";

#[tokio::test]
async fn what_is_written_at_once_is_what_the_engine_writes() {
    let app = TestApp::start().await;
    let letters: Vec<Letter> = (1..=6).map(Letter::new).collect();
    assert_eq!(app.import(&letters).await.accepted, 6);
    let (planning, survey) = (app.unit("planning"), app.unit("survey"));
    for (number, lead) in [(2, planning), (3, survey)] {
        let item = app.item(number).await;
        assert_eq!(app.act("office", &format!("assignItem(item: \"{item}\", lead: \"{lead}\")")).await["status"], "OK");
    }
    let page = |node: &str| {
        format!("{{ items {{ edges {{ __typename cursor node {{ {node} }} }} pageInfo {{ endCursor }} }} }}")
    };
    let at_once = app.ok("office", &page(AT_ONCE), json!({})).await;
    let waited = app.ok("office", &page(&format!("... on Item {{ {AT_ONCE} }}")), json!({})).await;
    assert_eq!(at_once, waited);
    let named = format!("query {} fragment Listed on Item {{ {AT_ONCE} }}", page("...Listed"));
    assert_eq!(app.ok("office", &named, json!({})).await, waited);
    assert_eq!(at_once["items"]["edges"].as_array().unwrap().len(), 6);
    // Two selections under one name are one object with both.
    let merged = app.ok("office", &page("stage { code } stage { label }"), json!({})).await;
    let both = app.ok("office", &page("stage { code label }"), json!({})).await;
    assert_eq!(merged, both);
}

#[tokio::test]
async fn a_new_name_is_shown_from_the_next_answer_on() {
    let app = TestApp::start().await;
    assert_eq!(app.import(&[Letter::new(1)]).await.accepted, 1);
    let item = app.item(1).await;
    let list = "{ items { edges { node { leadUnit { name } } } } }";
    assert_eq!(app.ok("office", list, json!({})).await["items"]["edges"][0]["node"]["leadUnit"], json!(null));
    // A unit that nobody has seen yet, and what is sent to it in the same request.
    let unit = app.service.add_unit(&Actor::System("test"), "newcomer", "新设科", UnitKind::Section).await.unwrap();
    let call = format!("assignItem(item: \"{item}\", lead: \"unit:{}\")", unit.id);
    assert_eq!(app.act("office", &call).await["status"], "OK");
    assert_eq!(app.ok("office", list, json!({})).await["items"]["edges"][0]["node"]["leadUnit"]["name"], "新设科");
}
