//! Folding: the one form in which texts are searched and compared.
//!
//! Width, case and traditional characters are folded one character to one character, so that a place found in the folded
//! text is the same place, counted in characters, in the text as it was written. HTML tags and entities are not
//! interpreted: to this module they are characters like any other.

use std::sync::LazyLock;

use sm3::{Digest, Sm3};

/// Pairs of a traditional and a simplified character; provenance and licence stand in its head.
const PAIRS: &str = include_str!("traditional.txt");

/// The block of ideographs the table speaks of: extension A to the end of the unified ideographs.
const FIRST_IDEOGRAPH: u32 = 0x3400;
const LAST_IDEOGRAPH: u32 = 0x9FFF;

/// The simplified form of each ideograph of the block, by its distance from the first.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = (FIRST_IDEOGRAPH..=LAST_IDEOGRAPH).filter_map(char::from_u32).collect();
    for line in PAIRS.lines().filter(|line| !line.starts_with('#')) {
        let mut pairs = line.chars();
        while let (Some(traditional), Some(simplified)) = (pairs.next(), pairs.next()) {
            if let Some(slot) = slot(traditional).and_then(|slot| table.get_mut(slot)) {
                *slot = simplified;
            }
        }
    }
    table
});

/// Where `c` stands in [`SIMPLIFIED`]; `None` outside the block.
fn slot(c: char) -> Option<usize> {
    let code = u32::from(c);
    (FIRST_IDEOGRAPH..=LAST_IDEOGRAPH).contains(&code).then(|| (code - FIRST_IDEOGRAPH) as usize)
}

