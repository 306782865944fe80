//! What templates are given: the schema's answers, in the words and numbers of the page.

use serde::{Deserialize, Serialize};

use crate::page::when::{self, civil, grouped};

/// Characters of an entry's id in its anchor: the random end of the UUID.
const ANCHOR_CHARS: usize = 12;

/// What every page needs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Page {
    /// The address without its query.
    pub(super) path: String,
    /// What links inside the site end in, so that the large text stays: empty or `?text=large`.
    pub(super) query: &'static str,
    /// Whether the visitor asked for large text.
    pub(super) large: bool,
    /// Where to go back to from a page that is not published.
    pub(super) preview: Option<String>,
    /// Whether there is a form to write into.
    pub(super) writes: bool,
    /// Whether there may be letters to follow.
    pub(super) follows: bool,
}

/// A point in time in the forms pages use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct When {
    /// For programs: RFC 3339.
    machine: String,
    /// `2026-10-09 08:30`, as government pages show it.
    minute: String,
}

impl When {
    pub(super) fn new(text: &str) -> Self {
        Self { machine: text.to_owned(), minute: when::minute(text) }
    }
}

/// A day in the forms pages use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Day {
    /// For programs: `2026-10-09`.
    machine: String,
    /// `10月9日`, with the year where it is not the issue's.
    day: String,
}

impl Day {
    fn new(text: &str, year: &str) -> Self {
        let Some(at) = civil(text) else { return Self { machine: text.to_owned(), day: text.to_owned() } };
        let day = format!("{}月{}日", at.month(), at.day());
        let day = if at.year().to_string() == year { day } else { format!("{}年{day}", at.year()) };
        Self { machine: at.date().to_string(), day }
    }
}

/// The answer to `months.graphql`.
#[derive(Debug, Deserialize)]
pub(super) struct MonthsAnswer {
    months: Vec<PublishedMonth>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishedMonth {
    month: String,
    title: String,
    published_at: String,
}

/// A month in a list.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ListedMonth {
    month: String,
    title: String,
    published_at: When,
}

impl From<MonthsAnswer> for Vec<ListedMonth> {
    fn from(answer: MonthsAnswer) -> Self {
        let months = answer.months.into_iter().map(|month| {
            let published_at = When::new(&month.published_at);
            ListedMonth { month: month.month, title: month.title, published_at }
        });
        months.collect()
    }
}

/// The answer to `hot.graphql`.
#[derive(Debug, Deserialize)]
pub(super) struct HotAnswer {
    pub(super) issue: Option<IssueAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueAnswer {
    month: String,
    title: String,
    published_at: String,
    pub(super) updated_at: String,
    received: i64,
    consults: i64,
    drafters: Vec<String>,
    reviewers: Vec<String>,
    publisher: Option<String>,
    entries: Vec<EntryAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryAnswer {
    id: String,
    question: String,
    answer: String,
    basis: String,
    asked_at: String,
    replied_at: String,
    unit_name: Option<String>,
}

/// A month's page.
#[derive(Debug, Serialize)]
pub(super) struct Issue {
    title: String,
    published_at: When,
    updated_at: When,
    received: String,
    consults: String,
    drafters: Vec<String>,
    reviewers: Vec<String>,
    publisher: Option<String>,
    entries: Vec<Entry>,
}

/// One question with its answer.
#[derive(Debug, Serialize)]
struct Entry {
    anchor: String,
    heading: String,
    /// The question's paragraphs below the heading.
    question: Vec<String>,
    answer: Vec<String>,
    basis: String,
    asked_on: Day,
    replied_on: Day,
    unit: Option<String>,
}

impl From<IssueAnswer> for Issue {
    fn from(issue: IssueAnswer) -> Self {
        let year = issue.month.split('-').next().unwrap_or_default();
        let entries = issue.entries.into_iter().map(|entry| {
            let mut question = paragraphs(&entry.question).into_iter();
            Entry {
                anchor: anchor(&entry.id),
                heading: question.next().unwrap_or_default(),
                question: question.collect(),
                answer: paragraphs(&entry.answer),
                basis: entry.basis.trim().to_owned(),
                asked_on: Day::new(&entry.asked_at, year),
                replied_on: Day::new(&entry.replied_at, year),
                unit: entry.unit_name,
            }
        });
        Self {
            entries: entries.collect(),
            title: issue.title,
            published_at: When::new(&issue.published_at),
            updated_at: When::new(&issue.updated_at),
            received: grouped(issue.received),
            consults: grouped(issue.consults),
            drafters: issue.drafters,
            reviewers: issue.reviewers,
            publisher: issue.publisher,
        }
    }
}

/// The lines of a text that say something.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The same for the life of the entry, whatever is published or retracted around it.
fn anchor(id: &str) -> String {
    let end = id.chars().count().saturating_sub(ANCHOR_CHARS);
    format!("q-{}", id.chars().skip(end).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_shown_as_on_government_pages() {
        let text = "2026-11-05T09:00:00+08:00";
        assert_eq!(When::new(text).minute, "2026-11-05 09:00");
        assert_eq!(Day::new(text, "2026").day, "11月5日");
        assert_eq!(Day::new(text, "2027").day, "2026年11月5日");
        assert_eq!(Day::new(text, "2026").machine, "2026-11-05");
        assert_eq!(When::new("no time").minute, "no time");
    }

    #[test]
    fn the_first_line_is_the_heading_and_anchors_are_safe() {
        assert_eq!(paragraphs(" 一\n\n 二 \r\n"), ["一", "二"]);
        assert_eq!(paragraphs(""), [] as [&str; 0]);
        assert_eq!(anchor("entry:01980000-0000-7000-8000-0123456789ab"), "q-0123456789ab");
        assert_eq!(anchor(""), "q-");
    }
}
