//! Messages that a platform sends by itself: signed, within a span of time, and answered alike however often they come.
//!
//! A request is one lot: its rows, its closed count statement and the answer it is given become durable together. Who
//! gets no answer sends it again under the same key and is told what the first was told.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sm3::Sm3;

use super::import::{Purpose, Reads};
use super::payload::Sent;
use super::{Refusal, Service, ServiceError};
use crate::intake::{Connector, Kind, Limits, Push, PushFault, push_rows};
use crate::store::Conn;
use crate::store::door::{self, ReceiptRow};

/// The largest body that is read before it is known who sends it, in bytes: 8 MiB.
pub const MAX_PUSH_BYTES: u64 = 8 << 20;
/// How long an answer is kept, in microseconds: seven days.
const KEPT: i64 = 7 * 86_400_000_000;
/// The most characters of an idempotency key.
const KEY_CHARS: usize = 128;
/// The most messages of one request.
const MESSAGES: usize = 1_000;
/// Requests of one source at once.
const AT_ONCE: usize = 4;

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct PushRequest<'a> {
    /// The source that its address names.
    pub source: &'a str,
    /// `X-Huiyin-Timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `X-Huiyin-Signature`: `sha256=` or `sm3=` and the HMAC over timestamp, `.` and body, hexadecimal.
    pub signature: &'a str,
    /// `Idempotency-Key`: the sender's own name of this request.
    pub key: &'a str,
    /// Whether it says that its body is JSON.
    pub is_json: bool,
    /// The body.
    pub body: &'a [u8],
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAnswer {
    /// The lot, as the ledger names it.
    pub pull: String,
    /// Messages in the request.
    pub stated: i64,
    /// Messages that became items.
    pub accepted: i64,
    /// Messages already known.
    pub unchanged: i64,
    /// Messages that gave a known one a new version.
    pub changed: i64,
    /// Messages that cannot be read and wait for repair.
    pub held: i64,
    /// Messages that were held before and rejected for good.
    pub rejected: i64,
}

impl Service {
    /// Takes a request of a source that sends its messages itself. When it answers, everything is on disk.
    ///
    /// Refused, each with its code: `push_unauthorised` (no such source, or not signed with its secret: alike),
    /// `push_time` (signed too long ago, or in the future), `push_too_large`, `push_type`, `push_key`, `push_busy`,
    /// `push_conflict` (the key was used for another body) and `push_body`.
    pub async fn push(&self, request: PushRequest<'_>) -> Result<PushAnswer, ServiceError> {
        let now = self.now();
        let (connector, rules) = self.pusher(&request)?;
        check_time(&request, rules.tolerance, now)?;
        check_form(&request, &rules)?;
        let Some(_turn) = self.doors.busy.take(&connector.id, AT_ONCE) else { return Err(busy().into()) };
        if !self.doors.pushes.passes(&connector.id, now) {
            return Err(busy().into());
        }
        let digest = Digest::of(request.body).to_string();
        let known =
            self.answered_before(&mut self.store.read().await?.conn(), &connector, request.key, &digest).await?;
        if let Some(answer) = known {
            return Ok(answer);
        }
        let (body, mapper) = (request.body.to_vec(), connector.clone());
        let rows = tokio::task::spawn_blocking(move || push_rows(&mapper, &body, &Limits::default()));
        let rows = rows.await?.map_err(unusable)?;
        if rows.len() > MESSAGES {
            return Err(Refusal::new("push_body", format!("一次最多推送 {MESSAGES} 条来件。请分成几次推送。")).into());
        }

        let sent = Sent {
            url: String::new(),
            media_type: "application/json".to_owned(),
            charset: "utf-8".to_owned(),
            body: request.body.to_vec(),
        };
        let whole = self.keep_payload(sent).await;
        let permit = allowed(&Actor::System("push"), Action::ImportFile, &Object::None)?;
        let mut tx = self.store.begin(&permit).await?;
        self.take_turn(&mut tx).await?;
        // The same request may have come by two ways at once: the second waits for its turn and finds the first's answer.
        if let Some(answer) = self.answered_before(&mut tx.conn(), &connector, request.key, &digest).await? {
            return Ok(answer);
        }
        let now = self.now();
        let lot = Reads { purpose: Purpose::Push, name: "推送".to_owned(), digest: digest.clone(), whole };
        let pull = self.arrive(&mut tx, &permit, &connector, lot, rows, now).await?;
        let answer = PushAnswer {
            pull: pull.id,
            stated: pull.stated,
            accepted: pull.accepted,
            unchanged: pull.unchanged,
            changed: pull.changed,
            held: pull.held,
            rejected: pull.rejected,
        };
        let receipt = ReceiptRow {
            source_id: connector.id.clone(),
            request_key: request.key.to_owned(),
            body_digest: digest,
            answer: serde_json::to_string(&answer).unwrap_or_default(),
            answered_at: now.as_micros(),
        };
        door::insert_receipt(&mut tx, receipt).await?;
        tx.commit(now).await?;
        Ok(answer)
    }

