//! Why a command makes no sense for this item now.

use super::Stage;
use crate::access::ReviewStep;

/// A command that cannot be carried out. Data, not an accident: it has a stable code and tells what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refused: {}", self.code())]
pub enum Refusal {
    /// There is no item yet.
    NotReceived,
    /// There is an item already.
    AlreadyReceived,
    /// The stage does not know the command.
    WrongStage {
        /// What was asked for, in Chinese.
        command: &'static str,
        /// Where the item stands.
        stage: Stage,
    },
    /// Only the lead unit may do this.
    NotLeadUnit,
    /// Only a person who signed in may do this.
    AccountRequired,
    /// The source shows what it showed before.
    VersionUnchanged,
    /// The answer at the source is the one already known.
    AnswerKnown,
    /// An item cannot be merged into itself.
    MergeIntoSelf,
    /// The main item is neither open nor answered.
    MergeTarget,
    /// The lead unit is among the assisting units.
    LeadAssists,
    /// The item is assigned just so already.
    AssignmentUnchanged,
    /// The first contact is noted already.
    ContactKnown,
    /// A rejected or arbitrated return settled who answers.
    ReturnForbidden,
    /// The item was given back as often as the rules allow.
    ReturnLimit {
        /// How often that is.
        max: u32,
    },
    /// A return needs its basis.
    ReturnBasisMissing,
    /// A return needs the unit that should answer.
    ReturnUnitMissing,
    /// The unit suggests itself.
    ReturnToSelf,
    /// An extension already waits for its decision.
    ExtensionPending,
    /// No extension waits for a decision.
    ExtensionMissing,
    /// As many extensions were granted as the rules allow.
    ExtensionLimit {
        /// How many that is.
        max: u32,
    },
    /// No days at all, or more than the rules allow.
    ExtensionDays {
        /// How many are allowed.
        max: u32,
    },
    /// The due instant has passed.
    ExtensionAfterDue,
    /// There is no draft to submit.
    ReplyMissing,
    /// The reply is shorter than the rules allow.
    ReplyEmpty {
        /// How many characters it needs.
        min: usize,
    },
    /// Somebody saved another version meanwhile.
    DraftConflict,
    /// The draft is what is saved already.
    DraftUnchanged,
    /// The text is not the one that was read.
    TextChanged,
    /// The reply waits for another review.
    WrongReviewStep {
        /// The review it waits for.
        awaited: ReviewStep,
    },
    /// Who wrote the reply must not review it.
    ReviewerIsDrafter,
    /// Who gave one review must not give another.
    ReviewerRepeated,
    /// The three approvals of this text are not complete.
    ApprovalsMissing,
}

