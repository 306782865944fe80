//! A host that asks to be left alone is left alone by every source that is read from it, on every node, and for as long as
//! it asked.

use std::path::Path;

use huiyin::intake::fetch::NetSettings;
use huiyin::jobs::{Crawler, Puller as _};
use huiyin::service::HomeSettings;
use huiyin::service::schedule::{JobKind, Outcome};
use huiyin::store::job::JobRow;
use tokio_util::sync::CancellationToken;

use super::schedules::{planned, schedule_of};
use super::{PROGRAM, on_both};
use crate::support::site::{At, Fault, Patience, Shape, Site, What};
use crate::support::world::World;

const READ: Outcome = Outcome::Read { new: 0 };

/// Begins with all jobs that wait, in their order; who reads what is decided by the store alone.
async fn claimed(world: &World) -> Vec<JobRow> {
    let mut rows = Vec::new();
    while let Some(row) = world.service.claim_job("another node").await.expect("a job is claimed") {
        rows.push(row);
    }
    rows
}

/// Plans and does what is planned, successfully; the sources.
async fn read(world: &World) -> Vec<String> {
    world.service.plan_jobs().await.expect("it plans");
    let rows = claimed(world).await;
    let mut names = Vec::new();
    for row in rows {
        names.push(row.source_id.clone());
        assert!(world.service.finish_job(row, None, &READ).await.expect("a job ends"));
    }
    names.sort_unstable();
    names
}

fn write_connector(folder: &Path, id: &str, host: &str) {
    let folder = folder.join(id);
    std::fs::create_dir_all(&folder).expect("a folder is made");
    let text = Shape::JsonForm.connector(id, host, Patience::Long);
    std::fs::write(folder.join("connector.toml"), text).expect("a connector is written");
}

async fn a_host_that_refuses_rests_for_all(world: &World) {
    let site = Site::start().await;
    site.change(|model| model.fill(5)).await;
    let folder = tempfile::tempdir().expect("a folder is made");
    let (_, port) = site.host.split_once(':').expect("a port");
    for id in ["first", "second", "third"] {
        write_connector(folder.path(), id, &site.host);
    }
    write_connector(folder.path(), "elsewhere", &format!("localhost:{port}"));
    let service = world.service.clone().with_home(HomeSettings {
        owner: "test".to_owned(),
        spool: folder.path().join("uploads"),
        blobs: folder.path().join("blobs"),
        max_upload_bytes: 1 << 20,
        connectors: Some(folder.path().to_owned()),
    });
    let crawler = Crawler::new(service.clone(), NetSettings::default());
    planned(world, "first").await;
    assert_eq!(service.plan_jobs().await.expect("it plans"), 1);
    world.clock.advance(1);
    for id in ["second", "third", "elsewhere"] {
        planned(world, id).await;
    }
    assert_eq!(service.plan_jobs().await.expect("it plans"), 3);
    // What the plan has asked for already becomes the person's who asks for the same.
    let asked = service.pull_now(&PROGRAM, "third", JobKind::Sweep).await.expect("it is asked for");
    assert_eq!((asked.actor, asked.stage.as_str()), (PROGRAM.code(), "waiting"));

    // The first is read and refused; what was planned for the second before that is not done.
    let first = service.claim_job("here").await.expect("a job is claimed").expect("one waits");
    assert_eq!(first.source_id, "first");
    site.fail([Fault::lasting(At::List(1), What::Status(429, Some(7_200)))]).await;
    let done = crawler.pull("first", JobKind::Sweep, &CancellationToken::new()).await.expect("it is read");
    assert_eq!(done.outcome, Outcome::Blocked { retry_after: Some(7_200) });
    service.finish_job(first, done.pull, &done.outcome).await.expect("a job ends");
    site.behave().await;
    assert_eq!(read(world).await, ["elsewhere", "third"], "another host has refused nobody, and a person insists");

    for id in ["first", "second"] {
        let until = schedule_of(world, id).await.blocked_until.expect("it rests");
        assert_eq!((until - world.service.now().as_micros()) / 1_000_000, 7_200, "{id}");
    }
    assert_eq!(schedule_of(world, "elsewhere").await.blocked_until, None);
    world.clock.advance(7_199);
    assert_eq!(read(world).await, ["elsewhere", "third"]);
    // A person may have it tried all the same.
    service.pull_now(&PROGRAM, "second", JobKind::Head).await.expect("it is asked for");
    assert_eq!(read(world).await, ["second"]);
    world.clock.advance(2);
    // Its sweep is due still: what a person had done was a look.
    assert_eq!(read(world).await, ["first", "second"]);
}

#[tokio::test]
async fn a_host_that_asks_to_be_left_alone_is_left_alone_by_every_source() {
    on_both(a_host_that_refuses_rests_for_all).await;
}
