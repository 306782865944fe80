//! Pages of messages: read when they have to be, and missed without harm.

use super::*;

#[test]
fn an_excerpt_is_replaced_by_the_page() {
    let mut site = Site::new(Style::Html, 4).with_details();
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert!(coverage.alarms.is_empty(), "{coverage:?}");
    hub.assert_holds(&site);
    let kept = &hub.kept["3"].record;
    assert_eq!(kept.url.as_deref(), Some("https://www.example.gov.cn/d?id=3"));
    assert!(kept.list_digest.is_some());
    assert!(kept.raw.contains(&("信件内容".to_owned(), letter(3).body)));
    assert!(hub.pages.iter().any(|page| page.url.ends_with("/d?id=3") && !page.body.is_empty()));
}

#[test]
fn an_address_is_relative_to_the_page_it_stands_on() {
    let mut site = Site::new(Style::Html, 1).with_details();
    let text = super::connector(Style::Html, 3, true, true)
        .replace("url = \"/d?id={key}\"", "url = \"{href}\"\nattachments = { css = \"a.file\" }")
        .replace("[list.cells]\n", "attachments = { css = \"a.file\" }\n[list.cells]\nhref = \"a@href\"\n");
    let list = site.html(&site.letters, 1);
    let list = list
        .replace("<a href=\"/d?id=1\">看</a>", "<a href=\"box/d?id=1\">看</a><a class=file href=\"f/1.jpg\">图</a>");
    let page = format!("{}<a class=file href=\"f/2.doc\">表</a>", site.detail(&letter(1)));
    site.fault =
        Some(Box::new(move |name, _| Some(Ok(if name == "/box/d?id=1" { page.clone() } else { list.clone() }))));
    for link in ["", "[link]\nurl = \"{href}\"\n"] {
        let connector = Connector::parse("c", &text.replace("[detail]\n", &format!("{link}[detail]\n"))).unwrap();
        let mut hub = Hub::default();
        let (coverage, _) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
        assert!(coverage.alarms.is_empty(), "{coverage:?}");
        let record = &hub.kept["1"].record;
        assert_eq!(record.url.as_deref(), Some("https://www.example.gov.cn/box/d?id=1"), "{link}");
        let files: Vec<&str> = record.attachments.iter().map(|file| file.url.as_str()).collect();
        assert_eq!(files, ["https://www.example.gov.cn/f/1.jpg", "https://www.example.gov.cn/box/f/2.doc"]);
    }
}

#[test]
fn a_head_reads_the_pages_of_new_and_changed_rows_only() {
    let mut site = Site::new(Style::Html, 5).with_details();
    let mut hub = Hub::default();
    hub.head(&mut site);
    site.asked.clear();
    hub.head(&mut site);
    assert_eq!((site.asked.len(), hub.counts), (2, [0, 0, 5, 0]));
    // Noise is no change: white space, and a cell that counts readers.
    site.noise = " \u{3000}\n".to_owned();
    site.letters.iter_mut().for_each(|letter| letter.hits += 7);
    hub.head(&mut site);
    assert_eq!((site.asked.len(), hub.counts), (2, [0, 0, 5, 0]));
    site.letters[1].reply = "已收悉，正在办理。".to_owned();
    hub.head(&mut site);
    assert_eq!((site.asked.len(), hub.counts), (3, [0, 1, 4, 0]));
    assert!(hub.kept["4"].record.answer.as_ref().unwrap().holding);
    hub.assert_holds(&site);
}

#[test]
fn what_only_the_page_shows_is_found_by_the_sweep() {
    let mut site = Site::new(Style::Offset, 5).with_details();
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    // The eleventh character and those after it are not in the list.
    site.letters[2].body.push_str("另外，补充一点。");
    hub.head(&mut site);
    assert_eq!(hub.counts, [0, 0, 5, 0]);
    hub.sweep(&mut site);
    assert_eq!(hub.counts, [0, 1, 4, 0]);
    assert_eq!(hub.kept["3"].versions, 2);
    let text = super::connector(Style::Offset, 3, true, true)
        .replace("kind = \"html\"\npairs", "kind = \"html\"\nrefresh = \"new\"\npairs");
    let connector = Connector::parse("c", &text).unwrap();
    let (coverage, _) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
    assert_eq!((coverage.met, site.asked.len()), (5, 2), "{:?}", site.asked);
}

#[test]
fn a_page_that_does_not_come_leaves_what_is_known_and_takes_what_is_new() {
    for answer in [failed as fn() -> FetchError, gone] {
        let mut site = Site::new(Style::Html, 4).with_details();
        let mut hub = Hub::default();
        hub.sweep(&mut site);
        site.letters.insert(0, letter(9));
        site.fault = Some(Box::new(move |name, _| name.starts_with("/d").then(|| Err(answer()))));
        let coverage = hub.sweep(&mut site);
        assert_eq!(hub.counts, [1, 0, 4, 0], "known texts are not replaced by excerpts");
        assert_eq!(codes(&coverage), [AlarmCode::DetailMissing]);
        assert_eq!(hub.kept["9"].record.list_digest, None);
        assert!(hub.kept["9"].record.body.ends_with("..."));
        site.fault = None;
        hub.head(&mut site);
        assert_eq!(hub.counts, [0, 1, 4, 0], "the excerpt was replaced");
        hub.assert_holds(&site);
    }
}

