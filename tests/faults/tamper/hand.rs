//! The store that is tampered with, and the hand that does it.

use std::collections::BTreeSet;

use huiyin::clock::Clock as _;
use huiyin::service::act::Act;
use huiyin::service::import::repair::cells_of;
use huiyin::store::hold::HoldFilter;
use huiyin::store::publication::{self, EntryRow, EntryVersionRow, PublicationRow};
use huiyin_domain::access::{Actor, ReviewStep, Role, UnitKind};
use huiyin_domain::id::{EntryId, ItemId, PublicationId};
use huiyin_domain::item::ReturnReason;
use huiyin_domain::ledger::{Digest, Draft, digest_text, seal};
use huiyin_domain::time::Instant;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use crate::support::world::{World, random};

/// A hand in the database: no foreign keys, no questions.
#[derive(Debug)]
pub(super) struct Hand(SqliteConnection);

/// One stored value, as SQLite keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    Null,
    Integer(i64),
    Text(String),
}

/// A whole row: columns and values.
pub(super) type Values = Vec<(String, Stored)>;

impl Hand {
    pub(super) const fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }

    pub(super) async fn run(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query(sql).execute(&mut self.0).await.expect("the hand's statement runs");
    }

    async fn rows(&mut self, sql: &str) -> Vec<SqliteRow> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query(sql).fetch_all(&mut self.0).await.expect("the hand's query runs")
    }

    pub(super) async fn text(&mut self, sql: &str) -> String {
        self.rows(sql).await.first().expect("a row").get(0)
    }

    pub(super) async fn texts(&mut self, sql: &str) -> Vec<String> {
        self.rows(sql).await.iter().map(|row| row.get(0)).collect()
    }

    pub(super) async fn number(&mut self, sql: &str) -> i64 {
        self.rows(sql).await.first().expect("a row").get(0)
    }

    /// The first ledger entry that vouches for a row's text.
    pub(super) async fn entry_of(&mut self, table: &str, row: i64) -> i64 {
        let digest = self.text(&format!("SELECT digest FROM {table} WHERE rowid = {row}")).await;
        self.number(&format!("SELECT MIN(seq) FROM ledger WHERE body LIKE '%{digest}%'")).await
    }

    pub(super) async fn row_ids(&mut self, table: &str) -> Vec<i64> {
        let ids = self.rows(&format!("SELECT rowid FROM {table} ORDER BY rowid")).await;
        assert!(!ids.is_empty(), "{table} has rows to tamper with");
        ids.iter().map(|row| row.get(0)).collect()
    }

    /// The columns of a table, with their declared types.
    pub(super) async fn columns(&mut self, table: &str) -> Vec<(String, String)> {
        let rows = self.rows(&format!("SELECT name, type FROM pragma_table_info('{table}')")).await;
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    pub(super) async fn read(&mut self, table: &str, column: &str, row: i64) -> Stored {
        let kind = self.text(&format!("SELECT typeof({column}) FROM {table} WHERE rowid = {row}")).await;
        let select = format!("SELECT {column} FROM {table} WHERE rowid = {row}");
        match kind.as_str() {
            "null" => Stored::Null,
            "integer" => Stored::Integer(self.number(&select).await),
            _ => Stored::Text(self.text(&select).await),
        }
    }

    pub(super) async fn write(&mut self, table: &str, column: &str, row: i64, value: &Stored) {
        let sql = AssertSqlSafe(format!("UPDATE {table} SET {column} = $1 WHERE rowid = {row}"));
        let query = sqlx::query(sql);
        let query = match value {
            Stored::Null => query.bind(None::<i64>),
            Stored::Integer(number) => query.bind(*number),
            Stored::Text(text) => query.bind(text.clone()),
        };
        let done = query.execute(&mut self.0).await.expect("the value is written");
        assert_eq!(done.rows_affected(), 1, "{table}.{column} of row {row}");
    }

    pub(super) async fn swap(&mut self, table: &str, column: &str, one: i64, other: i64) {
        let (first, second) = (self.read(table, column, one).await, self.read(table, column, other).await);
        self.write(table, column, one, &second).await;
        self.write(table, column, other, &first).await;
    }

    /// Takes a row out.
    pub(super) async fn remove(&mut self, table: &str, row: i64) -> Values {
        let mut values = vec![("rowid".to_owned(), Stored::Integer(row))];
        for (column, _) in self.columns(table).await {
            let value = self.read(table, &column, row).await;
            values.push((column, value));
        }
        self.run(&format!("DELETE FROM {table} WHERE rowid = {row}")).await;
        values
    }

    pub(super) async fn put_back(&mut self, table: &str, values: &Values) {
        let columns: Vec<&str> = values.iter().map(|(column, _)| column.as_str()).collect();
        let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", "));
        let query = values.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, (_, value)| match value {
            Stored::Null => query.bind(None::<i64>),
            Stored::Integer(number) => query.bind(*number),
            Stored::Text(text) => query.bind(text.clone()),
        });
        query.execute(&mut self.0).await.expect("the row is put back");
    }

    /// Seals every ledger row anew over its present content, and the head with it.
    pub(super) async fn seal_anew(&mut self) {
        let mut prev = Digest::ZERO;
        for row in self.rows("SELECT seq, at, actor, subject, kind, body FROM ledger ORDER BY seq").await {
            let seq: i64 = row.get(0);
            let (actor, subject, kind, body): (String, String, String, String) =
                (row.get(2), row.get(3), row.get(4), row.get(5));
            let body = serde_json::from_str(&body).expect("a body is JSON");
            let draft = Draft::new(actor, subject, kind, &body).expect("a row that was written");
            let entry = seal(&prev, &draft, seq as u64, Instant::from_micros(row.get(1)));
            let (old, new) = (entry.prev_hash, entry.hash);
            self.run(&format!("UPDATE ledger SET prev_hash = '{old}', hash = '{new}' WHERE seq = {seq}")).await;
            prev = new;
        }
        self.run(&format!("UPDATE ledger_head SET hash = '{prev}'")).await;
    }
}

