//! Reads the small languages of `connector.toml`: templates, selectors, patterns, durations, paths.

use std::ops::Range;
use std::time::Duration;

use scraper::Selector;
use toml::Spanned;

use super::ConnectorError;
use super::site::{Pattern, Pointer, Template};
use super::template;
use super::validate::Context;

/// What a compiled pattern may take. Bytes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

type Checked<T> = Result<T, ConnectorError>;

impl Context<'_> {
    pub(super) fn template(&self, text: &Spanned<String>) -> Checked<Template> {
        template::parse(text.get_ref()).map_err(|message| self.refuse(&text.span(), message))
    }

    pub(super) fn css_at(&self, span: &Range<usize>, text: &str) -> Checked<Selector> {
        Selector::parse(&with_prefixes(text)).map_err(|_| self.refuse(span, format!("`{text}` is no CSS selector")))
    }

    pub(super) fn css(&self, text: &Spanned<String>) -> Checked<Selector> {
        self.css_at(&text.span(), text.get_ref())
    }

    pub(super) fn pattern_at(&self, span: &Range<usize>, text: &str) -> Checked<Pattern> {
        let built = regex::RegexBuilder::new(text).size_limit(MAX_PATTERN_BYTES).build();
        built.map(Pattern).map_err(|error| self.refuse(span, format!("`{text}` is no regular expression: {error}")))
    }

    pub(super) fn pattern(&self, text: &Spanned<String>) -> Checked<Pattern> {
        self.pattern_at(&text.span(), text.get_ref())
    }

    pub(super) fn duration(&self, text: &Spanned<String>) -> Checked<Duration> {
        duration(text.get_ref()).ok_or_else(|| {
            let message = format!("`{}` is no duration: write 500ms, 30s, 10m, 6h or 1d", text.get_ref());
            self.refuse(&text.span(), message)
        })
    }

    pub(super) fn durations<const N: usize>(
        &self,
        pairs: [(&mut Duration, Option<Spanned<String>>); N],
    ) -> Checked<()> {
        for (place, text) in pairs {
            if let Some(text) = text {
                *place = self.duration(&text)?;
            }
        }
        Ok(())
    }
}

/// `td.title*` stands for every `td` with a class that has `title` in it: sites number their classes.
fn with_prefixes(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find('.') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let name_end = after
            .char_indices()
            .skip(1)
            .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            .map_or(after.len(), |(end, _)| end);
        let (class, tail) = after.split_at(name_end);
        match tail.strip_prefix('*') {
            Some(tail) if class.len() > 1 => {
                out.push_str("[class*=\"");
                out.push_str(class.trim_start_matches('.'));
                out.push_str("\"]");
                rest = tail;
            }
            _ => {
                out.push_str(class);
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `500ms`, `30s`, `10m`, `6h`, `1d`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => None,
    }
}

/// `td a@href`: the attribute `href` of `td a`.
pub(super) fn css_and_attr(text: &str) -> (&str, Option<&str>) {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text.rsplit_once('@') {
        Some((css, attr)) if is_name(attr) => (css.trim(), Some(attr)),
        _ => (text.trim(), None),
    }
}

/// `/a/0/b`, with or without the first slash; `~1` is a slash, `~0` a tilde.
pub(super) fn pointer(text: &str) -> Pointer {
    let text = text.strip_prefix('/').unwrap_or(text);
    if text.is_empty() {
        return Pointer(Vec::new());
    }
    Pointer(text.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_classes_are_matched_by_their_beginning() {
        assert_eq!(with_prefixes("td.titlestyle*"), "td[class*=\"titlestyle\"]");
        assert_eq!(with_prefixes("table.win* tr > td.a.b"), "table[class*=\"win\"] tr > td.a.b");
        assert_eq!(with_prefixes("a[href$='.html'] *"), "a[href$='.html'] *");
    }

    #[test]
    fn attributes_and_durations_are_read() {
        assert_eq!(css_and_attr("td:nth-child(2) a@href"), ("td:nth-child(2) a", Some("href")));
        assert_eq!(css_and_attr("@data-id"), ("", Some("data-id")));
        assert_eq!(css_and_attr("a[href*='@x']"), ("a[href*='@x']", None));
        assert_eq!(duration("10m"), Some(Duration::from_mins(10)));
        for wrong in ["10", "m", "", "1w", "-1s", "1.5s"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
