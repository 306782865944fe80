//! How far a document reaches, measured before the engine reads it.
//!
//! The parser follows brackets by its own stack, and the engine walks through fragments wherever they are spread before it
//! looks at any limit: a text of one kilobyte could end the process, or keep it busy for years.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, Request, ServerError};

use super::error::ApiError;
use super::schema::{MAX_COMPLEXITY, MAX_RECURSION};

/// Levels of brackets in a text, of whatever kind: what the limits of the schema admit, and arguments within.
const MAX_BRACKETS: usize = 64;

/// Why a document is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excess {
    /// It is nested too deep, or within itself.
    Deep,
    /// Written out it is too long.
    Long,
}

impl From<Excess> for ServerError {
    fn from(excess: Excess) -> Self {
        Self::from(match excess {
            Excess::Deep => ApiError::bad_input("query_too_deep", "查询嵌套过深，请减少层次后重试。"),
            Excess::Long => ApiError::bad_input("query_too_complex", "查询展开后过大，请减少字段或片段后重试。"),
        })
    }
}

/// Refuses a request whose text or document is out of bounds. A text that cannot be parsed is left to the engine, which says
/// why.
pub(super) fn check(request: &mut Request) -> Result<(), ServerError> {
    check_text(&request.query)?;
    let dollars = request.query.matches('$').count();
    Ok(request.parsed_query().map_or(Ok(()), |document| check_document(document, dollars))?)
}

/// Whether the brackets of a text that is still to be parsed are nested within bounds.
fn check_text(text: &str) -> Result<(), Excess> {
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some(at) = rest.find(['"', '#', '\\', '(', '[', '{', ')', ']', '}']) {
        let (found, behind) = rest.split_at(at).1.split_at(1);
        rest = match found {
            "\"" => behind_string(behind),
            "#" => behind.trim_start_matches(|c| !matches!(c, '\n' | '\r')),
            // The parser gets no further than this.
            "\\" => "",
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                behind
            }
            _ => {
                depth += 1;
                if depth > MAX_BRACKETS {
                    return Err(Excess::Deep);
                }
                behind
            }
        };
    }
    Ok(())
}

/// What follows a string whose first quotation mark is read; nothing when it does not end, since the parser stops there.
/// Three marks that no others answer are to the parser an empty string and the beginning of the next.
fn behind_string(text: &str) -> &str {
    let mut block = text.strip_prefix("\"\"");
    while let Some((within, behind)) = block.and_then(|block| block.split_once("\"\"\"")) {
        if !within.ends_with('\\') {
            return behind;
        }
        block = Some(behind);
    }
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or("")
}

/// Whether a document is within bounds when its fragments are written out, each wherever it is spread. `dollars`: at least
/// its variables, and where they are used; the engine looks for each in every operation.
fn check_document(document: &ExecutableDocument, dollars: usize) -> Result<(), Excess> {
    let mut measure = Measure { document, known: HashMap::new() };
    // Those that nothing spreads are followed by the engine as well.
    for name in document.fragments.keys() {
        measure.fragment(name.as_str(), 0)?;
    }
    let mut all = Extent { size: dollars.saturating_mul(document.operations.iter().count()), depth: 0 };
    for (_, operation) in document.operations.iter() {
        all.add(measure.operation(&operation.node)?, 0)?;
    }
    Ok(())
}

/// What a part of a document comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Extent {
    /// Fields, fragments, directives, arguments and variables.
    size: usize,
    /// Levels of selections below it.
    depth: usize,
}

impl Extent {
    /// Takes in what stands so many levels below.
    fn add(&mut self, other: Self, levels: usize) -> Result<(), Excess> {
        self.depth = self.depth.max(other.depth + levels);
        self.size += other.size;
        match self {
            Self { depth, .. } if *depth > MAX_RECURSION => Err(Excess::Deep),
            // What costs more than it may is refused later: almost every part costs one at least.
            Self { size, .. } if *size > MAX_COMPLEXITY => Err(Excess::Long),
            Self { .. } => Ok(()),
        }
    }

    /// Takes in what stands beside.
    fn add_size(&mut self, size: usize) -> Result<(), Excess> {
        self.add(Self { size, depth: 0 }, 0)
    }
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// What each fragment comes to; none while it is being measured.
    known: HashMap<&'a str, Option<Extent>>,
}

