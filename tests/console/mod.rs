//! The staff pages: what each role may open, signing in and out, and that nothing anybody writes becomes markup.

mod access;
mod browser;
mod items;
#[cfg(feature = "oidc")]
mod oidc;
mod samples;
mod session;
mod sign_in;
mod templates;
