//! Texts with placeholders: `/list?p={page}`.

use super::site::{JsonTemplate, Part, Template};

/// Reads a template. `{{` stands for a brace. An error is a sentence.
pub(super) fn parse(text: &str) -> Result<Template, String> {
    let mut parts: Vec<Part> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        if let Some(after) = after.strip_prefix("{{") {
            plain.push('{');
            rest = after;
            continue;
        }
        let (name, after) = after
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'))
            .ok_or_else(|| format!("`{text}`: a placeholder is not closed; a brace itself is written `{{{{`"))?;
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(placeholder(name).ok_or_else(|| format!("`{text}`: a placeholder has no name"))?);
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(Template(parts))
}

fn placeholder(name: &str) -> Option<Part> {
    Some(match name {
        "page" => Part::Page,
        "offset" => Part::Offset,
        "end" => Part::End,
        "size" => Part::Size,
        "last" => Part::Last,
        "key" => Part::Key,
        other => match other.split_once('.') {
            Some(("token" | "secret", "")) => return None,
            Some(("token", token)) => Part::Token(token.to_owned()),
            Some(("secret", secret)) => Part::Secret(secret.to_owned()),
            _ if other.trim().is_empty() => return None,
            _ => Part::Cell(other.to_owned()),
        },
    })
}

/// Reads a JSON body whose texts are templates.
pub(super) fn parse_json(value: &serde_json::Value) -> Result<JsonTemplate, String> {
    Ok(match value {
        serde_json::Value::String(text) => JsonTemplate::Text(parse(text)?),
        serde_json::Value::Array(values) => {
            JsonTemplate::List(values.iter().map(parse_json).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(map) => JsonTemplate::Map(
            map.iter().map(|(name, value)| Ok((name.clone(), parse_json(value)?))).collect::<Result<_, String>>()?,
        ),
        fixed => JsonTemplate::Fixed(fixed.clone()),
    })
}

/// All templates of a JSON body.
pub(super) fn templates(json: &JsonTemplate) -> Vec<&Template> {
    match json {
        JsonTemplate::Fixed(_) => Vec::new(),
        JsonTemplate::Text(template) => vec![template],
        JsonTemplate::List(values) => values.iter().flat_map(templates).collect(),
        JsonTemplate::Map(fields) => fields.iter().flat_map(|(_, value)| templates(value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_text() {
        let text = |text: &str| Part::Text(text.to_owned());
        assert_eq!(parse("/l?p={page}&x={{a}").unwrap().0, [text("/l?p="), Part::Page, text("&x={a}")]);
        assert_eq!(parse("{详情}").unwrap().0, [Part::Cell("详情".to_owned())]);
        assert_eq!(parse("{token.csrf}{key}").unwrap().0, [Part::Token("csrf".to_owned()), Part::Key]);
        for wrong in ["{", "a{b", "{}", "{ }", "{token.}"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
