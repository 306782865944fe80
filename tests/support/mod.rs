//! What several test modules share.

pub mod postgres;
pub mod program;
pub mod source;
pub mod workbook;
pub mod world;
