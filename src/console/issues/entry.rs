//! `/desk/issues/{month}/entries/{entry}`: the public text beside the question and the reply it was made from.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::{at, bare, put};
use super::documents::{APPROVE, CHECK, DEIDENTIFY, EDIT, ENTRY, MOVE, REMOVE, RETRACT};
use super::findings::{self, Found, PARTS};
use super::{CHANGED, acts_of, issue, month_of, revision_of, text_at, told};
use crate::console::{Flash, Form, Visit};
use crate::page::{PageError, Refused};

const NO_ENTRY: PageError = PageError::Missing("本期没有这一条。可能已经移除，请回到本期查看。");
/// Which field a refusal is about.
const FIELDS: &[(&str, &str)] = &[("reason_missing", "reason")];

/// Where an act is done: month and entry, as the address has them.
type Place = Path<(String, String)>;

#[derive(Serialize)]
struct Own {
    issue: Value,
    entry: Value,
    /// Its id as addresses have it.
    id: String,
    heading: String,
    /// Its place, from one.
    place: usize,
    former: Option<String>,
    next: Option<String>,
    acts: Vec<String>,
    form: Form,
    findings: Vec<Found>,
    /// The reply as the citizen has it.
    reply: String,
    /// What the form was typed over, where somebody else has kept another text since.
    conflict: bool,
}

/// `GET …`
pub(super) async fn show(visit: Visit, Path((month, entry)): Place) -> Result<Response, PageError> {
    let (issue, entry) = read(&visit, &month, &entry).await?;
    let own = own(&visit, issue, entry, Form::default(), false);
    visit.page("console/issue_entry.html", own).await
}

/// The issue, and the entry out of it.
async fn read(visit: &Visit, month: &str, entry: &str) -> Result<(Value, Value), PageError> {
    let month = month_of(month)?.to_string();
    let variables = json!({ "month": month, "entry": format!("entry:{entry}") });
    let mut answer: Value = visit.read(ENTRY, variables).await?;
    let mut issue = answer.get_mut("issue").map(Value::take).filter(|issue| !issue.is_null()).ok_or(super::NO_ISSUE)?;
    let entry = issue.get_mut("entry").map(Value::take).filter(|entry| !entry.is_null()).ok_or(NO_ENTRY)?;
    Ok((issue, entry))
}

fn own(visit: &Visit, issue: Value, entry: Value, form: Form, conflict: bool) -> Own {
    // Whoever was to review or to retract has sent no text: the form for it shows what is stored.
    let form = if is_typed(&form) {
        form
    } else {
        PARTS.iter().fold(form, |form, (part, _)| form.with(part, text_at(&entry, &format!("/{part}"))))
    };
    let id = bare(text_at(&entry, "/id")).to_owned();
    let entries = issue.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ids: Vec<&str> = entries.iter().map(|entry| bare(text_at(entry, "/id"))).collect();
    let index = ids.iter().position(|known| *known == id).unwrap_or_default();
    let neighbour = |index: Option<usize>| index.and_then(|index| ids.get(index)).map(|id| (*id).to_owned());
    let acts: Vec<String> = acts_of(&entry).into_iter().map(str::to_owned).collect();
    let official = &visit.service().rules().official_numbers;
    let edits = acts.iter().any(|act| act == "edit");
    let stored = |part: &str| entry.get(part).and_then(Value::as_str).unwrap_or_default();
    let findings = if edits { findings::of(|part| form.raw(part), official) } else { findings::of(stored, official) };
    let (former, next) = (neighbour(index.checked_sub(1)), neighbour(index.checked_add(1)));
    Own {
        heading: issue::heading(text_at(&entry, "/question")),
        reply: reply_of(&entry),
        place: index.saturating_add(1),
        former,
        next,
        issue,
        entry,
        id,
        acts,
        form,
        findings,
        conflict,
    }
}

/// Whether the form is the one of the text.
fn is_typed(form: &Form) -> bool {
    PARTS.iter().any(|(part, _)| form.has(part))
}

