//! From what a source's cell holds to plain text.
//!
//! The result is text, never markup: escaping it is the work of whoever prints it.

mod html;

use std::borrow::Cow;

use super::fold::is_invisible;

/// A field of one line: every run of white space is one space, nothing invisible, none at the ends.
pub(crate) fn clean_line(text: &str) -> String {
    let plain = html::to_text(text);
    let mut line = String::with_capacity(plain.len());
    for word in plain.split(|c: char| c.is_whitespace() || (c.is_control() && c != '\u{7F}')) {
        let word = word.chars().filter(|c| !is_invisible(*c) && !c.is_control());
        let before = line.len();
        if before > 0 {
            line.push(' ');
        }
        let after_space = line.len();
        line.extend(word);
        if line.len() == after_space {
            line.truncate(before);
        }
    }
    line
}

/// A field of several lines: line ends are `\n`, each line is cleaned, at most one blank line in a row, none at the ends.
pub(crate) fn clean_text(text: &str) -> String {
    let mut plain = html::to_text(text);
    if plain.contains('\r') {
        plain = Cow::Owned(plain.replace("\r\n", "\n"));
    }
    let mut cleaned = String::with_capacity(plain.len());
    let mut blank_lines = 0;
    // A lone `\r` and the separators of word processors end a line too.
    for line in plain.split(['\n', '\r', '\u{000B}', '\u{000C}', '\u{0085}', '\u{2028}', '\u{2029}']) {
        let line = clean_inner(line);
        if line.is_empty() {
            blank_lines += 1;
            continue;
        }
        if !cleaned.is_empty() {
            cleaned.push_str(if blank_lines > 0 { "\n\n" } else { "\n" });
        }
        blank_lines = 0;
        cleaned.push_str(&line);
    }
    cleaned
}

/// One line of a longer text: spaces inside are kept as they are in number, because they may align something.
fn clean_inner(line: &str) -> String {
    let visible = |c: &char| !is_invisible(*c) && (*c == '\t' || !c.is_control());
    let spaced = |c: char| if c.is_whitespace() { ' ' } else { c };
    let mut cleaned = String::with_capacity(line.len());
    cleaned.extend(line.chars().filter(visible).map(spaced));
    cleaned.trim().to_owned()
}

/// `text` such that cleaning it gives it back: what looks like markup in it is escaped, anything else stays as it is.
pub(crate) fn literal(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) || html::to_text(text) == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// A heading for a message that has none: the first clause of the body after the boilerplate that every call opens with.
pub(crate) fn title_from_body(body: &str, openings: &[String]) -> String {
    const SHORTEST: usize = 6;
    const LONGEST: usize = 40;
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '，' | ',' | '：' | ':' | '、' | '。' | '；' | ';');
    let mut rest = body.trim_start_matches(is_mark);
    while let Some(stripped) = openings.iter().find_map(|opening| rest.strip_prefix(opening.as_str())) {
        rest = stripped.trim_start_matches(is_mark);
    }
    let mut title = String::new();
    for (count, c) in rest.chars().enumerate() {
        let ends_sentence = matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n');
        let ends_clause = matches!(c, '，' | ',' | '：') && count >= SHORTEST;
        if (ends_sentence && count > 0) || ends_clause {
            break;
        }
        if count == LONGEST {
            title.push('…');
            break;
        }
        title.push(c);
    }
    let title = title.trim();
    if title.is_empty() { body.chars().take(LONGEST).collect() } else { title.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dirt_is_removed_and_paragraphs_stay() {
        let dirty = "\u{FEFF}\r\n\t\u{3000}\u{3000}您好，\u{00A0}领导：\r\n\r\n\r\n\n  路灯\u{200B}不亮\u{0007}。\r\n第二行\r第三行\n\n";
        assert_eq!(clean_text(dirty), "您好， 领导：\n\n路灯不亮。\n第二行\n第三行");
        assert_eq!(clean_line(" \u{3000}关于\n\t路灯\u{200B} \u{00A0}的 问题 "), "关于 路灯 的 问题");
        assert_eq!(clean_line("\u{200B} \u{FEFF}"), "");
    }

    #[test]
    fn a_title_is_the_first_clause_after_the_boilerplate() {
        let openings = ["市民来电反映".to_owned(), "来电人反映".to_owned(), "您好".to_owned()];
        let cases = [
            ("市民来电反映：东湖路的路灯三天不亮，晚上出行不安全。", "东湖路的路灯三天不亮"),
            ("来电人反映，市民来电反映，井盖丢失。请处理", "井盖丢失"),
            ("您好，我想问，不动产登记怎么办？", "我想问，不动产登记怎么办"),
            ("市民来电反映：", "市民来电反映："),
            ("。", "。"),
        ];
        for (body, title) in cases {
            assert_eq!(title_from_body(body, &openings), title);
        }
        let long = title_from_body(&"长".repeat(100), &openings);
        assert_eq!(long.chars().count(), 41);
        assert!(long.ends_with('…'));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_in_text_without_markup(text in "[^<&]{0,80}") {
            let once = clean_text(&text);
            prop_assert_eq!(clean_text(&once), once.clone());
            let line = clean_line(&text);
            prop_assert_eq!(clean_line(&line), line);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}", markup in "[<>a-z/!&;#x0-9 -]{0,80}") {
            for text in [text, markup] {
                clean_text(&text);
                clean_line(&text);
                title_from_body(&text, &["a".to_owned()]);
            }
        }
    }
}
