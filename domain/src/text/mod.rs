//! text

pub mod date;
