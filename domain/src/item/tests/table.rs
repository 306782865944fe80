//! Every stage against every command, each given by the right person and in itself correct.

use super::*;
use ReviewStep::{First, Second, Third};
use Stage::{
    Approved, Arbitration, Archived, Closed, Dispatched, Handling, Merged, NotAccepted, Received, Registered, Replied,
    ReturnReview, Review1, Review2, Review3, Suspended, TransferredOut, Withdrawn,
};

/// Every command by name, with who gives it.
pub(super) fn commands() -> Vec<(&'static str, u128, Command)> {
    let reason = Digest::of("reason");
    vec![
        ("receive", OFFICE, receipt(None)),
        ("record_version", OFFICE, Command::RecordVersion { digest: Digest::of("message 1, changed") }),
        ("register", OFFICE, Command::Register),
        ("merge", OFFICE, Command::Merge { into: item_id(2), into_stage: Replied }),
        ("refuse_acceptance", OFFICE, Command::RefuseAcceptance { ground: Ground::Secret }),
        ("transfer_out", OFFICE, Command::TransferOut { route: TransferRoute::Discipline }),
        ("assign", OFFICE, assign(3)),
        ("accept", HANDLER, Command::Accept),
        ("request_return", HANDLER, give_back()),
        ("uphold_return", OFFICE, Command::UpholdReturn),
        ("reject_return", OFFICE, Command::RejectReturn),
        ("dispute_return", OFFICE, Command::DisputeReturn),
        ("arbitrate", OFFICE, Command::Arbitrate { unit: unit(2) }),
        ("record_contact", HANDLER, Command::RecordContact),
        ("request_extension", HANDLER, Command::RequestExtension { days: 5, due: DUE }),
        ("suspend", HANDLER, Command::Suspend { reason: SuspendReason::ThirdParty }),
        ("resume", HANDLER, Command::Resume),
        ("save_draft", HANDLER, draft(2, "answer, improved")),
        ("submit_reply", HANDLER, submit(1, "answer")),
        ("approve_1", REVIEWERS[0], approve(First, "answer")),
        ("approve_2", REVIEWERS[1], approve(Second, "answer")),
        ("approve_3", REVIEWERS[2], approve(Third, "answer")),
        ("send_back_1", REVIEWERS[0], Command::SendBack { step: First, reason }),
        ("send_back_2", REVIEWERS[1], Command::SendBack { step: Second, reason }),
        ("send_back_3", REVIEWERS[2], Command::SendBack { step: Third, reason }),
        ("release", OFFICE, Command::Release),
        ("record_source_answer", OFFICE, Command::RecordSourceAnswer(source_answer("answered there"))),
        ("close", OFFICE, Command::Close),
        ("archive", OFFICE, Command::Archive),
        ("reopen", OFFICE, Command::Reopen { reason: ReopenReason::Dissatisfied }),
        ("withdraw", OFFICE, Command::Withdraw),
    ]
}

/// The machine of domain rules 2.2, written down a second time.
#[expect(clippy::match_same_arms, reason = "one line a command, as a table")]
fn expected(command: &str, stage: Stage) -> Result<Stage, &'static str> {
    match (command, stage) {
        ("receive", _) => Err("already_received"),
        ("record_version", _) => Ok(stage),
        ("register", Received) => Ok(Registered),
        ("merge", Received | Registered) => Ok(Merged),
        ("refuse_acceptance", Registered) => Ok(NotAccepted),
        ("transfer_out", Registered) => Ok(TransferredOut),
        ("assign", Received | Registered | Dispatched | Handling) => Ok(Dispatched),
        ("accept", Dispatched) => Ok(Handling),
        ("request_return", Dispatched) => Ok(ReturnReview),
        ("uphold_return", ReturnReview) => Ok(Registered),
        ("reject_return", ReturnReview) => Ok(Dispatched),
        ("dispute_return", ReturnReview) => Ok(Arbitration),
        ("arbitrate", Arbitration) => Ok(Dispatched),
        ("record_contact", Handling | Suspended) => Ok(stage),
        ("request_extension", Handling) => Ok(Handling),
        ("suspend", Handling) => Ok(Suspended),
        ("resume", Suspended) => Ok(Handling),
        ("save_draft", Handling | Review1 | Review2 | Review3 | Approved) => Ok(Handling),
        ("submit_reply", Handling) => Ok(Review1),
        ("approve_1", Review1) => Ok(Review2),
        ("approve_2", Review2) => Ok(Review3),
        ("approve_3", Review3) => Ok(Approved),
        ("send_back_1", Review1) | ("send_back_2", Review2) | ("send_back_3", Review3) => Ok(Handling),
        ("approve_1" | "send_back_1", Review2 | Review3)
        | ("approve_2" | "send_back_2", Review1 | Review3)
        | ("approve_3" | "send_back_3", Review1 | Review2) => Err("wrong_review_step"),
        ("release", Approved) => Ok(Replied),
        (
            "record_source_answer",
            Received | Registered | Dispatched | ReturnReview | Arbitration | Handling | Suspended | Review1 | Review2
            | Review3 | Approved,
        ) => Ok(Replied),
        ("close", Replied) => Ok(Closed),
        ("archive", Closed) => Ok(Archived),
        ("reopen", Replied | Closed) => Ok(Dispatched),
        (
            "withdraw",
            Received | Registered | Dispatched | ReturnReview | Arbitration | Handling | Suspended | Review1 | Review2
            | Review3 | Approved,
        ) => Ok(Withdrawn),
        _ => Err("wrong_stage"),
    }
}

