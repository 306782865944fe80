//! Every way of paging, to the end and back.

use super::*;

const STYLES: [Style; 4] = [Style::Html, Style::Link, Style::Offset, Style::Last];

#[test]
fn every_way_of_paging_reads_the_whole_list() {
    for style in STYLES {
        for tells_total in [true, false] {
            for count in [1, 2, 3, 4, 6, 7, 20] {
                let mut site = Site::new(style, count);
                site.tells_total = tells_total;
                let mut hub = Hub::default();
                let coverage = hub.sweep(&mut site);
                assert_eq!((coverage.met, coverage.complete), (u64::from(count), true), "{style:?} {count}");
                assert_eq!(coverage.claimed, tells_total.then_some(u64::from(count)), "{style:?} {count}");
                assert!(coverage.alarms.is_empty() && coverage.withdrawn.is_empty(), "{style:?} {coverage:?}");
                assert_eq!(hub.counts, [u64::from(count), 0, 0, 0], "{style:?} {count}");
                hub.assert_holds(&site);
                let again = hub.sweep(&mut site);
                assert_eq!(hub.counts, [0, 0, u64::from(count), 0], "{style:?} {again:?}");
            }
        }
    }
}

#[test]
fn a_full_last_page_is_followed_by_one_more_and_a_short_one_is_not() {
    let mut site = Site::new(Style::Html, 6);
    Hub::default().sweep(&mut site);
    assert_eq!(site.asked, ["/list?p=1", "/list?p=2", "/list?p=3"]);
    let mut site = Site::new(Style::Html, 5);
    Hub::default().sweep(&mut site);
    assert_eq!(site.asked, ["/list?p=1", "/list?p=2"]);
}

#[test]
fn a_count_that_lags_behind_does_not_hide_the_rest() {
    let mut site = Site::new(Style::Html, 9);
    site.claimed = Some(6);
    let mut hub = Hub::default();
    let coverage = hub.sweep(&mut site);
    assert_eq!((coverage.met, coverage.claimed), (9, Some(6)));
    assert_eq!(codes(&coverage), [AlarmCode::CountDiffers]);
    hub.assert_holds(&site);
}

#[test]
fn an_empty_list_that_says_so_is_empty_and_a_blank_page_is_not() {
    let mut site = Site::new(Style::Html, 0);
    site.tells_total = false;
    let (_, result) = Hub::default().pull(&mut site, Reach::Sweep);
    assert!(matches!(result, Err(CrawlError::Layout(alarm)) if alarm.code == AlarmCode::LayoutChanged));
    site.fault = Some(Box::new(|_, _| Some(Ok("<p>暂无来信</p>".to_owned()))));
    let coverage = Hub::default().sweep(&mut site);
    assert!(coverage.complete && coverage.alarms.is_empty());
    // Never when there was something before.
    let mut hub = Hub::default();
    hub.sweep(&mut Site::new(Style::Html, 4));
    let coverage = hub.sweep(&mut site);
    assert_eq!(codes(&coverage), [AlarmCode::TooFew]);
    assert!(!coverage.complete && coverage.withdrawn.is_empty());
}

#[test]
fn a_head_reads_two_pages_and_goes_on_while_everything_is_new() {
    let mut site = Site::new(Style::Html, 30);
    let mut hub = Hub::default();
    let coverage = hub.head(&mut site);
    assert_eq!((coverage.met, coverage.complete), (30, true), "everything was new");
    site.letters.insert(0, letter(31));
    let coverage = hub.head(&mut site);
    assert_eq!((coverage.pages, coverage.complete, hub.counts), (2, false, [1, 0, 5, 0]));
    assert!(coverage.withdrawn.is_empty() && coverage.alarms.is_empty());
    for id in 32..=40 {
        site.letters.insert(0, letter(id));
    }
    hub.head(&mut site);
    assert_eq!(hub.counts, [9, 0, 3, 0]);
    hub.assert_holds(&site);
}

#[test]
fn a_head_that_never_ends_is_ended_and_it_is_said() {
    let mut site = Site::new(Style::Html, 300);
    let coverage = Hub::default().head(&mut site);
    assert_eq!((coverage.pages, codes(&coverage)), (50, vec![AlarmCode::Limit]));
    assert!(!coverage.complete);
}

#[test]
fn a_limit_of_pages_is_said_and_withdraws_nothing() {
    let mut site = Site::new(Style::Html, 9);
    let mut hub = Hub::default();
    hub.sweep(&mut site);
    let limits = CrawlLimits { max_pages: Some(1), ..CrawlLimits::default() };
    let connector = site.connector();
    let (coverage, result) = hub.pull_with(&connector, &mut site, Reach::Sweep, &limits);
    assert!(result.is_ok() && !coverage.complete && coverage.withdrawn.is_empty());
    assert!(codes(&coverage).contains(&AlarmCode::Limit), "{coverage:?}");
}

#[test]
fn a_site_that_ignores_the_number_of_the_page_is_noticed() {
    for tells_total in [true, false] {
        let mut site = Site::new(Style::Html, 9);
        site.tells_total = tells_total;
        let first = site.html(&site.letters[..3], 1);
        site.fault = Some(Box::new(move |_, _| Some(Ok(first.clone()))));
        let coverage = Hub::default().sweep(&mut site);
        assert!(!coverage.complete && codes(&coverage).contains(&AlarmCode::PageMissing), "{coverage:?}");
        assert_eq!(coverage.met, 3);
    }
}

