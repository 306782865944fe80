//! The bigram tokenizer: every pair of neighbouring characters, with positions.
//!
//! Positions count characters. A run of n searchable characters takes n positions: its n−1 pairs, and its last character
//! alone. One position is left free between runs, as if a separator stood there. So:
//!
//! - a text of two or more characters is found by pairs that cover it, each at its own distance, and by nothing else:
//!   pairs of two different runs are never at the distance that pairs of one run have;
//! - a single character is found by all terms that begin with it, since it begins a pair or ends a run;
//! - every other pair is enough to cover a text, because no position is shared between runs.

use huiyin_domain::text::fold::{fold_char, is_letter_or_digit};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Whether a character can be searched for. All others only separate.
pub(super) fn is_searchable(c: char) -> bool {
    is_letter_or_digit(c)
}

/// The folded runs of searchable characters of a text, in order.
pub(super) fn runs(text: &str) -> Vec<String> {
    let folded: String = text.chars().map(fold_char).collect();
    folded.split(|c: char| !is_searchable(c)).filter(|run| !run.is_empty()).map(str::to_owned).collect()
}

/// Cuts text into pairs of characters; see the module.
#[derive(Clone, Debug, Default)]
pub(super) struct BigramTokenizer;

impl Tokenizer for BigramTokenizer {
    type TokenStream<'a> = BigramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> BigramStream<'a> {
        let mut rest = text.chars();
        let next = rest.next().map(|c| (c, fold_char(c)));
        BigramStream { rest, next, offset: 0, position: 0, token: Token::default() }
    }
}

/// The pairs of one text.
#[derive(Debug)]
pub(super) struct BigramStream<'a> {
    /// The first character of the next token, or a separator, as it stands in the text and folded.
    next: Option<(char, char)>,
    /// What follows it.
    rest: std::str::Chars<'a>,
    /// Where `next` stands, in bytes.
    offset: usize,
    /// The position of `next`, were it searchable.
    position: usize,
    token: Token,
}

impl TokenStream for BigramStream<'_> {
    fn advance(&mut self) -> bool {
        while let Some((first, folded)) = self.next {
            let start = self.offset;
            self.offset += first.len_utf8();
            self.next = self.rest.next().map(|c| (c, fold_char(c)));
            if !is_searchable(folded) {
                continue;
            }
            let follower = self.next.filter(|(_, second)| is_searchable(*second));
            self.token.text.clear();
            self.token.text.push(folded);
            self.token.offset_from = start;
            self.token.offset_to = self.offset + follower.map_or(0, |(second, _)| second.len_utf8());
            self.token.position = self.position;
            // Behind the last character of a run one position stays free.
            self.position += if follower.is_some() { 1 } else { 2 };
            if let Some((_, second)) = follower {
                self.token.text.push(second);
            }
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The terms that together cover a run of two or more characters, each with its distance from the start: every other pair,
/// and the last one.
pub(super) fn cover(run: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = run.chars().collect();
    let last = chars.len().saturating_sub(2);
    let pairs = chars.windows(2).enumerate();
    pairs.filter(|(at, _)| at % 2 == 0 || *at == last).map(|(at, pair)| (at, pair.iter().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(usize, String)> {
        let mut tokenizer = BigramTokenizer;
        let mut stream = tokenizer.token_stream(text);
        let mut found = Vec::new();
        while let Some(token) = stream.next() {
            assert!(text.is_char_boundary(token.offset_from) && text.is_char_boundary(token.offset_to));
            found.push((token.position, token.text.clone()));
        }
        found
    }

    #[test]
    fn runs_are_kept_apart_by_a_free_position() {
        let expected = [(0, "攪A"), (1, "A站"), (2, "站"), (4, "好")].map(|(at, text)| (at, runs(text).concat()));
        assert_eq!(tokens("攪Ａ站，。好！"), expected);
        assert_eq!(tokens("，。 "), []);
    }

    #[test]
    fn every_other_pair_covers() {
        let pairs = |run| cover(run).into_iter().map(|(at, pair)| format!("{at}{pair}")).collect::<Vec<_>>();
        assert_eq!(pairs("甲乙"), ["0甲乙"]);
        assert_eq!(pairs("甲乙丙"), ["0甲乙", "1乙丙"]);
        assert_eq!(pairs("甲乙丙丁"), ["0甲乙", "2丙丁"]);
        assert_eq!(pairs("甲乙丙丁戊"), ["0甲乙", "2丙丁", "3丁戊"]);
        assert!(pairs("甲").is_empty());
    }
}
