//! Servers that refuse, break off, fall silent, lie or talk nonsense.

use super::*;

fn code(result: &Result<(), CrawlError>) -> Option<FetchCode> {
    match result {
        Err(CrawlError::Fetch(error)) => Some(error.code),
        _ => None,
    }
}

async fn with_letters(count: u32) -> MailServer {
    let server = MailServer::start(false).await;
    for uid in 1..=count {
        server.put(uid, letter(&format!("m{uid}@x"), "S", &format!("第{uid}封")));
    }
    server
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let server = with_letters(1).await;
    let connector = connector(&server, "");
    let (coverage, result) = pull_with(&connector, Reach::Head, &mut Hub::default(), &settings("hunter2")).await;
    assert_eq!(code(&result), Some(FetchCode::Blocked), "{result:?}");
    assert!(coverage.alarms.iter().any(|alarm| alarm.code == crate::crawl::AlarmCode::Blocked));
    assert_eq!(server.count("LOGIN"), 1);
    assert!(!format!("{result:?}").contains("hunter2"));
    let none = NetSettings { secrets: Secrets::default(), ..settings("") };
    let (_, result) = pull_with(&connector, Reach::Head, &mut Hub::default(), &none).await;
    assert_eq!((code(&result), server.count("LOGIN")), (Some(FetchCode::Settings), 1));
}

#[tokio::test]
async fn a_connection_that_breaks_in_a_letter_is_made_anew() {
    let server = with_letters(3).await;
    let connector = connector(&server, "");
    let mut hub = Hub::default();
    (server.folder().cuts, server.folder().byes) = (2, 0);
    pull(&connector, Reach::Sweep, &mut hub).await.1.unwrap();
    assert_eq!((hub.known.len(), hub.known["m1@x"].2.as_str(), server.count("LOGIN")), (3, "第1封", 3));
    server.put(9, letter("m9@x", "S", "第9封"));
    server.folder().byes = 1;
    pull(&connector, Reach::Head, &mut hub).await.1.unwrap();
    assert_eq!(hub.known.len(), 4);
    // It does not stop: what was read before is kept, and the rest comes the next time.
    server.put(10, letter("m10@x", "S", "第10封"));
    server.folder().cuts = 100;
    let (coverage, result) = pull(&connector, Reach::Sweep, &mut hub).await;
    assert_eq!((code(&result), coverage.complete, coverage.withdrawn.len()), (Some(FetchCode::Network), false, 0));
    server.folder().cuts = 0;
    pull(&connector, Reach::Sweep, &mut hub).await.1.unwrap();
    assert_eq!(hub.known.len(), 5);
}

#[tokio::test]
async fn a_silent_server_is_left_after_its_time() {
    let server = with_letters(1).await;
    server.folder().silent = true;
    let connector = connector(&server, "retries = 0\nidle_timeout = \"100ms\"");
    let (_, result) = pull(&connector, Reach::Head, &mut Hub::default()).await;
    assert_eq!(code(&result), Some(FetchCode::Timeout), "{result:?}");
}

#[tokio::test]
async fn what_is_no_mail_server_is_told() {
    let server = with_letters(1).await;
    for (greeting, expected) in [
        ("* BYE too many\r\n", FetchCode::Blocked),
        ("HTTP/1.1 400 Bad Request\r\n", FetchCode::Status),
        ("\u{0}\u{1}\r\n", FetchCode::Status),
    ] {
        server.folder().greeting = Some(greeting);
        let (_, result) = pull(&connector(&server, ""), Reach::Head, &mut Hub::default()).await;
        assert_eq!(code(&result), Some(expected), "{greeting}: {result:?}");
    }
    (server.folder().greeting, server.folder().nonsense) = (None, true);
    let (_, result) = pull(&connector(&server, ""), Reach::Head, &mut Hub::default()).await;
    assert_eq!(code(&result), Some(FetchCode::Status), "{result:?}");
}

