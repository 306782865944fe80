//! The ledger 逐件账 as people read it: an item's history, and the head to compare with.

use async_graphql::{Context, Description, ID, Object, SimpleObject};

use super::connection::QUESTION;
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::ledger_detail;
use super::scalars::{Time, node};
use super::words::Word;
use crate::store::ledger::EntryRow;

/// Who did something: a person, a part of the program, or a citizen. 操作人
#[derive(Debug, Clone, SimpleObject)]
pub struct Person {
    /// The name people know. 名称
    label: String,
    /// The account, when a person signed in. 账号
    account: Option<ID>,
}

/// The person behind an actor's code, as the ledger holds it.
pub async fn person(ctx: &Context<'_>, actor: &str) -> ApiResult<Person> {
    let label = match actor.split_once(':') {
        Some(("account", id)) => {
            let name = ctx.loaders()?.account(id).await?.map_or_else(|| "已注销账号".to_owned(), |row| row.name);
            return Ok(Person { label: name, account: Some(node("account", id)) });
        }
        Some(("system", "import")) => "系统（采集）",
        Some(("system", "cli")) => "系统（命令行）",
        Some(("system", _)) => "系统",
        _ => "公众",
    };
    Ok(Person { label: label.to_owned(), account: None })
}

/// The kind of a ledger entry, with its word.
pub fn kind_word(kind: &str) -> Word {
    Word::new(kind, kind_label(kind).unwrap_or(kind))
}

/// The word of a kind; none for one this program does not know.
fn kind_label(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "item.received" => "接收来件",
        "item.version_recorded" => "来件内容变更",
        "item.linked_as_repeat" => "与在先的件内容相同",
        "item.registered" => "登记",
        "item.merged" => "并单",
        "item.not_accepted" => "不予受理",
        "item.transferred_out" => "转出",
        "item.assigned" => "派单",
        "item.accepted" => "签收",
        "item.return_requested" => "退单",
        "item.return_upheld" => "同意退单",
        "item.return_rejected" => "驳回退单",
        "item.return_disputed" => "提请裁定",
        "item.arbitrated" => "裁定",
        "item.contacted" => "首次联系诉求人",
        "item.extension_requested" => "申请延期",
        "item.extension_granted" => "批准延期",
        "item.extension_rejected" => "不批准延期",
        "item.suspended" => "挂起",
        "item.resumed" => "恢复办理",
        "reply.drafted" => "保存答复稿",
        "reply.submitted" => "提交答复稿",
        "reply.approved" => "审核通过",
        "reply.sent_back" => "退回修改",
        "reply.released" => "签发答复",
        "item.answered_at_source" => "源平台已答复",
        "item.closed" => "办结",
        "item.archived" => "归档",
        "item.reopened" => "重办",
        "item.withdrawn" => "诉求人撤回",
        "message.withdrawn" => "源平台不再显示",
        "message.returned" => "源平台重新显示",
        "message.key_reused" => "源平台把编号用于另一来件",
        "alarm.raised" => "采集告警",
        "alarm.settled" => "告警解除",
        "message.attachment_listed" => "登记附件",
        "attachment.stored" => "收存附件",
        "attachment.refused" => "附件未收存",
        "attachment.missing" => "附件缺失",
        "ledger.checked" => "校验账目",
        "items.exported" => "导出件列表",
        _ => return intake_label(kind).or_else(|| office_label(kind)),
    })
}

/// The same of what comes in, and how.
fn intake_label(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "source.added" => "新增渠道",
        "source.enabled_set" => "启用或停用采集计划",
        "source.pull_asked" => "要求立即采集",
        "pull.started" => "开始采集",
        "pull.finished" => "采集完成",
        "pull.failed" => "采集失败",
        "pull.interrupted" => "采集中断",
        "row.held" => "隔离待修复",
        "rows.not_shown" => "列表少读的件",
        "held.viewed" => "查看待修复行原文",
        "payload.viewed" => "查看原始页面",
        "payloads.erased" => "清除到期的原始页面",
        "hold.repaired" => "修复待修复行",
        "hold.rejected" => "拒收待修复行",
        "hold.superseded" => "待修复行已能读取",
        "upload.received" => "上传文件",
        "upload.confirmed" => "确认导入",
        "upload.imported" => "导入完成",
        "upload.failed" => "导入失败",
        "upload.interrupted" => "导入中断",
        "upload.discarded" => "放弃上传文件",
        _ => return None,
    })
}

