//! Checks what a connector says about servers: how they are spoken to, when, and how they send by themselves.

use std::ops::Range;
use std::time::Duration;

use encoding_rs::Encoding;
use toml::Spanned;
use url::Url;

use super::ConnectorError;
use super::raw_site::{RawFetch, RawFiles, RawPush, RawSchedule, RawValue};
use super::site::{Files, Push, Schedule};
use super::site_rules::{Syntax, attachments, cells};
use super::validate::Context;
use crate::fetch::{FetchRules, HeaderValue};

pub(super) const MIB: u64 = 1 << 20;

type Checked<T> = Result<T, ConnectorError>;

fn charset(context: &Context<'_>, raw: Option<&Spanned<String>>) -> Checked<Option<&'static Encoding>> {
    let Some(label) = raw else { return Ok(None) };
    let known = Encoding::for_label(label.get_ref().as_bytes());
    known.map(Some).ok_or_else(|| context.refuse(&label.span(), format!("unknown charset `{}`", label.get_ref())))
}

pub(super) fn value(context: &Context<'_>, span: &Range<usize>, raw: RawValue) -> Checked<HeaderValue> {
    match raw {
        RawValue::Plain(text) => Ok(HeaderValue::Plain(text)),
        RawValue::Secret(secret) => secret_name(context, span, secret.secret).map(HeaderValue::Secret),
    }
}

/// A name that can stand in the environment: `HUIYIN_SECRET_<NAME>`.
pub(super) fn secret_name(context: &Context<'_>, span: &Range<usize>, name: String) -> Checked<String> {
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err(context.refuse(span, "the name of a secret has A to Z, 0 to 9 and _ only"));
    }
    Ok(name)
}

pub(super) fn fetch(context: &Context<'_>, raw: RawFetch) -> Checked<FetchRules> {
    let base_span = raw.base.span();
    let base = Url::parse(raw.base.get_ref())
        .ok()
        .filter(|base| matches!(base.scheme(), "http" | "https") && base.has_host())
        .ok_or_else(|| context.refuse(&base_span, "`base` must be an address: https://www.example.gov.cn/"))?;
    if !base.username().is_empty() || base.password().is_some() {
        return Err(context.refuse(&base_span, "`base` holds a password: name a secret in [fetch.headers] instead"));
    }
    let mut rules = FetchRules::new(base);
    rules.charset = charset(context, raw.charset.as_ref())?;
    let plain = |names: Vec<Spanned<String>>, what| {
        names.into_iter().map(|name| context.filled(name, what)).collect::<Checked<Vec<String>>>()
    };
    rules.hosts = plain(raw.hosts, "hosts")?;
    rules.private = plain(raw.private, "private")?;
    rules.blocked_words = plain(raw.blocked_words, "blocked_words")?;
    context.durations([
        (&mut rules.pace, raw.pace),
        (&mut rules.connect_timeout, raw.connect_timeout),
        (&mut rules.idle_timeout, raw.idle_timeout),
        (&mut rules.total_timeout, raw.total_timeout),
    ])?;
    if let Some(concurrency) = raw.concurrency {
        if !(1..=8).contains(concurrency.get_ref()) {
            return Err(context.refuse(&concurrency.span(), "`concurrency` must be 1 to 8"));
        }
        rules.concurrency = concurrency.into_inner();
    }
    for (place, mebibytes) in [(&mut rules.max_bytes, raw.max_mb), (&mut rules.max_unpacked_bytes, raw.max_unpacked_mb)]
    {
        let Some(mebibytes) = mebibytes else { continue };
        if !(1..=1024).contains(mebibytes.get_ref()) {
            return Err(context.refuse(&mebibytes.span(), "must be 1 to 1024 (MB)"));
        }
        *place = mebibytes.into_inner() * MIB;
    }
    if let Some(retries) = raw.retries {
        if *retries.get_ref() > 10 {
            return Err(context.refuse(&retries.span(), "`retries` must be 0 to 10"));
        }
        rules.retries = retries.into_inner();
    }
    rules.robots = raw.robots.unwrap_or(true);
    if let Some(proxy) = raw.proxy {
        let span = proxy.span();
        rules.proxy = Some(value(context, &span, proxy.into_inner())?);
    }
    if let Some(certificate) = raw.certificate {
        rules.certificate = Some(context.filled(certificate, "certificate")?.into());
    }
    for (name, text) in raw.headers {
        let span = text.span();
        rules.headers.push((header_name(context, &span, name)?, value(context, &span, text.into_inner())?));
    }
    Ok(rules)
}

