//! What several test modules share.

pub mod lives;
pub mod postgres;
pub mod rows;
pub mod source;
pub mod stores;