/// The answer that was released here, or the one the source shows.
fn reply_of(entry: &Value) -> String {
    let replies = entry.pointer("/item/replies").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let released = replies.iter().find(|reply| at(reply, "/current") == true && at(reply, "/released") == true);
    let newest = released.and_then(|reply| at(reply, "/versions").as_array()?.last());
    let text = newest.map_or_else(|| text_at(entry, "/item/answerAtSource/text"), |version| text_at(version, "/text"));
    text.to_owned()
}

/// `POST …`: keeps the text; `then=deidentify` vouches for it as well, `mask=…` has a word take the place of a finding first.
pub(super) async fn save(visit: Visit, Path((month, id)): Place, form: Form) -> Result<Response, PageError> {
    let (issue, entry) = read(&visit, &month, &id).await?;
    let here = format!("/desk/issues/{}/entries/{}", text_at(&issue, "/month"), bare(text_at(&entry, "/id")));
    let mut form = PARTS.iter().fold(form.clone(), |kept, (part, _)| kept.with(part, form.lines(part)));
    let official = &visit.service().rules().official_numbers;
    let masks = !form.get("mask").is_empty();
    if masks {
        match findings::mask(form.get("mask"), |part| form.raw(part), official) {
            Some((part, text)) => form = form.with(part, text),
            None => form.wrong("question", "文字已经改动，请按新的提示处理。"),
        }
    }
    let (mut revision, mut version) = (revision_of(&form), at(&entry, "/version").as_i64().unwrap_or_default());
    let is_new = PARTS.iter().any(|(part, _)| form.raw(part) != text_at(&entry, &format!("/{part}")));
    let vouches = form.get("then") == "deidentify";
    let mut refused = None;
    if form.is_fine() && (is_new || !vouches) {
        let words =
            json!({ "question": form.raw("question"), "answer": form.raw("answer"), "basis": form.raw("basis") });
        let variables = json!({ "publication": at(&issue, "/id"), "entry": at(&entry, "/id"), "words": words, "revision": revision });
        match visit.act::<Value>(EDIT, variables).await? {
            Ok(done) => {
                revision = done.pointer("/publication/revision").and_then(Value::as_i64).unwrap_or_default();
                version = done.pointer("/entry/version").and_then(Value::as_i64).unwrap_or_default();
            }
            Err(error) => refused = Some(error),
        }
    }
    if form.is_fine() && refused.is_none() && vouches {
        let variables = json!({
            "publication": at(&issue, "/id"), "entry": at(&entry, "/id"), "version": version, "revision": revision,
        });
        refused = visit.act::<Value>(DEIDENTIFY, variables).await?.err();
    }
    if let Some(refused) = refused {
        return again(&visit, (&month, &id), form, refused).await;
    }
    if !form.is_fine() {
        let own = own(&visit, issue, entry, form, false);
        return visit.refused("console/issue_entry.html", own).await;
    }
    let done = match (masks, vouches) {
        (true, _) => "已替换并保存。",
        (_, true) => "已保存并确认去标识化，等待保密审查。",
        _ => "已保存。",
    };
    Ok(visit.go(&here, &Flash::done(done)))
}

/// The page again with what was typed, as the entry is now.
async fn again(
    visit: &Visit,
    (month, id): (&str, &str),
    mut form: Form,
    refused: Refused,
) -> Result<Response, PageError> {
    let (issue, entry) = read(visit, month, id).await?;
    let changed = refused.code == CHANGED;
    let differs = PARTS.iter().any(|(part, _)| form.raw(part) != text_at(&entry, &format!("/{part}")));
    // The issue changes with every entry of it: only another version of this one is another text.
    let rewritten = at(&entry, "/version").as_i64() != form.get("version").parse().ok();
    form.refuse(&told(refused), FIELDS);
    let conflict = changed && is_typed(&form) && rewritten && differs;
    let own = own(visit, issue, entry, form, conflict);
    visit.refused("console/issue_entry.html", own).await
}

