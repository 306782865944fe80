//! From what is written to what is meant; every refusal names the line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use huiyin_domain::text::date::{Shapes, SlashOrder};
use toml::Spanned;

use super::raw::{RawAnswer, RawColumn, RawConnector, RawFormat, RawKey, RawKeyKind, RawType};
use super::raw_site::{RawDetail, RawDownload, RawFetch, RawLink, RawList, RawWarmUp};
use super::site::{DetailShape, Kind, Pattern, Site};

use super::site_rules::{self, RawSite};
use super::{
    AnswerRule, CellType, Checks, Column, Connector, ConnectorError, Download, Field, Files, Fixture, Key, Table,
    net_rules, way_rules,
};
use crate::fold::fold_header;

/// Codes a `[request_type]` map may lead to, in the order of `design.md` 3.
const REQUEST_TYPES: [&str; 7] = ["consult", "help", "complaint", "report", "suggestion", "praise", "other"];

const DEFAULT_HEADER_SEARCH_ROWS: usize = 20;
const DEFAULT_HOLDING_MAX_CHARS: usize = 60;
const DEFAULT_SHAPES: [RawFormat; 4] = [RawFormat::Ymd, RawFormat::Slash, RawFormat::Unix, RawFormat::Millis];

/// Knows the file, so that every refusal can name the line.
pub(super) struct Context<'a> {
    file: &'a str,
    text: &'a str,
}

impl Context<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        self.text.get(..span.start).unwrap_or_default().matches('\n').count() + 1
    }

    pub(super) fn refuse(&self, span: &Range<usize>, message: impl Into<String>) -> ConnectorError {
        ConnectorError::Invalid { file: self.file.to_owned(), line: self.line(span), message: message.into() }
    }

    pub(super) fn filled(&self, text: Spanned<String>, what: &str) -> Result<String, ConnectorError> {
        let span = text.span();
        let text = text.into_inner();
        if text.trim().is_empty() { Err(self.refuse(&span, format!("`{what}` is blank"))) } else { Ok(text) }
    }

    fn folded(&self, texts: Vec<Spanned<String>>, what: &str) -> Result<Vec<String>, ConnectorError> {
        texts
            .into_iter()
            .map(|text| {
                let folded = fold_header(text.get_ref());
                if folded.is_empty() { Err(self.refuse(&text.span(), format!("blank {what}"))) } else { Ok(folded) }
            })
            .collect()
    }
}

/// Parses and checks one description.
pub(super) fn connector(file: &str, text: &str) -> Result<Connector, ConnectorError> {
    let context = Context { file, text };
    let raw: RawConnector = toml::from_str(text)
        .map_err(|error| context.refuse(&error.span().unwrap_or(0..0), error.message().to_owned()))?;

    if !is_id(raw.id.get_ref()) {
        return Err(context.refuse(&raw.id.span(), "`id` must be a lowercase noun: a to z, 0 to 9 and single hyphens"));
    }
    let kind = kind(&context, &raw.kind)?;
    check_sections(&context, kind, &raw)?;
    let key_span = raw.key.span();
    let answer_span = raw.answer.as_ref().map_or(0..0, Spanned::span);
    let columns = columns(&context, raw.column)?;
    if !columns.iter().any(|column| column.field == Field::Body && column.required) {
        return Err(context.refuse(&key_span, "no required column with field = \"body\": a message needs its text"));
    }
    let key = key(&context, &key_span, raw.key.into_inner(), &columns)?;
    let answer = raw.answer.map(|answer| answer_rule(&context, answer.into_inner(), &columns)).transpose()?;
    if answer.is_none()
        && let Some(column) = columns.iter().find(|column| column.field == Field::Reply)
    {
        let message = format!("column `{}` holds replies but there is no [answer] section", column.name);
        return Err(context.refuse(&answer_span, message));
    }

    let (crawled, download) =
        over_http(&context, kind, (raw.fetch, raw.list, raw.download), (raw.warm_up, raw.detail, raw.link))?;
    // Nobody else shows what came with a letter.
    let fetches = kind == Kind::Mail;
    let connector = Connector {
        id: raw.id.into_inner(),
        name: context.filled(raw.name, "name")?,
        channel: context.filled(raw.channel, "channel")?,
        kind,
        version: raw.version.into_inner(),
        description: context.filled(raw.description, "description")?,
        fixtures: fixtures(&context, kind, raw.fixtures)?,
        table: table(&context, raw.table.map(Spanned::into_inner).unwrap_or_default())?,
        schedule: raw.schedule.map(|schedule| net_rules::schedule(&context, schedule)).transpose()?.unwrap_or_default(),
        site: crawled,
        download,
        watch: raw.watch.map(|watch| way_rules::watch(&context, watch.into_inner())).transpose()?,
        push: raw.push.map(|push| net_rules::push(&context, push.into_inner())).transpose()?,
        mailbox: raw.mail.map(|mail| way_rules::mailbox(&context, &mail.span(), mail.into_inner())).transpose()?,
        files: raw
            .attachments
            .map(|files| net_rules::files(&context, fetches, files.into_inner()))
            .transpose()?
            .unwrap_or_else(|| Files { fetch: fetches, ..Files::default() }),
        running: raw.running_number.map(|running| running_number(&context, &running.pattern)).transpose()?,
        columns,
        key,
        answer,
        request_types: request_types(&context, raw.request_type)?,
        title_openings: raw
            .title
            .openings
            .into_iter()
            .map(|opening| context.filled(opening, "openings"))
            .collect::<Result<_, _>>()?,
    };
    check_columns(&context, &key_span, &connector)?;
    Ok(connector)
}