/// Folds one character to one character: full width to ASCII, upper to lower case, traditional to simplified.
///
/// White space of any kind becomes a plain space. A letter whose lower case takes more than one character stays as it is.
pub fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return if c.is_ascii_whitespace() { ' ' } else { c.to_ascii_lowercase() };
    }
    if let Some(slot) = slot(c) {
        return SIMPLIFIED.get(slot).copied().unwrap_or(c);
    }
    if let '\u{FF01}'..='\u{FF5E}' = c {
        // Full-width forms stand in ASCII's order, 0xFEE0 higher.
        return char::from_u32(u32::from(c) - 0xFEE0).map_or(c, |narrow| narrow.to_ascii_lowercase());
    }
    // Marks that stand in every text, none of which has a case: for others the answer is a walk through a table.
    if let '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{303F}' = c {
        return c;
    }
    if c.is_whitespace() {
        return ' ';
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Whether a character is a letter or a digit, of whatever script. Folding never changes the answer.
pub fn is_letter_or_digit(c: char) -> bool {
    match c {
        // What stands in every text first: for others the answer is a walk through tables.
        '\u{4E00}'..='\u{9FA5}' => true,
        '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{FF01}'..='\u{FF0F}' => false,
        other => other.is_alphanumeric(),
    }
}

/// Folds every character; the result has as many characters as `text`.
pub fn fold(text: &str) -> String {
    folded(text, |_| true)
}

/// The folded text without white space: two texts with equal comparable forms were typed as the same message.
pub fn comparable(text: &str) -> String {
    folded(text, |c| c != ' ')
}

/// The folded characters that are kept. Folding hardly ever makes a text longer, so that it is written in one place.
fn folded(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut folded = String::with_capacity(text.len());
    folded.extend(text.chars().map(fold_char).filter(|c| keep(*c)));
    folded
}

/// A stable fingerprint of the comparable text, for finding exact repeats: the first 128 bits of its SM3 (GB/T 32905-2016)
/// over UTF-8, as 32 lower-case hexadecimal digits.
pub fn fingerprint(text: &str) -> String {
    fingerprint_of_comparable(&comparable(text))
}

/// The same for a text that is in comparable form already.
pub fn fingerprint_of_comparable(text: &str) -> String {
    let mut digits = hex::encode(Sm3::digest(text.as_bytes()));
    digits.truncate(32);
    digits
}

/// What hotline operators put before the citizen's own words. Longer forms first.
const OPENINGS: [&str; 8] = [
    "此工单内容为网民留言时填写的标题及原文",
    "市民来电咨询",
    "市民来电反映",
    "市民来电求助",
    "来电人反映",
    "来电人咨询",
    "来电反映",
    "来电咨询",
];

/// Remarks between operators and units, anywhere in the text.
const REMARKS: [&str; 2] = ["信息保密，无需回复", "市民方便接听部门电话"];

/// The text without the phrases that a hotline's form adds to every message (「市民来电反映」,「（信息保密，无需回复）」…).
///
/// Only whole phrases known from real sources are taken out, an opening only where the text begins, so that a citizen's
/// own words are never cut. White space at both ends goes too.
pub fn strip_boilerplate(text: &str) -> String {
    let mut rest = text.to_owned();
    for remark in REMARKS {
        for (open, close) in [("（", "）"), ("(", ")"), ("【", "】")] {
            rest = rest.replace(&format!("{open}{remark}{close}"), "");
        }
    }
    let mut kept = rest.trim();
    while let Some(after) = OPENINGS.iter().find_map(|opening| kept.strip_prefix(opening)) {
        kept =
            after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '：' | ':' | '，' | ',' | '。' | '、'));
    }
    kept.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn width_case_and_traditional_characters_fold() {
        assert_eq!(fold("ＡＢＣ　１２３"), "abc 123");
        assert_eq!(fold("攪拌站與違規車庫"), "搅拌站与违规车库");
        assert_eq!(fold("第\t3\n期"), "第 3 期");
        assert_eq!(fold("Ж Σ É"), "ж σ é");
    }

    #[test]
    fn a_letter_that_would_grow_stays() {
        assert_eq!(fold("İ"), "İ");
    }

    #[test]
    fn repeats_are_told_by_their_fingerprint() {
        assert_eq!(fingerprint("樓下 噪音\r\n擾民"), fingerprint("楼下噪音扰民"));
        assert_ne!(fingerprint("楼下噪音扰民"), fingerprint("楼上噪音扰民"));
        // SM3("abc") of GB/T 32905-2016, annex A.1.
        assert_eq!(fingerprint("ABC"), "66c7f0f462eeedd9d1f2d46bdc10e4e2");
    }

    #[test]
    fn letters_and_digits_are_those_of_unicode_and_stay_so() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            assert_eq!(is_letter_or_digit(c), c.is_alphanumeric(), "{c:?}");
            assert_eq!(is_letter_or_digit(fold_char(c)), is_letter_or_digit(c), "{c:?}");
        }
    }

    #[test]
    fn the_table_is_whole_and_never_chains() {
        let pairs: Vec<(char, char)> = (FIRST_IDEOGRAPH..=LAST_IDEOGRAPH)
            .filter_map(char::from_u32)
            .map(|c| (c, fold_char(c)))
            .filter(|(from, to)| from != to)
            .collect();
        let stated: usize = PAIRS.lines().filter(|line| !line.starts_with('#')).map(|line| line.chars().count()).sum();
        assert_eq!(pairs.len() * 2, stated);
        assert!(pairs.len() > 2_900, "{}", pairs.len());
        assert!(pairs.iter().all(|(_, to)| fold_char(*to) == *to));
    }

    #[test]
    fn boilerplate_goes_and_the_citizens_words_stay() {
        assert_eq!(strip_boilerplate("市民来电反映：楼下施工扰民（信息保密，无需回复）"), "楼下施工扰民");
        assert_eq!(strip_boilerplate("  来电人反映，市民来电咨询 办证流程"), "办证流程");
        assert_eq!(strip_boilerplate("我向12345说过，市民来电反映没有人理"), "我向12345说过，市民来电反映没有人理");
        assert_eq!(strip_boilerplate("市民来电反映"), "");
    }

    proptest! {
        #[test]
        fn folding_keeps_places_and_is_idempotent(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert_eq!(folded.chars().count(), text.chars().count());
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn white_space_never_changes_a_fingerprint(words in prop::collection::vec("[a-z甲乙丙]{1,4}", 1..6)) {
            prop_assert_eq!(fingerprint(&words.join(" \u{3000}\n")), fingerprint(&words.concat()));
        }

        #[test]
        fn stripping_never_panics_and_never_grows(text in any::<String>()) {
            prop_assert!(strip_boilerplate(&text).len() <= text.len());
        }
    }
}
