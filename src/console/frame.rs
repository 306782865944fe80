//! What surrounds every staff page: the organ, the day, who sits there, and where they can go.

use std::collections::BTreeMap;

use huiyin_domain::access::{Action, Object, allowed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::nav::{self, Shown};
use super::{Desk, Flash, Form};
use crate::api::Session;
use crate::page::{self, PageError};

pub(super) const DOCUMENT: &str = include_str!("../../graphql/pages/desk-frame.graphql");

/// With navigation, without, and without everything but the main part.
pub(super) const WHOLE: &str = "console/frame.html";
pub(super) const PLAIN: &str = "console/plain.html";
pub(super) const PARTIAL: &str = "console/partial.html";

/// Every template finds it under `desk`.
#[derive(Debug, Serialize)]
pub(super) struct Frame {
    /// The template a page extends.
    layout: &'static str,
    /// The organ's name.
    site: String,
    /// Whether large text is on.
    large: bool,
    /// The page's address, query included.
    address: String,
    /// Today, for the `date` filter.
    today: String,
    /// `工作日`, `周末`, or the holiday.
    day: String,
    /// What is being looked for, for the search box; none for those who may not look at items.
    search: Option<String>,
    /// What happened on the page before.
    flash: Option<Flash>,
    /// Who sits there; nobody before signing in.
    person: Option<Person>,
    /// Where they can go.
    nav: Vec<Shown>,
    /// Where news come from, of what happened since the page was begun; for those who list items.
    live: Option<String>,
    /// Whether `/dev/kit` is there.
    dev: bool,
}

/// Who sits there.
#[derive(Debug, Serialize)]
struct Person {
    name: String,
    unit: String,
}

/// What a frame is made for.
#[derive(Debug, Clone, Default)]
pub(super) struct Setting {
    pub(super) address: String,
    pub(super) large: bool,
    pub(super) flash: Option<Flash>,
    pub(super) partial: bool,
    /// The ledger's newest number before anything of the page was read.
    pub(super) position: Option<u64>,
}

#[derive(Deserialize)]
struct Answer {
    viewer: Option<Named>,
    worklist: Option<Waiting>,
    #[serde(flatten)]
    counts: BTreeMap<String, Count>,
}

/// What waits, as the navigation counts it; any `worklist` that asks for as much can be read as this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    mine: Total,
    in_sight: Overdue,
    entries: Vec<Kind>,
}

#[derive(Deserialize)]
struct Total {
    total: Number,
}

#[derive(Deserialize)]
struct Overdue {
    overdue: Number,
}

#[derive(Deserialize)]
struct Kind {
    kind: Code,
    total: Number,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Number {
    count: i64,
}

impl Answer {
    /// The count of a badge: `mine`, `overdue`, a kind of what waits, or an alias of the document.
    fn count(&self, name: &str) -> Option<i64> {
        let waiting = self.worklist.as_ref();
        match name {
            "mine" => waiting.map(|waiting| waiting.mine.total.count),
            "overdue" => waiting.map(|waiting| waiting.in_sight.overdue.count),
            _ => {
                let kind = waiting.and_then(|waiting| waiting.entries.iter().find(|entry| entry.kind.code == name));
                kind.map(|kind| kind.total.count).or_else(|| self.counts.get(name).map(|count| count.total_count))
            }
        }
    }
}

#[derive(Deserialize)]
struct Named {
    name: String,
    unit: Option<UnitName>,
}

#[derive(Deserialize)]
struct UnitName {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    total_count: i64,
}

impl Frame {
    /// Around a page that nobody has signed in for.
    pub(super) fn plain(desk: &Desk, setting: Setting) -> Self {
        let today = desk.service().now().date();
        let day = today.map(|today| desk.service().rules().calendar.day(today).why.to_string());
        Self {
            layout: PLAIN,
            site: desk.site().name.clone(),
            large: setting.large,
            search: None,
            address: setting.address,
            today: today.map(|today| today.to_string()).unwrap_or_default(),
            day: day.unwrap_or_default(),
            flash: setting.flash,
            person: None,
            nav: Vec::new(),
            live: None,
            dev: desk.is_dev(),
        }
    }

    /// Around a page of somebody who signed in, with fresh counts: `counted`, if the page has read them.
    pub(super) async fn whole(
        desk: &Desk,
        session: &Session,
        setting: Setting,
        counted: Option<Waiting>,
    ) -> Result<Self, PageError> {
        let actor = &session.viewer.actor;
        let partial = setting.partial;
        // What is not shown is not counted.
        let may = |action| !partial && allowed(actor, action, &Object::None).is_ok();
        let items = counted.is_none() && may(Action::ListItems);
        let variables = json!({ "items": items, "held": may(Action::ViewHeld) });
        let mut answer: Answer = page::read(desk.api(), session.clone(), DOCUMENT, variables).await?;
        answer.worklist = answer.worklist.or(counted);
        let nav = nav::shown(actor, &setting.address, |name| answer.count(name));
        let lists = allowed(actor, Action::ListItems, &Object::None).is_ok();
        let search = lists.then(|| searched(&setting.address));
        let live = setting.position.filter(|_| lists);
        let live = live.map(|position| format!("/desk/live?since={position}"));
        let person = answer
            .viewer
            .map(|viewer| Person { name: viewer.name, unit: viewer.unit.map(|unit| unit.name).unwrap_or_default() });
        let layout = if partial { PARTIAL } else { WHOLE };
        Ok(Self { layout, search, person, nav, live, ..Self::plain(desk, setting) })
    }
}

/// The words in the address of a list.
fn searched(address: &str) -> String {
    let query = address.strip_prefix("/desk/items?").unwrap_or_default();
    Form::parse(query.as_bytes()).get("q").to_owned()
}
