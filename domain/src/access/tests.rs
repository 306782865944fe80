use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::id::{AccountId, ItemId, PublicationId, UnitId};

const LEAD: u128 = 1;
const ASSISTING: u128 = 2;
const FOREIGN: u128 = 3;
const OFFICE: u128 = 8;
const LEADERS: u128 = 9;

fn unit(n: u128) -> UnitId {
    UnitId::from(Uuid::from_u128(n))
}

fn account(unit_number: u128, roles: &[Role]) -> Actor {
    let unit_kind = match unit_number {
        OFFICE => UnitKind::Office,
        LEADERS => UnitKind::Leadership,
        _ => UnitKind::Section,
    };
    Actor::Account {
        id: AccountId::from(Uuid::from_u128(7)),
        unit: unit(unit_number),
        unit_kind,
        roles: roles.iter().copied().collect(),
        limit: Limit::None,
    }
}

fn item(assisting: &BTreeSet<UnitId>, answered: bool) -> Object<'_> {
    Object::Item { id: ItemId::from(Uuid::from_u128(5)), lead: Some(unit(LEAD)), assisting, answered }
}

/// The object an action is asked for in the table: the most particular one it fits.
fn object_of(action: Action, assisting: &BTreeSet<UnitId>) -> Object<'_> {
    let publication = Object::Publication { id: PublicationId::from(Uuid::from_u128(6)) };
    let account = Object::Account { id: AccountId::from(Uuid::from_u128(7)) };
    let item = item(assisting, false);
    [item, publication, account].into_iter().find(|object| action.fits(object)).unwrap_or(Object::None)
}

/// The columns of the table.
fn actors() -> Vec<(&'static str, Actor)> {
    vec![
        ("office", account(OFFICE, &[Role::Office])),
        ("handler of the lead unit", account(LEAD, &[Role::Handler])),
        ("handler of the assisting unit", account(ASSISTING, &[Role::Handler])),
        ("handler of another unit", account(FOREIGN, &[Role::Handler])),
        ("reviewer of the lead unit", account(LEAD, &[Role::Reviewer])),
        ("reviewer of another unit", account(FOREIGN, &[Role::Reviewer])),
        ("reviewer of the office", account(OFFICE, &[Role::Reviewer])),
        ("reviewer of the leadership", account(LEADERS, &[Role::Reviewer])),
        ("publisher", account(FOREIGN, &[Role::Publisher])),
        ("system administrator", account(FOREIGN, &[Role::SystemAdmin])),
        ("security administrator", account(FOREIGN, &[Role::SecurityAdmin])),
        ("auditor", account(FOREIGN, &[Role::Auditor])),
        ("nobody in particular", account(LEAD, &[])),
        ("the program", Actor::System("cli")),
        ("the public", Actor::Public),
    ]
}

