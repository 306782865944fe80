//! What a connector of a source on the network may say, and where it is told that it may not.

use std::time::Duration;

use crate::fetch::HeaderValue;
use crate::{Connector, ConnectorError, Kind};

/// A connector that says nearly all it can.
const SITE: &str = r#"id = "site"
name = "样板"
channel = "领导信箱"
kind = "html"
version = 1
description = "测试用。"
fixtures = ["site.toml"]

[fetch]
base = "https://www.example.gov.cn/zmhd/"
hosts = ["file.example.gov.cn"]
pace = "2s"
charset = "gb18030"
max_mb = 4
retries = 1
proxy = { secret = "PROXY" }
certificate = "ca.pem"

[fetch.headers]
Referer = "https://www.example.gov.cn/"
X-Token = { secret = "OWN" }

[schedule]
head = "10m"
head_pages = 3
sweep = "1d"
expect_every = "3d"
min_items = 5

[warm_up]
url = "/w"
tokens = { csrf = { pattern = "C='(.*?)'" } }

[list]
url = "/list"
method = "form"
form = { page = "{page}", fid = 5063 }
headers = { X-CSRF = "{token.csrf}" }
paging = { by = "page", first = 0, size = 15 }
rows = "table.list* tr"
total = { pattern = "共(\\d+)条" }

[list.cells]
"信件" = { css = "a@href", pattern = "id=(\\w+)" }
"详情" = "a@href"

[detail]
url = "{详情}"
pairs = { label = "td.t*", value = "td.c*" }

[link]
url = "/show/{信件}"

[running_number]
pattern = "^(.*?)(\\d+)$"

[[column]]
field = "key"
aliases = ["信件"]
required = true
filled = true

[[column]]
field = "body"
aliases = ["内容"]
required = true

[key]
kind = "printed"
"#;

fn site() -> Connector {
    Connector::parse("site.toml", SITE).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(from: &str, to: &str) -> (usize, String) {
    assert!(SITE.contains(from), "{from}");
    match Connector::parse("site.toml", &SITE.replacen(from, to, 1)) {
        Err(ConnectorError::Invalid { line, message, .. }) => (line, message),
        other => panic!("{to}: {other:?}"),
    }
}

#[test]
fn what_is_said_of_a_site_is_meant() {
    let connector = site();
    assert_eq!(connector.kind, Kind::Html);
    let schedule = connector.schedule();
    assert_eq!((schedule.head, schedule.head_pages, schedule.min_items), (Some(Duration::from_mins(10)), 3, 5));
    assert_eq!(schedule.expect_every, Some(Duration::from_hours(72)));
    let rules = connector.fetch_rules().unwrap();
    assert_eq!((rules.pace, rules.max_bytes, rules.retries, rules.robots), (Duration::from_secs(2), 4 << 20, 1, true));
    assert_eq!(rules.charset, Some(encoding_rs::GB18030));
    assert_eq!(rules.proxy, Some(HeaderValue::Secret("PROXY".to_owned())));
    assert_eq!(rules.headers.len(), 2);
    assert_eq!(connector.running_number(" XW-2026-0042 "), Some(("XW-2026-".to_owned(), 42)));
    for other in ["", "无", "99999999999999999999"] {
        assert_eq!(connector.running_number(other), None, "{other}");
    }
    assert!(connector.push().is_none() && connector.mailbox().is_none());
}

#[test]
fn a_certificate_lies_beside_the_description() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("connector.toml"), SITE).unwrap();
    let connector = Connector::load(dir.path()).unwrap();
    assert_eq!(connector.fetch_rules().unwrap().certificate, Some(dir.path().join("ca.pem")));
}

#[test]
fn each_mistake_is_refused_with_its_line() {
    let cases = [
        ("pace = \"2s\"", "pace = \"2\"", "is no duration"),
        ("pace = \"2s\"", "rate = 2", "unknown field `rate`"),
        ("base = \"https://www.example.gov.cn/zmhd/\"", "base = \"file:///etc\"", "must be an address"),
        ("base = \"https://", "base = \"https://a:b@", "holds a password"),
        ("charset = \"gb18030\"", "charset = \"gb\"", "unknown charset"),
        ("{ secret = \"OWN\" }", "{ secret = \"own value\" }", "the name of a secret"),
        ("max_mb = 4", "max_mb = 0", "1 to 1024"),
        ("head = \"10m\"", "head = \"5s\"", "at least 1m"),
        (
            "tokens = { csrf = { pattern = \"C='(.*?)'\" } }",
            "tokens = { csrf = {} }",
            "either a `pattern` or a `cookie`",
        ),
        ("pattern = \"C='(.*?)'\"", "pattern = \"C='(\"", "is no regular expression"),
        ("{token.csrf}", "{token.xsrf}", "no token `xsrf`"),
        ("method = \"form\"", "method = \"json\"", "does not fit"),
        ("page = \"{page}\"", "page = \"{page\"", "not closed"),
        ("rows = \"table.list* tr\"", "rows = \"table..x\"", "is no CSS selector"),
        ("rows = \"table.list* tr\"\n", "", "needs `rows`"),
        ("by = \"page\"", "by = \"link\"", "needs `css`"),
        ("size = 15", "size = 0", "at least 1"),
        ("first = 0", "first = \"a\"", "must be a number"),
        ("total = { pattern = \"共(\\\\d+)条\" }", "total = {}", "one of `css`, `pointer` and `pattern`"),
        ("\"详情\" = \"a@href\"", "\"详情\" = { pointer = \"/a\" }", "a cell is taken by one of"),
        ("\"详情\" = \"a@href\"", "\"@详情\" = \"a@href\"", "does not begin with @"),
        ("url = \"{详情}\"", "url = \"{详细}\"", "no cell `详细`"),
        ("/show/{信件}", "/show/{别的}", "no cell `别的`"),
        ("pairs = { label = \"td.t*\", value = \"td.c*\" }", "", "`pairs` or [detail.cells]"),
        (
            "pairs = { label = \"td.t*\", value = \"td.c*\" }",
            "[detail.cells]\n\"正文\" = \"p\"",
            "no cell for the required column `内容`",
        ),
        ("pairs = ", "root = \"/data\"\npairs = ", "only a detail in JSON has a `root`"),
        ("^(.*?)(\\\\d+)$", "^(\\\\d+)$", "two groups"),
        ("fixtures = [\"site.toml\"]", "fixtures = [\"list.html\"]", "a `.toml` that lists its answers"),
        ("[link]\n", "[push]\nsecret = \"A\"\n[link]\n", "has no section [push]"),
        ("kind = \"html\"", "kind = \"push\"", "has no section [fetch]"),
        ("kind = \"html\"", "kind = \"mails\"", "unknown kind `mails`"),
    ];
    for (from, to, wanted) in cases {
        let (line, message) = refused(from, to);
        assert!(message.contains(wanted), "{to}: {message}");
        assert!(line > 0 && line <= SITE.lines().count() + 2, "{to}: line {line}");
    }
    assert_eq!(refused("pace = \"2s\"", "pace = \"2\"").0, 12);
    assert_eq!(refused("{token.csrf}", "{token.xsrf}").0, 34);
}
