//! One pull's way of getting pages.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    CONTENT_TYPE, COOKIE, DATE, HeaderMap, HeaderValue as Wire, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use reqwest::{RequestBuilder, StatusCode};
use tokio::time::{Instant, sleep, timeout};
use url::{Url, form_urlencoded};

use super::address::{Gate, Side, host_name};
use super::blocked::wall;
use super::body::{self, BodyLimits};
use super::client::{Clients, add_header, headers_of};
use super::cookies::Jar;
use super::failure::{Again, Fault};
use super::redact::redacted_with;
use super::robots::{MAX_ROBOTS_BYTES, Robots};
use super::settings::PRODUCT;
use super::{Answer, FetchCode, FetchError, FetchRules, Hosts, Method, NetSettings, Request, Validators};
use crate::crawl::Pages;

/// So many redirects in a row are followed.
const MAX_REDIRECTS: usize = 5;
/// A server that wants to be left alone for longer is left alone for this pull. Seconds.
const MAX_RETRY_AFTER: u64 = 60;
/// No pause between two attempts is longer, whatever the doubling says.
const MAX_PAUSE: Duration = Duration::from_mins(1);
/// How many first pauses an empty answer is worth: it means "slow down".
const EMPTY_PAUSES: u32 = 4;

/// Gets the pages of one source for one pull: keeps its cookies, obeys the rules of its connector, and waits its turn with
/// everybody else who reads the same hosts.
#[derive(Debug)]
pub struct Fetcher {
    rules: FetchRules,
    settings: NetSettings,
    gate: Gate,
    hosts: Arc<Hosts>,
    clients: Clients,
    open: HeaderMap,
    secret: HeaderMap,
    jar: Jar,
    validators: Validators,
    /// The most bytes of what is asked for just now, where it is a file of a message.
    file_bytes: Option<u64>,
    /// The last refusal, of all that were counted, that this fetcher has heard of.
    heard: u64,
    /// The host that asked this fetcher to stay away.
    refused_by: Option<String>,
}

/// One step of a request on its way through redirects.
#[derive(Debug)]
struct Hop {
    url: Url,
    body: Option<(&'static str, Vec<u8>)>,
    /// Headers of the request itself.
    headers: HeaderMap,
    conditional: bool,
    /// Whether it goes where the connector sent it, and not where another host did.
    trusted: bool,
    /// Whether it goes without cookies and secrets at all.
    bare: bool,
}

/// What came back for one hop. Only a 2xx has a body.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Fetcher {
    /// A fetcher for one pull. `hosts` is the one of the process; `validators` is what the last pull left.
    ///
    /// # Errors
    ///
    /// `Settings` when a secret, the proxy or a certificate is missing or cannot be used.
    pub fn new(
        rules: &FetchRules,
        settings: &NetSettings,
        hosts: &Arc<Hosts>,
        validators: Validators,
    ) -> Result<Self, FetchError> {
        let clients = Clients::new(rules, settings)?;
        let [open, secret] = headers_of(rules, settings)?;
        Ok(Self {
            gate: Gate::new(rules),
            rules: rules.clone(),
            settings: settings.clone(),
            hosts: Arc::clone(hosts),
            clients,
            open,
            secret,
            jar: Jar::default(),
            validators,
            file_bytes: None,
            heard: hosts.refusals(),
            refused_by: None,
        })
    }

    /// What the servers said of the pages that were read. See [`Validators`] for when to keep it.
    pub const fn validators(&self) -> &Validators {
        &self.validators
    }

    /// The answer to a request, tried again as often as the rules allow while the fault may pass.
    ///
    /// # Errors
    ///
    /// See [`FetchCode`]. After `Blocked` the source is to be left alone for a while.
    pub async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        let asked = request.url.clone();
        let request = self.settings.secrets.fill(self.rules.without_overheard(request))?;
        let mut tried = 0;
        loop {
            let mut at = request.url.clone();
            let fault = match self.attempt(&request, &mut at).await {
                // The address as it was asked for: what a secret was put into stays here.
                Ok(answer) if answer.url == request.url => return Ok(Answer { url: asked, ..answer }),
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let most = match fault.again {
                Again::Never => 0,
                Again::Once => self.rules.retries.min(1),
                Again::Later => self.rules.retries,
            };
            let wish = fault.error.retry_after.unwrap_or(0);
            if tried >= most || wish > MAX_RETRY_AFTER {
                if fault.error.code == FetchCode::Blocked {
                    self.note_refusal(&at);
                }
                return Err(fault.error);
            }
            sleep(self.pause(fault.again, tried).max(Duration::from_secs(wish))).await;
            tried += 1;
        }
    }

