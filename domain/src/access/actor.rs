//! Who acts.

use std::collections::BTreeSet;
use std::fmt;

use super::Refusal;
use super::coded::coded;
use crate::id::{AccountId, UnitId};

coded! {
    /// What an account is trusted with.
    Role {
        /// Routes messages, decides returns and extensions, releases answers.
        Office = "office" "办公室",
        /// Answers for one unit.
        Handler = "handler" "经办人",
        /// Approves replies and publication entries; which of the steps follows from the kind of the unit.
        Reviewer = "reviewer" "审核人",
        /// Makes the monthly issue.
        Publisher = "publisher" "发布员",
        /// Accounts and units.
        SystemAdmin = "system_admin" "系统管理员",
        /// Which account has which role.
        SecurityAdmin = "security_admin" "安全管理员",
        /// Reads and verifies the ledger.
        Auditor = "auditor" "审计管理员",
    }

    /// What a unit is in the chain of review.
    UnitKind {
        /// Routes, and gives the second review.
        Office = "office" "办公室",
        /// Answers, and gives the first review.
        Section = "section" "科室",
        /// Gives the third review.
        Leadership = "leadership" "局领导",
    }

    /// One of the three reviews of a reply (domain rules 2.2).
    ReviewStep {
        /// By a reviewer of the item's lead unit.
        First = "first" "一审",
        /// By a reviewer of the office (legal, secrecy).
        Second = "second" "二审",
        /// By a leader.
        Third = "third" "三审",
    }
}

impl Role {
    /// One of the three administrators who must be three different people and handle no items (三员分立).
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::Auditor)
    }
}

/// Refuses a set of roles that one account must not have: an administrator has exactly one role.
pub fn check_roles(roles: &BTreeSet<Role>) -> Result<(), Refusal> {
    if roles.len() > 1 && roles.iter().any(|role| role.is_admin()) { Err(Refusal::RolesConflict) } else { Ok(()) }
}

/// What narrows a person's rights below their roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Limit {
    /// Nothing: the person signed in and chose the password.
    #[default]
    None,
    /// The password was given by somebody else and has to be changed before anything else is done.
    PasswordChange,
    /// A personal access token of the scope `read` acts.
    ReadToken,
    /// A personal access token of the scope `write` acts: it may change what its owner may, but no accounts, sessions or
    /// tokens.
    WriteToken,
}

/// Who acts: a person who signed in, a part of the program, or anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person who signed in.
    Account {
        /// The account.
        id: AccountId,
        /// The unit the person works for.
        unit: UnitId,
        /// The kind of that unit.
        unit_kind: UnitKind,
        /// What the person is trusted with.
        roles: BTreeSet<Role>,
        /// What narrows these rights at present.
        limit: Limit,
    },
    /// A part of the program acting for whoever runs the machine: `import`, `cli`.
    System(&'static str),
    /// A visitor of the public pages.
    Public,
}

impl Actor {
    /// The account, when a person signed in.
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account { id, .. } => Some(*id),
            Self::System(_) | Self::Public => None,
        }
    }

    /// The person's unit.
    pub const fn unit(&self) -> Option<UnitId> {
        match self {
            Self::Account { unit, .. } => Some(*unit),
            Self::System(_) | Self::Public => None,
        }
    }

    /// The text written in the ledger: `account:UUID`, `system:cli`, `public`.
    pub fn code(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { id, .. } => write!(f, "account:{id}"),
            Self::System(part) => write!(f, "system:{part}"),
            Self::Public => f.write_str("public"),
        }
    }
}