/// The same of what is about people, units and publications.
fn office_label(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "session.started" => "登录",
        "session.ended" => "退出登录",
        "session.revoked" => "终止登录",
        "session.others_revoked" => "终止其他登录",
        "account.added" => "新增账号",
        "account.roles_set" => "设置角色",
        "account.unit_set" => "调整所属单位",
        "account.active_set" => "启用或停用账号",
        "account.password_reset" => "重置密码",
        "account.password_changed" => "修改密码",
        "account.locked" => "锁定账号",
        "account.unlocked" => "解除锁定",
        "second_factor.added" => "启用动态口令",
        "second_factor.removed" => "停用动态口令",
        "second_factor.reset" => "重置动态口令",
        "access_token.added" => "新增访问令牌",
        "access_token.revoked" => "撤销访问令牌",
        "unit.added" => "新增单位",
        "unit.renamed" => "修改单位名称",
        "unit.active_set" => "启用或停用单位",
        "publication.created" => "新建一期热点咨询",
        "publication.published" => "发布热点咨询",
        "publication.retracted" => "撤回热点咨询",
        "entry.added" => "选入条目",
        "entry.edited" => "修改条目",
        "entry.moved" => "调整条目顺序",
        "entry.removed" => "移出条目",
        "entry.deidentified" => "条目去标识化",
        "entry.secrecy_checked" => "条目保密审查",
        "entry.approved" => "批准条目",
        "entry.sent_back" => "退回条目",
        "entry.retracted" => "撤回条目",
        _ => return None,
    })
}

/// One entry of an item's history. 办理过程的一步
#[derive(Debug, Description)]
pub struct HistoryEntry(EntryRow);

impl HistoryEntry {
    /// Of a visible item.
    pub const fn new(row: EntryRow) -> Self {
        Self(row)
    }
}

#[Object(use_type_description)]
impl HistoryEntry {
    /// The number of the ledger entry. 账目号
    async fn seq(&self) -> i64 {
        self.0.seq
    }

    /// When. 时间
    async fn at(&self) -> Time {
        Time::from_micros(self.0.at)
    }

    /// Who did it. 操作人
    async fn actor(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.0.actor).await
    }

    /// What happened. 事项
    async fn kind(&self) -> Word {
        kind_word(&self.0.kind)
    }

    /// The particulars that the entry holds: unit, reason, version, step; empty where there are none. 说明
    async fn detail(&self, ctx: &Context<'_>) -> ApiResult<String> {
        ledger_detail::detail(ctx, &self.0).await
    }

    /// The hash of the entry, which the next one builds on. 账目摘要
    async fn hash(&self) -> &str {
        &self.0.hash
    }
}

/// The newest entry of the ledger: written down elsewhere, it proves later that no tail was cut off. 账末
#[derive(Debug, SimpleObject)]
pub struct LedgerHead {
    /// The newest number; zero when the ledger is empty. 账目号
    seq: i64,
    /// The newest hash, SM3 in hexadecimal. 账目摘要
    hash: String,
    /// Both in the form that `ledger verify --root` takes. 根
    root: String,
}

/// Queries about the ledger.
#[derive(Debug, Default)]
pub struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// The ledger's head. 逐件账账末
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn ledger_head(&self, ctx: &Context<'_>) -> ApiResult<LedgerHead> {
        let root = ctx.service()?.ledger_head(ctx.signed_in()?).await?;
        let (seq, hash) = (i64::try_from(root.seq).unwrap_or(i64::MAX), root.hash.to_string());
        Ok(LedgerHead { seq, root: format!("{seq}:{hash}"), hash })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kind_of_event_has_a_word() {
        let nameless: Vec<&&str> =
            huiyin_domain::item::Event::KINDS.iter().filter(|kind| super::kind_label(kind).is_none()).collect();
        assert_eq!(nameless, Vec::<&&str>::new());
    }

    #[test]
    fn what_is_recorded_about_accounts_lists_and_issues_has_a_word() {
        let table = include_str!("../../docs/accounts.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let kinds: Vec<&str> =
            table.filter(|kind| kind.contains('.')).chain(["items.exported", "entry.moved"]).collect();
        assert!(kinds.len() > 20, "{kinds:?}");
        let nameless: Vec<&&str> = kinds.iter().filter(|kind| super::kind_label(kind).is_none()).collect();
        assert_eq!(nameless, Vec::<&&str>::new());
    }
}