    /// Exponential with full jitter, so that those who failed together do not come back together.
    fn pause(&self, again: Again, tried: u32) -> Duration {
        let drawn = (self.settings.jitter)();
        let jitter = if drawn.is_nan() { 0.0 } else { drawn.clamp(0.0, 1.0) };
        let first = self.settings.backoff;
        match again {
            // Not less than half: the server has just asked for it.
            Again::Once => first.saturating_mul(EMPTY_PAUSES).min(MAX_PAUSE).mul_f64(0.5 + jitter / 2.0),
            _ => first.saturating_mul(2_u32.saturating_pow(tried)).min(MAX_PAUSE).mul_f64(jitter),
        }
    }

    /// Notes that a host asked to be left alone, for all who read from it now. Who was stopped by somebody else's refusal has
    /// met none.
    fn note_refusal(&mut self, at: &Url) {
        let host = host_name(at).unwrap_or_default();
        if !self.hosts.has_refused_since(&host, self.heard) {
            self.heard = self.hosts.refuse(&host);
        }
        self.refused_by = Some(host);
    }

    /// `at` is told where it got to.
    async fn attempt(&mut self, request: &Request, at: &mut Url) -> Result<Answer, Fault> {
        let mut hop = Hop::of(request)?;
        for followed in 0..=MAX_REDIRECTS {
            at.clone_from(&hop.url);
            let side = self.gate.check(&hop.url)?;
            let pace = self.pace_by_robots(&hop.url).await?;
            let reply = self.exchange(&hop, side, pace, self.body_limits()).await?;
            self.jar.keep(&hop.url, &reply.headers);
            match reply.redirect() {
                Some(target) => hop = hop.follow(reply.status, &target)?,
                None => return self.answer(&hop, reply, followed > 0),
            }
        }
        let host = host_name(&hop.url).unwrap_or_default();
        Err(FetchError::new(FetchCode::Status, format!("{host} 跳转超过 {MAX_REDIRECTS} 次")).into())
    }

    const fn body_limits(&self) -> BodyLimits {
        let rules = &self.rules;
        let (sent, unpacked) = match self.file_bytes {
            Some(most) => (most, most),
            None => (rules.max_bytes, rules.max_unpacked_bytes),
        };
        BodyLimits { idle: rules.idle_timeout, sent, unpacked, cut: false }
    }

    /// Waits its turn, sends one request and reads what comes.
    async fn exchange(&self, hop: &Hop, side: Side, pace: Duration, limits: BodyLimits) -> Result<Reply, Fault> {
        let host = host_name(&hop.url).unwrap_or_default();
        let builder = self.builder(hop, side);
        let turn = self.hosts.turn(&host, pace, self.rules.concurrency).await;
        if self.hosts.has_refused_since(&host, self.heard) {
            let message = format!("{host} 刚才要求停止另一次采集，这一次也停下：请过些时候再采集");
            return Err(FetchError::new(FetchCode::Blocked, message).into());
        }
        let started = Instant::now();
        let total = self.rules.total_timeout;
        let result = timeout(total, self.send(builder, &host, limits)).await.unwrap_or_else(|_| {
            Err(Fault::passing(FetchCode::Timeout, format!("{host} 超过 {} 秒还没有答完", total.as_secs_f64())))
        });
        drop(turn);
        let millis = started.elapsed().as_millis();
        match &result {
            Ok((reply, sent)) => tracing::debug!(host, status = reply.status.as_u16(), bytes = sent, millis, "fetched"),
            Err(fault) => tracing::debug!(host, code = fault.error.code.as_str(), millis, "not fetched"),
        }
        result.map(|(reply, _)| reply)
    }

