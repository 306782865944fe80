//! Pulls that break off, that run beside one another, that are stopped, and rows altered behind the program's back.

use std::sync::Arc;

use huiyin::intake::crawl::{Alarm, AlarmCode, Coverage, CrawlError, Found, Host};
use huiyin::intake::fetch::{FetchCode, FetchError};
use huiyin::service::ServiceError;
use huiyin::service::pull::Reading;
use huiyin::store::source;
use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::super::World;
use super::site::{Break, Crawl, Site, shown, six};
use super::{alarm_of, on_both};
use crate::support::stores::run_raw;

fn many(count: usize) -> Site {
    let rows: Vec<_> =
        (0..count).map(|row| shown(&format!("k{row:04}"), "题目", &format!("第{row}件的内容"), 1)).collect();
    Site::of(&rows)
}

fn fetch(code: FetchCode, retry_after: Option<u64>) -> Break {
    Break(Arc::new(move || FetchError { code, message: "样例：读不到".to_owned(), retry_after }.into()))
}

#[tokio::test]
async fn what_was_read_before_a_failure_stays_and_the_next_pull_adds_the_rest() {
    on_both(async |world| {
        let whole = many(30);
        let broken = Site { breaks: Some((17, fetch(FetchCode::Timeout, Some(60)))), ..whole.clone() };
        let pulled = world.sweep(&broken).await;
        assert_eq!((pulled.stage.as_str(), six(&pulled)), ("failed", [17, 0, 0, 0, 0, 0]));
        let problem = pulled.problem.as_ref().unwrap();
        assert_eq!((problem.code.as_str(), problem.retry_after, pulled.complete), ("timeout", Some(60), false));
        assert_eq!(world.alarms().await, [alarm_of("unreachable", "timeout")]);
        let row = world.pulls().await.remove(0);
        assert_eq!((row.stage.as_str(), row.problem_code.as_str(), row.pages), ("failed", "timeout", 3));

        // A sweep that broke off withdraws nothing, whatever it did not see.
        let refused = Site { breaks: Some((2, fetch(FetchCode::Blocked, None))), ..whole.clone() };
        let pulled = world.sweep(&refused).await;
        assert_eq!((six(&pulled), pulled.is_sound()), ([0, 2, 0, 0, 0, 0], false));
        assert_eq!(world.alarms().await, [alarm_of("blocked", "blocked"), alarm_of("unreachable", "timeout")]);

        let pulled = world.sweep(&whole).await;
        assert_eq!((six(&pulled), pulled.is_sound()), ([13, 17, 0, 0, 0, 0], true));
        assert_eq!(world.alarms().await, [], "it can be read again");
        assert_eq!(world.items().await.len(), 30);
    })
    .await;
}

