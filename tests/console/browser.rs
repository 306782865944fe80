//! What a browser does with the pages, without the script: it keeps cookies and follows nothing by itself.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method};
use std::collections::BTreeMap;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::{form, http};

/// A browser at one desk.
pub struct Browser<'a> {
    app: &'a TestApp,
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// What it got.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Page {
    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Whether what stands on the page is seen at once: whether the fold around it is open.
    pub fn unfolds(&self, text: &str) -> bool {
        let before = self.body.split_once(text).unwrap_or_else(|| panic!("no {text}: {}", self.body)).0;
        before.rsplit_once("<details class=\"confirm\"").unwrap().1.starts_with(" open>")
    }
}

impl<'a> Browser<'a> {
    /// A browser nobody has signed in with.
    pub fn new(app: &'a TestApp) -> Self {
        let client = http::without_redirects();
        Self { app, client, cookies: BTreeMap::new() }
    }

    /// A browser somebody has signed in with.
    pub async fn of(app: &'a TestApp, login: &str) -> Self {
        let mut browser = Self::new(app);
        let page = browser.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!((page.status, page.location.as_str()), (303, "/desk"), "{}", page.body);
        browser
    }

    /// A cookie it keeps.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Opens an address.
    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[], None).await
    }

    /// Opens an address with more headers.
    pub async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.send(Method::GET, path, headers, None).await
    }

    /// Opens an address with a cookie that was set elsewhere.
    #[cfg(feature = "oidc")]
    pub async fn get_with_cookie(&mut self, path: &str, cookie: &str) -> Page {
        let (name, value) = cookie.split_once('=').unwrap();
        self.cookies.insert(name.to_owned(), value.to_owned());
        self.get(path).await
    }

    /// Sends a form, as a browser on one of the site's own pages does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin")], Some(body)).await
    }

    /// Sends a file, as a form on one of the site's own pages does. The name must be without quotation marks.
    pub async fn upload(&mut self, path: &str, name: &str, content: &str) -> Page {
        let headers = [("sec-fetch-site", "same-origin"), ("accept", "text/html,*/*;q=0.8")];
        self.send_as(Method::POST, path, &headers, Some(form::with_file(name, content))).await
    }

    /// Sends a form, or nothing.
    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], form: Option<String>) -> Page {
        let body = form.map(|form| ("application/x-www-form-urlencoded", form));
        self.send_as(method, path, headers, body).await
    }

    /// Sends anything: `body` with its type.
    async fn send_as(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> Page {
        let mut request = self.client.request(method, format!("{}{path}", self.app.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((content_type, body)) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for set in response.headers().get_all(SET_COOKIE) {
            self.keep(set.to_str().unwrap());
        }
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let location = headers.get(LOCATION).map_or_else(String::new, |value| value.to_str().unwrap().to_owned());
        // The templates escape slashes, which no test need know.
        let body = response.text().await.unwrap().replace("&#x2f;", "/");
        Page { status, location, headers, body }
    }

    fn keep(&mut self, set: &str) {
        let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
        if set.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
