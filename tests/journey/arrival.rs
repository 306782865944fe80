//! How messages come in, are found and are assigned.

use huiyin::intake;
use huiyin_domain::access::Actor;
use serde_json::{Value, json};

use super::bureau::{Bureau, CLI, VISITOR, text};

/// Who wrote the first message, and how to reach them. Invented.
pub const CITIZEN: &str = "诸葛小虫";
pub const PHONE: &str = "13912345678";

/// Number, author, title, time, body, answer at the source, its time.
const LETTERS: [[&str; 7]; 4] = [
    [
        "B001",
        CITIZEN,
        "青禾路7号楼的采光",
        "2026/10/9 8:30:00",
        "楼北侧要建搅拌站，请问核算过采光吗？电话13912345678。",
        "",
        "",
    ],
    ["B002", "网友乙", "规划展厅几点开门", "2026/10/9 8:35:00", "想带孩子参观展厅，请问周末几点开门？", "", ""],
    [
        "B003",
        "网友丙",
        "搅拌站夜间噪声",
        "2026/10/9 8:40:00",
        "工业园的搅拌站夜里噪声很大。",
        "已责令整改，谢谢您的来信。",
        "2026/10/9 8:50:00",
    ],
    ["B004", "网友丁", "搅拌站离学校多远", "2026/10/9 8:45:00", "请问新的搅拌站离青禾小学有多远？", "", ""],
];

/// Takes a generated file in as the command line does, twice. Answers with the ids of the first, second and fourth item.
pub async fn messages_come_in(bureau: &Bureau) -> [String; 3] {
    let path = bureau.folder.path().join("board.csv");
    let mut file = csv::Writer::from_path(&path).unwrap();
    file.write_record(["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"]).unwrap();
    for letter in LETTERS {
        file.write_record(letter).unwrap();
    }
    file.flush().unwrap();
    let board = intake::find("board", None).unwrap().unwrap();
    for (accepted, unchanged) in [(4, 0), (0, 4)] {
        let actor = Actor::System("import");
        let imported = bureau.service.import_file(&actor, &board, &path, &mut |_| {}).await.unwrap();
        assert_eq!(imported.refusal, None);
        let statement = imported.statement;
        assert!(statement.adds_up());
        assert_eq!((statement.stated, statement.accepted, statement.unchanged), (4, accepted, unchanged));
    }
    assert_eq!(bureau.service.verify(&CLI, &[]).await.unwrap().findings, []);
    bureau.indexed().await;
    let mut ids = Vec::new();
    for title in ["采光", "展厅", "离学校"] {
        let found =
            bureau.read("office", &format!("{{ search(text: \"{title}\") {{ hits {{ item {{ id }} }} }} }}")).await;
        assert_eq!(found["search"]["hits"].as_array().unwrap().len(), 1, "{title}");
        ids.push(text(&found["search"]["hits"][0]["item"]["id"]));
    }
    ids.try_into().unwrap()
}

/// Without a token there is nothing to see and nothing to do.
pub async fn a_visitor_reads_nothing(bureau: &Bureau, item: &str) {
    for query in ["{ items { totalCount } }", "{ search(text: \"搅拌站\") { totalCount } }", "{ units { name } }"] {
        bureau.denied(VISITOR, query, "sign_in_required").await;
    }
    let call = format!("assignItem(item: \"{item}\", lead: \"{}\")", bureau.unit("planning"));
    bureau.refused(VISITOR, &call, "sign_in_required").await;
}

/// The office finds messages by a word of their bodies, sees when an answer is due and why, and assigns one.
pub async fn the_office_assigns_what_it_found(bureau: &Bureau, item: &str) {
    let search = |filter: &str| {
        format!(
            "{{ search(text: \"搅拌站\", filter: {{ {filter} }}) {{
                totalCount hits {{ item {{ id stage {{ code }} }} snippet {{ html }} }}
                facets {{ stages {{ word {{ code }} count }} sources {{ source {{ id }} count }} units {{ count }} }}
            }} }}"
        )
    };
    let all = bureau.read("office", &search("")).await["search"].clone();
    assert_eq!(all["totalCount"], 3);
    assert_eq!(all["facets"]["sources"], json!([{ "source": { "id": "board" }, "count": 3 }]));
    let stages =
        [("received", 2), ("replied", 1)].map(|(code, count)| json!({ "word": { "code": code }, "count": count }));
    assert_eq!(all["facets"]["stages"], json!(stages));
    assert_eq!(all["facets"]["units"], json!([]));
    let open =
        bureau.read("office", &search("open: true, askedTo: \"2026-10-09T08:45:00+08:00\"")).await["search"].clone();
    assert_eq!((&open["totalCount"], &open["hits"][0]["item"]["id"]), (&json!(1), &json!(item)));
    assert!(text(&open["hits"][0]["snippet"]["html"]).contains("<mark>搅拌站</mark>"), "{open:#}");
    the_due_date_is_explained(bureau, item).await;

    let (lead, helper) = (bureau.unit("planning"), bureau.unit("survey"));
    let assign = |lead: &str, assisting: &str, revision: u8| {
        format!(
            "assignItem(item: \"{item}\", lead: \"{lead}\", assisting: [\"{assisting}\"], expectedRevision: {revision})"
        )
    };
    for login in ["handler", "stranger", "publisher"] {
        bureau.refused(login, &assign(lead, helper, 1), "not_visible").await;
    }
    bureau.refused("checker", &assign(lead, helper, 1), "forbidden").await;
    bureau.refused("office", &assign(lead, lead, 1), "lead_assists").await;
    let nowhere = "unit:01980000-0000-7000-8000-000000000000";
    bureau.refused("office", &assign(nowhere, helper, 1), "unit_unknown").await;
    bureau.refused("office", &assign(lead, helper, 0), "changed_meanwhile").await;
    let before = bureau.ledger_seq().await;
    let done = bureau.does("office", &assign(lead, helper, 1), "seq item { stage { code } }").await;
    assert_eq!(done["item"]["stage"]["code"], "dispatched");
    let seq = done["seq"].as_u64().unwrap();
    assert!(seq > before && seq == bureau.ledger_seq().await, "registered and assigned: {before} to {seq}");

    bureau.indexed().await;
    let query = format!(
        "{{ items {{ totalCount }} item(id: \"{item}\") {{ question {{ author }} }} search(text: \"采光\") {{ totalCount }} }}"
    );
    for (login, count, author) in
        [("handler", 1, json!(CITIZEN)), ("helper", 1, json!(CITIZEN)), ("stranger", 0, Value::Null)]
    {
        let seen = bureau.read(login, &query).await;
        assert_eq!(
            (&seen["items"]["totalCount"], &seen["search"]["totalCount"]),
            (&json!(count), &json!(count)),
            "{login}"
        );
        assert_eq!(seen["item"]["question"]["author"], author, "{login}");
    }
}