pub(super) fn header_name(context: &Context<'_>, span: &Range<usize>, name: String) -> Checked<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(context.refuse(span, format!("`{name}` is no header's name")));
    }
    Ok(name)
}

pub(super) fn schedule(context: &Context<'_>, raw: RawSchedule) -> Checked<Schedule> {
    const SHORTEST: Duration = Duration::from_mins(1);
    let mut schedule = Schedule::default();
    let spaced = |text: Option<Spanned<String>>| {
        let Some(text) = text else { return Ok(None) };
        let every = context.duration(&text)?;
        if every < SHORTEST {
            return Err(context.refuse(&text.span(), "must be at least 1m"));
        }
        Ok(Some(every))
    };
    schedule.head = spaced(raw.head)?;
    schedule.sweep = spaced(raw.sweep)?;
    schedule.expect_every = spaced(raw.expect_every)?;
    if let Some(pages) = raw.head_pages {
        if !(1..=1000).contains(pages.get_ref()) {
            return Err(context.refuse(&pages.span(), "`head_pages` must be 1 to 1000"));
        }
        schedule.head_pages = pages.into_inner();
    }
    schedule.min_items = raw.min_items.unwrap_or(0);
    Ok(schedule)
}

pub(super) fn push(context: &Context<'_>, raw: RawPush) -> Checked<Push> {
    let secret = |name: Spanned<String>| secret_name(context, &name.span(), name.get_ref().clone());
    let max_kb = match raw.max_kb {
        None => 256,
        Some(kb) if (1..=65_536).contains(kb.get_ref()) => kb.into_inner(),
        Some(kb) => return Err(context.refuse(&kb.span(), "`max_kb` must be 1 to 65536")),
    };
    let tolerance = raw.tolerance.map(|tolerance| context.duration(&tolerance)).transpose()?;
    Ok(Push {
        secret: secret(raw.secret)?,
        old_secret: raw.old_secret.map(secret).transpose()?,
        tolerance: tolerance.unwrap_or(Duration::from_mins(5)),
        max_bytes: max_kb * 1024,
        cells: cells(context, Syntax::Pointer, raw.cells)?,
        attachments: raw.attachments.map(|at| attachments(context, true, at)).transpose()?,
    })
}

/// No document a citizen sends is larger, and one is held in memory while it comes in.
const MAX_FILE_MB: u64 = 100;

/// `fetches`: what is done where the connector does not say.
pub(super) fn files(context: &Context<'_>, fetches: bool, raw: RawFiles) -> Checked<Files> {
    let mut files = Files { fetch: raw.fetch.unwrap_or(fetches), ..Files::default() };
    if let Some(mb) = raw.max_mb {
        if !(1..=MAX_FILE_MB).contains(mb.get_ref()) {
            return Err(context.refuse(&mb.span(), format!("`max_mb` must be 1 to {MAX_FILE_MB}")));
        }
        files.max_bytes = mb.into_inner() * MIB;
    }
    if let Some(types) = raw.types {
        if types.get_ref().is_empty() {
            return Err(context.refuse(&types.span(), "`types` is empty: say `fetch = false` to fetch nothing"));
        }
        files.types = types.into_inner();
    }
    Ok(files)
}
