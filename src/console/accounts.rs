//! `/desk/accounts`: who signs in; for the system administrator adding, moving, disabling; for the security administrator
//! roles, sessions and lost second factors.

use axum::extract::Path;
use axum::response::Response;
use huiyin_domain::access::{Action, Object, Role, allowed};
use huiyin_domain::id::AccountId;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Flash, Form, Visit, at, bare, me};
use crate::page::PageError;

const LIST: &str = include_str!("../../graphql/pages/desk-accounts.graphql");
const ONE: &str = include_str!("../../graphql/pages/desk-account.graphql");
const ADD: &str = include_str!("../../graphql/pages/desk-account-add.graphql");
const ROLES: &str = include_str!("../../graphql/pages/desk-account-roles.graphql");
const UNIT: &str = include_str!("../../graphql/pages/desk-account-unit.graphql");
const ACTIVE: &str = include_str!("../../graphql/pages/desk-account-active.graphql");
const PASSWORD: &str = include_str!("../../graphql/pages/desk-account-password.graphql");
const UNLOCK: &str = include_str!("../../graphql/pages/desk-account-unlock.graphql");
const FACTOR: &str = include_str!("../../graphql/pages/desk-account-factor.graphql");

pub(super) const DOCUMENTS: [(&str, &str); 9] = [
    ("desk-accounts", LIST),
    ("desk-account", ONE),
    ("desk-account-add", ADD),
    ("desk-account-roles", ROLES),
    ("desk-account-unit", UNIT),
    ("desk-account-active", ACTIVE),
    ("desk-account-password", PASSWORD),
    ("desk-account-unlock", UNLOCK),
    ("desk-account-factor", FACTOR),
];

const NO_ACCOUNT: PageError = PageError::Missing("没有这个账号。请回到账号列表查看。");
/// Which field a refusal is about.
const FIELDS: &[(&str, &str)] = &[
    ("login_shape", "login"),
    ("login_taken", "login"),
    ("account_name_missing", "name"),
    ("unit_unknown", "unit"),
    ("password_weak", "password"),
    ("password_has_login", "password"),
    ("roles_conflict", "roles"),
];

#[derive(Serialize)]
struct Rights {
    accounts: bool,
    roles: bool,
    sessions: bool,
}

/// What the viewer may do with accounts.
fn rights(visit: &Visit, object: Object<'_>) -> Rights {
    let may = |action| allowed(visit.actor(), action, &object).is_ok();
    Rights {
        accounts: may(Action::ManageAccounts),
        roles: may(Action::ManageRoles),
        sessions: may(Action::ManageSessions),
    }
}

#[derive(Serialize)]
struct ListOwn {
    form: Form,
    accounts: Value,
    units: Vec<Value>,
    rights: Rights,
}

/// `GET /desk/accounts`
pub(super) async fn list(visit: Visit) -> Result<Response, PageError> {
    let own = list_own(&visit, Form::default()).await?;
    visit.page("console/accounts.html", own).await
}

async fn list_own(visit: &Visit, form: Form) -> Result<ListOwn, PageError> {
    let mut answer: Value = visit.read(LIST, Value::Null).await?;
    let accounts = answer.get_mut("accounts").map(Value::take).unwrap_or_default();
    Ok(ListOwn { form, accounts, units: choices(&answer), rights: rights(visit, Object::None) })
}

/// The units somebody can be put into.
fn choices(answer: &Value) -> Vec<Value> {
    let units = answer.get("units").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let active = units.iter().filter(|unit| at(unit, "/active") == true);
    active.map(|unit| json!({ "code": at(unit, "/id"), "label": at(unit, "/name") })).collect()
}

/// `POST /desk/accounts`: adds one, without roles, which somebody else gives.
pub(super) async fn add(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    form.demand("unit", "请选择单位。");
    if form.is_fine() {
        let input = json!({
            "login": form.get("login"), "name": form.get("name"), "unit": form.get("unit"),
            "password": form.raw("password"),
        });
        match visit.act::<Value>(ADD, json!({ "input": input })).await? {
            Ok(done) => {
                let id = done.pointer("/account/id").and_then(Value::as_str).unwrap_or_default();
                let flash = Flash::done("已新增账号。首次登录时须修改密码；角色由安全管理员授予。");
                return Ok(visit.go(&address(id), &flash));
            }
            Err(refused) => form.refuse(&refused, FIELDS),
        }
    }
    form.forget("password");
    let own = list_own(&visit, form).await?;
    visit.refused("console/accounts.html", own).await
}

