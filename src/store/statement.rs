//! One SQL text for two databases: statements with `$1` placeholders, values bound in order, rows read by position.
//!
//! sqlx is asked for nothing but to prepare, bind and step. Row types are declared with `record!`, which also gives
//! the column list, so that a `SELECT` and the struct it fills cannot drift apart.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::StoreError;
pub use super::db::Cells;

/// A value bound to a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// TEXT.
    Text(String),
    /// TEXT or NULL.
    MaybeText(Option<String>),
    /// BIGINT.
    Int(i64),
    /// BIGINT or NULL.
    MaybeInt(Option<i64>),
    /// BOOLEAN.
    Flag(bool),
}

impl Value {
    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::MaybeText(text) => text.as_deref(),
            Self::Int(_) | Self::MaybeInt(_) | Self::Flag(_) => None,
        }
    }
}

macro_rules! value_from {
    ($($type:ty => $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                $make(value)
            }
        }
    )*};
}

value_from! {
    String => Value::Text;
    &str => |text: &str| Value::Text(text.to_owned());
    Option<String> => Value::MaybeText;
    i64 => Value::Int;
    Option<i64> => Value::MaybeInt;
    bool => Value::Flag;
}

/// A statement and the values bound to it.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(super) sql: SqlStr,
    pub(super) values: Vec<Value>,
}

impl Statement {
    /// A statement whose text is fixed.
    pub fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql: sql.into_sql_str(), values }
    }

    /// A statement put together from fixed fragments. Never hand in text that came from outside: bind it.
    pub fn assembled(sql: String, values: Vec<Value>) -> Self {
        Self { sql: AssertSqlSafe(sql).into_sql_str(), values }
    }

    /// `SELECT` of all columns of `T`, followed by `rest` (`FROM … WHERE …`).
    pub fn select<T: Record>(rest: &str, values: Vec<Value>) -> Self {
        Self::assembled(format!("SELECT {} {rest}", T::COLUMNS), values)
    }

    /// `SELECT` of the rows of `T` whose `column` is one of `list`; `from` and `rest` stand around that condition.
    pub fn select_any<T: Record>(from: &str, column: &'static str, list: Vec<Value>, rest: &str) -> Self {
        let mut conditions = Conditions::default();
        conditions.add_any(column, list);
        let (filter, values) = conditions.into_parts();
        Self::select::<T>(&format!("{from} {filter} {rest}"), values)
    }

    /// The text, for tests that prepare or explain it.
    pub fn sql(&self) -> &str {
        self.sql.as_str()
    }
}

/// A type a column can be read as.
pub trait Cell: Sized {
    /// Reads the column at `index` (from zero).
    fn read(cells: &Cells<'_>, index: usize) -> Result<Self, StoreError>;
}

macro_rules! cell {
    ($($type:ty),*) => {$(
        impl Cell for $type {
            fn read(cells: &Cells<'_>, index: usize) -> Result<Self, StoreError> {
                cells.get(index)
            }
        }
    )*};
}

cell!(String, i64, bool, Option<String>, Option<i64>);

/// A struct that is filled from a row, column by column.
pub trait Record: Sized + Send {
    /// The columns in the order in which [`Record::read`] expects them.
    const COLUMNS: &'static str;

    /// Reads all columns.
    fn read(cells: &Cells<'_>) -> Result<Self, StoreError>;
}

/// Declares a row type: the struct, its column list and how it is read.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $first_column:literal => $(#[$first_doc:meta])* $first:ident : $first_type:ty,
            $($column:literal => $(#[$doc:meta])* $field:ident : $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $(#[$first_doc])*
            pub $first: $first_type,
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::store::statement::Record for $name {
            const COLUMNS: &'static str = concat!($first_column $(, ", ", $column)*);

            fn read(
                cells: &$crate::store::statement::Cells<'_>,
            ) -> Result<Self, $crate::store::StoreError> {
                let mut index = 0;
                let mut next = || { index += 1; index - 1 };
                Ok(Self {
                    $first: $crate::store::statement::Cell::read(cells, next())?,
                    $($field: $crate::store::statement::Cell::read(cells, next())?,)*
                })
            }
        }
    };
}
pub(crate) use record;

record! {
    /// One number: a count, a sequence value.
    pub struct Number {
        "value" =>
        /// The number.
        value: i64,
    }
}

/// Binds values by their `Into<Value>`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::statement::Value::from($value)),*] };
}
pub(crate) use values;

/// Texts to bind, for [`Conditions::add_any`].
pub fn texts(list: &[String]) -> Vec<Value> {
    list.iter().map(|text| Value::from(text.as_str())).collect()
}

/// Rows for one table, written with as few statements as the databases allow.
///
/// Statements come in fixed sizes (powers of two), so that each connection's cache of prepared statements stays small.
#[derive(Debug)]
pub struct Insert {
    table: &'static str,
    columns: &'static [&'static str],
    values: Vec<Value>,
}

/// Values in the largest statement: far below both databases' limits on placeholders.
const LARGEST_CHUNK: usize = 2_048;

/// How the places of values are marked in a statement that has them in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// `$1`, `$2`, `$3` …
    Numbered,
    /// `?`, `?`, `?` …
    Plain,
}

