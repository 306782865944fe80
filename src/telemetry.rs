//! Logging: one line an event, never personal data.

use std::error::Error;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

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

/// An error with all its causes, on one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {inner}");
        cause = inner.source();
    }
    text
}
