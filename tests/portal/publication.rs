//! The way to the public page, and everything that must not get there.

use huiyin::service::publication::PublicationAct;
use huiyin::service::{ServiceError, publication::EntryText};
use huiyin_domain::access::Actor;
use huiyin_domain::id::{ItemId, PublicationId};

use super::office::{LETTERS, Office, month, text};

#[tokio::test]
async fn three_people_stand_behind_an_entry_and_the_ledger_proves_it() {
    let office = Office::open().await;
    let (issue, [first, _]) = office.publish_october().await;
    let published = office.service.published(&Actor::Public, month("2026-10")).await.unwrap().unwrap();
    assert_eq!(published.title, "2026年10月热点咨询回复");
    assert_eq!((published.received, published.consults), (4, 3));
    assert_eq!(published.drafters, ["陈某"]);
    assert_eq!(published.reviewers, ["周某", "李某"]);
    assert_eq!(published.publisher.as_deref(), Some("陈某"));
    let questions: Vec<&str> = published.entries.iter().map(|entry| entry.question.as_str()).collect();
    assert_eq!(questions, ["二手房过户要哪些材料？", "老宅原址翻建找哪个部门？"]);
    let entry = &published.entries[0];
    assert_eq!((entry.id, entry.unit.as_deref()), (first, Some("不动产中心")));
    assert_eq!(entry.asked_at.to_string(), "2026-10-09T09:00:00+08:00");
    assert_eq!(entry.replied_at.to_string(), "2026-10-11T09:00:00+08:00");

    let retract = PublicationAct::Retract { reason: "整期重做".to_owned() };
    office.act(&office.publisher, issue, retract).await.unwrap();
    assert!(office.service.published(&Actor::Public, month("2026-10")).await.unwrap().is_none());
    assert_eq!(office.service.published_months(&Actor::Public).await.unwrap(), []);
    let verified = office.service.verify(&Actor::System("test"), &[]).await.unwrap();
    assert_eq!(verified.findings, []);
}

#[tokio::test]
async fn each_forbidden_step_is_refused_with_its_code() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let issue = office.october().await;
    let entry = office.add(issue, LETTERS[0].title, text("问题", "答复")).await;
    let publisher = &office.publisher;
    let again = office.service.create_publication(publisher, month("2026-10")).await;
    assert!(matches!(again, Err(ServiceError::Refused(refusal)) if refusal.code == "month_taken"));

    let check = |version| PublicationAct::CheckSecrecy { entry, version };
    let approve = |version| PublicationAct::ApproveEntry { entry, version };
    let deidentify = PublicationAct::Deidentify { entry, version: 1 };
    assert_eq!(office.refusal(publisher, issue, PublicationAct::Publish).await, "entry_not_approved");
    assert_eq!(office.refusal(&office.checker, issue, check(1)).await, "wrong_entry_stage");
    assert_eq!(office.refusal(publisher, issue, check(1)).await, "forbidden");
    assert_eq!(office.refusal(&office.handler, issue, deidentify.clone()).await, "forbidden");
    assert_eq!(office.refusal(&Actor::Public, issue, deidentify.clone()).await, "sign_in_required");
    assert_eq!(office.refusal(&Actor::System("cli"), issue, PublicationAct::Publish).await, "forbidden");
    assert_eq!(
        office.refusal(publisher, issue, PublicationAct::Deidentify { entry, version: 2 }).await,
        "version_unknown"
    );
    office.act(publisher, issue, deidentify).await.unwrap();
    assert_eq!(office.refusal(&office.approver, issue, approve(1)).await, "wrong_entry_stage");
    office.act(&office.checker, issue, check(1)).await.unwrap();
    assert_eq!(office.refusal(&office.checker, issue, approve(1)).await, "forbidden");
    let silent = PublicationAct::RefuseApproval { entry, reason: " ".to_owned() };
    assert_eq!(office.refusal(&office.approver, issue, silent).await, "reason_missing");

    let open: ItemId = office.item(LETTERS[2].title).await.id.parse().unwrap();
    let unanswered = PublicationAct::AddEntry { item: open, text: text("问题", "答复") };
    assert_eq!(office.refusal(publisher, issue, unanswered).await, "not_visible");
    let answered: ItemId = office.item(LETTERS[0].title).await.id.parse().unwrap();
    let repeated = PublicationAct::AddEntry { item: answered, text: text("问题", "答复") };
    assert_eq!(office.refusal(publisher, issue, repeated).await, "entry_repeated");
    let empty = PublicationAct::EditEntry { entry, text: text("问题", "") };
    assert_eq!(office.refusal(publisher, issue, empty).await, "text_missing");
    let same = PublicationAct::EditEntry { entry, text: text("问题", "答复") };
    assert_eq!(office.refusal(publisher, issue, same).await, "entry_unchanged");
    let stale = office.service.act_on_publication(publisher, issue, PublicationAct::Publish, Some(1)).await;
    assert!(matches!(stale, Err(ServiceError::Refused(refusal)) if refusal.code == "changed_meanwhile"));
}

