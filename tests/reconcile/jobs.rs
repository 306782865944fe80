//! One source is read by one node at a time; what a dead one left is taken over, and what is stopped goes on elsewhere.

use std::collections::BTreeSet;

use huiyin::service::ServiceError;
use huiyin::service::schedule::{JobKind, Outcome};
use huiyin::store::job::{self, JobRow};
use huiyin_domain::id::JobId;

use super::schedules::planned;
use super::{PROGRAM, on_both};
use crate::support::world::World;

const READ: Outcome = Outcome::Read { new: 0 };

/// Has a source wait to be read.
async fn wait(world: &World, source: &str, kind: &str) -> JobRow {
    let now = world.service.now();
    let row = JobRow {
        id: JobId::new(now, crate::support::world::random()).to_string(),
        kind: kind.to_owned(),
        source_id: source.to_owned(),
        stage: "waiting".to_owned(),
        run_at: now.as_micros(),
        attempts: 0,
        actor: "system:test".to_owned(),
        owner: String::new(),
        lease_until: 0,
        pull_id: None,
        problem: String::new(),
        created_at: now.as_micros(),
        finished_at: None,
    };
    let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
    job::insert(&mut tx, row.clone()).await.unwrap();
    tx.commit(now).await.unwrap();
    world.clock.advance(1);
    row
}

async fn stage(world: &World, row: &JobRow) -> (String, String) {
    let row = world.service.job(&PROGRAM, row.id.parse().unwrap()).await.unwrap().unwrap();
    (row.stage, row.problem)
}

async fn one_of_many_gets_each_job(world: &World) {
    for source in ["a", "b", "c"] {
        planned(world, source).await;
        wait(world, source, "head").await;
        wait(world, source, "sweep").await;
    }
    // Eight nodes at once: three sources, so three jobs, each once.
    let claims = (0..8).map(|node| {
        let service = world.service.clone();
        tokio::spawn(async move { service.claim_job(&format!("node-{node}")).await.unwrap() })
    });
    let mut claimed = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        claimed.extend(claim.await.unwrap());
    }
    let sources: BTreeSet<&str> = claimed.iter().map(|row| row.source_id.as_str()).collect();
    assert_eq!((claimed.len(), sources.len()), (3, 3), "{claimed:?}");
    assert_eq!(world.service.claim_job("late").await.unwrap(), None);
    // The other reading of a source comes when the first has ended.
    let first = claimed.pop().unwrap();
    let source = first.source_id.clone();
    assert!(world.service.finish_job(first.clone(), None, &READ).await.unwrap());
    assert!(!world.service.finish_job(first.clone(), None, &READ).await.unwrap(), "it has ended");
    assert_eq!(stage(world, &first).await, ("done".to_owned(), String::new()));
    let second = world.service.claim_job("late").await.unwrap().unwrap();
    assert_eq!(second.source_id, source);
    assert_ne!(second.kind, first.kind);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_job_one_gets_it() {
    on_both(one_of_many_gets_each_job).await;
}

