//! What the page of an item shows: the item, and beside it what its forms need.

use std::collections::BTreeMap;

use huiyin_domain::item::{ActKind, Ground, ReopenReason, ReturnReason, SuspendReason, TransferRoute};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::change::{Compared, Seen, current, current_reply, news};
use super::read_item;
use super::spent::Spent;
use crate::console::{Form, Visit};
use crate::page::PageError;

pub(in crate::console) const SIDE: &str = include_str!("../../../graphql/pages/desk-item-side.graphql");

/// How the page is opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// With the citizen's name and number.
    pub(super) personal: bool,
    /// With these versions compared.
    pub(super) compared: Compared,
    /// After this was tried and refused, with its form.
    pub(super) tried: Option<(ActKind, Form)>,
    /// What was on the screen when it was tried.
    pub(super) seen: Option<Seen>,
}

/// A word to choose.
#[derive(Debug, Serialize)]
struct Choice {
    code: &'static str,
    label: &'static str,
}

macro_rules! choices {
    ($words:ty) => {
        <$words>::ALL.iter().map(|word| Choice { code: word.code(), label: word.label() }).collect()
    };
}

#[derive(Debug, Serialize)]
struct Choices {
    reasons: Vec<Choice>,
    routes: Vec<Choice>,
    grounds: Vec<Choice>,
    pauses: Vec<Choice>,
    again: Vec<Choice>,
}

/// A unit to choose.
#[derive(Debug, Serialize)]
struct UnitChoice {
    code: String,
    label: String,
    /// Whether it assists, or was chosen to.
    assists: bool,
}

/// What was typed into a form that is no longer there.
#[derive(Debug, Serialize)]
struct Lost {
    label: &'static str,
    text: String,
}

