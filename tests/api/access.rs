//! Who may do what, from one table over the whole schema.

use std::collections::BTreeSet;

use huiyin::service::account::{NewAccount, TokenScope};
use huiyin_domain::access::{Actor, Role};
use serde_json::{Value, json};

use crate::support::app::{CLI, Letter, PASSWORD, TestApp};

/// The columns of the table. The item belongs to the unit of `handler` and `head`.
const VIEWERS: [Option<&str>; 11] = [
    None,
    Some("office"),
    Some("handler"),
    Some("stranger"),
    Some("head"),
    Some("checker"),
    Some("leader"),
    Some("publisher"),
    Some("sysadmin"),
    Some("secadmin"),
    Some("auditor"),
];

/// What each viewer is answered: `+` allowed, `s` told to sign in, `f` forbidden, `-` as if it were not there.
///
/// `{I}` is the item, `{M}` another one, `{U}` a unit; the revision is never right, so that nothing is changed.
const TABLE: &[(&str, &str)] = &[
    ("query viewer { id }", "-++++++++++"),
    ("query accounts { id }", "sfffffff++f"),
    ("query units { id }", "s++++++++++"),
    ("query sources { id pulls { id } }", "s++++++++ff"),
    ("query source(id: \"board\") { id days { day } settings { host } }", "s++++++++ff"),
    ("query pulls { pageInfo { endCursor } }", "s++++++++ff"),
    ("query pull(id: {L}) { id alarms { id } items { number } payloads { digest } }", "s++++++++ff"),
    ("query reconciliation(day: \"2026-10-08\") { closed }", "s+ffffff+ff"),
    ("query dayChecks { day }", "s+ffffff+ff"),
    ("query letterboxes { id open }", "s+ffffff+ff"),
    ("query alarms { pageInfo { endCursor } }", "s+ffffff+ff"),
    ("query job(id: \"job:01980000-0000-7000-8000-000000000000\") { id }", "s-ffffff-ff"),
    ("mutation pullNow(source: \"board\") { userErrors { code } }", "s+ffffff+ff"),
    ("mutation previewSource(source: \"board\") { userErrors { code } }", "s+fffffffff"),
    ("mutation setSourceEnabled(source: \"board\", enabled: false) { userErrors { code } }", "s+ffffff+ff"),
    (
        "mutation settleAlarm(alarm: \"alarm:01980000-0000-7000-8000-000000000000\", reason: \"已核对\") \
         { userErrors { code } }",
        "s-ffffff-ff",
    ),
    ("query heldRows(pull: {L}) { totalCount }", "s+fffffffff"),
    ("query heldRow(id: {H}) { id }", "s+fffffffff"),
    ("query heldRow(id: {H}) { rawCells { text } }", "s+fffffffff"),
    ("query heldRow(id: {H}) { payload { digest } rawPayload { payload { digest } } }", "s+fffffffff"),
    ("query openHeldCount", "s+fffffffff"),
    ("query uploads { pageInfo { endCursor } }", "s+fffffffff"),
    ("query upload(id: {F}) { id }", "s-fffffffff"),
    ("query ledgerCheck { state { code } }", "sfffffffff+"),
    ("query ledgerRows { pageInfo { endCursor } }", "sfffffffff+"),
    ("query items { totalCount }", "s+++++++fff"),
    ("query item(id: {I}) { id history { seq } question { author } }", "s++-+++----"),
    ("query itemByNumber(number: 1) { id }", "s++-+++----"),
    ("query search(text: \"采光\") { totalCount }", "s+++++++fff"),
    ("query worklist { today }", "s+++++++fff"),
    ("query savedFilters { id }", "s+++++++fff"),
    ("mutation saveFilter(name: \"今天\", query: \"open=yes\") { userErrors { code } }", "s+++++++fff"),
    (
        "mutation deleteFilter(id: \"filter:01980000-0000-7000-8000-000000000000\") { userErrors { code } }",
        "s+++++++fff",
    ),
    ("mutation keepDraft(item: {I}, text: \"您好\", baseRevision: 0) { userErrors { code } }", "sf+-fff----"),
    ("query keptDraft(item: {I}) { text }", "sf+-fff----"),
    ("query replyDiff(item: {I}, from: 0, to: 1) { text kind }", "s++-+++----"),
    ("query questionDiff(item: {I}, from: 1, to: 1) { text kind }", "s++-+++----"),
    ("query ledgerHead { seq }", "sfffffffff+"),
    ("query publications { id }", "s+fff+++fff"),
    ("query publication(id: {P}) { id }", "s+fff+++fff"),
    ("query publicationOf(month: \"2026-09\") { id }", "s+fff+++fff"),
    ("query publicationPreview(month: \"2026-09\") { title }", "s+fff+++fff"),
    ("query publishedMonths { month }", "+++++++++++"),
    ("query publishedIssue(month: \"2026-09\") { month }", "-----------"),
    ("query statistics(from: \"2026-09-01\", to: \"2026-09-30\", by: UNIT) { __typename }", "s+++++++fff"),
    ("mutation createPublication(month: \"2026-09\") { userErrors { code } }", "sffffff+fff"),
    ("mutation addEntry(publication: {P}, item: {R}, text: { question: \"问\", answer: \"答\" })", "sffffff+fff"),
    ("mutation editEntry(publication: {P}, entry: {E}, text: { question: \"问\", answer: \"答\" })", "sffffff+fff"),
    ("mutation moveEntry(publication: {P}, entry: {E}, place: 2)", "sffffff+fff"),
    ("mutation removeEntry(publication: {P}, entry: {E})", "sffffff+fff"),
    ("mutation deidentifyEntry(publication: {P}, entry: {E}, version: 1)", "sffffff+fff"),
    ("mutation checkEntry(publication: {P}, entry: {E}, version: 1)", "sffff+fffff"),
    ("mutation approveEntry(publication: {P}, entry: {E}, version: 1)", "sfffff+ffff"),
    ("mutation publish(publication: {P})", "sffffff+fff"),
    ("mutation retract(publication: {P}, reason: \"有误\")", "sffffff+fff"),
    ("mutation signIn(login: \"x\", password: \"\") { status }", "+++++++++++"),
    ("mutation registerItem(item: {I})", "s+f-fff----"),
    ("mutation mergeItem(item: {I}, into: {M})", "s+f-fff----"),
    ("mutation refuseAcceptance(item: {I}, ground: NO_REQUEST)", "s+f-fff----"),
    ("mutation transferOut(item: {I}, route: PETITION)", "s+f-fff----"),
    ("mutation assignItem(item: {I}, lead: {U})", "s+f-fff----"),
    ("mutation upholdReturn(item: {I})", "s+f-fff----"),
    ("mutation rejectReturn(item: {I})", "s+f-fff----"),
    ("mutation disputeReturn(item: {I})", "s+f-fff----"),
    ("mutation arbitrateReturn(item: {I}, unit: {U})", "s+f-ff+----"),
    ("mutation decideExtension(item: {I}, granted: true)", "s+f-fff----"),
    ("mutation releaseReply(item: {I})", "s+f-fff----"),
    ("mutation closeItem(item: {I})", "s+f-fff----"),
    ("mutation archiveItem(item: {I})", "s+f-fff----"),
    ("mutation reopenItem(item: {I}, reason: UNTRUE)", "s+f-fff----"),
    ("mutation withdrawItem(item: {I})", "s+f-fff----"),
    ("mutation acceptItem(item: {I})", "sf+-fff----"),
    ("mutation requestReturn(item: {I}, reason: UNCLEAR, basis: \"依据\", suggested: {U})", "sf+-fff----"),
    ("mutation recordContact(item: {I})", "sf+-fff----"),
    ("mutation requestExtension(item: {I}, days: 3)", "sf+-fff----"),
    ("mutation suspendItem(item: {I}, reason: SITE_VISIT)", "sf+-fff----"),
    ("mutation resumeItem(item: {I})", "sf+-fff----"),
    ("mutation saveDraft(item: {I}, text: \"答复\")", "sf+-fff----"),
    ("mutation submitReply(item: {I}, version: 1)", "sf+-fff----"),
    ("mutation submitReply(item: {I}, version: 9)", "sf+-fff----"),
    ("mutation approveReply(item: {I}, step: FIRST, version: 1)", "sff-+ff----"),
    ("mutation approveReply(item: {I}, step: SECOND, version: 1)", "sff-f+f----"),
    ("mutation approveReply(item: {I}, step: THIRD, version: 1)", "sff-ff+----"),
    ("mutation sendBackReply(item: {I}, step: FIRST, reason: \"请补充\")", "sff-+ff----"),
    ("mutation sendBackReply(item: {I}, step: SECOND, reason: \"请补充\")", "sff-f+f----"),
    ("mutation sendBackReply(item: {I}, step: THIRD, reason: \"请补充\")", "sff-ff+----"),
    (
        "mutation addUnit(input: { code: \"?\", name: \"\", kind: SECTION }) { status userErrors { code } }",
        "sfffffff+ff",
    ),
    (
        "mutation addAccount(input: { login: \"n\", name: \"\", unit: {U}, password: \"\" }) { status userErrors { code } }",
        "sfffffff+ff",
    ),
    (
        "mutation addAccount(input: { login: \"n\", name: \"\", unit: {U}, roles: [OFFICE], password: \"\" }) \
         { status userErrors { code } }",
        "sffffffffff",
    ),
    ("mutation setAccountRoles(account: {A}, roles: [OFFICE]) { status userErrors { code } }", "sffffffff+f"),
    ("query sessions { id }", "s++++++++++"),
    ("query sessions(account: {A}) { id }", "sffffffff+f"),
    ("query accessTokens { id }", "s++++++++++"),
    ("query recoveryCodesLeft", "s++++++++++"),
    ("mutation changePassword(present: \"\", new: \"\") { status userErrors { code } }", "s++++++++++"),
    ("mutation revokeSession(session: {S}) { status userErrors { code } }", "s++++++++++"),
    ("mutation revokeOtherSessions { status userErrors { code } }", "s++++++++++"),
    ("mutation beginSecondFactor { status userErrors { code } }", "s++++++++++"),
    ("mutation confirmSecondFactor(code: \"\") { status userErrors { code } }", "s++++++++++"),
    ("mutation removeSecondFactor(password: \"\") { status userErrors { code } }", "s++++++++++"),
    ("mutation resetSecondFactor(account: {A}) { status userErrors { code } }", "sffffffff+f"),
    ("mutation addAccessToken(name: \"\", scopes: [READ], days: 1) { status userErrors { code } }", "s++++++++++"),
    ("mutation revokeAccessToken(token: {T}) { status userErrors { code } }", "s++++++++++"),
    ("mutation resetPassword(account: {A}, password: \"\") { status userErrors { code } }", "sfffffff+ff"),
    ("mutation setAccountActive(account: {A}, active: false) { status userErrors { code } }", "sfffffff+ff"),
    ("mutation setAccountUnit(account: {A}, unit: {U}) { status userErrors { code } }", "sfffffff+ff"),
    ("mutation unlockAccount(account: {A}) { status userErrors { code } }", "sfffffff+ff"),
    ("mutation renameUnit(unit: {U}, name: \"\") { status userErrors { code } }", "sfffffff+ff"),
    ("mutation setUnitActive(unit: {U}, active: true) { status userErrors { code } }", "sfffffff+ff"),
    ("mutation confirmUpload(upload: {F}, connector: \"board\") { userErrors { code } }", "s-fffffffff"),
    ("mutation discardUpload(upload: {F}) { userErrors { code } }", "s-fffffffff"),
    ("mutation repairHeldRow(row: {H}) { userErrors { code } }", "s+fffffffff"),
    ("mutation rejectHeldRow(row: {H}, reason: \"\") { userErrors { code } }", "s+fffffffff"),
    ("mutation replayHeldRows(source: \"board\") { userErrors { code } }", "s+fffffffff"),
    ("mutation verifyLedger { userErrors { code } }", "sfffffffff+"),
    // Last, because it ends the sessions.
    ("mutation signOut { status }", "s++++++++++"),
];

