//! `docs/refusals.md` tells every code the program refuses with, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use huiyin::search;
use huiyin_domain::{access, item, publication};

/// The calls whose first argument is a code.
const CALLS: [&str; 3] = ["Refusal::new(", "bad_input(", "accident("];

#[test]
fn every_code_is_documented() {
    let mut codes: BTreeSet<String> =
        [access::Refusal::CODES, item::Refusal::CODES, publication::Refusal::CODES, search::Refusal::CODES]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect();
    let sources = sources();
    for call in CALLS {
        let found: Vec<String> = sources.iter().flat_map(|source| codes_of(call, source)).collect();
        assert!(!found.is_empty(), "nothing is called {call}…): look for what took its place");
        codes.extend(found);
    }
    let documented: BTreeSet<String> = rows().into_iter().map(|row| row.code).collect();
    assert_eq!(codes.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "not in docs/refusals.md");
    assert_eq!(documented.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new(), "no code of the program");
}

#[test]
fn the_page_tells_what_the_program_says() {
    let sources = sources().concat();
    let rows = rows();
    for Row { code, message, when, who } in &rows {
        assert!(!when.is_empty() && !who.is_empty(), "{code}: when is it said, and who can resolve it?");
        assert!(message.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{code} is not told in Chinese");
        for piece in message.split('…') {
            assert!(sources.contains(piece), "{code}: the program does not say `{piece}`");
        }
    }
    let codes: BTreeSet<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes.len(), rows.len(), "a code stands twice");
}

struct Row {
    code: String,
    message: String,
    when: String,
    who: String,
}

/// The rows of the page's tables. What stands behind an empty line is no row: it would be shown as it is written.
fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/refusals.md")).unwrap();
    let lines: Vec<&str> = page.lines().collect();
    lines
        .windows(2)
        .filter_map(|pair| {
            let [before, line] = *pair else { unreachable!("two lines") };
            let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ").collect();
            let [code, message, when, who] = cells[..] else { panic!("four cells: {line}") };
            assert!(before.starts_with('|'), "something cuts the table before {line}");
            let code = code.strip_suffix('`').unwrap().to_owned();
            Some(Row { code, message: message.to_owned(), when: when.to_owned(), who: who.to_owned() })
        })
        .collect()
}

/// The codes in calls of a function. A code has to stand in the call itself, so that it can be found here.
fn codes_of(call: &str, source: &str) -> Vec<String> {
    let calls = source.match_indices(call).filter(|(start, _)| !source[..*start].ends_with("fn "));
    calls
        .map(|(start, _)| {
            let argument = source[start + call.len()..].trim_start();
            let code = argument.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            code.unwrap_or_else(|| panic!("{call} without its code: {}", argument.lines().next().unwrap())).0.to_owned()
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of every file of the program and of the domain.
fn sources() -> Vec<String> {
    let mut folders = vec![root().join("src"), root().join("domain/src")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}
