//! The decision, and the proof that it was taken.

use std::collections::BTreeSet;

use super::{Action, Actor, Limit, Object, Refusal, ReviewStep, Role, Subject, UnitKind, check_roles};
use crate::id::{ItemId, UnitId};

/// Proof that [`allowed`] said yes to this actor, action and object. A store writes only for a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    actor: Actor,
    action: Action,
    subject: Subject,
}

impl Permit {
    /// Who was allowed.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What was allowed.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// On which object.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// Whether the permit was given for this very item.
    pub fn is_for_item(&self, item: ItemId) -> bool {
        self.subject == Subject::Item(item)
    }
}

/// Which items an actor may read: given out by [`scope`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(Reach);

/// The items within a [`Scope`], as a store has to select them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every item.
    All,
    /// Items whose lead or assisting unit is this one.
    Unit(UnitId),
    /// Items that have an answer.
    Answered,
    /// Items of this unit, and items that have an answer.
    UnitOrAnswered(UnitId),
    /// No item.
    None,
}

impl Scope {
    /// The items within.
    pub const fn reach(self) -> Reach {
        self.0
    }

    /// Whether an item with these facts is within.
    pub fn contains(self, lead: Option<UnitId>, assisting: &BTreeSet<UnitId>, answered: bool) -> bool {
        let of_unit = |unit: UnitId| lead == Some(unit) || assisting.contains(&unit);
        match self.0 {
            Reach::All => true,
            Reach::Unit(unit) => of_unit(unit),
            Reach::Answered => answered,
            Reach::UnitOrAnswered(unit) => answered || of_unit(unit),
            Reach::None => false,
        }
    }
}

/// Which items the actor may read. An administrator reads none, nor does an account whose roles exclude one another or
/// whose password has to be changed first.
pub fn scope(actor: &Actor) -> Scope {
    Scope(match actor {
        Actor::System(_) => Reach::All,
        Actor::Public | Actor::Account { limit: Limit::PasswordChange, .. } => Reach::None,
        Actor::Account { roles, .. } if check_roles(roles).is_err() => Reach::None,
        Actor::Account { unit, unit_kind, roles, .. } => {
            let reviews_all = roles.contains(&Role::Reviewer) && *unit_kind != UnitKind::Section;
            let of_unit = roles.contains(&Role::Handler) || roles.contains(&Role::Reviewer);
            let answered = roles.contains(&Role::Publisher);
            match (roles.contains(&Role::Office) || reviews_all, of_unit, answered) {
                (true, _, _) => Reach::All,
                (false, true, true) => Reach::UnitOrAnswered(*unit),
                (false, true, false) => Reach::Unit(*unit),
                (false, false, true) => Reach::Answered,
                (false, false, false) => Reach::None,
            }
        }
    })
}

/// Whether `actor` may do `action` to `object`, whatever the object's stage.
///
/// An item the actor may not see is refused as [`Refusal::NotVisible`] whatever the action, so that the answer tells
/// nothing about it; [`Refusal::Forbidden`] is said of visible objects only, and of an action that does not fit its
/// object. A visitor who has not signed in gets [`Refusal::SignInRequired`] for everything that is not public.
pub fn allowed(actor: &Actor, action: Action, object: &Object<'_>) -> Result<Permit, Refusal> {
    if let Actor::Account { roles, limit, .. } = actor {
        check_limit(*limit, action)?;
        check_roles(roles)?;
    }
    if *actor == Actor::Public && !public_may(action) {
        return Err(Refusal::SignInRequired);
    }
    if let Object::Item { lead, assisting, answered, .. } = object
        && !scope(actor).contains(*lead, assisting, *answered)
    {
        return Err(Refusal::NotVisible);
    }
    let permitted = match actor {
        _ if !action.fits(object) => false,
        Actor::System(_) => system_may(action),
        Actor::Public => public_may(action),
        Actor::Account { id, unit, unit_kind, roles, .. } => {
            let own = matches!(object, Object::Account { id: object } if object == id);
            let lead_here = matches!(object, Object::Item { lead: Some(lead), .. } if lead == unit);
            // Who sees more than the own unit, and is not the office, does not take along who the people behind it are.
            let personal_of_others = action == Action::ExportPersonal
                && !roles.contains(&Role::Office)
                && !matches!(scope(actor).reach(), Reach::Unit(_));
            own && is_own(action)
                || !personal_of_others && roles.iter().any(|role| role_may(*role, *unit_kind, lead_here, action))
        }
    };
    if permitted {
        Ok(Permit { actor: actor.clone(), action, subject: object.subject() })
    } else {
        Err(Refusal::Forbidden)
    }
}