#[test]
fn every_stage_answers_every_command_as_the_rules_say() {
    for &stage in Stage::ALL {
        let story = Story::at(stage);
        assert_eq!(story.item().stage, stage);
        for (name, who, command) in commands() {
            let mut next = story.clone();
            let outcome = next.tell(who, &command).map(|()| next.item().stage).map_err(|refusal| refusal.code());
            assert_eq!(outcome, expected(name, stage), "{name} at {stage}");
        }
    }
}

#[test]
fn an_extension_is_decided_where_it_can_wait() {
    let decision = Command::DecideExtension { granted: true, due: DUE };
    for &stage in Stage::ALL {
        let mut story = Story::at(stage);
        if matches!(stage, Handling | Suspended) {
            let item = story.item.as_mut().unwrap();
            item.extension_pending = Some(ExtensionRequest { days: 5, at: NOW });
            story.tell(OFFICE, &decision).unwrap();
            assert_eq!(story.item().stage, stage);
            assert_eq!(story.item().extensions.len(), 1);
        } else {
            assert_eq!(story.refused(OFFICE, &decision), "wrong_stage", "{stage}");
        }
    }
}

#[test]
fn a_stage_is_open_answered_or_final_and_archived_is_the_two_last() {
    for &stage in Stage::ALL {
        let kinds = [stage.is_open(), stage.is_answered(), stage.is_final()];
        let count = kinds.iter().filter(|kind| **kind).count();
        assert_eq!(count, if stage == Archived { 2 } else { 1 }, "{stage}");
        assert_eq!(Stage::parse(stage.code()), Some(stage));
    }
    assert_eq!(Stage::parse("reopened"), None);
    let labels: Vec<_> = Stage::ALL.iter().map(|stage| stage.label()).collect();
    assert_eq!(
        labels.join(" "),
        "已接收 待分办 待签收 退单审核 裁定 办理中 挂起 一审 二审 三审 待答复 已答复 办结 归档 已并单 不予受理 转出 诉求人撤回"
    );
}

#[test]
fn every_command_has_a_label_and_none_shares_its_label() {
    let labels: BTreeSet<_> = commands().iter().map(|(_, _, command)| command.label()).collect();
    // Three approvals and three send-backs share theirs.
    assert_eq!(labels.len(), commands().len() - 4);
}

#[test]
fn what_sources_call_a_request_is_understood() {
    for (raw, request_type) in [
        ("咨询", RequestType::Consult),
        (" 咨询类 ", RequestType::Consult),
        ("求助", RequestType::Help),
        ("投诉求助", RequestType::Complaint),
        ("投诉/举报", RequestType::Report),
        ("建言", RequestType::Suggestion),
        ("意见建议", RequestType::Suggestion),
        ("建言献策", RequestType::Suggestion),
        ("表扬感谢", RequestType::Praise),
        ("Complaint", RequestType::Complaint),
        ("其他", RequestType::Other),
        ("", RequestType::Other),
        ("42", RequestType::Other),
    ] {
        assert_eq!(RequestType::from_source(raw), request_type, "{raw}");
    }
    for &request_type in RequestType::ALL {
        assert_eq!(RequestType::from_source(request_type.label()), request_type);
        assert_eq!(RequestType::parse(request_type.code()), Some(request_type));
    }
}
