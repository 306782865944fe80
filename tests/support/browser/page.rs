//! One page: going somewhere, waiting for something, reading what is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use huiyin::api::cookie;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Width;
use super::record::Record;
use super::wire::Wire;

/// How long a page may take to show what is waited for.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// What the tests do inside pages.
const IN_PAGE: &str = include_str!("in_page.js");

/// A page, with cookies of its own. Gone with this value.
#[derive(Debug)]
pub struct Page {
    pub(super) wire: Arc<Wire>,
    pub(super) width: Width,
    session: String,
    context: String,
    origin: String,
    record: Arc<Record>,
    scripts: bool,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.wire.tell(None, "Target.disposeBrowserContext", &json!({ "browserContextId": self.context }));
    }
}

impl Page {
    pub(super) async fn open_in(wire: &Arc<Wire>, origin: &str, context: String, width: Width) -> Self {
        let target = json!({ "url": "about:blank", "browserContextId": context });
        let target = wire.call(None, "Target.createTarget", target).await["targetId"].clone();
        let attached = wire.call(None, "Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await;
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        let record = Arc::new(Record::new(origin));
        wire.attend(&session, Arc::clone(&record));
        let page =
            Self { wire: Arc::clone(wire), width, session, context, origin: origin.to_owned(), record, scripts: true };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true })).await;
        page.call("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Shanghai" })).await;
        let (wide, high) = width.size();
        let phone = width == Width::Phone;
        let screen =
            json!({ "width": wide, "height": high, "deviceScaleFactor": if phone { 2 } else { 1 }, "mobile": phone });
        page.call("Emulation.setDeviceMetricsOverride", screen).await;
        page
    }

    /// Switches JavaScript off for what is opened from now on.
    pub async fn without_scripts(mut self) -> Self {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
        self.scripts = false;
        self
    }

    /// Whether the site's scripts run.
    pub const fn has_scripts(&self) -> bool {
        self.scripts
    }

    /// The screen it is on.
    pub const fn width(&self) -> Width {
        self.width
    }

    /// Signs in through the API; the page then has the session's cookie.
    pub async fn sign_in(&self, login: &str, password: &str) {
        let query = "mutation($login: String!, $password: String!) {
            signIn(login: $login, password: $password) { status token userErrors { code } } }";
        let variables = json!({ "login": login, "password": password });
        let request = crate::support::http::client().post(format!("{}/graphql", self.origin));
        let response = request.json(&json!({ "query": query, "variables": variables })).send().await;
        let answer: Value = response.expect("the server answers").json().await.expect("an answer in JSON");
        let token = answer["data"]["signIn"]["token"].as_str();
        self.take_token(token.unwrap_or_else(|| panic!("{login} is not signed in: {answer}"))).await;
    }

    /// Gives the page a session's token in its cookie.
    pub async fn take_token(&self, token: &str) {
        let cookie = json!({ "name": cookie::NAME, "value": token, "url": self.origin, "httpOnly": true });
        self.call("Network.setCookie", cookie).await;
    }

    /// Goes to an address of the site and waits until the page is there whole. Answers with its status.
    pub async fn open(&self, path: &str) -> u16 {
        let address = format!("{}{path}", self.origin);
        let gone = self.call("Page.navigate", json!({ "url": address })).await;
        if let Some(error) = gone["errorText"].as_str() {
            panic!("{path} does not open: {error}");
        }
        // Only the fragment differs: nothing is loaded.
        if let Some(loader) = gone["loaderId"].as_str() {
            let there = async || self.record.whole().is_some_and(|whole| whole == loader);
            self.wait(&format!("{path} is there"), there).await;
        }
        self.status()
    }

    /// The loader of the document now shown.
    pub(super) fn document(&self) -> Option<String> {
        self.record.whole()
    }

    /// The status of the page now shown.
    pub fn status(&self) -> u16 {
        self.record.status().unwrap_or_default()
    }

    /// The path and the query of the page now shown.
    pub async fn address(&self) -> String {
        self.eval("location.pathname + location.search").await
    }

    /// What an expression gives.
    pub async fn eval<T: DeserializeOwned>(&self, expression: &str) -> T {
        let value = self.run(expression).await.unwrap_or_else(|error| panic!("{expression:.200}: {error}"));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{expression:.200}: {error}"))
    }

    /// Waits until there is something visible under this selector.
    pub async fn wait_for(&self, css: &str) {
        self.wait(&format!("{css} is visible"), async || self.is_there(css).await).await;
    }

    /// Waits until this text stands on the page.
    pub async fn wait_for_text(&self, text: &str) {
        self.wait(&format!("“{text}” is on the page"), async || self.has_text(text).await).await;
    }

    /// Waits until an expression is true.
    pub async fn wait_until(&self, expression: &str) {
        let holds = format!("Boolean({expression})");
        self.wait(expression, async || self.run(&holds).await == Ok(Value::Bool(true))).await;
    }

    /// Whether there is something visible under this selector now.
    pub async fn is_there(&self, css: &str) -> bool {
        self.within("is_there", json!([css])).await.unwrap_or_default()
    }

    /// Whether this text stands on the page now.
    pub async fn has_text(&self, text: &str) -> bool {
        self.within("has_text", json!([text])).await.unwrap_or_default()
    }

    /// The visible text of the first element under this selector, which is waited for.
    pub async fn text(&self, css: &str) -> String {
        self.wait_for(css).await;
        self.texts(css).await.into_iter().next().unwrap_or_default()
    }

    /// The texts of all visible elements under this selector.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        self.within("texts", json!([css])).await.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// The addresses of the site that the page links to: path and query, each once.
    pub async fn links(&self) -> Vec<String> {
        self.within("links", json!([])).await.unwrap_or_else(|error| panic!("the links: {error}"))
    }

    /// Takes the texts of dialogs that opened (each was answered with yes): a test that expects one asks for it.
    pub fn dialogs(&self) -> Vec<String> {
        self.record.take_dialogs()
    }

    /// Takes what a calm page does not do: exceptions, errors on the console, breaches of the content policy, requests
    /// that failed or went elsewhere, dialogs nobody expected.
    pub fn troubles(&self) -> Vec<String> {
        self.record.take_troubles()
    }

    /// Fails if there was any trouble.
    pub fn assert_calm(&self) {
        let troubles = self.troubles();
        assert!(troubles.is_empty(), "troubles on the page:\n  {}", troubles.join("\n  "));
    }

    /// Looks again and again until it is so.
    pub(super) async fn wait(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !is_so().await {
            let late = Instant::now() >= deadline;
            assert!(!late, "{} waits in vain: {what}\n{}", self.place().await, self.troubles().join("\n"));
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn place(&self) -> String {
        let place = self.run("location.href + ' (' + document.title + ')'").await;
        place.ok().and_then(|place| place.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Sends a command for this page.
    pub(super) async fn call(&self, method: &str, params: Value) -> Value {
        self.wire.call(Some(&self.session), method, params).await
    }

    /// Runs a function of `in_page.js`.
    pub(super) async fn within<T: DeserializeOwned>(&self, function: &str, arguments: Value) -> Result<T, String> {
        let value = self.run(&format!("({IN_PAGE})({}, {arguments})", json!(function))).await?;
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    /// What an expression gives, or what it throws.
    pub(super) async fn run(&self, expression: &str) -> Result<Value, String> {
        self.run_as(expression, true).await.map(|mut result| result["value"].take())
    }

    /// The same, by value or as a handle.
    pub(super) async fn run_as(&self, expression: &str, by_value: bool) -> Result<Value, String> {
        let params = json!({ "expression": expression, "returnByValue": by_value, "awaitPromise": true });
        let mut answer = self.wire.try_call(Some(&self.session), "Runtime.evaluate", params).await?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(details["exception"]["description"].as_str().unwrap_or("it throws").to_owned()),
            None => Ok(answer["result"].take()),
        }
    }

    /// The expression that a function of `in_page.js` is called with.
    pub(super) fn expression(function: &str, arguments: &Value) -> String {
        format!("({IN_PAGE})({}, {arguments})", json!(function))
    }
}
