//! The boxes that letters can be dropped into, and which of them are open. A box is closed with the switch of its source;
//! what was dropped into it before is answered, and followed, as ever.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use huiyin_domain::access::{Action, Actor, Object, allowed};

use super::super::door::REMEMBERED;
use super::super::{Service, ServiceError};
use crate::intake::{Connector, Kind};
use crate::store::schedule;

/// A box that letters can be dropped into: a source that comes by the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letterbox {
    /// The connector's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether letters are taken.
    pub open: bool,
}

impl Service {
    /// The boxes that are open; none where this installation's site has a form of its own, or where all were closed.
    pub async fn letterboxes(&self) -> Result<Vec<Letterbox>, ServiceError> {
        let mut boxes = self.boxes()?;
        if boxes.is_empty() {
            return Ok(boxes);
        }
        let closed = self.closed_boxes().await?;
        boxes.retain(|letterbox| !closed.contains(&letterbox.id));
        Ok(boxes)
    }

    /// Whether anybody may have written in: whether there is a box, open or closed.
    pub fn has_letterboxes(&self) -> Result<bool, ServiceError> {
        Ok(self.connectors_of_late()?.iter().any(|connector| connector.kind == Kind::Form))
    }

    /// All boxes of this installation, for those who see to its sources.
    pub async fn all_letterboxes(&self, actor: &Actor) -> Result<Vec<Letterbox>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        let closed = self.read_closed_boxes().await?;
        let mut boxes = self.boxes()?;
        for letterbox in &mut boxes {
            letterbox.open = !closed.contains(&letterbox.id);
        }
        Ok(boxes)
    }

    fn boxes(&self) -> Result<Vec<Letterbox>, ServiceError> {
        let connectors = self.connectors_of_late()?;
        let forms = connectors.iter().filter(|connector| connector.kind == Kind::Form);
        let letterbox = |connector: &Connector| Letterbox {
            id: connector.id.clone(),
            name: connector.name.clone(),
            description: connector.description.clone(),
            open: true,
        };
        Ok(forms.map(letterbox).collect())
    }

    /// The boxes that were closed, as they were a moment ago: every public page asks.
    async fn closed_boxes(&self) -> Result<Arc<HashSet<String>>, ServiceError> {
        let now = self.now();
        let remembered = self.doors.closed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, closed)) = remembered
            && (0..REMEMBERED).contains(&now.micros_since(at))
        {
            return Ok(closed);
        }
        let closed = Arc::new(self.read_closed_boxes().await?);
        *self.doors.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&closed)));
        Ok(closed)
    }

    async fn read_closed_boxes(&self) -> Result<HashSet<String>, ServiceError> {
        let rows = schedule::all(&mut self.store.read().await?.conn()).await?;
        Ok(rows.into_iter().filter(|row| !row.enabled).map(|row| row.source_id).collect())
    }

    /// A box was opened or closed here: the next page looks anew. Other nodes follow within seconds.
    pub(in crate::service) fn forget_closed_boxes(&self) {
        *self.doors.closed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
