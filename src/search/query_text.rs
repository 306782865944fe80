//! Reading what a person typed into the search box.

use huiyin_domain::text::fold::fold_char;

use super::tokenizer::{is_searchable, runs};

/// The most characters a search text may have.
pub const MAX_CHARS: usize = 200;

/// The most words (runs of letters, digits and ideographs) a search text may have.
pub const MAX_WORDS: usize = 16;

/// A search text that has been read.
///
/// Words stand apart by white space and must all occur, each as it is written, in an item's title, question or answers.
/// `"…"` (or `“…”`) keeps several together as one, a leading `-` excludes. Punctuation inside a word splits it into parts
/// that must all occur.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryText {
    /// Folded runs of searchable characters that must all occur.
    pub(super) wanted: Vec<String>,
    /// Items in which all runs of one of these occur are left out.
    pub(super) unwanted: Vec<Vec<String>>,
}

/// Why a search text cannot be used: an answer for the person who typed it, not a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has more than [`MAX_CHARS`] characters.
    TooLong {
        /// How many it has.
        chars: usize,
    },
    /// It has more than [`MAX_WORDS`] words.
    TooManyWords {
        /// How many it has.
        words: usize,
    },
    /// It has no letter, digit or ideograph.
    NothingSearchable,
}

impl Refusal {
    /// Every code, for the table of codes in the documentation and for tests.
    pub const CODES: &'static [&'static str] =
        &["search_too_long", "search_too_many_words", "search_nothing_searchable"];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "search_too_long",
            Self::TooManyWords { .. } => "search_too_many_words",
            Self::NothingSearchable => "search_nothing_searchable",
        }
    }

    /// What to do next, in the user's language.
    pub fn message(self) -> String {
        match self {
            Self::TooLong { chars } => {
                format!("搜索内容有 {chars} 个字，最多 {MAX_CHARS} 个。请只保留最关键的几个词。")
            }
            Self::TooManyWords { words } => {
                format!("搜索内容有 {words} 个词，最多 {MAX_WORDS} 个。请减少词数，或去掉标点和空格。")
            }
            Self::NothingSearchable => "搜索内容里没有文字或数字。请输入要找的词。".to_owned(),
        }
    }
}

impl QueryText {
    /// Reads a search text. Only white space means: everything.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let folded: Vec<char> = text.trim().chars().map(fold_char).collect();
        if folded.len() > MAX_CHARS {
            return Err(Refusal::TooLong { chars: folded.len() });
        }
        let mut parsed = Self::default();
        let mut rest = folded.as_slice();
        while let Some((word, after)) = next_word(rest) {
            rest = after;
            let parts = runs(&word.text);
            if parts.is_empty() {
                continue;
            }
            if word.excluded {
                parsed.unwanted.push(parts);
            } else {
                parsed.wanted.extend(parts);
            }
        }
        let mut seen = std::collections::HashSet::new();
        parsed.wanted.retain(|run| seen.insert(run.clone()));
        let words = parsed.wanted.len() + parsed.unwanted.iter().map(Vec::len).sum::<usize>();
        if words > MAX_WORDS {
            return Err(Refusal::TooManyWords { words });
        }
        if words == 0 && !folded.is_empty() {
            return Err(Refusal::NothingSearchable);
        }
        Ok(parsed)
    }

    /// Whether there is nothing to find or to exclude: such a text finds everything.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }
}

struct Word {
    text: String,
    excluded: bool,
}

/// Cuts the next word off; `None` at the end. Characters are folded already, so every white space is one kind.
fn next_word(chars: &[char]) -> Option<(Word, &[char])> {
    let start = chars.iter().position(|c| *c != ' ')?;
    let (_, mut rest) = chars.split_at(start);
    let mut excluded = false;
    if let [first, second, ..] = rest
        && matches!(first, '-' | '−')
        && (is_searchable(*second) || closing_quote(*second).is_some())
    {
        excluded = true;
        rest = rest.get(1..).unwrap_or_default();
    }
    let quote = rest.first().copied().and_then(closing_quote);
    if quote.is_some() {
        rest = rest.get(1..).unwrap_or_default();
    }
    // A quotation that is never closed reaches to the end.
    let end_mark = quote.unwrap_or(' ');
    let end = rest.iter().position(|c| *c == end_mark).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    let after = after.get(1..).unwrap_or_default();
    Some((Word { text: text.iter().collect(), excluded }, after))
}

/// The mark that closes a quotation opened by `c`; `None` when `c` opens none.
const fn closing_quote(c: char) -> Option<char> {
    match c {
        '"' => Some('"'),
        '“' | '”' => Some('”'),
        '「' => Some('」'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted(text: &str) -> Vec<String> {
        QueryText::parse(text).unwrap().wanted
    }

    #[test]
    fn words_stand_apart_by_any_white_space() {
        assert_eq!(wanted("  攪拌站　噪音\tＡ１2 "), ["搅拌站", "噪音", "a12"]);
        assert!(QueryText::parse(" \u{3000}\n").unwrap().is_empty());
        assert_eq!(wanted("噪音 噪音"), ["噪音"]);
    }

    #[test]
    fn quotations_and_exclusions() {
        let text = QueryText::parse("\"停车 收费\" -学校 −“幼儿 园” 2024-05").unwrap();
        assert_eq!(text.wanted, ["停车", "收费", "2024", "05"]);
        assert_eq!(text.unwanted, [vec!["学校".to_owned()], vec!["幼儿".to_owned(), "园".to_owned()]]);
        assert_eq!(wanted("“没有收尾 的"), ["没有收尾", "的"]);
    }

    #[test]
    fn unusable_texts_are_refused_with_a_way_out() {
        assert_eq!(QueryText::parse(&"长".repeat(201)), Err(Refusal::TooLong { chars: 201 }));
        let many = "一 二 三 四 五 六 七 八 九 十 甲 乙 丙 丁 戊 己 庚";
        assert_eq!(QueryText::parse(many), Err(Refusal::TooManyWords { words: 17 }));
        for text in ["-", "？！", "\"\"", "😀", "-\"\""] {
            assert_eq!(QueryText::parse(text), Err(Refusal::NothingSearchable), "{text}");
        }
        assert!(Refusal::TooLong { chars: 201 }.message().contains("201"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(parsed) = QueryText::parse(&text) {
                let all = parsed.wanted.iter().chain(parsed.unwanted.iter().flatten());
                prop_assert!(all.clone().all(|run| !run.is_empty() && run.chars().all(is_searchable)));
                prop_assert!(all.count() <= MAX_WORDS);
            }
        }
    }
}