impl Refusal {
    /// Every code, for the table of codes in the documentation and for tests.
    pub const CODES: &'static [&'static str] = &[
        "not_received",
        "already_received",
        "wrong_stage",
        "not_lead_unit",
        "account_required",
        "version_unchanged",
        "answer_known",
        "merge_into_self",
        "merge_target",
        "lead_assists",
        "assignment_unchanged",
        "contact_known",
        "return_forbidden",
        "return_limit",
        "return_basis_missing",
        "return_unit_missing",
        "return_to_self",
        "extension_pending",
        "extension_missing",
        "extension_limit",
        "extension_days",
        "extension_after_due",
        "reply_missing",
        "reply_empty",
        "draft_conflict",
        "draft_unchanged",
        "text_changed",
        "wrong_review_step",
        "reviewer_is_drafter",
        "reviewer_repeated",
        "approvals_missing",
    ];

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotReceived => "not_received",
            Self::AlreadyReceived => "already_received",
            Self::WrongStage { .. } => "wrong_stage",
            Self::NotLeadUnit => "not_lead_unit",
            Self::AccountRequired => "account_required",
            Self::VersionUnchanged => "version_unchanged",
            Self::AnswerKnown => "answer_known",
            Self::MergeIntoSelf => "merge_into_self",
            Self::MergeTarget => "merge_target",
            Self::LeadAssists => "lead_assists",
            Self::AssignmentUnchanged => "assignment_unchanged",
            Self::ContactKnown => "contact_known",
            Self::ReturnForbidden => "return_forbidden",
            Self::ReturnLimit { .. } => "return_limit",
            Self::ReturnBasisMissing => "return_basis_missing",
            Self::ReturnUnitMissing => "return_unit_missing",
            Self::ReturnToSelf => "return_to_self",
            Self::ExtensionPending => "extension_pending",
            Self::ExtensionMissing => "extension_missing",
            Self::ExtensionLimit { .. } => "extension_limit",
            Self::ExtensionDays { .. } => "extension_days",
            Self::ExtensionAfterDue => "extension_after_due",
            Self::ReplyMissing => "reply_missing",
            Self::ReplyEmpty { .. } => "reply_empty",
            Self::DraftConflict => "draft_conflict",
            Self::DraftUnchanged => "draft_unchanged",
            Self::TextChanged => "text_changed",
            Self::WrongReviewStep { .. } => "wrong_review_step",
            Self::ReviewerIsDrafter => "reviewer_is_drafter",
            Self::ReviewerRepeated => "reviewer_repeated",
            Self::ApprovalsMissing => "approvals_missing",
        }
    }

    /// What to tell the person, with what to do next.
    pub fn message(&self) -> String {
        let fixed = match self {
            Self::WrongStage { command, stage } => {
                return format!("该件处于“{}”阶段，不能{command}，请刷新页面查看最新状态。", stage.label());
            }
            Self::ReturnLimit { max } => return format!("该件已退单 {max} 次，不能再退，请办理或联系办公室协调。"),
            Self::ExtensionLimit { max } => return format!("该件已获准延期 {max} 次，不能再次延期，请尽快答复。"),
            Self::ExtensionDays { max } => return format!("延期天数应为 1 至 {max} 天，请修改后重新申请。"),
            Self::ReplyEmpty { min } => return format!("答复内容不足 {min} 个字，请补充完整后再提交。"),
            Self::WrongReviewStep { awaited } => {
                return format!("答复稿正在等待{}，请由该环节的审核人审核。", awaited.label());
            }
            Self::NotReceived => "没有这一件，请先接收来件。",
            Self::AlreadyReceived => "该来件已经接收，请直接打开已有的件。",
            Self::NotLeadUnit => "只有主办单位可以进行此操作，请由主办单位经办人办理。",
            Self::AccountRequired => "此操作须由本人登录后进行，请登录后再试。",
            Self::VersionUnchanged => "来件内容没有变化，无需记录。",
            Self::AnswerKnown => "源平台的答复此前已经记录，无需重复记录。",
            Self::MergeIntoSelf => "不能并入自身，请选择另一件作为主件。",
            Self::MergeTarget => "主件已并单、转出、撤回或不予受理，请选择在办或已答复的件作为主件。",
            Self::LeadAssists => "主办单位不能同时协办，请从协办单位中去掉主办单位。",
            Self::AssignmentUnchanged => "主办、协办单位没有变化，无需重新派单。",
            Self::ContactKnown => "首次联系已经登记，无需重复登记。",
            Self::ReturnForbidden => "退单已被驳回或裁定，该件不能再退，请签收办理。",
            Self::ReturnBasisMissing => "退单须写明依据，请补充职责依据后再提交。",
            Self::ReturnUnitMissing => "退单须提出建议承办单位，请选择后再提交。",
            Self::ReturnToSelf => "建议承办单位不能是本单位，请重新选择。",
            Self::ExtensionPending => "已有延期申请待审批，请等待办公室审批。",
            Self::ExtensionMissing => "没有待审批的延期申请，请刷新页面。",
            Self::ExtensionAfterDue => "已过办理时限，不能再延期，请尽快答复并说明原因。",
            Self::ReplyMissing => "还没有答复稿，请先起草并保存。",
            Self::DraftConflict => "答复稿已被他人修改，请打开最新版本后再保存。",
            Self::DraftUnchanged => "答复稿没有改动，无需保存。",
            Self::TextChanged => "答复稿已经变更，与所阅版本不一致，请重新阅读最新版本后再操作。",
            Self::ReviewerIsDrafter => "起草人不能审核自己的答复稿，请由其他审核人审核。",
            Self::ReviewerRepeated => "同一人不能审核两个环节，请由其他审核人审核。",
            Self::ApprovalsMissing => "三级审核尚未全部通过，请完成审核后再签发。",
        };
        fixed.to_owned()
    }
}
