//! The days that are over are reconciled without being asked, and what does not agree becomes an alarm.

use huiyin::service::{HomeSettings, ServiceError};
use huiyin::store::alarm::{self, AlarmRow};
use huiyin_domain::access::Actor;
use jiff::civil::{Date, date};

use super::schedules::planned;
use super::{PROGRAM, TODAY, behind, on_both, rows};
use crate::support::world::World;

async fn open_alarms(world: &World) -> Vec<AlarmRow> {
    alarm::open_of_source(&mut world.service.store().read().await.unwrap().conn(), "board", 100).await.unwrap()
}

async fn days_are_checked(world: &World) {
    world.import(&rows(1, 9)).await;
    assert_eq!(world.service.check_days().await.unwrap(), 7, "the week before");
    assert_eq!(world.service.check_days().await.unwrap(), 0, "once a day");
    assert_eq!(open_alarms(world).await, []);

    // The day is over, and a row is gone.
    world.clock.advance(86_400);
    let store = world.service.store();
    behind(store, "CREATE TABLE kept AS SELECT * FROM item").await;
    behind(store, "DELETE FROM item WHERE number = 7").await;
    assert_eq!(world.service.check_days().await.unwrap(), 7);
    let checks = world.service.day_checks(&PROGRAM, 3).await.unwrap();
    let told: Vec<(&str, i64, i64, i64)> =
        checks.iter().map(|row| (row.day.as_str(), row.came, row.accounted, row.differences)).collect();
    assert_eq!(told, [("2026-10-09", 9, 8, 1), ("2026-10-08", 0, 0, 0), ("2026-10-07", 0, 0, 0)]);
    let alarms = open_alarms(world).await;
    let [open] = &alarms[..] else { panic!("{alarms:?}") };
    assert_eq!((open.code.as_str(), open.subject.as_str()), ("item_gone", "2026-10-09 7"));
    assert!(open.detail.contains("第 7 件"), "{}", open.detail);

    // It stays one alarm, and is settled once the row is back.
    world.clock.advance(86_400);
    assert_eq!(world.service.check_days().await.unwrap(), 7);
    assert_eq!(open_alarms(world).await.len(), 1);
    behind(store, "INSERT INTO item SELECT * FROM kept WHERE number = 7").await;
    behind(store, "DROP TABLE kept").await;
    world.clock.advance(86_400);
    assert_eq!(world.service.check_days().await.unwrap(), 7);
    assert_eq!(open_alarms(world).await, []);

    // A clock that was set back checks nothing twice.
    world.clock.advance(-2 * 86_400);
    assert_eq!(world.service.check_days().await.unwrap(), 0);
    let sound = world.service.verify(&PROGRAM, &[]).await.unwrap();
    assert_eq!(sound.findings, []);
}

#[tokio::test]
async fn days_that_are_over_are_checked_once_and_their_faults_become_alarms() {
    on_both(days_are_checked).await;
}

#[tokio::test]
async fn a_day_that_time_cannot_tell_is_refused_and_an_empty_one_is_closed() {
    let world = World::embedded().await;
    for day in [Date::MIN, date(1969, 12, 31), Date::MAX] {
        let refused = world.service.reconcile(&PROGRAM, day).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Refused(refusal) if refusal.code == "day_unusable"), "{day}");
    }
    let empty = world.reconciled(TODAY).await;
    assert!(empty.is_closed() && empty.sources.is_empty() && !empty.over);
    let refused = world.service.reconcile(&Actor::Public, TODAY).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Refused(refusal) if refusal.code == "sign_in_required"));
}

#[tokio::test]
async fn a_message_belongs_to_the_day_in_china() {
    let world = World::embedded().await;
    // A minute before midnight in China, which is the afternoon in UTC.
    world.clock.advance(14 * 3_600 + 59 * 60);
    world.import(&rows(1, 2)).await;
    world.import(&rows(1, 4)).await;
    let tomorrow = TODAY.tomorrow().unwrap();
    for (day, came) in [(TODAY, 2), (tomorrow, 2)] {
        let found = world.reconciled(day).await;
        assert!(found.is_closed(), "{:?}", found.differences().collect::<Vec<_>>());
        assert_eq!((found.came(), found.accounted()), (came, came), "{day}");
    }
}

const INBOX: &str = r#"
id = "inbox"
name = "样例台账"
channel = "领导信箱"
kind = "table"
version = 1
description = "样例"
fixtures = ["a.csv"]
[watch]
folder = "inbox"
[[column]]
field = "key"
aliases = ["编号"]
required = true
filled = true
[[column]]
field = "title"
aliases = ["主题"]
required = true
[[column]]
field = "asked_at"
aliases = ["时间"]
required = true
[[column]]
field = "body"
aliases = ["内容"]
required = true
filled = true
[key]
kind = "printed"
"#;

async fn only_what_has_a_list_must_be_read(world: &World) {
    let folder = tempfile::tempdir().unwrap();
    let connectors = folder.path().join("connectors");
    std::fs::create_dir_all(connectors.join("inbox")).unwrap();
    std::fs::write(connectors.join("inbox/connector.toml"), INBOX).unwrap();
    let service = world.service.clone().with_home(HomeSettings {
        owner: "test".to_owned(),
        spool: folder.path().join("uploads"),
        blobs: folder.path().join("blobs"),
        max_upload_bytes: 1 << 20,
        connectors: Some(connectors),
    });
    assert!(service.connector("inbox").is_ok());
    for source in ["board", "inbox"] {
        planned(world, source).await;
    }
    world.clock.advance(3 * 86_400);
    let found = service.reconcile(&PROGRAM, date(2026, 10, 10)).await.unwrap();
    let told: Vec<(Option<&str>, &str)> = found
        .differences()
        .map(|(source, difference)| (source.map(|source| source.id.as_str()), difference.code()))
        .collect();
    assert_eq!(told, [(Some("board"), "not_read")]);
}

#[tokio::test]
async fn a_day_on_which_nothing_is_put_into_a_folder_is_closed() {
    on_both(only_what_has_a_list_must_be_read).await;
}
