//! Checks the sections for sources on the network.

use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

use super::ConnectorError;
use super::net_rules::{fetch, header_name};
use super::raw_site::{
    RawAttachments, RawCell, RawCellRule, RawDetail, RawDetailKind, RawFetch, RawFigure, RawLink, RawList, RawMethod,
    RawPaging, RawPagingBy, RawPairs, RawRefresh, RawScalar, RawTake, RawWarmUp,
};
use super::site::{
    Ask, AskBody, Attachments, CellRule, Detail, DetailShape, Figure, FigureAt, From, Kind, List, Paging, Pairs, Part,
    RowsAt, Site, Take, Template, TokenRule, WarmUp,
};
use super::syntax::{css_and_attr, pointer};
use super::template;
use super::validate::Context;
use crate::fold::fold_header;

const DEFAULT_MAX_PAGES: u64 = 20_000;

type Checked<T> = Result<T, ConnectorError>;

/// The sections of a source that is crawled.
pub(super) struct RawSite {
    pub(super) fetch: Spanned<RawFetch>,
    pub(super) warm_up: Option<Spanned<RawWarmUp>>,
    pub(super) list: Spanned<RawList>,
    pub(super) detail: Option<Spanned<RawDetail>>,
    pub(super) link: Option<RawLink>,
}

pub(super) fn site(context: &Context<'_>, kind: Kind, raw: RawSite) -> Checked<Site> {
    let fetch = fetch(context, raw.fetch.into_inner())?;
    let warm_up = raw.warm_up.map(|warm_up| self::warm_up(context, warm_up.into_inner())).transpose()?;
    let list_span = raw.list.span();
    let list = list(context, kind, &list_span, raw.list.into_inner())?;
    let detail_span = raw.detail.as_ref().map_or_else(|| list_span.clone(), Spanned::span);
    let detail = raw.detail.map(|detail| self::detail(context, kind, detail.into_inner())).transpose()?;
    let link = raw.link.map(|link| context.template(&link.url)).transpose()?;
    let site = Site { fetch, warm_up, list, detail, link };
    check_tokens(context, &list_span, &site)?;
    // Any name may be a cell of JSON or of a feed; on a page only what is taken from it is there.
    if matches!(kind, Kind::Html | Kind::JsRows) {
        check_cells(context, &detail_span, &site)?;
    }
    Ok(site)
}

/// Every token that is used must be taken from the warm-up page.
fn check_tokens(context: &Context<'_>, span: &Range<usize>, site: &Site) -> Checked<()> {
    let asks = std::iter::once(&site.list.ask).chain(site.detail.as_ref().map(|detail| &detail.ask));
    for part in asks.flat_map(parts) {
        let Part::Token(name) = part else { continue };
        let is_known =
            site.warm_up.as_ref().is_some_and(|warm_up| warm_up.tokens.iter().any(|(known, _)| known == name));
        if !is_known {
            return Err(context.refuse(span, format!("no token `{name}` in [warm_up] tokens")));
        }
    }
    Ok(())
}

fn check_cells(context: &Context<'_>, span: &Range<usize>, site: &Site) -> Checked<()> {
    let has = |name: &str| site.list.cells.iter().any(|cell| cell.name == name);
    let asked = site.detail.iter().flat_map(|detail| parts(&detail.ask));
    let linked = site.link.iter().flat_map(|link| &link.0);
    for part in asked.chain(linked) {
        if let Part::Cell(name) = part
            && !has(name)
        {
            return Err(context.refuse(span, format!("no cell `{name}` in [list.cells]")));
        }
    }
    Ok(())
}

pub(super) fn parts(ask: &Ask) -> Vec<&Part> {
    let body: Vec<&Template> = match &ask.body {
        AskBody::Get => Vec::new(),
        AskBody::Form(fields) => fields.iter().map(|(_, value)| value).collect(),
        AskBody::Json(json) => template::templates(json),
    };
    let headers = ask.headers.iter().map(|(_, value)| value);
    std::iter::once(&ask.url).chain(body).chain(headers).flat_map(|template| &template.0).collect()
}

fn warm_up(context: &Context<'_>, raw: RawWarmUp) -> Checked<WarmUp> {
    let mut tokens = Vec::new();
    for (name, token) in raw.tokens {
        let span = token.span();
        let token = token.into_inner();
        let rule = match (token.pattern, token.cookie) {
            (Some(pattern), None) => TokenRule::Pattern(context.pattern(&pattern)?),
            (None, Some(cookie)) => TokenRule::Cookie(cookie),
            _ => return Err(context.refuse(&span, "a token has either a `pattern` or a `cookie`")),
        };
        tokens.push((name, rule));
    }
    Ok(WarmUp { url: context.template(&raw.url)?, tokens })
}