/// Refuses what the limit on a person's rights excludes, whatever their roles. The one place that knows of first
/// passwords and access tokens.
fn check_limit(limit: Limit, action: Action) -> Result<(), Refusal> {
    use Action as A;
    match limit {
        Limit::PasswordChange if !matches!(action, A::ChangePassword | A::SignOut | A::ViewPublished) => {
            Err(Refusal::PasswordChangeRequired)
        }
        Limit::ReadToken | Limit::WriteToken if action.is_about_access() => Err(Refusal::TokenNotEnough),
        Limit::ReadToken if !action.reads() => Err(Refusal::TokenReadOnly),
        Limit::None | Limit::PasswordChange | Limit::ReadToken | Limit::WriteToken => Ok(()),
    }
}

/// What anybody may do without signing in. Writing in and looking up are the citizens' own: the staff do them as citizens,
/// signed out.
const fn public_may(action: Action) -> bool {
    matches!(action, Action::ViewPublished | Action::WriteIn | Action::LookUp)
}

/// What everybody may do to their own account, and nobody to another's.
const fn is_own(action: Action) -> bool {
    matches!(action, Action::ManageOwn | Action::ChangePassword | Action::SignOut)
}

/// The program itself takes in, reads and sets up; it never answers, reviews or publishes in a person's place.
const fn system_may(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::ViewItem
            | A::ViewHistory
            | A::ListItems
            | A::SearchItems
            | A::ImportFile
            | A::ViewHeld
            | A::OpenHeld
            | A::SettleHeld
            | A::ViewUnits
            | A::ManageUnits
            | A::ViewSources
            | A::ViewReconciliation
            | A::PullSource
            | A::ManageSources
            | A::SettleAlarm
            | A::ViewStatistics
            | A::ViewLedger
            | A::VerifyLedger
            | A::ViewAccounts
            | A::ManageAccounts
            | A::ManageRoles
            | A::ViewPublished
    )
}

/// What everybody may do who handles items, each within the own scope.
const fn belongs_to_handling(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::ViewItem | A::ViewHistory | A::ListItems | A::SearchItems | A::ViewSources | A::ArrangeDesk | A::ExportItems
    )
}

/// What they may do who see to it that every source is read.
const fn belongs_to_sources(action: Action) -> bool {
    use Action as A;
    matches!(action, A::ViewReconciliation | A::PullSource | A::ManageSources | A::SettleAlarm)
}

/// What one role may do. `lead_here`: the object is an item whose lead unit is the actor's own.
const fn role_may(role: Role, unit_kind: UnitKind, lead_here: bool, action: Action) -> bool {
    use Action as A;
    if matches!(action, A::ViewUnits | A::ViewPublished) {
        return true;
    }
    if !role.is_admin() && belongs_to_handling(action) {
        return true;
    }
    if matches!(role, Role::Office | Role::SystemAdmin) && belongs_to_sources(action) {
        return true;
    }
    match role {
        Role::Office => matches!(
            action,
            A::ImportFile
                | A::ExportPersonal
                | A::ViewHeld
                | A::OpenHeld
                | A::SettleHeld
                | A::Triage
                | A::Assign
                | A::DecideReturn
                | A::Arbitrate
                | A::DecideExtension
                | A::Release
                | A::Close
                | A::Reopen
                | A::Withdraw
                | A::ViewStatistics
                | A::ViewPublicationDraft
        ),
        Role::Handler => {
            matches!(action, A::ViewStatistics | A::ExportPersonal)
                || lead_here
                    && matches!(
                        action,
                        A::Accept | A::Return | A::Contact | A::RequestExtension | A::Suspend | A::Draft | A::Submit
                    )
        }
        Role::Reviewer => match action {
            A::Review(ReviewStep::First) => lead_here,
            A::Review(ReviewStep::Second) | A::CheckEntry => matches!(unit_kind, UnitKind::Office),
            A::Review(ReviewStep::Third) | A::Arbitrate | A::ApproveEntry => matches!(unit_kind, UnitKind::Leadership),
            A::ViewPublicationDraft => !matches!(unit_kind, UnitKind::Section),
            A::ViewStatistics => true,
            _ => false,
        },
        Role::Publisher => matches!(
            action,
            A::ViewPublicationDraft | A::CreatePublication | A::EditEntry | A::Publish | A::ViewStatistics
        ),
        Role::SystemAdmin => matches!(action, A::ViewAccounts | A::ManageAccounts | A::ManageUnits | A::ViewSources),
        Role::SecurityAdmin => matches!(action, A::ViewAccounts | A::ManageRoles | A::ManageSessions),
        Role::Auditor => matches!(action, A::ViewLedger | A::VerifyLedger),
    }
}
