//! The table of all pages is whole: every address that is answered with something to read is a line of it.

use std::collections::BTreeSet;
use std::path::Path;

use super::{assert_none, rust_files};
use crate::browser::pages::PAGES;

/// What is answered and is no page, each with its reason.
const NO_PAGES: &[(&str, &str)] = &[
    ("/healthz", "for what watches the server"),
    ("/graphql/try.js", "the script of a page"),
    ("/desk/live", "a stream of events"),
    ("/desk/attachments/{id}", "a file of an item; tests/doors/form.rs asks for it as everybody"),
    ("/desk/{*path}", "what is not there: the table has an address of it"),
    ("/sign-in/oidc", "leads to the identity provider"),
    ("/sign-in/oidc/callback", "leads on from there"),
];

/// Its routes are the files of the program, whose addresses have their digests in them.
const ASSETS: &str = "src/page/assets.rs";

/// The paths of a file's routes that answer `GET`; what cannot be read is told as an error. `consts` looks up a constant
/// that a route names.
fn routes(text: &str, consts: impl Fn(&str) -> Option<String>) -> Vec<Result<String, String>> {
    // What stands in a file's tests is no route of the program.
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let calls = text.split(".route(").skip(1).filter_map(|rest| {
        let (path, methods) = rest[..closing(rest)].split_once(',')?;
        let is_get = methods.match_indices("get(").any(|(at, _)| !methods[..at].ends_with(char::is_alphanumeric));
        is_get.then(|| path.trim())
    });
    let path = |path: &str| match path.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(literal) => Ok(literal.to_owned()),
        None => consts(path.rsplit("::").next().unwrap_or(path)).ok_or_else(|| path.to_owned()),
    };
    calls.map(path).collect()
}

/// Where the bracket is closed that was opened before `text`.
fn closing(text: &str) -> usize {
    let mut open = 1_u32;
    let close = text.char_indices().find(|(_, letter)| {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        open == 0
    });
    close.map_or(text.len(), |(at, _)| at)
}

/// What a constant of this name says in a text.
fn constant(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("const {name}: &str = \""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// The paths of all routes that answer `GET`.
fn all_routes() -> BTreeSet<String> {
    let files = rust_files("src");
    let mut found = BTreeSet::new();
    for (path, text) in files.iter().filter(|(path, _)| path != Path::new(ASSETS)) {
        // In the file itself, else where it is taken from.
        let elsewhere = |name: &str| files.iter().find_map(|(_, text)| constant(text, name));
        for route in routes(text, |name| constant(text, name).or_else(|| elsewhere(name))) {
            let unread = |route| panic!("{}: which address is {route}?", path.display());
            found.insert(route.unwrap_or_else(unread));
        }
    }
    found
}

#[test]
fn every_route_that_is_read_is_in_the_table_of_pages() {
    let routes = all_routes();
    let known = |route: &&String| {
        PAGES.iter().any(|page| page.path == **route) || NO_PAGES.iter().any(|(path, _)| path == *route)
    };
    let missing: Vec<String> = routes.iter().filter(|route| !known(route)).cloned().collect();
    assert_none("every route that answers GET is a line of PAGES in tests/browser/pages.rs", &missing);
    let lines = PAGES.iter().filter(|page| page.status == 200).map(|page| page.path);
    let gone = lines.chain(NO_PAGES.iter().map(|(path, _)| *path)).filter(|path| !routes.contains(*path));
    let gone: Vec<String> = gone.map(str::to_owned).collect();
    assert_none("every line of PAGES is a route", &gone);
}

#[test]
fn routes_are_found_however_they_are_written() {
    let text = "const PATH: &str = \"/c\"; routes.route(\"/a\", get(show).post(act)).route(\"/b\", post(act))
        .route(PATH, get(list)).route(\n  \"/d/{id}\",\n  axum::routing::get(show),\n).route(\"/e\", answer.get(page))
        .route(wire::AT, get(at)).route(\"/f\", target(x)) } fn f() { form.get(x) } #[cfg(test)] mod tests { fn f() { r.route(\"/g\", get(h)) } }";
    let found = routes(text, |name| constant(text, name));
    let sound: Vec<&str> = found.iter().filter_map(|route| route.as_deref().ok()).collect();
    assert_eq!(sound, ["/a", "/c", "/d/{id}", "/e"]);
    assert_eq!(found.iter().filter_map(|route| route.as_ref().err()).collect::<Vec<_>>(), ["wire::AT"]);
}
