//! A bureau at work: the whole program on a free port with its index following, and people who only speak HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use huiyin::clock::{Clock as _, ManualClock};
use huiyin::http::{App, router_with, serve};
use huiyin::portal::{self, Site};
use huiyin::search::{Indexer, IndexerOptions};
use huiyin::service::account::{IDLE_SECONDS, NewAccount};
use huiyin::service::{Service, index::Follower};
use huiyin::store::Store;
use huiyin_domain::access::{Actor, Role, UnitKind};
use huiyin_domain::time::Instant;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The password of everybody.
pub const PASSWORD: &str = "Huiyin-2026";
/// What the administrator gives; it is changed at the first sign-in.
const FIRST_PASSWORD: &str = "Given-2026";
/// Nobody: a request without a token.
pub const VISITOR: &str = "";

/// Code, name and kind of the units that the system administrator adds.
const UNITS: [(&str, &str, &str); 4] = [
    ("planning", "规划科", "SECTION"),
    ("survey", "测绘科", "SECTION"),
    ("registry", "登记科", "SECTION"),
    ("leaders", "局领导", "LEADERSHIP"),
];

/// Login, name, unit and roles of the people who are added over the API.
const PEOPLE: [(&str, &str, &str, &str); 12] = [
    ("office", "王办公", "office", "OFFICE"),
    ("clerk", "孙经办", "office", "HANDLER"),
    ("checker", "李二审", "office", "REVIEWER"),
    ("publisher", "陈发布", "office", "PUBLISHER"),
    ("editor", "吴编审", "office", "PUBLISHER, REVIEWER"),
    ("auditor", "郑审计", "office", "AUDITOR"),
    ("handler", "赵经办", "planning", "HANDLER"),
    ("deputy", "钱副手", "planning", "HANDLER, REVIEWER"),
    ("head", "周科长", "planning", "REVIEWER"),
    ("helper", "冯协办", "survey", "HANDLER, REVIEWER"),
    ("stranger", "何旁人", "registry", "HANDLER, REVIEWER"),
    ("leader", "许局长", "leaders", "REVIEWER"),
];

/// Whoever runs the machine.
pub const CLI: Actor = Actor::System("cli");

