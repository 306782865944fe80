//! Words as a dictionary sees them: for ranking only, never for finding.
//!
//! 和服 is found in 产品和服务 as well, since that is what was asked; but an item where 和服 stands as a word comes first.
//! The dictionary is loaded when the first text is indexed or searched, not when the index is opened. New words are not
//! guessed (no HMM): a guess depends on its neighbours and would cut a text and a query in two ways.

use std::io::BufReader;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use huiyin_domain::text::fold::fold;
use jieba_rs::Jieba;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::tokenizer::is_searchable;

/// Where it comes from is told beside it.
const PACKED: &[u8] = include_bytes!("dictionary/dict.txt.gz");

static DICTIONARY: LazyLock<Jieba> = LazyLock::new(|| {
    Jieba::with_dict(&mut BufReader::new(GzDecoder::new(PACKED))).unwrap_or_else(|error| {
        // It is part of the program, and a test reads it. Without words, finding is as good, and ranking knows less.
        tracing::error!(%error, "the dictionary cannot be read");
        Jieba::empty()
    })
});

/// Loads the dictionary, if that was not done yet.
pub(super) fn load() {
    LazyLock::force(&DICTIONARY);
}

/// Whether a cut piece counts as a word: a single character says nothing that its pairs do not.
fn is_word(piece: &str) -> bool {
    piece.chars().nth(1).is_some() && piece.chars().all(is_searchable)
}

/// The words a folded run is made of, without overlaps.
pub(super) fn words_of(run: &str) -> Vec<String> {
    let pieces = DICTIONARY.cut(run, false);
    pieces.into_iter().map(|piece| piece.word).filter(|word| is_word(word)).map(str::to_owned).collect()
}

/// Cuts a text into its words and what stands between them; put together, the pieces are the text.
pub fn cut_words(text: &str) -> Vec<&str> {
    DICTIONARY.cut(text, false).into_iter().map(|piece| piece.word).collect()
}

/// Cuts text into dictionary words, together with the shorter words within them.
#[derive(Clone, Debug, Default)]
pub(super) struct WordTokenizer;

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        let folded = fold(text);
        let pieces = DICTIONARY.cut_for_search(&folded, false);
        let spans =
            pieces.iter().filter(|piece| is_word(piece.word)).map(|piece| (piece.byte_start, piece.byte_end)).collect();
        WordStream { folded, spans, next: 0, token: Token::default() }
    }
}

/// The words of one text. Offsets are those in the folded text; the index keeps none.
#[derive(Debug)]
pub(super) struct WordStream {
    folded: String,
    spans: Vec<(usize, usize)>,
    next: usize,
    token: Token,
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(&(from, to)) = self.spans.get(self.next) else { return false };
        self.token.text.clear();
        self.token.text.push_str(self.folded.get(from..to).unwrap_or_default());
        self.token.offset_from = from;
        self.token.offset_to = to;
        self.token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_all_there() {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut GzDecoder::new(PACKED), &mut text).unwrap();
        assert_eq!(text.lines().count(), 349_045);
        for (word, _) in text.lines().step_by(997).filter_map(|line| line.split_once(' ')) {
            assert!(DICTIONARY.has_word(word), "{word}");
        }
    }

    #[test]
    fn a_text_gives_its_words_and_the_words_within() {
        let mut tokenizer = WordTokenizer;
        let mut stream = tokenizer.token_stream("產品和服務存在安全隐患！ABC12");
        let mut found = Vec::new();
        while let Some(token) = stream.next() {
            found.push(token.text.clone());
        }
        for word in ["产品", "服务", "安全", "隐患", "abc12"] {
            assert!(found.iter().any(|text| text == word), "{word} in {found:?}");
        }
        assert!(!found.iter().any(|text| text == "和服"), "{found:?}");
        assert_eq!(words_of("产品和服务"), ["产品", "服务"]);
    }
}
