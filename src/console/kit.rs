//! `/dev/kit`: every piece of the kit with samples, for those who build pages. Only on a developer's machine.

use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Form, Visit};
use crate::page::PageError;

#[derive(Serialize)]
struct Own {
    form: Form,
    instants: Value,
    bars: Value,
}

/// `GET /dev/kit`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    let form = Form::default().with("title", "二手房过户要哪些材料").with("kind", "consult");
    let own = own(&visit, form);
    visit.page("console/samples.html", own).await
}

/// `POST /dev/kit`: a form that is always refused, to see how that looks.
pub(super) async fn submit(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    form.demand("title", "请填写标题。");
    form.wrong("body", "答复里还有一问没有答：第 3 问。请补写一句，或说明理由。");
    let own = own(&visit, form);
    visit.refused("console/samples.html", own).await
}

fn own(visit: &Visit, form: Form) -> Own {
    let now = visit.service().now();
    let hours = |hours: i64| now.plus_seconds(hours * 3_600).to_string();
    Own {
        form,
        instants: json!({ "late": hours(-51), "soon": hours(3), "ok": hours(8 * 24), "now": hours(0) }),
        bars: json!([
            { "label": "办公室", "tone": "wait", "seconds": 19_680 },
            { "label": "村镇科（退）", "tone": "other", "seconds": 172_800 },
            { "label": "不动产中心", "tone": "work", "seconds": 259_200 },
            { "label": "审核", "tone": "review", "seconds": 72_000 },
        ]),
    }
}
