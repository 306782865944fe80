//! An invented office: people of every role, and answered items of October 2026.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use huiyin::api::Api;
use huiyin::clock::{Clock as _, ManualClock};
use huiyin::intake;
use huiyin::portal::{Site, router};
use huiyin::search::{Indexer, IndexerOptions};
use huiyin::service::account::NewAccount;
use huiyin::service::publication::{EntryText, PublicationAct, PublicationDone};
use huiyin::service::{Service, ServiceError};
use huiyin::store::Store;
use huiyin::store::item::ItemRow;
use huiyin::store::item_list::{Filter, Order, Slice, Told};
use huiyin_domain::access::{Actor, Limit, Role, UnitKind};
use huiyin_domain::id::{EntryId, ItemId, PublicationId, UnitId};
use huiyin_domain::publication::YearMonth;
use huiyin_domain::time::Instant;
use tempfile::TempDir;
use tower::Service as _;

/// Who runs the installation: may import and set up, but never reviews.
const SETUP: Actor = Actor::System("test");

/// An installation with people, and nothing in it yet.
pub struct Office {
    pub service: Service,
    pub clock: Arc<ManualClock>,
    pub publisher: Actor,
    pub checker: Actor,
    pub approver: Actor,
    pub handler: Actor,
    folder: TempDir,
}

/// A letter with its answer, if it has one.
pub struct Letter {
    pub title: &'static str,
    pub kind: &'static str,
    pub asked: &'static str,
    pub replied: &'static str,
}

