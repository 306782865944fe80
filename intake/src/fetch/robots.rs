//! robots.txt as RFC 9309 reads it, and the crawl-delay that many add.

use std::time::Duration;

/// What is read of a robots.txt at most; RFC 9309 asks for 500 KiB at least.
pub(super) const MAX_ROBOTS_BYTES: u64 = 512 << 10;
/// A longer delay would never let a list be read to its end.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// A robots.txt. The empty one allows everything.
#[derive(Debug, Default)]
pub(super) struct Robots {
    groups: Vec<Group>,
}

#[derive(Debug, Default)]
struct Group {
    /// Product names in lower case; `*` for everybody.
    agents: Vec<String>,
    rules: Vec<Rule>,
    delay: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Rule {
    allow: bool,
    /// Normalised, with `*` and a final `$`.
    pattern: String,
}

/// What holds for one reader.
#[derive(Debug, Default)]
pub(super) struct RobotsRules<'a> {
    rules: Vec<&'a Rule>,
    /// From one request to the next, at least.
    pub(super) delay: Option<Duration>,
}

impl Robots {
    /// Reads what it understands and passes over the rest; a page of HTML says nothing.
    pub(super) fn parse(text: &str) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut naming = false;
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                if !naming {
                    groups.push(Group::default());
                }
                naming = true;
                if let Some(group) = groups.last_mut() {
                    group.agents.push(product(value));
                }
                continue;
            }
            let Some(group) = groups.last_mut() else { continue };
            match key.as_str() {
                "allow" | "disallow" => {
                    naming = false;
                    if !value.is_empty() {
                        group.rules.push(Rule { allow: key == "allow", pattern: normal(value) });
                    }
                }
                "crawl-delay" => {
                    naming = false;
                    let seconds = value.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
                    group.delay = seconds.map(|seconds| Duration::from_secs_f64(seconds.min(MAX_DELAY.as_secs_f64())));
                }
                _ => {}
            }
        }
        Self { groups }
    }

    /// The rules for a reader of this product name: those of all groups that name it, else those for everybody.
    pub(super) fn rules_for(&self, name: &str) -> RobotsRules<'_> {
        let name = product(name);
        let named = |wanted: &str| -> Vec<&Group> {
            self.groups.iter().filter(|group| group.agents.iter().any(|agent| agent == wanted)).collect()
        };
        let own = named(&name);
        let groups = if own.is_empty() { named("*") } else { own };
        RobotsRules {
            rules: groups.iter().flat_map(|group| &group.rules).collect(),
            delay: groups.iter().filter_map(|group| group.delay).max(),
        }
    }
}

impl RobotsRules<'_> {
    /// Whether a path with its query may be read: the longest rule that fits decides, and of two equal ones the kinder.
    pub(super) fn allows(&self, path: &str) -> bool {
        let path = normal(path);
        if path == "/robots.txt" {
            return true;
        }
        let fitting = self.rules.iter().filter(|rule| fits(&rule.pattern, &path));
        fitting.max_by_key(|rule| (rule.pattern.len(), rule.allow)).is_none_or(|rule| rule.allow)
    }
}

/// The product name without version and remarks, in lower case; `*` as it stands.
fn product(text: &str) -> String {
    if text.starts_with('*') {
        return "*".to_owned();
    }
    text.chars()
        .take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
        .collect::<String>()
        .to_ascii_lowercase()
}

/// One spelling for what means the same: letters and digits bare, everything that is not ASCII as upper-case octets.
fn normal(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let octet = match (byte, ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit)) {
            (b'%', Some(high), Some(low)) => Some(high * 16 + low),
            _ => None,
        };
        if octet.is_some() {
            bytes = ahead;
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        match octet {
            Some(octet) if plain(octet) => out.push(char::from(octet)),
            Some(octet) => push_octet(&mut out, octet),
            None if byte.is_ascii_graphic() => out.push(char::from(byte)),
            None => push_octet(&mut out, byte),
        }
    }
    out
}

