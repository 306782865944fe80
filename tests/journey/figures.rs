//! The statistics of the month, against figures counted here from the items themselves.

use serde_json::{Value, json};

use super::bureau::{Bureau, VISITOR, at, text};

const FIGURES: &str =
    "received answered open excluded overdue responseTime { count medianHours } onTime { numerator denominator value }";

/// Four groupings with one total, which is what the items say; a unit sees its own part.
pub async fn statistics_add_up(bureau: &Bureau) {
    let expected = json!({
        "received": 4, "answered": 3, "open": 1, "excluded": 0, "overdue": 1,
        "responseTime": { "count": 3, "medianHours": median_hours(bureau).await },
        "onTime": { "numerator": 2, "denominator": 4, "value": 0.5 },
    });
    for (grouping, groups) in [("UNIT", 3), ("SOURCE", 1), ("REQUEST_TYPE", 1), ("MONTH", 1)] {
        let report = bureau.read("office", &query(grouping)).await["statistics"].clone();
        assert_eq!(report["total"], expected, "{grouping}");
        let parts = report["groups"].as_array().unwrap();
        assert_eq!(parts.len(), groups, "{grouping}: {parts:#?}");
        for path in
            ["/received", "/answered", "/open", "/excluded", "/overdue", "/onTime/numerator", "/onTime/denominator"]
        {
            let count = |figures: &Value| figures.pointer(path).and_then(Value::as_u64).unwrap();
            let sum: u64 = parts.iter().map(|part| count(&part["figures"])).sum();
            assert_eq!(sum, count(&report["total"]), "{grouping}: {path}");
        }
    }
    let own = bureau.read("handler", &query("UNIT")).await["statistics"].clone();
    assert_eq!((&own["total"]["received"], &own["groups"][0]["label"]), (&json!(1), &json!("规划科")));
    assert_eq!(own["total"]["onTime"], json!({ "numerator": 1, "denominator": 1, "value": 1.0 }));
    let none = bureau.read("stranger", &query("UNIT")).await["statistics"].clone();
    assert_eq!((&none["total"]["received"], &none["total"]["onTime"]["value"]), (&json!(0), &Value::Null));

    bureau.denied(VISITOR, &query("UNIT"), "sign_in_required").await;
    for login in ["sysadmin", "secadmin", "auditor"] {
        bureau.denied(login, &query("UNIT"), "forbidden").await;
    }
    let backwards = query("UNIT").replace("2026-10-31", "2026-09-01");
    bureau.denied("office", &backwards, "period_empty").await;
}

fn query(grouping: &str) -> String {
    format!(
        "{{ statistics(from: \"2026-10-01\", to: \"2026-10-31\", by: {grouping}) {{
            total {{ {FIGURES} }} groups {{ label figures {{ {FIGURES} }} }}
        }} }}"
    )
}

/// The median of the answered items' times, in hours: of three the second.
async fn median_hours(bureau: &Bureau) -> f64 {
    let list = bureau.read("office", "{ items { edges { node { askedAt repliedAt } } } }").await;
    let mut times = Vec::new();
    for edge in list["items"]["edges"].as_array().unwrap() {
        let node = &edge["node"];
        if node["repliedAt"] != Value::Null {
            times.push(at(&text(&node["repliedAt"])).micros_since(at(&text(&node["askedAt"]))));
        }
    }
    times.sort_unstable();
    let hours: Vec<f64> = times.iter().map(|micros| *micros as f64 / 3_600_000_000.0).collect();
    assert_eq!(hours.len(), 3);
    // Answered after ten minutes, on the first working day after the week-end, and three weeks later.
    assert!(hours[0] < 1.0 && (72.0..76.0).contains(&hours[1]) && hours[2] > 500.0, "{hours:?}");
    hours[1]
}
