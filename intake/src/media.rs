//! What an attachment really is: told by its bytes, never by its name. Nothing is unpacked or rendered.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use zip::ZipArchive;
use zip::result::ZipError;

use super::ole;

/// Bytes that tell most kinds.
const HEAD_BYTES: u64 = 64;
/// A container with more parts than any document has is not opened by anybody.
const MAX_ZIP_ENTRIES: usize = 10_000;
/// The same for one that says it unpacks to more, in bytes: 300 MiB.
const MAX_UNPACKED: u128 = 300 << 20;

/// A kind of picture or document that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Its media type.
    pub media_type: &'static str,
    /// The ending such files have, without the point.
    pub ending: &'static str,
    /// What people call it.
    pub label: &'static str,
}

/// All kinds that are taken.
pub const MEDIA: [Media; 12] = [
    media("image/jpeg", "jpg", "图片"),
    media("image/png", "png", "图片"),
    media("image/gif", "gif", "图片"),
    media("image/webp", "webp", "图片"),
    media("image/heic", "heic", "图片"),
    media("application/pdf", "pdf", "PDF"),
    media("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", "Word 文档"),
    media("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "Excel 表格"),
    media("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx", "演示文稿"),
    media("application/msword", "doc", "Word 文档"),
    media("application/vnd.ms-excel", "xls", "Excel 表格"),
    media("application/vnd.ms-powerpoint", "ppt", "演示文稿"),
];

const fn media(media_type: &'static str, ending: &'static str, label: &'static str) -> Media {
    Media { media_type, ending, label }
}

/// Kinds that are allowed or refused together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaGroup {
    /// Pictures.
    Image,
    /// PDF.
    Pdf,
    /// Documents of a word processor, tables and slides.
    Office,
}

impl MediaGroup {
    /// All groups.
    pub const ALL: [Self; 3] = [Self::Image, Self::Pdf, Self::Office];

    /// The group of a kind.
    pub fn of(media: &Media) -> Self {
        match media.media_type {
            "application/pdf" => Self::Pdf,
            picture if picture.starts_with("image/") => Self::Image,
            _ => Self::Office,
        }
    }
}

/// Why a file is not taken as an attachment.
#[derive(Debug, thiserror::Error)]
pub enum MediaFault {
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is of another kind than those that are taken.
    #[error("the file is of a kind that is not taken")]
    Foreign,
    /// It is an office document that holds programs.
    #[error("the document holds macros")]
    Macros,
    /// It is an office document that asks for a password.
    #[error("the document is locked with a password")]
    Locked,
    /// It says it is a container, and cannot be read as one, or claims to be far larger unpacked than any document is.
    #[error("the container is damaged or absurd")]
    Damaged,
    /// The disk does not give it back.
    #[error("read the file")]
    Unreadable(#[from] std::io::Error),
}

impl MediaFault {
    /// The code as written to the store and to answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Foreign => "wrong_type",
            Self::Macros => "macros",
            Self::Locked => "password_protected",
            Self::Damaged => "damaged",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// What to tell the person who chose the file, with what to do next.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Empty => "文件是空的，请重新选择",
            Self::Foreign => "只收图片、PDF 和 Word、Excel、PPT 文件，请换一种格式",
            Self::Macros => "文件里带有宏，请另存为不带宏的文件再上传",
            Self::Locked => "文件有打开密码，请去掉密码再上传",
            Self::Damaged => "文件已损坏，请重新保存后再上传",
            Self::Unreadable(_) => "文件没有收到，请重新上传",
        }
    }
}

/// The kind with this media type.
fn known(media_type: &str) -> Result<Media, MediaFault> {
    MEDIA.into_iter().find(|media| media.media_type == media_type).ok_or(MediaFault::Foreign)
}

/// The kind with this ending.
fn ending(ending: &str) -> Result<Media, MediaFault> {
    MEDIA.into_iter().find(|media| media.ending == ending).ok_or(MediaFault::Foreign)
}

/// Tells what a file is, or why it is not taken.
pub fn media_of(path: &Path) -> Result<Media, MediaFault> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    (&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(MediaFault::Empty);
    }
    file.seek(SeekFrom::Start(0))?;
    if head.starts_with(b"PK") {
        return container(file);
    }
    if head.starts_with(&ole::MAGIC) {
        return compound(file);
    }
    known(by_head(&head).unwrap_or_default())
}

/// The media type told by the first bytes alone.
fn by_head(head: &[u8]) -> Option<&'static str> {
    const HEADS: [(&[u8], &str); 5] = [
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"\x89PNG\r\n\x1A\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
    ];
    const BRANDS: [&[u8]; 4] = [b"heic", b"heix", b"mif1", b"hevc"];
    if let Some((_, media_type)) = HEADS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(media_type);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let brand = head.get(8..12).filter(|_| head.get(4..8) == Some(b"ftyp"))?;
    BRANDS.contains(&brand).then_some("image/heic")
}

