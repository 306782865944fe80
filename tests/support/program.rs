//! The program as a user starts it, in a data directory of one test's own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};
use tempfile::TempDir;

/// The program with its own data directory, removed with this value.
#[derive(Debug)]
pub struct Program {
    dir: TempDir,
    database: Option<String>,
}

/// What one command did.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Program {
    /// With an empty data directory.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory is made"), database: None }
    }

    /// The same over a PostgreSQL database.
    pub fn over(url: &str) -> Self {
        Self { database: Some(url.to_owned()), ..Self::new() }
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A path for a file of this test, outside the data directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file of this test.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a test's file is written");
        path
    }

    /// Writes a connector; the folder that all of them are in.
    pub fn connector(&self, id: &str, text: &str) -> PathBuf {
        let connectors = self.path("connectors");
        let folder = connectors.join(id);
        std::fs::create_dir_all(&folder).expect("a folder is made");
        std::fs::write(folder.join("connector.toml"), text).expect("the connector is written");
        connectors
    }

    /// The command, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
        command.env_remove("HUIYIN_DATABASE").env_remove("HUIYIN_CONNECTORS").env("HUIYIN_LOG", "error");
        command.arg("--data").arg(self.data()).args(arguments).stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.arg("--database").arg(url);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().expect("the program starts"))
    }

    /// Starts a command whose end the test does not wait for.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Imports a file, which must succeed; the count statement.
    pub fn import(&self, connector: &str, file: &Path) -> Counts {
        let ran = self.run(&["--json", "import", "--connector", connector, text(file)]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        Counts::of(&ran.json()[0])
    }

    /// `ledger verify`, which must find nothing wrong; its report.
    pub fn verify(&self) -> Value {
        let ran = self.run(&["--json", "ledger", "verify"]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        let report = ran.json();
        assert_eq!(report["ok"], true, "{report}");
        report
    }

    /// The embedded database, for looking at and for tampering.
    pub async fn database(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.data().join("huiyin.db"));
        options.connect().await.expect("the database opens")
    }
}

/// What a finished process did.
pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

impl Ran {
    /// Standard output as the one JSON value it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {}{}", self.out, self.err))
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is UTF-8")
}

/// A count statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows in the source.
    pub stated: u64,
    /// New items.
    pub accepted: u64,
    /// Known rows.
    pub unchanged: u64,
    /// New versions.
    pub changed: u64,
    /// Held rows.
    pub held: u64,
    /// Rejected rows.
    pub rejected: u64,
}

impl Counts {
    /// Out of what `import --json` printed.
    pub fn of(value: &Value) -> Self {
        let count = |name: &str| value[name].as_u64().unwrap_or_else(|| panic!("no {name} in {value}"));
        Self {
            stated: count("stated"),
            accepted: count("accepted"),
            unchanged: count("unchanged"),
            changed: count("changed"),
            held: count("held"),
            rejected: count("rejected"),
        }
    }

    /// Whether nothing is unaccounted for.
    pub const fn adds_up(&self) -> bool {
        self.stated == self.accepted + self.unchanged + self.changed + self.held + self.rejected
    }
}

/// One number out of the database.
pub async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(connection).await.expect("the query runs").get(0)
}

/// A column of texts out of the database.
pub async fn texts(connection: &mut SqliteConnection, sql: &'static str) -> Vec<String> {
    let rows = sqlx::query(sql).fetch_all(connection).await.expect("the query runs");
    rows.iter().map(|row| row.get(0)).collect()
}
