//! Files stay small, and say nothing of the machine they were written on.

use std::{env, fs};

use super::{assert_none, from_root, root, rust_files};
use crate::support::source::files_below;

/// The most lines of a Rust file: beyond that it has a seam.
const MOST_LINES: usize = 500;

#[test]
fn rust_files_stay_small() {
    let files = ["src", "domain", "intake", "tests", "benches"].into_iter().flat_map(rust_files);
    let long = files.map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > MOST_LINES);
    let findings: Vec<String> = long.map(|(path, lines)| format!("{}: {lines} lines", path.display())).collect();
    assert_none(&format!("a Rust file has at most {MOST_LINES} lines"), &findings);
}

/// The places that only one machine has: home directories, and where this copy of the project lies.
fn machine_places() -> Vec<String> {
    let homes = ["root", "home", "Users"].map(|dir| format!("/{dir}/"));
    let own = env::var("HOME").ok().filter(|home| home.len() > 1);
    homes.into_iter().chain(own).chain(root().to_str().map(str::to_owned)).collect()
}

/// The first place in `text` that stands as an absolute path, not inside an address or a longer path.
fn names_a_place<'a>(text: &str, places: &'a [String]) -> Option<&'a str> {
    let absolute =
        |at: usize| !text[..at].ends_with(|before: char| before.is_alphanumeric() || "._-}".contains(before));
    let named = |place: &&String| text.match_indices(place.as_str()).any(|(at, _)| absolute(at));
    places.iter().find(named).map(String::as_str)
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    let places = machine_places();
    let files = files_below(root()).expect("the project can be read");
    assert!(files.len() > 10);
    let findings: Vec<String> = files
        .iter()
        .filter(|path| from_root(path) != std::path::Path::new(".git"))
        .filter_map(|path| {
            // What is no text names nothing a reader could follow.
            let text = fs::read_to_string(path).ok()?;
            names_a_place(&text, &places).map(|place| format!("{}: {place}", from_root(path).display()))
        })
        .collect();
    assert_none("no file names a place on one machine", &findings);
}

#[test]
fn a_path_is_told_from_an_address() {
    let places = ["/place/".to_owned()];
    assert!(names_a_place("see /place/notes", &places).is_some());
    assert!(names_a_place("https://example.org/place/notes", &places).is_none());
    assert!(names_a_place("src/place/mod.rs", &places).is_none());
}
