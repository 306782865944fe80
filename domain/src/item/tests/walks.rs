//! Random lives: what no sequence of commands may bring about.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::*;

const PEOPLE: [u128; 7] = [10, 11, 20, 21, 80, 81, 90];

/// Everything that could be asked of the item now, sensible or not, mostly about the text it has.
fn askable(story: &Story) -> Vec<Command> {
    let reply = story.item.as_ref().and_then(|item| item.reply.as_ref());
    let version = reply.map_or(0, |reply| reply.version);
    let digest = reply.map_or(Digest::of("none"), |reply| reply.digest);
    let edited = Digest::of(format!("text {}", story.events.len()));
    let answer = SourceAnswer { replied_at: story.now, digest: edited, unit: Some(unit(2)) };
    let mut commands = vec![
        receipt(None),
        receipt(Some(source_answer("born answered"))),
        Command::RecordVersion { digest: edited },
        Command::Register,
        Command::Merge { into: item_id(2), into_stage: Stage::Handling },
        Command::RefuseAcceptance { ground: Ground::NoRequest },
        Command::TransferOut { route: TransferRoute::OtherAgency },
        assign(1),
        assign(2),
        Command::Accept,
        give_back(),
        Command::UpholdReturn,
        Command::RejectReturn,
        Command::DisputeReturn,
        Command::Arbitrate { unit: unit(2) },
        Command::RecordContact,
        Command::RequestExtension { days: 5, due: DUE },
        Command::DecideExtension { granted: true, due: DUE },
        Command::DecideExtension { granted: false, due: DUE },
        Command::Suspend { reason: SuspendReason::Citizen },
        Command::Resume,
        Command::SaveDraft { reply: reply.map_or(reply_id(1), |reply| reply.id), version: version + 1, digest: edited },
        Command::SubmitReply { version, digest, chars: 40 },
        Command::Release,
        Command::RecordSourceAnswer(answer),
        Command::Close,
        Command::Archive,
        Command::Reopen { reason: ReopenReason::Dissatisfied },
        Command::Withdraw,
    ];
    for &step in ReviewStep::ALL {
        commands.push(Command::Approve { step, digest });
        commands.push(Command::Approve { step, digest: edited });
        commands.push(Command::SendBack { step, reason: edited });
    }
    commands
}

/// Whether a command ends the walk or takes it back to where it was; those are chosen less often.
fn cuts_short(command: &Command) -> bool {
    matches!(
        command,
        Command::Withdraw
            | Command::Merge { .. }
            | Command::RefuseAcceptance { .. }
            | Command::TransferOut { .. }
            | Command::RecordSourceAnswer(_)
            | Command::RecordVersion { .. }
            | Command::Assign { .. }
            | Command::Archive
    )
}

/// One step: who, which command, and whether to choose among those that would be carried out. Left to chance alone a walk
/// would hardly ever get past three reviews.
fn steps() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    prop::collection::vec((0..PEOPLE.len(), 0_usize..10_000, prop::bool::weighted(0.9)), 1..80)
}

fn walk(steps: &[(usize, usize, bool)], mut check: impl FnMut(&Story, &Story, &Command)) -> Story {
    let mut story = Story::new();
    for &(who, which, sensible) in steps {
        let commands = askable(&story);
        let (who, command) = if sensible {
            let open = commands.into_iter().filter(|command| which % 8 == 0 || !cuts_short(command));
            let mut possible: Vec<_> = open
                .map(|command| (PEOPLE.into_iter().filter(|who| story.ask(*who, &command).is_ok()).collect(), command))
                .filter(|(people, _): &(Vec<u128>, _)| !people.is_empty())
                .collect();
            if possible.is_empty() {
                continue;
            }
            let (people, command) = possible.swap_remove(which % possible.len());
            (people[who % people.len()], command)
        } else {
            (PEOPLE[who], commands[which % commands.len()].clone())
        };
        let before = story.clone();
        if story.tell(who, &command).is_ok() {
            check(&before, &story, &command);
        }
    }
    story
}

fn check_approvals(item: &Item) {
    let Some(reply) = &item.reply else { return };
    let people: BTreeSet<_> = reply.approvals.iter().map(|approval| approval.account).collect();
    assert_eq!(people.len(), reply.approvals.len(), "one person approved twice");
    assert!(people.is_disjoint(&reply.drafters), "a drafter approved");
    assert!(reply.approvals.iter().all(|approval| approval.digest == reply.digest), "another text was approved");
    let steps = reply.approvals.iter().map(|approval| approval.step);
    assert!(steps.eq(ReviewStep::ALL.iter().copied().take(reply.approvals.len())), "a step was skipped");
}

fn check_step(before: &Story, after: &Story, command: &Command) {
    let item = after.item();
    let came_from = before.item.as_ref().map(|item| item.stage);
    assert!(after.events.len() > before.events.len(), "{command:?} was carried out without an event");
    assert_eq!(item.revision, after.events.len() as u64);
    match came_from {
        Some(stage) if stage.is_final() => assert_eq!(item.stage, stage, "{command:?} led out of {stage}"),
        Some(stage) if stage.is_answered() && item.stage.is_open() => {
            assert!(matches!(command, Command::Reopen { .. }), "{command:?} undid an answer");
        }
        _ => {}
    }
    let answered = item.stage.is_answered();
    assert_eq!(answered, item.times.replied_at.is_some(), "an answer without its instant, or the reverse");
    assert_eq!(item.stage == Stage::Merged, item.merged_into.is_some());
    let running = item.pauses.iter().filter(|pause| pause.to.is_none()).count();
    assert_eq!(running, usize::from(item.stage == Stage::Suspended), "a pause runs while the item does not rest");
    let returning = matches!(item.stage, Stage::ReturnReview | Stage::Arbitration);
    assert_eq!(returning, item.pending_return.is_some());
    assert!(!item.is_extension_pending() || matches!(item.stage, Stage::Handling | Stage::Suspended));
    assert!(item.lead.is_none_or(|lead| !item.assisting.contains(&lead)), "the lead unit assists");
    assert_eq!(item.task().is_some(), item.stage.is_open(), "what is open waits for something");
    check_approvals(item);
    if *command == Command::Release {
        assert_eq!(before.item().reply.as_ref().unwrap().approvals.len(), 3);
    }
}

proptest! {
    #![proptest_config(Config { cases: 96, ..Config::default() })]

    #[test]
    fn no_life_breaks_a_rule(steps in steps()) {
        walk(&steps, check_step);
    }

    #[test]
    fn an_item_is_what_its_ledger_says(steps in steps()) {
        let story = walk(&steps, |_, _, _| {});
        let rows: Vec<_> = story.events.iter().map(|event| (event.kind(), event.body().to_string())).collect();
        let read: Vec<_> = rows
            .iter()
            .map(|(kind, body)| Event::parse(kind, &serde_json::from_str(body).unwrap()).unwrap())
            .collect();
        prop_assert_eq!(&read, &story.events);
        match story.item {
            Some(item) => prop_assert_eq!(Item::replay(&read).unwrap(), item),
            None => prop_assert!(read.is_empty()),
        }
    }
}

#[test]
fn the_random_lives_reach_every_kind_of_event() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        seen.extend(walk(&steps, |_, _, _| {}).events.iter().map(Event::kind));
    }
    assert_eq!(seen, Event::KINDS.iter().copied().collect());
}
