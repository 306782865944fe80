//! What a command means for an item's reply.

use super::decide::Deciding;
use super::{Command, Digest, Event, Refusal, Reply, ReviewStep, Stage};
use crate::id::{AccountId, ReplyId};

impl Deciding<'_> {
    pub(super) fn reply(&self) -> Result<Vec<Event>, Refusal> {
        let event = match *self.command {
            Command::SaveDraft { reply, version, digest } => self.save_draft(reply, version, digest)?,
            Command::SubmitReply { version, digest, chars } => self.submit(version, digest, chars)?,
            Command::Approve { step, digest } => self.approve(step, digest)?,
            Command::SendBack { step, reason } => {
                self.awaits(step)?;
                Event::SentBack { step, reason, by: self.person()? }
            }
            Command::Release => self.release()?,
            _ => return Err(self.wrong_stage()),
        };
        Ok(vec![event])
    }

    fn save_draft(&self, reply: ReplyId, version: u32, digest: Digest) -> Result<Event, Refusal> {
        self.in_stages(&[Stage::Handling, Stage::Review1, Stage::Review2, Stage::Review3, Stage::Approved])?;
        self.lead_unit_acting()?;
        let by = self.person()?;
        let (expected_id, expected_version) = match &self.item.reply {
            None => (reply, 1),
            Some(saved) if saved.digest == digest => return Err(Refusal::DraftUnchanged),
            Some(saved) => (saved.id, saved.version.saturating_add(1)),
        };
        if (reply, version) != (expected_id, expected_version) {
            return Err(Refusal::DraftConflict);
        }
        Ok(Event::Drafted { reply, version, digest, by })
    }

    fn submit(&self, version: u32, digest: Digest, chars: usize) -> Result<Event, Refusal> {
        self.in_stages(&[Stage::Handling])?;
        self.lead_unit_acting()?;
        let by = self.person()?;
        let saved = self.saved()?;
        if (saved.version, saved.digest) != (version, digest) {
            return Err(Refusal::TextChanged);
        }
        if chars < self.rules.min_reply_chars {
            return Err(Refusal::ReplyEmpty { min: self.rules.min_reply_chars });
        }
        Ok(Event::Submitted { version, digest, by, at: self.now })
    }

    fn approve(&self, step: ReviewStep, digest: Digest) -> Result<Event, Refusal> {
        self.awaits(step)?;
        let by = self.person()?;
        let saved = self.saved()?;
        if saved.digest != digest {
            return Err(Refusal::TextChanged);
        }
        if saved.drafters.contains(&by) {
            return Err(Refusal::ReviewerIsDrafter);
        }
        if saved.approvals.iter().any(|approval| approval.account == by) {
            return Err(Refusal::ReviewerRepeated);
        }
        Ok(Event::Approved { step, digest, by, at: self.now })
    }

    /// Counts the approvals once more instead of trusting the stage: this is the last gate before the citizen.
    fn release(&self) -> Result<Event, Refusal> {
        self.in_stages(&[Stage::Approved])?;
        let saved = self.saved()?;
        let steps =
            saved.approvals.iter().filter(|approval| approval.digest == saved.digest).map(|approval| approval.step);
        if !steps.eq(ReviewStep::ALL.iter().copied()) {
            return Err(Refusal::ApprovalsMissing);
        }
        Ok(Event::Released { reply: saved.id, version: saved.version, digest: saved.digest, at: self.now })
    }

    fn awaits(&self, step: ReviewStep) -> Result<(), Refusal> {
        let awaited = self.item.awaited_review().ok_or_else(|| self.wrong_stage())?;
        if awaited == step { Ok(()) } else { Err(Refusal::WrongReviewStep { awaited }) }
    }

    fn saved(&self) -> Result<&Reply, Refusal> {
        self.item.reply.as_ref().ok_or(Refusal::ReplyMissing)
    }

    fn person(&self) -> Result<AccountId, Refusal> {
        self.actor.account().ok_or(Refusal::AccountRequired)
    }
}
