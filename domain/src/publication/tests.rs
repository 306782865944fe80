use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use super::*;
use crate::access::{Actor, Limit, Role, UnitKind};
use crate::id::{AccountId, EntryId, ItemId, PublicationId, UnitId};
use crate::item::{Digest, Stage};
use crate::time::Instant;

const NOW: Instant = Instant::from_micros(1_793_500_000_000_000);
const EDITOR: u128 = 1;
const DEIDENTIFIER: u128 = 2;
const CHECKER: u128 = 3;
const APPROVER: u128 = 4;

fn account(n: u128) -> AccountId {
    AccountId::from(Uuid::from_u128(n))
}

fn person(n: u128) -> Actor {
    let unit = UnitId::from(Uuid::nil());
    Actor::Account { id: account(n), unit, unit_kind: UnitKind::Office, roles: BTreeSet::new(), limit: Limit::None }
}

fn entry(n: u128) -> EntryId {
    EntryId::from(Uuid::from_u128(n))
}

fn create(existing: Option<PublicationId>) -> Command {
    let publication = PublicationId::from(Uuid::from_u128(1));
    Command::Create { publication, month: "2026-10".parse().unwrap(), existing }
}

fn add(n: u128) -> Command {
    let item = ItemId::from(Uuid::from_u128(n));
    Command::AddEntry { entry: entry(n), item, item_stage: Stage::Replied, digest: Digest::of("text") }
}

fn edit(n: u128, text: &str) -> Command {
    Command::EditEntry { entry: entry(n), digest: Digest::of(text) }
}

fn deidentify(n: u128, text: &str) -> Command {
    Command::Deidentify { entry: entry(n), digest: Digest::of(text) }
}

fn check(n: u128, text: &str) -> Command {
    Command::CheckSecrecy { entry: entry(n), digest: Digest::of(text) }
}

fn approve(n: u128, text: &str) -> Command {
    Command::ApproveEntry { entry: entry(n), digest: Digest::of(text) }
}

fn retract() -> Command {
    Command::Retract { reason: Digest::of("reason") }
}

/// An issue with the events that made it.
#[derive(Debug, Clone)]
struct Story {
    publication: Option<Publication>,
    events: Vec<Event>,
}

impl Story {
    fn new() -> Self {
        Self { publication: None, events: Vec::new() }
    }

    fn created() -> Self {
        Self::new().then(EDITOR, &create(None))
    }

    fn publication(&self) -> &Publication {
        self.publication.as_ref().unwrap()
    }

    fn stages(&self) -> Vec<EntryStage> {
        self.publication().entries.values().map(|entry| entry.stage).collect()
    }

    fn ask(&self, who: u128, command: &Command) -> Result<Vec<Event>, Refusal> {
        decide(self.publication.as_ref(), command, &person(who), NOW)
    }

    fn tell(&mut self, who: u128, command: &Command) -> Result<(), Refusal> {
        for event in self.ask(who, command)? {
            self.publication = Some(Publication::apply(self.publication.take(), &event).unwrap());
            self.events.push(event);
        }
        Ok(())
    }

    fn then(mut self, who: u128, command: &Command) -> Self {
        self.tell(who, command).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
        self
    }

    /// Entry `n` with this text passes every check.
    fn reviewed(self, n: u128, text: &str) -> Self {
        self.then(DEIDENTIFIER, &deidentify(n, text)).then(CHECKER, &check(n, text)).then(APPROVER, &approve(n, text))
    }

    fn candidate() -> Self {
        Self::created().then(EDITOR, &add(1))
    }

    fn published() -> Self {
        Self::candidate().reviewed(1, "text").then(EDITOR, &Command::Publish)
    }
}

