//! `GET /desk/live`: server-sent events that follow the ledger.
//!
//! Events: `head` with the ledger's newest number (first of all, and after everything told), `item` for each item that
//! changed within the viewer's scope, `badge` when what waits for the viewer has changed, `reset` when too much happened to
//! be told one by one. Every `head` carries its number as the event's id: a browser that comes back goes on from there.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::Digest;
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, sleep_until};

use super::App;
use super::desk::refuse;
use super::graphql::error_response;
use crate::api::cookie;
use crate::service::ServiceError;
use crate::service::live::{Changes, Live};

/// Streams one session may have open: a tab each, and some.
const MOST_STREAMS: usize = 6;
/// How often something is sent at least, so that a dead connection is noticed; the session is looked at as often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often badges are counted at most.
const BADGES: Duration = Duration::from_secs(2);
/// Proxies that would keep events back are asked not to.
const ACCEL: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The streams that are open, by session: by its token's digest, since what the server holds may be shown somewhere.
pub(super) type Streams = Arc<Mutex<HashMap<Digest, usize>>>;

/// Starts a stream for whoever may list items. It is no use of the session: browsers open a broken stream again by
/// themselves.
pub(super) async fn follow(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let token = cookie::token_of(&headers).unwrap_or_default().to_owned();
    let viewer = match app.service().still_signed_in(&token).await {
        Ok(viewer) => viewer.map_or(Actor::Public, |viewer| viewer.actor),
        Err(error) => return refuse(error),
    };
    if let Err(refusal) = allowed(&viewer, Action::ListItems, &Object::None) {
        return refuse(refusal.into());
    }
    let Some(place) = Place::take(&app.streams, &token) else {
        let message = "打开的页面过多，请关闭一些再试。";
        return error_response(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", message);
    };
    let seen = seen_by(&headers, query.as_deref());
    match Listener::start(app, viewer, token, seen, place).await {
        Ok(listener) => {
            let stream = unfold(listener, |mut listener| async move {
                let event = listener.next().await?;
                Some((Ok::<Event, Infallible>(event), listener))
            });
            ([(CACHE_CONTROL, "no-store"), (ACCEL, "no")], Sse::new(stream)).into_response()
        }
        Err(error) => refuse(error),
    }
}

/// The newest ledger number the page knows: of the last event, or (`?since=`) of the moment it was made.
fn seen_by(headers: &HeaderMap, query: Option<&str>) -> Option<u64> {
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    last_event.or_else(|| query?.split('&').find_map(|pair| pair.strip_prefix("since=")?.parse().ok()))
}

/// A place among the session's streams, given back when dropped.
struct Place {
    streams: Streams,
    session: Digest,
}

impl Place {
    fn take(streams: &Streams, token: &str) -> Option<Self> {
        let mut open = streams.lock().unwrap_or_else(PoisonError::into_inner);
        let session = Digest::of(token);
        let count = open.entry(session).or_default();
        if *count >= MOST_STREAMS {
            return None;
        }
        *count += 1;
        Some(Self { streams: Arc::clone(streams), session })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// One stream.
struct Listener {
    app: App,
    live: Live,
    viewer: Actor,
    token: String,
    changes: Receiver<Arc<Changes>>,
    waiting: VecDeque<Event>,
    /// The newest ledger number told.
    seq: u64,
    /// What the badges said last.
    badge: Option<String>,
    /// When to count the badges again; none while nothing has changed.
    count_at: Option<Instant>,
    beat_at: Instant,
    _place: Place,
}

impl Listener {
    async fn start(
        app: App,
        viewer: Actor,
        token: String,
        seen: Option<u64>,
        place: Place,
    ) -> Result<Self, ServiceError> {
        let live = app.live.clone();
        let (head, changes) = live.listen().await?;
        let mut listener = Self {
            app,
            live,
            viewer,
            token,
            changes,
            waiting: VecDeque::new(),
            seq: head,
            badge: None,
            // A page that has seen everything was made with these very counts.
            count_at: (seen != Some(head)).then(Instant::now),
            beat_at: Instant::now() + HEARTBEAT,
            _place: place,
        };
        match seen.filter(|seen| *seen < head) {
            Some(seen) => match listener.live.since(seen).await? {
                Some(missed) => {
                    listener.seq = seen;
                    listener.tell(&missed);
                }
                None => listener.start_over(),
            },
            None => listener.tell_head(),
        }
        Ok(listener)
    }

    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let count_at = self.count_at;
            let stop = self.live.stop().clone();
            tokio::select! {
                () = stop.cancelled() => return None,
                received = self.changes.recv() => match received {
                    Ok(changes) => {
                        if self.concerns_viewer(&changes) && !self.is_still_signed_in().await {
                            return None;
                        }
                        self.tell(&changes);
                        // What waits is made of items, and of what the viewer may do.
                        if !changes.items.is_empty() || self.concerns_viewer(&changes) {
                            self.count_at = self.count_at.or(Some(Instant::now() + BADGES));
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.start_over(),
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(count_at.unwrap_or(self.beat_at)), if count_at.is_some() => {
                    self.count_at = None;
                    self.count_badges().await;
                }
                () = sleep_until(self.beat_at) => {
                    if !self.is_still_signed_in().await {
                        return None;
                    }
                    self.beat_at = Instant::now() + HEARTBEAT;
                    return Some(Event::default().comment("…"));
                }
            }
        }
    }

    fn tell(&mut self, changes: &Changes) {
        if changes.seq <= self.seq {
            return;
        }
        for item in changes.items.iter().filter(|item| item.is_for(&self.viewer)) {
            let data = json!({ "number": item.number, "revision": item.revision, "stage": item.stage });
            self.waiting.push_back(Event::default().event("item").data(data.to_string()));
        }
        self.seq = changes.seq.max(self.seq);
        self.tell_head();
    }

    fn tell_head(&mut self) {
        let data = json!({ "seq": self.seq }).to_string();
        self.waiting.push_back(Event::default().event("head").id(self.seq.to_string()).data(data));
    }

    fn start_over(&mut self) {
        self.waiting.push_back(Event::default().event("reset").data("{}"));
        self.tell_head();
        self.count_at = self.count_at.or(Some(Instant::now() + BADGES));
    }

    /// What waits for the viewer, when it differs from what was said last. A failure is passed over: the next change
    /// counts anew.
    async fn count_badges(&mut self) {
        let Ok(worklist) = self.app.service().worklist_now(&self.viewer).await else { return };
        let entries: serde_json::Map<String, serde_json::Value> =
            worklist.entries.iter().map(|entry| (entry.code.to_owned(), json!(entry.load.total))).collect();
        let (mine, overdue) = (worklist.mine.load.total, worklist.in_sight.load.overdue);
        let data = json!({ "mine": mine, "overdue": overdue, "entries": entries }).to_string();
        if self.badge.as_ref() != Some(&data) {
            self.waiting.push_back(Event::default().event("badge").data(data.as_str()));
            self.badge = Some(data);
        }
    }

    /// Whether something happened to the viewer's own account.
    fn concerns_viewer(&self, changes: &Changes) -> bool {
        self.viewer.account().is_some_and(|account| changes.accounts.contains(&account.to_string()))
    }

    /// Looks whether the session goes on, and as whom: roles and units may have changed. Looking is no use of it.
    async fn is_still_signed_in(&mut self) -> bool {
        match self.app.service().still_signed_in(&self.token).await {
            Ok(Some(viewer)) => {
                self.viewer = viewer.actor;
                allowed(&self.viewer, Action::ListItems, &Object::None).is_ok()
            }
            Ok(None) | Err(_) => false,
        }
    }
}
