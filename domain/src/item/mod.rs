//! The item 件: one message that is owed one answer, from arrival to archive (domain rules 2.2).
//!
//! An item is event-sourced. [`decide()`] looks at the item and at a [`Command`] and answers with the [`Event`]s that make
//! it happen, or with a [`Refusal`]; it changes nothing. [`Item::apply`] puts one event into effect and asks no questions.
//! The events are what the ledger keeps, and [`Item::replay`] makes the item again from them.
//!
//! Who may give a command is [`crate::access::allowed`]'s business ([`Command::action`] and [`Item::object`] are its
//! arguments); here it is only asked whether the command makes sense for this item, now, from this unit and this person.
//!
//! ```text
//! let permit = allowed(&actor, command.action(), &item.object())?;
//! let events = decide(Some(&item), &command, &actor, now, &rules)?;
//! for event in &events { item = Item::apply(Some(item), event)?; }
//! // one transaction for `permit`: the item's row where revision = the one loaded, and a ledger row per event
//! ```

mod apply;
mod command;
mod decide;
mod decide_reply;
mod event;
pub(crate) mod events;
mod possible;
mod refusal;
mod stage;
mod state;
mod task;
#[cfg(test)]
mod tests;
mod value;

pub use apply::ReplayError;
pub use command::{Command, ItemRules, Receipt, SourceAnswer};
pub use decide::decide;
pub use event::Event;
pub use events::EventError;
pub use possible::{ActKind, possible};
pub use refusal::Refusal;
pub use stage::{Ground, ReopenReason, RequestType, ReturnReason, Stage, SuspendReason, TransferRoute};
pub use state::{Approval, Extension, ExtensionRequest, Item, Pause, PendingReturn, Reply, Times};
pub use task::{Task, Waiting, waiting_for};
pub use value::{Code, InvalidCode};

pub use crate::access::ReviewStep;
pub use crate::ledger::Digest;
