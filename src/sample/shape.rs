//! The four source shapes: their columns, and the cells a message has in each.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::{Date, DateTime, Weekday};

use huiyin_domain::time::Instant;

use super::message::{DateShape, Dirt, SampleMessage, Unreadable};

const BOARD: &[&str] =
    &["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间", "反对数", "点赞数"];
const HOTLINE_DISTRICT: &[&str] = &[
    "工单编号",
    "工单标题",
    "诉求内容",
    "诉求类型",
    "诉求渠道",
    "诉求归口",
    "紧急程度",
    "工单状态",
    "求助人员",
    "求助号码",
    "性别",
    "事件发生地",
    "诉求详细地址",
    "是否疑难",
    "是否协办",
    "市交办主办单位",
    "市交办协办单位",
    "市交办时间",
    "市交办办结期限",
    "区交办时间",
    "区交办办结期限",
];
const HOTLINE_CITY: &[&str] = &[
    "主单号",
    "诉求人",
    "来电号码",
    "来电时间",
    "诉求内容",
    "答复内容",
    "答复部门",
    "答复时间",
    "事件发生地",
    "具体地址",
    "备注",
];
const MAILBOX: &[&str] = &[
    "信件编号",
    "来信人",
    "联系电话",
    "信件类型",
    "来信主题",
    "来信内容",
    "来信时间",
    "回复单位",
    "回复内容",
    "回复时间",
];

/// The form in which one kind of source exports its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A message board's export, with answers and votes.
    Board,
    /// A district's export of the 12345 hotline: a title row above the header, a footer with the total, no answers.
    HotlineDistrict,
    /// A city's export of the 12345 hotline, with answers and without titles; as csv in GB18030.
    HotlineCity,
    /// The leaders' mailbox 领导信箱 of a web site; as csv in UTF-8 with a byte order mark.
    Mailbox,
}

/// A text that names no shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a sample shape (board, hotline-district, hotline-city or mailbox)")]
pub struct UnknownShape {
    /// What was handed in.
    pub text: String,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 4] = [Self::Board, Self::HotlineDistrict, Self::HotlineCity, Self::Mailbox];

    /// Its name on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::HotlineDistrict => "hotline-district",
            Self::HotlineCity => "hotline-city",
            Self::Mailbox => "mailbox",
        }
    }

    /// The header.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Board => BOARD,
            Self::HotlineDistrict => HOTLINE_DISTRICT,
            Self::HotlineCity => HOTLINE_CITY,
            Self::Mailbox => MAILBOX,
        }
    }

    /// The title above the header, where the source prints one.
    pub(super) const fn banner(self) -> Option<&'static str> {
        match self {
            Self::HotlineDistrict => Some("青溪市12345政务服务便民热线转办工单明细表（虚构样例）"),
            _ => None,
        }
    }

    /// The cells of `message`, in the order of the columns.
    pub(super) fn cells(self, message: &SampleMessage) -> Vec<Cell> {
        let look = Look::new(self, message);
        match self {
            Self::Board => look.board(),
            Self::HotlineDistrict => look.hotline_district(),
            Self::HotlineCity => look.hotline_city(),
            Self::Mailbox => look.mailbox(),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(text: &str) -> Result<Self, UnknownShape> {
        Self::ALL
            .into_iter()
            .find(|shape| shape.id() == text)
            .ok_or_else(|| UnknownShape { text: text.chars().take(40).collect() })
    }
}

/// What one cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Blank,
    Text(String),
    /// A real spreadsheet date; in csv `2026-08-09 09:05:33`.
    Time(DateTime),
    Count(u32),
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A message as its source prints it: the dirt is on.
struct Look<'a> {
    message: &'a SampleMessage,
    sender: String,
    phone: String,
    title: String,
    body: String,
    /// What stands in the date cell instead of the usual date.
    asked: Option<Cell>,
}

