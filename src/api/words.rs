//! The closed sets of words, as enums of the schema, and the pair of code and label in which answers show them.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::{ContextSelectionSet, Enum, SimpleObject, Value};
use huiyin_domain::{access, item};

use super::ready::Ready;

/// A word of a closed set: the code for programs, the label for people.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct Word {
    /// The stable code. 代码
    pub code: Cow<'static, str>,
    /// The Chinese word. 名称
    pub label: Cow<'static, str>,
}

/// What connectors read columns into.
const FIELDS: [(&str, &str); 17] = [
    ("key", "来件编号"),
    ("number", "源平台编号"),
    ("title", "标题"),
    ("body", "内容"),
    ("author", "来件人"),
    ("contact", "联系方式"),
    ("address", "地址"),
    ("asked_at", "来件时间"),
    ("dispatched_at", "派发时间"),
    ("due_at", "来源要求的办结时间"),
    ("request_type", "诉求类型"),
    ("unit", "来源指定的单位"),
    ("status", "来源状态"),
    ("reply", "答复"),
    ("reply_unit", "答复单位"),
    ("replied_at", "答复时间"),
    ("extra", "其他内容"),
];

impl Word {
    /// A word of the program's own.
    pub fn new(code: &str, label: &str) -> Self {
        Self { code: code.to_owned().into(), label: label.to_owned().into() }
    }

    /// The stage with this code.
    pub fn stage(code: &str) -> Self {
        Self::known(code, item::Stage::parse(code).map(|word| (word.code(), word.label())))
    }

    /// The task with this code.
    pub fn task(code: &str) -> Self {
        Self::known(code, item::Task::parse(code).map(|word| (word.code(), word.label())))
    }

    /// The request type with this code.
    pub fn request_type(code: &str) -> Self {
        Self::known(code, item::RequestType::parse(code).map(|word| (word.code(), word.label())))
    }

    /// The role with this code.
    pub fn role(code: &str) -> Self {
        Self::known(code, access::Role::parse(code).map(|word| (word.code(), word.label())))
    }

    /// The kind of unit with this code.
    pub fn unit_kind(code: &str) -> Self {
        Self::known(code, access::UnitKind::parse(code).map(|word| (word.code(), word.label())))
    }

    /// The field of a row with this code.
    pub fn field(code: &str) -> Self {
        Self::known(code, FIELDS.into_iter().find(|(known, _)| *known == code))
    }

    /// The word of a closed set, or the code as its own label where this program does not know it.
    pub fn known(code: &str, word: Option<(&'static str, &'static str)>) -> Self {
        word.map_or_else(
            || Self::new(code, code),
            |(code, label)| Self { code: Cow::Borrowed(code), label: Cow::Borrowed(label) },
        )
    }
}

impl Ready for Word {
    fn ready(&self, _ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value> {
        match field.name.node.as_str() {
            "code" => Some(Value::from(&*self.code)),
            "label" => Some(Value::from(&*self.label)),
            _ => None,
        }
    }
}

impl From<access::ReviewStep> for Word {
    fn from(step: access::ReviewStep) -> Self {
        Self::new(step.code(), step.label())
    }
}

/// Where an item stands. 阶段
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::Stage")]
pub enum Stage {
    /// 已接收: taken in, not yet looked at.
    Received,
    /// 待分办: registered, waits to be assigned.
    Registered,
    /// 待签收: assigned, not yet accepted by the lead unit.
    Dispatched,
    /// 退单审核: the unit gave it back; the office decides.
    ReturnReview,
    /// 裁定: the return is disputed; the office or a leader names the unit.
    Arbitration,
    /// 办理中: the lead unit works on it.
    Handling,
    /// 挂起: the clock stands still for an approved reason.
    Suspended,
    /// 一审: waits for the head of the section.
    Review1,
    /// 二审: waits for the office.
    Review2,
    /// 三审: waits for the leader.
    Review3,
    /// 待答复: approved three times, not yet handed over.
    Approved,
    /// 已答复: the citizen has the answer.
    Replied,
    /// 办结: called back or evaluated; nothing more to do.
    Closed,
    /// 归档: on file.
    Archived,
    /// 已并单: answered together with another item. The citizen is still owed that answer.
    Merged,
    /// 不予受理: outside what the bureau accepts; the citizen is told why.
    NotAccepted,
    /// 转出: sent the way the law prescribes; the citizen is told which.
    TransferredOut,
    /// 诉求人撤回: the citizen took it back.
    Withdrawn,
}

/// What an open item waits for. 待办
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::Task")]
pub enum Task {
    /// 待登记: the office looks at what came in.
    Register,
    /// 待分办: the office names the unit.
    Route,
    /// 待签收: the lead unit accepts it, or gives it back.
    Accept,
    /// 退单待定: the office decides about a return.
    DecideReturn,
    /// 待裁定: the office or a leader names the unit of a disputed return.
    Arbitrate,
    /// 待答办: the lead unit writes the reply.
    Answer,
    /// 退回修改: the lead unit changes a reply that a reviewer sent back.
    Revise,
    /// 延期待批: the office decides about more time; the lead unit goes on meanwhile.
    DecideExtension,
    /// 挂起待恢复: the lead unit takes the work up again once the reason of the pause is gone.
    Resume,
    /// 待一审: a reviewer of the lead unit reads the reply.
    ReviewFirst,
    /// 待二审: a reviewer of the office reads the reply.
    ReviewSecond,
    /// 待三审: a leader reads the reply.
    ReviewThird,
    /// 待签发: the office hands the approved reply over.
    Release,
}

/// How near a due time is, by working days in China. The windows do not overlap. 到期远近
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "huiyin_domain::deadline::DueWindow")]
pub enum DueWindow {
    /// 超期: its time has passed.
    Overdue,
    /// 今日到期: due by the end of today.
    Today,
    /// 三个工作日内到期: due after today and by the end of the third working day from now.
    Soon,
}

