//! Somebody of each role who reads pages, items in their hands, and a published month.

use std::collections::BTreeSet;

use anyhow::Context as _;
use huiyin::service::Service;
use huiyin::service::account::NewAccount;
use huiyin::service::act::Act;
use huiyin::service::publication::{EntryText, PublicationAct};
use huiyin::store::item_list::{Filter, Order, Slice, Told};
use huiyin_domain::access::{Actor, Role, UnitKind};
use huiyin_domain::id::{ItemId, PublicationId, UnitId};
use huiyin_domain::publication::YearMonth;

const PASSWORD: &str = "Invented-1-Password";
/// Items handed to the section.
const ASSIGNED: i64 = 200;
/// Entries of the published month.
const ENTRIES: usize = 8;
/// What the published answers say, all of them.
pub const ANSWER: &str = "测算用的答复：请带身份证明到政务服务大厅登记窗口办理，材料齐全的当场办结，不收登记费。";

/// Cookies of those who are signed in, and what they look at.
#[derive(Debug)]
pub struct People {
    /// The office's.
    pub office: String,
    /// A section's handler's.
    pub handler: String,
    /// The publisher's.
    pub publisher: String,
    /// An item in the section's hands.
    pub item: i64,
}

impl People {
    /// Adds units and accounts, hands items to the section, and publishes October.
    pub async fn hire(service: &Service) -> anyhow::Result<Self> {
        let system = Actor::System("bench");
        let mut units = Vec::new();
        for (code, kind) in
            [("pages1", UnitKind::Office), ("pages2", UnitKind::Section), ("pages3", UnitKind::Leadership)]
        {
            units.push(service.add_unit(&system, code, &format!("页面{code}"), kind).await?.unit_id()?);
        }
        let [office_unit, section, leaders] = units[..] else { anyhow::bail!("three units") };
        let (office, office_cookie) = sign_in(service, "pages-office", office_unit, Role::Office).await?;
        let (handler, handler_cookie) = sign_in(service, "pages-handler", section, Role::Handler).await?;
        let (publisher, publisher_cookie) = sign_in(service, "pages-publisher", office_unit, Role::Publisher).await?;
        let (checker, _) = sign_in(service, "pages-checker", office_unit, Role::Reviewer).await?;
        let (leader, _) = sign_in(service, "pages-leader", leaders, Role::Reviewer).await?;
        let item = assign(service, &office, &handler, section).await?;
        publish(service, &publisher, &checker, &leader).await?;
        Ok(Self { office: office_cookie, handler: handler_cookie, publisher: publisher_cookie, item })
    }
}

/// Adds somebody and signs them in: who they are, and their cookie.
async fn sign_in(service: &Service, login: &str, unit: UnitId, role: Role) -> anyhow::Result<(Actor, String)> {
    let new = NewAccount {
        login: login.to_owned(),
        name: "测算".to_owned(),
        unit,
        roles: BTreeSet::from([role]),
        password: PASSWORD.to_owned(),
        must_change: false,
    };
    service.add_account(&Actor::System("bench"), new).await?;
    let signed_in = service.sign_in(login, PASSWORD.to_owned()).await?;
    Ok((signed_in.viewer.actor, format!("huiyin_session={}", signed_in.token)))
}

/// So many of a list, the newest first.
const fn newest(limit: i64) -> Slice {
    Slice { order: Order::AskedNewest, after: None, limit, told: Told::Facts }
}

/// Hands received items to a section, which accepts every other one. The number of one that is accepted.
async fn assign(service: &Service, office: &Actor, handler: &Actor, section: UnitId) -> anyhow::Result<i64> {
    let received = Filter { stages: vec!["received".to_owned()], ..Filter::default() };
    let items = service.list_items(office, &received, newest(ASSIGNED)).await?;
    let mut accepted = None;
    for (place, item) in items.iter().enumerate() {
        let id: ItemId = item.id.parse()?;
        service.act(office, id, Act::Register, None).await?;
        service.act(office, id, Act::Assign { lead: section, assisting: BTreeSet::new() }, None).await?;
        if place % 2 == 0 {
            service.act(handler, id, Act::Accept, None).await?;
            accepted = Some(item.number);
        }
    }
    accepted.context("no item was received")
}

/// Publishes an issue made of answered items, past three people.
async fn publish(service: &Service, publisher: &Actor, checker: &Actor, leader: &Actor) -> anyhow::Result<()> {
    let month = YearMonth::new(2026, 10)?;
    let created = service.create_publication(publisher, month).await?;
    let publication: PublicationId = created.publication.id.parse()?;
    let answered = Filter { replied_from: Some(0), asked_to: Some(month.end().as_micros()), ..Filter::default() };
    let items = service.list_items(publisher, &answered, newest(200)).await?;
    anyhow::ensure!(items.len() >= ENTRIES, "too few answered items: {}", items.len());
    for (place, item) in items.iter().take(ENTRIES).enumerate() {
        let text = EntryText {
            question: format!("测算用的第{}个问题：抵押登记怎么注销？", place + 1),
            answer: ANSWER.to_owned(),
            basis: "《不动产登记暂行条例》第二十条".to_owned(),
        };
        let add = PublicationAct::AddEntry { item: item.id.parse()?, text };
        let entry = service.act_on_publication(publisher, publication, add, None).await?.entry.context("no entry")?;
        for (actor, act) in [
            (publisher, PublicationAct::Deidentify { entry, version: 1 }),
            (checker, PublicationAct::CheckSecrecy { entry, version: 1 }),
            (leader, PublicationAct::ApproveEntry { entry, version: 1 }),
        ] {
            service.act_on_publication(actor, publication, act, None).await?;
        }
    }
    service.act_on_publication(publisher, publication, PublicationAct::Publish, None).await?;
    Ok(())
}
