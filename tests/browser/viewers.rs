//! What everybody sees on the way from link to link: one test for each kind of viewer.

use super::crawl::walk_as;
use super::pages::VISITOR;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_finds_every_public_page_in_order() {
    walk_as(VISITOR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_office_finds_every_page_in_order() {
    walk_as("office").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_finds_every_page_in_order() {
    walk_as("handler").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_finds_every_page_in_order() {
    walk_as("review1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_of_the_office_finds_every_page_in_order() {
    walk_as("review2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_finds_every_page_in_order() {
    walk_as("review3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_publisher_finds_every_page_in_order() {
    walk_as("publisher").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_administrator_finds_every_page_in_order() {
    walk_as("sysadmin").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_security_administrator_finds_every_page_in_order() {
    walk_as("secadmin").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_auditor_finds_every_page_in_order() {
    walk_as("auditor").await;
}
