//! What a page did by itself: documents loaded, and everything a calm page does not do.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use serde_json::Value;

use super::wire::lock;

/// Everything heard of one page since it was made.
#[derive(Debug)]
pub(super) struct Record {
    origin: String,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    /// Exceptions, errors on the console, refused loads: one sentence each.
    troubles: Vec<String>,
    /// The texts of alerts and questions; each was answered with yes.
    dialogs: Vec<String>,
    /// The loader of the document now shown, and those that have loaded whole.
    shown: String,
    loaded: HashSet<String>,
    /// The status each document came with.
    statuses: HashMap<String, u16>,
    /// What was asked for, by request.
    requests: HashMap<String, String>,
}

impl Record {
    /// Of a page of this site.
    pub(super) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), heard: Mutex::default() }
    }

    /// The loader of the document now shown, once it is there whole.
    pub(super) fn whole(&self) -> Option<String> {
        let heard = lock(&self.heard);
        heard.loaded.contains(&heard.shown).then(|| heard.shown.clone())
    }

    /// The status the document now shown came with.
    pub(super) fn status(&self) -> Option<u16> {
        let heard = lock(&self.heard);
        heard.statuses.get(&heard.shown).copied()
    }

    /// Takes the dialogs heard so far; they are then no trouble.
    pub(super) fn take_dialogs(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.heard).dialogs)
    }

    /// Takes what was no calm behaviour so far.
    pub(super) fn take_troubles(&self) -> Vec<String> {
        let mut heard = lock(&self.heard);
        let dialogs = std::mem::take(&mut heard.dialogs);
        let mut troubles = std::mem::take(&mut heard.troubles);
        troubles.extend(dialogs.into_iter().map(|text| format!("dialog: {text}")));
        troubles
    }

    /// Notes an event.
    pub(super) fn hear(&self, method: &str, params: &Value) {
        let heard = &mut *lock(&self.heard);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match method {
            "Page.frameNavigated" if params["frame"].get("parentId").is_none() => {
                heard.shown = text(&params["frame"]["loaderId"]);
            }
            "Page.lifecycleEvent" if params["name"] == "load" => {
                heard.loaded.insert(text(&params["loaderId"]));
            }
            "Page.javascriptDialogOpening" => heard.dialogs.push(text(&params["message"])),
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let said = &details["exception"]["description"];
                let said = if said.is_string() { said } else { &details["text"] };
                heard.troubles.push(format!("exception: {}", text(said)));
            }
            "Runtime.consoleAPICalled" if params["type"] == "error" || params["type"] == "assert" => {
                let said: Vec<String> = params["args"].as_array().into_iter().flatten().map(console_text).collect();
                heard.troubles.push(format!("console: {}", said.join(" ")));
            }
            // What the network refused is told below, with its address.
            "Log.entryAdded" if params["entry"]["level"] == "error" && params["entry"]["source"] != "network" => {
                let entry = &params["entry"];
                heard.troubles.push(format!("{}: {}", text(&entry["source"]), text(&entry["text"])));
            }
            _ => self.hear_network(heard, method, params),
        }
    }

    fn hear_network(&self, heard: &mut Heard, method: &str, params: &Value) {
        let id = params["requestId"].as_str().unwrap_or_default();
        match method {
            "Network.requestWillBeSent" => {
                let address = params["request"]["url"].as_str().unwrap_or_default();
                heard.requests.insert(id.to_owned(), address.to_owned());
                if !self.is_own(address) {
                    heard.troubles.push(format!("third party: {address}"));
                }
            }
            "Network.responseReceived" => {
                let address = params["response"]["url"].as_str().unwrap_or_default();
                let status = params["response"]["status"].as_u64().unwrap_or_default() as u16;
                if params["type"] == "Document" {
                    // A test says itself which status a document has to have.
                    heard.statuses.insert(params["loaderId"].as_str().unwrap_or_default().to_owned(), status);
                } else if status >= 400 && !address.ends_with("/favicon.ico") {
                    // Chromium asks for that one by itself, at a time of its own, where a page names no icon.
                    heard.troubles.push(format!("status {status}: {address}"));
                }
            }
            // A download, or a page left while something was still loading.
            "Network.loadingFailed" if params["errorText"] == "net::ERR_ABORTED" => {}
            "Network.loadingFailed" => {
                let address = heard.requests.get(id).map_or("", String::as_str);
                heard.troubles.push(format!("not loaded: {address}: {}", params["errorText"]));
            }
            _ => {}
        }
    }

    /// Whether it is an address of the site, or none of the network.
    fn is_own(&self, address: &str) -> bool {
        let rest = address.strip_prefix(&self.origin);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            || ["data:", "blob:", "about:"].iter().any(|scheme| address.starts_with(scheme))
    }
}

fn console_text(argument: &Value) -> String {
    let said = argument.get("value").or_else(|| argument.get("description"));
    said.map_or_else(String::new, |said| said.as_str().map_or_else(|| said.to_string(), str::to_owned))
}
