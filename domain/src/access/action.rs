//! What is done, and to what.

use std::collections::BTreeSet;
use std::fmt;

use super::ReviewStep;
use crate::id::{AccountId, ItemId, PublicationId, UnitId};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// Every query and every change that somebody can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])* $variant,)*
            /// Approve a reply, or send it back, at one of the three steps.
            Review(ReviewStep),
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)*
                Self::Review(ReviewStep::First),
                Self::Review(ReviewStep::Second),
                Self::Review(ReviewStep::Third),
            ];

            /// The stable word for logs and tests.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Review(ReviewStep::First) => "review_first",
                    Self::Review(ReviewStep::Second) => "review_second",
                    Self::Review(ReviewStep::Third) => "review_third",
                }
            }
        }
    };
}

actions! {
    /// Read one item, its message and its reply.
    ViewItem = "view_item",
    /// Read one item's history.
    ViewHistory = "view_history",
    /// List items, within the [`super::Scope`].
    ListItems = "list_items",
    /// Search items, within the [`super::Scope`].
    SearchItems = "search_items",
    /// Keep lists of one's own.
    ArrangeDesk = "arrange_desk",
    /// Take lists of items away as a file, within the [`super::Scope`].
    ExportItems = "export_items",
    /// Have in such a file who wrote, and how to reach them.
    ExportPersonal = "export_personal",
    /// Take in what a source shows: new messages, new versions, answers given there.
    ImportFile = "import_file",
    /// List the rows that could not be taken in, their cells masked.
    ViewHeld = "view_held",
    /// Read the raw cells of such a row.
    OpenHeld = "open_held",
    /// Repair such a row, or reject it.
    SettleHeld = "settle_held",
    /// Register, merge, refuse or transfer out an item.
    Triage = "triage",
    /// Assign an item to its lead and assisting units, first or anew.
    Assign = "assign",
    /// Accept an assigned item for one's unit.
    Accept = "accept",
    /// Give an assigned item back with reason, basis and suggested unit.
    Return = "return",
    /// Uphold or reject a return, or declare it disputed.
    DecideReturn = "decide_return",
    /// Decide a disputed return.
    Arbitrate = "arbitrate",
    /// Note the first contact with the citizen.
    Contact = "contact",
    /// Ask for more time.
    RequestExtension = "request_extension",
    /// Grant or reject more time.
    DecideExtension = "decide_extension",
    /// Suspend an item, and resume it.
    Suspend = "suspend",
    /// Write a version of the reply.
    Draft = "draft",
    /// Submit the reply for review.
    Submit = "submit",
    /// Hand the approved reply over to the citizen.
    Release = "release",
    /// Close an answered item, and archive a closed one.
    Close = "close",
    /// Have an answered item handled again.
    Reopen = "reopen",
    /// Record that the citizen withdrew the request.
    Withdraw = "withdraw",
    /// Read the list of units.
    ViewUnits = "view_units",
    /// Create and change units.
    ManageUnits = "manage_units",
    /// Read the list of sources and their pulls.
    ViewSources = "view_sources",
    /// Read how sources are read: their schedule, what is wrong with them, their count statements.
    ViewReconciliation = "view_reconciliation",
    /// Have a source read now.
    PullSource = "pull_source",
    /// Set whether a source is read by its schedule.
    ManageSources = "manage_sources",
    /// Settle what is wrong with a source, with a reason.
    SettleAlarm = "settle_alarm",
    /// Read response-time statistics.
    ViewStatistics = "view_statistics",
    /// Read the head of the ledger.
    ViewLedger = "view_ledger",
    /// Verify the whole ledger.
    VerifyLedger = "verify_ledger",
    /// Read the list of accounts.
    ViewAccounts = "view_accounts",
    /// Create, change and disable accounts.
    ManageAccounts = "manage_accounts",
    /// Give roles to an account, and take them.
    ManageRoles = "manage_roles",
    /// Read and end another account's sessions, and take away its second factor.
    ManageSessions = "manage_sessions",
    /// See to one's own sessions, second factor and access tokens.
    ManageOwn = "manage_own",
    /// Change one's own password.
    ChangePassword = "change_password",
    /// End one's own session.
    SignOut = "sign_out",
    /// Read a monthly issue that is not published.
    ViewPublicationDraft = "view_publication_draft",
    /// Create a monthly issue.
    CreatePublication = "create_publication",
    /// Add, edit, de-identify and remove an entry.
    EditEntry = "edit_entry",
    /// Give, or refuse, the secrecy review of an entry.
    CheckEntry = "check_entry",
    /// Give, or refuse, the final approval of an entry.
    ApproveEntry = "approve_entry",
    /// Publish an issue, and retract what was published.
    Publish = "publish",
    /// Read what is published.
    ViewPublished = "view_published",
    /// Write to the bureau through its own form.
    WriteIn = "write_in",
    /// Ask how one's own message stands, with its number and its code.
    LookUp = "look_up",
}

