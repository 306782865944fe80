//! Work that gives way to whoever else has something to do.

/// How far it gives way: a tenth of what others get of a core while they want all of it, and all of it when they do not.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Does `work` on a thread of its own that gives way, as do all threads that it starts: Linux counts niceness by thread
/// and hands it down. Elsewhere it is done like any other.
pub(super) fn giving_way<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let doing = scope.spawn(|| {
            #[cfg(target_os = "linux")]
            if let Err(error) = rustix::process::nice(NICENESS) {
                tracing::debug!(%error, "work in the background does not give way");
            }
            work()
        });
        doing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    /// Of the calling thread.
    fn niceness() -> i32 {
        rustix::process::nice(0).unwrap()
    }

    #[test]
    fn it_gives_way_with_all_that_it_starts_and_nobody_else_does() {
        let before = niceness();
        let (own, started) = giving_way(|| (niceness(), std::thread::spawn(niceness).join().unwrap()));
        let lower = (before + NICENESS).min(19);
        assert_eq!((own, started, niceness()), (lower, lower, before));
    }
}