/// What the citizen wants. 诉求类型
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::RequestType")]
pub enum RequestType {
    /// 咨询: a question.
    Consult,
    /// 求助: a call for help.
    Help,
    /// 投诉: a complaint about something done to the citizen.
    Complaint,
    /// 举报: a report of somebody's wrongdoing.
    Report,
    /// 建议: a proposal.
    Suggestion,
    /// 表扬: praise.
    Praise,
    /// 其他: anything else, and what could not be told.
    Other,
}

/// Why a unit says "not ours". 退单理由
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::ReturnReason")]
pub enum ReturnReason {
    /// 非本单位职责: the duty is another unit's.
    NotOurDuty,
    /// 不在本单位辖区: the place is outside the unit's district.
    NotOurDistrict,
    /// 诉求要素不清: the unit cannot tell who or where is meant.
    Unclear,
    /// 其他: told in the note.
    Other,
}

/// Where the law sends what the bureau cannot handle. 转出去向
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::TransferRoute")]
pub enum TransferRoute {
    /// 信访: letters and visits.
    Petition,
    /// 纪检监察: discipline inspection.
    Discipline,
    /// 紧急救助: 110, 119, 120, 122.
    Emergency,
    /// 诉讼仲裁复议: court, arbitration, reconsideration.
    Litigation,
    /// 政府信息公开申请: an application under the open-government regulation.
    Disclosure,
    /// 其他部门: another bureau.
    OtherAgency,
}

/// Why an item is not accepted. 不予受理情形
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::Ground")]
pub enum Ground {
    /// 应当或者已经进入法定途径: in court, arbitration, discipline or reconsideration, or already a petition.
    LegalRoute,
    /// 违反法律法规或者公序良俗: against law, order or good morals.
    Unlawful,
    /// 涉及国家秘密、商业秘密或者个人隐私: about state secrets, business secrets or another person's privacy.
    Secret,
    /// 无实质诉求: without a request anybody could handle.
    NoRequest,
    /// 恶意骚扰: malicious disruption.
    Malicious,
}

/// Why the clock stands still. 挂起理由
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::SuspendReason")]
pub enum SuspendReason {
    /// 等第三方: a third party has to give its opinion.
    ThirdParty,
    /// 等现场: the site has to be visited.
    SiteVisit,
    /// 待诉求人补充: the citizen has to add something.
    Citizen,
}

/// Why an answered item is handled again. 重办理由
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "item::ReopenReason")]
pub enum ReopenReason {
    /// 不满意且有效: the citizen is dissatisfied, with reason.
    Dissatisfied,
    /// 抽查不实: an inspection found the answer untrue.
    Untrue,
}

/// What an account is trusted with. 角色
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::Role")]
pub enum Role {
    /// 办公室: routes messages, decides returns and extensions, releases answers.
    Office,
    /// 经办人: answers for one unit.
    Handler,
    /// 审核人: approves replies and publication entries; which of the steps follows from the kind of the unit.
    Reviewer,
    /// 发布员: makes the monthly issue.
    Publisher,
    /// 系统管理员: accounts and units.
    SystemAdmin,
    /// 安全管理员: which account has which role.
    SecurityAdmin,
    /// 审计管理员: reads and verifies the ledger.
    Auditor,
}

/// What a unit is in the chain of review. 单位类别
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::UnitKind")]
pub enum UnitKind {
    /// 办公室: routes, and gives the second review.
    Office,
    /// 科室: answers, and gives the first review.
    Section,
    /// 局领导: gives the third review.
    Leadership,
}

/// One of the three reviews of a reply. 审核环节
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::ReviewStep")]
pub enum ReviewStep {
    /// 一审: by a reviewer of the item's lead unit.
    First,
    /// 二审: by a reviewer of the office (legal, secrecy).
    Second,
    /// 三审: by a leader.
    Third,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::Word;
    use crate::intake::CONNECTOR_SCHEMA;

    #[test]
    fn every_field_of_a_connector_has_a_chinese_word() {
        let schema: Value = serde_json::from_str(CONNECTOR_SCHEMA).unwrap();
        let fields = schema["$defs"]["column"]["properties"]["field"]["enum"].as_array().unwrap();
        assert!(fields.len() > 10, "{fields:?}");
        for code in fields.iter().map(|code| code.as_str().unwrap()) {
            assert!(!Word::field(code).label.is_ascii(), "{code}");
        }
    }
}
