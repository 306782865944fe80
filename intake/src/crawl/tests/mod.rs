//! Crawls of a site that lives in memory, into a hub that does.

mod details;
mod faults;
mod large;
mod model;
mod paging;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use url::Url;

use super::{AlarmCode, Coverage, CrawlError, CrawlLimits, Found, Host, HostGone, Known, Pages, Payload, Reach, crawl};
use crate::fetch::{Answer, FetchCode, FetchError, Method, Request};
use crate::{Connector, Held, HoldCode, Record, RowOutcome};

/// One message of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) id: u32,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) reply: String,
    pub(super) asked: String,
    pub(super) hits: u32,
}

pub(super) fn letter(id: u32) -> Letter {
    Letter {
        id,
        title: format!("第{id}封信"),
        body: format!("第{id}封信的内容，请问怎么办理？"),
        reply: String::new(),
        asked: format!("2026-10-{:02} 08:00:00", id % 28 + 1),
        hits: 0,
    }
}

/// How the site pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// HTML with a list and pages, by number.
    Html,
    /// HTML whose pages name the next.
    Link,
    /// JSON by offset.
    Offset,
    /// JSON by the last id.
    Last,
}

/// Changes what the site shows, before the request of this number.
type Change = Box<dyn FnMut(&mut Vec<Letter>, u64) + Send>;
/// Answers in the site's place.
type Fault = Box<dyn FnMut(&str, u64) -> Option<Result<String, FetchError>> + Send>;

/// The site: what it shows now, newest first, and what is done to its answers.
pub(super) struct Site {
    pub(super) style: Style,
    pub(super) letters: Vec<Letter>,
    pub(super) size: usize,
    /// Says how many there are.
    pub(super) tells_total: bool,
    /// How many it says; what it has by default.
    pub(super) claimed: Option<usize>,
    /// Its list cuts texts at ten characters.
    pub(super) has_details: bool,
    /// White space that nobody typed.
    pub(super) noise: String,
    /// Answers a request in the site's place; told which request of the crawl it is, from 0.
    pub(super) fault: Option<Fault>,
    /// Changes the site before a request.
    pub(super) before: Option<Change>,
    pub(super) asked: Vec<String>,
}

impl Site {
    pub(super) fn new(style: Style, count: u32) -> Self {
        Self {
            style,
            letters: (1..=count).rev().map(letter).collect(),
            size: 3,
            tells_total: true,
            claimed: None,
            has_details: false,
            noise: String::new(),
            fault: None,
            before: None,
            asked: Vec::new(),
        }
    }

    pub(super) fn with_details(mut self) -> Self {
        self.has_details = true;
        self
    }

    pub(super) fn connector(&self) -> Connector {
        let text = connector(self.style, self.size, self.has_details, self.tells_total);
        Connector::parse("connector.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn page(&self, from: usize) -> &[Letter] {
        let from = from.min(self.letters.len());
        &self.letters[from..(from + self.size).min(self.letters.len())]
    }

    fn answer(&self, request: &Request) -> Result<String, FetchError> {
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let number = |name: &str| query.get(name).and_then(|value| value.parse::<usize>().ok());
        if request.url.path() == "/d" {
            let found = self.letters.iter().find(|letter| Some(letter.id as usize) == number("id"));
            return found.map(|letter| self.detail(letter)).ok_or_else(gone);
        }
        Ok(match self.style {
            Style::Html | Style::Link => {
                let page = number("p").unwrap_or(1);
                self.html(self.page((page - 1) * self.size), page)
            }
            Style::Offset => {
                let Method::Form(fields) = &request.method else { panic!("a form") };
                let from = fields.iter().find(|(name, _)| name == "from").unwrap().1.parse().unwrap();
                self.json(self.page(from))
            }
            Style::Last => {
                let Method::Json(body) = &request.method else { panic!("JSON") };
                let last = body["last"].as_str().unwrap().parse::<u32>().unwrap();
                let from = self.letters.iter().position(|letter| letter.id == last).map_or(0, |at| at + 1);
                let from = if last == 0 { 0 } else { from };
                self.json(self.page(from))
            }
        })
    }

    fn listed(&self, letter: &Letter) -> String {
        if self.has_details {
            format!("{}...", letter.body.chars().take(10).collect::<String>())
        } else {
            letter.body.clone()
        }
    }

    fn html(&self, letters: &[Letter], page: usize) -> String {
        let noise = &self.noise;
        let mut text = "<html><body><table class=list><tr><th>标题</th></tr>".to_owned();
        for letter in letters {
            write!(
                text,
                "<tr><td>{noise}{}</td><td>{}</td><td>{}{noise}</td><td>{}</td><td>{}</td><td><a href=\"/d?id={}\">看</a></td></tr>",
                letter.title,
                letter.asked,
                self.listed(letter),
                letter.reply,
                letter.hits,
                letter.id
            )
            .unwrap();
        }
        text += "</table>";
        if self.tells_total {
            write!(text, "<p class=total>共 {} 条</p>", self.claimed.unwrap_or(self.letters.len())).unwrap();
        }
        if page * self.size < self.letters.len() {
            write!(text, "<a class=Next href=\"?p={}\">下页</a>", page + 1).unwrap();
        }
        text
    }

    fn json(&self, letters: &[Letter]) -> String {
        let rows: Vec<serde_json::Value> = letters
            .iter()
            .map(|letter| {
                serde_json::json!({
                    "id": letter.id, "title": format!("{}{}", letter.title, self.noise), "content": self.listed(letter),
                    "reply": letter.reply, "time": letter.asked, "hits": letter.hits,
                })
            })
            .collect();
        let mut answer = serde_json::json!({ "result": "success", "data": { "rows": rows } });
        if self.tells_total {
            answer["data"]["total"] = self.claimed.unwrap_or(self.letters.len()).into();
        }
        answer.to_string()
    }

    fn detail(&self, letter: &Letter) -> String {
        format!(
            "<table><tr><td class=t1>信件内容：</td><td class=c1>{}{}</td></tr><tr><td class=t1>回复</td><td class=c1>{}</td></tr></table>",
            letter.body, self.noise, letter.reply
        )
    }
}

pub(super) fn gone() -> FetchError {
    FetchError::new(FetchCode::Gone, "没有这个页面")
}

pub(super) fn failed() -> FetchError {
    FetchError::new(FetchCode::Status, "网站出错（500）")
}

impl Pages for Site {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        let number = self.asked.len() as u64;
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let name = format!("{}{query}", request.url.path());
        self.asked.push(name.clone());
        if let Some(before) = &mut self.before {
            before(&mut self.letters, number);
        }
        let answer = self.fault.as_mut().and_then(|fault| fault(&name, number));
        let body = answer.unwrap_or_else(|| self.answer(&request))?;
        Ok(Answer {
            url: request.url,
            body: Some(body.into_bytes()),
            media_type: None,
            charset: Some("utf-8".to_owned()),
        })
    }
}

