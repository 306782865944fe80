//! Secrets reach the server and nobody else.

use std::fmt::{Debug, Write};
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::super::{Method, Secrets, secret_marker};
use super::server::{ok, page};
use super::*;
use crate::crawl::Pages;

/// Everything that is logged, in all levels.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        event.record(&mut Line(&mut log));
        log.push('\n');
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_secret_is_in_the_request_and_nowhere_else() {
    const SECRET: &str = "hunter2";
    let log = Log::default();
    let logging = tracing::subscriber::set_default(log.clone());
    let server =
        Server::start(|seen, _| if seen.target.starts_with("/ok") { ok("fine") } else { page(500, &[], "") }).await;
    let secrets = Secrets::read([("HUIYIN_SECRET_KEY".into(), SECRET.into())], None).unwrap();
    let settings = NetSettings { secrets, ..settings() };
    let mut rules = rules(&server);
    rules.headers = vec![("X-Key".to_owned(), super::super::HeaderValue::Secret("KEY".to_owned()))];
    let mut fetcher = with(&rules, &settings);
    let marker = secret_marker("key");
    for path in ["/ok", "/fault"] {
        let mut request = Request::get(server.url(path));
        request.url.query_pairs_mut().append_pair("k", &marker).append_pair("name", "张三");
        request.method = Method::Form(vec![("p".to_owned(), marker.clone()), ("page".to_owned(), "2".to_owned())]);
        let shown = fetcher.redacted(&request);
        assert!(shown.contains("k=***") && shown.ends_with("POST p=***&page=2"), "{shown}");
        let result = fetcher.get(request.clone()).await;
        let told = format!("{result:?} {fetcher:?} {settings:?} {request:?} {shown}");
        assert!(!told.contains(SECRET), "{told}");
        assert_eq!(result.is_ok(), path == "/ok");
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 5);
    for seen in seen {
        assert!(seen.target.contains("k=hunter2"), "{seen:?}");
        assert_eq!((seen.header("x-key"), seen.body.as_str()), (Some(SECRET), "p=hunter2&page=2"));
    }
    drop(logging);
    let log = log.0.lock().unwrap();
    assert!(log.contains("host=\"127.0.0.1\"") || log.contains("host=127.0.0.1"), "{log}");
    assert!(log.contains("status=500") && log.contains("status=200") && log.contains("millis="), "{log}");
    for hidden in [SECRET, "/ok", "page=2", "%E5", "张三"] {
        assert!(!log.contains(hidden), "{hidden}: {log}");
    }
}
