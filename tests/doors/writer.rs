//! Somebody who writes through the form, without a script.

use std::fmt::Write as _;

use crate::support::app::TestApp;

const BOUNDARY: &str = "x-letter";

/// A page.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Page {
    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of the field with this name.
    pub fn value(&self, name: &str) -> String {
        let field = self.body.split(&format!(" name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no {name}"));
        let field = field.split('>').next().unwrap();
        unescaped(field.split("value=\"").nth(1).unwrap_or_default().split('"').next().unwrap())
    }

    /// The number and the code on a receipt.
    pub fn receipt(&self) -> (String, String) {
        let after = |label: &str| {
            let rest = self.body.split(label).nth(1).unwrap_or_else(|| panic!("no {label}: {}", self.body));
            let cell = rest.split("<dd").nth(1).unwrap().split_once('>').unwrap().1;
            cell.split('<').next().unwrap().to_owned()
        };
        (after("<dt>编号</dt>"), after("<dt>查询码</dt>"))
    }

    /// The fields that something is said to be wrong with.
    pub fn wrong(&self) -> Vec<&str> {
        let ids = self.body.split("class=\"error\" id=\"").skip(1).map(|part| part.split("-error\"").next().unwrap());
        ids.collect()
    }
}

/// A value as it stands in an attribute, read back.
pub fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
    text.replace("&#x2f;", "/").replace("&amp;", "&")
}

/// A letter to be sent: the fields in the order of the page, and the files.
#[derive(Debug, Clone)]
pub struct Filled {
    pub fields: Vec<(&'static str, String)>,
    pub files: Vec<(&'static str, Vec<u8>)>,
}

impl Filled {
    /// A whole letter.
    pub fn new(ticket: &str) -> Self {
        let fields = [
            ("ticket", ticket),
            ("website", ""),
            ("letterbox", "form"),
            ("request_type", "consult"),
            ("title", "青禾路的采光"),
            ("body", "青禾路北侧要建高楼，审批时核算过采光吗？"),
            ("place", "青禾路 7 号楼"),
            ("name", "甲某"),
            ("telephone", "138 0000 0000"),
            ("informed", "yes"),
        ];
        Self { fields: fields.map(|(name, value)| (name, value.to_owned())).to_vec(), files: Vec::new() }
    }

    /// The same with another value of a field.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, value.to_owned()));
        self
    }

    /// The same with a file.
    pub fn file(mut self, name: &'static str, content: &[u8]) -> Self {
        self.files.push((name, content.to_vec()));
        self
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            let mut part = String::new();
            write!(part, "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
            body.extend(part.into_bytes());
        }
        for (name, content) in &self.files {
            let head = "content-disposition: form-data; name=\"files\"; filename=";
            body.extend(format!("--{BOUNDARY}\r\n{head}\"{name}\"\r\n\r\n").into_bytes());
            body.extend(content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        body
    }
}

/// Somebody at a browser.
pub struct Writer<'a> {
    pub app: &'a TestApp,
}

impl Writer<'_> {
    /// Opens a page.
    pub async fn get(&self, path: &str) -> Page {
        page(self.app.client.get(format!("{}{path}", self.app.address)).send().await.unwrap()).await
    }

    /// Opens the form and looks at it for a while; its ticket.
    pub async fn ticket(&self) -> String {
        let page = self.get("/write").await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.app.clock.advance(60);
        page.value("ticket")
    }

    /// Sends a form.
    pub async fn send(&self, filled: &Filled) -> Page {
        let request = self.app.client.post(format!("{}/write", self.app.address));
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = request.header("sec-fetch-site", "same-origin").header("content-type", content_type);
        page(request.body(filled.body()).send().await.unwrap()).await
    }

    /// Asks how a letter stands.
    pub async fn look_up(&self, number: &str, code: &str) -> Page {
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs([("number", number), ("code", code)]).finish();
        let request = self.app.client.post(format!("{}/progress", self.app.address));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        page(request.body(body).send().await.unwrap()).await
    }
}

async fn page(response: reqwest::Response) -> Page {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Page { status, headers, body: response.text().await.unwrap() }
}
