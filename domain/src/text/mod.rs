//! Text as it is found in the wild: dates in many shapes, and folding for search and comparison.

pub mod date;
pub mod fold;
