//! When a source is read next: two intervals, a little disorder, growing pauses after failures, and clocks that jump.
//!
//! Nothing here remembers anything: what was planned and what came of it are arguments, and so are the instant and the
//! random number that spreads the sources over time.

use crate::time::Instant;

/// The longest pause of a source that asked us to stay away, in seconds.
const LONGEST_BLOCK: i64 = 86_400;
/// The first such pause where the source does not say how long, in seconds.
const FIRST_BLOCK: i64 = 3_600;
/// The shortest, whatever the source says, in seconds.
const SHORTEST_BLOCK: i64 = 60;
/// The first pause after a failure, unless the source is read more often, in seconds.
const FIRST_RETRY: i64 = 600;
/// Up to this the pauses grow, unless the source is read less often, in seconds.
const LONGEST_RETRY: i64 = 21_600;
/// How many of its intervals a source may go without having been read.
const PATIENCE: i64 = 3;

/// How often a source is read, and how often it shows something new. All in seconds; `None`: not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intervals {
    /// From one quick look at the newest pages to the next.
    pub head: Option<i64>,
    /// From one reading of the whole list to the next.
    pub sweep: Option<i64>,
    /// The longest time without a new message that is nothing unusual.
    pub expect_every: Option<i64>,
}

impl Intervals {
    /// How often the source is read in one way or the other.
    pub fn shortest(&self) -> Option<i64> {
        self.head.into_iter().chain(self.sweep).min()
    }
}

/// How a reading that was planned stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It is time.
    Now,
    /// Its time has not come.
    Later,
    /// Its time lies further ahead than anybody would have planned: the clock was set back. It is planned anew for then.
    Anew(Instant),
}

/// The next time after a success: one interval later, and up to a tenth of it more, so that sources read equally often do
/// not come all at once.
pub fn after_success(now: Instant, every: i64, random: u64) -> Instant {
    now.plus_seconds(spread(every, random))
}

/// The next time after the `failures`-th failure in a row, from one: pauses double, from ten minutes (or the interval, if
/// that is shorter) to six hours (or the interval, if that is longer).
pub fn after_failure(now: Instant, every: i64, failures: u32, random: u64) -> Instant {
    now.plus_seconds(spread(retry_pause(every, failures), random))
}

/// Until when to stay away from a source that asked for it, the `times`-th time in a row, from one. What the source asks
/// for counts, between a minute and a day; otherwise pauses double from an hour to a day.
pub fn blocked_until(now: Instant, retry_after: Option<u64>, times: u32) -> Instant {
    let pause = match retry_after {
        Some(seconds) => i64::try_from(seconds).unwrap_or(i64::MAX),
        None => doubled(FIRST_BLOCK, times),
    };
    now.plus_seconds(pause.clamp(SHORTEST_BLOCK, LONGEST_BLOCK))
}

/// Whether a reading planned for `due` is to be done now.
///
/// A clock that was set back would leave it waiting for as long as the clock lost; planned anew, it waits one interval at
/// most, and is not done at once either: a clock that goes to and fro does not make readings come in floods.
pub fn due(now: Instant, due: Instant, every: i64, failures: u32, random: u64) -> Due {
    if due <= now {
        return Due::Now;
    }
    let longest = if failures == 0 { every } else { every.max(retry_pause(every, failures)) };
    // The tenth of disorder, and a second for roundings.
    let furthest = longest.saturating_add(longest / 10).saturating_add(1);
    if due > now.plus_seconds(furthest) { Due::Anew(after_success(now, every, random)) } else { Due::Later }
}

/// Whether a source is still to be left alone. A time more than a day ahead was not planned by this clock.
pub fn is_blocked(now: Instant, until: Option<Instant>) -> bool {
    until.is_some_and(|until| until > now && until <= now.plus_seconds(LONGEST_BLOCK))
}

/// Whether nothing new has come for longer than is usual. `since`: the newest message, or when the source was switched on.
pub fn is_stale(now: Instant, since: Instant, intervals: &Intervals) -> bool {
    intervals.expect_every.is_some_and(|every| since.plus_seconds(every) < now)
}

/// Whether the source was not read for three of its intervals. `since`: the last success, or when it was switched on.
pub fn is_unread(now: Instant, since: Instant, intervals: &Intervals) -> bool {
    intervals.shortest().is_some_and(|every| since.plus_seconds(every.saturating_mul(PATIENCE)) < now)
}

fn retry_pause(every: i64, failures: u32) -> i64 {
    doubled(every.min(FIRST_RETRY), failures).min(every.max(LONGEST_RETRY))
}

