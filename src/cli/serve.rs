//! `huiyin serve` and `huiyin demo`

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::data::{self, Opened};
use super::demo::{self, ACCOUNTS, PASSWORD};
use super::identity::Identity;
use super::output::Output;
use super::{Failure, Global};
use crate::http::{self, App};
use crate::intake::fetch::NetSettings;
use crate::jobs::{Crawler, Runner};
use crate::page::Site;
use crate::service::{MAX_UPLOAD_BYTES, Service};
use crate::telemetry;

/// How long the index may take to end its last work when the server stops.
const LAST_INDEXING: Duration = Duration::from_secs(10);

/// How long what is being read of sources may take to come to a good place when the server stops.
const LAST_READING: Duration = Duration::from_secs(10);

/// How often the server looks for what was left lying.
const HOUSEKEEPING: Duration = Duration::from_mins(1);

/// After how many such looks it looks for what is kept for days.
const HOUR: u64 = 60;

/// And after how many for files that nothing names: it looks at each.
const DAY: u64 = 24 * HOUR;

#[derive(Debug, Clone, Args)]
pub(super) struct Listen {
    /// Address and port
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    listen: SocketAddr,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    listen: Listen,
    /// Cookies are sent over https only: the server stands behind TLS
    #[arg(long, env = "HUIYIN_SECURE_COOKIES")]
    secure_cookies: bool,
    /// The largest file that can be uploaded for import, in MiB
    #[arg(long, env = "HUIYIN_MAX_UPLOAD_MB", default_value_t = MAX_UPLOAD_BYTES >> 20, value_name = "MB")]
    max_upload_mb: u64,
    /// Offer the GraphQL console at /graphql
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    identity: Identity,
}

pub(super) async fn serve(global: &Global, command: &Serve, output: Output) -> Result<(), Failure> {
    #[cfg(feature = "oidc")]
    let provider = command.identity.provider()?;
    #[cfg(not(feature = "oidc"))]
    command.identity.refuse()?;
    let mut opened = data::open(global).await?;
    let home = data::home(global, &opened.dir, command.max_upload_mb.saturating_mul(1 << 20))?;
    opened.service = opened.service.with_home(home);
    let app = App::new(opened.service.clone()).with_dev(command.dev).with_secure_cookies(command.secure_cookies);
    #[cfg(feature = "oidc")]
    let app = app.with_provider(provider);
    let settings = data::net_settings(global)?;
    run(opened, app, settings, command.listen.listen, output, |address| format!("回音已启动：http://{address}/")).await
}

pub(super) async fn demo(global: &Global, command: &Listen, output: Output) -> Result<(), Failure> {
    if global.database.is_some() {
        return Err(Failure::Told("演示只用内置数据库，请去掉 --database；正式使用请用 huiyin serve。".to_owned()));
    }
    demo::prepare(&global.data, output).await?;
    let opened = data::open(global).await?;
    let app = App::new(opened.service.clone()).with_dev(true);
    run(opened, app, data::net_settings(global)?, command.listen, output, welcome).await
}

/// Serves until told to stop, then ends what is under way.
async fn run(
    opened: Opened,
    app: App,
    settings: NetSettings,
    address: SocketAddr,
    output: Output,
    greeting: impl FnOnce(SocketAddr) -> String,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::Told(format!("占用不了地址 {address}：{error}。请换一个端口，例如 --listen 127.0.0.1:8081"))
    })?;
    // Held to the end: confirmed uploads are imported here, and no other import may think that it is alone meanwhile.
    let mut joined = opened.dir.join_imports()?;
    let interrupted = joined.note_interrupted(&opened.service).await?;
    if interrupted > 0 {
        output.aside(&format!("上次有 {interrupted} 个采集批次中断，重新导入同一文件即可补齐。"));
    }
    let Some(follower) = opened.follower else {
        return Err(Failure::Told(
            "另一个回音进程正在使用这个数据目录。请先停掉它，或用 --data 换一个目录。".to_owned(),
        ));
    };
    let stop = CancellationToken::new();
    http::stop_on_signal(stop.clone())?;
    let store = opened.service.store().clone();
    let following = tokio::spawn(follower.run(store.follow(), stop.clone()));
    let crawler = Crawler::new(opened.service.clone(), settings);
    let runner = Runner::new(opened.service.clone(), crawler, opened.service.owner().to_owned());
    let reading = tokio::spawn(runner.run(stop.clone()));
    tokio::spawn(keep_house(opened.service.clone()));
    // The dictionary of words takes a moment to load; nobody should wait for it in their first search.
    tokio::task::spawn_blocking(crate::search::Search::warm);
    output.text(&greeting(listener.local_addr()?))?;
    let site = Site { developer_links: app.is_dev(), ..Site::default() };
    let app = app.with_stop(stop.clone());
    http::serve(listener, http::whole(app, site)?, stop.clone()).await?;
    stop.cancel();
    // A source that is being read is read to the end of a page, and its pull is closed.
    let _ = tokio::time::timeout(LAST_READING, reading).await;
    // What is not indexed now is indexed at the next start.
    let _ = tokio::time::timeout(LAST_INDEXING, following).await;
    store.close().await;
    drop(joined);
    Ok(())
}

/// Looks every minute for imports that other machines have left, and throws away what waits for too long.
async fn keep_house(service: Service) {
    let mut minute = tokio::time::interval(HOUSEKEEPING);
    for minutes in 0_u64.. {
        minute.tick().await;
        let noted = service.note_interrupted_pulls(false).await.map(drop);
        let forgotten = service.forget_old_uploads().await.map(drop);
        let mut done = vec![noted, forgotten];
        if minutes.is_multiple_of(HOUR) {
            done.push(service.forget_old_receipts().await.map(drop));
            done.push(service.forget_old_payloads().await.map(drop));
        }
        if minutes.is_multiple_of(DAY) {
            done.push(service.forget_loose_files().await.map(drop));
        }
        for error in done.into_iter().filter_map(Result::err) {
            tracing::warn!(error = %telemetry::chain(&error), "housekeeping left something undone");
        }
    }
}

fn welcome(address: SocketAddr) -> String {
    let accounts: Vec<String> = ACCOUNTS
        .iter()
        .take(9)
        .map(|account| format!("  {:<10} {}（{}）", account.login, account.name, account.role.label()))
        .collect();
    format!(
        "回音演示已启动（数据全部虚构）\n\n\
         可以打开：\n  \
         http://{address}/             首页\n  \
         http://{address}/sign-in      工作人员登录\n  \
         http://{address}/write        写一封信，拿到编号和查询码\n  \
         http://{address}/progress     凭编号和查询码查进度\n  \
         http://{address}/hot/2026-10  2026年10月热点咨询\n  \
         http://{address}/graphql      GraphQL 控制台\n\n\
         演示账号（密码都是 {PASSWORD}）：\n{}\n\n按 Ctrl+C 停止。",
        accounts.join("\n")
    )
}