/// The sections that are asked for with every crawl or download, and those that only a crawl has.
type Asked = (Option<Spanned<RawFetch>>, Option<Spanned<RawList>>, Option<Spanned<RawDownload>>);
type Around = (Option<Spanned<RawWarmUp>>, Option<Spanned<RawDetail>>, Option<Spanned<RawLink>>);

/// One of the two, or neither.
type OverHttp = (Option<Box<Site>>, Option<Box<Download>>);

/// What is read over HTTP: a list, or a table at once. Which sections there are has been checked.
fn over_http(
    context: &Context<'_>,
    kind: Kind,
    asked: Asked,
    (warm_up, detail, link): Around,
) -> Result<OverHttp, ConnectorError> {
    match asked {
        (Some(fetch), Some(list), _) => {
            let link = link.map(Spanned::into_inner);
            let site = site_rules::site(context, kind, RawSite { fetch, warm_up, list, detail, link })?;
            Ok((Some(Box::new(site)), None))
        }
        (Some(fetch), None, Some(wanted)) => {
            let download = way_rules::download(context, fetch.into_inner(), wanted)?;
            Ok((None, Some(Box::new(download))))
        }
        _ => Ok((None, None)),
    }
}

fn kind(context: &Context<'_>, raw: &Spanned<String>) -> Result<Kind, ConnectorError> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == raw.get_ref()).ok_or_else(|| {
        let known = Kind::ALL.map(Kind::as_str).join("`, `");
        context.refuse(&raw.span(), format!("unknown kind `{}`, expected one of `{known}`", raw.get_ref()))
    })
}

/// Each kind has its sections, and no others; versions are counted from 1.
fn check_sections(context: &Context<'_>, kind: Kind, raw: &RawConnector) -> Result<(), ConnectorError> {
    let crawled = kind.is_crawled();
    let downloads = raw.download.is_some();
    let sections = [
        ("table", raw.table.as_ref().map(Spanned::span), kind == Kind::Table, false),
        ("watch", raw.watch.as_ref().map(Spanned::span), kind == Kind::Table, false),
        ("download", raw.download.as_ref().map(Spanned::span), kind == Kind::Table, false),
        ("fetch", raw.fetch.as_ref().map(Spanned::span), crawled || downloads, crawled || downloads),
        ("warm_up", raw.warm_up.as_ref().map(Spanned::span), crawled, false),
        ("list", raw.list.as_ref().map(Spanned::span), crawled, crawled),
        ("detail", raw.detail.as_ref().map(Spanned::span), crawled, false),
        ("link", raw.link.as_ref().map(Spanned::span), crawled, false),
        ("push", raw.push.as_ref().map(Spanned::span), kind == Kind::Push, kind == Kind::Push),
        ("attachments", raw.attachments.as_ref().map(Spanned::span), crawled || kind == Kind::Mail, false),
        ("mail", raw.mail.as_ref().map(Spanned::span), kind == Kind::Mail, kind == Kind::Mail),
    ];
    if *raw.version.get_ref() == 0 {
        return Err(context.refuse(&raw.version.span(), "`version` starts at 1"));
    }
    if let (Some(watch), true) = (&raw.watch, downloads) {
        return Err(context.refuse(&watch.span(), "either [watch] or [download], not both"));
    }
    for (name, span, may, must) in sections {
        match span {
            Some(span) if !may => {
                return Err(context.refuse(&span, format!("kind `{}` has no section [{name}]", kind.as_str())));
            }
            None if must => {
                let message = format!("kind `{}` needs the section [{name}]", kind.as_str());
                return Err(context.refuse(&raw.kind.span(), message));
            }
            _ => {}
        }
    }
    Ok(())
}