/// `y` allowed, `.` forbidden, `-` not visible, `s` sign in first; one letter for each of [`actors`]. The item is open.
const TABLE: &[(&str, &str)] = &[
    //                        office, h.lead h.assist h.other, r.lead r.other r.office r.leaders, pub, 3 admins, none, sys, pub
    ("view_item", "y yy- y-yy - --- - y s"),
    ("view_history", "y yy- y-yy - --- - y s"),
    ("list_items", "y yyy yyyy y ... . y s"),
    ("arrange_desk", "y yyy yyyy y ... . . s"),
    ("export_items", "y yyy yyyy y ... . . s"),
    ("export_personal", "y yyy .... . ... . . s"),
    ("search_items", "y yyy yyyy y ... . y s"),
    ("import_file", "y ..- .-.. - --- - y s"),
    ("view_held", "y ... .... . ... . y s"),
    ("open_held", "y ... .... . ... . y s"),
    ("settle_held", "y ... .... . ... . y s"),
    ("triage", "y ..- .-.. - --- - . s"),
    ("assign", "y ..- .-.. - --- - . s"),
    ("accept", ". y.- .-.. - --- - . s"),
    ("return", ". y.- .-.. - --- - . s"),
    ("decide_return", "y ..- .-.. - --- - . s"),
    ("arbitrate", "y ..- .-.y - --- - . s"),
    ("contact", ". y.- .-.. - --- - . s"),
    ("request_extension", ". y.- .-.. - --- - . s"),
    ("decide_extension", "y ..- .-.. - --- - . s"),
    ("suspend", ". y.- .-.. - --- - . s"),
    ("draft", ". y.- .-.. - --- - . s"),
    ("submit", ". y.- .-.. - --- - . s"),
    ("review_first", ". ..- y-.. - --- - . s"),
    ("review_second", ". ..- .-y. - --- - . s"),
    ("review_third", ". ..- .-.y - --- - . s"),
    ("release", "y ..- .-.. - --- - . s"),
    ("close", "y ..- .-.. - --- - . s"),
    ("reopen", "y ..- .-.. - --- - . s"),
    ("withdraw", "y ..- .-.. - --- - . s"),
    ("view_units", "y yyy yyyy y yyy . y s"),
    ("manage_units", ". ... .... . y.. . y s"),
    ("view_sources", "y yyy yyyy y y.. . y s"),
    ("view_reconciliation", "y ... .... . y.. . y s"),
    ("pull_source", "y ... .... . y.. . y s"),
    ("manage_sources", "y ... .... . y.. . y s"),
    ("settle_alarm", "y ... .... . y.. . y s"),
    ("view_statistics", "y yyy yyyy y ... . y s"),
    ("view_ledger", ". ... .... . ..y . y s"),
    ("verify_ledger", ". ... .... . ..y . y s"),
    ("view_accounts", ". ... .... . yy. . y s"),
    ("manage_accounts", ". ... .... . y.. . y s"),
    ("manage_roles", ". ... .... . .y. . y s"),
    ("manage_sessions", ". ... .... . .y. . . s"),
    ("manage_own", "y yyy yyyy y yyy y . s"),
    ("change_password", "y yyy yyyy y yyy y . s"),
    ("sign_out", "y yyy yyyy y yyy y . s"),
    ("view_publication_draft", "y ... ..yy y ... . . s"),
    ("create_publication", ". ... .... y ... . . s"),
    ("edit_entry", ". ... .... y ... . . s"),
    ("check_entry", ". ... ..y. . ... . . s"),
    ("approve_entry", ". ... ...y . ... . . s"),
    ("publish", ". ... .... y ... . . s"),
    ("view_published", "y yyy yyyy y yyy . y y"),
    ("write_in", ". ... .... . ... . . y"),
    ("look_up", ". ... .... . ... . . y"),
];

#[test]
fn every_role_may_exactly_what_the_table_says() {
    let assisting = BTreeSet::from([unit(ASSISTING)]);
    assert_eq!(TABLE.len(), Action::ALL.len());
    for &action in Action::ALL {
        let (_, row) = TABLE.iter().find(|(code, _)| *code == action.code()).unwrap();
        let object = object_of(action, &assisting);
        let answers: String = actors()
            .iter()
            .map(|(_, actor)| match allowed(actor, action, &object) {
                Ok(permit) => {
                    assert_eq!((permit.actor(), permit.action()), (actor, action));
                    assert_eq!(permit.subject(), object.subject());
                    'y'
                }
                Err(Refusal::Forbidden) => '.',
                Err(Refusal::NotVisible) => '-',
                Err(Refusal::SignInRequired) => 's',
                Err(Refusal::RolesConflict) => '!',
                Err(refusal) => panic!("an actor without a limit is told {refusal}"),
            })
            .collect();
        assert_eq!(answers, row.replace(' ', ""), "{}", action.code());
    }
}

#[test]
fn the_publisher_sees_an_item_once_it_is_answered_and_cannot_touch_it() {
    let none = BTreeSet::new();
    let publisher = account(FOREIGN, &[Role::Publisher]);
    assert_eq!(allowed(&publisher, Action::ViewItem, &item(&none, false)), Err(Refusal::NotVisible));
    assert!(allowed(&publisher, Action::ViewItem, &item(&none, true)).is_ok());
    assert_eq!(allowed(&publisher, Action::Reopen, &item(&none, true)), Err(Refusal::Forbidden));
}

