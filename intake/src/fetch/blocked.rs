//! Pages that come with a status of 200 and mean "go away": captchas, firewalls, log-in pages.

use super::charset::decode_bytes;

/// In a longer page the connector's words are not looked for.
const MAX_PAGE_BYTES: usize = 64 << 10;
/// In a longer page our own are not looked for.
const MAX_WALL_BYTES: usize = 16 << 10;
/// A wall says little. With more text than this the words are rather those of a citizen who writes about captchas.
const MAX_WALL_CHARS: usize = 200;
/// A log-in page may have a footer besides.
const MAX_LOGIN_CHARS: usize = 600;

/// What walls say, in lower case and without white space.
const WALL_WORDS: &[&str] = &[
    "访问过于频繁",
    "访问频率",
    "请求过于频繁",
    "操作过于频繁",
    "访问太频繁",
    "人机验证",
    "安全验证",
    "滑动验证",
    "拖动滑块",
    "请输入验证码",
    "访问被拒绝",
    "访问被阻断",
    "访问被拦截",
    "请求被拦截",
    "拒绝访问",
    "访问受限",
    "请先登录",
    "请登录后",
    "登录超时",
    "重新登录",
    "会话已过期",
    "accessdenied",
    "requestrejected",
    "toomanyrequests",
    "captcha",
    "verifyyouarehuman",
];

/// What the scripts of common firewalls carry that have a browser solve a riddle before it may read.
const RIDDLES: &[&str] = &["acw_sc__v2", "__jsl_clearance", "$_ts"];

/// Why a page is not what was asked for; `None` when it may well be. `words` are the connector's own.
pub(super) fn wall(body: &[u8], charset: Option<&str>, words: &[String]) -> Option<&'static str> {
    // Data is told from a page by its first character, before anything is decoded.
    let start = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    if body.len() > MAX_PAGE_BYTES || !start.starts_with(b"<") {
        return None;
    }
    let (page, _) = decode_bytes(body, charset, None);
    let folded = page.to_lowercase();
    if !is_html(&folded) {
        return None;
    }
    if words.iter().any(|word| !word.is_empty() && page.contains(word.as_str())) {
        return Some("回答的是连接器登记的拦截页");
    }
    if body.len() > MAX_WALL_BYTES {
        return None;
    }
    let visible = visible(&folded);
    let length = visible.chars().count();
    let password = ["type=\"password\"", "type='password'", "type=password"];
    if length <= MAX_LOGIN_CHARS && password.iter().any(|mark| folded.contains(mark)) {
        return Some("回答的是登录页");
    }
    // Nor has a wall rows: a short message about captchas stands in a table or a list.
    let rows = ["<td", "<li", "<dd"].iter().any(|tag| folded.contains(tag));
    if length <= MAX_WALL_CHARS && !rows && WALL_WORDS.iter().any(|word| visible.contains(word)) {
        return Some("回答的是验证或拦截页");
    }
    (length == 0 && RIDDLES.iter().any(|riddle| folded.contains(riddle))).then_some("回答的是防护脚本")
}

fn is_html(folded: &str) -> bool {
    let start = folded.trim_start();
    start.starts_with('<')
        && ["<html", "<!doctype html", "<body", "<form", "<script"].iter().any(|tag| start.contains(tag))
}

/// The text that a reader would see, white space left out.
fn visible(folded: &str) -> String {
    let mut out = String::new();
    let mut rest = folded;
    while let Some((text, tail)) = rest.split_once('<') {
        out.extend(text.chars().filter(|c| !c.is_whitespace()));
        let hidden = ["script", "style", "title"].iter().find(|tag| tail.starts_with(*tag));
        rest = match hidden {
            // The title counts once it is all there is: walls have one, and so has every page.
            Some(tag) => tail.split_once(&format!("</{tag}")).map_or("", |(_, after)| after),
            None => tail,
        };
        rest = rest.split_once('>').map_or("", |(_, after)| after);
    }
    out.extend(rest.chars().filter(|c| !c.is_whitespace()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wall(page: &str) -> bool {
        wall(page.as_bytes(), None, &[]).is_some()
    }

    #[test]
    fn walls_are_known() {
        for page in [
            "<html><head><title>用户登录</title></head><body><form><input name=u><input type=\"password\"></form></body></html>",
            "<!DOCTYPE html><html><body>您的访问过于频繁，请稍后再试</body></html>",
            "\n<HTML><BODY><H1>Access Denied</H1></BODY></HTML>",
            "<html><script>var arg1='A1';document.cookie='acw_sc__v2='+x</script></html>",
            "<html><body>请 输入 验证码<img src=v.jpg></body></html>",
        ] {
            assert!(is_wall(page), "{page}");
        }
        let gbk = encoding_rs::GBK.encode("<html><body>请先登录</body></html>").0;
        assert!(wall(&gbk, None, &[]).is_some());
        assert!(is_wall("\u{feff} <html><body>请先登录</body></html>"));
    }

    #[test]
    fn citizens_may_write_about_walls() {
        let list = format!(
            "<html><body><a href=/login>登录</a><li>网站老是要我请输入验证码</li>{}</body></html>",
            "<li>路灯不亮，请来修。</li>".repeat(30)
        );
        for page in [
            list.as_str(),
            r#"{"content":"请输入验证码 <html>"}"#,
            "<rss><item><title>访问被拒绝</title></item></rss>",
            "",
            "<html><table><tr><td>内容</td><td>网站老是要我请输入验证码</td></tr></table></html>",
            "<html><body><div id=app></div><script src=app.js></script></body></html>",
            "<html><title>安全验证的建议</title></html>",
        ] {
            assert!(!is_wall(page), "{page}");
        }
    }

    #[test]
    fn the_connectors_words_count_in_pages_only() {
        let words = ["网站维护中".to_owned(), String::new()];
        let page = |filler: usize| format!("<html><body>网站维护中{}</body></html>", "好".repeat(filler));
        assert!(wall(page(1_000).as_bytes(), None, &words).is_some());
        assert!(wall(page(40_000).as_bytes(), None, &words).is_none());
        assert!(wall(r#"{"a":"网站维护中"}"#.as_bytes(), None, &words).is_none());
    }
}
