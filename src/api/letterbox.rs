//! The boxes that letters can be dropped into at `/write`, as those see them who open and close them with `setSourceEnabled`.

use async_graphql::{Context, Object, SimpleObject};

use super::context::ContextExt as _;
use super::error::ApiResult;
use crate::service::form::Letterbox as Found;

/// A box that letters can be dropped into. 写信页的信箱
#[derive(Debug, SimpleObject)]
pub struct Letterbox {
    /// Its connector's id. 采集配置
    id: String,
    /// What people call it. 名称
    name: String,
    /// What it is for. 说明
    description: String,
    /// Whether letters are taken. 开放
    open: bool,
}

impl From<Found> for Letterbox {
    fn from(Found { id, name, description, open }: Found) -> Self {
        Self { id, name, description, open }
    }
}

/// Queries about the bureau's own form.
#[derive(Debug, Default)]
pub struct LetterboxQuery;

#[Object]
impl LetterboxQuery {
    /// All boxes for letters, open or closed. 写信页的信箱
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn letterboxes(&self, ctx: &Context<'_>) -> ApiResult<Vec<Letterbox>> {
        let boxes = ctx.service()?.all_letterboxes(ctx.signed_in()?).await?;
        Ok(boxes.into_iter().map(Letterbox::from).collect())
    }
}