fn push_octet(out: &mut String, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    for nibble in [octet >> 4, octet & 15] {
        out.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')));
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whether a path starts as the pattern says. Each piece between two stars is taken where it comes first: with stars alone
/// that finds a fit whenever there is one, in one pass.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, to_the_end) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        if to_the_end && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    !to_the_end || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        Robots::parse(text).rules_for("Huiyin/1.0 (+mailto:a@example.org)").allows(path)
    }

    #[test]
    fn the_longest_rule_decides_and_of_equals_the_kinder() {
        let text = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c$\nAllow: /same\nDisallow: /same";
        for (path, expected) in [
            ("/", true),
            ("/a", false),
            ("/ab", false),
            ("/a/b", true),
            ("/a/b/c", false),
            ("/a/b/c/d", true),
            ("/same", true),
            ("/robots.txt", true),
            ("/A", true),
        ] {
            assert_eq!(allows(text, path), expected, "{path}");
        }
        assert!(allows("User-agent: *\nDisallow:", "/x"), "an empty rule forbids nothing");
        assert!(allows("User-agent: *\nDisallow: /", "/robots.txt"));
    }

    #[test]
    fn stars_and_the_end() {
        for (pattern, path, expected) in [
            ("/*.jsp", "/x/list.jsp?p=1", true),
            ("/*.jsp$", "/x/list.jsp?p=1", false),
            ("/*.jsp$", "/list.jsp", true),
            ("/a*b*c", "/a1b2c3", true),
            ("/a*b*c", "/a1c2b3", false),
            ("*", "/anything", true),
            ("/$", "/", true),
            ("/$", "/x", false),
            ("/a*$", "/a/b", true),
            ("/*a$", "/aba", true),
            ("/*?", "/x?y", true),
            ("/*?", "/x", false),
            ("/*ab$", "/ab/x/ab", true),
            ("/a*a$", "/a", false),
        ] {
            assert_eq!(!allows(&format!("User-agent: *\nDisallow: {pattern}"), path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn groups_of_ones_own_come_before_those_of_everybody() {
        let text = "\u{feff}User-agent: *\nDisallow: /\n\nUser-Agent: other\nuser-agent: HUIYIN/2 # us\r\nDisallow: /private\n\
            Sitemap: https://example.org/map.xml\nCrawl-delay: 2.5\nUser-agent: huiyin\nDisallow: /more";
        for (path, expected) in [("/", true), ("/private/x", false), ("/more", false)] {
            assert_eq!(allows(text, path), expected, "{path}");
        }
        let robots = Robots::parse(text);
        assert_eq!(robots.rules_for("Huiyin").delay, Some(Duration::from_millis(2_500)));
        assert_eq!(robots.rules_for("Somebody").delay, None);
        assert!(!robots.rules_for("Huiyin-else").allows("/x"));
    }

    #[test]
    fn spellings_of_one_path_are_one() {
        assert!(!allows("User-agent: *\nDisallow: /信箱/", "/%e4%bf%a1%E7%AE%B1/1"));
        assert!(!allows("User-agent: *\nDisallow: /%7Ex", "/~x"));
        assert!(allows("User-agent: *\nDisallow: /a%2Fb", "/a/b"));
        assert!(!allows("User-agent: *\nDisallow: /100%", "/100%"));
    }

    #[test]
    fn what_is_no_robots_txt_forbids_nothing() {
        for text in [
            "",
            "<!DOCTYPE html><html>\nDisallow: /\n</html>",
            "Disallow: /",
            ":\n::\nUser-agent\n",
            "User-agent: *\nCrawl-delay: NaN",
        ] {
            assert!(allows(text, "/x"), "{text}");
        }
        for (delay, expected) in
            [("-1", None), ("inf", None), ("9999999999", Some(MAX_DELAY)), ("0", Some(Duration::ZERO))]
        {
            assert_eq!(Robots::parse(&format!("User-agent: *\nCrawl-delay: {delay}")).rules_for("x").delay, expected);
        }
    }

    /// The definition itself, slow and plain.
    fn fits_by_trying(pattern: &[char], path: &[char]) -> bool {
        match pattern {
            [] => true,
            ['$'] => path.is_empty(),
            ['*', rest @ ..] => (0..=path.len()).any(|at| fits_by_trying(rest, &path[at..])),
            [first, rest @ ..] => path.first() == Some(first) && fits_by_trying(rest, &path[1..]),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_it_says(pattern in "[ab*]{0,8}[$]?", path in "[ab]{0,10}") {
            let [pattern_chars, path_chars] = [&pattern, &path].map(|text| text.chars().collect::<Vec<_>>());
            prop_assert_eq!(fits(&pattern, &path), fits_by_trying(&pattern_chars, &path_chars));
        }

        #[test]
        fn anything_is_read_somehow(text in "(?s).{0,200}", path in "/.{0,40}") {
            Robots::parse(&text).rules_for("Huiyin").allows(&path);
        }
    }
}
