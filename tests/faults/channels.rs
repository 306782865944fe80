//! Every fault of a source against every kind of source. While it lasts, a pull closes its counts or raises an alarm; when
//! it is over, the hub holds exactly what the source holds.

use std::collections::BTreeSet;

use huiyin::intake::crawl::Reach;
use huiyin::store::{Store, alarm};

use super::expected;
use crate::support::hub::Hub;
use crate::support::postgres::TestDatabase;
use crate::support::program::{Program, text};
use crate::support::pull::{Watched, connector, is_quiet};
use crate::support::site::{At, Fault, Letter, Model, Patience, Shape, Site, What};
use crate::support::world::World;

/// Where a server sends those whom it takes for a machine.
const CAPTCHA: &str = "/there/is/a/captcha";
/// Messages a source begins with: more than two pages.
const FIRST: usize = 10;

/// One fault, and what it is held to.
#[derive(Debug)]
struct Case {
    fault: Fault,
    patience: Patience,
}

impl Case {
    fn lasting(at: At, what: What) -> Self {
        let patience = if matches!(what, What::Silent | What::Slow) { Patience::Short } else { Patience::Long };
        Self { fault: Fault::lasting(at, what), patience }
    }

    fn once(at: At, what: What) -> Self {
        Self { fault: Fault::once(at, what), patience: Patience::Long }
    }
}

/// What goes wrong on a page of the list; the model gives the messages that are involved.
fn list_cases(shape: Shape, model: &Model) -> Vec<Case> {
    let mut cases = Vec::new();
    let numbers: &[usize] = if shape.pages() { &[1, 2] } else { &[1] };
    for number in numbers {
        let at = At::List(*number);
        cases.extend(way_cases(at));
        let lasting = [What::Emptied, What::Skipped, What::Layout, What::BadRow];
        cases.extend(lasting.map(|what| Case::lasting(at, what)));
    }
    if shape.pages() {
        let at = At::List(2);
        cases.push(Case::lasting(at, What::Repeated));
        let letter = Letter { title: "翻页时来的信".to_owned(), ..model.unshown() };
        let once = [What::Pushed(Box::new(letter)), What::Pulled, What::Emptied, What::Skipped, What::Repeated];
        cases.extend(once.map(|what| Case::once(at, what)));
    }
    cases
}

/// What goes wrong on the way of any page.
fn way_cases(at: At) -> Vec<Case> {
    let redirects =
        ["http://10.1.2.3/list", "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/list", CAPTCHA];
    let charsets =
        [(true, None), (true, Some("utf-8")), (true, Some("gb2312")), (true, Some("iso-8859-1")), (false, Some("gbk"))];
    let mut cases: Vec<Case> = [
        What::Status(500, None),
        What::Status(403, None),
        What::Status(429, Some(7_200)),
        What::Reset,
        What::Empty,
        What::Login,
        What::Bomb,
        What::Huge { stated: true },
        What::Huge { stated: false },
        What::Silent,
        What::Slow,
    ]
    .into_iter()
    .chain(redirects.map(|target| What::Redirect(target.to_owned())))
    .chain(charsets.map(|(gb18030, label)| What::Charset { gb18030, label: label.map(str::to_owned) }))
    .map(|what| Case::lasting(at, what))
    .collect();
    let once = [What::Status(502, None), What::Reset, What::Empty];
    cases.extend(once.map(|what| Case::once(at, what)));
    cases
}

/// What goes wrong on the pages of messages: on that of the newest, and on all of them.
fn detail_cases(newest: u32) -> Vec<Case> {
    let one = At::Detail(Some(newest));
    let mut cases = way_cases(one);
    cases.push(Case::lasting(one, What::Layout));
    let lasting = [What::Status(500, None), What::Status(404, None), What::Layout, What::Login, What::Reset];
    cases.extend(lasting.map(|what| Case::lasting(At::Detail(None), what)));
    cases
}

/// A source of one shape, and the hub that reads it.
struct Trial<'a> {
    shape: Shape,
    site: &'a Site,
    watched: Watched<'a>,
    world: &'a World,
    /// Where a sweep said something else than it should.
    otherwise: Vec<String>,
}

