use proptest::prelude::*;

use super::{Finding, Kind, OfficialNumbers, find, mask};

/// What is found, as it stands in the text.
fn found(text: &str) -> Vec<(Kind, String)> {
    let cut = |Finding { start, end, kind }| (kind, text.chars().skip(start).take(end - start).collect());
    find(text, &OfficialNumbers::default()).into_iter().map(cut).collect()
}

#[track_caller]
fn is_found(text: &str, kind: Kind, part: &str) {
    assert_eq!(found(text), [(kind, part.to_owned())], "{text}");
}

#[test]
fn mobile_numbers_are_found_however_they_are_spaced() {
    is_found("请拨打13912345678联系我", Kind::Mobile, "13912345678");
    is_found("电话139 1234 5678。", Kind::Mobile, "139 1234 5678");
    is_found("139-1234-5678", Kind::Mobile, "139-1234-5678");
    is_found("1 3 9 1 2 3 4 5 6 7 8", Kind::Mobile, "1 3 9 1 2 3 4 5 6 7 8");
    is_found("１３９１２３４５６７８", Kind::Mobile, "１３９１２３４５６７８");
    is_found("+8613912345678", Kind::Mobile, "8613912345678");
    is_found("幺三九一二三四五六七八", Kind::Mobile, "幺三九一二三四五六七八");
    is_found("2026-10-09 13912345678", Kind::Mobile, "13912345678");
}

#[test]
fn identity_numbers_need_the_right_check_digit() {
    // An invented number with the check digit the standard's formula gives.
    is_found("身份证11010119900307109X，请查收", Kind::IdCard, "11010119900307109X");
    is_found("110101 19900307 109x", Kind::IdCard, "110101 19900307 109x");
    is_found("号码110101199003071436", Kind::IdCard, "110101199003071436");
    assert_eq!(found("运单110101199003071437"), []);
    assert_eq!(found("1101011990030714361"), [], "nineteen digits are something else");
}

#[test]
fn landlines_addresses_and_plates_are_found() {
    is_found("（0737）1234567", Kind::Landline, "0737）1234567");
    is_found("0737-12345678", Kind::Landline, "0737-12345678");
    is_found("电话：010 12345678", Kind::Landline, "010 12345678");
    is_found("发到zhang.san@example.com。", Kind::Email, "zhang.san@example.com");
    is_found("ZHANG＠example.com.cn", Kind::Email, "ZHANG＠example.com.cn");
    is_found("湘A·1B2C3停在门口", Kind::Plate, "湘A·1B2C3");
    is_found("新能源车湘AD12345", Kind::Plate, "湘AD12345");
    is_found("粤B1234挂", Kind::Plate, "粤B1234挂");
}

#[test]
fn what_is_not_personal_is_left_alone() {
    for text in [
        "",
        "请拨打12345或12336",
        "2026-10-09 08:30 至 2026-10-31",
        "第三十八条、第四十一条",
        "湘A****",
        "面积1392.5平方米，补偿12000元",
        "自然资发〔2026〕139号",
        "@我局",
        "云A座",
        "青溪市",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn the_offices_own_lines_may_be_published() {
    let official = OfficialNumbers::new(["0737-1234567"]);
    assert_eq!(find("请拨打（0737）1234567", &official), []);
    assert_eq!(find("请拨打（0737）1234568", &official).len(), 1);
}

#[test]
fn several_are_told_in_order() {
    let kinds: Vec<Kind> = found("张某 13912345678，湘A12345，a@b.cn").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [Kind::Mobile, Kind::Plate, Kind::Email]);
}

#[test]
fn what_was_found_gives_way_to_a_word() {
    let masked = |text| mask(text, &OfficialNumbers::default());
    assert_eq!(masked("张某 １３９ 1234 5678，湘A12345"), "张某 （手机号码略），（车牌号略）");
    assert_eq!(masked("请打12345。"), "请打12345。");
}

proptest! {
    #[test]
    fn findings_lie_inside_the_text_and_apart(text in "[\\PC 0-9x@湘Aa.-]{0,80}") {
        let length = text.chars().count();
        let mut end = 0;
        for finding in find(&text, &OfficialNumbers::default()) {
            prop_assert!(finding.start >= end && finding.start < finding.end && finding.end <= length);
            end = finding.end;
        }
    }

    #[test]
    fn a_mobile_number_is_found_between_any_words(
        before in "[^0-9０-９零〇一二三四五六七八九幺 .·()_–—-]{0,10}", number in "1[3-9][0-9]{9}", after in "[。，a-z的]{0,5}",
    ) {
        let text = format!("{before}{number}{after}");
        let findings = find(&text, &OfficialNumbers::default());
        let start = before.chars().count();
        let covered = findings.iter().any(|found| found.start <= start && found.end >= start + 11);
        prop_assert!(covered, "{text}: {findings:?}");
    }
}
