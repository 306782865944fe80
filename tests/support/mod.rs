//! What several test modules share.

pub mod app;
pub mod postgres;
pub mod source;
