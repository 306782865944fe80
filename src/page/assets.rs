//! Files a browser loads beside a page, each under a name that changes with its content.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::get;
use huiyin_domain::ledger::Digest;

use super::respond;

/// A file in the program.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name as templates call it: `desk.css`.
    pub name: &'static str,
    /// What it is, for the browser.
    pub content_type: &'static str,
    /// What it holds.
    pub text: &'static str,
}

impl Asset {
    /// A stylesheet.
    pub const fn css(name: &'static str, text: &'static str) -> Self {
        Self { name, content_type: "text/css; charset=utf-8", text }
    }

    /// A script.
    pub const fn js(name: &'static str, text: &'static str) -> Self {
        Self { name, content_type: "text/javascript; charset=utf-8", text }
    }

    /// A picture.
    pub const fn svg(name: &'static str, text: &'static str) -> Self {
        Self { name, content_type: "image/svg+xml", text }
    }

    /// Where it is: `/assets/desk.0123456789ab.css`. The digits are the first of its content's digest, so that a browser may
    /// keep it for ever.
    fn address(&self) -> String {
        let digest = Digest::of(self.text.as_bytes()).to_string();
        let version = digest.get(..12).unwrap_or(&digest);
        let (stem, ending) = self.name.rsplit_once('.').unwrap_or((self.name, "bin"));
        format!("/assets/{stem}.{version}.{ending}")
    }
}

/// Some files with their addresses.
#[derive(Debug, Clone)]
pub struct Assets {
    files: &'static [Asset],
    addresses: BTreeMap<&'static str, String>,
}

impl Assets {
    /// Computes the addresses.
    pub fn new(files: &'static [Asset]) -> Self {
        Self { files, addresses: files.iter().map(|file| (file.name, file.address())).collect() }
    }

    /// Where the file with this name is; `None` when there is none.
    pub fn address(&self, name: &str) -> Option<&str> {
        self.addresses.get(name).map(String::as_str)
    }

    /// The routes that serve them.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.files
            .iter()
            .fold(Router::new(), |routes, file| routes.route(&file.address(), get(|| async { respond::asset(file) })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_has_another_address() {
        let first = Asset::css("desk.css", "a {}").address();
        assert_ne!(first, Asset::css("desk.css", "b {}").address());
        let ends = |address: &str, ending: &str| address.rsplit_once('.').is_some_and(|(_, last)| last == ending);
        assert!(first.starts_with("/assets/desk.") && ends(&first, "css"), "{first}");
        let htmx = Asset::js("htmx-2.0.11.min.js", "").address();
        assert!(htmx.starts_with("/assets/htmx-2.0.11.min.") && ends(&htmx, "js"), "{htmx}");
    }
}
