//! Events as the ledger keeps them.

use super::*;
use serde_json::json;

#[test]
fn the_written_form_of_an_event_does_not_change() {
    let event = Event::Assigned { lead: unit(1), assisting: BTreeSet::from([unit(3), unit(2)]), at: NOW };
    assert_eq!(event.kind(), "item.assigned");
    assert_eq!(
        event.body().to_string(),
        "{\"assisting\":[\"00000000-0000-0000-0000-000000000002\",\"00000000-0000-0000-0000-000000000003\"],\
         \"at\":1791505800000000,\"lead\":\"00000000-0000-0000-0000-000000000001\"}"
    );
    assert_eq!(Event::Registered {}.body(), json!({}));
    let received = Story::received().events[0].body().to_string();
    assert_eq!(
        received,
        format!(
            "{{\"at\":1791505800000000,\"digest\":\"{}\",\"item\":\"00000000-0000-0000-0000-000000000001\",\
             \"message\":\"00000000-0000-0000-0000-000000000001\",\"request_type\":\"consult\",\
             \"source\":\"mayor-mailbox\",\"source_dispatched_at\":null,\"submitted_at\":1791419400000000}}",
            Digest::of("message 1")
        )
    );
}

#[test]
fn a_row_that_is_no_event_is_named() {
    let unknown = Event::parse("item.vanished", &json!({})).unwrap_err();
    assert_eq!(unknown.to_string(), "`item.vanished` is not a kind of event");
    for (kind, body) in [
        ("item.accepted", json!({})),
        ("item.accepted", json!({ "at": "yesterday" })),
        ("item.accepted", json!({ "at": 1, "note": "a text somebody smuggled in" })),
        ("item.registered", json!({ "note": "a text somebody smuggled in" })),
        ("item.registered", json!(null)),
        ("item.sent_back", json!({ "step": "first", "reason": "plain words", "by": account(1) })),
        ("item.not_accepted", json!({ "ground": "because" })),
    ] {
        let kind = kind.replace("item.sent_back", "reply.sent_back");
        let error = Event::parse(&kind, &body).unwrap_err();
        assert!(matches!(error, EventError::Body { .. }), "{kind} {body}");
    }
}

#[test]
fn kinds_are_unique_and_named_after_what_they_happen_to() {
    let kinds: BTreeSet<_> = Event::KINDS.iter().collect();
    assert_eq!(kinds.len(), Event::KINDS.len());
    assert!(kinds.iter().all(|kind| kind.starts_with("item.") || kind.starts_with("reply.")));
}

#[test]
fn events_out_of_order_are_an_error_not_an_item() {
    let events = Story::at(Stage::Review1).events;
    assert_eq!(Item::replay([]), Err(ReplayError::Empty));
    assert_eq!(Item::replay(&events[1..]), Err(ReplayError::NotReceived { kind: "item.registered" }));
    assert_eq!(Item::replay(events.iter().chain(&events[..1])), Err(ReplayError::ReceivedTwice));
    let without_draft = events.iter().filter(|event| event.kind() != "reply.drafted");
    assert_eq!(
        Item::replay(without_draft),
        Err(ReplayError::Unfitting { kind: "reply.submitted", stage: Stage::Handling })
    );
}

#[test]
fn an_item_kept_as_json_comes_back_the_same() {
    for &stage in Stage::ALL {
        let item = Story::at(stage).item.unwrap();
        let text = serde_json::to_string(&item).unwrap();
        assert_eq!(serde_json::from_str::<Item>(&text).unwrap(), item);
    }
}

#[test]
fn codes_and_digests_carry_no_prose() {
    for text in ["", "Mayor", "王某", "two words", &"x".repeat(65)] {
        assert_eq!(text.parse::<Code>(), Err(InvalidCode), "{text}");
    }
    assert_eq!("12345-export/v2.1_a".parse::<Code>().unwrap().as_str(), "12345-export/v2.1_a");
    assert!("66c7f0".parse::<Digest>().is_err());
    // The example of GB/T 32905, annex A.1.
    let abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(Digest::of("abc").to_string(), abc);
    assert_eq!(abc.parse::<Digest>().unwrap(), Digest::of("abc"));
}
