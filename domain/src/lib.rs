//! The pure rules of Huiyin 回音.
//!
//! Nothing here reads a clock, a disk, a database or a socket: time and randomness are arguments, and every decision can
//! be tested by calling a function. The application crate does the I/O around it.

pub mod access;
pub mod calendar;
pub mod deadline;
pub mod id;
pub mod item;
pub mod ledger;
pub mod privacy;
pub mod publication;
pub mod schedule;
pub mod statement;
pub mod statistics;
pub mod text;
pub mod time;
