//! When sources are read: by plan, later after failures, not at all while they ask for it, and whatever the clock does.

use huiyin::service::schedule::{JobKind, Outcome};
use huiyin::store::alarm;
use huiyin::store::job::{self, JobRow};
use huiyin::store::schedule::{self, ScheduleRow};
use huiyin::store::source;

use super::{PROGRAM, on_both};
use crate::support::rows;
use crate::support::world::World;

/// A source that is looked at every ten minutes, swept once a day, and shows something new every three days.
pub(super) async fn planned(world: &World, id: &str) -> ScheduleRow {
    let now = world.service.now();
    let row = ScheduleRow {
        source_id: id.to_owned(),
        enabled: true,
        since: now.as_micros(),
        head_every: Some(600),
        sweep_every: Some(86_400),
        expect_every: Some(3 * 86_400),
        head_due_at: Some(now.as_micros()),
        sweep_due_at: Some(now.as_micros()),
        head_done_at: None,
        sweep_done_at: None,
        new_at: None,
        failures: 0,
        blocked_until: None,
        blocked_code: String::new(),
    };
    let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
    source::insert(&mut tx, rows::source(id)).await.unwrap();
    schedule::insert(&mut tx, row.clone()).await.unwrap();
    tx.commit(now).await.unwrap();
    row
}

pub(super) async fn schedule_of(world: &World, id: &str) -> ScheduleRow {
    let mut reader = world.service.store().read().await.unwrap();
    schedule::by_source(&mut reader.conn(), id).await.unwrap().unwrap()
}

async fn waiting(world: &World) -> Vec<JobRow> {
    job::in_stage(&mut world.service.store().read().await.unwrap().conn(), "waiting", 100).await.unwrap()
}

async fn open_alarms(world: &World, id: &str) -> Vec<String> {
    let mut reader = world.service.store().read().await.unwrap();
    let open = alarm::open_of_source(&mut reader.conn(), id, 100).await.unwrap();
    open.into_iter().map(|row| row.code).collect()
}

/// Plans, and does what is planned with this outcome; the kinds of what was done.
async fn run(world: &World, outcome: &Outcome) -> Vec<JobKind> {
    world.service.plan_jobs().await.unwrap();
    let mut kinds = Vec::new();
    while let Some(row) = world.service.claim_job("here").await.unwrap() {
        kinds.push(JobKind::parse(&row.kind).unwrap());
        assert!(world.service.finish_job(row, None, outcome).await.unwrap());
    }
    kinds
}

const READ: Outcome = Outcome::Read { new: 0 };

async fn sources_are_read_by_plan(world: &World) {
    planned(world, "board").await;
    // The whole list first; a look would see nothing else.
    assert_eq!(run(world, &READ).await, [JobKind::Sweep]);
    assert_eq!(run(world, &READ).await, []);
    world.clock.advance(661);
    assert_eq!(world.service.plan_jobs().await.unwrap(), 1);
    assert_eq!(world.service.plan_jobs().await.unwrap(), 0, "one job is enough");
    assert_eq!(run(world, &Outcome::Read { new: 3 }).await, [JobKind::Head]);
    let row = schedule_of(world, "board").await;
    assert_eq!(row.new_at, Some(world.service.now().as_micros()));
    assert!(row.sweep_done_at < row.head_done_at);
    // However long nobody planned, there is one reading and not one for each that was missed.
    world.clock.advance(5 * 86_400);
    assert_eq!(run(world, &READ).await, [JobKind::Sweep]);
    assert_eq!(run(world, &READ).await, []);
}

#[tokio::test]
async fn sources_are_read_when_it_is_time() {
    on_both(sources_are_read_by_plan).await;
}

