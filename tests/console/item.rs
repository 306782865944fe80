//! The page of one item: who opens it, what stands on it, and what happens when a form is refused.

use huiyin::store::db::statements_run;
use serde_json::{Value, json};

use super::browser::Browser;
use super::item_way::{DRAFT, done, fresh, marks, send};
use crate::support::app::{ACCOUNTS, Letter, TestApp};

/// An item that `planning` has accepted.
async fn accepted(letter: Letter) -> TestApp {
    let app = TestApp::start().await;
    app.import(&[letter]).await;
    let (item, unit) = (app.item(1).await, app.unit("planning").to_owned());
    for (login, call) in [
        ("office", format!("assignItem(item: \"{item}\", lead: \"{unit}\")")),
        ("handler", format!("acceptItem(item: \"{item}\")")),
    ] {
        assert_eq!(app.act(login, &call).await["status"], "OK");
    }
    app
}

#[tokio::test]
async fn an_item_opens_for_those_who_may_see_it() {
    let app = accepted(fresh(1)).await;
    for (login, _, _) in ACCOUNTS {
        let sees = matches!(login, "office" | "handler" | "head" | "checker" | "leader");
        let mut browser = Browser::of(&app, login).await;
        let status = if sees { 200 } else { 404 };
        for path in ["/desk/items/1", "/desk/items/1/print", "/desk/items/1?reply=2&question=2"] {
            assert_eq!(browser.get(path).await.status, status, "{login} {path}");
        }
        assert_eq!(browser.post("/desk/items/1/reveal", &[]).await.status, status, "{login}");
        let fields = [("revision", "3"), ("seq", "9"), ("version", "0"), ("question", "1")];
        // The office may not accept in a unit's place, nor may anybody accept twice.
        let refused = browser.post("/desk/items/1/accept", &fields).await;
        assert_eq!(refused.status, if sees { 422 } else { 404 }, "{login}");
        let kept = browser.post("/desk/items/1/keep", &[("kind", "reply"), ("revision", "3"), ("text", "草稿")]).await;
        assert_eq!(kept.status, if sees { 303 } else { 404 }, "{login}");
    }
    let mut office = Browser::of(&app, "office").await;
    for path in
        ["/desk/items/2", "/desk/items/x", "/desk/items/-1", "/desk/items/99999999999999999999", "/desk/items/1/x/y"]
    {
        assert_eq!(office.get(path).await.status, 404, "{path}");
    }
    let opened = office.get("/desk/items/1/accept").await;
    assert_eq!((opened.status, opened.location.as_str()), (303, "/desk/items/1"), "an act is no page");
    assert_eq!(office.post("/desk/items/1/nothing", &[]).await.status, 404);
    assert_eq!(office.post("/desk/items/1/accept", &[]).await.status, 400, "without what was on the screen");
}

