//! Workbooks written part by part, so that one part can be wrong while the containers are sound.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// Writes a workbook of one sheet `留言` with these rows of texts, and `end` in place of the sheet's proper end.
pub fn write(path: &Path, rows: &[Vec<String>], end: &str) {
    let mut sheet = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet xmlns=\"{MAIN}\"><sheetData>");
    // Writing to a String cannot fail.
    for (row, cells) in (1..).zip(rows) {
        let _ = write!(sheet, "<row r=\"{row}\">");
        for (column, cell) in ('A'..='Z').zip(cells) {
            let _ = write!(sheet, "<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>");
        }
        sheet.push_str("</row>");
    }
    sheet.push_str(end);
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/{kind}\" \
             Target=\"{target}\"/></Relationships>"
        )
    };
    let types = format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Override PartName=\"/xl/workbook.xml\" \
         ContentType=\"{TYPES}.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" \
         ContentType=\"{TYPES}.worksheet+xml\"/></Types>"
    );
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"留言\" sheetId=\"1\" r:id=\"rId1\"/>\
         </sheets></workbook>"
    );
    let parts = [
        ("[Content_Types].xml", types),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut archive = ZipWriter::new(std::fs::File::create(path).expect("the workbook is made"));
    for (name, content) in parts {
        archive.start_file(name, SimpleFileOptions::default()).expect("a part begins");
        archive.write_all(content.as_bytes()).expect("a part is written");
    }
    archive.finish().expect("the workbook ends");
}

/// An OLE container with one stream: header, one sector of allocation table, one of directory, the stream.
pub fn ole(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut stream = stream.to_vec();
    stream.resize(stream.len().max(4_096).next_multiple_of(512), 0);
    let sectors = stream.len() / 512;
    assert!(sectors <= 120, "the one sector of allocation table holds 128 entries");

    let mut header = vec![0; 512];
    header[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    header[24..34].copy_from_slice(&[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    let words = [(44, 1), (48, 1), (56, 4_096), (60, 0xFFFF_FFFE), (68, 0xFFFF_FFFE), (76, 0u32)];
    for (at, word) in words {
        header[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    header[80..].fill(0xFF);

    let mut table = vec![0xFFFF_FFFD, 0xFFFF_FFFE];
    table.extend(
        (0..sectors).map(|index| if index + 1 == sectors { 0xFFFF_FFFE } else { u32::try_from(index).unwrap() + 3 }),
    );
    table.resize(128, 0xFFFF_FFFFu32);

    let mut directory = entry("Root Entry", 5, 0xFFFF_FFFE, 0);
    directory.extend(entry(name, 2, 2, stream.len()));
    directory.resize(512, 0);

    let mut file = header;
    file.extend(table.into_iter().flat_map(u32::to_le_bytes));
    file.extend(directory);
    file.extend(stream);
    file
}

fn entry(name: &str, kind: u8, start: u32, length: usize) -> Vec<u8> {
    let mut entry = vec![0; 128];
    let name = wide(name);
    entry[..name.len()].copy_from_slice(&name);
    entry[64] = u8::try_from(name.len() + 2).unwrap();
    entry[66] = kind;
    entry[68..80].fill(0xFF);
    entry[116..120].copy_from_slice(&start.to_le_bytes());
    entry[120..124].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
    entry
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
