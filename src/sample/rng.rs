//! A small seeded generator: the same numbers on every machine, today and in ten years.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). Not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// The generator of one stream: message `number` of the set `seed`, for one `purpose`. Any message can be made
    /// without making those before it.
    pub(super) fn new(seed: u64, number: u64, purpose: u64) -> Self {
        let mut rng = Self(seed ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
        rng.0 = rng.next() ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        rng.0 = rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to but without `end`; 0 when `end` is 0. The bias of the remainder is below 2⁻⁴⁰ for our ranges.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high + 1).saturating_sub(low))
    }

    /// True in `per_mille` of 1,000 draws.
    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// A place in a sequence of `len`.
    pub(super) fn position(&mut self, len: usize) -> usize {
        // Both conversions are exact: `len` is the length of a list in memory.
        usize::try_from(self.below(u64::try_from(len).unwrap_or(1))).unwrap_or(0)
    }

    /// One of `choices`; the default value when there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        choices.get(self.position(choices.len())).copied().unwrap_or_default()
    }

    /// `choices` in a random order (Fisher and Yates).
    pub(super) fn shuffled<T: Copy>(&mut self, choices: &[T]) -> Vec<T> {
        let mut order = choices.to_vec();
        for last in (1..order.len()).rev() {
            order.swap(last, self.position(last + 1));
        }
        order
    }

    /// A value whose quantiles, at equal steps of probability, are `quantiles`; linear between them. Integers only:
    /// logarithms differ in their last bit from one machine to the next.
    pub(super) fn by_quantiles(&mut self, quantiles: &[u64]) -> u64 {
        let steps = quantiles.len().saturating_sub(1);
        let at = self.position(steps);
        match (quantiles.get(at), quantiles.get(at + 1)) {
            (Some(&low), Some(&high)) => self.between(low, high),
            _ => quantiles.first().copied().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        let mut rng = Rng(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn ranges_hold() {
        let mut rng = Rng::new(1, 2, 3);
        assert!((0..1_000).all(|_| (5..=7).contains(&rng.between(5, 7))));
        assert!((0..1_000).all(|_| (10..=40).contains(&rng.by_quantiles(&[10, 20, 40]))));
        assert_eq!(rng.below(0), 0);
        let mut order = rng.shuffled(&[1, 2, 3, 4]);
        order.sort_unstable();
        assert_eq!(order, [1, 2, 3, 4]);
    }
}