/// `POST …/review`: the secrecy review or the approval, whichever the entry waits for; with `verdict=refuse` a reason.
pub(super) async fn review(visit: Visit, Path((month, id)): Place, mut form: Form) -> Result<Response, PageError> {
    let (issue, entry) = read(&visit, &month, &id).await?;
    let refuses = form.get("verdict") == "refuse";
    if refuses {
        form.demand("reason", "请写明要改什么，经办人会看到。");
    }
    if !form.is_fine() {
        let own = own(&visit, issue, entry, form, false);
        return visit.refused("console/issue_entry.html", own).await;
    }
    let (document, done) = match form.get("step") {
        "approve" => (APPROVE, if refuses { "已退回修改。" } else { "已批准，可以发布。" }),
        _ => (CHECK, if refuses { "已退回修改。" } else { "已通过保密审查，等待批准。" }),
    };
    let version = form.get("version").parse::<i64>().unwrap_or_default();
    let variables = json!({
        "publication": at(&issue, "/id"), "entry": at(&entry, "/id"), "version": version, "revision": revision_of(&form),
        "refusal": refuses.then(|| form.get("reason")),
    });
    match visit.act::<Value>(document, variables).await? {
        Ok(_) => Ok(visit.go(&format!("/desk/issues/{}", text_at(&issue, "/month")), &Flash::done(done))),
        Err(why) => again(&visit, (&month, &id), form, why).await,
    }
}

/// `POST …/retract`
pub(super) async fn retract(visit: Visit, Path((month, id)): Place, mut form: Form) -> Result<Response, PageError> {
    let (issue, entry) = read(&visit, &month, &id).await?;
    form.demand("reason", "请写明为什么撤回。");
    if !form.is_fine() {
        let own = own(&visit, issue, entry, form, false);
        return visit.refused("console/issue_entry.html", own).await;
    }
    let variables = json!({
        "publication": at(&issue, "/id"), "entry": at(&entry, "/id"), "reason": form.get("reason"), "revision": revision_of(&form),
    });
    match visit.act::<Value>(RETRACT, variables).await? {
        Ok(_) => {
            let done = Flash::done("已撤回这一条，公开网站上不再显示。");
            Ok(visit.go(&format!("/desk/issues/{}", text_at(&issue, "/month")), &done))
        }
        Err(why) => again(&visit, (&month, &id), form, why).await,
    }
}

/// `POST …/move`
pub(super) async fn shift(visit: Visit, Path((month, id)): Place, form: Form) -> Result<Response, PageError> {
    let place = form.get("place").parse::<u32>().map_err(|_| PageError::Address("没有这个位置。请刷新页面后再试。"))?;
    arrange(&visit, &month, &id, MOVE, json!({ "place": place }), &form, "已调整顺序。").await
}

/// `POST …/remove`
pub(super) async fn remove(visit: Visit, Path((month, id)): Place, form: Form) -> Result<Response, PageError> {
    arrange(&visit, &month, &id, REMOVE, json!({}), &form, "已移除这一条。需要时可以重新添加。").await
}

/// Does something with an entry for which nothing is typed, and goes back to the issue.
async fn arrange(
    visit: &Visit,
    month: &str,
    id: &str,
    document: &str,
    mut variables: Value,
    form: &Form,
    done: &str,
) -> Result<Response, PageError> {
    let (issue, month) = issue::id_of(visit, month).await?;
    put(&mut variables, "publication", issue);
    put(&mut variables, "entry", Value::from(format!("entry:{id}")));
    put(&mut variables, "revision", Value::from(revision_of(form)));
    let flash = match visit.act::<Value>(document, variables).await? {
        Ok(_) => Flash::done(done),
        Err(refused) => Flash::refused(told(refused).message),
    };
    Ok(visit.go(&format!("/desk/issues/{month}"), &flash))
}
