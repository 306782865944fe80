//! The staff pages: what each role may open, signing in and out, and that nothing anybody writes becomes markup.

mod access;
mod account_samples;
mod accounts;
mod browser;
mod home;
mod imports;
mod issue_samples;
mod issues;
mod item;
mod item_acts;
mod item_sample;
mod item_way;
mod items;
mod kept;
mod ledger;
mod named_unit;
#[cfg(feature = "oidc")]
mod oidc;
mod samples;
mod session;
mod sign_in;
mod source_samples;
mod sources;
mod templates;
