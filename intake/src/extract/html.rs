//! Rows of a page, and the pairs of label and value on it.

use scraper::{ElementRef, Html, Node, Selector};

use super::{Cells, ListPage, cells, figure};
use crate::clean::literal;
use crate::connector::site::{Attachments, Detail, Figure, FigureAt, From, List, Paging, Pairs};
use crate::fold::{is_invisible, narrow};

/// Elements that end a line of text.
const BLOCKS: [&str; 24] = [
    "p",
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
    "dl",
    "tbody",
    "thead",
    "form",
];
/// Elements whose content is not shown.
const HIDDEN: [&str; 6] = ["script", "style", "head", "template", "noscript", "title"];
/// A label is short; what is longer is text.
const MAX_LABEL_CHARS: usize = 40;

pub(super) fn list_page(list: &List, rows: &Selector, text: &str) -> ListPage {
    let document = Html::parse_document(text);
    let found: Vec<Cells> = document
        .select(rows)
        .filter(|row| !list.skip.as_ref().is_some_and(|skip| skip.matches(row)))
        .map(|row| self::row(list, row))
        .collect();
    let number = |wanted: &Option<Figure>| {
        wanted.as_ref().and_then(|wanted| match &wanted.at {
            Some(FigureAt::Css(css)) => figure(wanted, document.select(css).next().map(text_of)),
            _ => None,
        })
    };
    let next = match &list.paging {
        Paging::Link(css) => document.select(css).find_map(|link| link.attr("href")).map(str::to_owned),
        _ => None,
    };
    ListPage {
        has_place: !found.is_empty(),
        rows: found,
        total: number(&list.total),
        pages: number(&list.pages),
        next,
        says_empty: false,
    }
}

fn row(list: &List, element: ElementRef<'_>) -> Cells {
    let mut row = Cells::default();
    take(&list.cells, element, &mut row);
    if let Some(at) = &list.attachments {
        row.attachments = attachments(at, element);
    }
    row
}

fn take(rules: &[crate::connector::site::CellRule], scope: ElementRef<'_>, row: &mut Cells) {
    for rule in rules {
        let From::Css { css, attr } = &rule.from else { continue };
        let value = |element: ElementRef<'_>| match attr {
            Some(attr) => element.attr(attr).map(str::to_owned),
            None => Some(text_of(element)),
        };
        let found: Vec<String> = match css {
            Some(css) => scope.select(css).filter_map(value).collect(),
            None => value(scope).into_iter().collect(),
        };
        cells::put(rule, &found, row);
    }
    cells::derive(rules, row);
}

pub(super) fn detail(detail: &Detail, pairs: Option<&Pairs>, text: &str) -> Cells {
    let document = Html::parse_document(text);
    let root = document.root_element();
    let mut page = Cells::default();
    if let Some(pairs) = pairs {
        read_pairs(pairs, root, &mut page);
    }
    take(&detail.cells, root, &mut page);
    if let Some(at) = &detail.attachments {
        page.attachments = attachments(at, root);
    }
    page
}

/// Labels and values in the order of the page. Each value belongs to the label before it; a second one goes on below it.
fn read_pairs(pairs: &Pairs, root: ElementRef<'_>, page: &mut Cells) {
    let mut open: Option<String> = None;
    let mut put = |name: &str, text: String| match page.cells.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) if old.is_empty() => *old = text,
        Some((_, old)) if !text.is_empty() => {
            old.push('\n');
            old.push_str(&text);
        }
        Some(_) => {}
        None => page.cells.push((name.to_owned(), text)),
    };
    for element in root.descendent_elements() {
        if pairs.label.matches(&element) {
            let name = label(&text_of(element));
            if pairs.value.is_none() {
                let value = element.next_siblings().find_map(ElementRef::wrap);
                if let (Some(name), Some(value)) = (&name, value) {
                    put(name, text_of(value));
                }
                continue;
            }
            open = name;
        } else if let (Some(css), Some(name)) = (&pairs.value, &open)
            && css.matches(&element)
        {
            put(name, text_of(element));
        }
    }
}

/// A label without what templates put around it; `None` for what is none.
fn label(text: &str) -> Option<String> {
    let is_ornament =
        |c: char| c.is_whitespace() || matches!(narrow(c), ':' | '*' | '[' | ']') || matches!(c, '【' | '】');
    let label: String =
        text.trim_matches(is_ornament).chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect();
    let is_short = label.chars().nth(MAX_LABEL_CHARS).is_none();
    (is_short && !label.is_empty()).then_some(label)
}

fn attachments(at: &Attachments, scope: ElementRef<'_>) -> Vec<(String, String)> {
    let Attachments::Css { css, attr } = at else { return Vec::new() };
    let link = |element: ElementRef<'_>| {
        let address = match attr {
            Some(attr) => element.attr(attr),
            None => element.attr("href").or_else(|| element.attr("src")),
        }?;
        let name = text_of(element);
        let name = if name.trim().is_empty() {
            element.attr("title").or_else(|| element.attr("alt")).unwrap_or_default().to_owned()
        } else {
            name
        };
        (!address.trim().is_empty()).then(|| (name.trim().to_owned(), address.trim().to_owned()))
    };
    scope.select(css).filter_map(link).collect()
}

/// The text of an element as a person sees it: a line for each block, runs of white space as one space. It is such that
/// cleaning it later changes nothing of what was written.
pub(super) fn text_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    let mut node = element.first_child();
    while let Some(current) = node {
        let mut goes_in = true;
        match current.value() {
            Node::Text(part) => push_collapsed(&mut text, part),
            Node::Element(element) => {
                goes_in = !HIDDEN.contains(&element.name());
                match element.name() {
                    "br" => end_line(&mut text),
                    name if BLOCKS.contains(&name) => end_line(&mut text),
                    "td" | "th" => push_collapsed(&mut text, " "),
                    _ => {}
                }
            }
            _ => {}
        }
        node = if goes_in { current.first_child() } else { None };
        let mut up = current;
        // Up and on, never above the element itself.
        while node.is_none() && up.id() != element.id() {
            if let Node::Element(closed) = up.value()
                && BLOCKS.contains(&closed.name())
            {
                end_line(&mut text);
            }
            node = up.next_sibling();
            match up.parent() {
                Some(parent) if node.is_none() => up = parent,
                _ => break,
            }
        }
    }
    let trimmed = text.trim_matches([' ', '\n']);
    literal(trimmed).into_owned()
}

/// Source code is broken into lines for its writer, not for its reader.
fn push_collapsed(text: &mut String, part: &str) {
    for c in part.chars() {
        if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{000C}') {
            if !text.is_empty() && !text.ends_with([' ', '\n']) {
                text.push(' ');
            }
        } else {
            text.push(c);
        }
    }
}

fn end_line(text: &mut String) {
    while text.ends_with(' ') {
        text.pop();
    }
    if !text.is_empty() {
        text.push('\n');
    }
}
