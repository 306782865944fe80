//! Makes files byte by byte where no writer is at hand.

use std::io::{Cursor, Write};

use rust_xlsxwriter::Workbook;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An xlsx with one sheet of text.
pub(super) fn xlsx(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0u32..).zip(rows) {
        for (column, text) in (0u16..).zip(*cells) {
            sheet.write(row, column, *text).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn ods(rows: &[&[&str]], manifest: &str) -> Vec<u8> {
    let mut content = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content \
         xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">\
         <office:body><office:spreadsheet><table:table table:name=\"表一\">",
    );
    for row in rows {
        content.push_str("<table:table-row>");
        for cell in *row {
            let cell =
                format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}</text:p></table:table-cell>");
            content.push_str(&cell);
        }
        content.push_str("</table:table-row>");
    }
    content.push_str("</table:table></office:spreadsheet></office:body></office:document-content>");
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

pub(super) const PLAIN_MANIFEST: &str = "<?xml version=\"1.0\"?><manifest:manifest \
    xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>";

/// A BIFF8 workbook in an OLE container.
pub(super) fn xls(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = record(0x0809, &[0x00, 0x06, 0x05, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let name = wide("表一");
    let mut sheet = vec![0, 0, 0, 0, 0, 0, 2, 1];
    sheet.extend(name);
    let sheet_at = workbook.len() + 4 + sheet.len() + 4;
    sheet[..4].copy_from_slice(&u32::try_from(sheet_at).unwrap().to_le_bytes());
    workbook.extend(record(0x0085, &sheet));
    workbook.extend(record(0x000A, &[]));
    workbook.extend(record(0x0809, &[0x00, 0x06, 0x10, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    for (row, cells) in (0u16..).zip(rows) {
        for (column, text) in (0u16..).zip(*cells) {
            let text = wide(text);
            let mut label = Vec::new();
            for number in [row, column, 0, u16::try_from(text.len() / 2).unwrap()] {
                label.extend(number.to_le_bytes());
            }
            label.push(1);
            label.extend(text);
            workbook.extend(record(0x0204, &label));
        }
    }
    workbook.extend(record(0x000A, &[]));
    ole("Workbook", &workbook)
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut record = kind.to_le_bytes().to_vec();
    record.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
    record.extend(data);
    record
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// An OLE container with one stream: header, one sector of allocation table, one of directory, the stream.
pub(super) fn ole(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut stream = stream.to_vec();
    stream.resize(stream.len().max(4_096).next_multiple_of(512), 0);
    let sectors = stream.len() / 512;
    assert!(sectors <= 120, "the one sector of allocation table holds 128 entries");

    let mut header = vec![0; 512];
    header[..8].copy_from_slice(&crate::ole::MAGIC);
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
