//! The one integration-test binary: a list of modules, one program to link.
#![cfg(test)]

mod api;
mod architecture;
mod contract;
mod portal;
mod support;
