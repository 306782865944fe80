//! What a file really is: told by its bytes, never by its name alone.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use quick_xml::events::Event;
use zip::ZipArchive;
use zip::result::ZipError;

use super::error::{FileCode, FileRefusal, Refuse};
use super::ole;
use super::record::Limits;

/// The kinds of file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Xlsx,
    Xls,
    Ods,
    /// csv or tsv.
    Text,
}

const HEAD_BYTES: u64 = 4_096;
const MAX_ZIP_ENTRIES: usize = 10_000;
const SAVE_AS: &str = "请用表格软件打开后另存为 xlsx 再导入";

/// Known by their first bytes, and no tables.
const FOREIGN: [(&[u8], &str); 9] = [
    (b"%PDF", "PDF"),
    (b"\x89PNG", "图片"),
    (b"\xFF\xD8\xFF", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xBC\xAF\x27\x1C", "压缩包"),
    (b"\x1F\x8B", "压缩包"),
    (b"MZ", "程序"),
    (b"\x7FELF", "程序"),
];

/// Tells the kind and refuses what cannot be read: empty, too large, foreign, locked, damaged, a zip bomb.
pub(crate) fn detect(path: &Path, limits: &Limits, refuse: Refuse<'_>) -> Result<FileKind, FileRefusal> {
    let mut file = File::open(path).map_err(|error| refuse.io(&error))?;
    let metadata = file.metadata().map_err(|error| refuse.io(&error))?;
    if !metadata.is_file() {
        return Err(refuse.file(FileCode::Unreadable, "这不是一个文件，请给出要导入的文件"));
    }
    if metadata.len() == 0 {
        return Err(refuse.file(FileCode::Empty, "文件是空的（0 字节），请重新导出"));
    }
    if metadata.len() > limits.max_file_bytes {
        let message = format!(
            "文件有 {}，超过上限 {}，请按月份分成几个文件导出后再导入",
            mebibytes(metadata.len()),
            mebibytes(limits.max_file_bytes)
        );
        return Err(refuse.file(FileCode::TooLarge, message));
    }
    let mut head = Vec::new();
    (&mut file).take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| refuse.io(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| refuse.io(&error))?;

    if head.starts_with(b"PK") {
        return inspect_zip(file, limits, refuse);
    }
    if head.starts_with(&ole::MAGIC) {
        return inspect_ole(file, refuse);
    }
    inspect_text(&head, refuse)
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1 << 20))
}

fn inspect_text(head: &[u8], refuse: Refuse<'_>) -> Result<FileKind, FileRefusal> {
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
        let message = format!("这个文件的内容是{what}，不是表格，请导出为 xlsx 或 csv 再导入");
        return Err(refuse.file(FileCode::WrongType, message));
    }
    let has_utf16_mark = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
    if head.contains(&0) && !has_utf16_mark {
        return Err(refuse.file(FileCode::WrongType, "这个文件不是表格，请导出为 xlsx 或 csv 再导入"));
    }
    let opening: String = String::from_utf8_lossy(head).trim_start_matches('\u{FEFF}').trim_start().to_lowercase();
    if ["<html", "<!doctype html", "<table", "<meta", "<head", "<style", "mime-version:"]
        .iter()
        .any(|tag| opening.starts_with(tag))
    {
        let message = format!("文件名像表格，内容其实是网页（HTML）表格，还不能直接读，{SAVE_AS}");
        return Err(refuse.file(FileCode::HtmlTable, message));
    }
    if opening.starts_with("<?xml") {
        return Err(refuse.file(FileCode::WrongType, format!("内容是 XML，不是 xlsx 或 csv，{SAVE_AS}")));
    }
    Ok(FileKind::Text)
}

/// An OLE container: an old xls, an encrypted xlsx, or something else of the same age.
fn inspect_ole(file: File, refuse: Refuse<'_>) -> Result<FileKind, FileRefusal> {
    let streams = ole::streams(BufReader::new(file)).map_err(|error| refuse.io(&error))?;
    let streams = streams.ok_or_else(|| damaged(refuse))?;
    let has = |name: &str| streams.keys().any(|stream| stream.eq_ignore_ascii_case(name));
    if has("EncryptedPackage") {
        Err(password(refuse))
    } else if has("Workbook") || has("Book") {
        Ok(FileKind::Xls)
    } else {
        Err(refuse.file(FileCode::WrongType, format!("这个文件不是表格（可能是 Word 或演示文稿），{SAVE_AS}")))
    }
}

pub(crate) fn password(refuse: Refuse<'_>) -> FileRefusal {
    refuse.file(FileCode::PasswordProtected, "文件有打开密码，请先在表格软件里去掉密码，保存后再导入")
}

fn damaged(refuse: Refuse<'_>) -> FileRefusal {
    refuse.file(FileCode::Damaged, "文件不完整或已损坏，请重新导出（或重新下载）后再导入")
}

/// A zip container: weighed as a whole before anything in it is understood, so that a bomb or a damaged part is found
/// before the first row.
fn inspect_zip(file: File, limits: &Limits, refuse: Refuse<'_>) -> Result<FileKind, FileRefusal> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| damaged(refuse))?;
    let bomb = || {
        let message =
            format!("文件解压后超过上限 {}，请按月份分成几个文件导出后再导入", mebibytes(limits.max_unpacked_bytes));
        refuse.file(FileCode::ZipBomb, message)
    };
    if archive.len() > MAX_ZIP_ENTRIES
        || archive.decompressed_size().is_some_and(|size| size > limits.max_unpacked_bytes.into())
    {
        return Err(bomb());
    }
    let mut kind = None;
    let mut budget = limits.max_unpacked_bytes;
    for index in 0..archive.len() {
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => return Err(password(refuse)),
            Err(_) => return Err(damaged(refuse)),
        };
        let name = entry.name().map(|name| name.replace('\\', "/").to_ascii_lowercase()).unwrap_or_default();
        // What the directory declares may be a lie: count what really comes out. This also checks each part's sum.
        let mut counted = entry.take(budget.saturating_add(1));
        let mut opening = Vec::new();
        let count = (&mut counted).take(128).read_to_end(&mut opening).and_then(|head| {
            io::copy(&mut counted, &mut io::sink())
                .map(|rest| rest.saturating_add(u64::try_from(head).unwrap_or(u64::MAX)))
        });
        budget = budget.checked_sub(count.map_err(|_| damaged(refuse))?).ok_or_else(bomb)?;
        kind = kind.or(match name.as_str() {
            "xl/workbook.xml" => Some(FileKind::Xlsx),
            "mimetype" if opening.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") => Some(FileKind::Ods),
            _ => None,
        });
    }
    if kind == Some(FileKind::Ods) && !is_well_formed(&mut archive, "content.xml") {
        return Err(damaged(refuse));
    }
    kind.ok_or_else(|| refuse.file(FileCode::WrongType, format!("这个压缩包里没有 xlsx 或 ods 表格，{SAVE_AS}")))
}

/// Whether every element that a part opens is closed. calamine waits for the end of an ods table without looking for the
/// end of the file, and would wait for ever.
fn is_well_formed(archive: &mut ZipArchive<BufReader<File>>, part: &str) -> bool {
    let Ok(part) = archive.by_name(part) else { return false };
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(part));
    let mut buffer = Vec::new();
    let mut depth = 0_u64;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(_)) => depth += 1,
            // The reader itself compares the names.
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) => return depth == 0,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
