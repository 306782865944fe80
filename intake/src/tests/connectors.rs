//! What a connector may say, and where it is told that it may not.

use super::{SMALL, read_bytes, read_with, small};
use crate::{Connector, ConnectorError, HoldCode, Limits, Usable, all, builtin, find, usable};

fn refused(from: &str, to: &str) -> (usize, String) {
    assert!(SMALL.contains(from), "{from}");
    match Connector::parse("small.toml", &SMALL.replacen(from, to, 1)) {
        Err(ConnectorError::Invalid { file, line, message }) => {
            assert_eq!(file, "small.toml");
            (line, message)
        }
        other => panic!("{to}: {other:?}"),
    }
}

#[test]
fn each_mistake_is_refused_with_its_line() {
    let cases = [
        ("version = 1", "version = 1\ncolour = \"red\"", 7, "unknown field `colour`"),
        ("id = \"small\"", "id = \"Small\"", 2, "lowercase noun"),
        ("kind = \"table\"", "kind = \"htm\"", 5, "unknown kind `htm`"),
        ("kind = \"table\"", "kind = \"html\"", 10, "has no section [table]"),
        ("version = 1", "version = 0", 6, "starts at 1"),
        ("name = \"小表\"", "name = \" \"", 3, "blank"),
        ("fixtures = [\"a.csv\"]", "fixtures = []", 8, "at least one fixture"),
        ("fixtures = [\"a.csv\"]", "fixtures = [\"../a.csv\"]", 8, "plain name"),
        (
            "aliases = [\"时间\"]",
            "aliases = [\"时间\"]\nformats = [\"yyyy-mm-dd\"]",
            33,
            "unknown variant `yyyy-mm-dd`",
        ),
        ("aliases = [\"时间\"]", "aliases = [\"时间\"]\nformats = [\"mdy\", \"dmy\"]", 33, "exclude each other"),
        ("aliases = [\"时间\"]", "aliases = [\"时间\"]\nformats = []", 33, "no date could be read"),
        ("aliases = [\"时间\"]", "aliases = [\"时间\"]\nnot_before = \"2000-13-01\"", 33, "YYYY-MM-DD"),
        ("aliases = [\"时间\"]", "aliases = [\"时间\"]\ntype = \"text\"", 33, "is a date"),
        ("aliases = [\"标题\", \"主题\"]", "aliases = [\"标题\", \"编 号\"]", 22, "belongs to `编号` already"),
        ("aliases = [\"标题\", \"主题\"]", "aliases = []", 22, "at least one alias"),
        ("aliases = [\"标题\", \"主题\"]", "aliases = [\"标题\"]\nformats = [\"ymd\"]", 23, "only a date column"),
        ("field = \"title\"", "field = \"heading\"", 21, "unknown variant `heading`"),
        ("field = \"title\"", "field = \"extra\"", 20, "needs a `name`"),
        ("field = \"body\"", "field = \"address\"", 34, "no required column with field = \"body\""),
        ("field = \"title\"", "field = \"reply\"", 1, "no [answer] section"),
        ("kind = \"printed\"", "kind = \"digest\"", 34, "needs `of`"),
        ("kind = \"printed\"", "kind = \"digest\"\nof = [\"author\"]", 36, "no column has this field"),
        (
            "kind = \"printed\"",
            "kind = \"printed\"\n[request_type]\n\"问\" = \"ask\"",
            37,
            "unknown request type `ask`",
        ),
        ("[table]", "[table]\nsheets = \"last\"", 11, "\"all\", \"first\" or a list"),
        ("[table]", "[table]\nheader_search_rows = 0", 11, "1 to 200"),
        ("[key]", "[key", 34, ""),
    ];
    for (from, to, line, message) in cases {
        let (at, said) = refused(from, to);
        assert!(said.contains(message), "{to}: {said}");
        assert_eq!(at, line, "{to}: {said}");
    }
}

