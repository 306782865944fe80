//! Files that are refused as a whole, each with its code, and never a panic.

use std::fs::File;

use super::make::{self, PLAIN_MANIFEST};
use super::{read, read_bytes, read_with, small};
use crate::{FileCode, FileRefusal, Limits};

const ROWS: [&[&str]; 2] = [&["编号", "标题", "内容"], &["1", "路灯", "不亮"]];

fn refused(name: &str, bytes: &[u8]) -> FileRefusal {
    let refusal = read_bytes(name, bytes).unwrap_err();
    assert_eq!(refusal.file, name);
    assert!(refusal.to_string().starts_with(&format!("文件“{name}”")), "{refusal}");
    refusal
}

#[test]
fn the_files_made_here_are_good() {
    for (name, bytes) in [
        ("a.xlsx", make::xlsx(&ROWS)),
        ("a.ods", make::ods(&ROWS, PLAIN_MANIFEST)),
        ("a.xls", make::xls(&ROWS)),
        ("a.csv", "编号,标题,内容\n1,路灯,不亮\n".into()),
        ("a.tsv", "编号\t标题\t内容\n1\t路灯\t不亮\n".into()),
        ("semicolon.csv", "编号;标题;内容\r\n1;路灯;不亮\r\n".into()),
        // The content counts, not the name.
        ("text.xls", "编号\t标题\t内容\n1\t路灯\t不亮\n".into()),
        ("xlsx.csv", make::xlsx(&ROWS)),
    ] {
        let output = read_bytes(name, &bytes).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(output.records.len(), 1, "{name}");
        assert_eq!(output.records[0].title, "路灯", "{name}");
        assert_eq!(output.records[0].row, 2, "{name}");
    }
}

#[test]
fn what_is_no_table_is_told_so() {
    for (name, bytes, code) in [
        ("a.xlsx", b"%PDF-1.7 ...".to_vec(), FileCode::WrongType),
        ("a.csv", b"\x89PNG\r\n\x1a\n".to_vec(), FileCode::WrongType),
        ("a.csv", b"abc\0\0\x01\x02".to_vec(), FileCode::WrongType),
        ("a.xlsx", make::zip(&[("word/document.xml", b"<w/>")]), FileCode::WrongType),
        ("a.xls", make::ole("WordDocument", b"text"), FileCode::WrongType),
        ("a.xls", b"\r\n <HTML><table><tr><td>1</td></tr></table>".to_vec(), FileCode::HtmlTable),
        ("a.xls", b"<?xml version=\"1.0\"?><Workbook/>".to_vec(), FileCode::WrongType),
        ("a.csv", Vec::new(), FileCode::Empty),
        ("a.csv", b"\xEF\xBB\xBF \r\n\r\n".to_vec(), FileCode::Empty),
        ("a.xlsx", make::xlsx(&[]), FileCode::Empty),
    ] {
        assert_eq!(refused(name, &bytes).code, code, "{name}");
    }
    let refusal = read(std::path::Path::new("/nowhere/a.csv")).unwrap_err();
    assert_eq!(refusal.code, FileCode::Unreadable);
}

#[test]
fn a_password_is_told_with_what_to_do() {
    let encrypted = "<?xml version=\"1.0\"?><manifest:manifest \
        xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\">\
        <manifest:file-entry manifest:full-path=\"content.xml\"><manifest:encryption-data/></manifest:file-entry>\
        </manifest:manifest>";
    for (name, bytes) in
        [("locked.xlsx", make::ole("EncryptedPackage", b"secret")), ("locked.ods", make::ods(&ROWS, encrypted))]
    {
        let refusal = refused(name, &bytes);
        assert_eq!(refusal.code, FileCode::PasswordProtected, "{refusal}");
        assert!(refusal.message.contains("请先在表格软件里去掉密码"));
    }
}

#[test]
fn a_damaged_file_is_refused_before_the_first_row() {
    let whole = make::xlsx(&ROWS);
    for cut in [30, whole.len() / 2, whole.len() - 10] {
        assert_eq!(refused("cut.xlsx", &whole[..cut]).code, FileCode::Damaged, "{cut}");
    }
    let xls = make::xls(&ROWS);
    assert_eq!(refused("cut.xls", &xls[..700]).code, FileCode::Damaged);
    // A directory that goes in a circle would never end.
    let mut circle = xls;
    circle[512 + 4..512 + 8].copy_from_slice(&1u32.to_le_bytes());
    assert_eq!(refused("circle.xls", &circle).code, FileCode::Damaged);
}

