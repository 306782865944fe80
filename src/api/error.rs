//! What a request is told when it gets no answer: a stable code, a message in Chinese, and for accidents a number.
//!
//! Business refusals of a mutation are data ([`super::payload`]); here are bad input, missing rights, and accidents.

use std::sync::Arc;

use async_graphql::{ErrorExtensions as _, ServerError};

use crate::clock::{Entropy as _, SystemEntropy};
use crate::service::{Refusal, ServiceError};
use crate::store::StoreError;
use crate::telemetry;

/// The result of a resolver.
pub type ApiResult<T> = Result<T, ApiError>;

/// An entry of the answer's `errors`. It has no `Display` on purpose: `async_graphql` would then take it for any error
/// and drop its code.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// The stable code, in `extensions.code`.
    pub code: &'static str,
    /// For the person at the screen.
    pub message: String,
    /// The number of an accident, in `extensions.number` and in the log line that tells its causes.
    pub number: Option<String>,
}

impl ApiError {
    /// The request asks for something that cannot be: the caller has to change it.
    pub fn bad_input(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), number: None }
    }

    /// Something that cannot happen unless the program is wired wrongly.
    pub fn internal(problem: &str) -> Self {
        Self::accident("internal", "系统内部出错，请把错误编号告诉系统管理员。", problem)
    }

    fn accident(code: &'static str, message: &str, causes: &str) -> Self {
        let number = error_number();
        tracing::error!(error.number = %number, error.code = code, error = %causes, "a request failed");
        Self { code, message: format!("{message}（错误编号 {number}）"), number: Some(number) }
    }
}

/// Eight hexadecimal digits: enough to find the line among those of some weeks, short enough to be read out.
pub(crate) fn error_number() -> String {
    let mut bytes = [0; 4];
    // Without random bytes there are other worries; the line is then found by its time.
    let _ = SystemEntropy.fill(&mut bytes);
    hex::encode(bytes)
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code, message: refusal.message, number: None }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        Self::from(Arc::new(error))
    }
}

impl From<Arc<ServiceError>> for ApiError {
    fn from(error: Arc<ServiceError>) -> Self {
        let causes = telemetry::chain(error.as_ref());
        match error.as_ref() {
            ServiceError::Refused(refusal) => refusal.clone().into(),
            ServiceError::Store(StoreError::Open(_) | StoreError::Database(_)) => {
                Self::accident("unavailable", "数据库暂时不可用，请稍后重试。", &causes)
            }
            ServiceError::Search(_) => Self::accident("unavailable", "搜索暂时不可用，请稍后重试。", &causes),
            _ => Self::accident("internal", "系统内部出错，请把错误编号告诉系统管理员。", &causes),
        }
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        Self::new(error.message).extend_with(|_, extensions| {
            extensions.set("code", error.code);
            if let Some(number) = error.number {
                extensions.set("number", number);
            }
        })
    }
}

impl From<ApiError> for ServerError {
    fn from(error: ApiError) -> Self {
        async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default())
    }
}

/// For a field that others may read: `None` where the viewer may not.
pub(super) fn if_allowed<T>(result: Result<T, ServiceError>) -> ApiResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ServiceError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Gives a code to what the GraphQL engine itself refused: a text it cannot parse, an unknown field, a limit.
pub(super) fn code_engine_error(error: &mut ServerError) {
    let coded = error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
    if coded {
        return;
    }
    let code = match error.message.as_str() {
        "Query is too complex." => "query_too_complex",
        "Query is nested too deep." => "query_too_deep",
        message if message.starts_with("The recursion depth") => "query_too_deep",
        message if message.starts_with("The number of directives") => "too_many_directives",
        _ => "invalid_query",
    };
    error.extensions.get_or_insert_default().set("code", code);
}