fn address(id: &str) -> String {
    format!("/desk/accounts/{}", bare(id))
}

#[derive(Serialize)]
struct OneOwn {
    form: Form,
    account: Value,
    address: String,
    units: Vec<Value>,
    roles: Vec<Value>,
    sessions: Value,
    rights: Rights,
    /// Whether it is the viewer's own, which others manage.
    own: bool,
}

/// `GET /desk/accounts/{id}`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, PageError> {
    let own = one_own(&visit, &id, Form::default()).await?;
    visit.page("console/account.html", own).await
}

async fn one_own(visit: &Visit, id: &str, mut form: Form) -> Result<OneOwn, PageError> {
    let id: AccountId = id.parse().map_err(|_| NO_ACCOUNT)?;
    let rights = rights(visit, Object::Account { id });
    let own = visit.actor().account() == Some(id);
    let id = format!("account:{id}");
    let mut answer: Value = visit.read(ONE, json!({ "account": id, "sessions": rights.sessions })).await?;
    let accounts = answer.get("accounts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let account = accounts.iter().find(|account| at(account, "/id") == id.as_str()).cloned();
    let account = account.ok_or(NO_ACCOUNT)?;
    let chosen: Vec<&str> = at(&account, "/roles")
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(|role| at(role, "/code").as_str())
        .collect();
    let typed = form.all("roles");
    let chosen = if form.get("act") == "roles" { typed } else { chosen };
    let roles = Role::ALL
        .iter()
        .map(|role| json!({ "code": role.code(), "label": role.label(), "chosen": chosen.contains(&role.code()) }));
    let roles = roles.collect();
    if form.get("unit").is_empty() {
        form = form.with("unit", account.pointer("/unit/id").and_then(Value::as_str).unwrap_or_default());
    }
    let sessions = answer.get_mut("sessions").map(Value::take).unwrap_or_default();
    Ok(OneOwn { units: choices(&answer), address: address(&id), form, account, roles, sessions, rights, own })
}

/// `POST /desk/accounts/{id}`: `act` says what.
pub(super) async fn act(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    let account = format!("account:{id}");
    let (document, variables, done) = match form.get("act") {
        "roles" => {
            let roles: Vec<String> = form.all("roles").iter().map(|role| role.to_ascii_uppercase()).collect();
            (ROLES, json!({ "account": account, "roles": roles }), "角色已调整，立即生效。")
        }
        "unit" => (UNIT, json!({ "account": account, "unit": form.get("unit") }), "单位已调整，立即生效。"),
        "active" => {
            let active = form.get("active") == "on";
            let done =
                if active { "已启用。" } else { "已停用，该账号的登录和访问令牌全部失效。" };
            (ACTIVE, json!({ "account": account, "active": active }), done)
        }
        "password" => {
            let variables = json!({ "account": account, "password": form.raw("password") });
            (PASSWORD, variables, "密码已重置，该账号的登录全部退出；下次登录须修改密码。")
        }
        "unlock" => (UNLOCK, json!({ "account": account }), "已解除锁定。"),
        "factor" => (FACTOR, json!({ "account": account }), "动态口令已重置，该账号的登录全部退出。"),
        "session" => (me::REVOKE, json!({ "session": form.get("session") }), "该登录已退出。"),
        _ => return Err(PageError::Address("没有这项操作。请刷新页面后再试。")),
    };
    match visit.act::<Value>(document, variables).await? {
        Ok(_) => return Ok(visit.go(&address(&account), &Flash::done(done))),
        Err(refused) => form.refuse(&refused, FIELDS),
    }
    form.forget("password");
    let own = one_own(&visit, &id, form).await?;
    visit.refused("console/account.html", own).await
}
