//! The whole program on a free port: an embedded store in a temporary folder, an index, a clock that stands still, and
//! one account a role.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    sync::Arc,
    time::Duration,
};

use huiyin::{
    clock::{Clock as _, ManualClock},
    http::{App, serve, whole},
    intake,
    page::Site,
    search::{Indexer, IndexerOptions},
    service::{
        HomeSettings, Service,
        account::{IDLE_SECONDS, NewAccount, Viewer},
        import::Statement,
        index::Follower,
    },
    store::Store,
};
use huiyin_domain::{
    access::{Actor, Role, UnitKind},
    id::UnitId,
    time::Instant,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The password of every seeded account.
pub const PASSWORD: &str = "Huiyin-2026";

/// What the platform of `hotline-push` signs with.
pub const PUSH_SECRET: &str = "geheim-neu";
/// What it signed with before, while both are good.
pub const OLD_PUSH_SECRET: &str = "geheim-alt";

/// Who runs the machine.
pub const CLI: Actor = Actor::System("cli");

/// The seeded units: code, name, kind.
const UNITS: [(&str, &str, UnitKind); 4] = [
    ("office", "办公室", UnitKind::Office),
    ("planning", "规划科", UnitKind::Section),
    ("survey", "测绘科", UnitKind::Section),
    ("leaders", "局领导", UnitKind::Leadership),
];

/// The seeded accounts: login, unit, role.
pub const ACCOUNTS: [(&str, &str, Role); 10] = [
    ("office", "office", Role::Office),
    ("handler", "planning", Role::Handler),
    ("stranger", "survey", Role::Handler),
    ("head", "planning", Role::Reviewer),
    ("checker", "office", Role::Reviewer),
    ("leader", "leaders", Role::Reviewer),
    ("publisher", "office", Role::Publisher),
    ("sysadmin", "office", Role::SystemAdmin),
    ("secadmin", "office", Role::SecurityAdmin),
    ("auditor", "office", Role::Auditor),
];

/// An invented message of the board.
#[derive(Debug, Clone)]
pub struct Letter {
    pub key: String,
    pub author: String,
    pub title: String,
    pub body: String,
    pub asked_at: String,
    pub answer: Option<(String, String)>,
}

impl Letter {
    /// An unanswered letter with this number.
    pub fn new(number: usize) -> Self {
        Self {
            key: format!("L{number:05}"),
            author: format!("甲{number}"),
            title: format!("青禾路第{number}号楼的采光"),
            body: format!("青禾路第{number}号楼北侧要建高楼，请问规划审批时核算过采光吗？"),
            asked_at: format!("2026/9/{} 9:{:02}:00", number % 28 + 1, number % 60),
            answer: None,
        }
    }

    /// The same, already answered at the source.
    pub fn answered(number: usize) -> Self {
        let text = "您好，该项目的日照分析已经公示，请到规划展示厅查询。".to_owned();
        Self { answer: Some((text, "2026/9/30 10:00:00".to_owned())), ..Self::new(number) }
    }
}

/// The program, running.
pub struct TestApp {
    pub service: Service,
    pub clock: Arc<ManualClock>,
    pub address: String,
    pub client: reqwest::Client,
    units: HashMap<&'static str, String>,
    tokens: Mutex<HashMap<&'static str, (String, Instant)>>,
    follower: Mutex<Follower>,
    stop: CancellationToken,
    serving: Mutex<Option<JoinHandle<std::io::Result<()>>>>,
    dir: TempDir,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl TestApp {
    /// Starts it with units and accounts, and nothing else.
    pub async fn start() -> Self {
        Self::start_with(|app, _| app).await
    }

    /// The same with another set-up of the server, whose address is told.
    pub async fn start_with(set_up: impl FnOnce(App, &str) -> App) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_file(&dir.path().join("huiyin.db")).await.unwrap();
        let options = IndexerOptions { threads: 1, memory: 15_000_000 };
        let indexer = Indexer::open(&dir.path().join("index"), options).unwrap();
        // 2026-10-09 09:00 in China, the first working day after a holiday.
        let clock = Arc::new(ManualClock::new(Instant::from_micros(1_791_507_600_000_000)));
        let home = HomeSettings {
            owner: "here".to_owned(),
            spool: dir.path().join("uploads"),
            blobs: dir.path().join("blobs"),
            max_upload_bytes: 4 << 20,
            connectors: Some(dir.path().join("connectors")),
        };
        // A busy machine may take its time to write, and to read a day; a test that moves the clock must not be ahead of it,
        // and one that counts statements counts those of each page.
        let patience = Duration::from_secs(10);
        let service = Service::new(store.clone(), indexer.search()).with_clock(clock.clone()).with_home(home);
        let follower = Follower::new(store, indexer).unwrap();
        let secrets = [("HUIYIN_SECRET_HOTLINE_PUSH", PUSH_SECRET), ("HUIYIN_SECRET_OLD_PUSH", OLD_PUSH_SECRET)];
        let secrets = secrets.map(|(name, value)| (name.into(), value.into()));
        let secrets = huiyin::intake::fetch::Secrets::read(secrets, None).unwrap();
        let service = service
            .with_noting_patience(patience)
            .with_quick_day(patience)
            .with_follower(&follower)
            .with_secrets(secrets);
        let follower = Mutex::new(follower);
        let units = add_units(&service).await;
        add_accounts(&service, &units).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let app = set_up(App::new(service.clone()).with_dev(true).with_stop(stop.clone()), &address);
        let routes = whole(app, Site::default()).unwrap();
        let serving = Mutex::new(Some(tokio::spawn(serve(listener, routes, stop.clone()))));
        let units = units.into_iter().map(|(code, id)| (code, format!("unit:{id}"))).collect();
        let client = super::http::client();
        Self { service, clock, address, client, units, tokens: Mutex::default(), follower, stop, serving, dir }
    }

    /// Tells the server to stop, and waits until it has.
    pub async fn stop(&self) {
        self.stop.cancel();
        if let Some(serving) = self.serving.lock().await.take() {
            serving.await.unwrap().unwrap();
        }
    }

    /// The id of a seeded unit, as the API writes it.
    pub fn unit(&self, code: &str) -> &str {
        &self.units[code]
    }

    /// A token of a seeded account; one session an account, and a new one when it has not been used for too long.
    pub async fn token(&self, login: &'static str) -> String {
        let mut tokens = self.tokens.lock().await;
        let now = self.clock.now();
        let fresh = tokens.get(login).filter(|(_, used)| *used > now.plus_seconds(60 - IDLE_SECONDS));
        let token = match fresh {
            Some((token, _)) => token.clone(),
            None => self.service.sign_in(login, PASSWORD.to_owned()).await.unwrap().token,
        };
        tokens.insert(login, (token.clone(), now));
        token
    }

    /// Its data directory.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Takes letters in through the board's connector, and lets the index follow.
    pub async fn import(&self, letters: &[Letter]) -> Statement {
        let mut text = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n".to_owned();
        for Letter { key, author, title, body, asked_at, answer } in letters {
            let (reply, replied_at) = answer.clone().unwrap_or_default();
            writeln!(text, "{key},{author},{title},{asked_at},{body},{reply},{replied_at}").unwrap();
        }
        let path = self.dir.path().join("letters.csv");
        std::fs::write(&path, text).unwrap();
        let board = intake::find("board", None).unwrap().unwrap();
        let program = Actor::System("import");
        let imported = self.service.import_file(&program, &board, &path, &mut |_| {}).await.unwrap();
        assert_eq!(imported.refusal, None);
        self.follow().await;
        imported.statement
    }

    /// Lets the index follow the ledger to its end.
    pub async fn follow(&self) {
        self.follower.lock().await.catch_up().await.unwrap();
    }

    /// Sends a request as an account, or as a visitor; answers with the whole response.
    pub async fn gql(&self, login: Option<&'static str>, query: &str, variables: Value) -> Value {
        let mut request = self.client.post(format!("{}/graphql", self.address));
        if let Some(login) = login {
            request = request.bearer_auth(self.token(login).await);
        }
        let response = request.json(&json!({ "query": query, "variables": variables })).send().await.unwrap();
        response.json().await.unwrap()
    }

    /// The same, for what has to succeed: answers with `data`.
    pub async fn ok(&self, login: &'static str, query: &str, variables: Value) -> Value {
        let answer = self.gql(Some(login), query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}: {answer:#}");
        answer["data"].clone()
    }

    /// Signs somebody in anew and answers with the token.
    pub async fn sign_in(&self, login: &str, password: &str) -> String {
        self.service.sign_in(login, password.to_owned()).await.unwrap().token
    }

    /// Who a seeded account is, as the program sees it.
    pub async fn viewer(&self, login: &'static str) -> Viewer {
        let token = self.token(login).await;
        self.service.authenticate(&token).await.unwrap().unwrap()
    }

    /// The id of an account, as the API writes it.
    pub async fn account(&self, login: &str) -> String {
        let accounts = self.ok("sysadmin", "{ accounts { id login } }", json!({})).await["accounts"].clone();
        let found = accounts.as_array().unwrap().iter().find(|account| account["login"] == login).cloned();
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Sends a request with this token and answers with the whole response.
    pub async fn post(&self, token: &str, query: &str) -> Value {
        let request = self.client.post(format!("{}/graphql", self.address)).bearer_auth(token);
        request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
    }

    /// Does something with an item and answers with the payload.
    pub async fn act(&self, login: &'static str, call: &str) -> Value {
        let query = format!(
            "mutation {{ it: {call} {{ status userErrors {{ code message }} item {{ stage {{ code }} revision }} seq }} }}"
        );
        self.ok(login, &query, json!({})).await["it"].clone()
    }

    /// How many items there are.
    pub async fn item_count(&self) -> i64 {
        self.ok("office", "{ items { totalCount } }", json!({})).await["items"]["totalCount"].as_i64().unwrap()
    }

    /// The id of the item with this number, as the API writes it.
    pub async fn item(&self, number: i64) -> String {
        let found = self.ok("office", "query($n: Int!) { itemByNumber(number: $n) { id } }", json!({ "n": number }));
        found.await["itemByNumber"]["id"].as_str().unwrap().to_owned()
    }
}

/// The code of the first entry of `errors`.
pub fn error_code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("an error with a code: {answer:#}"))
}

async fn add_units(service: &Service) -> HashMap<&'static str, UnitId> {
    let mut units = HashMap::new();
    for (code, name, kind) in UNITS {
        let row = service.add_unit(&CLI, code, name, kind).await.unwrap();
        units.insert(code, row.unit_id().unwrap());
    }
    units
}

async fn add_accounts(service: &Service, units: &HashMap<&'static str, UnitId>) {
    for (login, unit, role) in ACCOUNTS {
        let new = NewAccount {
            login: login.to_owned(),
            name: format!("{}甲", role.label()),
            unit: units[unit],
            roles: BTreeSet::from([role]),
            password: PASSWORD.to_owned(),
            must_change: false,
        };
        service.add_account(&CLI, new).await.unwrap();
    }
}
