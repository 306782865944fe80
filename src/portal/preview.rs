//! A month's page before it is published, for those who work on it.

use serde_json::Value;

use super::pages::{Context, HotOwn, LARGE};
use super::view::{HotAnswer, Page};
use super::{ASSETS, TEMPLATES};
use crate::api::Api;
use crate::page::{Assets, PageError, Site, Templates};

/// Renders what the public would see. Who may look is asked before.
#[derive(Debug)]
pub struct Preview {
    site: Site,
    templates: Templates,
}

impl Preview {
    /// Parses the public pages' own templates.
    pub fn new(api: &Api, site: Site) -> Result<Self, PageError> {
        let service = api.service().clone();
        Ok(Self { site, templates: Templates::new(TEMPLATES, &Assets::new(ASSETS), move || service.now())? })
    }

    /// The page of an answer shaped as that of `hot.graphql`, with a bar that leads `back`.
    pub fn render(&self, answer: Value, back: &str, large: bool) -> Result<String, PageError> {
        let answer: HotAnswer = serde_json::from_value(answer)?;
        let issue = answer.issue.ok_or(PageError::Missing("没有这一期。"))?.into();
        let query = if large { LARGE } else { "" };
        let page = Page {
            path: format!("{back}/preview"),
            query,
            large,
            preview: Some(back.to_owned()),
            writes: false,
            follows: false,
        };
        self.templates.render("portal/hot.html", &Context { site: &self.site, page: &page, own: HotOwn { issue } })
    }
}
