//! Amounts of time as rules write them, and the hour at which a day ends.

use std::fmt;
use std::str::FromStr;

use super::DeadlineError;

/// Minutes of a whole day.
const DAY_MINUTES: u16 = 24 * 60;

/// The unit of a limit. It is always stated, never inferred: a bare 「日」 in a document is a calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitUnit {
    /// `WD` 工作日.
    WorkingDays,
    /// `CD` 日, 自然日.
    CalendarDays,
    /// `MO` 月.
    Months,
    /// `H` 小时, by the wall clock.
    Hours,
}

impl LimitUnit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::WorkingDays, Self::CalendarDays, Self::Months, Self::Hours];

    /// The code written behind the amount.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WorkingDays => "WD",
            Self::CalendarDays => "CD",
            Self::Months => "MO",
            Self::Hours => "H",
        }
    }

    /// The largest amount accepted, about ten years. No rule comes near it; it bounds the work a wrong input can cause.
    pub const fn max_amount(self) -> u32 {
        match self {
            Self::WorkingDays => 2_500,
            Self::CalendarDays => 3_660,
            Self::Months => 120,
            Self::Hours => 87_840,
        }
    }
}

impl fmt::Display for LimitUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A time limit: `5WD`, `60CD`, `3MO`, `48H`. The amount lies between 1 and [`LimitUnit::max_amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    amount: u32,
    unit: LimitUnit,
}

impl Limit {
    /// A limit of this amount; an error when it is zero or too large.
    pub const fn new(amount: u32, unit: LimitUnit) -> Result<Self, DeadlineError> {
        if amount == 0 || amount > unit.max_amount() {
            return Err(DeadlineError::LimitAmount { unit });
        }
        Ok(Self { amount, unit })
    }

    /// A limit the program itself states. Not public: the amount is not checked.
    pub(super) const fn known(amount: u32, unit: LimitUnit) -> Self {
        Self { amount, unit }
    }

    /// How many units.
    pub const fn amount(self) -> u32 {
        self.amount
    }

    /// The unit.
    pub const fn unit(self) -> LimitUnit {
        self.unit
    }

    /// In Chinese: 「5个工作日」「60日」「3个月」「48小时」.
    pub fn zh(self) -> String {
        let unit = match self.unit {
            LimitUnit::WorkingDays => "个工作日",
            LimitUnit::CalendarDays => "日",
            LimitUnit::Months => "个月",
            LimitUnit::Hours => "小时",
        };
        format!("{}{unit}", self.amount)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit)
    }
}

impl FromStr for Limit {
    type Err = DeadlineError;

    /// Digits, then the unit's code in capitals or small letters.
    fn from_str(text: &str) -> Result<Self, DeadlineError> {
        let shape = || DeadlineError::LimitShape { text: text.chars().take(40).collect() };
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (amount, code) = text.split_at_checked(digits).ok_or_else(shape)?;
        let unit = LimitUnit::ALL.into_iter().find(|unit| unit.code().eq_ignore_ascii_case(code)).ok_or_else(shape)?;
        if amount.is_empty() {
            return Err(shape());
        }
        // Only digits are left, so the one way to fail is a number beyond 32 bits.
        let amount = amount.parse().map_err(|_| DeadlineError::LimitAmount { unit })?;
        Self::new(amount, unit)
    }
}

/// The time of day at which the last day of a limit ends.
///
/// By law 24:00, or when business ends where there are business hours; which of them holds is the rule's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndOfDay {
    /// Minutes after midnight, 1 to 1,440.
    minutes: u16,
}

impl EndOfDay {
    /// 24:00, the midnight that ends the day.
    pub const MIDNIGHT: Self = Self { minutes: DAY_MINUTES };

    /// The whole seconds from the day's first midnight to this time.
    pub(super) fn seconds(self) -> i64 {
        i64::from(self.minutes) * 60
    }
}

impl Default for EndOfDay {
    fn default() -> Self {
        Self::MIDNIGHT
    }
}

impl fmt::Display for EndOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl FromStr for EndOfDay {
    type Err = DeadlineError;

    /// `HH:MM`, from `00:01` to `24:00`.
    fn from_str(text: &str) -> Result<Self, DeadlineError> {
        let number = |part: &str| -> Option<u16> {
            let two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if two_digits { part.parse().ok() } else { None }
        };
        text.trim()
            .split_once(':')
            .and_then(|(hours, minutes)| Some((number(hours)?, number(minutes)?)))
            .filter(|(_, minutes)| *minutes < 60)
            .map(|(hours, minutes)| Self { minutes: hours * 60 + minutes })
            .filter(|end| (1..=DAY_MINUTES).contains(&end.minutes))
            .ok_or_else(|| DeadlineError::EndOfDayShape { text: text.chars().take(40).collect() })
    }
}
