//! The DevTools protocol over a pair of pipes: commands with numbers, answers to them, and events.
//!
//! Messages are JSON, each ended by a zero byte (<https://chromedevtools.github.io/devtools-protocol/>).

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::record::Record;

/// How long Chromium may take to answer a command. A full test run keeps the machine busy.
const PATIENCE: Duration = Duration::from_mins(1);

type Answer = Result<Value, String>;

/// The two pipes, and who waits for what comes out of them.
#[derive(Debug)]
pub(super) struct Wire {
    to: Mutex<Option<ChildStdin>>,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    sessions: Mutex<HashMap<String, Arc<Record>>>,
}

impl Wire {
    /// Speaks into `to` and listens to `from` until it closes.
    pub(super) fn open(to: ChildStdin, from: ChildStdout) -> Arc<Self> {
        let wire = Arc::new(Self {
            to: Mutex::new(Some(to)),
            next: AtomicU64::new(1),
            waiting: Mutex::default(),
            sessions: Mutex::default(),
        });
        let listening = Arc::clone(&wire);
        std::thread::spawn(move || listening.listen(from));
        wire
    }

    /// Closes the pipe to Chromium, which makes it end.
    pub(super) fn close(&self) {
        lock(&self.to).take();
    }

    /// From now on the events of a page's session are noted there.
    pub(super) fn attend(&self, session: &str, record: Arc<Record>) {
        lock(&self.sessions).insert(session.to_owned(), record);
    }

    /// Sends a command and waits for its answer, which must not be an error.
    pub(super) async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.try_call(session, method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The same for a command that may fail.
    pub(super) async fn try_call(&self, session: Option<&str>, method: &str, params: Value) -> Answer {
        let (tell, told) = oneshot::channel();
        self.send(session, method, &params, Some(tell));
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err("Chromium has ended".to_owned()),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    /// Sends a command and does not wait.
    pub(super) fn tell(&self, session: Option<&str>, method: &str, params: &Value) {
        self.send(session, method, params, None);
    }

    fn send(&self, session: Option<&str>, method: &str, params: &Value, tell: Option<oneshot::Sender<Answer>>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        if let Some(tell) = tell {
            lock(&self.waiting).insert(id, tell);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let sent = match &mut *lock(&self.to) {
            Some(to) => to.write_all(&bytes).and_then(|()| to.flush()).is_ok(),
            None => false,
        };
        if !sent {
            // Whoever waits learns it by the dropped sender.
            lock(&self.waiting).remove(&id);
        }
    }

    fn listen(&self, from: ChildStdout) {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            let message = serde_json::from_slice(bytes.strip_suffix(b"\0").unwrap_or(&bytes));
            bytes.clear();
            if let Ok(message) = message {
                self.hear(message);
            }
        }
        lock(&self.waiting).clear();
    }

    fn hear(&self, mut message: Value) {
        if let Some(id) = message["id"].as_u64() {
            let Some(tell) = lock(&self.waiting).remove(&id) else { return };
            let answer = match message.get("error") {
                Some(error) => Err(error["message"].as_str().unwrap_or_default().to_owned()),
                None => Ok(message["result"].take()),
            };
            // The caller may have given up; then nobody wants the answer.
            let _ = tell.send(answer);
            return;
        }
        let (Some(method), Some(session)) = (message["method"].as_str(), message["sessionId"].as_str()) else {
            return;
        };
        let record = lock(&self.sessions).get(session).cloned();
        if let Some(record) = record {
            record.hear(method, &message["params"]);
            if method == "Page.javascriptDialogOpening" {
                // An open dialog stops everything else on the page.
                self.tell(Some(session), "Page.handleJavaScriptDialog", &json!({ "accept": true }));
            }
        }
    }
}

/// A panic elsewhere leaves nothing half done here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