async fn a_dead_owner_is_followed(world: &World) {
    planned(world, "board").await;
    wait(world, "board", "sweep").await;
    let dead = world.service.claim_job("dead").await.unwrap().unwrap();
    assert_eq!(world.service.claim_job("heir").await.unwrap(), None);
    // A sign of life puts it off.
    world.clock.advance(200);
    assert!(world.service.renew_job(&dead).await.unwrap());
    world.clock.advance(200);
    assert_eq!(world.service.claim_job("heir").await.unwrap(), None);
    world.clock.advance(101);
    let heirs = futures_util::future::join(world.service.claim_job("heir"), world.service.claim_job("other")).await;
    let heirs: Vec<JobRow> = [heirs.0.unwrap(), heirs.1.unwrap()].into_iter().flatten().collect();
    let [heir] = &heirs[..] else { panic!("{heirs:?}") };
    assert_eq!((heir.id.as_str(), heir.attempts), (dead.id.as_str(), 2));
    // The dead one was only slow: it must not go on, and what it says no longer counts.
    assert!(!world.service.renew_job(&dead).await.unwrap());
    assert!(!world.service.finish_job(dead.clone(), None, &READ).await.unwrap());
    assert!(world.service.renew_job(heir).await.unwrap());
    assert_eq!(stage(world, &dead).await.0, "running");

    // A clock that was set back does not keep it for the dead.
    world.clock.advance(-86_400);
    let heir = world.service.claim_job("third").await.unwrap().unwrap();
    assert_eq!(heir.attempts, 3);
    // What kills everybody who begins with it ends after the fifth.
    for _ in 0..2 {
        world.clock.advance(301);
        assert!(world.service.claim_job("next").await.unwrap().is_some());
    }
    world.clock.advance(301);
    assert_eq!(world.service.claim_job("next").await.unwrap(), None);
    assert_eq!(stage(world, &dead).await, ("failed".to_owned(), "too_many_attempts".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_owner_left_is_taken_over_once() {
    on_both(a_dead_owner_is_followed).await;
}

async fn what_is_stopped_goes_on(world: &World) {
    planned(world, "board").await;
    wait(world, "board", "sweep").await;
    let row = world.service.claim_job("here").await.unwrap().unwrap();
    assert!(world.service.finish_job(row.clone(), None, &Outcome::Stopped).await.unwrap());
    assert_eq!(stage(world, &row).await.0, "waiting");
    let row = world.service.claim_job("there").await.unwrap().unwrap();
    // Another of the kind waits by now: that one will do.
    wait(world, "board", "sweep").await;
    assert!(world.service.finish_job(row.clone(), None, &Outcome::Stopped).await.unwrap());
    assert_eq!(stage(world, &row).await, ("failed".to_owned(), "stopped".to_owned()));
    // A process that was killed and comes back has nothing running.
    let row = world.service.claim_job("here").await.unwrap().unwrap();
    assert_eq!(world.service.release_jobs("there").await.unwrap(), 0);
    assert_eq!(world.service.release_jobs("here").await.unwrap(), 1);
    assert_eq!(stage(world, &row).await.0, "waiting");
    // What it was at each time it was killed may be what kills it.
    for _ in 0..4 {
        assert!(world.service.claim_job("here").await.unwrap().is_some());
        assert_eq!(world.service.release_jobs("here").await.unwrap(), 1);
    }
    assert_eq!(stage(world, &row).await, ("failed".to_owned(), "too_many_attempts".to_owned()));
}

#[tokio::test]
async fn what_is_stopped_is_done_by_whoever_comes_next() {
    on_both(what_is_stopped_goes_on).await;
}

async fn old_jobs_go(world: &World) {
    planned(world, "board").await;
    let old = wait(world, "board", "head").await;
    let row = world.service.claim_job("here").await.unwrap().unwrap();
    world.service.finish_job(row, None, &READ).await.unwrap();
    world.clock.advance(31 * 86_400);
    let kept = wait(world, "board", "head").await;
    world.service.forget_old_jobs().await.unwrap();
    assert_eq!(world.service.job(&PROGRAM, old.id.parse().unwrap()).await.unwrap(), None);
    assert!(world.service.job(&PROGRAM, kept.id.parse().unwrap()).await.unwrap().is_some());
    assert_eq!(JobKind::parse("head"), Some(JobKind::Head));
    assert_eq!(JobKind::parse("else"), None);
}

#[tokio::test]
async fn jobs_that_ended_long_ago_are_forgotten() {
    on_both(old_jobs_go).await;
}

async fn a_command_and_a_node_take_turns(world: &World) {
    planned(world, "board").await;
    let connector = huiyin::intake::find("board", None).unwrap().unwrap();
    let begin = || world.service.begin_job(&PROGRAM, &connector, JobKind::Head);
    let refused = async || match begin().await {
        Err(ServiceError::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    };
    // While a node reads the source, the command is told so; and the other way round.
    wait(world, "board", "sweep").await;
    let row = world.service.claim_job("node").await.unwrap().unwrap();
    assert_eq!(refused().await, "source_busy");
    assert!(world.service.finish_job(row, None, &READ).await.unwrap());
    let own = begin().await.unwrap();
    wait(world, "board", "sweep").await;
    assert_eq!(world.service.claim_job("node").await.unwrap(), None);
    assert_eq!(refused().await, "source_busy");
    assert!(world.service.close_job(&PROGRAM, own.clone(), None, &Outcome::Stopped).await.unwrap());
    assert_eq!(stage(world, &own).await, ("failed".to_owned(), "stopped".to_owned()), "nobody goes on with it");
    let row = world.service.claim_job("node").await.unwrap().unwrap();
    // What a killed node or command left is no hindrance for ever.
    world.clock.advance(301);
    let own = begin().await.unwrap();
    assert!(!world.service.renew_job(&row).await.unwrap(), "it is not the node's any more");
    assert_eq!(world.service.end_left_jobs().await.unwrap(), 1);
    assert!(!world.service.renew_job(&own).await.unwrap());
    assert!(begin().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_read_by_a_command_or_by_a_node() {
    on_both(a_command_and_a_node_take_turns).await;
}
