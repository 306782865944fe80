//! How a reply is written, reviewed by three people, and handed over.

use serde_json::{Value, json};

use super::bureau::{Bureau, mutation, refusal};

/// The drafts in the order in which they are written; the second is written by two people at once.
const DRAFTS: [&str; 4] = [
    "您好，日照分析已经公示，结果符合标准。",
    "您好，日照分析已经公示，结果符合标准，详见展厅。",
    "您好，日照分析已经公示，结果符合标准，详见规划展厅一楼。",
    "您好，日照分析已经公示，结果符合标准，详见规划展厅一楼东侧。",
];
/// What the reader at the end gets.
pub const ANSWER: &str = "您好，该处不建搅拌站，日照分析已经公示，详见规划展厅一楼东侧。";
const REASON: &str = "请写明在展厅哪一侧";

/// One item and what is done with it.
struct Case<'a> {
    bureau: &'a Bureau,
    item: &'a str,
}

impl Case<'_> {
    fn call(&self, field: &str, arguments: &str) -> String {
        format!("{field}(item: \"{}\" {arguments})", self.item)
    }

    /// Does it, and the item then stands at this stage.
    async fn goes(&self, who: &'static str, field: &str, arguments: &str, stage: &str) {
        let call = self.call(field, arguments);
        let done = self.bureau.does(who, &call, "item { stage { code } }").await;
        assert_eq!(done["item"]["stage"]["code"], stage, "{who}: {call}");
    }

    async fn refused(&self, who: &'static str, field: &str, arguments: &str, code: &str) {
        self.bureau.refused(who, &self.call(field, arguments), code).await;
    }

    async fn read(&self, selection: &str) -> Value {
        let query = format!("{{ item(id: \"{}\") {{ {selection} }} }}", self.item);
        self.bureau.read("office", &query).await["item"].clone()
    }
}

/// Four versions of a draft; of two people who save at once on the same revision, one is told so. Answers with who was
/// the first.
pub async fn the_reply_is_drafted(bureau: &Bureau, item: &str) -> &'static str {
    let case = Case { bureau, item };
    let draft = |version: usize| format!("text: \"{}\"", DRAFTS[version - 1]);
    case.refused("handler", "submitReply", "version: 1", "draft_unknown").await;
    case.refused("helper", "saveDraft", &draft(1), "forbidden").await;
    case.refused("stranger", "saveDraft", &draft(1), "not_visible").await;
    case.goes("handler", "saveDraft", "text: \"好\"", "handling").await;
    case.refused("handler", "submitReply", "version: 1", "reply_empty").await;
    case.goes("handler", "saveDraft", &draft(1), "handling").await;
    case.refused("deputy", "saveDraft", &draft(1), "draft_unchanged").await;
    let winner = two_people_at_once(&case, &draft(2)).await;
    case.refused("deputy", "saveDraft", &format!("{} expectedRevision: 1", draft(3)), "changed_meanwhile").await;
    case.goes("deputy", "saveDraft", &draft(3), "handling").await;
    case.refused("handler", "submitReply", "version: 3", "text_changed").await;
    case.refused("handler", "submitReply", "version: 9", "draft_unknown").await;
    let replies = case.read("replies { current released versions { version text } }").await["replies"].clone();
    let versions = ["好", DRAFTS[0], DRAFTS[1], DRAFTS[2]];
    let versions: Vec<Value> =
        (1..).zip(versions).map(|(version, text)| json!({ "version": version, "text": text })).collect();
    assert_eq!(replies, json!([{ "current": true, "released": false, "versions": versions }]));
    winner
}

