//! Goes from link to link as somebody, on both screens, with scripts and without, and looks at every page.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::morning::demo_with_a_source;
use super::pages::{PAGES, PageCase, VISITOR, Viewer};
use crate::support::browser::{Browser, Page, Width};
use crate::support::demo::Demo;

/// How many addresses of one line of the table are looked at in the browser.
const LOOKED_AT: usize = 3;
/// How many are asked for at all.
const ASKED_FOR: usize = 12;

/// Where visitors are sent who ask for a page of the staff.
const SIGN_IN: &str = "/sign-in";
/// Where the staff are sent who ask for a page of visitors.
const DESK: &str = "/desk";

/// A file that waits to be confirmed: nobody uploaded one in the demonstration.
const UPLOADED: &str = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n\
    W1,甲,青禾路的采光,2026-11-16 09:30:00,青禾路北侧要建高楼，审批时核算过采光吗？,,\n\
    W2,乙,没有日期的一行,上周,这一行的时间读不了。,,\n";

/// Starts the demonstration and walks through all its pages as somebody.
pub async fn walk_as(viewer: Viewer) {
    // With sources that are read over the network, whose pages say more than those of files.
    let (demo, _sites) = demo_with_a_source().await;
    let Some(browser) = Browser::start(&demo.address) else { return };
    let office = demo.token("office").await;
    demo.upload(&office, "领导留言板导出.csv", UPLOADED).await;
    Crawl { demo: &demo, browser: &browser, viewer, starts: &[], pictures: "" }.run().await;
}

/// A walk through all pages as somebody.
#[derive(Debug)]
pub struct Crawl<'a> {
    /// The demonstration.
    pub demo: &'a Demo,
    /// The browser, started for it.
    pub browser: &'a Browser,
    /// Who walks.
    pub viewer: Viewer,
    /// What to look at first, besides every page of the table that has one address.
    pub starts: &'a [String],
    /// What the names of the pictures begin with.
    pub pictures: &'a str,
}

impl Crawl<'_> {
    /// Opens every page the viewer may open and follows the links; fails with a line for each thing that is wrong.
    ///
    /// A page is right when it comes with its status, fits both screens, keeps axe-core's rules, has nothing foreign in
    /// it, does nothing a calm page does not do, and links only to pages of the table that the viewer may open. Pictures
    /// of the first addresses of each line are left in `target/screenshots`.
    pub async fn run(&self) {
        let viewer = self.viewer;
        let token = if viewer == VISITOR { None } else { Some(self.demo.token(viewer).await) };
        let (asked, queue, findings) = (BTreeMap::new(), VecDeque::new(), BTreeMap::new());
        let mut tour = Tour { crawl: self, token, asked, queue, findings };
        for start in self.starts {
            tour.meet(start, "the test").await;
        }
        for case in PAGES.iter().filter(|case| case.is_single() && case.is_looked_at_by(viewer)) {
            tour.meet(case.path, "the table").await;
        }
        for case in PAGES.iter().filter(|case| case.is_single() && !case.is_for(viewer)) {
            tour.expect_refusal(case.path).await;
        }
        let looked_at = tour.walk().await;
        for (width, scripts) in [(Width::Phone, true), (Width::Desk, false), (Width::Phone, false)] {
            let page = tour.page(width, scripts).await;
            for (address, case, nth) in &looked_at {
                tour.look(&page, address, case, *nth).await;
            }
        }
        let missed = PAGES.iter().filter(|case| case.is_looked_at_by(viewer) && !tour.asked.contains_key(case.path));
        let missed = missed.map(|case| format!("no link leads to {}", case.path));
        let findings: Vec<String> =
            tour.findings.iter().map(|(what, where_)| told(what, where_)).chain(missed).collect();
        let list = findings.join("\n  ");
        assert!(findings.is_empty(), "{} things wrong for {viewer}:\n  {list}", findings.len());
    }
}

struct Tour<'a> {
    crawl: &'a Crawl<'a>,
    token: Option<String>,
    /// The addresses asked for, by line of the table.
    asked: BTreeMap<&'static str, BTreeSet<String>>,
    /// What is still to be looked at.
    queue: VecDeque<(String, &'static PageCase)>,
    /// What is wrong, and where: the same on many pages is one line.
    findings: BTreeMap<String, Vec<String>>,
}

