//! Modules face down only, and the domain is pure.

use std::{ffi::OsStr, path::Path};

use super::{assert_none, read, root, rust_files};
use crate::support::source::Source;

/// The modules of the app, the highest layer first. A module may use the layers below its own, and nothing beside or
/// above it. A new module is added here, on the layer where it belongs.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["http"],
    &["console", "portal"],
    &["page"],
    &["api"],
    &["jobs"],
    &["service"],
    &["store", "search", "intake", "identity"],
    &["sample"],
    &["clock", "config", "lifecycle", "telemetry"],
];

/// What the domain may be built on: no I/O, no clock, no randomness in any of them as used here.
const PURE: &[&str] = &["hex", "jiff", "serde", "serde_json", "sm3", "thiserror", "uuid"];

/// What only the domain's tests may use.
const PURE_IN_TESTS: &[&str] = &["proptest"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// What `module` reaches although it lies beside or above it, each as a reason to refuse.
fn upward_uses(module: &str, text: &str) -> Vec<String> {
    let Some(own) = layer(module) else {
        return vec![format!("module `{module}` has no layer: add it to LAYERS")];
    };
    let used = Source::parse(text).crate_modules();
    let upward = used.iter().filter(|used| *used != module && layer(used).is_some_and(|layer| layer <= own));
    upward.map(|used| format!("`{module}` uses `{used}`, which does not lie below it")).collect()
}

/// The module a file of `src/` belongs to; none for the two roots, which see everything.
fn module_of(path: &Path) -> Option<&str> {
    let first = path.strip_prefix("src").ok()?.components().next()?.as_os_str();
    let stem = Path::new(first).file_stem().and_then(OsStr::to_str)?;
    (!matches!(stem, "lib" | "main")).then_some(stem)
}

#[test]
fn modules_face_down_only() {
    let files = rust_files("src");
    assert!(!files.is_empty());
    let findings = files.iter().filter_map(|(path, text)| module_of(path).map(|module| (path, module, text)));
    let findings: Vec<String> = findings
        .flat_map(|(path, module, text)| {
            upward_uses(module, text).into_iter().map(|finding| format!("{}: {finding}", path.display()))
        })
        .collect();
    assert_none("modules face down only", &findings);
}

#[test]
fn an_upward_or_sideward_use_is_found() {
    assert_eq!(upward_uses("store", "use crate::{clock::Clock, service::Items};").len(), 1);
    assert_eq!(upward_uses("store", "fn f() { crate::search::open() }").len(), 1);
    assert_eq!(upward_uses("service", "use crate::{service::Error, store::Db, search};"), [] as [String; 0]);
    assert_eq!(upward_uses("nowhere", "").len(), 1);
}

#[test]
fn domain_is_built_on_pure_crates_only() {
    let manifest: toml::Table = read(&root().join("domain/Cargo.toml")).parse().expect("the manifest is TOML");
    let names = |table: &str| -> Vec<String> {
        manifest
            .get(table)
            .and_then(toml::Value::as_table)
            .map_or_else(Vec::new, |table| table.keys().cloned().collect())
    };
    assert!(!names("dependencies").is_empty());
    let dear = names("dependencies").into_iter().filter(|name| !PURE.contains(&name.as_str()));
    let dear_in_tests =
        names("dev-dependencies").into_iter().filter(|name| ![PURE, PURE_IN_TESTS].concat().contains(&name.as_str()));
    let other_tables = ["build-dependencies", "target"].into_iter().filter(|table| manifest.contains_key(*table));
    let findings: Vec<String> = dear.chain(dear_in_tests).chain(other_tables.map(str::to_owned)).collect();
    assert_none("the domain is built on pure crates only", &findings);
}

#[test]
fn domain_reads_no_clock_disk_network_or_environment() {
    const IMPURE: &[&str] = &[
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Timestamp::now",
        "Zoned::now",
        "Instant::now",
        "new_v4",
        "now_v7",
    ];
    // Tests may: they run openssl beside the ledger and measure.
    let is_test = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    let findings: Vec<String> = rust_files("domain/src")
        .iter()
        .filter(|(path, _)| !is_test(path))
        .flat_map(|(path, text)| {
            let code = Source::parse(text).code;
            let found = IMPURE.iter().filter(|name| code.contains(*name)).copied().collect::<Vec<_>>();
            found.into_iter().map(move |name| format!("{}: {name}", path.display()))
        })
        .collect();
    assert_none("the domain reads no clock, disk, network or environment", &findings);
}
