//! A day at the desk, over the real pages: two sites are pulled, an export of 120 messages is uploaded, routed, two come back,
//! they are answered, reviewed by three people and released, and the month is published.
//!
//! Six of the messages go their whole way by mouse and keyboard. The others are routed through the API, and some of them
//! answered and released there; the rest stays in the units' hands, as on any evening. Pictures of every station, on both
//! screens, are left in `target/screenshots`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::morning;
use super::seat::{REPLY, Seat};
use crate::support::browser::{Browser, Width};
use crate::support::demo::Demo;

/// Messages in the export.
const MESSAGES: usize = 120;
/// How many of them go by hand.
const BY_HAND: usize = 6;
/// How many of the others are answered, too: each takes eight transactions.
const BY_COLLEAGUES: usize = 14;
/// A month of which the demonstration has no issue yet.
const MONTH: &str = "2026-08";
/// What the export's titles have in common.
const PLACE: &str = "青禾里";
/// Two units that answer: name, code, who answers, who reviews first.
const UNITS: [(&str, &str, &str, &str); 2] =
    [("不动产中心", "budongchan", "handler", "review1"), ("规划科", "guihua", "handler-guihua", "review1-guihua")];

const QUESTION: &str = "小区已经完成首次登记，个人的不动产证怎么办？";
const ANSWER: &str =
    "请持购房合同、契税完税凭证和身份证明，到政务服务大厅不动产登记窗口申请转移登记，自受理之日起五个工作日内办结。";

/// Writes the export as the district's hotline would.
fn export(path: &std::path::Path) {
    let mut text = "工单编号,工单标题,诉求内容,诉求类型,诉求渠道,求助人员,求助号码,事件发生地,诉求详细地址,市交办主办单位,市交办时间\n"
        .to_owned();
    for number in 1..=MESSAGES {
        let kind = ["咨询", "求助", "投诉"][number % 3];
        // Not as the bureau calls its units.
        let named = ["规划编制科", "市不动产登记中心"][number % 2];
        let at = format!("2026-11-20 {:02}:{:02}:00", 9 + number / 60, number % 60);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "GD20261120{number:04},{PLACE}第{number}号楼的不动产证,来电人反映：{PLACE}第{number}号楼已经交房，\
             第{number}户还没有拿到不动产证，请问什么时候能办？,{kind},电话,市民{number},000-{number:07},{PLACE},\
             {PLACE}{number}号,{named},{at}"
        );
    }
    std::fs::write(path, text).unwrap();
}

