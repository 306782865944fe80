//! An item's way through the forms of its page, with plain HTTP and no script.

use super::browser::{Browser, Page};
use crate::support::app::{Letter, TestApp};

pub const DRAFT: &str = "您好，该项目的日照分析已经公示，请到规划展示厅查询。";

/// A letter whose time is not over.
pub fn fresh(number: usize) -> Letter {
    Letter { asked_at: "2026/10/8 9:00:00".to_owned(), ..Letter::new(number) }
}

/// The hidden fields of the form that is sent to this address, by its own action or by one of its buttons'.
pub fn marks(page: &Page, address: &str) -> Option<Vec<(String, String)>> {
    let found = page.body.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
    let form = found.into_iter().find(|form| form.contains(&format!("action=\"{address}\"")))?;
    let hidden = form.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |text: &str| {
        let (name, rest) = text.split_once("\" value=\"").unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().to_owned())
    };
    Some(hidden.map(pair).collect())
}

/// Fills in a form of a page that was opened, and sends it.
pub async fn send(browser: &mut Browser<'_>, page: &Page, act: &str, typed: &[(&str, &str)]) -> Page {
    let address = format!("/desk/items/1/{act}");
    let hidden = marks(page, &address).unwrap_or_else(|| panic!("no form {act}: {}", page.body));
    let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = hidden.chain(typed.iter().copied()).collect();
    browser.post(&address, &fields).await
}

/// Opens the page, fills in a form and sends it; it has to be done, and the page to say so.
pub async fn done(app: &TestApp, browser: &mut Browser<'_>, act: &str, typed: &[(&str, &str)], said: &str) {
    app.clock.advance(60);
    let page = browser.get("/desk/items/1").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let sent = send(browser, &page, act, typed).await;
    assert_eq!((sent.status, sent.location.as_str()), (303, "/desk/items/1"), "{act}: {}", sent.body);
    let shown = browser.get("/desk/items/1").await;
    assert!(shown.body.contains(said), "{act} does not say {said}: {}", shown.body);
}

#[tokio::test]
async fn an_item_is_assigned_accepted_drafted_reviewed_and_released() {
    let app = TestApp::start().await;
    app.import(&[fresh(1)]).await;
    let (planning, survey) = (app.unit("planning").to_owned(), app.unit("survey").to_owned());
    let mut office = Browser::of(&app, "office").await;
    let mut handler = Browser::of(&app, "handler").await;
    assert_eq!(handler.get("/desk/items/1").await.status, 404, "not theirs yet");
    done(&app, &mut office, "assign", &[("lead", &planning), ("assisting", &survey)], "主办 规划科，协办 测绘科").await;
    done(&app, &mut handler, "accept", &[], "已签收").await;
    done(&app, &mut handler, "save-draft", &[("text", DRAFT)], "第 1 稿").await;
    // What is typed and submitted at once is saved first.
    let longer = format!("{DRAFT}\r\n地址：青禾路1号。");
    done(&app, &mut handler, "submit-reply", &[("text", &longer)], "已提交审核").await;
    let mut head = Browser::of(&app, "head").await;
    done(&app, &mut head, "send-back", &[("reason", "请写明开放时间")], "请写明开放时间").await;
    // Submitted as it is saved.
    let last = format!("{longer}\r\n周一闭馆。");
    done(&app, &mut handler, "save-draft", &[("text", &last)], "第 3 稿").await;
    done(&app, &mut handler, "submit-reply", &[("text", &last)], "已提交审核").await;
    done(&app, &mut head, "approve", &[], "一审 审核人甲").await;
    done(&app, &mut Browser::of(&app, "checker").await, "approve", &[], "二审 审核人甲").await;
    done(&app, &mut Browser::of(&app, "leader").await, "approve", &[], "三审 审核人甲").await;
    done(&app, &mut office, "release", &[], "已签发答复").await;
    done(&app, &mut office, "close", &[], "已办结").await;
    let page = handler.get("/desk/items/1").await;
    assert!(page.body.contains("按时答复") && page.body.contains("周一闭馆。"), "{}", page.body);
    assert!(!page.body.contains("\r"), "line ends are as everywhere else");
    let item = app.ok(
        "office",
        "{ itemByNumber(number: 1) { stage { code } reviews { step { code } } } }",
        serde_json::json!({}),
    );
    let item = item.await["itemByNumber"].clone();
    assert_eq!((item["stage"]["code"].as_str(), item["reviews"].as_array().unwrap().len()), (Some("closed"), 3));
}

#[tokio::test]
async fn a_return_is_disputed_and_arbitrated() {
    let app = TestApp::start().await;
    app.import(&[fresh(1)]).await;
    let (planning, survey) = (app.unit("planning").to_owned(), app.unit("survey").to_owned());
    let mut office = Browser::of(&app, "office").await;
    let mut handler = Browser::of(&app, "handler").await;
    done(&app, &mut office, "register", &[], "待分办").await;
    done(&app, &mut office, "assign", &[("lead", &planning)], "待签收").await;
    let typed = [("reason", "not_our_duty"), ("basis", "职责表第三条"), ("suggested", survey.as_str())];
    done(&app, &mut handler, "request-return", &typed, "非本单位职责，建议 测绘科").await;
    let page = office.get("/desk/items/1").await;
    assert!(page.body.contains("职责表第三条") && page.body.contains("建议由 测绘科 承办"), "{}", page.body);
    done(&app, &mut office, "dispute-return", &[], "已提请裁定").await;
    done(&app, &mut Browser::of(&app, "leader").await, "arbitrate", &[("unit", &survey)], "由 测绘科 办理").await;
    let mut stranger = Browser::of(&app, "stranger").await;
    done(&app, &mut stranger, "accept", &[], "办理中").await;
    done(&app, &mut stranger, "record-contact", &[], "首次联系诉求人").await;
    done(&app, &mut stranger, "request-extension", &[("days", "３")], "3 个工作日").await;
    done(&app, &mut office, "grant-extension", &[], "已批准延期").await;
    done(&app, &mut stranger, "suspend", &[("pause", "site_visit")], "时限暂停").await;
    done(&app, &mut stranger, "resume", &[], "已恢复办理").await;
    assert_eq!(handler.get("/desk/items/1").await.status, 404, "no longer theirs");
}

#[tokio::test]
async fn other_endings_are_reached_as_well() {
    for (first, act, field, ended) in [
        ("register", "refuse-acceptance", ("ground", "no_request"), "无实质诉求"),
        ("register", "transfer-out", ("route", "petition"), "信访"),
        ("register", "merge", ("into", "2"), "并入件 2"),
        ("register", "withdraw", ("", ""), "诉求人撤回"),
    ] {
        let app = TestApp::start().await;
        app.import(&[fresh(1), fresh(2)]).await;
        let mut office = Browser::of(&app, "office").await;
        done(&app, &mut office, first, &[], "已登记").await;
        done(&app, &mut office, act, &[field], ended).await;
    }
    let app = TestApp::start().await;
    app.import(&[Letter::answered(1)]).await;
    let mut office = Browser::of(&app, "office").await;
    done(&app, &mut office, "close", &[], "已办结").await;
    done(&app, &mut office, "reopen", &[("again", "untrue")], "抽查不实").await;
}
