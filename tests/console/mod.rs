//! The staff pages: what each role may open, signing in and out, and that nothing anybody writes becomes markup.

mod access;
mod browser;
mod home;
mod items;
mod kept;
mod imports;
mod items;
mod ledger;
mod samples;
mod session;
mod templates;
