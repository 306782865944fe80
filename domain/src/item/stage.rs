//! The closed sets of words of an item's life.

use crate::access::coded::coded;

coded! {
    /// Where an item stands (domain rules 2.2). REOPENED 重办 is an event that leads to [`Stage::Dispatched`], and a
    /// pending extension is a flag on [`Stage::Handling`]; neither is a stage.
    Stage {
        /// Taken in, not yet looked at.
        Received = "received" "已接收",
        /// Registered, waits to be assigned.
        Registered = "registered" "待分办",
        /// Assigned, not yet accepted by the lead unit.
        Dispatched = "dispatched" "待签收",
        /// The unit gave it back; the office decides.
        ReturnReview = "return_review" "退单审核",
        /// The return is disputed; the office or a leader names the unit.
        Arbitration = "arbitration" "裁定",
        /// The lead unit works on it.
        Handling = "handling" "办理中",
        /// The clock stands still for an approved reason.
        Suspended = "suspended" "挂起",
        /// Waits for the head of the section.
        Review1 = "review_1" "一审",
        /// Waits for the office.
        Review2 = "review_2" "二审",
        /// Waits for the leader.
        Review3 = "review_3" "三审",
        /// Approved three times, not yet handed over.
        Approved = "approved" "待答复",
        /// The citizen has the answer.
        Replied = "replied" "已答复",
        /// Called back or evaluated; nothing more to do.
        Closed = "closed" "办结",
        /// On file.
        Archived = "archived" "归档",
        /// Answered together with another item. The citizen is still owed that answer.
        Merged = "merged" "已并单",
        /// Outside what the bureau accepts; the citizen is told why.
        NotAccepted = "not_accepted" "不予受理",
        /// Sent the way the law prescribes; the citizen is told which.
        TransferredOut = "transferred_out" "转出",
        /// The citizen took it back.
        Withdrawn = "withdrawn" "诉求人撤回",
    }

    /// What the citizen wants.
    RequestType {
        /// A question.
        Consult = "consult" "咨询",
        /// A call for help.
        Help = "help" "求助",
        /// A complaint about something done to the citizen.
        Complaint = "complaint" "投诉",
        /// A report of somebody's wrongdoing.
        Report = "report" "举报",
        /// A proposal.
        Suggestion = "suggestion" "建议",
        /// Praise.
        Praise = "praise" "表扬",
        /// Anything else, and what could not be told.
        Other = "other" "其他",
    }

    /// Why a unit says "not ours".
    ReturnReason {
        /// The duty is another unit's.
        NotOurDuty = "not_our_duty" "非本单位职责",
        /// The place is outside the unit's district.
        NotOurDistrict = "not_our_district" "不在本单位辖区",
        /// The unit cannot tell who or where is meant.
        Unclear = "unclear" "诉求要素不清",
        /// Told in the note.
        Other = "other" "其他",
    }

    /// Where the law sends what the bureau cannot handle.
    TransferRoute {
        /// Letters and visits.
        Petition = "petition" "信访",
        /// Discipline inspection.
        Discipline = "discipline" "纪检监察",
        /// 110, 119, 120, 122.
        Emergency = "emergency" "紧急救助",
        /// Court, arbitration, reconsideration.
        Litigation = "litigation" "诉讼仲裁复议",
        /// An application under the open-government regulation.
        Disclosure = "disclosure" "政府信息公开申请",
        /// Another bureau.
        OtherAgency = "other_agency" "其他部门",
    }

    /// Why an item is not accepted (国办函〔2025〕66号, part two).
    Ground {
        /// In court, arbitration, discipline or reconsideration, or already a petition.
        LegalRoute = "legal_route" "应当或者已经进入法定途径",
        /// Against law, order or good morals.
        Unlawful = "unlawful" "违反法律法规或者公序良俗",
        /// About state secrets, business secrets or another person's privacy.
        Secret = "secret" "涉及国家秘密、商业秘密或者个人隐私",
        /// Without a request anybody could handle.
        NoRequest = "no_request" "无实质诉求",
        /// Malicious disruption.
        Malicious = "malicious" "恶意骚扰",
    }

    /// Why the clock stands still.
    SuspendReason {
        /// A third party has to give its opinion.
        ThirdParty = "third_party" "等第三方",
        /// The site has to be visited.
        SiteVisit = "site_visit" "等现场",
        /// The citizen has to add something.
        Citizen = "citizen" "待诉求人补充",
    }

    /// Why an answered item is handled again.
    ReopenReason {
        /// The citizen is dissatisfied, with reason.
        Dissatisfied = "dissatisfied" "不满意且有效",
        /// An inspection found the answer untrue.
        Untrue = "untrue" "抽查不实",
    }
}

impl Stage {
    /// Whether the citizen is still owed an answer by work on this very item.
    pub const fn is_open(self) -> bool {
        !self.is_answered() && !self.is_final()
    }

    /// Whether the citizen has an answer.
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Replied | Self::Closed | Self::Archived)
    }

    /// Whether no command leads out of the stage.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Archived | Self::Merged | Self::NotAccepted | Self::TransferredOut | Self::Withdrawn)
    }
}

impl RequestType {
    /// Reads the many words sources use (`咨询类`, `建言`, `意见建议`, `投诉求助`, `consult`, …). The first word that
    /// decides counts: `投诉/求助` is a complaint, `投诉举报` a report. Unknown text is [`RequestType::Other`].
    pub fn from_source(raw: &str) -> Self {
        const WORDS: [(&str, RequestType); 14] = [
            ("举报", RequestType::Report),
            ("检举", RequestType::Report),
            ("投诉", RequestType::Complaint),
            ("控告", RequestType::Complaint),
            ("求助", RequestType::Help),
            ("求决", RequestType::Help),
            ("咨询", RequestType::Consult),
            ("询问", RequestType::Consult),
            ("建议", RequestType::Suggestion),
            ("建言", RequestType::Suggestion),
            ("意见", RequestType::Suggestion),
            ("献策", RequestType::Suggestion),
            ("表扬", RequestType::Praise),
            ("感谢", RequestType::Praise),
        ];
        let text = raw.trim();
        Self::parse(&text.to_ascii_lowercase())
            .or_else(|| WORDS.iter().find(|(word, _)| text.contains(word)).map(|(_, request_type)| *request_type))
            .unwrap_or(Self::Other)
    }
}
