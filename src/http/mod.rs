//! The server: how requests come in, what guards them, and how it stops.
//!
//! It wires `api` and the pages together and decides nothing about items.

mod attachment;
mod compress;
mod desk;
mod graphql;
mod guard;
mod health;
mod linger;
mod live;
mod push;
mod serve;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

pub use serve::{serve, stop_on_signal};

use crate::api::Api;
use crate::console::{self, Desk, PublicPreview};
#[cfg(feature = "oidc")]
use crate::identity::Provider;
use crate::page::{PageError, Site};
use crate::portal;
use crate::service::Service;
use crate::service::live::Live;

/// The largest body of a GraphQL request, in bytes.
const MAX_BODY: usize = 1 << 20;

/// What the server serves. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    api: Api,
    /// Whether this is a developer's machine: the page for trying queries is there.
    dev: bool,
    /// Whether it is reached over an encrypted connection only: cookies then say so.
    secure: bool,
    /// Tells open pages what happens.
    live: Live,
    /// The pages that listen.
    streams: live::Streams,
    /// The pushes whose bodies are in memory.
    bodies: push::Bodies,
    #[cfg(feature = "oidc")]
    provider: Option<Provider>,
}

impl App {
    /// Serves the use cases, for users: no page for trying queries.
    pub fn new(service: Service) -> Self {
        let live = Live::new(service.clone(), CancellationToken::new());
        Self {
            api: Api::new(service),
            dev: false,
            secure: false,
            live,
            streams: live::Streams::default(),
            bodies: push::bodies(),
            #[cfg(feature = "oidc")]
            provider: None,
        }
    }

    /// The same with the page for trying queries at `GET /graphql`.
    #[must_use]
    pub fn with_dev(self, dev: bool) -> Self {
        Self { dev, ..self }
    }

    /// The same with cookies for encrypted connections only.
    #[must_use]
    pub fn with_secure_cookies(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// The same with an identity provider that people may sign in through.
    #[cfg(feature = "oidc")]
    #[must_use]
    pub fn with_provider(self, provider: Option<Provider>) -> Self {
        Self { provider, ..self }
    }

    /// The same, its open streams ending when told to stop: a server that stops does not wait for them.
    #[must_use]
    pub fn with_stop(self, stop: CancellationToken) -> Self {
        Self { live: Live::new(self.service().clone(), stop), ..self }
    }

    /// Whether the page for trying queries is there.
    pub const fn is_dev(&self) -> bool {
        self.dev
    }

    /// The schema, for pages that answer from it.
    pub const fn api(&self) -> &Api {
        &self.api
    }

    /// The use cases.
    pub const fn service(&self) -> &Service {
        self.api.service()
    }
}

/// All routes of this module, guarded, without any page.
pub fn router(app: App) -> Router {
    served(app, None, Router::new())
}

/// Everything the program serves: the API, the public pages and the staff pages.
pub fn whole(app: App, site: Site) -> Result<Router, PageError> {
    let options = console::Options { secure_cookies: app.secure, dev: app.dev };
    let preview = portal::Preview::new(&app.api, site.clone())?;
    let preview: PublicPreview = Arc::new(move |answer, back, large| preview.render(answer, back, large));
    let desk = Desk::new(app.api.clone(), site.clone(), options)?.with_public_preview(preview);
    #[cfg(feature = "oidc")]
    let desk = desk.with_provider(app.provider.clone());
    let pages = portal::router(app.api.clone(), site)?.merge(console::router(desk.clone()));
    Ok(served(app, Some(desk), pages))
}

/// The routes of this module with those of pages, under the same guards.
pub fn router_with(app: App, pages: Router) -> Router {
    served(app, None, pages)
}

/// The same; `desk` makes the page a browser is shown whose file was not taken.
fn served(app: App, desk: Option<Desk>, pages: Router) -> Router {
    let answer = post(graphql::answer).layer(DefaultBodyLimit::max(MAX_BODY));
    let own = if app.dev {
        Router::new().route("/graphql", answer.get(graphql::page)).route("/graphql/try.js", get(graphql::script))
    } else {
        Router::new().route("/graphql", answer)
    };
    let own = own
        .route("/healthz", get(health::answer))
        .route("/desk/items.xlsx", get(desk::export))
        .route("/desk/live", get(live::follow))
        .route("/desk/attachments/{id}", get(attachment::answer))
        .route(push::PATH, push::route())
        .merge(upload::routes(&app, desk))
        .with_state(app);
    guard::guarded(own.merge(pages))
}
