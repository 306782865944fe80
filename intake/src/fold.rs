//! Comparing headers and words: what a person would call the same.

/// The letters of `text` for comparison: full-width forms as ASCII, lowercase, without any space, byte order mark,
/// `_`, `-`, and without the `*` and colons that templates put around a header.
pub(crate) fn fold_header(text: &str) -> String {
    text.chars().map(narrow).filter(|c| !is_ignored(*c)).flat_map(char::to_lowercase).collect()
}

/// The ASCII character a full-width form stands for (the part of NFKC that real headers need).
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{00A0}' => ' ',
        other => other,
    }
}

/// Characters that show nothing: zero-width spaces and joiners, byte order mark, soft hyphen.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

fn is_ignored(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c) || matches!(c, '_' | '-' | '*' | ':')
}
