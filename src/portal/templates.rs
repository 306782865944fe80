//! The templates, embedded, and the stylesheet under a name that changes with its content.

use huiyin_domain::ledger::Digest;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::PortalError;

/// Every template by its name.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("portal/base.html", include_str!("../../templates/portal/base.html")),
    ("portal/column.html", include_str!("../../templates/portal/column.html")),
    ("portal/failure.html", include_str!("../../templates/portal/failure.html")),
    ("portal/home.html", include_str!("../../templates/portal/home.html")),
    ("portal/hot.html", include_str!("../../templates/portal/hot.html")),
    ("portal/missing.html", include_str!("../../templates/portal/missing.html")),
    ("portal/month_list.html", include_str!("../../templates/portal/month_list.html")),
    ("portal/months.html", include_str!("../../templates/portal/months.html")),
];

/// The stylesheet of the public pages.
pub(super) const STYLESHEET: &str = include_str!("../../assets/css/portal.css");

/// The templates, ready to render. An undefined name is an error, and every value is escaped for HTML.
#[derive(Debug)]
pub struct Templates(Environment<'static>);

impl Templates {
    /// Parses all templates.
    pub fn new() -> Result<Self, PortalError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// Renders one template with everything it needs.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, PortalError> {
        Ok(self.0.get_template(name)?.render(Value::from(Serde(context)))?)
    }
}

/// The first 12 digits of the stylesheet's digest: a changed stylesheet has another address.
pub(super) fn stylesheet_version() -> String {
    Digest::of(STYLESHEET.as_bytes()).to_string().chars().take(12).collect()
}
