//! Checks what a connector says about mailboxes, watched folders and downloads.

use std::ops::Range;
use std::path::{Component, Path};
use std::time::Duration;

use toml::Spanned;

use super::ConnectorError;
use super::net_rules::{MIB, secret_name, value};
use super::raw_site::{RawAutomatic, RawDownload, RawFetch, RawMailbox, RawTls, RawWatch};
use super::site::Part;
use super::site_rules::{RawAsk, ask, parts};
use super::validate::Context;
use super::ways::{Download, MailTls, Mailbox, Watch};
use crate::crawl::is_date_name;

/// The largest letter that may be taken, in MB: it is held in memory while it is read.
const MAX_LETTER_MB: u64 = 200;

type Checked<T> = Result<T, ConnectorError>;

pub(super) fn watch(context: &Context<'_>, raw: RawWatch) -> Checked<Watch> {
    let folder = context.filled(raw.folder, "folder")?;
    let done = match raw.done {
        None => None,
        Some(done) => {
            let span = done.span();
            let done = context.filled(done, "done")?;
            let mut parts = Path::new(&done).components();
            if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
                return Err(context.refuse(&span, "`done` is the plain name of a folder inside of the watched one"));
            }
            Some(done)
        }
    };
    let mut watch = Watch { folder: folder.into(), settle: Duration::from_secs(10), done };
    context.durations([(&mut watch.settle, raw.settle)])?;
    Ok(watch)
}

pub(super) fn download(context: &Context<'_>, fetch: RawFetch, raw: Spanned<RawDownload>) -> Checked<Download> {
    let span = raw.span();
    let raw = raw.into_inner();
    let fetch = super::net_rules::fetch(context, fetch)?;
    let raw = RawAsk { url: raw.url, method: raw.method, form: raw.form, json: raw.json, headers: raw.headers };
    let ask = ask(context, raw)?;
    for part in parts(&ask) {
        let is_known = match part {
            Part::Text(_) | Part::Secret(_) => true,
            Part::Cell(name) => is_date_name(name),
            _ => false,
        };
        if !is_known {
            let message = "[download] knows no other placeholders than dates ({today}, {yesterday}, {month}, \
                           {last_month}, each also with `.compact`) and {secret.NAME}";
            return Err(context.refuse(&span, message));
        }
    }
    Ok(Download { fetch, ask })
}

pub(super) fn mailbox(context: &Context<'_>, span: &Range<usize>, raw: RawMailbox) -> Checked<Mailbox> {
    let tls_span = raw.tls.as_ref().map_or_else(|| span.clone(), Spanned::span);
    let tls = match raw.tls.map(Spanned::into_inner) {
        None | Some(RawTls::Implicit) => MailTls::Implicit,
        Some(RawTls::Starttls) => MailTls::StartTls,
        Some(RawTls::None) => MailTls::Plain,
    };
    let host = context.filled(raw.host, "host")?;
    let port = raw.port.unwrap_or(if tls == MailTls::Implicit { 993 } else { 143 });
    let private = raw.private.into_iter().map(|name| context.filled(name, "private"));
    let private = private.collect::<Checked<Vec<String>>>()?;
    let is_private = private.iter().any(|name| *name == host || *name == format!("{host}:{port}"));
    if tls == MailTls::Plain && !is_private {
        return Err(context.refuse(&tls_span, "without TLS only a host that is named in `private` may be read"));
    }
    let max_mb = match raw.max_mb {
        None => 25,
        Some(mb) if (1..=MAX_LETTER_MB).contains(mb.get_ref()) => mb.into_inner(),
        Some(mb) => return Err(context.refuse(&mb.span(), format!("`max_mb` must be 1 to {MAX_LETTER_MB}"))),
    };
    let retries = match raw.retries {
        None => 3,
        Some(retries) if *retries.get_ref() <= 10 => retries.into_inner(),
        Some(retries) => return Err(context.refuse(&retries.span(), "`retries` must be 0 to 10")),
    };
    let folder = raw.folder.map(|folder| context.filled(folder, "folder")).transpose()?;
    let mut mailbox = Mailbox {
        host,
        port,
        tls,
        user: value(context, span, raw.user)?,
        password: secret_name(context, span, raw.password.secret)?,
        folder: folder.unwrap_or_else(|| "INBOX".to_owned()),
        private,
        certificate: raw
            .certificate
            .map(|certificate| context.filled(certificate, "certificate"))
            .transpose()?
            .map(Into::into),
        takes_automatic: raw.automatic == Some(RawAutomatic::Take),
        max_bytes: max_mb * MIB,
        pace: Duration::from_millis(100),
        connect_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(30),
        total_timeout: Duration::from_mins(2),
        retries,
    };
    context.durations([
        (&mut mailbox.pace, raw.pace),
        (&mut mailbox.connect_timeout, raw.connect_timeout),
        (&mut mailbox.idle_timeout, raw.idle_timeout),
        (&mut mailbox.total_timeout, raw.total_timeout),
    ])?;
    Ok(mailbox)
}
