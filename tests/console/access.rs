//! Who may open which page: the one table of all pages, held against every account and against visitors.

use huiyin::console::nav::{ENTRIES, shown};
use huiyin_domain::access::Actor;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::browser::pages::{PAGES, PageCase, VISITOR, Viewer};
use crate::support::app::{ACCOUNTS, Letter, TestApp};

/// More addresses of the table's pages, beside those of the navigation; and who may open them, where they are not for
/// everybody whom their page is for.
const VARIANTS: &[(&str, Option<&[Viewer]>)] = &[
    ("/hot?text=large", None),
    ("/desk/items?q=%E9%87%87%E5%85%89", None),
    ("/desk/items?stage=received&stage=review_1&order=due&within=overdue&column=title", None),
    ("/desk/items?column=number&column=author", Some(&["office", "handler"])),
    ("/desk/items.xlsx?column=number&column=author", Some(&["office", "handler"])),
    ("/desk/held?all=on&source=board", None),
    ("/desk/sources?day=2026-10-09", None),
    ("/desk/sources/board?day=2026-10-09", None),
    ("/desk/sources/board?month=2026-09", None),
    ("/desk/ledger?subject=item%3Ax&from=1", None),
];

/// The month whose issue is under way, and the one whose issue is published.
const DRAFT: &str = "2026-09";
const PUBLISHED: &str = "2026-08";

/// Which viewer of the table an account is.
fn viewer(login: &'static str) -> Viewer {
    match login {
        "stranger" => "handler",
        "head" => "review1",
        "checker" => "review2",
        "leader" => "review3",
        other => other,
    }
}

/// What the open parts of the addresses stand for.
struct Things {
    entry: String,
    held: String,
    upload: String,
    pull: String,
    account: String,
}

impl Things {
    /// Makes one of each. The first item belongs to the unit of `handler` and `head`, and is answered.
    async fn made(app: &TestApp) -> Self {
        let held = Letter { asked_at: "某天".to_owned(), ..Letter::new(4) };
        app.import(&[Letter::new(1), Letter::answered(2), Letter::answered(3), held]).await;
        answer(app, &app.item(1).await).await;
        let (_, entry) = issue(app, DRAFT, 2).await;
        publish(app).await;
        app.follow().await;
        let rows = app.ok("office", "{ heldRows { edges { node { id pull { id } } } } }", Value::Null).await;
        let file = "留言编号,留言用户,留言主题,留言时间,留言详情\nL9,甲,采光,2026/9/9 9:00:00,核算过采光吗？\n";
        let upload = Browser::of(app, "office").await.upload("/desk/imports", "a.csv", file).await;
        assert_eq!(upload.status, 303, "{}", upload.body);
        Self {
            entry: bare(&entry),
            held: bare(&rows["heldRows"]["edges"][0]["node"]["id"]),
            pull: bare(&rows["heldRows"]["edges"][0]["node"]["pull"]["id"]),
            upload: upload.location.rsplit('/').next().unwrap().to_owned(),
            account: bare(&Value::from(app.account("handler").await)),
        }
    }

    /// The address of a page.
    fn address(&self, case: &PageCase) -> String {
        let id = match case.path {
            "/desk/imports/{id}" => &self.upload,
            "/desk/held/{id}" => &self.held,
            "/desk/pulls/{id}" => &self.pull,
            "/desk/sources/{id}" | "/desk/sources/{id}/preview" => "board",
            _ => &self.account,
        };
        let month = if case.path.starts_with("/desk/") { DRAFT } else { PUBLISHED };
        let address = case.path.replace("{id}", id).replace("{entry}", &self.entry).replace("{number}", "1");
        let address = address.replace("{month}", month);
        assert!(!address.contains('{'), "nothing was made for {}", case.path);
        address
    }
}

/// An id as addresses have it.
fn bare(id: &Value) -> String {
    id.as_str().unwrap().rsplit(':').next().unwrap().to_owned()
}

/// Takes an item through all its reviews to its release.
async fn answer(app: &TestApp, item: &str) {
    let approve = |step: &str| format!("approveReply(item: \"{item}\", step: {step}, version: 1)");
    let text = "您好，该项目的日照分析已经公示，请到规划展示厅查询。";
    for (login, call) in [
        ("office", format!("assignItem(item: \"{item}\", lead: \"{}\")", app.unit("planning"))),
        ("handler", format!("acceptItem(item: \"{item}\")")),
        ("handler", format!("saveDraft(item: \"{item}\", text: \"{text}\")")),
        ("handler", format!("submitReply(item: \"{item}\", version: 1)")),
        ("head", approve("FIRST")),
        ("checker", approve("SECOND")),
        ("leader", approve("THIRD")),
        ("office", format!("releaseReply(item: \"{item}\")")),
    ] {
        let done = app.act(login, &call).await;
        assert_eq!(done["status"], "OK", "{call}: {done:#}");
    }
}

