//! The query string of a list page: what is shown, in an address that can be passed on, kept and exported.
//!
//! One reading and one writing for the page, the export and the saved filters. What is written is canonical: the same list
//! always has the same address.

use std::collections::BTreeSet;
use std::str::FromStr;

use form_urlencoded::{Serializer, parse};
use huiyin_domain::deadline::DueWindow;
use huiyin_domain::id::UnitId;
use huiyin_domain::item::{RequestType, Stage, Task};
use huiyin_domain::time::Instant;
use jiff::civil::Date;

use super::ListFilter;
use crate::search::Period;

/// The most bytes of a query string that is read.
pub const MAX_BYTES: usize = 2_000;
/// The most values of one parameter.
const MAX_VALUES: usize = 50;

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal $label:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every value, in the order in which people expect them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable word in query strings.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The Chinese word shown to people.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// The value with this code.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    /// In which order a list runs.
    ListOrder {
        /// Newest message first.
        Newest = "newest" "最新来件在前",
        /// Oldest message first.
        Oldest = "oldest" "最早来件在前",
        /// What is due first; settled items are left out unless asked for.
        Due = "due" "先到期在前",
        /// The best match first; with a text only, otherwise newest first.
        Match = "match" "相关度",
    }

    /// A column of a list.
    Column {
        /// 件号.
        Number = "number" "件号",
        /// 标题.
        Title = "title" "标题",
        /// 渠道.
        Source = "source" "渠道",
        /// 诉求类型.
        RequestType = "type" "诉求类型",
        /// 阶段.
        Stage = "stage" "阶段",
        /// What it waits for.
        Task = "task" "待办",
        /// 主办单位.
        LeadUnit = "unit" "主办单位",
        /// 来件时间.
        Asked = "asked" "来件时间",
        /// 接收时间.
        Received = "received" "接收时间",
        /// 到期时间.
        Due = "due" "到期时间",
        /// 是否超期.
        Overdue = "overdue" "超期",
        /// 答复时间.
        Replied = "replied" "答复时间",
        /// Who wrote. Personal.
        Author = "author" "来件人",
        /// How to reach them. Personal.
        Contact = "contact" "联系方式",
    }
}

impl Column {
    /// What a list shows when nobody chose.
    pub const DEFAULT: &'static [Self] =
        &[Self::Number, Self::Title, Self::Source, Self::Stage, Self::LeadUnit, Self::Asked, Self::Due];

    /// Whether the column tells who a citizen is.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Author | Self::Contact)
    }
}

/// A stretch of whole days in China, both ends included. Either may be left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

impl Days {
    /// The instants of these days.
    pub fn period(self) -> Period {
        let midnight = |date: Date| Instant::from_civil(date.at(0, 0, 0, 0));
        Period {
            from: self.from.and_then(midnight),
            until: self.to.and_then(|date| date.tomorrow().ok()).and_then(midnight),
        }
    }
}

/// A list as its address says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// What to look for; empty for a plain list. Without blanks around it.
    pub text: String,
    /// Source ids.
    pub sources: BTreeSet<String>,
    /// Lead units.
    pub lead_units: BTreeSet<UnitId>,
    /// A unit that assists.
    pub assisting: Option<UnitId>,
    /// Stages.
    pub stages: BTreeSet<Stage>,
    /// Request types.
    pub request_types: BTreeSet<RequestType>,
    /// What the items wait for.
    pub tasks: BTreeSet<Task>,
    /// Only what waits for the viewer.
    pub waiting_for_me: bool,
    /// Only open, or only settled items.
    pub open: Option<bool>,
    /// Only open items due within this window.
    pub due_window: Option<DueWindow>,
    /// When the citizen asked.
    pub asked: Days,
    /// When the answer is due.
    pub due: Days,
    /// When the answer was given.
    pub replied: Days,
    /// The order; none for the list's own.
    pub order: Option<ListOrder>,
    /// The columns in their order; none for the list's own.
    pub columns: Vec<Column>,
}

/// A query string that is no list's: which parameter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {parameter} of a list cannot be read")]
pub struct BadQuery {
    /// The parameter, never its value.
    pub parameter: &'static str,
}

impl FromStr for ListQuery {
    type Err = BadQuery;

