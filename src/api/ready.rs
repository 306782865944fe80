//! Lists of objects whose fields are all at hand.
//!
//! The engine makes a future for every field of every object, several allocations each, which costs a list more than
//! reading its rows. An object that can tell a field without waiting says so here, and one of which all selected fields
//! can be told is written at once. For anything else the engine's way is taken, and both give the same answer: a test
//! compares them.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};

/// An object that can tell some of its fields without waiting.
pub trait Ready: ContainerType {
    /// The field's value; `None` when it has to be waited for.
    fn ready(&self, _ctx: &ContextSelectionSet<'_>, _field: &Field) -> Option<Value> {
        None
    }
}

/// The selected fields of an object; `None` when one of them has to be waited for.
pub fn object<T: Ready>(object: &T, ctx: &ContextSelectionSet<'_>, selected: &SelectionSet) -> Option<Value> {
    let mut fields = IndexMap::with_capacity(selected.items.len());
    collect(object, ctx, selected, &mut fields)?;
    Some(Value::Object(fields))
}

fn collect<T: Ready>(
    object: &T,
    ctx: &ContextSelectionSet<'_>,
    selected: &SelectionSet,
    fields: &mut IndexMap<Name, Value>,
) -> Option<()> {
    for selection in &selected.items {
        // What was to be skipped is gone by now, and the directives that said so.
        if !selection.node.directives().is_empty() {
            return None;
        }
        let field = match &selection.node {
            Selection::Field(field) => &field.node,
            Selection::FragmentSpread(spread) => {
                let fragment = &ctx.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                if *fragment.type_condition.node.on.node != *object.introspection_type_name() {
                    return None;
                }
                collect(object, ctx, &fragment.selection_set.node, fields)?;
                continue;
            }
            Selection::InlineFragment(_) => return None,
        };
        let value = match field.name.node.as_str() {
            "__typename" => Value::from(object.introspection_type_name().into_owned()),
            _ => object.ready(ctx, field)?,
        };
        // Two selections under one name are merged; the engine knows how.
        if fields.insert(field.response_key().node.clone(), value).is_some() {
            return None;
        }
    }
    Some(())
}

/// The fields of an object within another.
pub fn inner<T: Ready>(inner: &T, ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value> {
    object(inner, ctx, &field.selection_set.node)
}

/// An object that is written at once where it can be.
#[derive(Debug)]
pub struct AtOnce<T>(pub T);

impl<T: Ready> OutputType for AtOnce<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match object(&self.0, ctx, &ctx.item.node) {
            Some(value) => Ok(value),
            None => Box::pin(self.0.resolve(ctx, field)).await,
        }
    }
}