impl Office {
    /// Opens it on 2026-11-05, nine o'clock.
    pub async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open_file(&folder.path().join("huiyin.db")).await.unwrap();
        let search = Indexer::open(&folder.path().join("index"), IndexerOptions::default()).unwrap().search();
        let clock = Arc::new(ManualClock::new(at("2026-11-05T09:00:00+08:00")));
        let service = Service::new(store, search).with_clock(clock.clone());
        let office = unit(&service, "office", "办公室", UnitKind::Office).await;
        let section = unit(&service, "registration", "不动产中心", UnitKind::Section).await;
        let leaders = unit(&service, "leaders", "局领导", UnitKind::Leadership).await;
        let publisher = person(&service, "publisher", "陈某", (office, UnitKind::Office), Role::Publisher).await;
        let checker = person(&service, "checker", "李某", (office, UnitKind::Office), Role::Reviewer).await;
        let approver = person(&service, "approver", "周某", (leaders, UnitKind::Leadership), Role::Reviewer).await;
        let handler = person(&service, "handler", "王某", (section, UnitKind::Section), Role::Handler).await;
        Self { service, clock, publisher, checker, approver, handler, folder }
    }

    /// Takes in letters through the mailbox connector, as a file.
    pub async fn receive(&self, letters: &[Letter]) {
        let path = self.folder.path().join("letters.csv");
        let mut file = csv::Writer::from_path(&path).unwrap();
        file.write_record([
            "信件编号",
            "来信主题",
            "信件类型",
            "来信内容",
            "来信时间",
            "回复单位",
            "回复内容",
            "回复时间",
        ])
        .unwrap();
        for letter in letters {
            let body = format!("{}，请告知办理的地方和需要的材料。", letter.title);
            let reply = if letter.replied.is_empty() {
                ""
            } else {
                "请持有关材料到窗口办理，当场可以办结。"
            };
            let unit = if letter.replied.is_empty() { "" } else { "不动产中心" };
            file.write_record(["", letter.title, letter.kind, &body, letter.asked, unit, reply, letter.replied])
                .unwrap();
        }
        file.flush().unwrap();
        drop(file);
        let connector = intake::builtin().unwrap().into_iter().find(|connector| connector.id == "mailbox").unwrap();
        let statement = self.service.import_file(&SETUP, &connector, &path, &mut |_| ()).await.unwrap();
        assert_eq!(statement.statement.accepted, letters.len() as u64, "{statement:?}");
    }

    /// The item with this title.
    pub async fn item(&self, title: &str) -> ItemRow {
        let newest = Slice { order: Order::AskedNewest, after: None, limit: 100, told: Told::Whole };
        let all = self.service.list_items(&SETUP, &Filter::default(), newest).await.unwrap();
        all.into_iter().find(|row| row.title == title).unwrap()
    }

    /// Makes the issue of October 2026.
    pub async fn october(&self) -> PublicationId {
        let done = self.service.create_publication(&self.publisher, month("2026-10")).await.unwrap();
        done.publication.id.parse().unwrap()
    }

    /// Does something, without looking at the revision.
    pub async fn act(
        &self,
        actor: &Actor,
        issue: PublicationId,
        act: PublicationAct,
    ) -> Result<PublicationDone, ServiceError> {
        self.service.act_on_publication(actor, issue, act, None).await
    }

    /// Adds an entry made from the item with this title.
    pub async fn add(&self, issue: PublicationId, title: &str, text: EntryText) -> EntryId {
        let item: ItemId = self.item(title).await.id.parse().unwrap();
        self.act(&self.publisher, issue, PublicationAct::AddEntry { item, text }).await.unwrap().entry.unwrap()
    }

    /// Takes one version of an entry through all checks.
    pub async fn approve(&self, issue: PublicationId, entry: EntryId, version: u32) {
        for (actor, act) in [
            (&self.publisher, PublicationAct::Deidentify { entry, version }),
            (&self.checker, PublicationAct::CheckSecrecy { entry, version }),
            (&self.approver, PublicationAct::ApproveEntry { entry, version }),
        ] {
            self.act(actor, issue, act).await.unwrap();
        }
    }

    /// The code of the refusal of an act.
    pub async fn refusal(&self, actor: &Actor, issue: PublicationId, act: PublicationAct) -> &'static str {
        match self.act(actor, issue, act).await {
            Err(ServiceError::Refused(refusal)) => refusal.code,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Two published entries in the issue of October: returns the issue and its entries.
    pub async fn publish_october(&self) -> (PublicationId, [EntryId; 2]) {
        self.receive(&LETTERS).await;
        let issue = self.october().await;
        let first =
            self.add(issue, LETTERS[0].title, text("二手房过户要哪些材料？", "请带身份证明、权属证书和合同。")).await;
        let second = self.add(issue, LETTERS[1].title, text("老宅原址翻建找哪个部门？", "先向村委会提出申请。")).await;
        for entry in [first, second] {
            self.approve(issue, entry, 1).await;
        }
        self.act(&self.publisher, issue, PublicationAct::Publish).await.unwrap();
        (issue, [first, second])
    }

    /// The public pages.
    pub fn router(&self) -> Router {
        router(Api::new(self.service.clone()), Site::default()).unwrap()
    }

    /// Asks for an address as a visitor.
    pub async fn get(&self, address: &str) -> Page {
        self.get_with(address, &[]).await
    }

    /// The same with request headers.
    pub async fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Page {
        let request =
            headers.iter().fold(Request::get(address), |request, (name, value)| request.header(*name, *value));
        let response = self.router().call(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        // The engine escapes slashes as well, which reads badly in expectations.
        let body = String::from_utf8(body.to_vec()).unwrap().replace("&#x2f;", "/");
        Page { status: parts.status, headers: parts.headers, body }
    }

    /// Moves the clock, so that later acts are told apart.
    pub fn later(&self, seconds: i64) -> Instant {
        self.clock.advance(seconds);
        self.clock.now()
    }
}

/// What a visitor gets.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// October's letters: three consultations, one of them open, and a complaint answered late; one of September.
pub const LETTERS: [Letter; 5] = [
    letter("二手房过户材料", "咨询", "2026-10-09 09:00:00", "2026-10-11 09:00:00"),
    letter("老宅原址翻建", "咨询", "2026-10-13 10:00:00", "2026-10-17 10:00:00"),
    letter("规划公示在哪里看", "咨询", "2026-10-14 10:00:00", ""),
    letter("窗口排队时间长", "投诉", "2026-10-15 08:00:00", "2026-11-02 08:00:00"),
    letter("征地补偿到账时间", "咨询", "2026-09-30 10:00:00", "2026-10-09 10:00:00"),
];

const fn letter(title: &'static str, kind: &'static str, asked: &'static str, replied: &'static str) -> Letter {
    Letter { title, kind, asked, replied }
}

/// A public text without a basis.
pub fn text(question: &str, answer: &str) -> EntryText {
    EntryText { question: question.to_owned(), answer: answer.to_owned(), basis: String::new() }
}

pub fn month(text: &str) -> YearMonth {
    text.parse().unwrap()
}

fn at(text: &str) -> Instant {
    Instant::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

async fn unit(service: &Service, code: &str, name: &str, kind: UnitKind) -> UnitId {
    service.add_unit(&SETUP, code, name, kind).await.unwrap().id.parse().unwrap()
}

async fn person(
    service: &Service,
    login: &str,
    name: &str,
    (unit, unit_kind): (UnitId, UnitKind),
    role: Role,
) -> Actor {
    let roles = BTreeSet::from([role]);
    let new = NewAccount {
        login: login.to_owned(),
        name: name.to_owned(),
        unit,
        roles: roles.clone(),
        password: "Sample-pass-2026".to_owned(),
        must_change: false,
    };
    let row = service.add_account(&SETUP, new).await.unwrap();
    Actor::Account { id: row.id.parse().unwrap(), unit, unit_kind, roles, limit: Limit::None }
}
