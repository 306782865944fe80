//! Makes the messages of a set, each by itself from the seed and its number.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time, Weekday, date};

use super::compose::{self, Content};
use super::message::{Answer, DateShape, Dirt, SampleMessage, Unreadable};
use super::rng::Rng;
use super::words;

/// The streams of random numbers: what changes in one does not move the others.
mod purpose {
    pub(super) const ROW: u64 = 1;
    pub(super) const CONTENT: u64 = 2;
    pub(super) const SENDER: u64 = 3;
    pub(super) const ANSWER: u64 = 4;
}

/// How far back a repeat reaches, in messages.
const REPEAT_REACH: u64 = 200;

/// Quantiles of the time from message to answer, in hours: a median of 8 days, one in twelve beyond 29.
const ANSWER_HOURS: &[u64] = &[3, 26, 50, 75, 110, 150, 192, 240, 290, 350, 440, 700, 1_500];

/// Hours in which people write, most of them in office hours.
const ASKING_HOURS: &[i8] =
    &[8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 15, 16, 16, 16, 17, 17, 18, 19, 20, 21, 22, 0];

/// What a set is like. The default is three months of a bureau's messages, 2026-08-01 to 2026-10-31.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first day, in China.
    pub from: Date,
    /// How many days.
    pub days: u16,
    /// How many of a thousand rows have one cell spoiled in a way that can be read all the same.
    pub dirty_per_mille: u16,
    /// One row in so many cannot be read and must be held; 0 for none.
    pub unreadable_every: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { from: date(2026, 8, 1), days: 92, dirty_per_mille: 40, unreadable_every: 1_000 }
    }
}

/// The messages of the set `seed`, one after another, in constant memory. The same arguments give the same messages on
/// every machine.
pub fn generate(seed: u64, items: usize, options: &Options) -> Generator {
    let items = u64::try_from(items).unwrap_or(u64::MAX);
    Generator { set: Set::new(seed, items, options), next: 1 }
}

/// The iterator that [`generate`] returns.
#[derive(Debug, Clone)]
pub struct Generator {
    set: Set,
    next: u64,
}

impl Iterator for Generator {
    type Item = SampleMessage;

