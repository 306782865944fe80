//! The demonstration: an invented bureau with three months of invented messages, some of the work done.
//!
//! Everything goes through the same use cases as real work, signed by the demo accounts, so that the demo's ledger
//! verifies like any other. It is made in a folder beside the data directory and moved into place when it is whole: a
//! demo that was cut off while it was made starts afresh.

mod issue;
mod people;
mod work;

use std::path::Path;
use std::sync::Arc;

use huiyin_domain::access::Actor;
use huiyin_domain::time::Instant;
use jiff::civil::date;

use super::Failure;
use super::data::DataDir;
use super::output::Output;
use crate::clock::{Clock as _, ManualClock};
use crate::search::{Indexer, IndexerOptions};
use crate::service::index::Follower;
use crate::service::{HomeSettings, MAX_UPLOAD_BYTES, Service};
use crate::store::Store;

pub(super) use people::{ACCOUNTS, PASSWORD};

/// The invented office starts working with the system on this Monday morning.
fn first_day() -> Instant {
    // The date exists; the fallback only keeps the function total.
    Instant::from_civil(date(2026, 11, 2).at(8, 30, 0, 0)).unwrap_or(Instant::from_micros(0))
}

/// The demo's service and its clock, which moves on a little with every act.
struct Stage {
    service: Service,
    clock: Arc<ManualClock>,
}

impl Stage {
    /// Lets some minutes pass.
    fn pass(&self, minutes: i64) {
        self.clock.advance(minutes * 60);
    }

    /// Not before this instant.
    fn until(&self, at: Instant) {
        if self.clock.now() < at {
            self.clock.set(at);
        }
    }
}

/// Makes the demo's data directory, unless it is there.
pub(super) async fn prepare(data: &Path, output: Output) -> Result<(), Failure> {
    if data.try_exists()? {
        return Ok(());
    }
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".making");
    let making = data.with_file_name(name);
    if making.try_exists()? {
        std::fs::remove_dir_all(&making)?;
    }
    let bar = output.progress("准备演示数据");
    make(&making).await?;
    bar.finish_and_clear();
    std::fs::rename(&making, data)?;
    Ok(())
}

async fn make(root: &Path) -> Result<(), Failure> {
    let dir = DataDir::create(root)?;
    let store = Store::open_file(&dir.database()).await?;
    let indexer = Indexer::open(&dir.index(), IndexerOptions::default())?;
    let clock = Arc::new(ManualClock::new(first_day()));
    let home = HomeSettings {
        owner: dir.name()?,
        spool: dir.uploads(),
        blobs: dir.blobs(),
        max_upload_bytes: MAX_UPLOAD_BYTES,
        connectors: None,
    };
    let service = Service::new(store.clone(), indexer.search()).with_clock(clock.clone()).with_home(home);
    let stage = Stage { service, clock };
    let people = people::hire(&stage).await?;
    import(&stage, root).await?;
    work::work(&stage, &people).await?;
    issue::publish(&stage, &people).await?;
    Follower::new(store.clone(), indexer)?.catch_up().await?;
    store.close().await;
    Ok(())
}

/// Imports the bundled sample, as the office would import four exports.
async fn import(stage: &Stage, root: &Path) -> Result<(), Failure> {
    let folder = root.join("sample");
    std::fs::create_dir_all(&folder)?;
    for set in crate::sample::BUNDLED {
        let path = folder.join(set.file);
        crate::sample::write_file(set.shape, set.messages(), &path, &mut |_| {})?;
        let Some(connector) = crate::intake::find(set.shape.id(), None)? else {
            return Err(Failure::Told(format!("没有采集配置 {}", set.shape.id())));
        };
        stage.pass(2);
        let imported = stage.service.import_file(&Actor::System("demo"), &connector, &path, &mut |_| {}).await?;
        if let Some(refusal) = imported.refusal {
            return Err(Failure::Told(refusal.to_string()));
        }
    }
    Ok(())
}
