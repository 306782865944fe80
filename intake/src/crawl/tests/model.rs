//! A model of a source that lives for two hundred crawls.

use proptest::prelude::*;

use super::*;

/// What happens to the source between two crawls.
#[derive(Debug, Clone)]
enum Event {
    /// Something new on top.
    Add,
    /// Something new among old ones: half of a real mailbox becomes public so.
    AddAmong(usize),
    Change(usize),
    Answer(usize, bool),
    Withdraw(usize),
    Return,
    Noise(u8),
    Hits,
    Sweep,
    Head,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Add),
        3 => any::<usize>().prop_map(Event::AddAmong),
        2 => any::<usize>().prop_map(Event::Change),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(at, holding)| Event::Answer(at, holding)),
        2 => any::<usize>().prop_map(Event::Withdraw),
        1 => Just(Event::Return),
        2 => any::<u8>().prop_map(Event::Noise),
        1 => Just(Event::Hits),
        3 => Just(Event::Sweep),
        3 => Just(Event::Head),
    ]
}

struct Model {
    site: Site,
    hub: Hub,
    next: u32,
    withdrawn: Vec<Letter>,
}

impl Model {
    fn happen(&mut self, event: &Event) {
        let letters = &mut self.site.letters;
        let place = |at: usize, length: usize| if length == 0 { None } else { Some(at % length) };
        match event {
            Event::Add => {
                self.next += 1;
                letters.insert(0, letter(self.next));
            }
            Event::AddAmong(at) => {
                self.next += 1;
                let at = at % (letters.len() + 1);
                letters.insert(at, letter(self.next));
            }
            Event::Change(at) => {
                if let Some(at) = place(*at, letters.len()) {
                    letters[at].body.push_str("再补充一句。");
                }
            }
            Event::Answer(at, holding) => {
                if let Some(at) = place(*at, letters.len()) {
                    letters[at].reply = if *holding { "已收悉" } else { "您好，请到窗口办理。" }.to_owned();
                }
            }
            Event::Withdraw(at) => {
                if let Some(at) = place(*at, letters.len().saturating_sub(1)) {
                    self.withdrawn.push(letters.remove(at));
                }
            }
            Event::Return => {
                if let Some(letter) = self.withdrawn.pop() {
                    letters.push(letter);
                }
            }
            Event::Noise(kind) => {
                self.site.noise = [" ", "\n", "\u{3000}", "\u{A0} ", ""][usize::from(*kind) % 5].to_owned();
            }
            Event::Hits => letters.iter_mut().for_each(|letter| letter.hits += 1),
            Event::Head => self.head(),
            Event::Sweep => self.sweep(),
        }
    }

    /// A head never harms: nothing is withdrawn, and what it read is as it is.
    fn head(&mut self) {
        let before = self.hub.kept.clone();
        let coverage = self.hub.head(&mut self.site);
        assert!(coverage.alarms.is_empty() && coverage.withdrawn.is_empty(), "{coverage:?}");
        assert!(before.keys().all(|key| self.hub.kept.contains_key(key)));
    }

    fn sweep(&mut self) {
        let texts: BTreeMap<String, _> =
            self.hub.kept.iter().map(|(key, kept)| (key.clone(), said(&kept.record))).collect();
        let coverage = self.hub.sweep(&mut self.site);
        assert!(coverage.complete && coverage.alarms.is_empty(), "{coverage:?}");
        assert_eq!(coverage.met, self.site.letters.len() as u64);
        self.hub.assert_holds(&self.site);
        let changed = self
            .hub
            .kept
            .iter()
            .filter(|(key, kept)| texts.get(*key).is_some_and(|before| *before != said(&kept.record)));
        assert_eq!(changed.count() as u64, self.hub.counts[1], "noise is no change");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_hub_holds_what_the_source_shows(
        style in prop_oneof![Just(Style::Html), Just(Style::Link), Just(Style::Offset), Just(Style::Last)],
        has_details: bool,
        tells_total: bool,
        events in prop::collection::vec(event(), 1..220),
    ) {
        let mut site = Site::new(style, 7);
        site.has_details = has_details;
        site.tells_total = tells_total;
        let mut model = Model { site, hub: Hub::default(), next: 7, withdrawn: Vec::new() };
        for event in &events {
            model.happen(event);
        }
        model.sweep();
    }
}