/// A zip container: an office document, told by the names of its parts. Its directory is read, nothing is unpacked.
fn container(file: File) -> Result<Media, MediaFault> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| MediaFault::Damaged)?;
    if archive.len() > MAX_ZIP_ENTRIES || archive.decompressed_size().is_none_or(|size| size > MAX_UNPACKED) {
        return Err(MediaFault::Damaged);
    }
    let mut found = None;
    for index in 0..archive.len() {
        let part = match archive.by_index_raw(index) {
            Ok(part) => part,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => return Err(MediaFault::Locked),
            Err(_) => return Err(MediaFault::Damaged),
        };
        // A name that leads out of the container is made to write over something.
        if part.enclosed_name().is_none() {
            return Err(MediaFault::Damaged);
        }
        let name = part.name().map(|name| name.replace('\\', "/").to_ascii_lowercase()).unwrap_or_default();
        if name.ends_with("vbaproject.bin") {
            return Err(MediaFault::Macros);
        }
        found = found.or(match name.as_str() {
            "word/document.xml" => Some("docx"),
            "xl/workbook.xml" => Some("xlsx"),
            "ppt/presentation.xml" => Some("pptx"),
            _ => None,
        });
    }
    ending(found.unwrap_or_default())
}

/// An OLE container: an office document of the older kind, or a locked one of the newer.
fn compound(file: File) -> Result<Media, MediaFault> {
    let streams = ole::streams(BufReader::new(file))?.ok_or(MediaFault::Damaged)?;
    let has = |name: &str| streams.keys().any(|stream| stream.eq_ignore_ascii_case(name));
    if has("EncryptedPackage") {
        return Err(MediaFault::Locked);
    }
    if has("_VBA_PROJECT") {
        return Err(MediaFault::Macros);
    }
    if has("WordDocument") {
        ending("doc")
    } else if has("Workbook") || has("Book") {
        ending("xls")
    } else if has("PowerPoint Document") {
        ending("ppt")
    } else {
        Err(MediaFault::Foreign)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn told(bytes: &[u8]) -> Result<&'static str, &'static str> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        media_of(file.path()).map(|media| media.ending).map_err(|fault| fault.code())
    }

    fn zip(names: &[&str]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(b"<x/>").unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn kinds_are_told_by_their_bytes() {
        for (bytes, ending) in [
            (&b"\xFF\xD8\xFF\xE0 rest"[..], "jpg"),
            (b"\x89PNG\r\n\x1A\n rest", "png"),
            (b"GIF89a rest", "gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
            (b"\0\0\0\x18ftypheic\0\0", "heic"),
            (b"%PDF-1.7\n", "pdf"),
        ] {
            assert_eq!(told(bytes), Ok(ending));
        }
        assert_eq!(told(&zip(&["[Content_Types].xml", "word/document.xml"])), Ok("docx"));
        assert_eq!(told(&zip(&["[Content_Types].xml", "xl/workbook.xml"])), Ok("xlsx"));
        assert_eq!(told(&zip(&["ppt/presentation.xml"])), Ok("pptx"));
    }

    #[test]
    fn what_is_something_else_is_refused_with_the_reason() {
        for (bytes, code) in [
            (&b""[..], "empty"),
            (b"MZ\x90\0", "wrong_type"),
            (b"<html><script>", "wrong_type"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "wrong_type"),
            (b" %PDF-1.7", "wrong_type"),
            (b"PK\x03\x04 and nothing", "damaged"),
        ] {
            assert_eq!(told(bytes), Err(code), "{bytes:?}");
        }
        assert_eq!(told(&zip(&["a.txt"])), Err("wrong_type"));
        assert_eq!(told(&zip(&["word/document.xml", "word/vbaProject.bin"])), Err("macros"));
        assert_eq!(told(&zip(&["word/document.xml", "../../etc/passwd"])), Err("damaged"));
        let many: Vec<String> = (0..10_001).map(|number| format!("word/{number}.xml")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(told(&zip(&many)), Err("damaged"));
    }

    #[test]
    fn a_bomb_is_refused_by_what_it_says_of_itself() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
        let zeroes = vec![0; 1 << 20];
        for _ in 0..301 {
            writer.write_all(&zeroes).unwrap();
        }
        let bomb = writer.finish().unwrap().into_inner();
        assert!(bomb.len() < 1 << 20);
        assert_eq!(told(&bomb), Err("damaged"));
    }
}