impl<'a> Measure<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Extent, Excess> {
        let mut extent = self.set(&operation.selection_set.node, 0)?;
        extent.add_size(directives(&operation.directives))?;
        for variable in &operation.variable_definitions {
            extent.add_size(directives(&variable.node.directives))?;
        }
        Ok(extent)
    }

    /// What a selection at this depth comes to.
    fn set(&mut self, set: &'a SelectionSet, depth: usize) -> Result<Extent, Excess> {
        if depth > MAX_RECURSION {
            return Err(Excess::Deep);
        }
        let mut extent = Extent::default();
        for selection in &set.items {
            extent.add_size(1)?;
            match &selection.node {
                Selection::Field(field) => {
                    extent.add_size(field.node.arguments.len() + directives(&field.node.directives))?;
                    if !field.node.selection_set.node.items.is_empty() {
                        extent.add(self.set(&field.node.selection_set.node, depth + 1)?, 1)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    extent.add_size(directives(&fragment.node.directives))?;
                    extent.add(self.set(&fragment.node.selection_set.node, depth + 1)?, 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    extent.add_size(directives(&spread.node.directives))?;
                    extent.add(self.fragment(spread.node.fragment_name.node.as_str(), depth + 1)?, 1)?;
                }
            }
        }
        Ok(extent)
    }

    /// What a fragment comes to. One that does not exist is left to the engine, which says so.
    fn fragment(&mut self, name: &'a str, depth: usize) -> Result<Extent, Excess> {
        if let Some(known) = self.known.get(name) {
            return known.ok_or(Excess::Deep);
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Extent::default()) };
        self.known.insert(name, None);
        let mut extent = self.set(&fragment.node.selection_set.node, depth)?;
        extent.add_size(directives(&fragment.node.directives))?;
        self.known.insert(name, Some(extent));
        Ok(extent)
    }
}

fn directives(directives: &[Positioned<Directive>]) -> usize {
    directives.iter().map(|directive| 1 + directive.node.arguments.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), Excess> {
        check_text(text)?;
        check_document(&async_graphql::parser::parse_query(text).unwrap(), text.matches('$').count())
    }

    /// Fragments that each spread the next so many times.
    fn chain(length: usize, times: usize) -> String {
        let spread = |next: usize| format!("...f{next} ").repeat(times);
        let fragment = |at: usize| format!("fragment f{at} on Query {{ {} }} ", spread(at + 1));
        let fragments = (0..length).map(fragment).collect::<Vec<String>>().concat();
        format!("{fragments} fragment f{length} on Query {{ a }}")
    }

    #[test]
    fn what_a_page_asks_is_within_bounds() {
        for text in [
            "{ a }",
            "query($a: [Int!]) { a(b: [$a, {c: 1}]) @skip(if: false) { ...f ... on A { b } } } fragment f on A { b }",
            "{ ...missing }",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        assert_eq!(check(&format!("{{ ...f0 }} {}", chain(10, 2))), Ok(()));
    }

    #[test]
    fn fragments_are_counted_wherever_they_are_spread() {
        assert_eq!(check(&format!("{{ ...f0 }} {}", chain(29, 3))), Err(Excess::Long));
        // Nobody spreads these.
        assert_eq!(check(&format!("{{ a }} {}", chain(29, 3))), Err(Excess::Long));
        // Seen first where they are too deep to be written out, and then from the top.
        let (down, up) = ("{ a ".repeat(20), " }".repeat(20));
        assert!(check(&format!("query A {down} {{ ...f0 }} {up} query B {{ ...f0 }} {}", chain(20, 3))).is_err());
    }

    #[test]
    fn what_is_nested_too_deep_or_within_itself_is_found() {
        assert_eq!(check(&format!("{{ ...f0 }} {}", chain(31, 1))), Ok(()));
        assert_eq!(check(&format!("{{ ...f0 }} {}", chain(32, 1))), Err(Excess::Deep));
        assert_eq!(check(&format!("{{ a }} {}", chain(50_000, 1))), Err(Excess::Deep));
        assert_eq!(check("{ ...f } fragment f on Query { a { ...f } }"), Err(Excess::Deep));
        assert_eq!(check("{ a } fragment f on Query { ...g } fragment g on Query { ...f }"), Err(Excess::Deep));
    }

    #[test]
    fn arguments_variables_and_values_count() {
        let many = |text: &str| text.repeat(MAX_COMPLEXITY + 1);
        for text in [
            format!("{{ a({}) }}", many("b: 1 ")),
            format!("{{ a(b: [{}]) }}", many("$b ")),
            format!("query({}) {{ a }}", many("$a: Int ")),
            format!("{{ a {} }}", many("@b ")),
            format!("{{ {} }}", many("a ")),
        ] {
            assert_eq!(check(&text), Err(Excess::Long));
        }
    }

    #[test]
    fn brackets_are_counted_outside_of_strings_and_comments() {
        let deep = "[".repeat(100_000);
        for text in ["", "\"\" ", "\"\\\\\" ", "\"\\\" \" ", "\"\"\" \\\"\"\" \"\"\" ", "# \"\n", "\"\"\" \" "] {
            assert_eq!(check_text(&format!("{{ a(b: {text}{deep}")), Err(Excess::Deep), "{text}");
        }
        for text in
            [format!("\"{deep}\""), format!("\"\"\"{deep}\"\"\""), format!("#{deep}\n"), format!("\"\\\"{deep}\"")]
        {
            assert_eq!(check_text(&format!("{{ a(b: {text}) }}")), Ok(()));
        }
        assert_eq!(check_text(&"{ a } ".repeat(1_000)), Ok(()));
    }
}