#[test]
fn an_issue_goes_from_candidate_to_public_step_by_step() {
    let story = Story::candidate();
    assert_eq!(story.publication().stage, PublicationStage::Draft);
    let story = story.then(DEIDENTIFIER, &deidentify(1, "text"));
    assert_eq!(story.publication().stage, PublicationStage::InReview);
    let story = story.then(CHECKER, &check(1, "text"));
    assert_eq!(story.stages(), [EntryStage::SecrecyChecked]);
    let story = story.then(APPROVER, &approve(1, "text"));
    assert_eq!(story.publication().stage, PublicationStage::Approved);
    assert_eq!(story.publication().public_entries().count(), 0);
    let story = story.then(EDITOR, &Command::Publish);
    assert_eq!(story.publication().stage, PublicationStage::Published);
    assert_eq!(story.publication().published_at, Some(NOW));
    assert_eq!(story.publication().public_entries().count(), 1);
    let kinds: Vec<_> = story.events.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            "publication.created",
            "entry.added",
            "entry.deidentified",
            "entry.secrecy_checked",
            "entry.approved",
            "publication.published"
        ]
    );
}

#[test]
fn every_refusal_is_produced_and_tells_what_to_do() {
    let two = || Story::candidate().reviewed(1, "text").then(EDITOR, &add(2));
    let open_item = Command::AddEntry {
        entry: entry(3),
        item: ItemId::from(Uuid::from_u128(3)),
        item_stage: Stage::Approved,
        digest: Digest::of("text"),
    };
    let same_item = Command::AddEntry {
        entry: entry(9),
        item: ItemId::from(Uuid::from_u128(1)),
        item_stage: Stage::Closed,
        digest: Digest::of("text"),
    };
    let deidentified = || Story::candidate().then(DEIDENTIFIER, &deidentify(1, "text"));
    let checked = || deidentified().then(CHECKER, &check(1, "text"));
    let existing = Some(PublicationId::from(Uuid::from_u128(2)));
    let retracted = || Story::published().then(EDITOR, &retract());
    let cases = [
        ("not_created", Story::new(), EDITOR, Command::Publish),
        ("already_created", Story::created(), EDITOR, create(None)),
        ("month_taken", Story::new(), EDITOR, create(existing)),
        ("wrong_publication_stage", Story::candidate(), EDITOR, retract()),
        ("wrong_publication_stage", Story::published(), EDITOR, add(2)),
        ("wrong_publication_stage", retracted(), EDITOR, Command::Publish),
        ("wrong_publication_stage", retracted(), EDITOR, edit(1, "after the end")),
        ("wrong_entry_stage", Story::candidate(), CHECKER, check(1, "text")),
        ("wrong_entry_stage", deidentified(), APPROVER, approve(1, "text")),
        ("wrong_entry_stage", Story::candidate(), EDITOR, retract_entry(1)),
        ("wrong_entry_stage", Story::published(), EDITOR, Command::RemoveEntry { entry: entry(1) }),
        ("wrong_entry_stage", Story::published().then(EDITOR, &retract_entry(1)), EDITOR, edit(1, "again")),
        ("entry_missing", Story::created(), EDITOR, edit(1, "text")),
        ("entry_repeated", Story::candidate(), EDITOR, add(1)),
        ("entry_repeated", Story::candidate(), EDITOR, same_item),
        ("item_not_answered", Story::created(), EDITOR, open_item),
        ("entry_unchanged", Story::candidate(), EDITOR, edit(1, "text")),
        ("text_changed", Story::candidate(), DEIDENTIFIER, deidentify(1, "older text")),
        ("text_changed", deidentified(), CHECKER, check(1, "older text")),
        ("text_changed", checked(), APPROVER, approve(1, "older text")),
        ("reviewer_is_editor", deidentified(), EDITOR, check(1, "text")),
        ("reviewer_is_editor", deidentified(), DEIDENTIFIER, check(1, "text")),
        ("reviewer_is_editor", checked(), DEIDENTIFIER, approve(1, "text")),
        ("reviewer_repeated", checked(), CHECKER, approve(1, "text")),
        ("publication_empty", Story::created(), EDITOR, Command::Publish),
        ("publication_empty", Story::published(), EDITOR, Command::Publish),
        ("entry_not_approved", two(), EDITOR, Command::Publish),
    ];
    let mut produced = BTreeSet::from(["account_required"]);
    for (code, story, who, command) in cases {
        let refusal = story.ask(who, &command).unwrap_err();
        assert_eq!(refusal.code(), code, "{command:?}");
        assert!(refusal.message().ends_with('。'));
        produced.insert(code);
    }
    let refusal = decide(None, &create(None), &Actor::System("cli"), NOW).unwrap_err();
    assert_eq!(refusal.code(), "account_required");
    assert_eq!(produced, Refusal::CODES.iter().copied().collect());
}

