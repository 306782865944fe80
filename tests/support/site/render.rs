//! The answers of the scripted source: pages, JSON, JavaScript, a feed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::fault::{At, Fault, What};
use super::model::{Letter, Model, excerpt};
use super::shape::PAGE;

/// A request, as far as the source looks at it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub path: String,
    /// Of the address and of a form.
    pub fields: BTreeMap<String, String>,
}

impl Asked {
    fn number(&self, name: &str) -> Option<usize> {
        self.fields.get(name)?.parse().ok()
    }
}

/// What is answered, and what goes wrong with it on its way.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub media_type: &'static str,
    pub text: String,
    /// A fault of the way and not of the content.
    pub spoilt: Option<What>,
}

/// The source while it answers.
#[derive(Debug, Clone, Default)]
pub struct Source {
    pub model: Model,
    pub faults: Vec<Fault>,
    /// Requests answered so far: what a counter of hits shows.
    pub answered: u64,
}

/// One page of a list.
struct Part<'a> {
    letters: &'a [Letter],
    total: usize,
    number: usize,
    is_last: bool,
    layout: bool,
    bad_row: bool,
    hits: u64,
}

impl Source {
    /// The answer to a request.
    pub fn answer(&mut self, asked: &Asked) -> Page {
        self.answered += 1;
        let size = asked.number("n").or_else(|| asked.number("rows")).or_else(|| asked.number("perpage"));
        let size = size.unwrap_or(PAGE).max(1);
        let by_offset =
            |first: usize, name: &str| asked.number(name).map_or(1, |from| from.saturating_sub(first) / size + 1);
        match asked.path.as_str() {
            "/mail/list" => self.list(asked.number("p").unwrap_or(1), size, html_list),
            "/api/page" => self.list(asked.number("p").unwrap_or(1), size, |part| json_rows(part, true)),
            "/api/rows" => self.list(by_offset(0, "from"), size, |part| json_rows(part, false)),
            "/js/list" => self.list(by_offset(1, "startrecord"), size, script),
            "/rss.xml" => self.list(1, usize::MAX, feed),
            "/mail/d" => self.detail(asked, html_detail),
            "/api/d" => self.detail(asked, json_detail),
            captcha if captcha.ends_with("/captcha") => {
                let text = "<html><body>请稍候</body></html>".to_owned();
                Page { status: 200, media_type: "text/html", text, spoilt: None }
            }
            _ => nothing(),
        }
    }

    /// The fault that strikes here, if one does.
    fn strikes(&mut self, here: impl Fn(&At) -> bool) -> Option<What> {
        let fault = self.faults.iter_mut().find(|fault| fault.times > 0 && here(&fault.at))?;
        fault.times -= 1;
        Some(fault.what.clone())
    }

    fn list(&mut self, number: usize, size: usize, show: impl Fn(&Part<'_>) -> (&'static str, String)) -> Page {
        let fault = self.strikes(|at| *at == At::List(number));
        match &fault {
            Some(What::Pushed(letter)) => self.model.insert(0, (**letter).clone()),
            Some(What::Pulled) => self.model.withdraw(0),
            _ => {}
        }
        let all = &self.model.letters;
        let from = match &fault {
            Some(What::Emptied) => all.len(),
            Some(What::Skipped) => number.saturating_mul(size),
            Some(What::Repeated) => number.saturating_sub(2).saturating_mul(size),
            _ => number.saturating_sub(1).saturating_mul(size),
        };
        let from = from.min(all.len());
        let part = Part {
            letters: &all[from..from.saturating_add(size).min(all.len())],
            total: all.len(),
            number,
            is_last: number.saturating_mul(size) >= all.len(),
            layout: fault == Some(What::Layout),
            bad_row: fault == Some(What::BadRow),
            hits: self.answered,
        };
        let (media_type, text) = show(&part);
        Page { status: 200, media_type, text, spoilt: fault }
    }

    fn detail(&mut self, asked: &Asked, show: impl Fn(&Letter, bool) -> (&'static str, String)) -> Page {
        let key = asked.number("id").and_then(|id| u32::try_from(id).ok());
        let fault = self.strikes(|at| match at {
            At::Detail(wanted) => wanted.is_none() || *wanted == key,
            At::List(_) => false,
        });
        let Some(letter) = self.model.letters.iter().find(|letter| Some(letter.id) == key) else {
            return Page { spoilt: fault, ..nothing() };
        };
        let (media_type, text) = show(letter, fault == Some(What::Layout));
        Page { status: 200, media_type, text, spoilt: fault }
    }
}

fn nothing() -> Page {
    Page {
        status: 404, media_type: "text/html", text: "<html><body>没有这一页</body></html>".to_owned(), spoilt: None
    }
}

/// Text as it stands in a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text of a message as it stands in a page: with the white space around it, and the script that it was sent with.
fn markup(letter: &Letter, text: &str) -> String {
    let script = if letter.scripted { "<script>alert('第1号')</script><img src=x onerror=alert(1)>" } else { "" };
    format!("{noise}{}{script}{noise}", escaped(text), noise = letter.noise)
}

impl Part<'_> {
    fn asked(&self, index: usize) -> &str {
        if self.bad_row && index == 0 { "昨天上午" } else { &self.letters[index].asked }
    }
}

