//! Logging: one line an event, never personal data.

use std::error::Error;
use std::io::IsTerminal as _;

use tokio::task::JoinError;
use tracing_subscriber::EnvFilter;

/// Logs to standard error; `HUIYIN_LOG` sets the levels (`info` when absent or unreadable).
pub fn init() {
    let filter = EnvFilter::try_from_env("HUIYIN_LOG").unwrap_or_else(|_| EnvFilter::new("info,tantivy=warn"));
    // A second call, as tests make it, changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// From here on a panic leaves its place and its thread in the log, and not what was said there: that may quote what a
/// citizen wrote. For the program itself; in tests the words of a failed assertion are wanted.
pub fn tell_only_places_of_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "-".to_owned(), ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(place, thread = thread.name().unwrap_or("-"), "a panic");
    }));
}

/// An error with all its causes, on one line. What was said at a panic is left out: it may quote what a citizen wrote.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = told(error);
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&told(inner));
        cause = inner.source();
    }
    text
}

fn told(error: &(dyn Error + 'static)) -> String {
    error.downcast_ref::<JoinError>().map_or_else(|| error.to_string(), |ended| BrokenTask::of(ended).to_string())
}

/// How a background task ended early. Not what was said at a panic: that may quote what a citizen wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenTask {
    /// By a fault of the program.
    #[error("a task panicked")]
    Panicked,
    /// Because the program stops.
    #[error("a task was cancelled")]
    Cancelled,
}

impl BrokenTask {
    fn of(error: &JoinError) -> Self {
        if error.is_panic() { Self::Panicked } else { Self::Cancelled }
    }
}

impl From<JoinError> for BrokenTask {
    fn from(error: JoinError) -> Self {
        Self::of(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("work in the background")]
    struct Outer(#[source] JoinError);

    #[tokio::test]
    async fn what_was_said_at_a_panic_is_left_out() {
        let ended = tokio::spawn(async { assert_eq!("张三", "") }).await.unwrap_err();
        assert_eq!(chain(&Outer(ended)), "work in the background: a task panicked");
    }
}
