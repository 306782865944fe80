//! The monthly issue 热点咨询 and its entries 条目: 先审查后公开 (domain rules 4.2).
//!
//! Three different people stand behind every published entry: who de-identified it, who gave the secrecy review, who
//! approved it; and whoever touched the text reviews nothing of it. Any edit sends the entry back to the beginning.
//!
//! Event-sourced like [`crate::item`]: [`decide()`] answers with events or a refusal, [`Publication::apply`] puts one event
//! into effect, [`Publication::replay`] makes the issue again from the ledger.

mod acts;
mod apply;
mod command;
mod decide;
mod event;
mod month;
mod refusal;
mod state;
#[cfg(test)]
mod tests;

pub use acts::{EntryAct, IssueAct};
pub use apply::ReplayError;
pub use command::Command;
pub use decide::decide;
pub use event::Event;
pub use month::{InvalidMonth, YearMonth};
pub use refusal::Refusal;
pub use state::{Entry, EntryStage, Publication, PublicationStage};
