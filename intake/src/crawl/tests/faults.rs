//! Lists that shift, pages that are missing, servers that fail.

use super::*;

/// Fails the requests whose number or name is told.
fn fails(wanted: &'static str, times: u64, with: fn() -> FetchError) -> Fault {
    let mut left = times;
    Box::new(move |name, _| {
        (name == wanted && left > 0).then(|| {
            left -= 1;
            Err(with())
        })
    })
}

#[test]
fn what_shifts_while_it_is_paged_is_read_again() {
    for tells_total in [true, false] {
        // A new one arrives between two pages: one is met twice.
        let mut site = Site::new(Style::Html, 8);
        site.tells_total = tells_total;
        site.before = Some(Box::new(|letters, number| {
            if number == 1 {
                letters.insert(0, letter(99));
            }
        }));
        let mut hub = Hub::default();
        let coverage = hub.sweep(&mut site);
        assert!(coverage.complete && coverage.alarms.is_empty(), "{coverage:?}");
        assert!(coverage.repeated > 0 && coverage.met == 9, "{coverage:?}");
        hub.assert_holds(&site);
    }
    // One is taken out between two pages: the one after it is skipped.
    let mut site = Site::new(Style::Html, 8);
    let mut hub = Hub::default();
    site.before = Some(Box::new(|letters, number| {
        if number == 1 {
            letters.remove(0);
        }
    }));
    let coverage = hub.sweep(&mut site);
    assert!(coverage.complete && coverage.alarms.is_empty(), "{coverage:?}");
    assert_eq!(coverage.met, 7);
    let held: Vec<&str> = hub.kept.keys().map(String::as_str).collect();
    assert_eq!(held, ["1", "2", "3", "4", "5", "6", "7", "8"], "the one that was taken out was met before");
    assert_eq!(hub.sweep(&mut site).withdrawn, ["8"]);
}

#[test]
fn a_row_that_a_shift_skips_is_found_although_no_total_is_told() {
    for style in [Style::Html, Style::Link, Style::Offset] {
        // Nobody has seen any of them: what is skipped is missed by nobody.
        let mut site = Site::new(style, 8);
        site.tells_total = false;
        site.before = Some(Box::new(|letters, number| {
            if number == 1 {
                letters.remove(0);
            }
        }));
        let mut hub = Hub::default();
        let coverage = hub.sweep(&mut site);
        assert!(coverage.complete && coverage.alarms.is_empty() && coverage.met == 7, "{style:?} {coverage:?}");
        assert_eq!(hub.kept.len(), 8, "{style:?}: the one that was taken out was met before, the others after");
        assert_eq!(hub.sweep(&mut site).withdrawn, ["8"], "{style:?}");
    }
}

#[test]
fn a_list_that_never_stands_still_and_tells_no_total_is_an_alarm() {
    let mut site = Site::new(Style::Html, 8);
    site.tells_total = false;
    // One goes and one comes for every page: each pass meets as many, and others.
    site.before = Some(Box::new(|letters, number| {
        letters.pop();
        letters.insert(0, letter(100 + u32::try_from(number).unwrap()));
    }));
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert_eq!(codes(&coverage), [AlarmCode::CountDiffers], "{coverage:?}");
    assert!(coverage.withdrawn.is_empty(), "{coverage:?}");
    site.before = None;
    let coverage = hub.sweep(&mut site);
    assert!(coverage.alarms.is_empty(), "{coverage:?}");
    hub.assert_holds(&site);
}

#[test]
fn a_list_read_by_its_last_row_is_gone_through_once() {
    let mut site = Site::new(Style::Last, 8);
    site.tells_total = false;
    Hub::default().sweep(&mut site);
    assert_eq!(site.asked.len(), 4, "three pages and the end: {:?}", site.asked);
    let mut site = Site::new(Style::Html, 2);
    site.tells_total = false;
    Hub::default().sweep(&mut site);
    assert_eq!(site.asked.len(), 2, "a page and the end: {:?}", site.asked);
}

#[test]
fn a_page_that_fails_once_is_read_in_the_next_pass() {
    let mut site = Site::new(Style::Html, 9);
    site.fault = Some(fails("/list?p=2", 1, failed));
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert!(coverage.complete && coverage.alarms.is_empty(), "{coverage:?}");
    hub.assert_holds(&site);
}

/// The keys of letters, in their order.
fn keys(letters: &[Letter]) -> Vec<String> {
    let mut keys: Vec<String> = letters.iter().map(|letter| letter.id.to_string()).collect();
    keys.sort();
    keys
}

