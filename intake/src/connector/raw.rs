//! `connector.toml` as it is written, before it is checked. Unknown keys are refused here.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::raw_site::{
    RawDetail, RawDownload, RawFetch, RawFiles, RawLink, RawList, RawMailbox, RawPush, RawRunningNumber, RawSchedule,
    RawWarmUp, RawWatch,
};
use super::{Field, Sheets};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnector {
    pub(super) id: Spanned<String>,
    pub(super) name: Spanned<String>,
    pub(super) channel: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) version: Spanned<u32>,
    pub(super) description: Spanned<String>,
    pub(super) fixtures: Spanned<Vec<Spanned<String>>>,
    pub(super) table: Option<Spanned<RawTable>>,
    pub(super) watch: Option<Spanned<RawWatch>>,
    pub(super) download: Option<Spanned<RawDownload>>,
    pub(super) schedule: Option<RawSchedule>,
    pub(super) fetch: Option<Spanned<RawFetch>>,
    pub(super) warm_up: Option<Spanned<RawWarmUp>>,
    pub(super) list: Option<Spanned<RawList>>,
    pub(super) detail: Option<Spanned<RawDetail>>,
    pub(super) link: Option<Spanned<RawLink>>,
    pub(super) push: Option<Spanned<RawPush>>,
    pub(super) mail: Option<Spanned<RawMailbox>>,
    pub(super) attachments: Option<Spanned<RawFiles>>,
    pub(super) running_number: Option<RawRunningNumber>,
    pub(super) column: Vec<Spanned<RawColumn>>,
    pub(super) key: Spanned<RawKey>,
    pub(super) answer: Option<Spanned<RawAnswer>>,
    #[serde(default)]
    pub(super) title: RawTitle,
    #[serde(default)]
    pub(super) request_type: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTable {
    pub(super) sheets: RawSheets,
    pub(super) ignore_sheets: Vec<String>,
    pub(super) header_search_rows: Option<Spanned<usize>>,
    pub(super) footers: Vec<Spanned<String>>,
}

impl Default for RawTable {
    fn default() -> Self {
        Self {
            sheets: RawSheets(Sheets::All),
            ignore_sheets: Vec::new(),
            header_search_rows: None,
            footers: Vec::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTitle {
    pub(super) openings: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the settings of a column as they are written")]
pub(super) struct RawColumn {
    pub(super) field: Field,
    pub(super) name: Option<Spanned<String>>,
    pub(super) aliases: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) filled: bool,
    #[serde(rename = "type")]
    pub(super) cell: Option<Spanned<RawType>>,
    pub(super) formats: Option<Spanned<Vec<Spanned<RawFormat>>>>,
    pub(super) not_before: Option<Spanned<String>>,
    pub(super) max_chars: Option<Spanned<usize>>,
    #[serde(default)]
    pub(super) one_of: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) digits: bool,
    #[serde(default)]
    pub(super) not_personal_name: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawType {
    Text,
    Date,
    Integer,
    Enum,
}

/// Date shapes by name, see `huiyin_domain::text::date::Shapes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawFormat {
    /// Year first, in every punctuation, and ISO 8601.
    Ymd,
    /// 12/31/2019 or 31/12/2019 where only one reading is possible.
    Slash,
    /// 02/03/2019 is 3 February.
    Mdy,
    /// 02/03/2019 is 2 March.
    Dmy,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    Millis,
    /// Days since 1900 as text.
    Serial,
    /// Tue, 10 Nov 2026 08:00:00 +0800, as mail and feeds write it.
    Rfc2822,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) kind: RawKeyKind,
    #[serde(default)]
    pub(super) of: Vec<Spanned<Field>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawKeyKind {
    Printed,
    Digest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnswer {
    pub(super) when: Vec<Spanned<Field>>,
    #[serde(default)]
    pub(super) holding: Vec<Spanned<String>>,
    pub(super) holding_max_chars: Option<usize>,
    pub(super) trusted_dates: Option<bool>,
    #[serde(default)]
    pub(super) unless: Vec<Spanned<String>>,
}

/// `"all"`, `"first"` or a list of names.
#[derive(Debug)]
pub(super) struct RawSheets(pub(super) Sheets);

impl Default for RawSheets {
    fn default() -> Self {
        Self(Sheets::All)
    }
}

impl<'de> Deserialize<'de> for RawSheets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SheetsVisitor;

        impl<'de> Visitor<'de> for SheetsVisitor {
            type Value = Sheets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", \"first\" or a list of sheet names")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Sheets, E> {
                match text {
                    "all" => Ok(Sheets::All),
                    "first" => Ok(Sheets::First),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Sheets, A::Error> {
                let mut sheets = Vec::new();
                while let Some(name) = names.next_element::<String>()? {
                    sheets.push(name);
                }
                Ok(Sheets::Named(sheets))
            }
        }

        deserializer.deserialize_any(SheetsVisitor).map(Self)
    }
}
