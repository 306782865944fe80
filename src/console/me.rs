//! `/desk/me`: what is one's own. Password, sessions, second factor, access tokens, the size of text.

use axum::response::Response;
use huiyin_domain::access::{Actor, Limit};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Flash, Form, Visit};
use crate::page::PageError;

const HERE: &str = "/desk/me";
const READ: &str = include_str!("../../graphql/pages/desk-me.graphql");
const PASSWORD: &str = include_str!("../../graphql/pages/desk-me-password.graphql");
const BEGIN: &str = include_str!("../../graphql/pages/desk-me-factor-begin.graphql");
const CONFIRM: &str = include_str!("../../graphql/pages/desk-me-factor-confirm.graphql");
const REMOVE: &str = include_str!("../../graphql/pages/desk-me-factor-remove.graphql");
const ADD_TOKEN: &str = include_str!("../../graphql/pages/desk-me-token-add.graphql");
const REVOKE_TOKEN: &str = include_str!("../../graphql/pages/desk-me-token-revoke.graphql");
const REVOKE_OTHERS: &str = include_str!("../../graphql/pages/desk-me-others-revoke.graphql");
pub(super) const REVOKE: &str = include_str!("../../graphql/pages/desk-session-revoke.graphql");

pub(super) const DOCUMENTS: [(&str, &str); 9] = [
    ("desk-me", READ),
    ("desk-me-password", PASSWORD),
    ("desk-me-factor-begin", BEGIN),
    ("desk-me-factor-confirm", CONFIRM),
    ("desk-me-factor-remove", REMOVE),
    ("desk-me-token-add", ADD_TOKEN),
    ("desk-me-token-revoke", REVOKE_TOKEN),
    ("desk-me-others-revoke", REVOKE_OTHERS),
    ("desk-session-revoke", REVOKE),
];

/// Which field a refusal is about.
const FIELDS: &[(&str, &str)] = &[
    ("password_wrong", "present"),
    ("password_weak", "new"),
    ("password_has_login", "new"),
    ("password_unchanged", "new"),
    ("second_factor_code", "code"),
    ("token_name_missing", "name"),
    ("token_scopes_missing", "scopes"),
    ("token_days", "days"),
];

/// The same in the form that puts the second factor out of use, which asks for the password too.
const REMOVE_FIELDS: &[(&str, &str)] = &[("password_wrong", "password")];

#[derive(Serialize)]
struct Own {
    form: Form,
    /// What a new token may do: what was chosen, or what is proposed.
    scopes: Vec<String>,
    viewer: Value,
    sessions: Value,
    tokens: Value,
    codes_left: Value,
    /// Whether nothing but the password can be changed yet.
    must_change: bool,
    /// What is shown this once: the secret of a second factor, recovery codes, a token.
    shown: Value,
}

/// Whether the visitor has to change a password somebody else gave first.
pub(super) const fn must_change(visit: &Visit) -> bool {
    matches!(visit.actor(), Actor::Account { limit: Limit::PasswordChange, .. })
}

/// `GET /desk/me`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    let own = own(&visit, Form::default().with("days", "90"), Value::Null).await?;
    visit.page("console/me.html", own).await
}

async fn own(visit: &Visit, form: Form, shown: Value) -> Result<Own, PageError> {
    let must_change = must_change(visit);
    let mut answer: Value = visit.read(READ, json!({ "all": !must_change })).await?;
    let mut take = |name: &str| answer.get_mut(name).map(Value::take).unwrap_or_default();
    let scopes = if form.get("act") == "token" { form.all("scopes") } else { vec!["read"] };
    Ok(Own {
        scopes: scopes.into_iter().map(str::to_owned).collect(),
        viewer: take("viewer"),
        sessions: take("sessions"),
        tokens: take("accessTokens"),
        codes_left: take("recoveryCodesLeft"),
        must_change,
        form,
        shown,
    })
}

/// `POST /desk/me`: `act` says what.
pub(super) async fn act(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    let (document, variables, done) = match form.get("act") {
        "password" => {
            if form.raw("new") != form.raw("again") {
                form.wrong("again", "两次输入的新密码不一样，请重新输入。");
            }
            let variables = json!({ "present": form.raw("present"), "new": form.raw("new") });
            (PASSWORD, variables, "密码已修改，其他登录已退出。")
        }
        "begin" => (BEGIN, json!({}), ""),
        "confirm" => (CONFIRM, json!({ "code": form.get("code") }), ""),
        "remove" => (REMOVE, json!({ "password": form.raw("password") }), "动态口令已停用。"),
        "token" => {
            let scopes: Vec<String> = form.all("scopes").iter().map(|scope| scope.to_ascii_uppercase()).collect();
            let days = form.get("days").parse::<i32>().unwrap_or_default();
            (ADD_TOKEN, json!({ "name": form.get("name"), "scopes": scopes, "days": days }), "")
        }
        "revoke-token" => (REVOKE_TOKEN, json!({ "token": form.get("token") }), "访问令牌已撤销。"),
        "revoke-others" => (REVOKE_OTHERS, json!({}), "其他登录已退出。"),
        "revoke" => (REVOKE, json!({ "session": form.get("session") }), "该登录已退出。"),
        _ => return Err(PageError::Address("没有这项操作。请刷新页面后再试。")),
    };
    if form.is_fine() {
        match visit.act::<Value>(document, variables).await? {
            Ok(_) if !done.is_empty() => return Ok(visit.go(HERE, &Flash::done(done))),
            // What is shown this once is in this answer and nowhere else.
            Ok(shown) => {
                let own = own(&visit, Form::default().with("days", "90"), shown).await?;
                return visit.page("console/me.html", own).await;
            }
            Err(refused) if form.get("act") == "remove" => form.refuse(&refused, REMOVE_FIELDS),
            Err(refused) => form.refuse(&refused, FIELDS),
        }
    }
    for name in ["present", "new", "again", "password", "code"] {
        form.forget(name);
    }
    let own = own(&visit, form, Value::Null).await?;
    visit.refused("console/me.html", own).await
}
