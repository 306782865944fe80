//! Accidents: a number instead of details, and the details in the log under that number.

use std::io::Write;
use std::sync::{Arc, Mutex};

use huiyin::store::item as items;
use huiyin_domain::access::{Action, Object, allowed};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::app::{CLI, Letter, TestApp, error_code};

/// A log that can be read again.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn an_accident_has_a_number_that_is_in_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    // The runtime of a test has one thread, so the server logs here too.
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = TestApp::start().await;
    app.import(&[Letter { author: "诸葛小虫".to_owned(), ..Letter::new(1) }]).await;
    let item = app.item(1).await;
    spoil(&app).await;
    let answer = app.gql(Some("office"), "query($id: ID!) { item(id: $id) { id } }", json!({ "id": item })).await;
    assert_eq!(error_code(&answer), "internal");
    let number = answer["errors"][0]["extensions"]["number"].as_str().unwrap().to_owned();
    assert_eq!(number.len(), 8);
    assert!(!answer.to_string().contains("state"), "{answer}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains(&number)).expect("the number is in the log");
    assert!(line.contains("use the store: read column state of item") && line.contains("request.id="), "{line}");
    assert!(!log.contains("诸葛小虫") && !log.contains("Huiyin-2026"));
}

/// Makes the stored state of the first item unreadable.
async fn spoil(app: &TestApp) {
    let store = app.service.store();
    let mut row = items::by_number(&mut store.read().await.unwrap().conn(), 1).await.unwrap().unwrap();
    row.state = "{".to_owned();
    let permit = allowed(&CLI, Action::ManageUnits, &Object::None).unwrap();
    let mut tx = store.begin(&permit).await.unwrap();
    items::update(&mut tx, &row, row.revision).await.unwrap();
    tx.commit(app.service.now()).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_gone_is_unavailable() {
    let app = TestApp::start().await;
    app.token("office").await;
    app.service.store().close().await;
    assert_eq!(error_code(&app.gql(Some("office"), "{ units { id } }", json!({})).await), "unavailable");
    let health = app.client.get(format!("{}/healthz", app.address)).send().await.unwrap();
    assert_eq!(health.status(), 503);
    assert_eq!(health.json::<serde_json::Value>().await.unwrap(), json!({ "status": "unavailable" }));
}
