//! The kinds of source, each with the connector that reads it.

/// How a source shows its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Pages: a list that names its next page, excerpts, and a page for each message.
    Html,
    /// JSON by form and offset; the list has the whole text.
    JsonForm,
    /// JSON by the number of the page; excerpts, and JSON for each message.
    JsonPage,
    /// JavaScript with rows of HTML by offset; excerpts, and a page for each message.
    JsRows,
    /// One RSS feed with everything in it.
    Feed,
}

/// Rows on a page of a list.
pub const PAGE: usize = 4;

/// How long a server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Longer than any busy machine needs.
    Long,
    /// A moment: for servers that are slow on purpose.
    Short,
}

impl Shape {
    /// Whether the list is cut into pages.
    pub const fn pages(self) -> bool {
        !matches!(self, Self::Feed)
    }

    /// Whether each message has a page of its own.
    pub const fn has_details(self) -> bool {
        matches!(self, Self::Html | Self::JsonPage | Self::JsRows)
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::JsonForm | Self::JsonPage => "json",
            Self::JsRows => "jsrows",
            Self::Feed => "feed",
        }
    }

    /// `connector.toml` for a source of this shape at `http://host/`, called `id`.
    pub fn connector(self, id: &str, host: &str, patience: Patience) -> String {
        self.connector_of(id, host, patience, PAGE)
    }

    /// The same with pages of another size.
    pub fn connector_of(self, id: &str, host: &str, patience: Patience, size: usize) -> String {
        let times = match patience {
            Patience::Long => "idle_timeout = \"60s\"\ntotal_timeout = \"2m\"",
            Patience::Short => "idle_timeout = \"400ms\"\ntotal_timeout = \"900ms\"",
        };
        let kind = self.kind();
        let list = self.list(size);
        format!(
            "id = \"{id}\"\nname = \"试验渠道\"\nchannel = \"领导信箱\"\nkind = \"{kind}\"\nversion = 1\n\
             description = \"测试用，内容都是虚构的。\"\nfixtures = [\"site.toml\"]\n\
             [fetch]\nbase = \"http://{host}/\"\nprivate = [\"{host}\"]\npace = \"0s\"\n{times}\nmax_mb = 1\n\
             max_unpacked_mb = 4\nretries = 1\n[schedule]\nhead_pages = 1\n{list}\n{COLUMNS}"
        )
    }

    fn list(self, size: usize) -> String {
        match self {
            Self::Html => format!("{HTML_LIST}{HTML_DETAIL}"),
            Self::JsonForm => format!(
                "[list]\nurl = \"/api/rows\"\nform = {{ from = \"{{offset}}\", rows = \"{{size}}\" }}\n\
                 paging = {{ by = \"offset\", size = {size} }}\n{JSON_ROWS}"
            ),
            Self::JsonPage => format!(
                "[list]\nurl = \"/api/page?p={{page}}&n={{size}}\"\npaging = {{ by = \"page\", size = {size} }}\n\
                 {JSON_ROWS}[detail]\nurl = \"/api/d?id={{key}}\"\nroot = \"/data\"\n"
            ),
            Self::JsRows => format!(
                "[list]\nurl = \"/js/list?startrecord={{offset}}&endrecord={{end}}&perpage={{size}}\"\n\
                 form = {{ sysid = 1 }}\npaging = {{ by = \"offset\", first = 1, size = {size} }}\n{JS_ROWS}{HTML_DETAIL}"
            ),
            Self::Feed => FEED.to_owned(),
        }
    }
}

const HTML_LIST: &str = r#"
[list]
url = "/mail/list"
paging = { by = "link", css = "a.Next" }
rows = "table.winstyle* tr"
skip = "tr:has(th)"
empty = "暂无信件"
total = { css = "p.total" }
volatile = ["hits"]
[list.cells]
id = { css = "a@href", pattern = "id=(\\d+)" }
title = "td:nth-child(1)"
content = "td:nth-child(2)"
time = "td:nth-child(3)"
hits = "td:nth-child(4)"
"#;

const HTML_DETAIL: &str = r#"
[detail]
url = "/mail/d?id={key}"
pairs = { label = "td.titlestyle*", value = "td.contentstyle*" }
"#;

const JSON_ROWS: &str = r#"
rows = "/data/rows"
total = { pointer = "/data/total" }
volatile = ["hits"]
"#;

const JS_ROWS: &str = r#"
array = "dataStore"
total = { pattern = "totalRecord = (\\d+)" }
volatile = ["hits"]
[list.cells]
id = "td:nth-child(1)"
title = "td:nth-child(2)"
content = "td:nth-child(3)"
time = "td:nth-child(4)"
hits = "td:nth-child(5)"
"#;

const FEED: &str = r#"
[list]
url = "/rss.xml"
total = { pattern = "<total>(\\d+)</total>" }
newest_only = false
"#;

const COLUMNS: &str = r#"
[[column]]
field = "key"
aliases = ["id", "guid"]
required = true
filled = true

[[column]]
field = "title"
aliases = ["title"]
required = true

[[column]]
field = "body"
aliases = ["信件内容", "content", "description"]
required = true
filled = true

[[column]]
field = "asked_at"
aliases = ["time", "pubDate"]
formats = ["ymd", "rfc2822"]
required = true
filled = true

[[column]]
field = "reply"
aliases = ["回复内容", "reply"]

[key]
kind = "printed"

[answer]
when = ["reply"]
holding = ["已收悉"]
"#;