async fn failures_make_pauses(world: &World) {
    planned(world, "board").await;
    let failed = Outcome::Failed { code: "timeout".to_owned() };
    assert_eq!(run(world, &failed).await, [JobKind::Sweep]);
    let mut pauses = Vec::new();
    for _ in 0..3 {
        let row = schedule_of(world, "board").await;
        let due = row.sweep_due_at.min(row.head_due_at).unwrap();
        let pause = (due - world.service.now().as_micros()) / 1_000_000;
        pauses.push(pause);
        world.clock.advance(pause - 1);
        assert_eq!(run(world, &failed).await, []);
        world.clock.advance(2);
        assert_eq!(run(world, &failed).await, [JobKind::Sweep]);
    }
    assert!((600..=660).contains(&pauses[0]) && pauses[1] > pauses[0] && pauses[2] > pauses[1], "{pauses:?}");
    assert_eq!(schedule_of(world, "board").await.failures, 4);
    // A success ends it.
    world.clock.advance(86_400);
    assert_eq!(run(world, &READ).await, [JobKind::Sweep]);
    let row = schedule_of(world, "board").await;
    assert_eq!((row.failures, row.blocked_until), (0, None));

    // A source that asks to be left alone is left alone for as long as it says.
    world.clock.advance(661);
    assert_eq!(run(world, &Outcome::Blocked { retry_after: Some(7_200) }).await, [JobKind::Head]);
    world.clock.advance(7_199);
    assert_eq!(run(world, &READ).await, []);
    world.clock.advance(2);
    assert_eq!(run(world, &Outcome::Blocked { retry_after: None }).await, [JobKind::Head]);
    let until = schedule_of(world, "board").await.blocked_until.unwrap();
    assert_eq!((until - world.service.now().as_micros()) / 1_000_000, 7_200, "the second time in a row, twice as long");
}

#[tokio::test]
async fn failures_and_refusals_make_pauses_that_grow() {
    on_both(failures_make_pauses).await;
}

#[tokio::test]
async fn a_clock_that_was_set_back_neither_stops_nor_floods() {
    let world = World::embedded().await;
    planned(&world, "board").await;
    assert_eq!(run(&world, &READ).await, [JobKind::Sweep]);
    // A month back: what was planned lies a month ahead.
    world.clock.advance(-30 * 86_400);
    assert_eq!(run(&world, &READ).await, [], "not at once");
    world.clock.advance(661);
    assert_eq!(run(&world, &READ).await, [JobKind::Head]);
    assert_eq!(run(&world, &READ).await, []);
    // A block of a day, and then back.
    world.clock.advance(661);
    run(&world, &Outcome::Blocked { retry_after: Some(86_400) }).await;
    world.clock.advance(-40 * 86_400);
    assert_eq!(run(&world, &READ).await, []);
    world.clock.advance(21_600 + 2_161);
    assert_eq!(run(&world, &READ).await, [JobKind::Head]);
    // And forward again: one reading.
    world.clock.advance(70 * 86_400);
    assert_eq!(run(&world, &READ).await, [JobKind::Sweep]);
    assert_eq!(run(&world, &READ).await, []);
}

async fn silence_is_an_alarm(world: &World) {
    planned(world, "board").await;
    let note = async || world.service.note_freshness().await.unwrap();
    assert_eq!(run(world, &Outcome::Read { new: 1 }).await, [JobKind::Sweep]);
    assert_eq!(note().await, 0);
    world.clock.advance(1_801);
    assert_eq!(note().await, 1);
    assert_eq!(note().await, 0, "said once");
    assert_eq!(open_alarms(world, "board").await, ["not_read"]);
    run(world, &READ).await;
    assert_eq!(note().await, 0);
    assert_eq!(open_alarms(world, "board").await, [""; 0]);
    world.clock.advance(3 * 86_400);
    run(world, &READ).await;
    assert_eq!(note().await, 1);
    assert_eq!(open_alarms(world, "board").await, ["stale"]);
    world.clock.advance(86_400);
    run(world, &Outcome::Read { new: 1 }).await;
    note().await;
    assert_eq!(open_alarms(world, "board").await, [""; 0]);
    assert_eq!(world.service.verify(&PROGRAM, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn a_source_that_falls_silent_is_an_alarm_until_it_speaks() {
    on_both(silence_is_an_alarm).await;
}

#[tokio::test]
async fn a_source_that_is_switched_off_is_left_alone() {
    let world = World::embedded().await;
    let row = planned(&world, "board").await;
    let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
    schedule::update(&mut tx, &ScheduleRow { enabled: false, ..row }).await.unwrap();
    tx.commit(world.service.now()).await.unwrap();
    world.clock.advance(10 * 86_400);
    assert_eq!(run(&world, &READ).await, []);
    assert_eq!(world.service.note_freshness().await.unwrap(), 0);
    assert_eq!(waiting(&world).await, []);
}
