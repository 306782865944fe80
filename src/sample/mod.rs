//! Invented messages of an invented bureau: for the demonstration, for tests and for measurements.
//!
//! A set is made from a seed. Each message depends on the seed and its number alone, so that a million can be made one
//! after another without keeping any, and the same seed gives the same files on every machine. The city 青溪市, its
//! places, people, companies and numbers do not exist; `words.rs` says how they are put together.
//!
//! The messages are dirty on purpose, as those of real sources are: a few rows can be read only with care ([`Dirt`]),
//! and a few cannot be read at all ([`Unreadable`]).

mod bundled;
mod compose;
mod generate;
mod message;
mod phrases;
mod rng;
mod shape;
mod topics;
mod words;
mod write;

pub use bundled::{BUNDLED, Bundled, write_bundled};
pub use generate::{Generator, Options, generate};
pub use message::{Answer, DateShape, Dirt, Kind, SampleMessage, Unreadable};
pub use shape::{Shape, UnknownShape};
pub use write::{SampleError, write_file};

#[cfg(test)]
mod tests;