/// Eight messages: an exact repeat, one answered at the source, one changed later, and three rows that cannot be read, of
/// which one is repaired, one rejected, and one still waits.
const ROWS: &str = "\
B1,张三,咨询不动产登记,2026-09-01 08:00:00,请问房屋登记要带什么材料,,\n\
B2,李四,反映路灯不亮,2026-09-02 08:00:00,村口的路灯坏了很久没有人修,,\n\
B3,王五,再次反映路灯,2026-09-03 08:00:00,村口的路灯坏了很久没有人修,,\n\
B4,赵六,宅基地审批,2026-09-04 08:00:00,宅基地审批多久能办好,您好：材料齐全后二十个工作日内办结。,2026-09-10 10:00:00\n\
B5,钱七,征地补偿,2026-09-05 08:00:00,征地补偿款什么时候发放,,\n\
B6,孙八,日期坏了,2026-02-31 25:61,这一行读不了,,\n\
B7,周九,占道经营,某一天,菜场门口占道经营有人管吗,,\n\
B8,吴十,不是来件,又一天,导出时多带的一行,,\n";

/// A store in which everything that is protected has rows, and the hand to tamper with it.
pub(super) async fn worked() -> (World, Hand) {
    let world = World::embedded().await;
    let imported = world.import(ROWS).await;
    assert!(imported.refusal.is_none());
    assert_eq!((imported.statement.accepted, imported.statement.held), (5, 3), "{:?}", imported.statement);
    let changed = ROWS.replace("什么时候发放", "为什么还没有发放");
    assert_eq!(world.import(&changed).await.statement.changed, 1);
    Box::pin(work(&world)).await;
    let options = SqliteConnectOptions::new().filename(world.database()).foreign_keys(false);
    let hand = Hand(options.connect().await.expect("the database opens"));
    let verification = world.service.verify(&Actor::System("test"), &[]).await.expect("it verifies");
    assert_eq!(verification.findings, [], "sound before anything is altered");
    (world, hand)
}

async fn item(world: &World, number: i64) -> (ItemId, i64, i64) {
    let row = world.service.item_by_number(&Actor::System("test"), number).await.expect("the store answers");
    let row = row.expect("the item is there");
    (row.id.parse().expect("an id"), row.asked_at, row.replied_at.unwrap_or_default())
}

/// One held row repaired, the next rejected.
async fn settle_held(world: &World, office: &Actor) {
    let open = HoldFilter { open: true, ..HoldFilter::default() };
    let rows = world.service.held_rows(office, &open, None, 100).await.expect("the store answers");
    let find = |said: &str| {
        let row = rows.iter().find(|row| row.raw.contains(said)).expect("the row is held");
        (row.id.parse().expect("an id"), cells_of(row).expect("its cells"))
    };
    let (repaired, cells) = find("周九");
    let mend = |(name, old)| if old == "某一天" { (name, "2026-09-07 08:00:00".to_owned()) } else { (name, old) };
    let mended = cells.into_iter().map(mend).collect();
    let done = world.service.repair_held(office, repaired, Some(mended)).await.expect("the row is repaired");
    assert_eq!(done.outcome, "accepted");
    world.clock.advance(60);
    let (rejected, _) = find("吴十");
    world.service.reject_held(office, rejected, "与群众核实，不是来件").await.expect("the row is rejected");
    world.clock.advance(60);
}