#[test]
fn a_list_that_does_not_go_on_behind_its_last_row_is_noticed() {
    for ignores in [true, false] {
        let mut site = Site::new(Style::Last, 9);
        site.tells_total = false;
        let mut text = super::connector(Style::Last, 3, false, false);
        if ignores {
            let first = site.json(&site.letters[..3]);
            site.fault = Some(Box::new(move |_, _| Some(Ok(first.clone()))));
        } else {
            // No row has what the next page is asked by.
            text = text.replace("cell = \"id\"", "cell = \"nr\"");
        }
        let connector = Connector::parse("c", &text).unwrap();
        let mut hub = Hub::default();
        let (coverage, result) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
        assert!(result.is_ok() && !coverage.complete && coverage.met == 3, "{coverage:?}");
        assert_eq!(codes(&coverage), [AlarmCode::PageMissing]);
    }
}

#[test]
fn a_site_that_gives_fewer_rows_than_it_is_asked_for_by_place_is_noticed() {
    let mut site = Site::new(Style::Offset, 12);
    site.tells_total = false;
    let connector = Connector::parse("c", &super::connector(Style::Offset, 5, false, false)).unwrap();
    let mut hub = Hub::default();
    let (coverage, _) = hub.pull_with(&connector, &mut site, Reach::Sweep, &CrawlLimits::default());
    assert_eq!((coverage.met, codes(&coverage)), (8, vec![AlarmCode::CountDiffers]), "{coverage:?}");
}

#[test]
fn a_site_that_shows_its_last_page_for_ever_has_an_end() {
    let mut site = Site::new(Style::Html, 5);
    site.tells_total = false;
    let last = site.html(&site.letters[3..], 2);
    site.fault = Some(Box::new(move |name, _| (!name.ends_with("p=1")).then(|| Ok(last.clone()))));
    let coverage = Hub::default().sweep(&mut site);
    assert_eq!((coverage.met, coverage.complete, codes(&coverage)), (5, true, vec![]));
}

#[test]
fn a_list_shorter_than_a_page_is_whole_although_it_is_shown_again_behind_its_end() {
    let mut site = Site::new(Style::Offset, 2);
    site.tells_total = false;
    let whole = site.json(&site.letters);
    site.fault = Some(Box::new(move |_, _| Some(Ok(whole.clone()))));
    let coverage = Hub::default().sweep(&mut site);
    assert_eq!((coverage.met, coverage.complete, codes(&coverage)), (2, true, vec![]));
    assert_eq!(site.asked.len(), 2, "one page, and once more to see that there is no other");
}

#[test]
fn links_that_go_in_a_circle_are_noticed() {
    let mut site = Site::new(Style::Link, 9);
    let first = site.html(&site.letters[..3], 0);
    site.fault = Some(Box::new(move |name, _| name.ends_with("p=3").then(|| Ok(first.clone()))));
    let coverage = Hub::default().sweep(&mut site);
    assert!(!coverage.complete && codes(&coverage).contains(&AlarmCode::PageMissing), "{coverage:?}");
}

/// A site with a page before the list; keeps what it was asked for.
struct Warm(Site, Vec<Request>, &'static str);
impl Pages for Warm {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        self.1.push(request.clone());
        if request.url.path() == "/warm" {
            let body = Some(self.2.as_bytes().to_vec());
            return Ok(Answer { url: request.url, body, media_type: None, charset: None });
        }
        self.0.get(request).await
    }

    fn cookie(&self, url: &Url, name: &str) -> Option<String> {
        (url.path() == "/warm").then(|| format!("{name} of the jar"))
    }
}

#[test]
fn tokens_of_the_warm_up_page_are_sent_along() {
    let site = Site::new(Style::Html, 2);
    let text = super::connector(Style::Html, 3, false, true)
        .replace("[list]\n", "[warm_up]\nurl = \"/warm?via=pc\"\ntokens = { csrf = { pattern = \"_CSRF = '([^']+)'\" }, xsrf = { cookie = \"XSRF-TOKEN\" } }\n[list]\nheaders = { X-CSRF-TOKEN = \"{token.csrf}\", X-XSRF = \"{token.xsrf}\", X-Own = \"{secret.OWN}\" }\n");
    let connector = Connector::parse("c", &text).unwrap_or_else(|error| panic!("{error}"));
    let mut pages = Warm(site, Vec::new(), "<script>var _CSRF = 'a&b';</script>");
    let mut hub = Hub::default();
    let limits = CrawlLimits::default();
    let work = crawl(&connector, Reach::Sweep, &mut pages, &mut hub, &limits);
    let (coverage, result) = crate::block_on(work).unwrap();
    assert!(result.is_ok() && coverage.met == 2, "{coverage:?} {result:?}");
    let headers: BTreeMap<_, _> = pages.1[1].headers.iter().cloned().collect();
    assert_eq!((&*headers["X-CSRF-TOKEN"], &*headers["X-XSRF"]), ("a&b", "XSRF-TOKEN of the jar"));
    assert_eq!(headers["X-Own"], crate::fetch::secret_marker("OWN"));
    pages.2 = "<p>维护中</p>";
    let work = crawl(&connector, Reach::Sweep, &mut pages, &mut hub, &limits);
    let (coverage, result) = crate::block_on(work).unwrap();
    assert!(matches!(result, Err(CrawlError::Layout(_))), "{result:?}");
    assert_eq!(codes(&coverage), [AlarmCode::LayoutChanged]);
}