#[tokio::test]
async fn obvious_personal_data_stops_an_entry_and_is_not_repeated() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let issue = office.october().await;
    let personal = EntryText {
        basis: "见附件，邮箱a@b.example".to_owned(),
        ..text("过户要哪些材料？", "请打１３９ 1234 5678。")
    };
    let entry = office.add(issue, LETTERS[0].title, personal).await;
    let refused = office.act(&office.publisher, issue, PublicationAct::Deidentify { entry, version: 1 }).await;
    let Err(ServiceError::Refused(refusal)) = refused else { panic!("not refused: {refused:?}") };
    assert_eq!(refusal.code, "personal_data_found");
    assert!(
        refusal.message.contains("答复第 3 至 15 字是手机号码；依据第 7 至 17 字是电子邮箱"),
        "{}",
        refusal.message
    );
    assert!(!refusal.message.contains("1234"), "{}", refusal.message);

    let edit = PublicationAct::EditEntry { entry, text: text("过户要哪些材料？", "请打12345。") };
    office.act(&office.publisher, issue, edit).await.unwrap();
    office.approve(issue, entry, 2).await;
    office.act(&office.publisher, issue, PublicationAct::Publish).await.unwrap();
}

#[tokio::test]
async fn an_edit_after_approval_does_not_leak() {
    let office = Office::open().await;
    let (issue, [first, _]) = office.publish_october().await;
    let public = || async {
        let published = office.service.published(&Actor::Public, month("2026-10")).await.unwrap().unwrap();
        published.entries.into_iter().map(|entry| entry.answer).collect::<Vec<_>>()
    };
    let edit = PublicationAct::EditEntry {
        entry: first, text: text("二手房过户要哪些材料？", "改过的答复。")
    };
    office.later(60);
    office.act(&office.publisher, issue, edit).await.unwrap();
    assert_eq!(public().await, ["先向村委会提出申请。"], "an edited entry leaves the page");
    let worklist = office.service.worklist(&office.publisher).await.unwrap();
    let waiting = worklist.issue_entries.iter().find(|counted| counted.code == "candidate").unwrap();
    assert_eq!((waiting.count, waiting.mine), (1, true), "and waits like a new one");
    office.approve(issue, first, 2).await;
    assert_eq!(public().await, ["先向村委会提出申请。"], "approved is not yet published");
    let now = office.later(60);
    office.act(&office.publisher, issue, PublicationAct::Publish).await.unwrap();
    assert_eq!(public().await, ["改过的答复。", "先向村委会提出申请。"]);
    let published = office.service.published(&Actor::Public, month("2026-10")).await.unwrap().unwrap();
    assert!(published.published_at < now);
    assert_eq!(published.updated_at, now);
}

#[tokio::test]
async fn words_changed_behind_the_programs_back_are_left_out() {
    let office = Office::open().await;
    let (_, [first, second]) = office.publish_october().await;
    let statement = "UPDATE entry_version SET answer = 'forged' WHERE question LIKE '二手房%'";
    let huiyin::store::Db::Sqlite { write, .. } = office.service.store().db() else { panic!("an embedded store") };
    let touched = sqlx::query(statement).execute(write).await.unwrap().rows_affected();
    assert_eq!(touched, 1);
    let published = office.service.published(&Actor::Public, month("2026-10")).await.unwrap().unwrap();
    let ids: Vec<_> = published.entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [second], "{first} is not what was approved");
}

#[tokio::test]
async fn a_removed_entry_can_come_back_and_its_texts_stay_proved() {
    let office = Office::open().await;
    office.receive(&LETTERS).await;
    let issue = office.october().await;
    let entry = office.add(issue, LETTERS[0].title, text("问题", "答复")).await;
    office.act(&office.publisher, issue, PublicationAct::RemoveEntry { entry }).await.unwrap();
    assert_eq!(newest_versions(&office, issue).await, [] as [i64; 0]);
    let back = office.add(issue, LETTERS[0].title, text("问题", "另一个答复")).await;
    assert_eq!(back, entry);
    assert_eq!(newest_versions(&office, issue).await, [2]);
    office.approve(issue, back, 2).await;
    office.act(&office.publisher, issue, PublicationAct::Publish).await.unwrap();
    assert_eq!(office.service.verify(&Actor::System("test"), &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn drafts_are_for_those_who_work_on_them() {
    let office = Office::open().await;
    let issue = office.october().await;
    let service = &office.service;
    for viewer in [&office.publisher, &office.checker, &office.approver] {
        assert!(service.publication(viewer, issue).await.unwrap().is_some());
        assert_eq!(service.publications(viewer, 10).await.unwrap().len(), 1);
    }
    for (viewer, code) in [(&Actor::Public, "sign_in_required"), (&office.handler, "forbidden")] {
        for refused in [service.publication(viewer, issue).await.err(), service.publications(viewer, 10).await.err()] {
            assert!(matches!(refused, Some(ServiceError::Refused(refusal)) if refusal.code == code));
        }
    }
    assert!(service.published(&Actor::Public, month("2026-10")).await.unwrap().is_none());
}

/// The newest versions of the texts of an issue's entries.
async fn newest_versions(office: &Office, issue: PublicationId) -> Vec<i64> {
    let issue = office.service.publication(&office.publisher, issue).await.unwrap().unwrap();
    issue.entries.iter().map(|entry| entry.text.version).collect()
}
