//! `/desk/units`: the units, and for whoever manages them adding, renaming, putting out of use.

use axum::response::Response;
use huiyin_domain::access::{Action, Object, UnitKind, allowed};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Flash, Form, Visit};
use crate::page::PageError;

const HERE: &str = "/desk/units";
const READ: &str = include_str!("../../graphql/pages/desk-units.graphql");
const ADD: &str = include_str!("../../graphql/pages/desk-unit-add.graphql");
const RENAME: &str = include_str!("../../graphql/pages/desk-unit-rename.graphql");
const ACTIVE: &str = include_str!("../../graphql/pages/desk-unit-active.graphql");

pub(super) const DOCUMENTS: [(&str, &str); 4] =
    [("desk-units", READ), ("desk-unit-add", ADD), ("desk-unit-rename", RENAME), ("desk-unit-active", ACTIVE)];

/// Which field a refusal is about.
const FIELDS: &[(&str, &str)] =
    &[("unit_code_shape", "code"), ("unit_code_taken", "code"), ("unit_name_missing", "name")];

#[derive(Serialize)]
struct Own {
    /// The form for a new unit.
    form: Form,
    /// A new name that was refused, with its unit.
    rename: Form,
    units: Value,
    kinds: Vec<Value>,
    /// Whether the viewer manages units.
    manages: bool,
}

/// `GET /desk/units`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    let own = own(&visit, blank(), Form::default()).await?;
    visit.page("console/units.html", own).await
}

/// The form for a new unit as it is first shown.
fn blank() -> Form {
    Form::default().with("kind", UnitKind::Section.code())
}

async fn own(visit: &Visit, form: Form, rename: Form) -> Result<Own, PageError> {
    let mut answer: Value = visit.read(READ, Value::Null).await?;
    let kinds = UnitKind::ALL.iter().map(|kind| json!({ "code": kind.code(), "label": kind.label() }));
    Ok(Own {
        units: answer.get_mut("units").map(Value::take).unwrap_or_default(),
        kinds: kinds.collect(),
        manages: allowed(visit.actor(), Action::ManageUnits, &Object::None).is_ok(),
        form,
        rename,
    })
}

/// `POST /desk/units`: `act` says what.
pub(super) async fn act(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    let (document, variables, done) = match form.get("act") {
        "add" => {
            let kind = form.get("kind").to_ascii_uppercase();
            let input = json!({ "code": form.get("code"), "name": form.get("name"), "kind": kind });
            (ADD, json!({ "unitInput": input }), "已新增单位。")
        }
        "rename" => (RENAME, json!({ "unit": form.get("unit"), "name": form.get("name") }), "已改名。"),
        "active" => {
            let active = form.get("active") == "on";
            let done = if active {
                "已启用。"
            } else {
                "已停用，不能再派单或安排人员；已有的件和人不变。"
            };
            (ACTIVE, json!({ "unit": form.get("unit"), "active": active }), done)
        }
        _ => return Err(PageError::Address("没有这项操作。请刷新页面后再试。")),
    };
    let refused = match visit.act::<Value>(document, variables).await? {
        Ok(_) => return Ok(visit.go(HERE, &Flash::done(done))),
        // Nothing was typed that could be lost.
        Err(refused) if form.get("act") == "active" => return Ok(visit.go(HERE, &Flash::refused(refused.message))),
        Err(refused) => refused,
    };
    form.refuse(&refused, FIELDS);
    let own = if form.get("act") == "add" {
        own(&visit, form, Form::default()).await?
    } else {
        own(&visit, blank(), form).await?
    };
    visit.refused("console/units.html", own).await
}
