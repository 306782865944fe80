//! The API over HTTP, as its users meet it.

mod access;
mod account;
mod budget;
mod error;
mod guard;
mod item;
mod journey;
mod own;
mod schema;
pub mod second_factor;
mod session;
