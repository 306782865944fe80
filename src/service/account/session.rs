//! Sessions: what they are started from, when they were last used, and ending them.

use std::time::Duration;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::{AccountId, SessionId};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::own_permit;
use crate::service::auth::{IDLE_SECONDS, USE_NOTED_SECONDS};
use crate::service::{Refusal, Service, ServiceError, stored_id};
use crate::store::access_token as tokens;
use crate::store::account::{self as accounts, SessionRow};
use crate::telemetry;

/// How long a request waits for its session's last use to be written, unless told otherwise. An import may hold the writer
/// for longer; it is then written in the background.
pub(in crate::service) const NOTING_PATIENCE: Duration = Duration::from_millis(100);

/// What a session is started from, as coarsely as its owner needs it to know it again. 客户端
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Client {
    /// Chrome, or a browser that calls itself so.
    Chrome,
    /// Edge.
    Edge,
    /// Firefox.
    Firefox,
    /// Safari.
    Safari,
    /// The browser inside 微信 or 企业微信.
    WeChat,
    /// Anything else.
    #[default]
    Other,
}

impl Client {
    /// Every one, in the order in which a `User-Agent` is searched: browsers also name those they descend from.
    pub const ALL: [Self; 6] = [Self::WeChat, Self::Edge, Self::Firefox, Self::Chrome, Self::Safari, Self::Other];

    /// Read from a `User-Agent`.
    pub fn of_user_agent(text: &str) -> Self {
        let mark = |client: &Self| match client {
            Self::WeChat => "MicroMessenger/",
            Self::Edge => "Edg/",
            Self::Firefox => "Firefox/",
            Self::Chrome => "Chrome/",
            Self::Safari => "Safari/",
            Self::Other => "",
        };
        Self::ALL.into_iter().find(|client| text.contains(mark(client))).unwrap_or_default()
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Edge => "edge",
            Self::Firefox => "firefox",
            Self::Safari => "safari",
            Self::WeChat => "wechat",
            Self::Other => "other",
        }
    }

    /// The word shown to people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Chrome => "Chrome 浏览器",
            Self::Edge => "Edge 浏览器",
            Self::Firefox => "Firefox 浏览器",
            Self::Safari => "Safari 浏览器",
            Self::WeChat => "微信",
            Self::Other => "其他客户端",
        }
    }

    /// The one with this code; what is unknown is [`Client::Other`].
    pub fn parse(code: &str) -> Self {
        Self::ALL.into_iter().find(|client| client.code() == code).unwrap_or_default()
    }
}

/// What a request was sent by, with its id.
#[derive(Debug, Clone)]
pub(super) enum Used {
    Session(String),
    AccessToken(String),
}

impl Used {
    fn id(&self) -> &str {
        match self {
            Self::Session(id) | Self::AccessToken(id) => id,
        }
    }
}

impl Service {
    /// Notes that a session or token is used, unless that was noted within the last minute. It never fails a request: what
    /// cannot be written now is written by the next one.
    pub(super) async fn note_use(&self, used: Used, last: Option<i64>, now: Instant) {
        let due = now.plus_seconds(-USE_NOTED_SECONDS).as_micros();
        if last.is_some_and(|last| last > due) || !self.sign_in.begin_noting(used.id()) {
            return;
        }
        let service = self.clone();
        let writing = tokio::spawn(async move {
            let written = service.write_use(&used, now).await;
            service.sign_in.end_noting(used.id());
            if let Err(error) = written {
                tracing::warn!(error = %telemetry::chain(&error), "the last use of a session was not noted");
            }
        });
        // Given up waiting, it goes on by itself.
        let _ = tokio::time::timeout(self.noting_patience, writing).await;
    }

    async fn write_use(&self, used: &Used, now: Instant) -> Result<(), ServiceError> {
        let permit = allowed(&Actor::System("session"), Action::ManageAccounts, &Object::None)?;
        let mut tx = self.store.begin(&permit).await?;
        match used {
            Used::Session(id) => accounts::touch(&mut tx, id, now.as_micros()).await?,
            Used::AccessToken(id) => tokens::touch(&mut tx, id, now.as_micros()).await?,
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// The sessions of an account that are under way, the newest first: one's own, or anybody's for the security
    /// administrator.
    pub async fn sessions(&self, actor: &Actor, of: Option<AccountId>) -> Result<Vec<SessionRow>, ServiceError> {
        let (own, _) = own_permit(actor, Action::ManageOwn)?;
        let id = of.unwrap_or(own);
        if id != own {
            allowed(actor, Action::ManageSessions, &Object::Account { id })?;
        }
        let now = self.now();
        let idle_since = now.plus_seconds(-IDLE_SECONDS).as_micros();
        Ok(accounts::sessions(&mut self.store.read().await?.conn(), id, now.as_micros(), idle_since).await?)
    }

    /// Ends a session: one's own, or anybody's for the security administrator. To everybody else another's session looks
    /// as if it were not there.
    pub async fn revoke_session(&self, actor: &Actor, session: SessionId) -> Result<(), ServiceError> {
        let (own, own_permit) = own_permit(actor, Action::ManageOwn)?;
        let unknown = || Refusal::new("session_unknown", "没有这个会话，或者已经结束。请刷新列表。");
        let row = accounts::session_by_id(&mut self.store.read().await?.conn(), session).await?;
        let id: AccountId = stored_id("account", &row.ok_or_else(unknown)?.account_id)?;
        let permit = if id == own {
            own_permit
        } else {
            allowed(actor, Action::ManageSessions, &Object::Account { id }).map_err(|_| unknown())?
        };
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        if !accounts::revoke_one(&mut tx, id, session, now.as_micros()).await? {
            return Err(unknown().into());
        }
        tx.record(format!("account:{id}"), "session.revoked", &json!({ "session": session.to_string() }))?;
        tx.commit(now).await?;
        Ok(())
    }

    /// Ends all of one's own sessions but the one to keep; tells how many there were.
    pub async fn revoke_other_sessions(&self, actor: &Actor, keep: SessionId) -> Result<u64, ServiceError> {
        let (id, permit) = own_permit(actor, Action::ManageOwn)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let ended = accounts::revoke_others(&mut tx, id, keep, now.as_micros()).await?;
        if ended > 0 {
            let body = json!({ "kept": keep.to_string(), "sessions": ended });
            tx.record(format!("account:{id}"), "session.others_revoked", &body)?;
            tx.commit(now).await?;
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_family() {
        let known = |text: &str| Client::of_user_agent(text).code();
        let webkit = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
        assert_eq!(known(&format!("{webkit} Chrome/140.0.0.0 Safari/537.36")), "chrome");
        assert_eq!(known(&format!("{webkit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0")), "edge");
        assert_eq!(known(&format!("{webkit} Version/18.0 Safari/605.1.15")), "safari");
        assert_eq!(known("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"), "firefox");
        assert_eq!(known(&format!("{webkit} Chrome/126.0 Safari/537.36 MicroMessenger/8.0.50")), "wechat");
        for other in ["", "curl/8.5.0", "<script>"] {
            assert_eq!(known(other), "other");
        }
        assert!(Client::ALL.iter().all(|client| Client::parse(client.code()) == *client));
        assert_eq!(Client::parse("netscape"), Client::Other);
    }
}
