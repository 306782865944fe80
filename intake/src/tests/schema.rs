//! `connectors/connector.schema.json` says of `connector.toml` what the program takes: no key more, and none less.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{CONNECTOR_SCHEMA, Connector, ConnectorError, Kind};

fn schema() -> Value {
    serde_json::from_str(CONNECTOR_SCHEMA).unwrap()
}

/// What the program says to a description.
fn said(text: &str) -> String {
    match Connector::parse("c", text) {
        Err(ConnectorError::Invalid { message, .. }) => message,
        other => panic!("{text}: {other:?}"),
    }
}

/// The words the program would have taken in the place of `zz`.
fn taken(text: &str) -> BTreeSet<String> {
    let message = said(text);
    let words = message.split_once("`zz`, ").unwrap_or_else(|| panic!("{text}: {message}")).1;
    words.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn keys(object: &Value) -> BTreeSet<String> {
    assert_eq!(object["additionalProperties"], false, "{object}");
    object["properties"].as_object().unwrap().keys().cloned().collect()
}

fn words(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap_or_else(|| panic!("{list}")).iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_section_has_the_keys_that_the_program_takes() {
    let schema = schema();
    let top = &schema["properties"];
    let part = |name: &str| &schema["$defs"][name];
    let sections = [
        ("zz = 1", &schema),
        ("[table]\nzz = 1", &top["table"]),
        ("[watch]\nzz = 1", &top["watch"]),
        ("[download]\nzz = 1", &top["download"]),
        ("[schedule]\nzz = 1", &top["schedule"]),
        ("[fetch]\nzz = 1", &top["fetch"]),
        ("[warm_up]\nzz = 1", &top["warm_up"]),
        ("[warm_up]\ntokens = { a = { zz = 1 } }", part("token")),
        ("[list]\nzz = 1", &top["list"]),
        ("[list]\npaging = { zz = 1 }", part("paging")),
        ("[list]\ntotal = { zz = 1 }", part("figure")),
        ("[list]\nattachments = { zz = 1 }", part("attachments")),
        ("[detail]\nzz = 1", &top["detail"]),
        ("[detail]\npairs = { zz = 1 }", part("pairs")),
        ("[link]\nzz = 1", &top["link"]),
        ("[push]\nzz = 1", &top["push"]),
        ("[mail]\nzz = 1", &top["mail"]),
        ("[mail]\npassword = { zz = 1 }", part("secret")),
        ("[attachments]\nzz = 1", &top["attachments"]),
        ("[running_number]\nzz = 1", &top["running_number"]),
        ("[[column]]\nzz = 1", part("column")),
        ("[key]\nzz = 1", &top["key"]),
        ("[answer]\nzz = 1", &top["answer"]),
        ("[title]\nzz = 1", &top["title"]),
    ];
    for (text, section) in sections {
        assert_eq!(keys(section), taken(text), "{text}");
    }
}

#[test]
fn every_choice_is_the_programs() {
    let schema = schema();
    let top = &schema["properties"];
    let column = &schema["$defs"]["column"]["properties"];
    let kinds: BTreeSet<String> = Kind::ALL.map(|kind| kind.as_str().to_owned()).into();
    assert_eq!(words(&top["kind"]["enum"]), kinds);
    let choices = [
        ("[[column]]\nfield = \"zz\"", &column["field"]),
        ("[[column]]\ntype = \"zz\"", &column["type"]),
        ("[[column]]\nformats = [\"zz\"]", &column["formats"]["items"]),
        ("[attachments]\ntypes = [\"zz\"]", &top["attachments"]["properties"]["types"]["items"]),
        ("[key]\nkind = \"zz\"", &top["key"]["properties"]["kind"]),
        ("[list]\nmethod = \"zz\"", &top["list"]["properties"]["method"]),
        ("[list]\npaging = { by = \"zz\" }", &schema["$defs"]["paging"]["properties"]["by"]),
        ("[detail]\nkind = \"zz\"", &top["detail"]["properties"]["kind"]),
        ("[detail]\nrefresh = \"zz\"", &top["detail"]["properties"]["refresh"]),
        ("[download]\nmethod = \"zz\"", &top["download"]["properties"]["method"]),
        ("[mail]\ntls = \"zz\"", &top["mail"]["properties"]["tls"]),
        ("[mail]\nautomatic = \"zz\"", &top["mail"]["properties"]["automatic"]),
    ];
    for (text, choice) in choices {
        assert_eq!(words(&choice["enum"]), taken(text), "{text}");
    }
    let named = taken("[key]\nkind = \"digest\"\nof = [\"zz\"]");
    for list in [&top["key"]["properties"]["of"], &top["answer"]["properties"]["when"]] {
        let mut listed = words(&list["items"]["enum"]);
        // Nothing can be said of a column by a name that several have.
        assert!(listed.insert("extra".to_owned()), "{list}");
        assert_eq!(listed, named);
    }
}

/// A cell is written short or in full, so that the program cannot say which key it does not know.
#[test]
fn a_cell_takes_each_of_its_keys_and_no_other() {
    let schema = schema();
    let rule = &schema["$defs"]["cell_rule"];
    let cell = |key: &str, value: &str| said(&format!("[list]\nurl = \"/\"\n[list.cells]\na = {{ {key} = {value} }}"));
    for key in keys(rule) {
        let value = if key == "take" { "\"last\"" } else { "\"a\"" };
        assert!(!cell(&key, value).contains("did not match"), "{key}");
    }
    assert!(cell("zz", "\"a\"").contains("did not match"));
    assert_eq!(words(&rule["properties"]["take"]["enum"]), ["all", "first", "last"].map(str::to_owned).into());
    for word in ["all", "first", "last"] {
        assert!(!cell("take", &format!("\"{word}\"")).contains("did not match"), "{word}");
    }
}
