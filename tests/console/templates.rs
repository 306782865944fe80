//! Every template renders from its sample in strict mode and lets no markup through; every document fits the schema.

use async_graphql::Request;
use huiyin::api::{Api, Session};
use huiyin::console::{ASSETS, DOCUMENTS, TEMPLATES};
use huiyin::page::{Assets, Templates};
use huiyin_domain::time::Instant;

use super::samples::sample;
use crate::support::app::TestApp;

/// What somebody might write to have a page do something.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 'zq' ~ 7 ~ 'qz' }}";
/// An item that is not there.
const NO_ITEM: &str = "item:01980000-0000-7000-8000-000000000000";
/// Templates that are no pages.
const PARTS: &[&str] = &[
    "console/base.html",
    "console/frame.html",
    "console/import_parts.html",
    "console/item_acts.html",
    "console/item_kit.html",
    "console/item_reply.html",
    "console/kit.html",
    "console/issue_parts.html",
    "console/partial.html",
    "console/plain.html",
    "console/source_parts.html",
];
const LAYOUTS: &[&str] = &["console/frame.html", "console/partial.html", "console/plain.html"];

fn templates() -> Templates {
    // 2026-11-20 10:00 in China.
    Templates::new(TEMPLATES, &Assets::new(ASSETS), || Instant::from_micros(1_795_140_000_000_000)).unwrap()
}

#[test]
fn every_template_renders_and_escapes() {
    let templates = templates();
    let mut pages = 0;
    for (name, _) in TEMPLATES.iter().filter(|(name, _)| !PARTS.contains(name)) {
        for layout in LAYOUTS {
            let plain = templates.render(name, &sample(name, "青溪", layout)).unwrap();
            assert!(!plain.contains("{%") && !plain.contains("{{"), "{name}");
            let html = templates.render(name, &sample(name, HOSTILE, layout)).unwrap();
            for markup in ["<script>", "<img", "'><", "\"'"] {
                assert!(!html.contains(markup), "{name} in {layout} lets {markup} through");
            }
            assert!(!html.contains("zq7qz"), "{name} in {layout} computes what was typed");
            // Nothing that the policy would refuse.
            for refused in [" style=", "<style", " onclick", "javascript:", "http://", "https://", "hx-on"] {
                assert!(!plain.contains(refused), "{name} in {layout} holds {refused}");
            }
            assert_eq!(plain.matches("<main").count(), 1, "{name} in {layout}");
            pages += 1;
        }
    }
    assert!(pages >= 15, "{pages}");
}

#[test]
fn every_id_on_a_page_is_used_once_and_every_label_finds_its_field() {
    let templates = templates();
    for (name, _) in TEMPLATES.iter().filter(|(name, _)| !PARTS.contains(name)) {
        let html = templates.render(name, &sample(name, "青溪", "console/frame.html")).unwrap();
        let values = |attribute: &str| -> Vec<String> {
            let marker = format!(" {attribute}=\"");
            html.split(&marker).skip(1).map(|part| part.split('"').next().unwrap().to_owned()).collect()
        };
        let ids = values("id");
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[at + 1..].contains(id), "{name}: {id} twice");
        }
        let described = values("aria-describedby").join(" ");
        for id in values("for").iter().map(String::as_str).chain(described.split_whitespace()) {
            assert!(ids.iter().any(|known| known == id), "{name}: no {id}");
        }
    }
}

#[test]
fn a_list_too_large_for_a_file_says_so_where_the_file_would_be() {
    let mut sample = sample("console/items.html", "青溪", "console/frame.html");
    let shown = |sample: &serde_json::Value| templates().render("console/items.html", sample).unwrap();
    assert!(shown(&sample).contains("导出 Excel"));
    sample["export"] = serde_json::Value::Null;
    sample["no_export"] = "请缩小范围<后>再导出。".into();
    let html = shown(&sample);
    assert!(html.contains("请缩小范围&lt;后&gt;再导出。") && !html.contains("导出 Excel"), "{html}");
}

#[test]
fn a_source_with_more_alarms_than_are_listed_is_not_called_sound() {
    let mut sample = sample("console/source.html", "青溪", "console/frame.html");
    sample["alarms"] = serde_json::json!([]);
    let html = templates().render("console/source.html", &sample).unwrap();
    assert!(!html.contains("没有告警") && !html.contains("没有其他告警"), "{html}");
    assert!(html.contains("还有更早的告警没有列出"), "{html}");
    sample["more_alarms"] = false.into();
    assert!(templates().render("console/source.html", &sample).unwrap().contains("没有其他告警"));
    sample["gaps"] = serde_json::json!([]);
    assert!(templates().render("console/source.html", &sample).unwrap().contains("没有告警"));
}

