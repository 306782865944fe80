//! Who may open which page: one table, held against every role.

use huiyin::console::nav::{ENTRIES, shown};
use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::PublicationId;

use super::browser::Browser;
use crate::support::app::{ACCOUNTS, Letter, TestApp};

/// Every address that is opened, and what it takes; `None`: being signed in. Entries of the navigation are added to it.
const ADDRESSES: &[(&str, Option<Action>)] = &[
    ("/desk", None),
    ("/desk/help", None),
    ("/dev/kit", None),
    ("/desk/items", Some(Action::ListItems)),
    ("/desk/items?q=%E9%87%87%E5%85%89", Some(Action::ListItems)),
    ("/desk/items?stage=received&stage=review_1&order=due&within=overdue&column=title", Some(Action::ListItems)),
    ("/desk/items?column=number&column=author", Some(Action::ExportPersonal)),
    ("/desk/held?all=on&source=board", Some(Action::ViewHeld)),
    ("/desk/ledger?subject=item%3Ax&from=1", Some(Action::ViewLedger)),
    ("/desk/me", None),
    ("/desk/units", Some(Action::ViewUnits)),
    ("/desk/issues/2026-09", Some(Action::ViewPublicationDraft)),
    ("/desk/issues/2026-09/add", Some(Action::EditEntry)),
    ("/desk/issues/2026-09/preview", Some(Action::ViewPublicationDraft)),
];

async fn actor(app: &TestApp, login: &'static str) -> Actor {
    app.service.authenticate(&app.token(login).await).await.unwrap().unwrap().actor
}

/// What an action is asked about: most of these about nothing in particular.
fn object(action: Action) -> Object<'static> {
    match action {
        Action::EditEntry => Object::Publication { id: PublicationId::from(uuid::Uuid::nil()) },
        _ => Object::None,
    }
}

#[tokio::test]
async fn every_role_opens_what_it_may_and_nothing_else() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let created = "mutation { createPublication(month: \"2026-09\") { status } }";
    app.ok("publisher", created, serde_json::json!({})).await;
    let entries = ENTRIES.iter().map(|entry| (entry.path, entry.needs));
    let addresses: Vec<_> = ADDRESSES.iter().copied().chain(entries).collect();
    let (mut opened, mut refused) = (0, 0);
    for (login, _, _) in ACCOUNTS {
        let actor = actor(&app, login).await;
        let mut browser = Browser::of(&app, login).await;
        for (path, needs) in &addresses {
            let may = needs.is_none_or(|action| allowed(&actor, action, &object(action)).is_ok());
            let page = browser.get(path).await;
            assert_eq!(page.status, if may { 200 } else { 403 }, "{login} {path}");
            if may {
                opened += 1;
            } else {
                refused += 1;
            }
            assert!(page.body.contains(if may { "id=\"content\"" } else { "错误编号：" }), "{login} {path}");
            assert_eq!(page.header("cache-control"), "no-store", "{login} {path}");
        }
    }
    assert!(opened > 50 && refused > 10, "{opened} {refused}");
}

#[tokio::test]
async fn the_navigation_shows_what_opens_and_is_of_use() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2)]).await;
    for (login, labels) in [
        (
            "office",
            vec![
                "首页",
                "待我处理",
                "待分办",
                "退单待定",
                "待签发",
                "超期件",
                "全部来件",
                "热点咨询",
                "导入与对账",
                "待修复行",
            ],
        ),
        ("handler", vec!["首页", "待我处理", "待签收", "待答办", "超期件", "全部来件"]),
        ("leader", vec!["首页", "待我处理", "超期件", "全部来件", "热点咨询"]),
        ("publisher", vec!["首页", "全部来件", "热点咨询"]),
        ("sysadmin", vec!["首页", "账号", "单位"]),
        ("secadmin", vec!["首页", "账号"]),
        ("auditor", vec!["首页", "账目校验"]),
    ] {
        let actor = actor(&app, login).await;
        let found: Vec<&str> = ENTRIES.iter().filter(|entry| entry.shown_to(&actor)).map(|entry| entry.label).collect();
        assert_eq!(found, labels, "{login}");
        for entry in ENTRIES {
            assert!(entry.opens_for(&actor) || !entry.shown_to(&actor), "{login} {}", entry.label);
        }
        let page = Browser::of(&app, login).await.get("/desk").await;
        for entry in ENTRIES {
            let link = format!("data-go=\"{}\"", entry.key);
            assert_eq!(page.body.contains(&link), labels.contains(&entry.label), "{login} {}", entry.label);
        }
    }
    let page = Browser::of(&app, "office").await.get("/desk").await;
    assert!(
        page.body.contains("<span>待分办</span><span class=\"badge\" data-count=\"route\"><span>2</span>"),
        "{}",
        page.body
    );
}

#[test]
fn keys_and_addresses_are_used_once() {
    for (at, entry) in ENTRIES.iter().enumerate() {
        assert!(ENTRIES.iter().skip(at + 1).all(|other| other.key != entry.key && other.path != entry.path));
    }
}

#[tokio::test]
async fn one_entry_is_the_current_one() {
    let app = TestApp::start().await;
    let office = actor(&app, "office").await;
    let current = |address: &str| {
        let shown = serde_json::to_value(shown(&office, address, |_| None)).unwrap();
        let current = shown.as_array().unwrap().iter().filter(|entry| entry["current"] == true);
        current.map(|entry| entry["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(current("/desk"), ["首页"]);
    assert_eq!(current("/desk/items"), ["全部来件"]);
    assert_eq!(current("/desk/items/5"), ["全部来件"]);
    assert_eq!(current("/desk/items?unit=unit:1"), ["全部来件"]);
    assert_eq!(current("/desk/items?task=register&task=route&waiting=me&order=oldest"), ["待分办"]);
    assert_eq!(current("/desk/help"), [] as [&str; 0]);
    assert_eq!(current("/desk/itemsx"), [] as [&str; 0]);
}

#[tokio::test]
async fn visitors_are_sent_to_sign_in_and_back() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    for (path, to) in [
        ("/desk", "/sign-in"),
        ("/desk/items?stage=received&unit=a", "/sign-in?next=%2Fdesk%2Fitems%3Fstage%3Dreceived%26unit%3Da"),
        ("/desk/nothing/here", "/sign-in?next=%2Fdesk%2Fnothing%2Fhere"),
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.location.as_str(), page.body.as_str()), (303, to, ""), "{path}");
    }
    let page = browser.get_with("/desk/items", &[("hx-request", "true")]).await;
    assert_eq!((page.status, page.header("hx-redirect")), (200, "/sign-in?next=%2Fdesk%2Fitems"));
    let page = browser.post("/dev/kit", &[("title", "x")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/sign-in"));
}

#[tokio::test]
async fn the_kit_is_for_developers() {
    let app = TestApp::start().await;
    let api = huiyin::api::Api::new(app.service.clone());
    let options = huiyin::console::Options::default();
    let desk = huiyin::console::Desk::new(api, huiyin::page::Site::default(), options).unwrap();
    let mut router = huiyin::console::router(desk);
    let request = axum::http::Request::get("/dev/kit").body(axum::body::Body::empty()).unwrap();
    let response = tower::Service::call(&mut router, request).await.unwrap();
    assert_eq!(response.status().as_u16(), 404);
}
