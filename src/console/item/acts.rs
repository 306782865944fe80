//! What is done on the page of an item: one table of forms, from the fields they have to what is said once they are done.
//!
//! Who may do what and when stands in the domain. The page shows the forms of `availableActs`; a form that is sent anyway is
//! refused by the schema like any other.

use axum::extract::Path;
use axum::response::Response;
use huiyin_domain::item::{ActKind, Ground, ReopenReason, ReturnReason, SuspendReason, TransferRoute};
use serde_json::{Map, Value, json};

use super::change::Seen;
use super::shown::{Opened, Own};
use super::{MISSING, address, draft, id_of, parse};
use crate::console::{Flash, Form, Visit};
use crate::page::{PageError, Refused};

/// A field of a form; its name is the variable's in the form's document.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// Words, with what is said when there are none.
    Words(&'static str, &'static str),
    /// One unit, with what is said when none is chosen.
    Unit(&'static str, &'static str),
    /// Any number of units.
    Units(&'static str),
    /// One word of a closed set, by its code.
    Choice(&'static str, fn(&str) -> bool, &'static str),
    /// How many, with what is said when it is no number.
    Count(&'static str, &'static str),
    /// Another item, by its number.
    Item(&'static str, &'static str),
    /// The review the page was opened for.
    Step,
    /// The version of the reply that was on the screen.
    Version,
}

/// One form.
#[derive(Debug)]
struct Act {
    kind: ActKind,
    document: &'static str,
    fields: &'static [Field],
    /// What is said once it is done.
    done: &'static str,
    /// Which field a refusal is about.
    about: &'static [(&'static str, &'static str)],
}

macro_rules! act {
    ($kind:ident, $file:literal, $done:literal, [$($field:expr),*], [$($about:expr),*]) => {
        Act {
            kind: ActKind::$kind,
            document: include_str!(concat!("../../../graphql/pages/desk-item-", $file, ".graphql")),
            fields: &[$($field),*],
            done: $done,
            about: &[$($about),*],
        }
    };
}

/// Every form but the two of the reply's text, which [`draft`] handles.
const ACTS: &[Act] = &[
    act!(Register, "register", "已登记。", [], []),
    act!(
        Assign,
        "assign",
        "已派单。",
        [Field::Unit("lead", "请选择主办单位。"), Field::Units("assisting")],
        [("unit_unknown", "lead"), ("lead_assists", "assisting"), ("assignment_unchanged", "lead")]
    ),
    act!(
        Merge,
        "merge",
        "已并单。",
        [Field::Item("into", "请填写主件的件号。")],
        [("merge_into_self", "into"), ("merge_target", "into"), ("not_visible", "into")]
    ),
    act!(
        RefuseAcceptance,
        "refuse-acceptance",
        "已登记为不予受理，请告知诉求人。",
        [Field::Choice("ground", |code| Ground::parse(code).is_some(), "请选择不予受理的情形。")],
        []
    ),
    act!(
        TransferOut,
        "transfer-out",
        "已转出，请告知诉求人。",
        [Field::Choice("route", |code| TransferRoute::parse(code).is_some(), "请选择去向。")],
        []
    ),
    act!(Accept, "accept", "已签收，可以起草答复。", [], []),
    act!(
        RequestReturn,
        "request-return",
        "已退单，等待办公室审核。",
        [
            Field::Choice("reason", |code| ReturnReason::parse(code).is_some(), "请选择退单理由。"),
            Field::Words("basis", "请写明职责依据。"),
            Field::Unit("suggested", "请选择建议承办单位。")
        ],
        [
            ("return_basis_missing", "basis"),
            ("text_too_long", "basis"),
            ("return_unit_missing", "suggested"),
            ("return_to_self", "suggested"),
            ("unit_unknown", "suggested")
        ]
    ),
    act!(UpholdReturn, "uphold-return", "已同意退单，请重新派单。", [], []),
    act!(RejectReturn, "reject-return", "已驳回退单，由原单位办理。", [], []),
    act!(DisputeReturn, "dispute-return", "已提请裁定。", [], []),
    act!(Arbitrate, "arbitrate", "已裁定。", [Field::Unit("unit", "请选择承办单位。")], [("unit_unknown", "unit")]),
    act!(RecordContact, "record-contact", "已登记首次联系。", [], []),
    act!(Approve, "approve", "已审核通过。", [Field::Step, Field::Version], []),
    act!(
        SendBack,
        "send-back",
        "已退回修改。",
        [Field::Step, Field::Words("reason", "请写明需要修改的地方，再退回。")],
        [("reason_missing", "reason"), ("text_too_long", "reason")]
    ),
    act!(Release, "release", "已签发答复。", [], []),
    act!(
        RequestExtension,
        "request-extension",
        "已申请延期，等待办公室审批。",
        [Field::Count("days", "请填写延长几个工作日。")],
        [("extension_days", "days")]
    ),
    act!(GrantExtension, "grant-extension", "已批准延期。", [], []),
    act!(RejectExtension, "reject-extension", "未批准延期。", [], []),
    act!(
        Suspend,
        "suspend",
        "已挂起，时限暂停计算。",
        [Field::Choice("pause", |code| SuspendReason::parse(code).is_some(), "请选择挂起的理由。")],
        []
    ),
    act!(Resume, "resume", "已恢复办理，时限继续计算。", [], []),
    act!(Close, "close", "已办结。", [], []),
    act!(Archive, "archive", "已归档。", [], []),
    act!(
        Reopen,
        "reopen",
        "已重办，时限重新计算。",
        [Field::Choice("again", |code| ReopenReason::parse(code).is_some(), "请选择重办的理由。")],
        []
    ),
    act!(Withdraw, "withdraw", "已登记诉求人撤回。", [], []),
];

