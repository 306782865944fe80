//! What has to be right before a letter is taken. Every fault is told at once, each beside its field.

use std::ops::RangeInclusive;

use huiyin_domain::item::RequestType;
use huiyin_domain::text::fold::fold_char;
use huiyin_domain::time::Instant;

use super::{FILES, Letter, Letterbox, OPEN_FOR, QUICKEST, Sent, Ticket};

/// How many characters the subject line may have.
pub const TITLE_CHARS: RangeInclusive<usize> = 4..=50;
/// The same for the text.
pub const BODY_CHARS: RangeInclusive<usize> = 10..=3_000;
/// The same for the name.
pub const NAME_CHARS: RangeInclusive<usize> = 2..=30;
/// The same for the place.
pub const PLACE_CHARS: RangeInclusive<usize> = 0..=100;

/// Something to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field, as the form names it; `form` for the whole.
    pub field: &'static str,
    /// What is the matter and what to do, in Chinese.
    pub message: String,
}

impl Wrong {
    /// A fault of a field.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// The letter as it is taken (cleaned), and everything that is wrong with it.
pub(super) fn check(
    sent: &Sent,
    ticket: Option<&Ticket>,
    letterboxes: &[Letterbox],
    now: Instant,
) -> (Letter, Vec<Wrong>) {
    let letter = cleaned(&sent.letter);
    let mut wrong: Vec<Wrong> = whole(sent, ticket, now).into_iter().collect();
    let mut say = |is_wrong: bool, field, message: &str| {
        if is_wrong {
            wrong.push(Wrong::new(field, message));
        }
    };
    say(!letterboxes.iter().any(|known| known.id == letter.letterbox), "letterbox", "请选择把信写给哪里。");
    say(RequestType::parse(&letter.request_type).is_none(), "request_type", "请选择来信类型。");
    say(!fits(&letter.title, TITLE_CHARS), "title", "请写 4 至 50 个字的标题。");
    say(!fits(&letter.body, BODY_CHARS), "body", "请写 10 至 3000 个字，说明时间、地点和经过。");
    let is_name = fits(&letter.name, NAME_CHARS) && !letter.name.chars().any(|letter| letter.is_ascii_digit());
    say(!is_name, "name", "请填写真实姓名（2 至 30 个字），便于答复和核实。");
    say(!is_telephone(&letter.telephone), "telephone", "请填写 11 位手机号码，或带区号的固定电话。");
    say(!fits(&letter.place, PLACE_CHARS), "place", "地点最多 100 个字，请精简。");
    say(sent.files.len() > FILES, "files", "附件最多 5 个，请去掉几个。");
    say(!letter.informed, "informed", "请先阅读个人信息处理告知，并勾选“我已阅读”。");
    (letter, wrong)
}

/// What is wrong with the form as such.
fn whole(sent: &Sent, ticket: Option<&Ticket>, now: Instant) -> Option<Wrong> {
    let seconds = now.as_micros().div_euclid(1_000_000);
    let age = ticket.map(|ticket| seconds.saturating_sub(ticket.issued));
    let message = match age {
        None => "页面已经失效。您填写的内容都还在，请核对后再提交一次。",
        Some(age) if age > OPEN_FOR => "页面打开超过一天，已经更新。您填写的内容都还在，请核对后再提交一次。",
        Some(age) if age < QUICKEST => "提交得太快了，请核对内容后再提交一次。",
        Some(_) if !sent.trap.is_empty() => "“网址”一栏请留空，再提交一次。",
        Some(_) => return None,
    };
    Some(Wrong::new("form", message))
}

fn fits(text: &str, chars: RangeInclusive<usize>) -> bool {
    chars.contains(&text.chars().count())
}

fn cleaned(letter: &Letter) -> Letter {
    let line = |text: &str| shown(text, false);
    Letter {
        letterbox: line(&letter.letterbox),
        request_type: line(&letter.request_type),
        title: line(&letter.title),
        body: shown(&letter.body, true),
        name: line(&letter.name),
        telephone: line(&letter.telephone),
        place: line(&letter.place),
        ..*letter
    }
}

/// The text without what cannot be seen or turns the reading direction; in one line unless it may have several.
fn shown(text: &str, lines: bool) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let letters = text.chars().map(|letter| match letter {
        '\n' if lines => '\n',
        '\n' | '\t' => ' ',
        other => other,
    });
    let text: String = letters.filter(|letter| *letter == '\n' || !hidden(*letter)).collect();
    text.trim().to_owned()
}

