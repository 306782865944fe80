//! Chance that comes again.

/// A fixed sequence of numbers: a failure comes again.
#[derive(Debug, Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    /// A number below `end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// A place in a list of `len`.
    pub fn place(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len.max(1) as u64)).expect("a small number")
    }
}
