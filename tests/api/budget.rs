//! A list costs the same number of statements however long it is.

use huiyin::store::db::statements_run;
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
    let mut counts = Vec::new();
    for first in [20, 100] {
        let before = statements_run();
        let page = app.ok("office", LIST, json!({ "first": first })).await;
        counts.push(statements_run() - before);
        assert_eq!(page["items"]["edges"].as_array().unwrap().len(), first);
    }
    // The session, the page, the count, sources, units (of the items and of those they repeat), messages, items repeated.
    assert_eq!(counts, [8, 8]);
}
