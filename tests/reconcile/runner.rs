//! The loop of a node: two sources at once, a dead puller is survived, and a stop ends politely.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use huiyin::jobs::{Done, Puller, Runner};
use huiyin::service::schedule::{JobKind, Outcome};
use huiyin::service::{Service, ServiceError};
use huiyin::store::job::{self, JobRow};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::on_both;
use super::schedules::planned;
use crate::support::world::World;

/// What the scripted puller does with a source.
#[derive(Debug, Default)]
struct Script {
    busy: AtomicUsize,
    most: AtomicUsize,
}

/// Tells of each source it begins with, and reads it until it is let go on or stopped.
struct Scripted {
    script: Arc<Script>,
    begun: mpsc::UnboundedSender<String>,
    go_on: Arc<Semaphore>,
}

impl Puller for Scripted {
    async fn pull(&self, source: &str, _kind: JobKind, stop: &CancellationToken) -> Result<Done, ServiceError> {
        let busy = self.script.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.script.most.fetch_max(busy, Ordering::SeqCst);
        self.begun.send(source.to_owned()).unwrap();
        assert_ne!(source, "panics", "as the script says");
        let outcome = tokio::select! {
            turn = self.go_on.acquire() => { turn.unwrap().forget(); Outcome::Read { new: 1 } }
            () = stop.cancelled() => Outcome::Stopped,
        };
        self.script.busy.fetch_sub(1, Ordering::SeqCst);
        Ok(Done { pull: None, outcome })
    }
}

/// A loop that runs, and how to steer it.
struct Loop {
    script: Arc<Script>,
    begun: mpsc::UnboundedReceiver<String>,
    go_on: Arc<Semaphore>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

fn start(world: &World, owner: &str) -> Loop {
    let (begun, told) = mpsc::unbounded_channel();
    let (script, go_on, stop) = (Arc::new(Script::default()), Arc::new(Semaphore::new(0)), CancellationToken::new());
    let puller = Scripted { script: Arc::clone(&script), begun, go_on: Arc::clone(&go_on) };
    let runner =
        Runner::new(world.service.clone(), puller, owner.to_owned()).with_sign_of_life(Duration::from_millis(50));
    let task = tokio::spawn(runner.run(stop.clone()));
    Loop { script, begun: told, go_on, stop, task }
}

impl Loop {
    async fn next(&mut self) -> String {
        let told = tokio::time::timeout(Duration::from_secs(30), self.begun.recv()).await;
        told.expect("a source is read in time").expect("the loop runs")
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), self.task).await.expect("it stops").expect("it does not panic");
    }
}

async fn in_stage(world: &World, stage: &str) -> Vec<JobRow> {
    job::in_stage(&mut world.service.store().read().await.unwrap().conn(), stage, 100).await.unwrap()
}

/// Waits until so many jobs have come to their end.
async fn until_done(world: &World, jobs: usize) {
    let done = async {
        while in_stage(world, "done").await.len() < jobs {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("they are read in time");
}

async fn sources_are_read_and_a_stop_is_polite(world: &World) {
    for source in ["a", "b", "c"] {
        planned(world, source).await;
    }
    let mut first = start(world, "first");
    let begun = BTreeSet::from([first.next().await, first.next().await]);
    assert_eq!(begun.len(), 2);
    // Another node takes the third, and nothing that is being read already.
    let mut second = start(world, "second");
    let third = second.next().await;
    assert!(!begun.contains(&third), "{third} is read already");
    // Stopped, it gives it back; the first one goes on with it as soon as it is free.
    second.end().await;
    first.go_on.add_permits(2);
    assert_eq!(first.next().await, third);
    first.go_on.add_permits(1);
    until_done(world, 3).await;
    assert_eq!(first.script.most.load(Ordering::SeqCst), 2);
    first.end().await;
    assert_eq!(in_stage(world, "running").await, []);
    assert_eq!(in_stage(world, "waiting").await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_the_sources_and_stop_politely() {
    on_both(sources_are_read_and_a_stop_is_polite).await;
}

async fn a_panic_is_survived(world: &World) {
    planned(world, "panics").await;
    let mut node = start(world, "here");
    assert_eq!(node.next().await, "panics");
    // The loop goes on with what comes next.
    planned(world, "sound").await;
    assert_eq!(node.next().await, "sound");
    node.go_on.add_permits(1);
    // A stop at this moment would give it back instead.
    until_done(world, 1).await;
    let running = in_stage(world, "running").await;
    assert!(running.iter().any(|row| row.source_id == "panics"), "its lease has not run out");
    node.end().await;
    // At the next start of the same node it is nobody's.
    let mut node = start(world, "here");
    assert_eq!(node.next().await, "panics");
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_panics_does_not_end_the_loop() {
    on_both(a_panic_is_survived).await;
}

async fn who_lost_the_lease_stops(world: &World) {
    planned(world, "lake").await;
    let mut slow = start(world, "slow");
    assert_eq!(slow.next().await, "lake");
    // Its machine slept for longer than the lease; somebody else has taken over by the time it gives a sign of life.
    let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
    let row = in_stage_in(&mut tx).await;
    assert!(job::take_over(&mut tx, &row, "heir", row.lease_until + 1).await.unwrap());
    tx.commit(world.service.now()).await.unwrap();
    let stopped = async {
        while slow.script.busy.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), stopped).await.expect("it stops reading");
    let running = in_stage(world, "running").await;
    let owners: Vec<&str> = running.iter().map(|row| row.owner.as_str()).collect();
    assert_eq!(owners, ["heir"], "what the slow one says does not count");
    slow.end().await;
}

async fn in_stage_in(tx: &mut huiyin::store::Tx) -> JobRow {
    job::in_stage(&mut tx.conn(), "running", 1).await.unwrap().pop().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lost_the_lease_stops_reading() {
    on_both(who_lost_the_lease_stops).await;
}

/// Holds the writer while several signs of life are due.
struct Writing(Service);

impl Puller for Writing {
    async fn pull(&self, _source: &str, _kind: JobKind, _stop: &CancellationToken) -> Result<Done, ServiceError> {
        let tx = self.0.store().begin(&World::permit()).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.commit(self.0.now()).await?;
        Ok(Done { pull: None, outcome: Outcome::Read { new: 1 } })
    }
}

async fn a_sign_of_life_and_the_reading_go_on_at_once(world: &World) {
    planned(world, "lake").await;
    let stop = CancellationToken::new();
    let runner = Runner::new(world.service.clone(), Writing(world.service.clone()), "here".to_owned());
    let task = tokio::spawn(runner.with_sign_of_life(Duration::from_millis(50)).run(stop.clone()));
    // Neither waits for the other.
    until_done(world, 1).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(30), task).await.expect("it stops").expect("it does not panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_is_not_held_up_by_its_own_sign_of_life() {
    on_both(a_sign_of_life_and_the_reading_go_on_at_once).await;
}
