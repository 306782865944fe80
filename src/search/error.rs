//! What can go wrong below a search.

use std::path::PathBuf;

/// A failure of the index or its files. A search text that cannot be used is not an error but a
/// [`Refusal`](super::Refusal).
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process holds the index for writing.
    #[error("open the index {} for writing: another process is writing to it", .dir.display())]
    Locked {
        /// The index's folder.
        dir: PathBuf,
    },
    /// There is no index in the folder yet: a writer makes one.
    #[error("open the index {}: there is none yet", .dir.display())]
    Missing {
        /// The index's folder.
        dir: PathBuf,
    },
    /// A file beside the index could not be read or written.
    #[error("{action} {}", .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The engine failed.
    #[error("run the search engine")]
    Engine(#[from] tantivy::TantivyError),
    /// The index does not hold what this program's schema says.
    #[error("read the index: its fields differ from this program's ({detail}); rebuild it")]
    Foreign {
        /// What is missing or different.
        detail: String,
    },
    /// The index is being rebuilt already.
    #[error("rebuild the index: a rebuild is running already")]
    Rebuilding,
}

impl SearchError {
    /// A message for the person at the screen, saying what to do next.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "搜索索引正被另一个进程写入。请先停止另一个 huiyin 服务或等它结束，再重试。",
            Self::Missing { .. } => "搜索索引尚未建立。请先启动服务，或执行 huiyin search rebuild。",
            Self::Io { .. } => "搜索索引文件读写失败。请检查磁盘空间与目录权限。",
            Self::Engine(_) => "搜索引擎出错。请重试；仍不行时执行 huiyin search rebuild 重建搜索索引。",
            Self::Foreign { .. } => "搜索索引与当前程序版本不符。请执行 huiyin search rebuild 重建搜索索引。",
            Self::Rebuilding => "搜索索引正在重建，请等它完成。",
        }
    }

    /// Makes an [`Io`](Self::Io) error, for use with `map_err`.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
