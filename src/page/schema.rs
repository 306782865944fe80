//! Reading and changing through the schema, in-process, as the visitor may.

use async_graphql::{Request, Value as GraphQlValue, Variables};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::PageError;
use crate::api::{Api, Session};

/// Why a change was refused: data, not an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refused {
    /// The stable code.
    pub code: String,
    /// What is the matter, and what to do next.
    pub message: String,
}

/// Executes a document of `graphql/pages/` and reads its answer. Any error in the answer is an error of the page.
pub async fn read<T: DeserializeOwned>(
    api: &Api,
    session: Session,
    document: &str,
    variables: Value,
) -> Result<T, PageError> {
    let request = Request::new(document).variables(Variables::from_json(variables));
    let response = api.execute(request, session).await;
    if let Some(error) = response.errors.into_iter().next() {
        let extension = |name: &str| match error.extensions.as_ref()?.get(name)? {
            GraphQlValue::String(text) => Some(text.clone()),
            _ => None,
        };
        let (code, number) = (extension("code").unwrap_or_default(), extension("number"));
        return Err(PageError::Schema { code, number, message: error.message });
    }
    Ok(serde_json::from_value(response.data.into_json()?)?)
}

/// What every mutation's payload holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    status: String,
    user_errors: Vec<Refused>,
}

/// Executes a document that holds one mutation, whose payload asks for `status` and `userErrors { code message }`. What was
/// done is answered with the payload.
pub async fn act<T: DeserializeOwned>(
    api: &Api,
    session: Session,
    document: &str,
    variables: Value,
) -> Result<Result<T, Refused>, PageError> {
    let data: serde_json::Map<String, Value> = read(api, session, document, variables).await?;
    let payload = data.into_iter().next().map_or(Value::Null, |(_, payload)| payload);
    let outcome = Outcome::deserialize(&payload)?;
    match outcome.user_errors.into_iter().next() {
        Some(refused) if outcome.status != "OK" => Ok(Err(refused)),
        _ => Ok(Ok(serde_json::from_value(payload)?)),
    }
}