impl<'a> Look<'a> {
    fn new(shape: Shape, message: &'a SampleMessage) -> Self {
        let SampleMessage { sender, phone, title, body, asked_at, dirt, unreadable, .. } = message;
        let body = match shape {
            Shape::HotlineDistrict | Shape::HotlineCity => call_note(body),
            Shape::Board | Shape::Mailbox => body.clone(),
        };
        let mut look =
            Self { message, sender: sender.clone(), phone: phone.clone(), title: title.clone(), body, asked: None };
        match dirt {
            Some(Dirt::DateShape(shape)) => look.asked = Some(Cell::Text(odd_date(*asked_at, *shape))),
            Some(Dirt::Spaces) => {
                look.title = format!("\t{title}\u{a0}");
                look.body = format!("\n\t\u{3000}\u{3000}{}\u{3000}\n", look.body);
            }
            Some(Dirt::FullWidth) => look.body = full_width(&look.body),
            Some(Dirt::Html) => {
                look.body =
                    format!("<p>&nbsp;&nbsp;{}</p>", look.body.replacen('。', "。<br/>\n&ldquo;请看附件&rdquo;", 1));
            }
            Some(Dirt::Secret) => (look.sender, look.phone) = ("保密".to_owned(), "保密".to_owned()),
            Some(Dirt::AnsweredBefore) | None => {}
        }
        match unreadable {
            Some(Unreadable::NoText) => (look.title, look.body) = (String::new(), String::new()),
            Some(Unreadable::ImpossibleDate) => look.asked = Some(Cell::text("2026-02-31 25:61")),
            Some(Unreadable::NoDate) => look.asked = Some(Cell::Blank),
            None => {}
        }
        look
    }

    /// The date of the message: `usual`, unless it is spoiled.
    fn asked(&self, usual: Cell) -> Cell {
        self.asked.clone().unwrap_or(usual)
    }

    fn answered_at(&self) -> Option<DateTime> {
        let answer = self.message.answer.as_ref()?;
        match self.message.dirt {
            Some(Dirt::AnsweredBefore) => self.message.asked_at.checked_sub(Span::new().days(3)).ok(),
            _ => Some(answer.at),
        }
    }

    fn answer_text(&self) -> Cell {
        self.message.answer.as_ref().map_or(Cell::Blank, |answer| Cell::text(answer.text.as_str()))
    }

    fn answer_unit(&self, prefix: &str) -> Cell {
        self.message.answer.as_ref().map_or(Cell::Blank, |answer| Cell::Text(format!("{prefix}{}", answer.unit)))
    }

    fn board(self) -> Vec<Cell> {
        let message = self.message;
        // Real exports mix dates and texts in one column; here three in ten are texts.
        let as_text = message.number % 10 < 3;
        let time = |at: DateTime| {
            if as_text { Cell::Text(odd_date(at, DateShape::Slashes)) } else { Cell::Time(at) }
        };
        vec![
            Cell::Count(small(message.number).saturating_add(200_000)),
            Cell::Text(self.nickname()),
            Cell::text(self.title.as_str()),
            self.asked(time(message.asked_at)),
            Cell::text(self.body.as_str()),
            self.answer_text(),
            self.answered_at().map_or(Cell::Blank, time),
            Cell::Count(small(message.votes_against)),
            Cell::Count(small(message.votes_for)),
        ]
    }

    fn hotline_district(self) -> Vec<Cell> {
        let message = self.message;
        let after = |minutes: i64| plus_minutes(message.asked_at, minutes);
        let due = |working_days| Cell::Text(seconds(end_of_day_after(message.asked_at.date(), working_days)));
        let state = match message.answer {
            Some(_) => "已办结",
            None if message.number.is_multiple_of(4) => "待签收",
            None => "办理中",
        };
        let assisting = if message.number.is_multiple_of(9) { "市住房和城乡建设局" } else { "" };
        let yes_no = |yes| Cell::text(if yes { "是" } else { "否" });
        vec![
            Cell::Text(self.ticket("QX")),
            Cell::text(self.title.as_str()),
            Cell::text(self.body.as_str()),
            Cell::text(message.kind.label()),
            Cell::text(channel(message.number)),
            Cell::Text(format!("自然资源-{}", message.topic)),
            Cell::text(if message.urgent { "紧急" } else { "一般" }),
            Cell::text(state),
            Cell::text(self.sender.as_str()),
            Cell::text(self.phone.as_str()),
            Cell::text(if message.female { "女" } else { "男" }),
            Cell::text(message.place.as_str()),
            Cell::text(message.address.as_str()),
            yes_no(message.number.is_multiple_of(17)),
            yes_no(!assisting.is_empty()),
            Cell::text("市自然资源局"),
            Cell::text(assisting),
            self.asked(Cell::Text(seconds(after(35)))),
            due(7),
            self.asked(Cell::Text(seconds(after(170)))),
            due(5),
        ]
    }