#[test]
fn who_sees_more_than_the_own_unit_does_not_take_the_people_behind_it_along() {
    let may = |unit_number, roles: &[Role]| {
        let person = account(unit_number, roles);
        assert!(allowed(&person, Action::ExportItems, &Object::None).is_ok(), "{roles:?}");
        allowed(&person, Action::ExportPersonal, &Object::None)
    };
    for (unit_number, roles, allowed) in [
        (LEAD, &[Role::Handler][..], true),
        (LEAD, &[Role::Handler, Role::Reviewer], true),
        (OFFICE, &[Role::Office, Role::Publisher], true),
        (LEAD, &[Role::Handler, Role::Publisher], false),
        (OFFICE, &[Role::Handler, Role::Reviewer], false),
        (LEADERS, &[Role::Handler, Role::Reviewer], false),
    ] {
        let expected = if allowed { Ok(()) } else { Err(Refusal::Forbidden) };
        assert_eq!(may(unit_number, roles).map(drop), expected, "{roles:?}");
    }
}

#[test]
fn the_scope_is_what_view_item_says() {
    let none = BTreeSet::new();
    let assisting = BTreeSet::from([unit(ASSISTING)]);
    for (name, actor) in actors() {
        for assisting in [&none, &assisting] {
            for answered in [false, true] {
                let visible = allowed(&actor, Action::ViewItem, &item(assisting, answered)).is_ok();
                assert_eq!(scope(&actor).contains(Some(unit(LEAD)), assisting, answered), visible, "{name}");
            }
        }
    }
    let reach = |unit_number, roles: &[Role]| scope(&account(unit_number, roles)).reach();
    assert_eq!(reach(LEAD, &[Role::Handler]), Reach::Unit(unit(LEAD)));
    assert_eq!(reach(LEAD, &[Role::Handler, Role::Publisher]), Reach::UnitOrAnswered(unit(LEAD)));
    assert_eq!(reach(LEAD, &[Role::Publisher]), Reach::Answered);
    assert_eq!(reach(LEAD, &[Role::Office]), Reach::All);
    assert_eq!(reach(LEADERS, &[Role::Reviewer]), Reach::All);
    assert_eq!(reach(LEAD, &[Role::Auditor]), Reach::None);
}

#[test]
fn an_item_nobody_has_is_seen_by_those_who_see_all() {
    let none = BTreeSet::new();
    let unassigned = Object::Item { id: ItemId::from(Uuid::nil()), lead: None, assisting: &none, answered: false };
    assert!(allowed(&account(OFFICE, &[Role::Office]), Action::Assign, &unassigned).is_ok());
    let handler = account(LEAD, &[Role::Handler]);
    assert_eq!(allowed(&handler, Action::ViewItem, &unassigned), Err(Refusal::NotVisible));
}

#[test]
fn a_permit_for_nothing_in_particular_does_not_write_an_item() {
    let office = account(OFFICE, &[Role::Office]);
    assert_eq!(allowed(&office, Action::Assign, &Object::None), Err(Refusal::Forbidden));
    let none = BTreeSet::new();
    let permit = allowed(&office, Action::Assign, &item(&none, false)).unwrap();
    assert!(permit.is_for_item(ItemId::from(Uuid::from_u128(5))));
    assert!(!permit.is_for_item(ItemId::from(Uuid::from_u128(4))));
}

#[test]
fn the_three_administrators_are_three_people_and_handle_nothing() {
    let admins = [Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor];
    for &left in Role::ALL {
        assert_eq!(check_roles(&BTreeSet::from([left])), Ok(()));
        assert_eq!(left.is_admin(), admins.contains(&left));
        for &right in Role::ALL.iter().filter(|right| **right != left) {
            let conflict = left.is_admin() || right.is_admin();
            assert_eq!(check_roles(&BTreeSet::from([left, right])).is_err(), conflict, "{left} {right}");
            if conflict {
                let both = account(OFFICE, &[left, right]);
                assert_eq!(scope(&both).reach(), Reach::None);
                for &action in Action::ALL {
                    assert_eq!(allowed(&both, action, &Object::None), Err(Refusal::RolesConflict));
                }
            }
        }
    }
    let business = [Role::Office, Role::Handler, Role::Reviewer, Role::Publisher];
    assert_eq!(check_roles(&business.into_iter().collect()), Ok(()));
}

/// The same person with their rights narrowed.
fn limited(actor: Actor, narrowed: Limit) -> Actor {
    match actor {
        Actor::Account { id, unit, unit_kind, roles, .. } => {
            Actor::Account { id, unit, unit_kind, roles, limit: narrowed }
        }
        other => other,
    }
}

