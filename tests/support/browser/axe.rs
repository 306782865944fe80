//! Whether a page is usable with a screen reader and for weak eyes: axe-core's rules.
//!
//! axe-core comes from npm into `target/npm` (see `scripts/test`); it is not part of the project.

use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;

use super::page::Page;
use super::{not_run, target};

/// The script, as `npm ci` leaves it.
const SCRIPT: &str = "npm/node_modules/axe-core/axe.min.js";

/// A rule that a page breaks, and where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Violation {
    /// The rule: `color-contrast`, `label` …
    pub id: String,
    /// `minor` to `critical`.
    pub impact: Option<String>,
    /// What the rule asks for.
    pub help: String,
    /// The elements, as selectors with their markup.
    pub nodes: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let impact = self.impact.as_deref().unwrap_or("unknown");
        write!(f, "axe {} ({impact}): {}: {}", self.id, self.help, self.nodes.join(" | "))
    }
}

impl Page {
    /// All violations on the page as it is now. None, with a line that says so, where axe-core is missing; with `CI=true`
    /// that is a failure.
    pub async fn axe(&self) -> Option<Vec<Violation>> {
        let script = script()?;
        if self.run("typeof axe").await.as_ref().is_ok_and(|kind| kind == "undefined") {
            let loaded = self.run(&format!("{script}\n;typeof axe")).await;
            assert_eq!(loaded, Ok("object".into()), "axe-core cannot be loaded");
        }
        let run = "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(broken => ({
            id: broken.id, impact: broken.impact, help: broken.help,
            nodes: broken.nodes.map(node => `${node.target.join(' ')}: ${node.html.slice(0, 160)}`) })))";
        Some(self.eval(run).await)
    }
}

fn script() -> Option<&'static str> {
    static READ: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let read = std::fs::read_to_string(target().join(SCRIPT)).ok();
        if read.is_none() {
            not_run("the accessibility rules of axe-core: scripts/test fetches it with npm");
        }
        read
    };
    READ.get_or_init(read).as_deref()
}
