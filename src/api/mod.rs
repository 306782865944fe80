//! The GraphQL schema: thin resolvers over the use cases, for the API and for the pages alike.
//!
//! It may not know of pages, and decides nothing: who may see or do what is decided below, in one place.

mod account;
mod account_manage;
mod check;
mod connection;
mod context;
pub mod cookie;
mod desk;
mod documents;
mod error;
mod extent;
pub mod filter;
mod held;
mod item;
mod item_act;
mod item_detail;
mod item_turn;
mod kept_payload;
mod ledger;
mod ledger_detail;
mod letterbox;
mod loaders;
mod message;
mod own;
mod payload;
mod publication;
mod publication_act;
mod ready;
mod reconcile;
mod scalars;
mod schema;
mod search;
mod source;
mod source_page;
mod source_preview;
mod source_state;
mod source_states;
mod statistics;
mod unit;
mod upload;
mod words;
mod worklist;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Response, ServerError, ValidationMode};

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
    /// The same for documents that were found to follow it: only their cost is reckoned again.
    quick: Schema,
    service: Service,
    documents: Documents,
}

impl Api {
    /// The schema over the use cases.
    pub fn new(service: Service) -> Self {
        let schema = schema::build(service.clone(), ValidationMode::Strict);
        let quick = schema::build(service.clone(), ValidationMode::Fast);
        Self { schema, quick, service, documents: Documents::default() }
    }

    /// The use cases below.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    /// Answers a request as its sender may see it. Pages use the same way, with their visitor's session.
    ///
    /// Every entry of `errors` has an `extensions.code`.
    pub async fn execute(&self, mut request: Request, session: Session) -> Response {
        let known = self.documents.find(&mut request);
        let within = if known { Ok(()) } else { extent::check(&mut request) };
        let anonymous = session.viewer.account.is_none();
        let introspective = within.is_ok() && anonymous && request.parsed_query().is_ok_and(asks_for_schema);
        let mut response = match within {
            Err(refusal) => Response::from_errors(vec![refusal]),
            Ok(()) if introspective => {
                let refusal = ApiError::bad_input("introspection_refused", "请先登录，再查询接口结构。");
                Response::from_errors(vec![ServerError::from(refusal)])
            }
            Ok(()) => self.answer(request, session, known).await,
        };
        response.errors.iter_mut().for_each(error::code_engine_error);
        response
    }

    /// Answers a request within bounds; `known` when its document was found to follow the schema before.
    async fn answer(&self, mut request: Request, session: Session, known: bool) -> Response {
        // What a mutation changes is newer than what its session has seen.
        let reads_only = request.parsed_query().is_ok_and(reads_only);
        let seen = session.viewer.seen.filter(|_| reads_only);
        let loaders = Loaders::new(self.service.clone(), session.viewer.actor.clone(), seen);
        // Wrong values of variables stop a query wherever they are used. A mutation must not have begun by then.
        let schema = if known && reads_only { &self.quick } else { &self.schema };
        let new = (reads_only && !known).then(|| documents::Read::of(&mut request)).flatten();
        let response = schema.execute(request.data(session).data(loaders)).await;
        if let Some(read) = new.filter(|_| response.is_ok()) {
            self.documents.keep(read);
        }
        response
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// Whether none of a document's operations changes anything.
fn reads_only(document: &ExecutableDocument) -> bool {
    document.operations.iter().all(|(_, operation)| operation.node.ty != OperationType::Mutation)
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