pub(super) struct RawAsk {
    pub(super) url: Spanned<String>,
    pub(super) method: Option<Spanned<RawMethod>>,
    pub(super) form: Option<Spanned<BTreeMap<String, RawScalar>>>,
    pub(super) json: Option<Spanned<toml::Value>>,
    pub(super) headers: BTreeMap<String, Spanned<String>>,
}

pub(super) fn ask(context: &Context<'_>, raw: RawAsk) -> Checked<Ask> {
    let url = context.template(&raw.url)?;
    let stated = raw.method.as_ref().map(|method| (*method.get_ref(), method.span()));
    let (body, meant) = match (raw.form, raw.json) {
        (None, None) => (AskBody::Get, RawMethod::Get),
        (Some(form), None) => {
            let span = form.span();
            let fields = form.into_inner().into_iter().map(|(name, value)| {
                let text = scalar(value);
                template::parse(&text).map(|value| (name, value)).map_err(|message| context.refuse(&span, message))
            });
            (AskBody::Form(fields.collect::<Checked<_>>()?), RawMethod::Form)
        }
        (None, Some(json)) => {
            let span = json.span();
            let json = serde_json::to_value(json.into_inner()).map_err(|error| error.to_string());
            let json = json.and_then(|json| template::parse_json(&json));
            (AskBody::Json(json.map_err(|message| context.refuse(&span, message))?), RawMethod::Json)
        }
        (Some(form), Some(_)) => return Err(context.refuse(&form.span(), "either `form` or `json`, not both")),
    };
    if let Some((_, span)) = stated.filter(|(stated, _)| *stated != meant) {
        return Err(context.refuse(&span, "`method` does not fit: `form` needs `form`, `json` needs `json`"));
    }
    let headers = raw
        .headers
        .into_iter()
        .map(|(name, value)| Ok((header_name(context, &value.span(), name)?, context.template(&value)?)));
    Ok(Ask { url, body, headers: headers.collect::<Checked<_>>()? })
}

fn scalar(raw: RawScalar) -> String {
    match raw {
        RawScalar::Text(text) => text,
        RawScalar::Number(number) => number.to_string(),
    }
}

fn list(context: &Context<'_>, kind: Kind, span: &Range<usize>, raw: RawList) -> Checked<List> {
    let ask = ask(
        context,
        RawAsk { url: raw.url, method: raw.method, form: raw.form, json: raw.json, headers: raw.headers },
    )?;
    let rows = match (kind, raw.rows) {
        (Kind::Feed, None) => RowsAt::Feed,
        (Kind::Feed, Some(rows)) => return Err(context.refuse(&rows.span(), "a feed has no `rows`")),
        (Kind::Json, Some(rows)) => RowsAt::Pointer(pointer(rows.get_ref())),
        (Kind::JsRows, rows) => RowsAt::Script {
            array: raw.array.as_ref().map(|array| array.get_ref().clone()),
            css: rows.map_or_else(|| context.css_at(span, "tr"), |rows| context.css(&rows))?,
        },
        (_, Some(rows)) => RowsAt::Css(context.css(&rows)?),
        (_, None) => return Err(context.refuse(span, "[list] needs `rows`: where the messages stand")),
    };
    if let Some(array) = raw.array.filter(|_| kind != Kind::JsRows) {
        return Err(context.refuse(&array.span(), "only `jsrows` has an `array`"));
    }
    let in_json = matches!(kind, Kind::Json);
    let cells = cells(context, cell_syntax(kind), raw.cells)?;
    let paging = raw.paging.map(|paging| self::paging(context, paging)).transpose()?.unwrap_or(Paging::None);
    if let (Paging::Last { cell, .. }, Kind::Html | Kind::JsRows) = (&paging, kind)
        && !cells.iter().any(|known| known.name == *cell)
    {
        return Err(context.refuse(span, format!("no cell `{cell}` in [list.cells]")));
    }
    let max_pages = match raw.max_pages {
        None => DEFAULT_MAX_PAGES,
        Some(pages) if *pages.get_ref() > 0 => pages.into_inner(),
        Some(pages) => return Err(context.refuse(&pages.span(), "`max_pages` must be at least 1")),
    };
    Ok(List {
        ask,
        paging,
        rows,
        skip: raw.skip.map(|skip| context.css(&skip)).transpose()?,
        total: raw.total.map(|total| figure(context, total)).transpose()?,
        pages: raw.pages.map(|pages| figure(context, pages)).transpose()?,
        empty: raw.empty.map(|empty| context.pattern(&empty)).transpose()?,
        volatile: raw.volatile.iter().map(|name| fold_header(name.get_ref())).collect(),
        cells,
        attachments: raw.attachments.map(|at| attachments(context, in_json, at)).transpose()?,
        max_pages,
        newest_only: raw.newest_only.unwrap_or(kind == Kind::Feed),
    })
}

