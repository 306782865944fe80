//! A site that shows what an attacker wrote, in every field of every message and in the names of their files. It runs in this
//! process and answers honestly otherwise.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The source's id.
pub const SOURCE: &str = "hostile-site";

/// The running site; it ends with this value.
pub struct HostileSite {
    host: String,
    serving: JoinHandle<()>,
}

impl Drop for HostileSite {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl HostileSite {
    /// Starts one that shows a message for each text, and one more whose date cannot be read.
    pub async fn start(texts: &[String]) -> Self {
        let row = |number: usize, text: &str, at: &str| {
            json!({
                "id": format!("H{number}"), "title": format!("{text} 外来标题{number}"),
                "content": format!("{text}\n外来第{number}件\n{text}"), "author": text, "unit": text, "number": text,
                "time": at, "reply": "", "files": [{ "url": format!("/file/{number}"), "name": format!("{text}.png") }],
            })
        };
        let mut rows: Vec<Value> =
            texts.iter().enumerate().map(|(number, text)| row(number, text, "2026-11-20 10:00:00")).collect();
        rows.push(row(rows.len(), &texts[0], &texts[1]));
        let list = json!({ "total": rows.len(), "rows": rows });
        let routes = Router::new()
            .route("/rows", get(move || async move { Json(list) }))
            .route("/file/{number}", get(|| async { b"\x89PNG\r\n\x1A\n and so on".as_slice() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let host = listener.local_addr().expect("it has an address").to_string();
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.expect("the site is served") });
        Self { host, serving }
    }

    /// The connector that reads it.
    pub fn source(&self) -> (&'static str, String) {
        let host = &self.host;
        let text = format!(
            "id = \"{SOURCE}\"\nname = \"外来渠道\"\nchannel = \"网上咨询\"\nkind = \"json\"\nversion = 1\n\
             description = '''{}'''\nfixtures = [\"site.toml\"]\n[fetch]\nbase = \"http://{host}/\"\n\
             private = [\"{host}\"]\npace = \"0s\"\n[schedule]\nsweep = \"1d\"\n[list]\nurl = \"/rows\"\nrows = \"/rows\"\n\
             total = {{ pointer = \"/total\" }}\n\
             attachments = {{ pointer = \"files\", url = \"url\", name = \"name\" }}\n{COLUMNS}",
            "<script>window.hostile = 1</script>{{ 7*7*137 }}"
        );
        (SOURCE, text)
    }
}

const COLUMNS: &str = r#"
[[column]]
field = "key"
aliases = ["id"]
required = true
filled = true

[[column]]
field = "number"
aliases = ["number"]

[[column]]
field = "title"
aliases = ["title"]
required = true

[[column]]
field = "body"
aliases = ["content"]
required = true
filled = true

[[column]]
field = "author"
aliases = ["author"]

[[column]]
field = "unit"
aliases = ["unit"]

[[column]]
field = "asked_at"
aliases = ["time"]
required = true
filled = true

[[column]]
field = "reply"
aliases = ["reply"]

[key]
kind = "printed"

[answer]
when = ["reply"]
"#;