#[tokio::test]
async fn names_are_hidden_until_they_are_asked_for() {
    let letter = Letter { author: "欧阳甲乙".to_owned(), ..fresh(1) };
    let app = accepted(letter).await;
    let mut handler = Browser::of(&app, "handler").await;
    for path in ["/desk/items/1", "/desk/items/1/print"] {
        let page = handler.get(path).await;
        assert!(page.body.contains("欧***") && !page.body.contains("欧阳甲乙"), "{path}");
    }
    let page = handler.post("/desk/items/1/reveal", &[]).await;
    assert!(page.status == 200 && page.body.contains("欧阳甲乙"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn what_was_overtaken_is_told_and_nothing_typed_is_lost() {
    let app = accepted(fresh(1)).await;
    let (planning, survey) = (app.unit("planning").to_owned(), app.unit("survey").to_owned());
    let mut handler = Browser::of(&app, "handler").await;
    let mut office = Browser::of(&app, "office").await;
    let opened = handler.get("/desk/items/1").await;
    done(&app, &mut office, "assign", &[("lead", &planning), ("assisting", &survey)], "协办 测绘科").await;
    let refused = send(&mut handler, &opened, "save-draft", &[("text", DRAFT)]).await;
    assert_eq!(refused.status, 422);
    let news = refused.body.split("id=\"news\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(news.contains("这一件刚刚被别人改过") && news.contains("主办 规划科，协办 测绘科"), "{news}");
    assert!(!news.contains("签收"), "what was on the screen is no news: {news}");
    assert!(refused.body.contains(&format!("{DRAFT}</textarea>")), "{}", refused.body);
    // Read, and done again.
    let again = send(&mut handler, &refused, "save-draft", &[("text", DRAFT)]).await;
    assert_eq!(again.status, 303, "{}", again.body);

    // A colleague was faster: the differences are shown.
    let opened = handler.get("/desk/items/1").await;
    let faster =
        send(&mut handler, &opened, "save-draft", &[("text", "您好，日照分析已经公示，请到档案馆查询。")]).await;
    assert_eq!(faster.status, 303);
    let refused = send(&mut handler, &opened, "submit-reply", &[("text", "另写一份答复，请看公示。")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("<ins>") && refused.body.contains("档案馆"), "{}", refused.body);
    assert!(refused.body.contains("另写一份答复，请看公示。</textarea>"));
}

#[tokio::test]
async fn words_outlive_the_form_they_were_typed_into() {
    let app = TestApp::start().await;
    app.import(&[fresh(1)]).await;
    let (planning, survey) = (app.unit("planning").to_owned(), app.unit("survey").to_owned());
    done(&app, &mut Browser::of(&app, "office").await, "assign", &[("lead", &planning)], "已派单").await;
    let mut handler = Browser::of(&app, "handler").await;
    let opened = handler.get("/desk/items/1").await;
    done(&app, &mut handler, "accept", &[], "已签收").await;
    let typed = [("reason", "unclear"), ("basis", "按职责表第三条"), ("suggested", survey.as_str())];
    let refused = send(&mut handler, &opened, "request-return", &typed).await;
    assert_eq!(refused.status, 422);
    assert_eq!(marks(&refused, "/desk/items/1/request-return"), None, "it can be returned no more");
    assert!(refused.body.contains("您刚才填写的退单依据"), "{}", refused.body);
    assert!(refused.body.contains("按职责表第三条</textarea>"));
}

#[tokio::test]
async fn a_refusal_stands_beside_its_field() {
    let app = TestApp::start().await;
    app.import(&[fresh(1)]).await;
    let planning = app.unit("planning").to_owned();
    let mut office = Browser::of(&app, "office").await;
    let opened = office.get("/desk/items/1").await;
    let page = send(&mut office, &opened, "assign", &[("lead", "")]).await;
    assert!(page.status == 422 && page.body.contains("id=\"assign-lead-wrong\""), "{}", page.body);
    let both = [("lead", planning.as_str()), ("assisting", planning.as_str())];
    let page = send(&mut office, &opened, "assign", &both).await;
    assert!(page.status == 422 && page.body.contains("主办单位不能同时协办"), "{}", page.body);
    let page = send(&mut office, &opened, "merge", &[("into", "77")]).await;
    assert!(page.status == 422 && page.body.contains("没有这一件，请核对件号。"), "{}", page.body);
    let page = send(&mut office, &opened, "merge", &[("into", "1")]).await;
    assert!(page.status == 422 && page.body.contains("id=\"f-into-wrong\""), "{}", page.body);
    done(&app, &mut office, "assign", &[("lead", &planning)], "已派单").await;
    let mut handler = Browser::of(&app, "handler").await;
    let opened = handler.get("/desk/items/1").await;
    let typed = [("reason", "nothing"), ("basis", "按职责表第三条"), ("suggested", planning.as_str())];
    let page = send(&mut handler, &opened, "request-return", &typed).await;
    assert!(page.status == 422 && page.body.contains("id=\"return-reason-wrong\""), "{}", page.body);
    assert!(page.body.contains("按职责表第三条</textarea>"));
    done(&app, &mut handler, "accept", &[], "已签收").await;
    let opened = handler.get("/desk/items/1").await;
    let page = send(&mut handler, &opened, "submit-reply", &[("text", "太短")]).await;
    assert!(page.status == 422 && page.body.contains("答复内容不足 10 个字"), "{}", page.body);
    assert!(page.body.contains("第 1 稿") && page.body.contains("太短</textarea>"), "it is saved all the same");
}

#[tokio::test]
async fn what_is_typed_is_kept_as_one_types() {
    let app = accepted(fresh(1)).await;
    let mut handler = Browser::of(&app, "handler").await;
    let fields = "kind=reply&revision=3&text=%E8%8D%89%E7%A8%BF%0D%0A%E7%AC%AC%E4%BA%8C%E8%A1%8C".to_owned();
    let headers = [("sec-fetch-site", "same-origin"), ("x-autosave", "1")];
    let kept = handler.send(reqwest::Method::POST, "/desk/items/1/keep", &headers, Some(fields)).await;
    assert_eq!((kept.status, kept.header("content-type")), (200, "application/json"));
    let said: Value = serde_json::from_str(&kept.body).unwrap();
    assert_eq!(said, json!({ "said": "09:00 自动保存，只有您看得到" }));
    let page = handler.get("/desk/items/1").await;
    assert!(page.body.contains("草稿\n第二行</textarea>") && page.body.contains("没有保存完的文字"), "{}", page.body);
    assert!(!Browser::of(&app, "office").await.get("/desk/items/1").await.body.contains("第二行"));
    done(&app, &mut handler, "save-draft", &[("text", DRAFT)], "答复稿已保存").await;
    assert!(!handler.get("/desk/items/1").await.body.contains("没有保存完的文字"));
}

#[tokio::test]
async fn versions_differences_and_days_are_shown() {
    let app = accepted(fresh(1)).await;
    let changed = Letter {
        body: "青禾路第1号楼南侧要建高楼，请问规划审批时核算过采光吗？".to_owned(), ..fresh(1)
    };
    app.import(&[changed]).await;
    let mut handler = Browser::of(&app, "handler").await;
    let page = handler.get("/desk/items/1").await;
    for shown in ["全部 2 版", "为什么是这天？", "计入", "不计", "各段相加正好", "第 2 版"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let page = handler.get("/desk/items/1?question=2").await;
    assert!(page.body.contains("<ins>") && page.body.contains("<del>"), "{}", page.body);
    done(&app, &mut handler, "save-draft", &[("text", DRAFT)], "第 1 稿").await;
    done(&app, &mut handler, "save-draft", &[("text", "您好，日照分析已经公示。")], "第 2 稿").await;
    assert!(handler.get("/desk/items/1").await.body.contains("href=\"/desk/items/1?reply=2#reply\""));
    let page = handler.get("/desk/items/1?reply=2").await;
    assert!(page.body.contains("<del>") && page.body.contains("第 1 稿到第 2 稿"), "{}", page.body);
    let paper = handler.get("/desk/items/1/print").await;
    assert!(paper.body.contains("办理过程（逐件账）") && paper.body.contains("答复稿（未签发）"), "{}", paper.body);
    assert!(!paper.body.contains("<nav"), "nothing but the item");
}

#[tokio::test]
async fn what_citizens_write_is_text_on_the_page_too() {
    let mut letter = fresh(1);
    letter.body = "\"&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}\"".to_owned();
    let app = accepted(letter).await;
    let mut handler = Browser::of(&app, "handler").await;
    let typed = "</textarea><script>alert(2)</script>";
    done(&app, &mut handler, "save-draft", &[("text", typed)], "第 1 稿").await;
    for path in ["/desk/items/1", "/desk/items/1/print"] {
        let page = handler.get(path).await;
        assert!(!page.body.contains("<script>alert") && page.body.contains("&lt;script&gt;alert(1)"), "{path}");
        assert!(page.body.contains("{{ 7*7 }}"), "{path}");
    }
}

#[tokio::test]
async fn the_page_costs_the_same_however_much_has_happened() {
    let app = accepted(fresh(1)).await;
    let mut handler = Browser::of(&app, "handler").await;
    let mut head = Browser::of(&app, "head").await;
    let mut costs = Vec::new();
    for round in 0..9 {
        let text = format!("{DRAFT}第{round}次修改。");
        done(&app, &mut handler, "submit-reply", &[("text", &text)], "已提交审核").await;
        done(&app, &mut head, "send-back", &[("reason", "请再改")], "已退回修改").await;
        let before = statements_run();
        assert_eq!(handler.get("/desk/items/1").await.status, 200);
        costs.push(statements_run() - before);
    }
    // Names that several parts of the page ask for are read together or apart, as it happens; never one by one: by now there
    // are nine drafts, nine notes and some forty entries.
    assert!(costs.iter().all(|cost| *cost <= 28), "{costs:?}");
}