#[test]
fn what_an_alarm_is_about_is_shown_where_it_is_no_code() {
    let mut sample = sample("console/source.html", "青溪", "console/frame.html");
    sample["alarms"][0]["about"] = "page 3".into();
    sample["alarms"][1]["about"] = "2026-11-19 X7".into();
    sample["alarms"][1]["pull"] = serde_json::Value::Null;
    let html = templates().render("console/source.html", &sample).unwrap();
    assert!(!html.contains("page 3") && html.contains("<strong>2026-11-19 X7</strong>"), "{html}");
}

#[test]
fn a_missing_value_is_an_error() {
    let templates = templates();
    for (name, key) in
        [("console/items.html", "rows"), ("console/failure.html", "number"), ("console/home.html", "desk")]
    {
        let mut sample = sample(name, "青溪", "console/frame.html");
        sample.as_object_mut().unwrap().remove(key);
        assert!(templates.render(name, &sample).is_err(), "{name} without {key}");
    }
}

#[tokio::test]
async fn every_document_fits_the_schema() {
    let app = TestApp::start().await;
    let office = app.viewer("office").await;
    let sysadmin = app.viewer("sysadmin").await;
    let auditor = app.viewer("auditor").await;
    let api = Api::new(app.service.clone());
    let mut variables = serde_json::json!({
        "items": true, "whole": true, "searching": true, "counting": true, "personal": true,
        "filter": {}, "text": "采光", "order": "ASKED_NEWEST", "sort": "RELEVANCE", "first": 50,
        "came": {}, "answered": {}, "name": "采光", "query": "q=采光",
        "id": "filter:00000000-0000-7000-8000-000000000000",
    });
    // In parts: all at once would be too many for the macro.
    let second = serde_json::json!({
        "held": true, "open": true, "upload": "upload:01980000-0000-7000-8000-000000000000", "connector": "board", "one": true,
        "ofPull": "pull:01980000-0000-7000-8000-000000000000", "hold": "hold:01980000-0000-7000-8000-000000000000",
        "cells": [{ "header": "标题", "text": "字" }], "source": "board", "afterSeq": 0,
        "number": 1, "personal": true, "item": NO_ITEM, "into": NO_ITEM, "revision": 0, "version": 1, "step": "FIRST",
        "lead": app.unit("planning"), "assisting": [], "suggested": app.unit("survey"), "unit": app.unit("survey"),
        "ground": "SECRET", "route": "PETITION", "reason": "UNCLEAR", "basis": "依据", "days": 3, "pause": "CITIZEN",
        "again": "UNTRUE", "kind": "REPLY", "choosing": true, "replying": true, "returning": true, "commenting": true,
        "comparingReply": true, "replyFrom": 1, "replyTo": 2, "comparingQuestion": true, "questionFrom": 1,
        "questionTo": 2,
    });
    let third = serde_json::json!({
        "month": "2026-10", "place": 1,
        "publication": "publication:01980000-0000-7000-8000-000000000000",
        "entry": "entry:01980000-0000-7000-8000-000000000000", "all": true, "sessions": false, "present": "", "new": "",
        "code": "", "password": "", "scopes": ["READ"], "roles": ["OFFICE"], "active": true,
        "token": "token:01980000-0000-7000-8000-000000000000", "session": "session:01980000-0000-7000-8000-000000000000",
        "account": "account:01980000-0000-7000-8000-000000000000",
        "input": { "login": "?", "name": "", "unit": "unit:01980000-0000-7000-8000-000000000000", "password": "" },
        "unitInput": { "code": "?", "name": "", "kind": "SECTION" }, "words": { "question": "问", "answer": "答" },
    });
    let fourth = serde_json::json!({
        "sources": true, "day": "2026-10-08", "today": "2026-10-09", "isToday": false, "inMonth": "2026-10-01",
        "on": "2026-10-08", "sweep": false, "enabled": true, "alarm": "alarm:01980000-0000-7000-8000-000000000000",
        "pull": "pull:01980000-0000-7000-8000-000000000000",
    });
    for part in [second, third, fourth] {
        variables.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    for (name, document) in DOCUMENTS {
        let request = Request::new(*document).variables(async_graphql::Variables::from_json(variables.clone()));
        // The ledger is the auditor's, accounts are for those who manage them.
        let viewer = match *name {
            name if name.starts_with("desk-ledger") => &auditor,
            name if name.starts_with("desk-account") => &sysadmin,
            _ => &office,
        };
        let session = Session { viewer: viewer.clone(), token: None, secure_cookies: false };
        assert_eq!(api.execute(request, session).await.errors, [], "{name}");
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/graphql/pages")).unwrap();
    let files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    for file in files.iter().filter_map(|file| file.strip_suffix(".graphql")).filter(|file| file.starts_with("desk-")) {
        assert!(DOCUMENTS.iter().any(|(name, _)| *name == file), "{file} is not in DOCUMENTS");
    }
}
