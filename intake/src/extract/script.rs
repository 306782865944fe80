//! Rows of HTML inside an array of a script: `dataStore = ["<tr>…</tr>", …]`. The script is read, never run.

use std::iter::Peekable;
use std::str::Chars;

use scraper::Selector;

use super::{ListPage, NotOfThisKind, html};
use crate::connector::site::List;

pub(super) fn list_page(
    list: &List,
    array: Option<&str>,
    rows: &Selector,
    text: &str,
) -> Result<ListPage, NotOfThisKind> {
    let strings = strings(text, array).ok_or(NotOfThisKind("回答里没有装着列表的脚本数组，网站可能改版了"))?;
    let joined = strings.concat();
    let is_row = joined.trim_start().get(..3).is_some_and(|start| start.eq_ignore_ascii_case("<tr"));
    // A row outside a table is thrown away by every reader of HTML.
    let page = if is_row { format!("<table>{joined}</table>") } else { joined };
    let mut page = html::list_page(list, rows, &page);
    page.has_place = true;
    Ok(page)
}

/// The texts of the array of that name; of the first array of texts where no name is told. `None` when there is none.
fn strings(script: &str, name: Option<&str>) -> Option<Vec<String>> {
    let mut rest = match name {
        Some(name) => script.split_once(name)?.1,
        None => script,
    };
    while let Some((_, after)) = rest.split_once('[') {
        if let Some(strings) = array(after) {
            return Some(strings);
        }
        rest = after;
    }
    None
}

/// The texts up to the closing bracket; `None` when something else stands among them.
fn array(text: &str) -> Option<Vec<String>> {
    let mut chars = text.chars().peekable();
    let mut strings = Vec::new();
    loop {
        skip_blank(&mut chars);
        match chars.next()? {
            ']' => return Some(strings),
            ',' => {}
            quote @ ('"' | '\'' | '`') => strings.push(string(&mut chars, quote)?),
            _ => return None,
        }
    }
}

fn skip_blank(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
}

/// A text up to its closing quote, with its escapes undone.
fn string(chars: &mut Peekable<Chars<'_>>, quote: char) -> Option<String> {
    let mut text = String::new();
    let mut pair: Option<u32> = None;
    loop {
        let c = chars.next()?;
        if c == quote {
            return Some(text);
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next()? {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'b' | 'f' | 'v' | '0' => text.push(' '),
            '\n' => {}
            'x' => text.push(char::from_u32(hex(chars, 2)?).unwrap_or('\u{FFFD}')),
            'u' => {
                let unit = hex(chars, 4)?;
                match (pair.take(), unit) {
                    (None, 0xD800..=0xDBFF) => pair = Some(unit),
                    (Some(high), 0xDC00..=0xDFFF) => {
                        let code = 0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
                        text.push(char::from_u32(code).unwrap_or('\u{FFFD}'));
                    }
                    (_, unit) => text.push(char::from_u32(unit).unwrap_or('\u{FFFD}')),
                }
            }
            other => text.push(other),
        }
    }
}

fn hex(chars: &mut Peekable<Chars<'_>>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |value, _| Some(value * 16 + chars.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_script_are_read_with_their_escapes() {
        let script =
            r#"var a=[1,2]; totalRecord=3; dataStore = ["<tr>\u4fe1 \"a\"<\/tr>", '<tr>\x41\ud83d\ude00</tr>' ,];"#;
        let wanted = ["<tr>信 \"a\"</tr>", "<tr>A😀</tr>"];
        assert_eq!(strings(script, Some("dataStore")).unwrap(), wanted);
        assert_eq!(strings(script, None).unwrap(), wanted);
        assert_eq!(strings("dataStore=[]", Some("dataStore")).unwrap(), [] as [&str; 0]);
        for broken in ["dataStore = [\"a\"", "dataStore = [\"a", "other = [1]", "", "dataStore = [\"\\u12\"]"] {
            assert_eq!(strings(broken, Some("dataStore")), None, "{broken}");
        }
    }
}
