//! The code for looking a letter up.

use huiyin_domain::ledger::{Digest, digest_text};
use huiyin_domain::text::fold::fold_char;

/// Letters and digits that are not taken for one another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: 65 bits.
const LENGTH: usize = 13;
/// After how many of them a stroke stands, for reading it aloud.
const STROKES: [usize; 2] = [4, 9];
/// The salts' other use is the digest that is stored: what goes into the code is told apart by this.
const PURPOSE: &str = "code";

/// The code that belongs to a page and a salt, with its strokes: `7Q2K-M0XW4-9TBA`.
pub(super) fn code_of(salt: &[u8; 16], nonce: &[u8; 16]) -> String {
    let digest = digest_text(salt, &[PURPOSE, &hex::encode(nonce)]);
    let bits = digest.to_string();
    let bits = bits.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default();
    let mut code = String::new();
    for place in 0..LENGTH {
        if STROKES.contains(&place) {
            code.push('-');
        }
        let index = usize::try_from((bits >> (5 * place)) & 31).unwrap_or_default();
        code.push(LETTERS.get(index).map_or('0', |letter| char::from(*letter)));
    }
    code
}

/// A code as somebody types it, in the form that is compared: width, case, strokes and blanks do not count, nor that a
/// letter looks like a digit.
pub(in crate::service) fn normal(typed: &str) -> String {
    let letters = typed.chars().take(64).map(|letter| match fold_char(letter).to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    letters.filter(char::is_ascii_alphanumeric).collect()
}

/// What is stored of a code.
pub(in crate::service) fn code_digest(salt: &[u8; 16], code: &str) -> Digest {
    digest_text(salt, &["inquiry", &normal(code)])
}

/// Whether two digests are the same. Takes as long wherever they differ.
pub(in crate::service) fn is_same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_65_bits_of_both_its_halves() {
        let code = code_of(&[1; 16], &[2; 16]);
        assert_eq!(code.len(), 15);
        assert_eq!((code.as_bytes()[4], code.as_bytes()[10]), (b'-', b'-'));
        assert_eq!(code, code_of(&[1; 16], &[2; 16]));
        assert_ne!(code, code_of(&[1; 16], &[3; 16]));
        assert_ne!(code, code_of(&[2; 16], &[2; 16]));
        let many: std::collections::BTreeSet<String> =
            (0..=255).flat_map(|salt| (0..4).map(move |nonce| code_of(&[salt; 16], &[nonce; 16]))).collect();
        assert_eq!(many.len(), 1_024);
        for letter in LETTERS {
            assert!(many.iter().any(|code| code.contains(char::from(*letter))), "{}", char::from(*letter));
        }
    }

    #[test]
    fn what_people_type_is_what_was_shown() {
        let salt = [7; 16];
        let digest = code_digest(&salt, "7Q2K-M0XW4-91BA");
        for typed in ["7q2k m0xw4 91ba", "7Q2KM0XW491BA", "７Ｑ２Ｋ－ＭＯＸＷ４－９ＩＢＡ", " 7Q2K-MoXW4-9lBA "]
        {
            assert_eq!(code_digest(&salt, typed), digest, "{typed}");
        }
        assert_ne!(code_digest(&salt, "7Q2K-M0XW4-91BB"), digest);
        assert!(is_same("ab", "ab") && !is_same("ab", "ac") && !is_same("ab", "abc") && is_same("", ""));
    }
}
