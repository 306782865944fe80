//! The monthly issue, through the forms of its pages and without a script.

use std::collections::BTreeMap;

use huiyin::store::db::statements_run;

use super::browser::{Browser, Page};
use super::issue_samples;
use crate::support::app::{Letter, TestApp};

const PHONE: &str = "13912345678";
const ISSUE: &str = "/desk/issues/2026-09";

/// What a form on a page sends when its button is pressed: the first form with this action that has this text in it.
fn form(page: &Page, action: &str, with: &str) -> BTreeMap<String, String> {
    let start = format!("<form method=\"post\" action=\"{action}\">");
    let forms = page.body.split(&start).skip(1).map(|rest| rest.split("</form>").next().unwrap());
    let form = forms.into_iter().find(|form| form.contains(with));
    let form = form.unwrap_or_else(|| panic!("no form {action} with {with}: {}", page.body));
    let attribute = |tag: &str, name: &str| {
        let found = tag.split(&format!(" {name}=\"")).nth(1).map(|rest| rest.split('"').next().unwrap());
        found.map(plain).unwrap_or_default()
    };
    let mut fields = BTreeMap::new();
    for tag in form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let tag = format!(" {tag}");
        fields.insert(attribute(&tag, "name"), attribute(&tag, "value"));
    }
    for area in form.split("<textarea ").skip(1) {
        let (tag, rest) = area.split_once(">\n").unwrap();
        let text = plain(rest.split("</textarea>").next().unwrap());
        // A browser sends line ends of its own.
        fields.insert(attribute(&format!(" {tag}"), "name"), text.replace('\n', "\r\n"));
    }
    fields
}

/// What the page's text says.
fn plain(html: &str) -> String {
    let html = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
    html.replace("&#x2f;", "/").replace("&amp;", "&")
}

/// Somebody with a page open.
struct Person<'a>(Browser<'a>);

impl<'a> Person<'a> {
    async fn of(app: &'a TestApp, login: &str) -> Self {
        Self(Browser::of(app, login).await)
    }

    async fn opens(&mut self, path: &str) -> Page {
        let page = self.0.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page
    }

    /// Opens a page and sends one of its forms, with some fields typed over.
    async fn sends(&mut self, path: &str, action: &str, with: &str, typed: &[(&str, &str)]) -> Page {
        let page = self.opens(path).await;
        let mut fields = form(&page, action, with);
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.0.post(action, &fields).await
    }

    /// The same; it is done, and the page it leads to says so.
    async fn does(&mut self, path: &str, action: &str, with: &str, typed: &[(&str, &str)], says: &str) -> String {
        let sent = self.sends(path, action, with, typed).await;
        assert_eq!(sent.status, 303, "{action}: {}", sent.body);
        let page = self.opens(&sent.location).await;
        assert!(page.body.contains(says), "{says}: {}", page.body);
        sent.location
    }

    /// Makes September's issue.
    async fn creates(&mut self) {
        let to = self.does("/desk/issues", "/desk/issues", "month", &[], "已创建 2026-09").await;
        assert_eq!(to, ISSUE, "the last month that is over is proposed");
    }

