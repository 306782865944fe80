//! Text as it is found in the wild: folding.

pub mod fold;
