//! How an answer becomes public, and what does not.

use serde_json::{Value, json};

use super::answer::ANSWER;
use super::arrival::{CITIZEN, PHONE};
use super::bureau::{Bureau, VISITOR, mutation, refusal, text};

const DONE: &str = "publication { id stage { code } } entry { id version stage { code } }";
const PAGE: &str = "/hot/2026-10";
const QUESTION: &str = "小区北侧会建搅拌站吗？";

/// The issue of the month and its one entry.
struct Issue<'a> {
    bureau: &'a Bureau,
    id: String,
}

impl Issue<'_> {
    /// Does it, and the entry then stands at this stage.
    async fn goes(&self, who: &'static str, call: &str, stage: &str) -> Value {
        let done = self.bureau.does(who, call, DONE).await;
        assert_eq!(done["entry"]["stage"]["code"], stage, "{who}: {call}");
        done["entry"].clone()
    }

    async fn refused(&self, who: &'static str, call: &str, code: &str) -> String {
        self.bureau.refused(who, call, code).await
    }

    fn add(&self, item: &str, answer: &str) -> String {
        format!("addEntry(publication: \"{}\", item: \"{item}\", {})", self.id, words(answer))
    }

    /// A call about an entry.
    fn on(&self, field: &str, entry: &str, arguments: &str) -> String {
        format!("{field}(publication: \"{}\", entry: \"{entry}\", {arguments})", self.id)
    }

    fn publish(&self) -> String {
        format!("publish(publication: \"{}\")", self.id)
    }
}

fn words(answer: &str) -> String {
    format!("text: {{ question: \"{QUESTION}\", answer: \"{answer}\" }}")
}

/// October's issue with one entry: made, checked by three people, published, edited, and published again.
pub async fn the_month_is_published(bureau: &Bureau, answered: &str, open: &str) {
    let issue = create(bureau).await;
    assert_eq!(bureau.page(PAGE).await.0, 404, "nothing is public yet");
    let entry = an_entry_is_added(&issue, answered, open).await;
    it_is_checked(&issue, &entry).await;
    bureau.does("publisher", &issue.publish(), DONE).await;
    everybody_reads_it(bureau, answered).await;
    an_edit_leaves_the_page(&issue, &entry).await;
}

/// One issue a month, also when two people make it at once.
async fn create(bureau: &Bureau) -> Issue<'_> {
    let create = |month: &str| format!("createPublication(month: \"{month}\")");
    for (who, code) in [("office", "forbidden"), ("leader", "forbidden"), (VISITOR, "sign_in_required")] {
        bureau.refused(who, &create("2026-10"), code).await;
    }
    bureau.refused("publisher", &create("2026-13"), "bad_month").await;
    let made = bureau.does("publisher", &create("2026-10"), DONE).await;
    bureau.refused("editor", &create("2026-10"), "month_taken").await;

    bureau.token("editor").await;
    let november = mutation(&create("2026-11"), "");
    let (one, other) = tokio::join!(bureau.send("publisher", &november), bureau.send("editor", &november));
    let loser = if one["data"]["it"]["status"] == "OK" { other } else { one };
    refusal(&loser, "month_taken", "two people make one issue");
    Issue { bureau, id: text(&made["publication"]["id"]) }
}

/// Only what was answered, and only once; the text is the office's own.
async fn an_entry_is_added(issue: &Issue<'_>, answered: &str, open: &str) -> String {
    // The publisher sees answered items only; who sees others is told why they do not go.
    issue.refused("publisher", &issue.add(open, ANSWER), "not_visible").await;
    issue.refused("editor", &issue.add(open, ANSWER), "item_not_answered").await;
    issue.refused("handler", &issue.add(answered, ANSWER), "forbidden").await;
    issue.refused("publisher", &issue.add(answered, " "), "text_missing").await;
    issue.refused("publisher", &issue.publish(), "publication_empty").await;
    let personal = format!("{ANSWER}详情请打{PHONE}。");
    let entry = issue.goes("publisher", &issue.add(answered, &personal), "candidate").await;
    issue.refused("editor", &issue.add(answered, ANSWER), "entry_repeated").await;
    text(&entry["id"])
}

