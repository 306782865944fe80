//! The pages in headless Chromium: how they look and behave at a desk and on a telephone, for eyes and for screen
//! readers, with scripts and without, and with hostile texts in them.
//!
//! `pages.rs` is the table of all pages: a new page is one line there.

mod crawl;
mod day;
mod harness;
mod hostile_site;
mod injection;
mod letters;
mod morning;
mod seat;

pub mod pages;
mod viewers;
