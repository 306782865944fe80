//! `/desk/sources/{id}`: one source, with its alarms, its month and its pulls; and what is done about it.

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Difference, PATH, admit, asked_day, list_of, today};
use crate::console::{Flash, Form, Visit, at};
use crate::page::PageError;

pub(in crate::console) const DOCUMENT: &str = include_str!("../../../graphql/pages/desk-source.graphql");
pub(in crate::console) const PULL: &str = include_str!("../../../graphql/pages/desk-source-pull.graphql");
pub(in crate::console) const ENABLED: &str = include_str!("../../../graphql/pages/desk-source-enabled.graphql");
pub(in crate::console) const SETTLE: &str = include_str!("../../../graphql/pages/desk-alarm-settle.graphql");

/// Pulls of a page.
const PULLS: i32 = 20;
/// What an alarm about running numbers is called.
const GAP: &str = "numbers_missing";

#[derive(Deserialize)]
struct Answer {
    source: Option<Value>,
    alarms: Value,
    pulls: Pulls,
    #[serde(default)]
    reconciliation: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pulls {
    page_info: PageInfo,
    edges: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "what the template asks, each by itself")]
struct Own {
    form: Form,
    source: Value,
    /// Whether it is being read or waits for it.
    busy: bool,
    /// This very page's address.
    here: String,
    /// Whether the viewer may try it out.
    tries: bool,
    /// Whether the viewer may upload files.
    uploads: bool,
    /// Open alarms, without those about running numbers.
    alarms: Vec<Value>,
    /// Open alarms about running numbers, one gap each.
    gaps: Vec<Value>,
    /// Whether there are more than are shown.
    more_alarms: bool,
    /// Which alarm's form was refused.
    refused: String,
    /// A day of the month shown, and whether that is the present one.
    month: String,
    this_month: bool,
    earlier: Option<String>,
    later: Option<String>,
    /// The day whose pulls are shown; none when the newest are.
    day: Option<String>,
    /// Its part of that day's reconciliation, and when that was read.
    part: Value,
    checked_at: Value,
    differences: Vec<Difference>,
    pulls: Value,
    first_page: Option<String>,
    next_page: Option<String>,
}

/// `GET /desk/sources/{id}?month=2026-11-01&day=2026-11-19&after=…`
pub(super) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    admit(&visit)?;
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let own = one(&visit, &id, form).await?;
    visit.page("console/source.html", own).await
}

