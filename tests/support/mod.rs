//! What several test modules share.

pub mod app;
pub mod browser;
pub mod demo;
pub mod form;
pub mod http;
pub mod hub;
#[cfg(feature = "oidc")]
pub mod identity;
pub mod lives;
pub mod postgres;
pub mod program;
pub mod pull;
pub mod rows;
pub mod seeded;
pub mod site;
pub mod source;
pub mod stores;
pub mod work;
pub mod workbook;
pub mod world;
