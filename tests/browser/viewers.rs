//! What everybody sees on the way from link to link: one test for each kind of viewer.

use super::crawl::walk_as;
use super::pages::VISITOR;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_finds_every_public_page_in_order() {
    walk_as(VISITOR).await;
}
