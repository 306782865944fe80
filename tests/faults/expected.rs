//! What a sweep has to say while a fault lasts, for every fault, place and kind of source: exactly these alarms. A fault that
//! has no effect any more, or another one, is seen by that.

use crate::support::site::{At, Fault, Shape, What};

const QUIET: &[&str] = &[];
const BLOCKED: &[&str] = &["blocked"];
const UNREACHABLE: &[&str] = &["unreachable"];
const DETAIL: &[&str] = &["detail_missing"];
const COUNT: &[&str] = &["count_differs"];
/// A page in the middle is named, and the count does not agree.
const PAGE: &[&str] = &["count_differs", "page_missing"];

/// The codes of the alarms of a sweep, in their order.
pub fn alarms(shape: Shape, fault: &Fault) -> &'static [&'static str] {
    if fault.times == 1 {
        // What passes by itself is nobody's business.
        return QUIET;
    }
    match fault.at {
        At::List(1) => on_first_page(shape, &fault.what),
        At::List(_) => on_later_page(shape, &fault.what),
        At::Detail(Some(_)) => on_one_detail(&fault.what),
        At::Detail(None) => on_every_detail(&fault.what),
    }
}

/// A server that asks to be left alone.
fn is_refusal(what: &What) -> bool {
    match what {
        What::Status(status, _) => [403, 429].contains(status),
        What::Empty | What::Login => true,
        What::Redirect(target) => target.ends_with("captcha"),
        _ => false,
    }
}

/// Without it nothing of the list is known.
fn on_first_page(shape: Shape, what: &What) -> &'static [&'static str] {
    match what {
        _ if is_refusal(what) => BLOCKED,
        What::Charset { .. } | What::BadRow => QUIET,
        What::Layout => &["layout_changed"],
        // Of a page without a row nobody can tell whether it is empty, unless it says so.
        What::Emptied if shape == Shape::Html => &["layout_changed"],
        What::Emptied => &["count_differs", "too_few"],
        // There is no second page to stand in the place of the first.
        What::Skipped if !shape.pages() => &["count_differs", "too_few"],
        What::Skipped => COUNT,
        _ => UNREACHABLE,
    }
}

/// The pages behind it are read all the same, where they can be asked for without it.
fn on_later_page(shape: Shape, what: &What) -> &'static [&'static str] {
    match what {
        _ if is_refusal(what) => BLOCKED,
        What::Charset { .. } | What::BadRow => QUIET,
        What::Emptied | What::Layout => PAGE,
        What::Skipped | What::Repeated => COUNT,
        // Where an address leads that must not be read is no page that is missing.
        What::Redirect(_) => UNREACHABLE,
        _ if shape == Shape::Html => &["page_missing", "unreachable"],
        _ => PAGE,
    }
}

/// One message less, or as far as the list tells it.
fn on_one_detail(what: &What) -> &'static [&'static str] {
    match what {
        _ if is_refusal(what) => BLOCKED,
        What::Charset { .. } => QUIET,
        _ => DETAIL,
    }
}

/// A server that is not well is left alone; one whose pages say nothing has changed its layout.
fn on_every_detail(what: &What) -> &'static [&'static str] {
    match what {
        _ if is_refusal(what) => BLOCKED,
        What::Layout => &["detail_missing", "layout_changed"],
        What::Status(404, _) => DETAIL,
        _ => &["detail_missing", "unreachable"],
    }
}
