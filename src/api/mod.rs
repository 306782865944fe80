//! The GraphQL schema: thin resolvers over the use cases, for the API and for the pages alike.
//!
//! It may not know of pages, and decides nothing: who may see or do what is decided below, in one place.

mod account;
mod account_manage;
mod connection;
mod context;
pub mod cookie;
mod documents;
mod error;
mod item;
mod item_act;
mod item_detail;
mod ledger;
mod loaders;
mod own;
mod payload;
mod publication;
mod publication_act;
mod scalars;
mod schema;
mod search;
mod source;
mod statistics;
mod unit;
mod words;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Request, Response, ServerError};

pub use context::Session;
pub use error::ApiError;
pub(crate) use error::error_number;
pub use schema::{Schema, sdl};

use documents::Documents;
use loaders::Loaders;

use crate::service::Service;

/// The schema, ready to answer. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    schema: Schema,
    service: Service,
    documents: Documents,
}

impl Api {
    /// The schema over the use cases.
    pub fn new(service: Service) -> Self {
        Self { schema: schema::build(service.clone()), service, documents: Documents::default() }
    }

    /// The use cases below.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    /// Answers a request as its sender may see it. Pages use the same way, with their visitor's session.
    ///
    /// Every entry of `errors` has an `extensions.code`.
    pub async fn execute(&self, mut request: Request, session: Session) -> Response {
        self.documents.parse(&mut request);
        let anonymous = session.viewer.account.is_none();
        let introspective = request.parsed_query().is_ok_and(|document| anonymous && asks_for_schema(document));
        let mut response = if introspective {
            let refusal = ApiError::bad_input("introspection_refused", "请先登录，再查询接口结构。");
            Response::from_errors(vec![ServerError::from(refusal)])
        } else {
            let loaders = Loaders::new(self.service.clone(), session.viewer.actor.clone());
            self.schema.execute(request.data(session).data(loaders)).await
        };
        response.errors.iter_mut().for_each(error::code_engine_error);
        response
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// Whether a document asks what the schema holds, anywhere.
fn asks_for_schema(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).any(names_schema)
}

fn names_schema(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type")
                || names_schema(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => names_schema(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}
