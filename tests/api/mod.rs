//! The API over HTTP, as its users meet it.

mod access;
mod budget;
mod check;
mod error;
mod guard;
mod item;
mod journey;
mod schema;
mod session;
mod upload;
