//! From answered items to the public page, and the statistics, through the use cases and the pages.

mod graphql;
mod office;
mod pages;
mod publication;
mod statistics;
mod templates;
