//! One macro for enums of ledger events: a stable kind and a flat JSON body each.

/// A ledger row that is not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// No event has this kind.
    #[error("`{kind}` is not a kind of event")]
    UnknownKind {
        /// The kind, as far as 64 characters.
        kind: String,
    },
    /// The body does not fit the kind.
    #[error("the body of a `{kind}` event is malformed")]
    Body {
        /// The kind.
        kind: &'static str,
        /// What does not fit.
        source: serde_json::Error,
    },
}

/// Declares an enum of events. Every event is written as its `kind()` and its `body()`, a JSON object whose keys are
/// sorted, and read back by `parse`.
macro_rules! events {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$doc:meta])* $variant:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* },)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(tag = "kind", content = "body", deny_unknown_fields)]
        pub enum $name {
            $(
                $(#[$doc])*
                #[serde(rename = $kind)]
                $variant {
                    $($(#[$field_doc])* $field: $type,)*
                },
            )*
        }

        impl $name {
            /// Every kind.
            pub const KINDS: &'static [&'static str] = &[$($kind,)*];

            /// The kind, as the ledger keeps it.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind,)* }
            }

            /// The body, as the ledger keeps it: a flat JSON object with sorted keys.
            pub fn body(&self) -> ::serde_json::Value {
                $crate::item::events::body_of(self)
            }

            /// The event of a ledger row.
            pub fn parse(kind: &str, body: &::serde_json::Value) -> Result<Self, $crate::item::EventError> {
                let kind = $crate::item::events::known(Self::KINDS, kind)?;
                let row = ::serde_json::json!({ "kind": kind, "body": body });
                ::serde_json::from_value(row).map_err(|source| $crate::item::EventError::Body { kind, source })
            }
        }
    };
}

pub(crate) use events;
use serde::Serialize;
use serde_json::{Map, Value};

/// The kind as the static text of the table.
pub(crate) fn known(kinds: &[&'static str], kind: &str) -> Result<&'static str, EventError> {
    kinds
        .iter()
        .copied()
        .find(|known| *known == kind)
        .ok_or_else(|| EventError::UnknownKind { kind: kind.chars().take(64).collect() })
}

/// The `body` member of an adjacently tagged event, its keys sorted whatever map `serde_json` was built with.
///
/// Ids, codes, digests, numbers and sets of ids always turn into JSON, so the empty object is never reached; the tests
/// write and read every kind.
pub(crate) fn body_of(event: &impl Serialize) -> Value {
    let body = match serde_json::to_value(event) {
        Ok(Value::Object(mut row)) => row.remove("body"),
        Ok(_) | Err(_) => None,
    };
    let Some(Value::Object(members)) = body else { return Value::Object(Map::new()) };
    let mut members: Vec<(String, Value)> = members.into_iter().collect();
    members.sort_by(|(left, _), (right, _)| left.cmp(right));
    Value::Object(members.into_iter().collect())
}
