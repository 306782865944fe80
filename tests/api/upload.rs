//! Import by upload: the file comes in, is looked at, imported in the background, or thrown away.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use huiyin::clock::Clock as _;
use huiyin::service::ServiceError;
use huiyin_domain::id::UploadId;
use serde_json::{Value, json};

use crate::support::app::{TestApp, error_code};

const HEADER: &str = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n";
const BOUNDARY: &str = "x-boundary-of-the-test";

/// A form with one file.
fn form(field: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\n九月\r\n--{BOUNDARY}\r\n\
         content-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         content-type: application/vnd.ms-excel\r\n\r\n"
    );
    [head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

async fn send(app: &TestApp, login: Option<&'static str>, body: Vec<u8>) -> reqwest::Response {
    let mut request = app.client.post(format!("{}/desk/imports", app.address));
    if let Some(login) = login {
        request = request.bearer_auth(app.token(login).await);
    }
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    request.header("content-type", content_type).body(body).send().await.unwrap()
}

/// Uploads a file, which must be taken; its id.
async fn upload(app: &TestApp, name: &str, content: &str) -> String {
    let answer = send(app, Some("office"), form("file", name, content.as_bytes())).await;
    assert_eq!(answer.status(), 201);
    answer.json::<Value>().await.unwrap()["upload"].as_str().unwrap().to_owned()
}

async fn refused(app: &TestApp, login: Option<&'static str>, body: Vec<u8>) -> (u16, String) {
    let answer = send(app, login, body).await;
    let status = answer.status().as_u16();
    (status, error_code(&answer.json::<Value>().await.unwrap()).to_owned())
}

async fn ask(app: &TestApp, upload: &str, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ upload(id: $id) {{ {fields} }} }}");
    app.ok("office", &query, json!({ "id": upload })).await["upload"].clone()
}

async fn mutate(app: &TestApp, call: &str) -> Value {
    let query = format!("mutation {{ it: {call} {{ status userErrors {{ code }} upload {{ state {{ code }} }} }} }}");
    app.ok("office", &query, json!({})).await["it"].clone()
}

