//! An identity provider on the loopback: it tells of itself, sends browsers back with a code, and changes the code for an ID
//! token only when client, address and PKCE verifier are right. Keys and signatures are real; what it does wrong is scripted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Query, RawForm, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::set_header::SetResponseHeaderLayer;

pub const CLIENT: &str = "huiyin-desk";
pub const SECRET: &str = "invented: not a secret/at all";

/// What the provider does wrong in a token: it changes the claims.
pub type Twist = fn(&mut Value);

/// A provider, running.
pub struct IdentityProvider {
    pub address: String,
    script: Arc<Mutex<Script>>,
    serving: tokio::task::JoinHandle<()>,
}

/// What it knows and how it behaves.
pub struct Script {
    /// Whom it lets in: the value of `preferred_username`.
    pub login: String,
    /// The present time in seconds, as the program under test sees it.
    pub now: i64,
    /// What it changes in every token.
    pub twist: Option<Twist>,
    /// The error with which it sends browsers back.
    pub refuses: Option<&'static str>,
    /// The way in which it takes the client's secret.
    pub takes_secret: &'static str,
    /// Where browsers may be sent back to.
    pub redirect: String,
    /// How often it was asked about itself.
    pub asked: usize,
    address: String,
    signing: Key,
    shown: Vec<Value>,
    codes: HashMap<String, Grant>,
}

struct Grant {
    challenge: String,
    nonce: String,
    redirect: String,
}

/// A key and its name.
struct Key {
    id: String,
    pair: Pair,
}

enum Pair {
    Elliptic(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl IdentityProvider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let signing = Key::elliptic();
        let script = Arc::new(Mutex::new(Script {
            login: "office".to_owned(),
            now: 0,
            twist: None,
            refuses: None,
            takes_secret: "client_secret_basic",
            redirect: String::new(),
            asked: 0,
            address: address.clone(),
            shown: vec![signing.shown()],
            signing,
            codes: HashMap::new(),
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(tell))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            // Nothing stays open: once it ends, nobody reaches it.
            .layer(SetResponseHeaderLayer::overriding(CONNECTION, HeaderValue::from_static("close")))
            .with_state(script.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, script, serving }
    }

    /// How it behaves from here on.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// What a browser gets that goes there: the address it is sent back to.
    pub async fn visit(&self, address: &str) -> String {
        assert!(address.starts_with(&format!("{}/authorize?", self.address)), "{address}");
        let client = super::http::without_redirects();
        let response = client.get(address).send().await.unwrap();
        let back = response.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(response.status().as_u16(), 302, "{}", response.text().await.unwrap());
        back.unwrap()
    }
}

impl Script {
    /// Signs with another key from here on; the keys it shows tell of that, or not.
    pub fn change_key(&mut self, show: bool) {
        self.signing = Key::elliptic();
        if show {
            self.shown = vec![self.signing.shown()];
        }
    }

    /// Signs with a key of its own that goes by the name of the one it shows.
    pub fn forge_key(&mut self) {
        let id = self.signing.id.clone();
        self.signing = Key { id, ..Key::elliptic() };
    }

    /// Signs with RSA, as most providers do.
    pub fn use_rsa(&mut self) {
        self.signing = Key::rsa();
        self.shown = vec![self.signing.shown()];
    }

    fn grant(&mut self, fields: &HashMap<String, String>, headers: &HeaderMap) -> Result<Value, &'static str> {
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let basic = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let proved = match self.takes_secret {
            "client_secret_basic" => {
                basic == Some(&BASE64.encode(format!("{}:{}", encode(CLIENT), encode(SECRET)).as_bytes()))
            }
            _ => basic.is_none() && field("client_id") == CLIENT && field("client_secret") == SECRET,
        };
        if !proved {
            return Err("invalid_client");
        }
        // A code serves once.
        let grant = self.codes.remove(field("code")).ok_or("invalid_grant")?;
        let challenge = BASE64URL_NOPAD.encode(digest(&SHA256, field("code_verifier").as_bytes()).as_ref());
        let right = field("grant_type") == "authorization_code"
            && field("redirect_uri") == grant.redirect
            && (43..=128).contains(&field("code_verifier").len())
            && challenge == grant.challenge;
        if !right {
            return Err("invalid_grant");
        }
        let mut claims = json!({
            "iss": self.address, "aud": CLIENT, "sub": "7c1e0f", "iat": self.now, "exp": self.now + 300,
            "nonce": grant.nonce, "preferred_username": self.login, "employee": self.login,
        });
        if let Some(twist) = self.twist {
            twist(&mut claims);
        }
        Ok(json!({ "access_token": "not used", "token_type": "Bearer", "id_token": self.signing.sign(&claims) }))
    }
}

impl Key {
    fn elliptic() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { id: fresh(), pair: Pair::Elliptic(pair) }
    }

