//! Responsible units 责任单位.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use huiyin_domain::id::UnitId;

use super::context::ContextExt as _;
use super::error::ApiResult;
use super::payload::{Outcome, Status, UserError};
use super::scalars::{NodeId as _, node};
use super::words::{UnitKind, Word};
use crate::service::ServiceError;
use crate::store::unit::UnitRow;

/// A responsible unit. 责任单位
#[derive(Debug, Clone, SimpleObject)]
pub struct Unit {
    /// Its id. 编号
    id: ID,
    /// A short stable code. 代码
    code: String,
    /// The name people use. 名称
    name: String,
    /// What it is in the chain of review. 类别
    kind: Word,
    /// Whether items can be assigned to it. 启用
    active: bool,
}

impl Unit {
    /// Out of its row.
    pub fn new(row: UnitRow) -> Self {
        let kind = Word::unit_kind(&row.kind);
        Self { id: node("unit", &row.id), code: row.code, name: row.name, kind, active: row.active }
    }
}

/// A unit to add. 新单位
#[derive(Debug, InputObject)]
pub struct AddUnitInput {
    /// A short stable code of small letters, digits and hyphens. 代码
    code: String,
    /// The name people use. 名称
    name: String,
    /// What it is in the chain of review. 类别
    kind: UnitKind,
}

/// What adding a unit came to.
#[derive(Debug, SimpleObject)]
pub struct UnitPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The unit. 单位
    unit: Option<Unit>,
}

impl UnitPayload {
    fn of(result: Result<UnitRow, ServiceError>) -> ApiResult<Self> {
        let Outcome { status, user_errors, done } = Outcome::of(result)?;
        Ok(Self { status, user_errors, unit: done.map(Unit::new) })
    }
}

/// Queries about units.
#[derive(Debug, Default)]
pub struct UnitQuery;

#[Object]
impl UnitQuery {
    /// All units, in the order of their codes. 责任单位
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn units(&self, ctx: &Context<'_>) -> ApiResult<Vec<Unit>> {
        let rows = ctx.service()?.units(ctx.signed_in()?).await?;
        Ok(rows.into_iter().map(Unit::new).collect())
    }
}

/// Changes of units.
#[derive(Debug, Default)]
pub struct UnitMutation;

#[Object]
impl UnitMutation {
    /// Adds a unit. 新增单位
    async fn add_unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The unit. 单位")] input: AddUnitInput,
    ) -> ApiResult<UnitPayload> {
        let actor = ctx.signed_in()?;
        UnitPayload::of(ctx.service()?.add_unit(actor, &input.code, &input.name, input.kind.into()).await)
    }

    /// Gives a unit another name. 单位改名
    async fn rename_unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The unit. 单位")] unit: ID,
        #[graphql(desc = "The name people use from now on. 名称")] name: String,
    ) -> ApiResult<UnitPayload> {
        let actor = ctx.signed_in()?;
        UnitPayload::of(ctx.service()?.rename_unit(actor, UnitId::from_node(&unit)?, &name).await)
    }

    /// Sets whether items and people can be given to a unit; what it has stays with it. 启用或停用单位
    async fn set_unit_active(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The unit. 单位")] unit: ID,
        #[graphql(desc = "Whether they can. 启用")] active: bool,
    ) -> ApiResult<UnitPayload> {
        let actor = ctx.signed_in()?;
        UnitPayload::of(ctx.service()?.set_unit_active(actor, UnitId::from_node(&unit)?, active).await)
    }
}