/// What the template has.
#[derive(Debug, Serialize)]
pub(super) struct Own {
    item: Value,
    /// The codes of what the viewer may do now.
    acts: Vec<String>,
    /// The form of each act, by its code.
    forms: BTreeMap<&'static str, Form>,
    /// What was tried and refused; empty when nothing was.
    tried: &'static str,
    /// Why, where no field is at fault.
    error: Option<String>,
    lost: Vec<Lost>,
    units: Vec<UnitChoice>,
    choices: Choices,
    /// The reply that is being written, or was released.
    reply: Option<Value>,
    /// Its newest version.
    draft: Option<Value>,
    /// What the viewer was typing: under `reply`, `return`, `comment`.
    kept: Value,
    /// Pieces of the two texts compared, and which versions they are.
    reply_changes: Value,
    question_changes: Value,
    compared: Value,
    /// What happened since the viewer looked.
    news: Vec<Value>,
    /// What every form carries.
    marks: Value,
    spent: Spent,
    /// Whether name and number are shown.
    personal: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Side {
    units: Vec<Unit>,
    reply: Value,
    r#return: Value,
    comment: Value,
    reply_diff: Value,
    question_diff: Value,
}

#[derive(Debug, Deserialize)]
struct Unit {
    id: String,
    name: String,
    active: bool,
}

impl Own {
    /// Reads all of it.
    pub(super) async fn read(visit: &Visit, number: i64, opened: Opened) -> Result<Self, PageError> {
        let item = read_item(visit, number, opened.personal).await?;
        let now = Seen::of(&item);
        let compared = opened.seen.map_or(opened.compared, |seen| Compared::since(seen, now));
        let acts: Vec<String> = codes(&item);
        let side = read_side(visit, &item, &acts, compared).await?;
        let news = opened.seen.map_or_else(Vec::new, |seen| news(&item, seen));
        let (reply, draft) = current(&item);
        let units = units(&item, side.units, opened.tried.as_ref());
        let kept = json!({ "reply": side.reply, "return": side.r#return, "comment": side.comment });
        let mut forms = forms(&item, &acts, draft.as_ref(), &kept);
        let (tried, error, lost) = match opened.tried {
            Some((kind, form)) => put_back(&mut forms, kind, form),
            None => ("", None, Vec::new()),
        };
        Ok(Self {
            spent: Spent::of(&item, visit.service().now())?,
            marks: json!({ "revision": item.get("revision"), "seq": now.seq, "version": now.reply, "question": now.question }),
            compared: json!({ "reply": compared.reply, "question": compared.question }),
            reply_changes: side.reply_diff,
            question_changes: side.question_diff,
            choices: choices(),
            personal: opened.personal,
            item,
            acts,
            forms,
            tried,
            error,
            lost,
            units,
            reply,
            draft,
            kept,
            news,
        })
    }
}

/// What the viewer may do now.
fn codes(item: &Value) -> Vec<String> {
    let acts = item["availableActs"].as_array().map(Vec::as_slice).unwrap_or_default();
    acts.iter().filter_map(|act| act["code"].as_str().map(str::to_owned)).collect()
}

/// Asks for what the forms and comparisons of this very page need; for nothing, where that is nothing.
async fn read_side(visit: &Visit, item: &Value, acts: &[String], compared: Compared) -> Result<Side, PageError> {
    let offers = |kinds: &[ActKind]| kinds.iter().any(|kind| acts.iter().any(|act| act == kind.code()));
    let units = offers(&[ActKind::Assign, ActKind::RequestReturn, ActKind::Arbitrate]);
    let (replying, returning) = (offers(&[ActKind::SaveDraft]), offers(&[ActKind::RequestReturn]));
    let commenting = offers(&[ActKind::SendBack]);
    if !(units || replying || returning || commenting) && compared == Compared::default() {
        return Ok(Side::default());
    }
    let (reply, question) = (compared.reply.unwrap_or_default(), compared.question.unwrap_or_default());
    let variables = json!({
        "item": item["id"],
        "choosing": units,
        "replying": replying,
        "returning": returning,
        "commenting": commenting,
        "comparingReply": compared.reply.is_some(),
        "reply": current_reply(item).map(|reply| &reply["id"]),
        "replyFrom": reply.0,
        "replyTo": reply.1,
        "comparingQuestion": compared.question.is_some(),
        "questionFrom": question.0,
        "questionTo": question.1,
    });
    visit.read(SIDE, variables).await
}

/// What each form holds at first.
fn forms(item: &Value, acts: &[String], draft: Option<&Value>, kept: &Value) -> BTreeMap<&'static str, Form> {
    let text = |value: &Value, place: &str| value.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    let known = ActKind::ALL.iter().filter(|kind| acts.iter().any(|act| act == kind.code()));
    let filled = known.map(|kind| {
        let form = Form::default();
        let form = match kind {
            ActKind::Assign => form.with("lead", text(item, "/leadUnit/id")),
            ActKind::Arbitrate => form.with("unit", text(item, "/pendingReturn/suggested/id")),
            ActKind::RequestReturn => form.with("basis", text(kept, "/return/text")),
            ActKind::SendBack => form.with("reason", text(kept, "/comment/text")),
            ActKind::SaveDraft => {
                let saved = draft.map(|draft| text(draft, "/text")).unwrap_or_default();
                let typed = kept.pointer("/reply/text").and_then(Value::as_str);
                form.with("text", typed.map_or(saved, str::to_owned))
            }
            _ => form,
        };
        (kind.code(), form)
    });
    filled.collect()
}

/// Puts a refused form where it was. Where its act is no longer to be done, its words are shown beside the reason.
fn put_back(
    forms: &mut BTreeMap<&'static str, Form>,
    kind: ActKind,
    form: Form,
) -> (&'static str, Option<String>, Vec<Lost>) {
    // One text, two buttons.
    let place = if kind == ActKind::SubmitReply { ActKind::SaveDraft.code() } else { kind.code() };
    let error = form.error().map(str::to_owned);
    if forms.contains_key(place) {
        forms.insert(place, form);
        return (place, error, Vec::new());
    }
    let typed = [("text", "答复稿"), ("basis", "退单依据"), ("reason", "修改意见")];
    let lost = typed.into_iter().filter(|(name, _)| !(*name == "reason" && kind != ActKind::SendBack));
    let lost = lost.map(|(name, label)| Lost { label, text: form.get(name).to_owned() });
    let error = error.or_else(|| form.first_error().map(str::to_owned));
    (place, error, lost.filter(|lost| !lost.text.is_empty()).collect())
}

/// The units to choose from, the assisting ones marked: those that assist, or those chosen in a refused form.
fn units(item: &Value, units: Vec<Unit>, tried: Option<&(ActKind, Form)>) -> Vec<UnitChoice> {
    let assisting: Vec<&str> = if let Some((ActKind::Assign, form)) = tried {
        form.all("assisting")
    } else {
        let units = item["assistingUnits"].as_array().map(Vec::as_slice).unwrap_or_default();
        units.iter().filter_map(|unit| unit["id"].as_str()).collect()
    };
    let choice =
        |unit: Unit| UnitChoice { assists: assisting.contains(&unit.id.as_str()), code: unit.id, label: unit.name };
    units.into_iter().filter(|unit| unit.active).map(choice).collect()
}

fn choices() -> Choices {
    Choices {
        reasons: choices!(ReturnReason),
        routes: choices!(TransferRoute),
        grounds: choices!(Ground),
        pauses: choices!(SuspendReason),
        again: choices!(ReopenReason),
    }
}
