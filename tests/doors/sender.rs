//! A platform that pushes, as its programmers would write it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// A request of a platform.
#[derive(Debug, Clone)]
pub struct Pushing {
    pub source: String,
    pub secret: String,
    pub seconds: i64,
    pub key: String,
    pub body: String,
    pub content_type: &'static str,
}

impl Pushing {
    /// A sound request of `hotline-push` at this second.
    pub fn new(seconds: i64, key: &str, body: &Value) -> Self {
        Self {
            source: "hotline-push".to_owned(),
            secret: crate::support::app::PUSH_SECRET.to_owned(),
            seconds,
            key: key.to_owned(),
            body: body.to_string(),
            content_type: "application/json",
        }
    }

    /// What it is signed with.
    pub fn signature(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(format!("{}.{}", self.seconds, self.body).as_bytes());
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }

    /// The request, ready to be sent.
    pub fn request(&self, client: &reqwest::Client, address: &str) -> reqwest::RequestBuilder {
        client
            .post(format!("{address}/in/{}", self.source))
            .header("x-huiyin-timestamp", self.seconds.to_string())
            .header("x-huiyin-signature", self.signature())
            .header("idempotency-key", &self.key)
            .header("content-type", self.content_type)
            .body(self.body.clone())
    }

    /// Sends it; the status and the answer.
    pub async fn send(&self, client: &reqwest::Client, address: &str) -> (u16, Value) {
        answer(self.request(client, address).send().await.unwrap()).await
    }
}

/// The status and the answer.
pub async fn answer(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}, no JSON ({error}): {text}")))
}

/// The code of a refusal.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {answer:#}"))
}

/// An order of the city's platform.
pub fn order(number: &str) -> Value {
    json!({
        "orderNo": number, "title": format!("{number}的采光"), "content": format!("青禾路{number}北侧要建高楼，核算过采光吗？"),
        "orderType": "咨询", "caller": "甲某", "callerPhone": "138-0000-6000", "address": "青禾路",
        "callTime": "2026-10-08 08:20:00", "dispatchTime": 1_791_420_000_000_i64, "secret": false,
    })
}
