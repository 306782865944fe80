//! The documents these pages execute.

pub(in crate::console) const LIST: &str = include_str!("../../../graphql/pages/desk-issues.graphql");
pub(in crate::console) const ISSUE: &str = include_str!("../../../graphql/pages/desk-issue.graphql");
pub(in crate::console) const ID: &str = include_str!("../../../graphql/pages/desk-issue-id.graphql");
pub(in crate::console) const ENTRY: &str = include_str!("../../../graphql/pages/desk-issue-entry.graphql");
pub(in crate::console) const CANDIDATES: &str = include_str!("../../../graphql/pages/desk-issue-candidates.graphql");
pub(in crate::console) const PREVIEW: &str = include_str!("../../../graphql/pages/desk-issue-preview.graphql");
pub(in crate::console) const CREATE: &str = include_str!("../../../graphql/pages/desk-issue-create.graphql");
pub(in crate::console) const ADD: &str = include_str!("../../../graphql/pages/desk-issue-add.graphql");
pub(in crate::console) const EDIT: &str = include_str!("../../../graphql/pages/desk-issue-edit.graphql");
pub(in crate::console) const MOVE: &str = include_str!("../../../graphql/pages/desk-issue-move.graphql");
pub(in crate::console) const REMOVE: &str = include_str!("../../../graphql/pages/desk-issue-remove.graphql");
pub(in crate::console) const DEIDENTIFY: &str = include_str!("../../../graphql/pages/desk-issue-deidentify.graphql");
pub(in crate::console) const CHECK: &str = include_str!("../../../graphql/pages/desk-issue-check.graphql");
pub(in crate::console) const APPROVE: &str = include_str!("../../../graphql/pages/desk-issue-approve.graphql");
pub(in crate::console) const PUBLISH: &str = include_str!("../../../graphql/pages/desk-issue-publish.graphql");
pub(in crate::console) const RETRACT: &str = include_str!("../../../graphql/pages/desk-issue-retract.graphql");
