//! The schema: the roots are merged from one struct a topic, and every request is held to limits.

use async_graphql::{EmptySubscription, MergedObject, ValidationMode};

use super::account::{AccountMutation, AccountQuery};
use super::account_manage::AccountManageMutation;
use super::check::{CheckMutation, CheckQuery};
use super::desk::{DeskMutation, DeskQuery};
use super::held::{HeldMutation, HeldQuery};
use super::item::ItemQuery;
use super::item_act::{HandlingMutation, RoutingMutation};
use super::ledger::LedgerQuery;
use super::letterbox::LetterboxQuery;
use super::own::{OwnMutation, OwnQuery};
use super::publication::PublicationQuery;
use super::publication_act::PublicationMutation;
use super::reconcile::{ReconcileMutation, ReconcileQuery};
use super::search::SearchQuery;
use super::source::SourceQuery;
use super::source_preview::SourcePreviewMutation;
use super::statistics::StatisticsQuery;
use super::unit::{UnitMutation, UnitQuery};
use super::upload::{UploadMutation, UploadQuery};
use super::worklist::WorklistQuery;
use crate::service::Service;

/// Levels of nesting. A standard introspection query takes 13.
const MAX_DEPTH: usize = 15;
/// The cost of a request, lists counted by their size: a page of 100 items with all that a list shows costs about 6,000.
pub(super) const MAX_COMPLEXITY: usize = 12_000;
/// Levels of nesting while the text is parsed.
pub(super) const MAX_RECURSION: usize = 32;
/// Directives on one field.
const MAX_DIRECTIVES: usize = 4;

/// Everything that can be read. 查询
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    AccountQuery,
    OwnQuery,
    UnitQuery,
    SourceQuery,
    ReconcileQuery,
    LetterboxQuery,
    ItemQuery,
    SearchQuery,
    LedgerQuery,
    PublicationQuery,
    StatisticsQuery,
    WorklistQuery,
    DeskQuery,
    UploadQuery,
    HeldQuery,
    CheckQuery,
);

/// Everything that can be done. 操作
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    AccountMutation,
    AccountManageMutation,
    OwnMutation,
    UnitMutation,
    RoutingMutation,
    HandlingMutation,
    PublicationMutation,
    DeskMutation,
    UploadMutation,
    HeldMutation,
    ReconcileMutation,
    SourcePreviewMutation,
    CheckMutation,
);

/// The schema of this program.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema over the use cases, holding documents to all its rules (strict) or only to its limits (fast).
pub(super) fn build(service: Service, mode: ValidationMode) -> Schema {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .validation_mode(mode)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_recursive_depth(MAX_RECURSION)
        .limit_directives(MAX_DIRECTIVES)
        .data(service)
        .finish()
}

/// The schema's text, as `graphql/schema.graphql` holds it.
pub fn sdl() -> String {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).finish().sdl()
}