impl Trial<'_> {
    fn connector(&self, patience: Patience) -> huiyin::intake::Connector {
        connector(&self.shape.connector(&self.watched.source, &self.site.host, patience))
    }

    /// Pulls without any fault until nothing is left to do: at most twice.
    async fn recovers(&mut self, what: &str) {
        let connector = self.connector(Patience::Long);
        let model = self.site.model().await;
        let mut last = None;
        for _ in 0..2 {
            let pulled = self.watched.pull(&connector, Reach::Sweep).await;
            let hub = self.watched.check(what, &pulled, &model).await;
            let problems = hub.differs(&model);
            if is_quiet(&pulled) && problems.is_empty() && hub.held.is_empty() {
                let mut reader = self.world.service.store().read().await.expect("a reader");
                let open = alarm::open_of_source(&mut reader.conn(), &self.watched.source, 100).await;
                let open = open.expect("the alarms are read");
                assert!(open.iter().all(|alarm| alarm.code == "key_reused"), "{what}: {open:#?}");
                return;
            }
            last = Some((pulled, problems, hub.held));
        }
        panic!("{what}: not well after two sweeps: {last:#?}");
    }

    /// Goes through one fault.
    async fn suffers(&mut self, case: &Case) {
        let what = format!("{:?}: {:?}", self.shape, case.fault);
        let connector = self.connector(case.patience);
        self.site.fail([case.fault.clone()]).await;
        let newest = self.site.model().await.letters[0].clone();
        for reach in [Reach::Head, Reach::Sweep] {
            let what = format!("{what}, {reach:?}");
            let pulled = self.watched.pull(&connector, reach).await;
            let model = self.site.model().await;
            let hub = self.watched.check(&what, &pulled, &model).await;
            assert!(pulled.is_sound() || !pulled.alarms.is_empty(), "{what}: it says nothing: {pulled:#?}");
            if reach == Reach::Head {
                // The newest stands on the first page, unless that is the one the source leaves out.
                let was_shown = !matches!(case.fault, Fault { at: At::List(1), what: What::Skipped, .. });
                let is_here = hub.kept.contains_key(&newest.uid) || hub.held.contains(&newest.id.to_string());
                assert!(is_here || !is_quiet(&pulled) || !was_shown, "{what}: 0 new, silently: {pulled:#?}");
                continue;
            }
            let expected = expected::alarms(self.shape, &case.fault);
            let told: BTreeSet<&str> = pulled.alarms.iter().map(|alarm| alarm.code.as_str()).collect();
            if !told.iter().eq(expected) {
                self.otherwise.push(format!("{what}: {told:?} instead of {expected:?}"));
            }
            if is_quiet(&pulled) {
                // What was taken away while the list was read was still met on it: the next sweep misses it.
                let problems = if case.fault.what == What::Pulled { Vec::new() } else { hub.differs(&model) };
                assert!(problems.is_empty(), "{what}: {pulled:#?}\n{}", problems.join("\n"));
            }
        }
        assert!(self.site.has_failed(std::slice::from_ref(&case.fault)).await, "{what}: it never struck");
        self.site.behave().await;
    }
}

/// Takes a source of one shape through all of its faults. Between them, messages come, change, are answered and go.
async fn suffer_all(shape: Shape, world: &World) {
    let site = Site::start().await;
    let watched = Watched::new(world, "trial");
    let mut trial = Trial { shape, site: &site, watched, world, otherwise: Vec::new() };
    let model = site.change(|model| model.fill(FIRST)).await;
    trial.recovers("the first sweep").await;
    let count = list_cases(shape, &model).len();
    let details = if shape.has_details() { detail_cases(0).len() } else { 0 };
    for index in 0..count + details {
        let model = site
            .change(|model| {
                model.add(model.letters.len() / 2);
                model.add(0);
                model.change(3);
                model.reply(index % 3 + 4);
                model.space(2, [" ", "\n\t ", "\u{3000}"][index % 3]);
                model.withdraw(model.letters.len() - 2);
                if index % 5 == 4 {
                    model.bring_back(4);
                    model.withdraw(6);
                }
                model.withdraw(5);
            })
            .await;
        let mut cases = list_cases(shape, &model);
        cases.extend(if details > 0 { detail_cases(model.letters[0].id) } else { Vec::new() });
        let case = &cases[index];
        Box::pin(trial.suffers(case)).await;
        Box::pin(trial.recovers(&format!("{shape:?}: after {:?}", case.fault))).await;
    }
    Box::pin(trial.suffers_reuse()).await;
    Box::pin(trial.suffers_clock()).await;
    eprintln!("{shape:?}: {} faults", count + details);
    assert!(trial.otherwise.is_empty(), "{}", trial.otherwise.join("\n"));
    let findings = world.service.verify(&huiyin_domain::access::Actor::System("test"), &[]).await;
    assert_eq!(findings.expect("it verifies").findings, []);
}