fn retract_entry(n: u128) -> Command {
    Command::RetractEntry { entry: entry(n), reason: Digest::of("reason") }
}

#[test]
fn an_edit_after_any_check_takes_every_check_back() {
    let approved = Story::candidate().reviewed(1, "text");
    let edited = approved.then(CHECKER, &edit(1, "edited"));
    assert_eq!(edited.stages(), [EntryStage::Candidate]);
    assert_eq!(edited.publication().stage, PublicationStage::Draft);
    let entry = &edited.publication().entries[&entry(1)];
    assert_eq!((entry.deidentified_by, entry.checked_by, entry.approved_by), (None, None, None));
    // The reviewer who edited is an editor now.
    let deidentified = edited.then(DEIDENTIFIER, &deidentify(1, "edited"));
    assert_eq!(deidentified.ask(CHECKER, &check(1, "edited")), Err(Refusal::ReviewerIsEditor));
}

#[test]
fn a_refused_review_makes_the_entry_a_candidate() {
    let reason = Digest::of("a house number is left");
    let deidentified = Story::candidate().then(DEIDENTIFIER, &deidentify(1, "text"));
    let refused = deidentified.clone().then(CHECKER, &Command::RefuseSecrecy { entry: entry(1), reason });
    assert_eq!(refused.stages(), [EntryStage::Candidate]);
    let refused = deidentified
        .then(CHECKER, &check(1, "text"))
        .then(APPROVER, &Command::RefuseApproval { entry: entry(1), reason });
    assert_eq!(refused.stages(), [EntryStage::Candidate]);
}

#[test]
fn a_public_entry_that_is_edited_leaves_the_page_until_it_is_published_again() {
    let edited = Story::published().then(EDITOR, &edit(1, "corrected"));
    assert_eq!(edited.publication().stage, PublicationStage::Published);
    assert_eq!(edited.publication().public_entries().count(), 0);
    assert_eq!(edited.ask(EDITOR, &Command::Publish), Err(Refusal::EntryNotApproved));
    let again = edited.reviewed(1, "corrected").then(EDITOR, &Command::Publish);
    assert_eq!(again.stages(), [EntryStage::Updated]);
    assert_eq!(again.publication().public_entries().count(), 1);
}

#[test]
fn what_was_taken_back_is_public_no_more() {
    let entry_gone = Story::published().then(EDITOR, &retract_entry(1));
    assert_eq!(entry_gone.publication().public_entries().count(), 0);
    // An entry that is being corrected can be taken back too.
    Story::published().then(EDITOR, &edit(1, "corrected")).then(EDITOR, &retract_entry(1));
    let issue_gone = Story::published().then(EDITOR, &retract());
    assert_eq!(issue_gone.publication().stage, PublicationStage::Retracted);
    assert_eq!(issue_gone.publication().public_entries().count(), 0);
}

#[test]
fn a_removed_entry_makes_room() {
    let story = Story::candidate().then(EDITOR, &Command::RemoveEntry { entry: entry(1) });
    assert!(story.publication().entries.is_empty());
    story.then(EDITOR, &add(1));
}

#[test]
fn an_impossible_ledger_is_an_error() {
    let events = Story::published().events;
    assert_eq!(Publication::replay([]), Err(ReplayError::Empty));
    assert_eq!(Publication::replay(&events[1..]), Err(ReplayError::NotCreated { kind: "entry.added" }));
    assert_eq!(Publication::replay(events.iter().chain(&events[..1])), Err(ReplayError::CreatedTwice));
    let without_entry = events.iter().filter(|event| event.kind() != "entry.added");
    assert_eq!(Publication::replay(without_entry), Err(ReplayError::UnknownEntry { kind: "entry.deidentified" }));
}

#[test]
fn the_written_form_of_an_event_does_not_change() {
    let created = &Story::created().events[0];
    assert_eq!(
        created.body().to_string(),
        "{\"month\":\"2026-10\",\"publication\":\"00000000-0000-0000-0000-000000000001\"}"
    );
    let labels: Vec<_> = PublicationStage::ALL.iter().map(|stage| stage.label()).collect();
    assert_eq!(labels, ["编辑中", "审核中", "待发布", "已发布", "已撤回"]);
}

