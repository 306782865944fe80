//! The import use case: what of a file becomes items, versions and held rows, and that the counts add up.

mod held;
mod leases;
mod once;
mod processes;
mod pulls;
mod random;
mod real;
mod settled;

use std::pin::Pin;

use huiyin::store::hold;
use huiyin::store::item::{self as items, ItemRow};
use huiyin::store::message::{self, VersionRow};
use huiyin::store::source::{self, HoldRow, PullRow};

use crate::support::postgres::TestDatabase;
use crate::support::program::Counts;
use crate::support::world::World;

/// Runs a test on both databases. Boxed, as what a whole import waits for is large.
fn on_both(test: impl AsyncFn(&World)) -> Pin<Box<impl Future<Output = ()>>> {
    Box::pin(async move {
        let world = World::embedded().await;
        test(&world).await;
        assert_sound(&world).await;
        let Some(database) = TestDatabase::create().await else { return };
        let world = World::server(database.url()).await;
        test(&world).await;
        assert_sound(&world).await;
        world.service.store().close().await;
    })
}

/// Chain, texts, items and pulls agree with one another.
async fn assert_sound(world: &World) {
    let viewer = huiyin_domain::access::Actor::System("test");
    let verification = world.service.verify(&viewer, &[]).await.expect("it verifies");
    assert_eq!(verification.findings, []);
}

impl World {
    /// Imports rows of a board export, which must be read to their end; the counts.
    async fn counts(&self, rows: &str) -> Counts {
        let imported = self.import(rows).await;
        assert!(imported.refusal.is_none(), "{:?}", imported.refusal);
        let value = serde_json::to_value(&imported.statement).expect("a statement is JSON");
        let counts = Counts::of(&value);
        assert!(counts.adds_up() && imported.statement.adds_up(), "{counts:?}");
        counts
    }

    /// All items in the order of their numbers.
    async fn items(&self) -> Vec<ItemRow> {
        let mut reader = self.service.store().read().await.expect("a reader");
        items::page_by_number(&mut reader.conn(), 0, 10_000).await.expect("the items are read")
    }

    /// All versions of an item's message, oldest first.
    async fn versions(&self, item: &ItemRow) -> Vec<VersionRow> {
        let mut reader = self.service.store().read().await.expect("a reader");
        let message = item.message_id.parse().expect("an id");
        message::versions(&mut reader.conn(), message).await.expect("the versions are read")
    }

    /// The board's pulls, newest first.
    async fn pulls(&self) -> Vec<PullRow> {
        let mut reader = self.service.store().read().await.expect("a reader");
        hold::pulls(&mut reader.conn(), Some("board"), None, 100).await.expect("the pulls are read")
    }

    /// All held rows.
    async fn holds(&self) -> Vec<HoldRow> {
        let mut reader = self.service.store().read().await.expect("a reader");
        source::holds_after(&mut reader.conn(), "", 10_000).await.expect("the held rows are read")
    }
}

/// `accepted`, `unchanged`, `changed`, `held`.
const fn four(counts: Counts) -> (u64, u64, u64, u64) {
    (counts.accepted, counts.unchanged, counts.changed, counts.held)
}