fn html_list(part: &Part<'_>) -> (&'static str, String) {
    let class = if part.layout { "news" } else { "winstyle1234" };
    let mut text = format!("<!DOCTYPE html><html><body><table class={class}><tr><th>主题</th><th>内容</th></tr>\n");
    for (index, letter) in part.letters.iter().enumerate() {
        let _ = writeln!(
            text,
            "<tr>\n<td><a href=\"d?id={}\">{noise}{}</a></td><td>{}{noise}</td><td>{}</td><td>{}</td></tr>",
            letter.id,
            escaped(&letter.title),
            escaped(&excerpt(&letter.body)),
            part.asked(index),
            part.hits,
            noise = letter.noise,
        );
    }
    let _ = write!(text, "</table><p class=total>共 {} 封</p>", part.total);
    if part.total == 0 {
        text.push_str("暂无信件");
    }
    if !part.is_last {
        let _ = write!(text, "<a class=Next href=\"list?p={}\">下页</a>", part.number + 1);
    }
    ("text/html", text)
}

fn html_detail(letter: &Letter, layout: bool) -> (&'static str, String) {
    let (title, content) = if layout { ("l", "r") } else { ("titlestyle99", "contentstyle99") };
    let row = |label: &str, text: &str| {
        format!("<tr><td class={title}>{label}：</td><td class={content}>{}</td></tr>\n", markup(letter, text))
    };
    let text = format!(
        "<html><body><table>{}{}{}</table></body></html>",
        row("来信时间", &letter.asked),
        row("信件内容", &letter.body),
        row("回复内容", &letter.reply),
    );
    ("text/html", text)
}

fn json_rows(part: &Part<'_>, cut: bool) -> (&'static str, String) {
    let rows: Vec<Value> = part
        .letters
        .iter()
        .enumerate()
        .map(|(index, letter)| {
            let mut row = json!({
                "id": letter.id, "title": markup(&Letter { scripted: false, ..letter.clone() }, &letter.title),
                "time": part.asked(index), "hits": part.hits,
            });
            if cut {
                row["content"] = escaped(&excerpt(&letter.body)).into();
            } else {
                row["content"] = markup(letter, &letter.body).into();
                row["reply"] = markup(letter, &letter.reply).into();
            }
            row
        })
        .collect();
    let name = if part.layout { "records" } else { "rows" };
    // As real ones do: JSON under the name of a page.
    ("text/html", json!({ "status": 1, "data": { name: rows, "total": part.total } }).to_string())
}

fn json_detail(letter: &Letter, layout: bool) -> (&'static str, String) {
    let name = if layout { "record" } else { "data" };
    let data = json!({ "content": markup(letter, &letter.body), "reply": markup(letter, &letter.reply) });
    ("application/json", json!({ "status": 1, name: data }).to_string())
}

fn script(part: &Part<'_>) -> (&'static str, String) {
    let rows: Vec<String> = part
        .letters
        .iter()
        .enumerate()
        .map(|(index, letter)| {
            let row = format!(
                "<tr><td>{}</td><td>{noise}<a href='d?id={}'>{}</a></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                letter.id,
                letter.id,
                escaped(&letter.title),
                escaped(&excerpt(&letter.body)),
                part.asked(index),
                part.hits,
                noise = letter.noise,
            );
            Value::from(row).to_string()
        })
        .collect();
    let name = if part.layout { "rowStore" } else { "dataStore" };
    let text = format!("totalRecord = {};\nvar {name} = [{}];", part.total, rows.join(",\n"));
    ("application/javascript", text)
}

fn feed(part: &Part<'_>) -> (&'static str, String) {
    let root = if part.layout { "html" } else { "rss" };
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n<{root} version=\"2.0\"><channel><title>来信选登</title><total>{}</total>\n",
        part.total
    );
    for (index, letter) in part.letters.iter().enumerate() {
        let date = part.asked(index).parse::<DateTime>().map_or_else(
            |_| part.asked(index).to_owned(),
            |date| date.strftime("%a, %d %b %Y %H:%M:%S +0800").to_string(),
        );
        let _ = writeln!(
            text,
            "<item><guid>{}</guid><title>{noise}{}</title><pubDate>{date}</pubDate><description>{}</description>\
             <reply>{}</reply></item>",
            letter.id,
            escaped(&letter.title),
            escaped(&markup(letter, &letter.body)),
            escaped(&letter.reply),
            noise = letter.noise,
        );
    }
    let _ = write!(text, "</channel></{root}>");
    ("application/rss+xml", text)
}