/// Held rows settled; one item through all reviews to its release, with a draft sent back; one given back by its unit; one
/// published.
async fn work(world: &World) {
    let office = world.person("office", UnitKind::Office, Role::Office).await;
    settle_held(world, &office).await;
    let handler = world.person("land", UnitKind::Section, Role::Handler).await;
    let unit = handler.unit().expect("a unit");
    let first = world.colleague(&handler, "first", Role::Reviewer).await;
    let second = world.colleague(&office, "second", Role::Reviewer).await;
    let third = world.person("leaders", UnitKind::Leadership, Role::Reviewer).await;
    let assign = || Act::Assign { lead: unit, assisting: BTreeSet::new() };
    let draft = |text: &str| Act::SaveDraft { text: text.to_owned() };
    let approve = |step, version| Act::Approve { step, version };
    let (answered, asked_at, _) = item(world, 1).await;
    let steps: Vec<(&Actor, Act)> = vec![
        (&office, assign()),
        (&handler, Act::Accept),
        (&handler, draft("您好：请带身份证和购房合同到窗口办理。")),
        (&handler, Act::SubmitReply { version: 1 }),
        (&first, Act::SendBack { step: ReviewStep::First, reason: "请写明窗口地址".to_owned() }),
        (&handler, draft("您好：请带身份证和购房合同到一楼窗口办理。")),
        (&handler, Act::SubmitReply { version: 2 }),
        (&first, approve(ReviewStep::First, 2)),
        (&second, approve(ReviewStep::Second, 2)),
        (&third, approve(ReviewStep::Third, 2)),
        (&office, Act::Release),
    ];
    for (actor, act) in steps {
        world.clock.advance(3_600);
        world.service.act(actor, answered, act, None).await.expect("the act is done");
    }
    let (returned, ..) = item(world, 2).await;
    let reason = ReturnReason::ALL[0];
    let basis = "三定方案第三条：路灯归住建部门".to_owned();
    for (actor, act) in
        [(&office, assign()), (&handler, Act::RequestReturn { reason, basis, suggested: office.unit() })]
    {
        world.service.act(actor, returned, act, None).await.expect("the act is done");
    }
    publish(world, answered, asked_at).await;
}

/// A published entry, written as the use case would write it.
async fn publish(world: &World, item: ItemId, asked_at: i64) {
    let now = world.clock.now();
    let at = now.as_micros();
    let (issue, entry) = (PublicationId::new(now, random()), EntryId::new(now, random()));
    let salt = [7; 16];
    let (question, answer, basis) = ("登记要带什么材料？", "请带身份证和购房合同。", "不动产登记暂行条例");
    let digest = digest_text(&salt, &[question, answer, basis]);
    let mut tx = world.service.store().begin(&World::permit()).await.expect("a transaction begins");
    let row = PublicationRow {
        id: issue.to_string(),
        month: "2026-10".to_owned(),
        stage: "draft".to_owned(),
        title: "热点咨询".to_owned(),
        revision: 1,
        state: "{}".to_owned(),
        created_at: at,
        published_at: None,
    };
    publication::insert(&mut tx, row).await.expect("the issue is added");
    let row = EntryRow {
        id: entry.to_string(),
        publication_id: issue.to_string(),
        ordinal: 1,
        item_id: item.to_string(),
        unit_id: None,
        stage: "draft".to_owned(),
        version: 1,
        revision: 1,
        state: "{}".to_owned(),
        asked_at,
        replied_at: at,
    };
    publication::insert_entry(&mut tx, row).await.expect("the entry is added");
    let version = EntryVersionRow {
        entry_id: entry.to_string(),
        version: 1,
        question: question.to_owned(),
        answer: answer.to_owned(),
        basis: basis.to_owned(),
        actor: "system:test".to_owned(),
        at,
        salt: hex::encode(salt),
        digest: digest.to_string(),
    };
    publication::insert_entry_version(&mut tx, version).await.expect("the text is added");
    let subject = format!("publication:{issue}");
    tx.record(subject.clone(), "publication.created", &json!({ "month": "2026-10" })).expect("recorded");
    let body = json!({ "entry": entry.to_string(), "digest": digest.to_string(), "item": item.to_string() });
    tx.record(subject.clone(), "entry.added", &body).expect("recorded");
    tx.record(subject, "publication.titled", &json!({})).expect("recorded");
    tx.commit(now).await.expect("the transaction ends");
}