impl Action {
    /// Whether the action only reads. Verifying the ledger does, although that it was verified is itself an entry.
    pub const fn reads(self) -> bool {
        matches!(
            self,
            Self::ViewItem
                | Self::ViewHistory
                | Self::ListItems
                | Self::SearchItems
                | Self::ViewHeld
                | Self::ViewUnits
                | Self::ViewSources
                | Self::ViewReconciliation
                | Self::ViewStatistics
                | Self::ViewLedger
                | Self::VerifyLedger
                | Self::ViewAccounts
                | Self::ViewPublicationDraft
                | Self::ViewPublished
                | Self::LookUp
        )
    }

    /// Whether the action is about who may sign in and how.
    pub const fn is_about_access(self) -> bool {
        matches!(
            self,
            Self::ManageAccounts
                | Self::ManageRoles
                | Self::ManageSessions
                | Self::ManageOwn
                | Self::ChangePassword
                | Self::SignOut
        )
    }

    /// Whether the action can be done to an object of this kind. A permit to assign in general, say, would be a permit to
    /// assign any item.
    pub const fn fits(self, object: &Object<'_>) -> bool {
        match self {
            Self::ViewItem
            | Self::ViewHistory
            | Self::Triage
            | Self::Assign
            | Self::Accept
            | Self::Return
            | Self::DecideReturn
            | Self::Arbitrate
            | Self::Contact
            | Self::RequestExtension
            | Self::DecideExtension
            | Self::Suspend
            | Self::Draft
            | Self::Submit
            | Self::Review(_)
            | Self::Release
            | Self::Close
            | Self::Reopen
            | Self::Withdraw => matches!(object, Object::Item { .. }),
            Self::EditEntry | Self::CheckEntry | Self::ApproveEntry | Self::Publish => {
                matches!(object, Object::Publication { .. })
            }
            Self::ViewPublicationDraft | Self::ViewPublished => {
                matches!(object, Object::None | Object::Publication { .. })
            }
            Self::ViewAccounts | Self::ManageAccounts | Self::ManageRoles => {
                matches!(object, Object::None | Object::Account { .. })
            }
            Self::ManageSessions | Self::ManageOwn | Self::ChangePassword | Self::SignOut => {
                matches!(object, Object::Account { .. })
            }
            Self::ImportFile => matches!(object, Object::None | Object::Item { .. }),
            Self::ListItems
            | Self::SearchItems
            | Self::ArrangeDesk
            | Self::ExportItems
            | Self::ExportPersonal
            | Self::ViewHeld
            | Self::OpenHeld
            | Self::SettleHeld
            | Self::ViewUnits
            | Self::ManageUnits
            | Self::ViewSources
            | Self::ViewReconciliation
            | Self::PullSource
            | Self::ManageSources
            | Self::SettleAlarm
            | Self::ViewStatistics
            | Self::ViewLedger
            | Self::VerifyLedger
            | Self::CreatePublication
            | Self::WriteIn
            | Self::LookUp => matches!(object, Object::None),
        }
    }
}

/// What an action is done to, with just the facts that access depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object<'a> {
    /// Nothing in particular.
    None,
    /// One item; [`crate::item::Item::object`] makes it.
    Item {
        /// The item.
        id: ItemId,
        /// Its lead unit 主办.
        lead: Option<UnitId>,
        /// Its assisting units 协办.
        assisting: &'a BTreeSet<UnitId>,
        /// Whether the citizen has an answer.
        answered: bool,
    },
    /// One monthly issue.
    Publication {
        /// The issue.
        id: PublicationId,
    },
    /// One account.
    Account {
        /// The account.
        id: AccountId,
    },
}

/// What a permit was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Nothing in particular.
    None,
    /// One item.
    Item(ItemId),
    /// One monthly issue.
    Publication(PublicationId),
    /// One account.
    Account(AccountId),
}

impl Object<'_> {
    /// The identity of the object without its facts.
    pub const fn subject(&self) -> Subject {
        match self {
            Self::None => Subject::None,
            Self::Item { id, .. } => Subject::Item(*id),
            Self::Publication { id } => Subject::Publication(*id),
            Self::Account { id } => Subject::Account(*id),
        }
    }
}

impl fmt::Display for Subject {
    /// The text written in the ledger: `item:UUID`, `publication:UUID`, `account:UUID`, `-`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("-"),
            Self::Item(id) => write!(f, "item:{id}"),
            Self::Publication(id) => write!(f, "publication:{id}"),
            Self::Account(id) => write!(f, "account:{id}"),
        }
    }
}
