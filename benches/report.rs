//! Figures as they are printed, and what this process has used.

use std::time::{Duration, Instant};

/// What was found, printed again at the end in one table.
#[derive(Debug, Default)]
pub struct Report(Vec<Line>);

#[derive(Debug)]
struct Line {
    what: String,
    value: f64,
    bound: Bound,
}

/// What a figure is held to.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// Must not be smaller.
    AtLeast(f64),
    /// Must not be larger.
    AtMost(f64),
}

impl Report {
    /// Notes a figure that has a bound.
    pub fn note(&mut self, what: &str, value: f64, bound: Bound) {
        self.0.push(Line { what: what.to_owned(), value, bound });
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("\n{:<86} {:>9}  {:>9}", "figure", "measured", "required");
        for line in &self.0 {
            let (sign, bound, met) = match line.bound {
                Bound::AtLeast(bound) => ("≥", bound, line.value >= bound),
                Bound::AtMost(bound) => ("≤", bound, line.value <= bound),
            };
            let verdict = if met { "" } else { "  MISSED" };
            println!("{:<86} {:>9.3}  {sign} {bound:>7.2}{verdict}", line.what, line.value);
        }
    }
}

/// What a stretch of work took.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// On the clock.
    pub wall: Duration,
    /// On all cores together; zero where the system does not tell.
    pub processor: Duration,
}

impl Spent {
    /// The one with the shorter wall time.
    pub fn best(self, other: Option<Self>) -> Self {
        other.filter(|other| other.wall < self.wall).unwrap_or(self)
    }

    /// How many of `items` a second.
    pub fn rate(self, items: usize) -> f64 {
        count(items) / self.wall.as_secs_f64()
    }

    /// Prints one line of figures.
    pub fn print(self, what: &str, items: usize) {
        let (wall, processor) = (self.wall.as_secs_f64(), self.processor.as_secs_f64());
        println!("  {what:<44} {wall:>8.2} s  {processor:>8.2} s of processor  {:>9.0} items/s", self.rate(items));
    }
}

/// Measures from here on.
#[derive(Debug)]
pub struct Watch {
    started: Instant,
    processor: Duration,
}

impl Watch {
    /// Starts.
    pub fn start() -> Self {
        Self { started: Instant::now(), processor: processor_time() }
    }

    /// What was spent since.
    pub fn stop(&self) -> Spent {
        Spent { wall: self.started.elapsed(), processor: processor_time().saturating_sub(self.processor) }
    }
}

/// A count as a number to reckon with.
pub fn count(items: usize) -> f64 {
    u32::try_from(items).map_or(f64::MAX, f64::from)
}

/// The `share` quantile (0.5: the median) of durations in milliseconds.
pub fn quantile(durations: &mut [Duration], share: f64) -> f64 {
    durations.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place within a short list")]
    let place = (count(durations.len().saturating_sub(1)) * share).round() as usize;
    durations.get(place).map_or(0.0, |duration| duration.as_secs_f64() * 1e3)
}

/// The least, the middle and the most of several figures.
pub fn spread(figures: &mut [f64]) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    let [first, middle, last] = [figures.first(), figures.get(figures.len() / 2), figures.last()];
    [first, middle, last].map(|figure| figure.copied().unwrap_or_default())
}

/// Processor time of this process so far, all threads, in user and system mode. The kernel counts in hundredths.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; user and system time are the 12th and 13th fields behind it.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11).take(2);
    Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}
