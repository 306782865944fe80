//! What the stage alone does not show.

use super::*;

#[test]
fn an_item_answered_at_its_source_is_born_replied_with_its_times() {
    let answer = SourceAnswer { unit: Some(unit(4)), ..source_answer("answered there") };
    let story = Story::new().then(OFFICE, &receipt(Some(answer)));
    let item = story.item();
    assert_eq!(item.stage, Stage::Replied);
    assert!(item.answered_at_source);
    assert_eq!(item.lead, Some(unit(4)));
    assert_eq!(item.times.submitted_at, Some(NOW.plus_seconds(-86_400)));
    assert_eq!((item.times.received_at, item.times.replied_at), (NOW, Some(NOW)));
    let kinds: Vec<_> = story.events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["item.received", "item.answered_at_source"]);
}

#[test]
fn assigning_a_received_item_registers_it() {
    let story = Story::at(Stage::Dispatched);
    let kinds: Vec<_> = story.events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["item.received", "item.registered", "item.assigned"]);
    assert_eq!(story.item().revision, 3);
}

#[test]
fn another_lead_unit_starts_anew_and_the_same_one_keeps_its_work() {
    let with_assistance = Command::Assign { lead: unit(1), assisting: BTreeSet::from([unit(5)]) };
    let kept = Story::at(Stage::Handling).then(OFFICE, &with_assistance);
    assert_eq!(kept.item().stage, Stage::Handling);
    assert_eq!(kept.item().assisting, BTreeSet::from([unit(5)]));
    assert!(kept.item().reply.is_some());
    assert!(kept.item().times.accepted_at.is_some());

    let moved = Story::at(Stage::Handling).then(OFFICE, &assign(3));
    assert_eq!((moved.item().stage, moved.item().lead), (Stage::Dispatched, Some(unit(3))));
    assert_eq!(moved.item().reply, None);
    assert_eq!(moved.item().times.accepted_at, None);
}

#[test]
fn an_arbitrated_item_goes_to_the_named_unit_alone() {
    let story = Story::at(Stage::Arbitration).then(OFFICE, &Command::Arbitrate { unit: unit(7) });
    let item = story.item();
    assert_eq!((item.lead, item.return_forbidden), (Some(unit(7)), true));
    assert!(!item.assisting.contains(&unit(7)));
    assert_eq!(item.pending_return, None);
}

#[test]
fn an_upheld_return_takes_the_item_from_the_unit() {
    let story = Story::at(Stage::ReturnReview).then(OFFICE, &Command::UpholdReturn);
    assert_eq!((story.item().lead, story.item().returns), (None, 1));
    assert!(!story.item().return_forbidden);
}

#[test]
fn an_edit_after_the_last_approval_goes_back_to_the_first_review() {
    let story = Story::at(Stage::Approved).then(HANDLER, &draft(2, "edited"));
    assert_eq!(story.refused(OFFICE, &Command::Release), "wrong_stage");
    let story = story.then(HANDLER, &submit(2, "edited"));
    assert_eq!(story.item().stage, Stage::Review1);
    assert!(story.item().reply.as_ref().unwrap().approvals.is_empty());
    let story = story.approved(3, "edited").then(OFFICE, &Command::Release);
    let released = story.events.last().unwrap();
    assert!(matches!(released, Event::Released { digest, version: 2, .. } if *digest == Digest::of("edited")));
}

#[test]
fn what_was_sent_back_can_be_submitted_again_and_is_reviewed_from_the_start() {
    let back = Command::SendBack { step: ReviewStep::Third, reason: Digest::of("cite the article") };
    let story = Story::at(Stage::Review3).then(REVIEWERS[2], &back);
    let reply = story.item().reply.as_ref().unwrap();
    assert_eq!((reply.submitted_at, reply.approvals.len()), (None, 0));
    let story = story.then(HANDLER, &submit(1, "answer"));
    assert_eq!(story.item().stage, Stage::Review1);
    assert!(story.item().reply.as_ref().unwrap().approvals.is_empty());
}

#[test]
fn a_reopened_item_owes_a_new_answer_on_a_new_clock() {
    let extended = Story::at(Stage::Handling)
        .then(HANDLER, &Command::RequestExtension { days: 5, due: DUE })
        .then(OFFICE, &Command::DecideExtension { granted: true, due: DUE })
        .then(HANDLER, &submit(1, "answer"))
        .approved(3, "answer")
        .then(OFFICE, &Command::Release)
        .then(OFFICE, &Command::Close)
        .then(OFFICE, &Command::Reopen { reason: ReopenReason::Dissatisfied });
    let item = extended.item();
    assert_eq!((item.stage, item.lead, item.reopened), (Stage::Dispatched, Some(unit(1)), 1));
    assert_eq!((item.times.replied_at, item.times.closed_at), (None, None));
    assert!(item.times.first_contact_at.is_some());
    assert_eq!(item.reply, None);
    assert_eq!((item.extensions.len(), item.current_extensions().count()), (1, 0));
    // The new clock may be extended again.
    extended.then(HANDLER, &Command::Accept).then(HANDLER, &Command::RequestExtension { days: 5, due: DUE });
}

#[test]
fn a_reopened_item_without_a_unit_waits_to_be_assigned() {
    let story = Story::new()
        .then(OFFICE, &receipt(Some(source_answer("answered there"))))
        .then(OFFICE, &Command::Reopen { reason: ReopenReason::Untrue });
    assert_eq!(story.item().stage, Stage::Registered);
    assert!(!story.item().answered_at_source);
    // A new answer at the source, given after the reopening, answers it again.
    let newer = SourceAnswer { replied_at: story.now, ..source_answer("answered there again") };
    let story = story.then(OFFICE, &Command::RecordSourceAnswer(newer));
    assert_eq!(story.item().stage, Stage::Replied);
}

#[test]
fn a_pause_ends_with_whatever_ends_it() {
    for (who, command) in [
        (HANDLER, Command::Resume),
        (OFFICE, Command::Withdraw),
        (OFFICE, Command::RecordSourceAnswer(source_answer("answered there"))),
    ] {
        let story = Story::at(Stage::Suspended).then(who, &command);
        let pause = story.item().pauses.last().unwrap();
        assert_eq!(pause.to, Some(story.now.plus_seconds(-60)), "{command:?}");
        assert!(pause.to.unwrap() > pause.from);
    }
}

#[test]
fn submitting_spends_an_undecided_extension() {
    let story = Story::at(Stage::Handling)
        .then(HANDLER, &Command::RequestExtension { days: 5, due: DUE })
        .then(HANDLER, &submit(1, "answer"));
    assert!(!story.item().is_extension_pending());
}

#[test]
fn a_merged_item_points_to_the_answer_it_is_owed() {
    let story = Story::at(Stage::Merged);
    assert_eq!(story.item().merged_into, Some(item_id(2)));
    assert!(!story.item().stage.is_answered());
    assert_eq!(story.item().times.replied_at, None);
}

#[test]
fn a_changed_message_is_counted_in_every_stage() {
    for &stage in Stage::ALL {
        let story = Story::at(stage).then(OFFICE, &Command::RecordVersion { digest: Digest::of("changed") });
        assert_eq!((story.item().stage, story.item().message_versions), (stage, 2));
        assert_eq!(story.item().message_digest, Digest::of("changed"));
    }
}