fn askable(story: &Story) -> Vec<Command> {
    let edited = format!("text {}", story.events.len());
    let reason = Digest::of("reason");
    let mut commands = vec![create(None), Command::Publish, retract()];
    for n in 1..=2 {
        let known = story.publication.as_ref().and_then(|publication| publication.entries.get(&entry(n)));
        let digest = known.map_or(Digest::of("none"), |entry| entry.digest);
        let entry = entry(n);
        commands.extend([
            add(n),
            edit(n, &edited),
            Command::MoveEntry { entry, place: 1 },
            Command::RemoveEntry { entry },
            Command::Deidentify { entry, digest },
            Command::CheckSecrecy { entry, digest },
            Command::RefuseSecrecy { entry, reason },
            Command::ApproveEntry { entry, digest },
            Command::RefuseApproval { entry, reason },
            retract_entry(n),
        ]);
    }
    commands
}

fn steps() -> impl Strategy<Value = Vec<(u128, usize)>> {
    prop::collection::vec((1_u128..=8, 0_usize..10_000), 1..120)
}

/// Whether a command undoes what was reached; those are chosen less often.
fn goes_back(command: &Command) -> bool {
    matches!(
        command,
        Command::EditEntry { .. }
            | Command::RemoveEntry { .. }
            | Command::RefuseSecrecy { .. }
            | Command::RefuseApproval { .. }
            | Command::RetractEntry { .. }
            | Command::Retract { .. }
    )
}

/// Chooses among the commands that would be carried out.
fn walk(steps: &[(u128, usize)], mut check: impl FnMut(&Publication)) -> Story {
    let mut story = Story::new();
    for &(who, which) in steps {
        let possible: Vec<_> = askable(&story)
            .into_iter()
            .filter(|command| which % 8 == 0 || !goes_back(command))
            .filter(|command| story.ask(who, command).is_ok())
            .collect();
        if possible.is_empty() {
            continue;
        }
        story.tell(who, &possible[which % possible.len()]).unwrap();
        check(story.publication());
    }
    story
}

fn check_publication(publication: &Publication) {
    for entry in publication.entries.values() {
        let reviewers = [entry.checked_by, entry.approved_by].map(|reviewer| reviewer.into_iter().collect());
        let [checker, approver]: [BTreeSet<AccountId>; 2] = reviewers;
        assert!(checker.is_disjoint(&approver), "one person gave both reviews");
        assert!(checker.union(&approver).all(|reviewer| !entry.editors.contains(reviewer)), "an editor reviewed");
        assert!(entry.deidentified_by.is_none_or(|by| entry.editors.contains(&by)));
        let signed = [entry.deidentified_by, entry.checked_by, entry.approved_by].iter().flatten().count();
        let needed = match entry.stage {
            EntryStage::Candidate => Some(0),
            EntryStage::Deidentified => Some(1),
            EntryStage::SecrecyChecked => Some(2),
            EntryStage::Approved | EntryStage::Published | EntryStage::Updated => Some(3),
            EntryStage::Retracted => None,
        };
        assert!(needed.is_none_or(|needed| needed == signed), "{} with {signed} signatures", entry.stage);
    }
    assert!(publication.public_entries().all(|(_, entry)| entry.approved_by.is_some()));
    let order = publication.in_order();
    let known: BTreeSet<EntryId> = order.iter().copied().collect();
    assert_eq!((known.len(), known), (order.len(), publication.entries.keys().copied().collect()));
}