    async fn send(&self, builder: RequestBuilder, host: &str, limits: BodyLimits) -> Result<(Reply, u64), Fault> {
        // Connecting has its own limit; what is left is the server's silence.
        let patience = self.rules.connect_timeout.saturating_add(limits.idle);
        let Ok(sent) = timeout(patience, builder.send()).await else {
            let seconds = limits.idle.as_secs_f64();
            return Err(Fault::passing(FetchCode::Timeout, format!("{host} {seconds} 秒没有回答")));
        };
        let response = sent.map_err(|error| Fault::of_transport(&error, host, self.clients.proxied))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if !status.is_success() {
            return Ok((Reply { status, headers, body: Vec::new() }, 0));
        }
        let body = body::read(response, limits, host).await?;
        Ok((Reply { status, headers, body: body.bytes }, body.sent))
    }

    fn builder(&self, hop: &Hop, side: Side) -> RequestBuilder {
        let client = self.clients.of(side);
        let mut headers = self.open.clone();
        // A page of an encrypted source may name an open address: what is secret does not go there.
        if hop.trusted && !hop.bare {
            if !self.rules.is_overheard(&hop.url) {
                headers.extend(self.secret.clone());
            }
            headers.extend(hop.headers.clone());
        }
        if !hop.bare {
            let given = headers.get(COOKIE).and_then(|given| given.to_str().ok());
            let cookies = self.jar.header(&hop.url, given);
            if let Some(cookies) = cookies.and_then(|cookies| Wire::try_from(cookies).ok()) {
                headers.insert(COOKIE, cookies);
            }
        }
        if let Some(known) = self.validators.get(&hop.url).filter(|_| hop.conditional) {
            let pairs = [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.modified)];
            for (name, value) in pairs.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))) {
                headers.extend(Wire::from_str(value).ok().map(|value| (name, value)));
            }
        }
        match &hop.body {
            None => client.get(hop.url.clone()).headers(headers),
            Some((media_type, bytes)) => {
                let builder = client.post(hop.url.clone()).header(CONTENT_TYPE, *media_type);
                builder.headers(headers).body(bytes.clone())
            }
        }
    }

    /// What the last hop's reply means.
    fn answer(&mut self, hop: &Hop, reply: Reply, redirected: bool) -> Result<Answer, Fault> {
        let host = host_name(&hop.url).unwrap_or_default();
        let (media_type, charset) = reply.content_type();
        let answer =
            |body| Answer { url: hop.url.clone(), body, media_type: media_type.clone(), charset: charset.clone() };
        if reply.status == StatusCode::NOT_MODIFIED && hop.conditional && self.validators.get(&hop.url).is_some() {
            self.validators.used(&hop.url);
            return Ok(answer(None));
        }
        if !reply.status.is_success() {
            return Err(Fault::of_status(reply.status, reply.retry_after(), &host));
        }
        let blocked = |why: &str| {
            FetchError::new(FetchCode::Blocked, format!("{host} {why}：已停止，请过些时候再采集，或检查连接器"))
        };
        // A file of a message may well be empty; a page is not.
        if self.file_bytes.is_none() && reply.body.iter().all(u8::is_ascii_whitespace) {
            return Err(Fault {
                error: blocked("回答了空白页，多半是嫌访问太频繁"), again: Again::Once
            });
        }
        if redirected && leads_to_login(&hop.url) {
            return Err(blocked("跳转到登录或验证页").into());
        }
        if let Some(why) = wall(&reply.body, charset.as_deref(), &self.rules.blocked_words) {
            return Err(blocked(why).into());
        }
        if hop.conditional {
            self.validators.note(&hop.url, &reply.headers);
        }
        Ok(answer(Some(reply.body)))
    }

    /// The pace to keep, if robots.txt lets the page be read at all.
    async fn pace_by_robots(&self, url: &Url) -> Result<Duration, Fault> {
        if !self.rules.robots {
            return Ok(self.rules.pace);
        }
        let slot = self.hosts.robots(url.origin().ascii_serialization());
        let robots = slot.get_or_read(self.read_robots(url)).await?;
        let rules = robots.rules_for(PRODUCT);
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        if !rules.allows(&path) {
            let host = host_name(url).unwrap_or_default();
            let message = format!("{host} 的 robots.txt 不许读取这一页：请与对方商定，或改用导出文件");
            return Err(FetchError::new(FetchCode::Robots, message).into());
        }
        Ok(rules.delay.unwrap_or_default().max(self.rules.pace))
    }

    /// The robots.txt of a server. One that is not there allows everything; one that cannot be told now forbids for now.
    async fn read_robots(&self, url: &Url) -> Result<Robots, Fault> {
        let mut target = url.clone();
        target.set_path("/robots.txt");
        target.set_query(None);
        target.set_fragment(None);
        let limits = BodyLimits { sent: MAX_ROBOTS_BYTES, unpacked: MAX_ROBOTS_BYTES, cut: true, ..self.body_limits() };
        for followed in 0..=MAX_REDIRECTS {
            // A redirect to where we may not read is as good as no file.
            let side = match self.gate.check(&target) {
                Ok(side) => side,
                Err(_) if followed > 0 => return Ok(Robots::default()),
                Err(error) => return Err(error.into()),
            };
            let hop = Hop::bare(target.clone());
            let reply = self.exchange(&hop, side, self.rules.pace, limits).await?;
            if let Some(next) = reply.redirect() {
                let Ok(next) = target.join(&next) else { return Ok(Robots::default()) };
                target = next;
                continue;
            }
            let host = host_name(&target).unwrap_or_default();
            return match reply.status.as_u16() {
                200..=299 => Ok(Robots::parse(&String::from_utf8_lossy(&reply.body))),
                429 => Err(Fault::of_status(reply.status, reply.retry_after(), &host)),
                status @ 500..=599 => {
                    let mut fault = Fault::of_status(StatusCode::SERVICE_UNAVAILABLE, reply.retry_after(), &host);
                    fault.error.code = FetchCode::Robots;
                    fault.error.message =
                        format!("{host} 的 robots.txt 现在读不到（{status}），按约定先不读取：请过些时候再采集");
                    Err(fault)
                }
                _ => Ok(Robots::default()),
            };
        }
        Ok(Robots::default())
    }
}