pub(super) const COLUMNS: &str = r#"
[[column]]
field = "key"
aliases = ["id"]
required = true
filled = true

[[column]]
field = "title"
aliases = ["title"]
required = true

[[column]]
field = "body"
aliases = ["信件内容", "content"]
required = true
filled = true

[[column]]
field = "asked_at"
aliases = ["time"]
required = true
filled = true

[[column]]
field = "reply"
aliases = ["回复", "reply"]

[key]
kind = "printed"

[answer]
when = ["reply"]
holding = ["已收悉"]
"#;

fn connector(style: Style, size: usize, has_details: bool, tells_total: bool) -> String {
    let html = matches!(style, Style::Html | Style::Link);
    let list = match style {
        Style::Html => format!("url = \"/list?p={{page}}\"\npaging = {{ by = \"page\", size = {size} }}\n"),
        Style::Link => "url = \"/list\"\npaging = { by = \"link\", css = \"a.Next\" }\n".to_owned(),
        Style::Offset => {
            format!(
                "url = \"/rows\"\nform = {{ from = \"{{offset}}\" }}\npaging = {{ by = \"offset\", size = {size} }}\n"
            )
        }
        Style::Last => {
            "url = \"/rows\"\njson = { last = \"{last}\", want = 1 }\npaging = { by = \"last\", cell = \"id\" }\n"
                .to_owned()
        }
    };
    let rows = if html {
        "rows = \"table.list tr\"\nskip = \"tr:has(th)\"\nempty = \"暂无\"\nvolatile = [\"hits\"]\n"
    } else {
        "rows = \"/data/rows\"\nvolatile = [\"hits\"]\n"
    };
    let total = match (tells_total, html) {
        (false, _) => "",
        (true, true) => "total = { css = \"p.total\" }\n",
        (true, false) => "total = { pointer = \"/data/total\" }\n",
    };
    let cells = if html {
        "[list.cells]\ntitle = \"td:nth-child(1)\"\ntime = \"td:nth-child(2)\"\ncontent = \"td:nth-child(3)\"\n\
         reply = \"td:nth-child(4)\"\nhits = \"td:nth-child(5)\"\nid = { css = \"a@href\", pattern = \"id=(\\\\d+)\" }\n"
    } else {
        ""
    };
    let detail = if has_details {
        "[detail]\nurl = \"/d?id={key}\"\nkind = \"html\"\npairs = { label = \"td.t*\", value = \"td.c*\" }\n"
    } else {
        ""
    };
    let kind = if html { "html" } else { "json" };
    format!(
        "id = \"model\"\nname = \"样板\"\nchannel = \"领导信箱\"\nkind = \"{kind}\"\nversion = 1\ndescription = \"测试用。\"\n\
         fixtures = [\"site.toml\"]\n[fetch]\nbase = \"https://www.example.gov.cn/\"\n[list]\n{list}{rows}{total}{cells}{detail}{COLUMNS}"
    )
}

/// What the hub holds of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) record: Record,
    pub(super) versions: u32,
    pub(super) withdrawn: bool,
}

