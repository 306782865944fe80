//! The staff pages: what each role may open, signing in and out, and that nothing anybody writes becomes markup.

mod access;
mod account_samples;
mod accounts;
mod browser;
mod issue_samples;
mod issues;
mod items;
mod samples;
mod session;
mod templates;
