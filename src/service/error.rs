//! What a use case answers when it does not do what was asked.

use huiyin_domain::{access, item, publication};

use crate::search;
use crate::store::StoreError;
use crate::telemetry::BrokenTask;

/// A business refusal: nothing went wrong, but it may not or cannot be done now. Data, not a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code, for programs and tests.
    pub code: &'static str,
    /// What is the matter and what to do next, in Chinese.
    pub message: String,
}

impl Refusal {
    /// A refusal of the use case itself.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// What is not there, or must look as if it were not.
    pub fn not_visible() -> Self {
        access::Refusal::NotVisible.into()
    }
}

macro_rules! refusal_from {
    ($($type:ty),*) => {$(
        impl From<$type> for Refusal {
            fn from(refusal: $type) -> Self {
                Self { code: refusal.code(), message: refusal.message() }
            }
        }

        impl From<$type> for ServiceError {
            fn from(refusal: $type) -> Self {
                Self::Refused(refusal.into())
            }
        }
    )*};
}

refusal_from!(access::Refusal, item::Refusal, publication::Refusal, search::Refusal);

/// For a row that somebody else may have written meanwhile: then it is refused so, every other trouble is a failure.
pub(super) fn or_taken(refusal: impl Into<Refusal>) -> impl FnOnce(StoreError) -> ServiceError {
    move |error| if error.is_taken() { ServiceError::Refused(refusal.into()) } else { error.into() }
}

/// Why a use case did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A business refusal, with its stable code.
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    /// A file that cannot be read as its connector says.
    #[error("read a file")]
    File(#[from] crate::intake::FileRefusal),
    /// A connector of this installation cannot be read.
    #[error("read a connector")]
    Connector(#[from] crate::intake::ConnectorError),
    /// An uploaded file could not be kept.
    #[error("keep an uploaded file")]
    Spool(#[source] std::io::Error),
    /// The store failed.
    #[error("use the store")]
    Store(#[source] StoreError),
    /// The search index failed.
    #[error("use the search index")]
    Search(#[from] search::SearchError),
    /// A stored state or event is not one the program can have written.
    #[error("rebuild {subject}: {problem}")]
    Inconsistent {
        /// What it is about, such as `item:…`.
        subject: String,
        /// What is wrong, without content.
        problem: String,
    },
    /// A deadline cannot be computed.
    #[error("compute a deadline")]
    Deadline(#[from] huiyin_domain::deadline::DeadlineError),
    /// No random bytes.
    #[error("draw random bytes")]
    Entropy(#[from] crate::clock::EntropyError),
    /// A password could not be hashed or checked.
    #[error("hash a password")]
    Password,
    /// A background task ended early.
    #[error("finish a background task")]
    Task(#[source] BrokenTask),
}

impl From<tokio::task::JoinError> for ServiceError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Task(error.into())
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<super::list::BadQuery> for ServiceError {
    fn from(bad: super::list::BadQuery) -> Self {
        let message = format!("列表地址中的“{}”无法识别，请重新设置筛选条件。", bad.parameter);
        Self::Refused(Refusal::new("bad_list_query", message))
    }
}

impl From<StoreError> for ServiceError {
    /// Two people at once are a refusal, every other trouble below is a failure.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ChangedMeanwhile { .. } => Self::Refused(Refusal::new(
                "changed_meanwhile",
                "这一件刚刚被别人改过。请刷新页面，看过新内容后再操作。",
            )),
            other => Self::Store(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_said_at_a_panic_is_not_told() {
        let task = tokio::spawn(async { assert_eq!("张三", "", "as the test says") });
        let error = ServiceError::from(task.await.unwrap_err());
        assert_eq!(crate::telemetry::chain(&error), "finish a background task: a task panicked");
    }
}