    fn hotline_city(self) -> Vec<Cell> {
        let message = self.message;
        let minutes = |at: DateTime| Cell::Text(at.strftime("%Y/%-m/%-d %-H:%M").to_string());
        let remark = match message.number % 8 {
            0 => "市民要求回访",
            3 => "信息保密",
            _ => "",
        };
        vec![
            Cell::Text(self.ticket("ZD")),
            Cell::text(self.sender.as_str()),
            Cell::text(self.phone.as_str()),
            self.asked(minutes(message.asked_at)),
            Cell::text(self.body.as_str()),
            self.answer_text(),
            self.answer_unit("市自然资源局"),
            self.answered_at().map_or(Cell::Blank, minutes),
            Cell::text(message.place.as_str()),
            Cell::text(message.address.as_str()),
            Cell::text(remark),
        ]
    }

    fn mailbox(self) -> Vec<Cell> {
        let message = self.message;
        let usual = |at| Cell::Text(seconds(at));
        vec![
            Cell::Text(format!("{}-{:04}", message.asked_at.year(), message.number)),
            Cell::text(self.sender.as_str()),
            Cell::text(self.phone.as_str()),
            Cell::text(message.kind.label()),
            Cell::text(self.title.as_str()),
            Cell::text(self.body.as_str()),
            self.asked(usual(message.asked_at)),
            self.answer_unit("青溪市自然资源局"),
            self.answer_text(),
            self.answered_at().map_or(Cell::Blank, usual),
        ]
    }

    fn ticket(&self, prefix: &str) -> String {
        format!("{prefix}{}{:06}", self.message.asked_at.strftime("%Y%m%d"), self.message.number)
    }

    /// On a board some write under a nickname, some are masked, few are named. One person is always shown the same way.
    fn nickname(&self) -> String {
        let tail: String = self.phone.chars().skip(7).collect();
        match tail.bytes().last() {
            Some(b'0'..=b'4') => format!("QX{}{tail}", self.phone.chars().take(3).collect::<String>()),
            Some(b'5'..=b'7') => self.sender.chars().take(1).chain("**".chars()).collect(),
            _ => self.sender.clone(),
        }
    }
}

/// How a call taker writes down what was said: with stock phrases around it, the same for the same text.
fn call_note(body: &str) -> String {
    let opening = match body.len() % 4 {
        0 => "市民来电反映：",
        1 => "来电人反映：",
        2 => "市民来电咨询：",
        _ => "",
    };
    let ending = match body.len() % 5 {
        0 => "（信息保密，无需回复）",
        1 => "（市民方便接听部门电话）",
        2 => "此工单内容为网民留言时填写的标题及原文",
        _ => "",
    };
    format!("{opening}{body}{ending}")
}

fn channel(number: u64) -> &'static str {
    match number % 7 {
        0 => "微信公众号",
        1 => "网站",
        2 => "手机客户端",
        _ => "12345电话",
    }
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn seconds(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn odd_date(at: DateTime, shape: DateShape) -> String {
    let micros = || Instant::from_civil(at).map_or(0, Instant::as_micros);
    match shape {
        DateShape::Slashes => at.strftime("%Y/%-m/%-d %-H:%M:%S").to_string(),
        DateShape::Minutes => at.strftime("%Y-%m-%d %H:%M").to_string(),
        DateShape::Chinese => at.strftime("%Y年%-m月%-d日").to_string(),
        DateShape::MonthFirst => at.strftime("%m/%d/%Y %H:%M").to_string(),
        DateShape::UnixSeconds => (micros() / 1_000_000).to_string(),
        DateShape::JavaMillis => (micros() / 1_000).to_string(),
    }
}

fn full_width(text: &str) -> String {
    let wide = |character: char| match character {
        '0'..='9' => char::from_u32(u32::from(character) + 0xfee0).unwrap_or(character),
        other => other,
    };
    text.chars().map(wide).collect()
}

fn plus_minutes(at: DateTime, minutes: i64) -> DateTime {
    at.saturating_add(Span::new().minutes(minutes))
}

/// What the source prints as the limit; it counts week days only and knows no holidays.
fn end_of_day_after(mut day: Date, mut working_days: u8) -> DateTime {
    while working_days > 0 {
        day = day.tomorrow().unwrap_or(day);
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            working_days -= 1;
        }
    }
    day.at(18, 0, 0, 0)
}
