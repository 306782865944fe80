//! Every template renders from samples in strict mode, and lets no markup through.

use huiyin::page::{Assets, Site, Templates};
use huiyin::portal::{ASSETS, TEMPLATES};
use huiyin_domain::time::Instant;
use serde_json::{Value, json};

/// What somebody might write to have a page do something.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

fn templates() -> Templates {
    Templates::new(TEMPLATES, &Assets::new(ASSETS), || Instant::from_micros(0)).unwrap()
}

fn sample(words: &str) -> Value {
    let time = json!({ "machine": "2026-11-05T09:00:00+08:00", "minute": "2026-11-05 09:00" });
    let day = json!({ "machine": "2026-10-09", "day": "10月9日" });
    let choice = json!({ "id": words, "name": words, "hint": words, "chosen": true });
    let typed = json!({ "title": words, "body": words, "name": words, "telephone": words, "place": words,
        "confidential": true, "informed": true });
    let errors = json!({ "form": words, "letterbox": words, "request_type": words, "title": words, "body": words,
        "place": words, "name": words, "telephone": words, "files": words, "informed": words });
    let found = json!({ "number": 12, "letterbox": words, "title": words, "standing": words, "sentence": words,
        "due": words, "steps": [{ "name": words, "at": words }], "answer": [words] });
    json!({
        "site": { "name": words, "domain": words, "id_code": words, "record_number": words, "contact": words,
            "content_source": words, "developer_links": true },
        "page": { "path": "/hot/2026-10", "query": "?text=large", "large": true, "preview": "/desk/issues/2026-10",
            "writes": true, "follows": true },
        "months": [{ "month": "2026-10", "title": words, "published_at": time },
            { "month": "2026-09", "title": words, "published_at": time }],
        "heading": words, "advice": words, "number": words, "error": words, "found": found,
        "code": words, "letterbox": words, "at": words, "files": 2,
        "ticket": words, "letterboxes": [choice, choice], "types": [choice], "typed": typed, "takes_files": true,
        "kept": [{ "line": words, "name": words, "size": words }], "errors": errors,
        "faults": [{ "field": "form", "message": words }, { "field": "title", "message": words }],
        "issue": { "title": words, "published_at": time, "updated_at": { "machine": "x", "minute": "2026-11-06 09:00" },
            "received": "2914", "consults": "1307", "drafters": [words, words], "reviewers": [words],
            "publisher": words, "entries": [
                { "anchor": "q-1", "heading": words, "question": [words], "answer": [words, words], "basis": words,
                    "asked_on": day, "replied_on": day, "unit": words },
                { "anchor": "q-2", "heading": words, "question": [], "answer": [words], "basis": "",
                    "asked_on": day, "replied_on": day, "unit": null }] },
    })
}

#[test]
fn every_template_renders_and_escapes() {
    let templates = templates();
    for (name, _) in TEMPLATES {
        let plain = templates.render(name, &sample("青溪")).unwrap();
        assert!(!plain.contains("{%") && !plain.contains("{{"), "{name}");
        let html = templates.render(name, &sample(HOSTILE)).unwrap();
        for markup in ["<script", "<img", "'>", "\"'"] {
            assert!(!html.contains(markup), "{name} lets {markup} through");
        }
        // Nothing that a strict policy would refuse.
        for refused in ["style=", "<style", "onclick", "javascript:", "http://"] {
            assert!(!plain.contains(refused), "{name} holds {refused}");
        }
    }
}

#[test]
fn a_missing_value_is_an_error() {
    let templates = templates();
    let without = |key: &str| {
        let mut sample = sample("青溪");
        sample.as_object_mut().unwrap().remove(key);
        sample
    };
    assert!(templates.render("portal/hot.html", &without("issue")).is_err());
    assert!(templates.render("portal/home.html", &without("months")).is_err());
    assert!(templates.render("portal/failure.html", &without("site")).is_err());
}

#[test]
fn the_demonstrations_site_has_what_government_pages_must_say() {
    let site = Site::default();
    assert!(!site.name.is_empty() && !site.domain.contains('/') && site.id_code.len() == 10);
}
