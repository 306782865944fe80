//! What a panic leaves in the log: its place, never its words.

use std::process::Command;

use axum::Router;
use axum::routing::get;
use huiyin::http::{App, router_with};
use huiyin::telemetry;

use crate::support::http;
use crate::support::world::World;

/// What a citizen may have written. It is put together here, so that it stands in no backtrace and no source line.
fn secret() -> String {
    format!("1380013{}", 8_000 + 1)
}

/// Not a test of its own: the test below runs it in a process of its own, since a panic hook is for a whole process.
#[tokio::test]
#[ignore = "started as a process of its own"]
async fn a_program_that_panics() {
    telemetry::init();
    telemetry::tell_only_places_of_panics();
    let joined = std::thread::Builder::new().name("reader".to_owned()).spawn(|| panic!("{}", secret())).unwrap().join();
    assert!(joined.is_err());
    let world = World::embedded().await;
    let pages = Router::new().route(
        "/panic",
        get(|| async {
            assert!(secret().is_empty(), "{}", secret());
        }),
    );
    let routes = router_with(App::new(world.service.clone()), pages);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    assert_eq!(http::get(format!("http://{address}/panic")).await.unwrap().status(), 500);
}

#[test]
fn a_panic_leaves_its_place_and_not_its_words() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--ignored", "--exact", "--nocapture", "cli::panics::a_program_that_panics"];
    let ran = Command::new(program).args(arguments).env("HUIYIN_LOG", "info").output().unwrap();
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(said.matches("tests/cli/panics.rs:").count(), 2, "{said}");
    assert!(said.contains("reader") && said.contains("a request ended in a panic"), "{said}");
    assert!(!said.contains(&secret()), "{said}");
}
