//! A source that a script leads: it shows a model list of messages in every kind of shape, changes it, and fails in every
//! way that sources fail. It runs in a process of its own.

pub mod fault;
mod memory;
pub mod model;
pub mod render;
mod serve;
pub mod shape;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

pub use self::fault::{At, Fault, What};
pub use self::model::{Letter, Model};
pub use self::render::Source;
use self::serve::{ANNOUNCES, ENTRY, ROLE, Script};
pub use self::shape::{Patience, Shape};
use super::world::random;

/// The running source; it ends with this value.
#[derive(Debug)]
pub struct Site {
    /// `127.0.0.1:PORT`.
    pub host: String,
    control: String,
    client: reqwest::Client,
    child: Child,
}

impl Drop for Site {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Site {
    /// Starts one that shows nothing yet.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(Self::start_blocking).await.expect("the site is started")
    }

    fn start_blocking() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let prefix = format!("control-{}", hex::encode(random()));
        let mut command = Command::new(program);
        command.args(["--exact", ENTRY, "--ignored", "--nocapture"]).env(ROLE, &prefix);
        // It lives until its standard input is closed.
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the site's process starts");
        let out = child.stdout.take().expect("its output is read");
        let mut lines = BufReader::new(out).lines();
        let host = loop {
            let line = lines.next().expect("it tells its address before it ends").expect("its output is text");
            if let Some((_, host)) = line.split_once(ANNOUNCES) {
                break host.to_owned();
            }
        };
        // Whatever else it prints is thrown away, lest it waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { control: format!("http://{host}/{prefix}"), host, client: super::http::client(), child }
    }

    /// What it shows now.
    pub async fn model(&self) -> Model {
        self.script().await.model
    }

    /// Whether every fault has struck that it was told of last.
    pub async fn has_failed(&self, told: &[Fault]) -> bool {
        self.script().await.faults.iter().zip(told).all(|(left, told)| left.times < told.times)
    }

    /// Changes what it shows; the outcome.
    pub async fn change(&self, change: impl FnOnce(&mut Model)) -> Model {
        let mut script = self.script().await;
        change(&mut script.model);
        self.tell(script).await.model
    }

    /// Sets what it does wrong from now on.
    pub async fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        let script = self.script().await;
        self.tell(Script { faults: faults.into_iter().collect(), ..script }).await;
    }

    /// From now on it does nothing wrong.
    pub async fn behave(&self) {
        self.fail([]).await;
    }

    async fn script(&self) -> Script {
        let answer = self.client.get(&self.control).send().await.expect("the site answers");
        answer.json().await.expect("it tells how things stand")
    }

    async fn tell(&self, script: Script) -> Script {
        let answer = self.client.post(&self.control).json(&script).send().await.expect("the site answers");
        answer.json().await.expect("it tells how things stand")
    }
}