impl Pages for Fetcher {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        Self::get(self, request).await
    }

    async fn get_file(&mut self, url: Url, max_bytes: u64) -> Result<Answer, FetchError> {
        self.file_bytes = Some(max_bytes);
        let mut answer = Self::get(self, Request::get(url.clone())).await;
        let is_empty = matches!(&answer, Ok(Answer { body: Some(body), .. }) if body.is_empty());
        if is_empty && self.rules.retries > 0 {
            // Servers that want to be asked less often answer so as well.
            sleep(self.pause(Again::Once, 0)).await;
            answer = Self::get(self, Request::get(url)).await;
        }
        self.file_bytes = None;
        answer
    }

    fn refused_by(&self) -> Option<&str> {
        self.refused_by.as_deref()
    }

    fn cookie(&self, url: &Url, name: &str) -> Option<String> {
        self.jar.value(url, name)
    }

    fn redacted(&self, request: &Request) -> String {
        redacted_with(request, &self.settings.secrets)
    }
}

impl Hop {
    fn of(request: &Request) -> Result<Self, FetchError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            add_header(&mut headers, name, value)?;
        }
        let body = match &request.method {
            Method::Get => None,
            Method::Form(fields) => {
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                Some(("application/x-www-form-urlencoded", form.into_bytes()))
            }
            Method::Json(value) => Some(("application/json", value.to_string().into_bytes())),
        };
        let conditional = request.conditional && body.is_none();
        let mut url = request.url.clone();
        url.set_fragment(None);
        Ok(Self { url, body, headers, conditional, trusted: true, bare: false })
    }

    /// A GET that says nothing of who asks beyond the connector's open headers.
    fn bare(url: Url) -> Self {
        Self { url, body: None, headers: HeaderMap::new(), conditional: false, trusted: false, bare: true }
    }

    /// The next hop. To another host nothing goes along that was meant for the first, and never from https to http.
    fn follow(self, status: StatusCode, target: &str) -> Result<Self, FetchError> {
        let host = host_name(&self.url).unwrap_or_default();
        let joined = self
            .url
            .join(target)
            .map_err(|_| FetchError::new(FetchCode::Status, format!("{host} 跳转到一个不成地址的地方")))?;
        if self.url.scheme() == "https" && joined.scheme() == "http" {
            let message = format!("{host} 从 https 跳转到 http：为防窃听已停止");
            return Err(FetchError::new(FetchCode::Address, message));
        }
        let same_host = host_name(&joined).is_some_and(|name| name == host);
        // 307 and 308 repeat the request as it was; after the others a POST becomes a GET, as in every browser.
        let repeats = matches!(status.as_u16(), 307 | 308);
        if repeats && self.body.is_some() && !same_host {
            let message = format!("{host} 要把提交的内容转到别的主机：已停止");
            return Err(FetchError::new(FetchCode::Address, message));
        }
        let body = self.body.filter(|_| repeats);
        let mut url = joined;
        url.set_fragment(None);
        Ok(Self { url, body, trusted: self.trusted && same_host, ..self })
    }
}

