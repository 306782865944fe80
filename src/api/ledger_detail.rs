//! The particulars of an entry of an item's history, in words: the ledger holds ids and codes only.

use async_graphql::Context;
use huiyin_domain::id::UnitId;
use huiyin_domain::item::Event;

use super::context::ContextExt as _;
use super::error::ApiResult;
use crate::store::ledger::EntryRow;

/// What the entry says beside its kind; empty where that is all, or the kind is no event of an item.
pub async fn detail(ctx: &Context<'_>, entry: &EntryRow) -> ApiResult<String> {
    let Ok(body) = serde_json::from_str(&entry.body) else { return Ok(String::new()) };
    let Ok(event) = Event::parse(&entry.kind, &body) else { return Ok(String::new()) };
    Ok(match event {
        Event::VersionRecorded { version, .. } => format!("第 {version} 版"),
        Event::Merged { into } => match ctx.loaders()?.item(&into.to_string()).await? {
            Some(row) => format!("并入件 {}", row.number),
            None => String::new(),
        },
        Event::NotAccepted { ground } => ground.label().to_owned(),
        Event::TransferredOut { route } => route.label().to_owned(),
        Event::Assigned { lead, assisting, .. } => {
            let lead = names(ctx, [lead]).await?;
            let assisting = names(ctx, assisting).await?;
            if assisting.is_empty() { format!("主办 {lead}") } else { format!("主办 {lead}，协办 {assisting}") }
        }
        Event::ReturnRequested { reason, suggested, .. } => {
            format!("{}，建议 {}", reason.label(), names(ctx, [suggested]).await?)
        }
        Event::Arbitrated { unit, .. } => format!("由 {} 办理", names(ctx, [unit]).await?),
        Event::ExtensionRequested { days, .. } | Event::ExtensionGranted { days, .. } => format!("{days} 个工作日"),
        Event::Suspended { reason, .. } => reason.label().to_owned(),
        Event::Drafted { version, .. } | Event::Submitted { version, .. } | Event::Released { version, .. } => {
            format!("第 {version} 稿")
        }
        Event::Approved { step, .. } | Event::SentBack { step, .. } => step.label().to_owned(),
        Event::Reopened { reason, .. } => reason.label().to_owned(),
        _ => String::new(),
    })
}

async fn names(ctx: &Context<'_>, units: impl IntoIterator<Item = UnitId>) -> ApiResult<String> {
    let rows = ctx.loaders()?.units(units.into_iter().map(|unit| unit.to_string())).await?;
    Ok(rows.into_iter().map(|row| row.name.clone()).collect::<Vec<_>>().join("、"))
}
