//! The four files of the folder `sample/`.

use std::path::Path;

use super::generate::{Generator, Options, generate};
use super::shape::Shape;
use super::write::{SampleError, write_file};

/// One file of the bundled sample.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// Its name in `sample/`.
    pub file: &'static str,
    /// Its columns.
    pub shape: Shape,
    /// The seed of its messages.
    pub seed: u64,
    /// How many rows of messages, those that must be held included.
    pub items: usize,
    /// One row in so many must be held.
    pub unreadable_every: u64,
}

/// The bundled sample: three months, four sources, 350 rows.
pub const BUNDLED: [Bundled; 4] = [
    Bundled { file: "board.xlsx", shape: Shape::Board, seed: 20_261_111, items: 160, unreadable_every: 30 },
    Bundled {
        file: "hotline-district.xlsx",
        shape: Shape::HotlineDistrict,
        seed: 20_261_142,
        items: 90,
        unreadable_every: 18,
    },
    Bundled { file: "hotline-city.csv", shape: Shape::HotlineCity, seed: 20_261_133, items: 60, unreadable_every: 14 },
    Bundled { file: "mailbox.csv", shape: Shape::Mailbox, seed: 20_261_164, items: 40, unreadable_every: 10 },
];

impl Bundled {
    /// Its messages.
    pub fn messages(&self) -> Generator {
        let options = Options { unreadable_every: self.unreadable_every, ..Options::default() };
        generate(self.seed, self.items, &options)
    }
}

/// Writes the four files into the folder `dir`, which must be there. Returns the number of rows.
pub fn write_bundled(dir: &Path) -> Result<u64, SampleError> {
    let mut rows = 0;
    for set in &BUNDLED {
        rows += write_file(set.shape, set.messages(), &dir.join(set.file), &mut |_| {})?;
    }
    Ok(rows)
}