    /// Takes an answered item in; the address of its entry.
    async fn adds(&mut self, title: &str) -> String {
        let add = format!("{ISSUE}/add");
        let page = self.opens(&add).await;
        let row = page.body.split("<tr>").find(|row| row.contains(title)).unwrap_or_else(|| panic!("{title}"));
        let item = row.split("name=\"item\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        self.does(&add, &add, &item, &[], "已加入本期").await
    }
}

async fn three_steps(app: &TestApp, publisher: &mut Person<'_>, entry: &str) {
    let review = format!("{entry}/review");
    let vouches = [("then", "deidentify")];
    publisher.does(entry, entry, "question", &vouches, "等待保密审查").await;
    let mut checker = Person::of(app, "checker").await;
    checker.does(entry, &review, "通过保密审查", &[], "等待批准").await;
    let mut leader = Person::of(app, "leader").await;
    leader.does(entry, &review, "同意公开", &[], "可以发布").await;
}

fn article(page: &Page) -> &str {
    page.body.split("<article>").nth(1).unwrap().split("</article>").next().unwrap()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one month, told in its order")]
async fn a_month_goes_from_an_empty_issue_to_the_public_page() {
    let app = TestApp::start().await;
    let mut letter = Letter::answered(1);
    letter.body = format!("{}我的电话是{PHONE}。", letter.body);
    app.import(&[letter, Letter::answered(2), Letter::new(3)]).await;
    let mut publisher = Person::of(&app, "publisher").await;
    publisher.creates().await;
    assert!(publisher.opens(ISSUE).await.body.contains("本期还没有条目"));
    let taken = publisher.sends("/desk/issues", "/desk/issues", "month", &[("month", "2026-09")]).await;
    assert_eq!(taken.status, 422);
    assert!(taken.body.contains("id=\"f-month-wrong\"") && taken.body.contains("该月已有一期"), "{}", taken.body);

    // Only what is answered is there; what is in the issue is marked.
    let candidates = publisher.opens(&format!("{ISSUE}/add")).await;
    assert!(!candidates.body.contains("第3号楼") && candidates.body.contains("共 2 件"), "{}", candidates.body);
    let first = publisher.adds("第1号楼").await;
    let second = publisher.adds("第2号楼").await;
    let candidates = publisher.opens(&format!("{ISSUE}/add?q=%E9%87%87%E5%85%89")).await;
    assert_eq!(candidates.body.matches("已在本期").count(), 2, "{}", candidates.body);
    assert!(candidates.body.contains(&format!("href=\"{first}\"")) && !candidates.body.contains("name=\"item\""));

    // A word that cannot be searched for is told on the page, which goes on offering every month with it.
    let unsearchable = publisher.opens(&format!("{ISSUE}/add?q=%22")).await;
    assert!(unsearchable.body.contains("role=\"alert\"") && !unsearchable.body.contains("name=\"item\""));
    assert!(unsearchable.body.contains("换一个词再搜") && !unsearchable.body.contains("当月没有符合"));
    let none = publisher.opens(&format!("{ISSUE}/add?q=%E6%B2%A1%E6%9C%89")).await;
    assert!(none.body.contains(&format!("href=\"{ISSUE}/add?q=%E6%B2%A1%E6%9C%89&amp;all=on\"")), "{}", none.body);

    // The text begins without the number, the original beside it has it.
    let page = publisher.opens(&first).await;
    let typed = form(&page, &first, "question");
    assert!(typed["question"].contains("我的电话是（手机号码略）。") && !typed["question"].contains(PHONE));
    assert!(page.body.contains(PHONE), "the original is beside it");

    // A number that comes back is told where it is, with a way out; what was typed stays.
    let answer = format!("您好，请打{PHONE}询问，日照分析已经公示。");
    let refused = publisher.sends(&first, &first, "question", &[("answer", &answer), ("then", "deidentify")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("公开文本里还有个人信息：答复第 6 至 16 字是手机号码"), "{}", refused.body);
    assert_eq!(form(&refused, &first, "question")["answer"], answer);
    assert!(refused.body.contains(&format!("<mark>{PHONE}</mark>")));
    let place = "name=\"mask\" value=\"answer:5:16\"";
    assert!(refused.body.contains(place), "{}", refused.body);
    publisher.does(&first, &first, place, &[("mask", "answer:5:16")], "已替换并保存").await;
    let page = publisher.opens(&first).await;
    assert_eq!(form(&page, &first, "question")["answer"], "您好，请打（手机号码略）询问，日照分析已经公示。");
    let answer = [("answer", "您好，日照分析已经公示。"), ("basis", "《城乡规划法》第二十六条")];
    publisher.does(&first, &first, "question", &answer, "已保存").await;
    publisher.does(&first, &first, "question", &[("then", "deidentify")], "等待保密审查").await;

    // The checker sends it back with a reason, which the publisher reads beside the text.
    let review = format!("{first}/review");
    let mut checker = Person::of(&app, "checker").await;
    let silent = checker.sends(&first, &review, "verdict", &[]).await;
    assert_eq!(silent.status, 422);
    assert!(silent.body.contains("请写明要改什么"));
    checker.does(&first, &review, "verdict", &[("reason", "请说明在哪里查询。")], "已退回修改").await;
    let page = publisher.opens(&first).await;
    assert!(page.body.contains("退回修改：</strong>请说明在哪里查询。"), "{}", page.body);
    let answer = [("answer", "您好，日照分析已经公示，请到规划展示厅查询。")];
    publisher.does(&first, &first, "question", &answer, "已保存").await;
    three_steps(&app, &mut publisher, &first).await;

    // The second is moved to the front; one that is not ready keeps the issue from being published.
    assert!(!publisher.opens(ISSUE).await.body.contains(&format!("{ISSUE}/publish")));
    publisher.does(ISSUE, &format!("{second}/move"), "value=\"1\"", &[], "已调整顺序").await;
    three_steps(&app, &mut publisher, &second).await;

    let preview = publisher.opens(&format!("{ISSUE}/preview")).await;
    assert!(preview.body.contains("只有工作人员看得到"));
    let mut visitor = Person(Browser::new(&app));
    assert_eq!(visitor.0.get("/hot/2026-09").await.status, 404);
    let to = publisher.does(ISSUE, &format!("{ISSUE}/publish"), "确认发布", &[], "已发布。群众现在可以").await;
    assert_eq!(to, ISSUE);
    let public = visitor.opens("/hot/2026-09").await;
    assert_eq!(article(&public), article(&preview), "the preview shows what the public reads");
    assert!(public.body.contains("请到规划展示厅查询") && !public.body.contains(PHONE));
    let (one, two) = (public.body.find("第1号楼").unwrap(), public.body.find("第2号楼").unwrap());
    assert!(two < one, "in the order chosen");
    assert!(!public.body.contains("只有工作人员看得到"));

    // One is taken back with a reason, then the issue.
    let retract = format!("{second}/retract");
    let silent = publisher.sends(&second, &retract, "reason", &[]).await;
    assert!(silent.status == 422 && silent.body.contains("请写明为什么撤回"));
    assert!(silent.unfolds("id=\"f-retract-reason-wrong\""), "{}", silent.body);
    assert!(!form(&silent, &second, "question")["answer"].is_empty(), "the text is still there to be edited");
    publisher.does(&second, &retract, "reason", &[("reason", "口径有变")], "已撤回这一条").await;
    assert!(!visitor.opens("/hot/2026-09").await.body.contains("第2号楼"));
    let retract = format!("{ISSUE}/retract");
    let silent = publisher.sends(ISSUE, &retract, "reason", &[]).await;
    assert!(silent.status == 422 && silent.unfolds("id=\"f-reason-wrong\""), "{}", silent.body);
    publisher.does(ISSUE, &retract, "reason", &[("reason", "整期重做")], "已撤回。公开网站上不再显示").await;
    assert_eq!(visitor.0.get("/hot/2026-09").await.status, 404);
    let page = publisher.opens(ISSUE).await;
    assert!(!page.body.contains(&format!("action=\"{ISSUE}")), "nothing is left to be done: {}", page.body);
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    app.import(&[Letter::answered(1), Letter::answered(2)]).await;
    let mut publisher = Person::of(&app, "publisher").await;
    publisher.creates().await;
    let entry = publisher.adds("第1号楼").await;
    let open = publisher.opens(&entry).await;
    let mut stale = form(&open, &entry, "question");
    publisher.does(&entry, &entry, "question", &[("answer", "甲先保存的答复。")], "已保存").await;

    stale.insert("answer".to_owned(), "乙后保存的答复。".to_owned());
    let fields: Vec<(&str, &str)> = stale.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = publisher.0.post(&entry, &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("别人刚保存的内容") && refused.body.contains("甲先保存的答复。"), "{}", refused.body);
    let again = form(&refused, &entry, "question");
    assert_eq!(again["answer"], "乙后保存的答复。");
    // Having seen it, one may keep one's own.
    let fields: Vec<(&str, &str)> = again.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(publisher.0.post(&entry, &fields).await.status, 303);

    // Another entry's text is nothing that anybody has put in the place of this one's.
    let other = publisher.adds("第2号楼").await;
    let mut stale_beside = form(&publisher.opens(&entry).await, &entry, "question");
    publisher.does(&other, &other, "question", &[("answer", "旁边的答复。")], "已保存").await;
    stale_beside.insert("answer".to_owned(), "丙的答复。".to_owned());
    let fields: Vec<(&str, &str)> = stale_beside.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = publisher.0.post(&entry, &fields).await;
    assert!(refused.status == 422 && refused.body.contains("本期刚刚被别人改过"), "{}", refused.body);
    assert!(!refused.body.contains("别人刚保存的内容"), "{}", refused.body);
    assert_eq!(form(&refused, &entry, "question")["answer"], "丙的答复。");

    // So it is with acts for which nothing is typed, and with a form that lost its revision.
    for (action, fields) in [
        (format!("{entry}/remove"), vec![("revision", stale["revision"].as_str())]),
        (format!("{entry}/remove"), vec![]),
        (format!("{ISSUE}/publish"), vec![("revision", "1")]),
    ] {
        let sent = publisher.0.post(&action, &fields).await;
        assert_eq!((sent.status, sent.location.as_str()), (303, ISSUE), "{action}");
        let page = publisher.opens(ISSUE).await;
        assert!(page.body.contains("本期刚刚被别人改过") && page.body.contains("第1号楼"), "{action}");
    }
    publisher.does(&entry, &format!("{entry}/remove"), "确认移除", &[], "已移除这一条").await;
    assert_eq!(publisher.0.get(&entry).await.status, 404);
}

#[tokio::test]
async fn only_what_one_may_do_is_offered() {
    let app = TestApp::start().await;
    app.import(&[Letter::answered(1)]).await;
    let mut publisher = Person::of(&app, "publisher").await;
    publisher.creates().await;
    let entry = publisher.adds("第1号楼").await;
    for login in ["office", "checker", "leader"] {
        let mut person = Person::of(&app, login).await;
        assert_eq!(person.0.get(&format!("{ISSUE}/add")).await.status, 403, "{login}");
        for path in ["/desk/issues", ISSUE, &entry] {
            let page = person.opens(path).await;
            assert!(
                !page.body.contains("action=\"/desk/issues") || page.body.contains("method=\"get\""),
                "{login} {path}"
            );
            assert!(!page.body.contains("method=\"post\" action=\"/desk/issues"), "{login} {path}");
        }
        let forced = person.0.post(&format!("{ISSUE}/publish"), &[("revision", "2")]).await;
        assert_eq!(forced.status, 303, "{login}");
        assert!(person.opens(&forced.location).await.body.contains("您的角色不能进行此操作"), "{login}");
    }
    let mut handler = Person::of(&app, "handler").await;
    for path in ["/desk/issues", &format!("{ISSUE}/add"), &format!("{ISSUE}/publish")] {
        assert_eq!(handler.0.post(path, &[("month", "2026-08")]).await.status, 403, "{path}");
    }
    for path in ["/desk/issues/2026-07", "/desk/issues/september", &format!("{ISSUE}/entries/{}", "0".repeat(40))] {
        let status = publisher.0.get(path).await.status;
        assert!(status == 404 || status == 400, "{path} {status}");
    }
}

#[tokio::test]
async fn what_is_typed_is_text() {
    let app = TestApp::start().await;
    let mut letter = Letter::answered(1);
    letter.title = "&lt;script&gt;alert(1)&lt;/script&gt;第1号楼".to_owned();
    app.import(&[letter]).await;
    let mut publisher = Person::of(&app, "publisher").await;
    publisher.creates().await;
    let entry = publisher.adds("第1号楼").await;
    let hostile = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 'zq' ~ 7 ~ 'qz' }}";
    let typed = [("question", hostile), ("answer", hostile), ("basis", hostile)];
    publisher.does(&entry, &entry, "question", &typed, "已保存").await;
    for path in [&entry, ISSUE, &format!("{ISSUE}/add"), &format!("{ISSUE}/preview"), "/desk/issues"] {
        let page = publisher.opens(path).await;
        for markup in ["<script>alert", "<img", "zq7qz"] {
            assert!(!page.body.contains(markup), "{path} lets {markup} through");
        }
    }
    assert_eq!(form(&publisher.opens(&entry).await, &entry, "question")["answer"], hostile);
}

#[tokio::test]
async fn a_page_costs_the_same_however_many_entries_there_are() {
    let app = TestApp::start().await;
    let letters: Vec<Letter> = (1..=12).map(Letter::answered).collect();
    app.import(&letters).await;
    let mut publisher = Person::of(&app, "publisher").await;
    publisher.creates().await;
    let mut counts = Vec::new();
    let mut entry = String::new();
    for (from, to) in [(1, 2), (3, 12)] {
        for number in from..=to {
            entry = publisher.adds(&format!("第{number}号楼")).await;
        }
        let mut count = Vec::new();
        for path in ["/desk/issues", ISSUE, &entry, &format!("{ISSUE}/add"), &format!("{ISSUE}/preview")] {
            let before = statements_run();
            publisher.opens(path).await;
            count.push(statements_run() - before);
        }
        counts.push(count);
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0].iter().all(|count| *count < 30), "{counts:?}");
}

#[test]
fn the_entry_page_renders_for_everybody() {
    let assets = huiyin::page::Assets::new(huiyin::console::ASSETS);
    let now = || huiyin_domain::time::Instant::from_micros(1_795_140_000_000_000);
    let templates = huiyin::page::Templates::new(huiyin::console::TEMPLATES, &assets, now).unwrap();
    let hostile = "<script>alert(1)</script>";
    for (at, view) in issue_samples::other_views(hostile).into_iter().enumerate() {
        let mut sample = super::samples::sample("console/issue_entry.html", hostile, "console/frame.html");
        sample.as_object_mut().unwrap().extend(view.as_object().unwrap().clone());
        let html = templates.render("console/issue_entry.html", &sample).unwrap();
        assert!(!html.contains("<script>"), "{at}");
        assert_eq!(html.contains("看不到这一条来自哪一件"), at == 1);
    }
}
