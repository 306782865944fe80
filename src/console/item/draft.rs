//! The words of a reply: kept while somebody types, saved as a version, and submitted.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use huiyin_domain::item::ActKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::acts::refuse_text;
use super::{MISSING, address, id_of, parse};
use crate::console::{Flash, Form, Visit};
use crate::page::PageError;

pub(in crate::console) const KEEP: &str = include_str!("../../../graphql/pages/desk-item-keep.graphql");
const SAVE: &str = include_str!("../../../graphql/pages/desk-item-save-draft.graphql");
const SUBMIT: &str = include_str!("../../../graphql/pages/desk-item-submit-reply.graphql");

/// Where text is kept while it is typed: what the form says, the schema's word, the field.
const KEPT: &[(&str, &str, &str)] =
    &[("reply", "REPLY", "text"), ("return", "RETURN", "basis"), ("comment", "COMMENT", "reason")];

#[derive(Deserialize)]
struct Saved {
    item: SavedItem,
}

#[derive(Deserialize)]
struct SavedItem {
    revision: i64,
    replies: Vec<SavedReply>,
}

#[derive(Deserialize)]
struct SavedReply {
    current: bool,
    versions: Vec<SavedVersion>,
}

#[derive(Deserialize)]
struct SavedVersion {
    version: i64,
}

/// Saves what was typed; to submit it is to save it first, unless it is what was saved last.
pub(super) async fn perform(
    visit: &Visit,
    kind: ActKind,
    mut variables: Map<String, Value>,
    form: &mut Form,
) -> Result<Option<&'static str>, PageError> {
    form.demand("text", "请先写好答复，再保存或提交。");
    if !form.is_fine() {
        return Ok(None);
    }
    let mut saving = variables.clone();
    saving.insert("text".to_owned(), json!(form.lines("text").trim()));
    let submits = kind == ActKind::SubmitReply;
    match visit.act::<Saved>(SAVE, Value::Object(saving)).await? {
        Ok(_) if !submits => return Ok(Some("答复稿已保存。")),
        Ok(saved) => {
            let current = saved.item.replies.into_iter().find(|reply| reply.current);
            let version = current.and_then(|reply| reply.versions.last().map(|version| version.version));
            variables.insert("revision".to_owned(), json!(saved.item.revision));
            variables.insert("version".to_owned(), json!(version));
        }
        Err(refused) if submits && refused.code == "draft_unchanged" => {
            variables.insert("version".to_owned(), json!(form.get("version").parse::<i32>().unwrap_or(0)));
        }
        Err(refused) => {
            refuse_text(form, &refused);
            return Ok(None);
        }
    }
    match visit.act::<Value>(SUBMIT, Value::Object(variables)).await? {
        Ok(_) => Ok(Some("答复稿已提交审核。")),
        Err(refused) => {
            refuse_text(form, &refused);
            Ok(None)
        }
    }
}

/// `POST /desk/items/{number}/keep`: what is being typed, sent by the page's script every now and then.
pub(in crate::console) async fn keep(
    visit: Visit,
    Path(number): Path<String>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, PageError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        kept_draft: Option<Kept>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kept {
        saved_at: String,
    }
    let number = parse(&number)?;
    let kept = KEPT.iter().find(|(name, ..)| *name == form.get("kind"));
    let (Some((_, kind, field)), Ok(revision)) = (kept, form.get("revision").parse::<i64>()) else {
        return Err(PageError::Address("表单没有收全。请返回这一件的页面，重新操作。"));
    };
    let item = id_of(&visit, number).await?.ok_or(MISSING)?;
    let variables = json!({ "item": item, "kind": kind, "text": form.lines(field).trim(), "revision": revision });
    let (status, said) = match visit.act::<Answer>(KEEP, variables).await? {
        Ok(Answer { kept_draft: Some(kept) }) => {
            (StatusCode::OK, format!("{} 自动保存，只有您看得到", crate::page::when::time(&kept.saved_at)))
        }
        Ok(Answer { kept_draft: None }) => (StatusCode::OK, String::new()),
        Err(refused) => (StatusCode::UNPROCESSABLE_ENTITY, refused.message),
    };
    if !headers.contains_key("x-autosave") {
        let flash = if status == StatusCode::OK { Flash::done("草稿已留存。") } else { Flash::refused(said) };
        return Ok(visit.go(&address(number), &flash));
    }
    let mut response = Response::new(Body::from(json!({ "said": said }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
