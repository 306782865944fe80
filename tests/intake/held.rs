//! Rows that were held: repaired, they are as if they had stood in the file; rejected, they stay on record.

use huiyin::intake::RawCells;
use huiyin::service::import::repair::cells_of;
use huiyin::service::{HomeSettings, ServiceError};
use huiyin::store::hold::HoldFilter;
use huiyin::store::item_list::Filter;
use huiyin::store::ledger;
use huiyin::store::source::HoldRow;
use huiyin_domain::access::{Actor, Role, UnitKind};
use huiyin_domain::id::HoldId;

use super::on_both;
use crate::support::world::World;

const ROWS: &str = "L1,甲,采光,2026-09-01 08:00:00,青禾路的采光怎么核算？,,\n\
                    L2,乙,停车,某天,停车场怎么规划？,已经公示，请到展厅查询。,2026-09-05 10:00:00\n\
                    L3,丙,绿地,又一天,绿地还建吗？,,\n";
const CLI: Actor = Actor::System("test");

async fn open(world: &World) -> Vec<HoldRow> {
    let filter = HoldFilter { open: true, ..HoldFilter::default() };
    world.service.held_rows(&CLI, &filter, None, 100).await.unwrap()
}

fn id(row: &HoldRow) -> HoldId {
    row.id.parse().unwrap()
}

fn with(row: &HoldRow, header: &str, text: &str) -> RawCells {
    let cells = cells_of(row).unwrap().into_iter();
    cells.map(|(name, old)| if name == header { (name, text.to_owned()) } else { (name, old) }).collect()
}

fn refused<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
    match result {
        Err(ServiceError::Refused(refusal)) => refusal.code,
        other => panic!("a refusal: {other:?}"),
    }
}

async fn kinds(world: &World, row: &HoldRow) -> Vec<String> {
    let mut reader = world.service.store().read().await.unwrap();
    let rows = ledger::of_subject(&mut reader.conn(), &format!("hold:{}", row.id), 0, 100).await.unwrap();
    rows.into_iter().map(|row| row.kind).collect()
}

