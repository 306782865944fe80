//! Politeness towards each host, shared by everything in the process that reads from it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::robots::Robots;

/// How long a robots.txt is believed, as RFC 9309 advises.
const ROBOTS_KEPT: Duration = Duration::from_hours(24);

/// The hosts that are read from. One for a process, given to every [`super::Fetcher`]: a pace and a limit then hold for all
/// pulls together.
#[derive(Debug, Default)]
pub struct Hosts {
    lines: Mutex<HashMap<String, Arc<Line>>>,
    robots: Mutex<HashMap<String, Arc<RobotsSlot>>>,
    /// Which refusal was a host's last, of all that were counted.
    refused: Mutex<HashMap<String, u64>>,
    refusals: AtomicU64,
}

/// Those who wait for one host.
#[derive(Debug, Default)]
struct Line {
    /// When the last request started. Whoever holds it is the first in the line; the others wait in the order they came.
    last: tokio::sync::Mutex<Option<Instant>>,
    active: AtomicUsize,
    freed: Notify,
}

/// The permission for one request; the next may start when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Line>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::AcqRel);
        self.0.freed.notify_one();
    }
}

/// The robots.txt of one server; whoever holds it empty reads it for all.
#[derive(Debug, Default)]
pub(super) struct RobotsSlot(tokio::sync::Mutex<Option<(Instant, Arc<Robots>)>>);

impl Hosts {
    /// Nobody has been asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until a request to `host` may start: `pace` after the last one, and fewer than `concurrency` under way.
    pub(crate) async fn turn(&self, host: &str, pace: Duration, concurrency: usize) -> Turn {
        let line =
            Arc::clone(self.lines.lock().unwrap_or_else(PoisonError::into_inner).entry(host.to_owned()).or_default());
        let mut last = line.last.lock().await;
        // A turn that ends in between leaves its notice behind, so none is missed.
        while line.active.load(Ordering::Acquire) >= concurrency.max(1) {
            line.freed.notified().await;
        }
        if let Some(at) = *last {
            sleep_until(at + pace).await;
        }
        *last = Some(Instant::now());
        line.active.fetch_add(1, Ordering::AcqRel);
        drop(last);
        Turn(line)
    }

    /// Refusals counted so far: whoever begins now has heard of all of them.
    pub(super) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Acquire)
    }

    /// Notes that a host asked to be left alone: whoever is reading from it stops. Returns the number of this refusal.
    pub(super) fn refuse(&self, host: &str) -> u64 {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.refusals.fetch_add(1, Ordering::AcqRel) + 1;
        refused.insert(host.to_owned(), number);
        number
    }

    /// Whether a host has asked to be left alone since that refusal was counted.
    pub(super) fn has_refused_since(&self, host: &str, refusal: u64) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(host).is_some_and(|last| *last > refusal)
    }

    /// The place where the robots.txt of a server is kept.
    pub(super) fn robots(&self, origin: String) -> Arc<RobotsSlot> {
        Arc::clone(self.robots.lock().unwrap_or_else(PoisonError::into_inner).entry(origin).or_default())
    }
}

impl RobotsSlot {
    /// What is kept, or what `read` finds; a failure is not kept.
    pub(super) async fn get_or_read<E>(&self, read: impl Future<Output = Result<Robots, E>>) -> Result<Arc<Robots>, E> {
        let mut kept = self.0.lock().await;
        if let Some((at, robots)) = kept.as_ref().filter(|(at, _)| at.elapsed() < ROBOTS_KEPT) {
            tracing::trace!(age = at.elapsed().as_secs(), "robots.txt is known");
            return Ok(Arc::clone(robots));
        }
        let robots = Arc::new(read.await?);
        *kept = Some((Instant::now(), Arc::clone(&robots)));
        Ok(robots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn starts_keep_their_distance_whoever_asks() {
        let hosts = Arc::new(Hosts::new());
        let began = Instant::now();
        let asking = (0..4).map(|_| {
            let hosts = Arc::clone(&hosts);
            tokio::spawn(async move {
                let turn = hosts.turn("a", PACE, 8).await;
                let at = began.elapsed();
                drop(turn);
                at
            })
        });
        let asking: Vec<_> = asking.collect();
        let mut starts = Vec::new();
        for task in asking {
            starts.push(task.await.unwrap().as_secs());
        }
        starts.sort_unstable();
        assert_eq!(starts, [0, 2, 4, 6]);
        let _other = hosts.turn("b", PACE, 1).await;
        assert_eq!(began.elapsed().as_secs(), 6, "another host does not wait");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_under_way_than_allowed() {
        let hosts = Arc::new(Hosts::new());
        let first = hosts.turn("a", Duration::ZERO, 2).await;
        let second = hosts.turn("a", Duration::ZERO, 2).await;
        let third = hosts.turn("a", Duration::ZERO, 2);
        tokio::pin!(third);
        assert!(tokio::time::timeout(PACE, &mut third).await.is_err(), "two are under way");
        drop(first);
        let third = third.await;
        assert!(tokio::time::timeout(PACE, hosts.turn("a", Duration::ZERO, 1)).await.is_err());
        drop((second, third));
        let _last = hosts.turn("a", Duration::ZERO, 1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_takes_nothing_along() {
        let hosts = Hosts::new();
        let held = hosts.turn("a", Duration::ZERO, 1).await;
        assert!(tokio::time::timeout(PACE, hosts.turn("a", Duration::ZERO, 1)).await.is_err());
        drop(held);
        let _next = hosts.turn("a", Duration::ZERO, 1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn robots_are_read_once_a_day_and_a_failure_is_not_kept() {
        let slot = RobotsSlot::default();
        assert!(slot.get_or_read(async { Err("down") }).await.is_err());
        for _ in 0..2 {
            let read = async { Ok::<_, &str>(Robots::parse("User-agent: *\nDisallow: /")) };
            assert!(!slot.get_or_read(read).await.unwrap().rules_for("Huiyin").allows("/x"));
            tokio::time::advance(Duration::from_hours(11)).await;
            let unasked = async { Err("asked again") };
            assert!(slot.get_or_read(unasked).await.is_ok());
            tokio::time::advance(Duration::from_hours(14)).await;
        }
    }
}