#[test]
fn the_shipped_connectors_are_found_and_a_folder_overrides_them() {
    let builtin = builtin().unwrap();
    assert!(builtin.len() >= 7);
    for connector in builtin {
        assert_eq!(find(&connector.id, None).unwrap(), Some(connector));
    }
    assert!(find("nobody", None).unwrap().is_none());
    assert!(find("../board", Some(std::path::Path::new("/tmp"))).unwrap().is_none());
    assert!(!find("hotline-district", None).unwrap().unwrap().has_asked_at());
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("board")).unwrap();
    std::fs::write(dir.path().join("board/connector.toml"), SMALL.replace("\"small\"", "\"board\"")).unwrap();
    assert_eq!(find("board", Some(dir.path())).unwrap().unwrap().name, "小表");
    assert_eq!(find("mailbox", Some(dir.path())).unwrap().unwrap().name, "领导信箱导出");

    // One that is half written is told, closes no other's door, and is not replaced by what has its id.
    std::fs::create_dir(dir.path().join("mailbox")).unwrap();
    std::fs::write(dir.path().join("mailbox/connector.toml"), "id = \"mail").unwrap();
    assert!(all(Some(dir.path())).is_err());
    let Usable { connectors, broken } = usable(Some(dir.path())).unwrap();
    assert_eq!(broken.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["mailbox"]);
    let ids: Vec<&str> = connectors.iter().map(|connector| connector.id.as_str()).collect();
    assert!(ids.contains(&"board") && ids.contains(&"form") && !ids.contains(&"mailbox"), "{ids:?}");
}

#[test]
fn values_are_checked_as_the_connector_says() {
    let text = format!(
        "{SMALL}\n[[column]]\nfield = \"extra\"\nname = \"flag\"\naliases = [\"是否匿名\"]\none_of = [\"匿名\", \"实名\"]\nnot_personal_name = true\n\
         [[column]]\nfield = \"contact\"\naliases = [\"电话\"]\ndigits = true\nmax_chars = 11\n\
         [[column]]\nfield = \"extra\"\nname = \"times\"\naliases = [\"次数\"]\ntype = \"integer\"\n"
    );
    let connector = Connector::parse("c", &text).unwrap_or_else(|error| panic!("{error}"));
    let rows = "编号,内容,是否匿名,电话,次数\n1,a,匿名,０１０,1.0\n2,a,王小明,,\n3,a,不详,,\n4,a,实名,转三科,\n5,a,,123456789012,\n6,a,,,几次\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, rows).unwrap();
    let output = read_with(&connector, &path, &Limits::default()).unwrap();
    let held: Vec<HoldCode> = output.held.iter().map(|held| held.reason.code).collect();
    assert_eq!(
        held,
        [
            HoldCode::LooksLikeName,
            HoldCode::NotInList,
            HoldCode::NotDigits,
            HoldCode::CellTooLong,
            HoldCode::IntegerUnreadable,
        ]
    );
    assert_eq!(output.records[0].extra.get("times").map(String::as_str), Some("1"));
    // A name in the wrong column is not repeated in the message.
    assert!(!output.held[0].reason.message.contains("王小明"));
}

#[test]
fn digest_keys_ignore_white_space_and_tell_repeats_apart() {
    let text = SMALL.replace("kind = \"printed\"", "kind = \"digest\"\nof = [\"asked_at\", \"body\"]");
    let connector = Connector::parse("c", &text).unwrap();
    let keys = |rows: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, rows).unwrap();
        let output = read_with(&connector, &path, &Limits::default()).unwrap();
        output.records.into_iter().map(|record| record.key).collect::<Vec<_>>()
    };
    let first = keys("编号,内容,时间\n1,路灯 不亮,2019-2-8\n2,路灯不亮,2019年2月8日\n3,路灯不亮,2019-2-9\n");
    assert_eq!(first[1], format!("{}-2", first[0]));
    assert_ne!(first[2], first[0]);
    assert_eq!(first[0].len(), 32);
    assert_eq!(keys("编号,内容,时间\n9,路灯不亮,2019.2.8\n")[0], first[0]);
}

#[test]
fn the_small_connector_is_good() {
    assert_eq!(small().id, "small");
    assert!(read_bytes("a.csv", "编号,内容\n1,好\n".as_bytes()).is_ok());
}

#[test]
fn every_shipped_connector_is_told_of_and_names_example_hosts_only() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (list, guide) = (read("connectors/README.md"), read("docs/connectors.md"));
    for connector in builtin().unwrap() {
        let id = &connector.id;
        assert!(list.contains(&format!("`{id}`")), "{id}: connectors/README.md");
        assert!(guide.contains(&format!("`{id}`")), "{id}: docs/connectors.md");
        // Nobody's site is read because somebody installed this program.
        let is_example = |host: &str| host.ends_with(".example.com") || host.ends_with(".example.gov.cn");
        assert!(connector.host().is_none_or(is_example), "{id}: {:?}", connector.host());
        let Some(rules) = connector.fetch_rules() else { continue };
        assert!(rules.hosts.is_empty() && rules.private.is_empty() && rules.robots, "{id}");
        assert!(rules.pace >= std::time::Duration::from_secs(1) && rules.concurrency == 1, "{id}");
        assert_eq!(connector.schedule().sweep.is_none(), connector.site.as_ref().unwrap().list.newest_only, "{id}");
    }
}
