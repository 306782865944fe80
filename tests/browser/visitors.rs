//! What a visitor sees.

use super::crawl::Crawl;
use super::pages::VISITOR;
use crate::support::browser::Browser;
use crate::support::demo::Demo;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_finds_every_public_page_in_order() {
    let demo = Demo::start();
    let Some(browser) = Browser::start(&demo.address) else { return };
    Crawl { demo: &demo, browser: &browser, viewer: VISITOR, starts: &[], pictures: "" }.run().await;
}
