//! What must survive: a process killed at any moment, and a hand in the database.

mod kill;
mod tamper;