impl Trial<'_> {
    /// Keys that are given to other messages, and texts with scripts in them.
    async fn suffers_reuse(&mut self) {
        self.site
            .change(|model| {
                model.reuse(3);
                model.reuse(8);
                let body = format!("{}<script>alert(1)</script> & <b>请登录</b>", model.unshown().body);
                let letter = Letter { body, scripted: true, ..model.unshown() };
                model.insert(2, letter);
            })
            .await;
        let connector = self.connector(Patience::Long);
        let pulled = self.watched.pull(&connector, Reach::Sweep).await;
        let model = self.site.model().await;
        self.watched.check_exact("keys of others", &pulled, &model).await;
        let reused = pulled.alarms.iter().filter(|alarm| alarm.code == "key_reused").count();
        assert_eq!(reused, 2, "{pulled:#?}");
        assert_eq!((pulled.statement.accepted, pulled.withdrawn), (3, 2), "{pulled:#?}");
        self.recovers("after keys of others").await;
    }

    /// A clock that is set back by days, and forward, and back again.
    async fn suffers_clock(&mut self) {
        for days in [-3, 10, -8] {
            self.world.clock.advance(days * 86_400);
            self.site
                .change(|model| {
                    model.add(0);
                    model.add(model.letters.len() / 2);
                    model.change(3);
                    model.reply(4);
                    model.withdraw(5);
                    model.withdraw(6);
                })
                .await;
            self.recovers(&format!("a clock that jumps by {days} days")).await;
        }
    }
}

async fn embedded(shape: Shape) {
    Box::pin(suffer_all(shape, &World::embedded().await)).await;
}

async fn server(shape: Shape) {
    let Some(database) = TestDatabase::create().await else { return };
    let world = World::server(database.url()).await;
    Box::pin(suffer_all(shape, &world)).await;
    world.service.store().close().await;
}

#[tokio::test]
async fn pages_with_details_survive_every_fault() {
    embedded(Shape::Html).await;
}

#[tokio::test]
async fn pages_with_details_survive_every_fault_on_the_other_database() {
    server(Shape::Html).await;
}

#[tokio::test]
async fn json_by_form_survives_every_fault() {
    embedded(Shape::JsonForm).await;
}

#[tokio::test]
async fn json_by_form_survives_every_fault_on_the_other_database() {
    server(Shape::JsonForm).await;
}

#[tokio::test]
async fn json_with_details_survives_every_fault() {
    embedded(Shape::JsonPage).await;
}

#[tokio::test]
async fn json_with_details_survives_every_fault_on_the_other_database() {
    server(Shape::JsonPage).await;
}

#[tokio::test]
async fn rows_in_a_script_survive_every_fault() {
    embedded(Shape::JsRows).await;
}

#[tokio::test]
async fn rows_in_a_script_survive_every_fault_on_the_other_database() {
    server(Shape::JsRows).await;
}

#[tokio::test]
async fn a_feed_survives_every_fault() {
    embedded(Shape::Feed).await;
}

#[tokio::test]
async fn a_feed_survives_every_fault_on_the_other_database() {
    server(Shape::Feed).await;
}

#[tokio::test]
async fn the_command_tells_what_went_wrong_and_how_it_ended() {
    let site = Site::start().await;
    site.change(|model| model.fill(FIRST)).await;
    let program = Program::new();
    let connectors = program.connector("trial", &Shape::Html.connector("trial", &site.host, Patience::Long));
    let pull = |more: &[&str]| {
        let arguments = [&["--json", "--connectors", text(&connectors), "pull", "trial"], more].concat();
        let ran = program.run(&arguments);
        (ran.code, ran.json(), ran.err)
    };
    let (code, told, _) = pull(&["--sweep"]);
    assert_eq!((code, told["accepted"].as_u64(), told["claimed"].as_u64()), (Some(0), Some(10), Some(10)), "{told}");
    for (what, problem) in [
        (What::Status(429, Some(7_200)), "blocked"),
        (What::Login, "blocked"),
        (What::Status(500, None), "status"),
        (What::Redirect("http://10.1.2.3/".to_owned()), "address"),
        (What::Bomb, "too_large"),
        (What::Layout, "layout_changed"),
    ] {
        site.fail([Fault::lasting(At::List(1), what.clone())]).await;
        site.change(|model| model.add(0)).await;
        let (code, told, err) = pull(&[]);
        assert_eq!((code, told["problem"]["code"].as_str()), (Some(1), Some(problem)), "{what:?}: {told}");
        assert_eq!((told["stage"].as_str(), told["accepted"].as_u64()), (Some("failed"), Some(0)), "{what:?}: {told}");
        assert!(err.contains("huiyin: ") && err.contains("告警"), "{what:?}: {err}");
        let wish = told["problem"]["retry_after"].as_u64();
        assert_eq!(wish, matches!(what, What::Status(429, _)).then_some(7_200), "{told}");
    }
    site.behave().await;
    let (code, told, err) = pull(&["--sweep"]);
    assert_eq!((code, told["accepted"].as_u64(), err.as_str()), (Some(0), Some(6), ""), "{told}");
    let store = Store::open_file(&program.data().join("huiyin.db")).await.expect("the store opens");
    assert_eq!(Hub::read(&store, "trial").await.differs(&site.model().await), [""; 0]);
    store.close().await;
    program.verify();
}
