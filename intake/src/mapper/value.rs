//! One cell by the rules of its column.

use huiyin_domain::text::date::{DateError, DateOrDateTime, SerialEpoch, Shapes, parse_date, parse_excel_serial};
use jiff::civil;

use super::super::cell::Cell;
use super::super::clean::clean_line;
use super::super::connector::{CellType, Column, Field};
use super::super::fold::{fold_header, narrow};
use super::{HoldCode, clean_text, is_visible};

/// What a cell says.
pub(super) enum Value {
    Blank,
    Text(String),
    Date(DateOrDateTime),
}

type Refused = (HoldCode, String);

const QUOTED_CHARS: usize = 32;

/// Reads a cell; a refusal is a code and a Chinese sentence.
pub(super) fn read(column: &Column, cell: &Cell) -> Result<Value, Refused> {
    if let Cell::Error(error) = cell {
        let message = format!("公式结果是错误值 {error}，请在原文件里改正公式或粘贴为数值");
        return Err((HoldCode::FormulaError, message));
    }
    if cell.is_blank() {
        return Ok(Value::Blank);
    }
    match &column.cell {
        CellType::Date { shapes, not_before } => date(cell, *shapes, *not_before).map(Value::Date),
        CellType::Integer => integer(cell).and_then(|text| checked(column, text)),
        CellType::Text | CellType::Enum => {
            let shown = without_formula_quotes(cell.shown());
            let is_long_text = matches!(column.field, Field::Body | Field::Reply);
            let text = if is_long_text { clean_text(&shown) } else { clean_line(&shown) };
            if is_visible(&text) { checked(column, text) } else { Ok(Value::Blank) }
        }
    }
}

fn date(cell: &Cell, shapes: Shapes, not_before: Option<civil::Date>) -> Result<DateOrDateTime, Refused> {
    let read = match cell {
        Cell::Date(serial, epoch) => parse_excel_serial(*serial, *epoch),
        // A bare number where a day number could be is one whose cell lost its date format; a larger one is a count of
        // seconds or digits like 20190208.
        Cell::Number(number) if *number < 200_000.0 => parse_excel_serial(*number, SerialEpoch::Excel1900),
        cell => parse_date(&cell.shown(), shapes),
    };
    let date = read.map_err(|error| date_refusal(cell, &error))?;
    if let (Some(earliest), Some(day)) = (not_before, date.date())
        && day < earliest
    {
        let message = format!("日期“{day}”早于这个渠道可能的最早日期 {earliest}，请核对原文件");
        return Err((HoldCode::DateTooEarly, message));
    }
    Ok(date)
}

fn date_refusal(cell: &Cell, error: &DateError) -> Refused {
    let shown = quoted(&cell.shown());
    match error {
        DateError::Unreadable { accepted, .. } => {
            (HoldCode::DateUnreadable, format!("“{shown}”不是能读懂的日期，可用的写法：{accepted}"))
        }
        DateError::Ambiguous { .. } => {
            let message =
                format!("“{shown}”分不清哪个是月、哪个是日，请改成 2019-12-31 的写法，或在采集配置里声明顺序");
            (HoldCode::DateAmbiguous, message)
        }
        DateError::Impossible { .. } => {
            (HoldCode::DateImpossible, format!("“{shown}”不是 1900 至 2199 年间存在的日期，请核对原文件"))
        }
    }
}

fn integer(cell: &Cell) -> Result<String, Refused> {
    let text: String = cell.shown().chars().map(narrow).filter(|c| !c.is_whitespace() && *c != ',').collect();
    let text = text.strip_suffix(".0").unwrap_or(&text).to_owned();
    match text.parse::<i64>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) => Err((HoldCode::IntegerUnreadable, format!("“{}”不是整数", quoted(&cell.shown())))),
    }
}

/// The column's own checks.
fn checked(column: &Column, text: String) -> Result<Value, Refused> {
    let checks = &column.checks;
    let folded = |text: &str| fold_header(text);
    let is_listed = !checks.one_of.is_empty() && checks.one_of.iter().any(|known| folded(known) == folded(&text));
    if column.field == Field::Key && is_rounded_number(&text) {
        let message = "编号已被表格软件改成科学计数法，原来的数字丢了，请把这一列设为“文本”后重新导出".to_owned();
        return Err((HoldCode::NumberDamaged, message));
    }
    if let Some(max_chars) = checks.max_chars
        && text.chars().nth(max_chars).is_some()
    {
        return Err((HoldCode::CellTooLong, format!("“{}”超过 {max_chars} 个字，请核对是否串列", column.name)));
    }
    if checks.not_personal_name && !is_listed && looks_like_name(&text) {
        let message = format!("“{}”里像是人名，这一行的列可能错位了，请核对原文件", column.name);
        return Err((HoldCode::LooksLikeName, message));
    }
    if !checks.one_of.is_empty() && !is_listed {
        let message = format!("“{}”不在“{}”的取值里：{}", quoted(&text), column.name, checks.one_of.join("、"));
        return Err((HoldCode::NotInList, message));
    }
    if checks.digits && !text.chars().map(narrow).all(|c| c.is_ascii_digit()) {
        return Err((HoldCode::NotDigits, format!("“{}”应当只有数字，请核对是否串列", column.name)));
    }
    Ok(Value::Text(text))
}

/// `="00123"`, with which an exporter keeps a spreadsheet program from eating the zeros.
fn without_formula_quotes(text: String) -> String {
    match text.trim().strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') => inner.to_owned(),
        _ => text,
    }
}

fn quoted(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(QUOTED_CHARS).collect()
}

/// 1.23457E+13: what a spreadsheet program leaves of a long number in a csv file.
fn is_rounded_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.contains('.') && mantissa.split('.').all(is_number) && exponent.strip_prefix('+').is_some_and(is_number)
}

/// The commonest family names: together they cover about nine people in ten.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤";

/// Two or three Han characters (four with 先生, 女士) that open with a common family name.
fn looks_like_name(text: &str) -> bool {
    let name = ["先生", "女士", "小姐"].iter().find_map(|title| text.strip_suffix(title)).unwrap_or(text);
    let count = name.chars().count();
    let is_han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    let is_short = (2..=3).contains(&count) || (count == 1 && name.len() < text.len());
    is_short && name.chars().all(is_han) && name.chars().next().is_some_and(|first| SURNAMES.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_flags() {
        for name in ["王小明", "李强", "张先生", "陈女士"] {
            assert!(looks_like_name(name), "{name}");
        }
        for flag in ["匿名", "实名", "是", "否", "保密", "不公开", "王", "Wang", "公开答复内容"] {
            assert!(!looks_like_name(flag), "{flag}");
        }
    }

    #[test]
    fn rounded_numbers_are_told_from_numbers_and_codes() {
        assert!(is_rounded_number("1.23457E+13"));
        assert!(is_rounded_number("2.0e+10"));
        for text in ["12345678901234", "1E5", "AE+12", "1.5", "2019E+", "E+3", "A1.2E+3"] {
            assert!(!is_rounded_number(text), "{text}");
        }
    }
}
