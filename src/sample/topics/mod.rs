//! What people write about to a natural-resources bureau, and which unit answers.

use super::message::Kind;

mod affairs;
mod land;
mod nature;
mod planning;

/// One subject. The texts hold slots, see [`super::words::fill`].
#[derive(Debug)]
pub(super) struct Topic {
    /// Its name.
    pub(super) name: &'static str,
    /// The unit that answers.
    pub(super) unit: &'static str,
    /// Whether it is urgent by its nature.
    pub(super) urgent: bool,
    /// What kinds of messages it draws; one named twice comes twice as often.
    pub(super) kinds: &'static [Kind],
    /// Noun phrases for titles that any subject can have.
    pub(super) matters: &'static [&'static str],
    /// Titles of its own.
    pub(super) titles: &'static [&'static str],
    /// Sentences telling what happened.
    pub(super) facts: &'static [&'static str],
    /// Sentences of the answer telling what was found.
    pub(super) findings: &'static [&'static str],
    /// The sentence of the answer that names the law.
    pub(super) basis: &'static str,
}

/// All subjects, in groups: land, planning, nature, affairs of the office.
pub(super) const GROUPS: [&[Topic]; 4] = [land::TOPICS, planning::TOPICS, nature::TOPICS, affairs::TOPICS];

/// How many subjects there are.
pub(super) fn count() -> usize {
    GROUPS.iter().map(|group| group.len()).sum()
}

/// The subject at `position`, counted through the groups.
pub(super) fn at(position: usize) -> Option<&'static Topic> {
    GROUPS.iter().flat_map(|group| group.iter()).nth(position)
}
