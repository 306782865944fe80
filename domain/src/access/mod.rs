//! Who may do what: the only place where it is decided.
//!
//! [`allowed`] answers for one act on one object and hands out a [`Permit`]; [`scope`] answers for reading lists and hands
//! out a [`Scope`]. Neither can be made anywhere else, so a store that asks for a `&Permit` to write and a `&Scope` to
//! read cannot be used by code that did not ask. Whether the act makes sense *now* (stage, order, earlier reviewers) is
//! not decided here but by [`crate::item::decide()`] and [`crate::publication::decide()`].
//!
//! A unit sees an item while it is its lead or assisting unit. Only the *current* assignment counts: after a
//! reassignment the earlier unit no longer sees the item.

mod action;
mod actor;
pub(crate) mod coded;
mod permit;
mod refusal;
#[cfg(test)]
mod tests;

pub use action::{Action, Object, Subject};
pub use actor::{Actor, Limit, ReviewStep, Role, UnitKind, check_roles};
pub use permit::{Permit, Reach, Scope, allowed, scope};
pub use refusal::Refusal;
