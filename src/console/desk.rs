//! What all staff pages share.

use std::sync::Arc;

use serde::Serialize;

use super::{ASSETS, TEMPLATES};
use crate::api::Api;
#[cfg(feature = "oidc")]
use crate::identity::Provider;
use crate::page::{Assets, PageError, Site, Templates};
use crate::service::Service;

/// How an installation runs its staff pages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether it is reached over an encrypted connection only: cookies then say so.
    pub secure_cookies: bool,
    /// Whether this is a developer's machine: `/dev/kit` is there.
    pub dev: bool,
}

/// What all staff pages share. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    #[cfg(feature = "oidc")]
    provider: Option<Provider>,
}

struct Shared {
    api: Api,
    site: Site,
    options: Options,
    assets: Assets,
    templates: Templates,
}

impl Desk {
    /// Parses the templates.
    pub fn new(api: Api, site: Site, options: Options) -> Result<Self, PageError> {
        let assets = Assets::new(ASSETS);
        let service = api.service().clone();
        let templates = Templates::new(TEMPLATES, &assets, move || service.now())?;
        Ok(Self {
            shared: Arc::new(Shared { api, site, options, assets, templates }),
            #[cfg(feature = "oidc")]
            provider: None,
        })
    }

    /// The same with an identity provider that people may sign in through.
    #[cfg(feature = "oidc")]
    #[must_use]
    pub fn with_provider(self, provider: Option<Provider>) -> Self {
        Self { provider, ..self }
    }

    /// The identity provider, if there is one.
    #[cfg(feature = "oidc")]
    pub(super) const fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// The schema.
    pub fn api(&self) -> &Api {
        &self.shared.api
    }

    /// The use cases, for what is no page: signing in, files, live news.
    pub fn service(&self) -> &Service {
        self.shared.api.service()
    }

    /// What the installation says of itself.
    pub fn site(&self) -> &Site {
        &self.shared.site
    }

    /// Whether cookies are for encrypted connections only.
    pub fn secure_cookies(&self) -> bool {
        self.shared.options.secure_cookies
    }

    /// Whether this is a developer's machine.
    pub fn is_dev(&self) -> bool {
        self.shared.options.dev
    }

    pub(super) fn assets(&self) -> &Assets {
        &self.shared.assets
    }

    pub(super) fn render(&self, template: &str, context: &impl Serialize) -> Result<String, PageError> {
        self.shared.templates.render(template, context)
    }
}
