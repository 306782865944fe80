//! One invented message, before a source gives it its columns.

use jiff::civil::DateTime;

/// The request type 诉求类型 the sender chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// 咨询
    Consult,
    /// 求助
    Help,
    /// 投诉
    Complaint,
    /// 举报
    Report,
    /// 建议
    Suggestion,
    /// 表扬
    Praise,
    /// 其他
    #[default]
    Other,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Consult, Self::Help, Self::Complaint, Self::Report, Self::Suggestion, Self::Praise, Self::Other];

    /// As sources print it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Consult => "咨询",
            Self::Help => "求助",
            Self::Complaint => "投诉",
            Self::Report => "举报",
            Self::Suggestion => "建议",
            Self::Praise => "表扬",
            Self::Other => "其他",
        }
    }
}

/// The official answer a message got at its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// When, on a clock in China.
    pub at: DateTime,
    /// Which unit.
    pub unit: &'static str,
    /// The text.
    pub text: String,
    /// Whether it only holds the sender off (已收悉, 已转…).
    pub holding: bool,
}

/// Something real sources do to a cell that a reader must see through: the row is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dirt {
    /// The date is written in another shape than its neighbours; which one.
    DateShape(DateShape),
    /// Title and text begin and end with tabs, line feeds, no-break and ideographic spaces.
    Spaces,
    /// The digits of the text are full-width.
    FullWidth,
    /// The text holds HTML tags and entities.
    Html,
    /// 保密 stands for name and number.
    Secret,
    /// The answer is dated before the question.
    AnsweredBefore,
}

impl Dirt {
    /// Every sort, one date shape for each.
    pub const ALL: [Self; 11] = [
        Self::DateShape(DateShape::Slashes),
        Self::DateShape(DateShape::Minutes),
        Self::DateShape(DateShape::Chinese),
        Self::DateShape(DateShape::MonthFirst),
        Self::DateShape(DateShape::UnixSeconds),
        Self::DateShape(DateShape::JavaMillis),
        Self::Spaces,
        Self::FullWidth,
        Self::Html,
        Self::Secret,
        Self::AnsweredBefore,
    ];

    /// What to call it in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DateShape(_) => "date in another shape",
            Self::Spaces => "leading tabs, line feeds, odd spaces",
            Self::FullWidth => "full-width digits",
            Self::Html => "HTML tags and entities",
            Self::Secret => "保密 for name and number",
            Self::AnsweredBefore => "answer dated before the question",
        }
    }
}

/// How a date is written when it is not written as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateShape {
    /// `2026/8/9 9:05:33`
    Slashes,
    /// `2026-08-19 09:05`
    Minutes,
    /// `2026年8月9日`
    Chinese,
    /// `08/19/2026 09:05`; only for days after the 12th, which can be read in one way only.
    MonthFirst,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    JavaMillis,
}

/// Why a row cannot become an item and must be held for repair, with its raw cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unreadable {
    /// Neither title nor text.
    NoText,
    /// The date of the message is 2026-02-31 25:61.
    ImpossibleDate,
    /// The date of the message is blank: no clock can start.
    NoDate,
}

impl Unreadable {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::NoText, Self::ImpossibleDate, Self::NoDate];

    /// What to call it in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoText => "no text at all",
            Self::ImpossibleDate => "date 2026-02-31 25:61",
            Self::NoDate => "no date",
        }
    }
}

/// One invented message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleMessage {
    /// 1, 2, 3 … within its set.
    pub number: u64,
    /// Who wrote it: a full name.
    pub sender: String,
    /// Whether the sender is a woman.
    pub female: bool,
    /// The sender's mobile number, in a range that belongs to nobody.
    pub phone: String,
    /// The request type.
    pub kind: Kind,
    /// The subject.
    pub topic: &'static str,
    /// The unit that should answer.
    pub unit: &'static str,
    /// Whether the subject is urgent by its nature.
    pub urgent: bool,
    /// District and town: `苇南区云梭镇`.
    pub place: String,
    /// Road or village with a number.
    pub address: String,
    /// 8 to 30 characters.
    pub title: String,
    /// Usually 80 to 400 characters.
    pub body: String,
    /// When it came in, on a clock in China.
    pub asked_at: DateTime,
    /// The answer, if the source shows one.
    pub answer: Option<Answer>,
    /// Readers who voted against it.
    pub votes_against: u64,
    /// Readers who voted for it.
    pub votes_for: u64,
    /// The earlier message whose title and text this one repeats exactly.
    pub repeats: Option<u64>,
    /// What was done to its cells.
    pub dirt: Option<Dirt>,
    /// Why an importer must hold it.
    pub unreadable: Option<Unreadable>,
}