impl Insert {
    /// An empty batch for `table`.
    pub fn new(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, values: Vec::new() }
    }

    /// Adds a row; the values stand in the order of the columns.
    pub fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.columns.len(), "a row of {} has as many values as columns", self.table);
        self.values.extend(row);
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The statements that write all rows.
    pub fn into_statements(self, places: Places) -> impl Iterator<Item = Statement> {
        let width = self.columns.len();
        let (table, columns) = (self.table, self.columns);
        let mut left = self.values.len() / width.max(1);
        let mut values = self.values.into_iter();
        let mut size = 1 << (LARGEST_CHUNK / width.max(1)).max(1).ilog2();
        std::iter::from_fn(move || {
            while size > left && size > 1 {
                size /= 2;
            }
            if left == 0 {
                return None;
            }
            left -= size;
            let chunk: Vec<Value> = values.by_ref().take(size * width).collect();
            Some(Statement::assembled(insert_text(table, columns, size, places), chunk))
        })
    }
}

/// `INSERT INTO table (columns) VALUES ($1, …), (…)` for `rows` rows.
pub(super) fn insert_text(table: &str, columns: &[&str], rows: usize, places: Places) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            let separator = if column == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = match places {
                Places::Numbered => write!(sql, "{separator}${}", row * columns.len() + column + 1),
                Places::Plain => write!(sql, "{separator}?"),
            };
        }
        sql.push(')');
    }
    sql
}

/// Collects conditions and their values for a list with optional filters.
#[derive(Debug, Default)]
pub struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// No condition yet, in a statement that has bound these values before.
    pub fn following(values: Vec<Value>) -> Self {
        Self { sql: String::new(), values }
    }

    /// Adds a condition; each `?` in the fixed `text` stands for the next of `values`.
    pub fn add(&mut self, text: &'static str, values: Vec<Value>) {
        self.sql.push_str(if self.sql.is_empty() { "WHERE " } else { " AND " });
        let mut pieces = text.split('?');
        self.sql.push_str(pieces.next().unwrap_or_default());
        for (piece, value) in pieces.zip(values) {
            self.values.push(value);
            // Writing to a String cannot fail.
            let _ = write!(self.sql, "${}", self.values.len());
            self.sql.push_str(piece);
        }
    }

    /// `column IN (…)`; an empty list matches nothing.
    pub fn add_any(&mut self, column: &'static str, values: Vec<Value>) {
        self.sql.push_str(if self.sql.is_empty() { "WHERE " } else { " AND " });
        let first = self.values.len() + 1;
        // Writing to a String cannot fail.
        let _ = match values.len() {
            0 => write!(self.sql, "1 = 0"),
            // An equality tells both planners that an index on (column, time) gives the order.
            1 => write!(self.sql, "{column} = ${first}"),
            count => {
                let _ = write!(self.sql, "{column} IN (${first}");
                for place in first + 1..first + count {
                    let _ = write!(self.sql, ", ${place}");
                }
                write!(self.sql, ")")
            }
        };
        self.values.extend(values);
    }

    /// `(column IN (…) OR other)`; each `?` in the fixed `other` stands for the next of `others`. The list is not empty.
    pub fn add_any_or(&mut self, column: &'static str, values: Vec<Value>, other: &'static str, others: Vec<Value>) {
        let mut either = Self::following(std::mem::take(&mut self.values));
        either.add_any(column, values);
        either.add(other, others);
        let (text, values) = either.into_parts();
        // `WHERE a AND b`, each of them one condition without an AND of its own.
        let text = text.trim_start_matches("WHERE ").replacen(" AND ", " OR ", 1);
        self.sql.push_str(if self.sql.is_empty() { "WHERE (" } else { " AND (" });
        self.sql.push_str(&text);
        self.sql.push(')');
        self.values = values;
    }

    /// The `WHERE` clause (empty without conditions) and its values.
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.sql, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_in_powers_of_two() {
        let mut insert = Insert::new("t", &["a", "b"]);
        for number in 0..300_i64 {
            insert.push([Value::Int(number), Value::Flag(true)]);
        }
        let sizes: Vec<usize> =
            insert.into_statements(Places::Plain).map(|statement| statement.values.len() / 2).collect();
        assert_eq!(sizes, [256, 32, 8, 4]);
        let text = |places| insert_text("t", &["a", "b"], 2, places);
        assert_eq!(text(Places::Numbered), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
        assert_eq!(text(Places::Plain), "INSERT INTO t (a, b) VALUES (?, ?), (?, ?)");
    }

    #[test]
    fn conditions_number_their_placeholders() {
        let mut conditions = Conditions::default();
        conditions.add("stage = ?", values!["handling"]);
        conditions.add_any("source_id", values!["a", "b"]);
        conditions.add("(asked_at, number) < (?, ?)", values![5_i64, 6_i64]);
        let (sql, values) = conditions.into_parts();
        assert_eq!(sql, "WHERE stage = $1 AND source_id IN ($2, $3) AND (asked_at, number) < ($4, $5)");
        assert_eq!(values.len(), 5);
    }

    #[test]
    fn a_list_of_one_is_an_equality_and_an_empty_one_matches_nothing() {
        let sql = |list| {
            let mut conditions = Conditions::default();
            conditions.add_any("stage", list);
            conditions.into_parts().0
        };
        assert_eq!(sql(values!["a"]), "WHERE stage = $1");
        assert_eq!(sql(values![]), "WHERE 1 = 0");
    }
}