    /// Forgets what pushes were answered more than seven days ago. Returns how many.
    pub async fn forget_old_receipts(&self) -> Result<u64, ServiceError> {
        let permit = allowed(&Actor::System("start"), Action::ImportFile, &Object::None)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let count = door::forget_receipts(&mut tx, now.as_micros().saturating_sub(KEPT)).await?;
        tx.commit(now).await?;
        Ok(count)
    }

    /// The source that signed the request. One that is not there is compared with a secret nobody has, so that it takes as
    /// long and is answered alike.
    fn pusher(&self, request: &PushRequest<'_>) -> Result<(Connector, Push), ServiceError> {
        let connector = self.source_by_door(request.source, Kind::Push)?;
        let rules = connector.as_ref().and_then(Connector::push).cloned();
        let secret = |name: Option<&str>| name.and_then(|name| self.secrets.get(name).ok()).map(str::as_bytes);
        let names = rules.as_ref().map(|rules| (rules.secret.as_str(), rules.old_secret.as_deref()));
        let present = secret(names.map(|(name, _)| name));
        let old = secret(names.and_then(|(_, old)| old));
        // Both are computed in any case.
        let matches = |secret: Option<&[u8]>| {
            is_signed(request, secret.unwrap_or(&self.doors.nobody)) && secret.is_some_and(|secret| !secret.is_empty())
        };
        let by_present = matches(present);
        let by_old = matches(old);
        match (connector, rules) {
            (Some(connector), Some(rules)) if by_present | by_old => Ok((connector, rules)),
            _ => {
                Err(Refusal::new("push_unauthorised", "签名不对，或没有这个推送渠道。请核对地址、密钥和签名方法。")
                    .into())
            }
        }
    }

    /// What a request with this key was answered; refused when it was another request.
    async fn answered_before(
        &self,
        conn: &mut Conn<'_>,
        connector: &Connector,
        key: &str,
        digest: &str,
    ) -> Result<Option<PushAnswer>, ServiceError> {
        let Some(row) = door::receipt(conn, &connector.id, key).await? else { return Ok(None) };
        if row.body_digest != digest {
            let message = "这个 Idempotency-Key 已用于另一份内容。请换一个新的键再推送。";
            return Err(Refusal::new("push_conflict", message).into());
        }
        let answer = serde_json::from_str(&row.answer).map_err(|error| ServiceError::Inconsistent {
            subject: format!("receipt of {}", connector.id),
            problem: error.to_string(),
        })?;
        Ok(Some(answer))
    }
}

/// Whether the signature is that of timestamp and body under this secret. Compared in constant time.
fn is_signed(request: &PushRequest<'_>, secret: &[u8]) -> bool {
    let (method, signature) = request.signature.trim().split_once('=').unwrap_or(("", ""));
    let mut given = [0; 32];
    let is_hex = hex::decode_to_slice(signature, &mut given).is_ok();
    let matches = match method {
        "sm3" => Hmac::<Sm3>::new_from_slice(secret).ok().is_some_and(|mut mac| {
            for part in signed_parts(request) {
                mac.update(part);
            }
            mac.verify_slice(&given).is_ok()
        }),
        _ => Hmac::<Sha256>::new_from_slice(secret).ok().is_some_and(|mut mac| {
            for part in signed_parts(request) {
                mac.update(part);
            }
            mac.verify_slice(&given).is_ok() && method == "sha256"
        }),
    };
    matches && is_hex
}