fn paging(context: &Context<'_>, raw: Spanned<RawPaging>) -> Checked<Paging> {
    let span = raw.span();
    let raw = raw.into_inner();
    let number = |raw: Option<Spanned<RawScalar>>, default: u64| match raw {
        None => Ok(default),
        Some(first) => {
            let span = first.span();
            scalar(first.into_inner()).parse().map_err(|_| context.refuse(&span, "`first` must be a number here"))
        }
    };
    if let Some(size) = raw.size.as_ref().filter(|size| *size.get_ref() == 0) {
        return Err(context.refuse(&size.span(), "`size` must be at least 1"));
    }
    let size = raw.size.map(Spanned::into_inner);
    Ok(match raw.by {
        RawPagingBy::None => Paging::None,
        RawPagingBy::Page => Paging::Page { first: number(raw.first, 1)?, size },
        RawPagingBy::Offset => Paging::Offset {
            first: number(raw.first, 0)?,
            size: size.ok_or_else(|| context.refuse(&span, "paging by offset needs `size`"))?,
        },
        RawPagingBy::Last => Paging::Last {
            first: raw.first.map_or_else(|| "0".to_owned(), |first| scalar(first.into_inner())),
            cell: raw.cell.ok_or_else(|| context.refuse(&span, "paging by last needs `cell`"))?,
            size,
        },
        RawPagingBy::Link => {
            let css = raw.css.ok_or_else(|| context.refuse(&span, "paging by link needs `css`"))?;
            Paging::Link(context.css(&css)?)
        }
    })
}

fn figure(context: &Context<'_>, raw: Spanned<RawFigure>) -> Checked<Figure> {
    let span = raw.span();
    let raw = raw.into_inner();
    let pattern = raw.pattern.map(|pattern| context.pattern(&pattern)).transpose()?;
    let at = match (raw.css, raw.pointer) {
        (Some(css), None) => Some(FigureAt::Css(context.css(&css)?)),
        (None, Some(text)) => Some(FigureAt::Pointer(pointer(&text))),
        (None, None) if pattern.is_some() => None,
        _ => return Err(context.refuse(&span, "a number is found by one of `css`, `pointer` and `pattern`")),
    };
    Ok(Figure { at, pattern })
}

/// How a short cell is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Syntax {
    Css,
    Pointer,
    Cell,
}

const fn cell_syntax(kind: Kind) -> Syntax {
    match kind {
        Kind::Json => Syntax::Pointer,
        Kind::Feed => Syntax::Cell,
        _ => Syntax::Css,
    }
}

pub(super) fn cells(
    context: &Context<'_>,
    syntax: Syntax,
    raw: BTreeMap<String, Spanned<RawCell>>,
) -> Checked<Vec<CellRule>> {
    // In the order of the file, which is the order in which people read them.
    let mut raw: Vec<(String, Spanned<RawCell>)> = raw.into_iter().collect();
    raw.sort_by_key(|(_, cell)| cell.span().start);
    raw.into_iter().map(|(name, cell)| self::cell(context, syntax, name, cell)).collect()
}

