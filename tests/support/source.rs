//! Rust source text taken apart just far enough to ask what its code names and what its strings say.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A source text in three: code with everything else blanked, and the contents of its string literals.
/// Comments, doc comments among them, are dropped: a link in prose is no dependency.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The code; every comment and every literal is one blank.
    pub code: String,
    /// The string literals in order, as written between their quotes.
    pub strings: Vec<String>,
}

impl Source {
    /// Takes `text` apart. Never fails: what is no Rust gives no sense, and the compiler has said so before.
    pub fn parse(text: &str) -> Self {
        let mut source = Self::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let after_word = source.code.ends_with(|last: char| last.is_alphanumeric() || last == '_');
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                block_comment(rest)
            } else if let Some((length, content)) = string_literal(rest, after_word) {
                source.strings.push(content.to_owned());
                length
            } else if let Some(length) = char_literal(rest) {
                length
            } else {
                source.code.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            source.code.push(' ');
            rest = &rest[length..];
        }
        source
    }

    /// The modules that the code reaches through `crate::`, in groups too: `use crate::{clock::Clock, store}`.
    pub fn crate_modules(&self) -> Vec<String> {
        let mut modules = Vec::new();
        for (at, marker) in self.code.match_indices("crate::") {
            if self.code[..at].ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | '$')) {
                continue;
            }
            let path = &self.code[at + marker.len()..];
            match path.strip_prefix('{') {
                Some(group) => modules.extend(group_heads(group)),
                None => modules.extend(identifier(path)),
            }
        }
        modules
    }
}

/// The first identifier of each entry of a `use` group whose opening brace is already read.
fn group_heads(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let (mut depth, mut at_start) = (1_u32, true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => at_start = true,
            _ if depth == 1 && at_start && !letter.is_whitespace() => {
                heads.extend(identifier(&group[at..]));
                at_start = false;
            }
            _ => {}
        }
    }
    heads
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The length of the block comment at the start; Rust's nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The string literal at the start, if there is one: its length with prefix and quotes, and what it says.
fn string_literal(text: &str, after_word: bool) -> Option<(usize, &str)> {
    let prefix = ["br", "cr", "r", "b", "c"]
        .into_iter()
        .find(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with('"')));
    let prefix = if after_word { "" } else { prefix.unwrap_or("") };
    let body = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let start = prefix.len() + hashes + 1;
        let close = format!("\"{}", "#".repeat(hashes));
        let end = start + text[start..].find(&close).unwrap_or(text.len() - start);
        return Some(((end + close.len()).min(text.len()), &text[start..end]));
    }
    let content = body.strip_prefix('"')?;
    let end = closing_quote(content);
    Some(((prefix.len() + 1 + end + 1).min(text.len()), &content[..end]))
}

/// Where the plain string literal ends whose opening quote is already read.
fn closing_quote(content: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in content.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    content.len()
}

/// The length of the character literal at the start, if it is one and not a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    if let Some(escape) = body.strip_prefix('\\') {
        let first = escape.chars().next()?.len_utf8();
        return escape[first..].find('\'').map(|end| 2 + first + end + 1);
    }
    let first = body.chars().next()?.len_utf8();
    body[first..].starts_with('\'').then_some(1 + first + 1)
}

/// Every file below `dir`, in a fixed order. Build output, the history and a data directory at the top are left out.
pub fn files_below(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let path = entry.path();
            let left_out = ["target", "data", ".git"].iter().any(|name| path == dir.join(name));
            match entry.file_type()? {
                kind if kind.is_dir() && !left_out => open.push(path),
                kind if kind.is_file() && !left_out => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

#[test]
fn comments_and_literals_are_no_code() {
    let source = Source::parse(
        "use crate::a; // crate::b\n/* crate::c /* nested */ crate::d */ let x = \"crate::e \\\" still\"; \
         let y = r#\"raw \" text\"#; let quote = '\"'; let life: &'static str = b\"bytes\"; let z = '\\''; crate::f();",
    );
    assert_eq!(source.crate_modules(), ["a", "f"]);
    assert_eq!(source.strings, ["crate::e \\\" still", "raw \" text", "bytes"]);
}

#[test]
fn groups_and_nested_groups_are_read() {
    let source =
        Source::parse("use crate::{\n    clock::{Clock, SystemClock},\n    store::Db, api,\n};\nuse supercrate::x;");
    assert_eq!(source.crate_modules(), ["clock", "store", "api"]);
}
