//! Verification: one pass over the rows in their order, in constant memory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::entry::Entry;

/// The state of the chain after a row: how many rows, and the digest of the last. Printed and kept elsewhere, it proves
/// later that nothing up to that row was cut off or written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The last row; 0 for the empty ledger.
    pub seq: u64,
    /// Its digest; [`Digest::ZERO`] for the empty ledger.
    pub hash: Digest,
}

impl Root {
    /// The empty ledger.
    pub const EMPTY: Self = Self { seq: 0, hash: Digest::ZERO };
}

impl From<(u64, Digest)> for Root {
    fn from((seq, hash): (u64, Digest)) -> Self {
        Self { seq, hash }
    }
}

impl fmt::Display for Root {
    /// `SEQ:HASH`, as `huiyin ledger verify --root` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// A text that is not a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a ledger root (expected SEQ:HASH, the hash in 64 lower-case hexadecimal digits)")]
pub struct InvalidRoot {
    /// What was handed in, at most its first 100 characters.
    pub text: String,
}

impl FromStr for Root {
    type Err = InvalidRoot;

    fn from_str(text: &str) -> Result<Self, InvalidRoot> {
        let parse = || {
            let (seq, hash) = text.trim().split_once(':')?;
            Some(Self { seq: seq.parse().ok()?, hash: hash.parse().ok()? })
        };
        parse().ok_or_else(|| InvalidRoot { text: text.chars().take(100).collect() })
    }
}

/// The first place where the ledger is not what was written. `Display` is for the person who verifies; [`Fault::code`]
/// for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A row's content does not give its digest.
    #[error("第 {seq} 条已被改动：内容与其摘要不符")]
    HashMismatch {
        /// The place of the row, counted from 1: its number may itself be what was altered.
        seq: u64,
    },
    /// A row is missing; the row found instead is sound by itself.
    #[error("第 {expected} 条缺失：该位置是第 {found} 条，说明有记录被删除或调换了次序")]
    Gap {
        /// The row that should be here.
        expected: u64,
        /// The row that is.
        found: u64,
    },
    /// A row comes again, or after its place.
    #[error("第 {found} 条出现在第 {expected} 条的位置：记录被重复或调换了次序")]
    OutOfOrder {
        /// The row that should be here.
        expected: u64,
        /// The row that is.
        found: u64,
    },
    /// A row is sound by itself but does not continue the one before it.
    #[error("第 {seq} 条与前一条不衔接：前一条被整条重写，或此条是插入、调换而来")]
    PrevMismatch {
        /// The row that does not continue the chain.
        seq: u64,
    },
    /// A sealed row never holds such a field.
    #[error("第 {seq} 条格式不合规：含有空字段或控制字符")]
    Malformed {
        /// Its place.
        seq: u64,
    },
    /// The chain ends before a row that a root or the stored head names.
    #[error("账尾被截去：凭据表明至少有 {expected} 条，账中只到第 {found} 条")]
    TailCut {
        /// The row named by the root or head.
        expected: u64,
        /// The last row of the chain.
        found: u64,
    },
    /// The chain is consistent, but it is another chain than the one the root was printed from.
    #[error("第 {seq} 条与先前打印的凭据不符：第 {seq} 条或之前的记录被整体重写")]
    RootMismatch {
        /// The row named by the root.
        seq: u64,
    },
    /// The chain's last row is not the one the stored head names.
    #[error("账首记录与账尾不符：账首指向第 {head} 条，账中末条为第 {found} 条，末尾记录被改写或追加")]
    HeadMismatch {
        /// The row named by the stored head.
        head: u64,
        /// The last row of the chain.
        found: u64,
    },
}

impl Fault {
    /// A stable name for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HashMismatch { .. } => "ledger.hash_mismatch",
            Self::Gap { .. } => "ledger.gap",
            Self::OutOfOrder { .. } => "ledger.out_of_order",
            Self::PrevMismatch { .. } => "ledger.prev_mismatch",
            Self::Malformed { .. } => "ledger.malformed",
            Self::TailCut { .. } => "ledger.tail_cut",
            Self::RootMismatch { .. } => "ledger.root_mismatch",
            Self::HeadMismatch { .. } => "ledger.head_mismatch",
        }
    }

    /// The first row affected: altered, missing, displaced, or the first one cut off.
    pub const fn seq(&self) -> u64 {
        match *self {
            Self::HashMismatch { seq }
            | Self::PrevMismatch { seq }
            | Self::Malformed { seq }
            | Self::RootMismatch { seq } => seq,
            Self::Gap { expected, .. } | Self::OutOfOrder { expected, .. } => expected,
            Self::TailCut { found, .. } => found.saturating_add(1),
            Self::HeadMismatch { found, .. } => found,
        }
    }
}

/// Verifies rows as they come. After a fault, stop: what follows is judged against the last sound row.
#[derive(Debug, Clone)]
pub struct Verifier {
    head: Root,
    /// Roots not reached yet, the next one last.
    roots: Vec<Root>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Verifies the chain by itself.
    pub const fn new() -> Self {
        Self { head: Root::EMPTY, roots: Vec::new() }
    }

    /// Verifies the chain also against roots printed earlier, in any order.
    pub fn with_roots(roots: &[Root]) -> Self {
        let mut roots = roots.to_vec();
        roots.sort_by_key(|root| std::cmp::Reverse(root.seq));
        Self { head: Root::EMPTY, roots }
    }

    /// The last sound row so far.
    pub const fn head(&self) -> Root {
        self.head
    }

    /// Takes the next row. The first fault found is the first there is.
    pub fn push(&mut self, entry: &Entry) -> Result<(), Fault> {
        let expected = self.head.seq.saturating_add(1);
        if entry.check().is_err() {
            return Err(Fault::Malformed { seq: expected });
        }
        // Before its number is believed: a row that is not what was sealed may have any number.
        if entry.computed_hash() != entry.hash {
            return Err(Fault::HashMismatch { seq: expected });
        }
        if entry.seq > expected {
            return Err(Fault::Gap { expected, found: entry.seq });
        }
        if entry.seq < expected {
            return Err(Fault::OutOfOrder { expected, found: entry.seq });
        }
        if entry.prev_hash != self.head.hash {
            return Err(Fault::PrevMismatch { seq: expected });
        }
        self.check_roots_at(Root { seq: entry.seq, hash: entry.hash })?;
        self.head = Root { seq: entry.seq, hash: entry.hash };
        Ok(())
    }

    /// After the last row: is anything cut off? `stored_head` is what the store's head table says, if it is to be asked.
    pub fn finish(mut self, stored_head: Option<Root>) -> Result<Root, Fault> {
        if self.head.seq == 0 {
            self.check_roots_at(Root::EMPTY)?;
        }
        let found = self.head.seq;
        if let Some(root) = self.roots.first() {
            return Err(Fault::TailCut { expected: root.seq, found });
        }
        match stored_head {
            Some(head) if head.seq > found => Err(Fault::TailCut { expected: head.seq, found }),
            Some(head) if head != self.head => Err(Fault::HeadMismatch { head: head.seq, found }),
            _ => Ok(self.head),
        }
    }

    fn check_roots_at(&mut self, reached: Root) -> Result<(), Fault> {
        while let Some(root) = self.roots.pop_if(|root| root.seq <= reached.seq) {
            // A root of row 0 names the empty ledger, which every chain continues.
            let expected = if root.seq == 0 { Digest::ZERO } else { reached.hash };
            if root.hash != expected {
                return Err(Fault::RootMismatch { seq: root.seq });
            }
        }
        Ok(())
    }
}
