//! The command line as people and scripts meet it: shapes, exit codes, messages, bad input.

mod bad_input;
mod codes;
mod connector;
#[cfg(feature = "oidc")]
mod identity;
mod panics;
mod reconcile;
mod shapes;
mod stop;