/// On a page only the cells that are taken from it can fill a column.
fn check_columns(context: &Context<'_>, span: &Range<usize>, connector: &Connector) -> Result<(), ConnectorError> {
    let Some(site) = connector.site.as_ref().filter(|_| matches!(connector.kind, Kind::Html | Kind::JsRows)) else {
        return Ok(());
    };
    let is_open = site
        .detail
        .as_ref()
        .is_some_and(|detail| matches!(detail.shape, DetailShape::Html { pairs: Some(_) } | DetailShape::Json { .. }));
    if is_open {
        return Ok(());
    }
    let cells = site.list.cells.iter().chain(site.detail.iter().flat_map(|detail| &detail.cells));
    let known: Vec<String> = cells.map(|cell| fold_header(&cell.name)).collect();
    let lost = |column: &&Column| column.required && !column.aliases.iter().any(|alias| known.contains(alias));
    match connector.columns.iter().find(lost) {
        Some(column) => {
            let message = format!("no cell for the required column `{}`: none of its aliases is taken", column.name);
            Err(context.refuse(span, message))
        }
        None => Ok(()),
    }
}

fn running_number(context: &Context<'_>, raw: &Spanned<String>) -> Result<Pattern, ConnectorError> {
    let pattern = context.pattern(raw)?;
    if pattern.0.captures_len() != 3 {
        return Err(context.refuse(&raw.span(), "two groups are needed: the series, and the number in it"));
    }
    Ok(pattern)
}

/// Lowercase words joined by single hyphens; safe as the name of a folder.
pub(crate) fn is_id(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split('-').all(is_word)
}

fn fixtures(
    context: &Context<'_>,
    kind: Kind,
    raw: Spanned<Vec<Spanned<String>>>,
) -> Result<Vec<Fixture>, ConnectorError> {
    if raw.get_ref().is_empty() {
        return Err(context.refuse(&raw.span(), "a connector needs at least one fixture"));
    }
    let mut fixtures: Vec<Fixture> = Vec::new();
    for name in raw.into_inner() {
        let is_plain =
            !name.get_ref().is_empty() && !name.get_ref().contains(['/', '\\']) && !name.get_ref().starts_with('.');
        if !is_plain || fixtures.iter().any(|fixture| fixture.name == *name.get_ref()) {
            return Err(context.refuse(&name.span(), "a fixture is the plain name of a file, given once"));
        }
        if kind.is_crawled() && Path::new(name.get_ref()).extension().is_none_or(|extension| extension != "toml") {
            let message = "the fixture of a source on the network is a `.toml` that lists its answers";
            return Err(context.refuse(&name.span(), message));
        }
        fixtures.push(Fixture { line: context.line(&name.span()), name: name.into_inner() });
    }
    Ok(fixtures)
}

fn table(context: &Context<'_>, raw: super::raw::RawTable) -> Result<Table, ConnectorError> {
    let header_search_rows = match raw.header_search_rows {
        None => DEFAULT_HEADER_SEARCH_ROWS,
        Some(rows) if (1..=200).contains(rows.get_ref()) => rows.into_inner(),
        Some(rows) => return Err(context.refuse(&rows.span(), "`header_search_rows` must be 1 to 200")),
    };
    Ok(Table {
        sheets: raw.sheets.0,
        ignore_sheets: raw.ignore_sheets,
        header_search_rows,
        footers: context.folded(raw.footers, "footer")?,
    })
}

