//! What reading a source came to, for its plan.

use huiyin_domain::id::PullId;

use super::super::schedule::Outcome;
use super::{FolderLook, Pulled};
use crate::intake::fetch::FetchCode;

impl Pulled {
    /// What it came to, for the plan.
    pub fn outcome(&self) -> Outcome {
        const AWAY: [&str; 2] = [FetchCode::Blocked.as_str(), FetchCode::Robots.as_str()];
        match (self.stage.as_str(), &self.problem) {
            ("finished", _) => Outcome::Read { new: self.statement.accepted },
            ("interrupted", _) => Outcome::Stopped,
            (_, Some(problem)) if AWAY.contains(&problem.code.as_str()) => {
                Outcome::Blocked { retry_after: problem.retry_after }
            }
            (_, Some(problem)) => Outcome::Failed { code: problem.code.clone() },
            (_, None) => Outcome::Failed { code: "internal".to_owned() },
        }
    }
}

impl FolderLook {
    /// What it came to, for the plan; `stopped` where the program was told to stop meanwhile.
    pub fn outcome(&self, stopped: bool) -> Outcome {
        match &self.problem {
            Some(problem) => Outcome::Failed { code: problem.code.clone() },
            None if stopped => Outcome::Stopped,
            None => Outcome::Read { new: self.pulls.iter().map(|pulled| pulled.statement.accepted).sum() },
        }
    }

    /// The pull of the last file; `None` when there was nothing to read.
    pub fn pull(&self) -> Option<PullId> {
        self.pulls.last()?.pull.parse().ok()
    }
}
