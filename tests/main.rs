//! The one integration-test binary: a list of modules, one program to link.
#![cfg(test)]

mod api;
mod architecture;
mod cli;
mod contract;
mod faults;
mod intake;
mod portal;
mod support;
