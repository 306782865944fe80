//! Deadline rules: which limit holds for which message, by whose authority.
//!
//! Three layers are kept apart: the law (a floor nobody can move), the measure the bureau is scored on, and the bureau's
//! own promise. All are data with a version and dates of effect. The deadline that binds is the earliest of them; each
//! level keeps its own proof, because a page shows 法定, 考核 and 内控 side by side.

use jiff::civil::{Date, date};

use super::{DeadlineError, EndOfDay, Extension, Limit, LimitUnit, Pause, Proof, Request, Roll, compute};
use crate::calendar::WorkCalendar;
use crate::time::Instant;

/// The codes of request types a rule may name: 咨询, 求助, 投诉, 举报, 建议, 表扬, 其他.
pub const REQUEST_TYPES: [&str; 7] = ["consult", "help", "complaint", "report", "suggestion", "praise", "other"];

/// The step a limit is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 签收: the unit accepts the assignment.
    Sign,
    /// 首次联系: the citizen is contacted.
    FirstContact,
    /// 退单: the unit says it is not theirs.
    Return,
    /// 答复: the citizen is answered.
    Reply,
}

impl Stage {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::FirstContact => "first_contact",
            Self::Return => "return",
            Self::Reply => "reply",
        }
    }
}

/// Whose rule it is, from the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// National law, or a national document that binds like it.
    Law,
    /// The province's measure.
    Province,
    /// The city's measure.
    City,
    /// The bureau's own promise.
    Bureau,
}

impl Level {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Province => "province",
            Self::City => "city",
            Self::Bureau => "bureau",
        }
    }

    /// What pages call it: 法定, 考核 (province and city) or 内控.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Law => "法定",
            Self::Province | Self::City => "考核",
            Self::Bureau => "内控",
        }
    }
}

/// One limit and what it applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineRule {
    /// The rule's own name, the same through its versions.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// The source it applies to; any when `None`.
    pub source: Option<String>,
    /// The request type it applies to, one of [`REQUEST_TYPES`]; any when `None`.
    pub request_type: Option<String>,
    /// The step it limits.
    pub stage: Stage,
    /// How long.
    pub limit: Limit,
    /// What becomes of a last day that is a rest day.
    pub roll: Roll,
    /// When the last day ends.
    pub end_of_day: EndOfDay,
    /// Whose rule it is.
    pub level: Level,
    /// Whether an approved extension or pause moves it. A floor set from outside does not move.
    pub extendable: bool,
    /// What it rests on, in words that can be shown: a document, a practice or our default, and what is unconfirmed.
    pub legal_basis: String,
    /// The first start date it applies to.
    pub effective_from: Date,
    /// The last start date it applies to; without end when `None`.
    pub effective_to: Option<Date>,
}

impl DeadlineRule {
    /// Whether it speaks about this step of this kind of message, started on that day.
    fn applies(&self, source: &str, request_type: &str, stage: Stage, on: Date) -> bool {
        let names = |named: &Option<String>, asked: &str| named.as_deref().is_none_or(|named| named == asked);
        self.stage == stage
            && names(&self.source, source)
            && names(&self.request_type, request_type)
            && self.effective_from <= on
            && self.effective_to.is_none_or(|last| on <= last)
    }

    /// Of two rules of one level, the one that names the source wins, then the one that names the type, then the newer.
    fn precedence(&self) -> impl Ord + '_ {
        (self.source.is_some(), self.request_type.is_some(), self.effective_from, self.version, &self.id)
    }

    /// Refuses a rule that contradicts itself.
    fn check(&self) -> Result<(), DeadlineError> {
        let refuse = |problem| Err(DeadlineError::Rule { id: self.id.chars().take(40).collect(), problem });
        if self.request_type.as_deref().is_some_and(|code| !REQUEST_TYPES.contains(&code)) {
            return refuse("unknown request type");
        }
        if self.effective_to.is_some_and(|last| last < self.effective_from) {
            return refuse("it ends before it takes effect");
        }
        if self.legal_basis.trim().is_empty() {
            return refuse("it states no basis");
        }
        Ok(())
    }
}

/// What is owed: the step of a message whose deadline is asked, and what happened to its clock.
#[derive(Debug, Clone, Copy)]
pub struct Owed<'a> {
    /// The source the message came from.
    pub source: &'a str,
    /// The code of its request type.
    pub request_type: &'a str,
    /// The step.
    pub stage: Stage,
    /// When the clock of that step started.
    pub start: Instant,
    /// Extensions granted; they move the levels that can be extended.
    pub extensions: &'a [Extension],
    /// Pauses approved; they move the levels that can be extended.
    pub pauses: &'a [Pause],
}

/// The deadline one level sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelDeadline {
    /// The rule that applies at this level.
    pub rule: DeadlineRule,
    /// Its deadline.
    pub proof: Proof,
}

/// The deadlines of all levels that have one, and the one that binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The earliest; of two at one instant that of the higher level.
    pub binding: LevelDeadline,
    /// One a level, from the highest, the binding one among them.
    pub levels: Vec<LevelDeadline>,
}

/// Rules with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    version: String,
    rules: Vec<DeadlineRule>,
}