#[test]
fn entries_are_moved_until_the_issue_is_public() {
    let order = |story: &Story| story.publication().in_order();
    let to = |n, place| Command::MoveEntry { entry: entry(n), place };
    let story = Story::created().then(EDITOR, &add(2)).then(EDITOR, &add(1)).then(EDITOR, &add(3));
    assert_eq!(order(&story), [entry(2), entry(1), entry(3)], "the order of adding");
    let story = story.then(EDITOR, &to(3, 1)).then(EDITOR, &to(2, 99));
    assert_eq!(order(&story), [entry(3), entry(1), entry(2)]);
    assert_eq!(story.ask(EDITOR, &to(2, 7)), Err(Refusal::EntryUnchanged));
    assert_eq!(story.ask(EDITOR, &to(9, 1)), Err(Refusal::EntryMissing));
    let story = story.then(EDITOR, &Command::RemoveEntry { entry: entry(1) });
    assert_eq!(order(&story), [entry(3), entry(2)]);
    assert_eq!(Story::published().ask(EDITOR, &to(1, 2)).unwrap_err().code(), "wrong_publication_stage");

    // A state that was written before there was an order.
    let mut older = serde_json::to_value(story.publication()).unwrap();
    older.as_object_mut().unwrap().remove("order");
    let older: Publication = serde_json::from_value(older).unwrap();
    assert_eq!(older.in_order(), [entry(2), entry(3)]);
}

fn reviewer(n: u128, unit_kind: UnitKind, role: Role) -> Actor {
    let unit = UnitId::from(Uuid::nil());
    Actor::Account { id: account(n), unit, unit_kind, roles: BTreeSet::from([role]), limit: Limit::None }
}

#[test]
fn only_what_would_be_done_is_offered() {
    let publisher = reviewer(EDITOR, UnitKind::Office, Role::Publisher);
    let checker = reviewer(CHECKER, UnitKind::Office, Role::Reviewer);
    let approver = reviewer(APPROVER, UnitKind::Leadership, Role::Reviewer);
    let offered = |story: &Story, actor: &Actor| {
        let issue = story.publication().acts(actor).into_iter().map(IssueAct::code);
        let entry = story.publication().acts_on(entry(1), actor).into_iter().map(EntryAct::code);
        issue.chain(entry).collect::<Vec<_>>().join(" ")
    };
    let candidate = Story::candidate();
    assert_eq!(offered(&Story::created(), &publisher), "add_entry");
    assert_eq!(offered(&candidate, &publisher), "add_entry edit remove deidentify");
    assert_eq!(offered(&candidate, &checker), "");
    let two = Story::candidate().then(EDITOR, &add(2));
    assert!(offered(&two, &publisher).contains("move"));
    let deidentified = Story::candidate().then(EDITOR, &deidentify(1, "text"));
    assert_eq!(offered(&deidentified, &checker), "check_secrecy refuse_secrecy");
    assert_eq!(offered(&deidentified, &approver), "");
    // Who touched the text may only send it back.
    let own = reviewer(EDITOR, UnitKind::Office, Role::Reviewer);
    assert_eq!(offered(&deidentified, &own), "refuse_secrecy");
    let checked = deidentified.then(CHECKER, &check(1, "text"));
    assert_eq!(offered(&checked, &approver), "approve refuse_approval");
    let approved = checked.then(APPROVER, &approve(1, "text"));
    assert_eq!(offered(&approved, &publisher), "add_entry publish edit remove");
    let published = approved.then(EDITOR, &Command::Publish);
    assert_eq!(offered(&published, &publisher), "retract edit retract");
    assert_eq!(offered(&published, &Actor::Public), "");
    let retracted = published.then(EDITOR, &retract());
    assert_eq!(offered(&retracted, &publisher), "");
}

proptest! {
    #![proptest_config(Config { cases: 96, ..Config::default() })]

    #[test]
    fn nothing_is_public_without_three_different_people(steps in steps()) {
        walk(&steps, check_publication);
    }

    #[test]
    fn an_issue_is_what_its_ledger_says(steps in steps()) {
        let story = walk(&steps, |_| {});
        let read: Vec<_> =
            story.events.iter().map(|event| Event::parse(event.kind(), &event.body()).unwrap()).collect();
        prop_assert_eq!(&read, &story.events);
        if let Some(publication) = story.publication {
            prop_assert_eq!(publication.revision, read.len() as u64);
            prop_assert_eq!(Publication::replay(&read).unwrap(), publication);
        }
    }
}

#[test]
fn the_random_issues_reach_every_kind_of_event() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    let mut updated = false;
    for _ in 0..200 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let story = walk(&steps, |publication| {
            updated |= publication.entries.values().any(|entry| entry.stage == EntryStage::Updated);
        });
        seen.extend(story.events.iter().map(Event::kind));
    }
    assert_eq!(seen, Event::KINDS.iter().copied().collect());
    assert!(updated);
}