#[tokio::test]
async fn a_letter_that_is_too_large_or_not_given_out_is_held_and_the_rest_goes_in() {
    let server = with_letters(3).await;
    server.folder().letters[0].size = Some(50 << 20);
    server.folder().refuses = Some(2);
    let connector = connector(&server, "");
    let mut hub = Hub::default();
    let (coverage, result) = pull(&connector, Reach::Sweep, &mut hub).await;
    result.unwrap();
    let held = [("m1@x".to_owned(), "mail_too_large"), ("m2@x".to_owned(), "detail_missing")];
    assert_eq!((&hub.held[..], hub.known.len(), coverage.met), (&held[..], 1, 3));
    assert_eq!(server.count("UID FETCH 1 "), 0, "only its header was asked for, with those of the others");
    // One that is larger than it was said to be.
    server.folder().letters[0].size = None;
    server.folder().floods = Some(60 << 20);
    let (_, result) = pull(&connector, Reach::Sweep, &mut hub).await;
    assert_eq!(code(&result), Some(FetchCode::TooLarge), "{result:?}");
}

#[tokio::test]
async fn a_header_without_end_keeps_no_other_letter_out() {
    let server = with_letters(2).await;
    server.put(3, letter("m3@x", &"x".repeat(2 << 20), "第3封"));
    server.put(4, letter("m4@x", "S", "第4封"));
    let connector = connector(&server, "");
    for reach in [Reach::Head, Reach::Sweep] {
        let mut hub = Hub::default();
        let (coverage, result) = pull(&connector, reach, &mut hub).await;
        result.unwrap();
        assert_eq!((coverage.met, coverage.claimed, coverage.complete), (4, Some(4), true), "{coverage:?}");
        assert!(["m1@x", "m2@x", "m4@x"].iter().all(|key| hub.known.contains_key(*key)), "{:?}", hub.known.keys());
        assert_eq!(hub.known.len() + hub.held.len(), 4);
    }
}

#[tokio::test]
async fn counts_that_do_not_agree_and_a_folder_that_is_empty_are_alarms() {
    let server = with_letters(2).await;
    let connector = connector(&server, "");
    let mut hub = Hub::default();
    pull(&connector, Reach::Sweep, &mut hub).await.1.unwrap();
    server.folder().overcounts = 3;
    server.folder().letters.remove(0);
    let (coverage, result) = pull(&connector, Reach::Sweep, &mut hub).await;
    result.unwrap();
    let codes: Vec<&str> = coverage.alarms.iter().map(|alarm| alarm.code.as_str()).collect();
    assert_eq!((codes, coverage.withdrawn.len()), (vec!["count_differs"], 0), "nothing is withdrawn on such a word");
    server.folder().overcounts = 0;
    server.folder().letters.clear();
    let (coverage, _) = pull(&connector, Reach::Sweep, &mut hub).await;
    let codes: Vec<&str> = coverage.alarms.iter().map(|alarm| alarm.code.as_str()).collect();
    assert_eq!((codes, coverage.withdrawn.len()), (vec!["too_few"], 0));
}

#[tokio::test]
async fn a_private_address_must_be_named() {
    let server = with_letters(1).await;
    let named = connector(&server, "tls = \"implicit\"");
    let mut mailbox = named.mailbox().unwrap().clone();
    mailbox.private.clear();
    for host in ["127.0.0.1", "localhost", "mail.example"] {
        let lookup = |_: &str| Ok(vec!["127.0.0.1".parse().unwrap()]);
        let settings = NetSettings { lookup: Arc::new(lookup), ..settings(PASSWORD) };
        mailbox.host = host.to_owned();
        let mut room = Mailroom::new(&mailbox, &settings, &Arc::new(Hosts::new()));
        let error = room.all().await.unwrap_err();
        assert_eq!(error.code, FetchCode::Address, "{host}: {error}");
    }
    let text = SHIPPED.replace("folder = \"INBOX\"", "folder = \"INBOX\"\ntls = \"none\"");
    let error = Connector::parse("connector.toml", &text).unwrap_err().to_string();
    assert!(error.contains("without TLS only a host that is named in `private`"), "{error}");
}
