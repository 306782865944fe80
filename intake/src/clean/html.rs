//! HTML that leaked into a cell, made plain.
//!
//! Only what is surely markup is touched: a tag with a known name, a comment, a known entity. `a<b`, `<某小区>` and
//! `AT&T` stay as they are.

use std::borrow::Cow;

/// A tag longer than this is not one.
const MAX_TAG_BYTES: usize = 4_096;
/// Tags that end a line of text.
const BLOCKS: [&str; 21] = [
    "p",
    "br",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "section",
    "article",
    "blockquote",
    "pre",
    "dt",
    "dd",
];
const INLINES: [&str; 37] = [
    "a", "abbr", "b", "big", "body", "center", "code", "col", "colgroup", "em", "embed", "font", "form", "head",
    "html", "i", "iframe", "img", "input", "label", "link", "meta", "o:p", "object", "s", "small", "span", "strike",
    "strong", "sub", "sup", "svg", "tbody", "td", "th", "thead", "u",
];
/// Tags whose content is not text.
const DROPPED: [&str; 3] = ["script", "style", "title"];
const ENTITIES: [(&str, char); 31] = [
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("hellip", '…'),
    ("middot", '·'),
    ("bull", '•'),
    ("times", '×'),
    ("divide", '÷'),
    ("deg", '°'),
    ("yen", '¥'),
    ("copy", '©'),
    ("reg", '®'),
    ("permil", '‰'),
    ("plusmn", '±'),
    ("sup2", '²'),
    ("sup3", '³'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("sect", '§'),
];

/// Plain text; borrowed when there was nothing to do. Decodes once: what was escaped twice stays escaped once.
pub(super) fn to_text(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, markup) = rest.split_at(at);
        plain.push_str(before);
        let read = if markup.starts_with('<') { tag(markup) } else { entity(markup) };
        let (replacement, used) = read.unwrap_or((markup.chars().next(), 1));
        plain.extend(replacement);
        rest = markup.get(used..).unwrap_or_default();
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Reads a tag or comment at the start: what stands for it, and how many bytes it takes.
fn tag(markup: &str) -> Option<(Option<char>, usize)> {
    if markup.starts_with("<!--") {
        return markup.find("-->").map(|end| (None, end + 3));
    }
    let end = markup.as_bytes().iter().take(MAX_TAG_BYTES).position(|byte| *byte == b'>')?;
    let inside = markup.get(1..end)?;
    if inside.to_ascii_lowercase().starts_with("!doctype") {
        return Some((None, end + 1));
    }
    let closes = inside.starts_with('/');
    let name = inside.trim_start_matches('/').split([' ', '\t', '\r', '\n', '/']).next()?.to_ascii_lowercase();
    // `a<b and c>d` is arithmetic: what follows a tag's name is nothing, or has an equals sign.
    let attributes =
        inside.trim_start_matches('/').get(name.len()..)?.trim_matches(|c: char| c.is_whitespace() || c == '/');
    if !attributes.is_empty() && !attributes.contains('=') {
        return None;
    }
    if !closes && DROPPED.contains(&name.as_str()) {
        return Some((None, end + 1 + content_bytes(markup.get(end + 1..)?, &name)));
    }
    if BLOCKS.contains(&name.as_str()) {
        return Some((Some('\n'), end + 1));
    }
    if name == "td" || name == "th" {
        return Some((Some(' '), end + 1));
    }
    (INLINES.contains(&name.as_str()) || DROPPED.contains(&name.as_str())).then_some((None, end + 1))
}

/// How long the content of a dropped tag is, with its closing tag; all of the rest when it is never closed.
fn content_bytes(content: &str, name: &str) -> usize {
    let closing = format!("</{name}");
    let starts =
        content.as_bytes().windows(closing.len()).position(|bytes| bytes.eq_ignore_ascii_case(closing.as_bytes()));
    let Some(start) = starts else { return content.len() };
    let end = content.get(start..).and_then(|tail| tail.find('>'));
    end.map_or(content.len(), |end| start + end + 1)
}

/// Reads an entity at the start.
fn entity(markup: &str) -> Option<(Option<char>, usize)> {
    let end = markup.as_bytes().iter().take(12).position(|byte| *byte == b';')?;
    let name = markup.get(1..end)?;
    let code = |digits: &str, radix| {
        // Zero and surrogates are no characters; control characters go when the text is cleaned.
        u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| *c != '\0')
    };
    let c = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => code(hex, 16),
            None => code(number, 10),
        },
        None => ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    }?;
    Some((Some(c), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text_and_text_stays() {
        let cases = [
            ("<p>您好</p><P class=\"a\">路灯&nbsp;不亮</P>", "\n您好\n\n路灯 不亮\n"),
            ("甲<br/>乙<BR>丙", "甲\n乙\n丙"),
            ("前<script>alert('x > y')</script>后", "前后"),
            ("前<style type='text/css'>p{}</STYLE >后", "前后"),
            ("前<script>alert(1)", "前"),
            ("前<!-- 注释 -->后", "前后"),
            ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
            ("&amp;nbsp;", "&nbsp;"),
            ("&#20320;&#x597D;&ldquo;好&rdquo;", "你好“好”"),
            ("a<b and c>d", "a<b and c>d"),
            ("<某小区>门口", "<某小区>门口"),
            ("AT&T &无; &#0; &#xD800; &", "AT&T &无; &#0; &#xD800; &"),
            ("水位<5米，1<2", "水位<5米，1<2"),
            ("<img src=x onerror=alert(1)>图", "图"),
        ];
        for (markup, text) in cases {
            assert_eq!(to_text(markup), text, "{markup}");
        }
    }
}
