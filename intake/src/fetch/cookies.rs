//! The cookies of one pull.

use reqwest::header::{HeaderMap, SET_COOKIE};
use url::Url;

use super::address::host_name;

/// More cookies, or longer ones, are not kept.
const MAX_COOKIES: usize = 200;
const MAX_COOKIE_BYTES: usize = 4096;

/// What servers asked to be told again. Kept as long as the fetcher: paths and dates of expiry are passed over.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: String,
    value: String,
    host: String,
    /// Whether it goes to hosts below `host` as well.
    below: bool,
    secure: bool,
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {}", self.name, self.host)
    }
}

impl Jar {
    /// Keeps what an answer of `url` sets.
    pub(super) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        let Some(host) = host_name(url) else { return };
        for line in headers.get_all(SET_COOKIE) {
            let line = String::from_utf8_lossy(line.as_bytes());
            if let Some((cookie, gone)) = parse(&line, &host) {
                let same = |old: &Cookie| old.name == cookie.name && old.host == cookie.host;
                self.cookies.retain(|old| !same(old));
                if !gone && self.cookies.len() < MAX_COOKIES {
                    self.cookies.push(cookie);
                }
            }
        }
    }

    /// What goes to `url`.
    fn going_to<'a>(&'a self, url: &Url) -> impl Iterator<Item = &'a Cookie> {
        let (host, secure) = (host_name(url).unwrap_or_default(), url.scheme() == "https");
        self.cookies.iter().filter(move |cookie| {
            let fits = cookie.host == host || (cookie.below && lies_below(&host, &cookie.host));
            fits && (secure || !cookie.secure)
        })
    }

    /// The header for `url`: `given` first, then what is kept and not given.
    pub(super) fn header(&self, url: &Url, given: Option<&str>) -> Option<String> {
        let given = given.map(str::trim).filter(|given| !given.is_empty());
        let names: Vec<&str> = given
            .into_iter()
            .flat_map(|given| given.split(';'))
            .filter_map(|pair| pair.split('=').next())
            .map(str::trim)
            .collect();
        let kept = self.going_to(url).filter(|cookie| !names.contains(&cookie.name.as_str()));
        let kept = kept.map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let all: Vec<String> = given.map(str::to_owned).into_iter().chain(kept).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// The value of one that goes to `url`.
    pub(super) fn value(&self, url: &Url, name: &str) -> Option<String> {
        self.going_to(url).find(|cookie| cookie.name == name).map(|cookie| cookie.value.clone())
    }
}

fn lies_below(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// A cookie, and whether it is to be forgotten; `None` for what is none, or is set for somebody else.
fn parse(line: &str, host: &str) -> Option<(Cookie, bool)> {
    let mut parts = line.split(';').map(|part| part.split_once('=').unwrap_or((part, "")));
    let (name, value) = parts.next().map(|(name, value)| (name.trim(), value.trim()))?;
    // What could break the header apart was never a cookie.
    let sound = |text: &str| !text.contains(|c: char| c.is_control() || c == ',' || c == '\u{fffd}');
    if name.is_empty()
        || name.len() + value.len() > MAX_COOKIE_BYTES
        || !sound(name)
        || value.contains(char::is_control)
    {
        return None;
    }
    let mut cookie =
        Cookie { name: name.to_owned(), value: value.to_owned(), host: host.to_owned(), below: false, secure: false };
    let mut gone = false;
    for (key, value) in parts {
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        match key.as_str() {
            "domain" => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                if lies_below(host, &domain) {
                    // A top level is nobody's domain.
                    if !domain.contains('.') {
                        return None;
                    }
                } else if domain != host && !domain.is_empty() {
                    return None;
                }
                if !domain.is_empty() {
                    (cookie.host, cookie.below) = (domain, true);
                }
            }
            "secure" => cookie.secure = true,
            "max-age" => gone = value.parse::<i64>().is_ok_and(|age| age <= 0),
            // The one date that everybody writes to take a cookie back.
            "expires" => gone = gone || value.contains("1970"),
            _ => {}
        }
    }
    Some((cookie, gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn jar(from: &str, lines: &[&str]) -> Jar {
        let mut jar = Jar::default();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, line.parse().unwrap());
        }
        jar.keep(&url(from), &headers);
        jar
    }

    #[test]
    fn cookies_go_back_to_who_set_them() {
        let jar = jar(
            "https://www.example.cn/a/b",
            &["a=1; Path=/a; HttpOnly", "b=2; Secure", "c=3; Domain=.example.cn", "d=x=y"],
        );
        assert_eq!(jar.header(&url("https://www.example.cn/"), None).unwrap(), "a=1; b=2; c=3; d=x=y");
        assert_eq!(jar.header(&url("http://www.example.cn/"), None).unwrap(), "a=1; c=3; d=x=y");
        assert_eq!(jar.header(&url("https://api.example.cn/"), None).unwrap(), "c=3");
        assert_eq!(jar.header(&url("https://badexample.cn/"), None), None);
        assert_eq!(jar.header(&url("http://www.example.cn/"), Some("a=own; z=0")).unwrap(), "a=own; z=0; c=3; d=x=y");
        assert_eq!(jar.value(&url("http://www.example.cn/"), "d").unwrap(), "x=y");
        assert_eq!(jar.value(&url("http://www.example.cn/"), "b"), None);
        assert!(!format!("{jar:?}").contains("x=y"));
    }

    #[test]
    fn later_ones_replace_and_take_back() {
        let jar = jar(
            "http://example.cn/",
            &["a=1", "a=2", "b=1", "b=; Max-Age=0", "c=1", "c=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        );
        assert_eq!(jar.header(&url("http://example.cn/"), None).unwrap(), "a=2");
    }

    #[test]
    fn nobody_sets_cookies_for_others() {
        let long = format!("a={}", "x".repeat(MAX_COOKIE_BYTES));
        for line in ["a=1; Domain=other.cn", "a=1; Domain=cn", "a=1; Domain=sub.example.cn", "", "=1", long.as_str()] {
            assert_eq!(jar("http://example.cn/", &[line]).cookies.len(), 0, "{line}");
        }
        let many: Vec<String> = (0..MAX_COOKIES + 9).map(|n| format!("c{n}=1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(jar("http://example.cn/", &many).cookies.len(), MAX_COOKIES);
    }
}
