//! What commands print: text for people or one JSON value for programs.

use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Failure;

/// Where and how a command prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the value for programs or the text for people.
    pub(super) fn either(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { self.text(&serde_json::to_string_pretty(value)?) } else { self.text(&text()) }
    }

    /// Prints text; a reader that went away (`| head`) ends the command silently.
    #[expect(clippy::unused_self, reason = "everything printed goes through the command's output")]
    pub(super) fn text(self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        write!(out, "{text}{newline}").and_then(|()| out.flush()).map_err(|_| Failure::Silent)
    }

    /// Says something beside the result, on standard error.
    #[expect(clippy::unused_self, reason = "everything printed goes through the command's output")]
    pub(super) fn aside(self, text: &str) {
        // Nobody listening is no reason to stop working.
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// A bar for work whose length is not known; invisible when standard error is no terminal.
    #[expect(clippy::unused_self, reason = "everything printed goes through the command's output")]
    pub(super) fn progress(self, what: &str) -> ProgressBar {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} 行 {elapsed} ({per_sec})") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}
