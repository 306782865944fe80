//! The one integration-test binary: a list of modules, one program to link.
#![cfg(test)]

mod architecture;
mod cli;
mod faults;
mod intake;
mod support;