async fn held_rows_are_settled(world: &World) {
    let statement = world.import(ROWS).await.statement;
    assert_eq!((statement.accepted, statement.held), (1, 2));
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    let handler = world.person("planning", UnitKind::Section, Role::Handler).await;
    let service = &world.service;
    let rows = open(world).await;
    let [second, third] = [&rows[0], &rows[1]];
    assert_eq!((second.row_number, third.row_number), (3, 4));

    // Who may not, may not, and nothing is written by a refusal.
    assert_eq!(refused(service.repair_held(&handler, id(second), None).await), "forbidden");
    assert_eq!(refused(service.open_held(&handler, id(second)).await), "forbidden");
    assert_eq!(refused(service.repair_held(&office, id(second), None).await), "row_still_unreadable");
    let worse = with(second, "留言时间", "另一天");
    assert_eq!(refused(service.repair_held(&office, id(second), Some(worse)).await), "row_still_unreadable");
    let blank = with(second, "留言时间", "");
    assert_eq!(refused(service.repair_held(&office, id(second), Some(blank)).await), "row_still_unreadable");
    assert_eq!(refused(service.reject_held(&office, id(second), " ").await), "reject_reason_missing");
    assert_eq!(kinds(world, second).await, [""; 0]);

    // Opened, repaired: an item as the file would have given it, with its answer and its times.
    assert_eq!(service.open_held(&office, id(second)).await.unwrap(), cells_of(second).unwrap());
    let mended = with(second, "留言时间", "2026-09-02 08:00:00");
    let settled = service.repair_held(&office, id(second), Some(mended.clone())).await.unwrap();
    assert_eq!((settled.outcome, settled.hold.resolution.as_deref()), ("accepted", Some("repaired")));
    assert_eq!(settled.hold.resolved_by, Some(office.code()));
    assert_eq!(kinds(world, second).await, ["held.viewed", "hold.repaired"]);
    let item = service.item_by_number(&CLI, 2).await.unwrap().unwrap();
    assert_eq!(settled.hold.item_id.as_ref(), Some(&item.id));
    assert_eq!((item.title.as_str(), item.stage.as_str()), ("停车", "replied"));
    let detail = service.item_detail(&CLI, item).await.unwrap();
    assert_eq!(detail.versions[0].pull_id, second.pull_id);
    assert_eq!(serde_json::from_str::<RawCells>(&detail.versions[0].raw).unwrap(), mended);
    assert_eq!(refused(service.repair_held(&office, id(second), Some(mended)).await), "hold_settled");

    // Rejected: the reason is kept, its digest in the ledger.
    let settled = service.reject_held(&office, id(third), "与群众核实，不是来件").await.unwrap();
    assert_eq!(settled.hold.note.as_deref(), Some("与群众核实，不是来件"));
    assert_eq!(refused(service.reject_held(&office, id(third), "再来一次").await), "hold_settled");
    assert_eq!(open(world).await, []);

    // The statement of then is history; the corrected file brings nothing new, the same file nothing that waits.
    let pull = service.pull(&CLI, second.pull_id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((pull.stated, pull.accepted, pull.held), (3, 1, 2));
    let corrected = ROWS.replace("某天", "2026-09-02 08:00:00");
    let again = world.import(&corrected).await.statement;
    assert_eq!((again.unchanged, again.held, again.rejected, again.accepted, again.changed), (2, 0, 1, 0, 0));
    let again = world.import(ROWS).await.statement;
    assert_eq!((again.unchanged, again.held, again.rejected, again.adds_up()), (2, 0, 1, true));
    assert_eq!(open(world).await, []);
    assert_eq!(service.verify(&CLI, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn held_rows_are_repaired_or_rejected_on_record() {
    on_both(held_rows_are_settled).await;
}

/// A row that was held is older than what a later file brought under its key.
async fn a_newer_text_stays(world: &World) {
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    let old = "L9,甲,旧的题目,某天,旧的内容,,\n";
    assert_eq!(world.import(old).await.statement.held, 1);
    let new = "L9,甲,新的题目,2026-09-03 08:00:00,新的内容,,\n";
    assert_eq!(world.import(new).await.statement.accepted, 1);
    let held = open(world).await;
    let mended = with(&held[0], "留言时间", "2026-09-01 08:00:00");
    let settled = world.service.repair_held(&office, id(&held[0]), Some(mended)).await.unwrap();
    let item = world.service.item_by_number(&CLI, 1).await.unwrap().unwrap();
    assert_eq!((settled.outcome, settled.hold.item_id.as_ref()), ("unchanged", Some(&item.id)));
    assert_eq!(item.title, "新的题目");
    let detail = world.service.item_detail(&CLI, item).await.unwrap();
    assert_eq!(detail.versions.len(), 1);
    assert_eq!(open(world).await, []);
}

#[tokio::test]
async fn an_older_text_is_not_put_over_a_newer_one() {
    on_both(a_newer_text_stays).await;
}

/// Two rows of one key wait, of two files: in whatever order they are repaired, the newer file's text is the item's.
async fn rows_of_one_key(world: &World) {
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    for (key, newest_first, outcomes) in
        [("L7", false, ["accepted", "changed"]), ("L8", true, ["accepted", "unchanged"])]
    {
        for text in ["旧的内容", "新的内容"] {
            let statement = world.import(&format!("{key},甲,{text},某天,{text},,\n")).await.statement;
            assert_eq!(statement.held, 1);
        }
        let mut held = open(world).await;
        if newest_first {
            held.reverse();
        }
        let mut item = None;
        for (row, outcome) in held.iter().zip(outcomes) {
            world.clock.advance(60);
            let mended = with(row, "留言时间", "2026-09-01 08:00:00");
            let settled = world.service.repair_held(&office, id(row), Some(mended)).await.unwrap();
            assert_eq!(settled.outcome, outcome, "{key}");
            item = settled.hold.item_id;
        }
        let item = world.service.item(&CLI, item.unwrap().parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(item.title, "新的内容", "{key}");
    }
    // Of one file: both texts are kept, since it is not told which came first.
    world.import("L6,甲,题目,某天,此,,\nL6,甲,题目,某天,彼,,\n").await;
    for (row, outcome) in open(world).await.iter().zip(["accepted", "changed"]) {
        world.clock.advance(60);
        let mended = with(row, "留言时间", "2026-09-01 08:00:00");
        assert_eq!(world.service.repair_held(&office, id(row), Some(mended)).await.unwrap().outcome, outcome);
    }
    assert_eq!(world.service.verify(&CLI, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn rows_of_one_key_leave_the_newer_text() {
    on_both(rows_of_one_key).await;
}

/// A mended connector reads what the one before it held.
async fn rows_are_replayed(world: &World) {
    let folder = world.database().with_file_name("connectors");
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    let service = world.service.clone().with_home(HomeSettings {
        owner: "here".to_owned(),
        spool: folder.with_file_name("uploads"),
        blobs: folder.with_file_name("blobs"),
        max_upload_bytes: 1 << 20,
        connectors: Some(folder.clone()),
    });
    let many: Vec<String> = (0..250)
        .map(|row| format!("M{row},甲,题目{row},{:02}/{:02}/2026,第{row}封的内容,,\n", row % 6 + 1, row % 5 + 7))
        .collect();
    let statement = world.import(&format!("{ROWS}{}", many.concat())).await.statement;
    assert_eq!((statement.accepted, statement.held), (1, 252));
    let before = service.replay_held(&office, "board").await.unwrap();
    assert_eq!((before.repaired, before.still_held, before.more), (0, 252, false));

    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors/board/connector.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    std::fs::create_dir_all(folder.join("board")).unwrap();
    std::fs::write(folder.join("board/connector.toml"), text.replace("\"slash\"", "\"mdy\"")).unwrap();
    let after = service.replay_held(&office, "board").await.unwrap();
    assert_eq!((after.repaired, after.still_held, after.more), (250, 2, false));
    assert_eq!(open(world).await.len(), 2);
    assert_eq!(service.count_items(&CLI, &Filter::default()).await.unwrap(), 251);
}

#[tokio::test]
async fn rows_are_replayed_once_their_connector_is_mended() {
    on_both(rows_are_replayed).await;
}