/// Does something with an issue; the payload.
async fn act_on_issue(app: &TestApp, login: &'static str, call: &str) -> Value {
    let fields = "status userErrors { code message } publication { id } entry { id }";
    let done = app.ok(login, &format!("mutation {{ it: {call} {{ {fields} }} }}"), json!({})).await["it"].clone();
    assert_eq!(done["status"], "OK", "{call}: {done:#}");
    done
}

/// Makes a month's issue with one entry; the ids of both.
async fn issue(app: &TestApp, month: &str, item: i64) -> (Value, Value) {
    let created = act_on_issue(app, "publisher", &format!("createPublication(month: \"{month}\")")).await;
    let issue = created["publication"]["id"].clone();
    let text = "text: { question: \"采光怎么核算？\", answer: \"按日照分析核算。\" }";
    let add = format!("addEntry(publication: {issue}, item: \"{}\", {text})", app.item(item).await);
    let added = act_on_issue(app, "publisher", &add).await;
    (issue, added["entry"]["id"].clone())
}

/// Publishes an issue that three people stand behind.
async fn publish(app: &TestApp) {
    let (issue, entry) = issue(app, PUBLISHED, 3).await;
    for (login, step) in [("publisher", "deidentifyEntry"), ("checker", "checkEntry"), ("leader", "approveEntry")] {
        act_on_issue(app, login, &format!("{step}(publication: {issue}, entry: {entry}, version: 1)")).await;
    }
    act_on_issue(app, "publisher", &format!("publish(publication: {issue})")).await;
}

/// Whether it is a file and no page: what is refused is said as to a program.
fn is_file(case: &PageCase) -> bool {
    case.path == "/desk/items.xlsx"
}

/// What an account is answered: a page for it comes with its status, an item that it must not see is not there, anything
/// else is forbidden.
fn expected(case: &PageCase, login: &'static str, only: Option<&[Viewer]>) -> u16 {
    let of_an_item = case.path.starts_with("/desk/items/{number}");
    let may = case.is_for(viewer(login)) && only.is_none_or(|only| only.contains(&viewer(login)));
    match may {
        // The item is another unit's.
        true if of_an_item && login == "stranger" => 404,
        true => case.status,
        // Whoever is signed in has no use for the page of signing in.
        false if case.path == "/sign-in" => 303,
        false if of_an_item => 404,
        false => 403,
    }
}

/// Every address there is: of the table, of the navigation, and more.
fn addresses(things: &Things) -> Vec<(String, &'static PageCase, Option<&'static [Viewer]>)> {
    let table = PAGES.iter().map(|case| (things.address(case), case, None));
    let more = ENTRIES.iter().map(|entry| (entry.path, None)).chain(VARIANTS.iter().copied());
    let more = more.map(|(address, only)| (address.to_owned(), PageCase::at(address).expect(address), only));
    table.chain(more).collect()
}

#[tokio::test]
async fn every_account_opens_what_the_table_says_and_nothing_else() {
    let app = TestApp::start().await;
    let things = Things::made(&app).await;
    let mut wrong = Vec::new();
    for (login, _, _) in ACCOUNTS {
        let mut browser = Browser::of(&app, login).await;
        for (address, case, only) in addresses(&things) {
            let page = browser.get(&address).await;
            let expected = expected(case, login, only);
            if page.status != expected {
                wrong.push(format!("{login} {address}: {} where {expected} was expected", page.status));
            }
            if case.path.starts_with("/desk") && !is_file(case) {
                assert_eq!(page.body.contains("错误编号："), page.status >= 400, "{login} {address}");
                assert_eq!(page.header("cache-control"), "no-store", "{login} {address}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn visitors_open_the_public_pages_and_are_sent_to_sign_in_from_all_others() {
    let app = TestApp::start().await;
    let things = Things::made(&app).await;
    let mut browser = Browser::new(&app);
    for (address, case, _) in addresses(&things) {
        let page = browser.get(&address).await;
        if case.is_for(VISITOR) {
            assert_eq!(page.status, case.status, "{address}");
        } else if is_file(case) {
            assert_eq!(page.status, 401, "{address}");
        } else {
            assert_eq!((page.status, page.body.as_str()), (303, ""), "{address}");
            assert!(page.location.starts_with("/sign-in"), "{address} leads to {}", page.location);
        }
    }
}

async fn actor(app: &TestApp, login: &'static str) -> Actor {
    app.service.authenticate(&app.token(login).await).await.unwrap().unwrap().actor
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
                "渠道",
                "导入与对账",
                "待修复行",
            ],
        ),
        ("handler", vec!["首页", "待我处理", "待签收", "待答办", "超期件", "全部来件"]),
        ("leader", vec!["首页", "待我处理", "超期件", "全部来件", "热点咨询"]),
        ("publisher", vec!["首页", "全部来件", "热点咨询"]),
        ("sysadmin", vec!["首页", "账号", "单位", "渠道"]),
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
    assert_eq!(current("/desk/pulls/01980000-0000-7000-8000-000000000001"), ["渠道"]);
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
