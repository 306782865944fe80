//! Relay connections with keyset cursors: the one helper every list uses.

use std::borrow::Cow;
use std::fmt;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, SimpleObject, TypeName, Value};

use super::error::{ApiError, ApiResult};
use super::ready::{AtOnce, Ready, inner};

/// The most nodes of a page.
pub const MAX_PAGE: i32 = 100;
/// The nodes of a page when none are asked for.
const DEFAULT_PAGE: i32 = 20;

/// How many nodes `first` asks for; an error with the code `bad_page_size` outside 0 to [`MAX_PAGE`].
pub fn page_size(first: Option<i32>) -> ApiResult<usize> {
    let size = first.unwrap_or(DEFAULT_PAGE);
    usize::try_from(size)
        .ok()
        .filter(|_| size <= MAX_PAGE)
        .ok_or_else(|| ApiError::bad_input("bad_page_size", format!("每页条数应为 0 至 {MAX_PAGE}，请修改 first。")))
}

/// What it costs to ask for something that takes statements of its own, whatever is shown of it.
pub const QUESTION: usize = 50;

/// What a list of `first` nodes costs: the nodes times what each costs, and the question itself, since even a list of none
/// may be counted.
pub const fn weight(first: Option<i32>, child: usize) -> usize {
    let first = match first {
        Some(first) if first < 0 => 0,
        // Refused later; until then it must not overflow.
        Some(first) if first > MAX_PAGE => MAX_PAGE,
        Some(first) => first,
        None => DEFAULT_PAGE,
    };
    (first.unsigned_abs() as usize).saturating_mul(child).saturating_add(QUESTION)
}

/// A place in a list: a String of the schema, opaque to clients, written only where it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// After a row, in the order that the tag names.
    Row(&'static str, [i64; 2]),
    /// Written elsewhere: by the index, or from a text.
    Index(String),
}

/// A cursor of numbers, bound to the order it was made in.
///
/// `tag` names the order; a cursor of another order is refused rather than read as a place that means nothing.
pub const fn encode_cursor(tag: &'static str, numbers: [i64; 2]) -> Cursor {
    Cursor::Row(tag, numbers)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(tag, [first, second]) => f.write_str(&hex::encode(format!("{tag}.{first}.{second}"))),
            Self::Index(text) => f.write_str(text),
        }
    }
}

impl OutputType for Cursor {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::from(self.to_string()))
    }
}

/// Reads a cursor made by [`encode_cursor`] with the same tag; an error with the code `bad_cursor` for any other text.
pub fn decode_cursor(tag: &str, text: &str) -> ApiResult<[i64; 2]> {
    let decoded = hex::decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let numbers = decoded.as_deref().and_then(|decoded| {
        let (first, second) = decoded.strip_prefix(tag)?.strip_prefix('.')?.split_once('.')?;
        Some([first.parse().ok()?, second.parse().ok()?])
    });
    numbers.ok_or_else(bad_cursor)
}

/// A cursor that is a text, such as an id: opaque like the others, and bound to its list.
pub fn encode_text_cursor(tag: &str, text: &str) -> Cursor {
    Cursor::Index(hex::encode(format!("{tag}.{text}")))
}

/// Reads a cursor made by [`encode_text_cursor`] with the same tag; an error with the code `bad_cursor` for any other text.
pub fn decode_text_cursor<T: std::str::FromStr>(tag: &str, text: &str) -> ApiResult<T> {
    let decoded = hex::decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let place = decoded.as_deref().and_then(|decoded| decoded.strip_prefix(tag)?.strip_prefix('.')?.parse().ok());
    place.ok_or_else(bad_cursor)
}

/// The refusal of a text that is no cursor of this list.
pub fn bad_cursor() -> ApiError {
    ApiError::bad_input("bad_cursor", "翻页位置不对或者已换了排序，请从第一页开始。")
}

/// Where a page stands in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether there are more nodes behind this page.
    pub has_next_page: bool,
    /// Hand this in as `after` to get the next page; null on an empty page.
    pub end_cursor: Option<Cursor>,
}

/// A node and its place in the list.
#[derive(Debug, SimpleObject)]
#[graphql(name_type)]
pub struct Edge<N: Ready> {
    /// The place: a page `after` it begins with the next node.
    pub cursor: Cursor,
    /// The node.
    pub node: N,
}

impl<N: Ready> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

impl<N: Ready> Ready for Edge<N> {
    fn ready(&self, ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value> {
        match field.name.node.as_str() {
            "cursor" => Some(Value::from(self.cursor.to_string())),
            "node" => inner(&self.node, ctx, field),
            _ => None,
        }
    }
}

/// A page of a list.
#[derive(Debug, SimpleObject)]
#[graphql(name_type)]
pub struct Connection<N: Ready> {
    /// The nodes with their cursors.
    pub edges: Vec<AtOnce<Edge<N>>>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// How many nodes the whole list has; counted only when asked for. 总数
    pub total_count: Option<i64>,
}

impl<N: Ready> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: Ready> Connection<N> {
    /// A page out of up to `size + 1` rows: the one too many tells that there is a next page.
    pub fn new<R>(
        mut rows: Vec<R>,
        size: usize,
        total_count: Option<i64>,
        cursor: impl Fn(&R) -> Cursor,
        node: impl Fn(R) -> N,
    ) -> Self {
        let has_next_page = rows.len() > size;
        rows.truncate(size);
        let edge = |row| AtOnce(Edge { cursor: cursor(&row), node: node(row) });
        let edges: Vec<AtOnce<Edge<N>>> = rows.into_iter().map(edge).collect();
        let end_cursor = edges.last().map(|edge| edge.0.cursor.clone());
        Self { edges, page_info: PageInfo { has_next_page, end_cursor }, total_count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_by_their_own_order_only() {
        let cursor = encode_cursor("asked_newest", [-5, i64::MAX]).to_string();
        assert_eq!(decode_cursor("asked_newest", &cursor).unwrap(), [-5, i64::MAX]);
        for (tag, text) in [("due_first", cursor.as_str()), ("asked", &cursor), ("a", ""), ("a", "zz"), ("a", "ff")] {
            assert_eq!(decode_cursor(tag, text).unwrap_err().code, "bad_cursor");
        }
    }

    #[test]
    fn page_sizes_have_bounds() {
        assert_eq!(page_size(None).unwrap(), 20);
        assert_eq!(page_size(Some(0)).unwrap(), 0);
        assert_eq!(page_size(Some(100)).unwrap(), 100);
        for bad in [-1, 101, i32::MAX, i32::MIN] {
            assert_eq!(page_size(Some(bad)).unwrap_err().code, "bad_page_size");
            assert!(weight(Some(bad), usize::MAX) >= QUESTION);
        }
        assert_eq!(weight(Some(100), 7), 750);
        assert_eq!(weight(Some(0), 7), 50);
    }
}
