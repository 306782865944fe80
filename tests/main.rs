//! The one integration-test binary: a list of modules, one program to link.
#![cfg(test)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::similar_names,
    reason = "the counts of a test are small, and its names stand close together"
)]

mod api;
mod architecture;
mod browser;
mod cli;
mod console;
mod contract;
mod doors;
mod faults;
mod intake;
mod journey;
mod portal;
mod reconcile;
mod support;
