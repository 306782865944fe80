//! Certificates and proxies.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::{HeaderValue, Secrets};
use super::server::{ok, tls_file};
use super::*;

#[tokio::test]
async fn a_certificate_of_nobodys_is_refused_and_a_given_authority_trusted() {
    let server = Server::tls(|_, _| ok("safe")).await;
    let mut rules = rules(&server);
    let error = refusal(&rules, &server, "/").await;
    assert_eq!(error.code, FetchCode::Certificate, "{error}");
    assert!(error.message.contains("不受信任"), "{error}");
    assert_eq!(server.seen().len(), 0);
    rules.certificate = Some(tls_file("ca.pem"));
    assert_eq!(read(&rules, &server, "/").await.as_deref(), Ok("safe"));
    rules.certificate = None;
    let settings = NetSettings { certificate: Some(tls_file("ca.pem")), ..settings() };
    assert!(with(&rules, &settings).get(Request::get(server.url("/"))).await.is_ok());
}

#[tokio::test]
async fn a_certificate_is_good_for_its_own_name_only() {
    let server = Server::tls(|_, _| ok("safe")).await;
    for (name, good) in [("source.example", true), ("other.example", false)] {
        let mut rules = rules(&server);
        rules.base = format!("https://{name}:{}/", server.port()).parse().unwrap();
        rules.private = vec![name.to_owned()];
        rules.certificate = Some(tls_file("ca.pem"));
        let result = with(&rules, &resolving_to(&["127.0.0.1"])).get(Request::get(rules.base.clone())).await;
        assert_eq!(
            result.map(|_| ()).map_err(|error| error.code),
            if good { Ok(()) } else { Err(FetchCode::Certificate) }
        );
    }
}

#[tokio::test]
async fn encryption_is_not_given_up_on_the_way() {
    let open = Server::start(|_, _| ok("open")).await;
    let to = open.url("/").to_string();
    let server = Server::tls(move |_, _| super::server::redirect(301, &to)).await;
    let mut rules = rules(&server);
    rules.certificate = Some(tls_file("ca.pem"));
    rules.hosts = vec![open.host()];
    rules.private.push(open.host());
    let variable = [("HUIYIN_SECRET_KEY".into(), "hunter2".into())];
    let settings = NetSettings { secrets: Secrets::read(variable, None).unwrap(), ..settings() };
    rules.headers = vec![("X-Key".to_owned(), HeaderValue::Secret("KEY".to_owned()))];
    let mut fetcher = with(&rules, &settings);
    let error = get(&mut fetcher, &server, "/").await.unwrap_err();
    assert_eq!((error.code, open.seen().len()), (FetchCode::Address, 0));
    // A link of the page to an open address may be followed, without what is secret.
    let mut request = Request::get(open.url("/"));
    request.headers = [("X-Own", super::super::secret_marker("KEY")), ("X-Open", "1".to_owned())]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
    fetcher.get(request).await.unwrap();
    assert_eq!([&server, &open].map(|server| server.seen()[0].header("x-key").is_some()), [true, false]);
    assert_eq!(["x-own", "x-open"].map(|name| open.seen()[0].header(name).is_some()), [false, true]);
}

#[tokio::test]
async fn what_does_not_speak_tls_is_a_fault_of_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 not what you think\r\n").await.unwrap();
        let _ = stream.read(&mut [0; 512]).await;
    });
    let mut rules = FetchRules::new(format!("https://{host}/").parse().unwrap());
    (rules.private, rules.robots, rules.retries) = (vec![host], false, 0);
    let error = fetcher(&rules).get(Request::get(rules.base.clone())).await.unwrap_err();
    assert_eq!(error.code, FetchCode::Network, "{error}");
    greeting.await.unwrap();
}

/// A proxy that leads every name to `target`; remembers the first lines and the passwords it was given.
async fn proxy(target: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let text = String::from_utf8(head.clone()).unwrap();
            told.lock().unwrap().push(text.clone());
            let mut server = TcpStream::connect(&target).await.unwrap();
            if text.starts_with("CONNECT ") {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            } else {
                server.write_all(&head).await.unwrap();
            }
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (address, heads)
}

#[tokio::test]
async fn the_way_out_may_be_a_proxy() {
    let [plain, safe] = [Server::start(|_, _| ok("plain")).await, Server::tls(|_, _| ok("safe")).await];
    for (server, base, first_line) in [
        (&plain, "http://source.example/list?page=1", "GET http://source.example/list?page=1 HTTP/1.1"),
        (&safe, "https://source.example/list", "CONNECT source.example:443 HTTP/1.1"),
    ] {
        let (address, heads) = proxy(server.host()).await;
        let mut rules = rules(server);
        rules.base = base.parse().unwrap();
        rules.private.clear();
        rules.certificate = Some(tls_file("ca.pem"));
        rules.proxy = Some(HeaderValue::Secret("PROXY".to_owned()));
        let variable = [("HUIYIN_SECRET_PROXY".into(), format!("http://user:hunter2@{address}").into())];
        let settings = NetSettings { secrets: Secrets::read(variable, None).unwrap(), ..settings() };
        let mut through = with(&rules, &settings);
        // The name is not one that can be looked up here: the proxy does that.
        let answer = through.get(Request::get(rules.base.clone())).await.unwrap();
        assert_eq!(answer.body.unwrap().len(), 5 - usize::from(server.url("/").scheme() == "https"));
        let head = heads.lock().unwrap().remove(0);
        assert!(head.starts_with(first_line), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic dxnlcjpodw50zxiy"), "{head}");
        assert!(!server.seen().is_empty() && !format!("{through:?}").contains("hunter2"));
        // What is private by its spelling is refused all the same.
        for inside in ["http://10.0.0.1/", "http://localhost/"] {
            rules.base = inside.parse().unwrap();
            let error = with(&rules, &settings).get(Request::get(rules.base.clone())).await.unwrap_err();
            assert_eq!(error.code, FetchCode::Address);
        }
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_at_the_start() {
    let server = Server::start(|_, _| ok("x")).await;
    let refused = |change: &dyn Fn(&mut FetchRules)| {
        let mut rules = rules(&server);
        change(&mut rules);
        let error = Fetcher::new(&rules, &settings(), &Arc::new(Hosts::new()), Validators::default()).unwrap_err();
        assert_eq!(error.code, FetchCode::Settings, "{error}");
        error.message
    };
    refused(&|rules| rules.proxy = Some(HeaderValue::Secret("NONE".to_owned())));
    let message = refused(&|rules| rules.proxy = Some(HeaderValue::Plain("user:hunter2@nowhere".to_owned())));
    assert!(!message.contains("hunter2"), "{message}");
    refused(&|rules| rules.certificate = Some(tls_file("none.pem")));
    refused(&|rules| rules.certificate = Some(tls_file("server.key")));
    for name in ["User-Agent", "host", "Content-Length", "bad name"] {
        refused(&|rules| rules.headers = vec![(name.to_owned(), HeaderValue::Plain("x".to_owned()))]);
    }
    let message =
        refused(&|rules| rules.headers = vec![("X".to_owned(), HeaderValue::Plain("hunter2\r\nY: z".to_owned()))]);
    assert!(!message.contains("hunter2"), "{message}");
}
