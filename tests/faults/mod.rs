//! What must survive: a process killed at any moment, a hand in the database, and sources that do everything wrong.

mod channels;
mod expected;
mod kill;
mod kill_pull;
mod model;
mod reconcile;
mod shifts;
mod tamper;
