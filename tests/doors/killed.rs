//! `kill -9` while pushes come in: what was answered is there, and what is sent again under its key is taken once.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::Duration;

use huiyin::clock::{Clock as _, SystemClock};
use serde_json::Value;

use super::sender::{Pushing, order};
use crate::support::app::PUSH_SECRET;
use crate::support::program::{Program, number, ran};

/// How often the server is killed.
const KILLS: u64 = 6;
/// Requests in each of its lives.
const REQUESTS: u64 = 6;

/// Serves on a free port; the process and where it answers.
fn serve(program: &Program) -> (Child, String) {
    let mut command = program.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("HUIYIN_SECRET_HOTLINE_PUSH", PUSH_SECRET).stdout(std::process::Stdio::piped());
    let mut server = command.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().split("http://").nth(1).unwrap_or_else(|| panic!("no address: {line}"));
    (server, format!("http://{}", address.trim_end_matches('/')))
}

fn now() -> i64 {
    SystemClock.now().as_micros() / 1_000_000
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_and_nothing_is_taken_twice() {
    let program = Program::new();
    let client = crate::support::http::client();
    let mut answered: BTreeMap<String, Value> = BTreeMap::new();
    for life in 0..KILLS {
        let (mut server, address) = serve(&program);
        // What the server was asked in its last life is sent again, answered or not.
        for earlier in 0..life * REQUESTS {
            let (status, answer) = push(earlier).send(&client, &address).await;
            assert_eq!(status, 200, "{answer}");
            let before = answered.entry(earlier.to_string()).or_insert_with(|| answer.clone());
            assert_eq!(*before, answer, "the same key, the same answer");
        }
        let sending = tokio::spawn({
            let (client, address) = (client.clone(), address.clone());
            async move {
                let mut got = Vec::new();
                for number in life * REQUESTS..(life + 1) * REQUESTS {
                    let Ok(response) = push(number).request(&client, &address).send().await else { break };
                    let Ok(answer) = response.json::<Value>().await else { break };
                    got.push((number.to_string(), answer));
                }
                got
            }
        });
        tokio::time::sleep(Duration::from_millis(3 + life * 7)).await;
        server.kill().unwrap();
        server.wait().unwrap();
        answered.extend(sending.await.unwrap());
    }
    let (mut server, address) = serve(&program);
    for earlier in 0..KILLS * REQUESTS {
        let (status, answer) = push(earlier).send(&client, &address).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(*answered.entry(earlier.to_string()).or_insert_with(|| answer.clone()), answer);
        assert_eq!((&answer["accepted"], &answer["stated"]), (&Value::from(1), &Value::from(1)), "{answer}");
    }
    server.kill().unwrap();
    drop(ran(server.wait_with_output().unwrap()));
    let mut db = program.database().await;
    let sent = i64::try_from(KILLS * REQUESTS).unwrap();
    for count in ["SELECT COUNT(*) FROM item", "SELECT COUNT(*) FROM pull", "SELECT COUNT(*) FROM push_receipt"] {
        assert_eq!(number(&mut db, count).await, sent, "{count}");
    }
    let backwards = "SELECT COUNT(*) FROM ledger a JOIN ledger b ON b.seq = a.seq + 1 WHERE b.at < a.at";
    assert_eq!(number(&mut db, backwards).await, 0, "the ledger's times do not go backwards");
    program.verify();
}

fn push(number: u64) -> Pushing {
    Pushing::new(now(), &format!("key-{number}"), &order(&format!("SZ20261009{number:04}")))
}
