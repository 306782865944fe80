//! What an item waits for: the return or the extension that somebody has to decide.

use async_graphql::{Context, Description, Object, SimpleObject};
use huiyin_domain::item;

use super::context::ContextExt as _;
use super::error::ApiResult;
use super::scalars::Time;
use super::unit::Unit;
use super::words::Word;

/// A return that waits for a decision. 待定的退单
#[derive(Debug, Description)]
pub struct PendingReturn(item::PendingReturn);

impl PendingReturn {
    /// Of a visible item.
    pub const fn new(pending: item::PendingReturn) -> Self {
        Self(pending)
    }
}

#[Object(use_type_description)]
impl PendingReturn {
    /// The unit that gives it back. 退单单位
    async fn unit(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        Ok(ctx.loaders()?.unit(&self.0.unit.to_string()).await?.map(Unit::new))
    }

    /// Why. 理由
    async fn reason(&self) -> Word {
        Word::new(self.0.reason.code(), self.0.reason.label())
    }

    /// The unit that should answer instead. 建议承办单位
    async fn suggested(&self, ctx: &Context<'_>) -> ApiResult<Option<Unit>> {
        Ok(ctx.loaders()?.unit(&self.0.suggested.to_string()).await?.map(Unit::new))
    }

    /// When. 时间
    async fn at(&self) -> Time {
        Time(self.0.at)
    }
}

/// An extension that waits for a decision. 待批的延期
#[derive(Debug, SimpleObject)]
pub struct PendingExtension {
    /// How many working days more. 工作日数
    days: u32,
    /// When it was asked for. 申请时间
    at: Time,
}

impl From<item::ExtensionRequest> for PendingExtension {
    fn from(request: item::ExtensionRequest) -> Self {
        Self { days: request.days, at: Time(request.at) }
    }
}
