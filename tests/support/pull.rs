//! Pulls of the scripted source through the use cases, and what must be true after each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use huiyin::intake::Connector;
use huiyin::intake::crawl::{Pages, Reach};
use huiyin::intake::fetch::{Fetcher, Hosts, NetSettings, Validators};
use huiyin::service::pull::Pulled;
use huiyin_domain::access::Actor;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use super::site::model::Model;
use super::world::World;

/// A connector of the test's own.
pub fn connector(text: &str) -> Connector {
    Connector::parse("connector.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The same connector for a source that does not say how many messages it has.
pub fn without_total(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("total = ")).collect();
    assert!(lines.len() < text.lines().count(), "{text}");
    lines.join("\n")
}

/// A source that is pulled again and again, and what is known of it.
#[derive(Debug)]
pub struct Watched<'a> {
    world: &'a World,
    pub source: String,
    hosts: Arc<Hosts>,
    /// Messages that were shown when the hub and the source agreed last, and have been since.
    firm: BTreeSet<u32>,
    /// Messages that were ever taken in.
    taken: BTreeSet<u32>,
}

impl<'a> Watched<'a> {
    /// A source that was never read.
    pub fn new(world: &'a World, source: &str) -> Self {
        let (hosts, firm, taken) = (Arc::new(Hosts::new()), BTreeSet::new(), BTreeSet::new());
        Self { world, source: source.to_owned(), hosts, firm, taken }
    }

    /// Pulls over the network; a minute later the clock goes on.
    pub async fn pull(&self, connector: &Connector, reach: Reach) -> Pulled {
        let settings = NetSettings { backoff: Duration::from_millis(1), ..NetSettings::default() };
        let rules = connector.fetch_rules().expect("it is read over the network");
        let mut fetcher =
            Fetcher::new(rules, &settings, &self.hosts, Validators::default()).expect("the settings are sound");
        self.pull_from(connector, reach, &mut fetcher).await
    }

    /// The same from other pages.
    pub async fn pull_from(&self, connector: &Connector, reach: Reach, pages: &mut impl Pages) -> Pulled {
        let (actor, stop) = (Actor::System("test"), CancellationToken::new());
        let service = &self.world.service;
        let pulled = Box::pin(service.pull_source(&actor, connector, reach, pages, &stop, &mut |_| ())).await;
        self.world.clock.advance(60);
        pulled.unwrap_or_else(|error| panic!("{reach:?} of {}: {error:?}", self.source))
    }

    /// What the hub holds.
    pub async fn hub(&self) -> Hub {
        Hub::read(self.world.service.store(), &self.source).await
    }

    /// Checks what must be true after any pull, of a source that shows `model` and has shown what is in it.
    pub async fn check(&mut self, what: &str, pulled: &Pulled, model: &Model) -> Hub {
        assert!(pulled.statement.adds_up(), "{what}: {pulled:?}");
        let hub = self.hub().await;
        let mut problems = hub.impossible(model);
        let shown: BTreeSet<u32> = model.letters.iter().map(|letter| letter.uid).collect();
        self.firm.retain(|uid| shown.contains(uid));
        let gone = self.firm.iter().filter(|uid| hub.kept.get(uid).is_none_or(|kept| kept.withdrawn));
        problems.extend(gone.map(|uid| format!("{uid}: shown all the time and taken for withdrawn")));
        let lost = self.taken.iter().filter(|uid| !hub.kept.contains_key(uid));
        problems.extend(lost.map(|uid| format!("{uid}: was taken in and is lost")));
        self.taken.extend(hub.kept.keys());
        if problems.is_empty() && hub.differs(model).is_empty() {
            self.firm = shown;
        }
        assert!(problems.is_empty(), "{what}: {pulled:#?}\n{}", problems.join("\n"));
        hub
    }

    /// The same for a pull of the whole list in which nothing was wrong: the hub holds exactly what the source shows.
    pub async fn check_exact(&mut self, what: &str, pulled: &Pulled, model: &Model) -> Hub {
        let hub = self.check(what, pulled, model).await;
        let problems = hub.differs(model);
        assert!(problems.is_empty(), "{what}: {pulled:#?}\n{}", problems.join("\n"));
        hub
    }
}

/// Whether nobody has to look at anything, but for keys that were given to another message.
pub fn is_quiet(pulled: &Pulled) -> bool {
    let others = pulled.alarms.iter().filter(|alarm| alarm.code != "key_reused");
    pulled.stage == "finished" && pulled.statement.adds_up() && others.count() == 0
}