impl RuleSet {
    /// A set of rules; an error when one contradicts itself or two share id and version.
    pub fn new(version: &str, rules: Vec<DeadlineRule>) -> Result<Self, DeadlineError> {
        let mut seen = std::collections::BTreeSet::new();
        for rule in &rules {
            rule.check()?;
            if !seen.insert((&rule.id, rule.version)) {
                let id = rule.id.chars().take(40).collect();
                return Err(DeadlineError::Rule { id, problem: "its version is listed twice" });
            }
        }
        Ok(Self { version: version.to_owned(), rules })
    }

    /// The rules shipped with the program, for a city whose own rules are not loaded.
    ///
    /// Only the floor of three months is a national rule. The rest are defaults within common 12345 practice; their basis
    /// says so on each, and they must be confirmed against the city's own measure before they are shown as anything else.
    pub fn builtin() -> Self {
        Self { version: "builtin-1".to_owned(), rules: builtin_rules() }
    }

    /// The version text, to be kept with whatever was computed from these rules.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All rules.
    pub fn rules(&self) -> &[DeadlineRule] {
        &self.rules
    }

    /// The rules that apply to a step started on a day: at most one a level, from the highest level.
    ///
    /// Within a level the more specific rule displaces the general one.
    pub fn applicable(&self, source: &str, request_type: &str, stage: Stage, on: Date) -> Vec<&DeadlineRule> {
        [Level::Law, Level::Province, Level::City, Level::Bureau]
            .into_iter()
            .filter_map(|level| {
                self.rules
                    .iter()
                    .filter(|rule| rule.level == level && rule.applies(source, request_type, stage, on))
                    .max_by(|a, b| a.precedence().cmp(&b.precedence()))
            })
            .collect()
    }

    /// The deadlines of what is owed; `None` when no rule applies.
    ///
    /// An extension is refused as soon as one level it would move was already due when it was granted.
    pub fn effective(&self, owed: &Owed<'_>, calendar: &WorkCalendar) -> Result<Option<Effective>, DeadlineError> {
        let on = owed.start.date().ok_or(DeadlineError::OutOfRange)?;
        let levels = self
            .applicable(owed.source, owed.request_type, owed.stage, on)
            .into_iter()
            .map(|rule| level_deadline(rule, owed, calendar))
            .collect::<Result<Vec<_>, _>>()?;
        // The levels come from the highest down, and the first of equals is taken.
        let binding = levels.iter().min_by_key(|level| level.proof.due).cloned();
        Ok(binding.map(|binding| Effective { binding, levels }))
    }
}

/// The deadline one rule sets.
fn level_deadline(
    rule: &DeadlineRule,
    owed: &Owed<'_>,
    calendar: &WorkCalendar,
) -> Result<LevelDeadline, DeadlineError> {
    let (extensions, pauses) = if rule.extendable { (owed.extensions, owed.pauses) } else { (&[][..], &[][..]) };
    let request = Request {
        start: owed.start,
        limit: rule.limit,
        end_of_day: rule.end_of_day,
        roll: rule.roll,
        extensions,
        pauses,
    };
    Ok(LevelDeadline { rule: rule.clone(), proof: compute(&request, calendar)? })
}

/// The shipped rules. In the texts 〔待核实〕 marks what rests on common knowledge, not on a document that was read.
fn builtin_rules() -> Vec<DeadlineRule> {
    let default = |id: &str, request_type: Option<&str>, stage, days, legal_basis: &str| DeadlineRule {
        id: id.to_owned(),
        version: 1,
        source: None,
        request_type: request_type.map(str::to_owned),
        stage,
        limit: Limit::known(days, LimitUnit::WorkingDays),
        roll: Roll::NextWorkday,
        end_of_day: EndOfDay::MIDNIGHT,
        level: Level::Bureau,
        extendable: true,
        legal_basis: legal_basis.to_owned(),
        effective_from: date(1970, 1, 1),
        effective_to: None,
    };
    let floor = DeadlineRule {
        limit: Limit::known(3, LimitUnit::Months),
        // Whoever looks for unanswered messages counts three months bare, so the floor does not move to a working day.
        roll: Roll::None,
        level: Level::Law,
        extendable: false,
        effective_from: date(2019, 4, 1),
        ..default(
            "national-floor",
            None,
            Stage::Reply,
            1,
            "国办秘函〔2019〕19号：网站政务咨询类留言超过3个月未答复的，单项否决（据转载的检查表文本；生效日期〔待核实〕）。其他渠道参照执行，系系统缺省。",
        )
    };
    vec![
        floor,
        default(
            "default-reply-consult",
            Some("consult"),
            Stage::Reply,
            5,
            "系统缺省，非法定：咨询5个工作日，取各地12345通行做法（1至5个工作日）〔待核实〕。请以本市办法为准。",
        ),
        default(
            "default-reply",
            None,
            Stage::Reply,
            10,
            "系统缺省，非法定：求助、投诉、举报、建议等10个工作日，取各地12345通行做法（5至15个工作日）〔待核实〕。请以本市办法为准。",
        ),
        default(
            "default-sign",
            None,
            Stage::Sign,
            1,
            "系统缺省，非法定：签收1个工作日；各地多为2至4个工作小时或当日〔待核实〕。请以本市办法为准。",
        ),
        default(
            "default-return",
            None,
            Stage::Return,
            2,
            "系统缺省，非法定：参照山东省12345做法，不属本单位职责的2个工作日内说明理由退回。请以本市办法为准。",
        ),
    ]
}
