//! What does not agree, each by its name.

use super::Gap;

/// One thing that is not as it should be. Never personal: numbers, ids and counts only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The rows of a pull do not add up to what the source showed.
    PullUnbalanced {
        /// The pull's id.
        pull: String,
        /// What the source showed.
        stated: u64,
        /// What is accounted for.
        accounted: u64,
    },
    /// The counts of a pull are not those the ledger has.
    PullAltered {
        /// The pull's id.
        pull: String,
    },
    /// The ledger has a pull that is gone.
    PullGone {
        /// The pull's id.
        pull: String,
    },
    /// A pull took in more messages than are there, and they cannot be named one by one.
    PullShort {
        /// The pull's id.
        pull: String,
        /// What it took in.
        accepted: u64,
        /// What is there of it.
        kept: u64,
    },
    /// The ledger received an item that is gone.
    ItemGone {
        /// Its number, where it follows from its neighbours'.
        number: Option<u64>,
        /// Its id.
        item: String,
    },
    /// An item has lost its message.
    MessageGone {
        /// The item's number.
        number: u64,
    },
    /// A version of an item's message is gone.
    VersionGone {
        /// The item's number.
        number: u64,
        /// The version.
        version: u64,
    },
    /// Numbers are given out without gaps, and this one is nobody's.
    NumberGone {
        /// The number.
        number: u64,
    },
    /// A row that was held for repair is gone.
    HeldGone {
        /// The pull's id.
        pull: String,
        /// The row's number in its file or list.
        row: u64,
    },
    /// The source says that it has more messages, or fewer, than it showed.
    SourceDiffers {
        /// What it says.
        claimed: u64,
        /// What it showed.
        met: u64,
    },
    /// The last reading of the whole list left out an item that the list has shown before.
    NotShown {
        /// The item's number.
        number: u64,
    },
    /// The last reading of the whole list did not reach its end.
    SweepUnfinished,
    /// Running numbers that the source skipped, or never showed.
    NumbersMissing {
        /// Which.
        gap: Gap,
    },
    /// More of these than are listed.
    MoreNumbersMissing {
        /// How many gaps.
        gaps: u64,
    },
    /// The source is read by plan, and was not.
    NotRead,
}

impl Difference {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PullUnbalanced { .. } => "pull_unbalanced",
            Self::PullAltered { .. } => "pull_altered",
            Self::PullGone { .. } => "pull_gone",
            Self::PullShort { .. } => "pull_short",
            Self::ItemGone { .. } => "item_gone",
            Self::MessageGone { .. } => "message_gone",
            Self::VersionGone { .. } => "version_gone",
            Self::NumberGone { .. } => "number_gone",
            Self::HeldGone { .. } => "held_gone",
            Self::SourceDiffers { .. } => "source_differs",
            Self::NotShown { .. } => "not_shown",
            Self::SweepUnfinished => "sweep_unfinished",
            Self::NumbersMissing { .. } => "numbers_missing",
            Self::MoreNumbersMissing { .. } => "more_numbers_missing",
            Self::NotRead => "not_read",
        }
    }

    /// What it is about, in one word: tells two differences of one kind apart.
    pub fn subject(&self) -> String {
        match self {
            Self::PullUnbalanced { pull, .. }
            | Self::PullAltered { pull }
            | Self::PullGone { pull }
            | Self::PullShort { pull, .. } => pull.clone(),
            Self::ItemGone { number: Some(number), .. }
            | Self::MessageGone { number }
            | Self::NotShown { number }
            | Self::NumberGone { number } => number.to_string(),
            Self::ItemGone { number: None, item } => item.clone(),
            Self::VersionGone { number, version } => format!("{number}/{version}"),
            Self::HeldGone { pull, row } => format!("{pull}/{row}"),
            Self::NumbersMissing { gap } => gap.label(),
            Self::SourceDiffers { .. } | Self::SweepUnfinished | Self::MoreNumbersMissing { .. } | Self::NotRead => {
                String::new()
            }
        }
    }

    /// What is wrong, and what to do, in Chinese.
    pub fn message(&self) -> String {
        match self {
            Self::PullUnbalanced { pull, stated, accounted } => {
                format!("采集批次 {pull} 账不平：应有 {stated} 条，有着落的 {accounted} 条，请重新采集。")
            }
            Self::PullAltered { pull } => {
                format!("采集批次 {pull} 的数字与逐件账不符，可能被人改动，请联系审计管理员校验逐件账。")
            }
            Self::PullGone { pull } => {
                format!("逐件账上有采集批次 {pull}，库中却没有，可能被人删除，请联系系统管理员从备份恢复。")
            }
            Self::PullShort { pull, accepted, kept } => {
                format!("采集批次 {pull} 新收 {accepted} 件，库中只有 {kept} 件，请联系系统管理员从备份恢复。")
            }
            Self::ItemGone { number: Some(number), .. } => {
                format!("第 {number} 件在逐件账上，库中却没有，可能被人删除，请联系系统管理员从备份恢复。")
            }
            Self::ItemGone { number: None, item } => {
                format!("件 {item} 在逐件账上，库中却没有，可能被人删除，请联系系统管理员从备份恢复。")
            }
            Self::MessageGone { number } => {
                format!("第 {number} 件的来件不见了，可能被人删除，请联系系统管理员从备份恢复。")
            }
            Self::VersionGone { number, version } => {
                format!("第 {number} 件来件的第 {version} 版不见了，可能被人删除，请联系系统管理员从备份恢复。")
            }
            Self::NumberGone { number } => {
                format!("件号连续，却没有第 {number} 件，可能被人删除，请联系审计管理员校验逐件账。")
            }
            Self::HeldGone { pull, row } => {
                format!("采集批次 {pull} 第 {row} 行待修复行不见了，可能被人删除，请联系系统管理员从备份恢复。")
            }
            Self::SourceDiffers { claimed, met } if claimed > met => {
                format!(
                    "源平台称有 {claimed} 条，只显示了 {met} 条，缺 {} 条，请再次全量采集并核对源平台。",
                    claimed - met
                )
            }
            Self::SourceDiffers { claimed, met } => {
                format!("源平台称有 {claimed} 条，却显示了 {met} 条，请再次全量采集并核对源平台。")
            }
            Self::NotShown { number } => {
                format!("第 {number} 件原来在源平台的列表里，当日最后一次全量采集没有读到，请到源平台核对。")
            }
            Self::SweepUnfinished => "当日最后一次全量采集没有到头，请查看原因后再次全量采集。".to_owned(),
            Self::NumbersMissing { gap } => {
                format!("缺号 {}，共 {} 个，请到源平台核对。", gap.label(), gap.count())
            }
            Self::MoreNumbersMissing { gaps } => format!("另有 {gaps} 处缺号未列出，请先处理已列出的。"),
            Self::NotRead => "当日没有一次采集成功，请查看渠道的告警。".to_owned(),
        }
    }
}
