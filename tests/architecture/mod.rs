//! The rules of `docs/ARCHITECTURE.md`, held against the files as they are.

mod dependencies;
mod layers;
mod licence;
mod pages;
mod sql;
mod text;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::source::files_below;

/// The top of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the project.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files below a directory of the project, each as its path from the top and its text. A directory that does
/// not exist has none.
fn rust_files(dir: &str) -> Vec<(PathBuf, String)> {
    let dir = root().join(dir);
    if !dir.try_exists().expect("the directory can be looked up") {
        return Vec::new();
    }
    let files = files_below(&dir).expect("the directory can be read");
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| (from_root(&path), read(&path))).collect()
}

/// A path as seen from the top of the project.
fn from_root(path: &Path) -> PathBuf {
    path.strip_prefix(root()).unwrap_or(path).to_path_buf()
}

/// Fails with every finding on a line of its own.
fn assert_none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