/// Waits until the import has ended.
async fn ended(app: &TestApp, upload: &str) -> Value {
    for _ in 0..600 {
        let fields = "state { code } problem { code label } progress { done total percent } \
                      statement { stated accepted unchanged held rejected balanced fileName startedBy { label } }";
        let state = ask(app, upload, fields).await;
        if !["queued", "importing"].contains(&state["state"]["code"].as_str().unwrap()) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the import does not end");
}

fn spool(app: &TestApp) -> usize {
    std::fs::read_dir(app.dir().join("uploads")).map_or(0, Iterator::count)
}

fn letters(count: usize) -> String {
    let rows = (0..count).map(|row| format!("L{row},甲{row},题目{row},2026-09-01 08:00:00,第{row}封的内容,,\n"));
    format!("{HEADER}{}", rows.collect::<String>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_looked_at_then_imported_once() {
    let app = TestApp::start().await;
    let content = format!("{}B1,乙,题目,某天,内容,,\nB2,丙,题目,2030-01-01 08:00:00,将来的内容,,\n", letters(30));
    let id = upload(&app, "..\\九月\u{202E}<b>.csv", &content).await;
    let fields = "fileName fileKind fileBytes state { code } uploadedBy { label } progress { done } preview { \
                  candidates { id missing matched } connector { code } stated records held complete problem { code } \
                  sheets { headerRow columns { header field { code } } absent } \
                  rows { row held values { name { code } text } warnings { code } } }";
    let seen = ask(&app, &id, fields).await;
    assert_eq!((&seen["fileName"], &seen["fileKind"]), (&json!("九月<b>.csv"), &json!("text")));
    assert_eq!((&seen["fileBytes"], &seen["progress"]), (&json!(content.len()), &Value::Null));
    let preview = &seen["preview"];
    assert_eq!((&preview["connector"]["code"], &preview["candidates"][0]["id"]), (&json!("board"), &json!("board")));
    let counts = ["stated", "records", "held", "complete"].map(|name| preview[name].clone());
    assert_eq!(counts, [json!(32), json!(31), json!(1), json!(true)]);
    assert_eq!(preview["rows"].as_array().unwrap().len(), 20);
    assert_eq!(preview["sheets"][0]["columns"][0], json!({ "header": "留言编号", "field": { "code": "key" } }));
    assert!(preview["sheets"][0]["absent"].as_array().unwrap().contains(&json!("答复单位")), "{preview}");
    let odd = format!("{HEADER}B2,丙,题目,2030-01-01 08:00:00,将来的内容,,\nB1,乙,题,某天,字,,\n");
    let wrong = upload(&app, "b.csv", &odd).await;
    let wrong = ask(&app, &wrong, "preview { rows { held warnings { code } } }").await;
    let signs = wrong["preview"]["rows"].clone();
    assert_eq!(signs[0], json!({ "held": false, "warnings": [{ "code": "asked_in_future" }] }));
    assert_eq!(signs[1], json!({ "held": true, "warnings": [{ "code": "date_unreadable" }] }));

    // So far nothing is taken in.
    let items = "{ items { totalCount } pulls { edges { node { id } } } }";
    assert_eq!(
        app.ok("office", items, json!({})).await,
        json!({ "items": { "totalCount": 0 }, "pulls": { "edges": [] } })
    );
    assert_eq!(spool(&app), 2);

    let confirm = format!("confirmUpload(upload: \"{id}\", connector: \"board\")");
    assert_eq!(mutate(&app, &confirm).await["status"], "OK");
    let done = ended(&app, &id).await;
    assert_eq!((&done["state"]["code"], &done["problem"]), (&json!("imported"), &Value::Null));
    assert_eq!(done["progress"], json!({ "done": 32, "total": 32, "percent": 100 }));
    let statement = &done["statement"];
    assert_eq!((&statement["accepted"], &statement["held"]), (&json!(31), &json!(1)));
    assert_eq!((&statement["balanced"], &statement["fileName"]), (&json!(true), &json!("九月<b>.csv")));
    assert_eq!(statement["startedBy"]["label"], "办公室甲");
    assert_eq!(spool(&app), 1, "the file is gone");
    assert_eq!(mutate(&app, &confirm).await["userErrors"][0]["code"], "upload_stage");

    // The same file once more: nothing new.
    let id = upload(&app, "again.csv", &content).await;
    mutate(&app, &format!("confirmUpload(upload: \"{id}\", connector: \"board\")")).await;
    let again = ended(&app, &id).await["statement"].clone();
    assert_eq!((&again["accepted"], &again["unchanged"], &again["held"]), (&json!(0), &json!(31), &json!(1)));
    let all =
        app.ok("office", "{ items { totalCount } openHeldCount pulls { edges { node { id openHeld } } } }", json!({}));
    let all = all.await;
    assert_eq!((&all["items"]["totalCount"], &all["openHeldCount"]), (&json!(31), &json!(1)));
    // Newest first; the row is the first pull's.
    let open: Vec<&Value> =
        all["pulls"]["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]["openHeld"]).collect();
    assert_eq!(open.iter().filter(|open| **open == &json!(1)).count(), 1, "{open:?}");
    assert_eq!(app.service.verify(&crate::support::app::CLI, &[]).await.unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_table_is_not_kept() {
    let app = TestApp::start().await;
    let table = letters(1);
    let good = || form("file", "a.csv", table.as_bytes());
    assert_eq!(refused(&app, None, good()).await, (401, "sign_in_required".to_owned()));
    for login in ["handler", "head", "publisher", "sysadmin", "auditor"] {
        assert_eq!(refused(&app, Some(login), good()).await, (403, "forbidden".to_owned()), "{login}");
    }
    let office = Some("office");
    for (name, content, code) in [
        ("a.xlsx", &b"<html><table></table></html>"[..], "html_table"),
        ("a.csv", b"%PDF-1.7 whatever", "wrong_type"),
        ("a.csv", b"", "empty"),
        ("a.xlsx", b"PK\x03\x04broken", "damaged"),
    ] {
        assert_eq!(refused(&app, office, form("file", name, content)).await, (422, code.to_owned()), "{name}");
    }
    assert_eq!(refused(&app, office, form("other", "a.csv", table.as_bytes())).await.1, "upload_missing");
    assert_eq!(refused(&app, office, form("file", "", b"")).await.1, "upload_missing");
    let cut = good()[..200].to_vec();
    assert_eq!(refused(&app, office, cut).await.1, "upload_broken");
    let large = form("file", "a.csv", letters(90_000).as_bytes());
    assert!(large.len() > 4 << 20);
    let (status, code) = refused(&app, office, large).await;
    assert_eq!((status, code.as_str()), (413, "upload_too_large"));
    assert_eq!(spool(&app), 0);
    let uploads = app.ok("office", "{ uploads { edges { node { id } } } }", json!({})).await;
    assert_eq!(uploads["uploads"]["edges"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_nobody_wants_goes_away() {
    let app = TestApp::start().await;
    let id = upload(&app, "a.csv", &letters(2)).await;
    let unknown = mutate(&app, &format!("confirmUpload(upload: \"{id}\", connector: \"nothing\")")).await;
    assert_eq!(unknown["userErrors"][0]["code"], "connector_unknown");
    let discard = format!("discardUpload(upload: \"{id}\")");
    assert_eq!(mutate(&app, &discard).await["upload"]["state"]["code"], "discarded");
    assert_eq!(spool(&app), 0);
    assert_eq!(mutate(&app, &discard).await["userErrors"][0]["code"], "upload_stage");

    // What waits for a week is thrown away, and not a day before.
    upload(&app, "b.csv", &letters(2)).await;
    app.clock.advance(6 * 86_400);
    assert_eq!(app.service.forget_old_uploads().await.unwrap(), 0);
    app.clock.advance(86_400);
    assert_eq!(app.service.forget_old_uploads().await.unwrap(), 1);
    assert_eq!(spool(&app), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_left_goes_after_a_day() {
    let app = TestApp::start().await;
    let kept = upload(&app, "kept.csv", &letters(2)).await;
    let done = upload(&app, "done.csv", &letters(2)).await;
    mutate(&app, &format!("discardUpload(upload: \"{done}\")")).await;
    let name = |upload: &str| upload.strip_prefix("upload:").unwrap().to_owned();
    let never = || UploadId::new(app.clock.now(), crate::support::world::random()).to_string();
    let left = [name(&done), never(), format!("{}.part", never()), format!("{}.part", name(&kept))];
    let others = [name(&kept), "README".to_owned()];
    let folder = app.dir().join("uploads");
    let written = |name: &str, seconds: i64| {
        let at = app.clock.now().plus_seconds(-seconds).as_micros();
        let file = File::options().create(true).append(true).open(folder.join(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_micros(at.try_into().unwrap())).unwrap();
    };
    for name in left.iter().chain(&others) {
        written(name, 86_400);
    }
    assert_eq!(app.service.forget_old_uploads().await.unwrap(), 0, "not a day before");
    for name in left.iter().chain(&others) {
        written(name, 86_401);
    }
    assert_eq!(app.service.forget_old_uploads().await.unwrap(), left.len());
    let mut there: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    let mut expected = others.to_vec();
    expected.sort();
    assert_eq!(there, expected);
}

#[tokio::test]
async fn nobody_lets_files_wait_without_end() {
    let app = TestApp::start().await;
    let office = app.viewer("office").await.actor;
    let content = letters(1);
    let upload = async || {
        let mut spooling = app.service.begin_upload(&office, "a.csv").await?;
        spooling.write(content.clone()).await?;
        app.service.finish_upload(spooling).await
    };
    let mut last = String::new();
    for _ in 0..50 {
        last = upload().await.unwrap().id;
    }
    match upload().await {
        Err(ServiceError::Refused(refusal)) => assert_eq!(refusal.code, "uploads_waiting"),
        other => panic!("a refusal: {other:?}"),
    }
    app.service.discard_upload(&office, last.parse().unwrap()).await.unwrap();
    upload().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_does_not_fit_fails_in_words_and_an_interrupted_one_is_started_again() {
    let app = TestApp::start().await;
    let id = upload(&app, "letters.csv", &letters(3)).await;
    mutate(&app, &format!("confirmUpload(upload: \"{id}\", connector: \"mailbox\")")).await;
    let failed = ended(&app, &id).await;
    assert_eq!(failed["state"]["code"], "failed");
    let problem = &failed["problem"];
    assert!(problem["label"].as_str().unwrap().contains("letters.csv"), "{problem}");
    assert_eq!(spool(&app), 1, "it can be tried again");

    // As a crash leaves it: marked as running by a process that is gone.
    let uuid = id.strip_prefix("upload:").unwrap();
    let store = app.service.store();
    let row = huiyin::store::upload::by_id(&mut store.read().await.unwrap().conn(), uuid.parse().unwrap()).await;
    let row = row.unwrap().unwrap();
    let mut tx = crate::support::stores::begin(store).await;
    let running = huiyin::store::upload::UploadRow { stage: "importing".to_owned(), lease_until: i64::MAX, ..row };
    huiyin::store::upload::update(&mut tx, &running, "failed").await.unwrap();
    tx.commit(app.service.now()).await.unwrap();
    app.service.note_interrupted_pulls(false).await.unwrap();
    assert_eq!(ask(&app, &id, "state { code }").await["state"]["code"], "importing");
    app.service.note_interrupted_pulls(true).await.unwrap();
    assert_eq!(ask(&app, &id, "state { code }").await["state"]["code"], "interrupted");

    mutate(&app, &format!("confirmUpload(upload: \"{id}\", connector: \"board\")")).await;
    let done = ended(&app, &id).await;
    assert_eq!((&done["state"]["code"], &done["statement"]["accepted"]), (&json!("imported"), &json!(3)));
    let history = app.ok(
        "auditor",
        "query($s: String!) { ledgerRows(subject: $s) { edges { node { kind { code } } } } }",
        json!({ "s": id }),
    );
    let history = history.await["ledgerRows"]["edges"].clone();
    let kinds: Vec<&str> =
        history.as_array().unwrap().iter().map(|edge| edge["node"]["kind"]["code"].as_str().unwrap()).collect();
    let again = [
        "upload.received",
        "upload.confirmed",
        "upload.failed",
        "upload.interrupted",
        "upload.confirmed",
        "upload.imported",
    ];
    assert_eq!(kinds, again);
}
