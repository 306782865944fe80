//! The API over HTTP, as its users meet it.

mod access;
mod budget;
mod desk;
mod error;
mod export;
mod guard;
mod item;
mod journey;
mod live;
mod schema;
mod session;
mod worklist;
