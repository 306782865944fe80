//! Issues and statistics through the schema.

use async_graphql::{Request, Variables};
use huiyin::api::{Api, Session};
use huiyin::service::account::Viewer;
use huiyin_domain::access::Actor;
use serde_json::{Value, json};

use super::office::{LETTERS, Office};

/// What the schema answers to this person; an error of the request fails the test.
async fn ask(office: &Office, actor: &Actor, document: &str, variables: Value) -> Value {
    let session = Session { viewer: Viewer { actor: actor.clone(), ..Viewer::PUBLIC }, ..Session::PUBLIC };
    let request = Request::new(document).variables(Variables::from_json(variables));
    let response = Api::new(office.service.clone()).execute(request, session).await;
    assert_eq!(response.errors, [], "{document}");
    response.data.into_json().unwrap()
}

#[tokio::test]
async fn an_issue_is_made_checked_and_published() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let create =
        "mutation { made: createPublication(month: \"2026-10\") { status publication { id stage { code } } } }";
    let made = ask(&office, &office.publisher, create, Value::Null).await;
    assert_eq!(made["made"]["publication"]["stage"]["code"], "draft");
    let publication = &made["made"]["publication"]["id"];

    let item = format!("item:{}", office.item(LETTERS[0].title).await.id);
    let add = "mutation($p: ID!, $i: ID!, $t: EntryTextInput!) { done: addEntry(publication: $p, item: $i, text: $t) \
         { status seq entry { id version stage { code } item { title } } } }";
    let text = json!({ "question": "要哪些材料？", "answer": "请带身份证明。" });
    let added = ask(&office, &office.publisher, add, json!({ "p": publication, "i": item, "t": text })).await;
    let entry = &added["done"]["entry"];
    assert_eq!((&entry["version"], &entry["item"]["title"]), (&json!(1), &json!(LETTERS[0].title)));
    assert!(added["done"]["seq"].as_u64().is_some_and(|seq| seq > 0));

    let here = json!({ "p": publication, "e": entry["id"] });
    let act = |field: &str| {
        format!(
            "mutation($p: ID!, $e: ID!) {{ done: {field}(publication: $p, entry: $e, version: 1) \
             {{ status userErrors {{ code }} entry {{ stage {{ code }} approvedBy }} }} }}"
        )
    };
    let refused = ask(&office, &office.publisher, &act("approveEntry"), here.clone()).await;
    assert_eq!(refused["done"], json!({ "status": "REFUSED", "userErrors": [{ "code": "forbidden" }], "entry": null }));
    for (actor, field, stage) in [
        (&office.publisher, "deidentifyEntry", "deidentified"),
        (&office.checker, "checkEntry", "secrecy_checked"),
        (&office.approver, "approveEntry", "approved"),
    ] {
        let done = ask(&office, actor, &act(field), here.clone()).await;
        assert_eq!(done["done"]["entry"]["stage"]["code"], stage, "{field}");
    }
    let publish = "mutation($p: ID!) { done: publish(publication: $p) { status publication { stage { code } } } }";
    let done = ask(&office, &office.publisher, publish, json!({ "p": publication })).await;
    assert_eq!(done["done"]["publication"]["stage"]["code"], "published");
    let read = "{ publishedMonths { month } publishedIssue(month: \"2026-10\") { entries { question } } }";
    let seen = ask(&office, &Actor::Public, read, Value::Null).await;
    assert_eq!(seen["publishedMonths"], json!([{ "month": "2026-10" }]));
    assert_eq!(seen["publishedIssue"]["entries"], json!([{ "question": "要哪些材料？" }]));
}

#[tokio::test]
async fn statistics_have_numerators_and_no_rate_of_nothing() {
    let office = Office::open().await;
    let read = "{ statistics(from: \"2026-10-01\", to: \"2026-10-31\", by: REQUEST_TYPE) { by { code } groups { label } \
         total { received responseTime { count medianDays } onTime { numerator denominator value } } } }";
    let nothing = ask(&office, &Actor::System("test"), read, Value::Null).await;
    assert_eq!(
        nothing["statistics"]["total"],
        json!({ "received": 0, "responseTime": { "count": 0, "medianDays": null },
            "onTime": { "numerator": 0, "denominator": 0, "value": null } })
    );
    office.receive(&LETTERS).await;
    let counted = ask(&office, &Actor::System("test"), read, Value::Null).await;
    assert_eq!(counted["statistics"]["total"]["responseTime"], json!({ "count": 3, "medianDays": 4.0 }));
    assert_eq!(counted["statistics"]["groups"], json!([{ "label": "投诉" }, { "label": "咨询" }]));
}