#[test]
fn a_page_that_keeps_failing_is_named_and_withdraws_nothing() {
    let mut site = Site::new(Style::Html, 12);
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    for answer in [failed as fn() -> FetchError, gone] {
        site.fault = Some(fails("/list?p=2", 100, answer));
        let coverage = hub.sweep(&mut site);
        assert!(!coverage.complete && coverage.withdrawn.is_empty(), "{coverage:?}");
        assert_eq!(codes(&coverage), [AlarmCode::CountDiffers, AlarmCode::PageMissing]);
        assert!(coverage.alarms.iter().any(|alarm| alarm.subject == "page 2"), "{coverage:?}");
        assert_eq!(coverage.met, 9, "the pages behind it were read");
        assert_eq!(coverage.unshown, keys(&site.letters[3..6]), "what stood on it is known by name");
    }
    // A page dropped by the source: empty in the middle.
    site.fault = Some(Box::new(|name, _| name.ends_with("p=2").then(|| Ok("<p class=total>共 12 条</p>".to_owned()))));
    let coverage = hub.sweep(&mut site);
    assert!(!coverage.complete && coverage.withdrawn.is_empty(), "{coverage:?}");
    assert_eq!(codes(&coverage), [AlarmCode::CountDiffers, AlarmCode::PageMissing]);
    assert_eq!(coverage.unshown, keys(&site.letters[3..6]));
    assert_eq!(hub.kept.len(), 12);
}

#[test]
fn a_first_page_that_fails_and_a_refusal_break_off() {
    let blocked =
        || FetchError { code: FetchCode::Blocked, message: "网站拒绝访问".to_owned(), retry_after: Some(60) };
    for (wanted, with) in [("/list?p=1", failed as fn() -> FetchError), ("/list?p=3", blocked)] {
        let mut site = Site::new(Style::Html, 12);
        site.fault = Some(fails(wanted, 1, with));
        let mut hub = Hub::default();
        let (coverage, result) = hub.pull(&mut site, Reach::Sweep);
        assert!(matches!(result, Err(CrawlError::Fetch(_))), "{result:?}");
        assert!(!coverage.complete && coverage.withdrawn.is_empty());
        assert_eq!(hub.kept.len(), if wanted.ends_with('1') { 0 } else { 6 }, "what was read stays");
        hub.sweep(&mut site);
        hub.assert_holds(&site);
    }
}

#[test]
fn servers_that_are_down_are_left_alone() {
    let mut site = Site::new(Style::Html, 30);
    site.fault = Some(Box::new(|_, number| (number > 1).then(|| Err(failed()))));
    let (_, result) = Hub::default().pull(&mut site, Reach::Sweep);
    assert!(matches!(result, Err(CrawlError::Fetch(_))));
    assert_eq!(site.asked.len(), 5);
}

#[test]
fn a_layout_that_changed_is_an_alarm_and_never_nothing_new() {
    let changes: [(&str, &str); 3] =
        [("class=list", "class=lists"), ("?id=", "?number="), ("<tr><td>", "<tr><td></td><td></td><td>")];
    for (from, to) in changes {
        let mut site = Site::new(Style::Html, 5);
        let mut hub = Hub::default();
        hub.sweep(&mut site);
        let other = site.html(&site.letters, 1).replace(from, to);
        site.fault = Some(Box::new(move |_, _| Some(Ok(other.clone()))));
        let (coverage, result) = hub.pull(&mut site, Reach::Sweep);
        if to.contains("<td></td>") {
            // The cells have slipped: the dates cannot be read, and every row is held.
            assert_eq!((hub.held.len(), coverage.withdrawn.len()), (5, 0), "{coverage:?}");
            continue;
        }
        assert!(matches!(&result, Err(CrawlError::Layout(_))), "{from}: {result:?}");
        assert_eq!(codes(&coverage), [AlarmCode::LayoutChanged]);
        assert_eq!(hub.kept.values().filter(|kept| kept.withdrawn).count(), 0);
    }
    for body in ["", "<html>请登录</html>", "{}", "{\"data\":{\"rows\":1}}", "{\"data\":{}}"] {
        let mut site = Site::new(Style::Offset, 5);
        site.fault = Some(Box::new(move |_, _| Some(Ok(body.to_owned()))));
        let (coverage, result) = Hub::default().pull(&mut site, Reach::Head);
        assert!(matches!(&result, Err(CrawlError::Layout(_))), "{body}: {result:?}");
        assert_eq!(codes(&coverage), [AlarmCode::LayoutChanged], "{body}");
    }
}

#[test]
fn one_bad_row_among_ten_thousand_is_held_with_its_key() {
    let mut site = Site::new(Style::Offset, 10_000);
    site.size = 1_000;
    site.letters[4_321].asked = "昨天上午".to_owned();
    let bad = site.letters[4_321].id.to_string();
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert_eq!((coverage.met, coverage.complete, hub.counts), (10_000, true, [9_999, 0, 0, 1]));
    assert!(coverage.alarms.is_empty());
    let held = &hub.held[0];
    assert_eq!((held.key.as_deref(), held.column.as_deref()), (Some(&*bad), Some("time")));
    assert_eq!(held.reason.code, HoldCode::DateUnreadable);
    assert!(held.raw.contains(&("content".to_owned(), site.letters[4_321].body.clone())));
    // Replayed as every held row is.
    let connector = site.connector();
    let mut cells = held.raw.clone();
    cells.iter_mut().find(|(name, _)| name == "time").unwrap().1 = "2026-10-02".to_owned();
    let again = crate::map_again(&connector, &held.sheet, held.row, &held.header, &cells);
    assert!(matches!(again, crate::Repaired::Record(record) if record.key == bad));
}

