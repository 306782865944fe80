//! Templates, ready to render: strict, escaped, with the filters and functions pages share.

use huiyin_domain::time::Instant;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use super::assets::Assets;
use super::{PageError, when};

/// Templates by their names. An undefined name is an error, and every value is escaped for HTML.
#[derive(Debug)]
pub struct Templates(Environment<'static>);

impl Templates {
    /// Parses all templates. `now` tells filters which year needs no telling and what is late.
    pub fn new(
        sources: &[(&'static str, &'static str)],
        assets: &Assets,
        now: impl Fn() -> Instant + Clone + Send + Sync + 'static,
    ) -> Result<Self, PageError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        add_filters(&mut environment, now);
        let assets = assets.clone();
        environment.add_function("asset", move |name: String| {
            let address = assets.address(&name).map(str::to_owned);
            address.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no asset {name}")))
        });
        for (name, source) in sources {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// Renders one template with everything it needs.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, PageError> {
        Ok(self.0.get_template(name)?.render(Value::from(Serde(context)))?)
    }
}

fn add_filters(environment: &mut Environment<'static>, now: impl Fn() -> Instant + Clone + Send + Sync + 'static) {
    let clock = now.clone();
    environment.add_filter("date", move |text: String, with_year: Option<bool>| {
        let today = if with_year == Some(true) { None } else { clock().date() };
        when::date(&text, today)
    });
    let clock = now.clone();
    environment.add_filter("last_moment", move |text: String| when::last_moment(&text, clock().date()));
    environment.add_filter("time", |text: String| when::time(&text));
    environment.add_filter("minute", |text: String| when::minute(&text));
    environment.add_filter("span", when::span);
    environment.add_filter("count", when::grouped);
    environment.add_filter("unit", |number: Value, unit: String| format!("{number}{}{unit}", when::THIN));
    let clock = now.clone();
    environment.add_filter("due_state", move |text: String| when::due(&text, clock()).map(|(state, _)| state));
    environment.add_filter("due_words", move |text: String| when::due(&text, now()).map(|(_, words)| words));
}