fn columns(context: &Context<'_>, raw: Vec<Spanned<RawColumn>>) -> Result<Vec<Column>, ConnectorError> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut columns: Vec<Column> = Vec::with_capacity(raw.len());
    for column in raw {
        let span = column.span();
        let column = column.into_inner();
        let aliases_span = column.aliases.span();
        let column = self::column(context, &span, column)?;
        for alias in &column.aliases {
            if let Some(other) = seen.insert(alias.clone(), column.name.clone()) {
                let message = format!("alias `{alias}` belongs to `{other}` already");
                return Err(context.refuse(&aliases_span, message));
            }
        }
        let is_taken = |other: &Column| other.field == Field::Extra && other.name == column.name;
        if column.field == Field::Extra && columns.iter().any(is_taken) {
            return Err(context.refuse(&span, format!("two extra columns are named `{}`", column.name)));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn column(context: &Context<'_>, span: &Range<usize>, raw: RawColumn) -> Result<Column, ConnectorError> {
    let aliases_span = raw.aliases.span();
    let first_alias = raw.aliases.get_ref().first().map(|alias| alias.get_ref().clone());
    let Some(first_alias) = first_alias else {
        return Err(context.refuse(&aliases_span, "a column needs at least one alias"));
    };
    let name = match (raw.field, raw.name) {
        (Field::Extra, None) => return Err(context.refuse(span, "an extra column needs a `name`")),
        (Field::Extra, Some(name)) => context.filled(name, "name")?,
        (_, Some(name)) => return Err(context.refuse(&name.span(), "only an extra column has a `name`")),
        (_, None) => first_alias,
    };
    let cell_span = raw.cell.as_ref().map_or_else(|| span.clone(), Spanned::span);
    let default_type = if raw.field.is_date() { RawType::Date } else { RawType::Text };
    let cell_type = raw.cell.map_or(default_type, Spanned::into_inner);
    if raw.field != Field::Extra && (cell_type == RawType::Date) != raw.field.is_date() {
        return Err(context.refuse(&cell_span, "a field ending in `_at` is a date, any other named field is not"));
    }
    let shapes = shapes(context, raw.formats, cell_type)?;
    let not_before = not_before(context, raw.not_before, cell_type)?;
    let one_of: Vec<String> =
        raw.one_of.into_iter().map(|value| context.filled(value, "one_of")).collect::<Result<_, _>>()?;
    if cell_type == RawType::Enum && one_of.is_empty() {
        return Err(context.refuse(&cell_span, "an enum column needs `one_of`"));
    }
    if let Some(max_chars) = raw.max_chars.as_ref().filter(|max_chars| *max_chars.get_ref() == 0) {
        return Err(context.refuse(&max_chars.span(), "`max_chars` must be at least 1"));
    }
    Ok(Column {
        field: raw.field,
        name,
        aliases: context.folded(raw.aliases.into_inner(), "alias")?,
        required: raw.required,
        filled: raw.filled,
        cell: match cell_type {
            RawType::Text => CellType::Text,
            RawType::Date => CellType::Date { shapes, not_before },
            RawType::Integer => CellType::Integer,
            RawType::Enum => CellType::Enum,
        },
        checks: Checks {
            max_chars: raw.max_chars.map(Spanned::into_inner),
            one_of,
            digits: raw.digits,
            not_personal_name: raw.not_personal_name,
        },
    })
}

fn shapes(
    context: &Context<'_>,
    raw: Option<Spanned<Vec<Spanned<RawFormat>>>>,
    cell_type: RawType,
) -> Result<Shapes, ConnectorError> {
    let Some(raw) = raw else { return Ok(DEFAULT_SHAPES.into_iter().fold(Shapes::NONE, with_format)) };
    if cell_type != RawType::Date {
        return Err(context.refuse(&raw.span(), "only a date column has `formats`"));
    }
    if raw.get_ref().is_empty() {
        return Err(context.refuse(&raw.span(), "`formats` is empty: no date could be read"));
    }
    let mut shapes = Shapes::NONE;
    for format in raw.into_inner() {
        let is_slash = matches!(format.get_ref(), RawFormat::Slash | RawFormat::Mdy | RawFormat::Dmy);
        if is_slash && shapes.slash.is_some() {
            return Err(context.refuse(&format.span(), "`slash`, `mdy` and `dmy` exclude each other"));
        }
        shapes = with_format(shapes, format.into_inner());
    }
    Ok(shapes)
}

const fn with_format(mut shapes: Shapes, format: RawFormat) -> Shapes {
    match format {
        RawFormat::Ymd => shapes.year_first = true,
        RawFormat::Slash => shapes.slash = Some(SlashOrder::OnlyIfClear),
        RawFormat::Mdy => shapes.slash = Some(SlashOrder::MonthFirst),
        RawFormat::Dmy => shapes.slash = Some(SlashOrder::DayFirst),
        RawFormat::Unix => shapes.unix_seconds = true,
        RawFormat::Millis => shapes.java_millis = true,
        RawFormat::Serial => shapes.excel_serial = true,
        RawFormat::Rfc2822 => shapes.rfc2822 = true,
    }
    shapes
}

fn not_before(
    context: &Context<'_>,
    raw: Option<Spanned<String>>,
    cell_type: RawType,
) -> Result<Option<jiff::civil::Date>, ConnectorError> {
    let Some(raw) = raw else { return Ok(None) };
    if cell_type != RawType::Date {
        return Err(context.refuse(&raw.span(), "only a date column has `not_before`"));
    }
    let date = raw.get_ref().parse().map_err(|_| context.refuse(&raw.span(), "`not_before` must be YYYY-MM-DD"))?;
    Ok(Some(date))
}

fn known(context: &Context<'_>, fields: Vec<Spanned<Field>>, columns: &[Column]) -> Result<Vec<Field>, ConnectorError> {
    let mut known = Vec::with_capacity(fields.len());
    for field in fields {
        if !columns.iter().any(|column| column.field == *field.get_ref()) || *field.get_ref() == Field::Extra {
            return Err(context.refuse(&field.span(), "no column has this field"));
        }
        known.push(field.into_inner());
    }
    Ok(known)
}

fn key(context: &Context<'_>, span: &Range<usize>, raw: RawKey, columns: &[Column]) -> Result<Key, ConnectorError> {
    match raw.kind {
        RawKeyKind::Digest if raw.of.is_empty() => {
            Err(context.refuse(span, "a digest key needs `of`: the fields it is made of"))
        }
        RawKeyKind::Digest => Ok(Key::Digest(known(context, raw.of, columns)?)),
        RawKeyKind::Printed if !raw.of.is_empty() => Err(context.refuse(span, "a printed key has no `of`")),
        RawKeyKind::Printed => {
            let is_sure = |column: &Column| column.field == Field::Key && column.required && column.filled;
            if columns.iter().any(is_sure) {
                Ok(Key::Printed)
            } else {
                Err(context.refuse(span, "a printed key needs a column with field = \"key\", required and filled"))
            }
        }
    }
}

fn answer_rule(context: &Context<'_>, raw: RawAnswer, columns: &[Column]) -> Result<AnswerRule, ConnectorError> {
    Ok(AnswerRule {
        when: known(context, raw.when, columns)?,
        holding: context.folded(raw.holding, "holding word")?,
        unless: context.folded(raw.unless, "word")?,
        holding_max_chars: raw.holding_max_chars.unwrap_or(DEFAULT_HOLDING_MAX_CHARS),
        trusted_dates: raw.trusted_dates.unwrap_or(false),
    })
}

fn request_types(
    context: &Context<'_>,
    raw: BTreeMap<String, Spanned<String>>,
) -> Result<BTreeMap<String, String>, ConnectorError> {
    let mut types = BTreeMap::new();
    for (word, code) in raw {
        if !REQUEST_TYPES.contains(&code.get_ref().as_str()) {
            let message =
                format!("unknown request type `{}`, expected one of {}", code.get_ref(), REQUEST_TYPES.join(", "));
            return Err(context.refuse(&code.span(), message));
        }
        types.insert(fold_header(&word), code.into_inner());
    }
    Ok(types)
}
