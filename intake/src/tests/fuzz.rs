//! Files with flipped and missing bytes: refused or read, never a panic.

use super::make::{self, PLAIN_MANIFEST};
use super::{read, read_with, small};
use crate::Limits;

const ROWS: [&[&str]; 4] = [
    &["编号", "标题", "内容", "时间"],
    &["1", "路灯", "不亮", "2019-2-8"],
    &["2", "井盖", "丢失", ""],
    &["合计", "", "", ""],
];

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

fn spoil(name: &str, whole: &[u8], rounds: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..rounds {
        let mut bytes = whole.to_vec();
        if round % 4 == 0 {
            bytes.truncate(random.below(whole.len()));
        }
        for _ in 0..=random.below(8) {
            if !bytes.is_empty() {
                let at = random.below(bytes.len());
                bytes[at] = [0, 0xFF, 0x7F, bytes[at] ^ 1, u8::try_from(random.below(256)).unwrap()][random.below(5)];
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        let _ = read_with(&small(), &path, &Limits { max_unpacked_bytes: 16 << 20, ..Limits::default() });
    }
}

#[test]
fn spoilt_xls_files_do_not_panic() {
    spoil("a.xls", &make::xls(&ROWS), 1_500);
}

#[test]
fn spoilt_zip_containers_do_not_panic() {
    spoil("a.xlsx", &make::xlsx(&ROWS), 300);
    spoil("a.ods", &make::ods(&ROWS, PLAIN_MANIFEST), 300);
}

#[test]
fn spoilt_text_does_not_panic() {
    let text = "编号,标题,内容,时间\r\n1,路灯,\"不\"\"亮\r\n\",2019-2-8\r\n2,井盖,丢失,\r\n".repeat(3);
    spoil("a.csv", text.as_bytes(), 1_000);
    let (gb18030, ..) = encoding_rs::GB18030.encode(&text);
    spoil("a.csv", &gb18030, 1_000);
}

/// The sums of a zip catch nearly every flipped byte before the parser sees it: spoil the parts inside instead.
#[test]
fn spoilt_parts_inside_a_good_zip_do_not_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xlsx");
    let mut random = Random(42);
    for whole in [make::xlsx(&ROWS), make::ods(&ROWS, PLAIN_MANIFEST)] {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
        let mut parts = Vec::new();
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut part, &mut bytes).unwrap();
            parts.push((part.name().unwrap().into_owned(), bytes));
        }
        for _ in 0..300 {
            let mut parts = parts.clone();
            let part = random.below(parts.len());
            let bytes = &mut parts[part].1;
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] = b"<>/\"'= &;09A\0\xFF!"[random.below(15)];
            }
            let entries: Vec<(&str, &[u8])> =
                parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            std::fs::write(&path, make::zip(&entries)).unwrap();
            let _ = read(&path);
        }
    }
}
