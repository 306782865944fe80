//! What the scripted source shows, and everything it has shown before.

use std::collections::BTreeMap;

use huiyin_domain::text::fold::comparable;
use serde::{Deserialize, Serialize};

/// Characters of a text that a list shows.
const EXCERPT_CHARS: usize = 12;

/// One message of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Which message it is, whatever key it is shown under. Its text names it.
    pub uid: u32,
    /// The key it is shown under.
    pub id: u32,
    pub title: String,
    pub body: String,
    pub reply: String,
    /// `YYYY-MM-DD HH:MM:SS`.
    pub asked: String,
    /// White space around its texts that nobody typed.
    pub noise: String,
    /// A script stands in its text, where a page would run it.
    pub scripted: bool,
}

/// Texts of a message as the source showed them at one time, in comparable form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub title: String,
    pub body: String,
    pub reply: String,
}

impl Said {
    /// Of texts as they stand.
    pub fn new(title: &str, body: &str, reply: &str) -> Self {
        Self { title: comparable(title), body: comparable(body), reply: comparable(reply) }
    }

    /// What a list shows of it.
    pub fn listed(&self) -> Self {
        Self { body: comparable(&excerpt(&self.body)), reply: String::new(), ..self.clone() }
    }
}

/// The beginning of a text, as lists show it.
pub fn excerpt(body: &str) -> String {
    if body.chars().nth(EXCERPT_CHARS).is_none() {
        return body.to_owned();
    }
    format!("{}...", body.chars().take(EXCERPT_CHARS).collect::<String>())
}

impl Letter {
    /// The message with this number, not answered.
    pub fn new(uid: u32) -> Self {
        let (day, minute, hour) = (uid % 28 + 1, uid / 28 % 60, 8 + uid / 1_680 % 12);
        Self {
            uid,
            id: uid,
            title: format!("关于青禾路{uid}号楼采光的第{uid}封信"),
            body: format!("第{uid}号来信：青禾路{uid}号楼北侧要建高楼，请问审批时核算过采光吗？"),
            reply: String::new(),
            asked: format!("2026-09-{day:02} {hour:02}:{minute:02}:00"),
            noise: String::new(),
            scripted: false,
        }
    }

    /// What it says now.
    pub fn said(&self) -> Said {
        Said::new(&self.title, &self.body, &self.reply)
    }
}

/// Which message a text is of.
pub fn uid_of(body: &str) -> Option<u32> {
    body.strip_prefix('第')?.split_once('号')?.0.parse().ok()
}

/// The source: its list, the newest first as far as it keeps to that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub letters: Vec<Letter>,
    /// Taken down; may come back.
    pub away: Vec<Letter>,
    /// Everything that was ever shown, in the order in which it was.
    pub past: BTreeMap<u32, Vec<Said>>,
    next: u32,
}

impl Model {
    /// A new message at a place of the list.
    pub fn add(&mut self, place: usize) {
        self.insert(place, self.unshown());
    }

    /// A message that is not shown yet.
    pub fn unshown(&self) -> Letter {
        Letter::new(self.next + 1)
    }

    /// A message of the test's own at a place of the list.
    pub fn insert(&mut self, place: usize, letter: Letter) {
        self.next = self.next.max(letter.uid);
        let place = place.min(self.letters.len());
        self.note(&letter);
        self.letters.insert(place, letter);
    }

    /// Adds that many at the top.
    pub fn fill(&mut self, count: usize) {
        for _ in 0..count {
            self.add(0);
        }
    }

    /// The text is corrected.
    pub fn change(&mut self, place: usize) {
        let Some(letter) = self.letters.get_mut(place) else { return };
        letter.body.push_str("（补充）");
        let letter = letter.clone();
        self.note(&letter);
    }

    /// The subject is put otherwise.
    pub fn retitle(&mut self, place: usize) {
        let Some(letter) = self.letters.get_mut(place) else { return };
        letter.title = format!("（更正）{}", letter.title);
        let letter = letter.clone();
        self.note(&letter);
    }

    /// It is answered, or the answer is replaced.
    pub fn reply(&mut self, place: usize) {
        let Some(letter) = self.letters.get_mut(place) else { return };
        letter.reply = if letter.reply.is_empty() {
            "来信收悉，日照分析已经公示，请到规划展示厅查询，咨询时间为工作日上午九时至下午五时。".to_owned()
        } else {
            format!("{}另已当面说明。", letter.reply)
        };
        let letter = letter.clone();
        self.note(&letter);
    }

    /// White space changes, and nothing else.
    pub fn space(&mut self, place: usize, noise: &str) {
        if let Some(letter) = self.letters.get_mut(place) {
            noise.clone_into(&mut letter.noise);
        }
    }

    /// It is taken down.
    pub fn withdraw(&mut self, place: usize) {
        if place < self.letters.len() {
            let letter = self.letters.remove(place);
            self.away.push(letter);
        }
    }

    /// What was taken down last is shown again, at a place of the list. Not while its key is another's.
    pub fn bring_back(&mut self, place: usize) {
        let free = |letter: &Letter| self.letters.iter().all(|shown| shown.id != letter.id);
        let Some(back) = self.away.iter().rposition(free) else { return };
        let letter = self.away.remove(back);
        let place = place.min(self.letters.len());
        self.letters.insert(place, letter);
    }

    /// The key of a message is given to a new one, which stands in its place.
    pub fn reuse(&mut self, place: usize) {
        let Some(id) = self.letters.get(place).map(|letter| letter.id) else { return };
        let gone = self.letters.remove(place);
        self.away.insert(0, gone);
        self.insert(place, Letter { id, ..self.unshown() });
    }

    /// The key of a message that was taken down is given to a new one, which stands at a place of the list.
    pub fn reuse_of_away(&mut self, place: usize) {
        let Some(id) = self.away.last().map(|letter| letter.id) else { return };
        if self.letters.iter().all(|shown| shown.id != id) {
            self.insert(place, Letter { id, ..self.unshown() });
        }
    }

    fn note(&mut self, letter: &Letter) {
        let past = self.past.entry(letter.uid).or_default();
        let said = letter.said();
        if past.last() != Some(&said) {
            past.push(said);
        }
    }
}