    /// Reads a query string, with or without its `?`. Parameters of others (a page's cursor) are passed over; a parameter
    /// without a value restricts nothing, as forms send those that were left empty.
    fn from_str(text: &str) -> Result<Self, BadQuery> {
        let text = text.strip_prefix('?').unwrap_or(text);
        if text.len() > MAX_BYTES {
            return Err(BadQuery { parameter: "?" });
        }
        let mut query = Self::default();
        for (name, value) in parse(text.as_bytes()) {
            let value = value.trim();
            if !value.is_empty() {
                query.read(&name, value)?;
            }
        }
        Ok(query)
    }
}

impl ListQuery {
    fn read(&mut self, name: &str, value: &str) -> Result<(), BadQuery> {
        match name {
            "q" => value.clone_into(&mut self.text),
            "source" => add("source", &mut self.sources, Some(value.to_owned()))?,
            "unit" => add("unit", &mut self.lead_units, value.parse().ok())?,
            "assist" => self.assisting = Some(known("assist", value.parse().ok())?),
            "stage" => add("stage", &mut self.stages, Stage::parse(value))?,
            "type" => add("type", &mut self.request_types, RequestType::parse(value))?,
            "task" => add("task", &mut self.tasks, Task::parse(value))?,
            "waiting" => self.waiting_for_me = known("waiting", (value == "me").then_some(true))?,
            "open" => self.open = Some(known("open", yes_or_no(value))?),
            "within" => self.due_window = Some(known("within", DueWindow::parse(value))?),
            "asked-from" => self.asked.from = Some(known("asked-from", value.parse().ok())?),
            "asked-to" => self.asked.to = Some(known("asked-to", value.parse().ok())?),
            "due-from" => self.due.from = Some(known("due-from", value.parse().ok())?),
            "due-to" => self.due.to = Some(known("due-to", value.parse().ok())?),
            "replied-from" => self.replied.from = Some(known("replied-from", value.parse().ok())?),
            "replied-to" => self.replied.to = Some(known("replied-to", value.parse().ok())?),
            "order" => self.order = Some(known("order", ListOrder::parse(value))?),
            "column" => {
                let column = known("column", Column::parse(value))?;
                if !self.columns.contains(&column) {
                    self.columns.push(column);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The canonical query string, without `?`; empty for the list of everything.
    pub fn to_query(&self) -> String {
        let mut out = Serializer::new(String::new());
        if !self.text.is_empty() {
            out.append_pair("q", &self.text);
        }
        let sources = self.sources.iter().map(|source| ("source", source.clone()));
        let units = self.lead_units.iter().map(|unit| ("unit", unit.to_string()));
        let assisting = self.assisting.iter().map(|unit| ("assist", unit.to_string()));
        let stages = self.stages.iter().map(|stage| ("stage", stage.code().to_owned()));
        let types = self.request_types.iter().map(|one| ("type", one.code().to_owned()));
        let tasks = self.tasks.iter().map(|task| ("task", task.code().to_owned()));
        out.extend_pairs(sources.chain(units).chain(assisting).chain(stages).chain(types).chain(tasks));
        if self.waiting_for_me {
            out.append_pair("waiting", "me");
        }
        if let Some(open) = self.open {
            out.append_pair("open", if open { "yes" } else { "no" });
        }
        if let Some(window) = self.due_window {
            out.append_pair("within", window.code());
        }
        for (name, date) in [
            ("asked-from", self.asked.from),
            ("asked-to", self.asked.to),
            ("due-from", self.due.from),
            ("due-to", self.due.to),
            ("replied-from", self.replied.from),
            ("replied-to", self.replied.to),
        ] {
            if let Some(date) = date {
                out.append_pair(name, &date.to_string());
            }
        }
        if let Some(order) = self.order {
            out.append_pair("order", order.code());
        }
        out.extend_pairs(self.columns.iter().map(|column| ("column", column.code())));
        out.finish()
    }

    /// Which items, without text, order and columns.
    pub fn filter(&self) -> ListFilter {
        ListFilter {
            sources: self.sources.iter().cloned().collect(),
            lead_units: self.lead_units.iter().copied().collect(),
            assisting: self.assisting,
            stages: self.stages.iter().copied().collect(),
            request_types: self.request_types.iter().copied().collect(),
            tasks: self.tasks.iter().copied().collect(),
            waiting_for_me: self.waiting_for_me,
            open: self.open,
            overdue: false,
            due_window: self.due_window,
            asked: self.asked.period(),
            due: self.due.period(),
            replied: self.replied.period(),
        }
    }

    /// The order in which the list runs: that of the address, or the list's own.
    pub fn effective_order(&self) -> ListOrder {
        match self.order {
            Some(ListOrder::Match) | None if self.text.is_empty() => ListOrder::Newest,
            Some(order) => order,
            None => ListOrder::Match,
        }
    }

    /// The columns that the list shows: those of the address, or the list's own.
    pub fn effective_columns(&self) -> &[Column] {
        if self.columns.is_empty() { Column::DEFAULT } else { &self.columns }
    }
}

fn known<T>(parameter: &'static str, value: Option<T>) -> Result<T, BadQuery> {
    value.ok_or(BadQuery { parameter })
}

fn add<T: Ord>(parameter: &'static str, list: &mut BTreeSet<T>, value: Option<T>) -> Result<(), BadQuery> {
    list.insert(known(parameter, value)?);
    if list.len() > MAX_VALUES { Err(BadQuery { parameter }) } else { Ok(()) }
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use uuid::Uuid;

    use super::*;

    fn days() -> impl Strategy<Value = Days> {
        let date =
            || option::of((1990_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| jiff::civil::date(y, m, d)));
        (date(), date()).prop_map(|(from, to)| Days { from, to })
    }

    fn unit() -> impl Strategy<Value = UnitId> {
        any::<u128>().prop_map(|number| UnitId::from(Uuid::from_u128(number)))
    }

    fn query() -> impl Strategy<Value = ListQuery> {
        let some = |list: &'static [Stage]| btree_set(select(list), 0..4);
        let what = (
            "\\PC{0,20}".prop_map(|text| text.trim().to_owned()),
            btree_set("[a-z&=%+ ?#]{0,6}[a-z]", 0..3).prop_map(|set| set.iter().map(|s| s.trim().to_owned()).collect()),
            btree_set(unit(), 0..3),
            option::of(unit()),
            some(Stage::ALL),
            btree_set(select(RequestType::ALL), 0..3),
            btree_set(select(Task::ALL), 0..3),
            any::<bool>(),
            option::of(any::<bool>()),
            option::of(select(DueWindow::ALL)),
        );
        let when = (days(), days(), days());
        let how = (option::of(select(ListOrder::ALL)), subsequence(Column::ALL, 0..Column::ALL.len()).prop_shuffle());
        (what, when, how).prop_map(|(what, (asked, due, replied), (order, columns))| {
            let (text, sources, lead_units, assisting, stages, request_types, tasks, waiting_for_me, open, due_window) =
                what;
            ListQuery {
                text,
                sources,
                lead_units,
                assisting,
                stages,
                request_types,
                tasks,
                waiting_for_me,
                open,
                due_window,
                asked,
                due,
                replied,
                order,
                columns,
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(query in query()) {
            let written = query.to_query();
            if written.len() <= MAX_BYTES {
                prop_assert_eq!(written.parse::<ListQuery>(), Ok(query));
            }
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_canonical(pairs in vec(("[a-z-]{1,8}", "\\PC{0,12}"), 0..6)) {
            let text = Serializer::new(String::new()).extend_pairs(pairs).finish();
            if let Ok(query) = text.parse::<ListQuery>() {
                let canonical = query.to_query();
                prop_assert_eq!(canonical.parse::<ListQuery>().map(|query| query.to_query()), Ok(canonical));
            }
        }
    }

    #[test]
    fn a_form_sends_what_was_left_empty_and_addresses_carry_more() {
        let query: ListQuery = "?q=+采光+&stage=&unit=&order=&after=abc&page=2&open=yes".parse().unwrap();
        assert_eq!(query, ListQuery { text: "采光".to_owned(), open: Some(true), ..ListQuery::default() });
        assert_eq!(query.to_query(), "q=%E9%87%87%E5%85%89&open=yes");
        assert_eq!(
            (query.effective_order(), ListQuery::default().effective_order()),
            (ListOrder::Match, ListOrder::Newest)
        );
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (text, parameter) in [
            ("stage=nowhere", "stage"),
            ("unit=1", "unit"),
            ("open=maybe", "open"),
            ("waiting=you", "waiting"),
            ("asked-from=2026-02-30", "asked-from"),
            ("column=secret", "column"),
            (&"q".repeat(MAX_BYTES + 1), "?"),
        ] {
            assert_eq!(text.parse::<ListQuery>(), Err(BadQuery { parameter }), "{parameter}");
        }
    }
}