impl Reply {
    /// Where a redirect leads; `None` for everything else.
    fn redirect(&self) -> Option<String> {
        let location = || Some(String::from_utf8_lossy(self.headers.get(LOCATION)?.as_bytes()).into_owned());
        matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308).then(location).flatten()
    }

    /// When the server wants to be asked again, in seconds from now. A date is taken from the server's own clock.
    fn retry_after(&self) -> Option<u64> {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        let wish = text(RETRY_AFTER)?.trim();
        let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok();
        wish.parse().ok().or_else(|| {
            let seconds = date(wish)?.timestamp().as_second() - date(text(DATE)?)?.timestamp().as_second();
            Some(u64::try_from(seconds).unwrap_or(0))
        })
    }

    /// The type in lower case, and the character set.
    fn content_type(&self) -> (Option<String>, Option<String>) {
        let Some(value) = self.headers.get(CONTENT_TYPE) else { return (None, None) };
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let mut parts = value.split(';').map(str::trim);
        let media_type = parts.next().filter(|media_type| !media_type.is_empty()).map(str::to_owned);
        let charset = parts.find_map(|part| part.strip_prefix("charset")?.trim_start().strip_prefix('='));
        (media_type, charset.map(|charset| charset.trim().trim_matches(['"', '\'']).to_owned()))
    }
}

/// Whether an address is by its last part that of a log-in page or a captcha.
fn leads_to_login(url: &Url) -> bool {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default().to_ascii_lowercase();
    ["login", "signin", "sign-in", "captcha", "verifycode"].iter().any(|word| last.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(jitter: f64) -> (Fetcher, Vec<u64>) {
        let settings = NetSettings { jitter: Arc::new(move || jitter), ..NetSettings::default() };
        let rules = FetchRules::new("http://source.example/".parse().unwrap());
        let fetcher = Fetcher::new(&rules, &settings, &Arc::new(Hosts::new()), Validators::default()).unwrap();
        let pauses = [0, 1, 2, 3, 20, 99].map(|tried| fetcher.pause(Again::Later, tried).as_secs()).to_vec();
        (fetcher, pauses)
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_are_spread() {
        let (fetcher, most) = pauses(1.0);
        assert_eq!(most, [1, 2, 4, 8, 60, 60]);
        assert_eq!(fetcher.pause(Again::Once, 0).as_secs(), 4);
        let (fetcher, half) = pauses(0.5);
        assert_eq!(half, [0, 1, 2, 4, 30, 30]);
        assert_eq!(fetcher.pause(Again::Once, 0).as_secs(), 3);
        let (fetcher, least) = pauses(0.0);
        assert_eq!(least, [0; 6]);
        assert_eq!(fetcher.pause(Again::Once, 0).as_secs(), 2);
        assert_eq!(pauses(f64::NAN).1, [0; 6], "a broken source of chance does not stop a pull");
    }
}
