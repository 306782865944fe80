//! Why a page could not be made, and what the visitor is told.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::{ApiError, error_number};
use crate::service::ServiceError;
use crate::telemetry;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A template does not parse, or asks for something the page does not have.
    #[error("render a template")]
    Template(#[from] minijinja::Error),
    /// The schema answered with an error; the log line of an accident tells its causes.
    #[error("read through the schema: {code}: {message}")]
    Schema {
        /// The stable code.
        code: String,
        /// For the person at the screen.
        message: String,
        /// The number of the accident, if it was one.
        number: Option<String>,
    },
    /// The schema answered in another shape than the page's document asks for.
    #[error("understand the schema's answer")]
    Shape(#[from] serde_json::Error),
    /// There is nothing at this address, or the visitor may not know of it; with a sentence that says what was looked for.
    #[error("nothing at this address")]
    Missing(&'static str),
    /// The address asks for something that cannot be; with a sentence that says what to do.
    #[error("an address that cannot be read")]
    Address(&'static str),
}

impl PageError {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Address(_) => StatusCode::BAD_REQUEST,
            Self::Template(_) | Self::Shape(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Schema { code, number, .. } => match code.as_str() {
                "sign_in_required" => StatusCode::UNAUTHORIZED,
                "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
                "not_visible" => StatusCode::NOT_FOUND,
                "bad_cursor" | "bad_id" | "bad_page_size" | "bad_list_query" | "day_unusable" => {
                    StatusCode::BAD_REQUEST
                }
                // The page's own document is wrong: nobody at the screen can mend that.
                "invalid_query" | "query_too_complex" | "query_too_deep" => StatusCode::INTERNAL_SERVER_ERROR,
                _ if number.is_some() => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::FORBIDDEN,
            },
        }
    }

    /// What the visitor is told, where it is written for visitors.
    pub fn told(&self) -> Option<&str> {
        match self {
            Self::Missing(text) | Self::Address(text) => Some(text),
            Self::Schema { message, .. } if self.status().is_client_error() => Some(message),
            Self::Schema { .. } | Self::Template(_) | Self::Shape(_) => None,
        }
    }

    /// Writes the error to the log and answers with the number that finds the line: eight hexadecimal digits.
    pub fn log(&self) -> String {
        let known = match self {
            Self::Schema { number, .. } => number.clone(),
            _ => None,
        };
        let number = known.unwrap_or_else(error_number);
        let error = telemetry::chain(self);
        if self.status().is_server_error() {
            tracing::error!(error.number = %number, error = %error, "a page failed");
        } else {
            tracing::info!(error.number = %number, error = %error, "a page was refused");
        }
        number
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::Schema { code: error.code.to_owned(), message: error.message, number: error.number }
    }
}

impl From<huiyin_domain::access::Refusal> for PageError {
    fn from(refusal: huiyin_domain::access::Refusal) -> Self {
        Self::Schema { code: refusal.code().to_owned(), message: refusal.message(), number: None }
    }
}

impl From<ServiceError> for PageError {
    /// For what pages ask the use cases directly: signing in, files.
    fn from(error: ServiceError) -> Self {
        ApiError::from(error).into()
    }
}

impl IntoResponse for PageError {
    /// The bare status with the error as an extension: the layer around the pages makes a page of it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
