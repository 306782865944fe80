//! Telephone and identity numbers, however they are spaced.

use super::{Finding, Kind, OfficialNumbers};

/// What people put between the digits of one number.
const GAPS: &str = " -.·()_–—";
/// At most so many gap characters stand between two digits of one number.
const WIDEST_GAP: usize = 2;
/// More digits than any number has with its prefix: a long run costs no more than its length.
const WINDOW: usize = 24;
/// What may stand before a number without belonging to it: the country's code, a trunk zero.
const PREFIXES: [&str; 4] = ["", "86", "0086", "0"];
/// Weights of the first 17 places of an identity number (GB 11643-1999, ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check character for each remainder of that sum.
const CHECKS: &str = "10x98765432";

/// A digit and where it stands.
#[derive(Clone, Copy)]
struct Digit {
    value: char,
    at: usize,
}

/// Telephone and identity numbers in a folded text.
pub(super) fn find(folded: &[char], official: &OfficialNumbers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in runs(folded) {
        let mut next = 0;
        while next < run.len() {
            let window = run.get(next..run.len().min(next + WINDOW)).unwrap_or_default();
            let number = if starts_group(&run, next) { number_at(window, folded, official) } else { None };
            next += number.map_or(1, |(length, _)| length);
            findings.extend(number.and_then(|(_, finding)| finding));
        }
    }
    findings
}

/// The digit a character stands for: `0` to `9`, or a Chinese numeral as it is read out on the telephone.
fn digit(c: char) -> Option<char> {
    const NUMERALS: &str = "零一二三四五六七八九";
    match c {
        '0'..='9' => Some(c),
        '〇' => Some('0'),
        '幺' => Some('1'),
        _ => NUMERALS.chars().zip('0'..='9').find_map(|(numeral, value)| (numeral == c).then_some(value)),
    }
}

/// The digits of the text, cut where more than a gap lies between two of them.
fn runs(folded: &[char]) -> Vec<Vec<Digit>> {
    let mut runs: Vec<Vec<Digit>> = Vec::new();
    let mut gap = usize::MAX;
    for (at, c) in folded.iter().enumerate() {
        if let Some(value) = digit(*c) {
            match runs.last_mut() {
                Some(run) if gap <= WIDEST_GAP => run.push(Digit { value, at }),
                _ => runs.push(vec![Digit { value, at }]),
            }
            gap = 0;
        } else {
            gap = if GAPS.contains(*c) { gap.saturating_add(1) } else { usize::MAX };
        }
    }
    runs
}

/// Whether the digit is the first of those that stand side by side.
fn starts_group(run: &[Digit], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| run.get(before));
    before.is_none_or(|before| run.get(index).is_some_and(|digit| digit.at > before.at + 1))
}

/// The number that begins with the first digit: how many digits it takes, and what it is unless it is an official one.
fn number_at(run: &[Digit], folded: &[char], official: &OfficialNumbers) -> Option<(usize, Option<Finding>)> {
    let start = run.first()?.at;
    if let Some((length, end)) = identity_at(run, folded) {
        return Some((length, Some(Finding { start, end, kind: Kind::IdCard })));
    }
    let digits: String = run.iter().map(|digit| digit.value).collect();
    let (length, kind, number) = PREFIXES.iter().find_map(|prefix| {
        let number = digits.strip_prefix(prefix)?;
        telephone_lengths(number).find_map(|(length, kind)| {
            let taken = prefix.len() + length;
            starts_group_or_ends(run, taken).then_some((taken, kind, number.get(..length)?))
        })
    })?;
    let end = run.get(length - 1)?.at + 1;
    Some((length, (!official.contains(number)).then_some(Finding { start, end, kind })))
}

fn starts_group_or_ends(run: &[Digit], index: usize) -> bool {
    index == run.len() || (index < run.len() && starts_group(run, index))
}

/// How many of the leading digits can be a telephone number, the longest first.
fn telephone_lengths(digits: &str) -> impl Iterator<Item = (usize, Kind)> {
    let mut bytes = digits.bytes();
    let lengths: &[(usize, Kind)] = match (bytes.next(), bytes.next()) {
        (Some(b'1'), Some(b'3'..=b'9')) => &[(11, Kind::Mobile)],
        // Three digits of area code and eight, as in 010 and 02x.
        (Some(b'0'), Some(b'1' | b'2')) => &[(11, Kind::Landline)],
        // Four digits of area code and seven or eight.
        (Some(b'0'), Some(b'3'..=b'9')) => &[(12, Kind::Landline), (11, Kind::Landline)],
        _ => &[],
    };
    lengths.iter().copied().filter(move |(length, _)| *length <= digits.len())
}

/// An identity number: how many digits it takes and where it ends (the check character may be an X).
fn identity_at(run: &[Digit], folded: &[char]) -> Option<(usize, usize)> {
    let body = run.get(..WEIGHTS.len())?;
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| digit.value.to_digit(10).unwrap_or(0) * weight).sum();
    let check = CHECKS.chars().nth((sum % 11) as usize)?;
    let last = body.last()?.at;
    if check == 'x' {
        let follows = |at: usize| folded.get(at).is_some_and(|c| *c == 'x');
        let after = if follows(last + 1) { last + 1 } else { last + 2 };
        let gap = after == last + 1 || folded.get(last + 1).is_some_and(|c| GAPS.contains(*c));
        return (gap && follows(after)).then_some((WEIGHTS.len(), after + 1));
    }
    let digit = run.get(WEIGHTS.len()).filter(|digit| digit.value == check)?;
    starts_group_or_ends(run, WEIGHTS.len() + 1).then_some((WEIGHTS.len() + 1, digit.at + 1))
}
