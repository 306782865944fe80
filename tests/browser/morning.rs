//! The morning before anybody uploads anything: two sites of the bureau are read by plan. The office looks whether everything
//! is there, has a source read at once, meets a row that cannot be read and a site that was built anew, and sees both put
//! right by what is read later.

use serde_json::Value;

use super::seat::Seat;
use crate::support::browser::{Browser, Page};
use crate::support::demo::Demo;
use crate::support::site::{At, Fault, Letter, Model, Patience, Shape, Site, What};

/// A leader's mailbox: its source, and how many letters it shows at first.
const MAILBOX: (&str, u32) = ("city-mailbox", 18);
/// A board for questions.
const BOARD: (&str, u32) = ("city-board", 12);

/// What the two sites show: where, and what about.
const PLACES: [&str; 6] = ["青石街", "河埠小区", "东塘村", "云台路", "枫林苑", "新渡口"];
const MATTERS: [(&str, &str); 5] = [
    (
        "的不动产证什么时候能办",
        "交房已经一年多，开发商说资料早就报上去了，请问不动产证什么时候能办下来，还要我们补什么材料？",
    ),
    ("宅基地审批要哪些材料", "老屋是危房，想在原址翻建，村里说要先批宅基地。请问到哪里申请，要带哪些材料，多久能批？"),
    ("的征地补偿款什么时候到账", "征地协议去年就签了，青苗补偿已经领到，土地补偿款一直没有到账，请问卡在哪一步？"),
    ("规划的道路什么时候修通", "规划图上这里有一条支路，目前是断头路，上学要绕两公里，请问列入哪一年的计划？"),
    ("楼上加建有没有规划许可", "顶层住户正在加建一层，钢架已经搭好，担心结构安全，请问有没有办过规划许可？"),
];

/// The two sites, each in a process of its own.
pub struct Sites {
    mailbox: Site,
    board: Site,
}

/// An invented letter.
fn letter(number: u32) -> Letter {
    let (at, of) = (number as usize % PLACES.len(), number as usize / PLACES.len() % MATTERS.len());
    let (place, (title, body)) = (PLACES[at], MATTERS[of]);
    Letter {
        title: format!("{place}{title}"),
        body: format!("我是{place}的居民。{body}"),
        asked: format!("2026-11-20 {:02}:{:02}:00", 8 + number / 6, number * 7 % 60),
        ..Letter::new(number + 1)
    }
}

impl Sites {
    /// Starts them. The board shows one date that nobody can read, once.
    pub async fn start() -> Self {
        let sites = Self { mailbox: Site::start().await, board: Site::start().await };
        sites.mailbox.change(|model| (0..MAILBOX.1).for_each(|number| model.insert(0, letter(number)))).await;
        let numbers = MAILBOX.1..MAILBOX.1 + BOARD.1;
        sites.board.change(|model| numbers.for_each(|number| model.insert(0, letter(number)))).await;
        sites.board.fail([Fault::once(At::List(1), What::BadRow)]).await;
        sites
    }

    /// Their connectors.
    pub fn sources(&self) -> Vec<(&'static str, String)> {
        let plan = "head_pages = 1\nhead = \"30m\"\nsweep = \"1d\"\nexpect_every = \"7d\"\nmin_items = 5";
        let source = |id, name, channel, shape: Shape, site: &Site| {
            let text = shape.connector(id, &site.host, Patience::Long).replace("试验渠道", name);
            let text = text.replace("channel = \"领导信箱\"", &format!("channel = \"{channel}\""));
            (id, text.replace("head_pages = 1", plan))
        };
        vec![
            source(MAILBOX.0, "局长信箱（网站）", "领导信箱", Shape::Html, &self.mailbox),
            source(BOARD.0, "网上咨询（网站）", "网上咨询", Shape::JsonPage, &self.board),
        ]
    }
}

/// Where a source is looked at.
fn page_of(source: &str) -> String {
    format!("/desk/sources/{source}")
}

/// Asks for a reading with one of the buttons, and sees it come to its end without doing anything more.
async fn reads(office: &Seat, source: &str, button: &str, pulls: usize) {
    office.opens(&page_of(source)).await;
    office.presses(button, "已排队").await;
    let ended = format!(
        "document.querySelectorAll('#pulls tbody tr').length >= {pulls} && !document.querySelector('#reading[hx-get]')"
    );
    office.desk.wait_until(&ended).await;
}

