//! Fetching from real servers on this machine.

mod addresses;
mod answers;
mod encrypted;
mod limits;
mod polite;
mod secret;
mod server;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use self::server::Server;
use super::{Answer, FetchCode, FetchError, FetchRules, Fetcher, Hosts, NetSettings, Request, Validators, decode};

const SOON: Duration = Duration::from_millis(150);

/// Rules for one server of a test, without pauses; robots.txt is not asked for.
fn rules(server: &Server) -> FetchRules {
    let mut rules = FetchRules::new(server.url("/"));
    rules.private = vec![server.host()];
    rules.pace = Duration::ZERO;
    rules.robots = false;
    rules
}

/// Settings whose pauses are short and always waited out.
fn settings() -> NetSettings {
    NetSettings { backoff: Duration::from_millis(1), jitter: Arc::new(|| 1.0), ..NetSettings::default() }
}

/// Settings for which every name leads to `address`.
fn resolving_to(addresses: &[&str]) -> NetSettings {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    NetSettings { lookup: Arc::new(move |_| Ok(addresses.clone())), ..settings() }
}

fn fetcher(rules: &FetchRules) -> Fetcher {
    with(rules, &settings())
}

fn with(rules: &FetchRules, settings: &NetSettings) -> Fetcher {
    Fetcher::new(rules, settings, &Arc::new(Hosts::new()), Validators::default()).unwrap()
}

async fn get(fetcher: &mut Fetcher, server: &Server, path: &str) -> Result<Answer, FetchError> {
    fetcher.get(Request::get(server.url(path))).await
}

/// The text of one page, with these rules.
async fn read(rules: &FetchRules, server: &Server, path: &str) -> Result<String, FetchError> {
    let answer = get(&mut fetcher(rules), server, path).await?;
    Ok(decode(&answer, rules.charset).0)
}

/// Why one page cannot be read, with these rules. The sentence names neither the path nor a query.
async fn refusal(rules: &FetchRules, server: &Server, path: &str) -> FetchError {
    let error = read(rules, server, path).await.expect_err("a refusal");
    assert!(!error.message.contains("://") && !error.message.contains('?'), "{error}");
    error
}
