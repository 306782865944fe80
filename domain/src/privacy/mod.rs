//! Finding personal data in a text that is to become public (domain rules 4.4).
//!
//! What is found here is *obvious*: numbers and addresses with a shape of their own. Names, places and rare combinations
//! are for the people who review. The search prefers finding too much: a person can reword an innocent number, but nobody
//! can take back a published one.

mod marks;
mod mask;
mod numbers;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use mask::{mask_contact, mask_name};

use crate::access::coded::coded;
use crate::text::fold::fold_char;

coded! {
    /// What kind of personal data was found.
    Kind {
        /// A mobile number: `1[3-9]` and nine digits, also spaced, dashed, full-width or in Chinese numerals.
        Mobile = "mobile" "手机号码",
        /// An identity number of 18 places whose check digit is right (GB 11643-1999).
        IdCard = "id_card" "身份证号",
        /// A landline number with its area code.
        Landline = "landline" "固定电话",
        /// An e-mail address.
        Email = "email" "电子邮箱",
        /// A number plate, also a new-energy one (GA 36-2018).
        Plate = "plate" "车牌号",
    }
}

/// One place with personal data, in characters of the text as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The first character, counted from zero.
    pub start: usize,
    /// The character after the last.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// Numbers that may be published although they look like somebody's: the office's own lines.
///
/// Short service numbers such as 12345 and 12336 need no entry: they are shorter than any personal number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficialNumbers(BTreeSet<String>);

impl OfficialNumbers {
    /// From the numbers as people write them; everything but digits is dropped.
    pub fn new<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Self {
        let digits = |number: &str| number.chars().map(fold_char).filter(char::is_ascii_digit).collect();
        Self(numbers.into_iter().map(digits).collect())
    }

    fn contains(&self, digits: &str) -> bool {
        self.0.contains(digits)
    }
}

/// Every obvious piece of personal data, in the order of the text; findings do not overlap.
pub fn find(text: &str, official: &OfficialNumbers) -> Vec<Finding> {
    let folded: Vec<char> = text.chars().map(fold_char).collect();
    let mut findings = numbers::find(&folded, official);
    findings.extend(marks::emails(&folded));
    findings.extend(marks::plates(&folded));
    findings.sort_unstable();
    let mut end = 0;
    findings.retain(|finding| {
        let apart = finding.start >= end;
        if apart {
            end = finding.end;
        }
        apart
    });
    findings
}

impl Finding {
    /// The text with a word in the place of what was found, such as `（手机号码略）`.
    pub fn masked(&self, text: &str) -> String {
        let before: String = text.chars().take(self.start).collect();
        let after: String = text.chars().skip(self.end).collect();
        format!("{before}（{}略）{after}", self.kind.label())
    }
}

/// The text with a word in the place of every obvious piece of personal data.
pub fn mask(text: &str, official: &OfficialNumbers) -> String {
    let findings = find(text, official);
    // From the end, so that what was found further ahead stays where it is.
    findings.iter().rev().fold(text.to_owned(), |text, finding| finding.masked(&text))
}