/// The hub: takes what a crawl finds as the service does.
#[derive(Debug, Default)]
pub(super) struct Hub {
    pub(super) kept: BTreeMap<String, Kept>,
    pub(super) held: Vec<Held>,
    pub(super) pages: Vec<Payload>,
    /// Of the last crawl: new, changed, unchanged, held, in this order.
    pub(super) counts: [u64; 4],
    /// Takes so many more things, and then nothing.
    pub(super) patience: Option<u64>,
}

/// What of a record makes a version.
fn said(record: &Record) -> (String, String, Option<String>) {
    let comparable = huiyin_domain::text::fold::comparable;
    (comparable(&record.title), comparable(&record.body), record.answer.as_ref().map(|answer| comparable(&answer.text)))
}

impl Host for Hub {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        let known =
            |key: &String| self.kept.get(key).map(|kept| Known { list_digest: kept.record.list_digest.clone() });
        Ok(keys.iter().map(known).collect())
    }

    async fn shown_after(&mut self, after: &str, limit: usize) -> Result<Vec<String>, HostGone> {
        let shown = self.kept.iter().filter(|(key, kept)| key.as_str() > after && !kept.withdrawn);
        Ok(shown.map(|(key, _)| key.clone()).take(limit).collect())
    }

    async fn take(&mut self, found: Found) -> Result<(), HostGone> {
        if let Some(patience) = &mut self.patience {
            *patience = patience.checked_sub(1).ok_or(HostGone)?;
        }
        match found {
            Found::Page(payload) => self.pages.push(payload),
            Found::Unchanged { key } => {
                self.kept.get_mut(&key).expect("only what is known is unchanged").withdrawn = false;
                self.counts[2] += 1;
            }
            Found::Row(RowOutcome::Held(held)) => {
                self.held.push(held);
                self.counts[3] += 1;
            }
            Found::Row(RowOutcome::Record(record)) => match self.kept.get_mut(&record.key) {
                None => {
                    self.counts[0] += 1;
                    self.kept.insert(record.key.clone(), Kept { record: *record, versions: 1, withdrawn: false });
                }
                Some(kept) => {
                    let changed = said(&kept.record) != said(&record);
                    self.counts[if changed { 1 } else { 2 }] += 1;
                    kept.versions += u32::from(changed);
                    kept.withdrawn = false;
                    kept.record = *record;
                }
            },
        }
        Ok(())
    }
}

impl Hub {
    /// One crawl, whose counts must add up whatever happens.
    pub(super) fn pull(&mut self, site: &mut Site, reach: Reach) -> (Coverage, Result<(), CrawlError>) {
        let connector = site.connector();
        self.pull_with(&connector, site, reach, &CrawlLimits::default())
    }

    pub(super) fn pull_with(
        &mut self,
        connector: &Connector,
        site: &mut Site,
        reach: Reach,
        limits: &CrawlLimits,
    ) -> (Coverage, Result<(), CrawlError>) {
        self.counts = [0; 4];
        self.held.clear();
        site.asked.clear();
        let work = crawl(connector, reach, site, self, limits);
        let (coverage, result) = crate::block_on(work).expect("nothing is waited for");
        let taken: u64 = self.counts.iter().sum();
        let handed = if self.patience == Some(0) { coverage.shown } else { taken + coverage.repeated };
        assert_eq!(coverage.shown, handed, "{coverage:?} {:?}", self.counts);
        for key in &coverage.withdrawn {
            self.kept.get_mut(key).expect("only what is known is withdrawn").withdrawn = true;
        }
        (coverage, result)
    }

    pub(super) fn sweep(&mut self, site: &mut Site) -> Coverage {
        let (coverage, result) = self.pull(site, Reach::Sweep);
        result.unwrap_or_else(|error| panic!("{error:?}"));
        coverage
    }

    pub(super) fn head(&mut self, site: &mut Site) -> Coverage {
        let (coverage, result) = self.pull(site, Reach::Head);
        result.unwrap_or_else(|error| panic!("{error:?}"));
        coverage
    }

    /// That it holds exactly what the site shows, and the full text of it.
    pub(super) fn assert_holds(&self, site: &Site) {
        let shown: BTreeMap<String, (String, String)> = site
            .letters
            .iter()
            .map(|letter| (letter.id.to_string(), (letter.body.clone(), letter.reply.clone())))
            .collect();
        let kept: BTreeMap<String, (String, String)> = self
            .kept
            .iter()
            .filter(|(_, kept)| !kept.withdrawn)
            .map(|(key, kept)| {
                let reply = kept.record.answer.as_ref().map(|answer| answer.text.clone()).unwrap_or_default();
                (key.clone(), (kept.record.body.clone(), reply))
            })
            .collect();
        assert_eq!(kept, shown);
    }
}

pub(super) fn codes(coverage: &Coverage) -> Vec<AlarmCode> {
    coverage.alarms.iter().map(|alarm| alarm.code).collect()
}

pub(super) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(super) fn is_held_for(held: &[Held], code: HoldCode) -> bool {
    held.iter().all(|held| held.reason.code == code)
}
