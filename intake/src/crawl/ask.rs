//! Requests made of the connector's templates.

use std::collections::BTreeMap;

use url::Url;

use crate::connector::site::{Ask, AskBody, JsonTemplate, Part, Template};
use crate::extract::Cells;
use crate::fetch::{Method, Request, secret_marker};

/// What the placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) tokens: &'a BTreeMap<String, String>,
    /// Number of the page, of its first and of its last row, and rows a page has.
    pub(super) page: u64,
    pub(super) offset: u64,
    pub(super) end: u64,
    pub(super) size: u64,
    /// The value of the last row of the page before.
    pub(super) last: &'a str,
    pub(super) key: &'a str,
    pub(super) row: Option<&'a Cells>,
}

impl<'a> Values<'a> {
    /// For a page that is no page of the list.
    pub(super) const fn of_row(tokens: &'a BTreeMap<String, String>, key: &'a str, row: Option<&'a Cells>) -> Self {
        Self { tokens, page: 0, offset: 0, end: 0, size: 0, last: "", key, row }
    }

    /// `None` when the row does not have it.
    fn of(&self, part: &Part) -> Option<String> {
        match part {
            Part::Text(text) => Some(text.clone()),
            Part::Page => Some(self.page.to_string()),
            Part::Offset => Some(self.offset.to_string()),
            Part::End => Some(self.end.to_string()),
            Part::Size => Some(self.size.to_string()),
            Part::Last => Some(self.last.to_owned()),
            Part::Key => (!self.key.is_empty()).then(|| self.key.to_owned()),
            Part::Token(name) => self.tokens.get(name).cloned(),
            Part::Secret(name) => Some(secret_marker(name)),
            Part::Cell(name) => {
                let text = self.row?.get(name)?.trim();
                (!text.is_empty()).then(|| text.to_owned())
            }
        }
    }

    fn text(&self, template: &Template) -> Option<String> {
        template.0.iter().map(|part| self.of(part)).collect()
    }

    /// An address. A cell it begins with is an address itself, and relative to the page it stood on; what is put in
    /// anywhere else is a value.
    pub(super) fn url(&self, template: &Template, base: &Url, page: Option<&Url>) -> Option<Url> {
        let mut text = String::new();
        for (index, part) in template.0.iter().enumerate() {
            let value = self.of(part)?;
            match part {
                Part::Text(_) | Part::Secret(_) => text.push_str(&value),
                Part::Cell(_) if index == 0 => text.push_str(&value),
                _ => push_encoded(&mut text, &value),
            }
        }
        let from = match (template.0.first(), page) {
            (Some(Part::Cell(_)), Some(page)) => page,
            _ => base,
        };
        from.join(text.trim()).ok()
    }

    /// The whole request; `None` when the row does not have what it needs.
    pub(super) fn request(&self, ask: &Ask, base: &Url, page: Option<&Url>) -> Option<Request> {
        let url = self.url(&ask.url, base, page)?;
        let method = match &ask.body {
            AskBody::Get => Method::Get,
            AskBody::Form(fields) => Method::Form(self.named(fields)?),
            AskBody::Json(json) => Method::Json(self.json(json)?),
        };
        Some(Request { url, method, headers: self.named(&ask.headers)?, conditional: false })
    }

    fn named(&self, fields: &[(String, Template)]) -> Option<Vec<(String, String)>> {
        fields.iter().map(|(name, value)| Some((name.clone(), self.text(value)?))).collect()
    }

    fn json(&self, json: &JsonTemplate) -> Option<serde_json::Value> {
        Some(match json {
            JsonTemplate::Fixed(value) => value.clone(),
            JsonTemplate::Text(template) => match template.0.as_slice() {
                [Part::Page] => self.page.into(),
                [Part::Offset] => self.offset.into(),
                [Part::End] => self.end.into(),
                [Part::Size] => self.size.into(),
                _ => self.text(template)?.into(),
            },
            JsonTemplate::List(values) => {
                values.iter().map(|value| self.json(value)).collect::<Option<Vec<_>>>()?.into()
            }
            JsonTemplate::Map(fields) => serde_json::Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| Some((name.clone(), self.json(value)?)))
                    .collect::<Option<serde_json::Map<_, _>>>()?,
            ),
        })
    }
}

/// A value inside an address.
fn push_encoded(text: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().map_or('0', char::from);
            text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_an_address_are_encoded_and_an_address_is_not() {
        let tokens = BTreeMap::new();
        let cells = vec![("详情".to_owned(), "../d.jsp?a=1&b=2".to_owned()), ("编号".to_owned(), "甲 1/&".to_owned())];
        let row = Cells { cells, attachments: Vec::new() };
        let values = Values::of_row(&tokens, "K", Some(&row));
        let base = Url::parse("https://www.example.gov.cn/x/").unwrap();
        let page = Url::parse("https://www.example.gov.cn/l/i.jsp?p=1").unwrap();
        let url = |parts: &[Part]| values.url(&Template(parts.to_vec()), &base, Some(&page)).map(String::from);
        let text = |text: &str| Part::Text(text.to_owned());
        let cell = |name: &str| Part::Cell(name.to_owned());
        assert_eq!(url(&[cell("详情")]).unwrap(), "https://www.example.gov.cn/d.jsp?a=1&b=2");
        assert_eq!(
            url(&[text("/d?id="), cell("编号"), text("&k="), Part::Key]).unwrap(),
            "https://www.example.gov.cn/d?id=%E7%94%B2%201%2F%26&k=K"
        );
        assert_eq!(url(&[text("/d?id="), cell("没有")]), None);
    }
}
