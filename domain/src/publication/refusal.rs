//! Why a command makes no sense for this issue now.

use super::{EntryStage, PublicationStage};

/// A command that cannot be carried out. Data, not an accident: it has a stable code and tells what to do next.
///
/// A code that [`crate::item::Refusal`] has too means the same here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused: {}", self.code())]
pub enum Refusal {
    /// There is no issue yet.
    NotCreated,
    /// There is an issue already.
    AlreadyCreated,
    /// The month has an issue already.
    MonthTaken,
    /// The stage does not know the command.
    WrongPublicationStage {
        /// What was asked for, in Chinese.
        command: &'static str,
        /// Where the issue stands.
        stage: PublicationStage,
    },
    /// The entry's stage does not know the command.
    WrongEntryStage {
        /// What was asked for, in Chinese.
        command: &'static str,
        /// Where the entry stands.
        stage: EntryStage,
    },
    /// Only a person who signed in may do this.
    AccountRequired,
    /// The issue has no such entry.
    EntryMissing,
    /// The item is in the issue already, or the entry's id is taken.
    EntryRepeated,
    /// The item has no answer that was released.
    ItemNotAnswered,
    /// The text is the one it was.
    EntryUnchanged,
    /// The text is not the one that was read.
    TextChanged,
    /// Who wrote, edited or de-identified the text must not review it.
    ReviewerIsEditor,
    /// Who gave one review must not give the other.
    ReviewerRepeated,
    /// Nothing would become public.
    PublicationEmpty,
    /// Some entry is not approved.
    EntryNotApproved,
}

impl Refusal {
    /// Every code, for the table of codes in the documentation and for tests.
    pub const CODES: &'static [&'static str] = &[
        "not_created",
        "already_created",
        "month_taken",
        "wrong_publication_stage",
        "wrong_entry_stage",
        "account_required",
        "entry_missing",
        "entry_repeated",
        "item_not_answered",
        "entry_unchanged",
        "text_changed",
        "reviewer_is_editor",
        "reviewer_repeated",
        "publication_empty",
        "entry_not_approved",
    ];

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotCreated => "not_created",
            Self::AlreadyCreated => "already_created",
            Self::MonthTaken => "month_taken",
            Self::WrongPublicationStage { .. } => "wrong_publication_stage",
            Self::WrongEntryStage { .. } => "wrong_entry_stage",
            Self::AccountRequired => "account_required",
            Self::EntryMissing => "entry_missing",
            Self::EntryRepeated => "entry_repeated",
            Self::ItemNotAnswered => "item_not_answered",
            Self::EntryUnchanged => "entry_unchanged",
            Self::TextChanged => "text_changed",
            Self::ReviewerIsEditor => "reviewer_is_editor",
            Self::ReviewerRepeated => "reviewer_repeated",
            Self::PublicationEmpty => "publication_empty",
            Self::EntryNotApproved => "entry_not_approved",
        }
    }

    /// What to tell the person, with what to do next.
    pub fn message(&self) -> String {
        let fixed = match self {
            Self::WrongPublicationStage { command, stage } => {
                return format!("本期处于“{}”阶段，不能{command}，请刷新页面查看最新状态。", stage.label());
            }
            Self::WrongEntryStage { command, stage } => {
                return format!("该条目处于“{}”阶段，不能{command}，请刷新页面查看最新状态。", stage.label());
            }
            Self::NotCreated => "没有这一期，请先创建。",
            Self::AlreadyCreated => "这一期已经创建，请直接打开。",
            Self::MonthTaken => "该月已有一期热点咨询，请直接打开该期。",
            Self::AccountRequired => "此操作须由本人登录后进行，请登录后再试。",
            Self::EntryMissing => "本期没有这一条目，请刷新页面。",
            Self::EntryRepeated => "该件已在本期中，请直接编辑已有条目。",
            Self::ItemNotAnswered => "该件尚未答复，不能公开，请在答复后再添加。",
            Self::EntryUnchanged => "条目内容没有改动，无需保存。",
            Self::TextChanged => "条目内容已经变更，与所阅版本不一致，请重新阅读最新版本后再操作。",
            Self::ReviewerIsEditor => "参与编辑或去标识化的人不能审查该条目，请由其他审核人审查。",
            Self::ReviewerRepeated => "同一人不能既作保密审查又作批准，请由其他审核人批准。",
            Self::PublicationEmpty => "没有可发布的条目，请先添加条目并完成审查。",
            Self::EntryNotApproved => "还有条目未通过审查，请完成审查或移除后再发布。",
        };
        fixed.to_owned()
    }
}