impl Tour<'_> {
    /// Follows the links at the desk; what was looked at, each with its number among its line's addresses.
    async fn walk(&mut self) -> Vec<(String, &'static PageCase, usize)> {
        let page = self.page(Width::Desk, true).await;
        let mut looked_at: Vec<(String, &PageCase, usize)> = Vec::new();
        while let Some((address, case)) = self.queue.pop_front() {
            let before = looked_at.iter().filter(|(_, other, _)| other.path == case.path).count();
            if before < LOOKED_AT {
                self.look(&page, &address, case, before).await;
                looked_at.push((address, case, before));
            }
        }
        looked_at
    }

    async fn page(&self, width: Width, scripts: bool) -> Page {
        let page = self.crawl.browser.page(width).await;
        if let Some(token) = &self.token {
            page.take_token(token).await;
        }
        if scripts { page } else { page.without_scripts().await }
    }

    /// Takes note of an address: whether the table knows it, and how the server answers.
    async fn meet(&mut self, address: &str, from: &str) {
        let Some(case) = PageCase::at(address) else {
            return self.find(format!("a link to {}, which no line of PAGES describes", family(address)), from);
        };
        if !case.is_for(self.crawl.viewer) {
            return self.find(format!("a link to {}, which is not for {}", case.path, self.crawl.viewer), from);
        }
        let asked = self.asked.entry(case.path).or_default();
        if asked.len() == ASKED_FOR || !asked.insert(address.to_owned()) {
            return;
        }
        if !case.is_looked_at_by(self.crawl.viewer) && !self.crawl.starts.iter().any(|start| start == address) {
            return;
        }
        let response = self.crawl.demo.get(self.token.as_deref(), address).await;
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap_or_default().to_owned()).unwrap_or_default()
        };
        if response.status().is_redirection() {
            let to = header("location");
            return Box::pin(self.meet(&to, address)).await;
        }
        if response.status() != case.status {
            return self.find(format!("{address} answers {}", response.status()), from);
        }
        // A file to download is not a page to look at.
        if header("content-type").starts_with("text/html") {
            self.queue.push_back((address.to_owned(), case));
        }
    }

    /// What is not for the viewer is forbidden, asks for signing in, is not there, or sends them where they belong.
    async fn expect_refusal(&mut self, path: &str) {
        let response = self.crawl.demo.get(self.token.as_deref(), path).await;
        let to = response.headers().get("location").map(|to| to.as_bytes().to_vec()).unwrap_or_default();
        let place = if self.token.is_none() { SIGN_IN } else { DESK };
        let sent = response.status() == 303 && to.starts_with(place.as_bytes());
        if !sent && !matches!(response.status().as_u16(), 401 | 403 | 404) {
            self.find(format!("answers {} although it is not for {}", response.status(), self.crawl.viewer), path);
        }
    }

    /// Looks at a page; with scripts also through axe-core, and takes its picture.
    async fn look(&mut self, page: &Page, address: &str, case: &'static PageCase, nth: usize) {
        let status = page.open(address).await;
        let scripts = page.has_scripts();
        let place = format!("{address} ({}{})", page.width().name(), if scripts { "" } else { ", without scripts" });
        let mut wrong = page.overflows().await;
        wrong.extend(page.foreign().await);
        if status != case.status {
            wrong.push(format!("status {status}"));
        }
        if scripts {
            let broken = page.axe().await.unwrap_or_default();
            wrong.extend(broken.iter().map(ToString::to_string));
            page.screenshot(&self.picture(case, nth)).await;
        }
        wrong.extend(page.troubles());
        for wrong in wrong {
            self.find(wrong, &place);
        }
        for link in page.links().await {
            self.meet(&link, address).await;
        }
    }

    fn picture(&self, case: &PageCase, nth: usize) -> String {
        let whose = if self.crawl.viewer == VISITOR { String::new() } else { format!("{}-", self.crawl.viewer) };
        let which = if nth == 0 { String::new() } else { format!("-{}", nth + 1) };
        format!("{}{whose}{}{which}", self.crawl.pictures, case.name)
    }

    fn find(&mut self, what: String, place: &str) {
        let places = self.findings.entry(what).or_default();
        if !places.iter().any(|known| known == place) {
            places.push(place.to_owned());
        }
    }
}

/// A finding with the first places where it is.
fn told(what: &str, places: &[String]) -> String {
    let more = places.len().saturating_sub(3);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{what}\n      on {}{more}", places.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(" · "))
}

/// An address without its query, its numbers left open: one line for all items.
fn family(address: &str) -> String {
    let path = address.split('?').next().unwrap_or(address);
    let part = |part: &str| {
        if part.starts_with(|first: char| first.is_ascii_digit()) { "{…}".to_owned() } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
