//! What is lost is named by the day's reconciliation, with its number: a row deleted behind the program's back, a page that
//! the source drops, a number that it skips. Through the commands, against a source over the network.

use huiyin::store::Store;
use serde_json::Value;

use crate::support::postgres::TestDatabase;
use crate::support::program::{Program, Ran, text};
use crate::support::site::{At, Fault, Letter, Patience, Shape, Site, What};
use crate::support::stores::behind;

/// The numbers of the source run without gaps.
const RUNNING: &str = "\n[running_number]\npattern = '^(\\D*)(\\d+)$'\n";

/// One bureau with one source.
struct Bureau {
    program: Program,
    site: Site,
    connectors: std::path::PathBuf,
    database: Option<String>,
}

impl Bureau {
    async fn new(database: Option<&TestDatabase>) -> Self {
        let site = Site::start().await;
        let database = database.map(|database| database.url().to_owned());
        let program = database.as_deref().map_or_else(Program::new, Program::over);
        let text = Shape::JsonForm.connector("trial", &site.host, Patience::Long) + RUNNING;
        let connectors = program.connector("trial", &text);
        Self { program, site, connectors, database }
    }

    fn sweep(&self) -> Ran {
        self.program.run(&["--json", "--connectors", text(&self.connectors), "pull", "trial", "--sweep"])
    }

    #[track_caller]
    fn sweep_well(&self) {
        let ran = self.sweep();
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }

    /// What today's reconciliation finds, as code and subject. The exit code says whether it finds anything.
    #[track_caller]
    fn differences(&self) -> Vec<(String, String)> {
        let ran = self.program.run(&["--json", "reconcile", "--day", "today"]);
        let found = ran.json();
        let list = |value: &Value| value.as_array().expect("a list").clone();
        let placed = list(&found["sources"]).into_iter().flat_map(|source| list(&source["differences"]));
        let all: Vec<Value> = placed.chain(list(&found["unplaced"])).collect();
        let word = |value: &Value| value.as_str().expect("a word").to_owned();
        assert_eq!(
            (ran.code, found["ok"].as_bool()),
            (Some(i32::from(!all.is_empty())), Some(all.is_empty())),
            "{found}"
        );
        all.iter().map(|one| (word(&one["code"]), word(&one["about"]))).collect()
    }

    /// Asked for by its date, the day is what it is under its name.
    #[track_caller]
    fn the_day_by_its_date_is_the_same(&self) {
        let today = self.program.run(&["--json", "reconcile", "--day", "today"]);
        let date = today.json()["day"].as_str().expect("a date").to_owned();
        let dated = self.program.run(&["--json", "reconcile", "--day", &date]);
        assert_eq!((dated.code, dated.json()), (Some(1), today.json()));
    }

    async fn store(&self) -> Store {
        match &self.database {
            Some(url) => Store::open_server(url).await,
            None => Store::open_file(&self.program.data().join("huiyin.db")).await,
        }
        .expect("the store opens")
    }
}

fn named(code: &str, about: &str) -> (String, String) {
    (code.to_owned(), about.to_owned())
}

async fn losses_are_named(database: Option<&TestDatabase>) {
    let bureau = Bureau::new(database).await;
    bureau.site.change(|model| model.fill(10)).await;
    bureau.sweep_well();
    assert_eq!(bureau.differences(), []);

    // Number 11 is skipped, and turns up later among the old ones.
    let late = bureau.site.model().await.unshown();
    let above = Letter::new(late.uid + 1);
    bureau.site.change(|model| model.insert(0, above)).await;
    bureau.sweep_well();
    assert_eq!(bureau.differences(), [named("numbers_missing", "11")]);
    bureau.site.change(|model| model.insert(5, late)).await;
    bureau.sweep_well();
    assert_eq!(bureau.differences(), []);

    // The second of three pages is dropped: the third stands in its place.
    bureau.site.fail([Fault::lasting(At::List(2), What::Skipped)]).await;
    bureau.site.change(|model| (0..4).for_each(|_| model.add(4))).await;
    let ran = bureau.sweep();
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let told = ran.json();
    assert_eq!((told["claimed"].as_u64(), told["met"].as_u64()), (Some(16), Some(12)), "{told}");
    assert!(told["alarms"].as_array().expect("a list").iter().any(|alarm| alarm["code"] == "count_differs"), "{told}");
    assert_eq!(bureau.differences(), [named("source_differs", "")]);
    bureau.site.behave().await;
    bureau.sweep_well();
    assert_eq!(bureau.differences(), []);

    // It is dropped again, now that what stands on it is known: each of these is named.
    bureau.site.fail([Fault::lasting(At::List(2), What::Skipped)]).await;
    let ran = bureau.sweep();
    assert_eq!((ran.code, ran.json()["withdrawn"].as_u64()), (Some(1), Some(0)), "{}", ran.out);
    assert!(ran.err.contains("第 13–16 件"), "{}", ran.err);
    let unshown = ["13", "14", "15", "16"].map(|number| named("not_shown", number));
    assert_eq!(bureau.differences(), [vec![named("source_differs", "")], unshown.to_vec()].concat());
    bureau.site.behave().await;
    bureau.sweep_well();
    assert_eq!(bureau.differences(), []);

    // Rows are deleted behind the program's back.
    let store = bureau.store().await;
    assert_eq!(behind(&store, "DELETE FROM item WHERE number = 5").await, 1);
    assert_eq!(bureau.differences(), [named("item_gone", "5")]);
    let seventh = "(SELECT message_id FROM item WHERE number = 7)";
    assert_eq!(behind(&store, &format!("DELETE FROM message_version WHERE message_id = {seventh}")).await, 1);
    assert_eq!(bureau.differences(), [named("item_gone", "5"), named("version_gone", "7/1")]);
    store.close().await;
    bureau.the_day_by_its_date_is_the_same();
}

#[tokio::test]
async fn whatever_is_lost_is_named_with_its_number() {
    losses_are_named(None).await;
}

#[tokio::test]
async fn the_same_over_the_other_database() {
    let Some(database) = TestDatabase::create().await else { return };
    losses_are_named(Some(&database)).await;
}
