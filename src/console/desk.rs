//! What all staff pages share.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

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

/// Makes the public page of an issue that is not published: of the answer of `desk-issue-preview.graphql`, the address to
/// go back to, and whether text is large.
pub type PublicPreview = Arc<dyn Fn(Value, &str, bool) -> Result<String, PageError> + Send + Sync>;

/// What all staff pages share. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    preview: Option<PublicPreview>,
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
            preview: None,
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

    /// The same with previews of public pages, which whoever has their templates makes.
    #[must_use]
    pub fn with_public_preview(self, preview: PublicPreview) -> Self {
        Self { preview: Some(preview), ..self }
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

    pub(super) fn public_preview(&self, answer: Value, back: &str, large: bool) -> Result<String, PageError> {
        let preview = self.preview.as_ref().ok_or(PageError::Missing("这里没有公开网站，看不了预览。"))?;
        preview(answer, back, large)
    }

    pub(super) fn render(&self, template: &str, context: &impl Serialize) -> Result<String, PageError> {
        self.shared.templates.render(template, context)
    }
}