/// `first`, doubled with every time after the first.
fn doubled(first: i64, times: u32) -> i64 {
    let factor = 1_i64.checked_shl(times.saturating_sub(1).min(40)).unwrap_or(i64::MAX);
    first.saturating_mul(factor)
}

/// The seconds, and up to a tenth more.
fn spread(seconds: i64, random: u64) -> i64 {
    let seconds = seconds.max(1);
    let room = u64::try_from(seconds / 10).unwrap_or(0).saturating_add(1);
    seconds.saturating_add(i64::try_from(random % room).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant::from_micros(1_791_507_600_000_000);

    fn seconds(from: Instant, to: Instant) -> i64 {
        to.micros_since(from) / 1_000_000
    }

    #[test]
    fn pauses_double_and_end() {
        let pauses: Vec<i64> = (1..=8).map(|times| seconds(NOW, after_failure(NOW, 600, times, 0))).collect();
        assert_eq!(pauses, [600, 1_200, 2_400, 4_800, 9_600, 19_200, 21_600, 21_600]);
        // Read once a day, it is tried again soon, and at the latest after a day.
        assert_eq!(seconds(NOW, after_failure(NOW, 86_400, 1, 0)), 600);
        assert_eq!(seconds(NOW, after_failure(NOW, 86_400, 99, 0)), 86_400);
        let blocks: Vec<i64> = (1..=6).map(|times| seconds(NOW, blocked_until(NOW, None, times))).collect();
        assert_eq!(blocks, [3_600, 7_200, 14_400, 28_800, 57_600, 86_400]);
        let asked: Vec<i64> = [0, 300, u64::MAX].map(|wish| seconds(NOW, blocked_until(NOW, Some(wish), 1))).to_vec();
        assert_eq!(asked, [60, 300, 86_400]);
    }

    #[test]
    fn silence_is_told_from_not_looking() {
        let intervals = Intervals { head: Some(600), sweep: Some(86_400), expect_every: Some(3 * 86_400) };
        let ago = |seconds: i64| NOW.plus_seconds(-seconds);
        assert!(!is_unread(NOW, ago(1_800), &intervals));
        assert!(is_unread(NOW, ago(1_801), &intervals));
        assert!(!is_stale(NOW, ago(3 * 86_400), &intervals));
        assert!(is_stale(NOW, ago(3 * 86_400 + 1), &intervals));
        // A clock that went back makes nothing late.
        assert!(!is_stale(ago(86_400), NOW, &intervals) && !is_unread(ago(86_400), NOW, &intervals));
        let never = Intervals::default();
        assert!(!is_stale(NOW, ago(1 << 40), &never) && !is_unread(NOW, ago(1 << 40), &never));
    }

    #[test]
    fn a_block_from_another_clock_does_not_last() {
        assert!(is_blocked(NOW, Some(NOW.plus_seconds(86_400))));
        assert!(!is_blocked(NOW, Some(NOW.plus_seconds(86_401))));
        assert!(!is_blocked(NOW, Some(NOW)) && !is_blocked(NOW, None));
    }

    proptest! {
        /// Whatever was planned at one reading of the clock and looked at by another: it is done within the longest
        /// planned pause, however far the clock goes back, and never more often than once an interval.
        #[test]
        fn a_jumping_clock_neither_stops_nor_floods(
            every in 1_i64..200_000,
            failures in 0_u32..12,
            random: u64,
            jump in -10_000_000_i64..10_000_000,
        ) {
            let planned = match failures {
                0 => after_success(NOW, every, random),
                failures => after_failure(NOW, every, failures, random),
            };
            let pause = seconds(NOW, planned);
            prop_assert!(pause >= every.min(FIRST_RETRY), "not at once");
            prop_assert_eq!(due(NOW, planned, every, failures, random), Due::Later);
            prop_assert_eq!(due(planned, planned, every, failures, random), Due::Now);
            let later = NOW.plus_seconds(jump);
            let waits = match due(later, planned, every, failures, random) {
                Due::Now => 0,
                Due::Later => seconds(later, planned),
                Due::Anew(then) => {
                    prop_assert!(jump < 0, "only a clock set back plans anew");
                    prop_assert_eq!(due(later, then, every, failures, random), Due::Later, "planned once");
                    seconds(later, then)
                }
            };
            let longest = every.max(LONGEST_RETRY);
            prop_assert!(waits <= longest + longest / 10 + 1, "{waits}");
            prop_assert!(jump >= pause || waits > 0, "nothing is done early");
        }
    }
}
