//! Letters under way, for pages and lists that count them.

use super::app::{Letter, TestApp};

/// Twelve letters asked from 20 September on, in many stages.
pub async fn work(app: &TestApp) {
    let letters: Vec<Letter> = (1..=12).map(Letter::new).collect();
    assert_eq!(app.import(&letters).await.accepted, 12);
    let (planning, survey) = (app.unit("planning").to_owned(), app.unit("survey").to_owned());
    let done = async |login: &'static str, call: String| {
        let answer = app.act(login, &call).await;
        assert_eq!(answer["status"], "OK", "{call}: {answer:#}");
    };
    for number in 3..=11 {
        let item = app.item(number).await;
        let lead = if number == 11 { &survey } else { &planning };
        let assisting = if number == 11 { format!(", assisting: [\"{planning}\"]") } else { String::new() };
        done("office", format!("assignItem(item: \"{item}\", lead: \"{lead}\"{assisting})")).await;
    }
    for number in 4..=9 {
        done("handler", format!("acceptItem(item: \"{}\")", app.item(number).await)).await;
    }
    let text = "您好，该项目的日照分析已经公示，请到规划展示厅查询。";
    for number in 6..=9 {
        let item = app.item(number).await;
        done("handler", format!("saveDraft(item: \"{item}\", text: \"{text}\")")).await;
        done("handler", format!("submitReply(item: \"{item}\", version: 1)")).await;
    }
    let (back, second, third) = (app.item(7).await, app.item(8).await, app.item(9).await);
    done("head", format!("sendBackReply(item: \"{back}\", step: FIRST, reason: \"请写明地点\")")).await;
    for item in [&second, &third] {
        done("head", format!("approveReply(item: \"{item}\", step: FIRST, version: 1)")).await;
    }
    done("checker", format!("approveReply(item: \"{third}\", step: SECOND, version: 1)")).await;
    let returned = app.item(10).await;
    let basis = format!(
        "requestReturn(item: \"{returned}\", reason: NOT_OUR_DUTY, basis: \"三定方案\", suggested: \"{survey}\")"
    );
    done("handler", basis).await;
    let suspended = app.item(5).await;
    done("handler", format!("suspendItem(item: \"{suspended}\", reason: SITE_VISIT)")).await;
    app.follow().await;
}