/// The due date is the earliest of all levels, and its count of days can be gone through.
async fn the_due_date_is_explained(bureau: &Bureau, item: &str) {
    let query = format!(
        "{{ item(id: \"{item}\") {{ dueAt dueProvisional overdue deadline {{ dueAt provisional levels {{
            binding limit dueAt explanation days {{ counts why }}
        }} }} }} }}"
    );
    let item = bureau.read("office", &query).await["item"].clone();
    let deadline = &item["deadline"];
    assert_eq!((&item["dueAt"], &item["dueProvisional"]), (&deadline["dueAt"], &deadline["provisional"]));
    assert_eq!(item["overdue"], false);
    let levels = deadline["levels"].as_array().unwrap();
    assert_eq!(levels.iter().map(|level| text(&level["dueAt"])).min().unwrap(), text(&item["dueAt"]));
    let binding: Vec<&Value> = levels.iter().filter(|level| level["binding"] == true).collect();
    assert_eq!(binding.len(), 1);
    let days = binding[0]["days"].as_array().unwrap();
    let counted = days.iter().filter(|day| day["counts"] == true).count();
    assert_eq!(binding[0]["limit"], format!("{counted}个工作日"));
    assert!(days.len() > counted, "the count passes over a week-end: {days:#?}");
    assert!(days.iter().all(|day| !text(&day["why"]).is_empty()), "{days:#?}");
    assert!(text(&binding[0]["explanation"]).contains("2026"), "{:#}", binding[0]);
}

/// The unit gives the item back, the office rejects that, and the unit cannot give it back again: it accepts.
pub async fn a_return_is_rejected_once_and_for_all(bureau: &Bureau, item: &str, other: &str) {
    let on = |field: &str| format!("{field}(item: \"{item}\")");
    let give_back = |basis: &str, unit: &str| {
        format!(
            "requestReturn(item: \"{item}\", reason: NOT_OUR_DUTY, basis: \"{basis}\", suggested: \"{}\")",
            bureau.unit(unit)
        )
    };
    let basis = "三定方案第三条";
    bureau.refused("handler", &give_back(" ", "survey"), "return_basis_missing").await;
    let silent = format!("requestReturn(item: \"{item}\", reason: UNCLEAR, basis: \"{basis}\")");
    bureau.refused("handler", &silent, "return_unit_missing").await;
    bureau.refused("handler", &give_back(basis, "planning"), "return_to_self").await;
    bureau.refused("helper", &give_back(basis, "survey"), "forbidden").await;
    bureau.refused("stranger", &give_back(basis, "survey"), "not_visible").await;
    bureau.refused("office", &on("rejectReturn"), "wrong_stage").await;
    bureau.does("handler", &give_back(basis, "survey"), "seq").await;
    bureau.refused("handler", &on("acceptItem"), "wrong_stage").await;
    bureau.refused("handler", &on("rejectReturn"), "forbidden").await;
    bureau.does("office", &on("rejectReturn"), "seq").await;
    bureau.refused("handler", &give_back(basis, "survey"), "return_forbidden").await;
    let query = format!("{{ item(id: \"{item}\") {{ notes {{ kind {{ code }} text author {{ label }} }} }} }}");
    let note = json!([{ "kind": { "code": "item.return_requested" }, "text": basis, "author": { "label": "赵经办" } }]);
    assert_eq!(bureau.read("office", &query).await["item"]["notes"], note);

    bureau.refused("helper", &on("acceptItem"), "forbidden").await;
    bureau.refused("stranger", &on("acceptItem"), "not_visible").await;
    bureau.does("handler", &on("acceptItem"), "seq").await;
    // Whoever may not merge does not learn either whether there is an item with this id.
    for into in [other, "item:01980000-0000-7000-8000-000000000000"] {
        bureau.refused("handler", &format!("mergeItem(item: \"{item}\", into: \"{into}\")"), "forbidden").await;
    }
    bureau.refused("handler", &on("acceptItem"), "wrong_stage").await;
    bureau.refused("handler", &give_back(basis, "survey"), "wrong_stage").await;
}
