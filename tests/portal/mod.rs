//! From answered items to the public page, and the statistics, through the use cases and the pages.

mod office;
mod pages;
mod publication;
mod statistics;
mod templates;