/// `POST /desk/items/{number}/{act}`
pub(in crate::console) async fn act(
    visit: Visit,
    Path((number, name)): Path<(String, String)>,
    mut form: Form,
) -> Result<Response, PageError> {
    let number = parse(&number)?;
    let kind =
        ActKind::parse(&name.replace('-', "_")).ok_or(PageError::Missing("没有这项操作。请返回这一件的页面。"))?;
    let (Some(seen), Ok(revision)) = (Seen::in_form(&form), form.get("revision").parse::<i64>()) else {
        return Err(PageError::Address("表单没有收全。请返回这一件的页面，重新操作。"));
    };
    let item = id_of(&visit, number).await?.ok_or(MISSING)?;
    let variables = Map::from_iter([("item".to_owned(), json!(item)), ("revision".to_owned(), json!(revision))]);
    let done = match ACTS.iter().find(|act| act.kind == kind) {
        Some(act) => act.perform(&visit, variables, &mut form).await?,
        None => draft::perform(&visit, kind, variables, &mut form).await?,
    };
    match done {
        Some(done) => Ok(visit.go(&address(number), &Flash::done(done))),
        None => refused(&visit, number, kind, seen, form).await,
    }
}

/// The page once more, as the item stands now: with what was typed, why not, and what happened meanwhile.
async fn refused(visit: &Visit, number: i64, tried: ActKind, seen: Seen, form: Form) -> Result<Response, PageError> {
    let opened = Opened { tried: Some((tried, form)), seen: Some(seen), ..Opened::default() };
    visit.refused("console/item.html", Own::read(visit, number, opened).await?).await
}

impl Act {
    /// What is said once it is done; nothing when it was not, and the form tells why.
    async fn perform(
        &self,
        visit: &Visit,
        mut variables: Map<String, Value>,
        form: &mut Form,
    ) -> Result<Option<&'static str>, PageError> {
        for field in self.fields {
            if let Some((name, value)) = field.read(visit, form).await? {
                variables.insert(name.to_owned(), value);
            }
        }
        if !form.is_fine() {
            return Ok(None);
        }
        match visit.act::<Value>(self.document, Value::Object(variables)).await? {
            Ok(_) => Ok(Some(self.done)),
            Err(refused) => {
                form.refuse(&refused, self.about);
                Ok(None)
            }
        }
    }
}

impl Field {
    /// The variable that the field gives; what is wrong is said beside it.
    async fn read(self, visit: &Visit, form: &mut Form) -> Result<Option<(&'static str, Value)>, PageError> {
        Ok(match self {
            Self::Words(name, missing) => {
                form.demand(name, missing);
                Some((name, json!(form.lines(name).trim())))
            }
            Self::Unit(name, missing) => {
                form.demand(name, missing);
                Some((name, json!(form.get(name))))
            }
            Self::Units(name) => Some((name, json!(form.all(name)))),
            Self::Choice(name, known, missing) if !known(form.get(name)) => {
                form.wrong(name, missing);
                None
            }
            Self::Choice(name, ..) => Some((name, json!(form.get(name).to_ascii_uppercase()))),
            Self::Count(name, missing) => count(form, name, missing).map(|count| (name, json!(count))),
            Self::Item(name, missing) => {
                let Some(number) = count(form, name, missing) else { return Ok(None) };
                let found = id_of(visit, i64::from(number)).await?;
                if found.is_none() {
                    form.wrong(name, "没有这一件，请核对件号。");
                }
                found.map(|id| (name, json!(id)))
            }
            Self::Step => {
                let known = huiyin_domain::item::ReviewStep::parse(form.get("step")).is_some();
                let step = form.get("step").to_ascii_uppercase();
                if !known {
                    return Err(PageError::Address("表单没有收全。请返回这一件的页面，重新操作。"));
                }
                Some(("step", json!(step)))
            }
            Self::Version => Some(("version", json!(form.get("version").parse::<i32>().unwrap_or(0)))),
        })
    }
}

/// A number that was typed, also in full-width digits.
fn count(form: &mut Form, name: &'static str, missing: &str) -> Option<i32> {
    let typed: String = form.get(name).chars().map(huiyin_domain::text::fold::fold_char).collect();
    let count = typed.parse().ok().filter(|count| *count > 0);
    if count.is_none() {
        form.wrong(name, missing);
    }
    count
}

/// Puts a refusal where it belongs in the form of the reply's text.
pub(super) fn refuse_text(form: &mut Form, refused: &Refused) {
    form.refuse(refused, &[("reply_empty", "text"), ("text_too_long", "text"), ("draft_unchanged", "text")]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_its_form() {
        for kind in ActKind::ALL {
            let of_text = matches!(kind, ActKind::SaveDraft | ActKind::SubmitReply);
            let forms = ACTS.iter().filter(|act| act.kind == *kind).count();
            assert_eq!(forms, usize::from(!of_text), "{kind}");
        }
    }

    #[test]
    fn every_field_is_a_variable_of_its_document() {
        for act in ACTS {
            let names = act.fields.iter().map(|field| match field {
                Field::Words(name, _)
                | Field::Unit(name, _)
                | Field::Units(name)
                | Field::Choice(name, ..)
                | Field::Count(name, _)
                | Field::Item(name, _) => *name,
                Field::Step => "step",
                Field::Version => "version",
            });
            let names: Vec<&str> = names.chain(["item", "revision"]).collect();
            for name in &names {
                assert!(act.document.contains(&format!("${name}: ")), "{} {name}", act.kind);
            }
            assert_eq!(act.document.matches('$').count(), 2 * names.len(), "{}", act.kind);
        }
    }
}