/// The items of the export in its order: id, number and when it was answered.
async fn items(demo: &Demo, token: &str) -> Vec<(String, i64, Value)> {
    let query = "query($after: String) { items(filter: { sources: [\"hotline-district\"] }, first: 100, after: $after) { \
                 edges { node { id number title repliedAt } } pageInfo { hasNextPage endCursor } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = demo.send(Some(token), query, json!({ "after": after })).await["items"].clone();
        let nodes = page["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]);
        let nodes = nodes.filter(|node| node["title"].as_str().unwrap().starts_with(PLACE));
        found.extend(nodes.map(|node| {
            (node["id"].as_str().unwrap().to_owned(), node["number"].as_i64().unwrap(), node["repliedAt"].clone())
        }));
        if page["pageInfo"]["hasNextPage"] != true {
            // They are numbered as they came in.
            found.sort_by_key(|(_, number, _)| *number);
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// The file is uploaded, looked at, confirmed, and its statement adds up; the items it brought, in the file's order.
async fn import(demo: &Demo, office: &Seat) -> Vec<(String, i64, Value)> {
    let file = demo.path("区级热线工单.csv");
    export(&file);
    office.shows("01-home").await;
    office.opens("/desk/imports").await;
    office.shows("02-imports").await;
    office.desk.upload("从源平台导出的文件", &file).await;
    office.desk.follow("上传并预览").await;
    office.desk.wait_for_text(&format!("共 {MESSAGES} 行 = 能读 {MESSAGES} + 待修复 0")).await;
    office.shows("03-preview").await;
    office.presses(&format!("确认导入 {MESSAGES} 行"), "已开始导入").await;
    office.desk.wait_for_text("账平").await;
    let statement = format!("应有 {MESSAGES} = 新收 {MESSAGES} + 未变 0 + 变更 0 + 待修复 0 + 拒收 0");
    office.desk.wait_for_text(&statement).await;
    office.shows("04-statement").await;
    let found = items(demo, &demo.token("office").await).await;
    assert_eq!(found.len(), MESSAGES);
    found
}

/// Sends calls about items, some at a time; each has to be done.
async fn all(demo: &Demo, login: &str, calls: Vec<String>) {
    let token = demo.token(login).await;
    for some in calls.chunks(8) {
        let mut query = "mutation {".to_owned();
        for (at, call) in some.iter().enumerate() {
            let _ = write!(query, " c{at}: {call} {{ status userErrors {{ code }} }}");
        }
        query.push_str(" }");
        let done = demo.send(Some(&token), &query, Value::Null).await;
        let done: Vec<_> = done.as_object().unwrap().values().collect();
        assert!(done.iter().all(|one| one["status"] == "OK"), "{query}: {done:?}");
    }
}

/// What is not looked at: all others are routed, some accepted, answered, reviewed and released.
async fn colleagues(demo: &Demo, rest: &[(String, i64, Value)]) {
    let office = demo.token("office").await;
    let units = demo.send(Some(&office), "{ units { id code } }", Value::Null).await["units"].clone();
    let calls = |ids: &[&str], call: &dyn Fn(&str) -> String| ids.iter().map(|id| call(id)).collect::<Vec<_>>();
    for (which, (_, code, handler, reviewer)) in UNITS.iter().enumerate() {
        let unit = units.as_array().unwrap().iter().find(|unit| unit["code"] == *code).unwrap()["id"].clone();
        let ids: Vec<&str> = rest.iter().skip(which).step_by(UNITS.len()).map(|(id, _, _)| id.as_str()).collect();
        all(demo, "office", calls(&ids, &|id| format!("assignItem(item: \"{id}\", lead: {unit})"))).await;
        let ids: Vec<&str> = ids.into_iter().take(BY_COLLEAGUES / UNITS.len()).collect();
        all(demo, handler, calls(&ids, &|id| format!("acceptItem(item: \"{id}\")"))).await;
        all(demo, handler, calls(&ids, &|id| format!("saveDraft(item: \"{id}\", text: \"{REPLY}\")"))).await;
        all(demo, handler, calls(&ids, &|id| format!("submitReply(item: \"{id}\", version: 1)"))).await;
        for (who, step) in [(*reviewer, "FIRST"), ("review2", "SECOND"), ("review3", "THIRD")] {
            let approve = |id: &str| format!("approveReply(item: \"{id}\", step: {step}, version: 1)");
            all(demo, who, calls(&ids, &approve)).await;
        }
        all(demo, "office", calls(&ids, &|id| format!("releaseReply(item: \"{id}\")"))).await;
    }
}

/// The office routes six; two are returned: one goes to the other unit, one has to be kept. In the end the first unit owes
/// the first four, the second the others.
async fn routed(office: &Seat, units: [&Seat; 2], numbers: &[i64]) {
    let [first, second] = UNITS.map(|(name, ..)| name);
    office.opens("/desk/items?task=register&task=route&waiting=me&order=oldest").await;
    office.shows("05-to-route").await;
    office.opens_item(numbers[0]).await;
    office.shows("06-item-to-route").await;
    for (at, number) in numbers.iter().enumerate() {
        if at == 2 {
            // What the colleagues have routed today is what is suggested.
            office.opens_item(*number).await;
            assert!(office.desk.has_text(&format!("以前派给了 {first}")).await, "{}", office.desk.text("#acts").await);
            office.presses(".suggestion button", "已派单。").await;
            continue;
        }
        // The first goes to the wrong unit.
        office.routes(*number, if (1..4).contains(&at) { first } else { second }).await;
    }
    office.shows("07-routed").await;
    units[1].opens("/desk").await;
    units[1].shows("08-unit-home").await;
    units[1].returns(numbers[0], first, "09-return").await;
    units[0].returns(numbers[1], second, "09-return-2").await;
    office.opens("/desk/items?task=decide_return&waiting=me&order=oldest").await;
    office.shows("10-returns").await;
    office.opens_item(numbers[0]).await;
    office.shows("11-returned").await;
    office.presses("form[action$='/uphold-return'] button", "已同意退单，请重新派单。").await;
    office.routes(numbers[0], first).await;
    office.opens_item(numbers[1]).await;
    office.presses("form[action$='/reject-return'] button", "已驳回退单，由原单位办理。").await;
}

/// The units answer, three people review, the office releases.
async fn answered(browser: &Browser, office: &Seat, units: [&Seat; 2], numbers: &[i64]) {
    let unit = |at: usize| usize::from(at >= 4);
    for (at, number) in numbers.iter().enumerate() {
        let handler = units[unit(at)];
        handler.opens_item(*number).await;
        // What was rejected as a return is the unit's already.
        if handler.desk.is_there("form[action$='/accept'] button").await {
            handler.accepts(*number).await;
        }
        if at == 0 {
            handler.shows("12-to-answer").await;
        }
        handler.answers(*number).await;
    }
    units[0].shows("13-submitted").await;
    let heads = [Seat::of(browser, UNITS[0].3).await, Seat::of(browser, UNITS[1].3).await];
    heads[0].shows("14-reviewer-home").await;
    heads[0].opens_item(numbers[0]).await;
    heads[0].shows("15-review-1").await;
    for (at, number) in numbers.iter().enumerate() {
        heads[unit(at)].approves(*number).await;
    }
    for (login, station) in [("review2", "16-review-2"), ("review3", "17-review-3")] {
        let reviewer = Seat::of(browser, login).await;
        reviewer.opens_item(numbers[0]).await;
        reviewer.shows(station).await;
        for number in numbers {
            reviewer.approves(*number).await;
        }
    }
    office.opens("/desk/items?task=release&waiting=me&order=oldest").await;
    office.shows("18-to-release").await;
    office.opens_item(numbers[0]).await;
    office.shows("19-item-to-release").await;
    for number in numbers {
        office.releases(*number).await;
    }
    office.shows("20-released").await;
}

/// An entry is made of an answered item, and a telephone number in it is found; where it is.
async fn entry(publisher: &Seat, number: i64) -> String {
    let button = format!("加入本期：第 {number} 件");
    publisher.opens(&format!("/desk/issues/{MONTH}/add")).await;
    publisher.desk.fill("搜索", &format!("{PLACE}第1号楼")).await;
    publisher.desk.check("不限当月答复", true).await;
    publisher.presses("搜索", PLACE).await;
    publisher.shows("22-candidates").await;
    publisher.presses(&button, "已加入本期").await;
    publisher.shows("23-entry").await;
    let at = publisher.desk.address().await;
    publisher.desk.fill("问题", &format!("{QUESTION}我的电话是13912345678。")).await;
    publisher.desk.fill("答复", ANSWER).await;
    publisher.desk.fill("依据", "《不动产登记暂行条例》第二十条").await;
    assert_eq!(publisher.desk.follow("保存并确认去标识化").await, 422, "a telephone number is not published");
    publisher.desk.wait_for_text("公开文本里还有个人信息").await;
    publisher.desk.screenshot("day-24-entry-refused").await;
    // The refusal is on the console of the browser, as every answer of this kind.
    let troubles = publisher.desk.troubles();
    assert!(troubles.iter().all(|trouble| trouble.contains("422")), "{troubles:?}");
    publisher.desk.fill("问题", QUESTION).await;
    publisher.presses("保存并确认去标识化", "已保存并确认去标识化，等待保密审查。").await;
    at
}

/// The month's issue: made, filled, checked by three people, published; everybody reads it.
async fn published(browser: &Browser, number: i64) {
    let publisher = Seat::of(browser, "publisher").await;
    let issue = format!("/desk/issues/{MONTH}");
    let visitor = browser.page(Width::Desk).await;
    assert_eq!(visitor.open(&format!("/hot/{MONTH}")).await, 404, "nothing is public yet");
    visitor.troubles();
    publisher.opens("/desk/issues").await;
    publisher.shows("21-issues").await;
    publisher.desk.fill("月份", MONTH).await;
    publisher.presses("创建", &format!("已创建 {MONTH}")).await;
    let at = entry(&publisher, number).await;
    let checker = Seat::of(browser, "review2").await;
    checker.opens(&at).await;
    checker.shows("25-check").await;
    checker.presses("通过保密审查", "等待批准").await;
    let leader = Seat::of(browser, "review3").await;
    leader.opens(&at).await;
    leader.shows("26-approve").await;
    leader.presses("批准", "可以发布").await;
    publisher.opens(&format!("{issue}/preview")).await;
    publisher.shows("27-preview").await;
    publisher.opens(&issue).await;
    publisher.shows("28-ready").await;
    publisher.desk.click(&format!("发布 {MONTH} 热点咨询")).await;
    publisher.presses("确认发布", "已发布。").await;
    publisher.shows("29-published").await;
    let phone = browser.page(Width::Phone).await;
    for page in [&visitor, &phone] {
        assert_eq!(page.open(&format!("/hot/{MONTH}")).await, 200);
        assert!(page.has_text(QUESTION).await && page.has_text(ANSWER).await);
        assert!(!page.has_text(PLACE).await && !page.has_text("市民").await, "nobody is named");
        page.screenshot("day-30-public").await;
        page.assert_calm();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_at_the_desk_from_the_export_to_the_published_month() {
    let Some((demo, _sites, browser, office)) = morning::begun().await else { return };
    let imported = import(&demo, &office).await;
    let (by_hand, rest) = imported.split_at(BY_HAND);
    let numbers: Vec<i64> = by_hand.iter().map(|(_, number, _)| *number).collect();
    colleagues(&demo, rest).await;
    let units = [&Seat::of(&browser, UNITS[0].2).await, &Seat::of(&browser, UNITS[1].2).await];
    routed(&office, units, &numbers).await;
    answered(&browser, &office, units, &numbers).await;
    let after = items(&demo, &demo.token("office").await).await;
    let released = after.iter().filter(|(_, _, replied)| !replied.is_null()).count();
    assert_eq!(
        (after.len(), released),
        (MESSAGES, BY_HAND + BY_COLLEAGUES),
        "nothing is lost, and what was released is"
    );
    published(&browser, numbers[0]).await;

    let auditor = Seat::of(&browser, "auditor").await;
    auditor.opens("/desk/ledger").await;
    auditor.desk.follow("开始校验").await;
    auditor.desk.wait_for_text("✓ 校验至").await;
    auditor.shows("31-ledger").await;
    demo.verify();
}