    fn rsa() -> Self {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"]);
        let made = openssl.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { id: fresh(), pair: Pair::Rsa(RsaKeyPair::from_der(&made.stdout).unwrap()) }
    }

    /// What anybody may see of it.
    fn shown(&self) -> Value {
        match &self.pair {
            Pair::Elliptic(pair) => {
                let point = pair.public_key().as_ref();
                let [x, y] = [&point[1..33], &point[33..]].map(|part| BASE64URL_NOPAD.encode(part));
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": x, "y": y })
            }
            Pair::Rsa(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let [n, e] = [n, e].map(|part| BASE64URL_NOPAD.encode(&part));
                json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": n, "e": e })
            }
        }
    }

    fn sign(&self, claims: &Value) -> String {
        let alg = if matches!(self.pair, Pair::Rsa(_)) { "RS256" } else { "ES256" };
        let head = json!({ "alg": alg, "typ": "JWT", "kid": self.id });
        let [head, claims] = [&head, claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
        let text = format!("{head}.{claims}");
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Elliptic(pair) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}

type Shared = State<Arc<Mutex<Script>>>;

async fn tell(State(script): Shared) -> Json<Value> {
    let mut script = script.lock().unwrap();
    script.asked += 1;
    let at = script.address.clone();
    Json(json!({
        "issuer": at, "authorization_endpoint": format!("{at}/authorize"), "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": [script.takes_secret],
    }))
}

async fn keys(State(script): Shared) -> Json<Value> {
    Json(json!({ "keys": script.lock().unwrap().shown }))
}

async fn authorize(State(script): Shared, Query(query): Query<HashMap<String, String>>) -> Response {
    let mut script = script.lock().unwrap();
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let right = field("response_type") == "code"
        && field("client_id") == CLIENT
        && field("scope").split(' ').any(|scope| scope == "openid")
        && field("code_challenge_method") == "S256"
        && field("redirect_uri") == script.redirect
        && [field("state"), field("nonce"), field("code_challenge")].iter().all(|text| text.len() >= 43);
    if !right {
        return (StatusCode::BAD_REQUEST, format!("{query:?}")).into_response();
    }
    let mut back = form_urlencoded::Serializer::new(String::new());
    back.append_pair("state", field("state"));
    if let Some(error) = script.refuses {
        back.append_pair("error", error).append_pair("error_description", "周敏 zhou.min");
    } else {
        let code = fresh();
        back.append_pair("code", &code);
        let [challenge, nonce, redirect] =
            ["code_challenge", "nonce", "redirect_uri"].map(|name| field(name).to_owned());
        script.codes.insert(code, Grant { challenge, nonce, redirect });
    }
    (StatusCode::FOUND, [(LOCATION, format!("{}?{}", script.redirect, back.finish()))]).into_response()
}

async fn token(State(script): Shared, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let fields = form_urlencoded::parse(&form).into_owned().collect();
    match script.lock().unwrap().grant(&fields, &headers) {
        Ok(granted) => Json(granted).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
    }
}

fn fresh() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).unwrap();
    BASE64URL_NOPAD.encode(&bytes)
}