#[tokio::test]
async fn a_changed_layout_is_an_alarm_and_never_nothing_new() {
    on_both(async |world| {
        let whole = many(9);
        world.sweep(&whole).await;
        let layout = Alarm {
            code: AlarmCode::LayoutChanged,
            subject: "list".to_owned(),
            message: "列表里一行也找不到，请检查采集配置".to_owned(),
        };
        let cause = layout.clone();
        let changed = Site { rows: Vec::new(), alarms: [layout].into(), breaks: None, claims: Some(9) };
        // Both ways: the crawl broke off over it, or went on and said so.
        let broken = Site { breaks: Some((0, Break(Arc::new(move || CrawlError::Layout(cause.clone()))))), ..many(1) };
        let pulled = world.sweep(&broken).await;
        assert_eq!((pulled.stage.as_str(), pulled.is_sound()), ("failed", false));
        assert_eq!(world.alarms().await, [alarm_of("layout_changed", "list")]);
        let pulled = world.look(&changed).await;
        assert!(!pulled.is_sound() && pulled.alarms.iter().any(|alarm| alarm.code == "layout_changed"));
        assert!(world.sweep(&whole).await.is_sound());
        assert_eq!(world.alarms().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_quick_look_does_not_settle_what_only_a_sweep_looks_for() {
    on_both(async |world| {
        let alarm = |code, subject: &str| {
            let message = "请打开网站核对".to_owned();
            Alarm { code, subject: subject.to_owned(), message }
        };
        let alarms = [
            alarm(AlarmCode::TooFew, "list"),
            alarm(AlarmCode::CountDiffers, "passes"),
            alarm(AlarmCode::CountDiffers, "size"),
            alarm(AlarmCode::PageMissing, "unlisted"),
            alarm(AlarmCode::PageMissing, "page 2"),
        ];
        world.sweep(&Site { alarms: alarms.into(), ..many(3) }).await;
        assert_eq!(world.alarms().await.len(), 5);
        let looked = world.look(&many(3)).await;
        assert!(looked.is_sound() && looked.complete, "it meets the end of the list: {looked:?}");
        let unseen = [
            alarm_of("count_differs", "passes"),
            alarm_of("count_differs", "size"),
            alarm_of("page_missing", "unlisted"),
            alarm_of("too_few", "list"),
        ];
        assert_eq!(world.alarms().await, unseen, "and has looked for none of them");
        world.sweep(&many(3)).await;
        assert_eq!(world.alarms().await, []);
    })
    .await;
}

#[tokio::test]
async fn of_many_alarms_of_a_kind_the_first_are_listed_and_the_rest_counted() {
    on_both(async |world| {
        let alarm = |number: usize| Alarm {
            code: AlarmCode::DetailMissing,
            subject: format!("k{number:04}"),
            message: "详情页读不到".to_owned(),
        };
        let pulled = world.sweep(&Site { alarms: (0..130).map(alarm).collect(), ..many(3) }).await;
        assert_eq!(pulled.alarms.len(), 101);
        let alarms = world.alarm_rows().await;
        let more = alarms.iter().find(|row| row.subject == "more").unwrap();
        assert!(more.detail.contains("30 条"), "{}", more.detail);
    })
    .await;
}

#[tokio::test]
async fn two_pulls_at_once_take_each_message_in_once() {
    on_both(async |world| {
        let stop = CancellationToken::new();
        let of = |rows: std::ops::Range<usize>| Crawl { site: Site::of(&many(40).rows[rows]), sweep: false };
        let (first, second, third) = tokio::join!(
            world.pull(of(0..30), false, &stop),
            world.pull(of(0..30), false, &stop),
            world.pull(of(0..30), true, &stop),
        );
        let pulled = [first.unwrap(), second.unwrap(), third.unwrap()];
        assert!(pulled.iter().all(|pulled| pulled.statement.adds_up()), "{pulled:?}");
        let accepted: u64 = pulled.iter().map(|pulled| pulled.statement.accepted).sum();
        assert_eq!((accepted, world.items().await.len()), (7, 7), "what a quick look sees");
    })
    .await;
}

/// Waits for somebody before its last row.
struct Patient {
    met: tokio::sync::oneshot::Sender<()>,
    go: Option<tokio::sync::oneshot::Receiver<()>>,
}

impl Reading for Patient {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        let rows = Crawl { site: many(2), sweep: false };
        let mut coverage = rows.read(host).await.0;
        coverage.complete = false;
        self.met.send(()).expect("somebody waits");
        match self.go {
            Some(go) => go.await.expect("it is told"),
            None => std::future::pending().await,
        }
        let outcome = host.take(Found::Unchanged { key: "k0000".to_owned() }).await;
        coverage.shown += 1;
        (coverage, outcome.map_err(CrawlError::Host))
    }
}

#[tokio::test]
async fn a_pull_that_is_stopped_keeps_what_it_read_and_says_so() {
    on_both(async |world| {
        let stop = CancellationToken::new();
        let (met, waits) = tokio::sync::oneshot::channel();
        let stopping = async {
            waits.await.expect("it gets there");
            stop.cancel();
        };
        let (pulled, ()) = tokio::join!(world.pull(Patient { met, go: None }, false, &stop), stopping);
        let pulled = pulled.unwrap();
        assert_eq!((pulled.stage.as_str(), six(&pulled)), ("interrupted", [2, 0, 0, 0, 0, 0]));
        assert_eq!((pulled.problem.unwrap().code.as_str(), pulled.alarms.len()), ("stopped", 0));
        assert_eq!(world.pulls().await[0].stage, "interrupted");
        assert_eq!(six(&world.sweep(&many(2)).await), [0, 2, 0, 0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_pull_that_was_given_up_meanwhile_does_not_write_on() {
    on_both(async |world| {
        let (met, waits) = tokio::sync::oneshot::channel();
        let (tell, go) = tokio::sync::oneshot::channel();
        let giving_up = async {
            waits.await.expect("it gets there");
            let now = world.service.now();
            let pull = world.pulls().await.remove(0);
            assert_eq!(pull.lease_until, now.as_micros() + 300_000_000);
            let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
            assert!(source::interrupt(&mut tx, &pull.id, now.as_micros(), &pull.owner).await.unwrap());
            tx.record(format!("pull:{}", pull.id), "pull.interrupted", &serde_json::json!({})).unwrap();
            tx.commit(now).await.unwrap();
            tell.send(()).expect("it waits");
        };
        let stop = CancellationToken::new();
        let (pulled, ()) = tokio::join!(world.pull(Patient { met, go: Some(go) }, false, &stop), giving_up);
        assert!(matches!(&pulled, Err(ServiceError::Refused(refusal)) if refusal.code == "changed_meanwhile"));
        assert_eq!(world.pulls().await[0].stage, "interrupted");
        assert_eq!(six(&world.sweep(&many(2)).await), [2, 0, 0, 0, 0, 0]);
    })
    .await;
}

async fn codes(world: &World) -> Vec<&'static str> {
    let verification = world.service.verify(&Actor::System("test"), &[]).await.unwrap();
    verification.findings.iter().map(huiyin::service::verify::Finding::code).collect()
}

#[tokio::test]
async fn what_was_altered_behind_the_programs_back_is_found() {
    on_both(async |world| {
        let mut site = many(3);
        world.sweep(&site).await;
        site.remove("k0001");
        world.sweep(&site).await;
        assert_eq!(codes(world).await, [""; 0]);
        let store = world.service.store();
        let altered = [
            ("UPDATE message SET withdrawn_at = NULL WHERE source_key = 'k0001'", "item.differs"),
            ("UPDATE message SET withdrawn_at = 1 WHERE source_key = 'k0000'", "item.differs"),
            ("UPDATE pull SET withdrawn = withdrawn + 1 WHERE purpose = 'sweep'", "pull.differs"),
            ("UPDATE pull SET claimed = 77", "pull.differs"),
            ("UPDATE pull SET purpose = 'file'", "pull.differs"),
            ("UPDATE pull SET met = 0", "pull.differs"),
            ("UPDATE pull SET complete = NOT complete", "pull.differs"),
        ];
        run_raw(store, "CREATE TABLE kept_message AS SELECT id, withdrawn_at FROM message").await;
        run_raw(store, "CREATE TABLE kept_pull AS SELECT id, purpose, claimed, met, withdrawn, complete FROM pull").await;
        for (sql, finding) in altered {
            run_raw(store, sql).await;
            assert_eq!(codes(world).await, [finding], "{sql}");
            run_raw(
                store,
                "UPDATE message SET withdrawn_at = (SELECT k.withdrawn_at FROM kept_message k WHERE k.id = message.id); \
                 UPDATE pull SET (purpose, claimed, met, withdrawn, complete) = (SELECT k.purpose, k.claimed, k.met, \
                 k.withdrawn, k.complete FROM kept_pull k WHERE k.id = pull.id)",
            )
            .await;
            assert_eq!(codes(world).await, [""; 0], "mended");
        }
    })
    .await;
}
