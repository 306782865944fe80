//! Pages, stylesheets, scripts and answers of the API go over the line compressed, for browsers that ask for it.
//!
//! What is compressed already (workbooks) and what has to arrive at once (`/desk/live`) goes as it is.

use tower_http::compression::predicate::{And, DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// Workbooks are archives: compressing them again costs time and saves nothing.
const WORKBOOK: NotForContentType =
    NotForContentType::const_new("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");

/// The default rules (not for what is tiny, for pictures other than SVG and for streams of events), and no workbooks.
type Worthwhile = And<DefaultPredicate, NotForContentType>;

/// Puts the compression around routes.
///
/// The quickest level: a page is compressed anew for every reader, and what the higher ones save besides (a fifth of a
/// stylesheet) is not worth anybody's waiting on an office's network.
pub(super) fn layer() -> CompressionLayer<Worthwhile> {
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(DefaultPredicate::new().and(WORKBOOK))
}
