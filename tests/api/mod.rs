//! The API over HTTP, as its users meet it.

mod access;
mod account;
mod budget;
mod check;
mod desk;
mod error;
mod export;
mod guard;
mod item;
mod journey;
mod live;
mod own;
mod schema;
pub mod second_factor;
mod session;
mod sources;
mod upload;
mod worklist;
