//! Addresses and plates: words with a shape.

use super::{Finding, Kind};

/// The first character of a plate: the short name of a province.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// What may stand at the end of a plate in place of its last digit.
const PLATE_ENDS: &str = "挂学警港澳";
/// What people write between a plate's two parts.
const PLATE_GAPS: &str = " ·•.-";

/// E-mail addresses.
pub(super) fn emails(folded: &[char]) -> Vec<Finding> {
    let is_local = |c: &char| c.is_ascii_alphanumeric() || "._%+-".contains(*c);
    let is_domain = |c: &char| c.is_ascii_alphanumeric() || ".-".contains(*c);
    let at_signs = folded.iter().enumerate().filter(|(_, c)| **c == '@').map(|(at, _)| at);
    let found = at_signs.filter_map(|at| {
        let before = folded.get(..at)?.iter().rev().take_while(|c| is_local(c)).count();
        let domain: String = folded.get(at + 1..)?.iter().take_while(|c| is_domain(c)).collect();
        // A sentence may end right behind the address.
        let domain = domain.trim_end_matches(['.', '-']);
        let named = domain.split_once('.').is_some_and(|(host, rest)| !host.is_empty() && !rest.is_empty());
        (before > 0 && named).then(|| Finding { start: at - before, end: at + 1 + domain.len(), kind: Kind::Email })
    });
    found.collect()
}

/// Number plates; one that is masked already has too few letters and digits left to be found.
pub(super) fn plates(folded: &[char]) -> Vec<Finding> {
    let provinces = folded.iter().enumerate().filter(|(_, c)| PROVINCES.contains(**c));
    provinces.filter_map(|(start, _)| plate_at(folded, start)).collect()
}

fn plate_at(folded: &[char], start: usize) -> Option<Finding> {
    folded.get(start + 1).filter(|c| c.is_ascii_lowercase())?;
    let gap = folded.get(start + 2..)?.iter().take_while(|c| PLATE_GAPS.contains(**c)).count();
    let first = start + 2 + gap;
    let tail: Vec<char> = folded.get(first..)?.iter().copied().take_while(char::is_ascii_alphanumeric).collect();
    let ended = folded.get(first + tail.len()).is_some_and(|c| PLATE_ENDS.contains(*c));
    let length = tail.len() + usize::from(ended);
    let is_plate = gap <= 1 && matches!(length, 5 | 6) && tail.iter().any(char::is_ascii_digit);
    is_plate.then_some(Finding { start, end: first + length, kind: Kind::Plate })
}