/// Whether it is a number in China that somebody can be called at: a mobile, or a landline with or without its area code
/// and extension.
fn is_telephone(text: &str) -> bool {
    let mut folded: String = text.chars().map(fold_char).collect();
    for (word, sign) in [("转", "#"), ("ext", "#")] {
        folded = folded.replace(word, sign);
    }
    let (number, extension) = folded.split_once('#').unwrap_or((&folded, ""));
    let marks = |letter: char| matches!(letter, ' ' | '-' | '(' | ')' | '—' | '–' | '.');
    if !number.chars().all(|letter| letter.is_ascii_digit() || letter == '+' || marks(letter)) {
        return false;
    }
    let digits: String = number.chars().filter(|letter| !marks(*letter)).collect();
    let digits = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086")).unwrap_or(&digits);
    let extension = extension.trim();
    let extension = extension.chars().count() <= 6 && extension.chars().all(|letter| letter.is_ascii_digit());
    let bytes = digits.as_bytes();
    let is_mobile = matches!(bytes, [b'1', b'3'..=b'9', ..]) && bytes.len() == 11;
    let is_landline = match bytes {
        [b'0', ..] => (10..=12).contains(&bytes.len()),
        [b'2'..=b'9', ..] => (7..=8).contains(&bytes.len()),
        _ => false,
    };
    bytes.iter().all(u8::is_ascii_digit) && extension && (is_mobile || is_landline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Sent {
        let letter = Letter {
            letterbox: "box".to_owned(),
            request_type: "consult".to_owned(),
            title: "青禾路的采光".to_owned(),
            body: "青禾路北侧要建高楼，审批时核算过采光吗？".to_owned(),
            name: "甲某".to_owned(),
            telephone: "13800000000".to_owned(),
            place: String::new(),
            confidential: false,
            informed: true,
        };
        Sent { ticket: String::new(), trap: String::new(), letter, files: Vec::new(), address: None }
    }

    fn fields(sent: &Sent, age: Option<i64>) -> Vec<&'static str> {
        let ticket = age.map(|age| Ticket { nonce: [0; 16], issued: 1_800_000_000 - age });
        let boxes =
            [Letterbox { id: "box".to_owned(), name: "信箱".to_owned(), description: String::new(), open: true }];
        let now = Instant::from_micros(1_800_000_000_000_000);
        check(sent, ticket.as_ref(), &boxes, now).1.into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn a_whole_letter_passes_and_every_gap_is_told_at_once() {
        assert_eq!(fields(&sent(), Some(60)), [""; 0]);
        let nothing = Sent { letter: Letter::default(), ..sent() };
        let all = ["letterbox", "request_type", "title", "body", "name", "telephone", "informed"];
        assert_eq!(fields(&nothing, Some(60)), all);
        let long =
            Letter { title: "长".repeat(51), body: "长".repeat(3_001), place: "长".repeat(101), ..sent().letter };
        assert_eq!(fields(&Sent { letter: long, ..sent() }, Some(60)), ["title", "body", "place"]);
    }

    #[test]
    fn a_form_is_neither_too_quick_nor_too_old_nor_filled_by_a_program() {
        for (age, wrong) in
            [(Some(3), false), (Some(86_400), false), (Some(2), true), (Some(86_401), true), (None, true)]
        {
            assert_eq!(fields(&sent(), age) == ["form"], wrong, "{age:?}");
        }
        assert_eq!(fields(&Sent { trap: "http://x".to_owned(), ..sent() }, Some(60)), ["form"]);
    }

    #[test]
    fn what_cannot_be_seen_is_not_kept() {
        assert_eq!(shown(" 标\u{202E}题\0\t二\r\n行 ", false), "标题 二 行");
        assert_eq!(shown("一\r\n\r\n二\u{7}\r三\u{200B}", true), "一\n\n二\n三");
        assert_eq!(
            fields(&Sent { letter: Letter { title: "\u{200B}".repeat(9), ..sent().letter }, ..sent() }, Some(9)),
            ["title"]
        );
    }

    #[test]
    fn telephones_are_told_from_anything_else() {
        for good in [
            "13800000000",
            "138 0000 0000",
            "138-0000-0000",
            "１３８００００００００",
            "+86 13800000000",
            "0086-13800000000",
            "0730-8000000",
            "(010) 80000000",
            "0730-8000000转805",
            "8000000",
            "80000000",
        ] {
            assert!(is_telephone(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "12345",
            "1380000000",
            "138000000000",
            "12800000000",
            "保密",
            "138OOOO0000",
            "abc",
            "+1 2025550100",
            "0730",
            "13800000000转abc",
            "13800000000,13900000000",
            "<script>",
        ] {
            assert!(!is_telephone(bad), "{bad}");
        }
    }
}
