//! Huiyin 回音: the hub a bureau answers its citizens with.
//!
//! `docs/ARCHITECTURE.md` is the map. Modules face down only:
//! `cli, http → console, portal → page → api → jobs → service → store, search → domain`, and `intake → service`.

pub mod api;
pub mod cli;
pub mod clock;
pub mod console;
pub mod http;
#[cfg(feature = "oidc")]
pub mod identity;
pub mod jobs;
pub mod page;
pub mod portal;
pub mod sample;
pub mod search;
pub mod service;
pub mod store;
pub mod telemetry;

pub use huiyin_intake as intake;
