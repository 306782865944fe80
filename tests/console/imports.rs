//! A file from the upload to its last held row, as a browser without the script goes through it.

use std::time::Duration;

use huiyin::store::db::statements_run;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::app::{Letter, TestApp};

const HEADER: &str = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间,<i>备注</i>\n";
/// A file's name that tries to be markup.
const NAME: &str = "<img src=x onerror=alert(1)>'.csv";

/// Thirty rows, of which the 12th has an unreadable date and the 20th no text.
fn export() -> String {
    let rows = (1..=30).map(|row| {
        let (at, body) = match row {
            12 => ("<b>某天</b>", "第12封的内容".to_owned()),
            20 => ("2026-09-01 08:00:00", String::new()),
            _ => ("2026-09-01 08:00:00", format!("第{row}封的内容")),
        };
        format!("L{row},甲{row},题目{row},{at},{body},,,<script>alert({row})</script>\n")
    });
    format!("{HEADER}{}", rows.collect::<String>())
}

/// Addresses on the page that begin so.
fn links(page: &Page, start: &str) -> Vec<String> {
    let hrefs = page.body.split("href=\"").skip(1).map(|part| part.split('"').next().unwrap().replace("&amp;", "&"));
    hrefs.filter(|href| href.starts_with(start)).collect()
}

/// The fields of the repair form, in their order.
fn fields(page: &Page) -> Vec<(String, String)> {
    let values = |name: &str| {
        let marker = format!("name=\"{name}-");
        let part = page.body.split(&marker).skip(1).map(|part| part.split_once("value=\"").unwrap().1);
        part.map(|part| part.split('"').next().unwrap().replace("&lt;", "<").replace("&gt;", ">")).collect::<Vec<_>>()
    };
    values("header").into_iter().zip(values("text")).collect()
}

fn form(fields: &[(String, String)]) -> Vec<(String, String)> {
    let pairs = fields.iter().enumerate();
    pairs
        .flat_map(|(at, (header, text))| {
            [(format!("header-{at}"), header.clone()), (format!("text-{at}"), text.clone())]
        })
        .collect()
}

async fn post(browser: &mut Browser<'_>, path: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
}