fn cell(context: &Context<'_>, syntax: Syntax, name: String, raw: Spanned<RawCell>) -> Checked<CellRule> {
    let span = raw.span();
    if name.trim().is_empty() || name.starts_with('@') {
        return Err(context.refuse(&span, "a cell's name is not blank and does not begin with @"));
    }
    let none = RawCellRule { css: None, pointer: None, cell: None, json: None, text: None, pattern: None, take: None };
    let raw = match (raw.into_inner(), syntax) {
        (RawCell::Full(full), _) => full,
        (RawCell::Short(css), Syntax::Css) => RawCellRule { css: Some(css), ..none },
        (RawCell::Short(path), Syntax::Pointer) => RawCellRule { pointer: Some(path), ..none },
        (RawCell::Short(cell), Syntax::Cell) => RawCellRule { cell: Some(cell), ..none },
    };
    let from = match (raw.css, raw.json, raw.pointer, raw.cell, raw.text) {
        (Some(css), None, None, None, None) if matches!(syntax, Syntax::Css) => {
            let (css, attr) = css_and_attr(&css);
            let css = if css.is_empty() { None } else { Some(context.css_at(&span, css)?) };
            From::Css { css, attr: attr.map(str::to_owned) }
        }
        (None, Some(cell), at, None, None) => From::Json { cell, pointer: pointer(at.as_deref().unwrap_or_default()) },
        (None, None, Some(at), None, None) if matches!(syntax, Syntax::Pointer) => From::Pointer(pointer(&at)),
        (None, None, None, Some(cell), None) => From::Cell(cell),
        (None, None, None, None, Some(text)) => From::Text(text),
        _ => {
            let message =
                "a cell is taken by one of `css` (pages), `pointer` (JSON), `json` with `pointer`, `cell` and `text`";
            return Err(context.refuse(&span, message));
        }
    };
    let pattern = raw.pattern.map(|pattern| context.pattern_at(&span, &pattern)).transpose()?;
    let take = match raw.take {
        None | Some(RawTake::First) => Take::First,
        Some(RawTake::Last) => Take::Last,
        Some(RawTake::All) => Take::All,
    };
    Ok(CellRule { name, from, pattern, take })
}

pub(super) fn attachments(context: &Context<'_>, in_json: bool, raw: Spanned<RawAttachments>) -> Checked<Attachments> {
    let span = raw.span();
    let raw = raw.into_inner();
    match (raw.css, raw.pointer) {
        (Some(css), None) if !in_json && raw.url.is_none() && raw.name.is_none() => {
            let (selector, attr) = css_and_attr(css.get_ref());
            let selector = context.css_at(&css.span(), selector)?;
            Ok(Attachments::Css { css: selector, attr: attr.map(str::to_owned) })
        }
        (None, Some(at)) if in_json => Ok(Attachments::Pointer {
            pointer: pointer(&at),
            url: raw.url.map(|url| pointer(&url)),
            name: raw.name.map(|name| pointer(&name)),
        }),
        _ => Err(context.refuse(&span, "attachments are found by `css` on a page, by `pointer` in JSON")),
    }
}

fn detail(context: &Context<'_>, kind: Kind, raw: RawDetail) -> Checked<Detail> {
    let url_span = raw.url.span();
    let default = if kind == Kind::Json { RawDetailKind::Json } else { RawDetailKind::Html };
    let detail_kind = raw.kind.map_or(default, Spanned::into_inner);
    let is_json = detail_kind == RawDetailKind::Json;
    if let Some(root) = raw.root.as_ref().filter(|_| !is_json) {
        return Err(context.refuse(&root.span(), "only a detail in JSON has a `root`"));
    }
    if let Some(pairs) = raw.pairs.as_ref().filter(|_| is_json) {
        return Err(context.refuse(&pairs.span(), "a detail in JSON has no `pairs`"));
    }
    let syntax = if is_json { Syntax::Pointer } else { Syntax::Css };
    let cells = cells(context, syntax, raw.cells)?;
    let shape = if is_json {
        DetailShape::Json { root: pointer(raw.root.as_ref().map_or("", |root| root.get_ref())) }
    } else {
        DetailShape::Html { pairs: raw.pairs.map(|pairs| self::pairs(context, pairs.into_inner())).transpose()? }
    };
    if matches!(shape, DetailShape::Html { pairs: None }) && cells.is_empty() {
        return Err(context.refuse(&url_span, "[detail] needs `pairs` or [detail.cells]"));
    }
    let ask = ask(
        context,
        RawAsk { url: raw.url, method: raw.method, form: raw.form, json: raw.json, headers: raw.headers },
    )?;
    Ok(Detail {
        ask,
        check: raw.check.map(|check| context.template(&check)).transpose()?,
        shape,
        cells,
        every_sweep: raw.refresh != Some(RawRefresh::New),
        gone: raw.gone.map(|gone| context.pattern(&gone)).transpose()?,
        attachments: raw.attachments.map(|at| attachments(context, is_json, at)).transpose()?,
    })
}

fn pairs(context: &Context<'_>, raw: RawPairs) -> Checked<Pairs> {
    Ok(Pairs { label: context.css(&raw.label)?, value: raw.value.map(|value| context.css(&value)).transpose()? })
}