/// What the signature covers.
const fn signed_parts<'a>(request: &PushRequest<'a>) -> [&'a [u8]; 3] {
    [request.timestamp.as_bytes(), b".", request.body]
}

fn check_time(request: &PushRequest<'_>, tolerance: Duration, now: Instant) -> Result<(), Refusal> {
    let seconds: Option<i64> = request.timestamp.parse().ok();
    let apart = seconds.map(|seconds| now.as_micros().div_euclid(1_000_000).abs_diff(seconds));
    if apart.is_some_and(|apart| Duration::from_secs(apart) <= tolerance) {
        return Ok(());
    }
    let message = "时间戳与本机时间相差过大，或不是秒数。请校准时钟，用发送时的时间重新签名。";
    Err(Refusal::new("push_time", message))
}

fn check_form(request: &PushRequest<'_>, rules: &Push) -> Result<(), Refusal> {
    if request.body.len() as u64 > rules.max_bytes {
        let message = format!("内容超过 {} KB。请分成几次推送。", rules.max_bytes >> 10);
        return Err(Refusal::new("push_too_large", message));
    }
    if !request.is_json {
        return Err(Refusal::new("push_type", "只收 JSON。请以 Content-Type: application/json 推送。"));
    }
    let is_key =
        (1..=KEY_CHARS).contains(&request.key.len()) && request.key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key {
        return Ok(());
    }
    let message = format!("请用 Idempotency-Key 给每次推送一个不重复的键（1 至 {KEY_CHARS} 个可见的 ASCII 字符）。");
    Err(Refusal::new("push_key", message))
}

fn busy() -> Refusal {
    Refusal::new("push_busy", "推送过于频繁，或同时的推送过多。请稍后用同一个键重试。")
}

fn unusable(fault: PushFault) -> Refusal {
    let message = match fault {
        PushFault::NotJson => "内容不是 JSON。请推送一条来件，或 {\"items\": [来件, …]}。",
        PushFault::NotMessages => "内容里没有来件。请推送一条来件，或 {\"items\": [来件, …]}。",
    };
    Refusal::new("push_body", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(signature: &'a str, body: &'a [u8]) -> PushRequest<'a> {
        PushRequest { source: "x", timestamp: "1800000000", signature, key: "k", is_json: true, body }
    }

    #[test]
    fn signatures_are_those_other_programs_compute() {
        // printf '1800000000.{"a":1}' | openssl dgst -sha256 -hmac geheim, and the same with -sm3.
        let body = br#"{"a":1}"#;
        for signature in [SHA256, SM3] {
            assert!(is_signed(&request(signature, body), b"geheim"), "{signature}");
            assert!(!is_signed(&request(signature, body), b"anders"));
            assert!(!is_signed(&request(signature, b"{}"), b"geheim"));
        }
        let hex = SHA256.strip_prefix("sha256=").unwrap();
        for wrong in ["", "sha256=", "sha256=00", hex, &format!("md5={hex}"), &format!("sm3={hex}"), "sha256=zz"] {
            assert!(!is_signed(&request(wrong, body), b"geheim"), "{wrong}");
        }
    }

    const SHA256: &str = "sha256=448dfe42bb44eaf2b06fa98fddf31c823fffcb38618a86370750ed263c8d39d8";
    const SM3: &str = "sm3=e5fa1c2bc0bdd62e52f009a9f12d4c831a7a90288aca944f6161d0dd9f70732f";

    #[test]
    fn the_window_is_open_on_both_sides_and_ends() {
        let five = Duration::from_mins(5);
        let at = |seconds: i64| Instant::from_micros((1_800_000_000 + seconds) * 1_000_000);
        for (seconds, passes) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(check_time(&request("", b""), five, at(seconds)).is_ok(), passes, "{seconds}");
        }
        for timestamp in ["", "now", "1.8e9", "99999999999999999999", "-9223372036854775808"] {
            let request = PushRequest { timestamp, ..request("", b"") };
            assert!(check_time(&request, five, at(0)).is_err(), "{timestamp}");
        }
    }
}
