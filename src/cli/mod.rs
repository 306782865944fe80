//! The command line, the same for people and scripts.
//!
//! Exit code 0: done. 1: refused, not found or failed, with the reason on standard error. 2: the command itself was not
//! understood. With `--json` standard output holds one JSON value and nothing else.

mod connector;
mod data;
mod deadline;
mod demo;
mod identity;
mod import;
mod item;
mod ledger;
mod output;
mod pull;
mod reconcile;
mod sample;
mod search;
mod serve;
mod user;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::service::payload::{KEEP_DAYS, MAX_PAYLOAD_BYTES};
pub use data::DataDir;
use output::Output;

/// 回音：每件来信都有回音，办公室拿得出证据。
#[derive(Debug, Parser)]
#[command(name = "huiyin", version, about, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Folder with the database and the search index 数据目录
    #[arg(long, global = true, env = "HUIYIN_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// PostgreSQL to use instead of the embedded database, such as postgres://user@host/huiyin
    #[arg(long, global = true, env = "HUIYIN_DATABASE", hide_env_values = true, value_name = "URL")]
    database: Option<String>,
    /// Folder whose connectors replace those that come with the program; connectors in the data directory by default
    #[arg(long, global = true, env = "HUIYIN_CONNECTORS", value_name = "DIR")]
    connectors: Option<PathBuf>,
    /// TOML file of secrets, NAME = "value", that only its owner may read; variables that begin with HUIYIN_SECRET_ go before it
    #[arg(long, global = true, env = "HUIYIN_SECRETS", value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// The way out to sources whose connector names none, such as http://host:port; with a password only in the environment 代理
    #[arg(long, global = true, env = "HUIYIN_PROXY", hide_env_values = true, value_name = "URL")]
    proxy: Option<String>,
    /// PEM file of certificate authorities that are trusted beside the system's, for all sources 证书
    #[arg(long, global = true, env = "HUIYIN_CERTIFICATE", value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Whom the owner of a source may write to, told with every request: an address of the web or of mail 联系方式
    #[arg(long, global = true, env = "HUIYIN_CONTACT", value_name = "ADDRESS")]
    contact: Option<String>,
    /// For how many days what sources send is kept as they sent it; 0 keeps none 原始页面保存天数
    #[arg(long, global = true, env = "HUIYIN_KEEP_PAYLOADS_DAYS", default_value_t = KEEP_DAYS, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(..=36_500))]
    keep_payloads_days: u32,
    /// The largest page, request or file that is kept so, in MiB
    #[arg(long, global = true, env = "HUIYIN_KEEP_PAYLOADS_MB", default_value_t = MAX_PAYLOAD_BYTES >> 20,
        value_name = "MB")]
    keep_payloads_mb: u64,
    /// One JSON value on standard output, for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start with invented data and demo accounts; goes on with what is there 演示
    Demo(serve::Listen),
    /// Start the server 启动服务
    Serve(serve::Serve),
    /// Import files through a connector 导入
    Import(import::Import),
    /// Read a source over the network 采集
    Pull(pull::Pull),
    /// Search all items 全文搜索
    Search(search::Search),
    /// Look at one item 查看一件
    #[command(subcommand)]
    Item(item::Item),
    /// The ledger 逐件账
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Hold what came on a day against what is there of it 对账
    Reconcile(reconcile::Reconcile),
    /// Deadlines 时限
    #[command(subcommand)]
    Deadline(deadline::Deadline),
    /// Print the GraphQL schema
    Schema,
    /// Bring the database's schema up to date
    Migrate,
    /// Accounts 账号
    #[command(subcommand)]
    User(user::User),
    /// Write invented messages to a file 生成虚构样例
    Sample(sample::Sample),
    /// Connectors 采集配置
    #[command(subcommand)]
    Connector(connector::Connector),
}

/// What ends a command early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Said already, or nothing to say: only the exit code is left.
    Silent,
    /// To be told to the user.
    Told(String),
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        // A business refusal carries its own words for people.
        let dynamic: &(dyn std::error::Error + 'static) = &error;
        match dynamic.downcast_ref::<crate::service::ServiceError>() {
            Some(crate::service::ServiceError::Refused(refusal)) => {
                Self::Told(format!("{}（{}）", refusal.message, refusal.code))
            }
            Some(crate::service::ServiceError::File(refusal)) => Self::Told(refusal.to_string()),
            Some(crate::service::ServiceError::Search(error)) => Self::from_search(error),
            _ => match dynamic.downcast_ref::<crate::search::SearchError>() {
                Some(error) => Self::from_search(error),
                None => Self::Told(crate::telemetry::chain(&error)),
            },
        }
    }
}

impl Failure {
    /// What to do, and what happened.
    fn from_search(error: &crate::search::SearchError) -> Self {
        Self::Told(format!("{}（{}）", error.message(), crate::telemetry::chain(error)))
    }
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

/// Runs the program on the given arguments.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows which stream each belongs on. A closed stream is no news.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    crate::telemetry::init();
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Silent) => ExitCode::FAILURE,
        Err(Failure::Told(text)) => {
            let _ = writeln!(std::io::stderr(), "huiyin: {text}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<(), Failure> {
    let output = Output::new(cli.global.json);
    match cli.command {
        Command::Deadline(command) => return deadline::run(&command, output),
        Command::Sample(command) => return sample::run(&command, output),
        Command::Schema => return output.text(&crate::api::sdl()),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        match cli.command {
            Command::Demo(listen) => serve::demo(&cli.global, &listen, output).await,
            Command::Serve(command) => serve::serve(&cli.global, &command, output).await,
            Command::Import(command) => import::run(&cli.global, &command, output).await,
            Command::Pull(command) => pull::run(&cli.global, &command, output).await,
            Command::Search(command) => search::run(&cli.global, &command, output).await,
            Command::Item(command) => item::run(&cli.global, &command, output).await,
            Command::Ledger(command) => ledger::run(&cli.global, &command, output).await,
            Command::Reconcile(command) => reconcile::run(&cli.global, &command, output).await,
            Command::User(command) => user::run(&cli.global, &command, output).await,
            Command::Migrate => data::migrate(&cli.global, output).await,
            Command::Connector(command) => connector::run(&cli.global, &command, output).await,
            Command::Deadline(_) | Command::Sample(_) | Command::Schema => Ok(()),
        }
    })
}
