//! Answers the source shows, their times, and when an answer is due.

use huiyin::service::ServiceError;
use huiyin::service::act::Act;
use huiyin::service::desk::DraftKind;
use huiyin::service::holding::{Holder, holdings};
use huiyin::store::item::ItemRow;
use huiyin_domain::access::{Role, UnitKind};
use huiyin_domain::id::ItemId;
use huiyin_domain::item::ReopenReason;
use huiyin_domain::time::Instant;
use jiff::civil::date;

use super::{four, on_both};
use crate::support::program::Program;
use crate::support::world::{START, World};

const OPEN: &str = "S1,张三,咨询登记,2026-09-01 08:30:00,请问房屋登记要带什么材料,,\n";
const ANSWERED: &str = "S1,张三,咨询登记,2026-09-01 08:30:00,请问房屋登记要带什么材料,您好：请带身份证原件和购房合同。,2026-09-08 16:45:30\n";

fn china(day: i8, hour: i8, minute: i8, second: i8) -> i64 {
    let time = date(2026, 9, day).at(hour, minute, second, 0);
    Instant::from_civil(time).expect("a time").as_micros()
}

fn times(item: &ItemRow) -> (i64, i64, Option<i64>) {
    (item.asked_at, item.received_at, item.replied_at)
}

#[tokio::test]
async fn a_row_with_an_answer_is_an_item_answered_at_the_source_with_its_times() {
    on_both(async |world| {
        assert_eq!(four(world.counts(ANSWERED).await), (1, 0, 0, 0));
        let items = world.items().await;
        let item = &items[0];
        assert_eq!((item.stage.as_str(), item.lead_unit_id.as_deref()), ("replied", None));
        assert_eq!(times(item), (china(1, 8, 30, 0), START.as_micros(), Some(china(8, 16, 45, 30))));
        let versions = world.versions(item).await;
        assert_eq!(versions[0].reply, "您好：请带身份证原件和购房合同。");
        assert_eq!(versions[0].replied_at, item.replied_at);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_comes_later_settles_the_open_item_and_a_changed_one_is_a_version_only() {
    on_both(async |world| {
        world.counts(OPEN).await;
        assert_eq!(world.items().await[0].stage, "received");
        assert_eq!(four(world.counts(ANSWERED).await), (0, 0, 1, 0));
        let items = world.items().await;
        assert_eq!(items[0].stage, "replied");
        assert_eq!(times(&items[0]), (china(1, 8, 30, 0), START.as_micros(), Some(china(8, 16, 45, 30))));

        let changed = ANSWERED.replace("购房合同", "购房合同和发票").replace("09-08 16:45:30", "09-20 10:00:00");
        assert_eq!(four(world.counts(&changed).await), (0, 0, 1, 0));
        let after = world.items().await;
        assert_eq!((after[0].stage.as_str(), after[0].replied_at), ("replied", items[0].replied_at));
        let replies: Vec<String> = world.versions(&after[0]).await.into_iter().map(|version| version.reply).collect();
        assert_eq!(replies, ["", "您好：请带身份证原件和购房合同。", "您好：请带身份证原件和购房合同和发票。"]);
    })
    .await;
}

fn id(item: &ItemRow) -> ItemId {
    item.id.parse().expect("an id")
}

#[tokio::test]
async fn a_reopened_item_stays_open_under_its_old_answer_and_the_file_goes_in() {
    on_both(async |world| {
        world.counts(ANSWERED).await;
        let office = world.person("office", UnitKind::Office, Role::Office).await;
        let item = id(&world.items().await[0]);
        let reopen = Act::Reopen { reason: ReopenReason::Dissatisfied };
        world.service.act(&office, item, reopen, None).await.expect("it is reopened");
        world.clock.advance(60);
        // The source still shows the answer, and has changed something else about the row.
        let file =
            format!("{}S2,李四,另一件,2026-09-02 08:30:00,另一件事,,\n", ANSWERED.replace("咨询登记", "咨询房屋登记"));
        assert_eq!(four(world.counts(&file).await), (1, 0, 1, 0));
        let items = world.items().await;
        assert_eq!((items[0].title.as_str(), items[0].open), ("咨询房屋登记", true));
        assert_eq!(world.versions(&items[0]).await.len(), 2);
        // An answer given since does answer it.
        let anew = ANSWERED.replace("2026-09-08 16:45:30", "2026-10-09 09:10:00");
        world.clock.advance(1_800);
        assert_eq!(four(world.counts(&anew).await), (0, 0, 1, 0));
        assert_eq!(world.items().await[0].stage, "replied");
    })
    .await;
}

async fn what_is_typed_goes(world: &World) {
    let second = OPEN.replace("S1", "S2").replace("请问", "再问");
    world.counts(&format!("{OPEN}{second}")).await;
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    let handler = world.person("planning", UnitKind::Section, Role::Handler).await;
    let lead = handler.unit().expect("a unit");
    let items = world.items().await;
    let keep = async |item: &ItemRow| {
        world.service.keep_draft(&handler, id(item), DraftKind::Reply, "您好".to_owned(), 1).await
    };
    let kept = async |item: &ItemRow| {
        let kept = world.service.kept_draft(&handler, id(item), DraftKind::Reply).await;
        kept.expect("it is looked for").is_some()
    };
    for item in &items {
        let assign = Act::Assign { lead, assisting: [].into() };
        world.service.act(&office, id(item), assign, None).await.expect("it is assigned");
        keep(item).await.expect("it is kept");
        assert!(kept(item).await);
    }
    // One is answered at the source, the other withdrawn.
    assert_eq!(four(world.counts(ANSWERED).await), (0, 0, 1, 0));
    world.service.act(&office, id(&items[1]), Act::Withdraw, None).await.expect("it is withdrawn");
    for item in &items {
        assert!(!kept(item).await, "{}", item.number);
        match keep(item).await {
            Err(ServiceError::Refused(refusal)) => assert_eq!(refusal.code, "wrong_stage"),
            other => panic!("a refusal: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_typed_about_an_item_goes_with_its_end() {
    on_both(what_is_typed_goes).await;
}

#[tokio::test]
async fn a_holding_reply_pays_no_debt() {
    on_both(async |world| {
        let holding = OPEN.replace("材料,,", "材料,您的留言已收悉，已转相关科室办理。,2026-09-02 09:00:00");
        assert_eq!(four(world.counts(&holding).await), (1, 0, 0, 0));
        let items = world.items().await;
        assert_eq!((items[0].stage.as_str(), items[0].replied_at, items[0].open), ("received", None, true));
    })
    .await;
}

#[tokio::test]
async fn an_item_is_due_when_the_explanation_by_hand_says_so() {
    // Nothing in the row says what is wanted, so the bureau's ten working days count, over 国庆节 with its 调休.
    let row = "D1,张三,路口积水,2026-09-25 08:30:00,路口每次下雨都积水,,\n";
    let explain = ["--json", "deadline", "explain", "--from", "2026-09-25", "--limit", "10WD"];
    let explained = Program::new().run(&explain).json();
    let due = explained["due"].as_str().expect("a date").parse::<jiff::civil::Date>().expect("a date");
    assert!(due > date(2026, 10, 9), "the holiday lies in between: {due}");
    let counted = explained["counted"].as_array().expect("days").iter().filter(|day| day["counts"] == true);
    assert_eq!(counted.count(), 10);
    let midnight = due.tomorrow().expect("a date").at(0, 0, 0, 0);
    let end_of_day = Instant::from_civil(midnight).expect("a time").as_micros();
    on_both(async |world| {
        world.counts(row).await;
        let items = world.items().await;
        assert_eq!(items[0].request_type, "other");
        assert_eq!(items[0].due_at, Some(end_of_day), "the end of {due}");
        assert!(!items[0].due_provisional);
    })
    .await;
}

#[tokio::test]
async fn the_clock_of_a_dispatched_message_runs_from_the_dispatch_and_so_does_the_time_it_was_held() {
    let file = "工单编号,工单标题,诉求内容,市交办时间\nG1,路口积水,路口每次下雨都积水,2026-09-28 09:01:00\n";
    on_both(async |world| {
        let path = world.file("orders.csv", file);
        let imported = world.import_file("hotline-district", &path).await;
        assert_eq!((imported.statement.accepted, imported.refusal), (1, None));
        let items = world.items().await;
        assert_eq!(times(&items[0]), (china(28, 9, 1, 0), START.as_micros(), None));
        let office = world.person("office", UnitKind::Office, Role::Office).await;
        let lead = world.person("lead", UnitKind::Section, Role::Handler).await.unit().expect("a unit");
        world
            .service
            .act(&office, id(&items[0]), Act::Assign { lead, assisting: [].into() }, None)
            .await
            .expect("it is");
        let history = world.service.item_history(&office, id(&items[0])).await.expect("its history");
        let held = holdings(&history).expect("it can be told");
        assert_eq!(held[0].holder, Holder::Office);
        assert_eq!(held[0].from.as_micros(), china(28, 9, 1, 0));
        assert_eq!(held[0].to, Some(held[1].from), "the parts meet");
        assert_eq!((held[1].holder, held[1].to), (Holder::Unit(lead), None));
    })
    .await;
}
