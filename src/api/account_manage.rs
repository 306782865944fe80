//! What administrators change about an account that is there.

use async_graphql::{Context, ID, Object};
use huiyin_domain::id::{AccountId, UnitId};

use super::account::AccountPayload;
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::scalars::NodeId as _;

/// Changes of accounts by administrators.
#[derive(Debug, Default)]
pub struct AccountManageMutation;

#[Object]
impl AccountManageMutation {
    /// Gives an account another password, to be changed at its next sign-in; its sessions and tokens end. 重置密码
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] account: ID,
        #[graphql(desc = "The password until then. 临时密码", secret)] password: String,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        AccountPayload::of(ctx.service()?.reset_password(actor, AccountId::from_node(&account)?, password).await)
    }

    /// Sets whether an account may sign in; disabled, its sessions and tokens end at once. 启用或停用账号
    async fn set_account_active(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] account: ID,
        #[graphql(desc = "Whether it may. 启用")] active: bool,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        AccountPayload::of(ctx.service()?.set_account_active(actor, AccountId::from_node(&account)?, active).await)
    }

    /// Moves an account to a unit; it holds from its next request on. 调整单位
    async fn set_account_unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] account: ID,
        #[graphql(desc = "The unit the person works for. 单位")] unit: ID,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        let (account, unit) = (AccountId::from_node(&account)?, UnitId::from_node(&unit)?);
        AccountPayload::of(ctx.service()?.set_account_unit(actor, account, unit).await)
    }

    /// Lets an account sign in again that had too many wrong attempts. 解除锁定
    async fn unlock_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] account: ID,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        AccountPayload::of(ctx.service()?.unlock_account(actor, AccountId::from_node(&account)?).await)
    }

    /// Takes an account's second factor away, whose device is lost; its sessions end. 重置动态口令
    async fn reset_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account. 账号")] account: ID,
    ) -> ApiResult<AccountPayload> {
        let actor = ctx.signed_in()?;
        AccountPayload::of(ctx.service()?.reset_second_factor(actor, AccountId::from_node(&account)?).await)
    }
}
