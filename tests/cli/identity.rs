//! `huiyin serve` with an identity provider: over real TLS, trusted as the system trusts, and what is refused at the start.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::support::http;
use crate::support::program::Program;

const SECRET: &str = "HUIYIN_OIDC_CLIENT_SECRET";

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn options<'a>(issuer: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut options = vec!["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:1"];
    options.extend(["--oidc-client-id", "huiyin", "--oidc-issuer", issuer]);
    options.extend(more);
    options
}

/// Serves files over TLS with a certificate made for this: each file is a whole answer.
async fn tls(dir: &Path, port: u16) -> Running {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=provider"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let issuer = format!("https://127.0.0.1:{port}");
    let about = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    std::fs::create_dir(dir.join(".well-known")).unwrap();
    for (path, body) in [(".well-known/openid-configuration", about), ("keys", json!({ "keys": [] }))] {
        let answer = format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}");
        std::fs::write(dir.join(path), answer).unwrap();
    }
    let mut server = Command::new("openssl");
    server.args(["s_server", "-quiet", "-HTTP", "-cert", "cert.pem", "-key", "key.pem", "-accept"]);
    server.arg(format!("127.0.0.1:{port}")).current_dir(dir).stdin(Stdio::null());
    let mut running = Running(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert_eq!(running.0.try_wait().unwrap(), None, "the provider ended: somebody else has its port");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running
}

/// Where the program sends a browser that wants to sign in through the provider, and what it trusts is in this file.
async fn sent_to(program: &Program, issuer: &str, trusted: &Path) -> (u16, String) {
    let mut command = program.command(&options(issuer, &[]));
    command.env(SECRET, "invented").env("SSL_CERT_FILE", trusted).env_remove("SSL_CERT_DIR");
    let mut server = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.split_once("http://").map(|(_, host)| host.to_owned())).unwrap();
    let client = http::without_redirects();
    let response = client.get(format!("http://{address}sign-in/oidc")).send().await.unwrap();
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), location.unwrap_or_default())
}

#[tokio::test]
async fn the_provider_is_reached_over_tls_that_the_system_trusts() {
    let dir = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _provider = tls(dir.path(), port).await;
    let issuer = format!("https://127.0.0.1:{port}");
    let program = Program::new();
    let (status, location) = sent_to(&program, &issuer, &dir.path().join("cert.pem")).await;
    assert_eq!(status, 303);
    assert!(location.starts_with(&format!("{issuer}/authorize?response_type=code&client_id=huiyin&")), "{location}");
    // Another certificate is trusted: the provider could be anybody.
    let other = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _other = tls(other.path(), port).await;
    let (status, location) = sent_to(&program, &issuer, &other.path().join("cert.pem")).await;
    assert_eq!((status, location.as_str()), (303, "/sign-in"));
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let program = Program::new();
    let run = |issuer: &str, secret: &str, more: &[&str]| {
        let mut command = program.command(&options(issuer, more));
        let output = command.env(SECRET, secret).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let told = |(code, text): (Option<i32>, String), words: &str| {
        assert!(code == Some(1) && text.contains(words), "{code:?} {text}");
        assert!(!text.contains("invented"), "{text}");
    };
    told(run("http://id.example", "invented", &[]), "without encryption");
    told(run("https://id.example", " ", &[]), "没有客户端密钥");
    told(run("https://id.example", "", &["--oidc-client-secret-file", "/nowhere/secret"]), "/nowhere/secret");
    let (code, text) = {
        let output = program.command(&["serve", "--oidc-issuer", "https://id.example"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert!(code == Some(2) && text.contains("--public-url") && text.contains("--oidc-client-id"), "{code:?} {text}");
}
