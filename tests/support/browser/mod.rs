//! Headless Chromium, driven over its DevTools protocol.
//!
//! A test starts one [`Browser`] for one site and opens [`Page`]s in it, each with cookies of its own:
//!
//! ```ignore
//! let Some(browser) = Browser::start(&app.address) else { return };
//! let page = browser.page(Width::Desk).await;
//! page.sign_in("publisher", PASSWORD).await;
//! page.open("/desk/issues/2026-09/add").await;
//! page.fill("搜索", "采光").await;
//! page.follow("搜索").await;
//! page.wait_for_text("共 3 件").await;
//! page.screenshot("list").await;
//! page.assert_calm();
//! ```
//!
//! What fails panics with the page's address and what was wanted. Nothing sleeps for a fixed time: every wait looks again
//! until its deadline.

mod act;
mod axe;
mod look;
mod page;
mod record;
mod wire;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

pub use self::page::Page;
use self::wire::Wire;

/// How long Chromium may take to end before it is ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The two screens every page is looked at on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// The office's screen: 1366 × 768.
    Desk,
    /// A telephone: 360 × 740.
    Phone,
}

impl Width {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Desk, Self::Phone];

    /// Width and height in CSS pixels.
    pub const fn size(self) -> (u32, u32) {
        match self {
            Self::Desk => (1366, 768),
            Self::Phone => (360, 740),
        }
    }

    /// The folder its screenshots lie in.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Phone => "phone",
        }
    }
}

/// A running Chromium with a profile of its own; both are gone with this value.
#[derive(Debug)]
pub struct Browser {
    wire: Arc<Wire>,
    origin: String,
    child: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium for the site at `origin` (`http://127.0.0.1:8080`): it reaches nothing else.
    ///
    /// None, with a line that says so, where Chromium is not installed; with `CI=true` that is a failure.
    pub fn start(origin: &str) -> Option<Self> {
        let Some(program) = find_chromium() else {
            not_run("the browser tests: there is no Chromium");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder for the profile");
        // The protocol is spoken over two pipes, which Chromium expects as descriptors 3 and 4: no port to find, and
        // when the test ends, however it ends, the pipes close and Chromium goes.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2"])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--lang=zh-CN",
                "--accept-lang=zh-CN",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        let (to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let wire = Wire::open(to, from);
        Some(Self { wire, origin: origin.to_owned(), child, _profile: profile })
    }

    /// A page with cookies of its own, as on somebody's own computer.
    pub async fn page(&self, width: Width) -> Page {
        let made = self.wire.call(None, "Target.createBrowserContext", json!({ "disposeOnDetach": true })).await;
        let context = made["browserContextId"].as_str().expect("a context").to_owned();
        Page::open_in(&self.wire, &self.origin, context, width).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.wire.close();
        let deadline = Instant::now() + LAST_WORDS;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        // It did not go by itself; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says that something could not run; with `CI=true` everything has to.
pub fn not_run(what: &str) {
    assert!(env::var("CI").as_deref() != Ok("true"), "NOT RUN: {what}; with CI=true everything has to run");
    eprintln!("NOT RUN: {what}");
}

/// The folder cargo builds into.
pub fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().unwrap_or(tmp).to_path_buf()
}

fn find_chromium() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let path = env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let places: Vec<PathBuf> = env::split_paths(&path).collect();
        let all = names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
        all.into_iter().find(|program| program.is_file())
    };
    FOUND.get_or_init(find).as_deref()
}
