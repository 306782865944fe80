//! Whatever a source does between crawls, at random and for long: after each sweep the hub holds what it shows.

use huiyin::intake::crawl::Reach;

use crate::support::postgres::TestDatabase;
use crate::support::pull::{Watched, connector, is_quiet, without_total};
use crate::support::seeded::Seeded;
use crate::support::site::{Model, Patience, Shape, Site, Source};
use crate::support::world::World;

/// Messages a source shows at most: some are taken down when there are more.
const MOST: usize = 36;
/// White space as it is found in pages.
const NOISE: [&str; 5] = ["", " ", "\n\t", "\u{3000}", " \u{a0}\r\n"];

/// How often a source is crawled; `HUIYIN_MODEL_CRAWLS` sets more for a longer test.
fn crawls() -> u64 {
    std::env::var("HUIYIN_MODEL_CRAWLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// Where chance begins: the same three by default; `HUIYIN_SEED=7` or `HUIYIN_SEED=100..150` begins elsewhere.
fn seeds() -> Vec<u64> {
    let Ok(text) = std::env::var("HUIYIN_SEED") else { return vec![20_261_122, 1, 2] };
    let number = |text: &str| text.trim().parse().unwrap_or_else(|_| panic!("HUIYIN_SEED: {text} is no number"));
    match text.split_once("..") {
        Some((from, to)) => (number(from)..number(to)).collect(),
        None => vec![number(&text)],
    }
}

/// One thing that happens to a source. Half of what is new stands among what is old.
fn happens(model: &mut Model, chance: &mut Seeded) {
    let len = model.letters.len();
    let place = chance.place(len);
    match chance.below(if len > MOST { 24 } else { 18 }) {
        0..=2 => model.add(0),
        3..=5 => model.add(place),
        6 | 7 => model.change(place),
        8 => model.retitle(place),
        9 | 10 => model.reply(place),
        11 | 12 => model.space(place, NOISE[chance.place(NOISE.len())]),
        13 => model.bring_back(place),
        14 => model.reuse(place),
        15 => model.reuse_of_away(place),
        _ => model.withdraw(place),
    }
}

/// One crawl of a source that `change` has changed. The outcome, and what the source shows.
trait Crawled {
    async fn crawl(&mut self, watched: &Watched<'_>, reach: Reach) -> huiyin::service::pull::Pulled;
    async fn change(&mut self, change: impl FnOnce(&mut Model)) -> Model;
}

/// In this process.
struct Here(Source, huiyin::intake::Connector);

impl Crawled for Here {
    async fn crawl(&mut self, watched: &Watched<'_>, reach: Reach) -> huiyin::service::pull::Pulled {
        watched.pull_from(&self.1, reach, &mut self.0).await
    }

    async fn change(&mut self, change: impl FnOnce(&mut Model)) -> Model {
        change(&mut self.0.model);
        self.0.model.clone()
    }
}

/// In its own, over HTTP.
struct There(Site, huiyin::intake::Connector);

impl Crawled for There {
    async fn crawl(&mut self, watched: &Watched<'_>, reach: Reach) -> huiyin::service::pull::Pulled {
        watched.pull(&self.1, reach).await
    }

    async fn change(&mut self, change: impl FnOnce(&mut Model)) -> Model {
        self.0.change(change).await
    }
}

async fn goes_on(source: impl Crawled, what: &str, seed: u64, crawls: u64) {
    Box::pin(goes_on_in(&World::embedded().await, source, what, seed, crawls)).await;
}

async fn goes_on_in(world: &World, mut source: impl Crawled, what: &str, seed: u64, crawls: u64) {
    let mut watched = Watched::new(world, "trial");
    let mut chance = Seeded(seed);
    source.change(|model| model.fill(12)).await;
    let mut accepted = 0;
    for number in 0..crawls {
        let events = chance.below(5);
        let model = source.change(|model| (0..events).for_each(|_| happens(model, &mut chance))).await;
        let is_last = number + 1 == crawls;
        let reach = if is_last || chance.below(2) == 0 { Reach::Sweep } else { Reach::Head };
        let what = format!("{what}, seed {seed}, crawl {number}, {reach:?}");
        let pulled = source.crawl(&watched, reach).await;
        assert!(is_quiet(&pulled), "{what}: {pulled:#?}");
        accepted += pulled.statement.accepted;
        match reach {
            Reach::Head => watched.check(&what, &pulled, &model).await,
            Reach::Sweep => watched.check_exact(&what, &pulled, &model).await,
        };
    }
    assert_eq!(watched.hub().await.kept.len() as u64, accepted, "{what}: each message once");
    let findings = world.service.verify(&huiyin_domain::access::Actor::System("test"), &[]).await;
    assert_eq!(findings.expect("it verifies").findings, []);
}

async fn goes_on_here(shape: Shape) {
    let text = shape.connector("trial", "source.example", Patience::Long);
    for seed in seeds() {
        let source = Here(Source::default(), connector(&text));
        Box::pin(goes_on(source, &format!("{shape:?}"), seed, crawls())).await;
    }
}

#[tokio::test]
async fn the_hub_follows_pages_with_details() {
    goes_on_here(Shape::Html).await;
}

#[tokio::test]
async fn the_hub_follows_json_with_the_whole_text() {
    goes_on_here(Shape::JsonForm).await;
}

#[tokio::test]
async fn the_hub_follows_json_with_details() {
    goes_on_here(Shape::JsonPage).await;
}

#[tokio::test]
async fn the_hub_follows_rows_in_a_script() {
    goes_on_here(Shape::JsRows).await;
}

#[tokio::test]
async fn the_hub_follows_a_feed() {
    goes_on_here(Shape::Feed).await;
}

#[tokio::test]
async fn the_hub_follows_a_list_that_tells_no_total() {
    let text = without_total(&Shape::JsonForm.connector("trial", "source.example", Patience::Long));
    for seed in seeds() {
        let source = Here(Source::default(), connector(&text));
        Box::pin(goes_on(source, "without a total", seed, crawls())).await;
    }
}

#[tokio::test]
async fn the_hub_follows_a_source_over_the_network() {
    for seed in seeds() {
        let site = Site::start().await;
        let connector = connector(&Shape::Html.connector("trial", &site.host, Patience::Long));
        Box::pin(goes_on(There(site, connector), "over HTTP", seed, crawls() / 4)).await;
    }
}

#[tokio::test]
async fn the_other_database_follows_as_well() {
    let text = Shape::Html.connector("trial", "source.example", Patience::Long);
    for seed in seeds() {
        let Some(database) = TestDatabase::create().await else { return };
        let world = World::server(database.url()).await;
        let source = Here(Source::default(), connector(&text));
        Box::pin(goes_on_in(&world, source, "PostgreSQL", seed, crawls())).await;
        world.service.store().close().await;
    }
}