/// Two people save on the revision both have seen: one is done, the other is told that somebody was faster.
async fn two_people_at_once(case: &Case<'_>, draft: &str) -> &'static str {
    let revision = case.read("revision").await["revision"].clone();
    let document = mutation(&case.call("saveDraft", &format!("{draft} expectedRevision: {revision}")), "");
    // Signed in before, so that the two requests meet.
    case.bureau.token("handler").await;
    case.bureau.token("deputy").await;
    let before = case.bureau.ledger_seq().await;
    let (one, other) = tokio::join!(case.bureau.send("handler", &document), case.bureau.send("deputy", &document));
    let (winner, loser) = if one["data"]["it"]["status"] == "OK" { ("handler", other) } else { ("deputy", one) };
    refusal(&loser, "changed_meanwhile", "two people at once");
    assert_eq!(case.bureau.ledger_seq().await, before + 1, "one of the two left its trace");
    assert_eq!(case.read("revision").await["revision"].as_i64().unwrap(), revision.as_i64().unwrap() + 1);
    winner
}

/// Only the next reviewer, who did not write the text, may approve it; the reviewer sends it back with a reason.
pub async fn the_first_review_sends_it_back(bureau: &Bureau, item: &str) {
    let case = Case { bureau, item };
    let first = "step: FIRST version: 4";
    case.refused("head", "approveReply", first, "wrong_stage").await;
    case.goes("handler", "submitReply", "version: 4", "review_1").await;
    case.refused("deputy", "approveReply", first, "reviewer_is_drafter").await;
    case.refused("helper", "approveReply", first, "forbidden").await;
    case.refused("stranger", "approveReply", first, "not_visible").await;
    case.refused("handler", "approveReply", first, "forbidden").await;
    case.refused("checker", "approveReply", "step: SECOND version: 4", "wrong_review_step").await;
    case.refused("leader", "approveReply", "step: THIRD version: 4", "wrong_review_step").await;
    case.refused("head", "approveReply", "step: SECOND version: 4", "forbidden").await;
    case.refused("head", "approveReply", "step: FIRST version: 9", "draft_unknown").await;
    case.refused("office", "releaseReply", "", "wrong_stage").await;
    case.refused("head", "sendBackReply", "step: FIRST reason: \" \"", "reason_missing").await;
    case.goes("head", "sendBackReply", &format!("step: FIRST reason: \"{REASON}\""), "handling").await;
    let seen = case.read("notes { kind { code } text author { label } } reviews { at }").await;
    assert_eq!(
        seen["notes"][1],
        json!({ "kind": { "code": "reply.sent_back" }, "text": REASON, "author": { "label": "周科长" } })
    );
    assert_eq!(seen["reviews"], json!([]));
}

/// An approval holds for one text only; an edit begins again at the first review; three people, then the release.
pub async fn three_reviews_and_the_release(bureau: &Bureau, item: &str) {
    let case = Case { bureau, item };
    case.goes("handler", "saveDraft", &format!("text: \"{}\"", DRAFTS[3]), "handling").await;
    case.goes("handler", "submitReply", "version: 5", "review_1").await;
    case.refused("head", "approveReply", "step: FIRST version: 4", "text_changed").await;
    case.goes("head", "approveReply", "step: FIRST version: 5", "review_2").await;
    case.refused("head", "approveReply", "step: FIRST version: 5", "wrong_review_step").await;
    case.goes("checker", "approveReply", "step: SECOND version: 5", "review_3").await;
    case.refused("office", "releaseReply", "", "wrong_stage").await;

    case.goes("handler", "saveDraft", &format!("text: \"{ANSWER}\""), "handling").await;
    assert_eq!(case.read("reviews { at }").await["reviews"], json!([]), "the approvals were of another text");
    case.refused("leader", "approveReply", "step: THIRD version: 5", "wrong_stage").await;
    case.refused("office", "releaseReply", "", "wrong_stage").await;
    case.goes("handler", "submitReply", "version: 6", "review_1").await;
    case.goes("head", "approveReply", "step: FIRST version: 6", "review_2").await;
    case.goes("checker", "approveReply", "step: SECOND version: 6", "review_3").await;
    case.refused("office", "releaseReply", "", "wrong_stage").await;
    case.goes("leader", "approveReply", "step: THIRD version: 6", "approved").await;
    case.refused("handler", "releaseReply", "", "forbidden").await;
    case.refused("stranger", "releaseReply", "", "not_visible").await;
    case.goes("office", "releaseReply", "", "replied").await;
    case.refused("office", "releaseReply", "", "wrong_stage").await;
    case.refused("handler", "saveDraft", "text: \"迟来的改动\"", "wrong_stage").await;
    let seen = case
        .read("open overdue reviews { step { code } reviewer { label } } replies { released versions { text } }")
        .await;
    let reviews = [("first", "周科长"), ("second", "李二审"), ("third", "许局长")]
        .map(|(step, who)| json!({ "step": { "code": step }, "reviewer": { "label": who } }));
    assert_eq!(seen["reviews"], json!(reviews));
    assert_eq!(
        (&seen["open"], &seen["overdue"], &seen["replies"][0]["released"]),
        (&json!(false), &json!(false), &json!(true))
    );
    assert_eq!(seen["replies"][0]["versions"][5]["text"], ANSWER);
}

/// Every step in order, with who did it; the numbers and times grow, and the holders' times add up to the whole.
pub async fn the_history_tells_every_step(bureau: &Bureau, item: &str, winner: &'static str) {
    let case = Case { bureau, item };
    let seen = case
        .read(
            "askedAt repliedAt holders { from to }
            history { seq at kind { code label } actor { label account } }",
        )
        .await;
    let history = seen["history"].as_array().unwrap();
    let told: Vec<(&str, &str)> = history
        .iter()
        .map(|step| (step["kind"]["code"].as_str().unwrap(), step["actor"]["label"].as_str().unwrap()))
        .collect();
    let winner = if winner == "handler" { "赵经办" } else { "钱副手" };
    let drafted = |who| ("reply.drafted", who);
    let submitted = ("reply.submitted", "赵经办");
    let approved = |who| ("reply.approved", who);
    let expected = [
        ("item.received", "系统（采集）"),
        ("item.registered", "王办公"),
        ("item.assigned", "王办公"),
        ("item.return_requested", "赵经办"),
        ("item.return_rejected", "王办公"),
        ("item.accepted", "赵经办"),
        drafted("赵经办"),
        drafted("赵经办"),
        drafted(winner),
        drafted("钱副手"),
        submitted,
        ("reply.sent_back", "周科长"),
        drafted("赵经办"),
        submitted,
        approved("周科长"),
        approved("李二审"),
        drafted("赵经办"),
        submitted,
        approved("周科长"),
        approved("李二审"),
        approved("许局长"),
        ("reply.released", "王办公"),
    ];
    assert_eq!(told, expected);
    assert!(history.windows(2).all(|pair| pair[0]["seq"].as_i64() < pair[1]["seq"].as_i64()), "{history:#?}");
    assert!(history.windows(2).all(|pair| pair[0]["at"].as_str() <= pair[1]["at"].as_str()), "{history:#?}");
    assert!(history.iter().all(|step| step["kind"]["label"] != step["kind"]["code"]), "a step without a Chinese word");
    let holders = seen["holders"].as_array().unwrap();
    assert_eq!(holders.first().unwrap()["from"], seen["askedAt"]);
    assert_eq!(holders.last().unwrap()["to"], seen["repliedAt"]);
    assert!(holders.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{holders:#?}");
}

/// The office leads an item itself, so that its reviewers sit in two of the three seats: one person still gives one
/// review. The answer comes three weeks late.
pub async fn one_person_gives_one_review(bureau: &Bureau, item: &str) {
    let case = Case { bureau, item };
    case.goes("office", "assignItem", &format!("lead: \"{}\"", bureau.unit("office")), "dispatched").await;
    case.goes("clerk", "acceptItem", "", "handling").await;
    case.goes("clerk", "saveDraft", "text: \"您好，展厅周末九点到十六点开放，欢迎参观。\"", "handling").await;
    case.goes("clerk", "submitReply", "version: 1", "review_1").await;
    case.goes("checker", "approveReply", "step: FIRST version: 1", "review_2").await;
    case.refused("checker", "approveReply", "step: SECOND version: 1", "reviewer_repeated").await;
    case.goes("editor", "approveReply", "step: SECOND version: 1", "review_3").await;
    case.goes("leader", "approveReply", "step: THIRD version: 1", "approved").await;
    case.goes("office", "releaseReply", "", "replied").await;
}