/// De-identified by one, checked by a second, approved by a third; each for one version of the text.
async fn it_is_checked(issue: &Issue<'_>, entry: &str) {
    let on = |field: &str, version: u8| issue.on(field, entry, &format!("version: {version}"));
    let told = issue.refused("editor", &on("deidentifyEntry", 1), "personal_data_found").await;
    assert!(told.contains("手机号码") && !told.contains(PHONE), "{told}");
    issue.refused("publisher", &issue.publish(), "entry_not_approved").await;
    issue.goes("publisher", &issue.on("editEntry", entry, &words(ANSWER)), "candidate").await;
    issue.refused("publisher", &issue.on("editEntry", entry, &words(ANSWER)), "entry_unchanged").await;
    // The old text is refused for what it holds before it is refused for being old.
    issue.refused("editor", &on("deidentifyEntry", 1), "personal_data_found").await;
    issue.refused("editor", &on("deidentifyEntry", 3), "version_unknown").await;
    issue.refused("checker", &on("checkEntry", 2), "wrong_entry_stage").await;
    issue.refused("handler", &on("deidentifyEntry", 2), "forbidden").await;
    issue.goes("editor", &on("deidentifyEntry", 2), "deidentified").await;
    issue.refused("publisher", &issue.publish(), "entry_not_approved").await;
    issue.refused("editor", &on("checkEntry", 2), "reviewer_is_editor").await;
    issue.refused("checker", &on("checkEntry", 1), "text_changed").await;
    issue.refused("leader", &on("checkEntry", 2), "forbidden").await;
    issue.refused("leader", &on("approveEntry", 2), "wrong_entry_stage").await;
    let silent = issue.on("checkEntry", entry, "version: 2, refusal: \" \"");
    issue.refused("checker", &silent, "reason_missing").await;
    issue.goes("checker", &on("checkEntry", 2), "secrecy_checked").await;
    issue.refused("checker", &on("approveEntry", 2), "forbidden").await;
    issue.refused("publisher", &issue.publish(), "entry_not_approved").await;
    issue.goes("leader", &on("approveEntry", 2), "approved").await;
    for who in ["leader", "checker", "office", "handler"] {
        issue.refused(who, &issue.publish(), "forbidden").await;
    }
    let stale = format!("publish(publication: \"{}\", expectedRevision: 1)", issue.id);
    issue.refused("publisher", &stale, "changed_meanwhile").await;
}

/// The page and the schema show the entry to everybody, and nothing of who asked.
async fn everybody_reads_it(bureau: &Bureau, item: &str) {
    let (status, page) = bureau.page(PAGE).await;
    assert_eq!(status, 200);
    for shown in [QUESTION, ANSWER, "规划科"] {
        assert!(page.contains(shown), "the page lacks {shown}");
    }
    let query = "{ publishedMonths { month } publishedIssue(month: \"2026-10\") {
        received drafters reviewers publisher entries { question answer unitName }
    } }";
    let seen = bureau.read(VISITOR, query).await;
    assert_eq!(seen["publishedMonths"], json!([{ "month": "2026-10" }]));
    let issue = &seen["publishedIssue"];
    assert_eq!(issue["entries"], json!([{ "question": QUESTION, "answer": ANSWER, "unitName": "规划科" }]));
    assert_eq!((&issue["received"], &issue["publisher"]), (&json!(4), &json!("陈发布")));
    assert_eq!(issue["drafters"], json!(["吴编审", "陈发布"]));
    assert_eq!(issue["reviewers"], json!(["李二审", "许局长"]));
    for personal in [CITIZEN, PHONE, "青禾路7号楼"] {
        assert!(!page.contains(personal) && !seen.to_string().contains(personal), "{personal} is public");
    }
    bureau.denied(VISITOR, &format!("{{ item(id: \"{item}\") {{ title }} }}"), "sign_in_required").await;
    bureau.denied(VISITOR, "{ itemByNumber(number: 1) { title } }", "sign_in_required").await;
    bureau.denied(VISITOR, "{ publications { id } }", "sign_in_required").await;
    assert_eq!(bureau.page("/hot/2026-11").await.0, 404, "an issue in the making is not public");
}

/// An edited text is not public before it was checked and published again.
async fn an_edit_leaves_the_page(issue: &Issue<'_>, entry: &str) {
    let bureau = issue.bureau;
    let later = format!("{ANSWER}每周一闭馆。");
    let on = |field: &str| issue.on(field, entry, "version: 3");
    issue.goes("publisher", &issue.on("editEntry", entry, &words(&later)), "candidate").await;
    let nothing = async || {
        let (status, page) = bureau.page(PAGE).await;
        assert!(status == 200 && !page.contains(QUESTION) && !page.contains("闭馆"), "{status}");
    };
    nothing().await;
    issue.refused("publisher", &issue.publish(), "entry_not_approved").await;
    issue.refused("leader", &issue.on("approveEntry", entry, "version: 2"), "wrong_entry_stage").await;
    issue.refused("publisher", &issue.on("removeEntry", entry, ""), "wrong_entry_stage").await;
    issue.goes("publisher", &on("deidentifyEntry"), "deidentified").await;
    issue.goes("checker", &on("checkEntry"), "secrecy_checked").await;
    issue.goes("leader", &on("approveEntry"), "approved").await;
    nothing().await;
    bureau.does("publisher", &issue.publish(), DONE).await;
    assert!(bureau.page(PAGE).await.1.contains("闭馆"));
    issue.refused("publisher", &issue.publish(), "publication_empty").await;
}
