//! Fetching the pictures and documents that a source shows with its messages, once a pull of it is closed.

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Problem;
use crate::intake::crawl::Pages;
use crate::intake::fetch::{FetchCode, FetchError, Url};
use crate::intake::{Connector, Files, Media, MediaFault, MediaGroup, media_of};
use crate::service::blob::Kept;
use crate::service::{Service, ServiceError};
use crate::store::attachment::{self, AttachmentRow};

/// Fetched after one pull. At the usual pace that takes five minutes; the next pull goes on.
const AT_A_PULL: i64 = 300;
/// And for so long: the source's next reading waits meanwhile. Microseconds: fifteen minutes.
const AT_MOST: u64 = 900_000_000;
/// So many in a row that fail for a reason that may pass, and the rest waits for the next pull: each may take minutes to fail.
const FAILED_IN_A_ROW: usize = 3;
/// One that fails for a reason that may pass is tried so often in all.
const TRIES: i64 = 5;

/// The ledger's kind for an attachment that is not taken.
const REFUSED: &str = "attachment.refused";
/// The same for one that cannot be had.
const MISSING: &str = "attachment.missing";

/// What became of asking for a file.
#[derive(Debug)]
enum Got {
    /// It lies here.
    File(Kept, Media),
    /// It is not taken.
    Refused(&'static str, String),
    /// It is not there.
    Missing(&'static str, String),
    /// Perhaps another time.
    Later(FetchError),
}

impl Service {
    /// Fetches what is listed and due of a source, as far as its connector says so. A server that asks us to stay away is
    /// asked for nothing more; what it said is returned.
    pub(super) async fn fetch_files<P: Pages>(
        &self,
        actor: &Actor,
        connector: &Connector,
        pages: &mut P,
        stop: &CancellationToken,
    ) -> Result<Option<Problem>, ServiceError> {
        let permit = allowed(actor, Action::PullSource, &Object::None)?;
        let rules = connector.files();
        if !rules.fetch || !self.keeps_files() {
            return Ok(None);
        }
        let due = attachment::due(&mut self.store.read().await?.conn(), &connector.id, AT_A_PULL).await?;
        let begun = self.now().as_micros();
        let mut failed_in_a_row = 0;
        for row in due {
            if failed_in_a_row >= FAILED_IN_A_ROW || self.now().as_micros().abs_diff(begun) >= AT_MOST {
                break;
            }
            let got = tokio::select! {
                got = self.fetch_file(rules, &row, pages) => got?,
                () = stop.cancelled() => return Ok(None),
            };
            failed_in_a_row = if matches!(got, Got::Later(_)) { failed_in_a_row + 1 } else { 0 };
            let refusal = match &got {
                Got::Later(error) if error.code == FetchCode::Blocked => Some(Problem::of(error)),
                _ => None,
            };
            self.note_file(&permit, row, got).await?;
            if refusal.is_some() {
                return Ok(refusal);
            }
        }
        Ok(None)
    }

    /// Asks for one file. What is kept of it lies on disk before any row says so.
    async fn fetch_file<P: Pages>(
        &self,
        rules: &Files,
        row: &AttachmentRow,
        pages: &mut P,
    ) -> Result<Got, ServiceError> {
        let address = Url::parse(&row.url).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "imap"));
        let Some(address) = address else {
            return Ok(Got::Refused(FetchCode::Address.as_str(), "附件的地址不是网址，没有收取。".to_owned()));
        };
        let body = match pages.get_file(address, rules.max_bytes).await {
            Ok(answer) => answer.body.unwrap_or_default(),
            Err(error) => return Ok(failed(error, rules)),
        };
        let mut taking = self.begin_taking(rules.max_bytes).await?;
        if !taking.write(body).await? {
            return Ok(too_large(rules));
        }
        let path = taking.path().to_owned();
        let media = match tokio::task::spawn_blocking(move || media_of(&path)).await? {
            Ok(media) => media,
            Err(MediaFault::Unreadable(error)) => return Err(ServiceError::Spool(error)),
            Err(fault) => return Ok(Got::Refused(fault.code(), why(&fault).to_owned())),
        };
        if !rules.types.contains(&MediaGroup::of(&media)) {
            let message = format!("这个渠道的采集配置不收{}。", media.label);
            return Ok(Got::Refused("type_not_taken", message));
        }
        Ok(Got::File(taking.keep().await?, media))
    }

    /// Writes down what became of a file: one transaction.
    async fn note_file(&self, permit: &Permit, mut row: AttachmentRow, got: Got) -> Result<(), ServiceError> {
        let now = self.now();
        let mut tx = self.store.begin(permit).await?;
        let subject = format!("message:{}", row.message_id);
        let (stage, code, problem) = match got {
            Got::File(kept, media) => {
                media.media_type.clone_into(&mut row.media_type);
                row.bytes = i64::try_from(kept.bytes).unwrap_or(i64::MAX);
                row.content = Some(kept.content);
                row.added_at = now.as_micros();
                self.seal_stored(&mut tx, &mut row)?;
                ("stored", "", String::new())
            }
            Got::Refused(code, problem) => ("refused", code, problem),
            Got::Missing(code, problem) => ("missing", code, problem),
            Got::Later(error) => {
                row.attempts += 1;
                let stage = if row.attempts < TRIES { "listed" } else { "missing" };
                (stage, error.code.as_str(), error.message)
            }
        };
        let kind = match stage {
            "refused" => Some(REFUSED),
            "missing" => Some(MISSING),
            _ => None,
        };
        if let Some(kind) = kind {
            tx.record(subject, kind, &json!({ "attachment": row.id, "code": code }))?;
        }
        stage.clone_into(&mut row.stage);
        code.clone_into(&mut row.problem_code);
        row.problem = problem;
        // Another process may have been faster: then there is nothing to add, and nothing of this is kept.
        if attachment::update(&mut tx, &row).await? {
            tx.commit(now).await?;
        }
        Ok(())
    }
}

/// Why a file is not taken, for the office.
const fn why(fault: &MediaFault) -> &'static str {
    match fault {
        MediaFault::Empty => "附件是空文件，没有收存。",
        MediaFault::Macros => "附件是带宏的文档，为安全没有收存。请到源平台查看。",
        MediaFault::Locked => "附件是加密文档，没有收存。请到源平台查看。",
        MediaFault::Damaged => "附件已损坏，没有收存。请到源平台查看。",
        MediaFault::Foreign | MediaFault::Unreadable(_) => "附件不是图片、PDF 或办公文档，没有收存。请到源平台查看。",
    }
}

fn too_large(rules: &Files) -> Got {
    let message = format!("附件超过 {} MB，没有收存。请到源平台查看。", rules.max_bytes >> 20);
    Got::Refused(FetchCode::TooLarge.as_str(), message)
}

/// What a fault means for a file.
fn failed(error: FetchError, rules: &Files) -> Got {
    match error.code {
        FetchCode::TooLarge => too_large(rules),
        FetchCode::Address => Got::Refused(error.code.as_str(), error.message),
        FetchCode::Gone => Got::Missing(error.code.as_str(), "源平台上已经没有这个附件。".to_owned()),
        FetchCode::Blocked
        | FetchCode::Robots
        | FetchCode::Status
        | FetchCode::Network
        | FetchCode::Timeout
        | FetchCode::Certificate
        | FetchCode::Settings => Got::Later(error),
    }
}
