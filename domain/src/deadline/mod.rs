//! Deadlines 时限: when an answer is due, and the day-by-day proof of it.
//!
//! [`compute`] is a pure function of a start, a limit, its extensions and pauses, and a calendar. The rules of counting:
//!
//! 1. The first day is not counted (《民法典》第201条).
//! 2. A limit in working days ends with its n-th working day; one in calendar days or months that ends on a rest day
//!    moves to the next working day (第203条) when the rule says so. Both dates are kept.
//! 3. A month ends on the same day number, or on the month's last day when it has none (第202条).
//! 4. Hours are wall-clock hours, nights and holidays included.
//! 5. The last day ends at 24:00, or when business ends (第203条).
//! 6. An extension adds to the original due date and must be granted before it. A pause stops the clock: whole days for
//!    limits in days, to the microsecond for hours. A reset is no feature here: it is a new start.
//! 7. Where the calendar's year is not loaded the result is *provisional* (暂估), never silent.

mod count;
mod explain;
mod limit;
mod pause;
mod proof;
mod remaining;
mod rules;
#[cfg(test)]
mod tests;
mod window;

pub use count::{Extension, MAX_DAYS, Request, Roll, compute};
pub use explain::{ExplainedDay, Explanation, explain_zh};
pub use limit::{EndOfDay, Limit, LimitUnit};
pub use pause::Pause;
pub use proof::{CountedDay, DayReason, Proof};
pub use remaining::{Remaining, Reminder, ReminderKind, remaining, reminders};
pub use rules::{DeadlineRule, Effective, Level, LevelDeadline, Owed, REQUEST_TYPES, RuleSet, Stage};
pub use window::{DueWindow, DueWindows};

use crate::time::Instant;

/// A limit that cannot be read, or a deadline that cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// A text that is not a limit.
    #[error("`{text}` is not a time limit (expected a whole number and a unit: 5WD, 60CD, 3MO or 48H)")]
    LimitShape {
        /// What was handed in, cut.
        text: String,
    },
    /// An amount of zero, or beyond ten years.
    #[error("a limit in {unit} must be from 1 to {max}", max = unit.max_amount())]
    LimitAmount {
        /// The unit asked for.
        unit: LimitUnit,
    },
    /// A text that is not an end of day.
    #[error("`{text}` is not an end of day (expected HH:MM from 00:01 to 24:00, such as 17:30)")]
    EndOfDayShape {
        /// What was handed in, cut.
        text: String,
    },
    /// An extension granted when the time was already up.
    #[error("the extension was granted at {granted_at}, after the due time {due}")]
    ExtensionAfterDue {
        /// When it was granted.
        granted_at: Instant,
        /// The end of the time limit it should have extended.
        due: Instant,
    },
    /// An extension granted before the clock started, so one of an earlier count.
    #[error("the extension was granted at {granted_at}, before the clock started at {start}")]
    ExtensionBeforeStart {
        /// When it was granted.
        granted_at: Instant,
        /// The start of the clock.
        start: Instant,
    },
    /// Hours added to a limit in days, or days to one in hours.
    #[error("a limit in {base} cannot be extended in {extension}")]
    ExtensionUnit {
        /// The unit of the limit.
        base: LimitUnit,
        /// The unit of the extension.
        extension: LimitUnit,
    },
    /// A pause that ends before it begins.
    #[error("the pause ends at {to}, before it begins at {from}")]
    PauseReversed {
        /// Its beginning.
        from: Instant,
        /// Its end.
        to: Instant,
    },
    /// A count that goes on for more than [`MAX_DAYS`] days.
    #[error("the deadline lies more than {MAX_DAYS} days after its start")]
    TooLong,
    /// A time outside the years the program can express.
    #[error("the time lies outside the years that can be expressed")]
    OutOfRange,
    /// A rule that contradicts itself.
    #[error("rule `{id}`: {problem}")]
    Rule {
        /// The rule's id.
        id: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl DeadlineError {
    /// The stable code of this refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LimitShape { .. } => "limit_shape",
            Self::LimitAmount { .. } => "limit_amount",
            Self::EndOfDayShape { .. } => "end_of_day_shape",
            Self::ExtensionAfterDue { .. } => "extension_after_due",
            Self::ExtensionBeforeStart { .. } => "extension_before_start",
            Self::ExtensionUnit { .. } => "extension_unit",
            Self::PauseReversed { .. } => "pause_reversed",
            Self::TooLong => "deadline_too_long",
            Self::OutOfRange => "time_out_of_range",
            Self::Rule { .. } => "rule_invalid",
        }
    }

    /// What to tell the user, and what to do next.
    pub const fn message_zh(&self) -> &'static str {
        match self {
            Self::LimitShape { .. } => {
                "时限格式不对。请写成数字加单位：5WD（工作日）、60CD（自然日）、3MO（月）或48H（小时）。"
            }
            Self::LimitAmount { .. } => "时限数值超出范围。请填写1以上、不超过十年的时限。",
            Self::EndOfDayShape { .. } => "每日截止时刻格式不对。请写成17:30、18:00或24:00。",
            Self::ExtensionAfterDue { .. } => "已过原到期时间，不能再延期。请尽快答复，并按超期说明原因。",
            Self::ExtensionBeforeStart { .. } => {
                "延期批准时间早于起算时间。请核对延期记录；重新起算后，原延期不再有效，需重新申请。"
            }
            Self::ExtensionUnit { .. } => "延期单位与原时限不一致。按小时计的时限请按小时延期，按日计的请按日延期。",
            Self::PauseReversed { .. } => "暂停的结束时间早于开始时间。请核对暂停记录。",
            Self::TooLong => "到期日距起算日超过二十年，无法计算。请核对时限、延期和暂停记录。",
            Self::OutOfRange => "时间超出可计算的范围。请核对起算时间。",
            Self::Rule { .. } => "时限规则有误。请系统管理员核对规则的编号、适用类型和生效日期。",
        }
    }
}
