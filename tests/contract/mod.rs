//! What the store promises, held against both databases.

mod batches;
mod concurrency;
mod doors;
mod import_plans;
mod ledger;
mod lists;
mod locks;
mod payloads;
mod plans;
mod round_trip;
mod schema;
mod sessions;
mod statements;
mod texts;

use huiyin::store::item::ItemRow;
use huiyin::store::message::MessageRow;
use huiyin::store::source::PullRow;
use huiyin::store::unit::UnitRow;
use huiyin::store::{Store, Tx};
use huiyin::store::{item, message, source, unit};
use huiyin_domain::item::{RequestType, Stage};

use crate::support::lives::Life;
use crate::support::rows::{self, START};
use crate::support::stores::begin;

/// A source with a pull, a message and its item in the given stage.
#[derive(Debug)]
struct Sample {
    unit: UnitRow,
    pull: PullRow,
    message: MessageRow,
    item: ItemRow,
}

/// Writes a sample and commits it.
async fn sample(store: &Store, stage: Stage) -> Sample {
    let mut tx = begin(store).await;
    let sample = sample_in(&mut tx, stage).await;
    tx.commit(START).await.expect("a sample is committed");
    sample
}

async fn sample_in(tx: &mut Tx, stage: Stage) -> Sample {
    let unit = rows::unit("a-1");
    let pull = rows::pull("board");
    let message = rows::message("board", "key-1");
    let lead = unit.unit_id().expect("a unit's id");
    let request_type = RequestType::Consult;
    let life = Life { stage, request_type, lead, assisting: [].into(), asked_at: START, number: 1 };
    let (item, units) = life.lead(&message);
    unit::insert(tx, unit.clone()).await.expect("a unit");
    source::insert(tx, rows::source("board")).await.expect("a source");
    source::insert_pull(tx, pull.clone()).await.expect("a pull");
    message::insert(tx, vec![message.clone()]).await.expect("a message");
    message::insert_versions(tx, vec![rows::version(&message, &pull, 1)]).await.expect("a version");
    item::insert(tx, vec![item.clone()]).await.expect("an item");
    item::replace_units(tx, &item.id, units).await.expect("the item's units");
    Sample { unit, pull, message, item }
}