#[test]
fn a_password_that_somebody_else_gave_is_changed_first() {
    let assisting = BTreeSet::from([unit(ASSISTING)]);
    for (name, actor) in actors().into_iter().filter(|(_, actor)| actor.account().is_some()) {
        let actor = limited(actor, Limit::PasswordChange);
        assert_eq!(scope(&actor).reach(), Reach::None, "{name}");
        for &action in Action::ALL {
            let answer = allowed(&actor, action, &object_of(action, &assisting));
            match action.code() {
                "change_password" | "sign_out" => assert!(answer.is_ok(), "{name}: {}", action.code()),
                "view_published" => assert_ne!(answer, Err(Refusal::PasswordChangeRequired), "{name}"),
                code => assert_eq!(answer, Err(Refusal::PasswordChangeRequired), "{name}: {code}"),
            }
        }
    }
}

#[test]
fn an_access_token_never_has_more_rights_than_its_owner() {
    let assisting = BTreeSet::from([unit(ASSISTING)]);
    let about_access =
        ["manage_accounts", "manage_roles", "manage_sessions", "manage_own", "change_password", "sign_out"];
    let changes = |code: &str| {
        !code.starts_with("view_") && !["list_items", "search_items", "verify_ledger", "look_up"].contains(&code)
    };
    for (name, actor) in actors().into_iter().filter(|(_, actor)| actor.account().is_some()) {
        for &action in Action::ALL {
            let object = object_of(action, &assisting);
            let without = allowed(&actor, action, &object).map(drop);
            for narrowed in [Limit::ReadToken, Limit::WriteToken] {
                let answer = allowed(&limited(actor.clone(), narrowed), action, &object).map(drop);
                let expected = match action.code() {
                    code if about_access.contains(&code) => Err(Refusal::TokenNotEnough),
                    code if changes(code) && narrowed == Limit::ReadToken => Err(Refusal::TokenReadOnly),
                    _ => without,
                };
                assert_eq!(answer, expected, "{name} by {narrowed:?}: {}", action.code());
            }
        }
        assert_eq!(scope(&limited(actor.clone(), Limit::ReadToken)), scope(&actor), "{name}");
    }
}

#[test]
fn nobody_sees_to_anothers_own_things() {
    let other = Object::Account { id: AccountId::from(Uuid::from_u128(70)) };
    for (name, actor) in actors().into_iter().filter(|(_, actor)| actor.account().is_some()) {
        for action in [Action::ManageOwn, Action::ChangePassword, Action::SignOut] {
            assert_eq!(allowed(&actor, action, &other), Err(Refusal::Forbidden), "{name}: {}", action.code());
        }
    }
    let sessions = |role| allowed(&account(OFFICE, &[role]), Action::ManageSessions, &other).is_ok();
    assert_eq!(Role::ALL.iter().copied().filter(|role| sessions(*role)).collect::<Vec<_>>(), [Role::SecurityAdmin]);
}

#[test]
fn who_acted_is_written_without_a_name() {
    let person = account(LEAD, &[Role::Handler]);
    assert_eq!(person.code(), "account:00000000-0000-0000-0000-000000000007");
    assert_eq!(Actor::System("cli").code(), "system:cli");
    assert_eq!(Actor::Public.code(), "public");
    assert_eq!(Subject::Item(ItemId::from(Uuid::nil())).to_string(), "item:00000000-0000-0000-0000-000000000000");
}

#[test]
fn every_refusal_has_its_code_and_tells_what_to_do() {
    let all = [
        Refusal::SignInRequired,
        Refusal::Forbidden,
        Refusal::NotVisible,
        Refusal::RolesConflict,
        Refusal::PasswordChangeRequired,
        Refusal::TokenReadOnly,
        Refusal::TokenNotEnough,
    ];
    assert_eq!(all.map(|refusal| refusal.code()), Refusal::CODES);
    assert!(all.iter().all(|refusal| refusal.message().ends_with('。')));
}

#[test]
fn roles_units_and_steps_have_their_words() {
    let labels: Vec<_> = Role::ALL.iter().map(|role| role.label()).collect();
    assert_eq!(labels.join(" "), "办公室 经办人 审核人 发布员 系统管理员 安全管理员 审计管理员");
    assert!(Role::ALL.iter().all(|role| Role::parse(role.code()) == Some(*role)));
    assert_eq!(ReviewStep::ALL.iter().map(|step| step.label()).collect::<Vec<_>>(), ["一审", "二审", "三审"]);
    assert_eq!(UnitKind::parse("section"), Some(UnitKind::Section));
}
