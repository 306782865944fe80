//! The office's assignments teach which unit a source means by a name; a machine suggests, a person decides.

use huiyin::service::act::Act;
use huiyin_domain::access::{Actor, Role, UnitKind};
use huiyin_domain::id::{ItemId, UnitId};

use super::{behind, on_both, rows};
use crate::support::world::World;

async fn item(world: &World, number: i64) -> (ItemId, String) {
    let row = world.service.item_by_number(&super::PROGRAM, number).await.unwrap().unwrap();
    (row.id.parse().unwrap(), row.message_id)
}

async fn assign(world: &World, office: &Actor, number: i64, lead: UnitId) {
    let act = Act::Assign { lead, assisting: [].into() };
    world.service.act(office, item(world, number).await.0, act, None).await.unwrap();
    world.clock.advance(1);
}

/// What is suggested for an item: the unit and how often it was assigned so.
async fn suggested(world: &World, number: i64) -> Option<(String, i64)> {
    let message = item(world, number).await.1;
    let mut found = world.service.suggested_units(std::slice::from_ref(&message)).await.unwrap();
    found.remove(&message).map(|found| (found.unit, found.uses))
}

async fn names_are_learnt(world: &World) {
    world.import(&rows(1, 9)).await;
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    let planning = world.person("planning", UnitKind::Section, Role::Handler).await.unit().unwrap();
    let survey = world.person("survey", UnitKind::Section, Role::Handler).await.unit().unwrap();
    let store = world.service.store();
    behind(store, "UPDATE message SET named_unit = '市 规划（科）'").await;
    assert_eq!(suggested(world, 9).await, None, "nothing was learnt yet");
    assign(world, &office, 1, planning).await;
    assert_eq!(suggested(world, 9).await, Some((planning.to_string(), 1)));
    // One correction while it was not sure, and then two for it.
    assign(world, &office, 2, survey).await;
    assert_eq!(suggested(world, 9).await, Some((survey.to_string(), 1)));
    assign(world, &office, 3, survey).await;
    assign(world, &office, 4, planning).await;
    assert_eq!(suggested(world, 9).await, Some((survey.to_string(), 1)), "one against two");
    // The name is compared without width and spaces, and a message without a name suggests nothing.
    let message = item(world, 9).await.1;
    behind(store, &format!("UPDATE message SET named_unit = '市规划(科)' WHERE id = '{message}'")).await;
    assert_eq!(suggested(world, 9).await, Some((survey.to_string(), 1)));
    behind(store, &format!("UPDATE message SET named_unit = '' WHERE id = '{message}'")).await;
    assert_eq!(suggested(world, 9).await, None);
    // A unit that is no longer active is not suggested.
    world.service.set_unit_active(&super::PROGRAM, survey, false).await.unwrap();
    assert_eq!(suggested(world, 8).await, None);
}

#[tokio::test]
async fn names_of_units_are_learnt_from_the_office() {
    on_both(names_are_learnt).await;
}