/// The bureau.
pub struct Bureau {
    pub service: Service,
    pub clock: Arc<ManualClock>,
    pub folder: TempDir,
    address: String,
    client: reqwest::Client,
    units: HashMap<String, String>,
    tokens: Mutex<HashMap<&'static str, (String, Instant)>>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Bureau {
    /// Opens it on an empty store, on 2026-10-09 at nine in the morning, with everybody in place.
    pub async fn open(store: &Store) -> Self {
        let folder = TempDir::new().unwrap();
        let options = IndexerOptions { threads: 1, memory: 15_000_000 };
        let indexer = Indexer::open(&folder.path().join("index"), options).unwrap();
        let clock = Arc::new(ManualClock::new(at("2026-10-09T09:00:00+08:00")));
        let service = Service::new(store.clone(), indexer.search()).with_clock(clock.clone());
        let stop = CancellationToken::new();
        let follower = Follower::new(store.clone(), indexer).unwrap();
        let service = service.with_follower(&follower);
        let following = tokio::spawn(follower.run(store.follow(), stop.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = App::new(service.clone());
        let pages = portal::router(app.api().clone(), Site::default()).unwrap();
        let serving = tokio::spawn(serve(listener, router_with(app, pages), stop.clone()));
        let tasks = vec![
            tokio::spawn(async { drop(following.await.unwrap()) }),
            tokio::spawn(async { serving.await.unwrap().unwrap() }),
        ];
        let client = crate::support::http::client();
        let (units, tokens) = (HashMap::new(), Mutex::default());
        let mut bureau = Self { service, clock, folder, address, client, units, tokens, stop, tasks };
        bureau.found().await;
        bureau
    }

    /// The machine's owner makes the office and its two first administrators; these make the rest over the API.
    async fn found(&mut self) {
        let office = self.service.add_unit(&CLI, "office", "办公室", UnitKind::Office).await.unwrap();
        let unit = office.unit_id().unwrap();
        self.units.insert("office".to_owned(), format!("unit:{unit}"));
        for (login, name, role) in
            [("sysadmin", "韩系统", Role::SystemAdmin), ("secadmin", "杨安全", Role::SecurityAdmin)]
        {
            let new = NewAccount {
                login: login.to_owned(),
                name: name.to_owned(),
                unit,
                roles: [role].into(),
                password: PASSWORD.to_owned(),
                must_change: false,
            };
            self.service.add_account(&CLI, new).await.unwrap();
        }
        for (code, name, kind) in UNITS {
            let call = format!("addUnit(input: {{ code: \"{code}\", name: \"{name}\", kind: {kind} }})");
            let added = self.does("sysadmin", &call, "unit { id }").await;
            self.units.insert(code.to_owned(), text(&added["unit"]["id"]));
        }
        for (login, name, unit, roles) in PEOPLE {
            let unit = self.unit(unit);
            let call = format!(
                "addAccount(input: {{ login: \"{login}\", name: \"{name}\", unit: \"{unit}\", password: \"{FIRST_PASSWORD}\" }})"
            );
            let added = self.does("sysadmin", &call, "account { id roles { code } }").await;
            assert_eq!(added["account"]["roles"], json!([]), "an account is trusted with nothing at first");
            let call = format!("setAccountRoles(account: {}, roles: [{roles}])", added["account"]["id"]);
            self.does("secadmin", &call, "account { id }").await;
            self.begins(login).await;
        }
    }

    /// Somebody new signs in for the first time: nothing is to be had before the password is changed.
    async fn begins(&self, login: &str) {
        let call = format!("signIn(login: \"{login}\", password: \"{FIRST_PASSWORD}\")");
        let answer = self.post(None, &mutation(&call, "token account { mustChangePassword }")).await;
        let signed_in = &answer["data"]["it"];
        assert_eq!(signed_in["account"]["mustChangePassword"], true, "{answer:#}");
        let token = text(&signed_in["token"]);
        refusal(&self.post(Some(&token), "{ units { code } }").await, "password_change_required", "a first password");
        let call = format!("changePassword(present: \"{FIRST_PASSWORD}\", new: \"{PASSWORD}\")");
        let answer = self.post(Some(&token), &mutation(&call, "")).await;
        assert_eq!(answer["data"]["it"]["status"], "OK", "{answer:#}");
        let units = self.post(Some(&token), "{ units { code } }").await;
        assert!(units["data"]["units"].is_array(), "the session goes on: {units:#}");
    }

    /// Stops the server and the index, and waits until both have.
    pub async fn close(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }

    /// A later day: yesterday's sessions are over.
    pub async fn morning(&self, time: &str) {
        self.clock.set(at(time));
        self.tokens.lock().await.clear();
    }

    /// The id of a unit, as the API writes it.
    pub fn unit(&self, code: &str) -> &str {
        &self.units[code]
    }

    /// The token of a person, who signs in when the day's first thing is to be done, and again after a pause.
    pub async fn token(&self, login: &'static str) -> String {
        let mut tokens = self.tokens.lock().await;
        let now = self.clock.now();
        if let Some((token, used)) =
            tokens.get_mut(login).filter(|(_, used)| *used > now.plus_seconds(60 - IDLE_SECONDS))
        {
            *used = now;
            return token.clone();
        }
        let call = format!("signIn(login: \"{login}\", password: \"{PASSWORD}\")");
        let answer = self.post(None, &mutation(&call, "token account { login }")).await;
        let signed_in = &answer["data"]["it"];
        assert_eq!(signed_in["account"]["login"], login, "{answer:#}");
        let token = text(&signed_in["token"]);
        tokens.insert(login, (token.clone(), now));
        token
    }

    /// Posts a document with this token, or none, and answers with the whole response.
    pub async fn post(&self, token: Option<&str>, document: &str) -> Value {
        let mut request = self.client.post(format!("{}/graphql", self.address)).json(&json!({ "query": document }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Posts a document as this person.
    pub async fn send(&self, who: &'static str, document: &str) -> Value {
        if who == VISITOR {
            return self.post(None, document).await;
        }
        let token = self.token(who).await;
        self.post(Some(&token), document).await
    }

    /// Reads something that this person may read.
    pub async fn read(&self, who: &'static str, query: &str) -> Value {
        let answer = self.send(who, query).await;
        assert_eq!(answer.get("errors"), None, "{who}: {query}: {answer:#}");
        answer["data"].clone()
    }

    /// Does something that has to succeed, a minute after the last, and answers with the payload.
    pub async fn does(&self, who: &'static str, call: &str, selection: &str) -> Value {
        self.clock.advance(60);
        let payload = self.read(who, &mutation(call, selection)).await["it"].clone();
        assert_eq!(payload["status"], "OK", "{who}: {call}: {payload:#}");
        payload
    }

    /// Asks for something that has to be refused with this code, in Chinese, and without changing anything. Answers with
    /// the message.
    pub async fn refused(&self, who: &'static str, call: &str, code: &str) -> String {
        self.denied(who, &mutation(call, ""), code).await
    }

    /// The same for any document.
    pub async fn denied(&self, who: &'static str, document: &str, code: &str) -> String {
        if who != VISITOR {
            self.token(who).await;
        }
        let before = self.fingerprint().await;
        let answer = self.send(who, document).await;
        let message = refusal(&answer, code, document);
        assert_eq!(self.fingerprint().await, before, "{who}: {document}: refused, and yet something changed");
        message
    }

    /// The ledger's head, and the revisions of all items and issues.
    pub async fn fingerprint(&self) -> Value {
        let query = "{ items(first: 100, order: ASKED_OLDEST) { edges { node { id revision } } }
            publications { id revision entries { id version stage { code } } } }";
        let objects = self.read("office", query).await;
        // The ledger comes last: signing in to read anything writes to it.
        json!([objects, self.read("auditor", "{ ledgerHead { seq root } }").await])
    }

    /// The ledger's newest number.
    pub async fn ledger_seq(&self) -> u64 {
        self.read("auditor", "{ ledgerHead { seq } }").await["ledgerHead"]["seq"].as_u64().unwrap()
    }

    /// Waits until the index shows what the ledger holds by now.
    pub async fn indexed(&self) {
        for _ in 0..600 {
            let health: Value = self.get_json("/healthz").await;
            if health["index_cursor"] == health["ledger_seq"] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the index does not follow the ledger");
    }

    async fn get_json(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.address)).send().await.unwrap().json().await.unwrap()
    }

    /// A page, as a citizen's browser gets it.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{}{path}", self.address)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

/// The instant a text names.
pub fn at(text: &str) -> Instant {
    Instant::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// The text of a value that has to be one.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value:#}")).to_owned()
}

/// A mutation of one field, called `it`.
pub fn mutation(call: &str, selection: &str) -> String {
    format!("mutation {{ it: {call} {{ status userErrors {{ code message }} {selection} }} }}")
}

/// The Chinese message of the answer's refusal, which has to have this code.
pub fn refusal(answer: &Value, code: &str, about: &str) -> String {
    let error = &answer["errors"][0];
    let told = &answer["data"]["it"]["userErrors"][0];
    let (found, message) = match told {
        Value::Null => (&error["extensions"]["code"], &error["message"]),
        told => (&told["code"], &told["message"]),
    };
    assert_eq!(found, code, "{about}: {answer:#}");
    let message = text(message);
    assert!(
        message.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
        "{code} is not told in Chinese: {message}"
    );
    message
}