#[test]
fn a_zip_bomb_is_refused_whether_it_declares_its_size_or_lies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.xlsx");
    let limits = Limits { max_unpacked_bytes: 1 << 20, ..Limits::default() };
    let mut bomb = make::zip(&[("xl/workbook.xml", &vec![b' '; 4 << 20])]);
    std::fs::write(&path, &bomb).unwrap();
    assert_eq!(read_with(&small(), &path, &limits).unwrap_err().code, FileCode::ZipBomb);

    // The uncompressed size is at offset 22 of the local header and 24 of the directory's.
    let directory = bomb.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    bomb[22..26].copy_from_slice(&10u32.to_le_bytes());
    bomb[directory + 24..directory + 28].copy_from_slice(&10u32.to_le_bytes());
    std::fs::write(&path, &bomb).unwrap();
    let code = read_with(&small(), &path, &limits).unwrap_err().code;
    assert!(matches!(code, FileCode::ZipBomb | FileCode::Damaged), "{code:?}");
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread_and_one_below_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.csv");
    let file = File::create(&path).unwrap();
    file.set_len((512 << 20) + 1).unwrap();
    let refusal = read(&path).unwrap_err();
    assert_eq!(refusal.code, FileCode::TooLarge);
    assert!(refusal.message.contains("513 MB") && refusal.message.contains("512 MB"), "{refusal}");
}

#[test]
fn a_wrong_encoding_names_line_and_byte() {
    let mut bytes = "编号,内容\n1,路灯\n2,".as_bytes().to_vec();
    bytes.extend([0xFF, 0xFF, b'\n']);
    let refusal = refused("a.csv", &bytes);
    assert_eq!(refusal.code, FileCode::WrongEncoding);
    assert!(refusal.message.contains("按 UTF-8 读到第 3 行（第 25 字节）出错"), "{refusal}");
    assert!(refusal.message.contains("按 GB18030 读到第"), "{refusal}");
}

#[test]
fn the_encodings_of_real_exports_are_read() {
    let text = "编号,标题,内容\r\n1,路灯㐂,不亮𠮷\r\n";
    let (gb18030, ..) = encoding_rs::GB18030.encode(text);
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), format!("\u{FEFF}{text}").as_bytes(), &gb18030, &utf16] {
        let output = read_bytes("a.csv", bytes).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!((output.records[0].title.as_str(), output.records[0].body.as_str()), ("路灯㐂", "不亮𠮷"));
        assert_eq!(output.records[0].raw[0].0, "编号");
    }
}

#[test]
fn a_missing_header_says_what_is_wanted_and_a_missing_column_which_row() {
    let refusal = refused("a.csv", "姓名,电话\n甲,1\n".as_bytes());
    assert_eq!(refusal.code, FileCode::HeaderMissing);
    assert!(refusal.message.contains("编号、内容"), "{refusal}");

    let refusal = refused("a.xlsx", &make::xlsx(&[&["某年某月导出"], &["编号", "标题", "时间"], &["1", "a", "b"]]));
    assert_eq!(
        (refusal.code, refusal.row, refusal.sheet.as_deref()),
        (FileCode::ColumnMissing, Some(2), Some("Sheet1"))
    );
    assert!(refusal.message.contains("“内容”"), "{refusal}");
}

#[test]
fn two_columns_with_one_name_are_refused_with_both_places() {
    for header in [["编号", "标题", "标题", "内容"], ["编号", "标题", "主题", "内容"]] {
        let refusal = refused("a.xlsx", &make::xlsx(&[&header, &["1", "a", "b", "c"]]));
        assert_eq!((refusal.code, refusal.row), (FileCode::ColumnTwice, Some(1)));
        assert_eq!(refusal.column.as_deref(), Some(header[2]));
        assert!(refusal.message.contains("B 列") && refusal.message.contains("C 列"), "{refusal}");
    }
}

#[test]
fn a_quote_that_is_never_closed_names_its_row() {
    let refusal = refused("a.csv", "编号,内容\n1,好\n2,\"没有结束\n3,好\n".as_bytes());
    assert_eq!((refusal.code, refusal.row), (FileCode::QuoteUnclosed, Some(3)));
}
