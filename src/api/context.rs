//! What a resolver finds in its context: who asks, the use cases, the loaders.

use async_graphql::Context;
use huiyin_domain::access::{self, Actor};

use super::error::{ApiError, ApiResult};
use super::loaders::Loaders;
use crate::service::account::Viewer;
use crate::service::{Refusal, Service};

/// Who sends a request, and how.
#[derive(Clone)]
pub struct Session {
    /// Who it is.
    pub viewer: Viewer,
    /// The token shown, if one was; needed to sign out.
    pub token: Option<String>,
    /// Whether cookies set in the answer are for encrypted connections only.
    pub secure_cookies: bool,
}

impl Session {
    /// Of a visitor who showed no valid token.
    pub const PUBLIC: Self = Self { viewer: Viewer::PUBLIC, token: None, secure_cookies: false };
}

impl std::fmt::Debug for Session {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("viewer", &self.viewer).finish_non_exhaustive()
    }
}

/// Short ways to what [`super::Api::execute`] has put into the context.
pub trait ContextExt {
    /// The use cases.
    fn service(&self) -> ApiResult<&Service>;
    /// Who sends the request, and how.
    fn session(&self) -> ApiResult<&Session>;
    /// The loaders of this request.
    fn loaders(&self) -> ApiResult<&Loaders>;

    /// Who asks.
    fn actor(&self) -> ApiResult<&Actor> {
        Ok(&self.session()?.viewer.actor)
    }

    /// Who asks, provided they have signed in: a visitor is told to, and learns nothing else.
    fn signed_in(&self) -> ApiResult<&Actor> {
        match self.actor()? {
            Actor::Public => Err(Refusal::from(access::Refusal::SignInRequired).into()),
            actor => Ok(actor),
        }
    }
}

impl ContextExt for Context<'_> {
    fn service(&self) -> ApiResult<&Service> {
        self.data().map_err(|_| ApiError::internal("the context holds no service"))
    }

    fn session(&self) -> ApiResult<&Session> {
        self.data().map_err(|_| ApiError::internal("the context holds no session"))
    }

    fn loaders(&self) -> ApiResult<&Loaders> {
        self.data().map_err(|_| ApiError::internal("the context holds no loaders"))
    }
}
