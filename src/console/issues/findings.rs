//! What the privacy check finds in a text, as the pages show it: where it is, in its surroundings, with a way out.

use huiyin_domain::privacy::{self, Finding, OfficialNumbers};
use serde::Serialize;

/// The fields of an entry's text, with their words.
pub(super) const PARTS: [(&str, &str); 3] = [("question", "问题"), ("answer", "答复"), ("basis", "依据")];
/// Characters shown on each side of what was found.
const AROUND: usize = 8;

/// One place with personal data.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// The field it is in.
    part: &'static str,
    /// The field's word.
    label: &'static str,
    /// What it is.
    kind: &'static str,
    /// Names the place to [`mask`].
    place: String,
    /// What stands before it, the thing itself, and what follows.
    before: String,
    found: String,
    after: String,
}

/// Everything found in a text, in its order.
pub(super) fn of<'a>(text: impl Fn(&str) -> &'a str, official: &OfficialNumbers) -> Vec<Found> {
    let all = PARTS.iter().flat_map(|(part, label)| {
        let text = text(part);
        privacy::find(text, official).into_iter().map(|finding| found(part, label, text, finding)).collect::<Vec<_>>()
    });
    all.collect()
}

fn found(part: &'static str, label: &'static str, text: &str, finding: Finding) -> Found {
    let Finding { start, end, kind } = finding;
    let cut = |from: usize, to: usize| text.chars().skip(from).take(to.saturating_sub(from)).collect::<String>();
    Found {
        part,
        label,
        kind: kind.label(),
        place: format!("{part}:{start}:{end}"),
        before: cut(start.saturating_sub(AROUND), start),
        found: cut(start, end),
        after: cut(end, end.saturating_add(AROUND)),
    }
}

/// The field a place names, with its text after a word has taken the place of what was found there; none when nothing is
/// found there any more.
pub(super) fn mask<'a>(
    place: &str,
    text: impl Fn(&str) -> &'a str,
    official: &OfficialNumbers,
) -> Option<(&'static str, String)> {
    let (name, span) = place.split_once(':')?;
    let (start, end) = span.split_once(':')?;
    let (start, end): (usize, usize) = (start.parse().ok()?, end.parse().ok()?);
    let (part, _) = PARTS.iter().find(|(part, _)| *part == name)?;
    let text = text(part);
    let finding = privacy::find(text, official).into_iter().find(|found| (found.start, found.end) == (start, end))?;
    Some((part, finding.masked(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_told_and_can_be_masked_by_itself() {
        let text = |part: &str| match part {
            "answer" => "请打13912345678或13987654321。",
            _ => "",
        };
        let official = OfficialNumbers::default();
        let all = of(text, &official);
        let told: Vec<_> = all.iter().map(|found| (found.label, found.kind, found.found.as_str())).collect();
        assert_eq!(told, [("答复", "手机号码", "13912345678"), ("答复", "手机号码", "13987654321")]);
        assert_eq!((all[0].before.as_str(), all[1].after.as_str()), ("请打", "。"));
        let masked = mask(&all[1].place, text, &official);
        assert_eq!(masked, Some(("answer", "请打13912345678或（手机号码略）。".to_owned())));
        for gone in ["answer:0:3", "question:2:13", "title:0:1", "answer", "answer:x:1"] {
            assert_eq!(mask(gone, text, &official), None, "{gone}");
        }
    }
}
