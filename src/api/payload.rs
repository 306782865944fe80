//! What a mutation answers: a business refusal is data, with a stable code and a message that says what to do next.

use async_graphql::{Enum, SimpleObject};

use super::error::{ApiError, ApiResult};
use crate::service::{Refusal, ServiceError};

/// Whether a mutation did what was asked. 结果
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Status {
    /// It was done. 成功
    Ok,
    /// It was not done, and nothing was changed; `userErrors` tells why. 被拒绝
    Refused,
}

/// Why a mutation was refused. 拒绝理由
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// The stable code. 代码
    pub code: String,
    /// What is the matter, and what to do next. 说明
    pub message: String,
}

/// The part all payloads share.
#[derive(Debug)]
pub struct Outcome<T> {
    /// Whether it was done.
    pub status: Status,
    /// Why not.
    pub user_errors: Vec<UserError>,
    /// What came of it.
    pub done: Option<T>,
}

impl<T> Outcome<T> {
    /// Refusals become data; accidents and the demand to sign in stay errors.
    pub fn of(result: Result<T, ServiceError>) -> ApiResult<Self> {
        match result {
            Ok(done) => Ok(Self { status: Status::Ok, user_errors: Vec::new(), done: Some(done) }),
            Err(ServiceError::Refused(Refusal { code, message })) if code != "sign_in_required" => {
                let user_errors = vec![UserError { code: code.to_owned(), message }];
                Ok(Self { status: Status::Refused, user_errors, done: None })
            }
            Err(error) => Err(ApiError::from(error)),
        }
    }
}