    fn next(&mut self) -> Option<SampleMessage> {
        if self.next > self.set.items {
            return None;
        }
        let message = self.set.message(self.next);
        self.next += 1;
        message
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from((self.set.items + 1).saturating_sub(self.next)).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

#[derive(Debug, Clone)]
struct Set {
    seed: u64,
    items: u64,
    options: Options,
    /// Each day with the weight of all days up to and with it.
    days: Vec<(Date, u64)>,
    end: DateTime,
}

impl Set {
    fn new(seed: u64, items: u64, options: &Options) -> Self {
        let mut total = 0;
        let mut days = Vec::with_capacity(usize::from(options.days));
        for day in options.from.series(1.day()).take(usize::from(options.days)) {
            total += if is_day_off(day) { 3 } else { 10 };
            days.push((day, total));
        }
        let last = days.last().map_or(options.from, |(day, _)| *day);
        Self { seed, items, options: options.clone(), days, end: last.at(23, 59, 59, 0) }
    }

    fn rng(&self, number: u64, purpose: u64) -> Rng {
        Rng::new(self.seed, number, purpose)
    }

    fn message(&self, number: u64) -> Option<SampleMessage> {
        let row = Row::new(self, number);
        let mut rng = row.rng;
        let content = Content::new(self.day(row.content), &mut self.rng(row.content, purpose::CONTENT))?;
        let mut sender_rng = self.rng(row.sender, purpose::SENDER);
        let (sender, female) = (words::person(&mut sender_rng), sender_rng.chance(470));
        let phone = words::mobile(&mut sender_rng);
        let asked_at = self.day(number).to_datetime(clock_time(rng.pick(ASKING_HOURS), &mut rng));
        let votes_for = if rng.chance(300) { rng.by_quantiles(&[0, 1, 1, 2, 5, 30]) } else { 0 };
        let votes_against = if rng.chance(60) { rng.between(1, 4) } else { 0 };
        let answer = self.answer(number, &content, asked_at);
        let dirt = row.dirt.filter(|dirt| match dirt {
            Dirt::AnsweredBefore => answer.is_some(),
            Dirt::DateShape(DateShape::MonthFirst) => asked_at.day() > 12,
            Dirt::FullWidth => content.body.bytes().any(|byte| byte.is_ascii_digit()),
            _ => true,
        });
        Some(SampleMessage {
            number,
            sender,
            female,
            phone,
            kind: content.kind,
            topic: content.topic.name,
            unit: content.topic.unit,
            urgent: content.topic.urgent,
            place: format!("{}{}", content.scene.district, content.scene.town),
            address: format!("{}{}号", content.scene.road, rng.between(1, 399)),
            title: content.title,
            body: content.body,
            asked_at,
            answer,
            votes_against,
            votes_for,
            repeats: (row.content != number).then_some(row.content),
            dirt,
            unreadable: row.unreadable,
        })
    }

    /// The day on which message `number` comes in: the days pass evenly, on days off faster.
    fn day(&self, number: u64) -> Date {
        let total = self.days.last().map_or(0, |(_, total)| *total);
        // The share of the set's time that has passed: exact in 128 bits, below `total`.
        let passed = u128::from(total) * u128::from(number.saturating_sub(1)) / u128::from(self.items.max(1));
        let passed = u64::try_from(passed).unwrap_or(total);
        let day = self.days.partition_point(|(_, upto)| *upto <= passed);
        self.days.get(day).map_or(self.options.from, |(day, _)| *day)
    }

    /// About three fifths are answered, on a working day, and never after the set's last day.
    fn answer(&self, number: u64, content: &Content, asked_at: DateTime) -> Option<Answer> {
        let mut rng = self.rng(number, purpose::ANSWER);
        if !rng.chance(730) {
            return None;
        }
        let hours = i64::try_from(rng.by_quantiles(ANSWER_HOURS)).unwrap_or(0);
        let mut day = asked_at.checked_add(hours.hours()).ok()?.date();
        while is_day_off(day) {
            day = day.tomorrow().ok()?;
        }
        let mut at = day.to_datetime(clock_time(rng.pick(&[8, 9, 10, 11, 14, 15, 16, 17]), &mut rng));
        if at <= asked_at {
            at = asked_at.checked_add(47.minutes()).ok()?;
        }
        let holding = rng.chance(80);
        let days = u64::try_from(at.date().since(asked_at.date()).ok()?.get_days()).unwrap_or(0);
        let scene = content.scene.told_on(at.date(), days.min(30));
        let text = compose::answer(content, &scene, holding, &mut rng);
        (at <= self.end).then_some(Answer { at, unit: content.topic.unit, text, holding })
    }
}

/// What is decided about a row before its words: whose content it shows, and how it is spoiled.
struct Row {
    content: u64,
    sender: u64,
    dirt: Option<Dirt>,
    unreadable: Option<Unreadable>,
    rng: Rng,
}

impl Row {
    /// Follows repeats of repeats to the message that said it first.
    fn new(set: &Set, number: u64) -> Self {
        let mut row = Self::alone(set, number);
        if number == 1 || row.dirt.is_some() || row.unreadable.is_some() || !row.rng.chance(55) {
            return row;
        }
        let earlier = number - 1 - row.rng.below(REPEAT_REACH.min(number - 1));
        let original = Self::new(set, earlier);
        // A spoiled row would not be repeated exactly.
        if original.dirt.is_none() && original.unreadable.is_none() {
            row.content = original.content;
            if row.rng.chance(400) {
                row.sender = original.sender;
            }
        }
        row
    }

    fn alone(set: &Set, number: u64) -> Self {
        let mut rng = set.rng(number, purpose::ROW);
        let spoiled = rng.chance(u64::from(set.options.dirty_per_mille));
        let dirt = Dirt::ALL.get(rng.position(Dirt::ALL.len())).copied().filter(|_| spoiled);
        let turn = number.checked_div(set.options.unreadable_every).unwrap_or(0);
        let due = number.checked_rem(set.options.unreadable_every) == Some(0);
        let reason = usize::try_from(turn % 3).unwrap_or(0);
        let unreadable = Unreadable::ALL.get(reason).copied().filter(|_| due);
        Self { content: number, sender: number, dirt: dirt.filter(|_| !due), unreadable, rng }
    }
}

/// Weekends and, roughly, the autumn holidays: nobody answers then, and few write.
fn is_day_off(day: Date) -> bool {
    let holiday = matches!((day.month(), day.day()), (10, 1..=7) | (9, 25));
    holiday || matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn clock_time(hour: i8, rng: &mut Rng) -> Time {
    let mut sixtieth = || i8::try_from(rng.below(60)).unwrap_or(0);
    Time::new(hour, sixtieth(), sixtieth(), 0).unwrap_or(Time::midnight())
}