async fn one(visit: &Visit, id: &str, form: Form) -> Result<Own, PageError> {
    let today = today(visit);
    let day = asked_day(&form)?;
    let wrong = PageError::Address("月份应写作 2026-11 这样的形式。请从“渠道”进入。");
    let month = form.given("month").map(|text| format!("{text}-01").parse::<Date>().map_err(|_| wrong)).transpose()?;
    let month = month.or(day).unwrap_or(today).first_of_month();
    let text = |day: Date| day.to_string();
    let variables = json!({
        "source": id, "inMonth": text(month), "day": day.map(text), "on": text(day.unwrap_or(today)), "one": day.is_some(),
        "first": PULLS, "after": form.given("after"),
    });
    let Answer { source, alarms, pulls, reconciliation } = visit.read(DOCUMENT, variables).await?;
    let source = source.ok_or(PageError::Missing("没有这个渠道。请从“渠道”进入。"))?;
    let nodes = list_of(&alarms, "/edges").iter().map(|edge| at(edge, "/node").clone());
    let (gaps, others) = nodes.partition(|alarm| at(alarm, "/kind/code") == GAP);
    let parts = list_of(&reconciliation, "/sources");
    let part = parts.iter().find(|part| at(part, "/source/id") == id).cloned().unwrap_or_default();
    let found = list_of(&part, "/differences").iter();
    let next = pulls.page_info.end_cursor.filter(|_| pulls.page_info.has_next_page);
    let address = |pairs: &[(&str, &str)]| address(id, pairs);
    let asked = |names: &[&'static str]| -> Vec<(&'static str, &str)> {
        names.iter().filter_map(|name| Some((*name, form.given(name)?))).collect()
    };
    let of_month = |month: Date| address(&[("month", month.strftime("%Y-%m").to_string().as_str())]);
    let later = month.last_of_month().tomorrow().ok().filter(|month| *month <= today);
    Ok(Own {
        busy: is_busy(&source),
        here: address(&asked(&["month", "day", "after"])),
        tries: allowed(visit.actor(), Action::ViewHeld, &Object::None).is_ok(),
        uploads: allowed(visit.actor(), Action::ImportFile, &Object::None).is_ok(),
        more_alarms: at(&alarms, "/pageInfo/hasNextPage") == true,
        refused: form.get("alarm").to_owned(),
        this_month: month == today.first_of_month(),
        earlier: month.yesterday().ok().map(of_month),
        later: later.map(of_month),
        month: text(month),
        differences: found.map(|found| Difference::new(found, Some(id), day.unwrap_or(today))).collect(),
        first_page: form.given("after").map(|_| address(&asked(&["month", "day"]))),
        next_page: next.map(|after| {
            let mut pairs = asked(&["month", "day"]);
            pairs.push(("after", after.as_str()));
            address(&pairs)
        }),
        alarms: others,
        day: day.map(text),
        pulls: pulls.edges,
        gaps,
        part,
        checked_at: at(&reconciliation, "/at").clone(),
        form,
        source,
    })
}

/// Whether it is being read, or somebody has asked for it.
fn is_busy(source: &Value) -> bool {
    let mut stages = list_of(source, "/jobs").iter().filter_map(|job| at(job, "/stage/code").as_str());
    stages.any(|stage| matches!(stage, "waiting" | "running"))
}

/// This page's address with a query.
fn address(id: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { format!("{PATH}/{id}") } else { format!("{PATH}/{id}?{query}") }
}

/// `POST /desk/sources/{id}`: `act` is `pull`, `sweep`, `on` or `off`, for a box of letters `open` or `close`, or else
/// `settle` (`alarm`, `reason`); `from`: `list` where the button stands on the list.
pub(super) async fn act(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    admit(&visit)?;
    let back = if form.get("from") == "list" { PATH.to_owned() } else { address(&id, &[]) };
    let set = |enabled: bool| json!({ "source": id, "enabled": enabled });
    let pull = |sweep: bool| json!({ "source": id, "sweep": sweep });
    let (document, variables, done) = match form.get("act") {
        "pull" => (PULL, pull(false), "已排队采集，批次几秒后出现在这里。"),
        "sweep" => (PULL, pull(true), "已排队全量核对。列表长的渠道要读一阵子，可以离开这一页。"),
        "on" => (ENABLED, set(true), "已启用，会按计划采集。"),
        "off" => (ENABLED, set(false), "已停用，不再按计划采集；已收的来件不受影响。"),
        "open" => (ENABLED, set(true), "已开放，写信页上可以选它。"),
        "close" => (ENABLED, set(false), "已关闭，写信页上不再有它；以前写的信照常答复。"),
        "settle" => {
            form.demand("reason", "请写明查到了什么、怎么处理的。");
            let variables = json!({ "alarm": form.get("alarm"), "reason": form.get("reason") });
            (SETTLE, variables, "告警已解除，处理说明已记录在案。")
        }
        _ => return Err(PageError::Address("不知道要做什么。请返回上一页重新提交。")),
    };
    if form.is_fine() {
        match visit.act::<Value>(document, variables).await? {
            Ok(_) => return Ok(visit.go(&back, &Flash::done(done))),
            Err(refused) => form.refuse(&refused, &[("alarm_reason", "reason")]),
        }
    }
    visit.refused("console/source.html", one(&visit, &id, form).await?).await
}
