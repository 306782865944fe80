//! Bytes into text, when what the server says of them is missing, vague or wrong.

use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Answer;

/// How far into a page its own declaration is looked for, as browsers do.
const DECLARATION_BYTES: usize = 1024;
/// So many characters beyond ASCII that are sound UTF-8 are no accident, whatever the page says it is.
const NO_ACCIDENT: usize = 12;

/// The text of an answer, and whether some of it could not be read and is shown as U+FFFD.
///
/// `forced` is the connector's word and is taken as it stands. Otherwise the first of these that reads the whole counts: the
/// byte order mark, the server's header, the page's own declaration, UTF-8, GB18030. Long text that is sound UTF-8 is UTF-8
/// even under another label, and Latin-1, which servers claim when nobody told them, comes last.
pub fn decode(answer: &Answer, forced: Option<&'static Encoding>) -> (String, bool) {
    let body = answer.body.as_deref().unwrap_or_default();
    decode_bytes(body, answer.charset.as_deref(), forced)
}

/// The text of a body of which nothing else is known.
pub fn decode_body(body: &[u8]) -> (String, bool) {
    decode_bytes(body, None, None)
}

pub(crate) fn decode_bytes(body: &[u8], charset: Option<&str>, forced: Option<&'static Encoding>) -> (String, bool) {
    if let Some((encoding, length)) =
        Encoding::for_bom(body).filter(|(bom, _)| forced.is_none_or(|forced| forced == *bom))
    {
        let (text, lossy) = encoding.decode_without_bom_handling(body.get(length..).unwrap_or_default());
        return (text.into_owned(), lossy);
    }
    let candidates = forced.map_or_else(|| candidates(body, charset), |forced| vec![forced]);
    let sound =
        candidates.iter().find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(body));
    if let Some(text) = sound {
        return (text.into_owned(), false);
    }
    let first = candidates.first().copied().unwrap_or(UTF_8);
    let (text, lossy) = first.decode_without_bom_handling(body);
    (text.into_owned(), lossy)
}

fn candidates(body: &[u8], charset: Option<&str>) -> Vec<&'static Encoding> {
    if let Ok(text) = str::from_utf8(body)
        && text.chars().filter(|c| !c.is_ascii()).nth(NO_ACCIDENT - 1).is_some()
    {
        return vec![UTF_8];
    }
    let header = charset.and_then(|label| Encoding::for_label(label.as_bytes())).map(wider);
    // A page whose declaration can be read as ASCII is not in UTF-16, whatever it declares.
    let own = declared(body).map(|own| if own == UTF_16LE || own == UTF_16BE { UTF_8 } else { own }).map(wider);
    let (latin, told): (Vec<_>, Vec<_>) = header.into_iter().chain(own).partition(|encoding| *encoding == WINDOWS_1252);
    told.into_iter().chain([UTF_8, GB18030]).chain(latin).collect()
}

/// GB2312 and GBK mean GB18030, which holds them.
fn wider(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

/// What `<meta charset>`, `<meta http-equiv>` or the XML declaration says.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = body.get(..DECLARATION_BYTES).unwrap_or(body).to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let start = head.trim_start();
    if let Some((declaration, _)) = start.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"))
        && let Some(encoding) = label_after(declaration, "encoding")
    {
        return Some(encoding);
    }
    let mut metas = start.split("<meta").skip(1);
    metas.find_map(|meta| label_after(meta.split('>').next().unwrap_or_default(), "charset"))
}

/// The encoding named after `key =`, in quotes or not.
fn label_after(text: &str, key: &str) -> Option<&'static Encoding> {
    let value = text.split(key).skip(1).find_map(|after| after.trim_start().strip_prefix('='))?;
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(['"', '\'', ';', ' ', '/', '>', '?']).unwrap_or(value.len());
    Encoding::for_label(value.get(..end)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use encoding_rs::BIG5;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "关于小区漏水的投诉：已经三个月没有人来修，请回复。";

    fn gbk(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    fn read(body: &[u8], charset: Option<&str>) -> String {
        let (text, lossy) = decode_bytes(body, charset, None);
        assert!(!lossy, "{text}");
        text
    }

    #[test]
    fn the_label_may_be_right_missing_or_wrong() {
        for label in [None, Some("gbk"), Some("GB2312"), Some("utf-8"), Some("iso-8859-1"), Some("no-such"), Some("")] {
            assert_eq!(read(&gbk(TEXT), label), TEXT, "{label:?}");
            assert_eq!(read(TEXT.as_bytes(), label), TEXT, "{label:?}");
        }
        // Few characters: here the label has the word, as long as it reads the whole.
        assert_eq!(read(&gbk("联通"), Some("gbk")), "联通");
        assert_eq!(read(&gbk("路灯"), Some("utf-8")), "路灯");
        assert_eq!(read(b"caf\xe9", Some("iso-8859-1")), "café");
        assert_eq!(read("𠮷, 㐀".as_bytes(), None), "𠮷, 㐀");
        assert_eq!(read(&gbk("𠮷, 㐀"), Some("gb2312")), "𠮷, 㐀", "beyond GBK");
    }

    #[test]
    fn the_page_itself_may_say_it() {
        for head in [
            r#"<html><head><meta charset="gb2312">"#,
            "<META http-equiv=Content-Type content='text/html; charset=GBK'>",
            "<meta charset = gb18030 />",
            r#"<?xml version="1.0" encoding="GBK"?><rss>"#,
        ] {
            let page = format!("{head}联通");
            assert_eq!(read(&gbk(&page), None), page);
        }
        let big5 = "<meta name=x><meta charset=big5>漏水";
        assert_eq!(read(&BIG5.encode(big5).0, None), big5);
        let utf16 = r#"<meta charset="utf-16">漏水"#;
        assert_eq!(read(utf16.as_bytes(), None), utf16, "what can be read as ASCII is not UTF-16");
        let far = format!("{}<meta charset=big5>路灯", " ".repeat(DECLARATION_BYTES));
        assert_eq!(read(&gbk(&far), None), far);
    }

    #[test]
    fn a_mark_at_the_start_goes_first_and_away() {
        assert_eq!(read("\u{feff}漏水".as_bytes(), Some("gbk")), "漏水");
        assert_eq!(read(b"\xff\xfe\x0f\x6f\x34\x6c", Some("gbk")), "漏水");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let (text, lossy) = decode_bytes(b"a\xff\xff\xff", Some("utf-8"), None);
        assert!(lossy && text.starts_with('a') && text.contains('\u{fffd}'));
        let (text, lossy) = decode_bytes(&gbk(TEXT), None, Some(UTF_8));
        assert!(lossy && text.contains('\u{fffd}'), "the connector's word is taken as it stands");
        assert_eq!(decode_bytes(&gbk(TEXT), Some("utf-8"), Some(GB18030)), (TEXT.to_owned(), false));
        assert_eq!(decode_bytes(b"", None, None), (String::new(), false));
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_either_encoding(text in "[\u{4e00}-\u{9fa5}，。0-9a-z]{0,200}") {
            prop_assert_eq!(&read(text.as_bytes(), Some("utf-8")), &text);
            prop_assert_eq!(&read(&gbk(&text), Some("gbk")), &text);
        }

        #[test]
        fn any_bytes_are_read_somehow(bytes in prop::collection::vec(any::<u8>(), 0..300), label in "[a-z0-9-]{0,12}") {
            decode_bytes(&bytes, Some(&label), None);
        }
    }
}
