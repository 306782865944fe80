//! The count statement 对账单 of a source and a day: what came must be what is there, and what is not is named.
//!
//! Three witnesses are held against one another: what the source says (totals, running numbers), what the ledger says
//! (every message received, every row held, the counts at the end of each pull), and what the store has.

mod close;
mod difference;
mod numbers;
#[cfg(test)]
mod tests;

pub use close::{DayStatement, HeldFacts, PullFacts, ReceivedFacts, SourceFacts, Sweep, Whole, close};
pub use difference::Difference;
pub use numbers::{Gap, Gaps, GapsOf, fill_numbers, missing_between};

/// Rows of pulls by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// What the source showed.
    pub stated: u64,
    /// New: a message and its item each.
    pub accepted: u64,
    /// Known, with the same content.
    pub unchanged: u64,
    /// Known, with other content: a new version.
    pub changed: u64,
    /// Held for repair.
    pub held: u64,
    /// Rejected, with a reason.
    pub rejected: u64,
}

impl Counts {
    /// What is accounted for, in one way or another.
    pub const fn accounted(&self) -> u64 {
        self.accepted + self.unchanged + self.changed + self.held + self.rejected
    }

    /// Whether all that was stated is accounted for, and nothing else.
    pub const fn adds_up(&self) -> bool {
        self.stated == self.accounted()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.stated += other.stated;
        self.accepted += other.accepted;
        self.unchanged += other.unchanged;
        self.changed += other.changed;
        self.held += other.held;
        self.rejected += other.rejected;
    }
}
