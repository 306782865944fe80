//! The server told to stop: what runs is finished, nothing new is taken, and it ends well.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::program::Program;

#[test]
fn a_request_under_way_is_answered_before_the_server_ends() {
    let program = Program::new();
    let mut server = program.start(&["serve", "--listen", "127.0.0.1:0"]);
    let mut greeting = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
    let address = greeting.trim().split("http://").nth(1).unwrap().trim_end_matches('/').to_owned();

    let body = r#"{"query":"{ publishedMonths { month } }"}"#;
    let mut request = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(10);
    request.write_all(head.as_bytes()).unwrap();
    // Asked to go on, one knows that the request has begun; a connection on which none has is closed at once.
    let mut go_on = [0; 25];
    request.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    request.write_all(first.as_bytes()).unwrap();
    assert!(Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap().success());
    // It no longer listens, and has not gone: somebody still waits for an answer.
    let told = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(told.elapsed() < Duration::from_secs(5), "the server still listens");
        sleep(Duration::from_millis(20));
    }
    assert!(server.try_wait().unwrap().is_none(), "the server left a request behind");
    request.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("publishedMonths"), "{answer}");
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(15), "it took {:?}", told.elapsed());
    program.verify();
}
