//! Whatever a source does between crawls: the hub shows what the source shows, each message once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::super::{World, assert_sound};
use super::site::{Shown, Site, shown};
use huiyin::store::message;

/// What happens to the source before it is crawled.
#[derive(Debug, Clone)]
enum Happening {
    /// A message appears at a place in the list, whatever its date.
    Added { place: usize, day: i8 },
    /// Its text changes.
    Changed { place: usize },
    /// White space in its text changes.
    Spaced { place: usize },
    /// It is taken down; `back` crawls later it is shown again.
    Withdrawn { place: usize, back: Option<usize> },
    /// Its key shows another message.
    Reused { place: usize },
    /// It cannot be read this time.
    Broken { place: usize },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (any::<usize>(), 1..28_i8).prop_map(|(place, day)| Happening::Added { place, day }),
        2 => any::<usize>().prop_map(|place| Happening::Changed { place }),
        2 => any::<usize>().prop_map(|place| Happening::Spaced { place }),
        2 => (any::<usize>(), prop::option::of(1..3_usize))
            .prop_map(|(place, back)| Happening::Withdrawn { place, back }),
        1 => any::<usize>().prop_map(|place| Happening::Reused { place }),
        1 => any::<usize>().prop_map(|place| Happening::Broken { place }),
    ]
}

fn crawls() -> impl Strategy<Value = Vec<(Vec<Happening>, bool)>> {
    prop::collection::vec((prop::collection::vec(happening(), 0..6), any::<bool>()), 2..8)
}

/// What the source shows, what it will show again, and a number for texts that nobody has seen.
#[derive(Default)]
struct Source {
    site: Site,
    away: Vec<(usize, Shown)>,
    next: usize,
}

impl Source {
    fn text(&mut self) -> (String, String) {
        self.next += 1;
        (format!("题目{}", self.next), format!("第{}件的内容", self.next))
    }

    fn place(&self, place: usize) -> Option<usize> {
        place.checked_rem(self.site.rows.len())
    }

    fn happens(&mut self, happening: &Happening) {
        let Some(row) = (match happening {
            Happening::Added { place, day } => {
                let (title, body) = self.text();
                let new = shown(&format!("n{}", self.next), &title, &body, *day);
                let place = place % (self.site.rows.len() + 1);
                self.site.rows.insert(place, new);
                None
            }
            Happening::Changed { place }
            | Happening::Spaced { place }
            | Happening::Withdrawn { place, .. }
            | Happening::Reused { place }
            | Happening::Broken { place } => self.place(*place),
        }) else {
            return;
        };
        match happening {
            Happening::Added { .. } => {}
            Happening::Changed { .. } => self.site.rows[row].body.push_str("（补充）"),
            Happening::Spaced { .. } => self.site.rows[row].body.insert(0, ' '),
            Happening::Withdrawn { back, .. } => {
                let gone = self.site.rows.remove(row);
                self.away.extend(back.map(|back| (back, gone)));
            }
            Happening::Reused { .. } => {
                let (title, body) = self.text();
                let old = &self.site.rows[row];
                let day = if old.day == 28 { 1 } else { old.day + 1 };
                self.site.rows[row] = shown(&old.key, &title, &body, day);
            }
            Happening::Broken { .. } => self.site.rows[row].broken = true,
        }
    }

    /// One crawl later.
    fn passes(&mut self) {
        for row in &mut self.site.rows {
            row.broken = false;
        }
        let (back, away) = std::mem::take(&mut self.away).into_iter().partition(|(crawls, _)| *crawls == 0);
        self.away = away;
        self.away.iter_mut().for_each(|(crawls, _)| *crawls -= 1);
        let back: Vec<(usize, Shown)> = back;
        // What could not be read when it was taken down can be read when it is back.
        self.site.rows.extend(back.into_iter().map(|(_, row)| Shown { broken: false, ..row }));
    }
}

/// Keys and folded texts of what the hub says the source shows.
async fn shown_here(world: &World) -> BTreeMap<String, String> {
    let mut reader = world.service.store().read().await.unwrap();
    let conn = &mut reader.conn();
    let keys = message::shown_after(conn, "board", "", 10_000).await.unwrap();
    let messages = message::by_keys(conn, "board", &keys).await.unwrap();
    let ids: Vec<String> = messages.iter().map(|row| row.id.clone()).collect();
    let versions = message::newest_of(conn, &ids).await.unwrap();
    let texts: BTreeMap<&str, &str> =
        versions.iter().map(|version| (version.message_id.as_str(), version.body.as_str())).collect();
    messages.iter().map(|row| (row.source_key.clone(), texts[row.id.as_str()].replace(' ', ""))).collect()
}

async fn run(crawls: &[(Vec<Happening>, bool)]) {
    let world = World::embedded().await;
    let mut source = Source::default();
    let mut accepted = 0;
    for (happenings, sweep) in crawls {
        for happening in happenings {
            source.happens(happening);
        }
        let pulled = if *sweep { world.sweep(&source.site).await } else { world.look(&source.site).await };
        assert!(pulled.is_sound() || pulled.alarms.iter().all(|alarm| alarm.code == "key_reused"), "{pulled:?}");
        accepted += pulled.statement.accepted;
        source.passes();
    }
    // The faults are over.
    let last = world.sweep(&source.site).await;
    accepted += last.statement.accepted;
    let expected: BTreeMap<String, String> =
        source.site.rows.iter().map(|row| (row.key.clone(), row.body.replace(' ', ""))).collect();
    assert_eq!(shown_here(&world).await, expected);
    assert_eq!(world.items().await.len() as u64, accepted, "one item a message");
    let again = world.sweep(&source.site).await;
    assert_eq!(again.statement.unchanged, expected.len() as u64, "{again:?}");
    assert!(world.holds().await.iter().all(|hold| {
        let shown = hold.source_key.as_ref().is_some_and(|key| expected.contains_key(key));
        !shown || hold.resolved_at.is_some()
    }));
    assert_sound(&world).await;
}

#[test]
fn the_hub_shows_what_the_source_shows() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&crawls(), |crawls| {
        runtime.block_on(run(&crawls));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
