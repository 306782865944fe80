//! Every refusal, produced.

use super::*;

/// One way to be refused: the code, the story so far, who asks, and for what.
type Case = (&'static str, Story, u128, Command);

fn assigning_and_returning() -> Vec<Case> {
    let rejected = || Story::at(Stage::ReturnReview).then(OFFICE, &Command::RejectReturn);
    let arbitrated = Story::at(Stage::Arbitration).then(OFFICE, &Command::Arbitrate { unit: unit(2) });
    let reassigned = Story::at(Stage::ReturnReview).then(OFFICE, &Command::UpholdReturn).then(OFFICE, &assign(2));
    let back = |basis: Option<&str>, suggested: Option<u128>| Command::RequestReturn {
        reason: ReturnReason::Other,
        basis: basis.map(Digest::of),
        suggested: suggested.map(unit),
    };
    let lead_assists = Command::Assign { lead: unit(1), assisting: BTreeSet::from([unit(1)]) };
    vec![
        ("not_received", Story::new(), OFFICE, Command::Register),
        ("already_received", Story::received(), OFFICE, receipt(None)),
        ("wrong_stage", Story::received(), HANDLER, Command::Accept),
        ("version_unchanged", Story::received(), OFFICE, Command::RecordVersion { digest: Digest::of("message 1") }),
        ("merge_into_self", Story::received(), OFFICE, merge(1, Stage::Handling)),
        ("merge_target", Story::received(), OFFICE, merge(2, Stage::Merged)),
        ("merge_target", Story::received(), OFFICE, merge(2, Stage::Withdrawn)),
        ("lead_assists", Story::received(), OFFICE, lead_assists),
        ("assignment_unchanged", Story::at(Stage::Handling), OFFICE, assign(1)),
        ("not_lead_unit", Story::at(Stage::Dispatched), 20, Command::Accept),
        ("not_lead_unit", Story::at(Stage::Dispatched), 70, Command::Accept),
        ("not_lead_unit", Story::at(Stage::Dispatched), 20, give_back()),
        ("not_lead_unit", Story::at(Stage::Handling), 20, Command::RecordContact),
        ("not_lead_unit", Story::at(Stage::Handling), 20, Command::RequestExtension { days: 5, due: DUE }),
        ("not_lead_unit", Story::at(Stage::Handling), 20, Command::Suspend { reason: SuspendReason::Citizen }),
        ("not_lead_unit", Story::at(Stage::Suspended), 20, Command::Resume),
        ("not_lead_unit", Story::at(Stage::Handling), 20, draft(2, "another answer")),
        ("not_lead_unit", Story::at(Stage::Handling), 20, submit(1, "answer")),
        ("return_forbidden", rejected(), HANDLER, give_back()),
        ("return_forbidden", arbitrated, 20, back(Some("basis"), Some(3))),
        ("return_limit", reassigned, 20, back(Some("basis"), Some(3))),
        ("return_basis_missing", Story::at(Stage::Dispatched), HANDLER, back(None, Some(2))),
        ("return_unit_missing", Story::at(Stage::Dispatched), HANDLER, back(Some("basis"), None)),
        ("return_to_self", Story::at(Stage::Dispatched), HANDLER, back(Some("basis"), Some(1))),
    ]
}

fn merge(into: u128, into_stage: Stage) -> Command {
    Command::Merge { into: item_id(into), into_stage }
}

fn time_and_source() -> Vec<Case> {
    let ask = |days| Command::RequestExtension { days, due: DUE };
    let decide = |granted| Command::DecideExtension { granted, due: DUE };
    let late = |mut story: Story| {
        story.now = DUE.plus_seconds(1);
        story
    };
    let asked = || Story::at(Stage::Handling).then(HANDLER, &ask(5));
    let granted = asked().then(OFFICE, &decide(true));
    let contacted = Story::at(Stage::Handling).then(HANDLER, &Command::RecordContact);
    let answered_there = Command::RecordSourceAnswer(source_answer("answered there"));
    let reopen = Command::Reopen { reason: ReopenReason::Untrue };
    let reopened = Story::received().then(OFFICE, &answered_there).then(OFFICE, &reopen);
    let reopened_here = Story::at(Stage::Replied).then(OFFICE, &reopen);
    vec![
        ("contact_known", contacted, HANDLER, Command::RecordContact),
        ("extension_pending", asked(), HANDLER, ask(3)),
        ("extension_missing", Story::at(Stage::Handling), OFFICE, decide(true)),
        ("extension_limit", granted, HANDLER, ask(3)),
        ("extension_days", Story::at(Stage::Handling), HANDLER, ask(0)),
        ("extension_days", Story::at(Stage::Handling), HANDLER, ask(16)),
        ("extension_after_due", late(Story::at(Stage::Handling)), HANDLER, ask(5)),
        ("extension_after_due", late(asked()), OFFICE, decide(true)),
        ("answer_known", reopened, OFFICE, answered_there.clone()),
        // What was released here shows at the source too, under a digest never seen before.
        ("answer_known", reopened_here, OFFICE, answered_there),
    ]
}

fn replying() -> Vec<Case> {
    let empty = Command::SubmitReply { version: 1, digest: Digest::of("answer"), chars: 9 };
    let without_draft = Story::at(Stage::Dispatched).then(HANDLER, &Command::Accept);
    let mut forged = Story::at(Stage::Approved);
    forged.item.as_mut().unwrap().reply.as_mut().unwrap().approvals.pop();
    // Whoever wrote any version stays a drafter, even when somebody else has the last word.
    let two_drafters = Story::at(Stage::Handling).then(11, &draft(2, "better")).then(HANDLER, &submit(2, "better"));
    let first = |text| approve(ReviewStep::First, text);
    let second = approve(ReviewStep::Second, "answer");
    let other_reply = Command::SaveDraft { reply: reply_id(2), version: 2, digest: Digest::of("other") };
    vec![
        ("reply_missing", without_draft.clone(), HANDLER, submit(1, "answer")),
        ("reply_empty", Story::at(Stage::Handling), HANDLER, empty),
        ("draft_conflict", Story::at(Stage::Handling), HANDLER, draft(1, "from an old page")),
        ("draft_conflict", Story::at(Stage::Handling), HANDLER, other_reply),
        ("draft_conflict", without_draft, HANDLER, draft(2, "answer")),
        ("draft_unchanged", Story::at(Stage::Handling), HANDLER, draft(2, "answer")),
        ("text_changed", Story::at(Stage::Handling), HANDLER, submit(2, "answer")),
        ("text_changed", Story::at(Stage::Handling), HANDLER, submit(1, "answer, unsaved")),
        ("text_changed", Story::at(Stage::Review1), REVIEWERS[0], first("what was read before")),
        ("wrong_review_step", Story::at(Stage::Review1), REVIEWERS[1], second.clone()),
        ("reviewer_is_drafter", Story::at(Stage::Review1), HANDLER, first("answer")),
        ("reviewer_is_drafter", two_drafters.clone(), 11, first("better")),
        ("reviewer_is_drafter", two_drafters, HANDLER, first("better")),
        ("reviewer_repeated", Story::at(Stage::Review2), REVIEWERS[0], second),
        ("approvals_missing", forged, OFFICE, Command::Release),
    ]
}

#[test]
fn every_refusal_is_produced_and_tells_what_to_do() {
    let mut produced = BTreeSet::from(["account_required"]);
    for (code, story, who, command) in [assigning_and_returning(), time_and_source(), replying()].concat() {
        let refusal = story.ask(who, &command).unwrap_err();
        assert_eq!(refusal.code(), code, "{command:?}");
        let message = refusal.message();
        assert!(message.ends_with('。') && message.contains('，'), "{message}");
        assert!(!message.is_ascii());
        produced.insert(code);
    }
    // The program itself reviews nothing.
    let story = Story::at(Stage::Review1);
    let command = approve(ReviewStep::First, "answer");
    let refusal = decide(story.item.as_ref(), &command, &Actor::System("cli"), NOW, &RULES).unwrap_err();
    assert_eq!(refusal.code(), "account_required");
    assert_eq!(produced, Refusal::CODES.iter().copied().collect());
}

#[test]
fn the_program_is_no_unit() {
    let story = Story::at(Stage::Dispatched);
    let refusal = decide(story.item.as_ref(), &Command::Accept, &Actor::System("cli"), NOW, &RULES).unwrap_err();
    assert_eq!(refusal, Refusal::NotLeadUnit);
}

#[test]
fn a_late_extension_can_still_be_rejected() {
    let mut story = Story::at(Stage::Handling).then(HANDLER, &Command::RequestExtension { days: 5, due: DUE });
    story.now = DUE.plus_seconds(1);
    let story = story.then(OFFICE, &Command::DecideExtension { granted: false, due: DUE });
    assert!(!story.item().is_extension_pending());
    assert!(story.item().extensions.is_empty());
}
