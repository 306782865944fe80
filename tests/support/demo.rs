//! The demonstration as a user starts it: the program, its invented bureau, its accounts.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};

use super::form;
use super::program::{self, Counts, Program};

/// The password of every account of the demonstration.
pub const PASSWORD: &str = "Huiyin-2026";

/// The running demonstration; it ends with this value.
#[derive(Debug)]
pub struct Demo {
    /// Where it answers: `http://127.0.0.1:…`.
    pub address: String,
    program: Program,
    server: Child,
    client: reqwest::Client,
}

impl Demo {
    /// Makes the invented bureau and serves it on a free port.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with sources of the test's own, each its id and its `connector.toml`: they are read by plan from the first.
    pub fn start_with(sources: &[(&str, String)]) -> Self {
        let program = Program::new();
        let mut arguments = vec!["demo", "--listen", "127.0.0.1:0"];
        let folder = sources.iter().map(|(id, text)| program.connector(id, text)).fold(None, |_, folder| Some(folder));
        if let Some(folder) = &folder {
            arguments.extend(["--connectors", program::text(folder)]);
        }
        let mut server = program.start(&arguments);
        let mut lines = BufReader::new(server.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.trim().strip_prefix("http://").map(str::to_owned));
        let address = address.expect("the demonstration tells its address");
        let host = address.split('/').next().unwrap_or_default();
        let address = format!("http://{host}");
        // What else it writes must not fill the pipes; its log belongs to a failed test's output.
        std::thread::spawn(move || lines.count());
        let log = BufReader::new(server.stderr.take().expect("its log")).lines().map_while(Result::ok);
        std::thread::spawn(move || log.for_each(|line| eprintln!("{line}")));
        Self { address, program, server, client: super::http::without_redirects() }
    }

    /// Imports a file beside the running server; the count statement.
    pub fn import(&self, connector: &str, file: &Path) -> Counts {
        self.program.import(connector, file)
    }

    /// `ledger verify` beside the running server, which must find nothing wrong; its report.
    pub fn verify(&self) -> Value {
        self.program.verify()
    }

    /// Uploads a file as a program does; where it is looked at and confirmed. The name must be without quotation marks.
    pub async fn upload(&self, token: &str, name: &str, content: &str) -> String {
        let (content_type, body) = form::with_file(name, content);
        let request = self.client.post(format!("{}/desk/imports", self.address)).bearer_auth(token);
        let request = request.header("content-type", content_type).body(body);
        let answer: Value = request.send().await.expect("the server answers").json().await.expect("JSON");
        let upload = answer["upload"].as_str().and_then(|id| id.strip_prefix("upload:"));
        format!("/desk/imports/{}", upload.unwrap_or_else(|| panic!("{name} is not taken: {answer}")))
    }

    /// Waits until a source has been read so many times, to whatever end.
    pub async fn wait_for_pulls(&self, token: &str, source: &str, count: usize) {
        let query =
            "query($source: String!) { pulls(source: $source, first: 100) { edges { node { stage { code } } } } }";
        let read = async {
            // The program of the demonstration tells nobody outside that it has read.
            let mut often = tokio::time::interval(Duration::from_millis(100));
            loop {
                often.tick().await;
                let pulls = self.send(Some(token), query, json!({ "source": source })).await["pulls"]["edges"].clone();
                let ended =
                    pulls.as_array().into_iter().flatten().filter(|edge| edge["node"]["stage"]["code"] != "running");
                if ended.count() >= count {
                    break;
                }
            }
        };
        let waited = tokio::time::timeout(Duration::from_mins(2), read).await;
        assert!(waited.is_ok(), "{source} was not read {count} times");
    }

    /// A path for a file of this test.
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.program.path(name)
    }

    /// A session's token of one of the accounts.
    pub async fn token(&self, login: &str) -> String {
        let query = "mutation($login: String!, $password: String!) {
            it: signIn(login: $login, password: $password) { status token userErrors { code message } } }";
        let answer = self.send(None, query, json!({ "login": login, "password": PASSWORD })).await;
        answer["it"]["token"].as_str().unwrap_or_else(|| panic!("{login}: {answer}")).to_owned()
    }

    /// Sends a request that has to succeed; its data.
    pub async fn send(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let mut request = self.client.post(format!("{}/graphql", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let request = request.json(&json!({ "query": query, "variables": variables }));
        let answer: Value = request.send().await.expect("the server answers").json().await.expect("JSON");
        assert_eq!(answer.get("errors"), None, "{query}: {answer:#}");
        answer["data"].clone()
    }

    /// Asks for a page without a browser: no redirect is followed.
    pub async fn get(&self, token: Option<&str>, path: &str) -> reqwest::Response {
        let mut request = self.client.get(format!("{}{path}", self.address));
        if let Some(token) = token {
            request = request.header("cookie", format!("{}={token}", huiyin::api::cookie::NAME));
        }
        request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Its data directory goes with it: nothing is worth an orderly end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
