//! What is offered is what would be done, and nothing else.

use super::*;
use crate::access::allowed;
use ActKind as K;

fn somebody(n: u128, role: Role) -> Actor {
    match person(n) {
        Actor::Account { id, unit, unit_kind, .. } => {
            Actor::Account { id, unit, unit_kind, roles: BTreeSet::from([role]) }
        }
        other => other,
    }
}

fn offered(story: &Story, who: &Actor) -> Vec<ActKind> {
    possible(story.item(), who, story.now, DUE, &RULES)
}

/// Everybody who may meet an item of unit 1: the office, its handler, the three reviewers, a stranger, an administrator.
fn everybody() -> [Actor; 7] {
    [
        somebody(OFFICE, Role::Office),
        somebody(HANDLER, Role::Handler),
        somebody(REVIEWERS[0], Role::Reviewer),
        somebody(REVIEWERS[1], Role::Reviewer),
        somebody(REVIEWERS[2], Role::Reviewer),
        somebody(30, Role::Handler),
        somebody(85, Role::SystemAdmin),
    ]
}

#[test]
fn each_stage_offers_each_person_what_is_theirs() {
    use Stage as S;
    let office = somebody(OFFICE, Role::Office);
    let handler = somebody(HANDLER, Role::Handler);
    let reviewer = |step: usize| somebody(REVIEWERS[step], Role::Reviewer);
    for (stage, who, acts) in [
        (S::Received, &office, vec![K::Register, K::Assign, K::Merge, K::Withdraw]),
        (S::Registered, &office, vec![K::Assign, K::Merge, K::RefuseAcceptance, K::TransferOut, K::Withdraw]),
        (S::Dispatched, &office, vec![K::Assign, K::Withdraw]),
        (S::Dispatched, &handler, vec![K::Accept, K::RequestReturn]),
        (S::ReturnReview, &office, vec![K::UpholdReturn, K::RejectReturn, K::DisputeReturn, K::Withdraw]),
        (S::ReturnReview, &handler, vec![]),
        (S::Arbitration, &office, vec![K::Arbitrate, K::Withdraw]),
        (S::Arbitration, &reviewer(2), vec![K::Arbitrate]),
        (S::Handling, &handler, vec![K::RecordContact, K::SaveDraft, K::SubmitReply, K::RequestExtension, K::Suspend]),
        (S::Suspended, &handler, vec![K::RecordContact, K::Resume]),
        (S::Review1, &reviewer(0), vec![K::Approve, K::SendBack]),
        (S::Review1, &reviewer(1), vec![]),
        (S::Review2, &reviewer(1), vec![K::Approve, K::SendBack]),
        (S::Review3, &reviewer(2), vec![K::Approve, K::SendBack]),
        (S::Review3, &handler, vec![K::SaveDraft]),
        (S::Approved, &office, vec![K::Release, K::Withdraw]),
        (S::Replied, &office, vec![K::Close, K::Reopen]),
        (S::Closed, &office, vec![K::Archive, K::Reopen]),
        (S::Archived, &office, vec![]),
        (S::Merged, &office, vec![]),
    ] {
        assert_eq!(offered(&Story::at(stage), who), acts, "{stage} {who:?}");
    }
}

#[test]
fn who_wrote_or_approved_is_not_offered_the_review() {
    let story = Story::at(Stage::Review1);
    assert_eq!(offered(&story, &somebody(HANDLER, Role::Reviewer)), [K::SendBack], "the drafter");
    let mut twice = Story::at(Stage::Review2);
    twice.item.as_mut().unwrap().lead = Some(unit(8));
    let first = Actor::Account {
        id: account(REVIEWERS[0]),
        unit: unit(8),
        unit_kind: UnitKind::Office,
        roles: BTreeSet::from([Role::Reviewer]),
    };
    assert_eq!(offered(&twice, &first), [K::SendBack], "who gave the first review");
}

#[test]
fn time_and_number_are_asked_as_well() {
    let (office, handler) = (somebody(OFFICE, Role::Office), somebody(HANDLER, Role::Handler));
    let mut story = Story::at(Stage::Handling).then(HANDLER, &Command::RequestExtension { days: 3, due: DUE });
    assert!(!offered(&story, &handler).contains(&K::RequestExtension));
    assert!(offered(&story, &office).contains(&K::GrantExtension));
    story.now = DUE.plus_seconds(1);
    assert!(!offered(&story, &office).contains(&K::GrantExtension));
    assert!(offered(&story, &office).contains(&K::RejectExtension));
    let kept = Story::at(Stage::ReturnReview).then(OFFICE, &Command::RejectReturn);
    assert_eq!(offered(&kept, &handler), [K::Accept], "a rejected return is not offered again");
}

#[test]
fn nothing_is_offered_that_would_be_refused_and_nothing_kept_back() {
    for &stage in Stage::ALL {
        let story = Story::at(stage);
        for who in everybody() {
            let offered = offered(&story, &who);
            for (name, _, command) in super::table::commands() {
                let Some(kind) = kind_of(name) else { continue };
                let would = allowed(&who, command.action(), &story.item().object()).is_ok()
                    && decide(Some(story.item()), &command, &who, story.now, &RULES).is_ok();
                // Of three reviews one is the awaited; the two others are refused and prove nothing.
                if would || !matches!(kind, K::Approve | K::SendBack) {
                    assert_eq!(would, offered.contains(&kind), "{name} at {stage} by {who:?}");
                }
            }
        }
    }
}

fn kind_of(name: &str) -> Option<ActKind> {
    let name = name.trim_end_matches(|last: char| last == '_' || last.is_ascii_digit());
    ActKind::parse(name)
}