#[test]
fn a_row_without_its_key_is_held_and_counted() {
    let mut site = Site::new(Style::Html, 5);
    let page = site.html(&site.letters[..3], 1).replacen("/d?id=", "/d?nr=", 1);
    site.fault = Some(Box::new(move |name, _| name.ends_with("p=1").then(|| Ok(page.clone()))));
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert_eq!((coverage.met, hub.counts), (5, [4, 0, 0, 1]));
    assert_eq!((hub.held[0].key.as_deref(), hub.held[0].reason.code), (None, HoldCode::RequiredMissing));
}

#[test]
fn two_messages_under_one_key_are_an_alarm() {
    let mut site = Site::new(Style::Html, 3);
    site.tells_total = false;
    let page = site.html(&site.letters, 1).replace("/d?id=2", "/d?id=3");
    site.fault = Some(Box::new(move |name, _| name.ends_with("p=1").then(|| Ok(page.clone()))));
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert_eq!((hub.kept.len(), codes(&coverage)), (2, vec![AlarmCode::KeyReused]), "{coverage:?}");
}

#[test]
fn too_few_withdraws_nothing() {
    let mut site = Site::new(Style::Html, 8);
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    site.letters.truncate(2);
    let text = super::connector(Style::Html, 3, false, true).replace("[list]\n", "[schedule]\nmin_items = 5\n[list]\n");
    let connector = Connector::parse("c", &text).unwrap();
    let (coverage, result) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
    assert!(result.is_ok());
    assert_eq!(codes(&coverage), [AlarmCode::TooFew]);
    assert!(coverage.withdrawn.is_empty());
}

#[test]
fn withdrawn_is_asked_for_twice_and_what_returns_is_back() {
    for (style, has_details) in [(Style::Html, false), (Style::Html, true), (Style::Last, false), (Style::Offset, true)]
    {
        let mut site = Site::new(style, 7);
        site.has_details = has_details;
        let mut hub = Hub::default();
        hub.sweep(&mut site);
        let taken = site.letters.remove(2);
        let coverage = hub.sweep(&mut site);
        assert_eq!(coverage.withdrawn, [taken.id.to_string()], "{style:?}");
        assert!(coverage.alarms.is_empty(), "{coverage:?}");
        if has_details {
            assert_eq!(site.asked.last().unwrap(), &format!("/d?id={}", taken.id));
        } else {
            assert_eq!(site.asked.len() % 2, 0, "the list was read twice: {:?}", site.asked);
        }
        hub.assert_holds(&site);
        site.letters.insert(2, taken);
        assert!(hub.sweep(&mut site).withdrawn.is_empty());
        hub.assert_holds(&site);
    }
}

#[test]
fn what_the_list_forgets_and_its_page_shows_is_not_withdrawn() {
    let mut site = Site::new(Style::Html, 7).with_details();
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    let hidden = site.letters.remove(2);
    let page = site.detail(&hidden);
    let wanted = format!("/d?id={}", hidden.id);
    site.fault = Some(Box::new(move |name, _| (name == wanted).then(|| Ok(page.clone()))));
    let coverage = hub.sweep(&mut site);
    assert!(coverage.withdrawn.is_empty(), "{coverage:?}");
    assert_eq!(codes(&coverage), [AlarmCode::PageMissing]);
    // Nor when its page cannot be asked for.
    let wanted = format!("/d?id={}", hidden.id);
    site.fault = Some(Box::new(move |name, _| (name == wanted).then(|| Err(failed()))));
    assert!(hub.sweep(&mut site).withdrawn.is_empty());
}

/// A host that writes later.
struct Late;

impl Host for Late {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        Ok(vec![None; keys.len()])
    }

    async fn shown_after(&mut self, _after: &str, _limit: usize) -> Result<Vec<String>, HostGone> {
        Ok(Vec::new())
    }

    async fn take(&mut self, _found: Found) -> Result<(), HostGone> {
        Ok(())
    }
}

#[test]
fn a_list_that_is_empty_when_it_is_read_again_is_an_alarm() {
    let mut site = Site::new(Style::Html, 8);
    site.tells_total = false;
    // Three pages and the end, and then nothing at all.
    site.fault = Some(Box::new(|_, number| (number > 3).then(|| Ok("<p>暂无来信</p>".to_owned()))));
    let (connector, limits) = (site.connector(), CrawlLimits::default());
    let (coverage, result) =
        crate::block_on(crawl(&connector, Reach::Sweep, &mut site, &mut Late, &limits)).expect("nothing is waited for");
    assert!(result.is_ok() && !coverage.complete, "{coverage:?}");
    assert_eq!(codes(&coverage), [AlarmCode::TooFew]);
}

#[test]
fn a_host_that_goes_away_ends_the_crawl() {
    let mut site = Site::new(Style::Html, 9);
    let mut hub = Hub { patience: Some(5), ..Hub::default() };
    let (coverage, result) = hub.pull(&mut site, Reach::Sweep);
    assert!(matches!(result, Err(CrawlError::Host(HostGone))), "{coverage:?}");
    assert!(coverage.withdrawn.is_empty() && !coverage.complete);
}