/// What the first line of a page says of the day.
async fn said(page: &Page) -> String {
    page.text("#day .say").await
}

/// The sources as the office finds them, and what it does about them.
pub async fn pulled(demo: &Demo, office: &Seat, sites: &Sites) {
    let token = demo.token("office").await;
    let today = demo.send(Some(&token), "{ worklist { today } }", Value::Null).await["worklist"]["today"].clone();
    let day = format!("/desk/sources?day={}", today.as_str().unwrap());
    demo.wait_for_pulls(&token, MAILBOX.0, 1).await;
    demo.wait_for_pulls(&token, BOARD.0, 1).await;
    office.opens("/desk/sources").await;
    office.shows("m1-sources").await;
    office.opens(&day).await;
    let all = MAILBOX.1 + BOARD.1;
    assert_eq!(said(&office.desk).await, format!("今日来件 {all} · 对账 {all}/{all} ✓ 账平"));
    // A row that could not be read is there as well, and is put right by the source itself.
    office.opens(&page_of(BOARD.0)).await;
    assert_eq!(office.desk.follow("#pulls tbody a").await, 200);
    office.desk.wait_for_text("还有 1 行没有处理").await;
    office.shows("m2-pull").await;
    let pull = office.desk.address().await;
    reads(office, BOARD.0, "全量核对 网上咨询（网站）", 2).await;
    office.opens(&pull).await;
    office.desk.wait_for_text("都已处理").await;
    // One letter came, another was changed.
    let change = |model: &mut Model| {
        model.insert(0, letter(all));
        model.change(2);
    };
    sites.mailbox.change(change).await;
    reads(office, MAILBOX.0, "立即采集 局长信箱（网站）", 2).await;
    office.shows("m3-source").await;
    // The site is built anew: that is no day without letters.
    sites.mailbox.fail([Fault::lasting(At::List(1), What::Layout)]).await;
    reads(office, MAILBOX.0, "全量核对 局长信箱（网站）", 3).await;
    office.opens(&page_of(MAILBOX.0)).await;
    office.desk.wait_for_text("页面改版").await;
    office.shows("m4-alarm").await;
    office.opens("/desk").await;
    office.shows("m5-home").await;
    office.presses(".sources .differences a", "页面改版").await;
    sites.mailbox.behave().await;
    reads(office, MAILBOX.0, "全量核对 局长信箱（网站）", 4).await;
    office.opens(&page_of(MAILBOX.0)).await;
    office.desk.wait_for_text("没有告警").await;
    office.opens(&day).await;
    let all = all + 1;
    assert_eq!(said(&office.desk).await, format!("今日来件 {all} · 对账 {all}/{all} ✓ 账平"));
    tried(office).await;
}

/// A source is tried out on both screens: its page beside the rows it yields.
async fn tried(office: &Seat) {
    for page in [&office.desk, &office.phone] {
        page.open(&format!("{}/preview", page_of(MAILBOX.0))).await;
        assert_eq!(page.follow("试读一页").await, 200);
        page.wait_for_text("读出的行").await;
        page.screenshot("day-m6-preview").await;
        let mut wrong = page.overflows().await;
        wrong.extend(page.foreign().await);
        wrong.extend(page.axe().await.unwrap_or_default().iter().map(ToString::to_string));
        assert_eq!(wrong, [""; 0], "{}", page.width().name());
        page.assert_calm();
    }
}

/// One site and its source, for tests that only look at pages: read once before they begin.
pub async fn demo_with_a_source() -> (Demo, Sites) {
    let sites = Sites::start().await;
    let demo = Demo::start_with(&sites.sources());
    let token = demo.token("office").await;
    for (source, _) in [MAILBOX, BOARD] {
        demo.wait_for_pulls(&token, source, 1).await;
    }
    (demo, sites)
}

/// The whole morning: the demonstration with its sites, its browser, and the office, who has begun. `None` where there is no
/// browser.
pub async fn begun() -> Option<(Demo, Sites, Browser, Seat)> {
    let (demo, sites) = demo_with_a_source().await;
    let browser = Browser::start(&demo.address)?;
    let office = Seat::of(&browser, "office").await;
    pulled(&demo, &office, &sites).await;
    Some((demo, sites, browser, office))
}
