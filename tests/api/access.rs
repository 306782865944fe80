//! Who may do what, from one table over the whole schema.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp};

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
    ("query heldRows(pull: \"pull:01980000-0000-7000-8000-000000000000\") { id }", "s+fffffffff"),
    ("query items { totalCount }", "s+++++++fff"),
    ("query item(id: {I}) { id history { seq } question { author } }", "s++-+++----"),
    ("query itemByNumber(number: 1) { id }", "s++-+++----"),
    ("query search(text: \"采光\") { totalCount }", "s+++++++fff"),
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
    // Last, because it ends the sessions.
    ("mutation signOut { status }", "s++++++++++"),
];

#[tokio::test]
async fn the_table_holds() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1), Letter::new(2), Letter::answered(3)]).await;
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
    let mut wrong = Vec::new();
    for (field, expected) in TABLE {
        let text = field
            .replace("{I}", &format!("\"{item}\""))
            .replace("{M}", &format!("\"{other}\""))
            .replace("{P}", &created.to_string())
            .replace("{R}", &format!("\"{answered}\""))
            .replace("{E}", "\"entry:01980000-0000-7000-8000-000000000000\"")
            .replace("{U}", &format!("\"{}\"", app.unit("survey")))
            .replace("{A}", "\"account:01980000-0000-7000-8000-000000000000\"");
        let mut found = String::new();
        for viewer in VIEWERS {
            found.push(verdict(&app.gql(viewer, &document(&text), json!({})).await));
        }
        if found != *expected {
            wrong.push(format!("{field}\n  expected {expected}\n     found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    if kind == "mutation" && (field.contains("item:") || field.contains("publication:")) {
        let call = field.strip_suffix(')').unwrap();
        return format!("mutation {{ it: {call}, expectedRevision: 0) {{ status userErrors {{ code }} }} }}");
    }
    format!("{kind} {{ it: {field} }}")
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
