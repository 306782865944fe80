//! Running numbers: which of them nobody has seen.

/// Numbers of a series that are missing, one after the other, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What the source prints before its running number, such as `ZH2026`.
    pub series: String,
    /// The first that is missing.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// How many digits the source prints, zeros in front included.
    pub width: usize,
}

impl Gap {
    /// How many numbers are missing.
    pub const fn count(&self) -> u64 {
        self.to.saturating_sub(self.from).saturating_add(1)
    }

    /// A number of the gap as the source would print it.
    pub fn printed(&self, number: u64) -> String {
        format!("{}{number:0width$}", self.series, width = self.width)
    }

    /// The missing numbers as the source would print them: one, or the first and the last.
    pub fn label(&self) -> String {
        if self.from == self.to {
            return self.printed(self.from);
        }
        format!("{} 至 {}", self.printed(self.from), self.printed(self.to))
    }
}

/// The gaps of one source: the first ones by name, all of them by count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gaps {
    /// The first ones, in the order of their numbers.
    pub listed: Vec<Gap>,
    /// Gaps there are beyond those listed.
    pub unlisted: u64,
}

impl Gaps {
    /// How many numbers of the listed gaps are missing.
    pub fn count(&self) -> u64 {
        self.listed.iter().map(Gap::count).sum()
    }

    /// Whether nothing is missing.
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted == 0
    }
}

/// Collects the gaps of one source.
#[derive(Debug)]
pub struct GapsOf {
    limit: usize,
    gaps: Gaps,
}

impl GapsOf {
    /// None yet; at most `limit` will be listed.
    pub fn new(limit: usize) -> Self {
        Self { limit, gaps: Gaps::default() }
    }

    /// Takes the numbers between two neighbours, less those that were met although they became no message: rows held for
    /// repair, or rejected. `met` is in no particular order.
    pub fn add(&mut self, series: &str, before: u64, after: u64, width: usize, met: &[u64]) {
        for (from, to) in missing_between(before, after, met) {
            if self.gaps.listed.len() < self.limit {
                self.gaps.listed.push(Gap { series: series.to_owned(), from, to, width });
            } else {
                self.gaps.unlisted += 1;
            }
        }
    }

    /// All of them.
    pub fn finish(mut self) -> Gaps {
        self.gaps.listed.sort();
        self.gaps
    }
}

/// The numbers between two neighbours that are not among `met`, as ranges with both ends included, in order.
pub fn missing_between(before: u64, after: u64, met: &[u64]) -> Vec<(u64, u64)> {
    let mut met: Vec<u64> = met.iter().copied().filter(|number| before < *number && *number < after).collect();
    met.sort_unstable();
    met.dedup();
    let mut ranges = Vec::new();
    let mut last = before;
    for number in met.into_iter().chain([after]) {
        if number > last.saturating_add(1) {
            ranges.push((last + 1, number - 1));
        }
        last = number;
    }
    ranges
}

/// The numbers of a dense sequence of which some are not known: each is one more than the one before. `before` is the
/// number before the first. What cannot be told stays `None`.
pub fn fill_numbers(known: &[Option<u64>], before: Option<u64>) -> Vec<Option<u64>> {
    let mut filled = Vec::with_capacity(known.len());
    let mut last = before;
    for number in known {
        last = number.or_else(|| last.and_then(|last| last.checked_add(1)));
        filled.push(last);
    }
    // What stands before the first known one, seen from there.
    let mut next: Option<u64> = None;
    for number in filled.iter_mut().rev() {
        *number = number.or_else(|| next.and_then(|next| next.checked_sub(1)).filter(|number| *number > 0));
        next = *number;
    }
    filled
}