/// The program with what the rows name, and every row as a document of its own.
async fn documents() -> (TestApp, Vec<(String, &'static str)>) {
    let app = TestApp::start().await;
    let held = Letter { asked_at: "某天".to_owned(), ..Letter::new(4) };
    app.import(&[Letter::new(1), Letter::new(2), Letter::answered(3), held]).await;
    let query = "{ heldRows { edges { node { id pull { id } } } } }";
    let held = app.ok("office", query, json!({})).await["heldRows"]["edges"][0]["node"].clone();
    let created = "mutation { createPublication(month: \"2026-09\") { publication { id } } }";
    let created = app.ok("publisher", created, json!({})).await["createPublication"]["publication"]["id"].clone();
    let answered = app.item(3).await;
    let item = app.item(1).await;
    let planning = app.unit("planning");
    for (login, call) in [
        ("office", format!("assignItem(item: \"{item}\", lead: \"{planning}\")")),
        ("handler", format!("acceptItem(item: \"{item}\")")),
        ("handler", format!("saveDraft(item: \"{item}\", text: \"您好，日照分析已经公示。\")")),
    ] {
        assert_eq!(app.act(login, &call).await["status"], "OK");
    }
    let other = app.item(2).await;
    let fill = |field: &str| {
        field
            .replace("{I}", &format!("\"{item}\""))
            .replace("{M}", &format!("\"{other}\""))
            .replace("{P}", &created.to_string())
            .replace("{R}", &format!("\"{answered}\""))
            .replace("{L}", &held["pull"]["id"].to_string())
            .replace("{H}", &held["id"].to_string())
            .replace("{F}", "\"upload:01980000-0000-7000-8000-000000000000\"")
            .replace("{E}", "\"entry:01980000-0000-7000-8000-000000000000\"")
            .replace("{U}", &format!("\"{}\"", app.unit("survey")))
            .replace("{A}", "\"account:01980000-0000-7000-8000-000000000000\"")
            .replace("{S}", "\"session:01980000-0000-7000-8000-000000000000\"")
            .replace("{T}", "\"token:01980000-0000-7000-8000-000000000000\"")
    };
    let filled = TABLE.iter().map(|(field, expected)| (document(&fill(field)), *expected)).collect();
    (app, filled)
}

#[tokio::test]
async fn the_table_holds() {
    let (app, documents) = documents().await;
    let mut wrong = Vec::new();
    for (text, expected) in documents {
        let mut found = String::new();
        for viewer in VIEWERS {
            found.push(verdict(&app.gql(viewer, &text, json!({})).await));
        }
        if found != expected {
            wrong.push(format!("{text}\n  expected {expected}\n     found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The fields that are there whoever asks.
const OPEN: [&str; 4] = ["viewer", "signIn", "publishedMonths", "publishedIssue"];

/// The fields that no access token is enough for. `addAccount` and its like are asked for with the rights of an office,
/// which has none to them; the token is told so before its owner's rights are looked at.
const ABOUT_ACCESS: [&str; 19] = [
    "addAccount",
    "setAccountRoles",
    "resetPassword",
    "setAccountActive",
    "setAccountUnit",
    "unlockAccount",
    "resetSecondFactor",
    "sessions",
    "accessTokens",
    "recoveryCodesLeft",
    "changePassword",
    "revokeSession",
    "revokeOtherSessions",
    "beginSecondFactor",
    "confirmSecondFactor",
    "removeSecondFactor",
    "addAccessToken",
    "revokeAccessToken",
    "signOut",
];

/// The field a document asks for.
fn field_of(document: &str) -> &str {
    document.split("it: ").nth(1).unwrap().split(['(', ' ']).next().unwrap()
}

#[tokio::test]
async fn nothing_is_done_with_a_password_that_somebody_else_gave() {
    let (app, documents) = documents().await;
    let new = NewAccount {
        login: "novice".to_owned(),
        name: "新人".to_owned(),
        unit: app.unit("office").strip_prefix("unit:").unwrap().parse().unwrap(),
        roles: [Role::Office].into(),
        password: PASSWORD.to_owned(),
        must_change: true,
    };
    app.service.add_account(&CLI, new).await.unwrap();
    let token = app.sign_in("novice", PASSWORD).await;
    for (text, _) in documents {
        let answer = app.post(&token, &text).await;
        let open = OPEN.contains(&field_of(&text)) || ["changePassword", "signOut"].contains(&field_of(&text));
        if open {
            assert_ne!(code_of(&answer), Some("password_change_required"), "{text}");
        } else {
            assert_eq!(code_of(&answer), Some("password_change_required"), "{text}: {answer:#}");
        }
    }
}

#[tokio::test]
async fn an_access_token_does_what_its_scope_says() {
    let (app, documents) = documents().await;
    let office: Actor = app.viewer("office").await.actor;
    let token = async |scope| {
        let scopes = [scope].into();
        app.service.add_access_token(&office, "脚本", &scopes, 30).await.unwrap().token
    };
    let (read, write) = (token(TokenScope::Read).await, token(TokenScope::Write).await);
    for (text, expected) in documents {
        let field = field_of(&text);
        let of_owner = expected.chars().nth(1).unwrap();
        for (token, reads_only) in [(&read, true), (&write, false)] {
            let answer = app.post(token, &text).await;
            if ABOUT_ACCESS.contains(&field) {
                assert_eq!(code_of(&answer), Some("token_not_enough"), "{text}: {answer:#}");
            } else if reads_only && takes_more_than_reading(&text) && !OPEN.contains(&field) {
                assert_eq!(code_of(&answer), Some("token_read_only"), "{text}: {answer:#}");
            } else {
                assert_eq!(verdict(&answer), of_owner, "{text}: {answer:#}");
            }
        }
    }
}

#[tokio::test]
async fn the_table_is_complete() {
    let app = TestApp::start().await;
    let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let schema = app.ok("office", query, json!({})).await["__schema"].clone();
    let names = |kind: &str| -> Vec<String> {
        schema[kind]["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let offered: BTreeSet<String> = names("queryType").into_iter().chain(names("mutationType")).collect();
    let name = |row: &&(&str, &str)| row.0.split_once(' ').unwrap().1.split(['(', ' ']).next().unwrap().to_owned();
    let listed: BTreeSet<String> = TABLE.iter().map(|row| name(&row)).collect();
    assert_eq!(listed, offered);
}

/// The request of a row. A mutation on the item asks for what is never right, the first revision.
fn document(row: &str) -> String {
    let (kind, field) = row.split_once(' ').unwrap();
    if kind == "mutation" && !field.ends_with('}') && (field.contains("item:") || field.contains("publication:")) {
        let call = field.strip_suffix(')').unwrap();
        return format!("mutation {{ it: {call}, expectedRevision: 0) {{ status userErrors {{ code }} }} }}");
    }
    format!("{kind} {{ it: {field} }}")
}

/// Whether a document takes more than reading: opening what is personal is on record, although it is read by a query; what
/// somebody has arranged at the desk is the person's own; uploads are seen by whoever may import.
fn takes_more_than_reading(text: &str) -> bool {
    let more = ["rawCells", "rawPayload", "savedFilters", "keptDraft", "it: upload"];
    // Verifying reads, although that it was done is on record.
    text.starts_with("mutation") && !text.contains("verifyLedger") || more.iter().any(|name| text.contains(name))
}

/// The code an answer is refused with, in whichever of the two ways.
fn code_of(answer: &Value) -> Option<&str> {
    let refusal = answer["data"]["it"]["userErrors"][0]["code"].as_str();
    answer["errors"][0]["extensions"]["code"].as_str().or(refusal)
}

fn verdict(answer: &Value) -> char {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    let refusal = answer["data"]["it"]["userErrors"][0]["code"].as_str();
    match code.or(refusal) {
        Some("sign_in_required") => 's',
        Some("forbidden") => 'f',
        Some("not_visible") => '-',
        Some(_) if code.is_some() => panic!("an unforeseen error: {answer:#}"),
        None if answer["data"]["it"].is_null() => '-',
        Some(_) | None => '+',
    }
}