/// Opens the upload's page as its refresh does, until the import has ended.
async fn ended(browser: &mut Browser<'_>, path: &str) -> Page {
    for _ in 0..600 {
        let page = browser.get(path).await;
        if !page.body.contains("http-equiv=\"refresh\"") {
            return page;
        }
        assert!(page.body.contains("正在导入"), "{}", page.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the import does not end");
}

fn hostile(page: &Page) {
    for markup in ["<img src=x", "<script>alert", "<b>某天", "<i>备注"] {
        assert!(!page.body.contains(markup), "{markup} in {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_taken_in_to_its_last_row() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    let page = browser.get("/desk/imports").await;
    assert!(page.body.contains("enctype=\"multipart/form-data\"") && page.body.contains("还没有上传过文件"));

    let page = browser.upload("/desk/imports", NAME, &export()).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let path = page.location;
    let page = browser.get(&path).await;
    hostile(&page);
    assert!(page.body.contains("确认导入 30 行") && page.body.contains("表头在第 1 行"), "{}", page.body);
    assert!(page.body.contains("能读 <strong>28</strong>") && page.body.contains("待修复 <strong>2</strong>"));
    assert!(page.body.contains("不导入，只留原文") && page.body.contains("● 留言时间：&lt;b&gt;某天"), "{}", page.body);
    assert_eq!(app.item_count().await, 0, "nothing is taken in yet");

    let page = browser.post(&format!("{path}/confirm"), &[("connector", "board")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, path.as_str()), "{}", page.body);
    let page = ended(&mut browser, &path).await;
    hostile(&page);
    let equation = page.body.split("class=\"statement\"").nth(1).unwrap().split("</p>").next().unwrap();
    for part in [
        "应有 <strong>30<",
        "新收 <strong>28<",
        "未变 <strong>0<",
        "变更 <strong>0<",
        "待修复 <strong>2<",
        "拒收 <strong>0<",
        "账平",
    ] {
        assert!(equation.contains(part), "{part} in {equation}");
    }
    assert_eq!(app.item_count().await, 28);
    let page = browser.post(&format!("{path}/confirm"), &[("connector", "board")]).await;
    assert_eq!(page.status, 422, "once only");
    let page = browser.get("/desk/imports").await;
    hostile(&page);
    assert!(page.body.contains("已导入") && page.body.contains("账平"), "{}", page.body);

    let page = browser.get("/desk/held").await;
    hostile(&page);
    assert!(
        page.body.contains("共 2 行")
            && page.body.contains("<span>待修复行</span><span class=\"badge\" data-count=\"held\"><span>2<")
    );
    assert!(!page.body.contains("第12封") && !page.body.contains("甲12"), "masked: {}", page.body);
    let rows = links(&page, "/desk/held/");
    repair(&app, &mut browser, &rows[0]).await;
    reject(&mut browser, &rows[1]).await;
    assert!(browser.get("/desk/held").await.body.contains("没有待修复的行"));
    let page = browser.get("/desk/held?all=on").await;
    assert!(page.body.contains("已修复") && page.body.contains("已拒收"));
    assert!(browser.get(&path).await.body.contains("待修复的行都已处理"));
    assert_eq!(app.service.verify(&crate::support::app::CLI, &[]).await.unwrap().findings, []);
}

async fn repair(app: &TestApp, browser: &mut Browser<'_>, path: &str) {
    let page = browser.get(path).await;
    assert!(page.body.contains("查看原始页面") && page.body.contains("text/csv"), "{}", page.body);
    let sent = browser.post(&format!("{path}/payload"), &[]).await;
    hostile(&sent);
    assert!(sent.body.contains("第11封的内容") && sent.body.contains("raw-sheet"), "the rows around it: {}", sent.body);
    assert!(
        sent.body.contains("&lt;i&gt;备注") && sent.body.contains("这一列读不了"),
        "with the header, to be repaired"
    );
    hostile(&page);
    assert!(page.body.contains("列“留言时间”") && page.body.contains("已遮盖") && !page.body.contains("第12封"));
    let page = browser.post(&format!("{path}/open"), &[]).await;
    hostile(&page);
    assert!(page.body.contains("这一列读不了") && page.body.contains("第12封的内容"), "{}", page.body);
    let mut cells = fields(&page);
    assert_eq!(cells.len(), 8, "one field for each column: {cells:?}");
    let at = cells.iter().position(|(header, _)| header == "留言时间").unwrap();
    assert_eq!(cells[at].1, "<b>某天</b>");
    cells[at].1 = "改天".to_owned();
    let page = post(browser, &format!("{path}/repair"), &form(&cells)).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("这一行还不能读") && page.body.contains("value=\"改天\""), "{}", page.body);
    cells[at].1 = "2026-09-02 08:00:00".to_owned();
    let page = post(browser, &format!("{path}/repair"), &form(&cells)).await;
    assert_eq!((page.status, page.location.as_str()), (303, path), "{}", page.body);
    let page = browser.get(path).await;
    assert!(page.body.contains("收为新的一件") && page.body.contains("/desk/items/29\""), "{}", page.body);
    let item = app.ok("office", "{ itemByNumber(number: 29) { title } }", json!({})).await;
    assert_eq!(item["itemByNumber"]["title"], "题目12");
    let page = post(browser, &format!("{path}/repair"), &form(&cells)).await;
    assert_eq!(page.status, 422, "once only");
    let uuid = path.strip_prefix("/desk/held/").unwrap();
    let history = app.ok(
        "auditor",
        "query($s: String!) { ledgerRows(subject: $s) { edges { node { kind { code } } } } }",
        json!({ "s": format!("hold:{uuid}") }),
    );
    let history = history.await.to_string();
    assert!(["payload.viewed", "held.viewed", "hold.repaired"].iter().all(|kind| history.contains(kind)), "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_below_a_header_of_several_lines_is_repaired_whole() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    let header = "留言编号,留言用户,\"留言\n主题\",留言时间,\"留言\n详情\"\n";
    let file = format!("{header}L1,甲,题目,某天,\"第一行\n第二行\"\n");
    let path = browser.upload("/desk/imports", "a.csv", &file).await.location;
    browser.post(&format!("{path}/confirm"), &[("connector", "board")]).await;
    let page = ended(&mut browser, &path).await;
    let row = links(&page, "/desk/held/").remove(0);
    let page = browser.post(&format!("{row}/open"), &[]).await;
    assert!(page.body.contains("name=\"header-4\" value=\"留言\n详情\""), "{}", page.body);
    // A field of one line would make one line of these two.
    assert!(page.body.contains(">\n第一行\n第二行</textarea>"), "{}", page.body);
    let headers = ["留言编号", "留言用户", "留言\r\n主题", "留言时间", "留言\r\n详情"];
    let texts = ["L1", "甲", "题目", "2026-09-02 08:00:00", "第一行\r\n第二行"];
    let cells: Vec<_> = headers.iter().zip(texts).map(|(name, text)| ((*name).to_owned(), text.to_owned())).collect();
    let page = post(&mut browser, &format!("{row}/repair"), &form(&cells)).await;
    assert_eq!((page.status, page.location.as_str()), (303, row.as_str()), "{}", page.body);
    let item = app.ok("office", "{ itemByNumber(number: 1) { title question { body } } }", json!({})).await;
    assert_eq!(item["itemByNumber"]["title"], "题目");
    assert_eq!(item["itemByNumber"]["question"]["body"], "第一行\n第二行");
}

async fn reject(browser: &mut Browser<'_>, path: &str) {
    let page = browser.post(&format!("{path}/reject"), &[("reason", " ")]).await;
    assert_eq!(page.status, 422);
    assert!(
        page.body.contains("f-reason-wrong") && page.body.contains("<details class=\"confirm\" open>"),
        "{}",
        page.body
    );
    let page = browser.post(&format!("{path}/reject"), &[("reason", "平台的<b>测试</b>数据")]).await;
    assert_eq!((page.status, page.location.as_str()), (303, path));
    let page = browser.get(path).await;
    assert!(page.body.contains("平台的&lt;b&gt;测试&lt;/b&gt;数据"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_taken_is_told_beside_its_field() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    for (name, content, told) in [("a.csv", "%PDF-1.7", "f-file-wrong"), ("", "", "没有选择文件")] {
        let page = browser.upload("/desk/imports", name, content).await;
        assert_eq!(page.status, 422, "{name}");
        assert!(page.body.contains(told) && page.body.contains("aria-label=\"目录\""), "{}", page.body);
        hostile(&page);
    }
    let page = browser.upload("/desk/imports", "a.csv", &"x".repeat(5 << 20)).await;
    assert_eq!(page.status, 413);
    assert!(page.body.contains("超过大小上限"), "{}", page.body);
    let page = browser.upload("/desk/imports", "a.csv", &export()).await;
    assert!(browser.get(&format!("{}?connector=nothing", page.location)).await.body.contains("采集配置"));
    let discarded = browser.post(&format!("{}/discard", page.location), &[]).await;
    assert_eq!((discarded.status, discarded.location.as_str()), (303, "/desk/imports"));
    assert!(browser.get(&page.location).await.body.contains("已放弃"));

    let mut handler = Browser::of(&app, "handler").await;
    assert_eq!(handler.upload("/desk/imports", "a.csv", &export()).await.status, 403);
    assert_eq!(handler.get(&page.location).await.status, 403);
    let page = Browser::new(&app).upload("/desk/imports", "a.csv", &export()).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/sign-in?next=%2Fdesk%2Fimports"));
    for path in
        ["/desk/imports/01980000-0000-7000-8000-000000000000", "/desk/held/01980000-0000-7000-8000-000000000000"]
    {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    assert_eq!(browser.get("/desk/imports/x").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_takes_no_more_statements_than_a_short_one() {
    let app = TestApp::start().await;
    let mut browser = Browser::of(&app, "office").await;
    let mut counts = Vec::new();
    for round in 0..2 {
        // Each import is a pull of its own; each time other rows cannot be read.
        for batch in 0..(2 + 5 * round) {
            let letter = |number: usize| Letter {
                asked_at: "某天".to_owned(),
                ..Letter::new(1000 * round + 10 * batch + number)
            };
            app.import(&(1..=4).map(letter).collect::<Vec<_>>()).await;
        }
        let mut taken = Vec::new();
        for path in ["/desk/imports", "/desk/held", "/desk/held?all=on"] {
            let before = statements_run();
            assert_eq!(browser.get(path).await.status, 200);
            taken.push(statements_run() - before);
        }
        counts.push(taken);
    }
    assert_eq!(counts[0], counts[1]);
}
