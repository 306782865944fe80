//! What an item waits for, and for whom.

use super::*;
use crate::access::{Limit, Role, UnitKind};

fn actor(unit_number: u128, unit_kind: UnitKind, roles: &[Role]) -> Actor {
    Actor::Account {
        id: account(unit_number * 10),
        unit: unit(unit_number),
        unit_kind,
        roles: roles.iter().copied().collect(),
        limit: Limit::None,
    }
}

fn codes(tasks: &BTreeSet<Task>) -> Vec<&'static str> {
    tasks.iter().map(|task| task.code()).collect()
}

#[test]
fn each_role_has_its_tasks() {
    let office = waiting_for(&actor(8, UnitKind::Office, &[Role::Office]));
    let routing = ["register", "route", "decide_return", "arbitrate", "decide_extension", "release"];
    assert_eq!((codes(&office.anywhere), office.own), (routing.to_vec(), None));

    let handler = waiting_for(&actor(1, UnitKind::Section, &[Role::Handler]));
    let (of, own) = handler.own.clone().unwrap();
    assert_eq!(of, unit(1));
    assert_eq!(codes(&own), ["accept", "answer", "revise", "decide_extension", "resume"]);
    assert!(handler.anywhere.is_empty());
    assert!(handler.includes(Task::Answer, Some(unit(1))));
    assert!(!handler.includes(Task::Answer, Some(unit(2))) && !handler.includes(Task::Route, None));

    let head = waiting_for(&actor(1, UnitKind::Section, &[Role::Reviewer]));
    assert_eq!(codes(&head.own.unwrap().1), ["review_first"]);
    let checker = waiting_for(&actor(8, UnitKind::Office, &[Role::Reviewer]));
    assert_eq!(codes(&checker.anywhere), ["review_second"]);
    // The office reviews what it answers itself as any other unit does.
    assert_eq!(codes(&checker.own.unwrap().1), ["review_first"]);
    let leader = waiting_for(&actor(9, UnitKind::Leadership, &[Role::Reviewer]));
    assert_eq!(codes(&leader.anywhere), ["arbitrate", "review_third"]);

    for role in [Role::Publisher, Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor] {
        assert!(waiting_for(&actor(8, UnitKind::Office, &[role])).is_empty(), "{role}");
    }
    assert!(waiting_for(&Actor::Public).is_empty());
}

#[test]
fn who_is_barred_is_who_would_be_refused() {
    let mut asked = 0;
    for (stage, step) in
        [(Stage::Review1, ReviewStep::First), (Stage::Review2, ReviewStep::Second), (Stage::Review3, ReviewStep::Third)]
    {
        let story = Story::at(stage);
        for who in [HANDLER, 12].into_iter().chain(REVIEWERS) {
            let refusal = story.ask(who, &approve(step, "answer")).err().map(|refusal| refusal.code());
            let refused = matches!(refusal, Some("reviewer_is_drafter" | "reviewer_repeated"));
            assert_eq!(story.item().barred().contains(&account(who)), refused, "{who} at {stage}: {refusal:?}");
            asked += u32::from(refused);
        }
    }
    assert_eq!(asked, 1 + 2 + 3, "the drafter, and whoever approved before");
    for stage in [Stage::Handling, Stage::Approved, Stage::Replied] {
        assert!(Story::at(stage).item().barred().is_empty(), "{stage}: nobody is to review");
    }
}

#[test]
fn a_reply_that_was_sent_back_waits_to_be_changed_until_it_is_submitted_again() {
    let submitted = Story::received()
        .then(OFFICE, &assign(1))
        .then(HANDLER, &Command::Accept)
        .then(HANDLER, &draft(1, "one"))
        .then(HANDLER, &submit(1, "one"));
    assert_eq!(submitted.item().task(), Some(Task::ReviewFirst));
    let back = Command::SendBack { step: ReviewStep::First, reason: Digest::of("why") };
    let sent_back = submitted.then(REVIEWERS[0], &back);
    assert_eq!(sent_back.item().task(), Some(Task::Revise));
    let changed = sent_back.then(HANDLER, &draft(2, "two"));
    assert_eq!(changed.item().task(), Some(Task::Revise));
    assert_eq!(changed.then(HANDLER, &submit(2, "two")).item().task(), Some(Task::ReviewFirst));
}

#[test]
fn who_asked_for_more_time_goes_on_meanwhile() {
    let asked = Story::received()
        .then(OFFICE, &assign(1))
        .then(HANDLER, &Command::Accept)
        .then(HANDLER, &Command::RequestExtension { days: 5, due: DUE });
    let task = asked.item().task().unwrap();
    assert_eq!(task, Task::DecideExtension);
    let office = waiting_for(&actor(8, UnitKind::Office, &[Role::Office]));
    let handler = waiting_for(&actor(1, UnitKind::Section, &[Role::Handler]));
    assert!(office.includes(task, asked.item().lead) && handler.includes(task, asked.item().lead));
}