#[test]
fn without_its_page_and_without_a_text_in_the_list_a_row_is_held() {
    let mut site = Site::new(Style::Html, 4).with_details();
    let text = super::connector(Style::Html, 3, true, true).replace("content = \"td:nth-child(3)\"\n", "");
    let connector = Connector::parse("c", &text).unwrap();
    site.fault = Some(Box::new(move |name, _| (name == "/d?id=3").then(|| Err(failed()))));
    let mut hub = Hub::default();
    let (coverage, result) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
    assert!(result.is_ok() && hub.counts == [3, 0, 0, 1], "{coverage:?}");
    assert!(is_held_for(&hub.held, HoldCode::DetailMissing));
    assert_eq!(hub.held[0].key.as_deref(), Some("3"));
    // A refusal breaks off, and what was read stays.
    let blocked = || FetchError::new(FetchCode::Blocked, "网站拒绝访问");
    site.fault = Some(Box::new(move |name, _| (name == "/d?id=2").then(|| Err(blocked()))));
    let mut hub = Hub::default();
    let (coverage, result) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
    assert!(matches!(result, Err(CrawlError::Fetch(_))));
    assert_eq!((hub.kept.len(), codes(&coverage)), (2, vec![AlarmCode::Blocked]));
}

#[test]
fn pages_whose_layout_changed_are_an_alarm() {
    let mut site = Site::new(Style::Html, 4).with_details();
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    let blank: fn(&str, u64) -> Option<Result<String, FetchError>> =
        |name, _| name.starts_with("/d").then(|| Ok("<div class=new>…</div>".to_owned()));
    site.fault = Some(Box::new(blank));
    let coverage = hub.sweep(&mut site);
    assert_eq!(codes(&coverage), [AlarmCode::LayoutChanged, AlarmCode::DetailMissing]);
    assert_eq!(hub.counts, [0, 0, 4, 0]);
    let mut site = Site::new(Style::Html, 9).with_details();
    site.fault = Some(Box::new(blank));
    let (_, result) = Hub::default().pull(&mut site, Reach::Sweep);
    assert!(matches!(result, Err(CrawlError::Layout(alarm)) if alarm.subject == "detail"));
}

#[test]
fn servers_whose_pages_all_fail_are_left_alone() {
    let mut site = Site::new(Style::Html, 40).with_details();
    site.fault = Some(Box::new(|name, _| name.starts_with("/d").then(|| Err(failed()))));
    let (_, result) = Hub::default().pull(&mut site, Reach::Sweep);
    assert!(matches!(result, Err(CrawlError::Fetch(_))));
    assert_eq!(site.asked.iter().filter(|name| name.starts_with("/d")).count(), 10);
}

#[test]
fn a_page_that_says_it_was_deleted_is_gone() {
    let mut site = Site::new(Style::Html, 5).with_details();
    let text = super::connector(Style::Html, 3, true, true)
        .replace("kind = \"html\"\npairs", "kind = \"html\"\ngone = \"已删除\"\npairs");
    let connector = Connector::parse("c", &text).unwrap();
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    site.letters.remove(0);
    site.fault = Some(Box::new(|name, _| (name == "/d?id=5").then(|| Ok("<p>该信件已删除</p>".to_owned()))));
    let (coverage, _) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
    assert_eq!((coverage.withdrawn, coverage.alarms.len()), (vec!["5".to_owned()], 0));
}

#[test]
fn a_digest_is_a_key_too_and_stays_with_the_row() {
    let text = super::connector(Style::Html, 3, true, true)
        .replace("kind = \"printed\"", "kind = \"digest\"\nof = [\"asked_at\", \"title\"]")
        .replace("/d?id={key}", "/d?id={id}");
    let connector = Connector::parse("c", &text).unwrap();
    let mut site = Site::new(Style::Html, 4).with_details();
    let mut hub = Hub::default();
    assert!(hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default()).1.is_ok());
    assert_eq!(hub.kept.len(), 4);
    let (key, kept) = hub.kept.iter().next().unwrap();
    assert_eq!(key.len(), 32);
    let again = crate::map_again(&connector, "", 1, &[], &kept.record.raw);
    let crate::Repaired::Record(again) = again else { panic!("{again:?}") };
    assert_eq!((&again.key, &again.url), (key, &kept.record.url));
    assert!(hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default()).1.is_ok());
    assert_eq!(hub.counts, [0, 0, 4, 0]);
    assert_eq!(url(kept_url(&hub)).path(), "/d");
}

fn kept_url(hub: &Hub) -> &str {
    hub.kept.values().next().unwrap().record.url.as_deref().unwrap()
}
