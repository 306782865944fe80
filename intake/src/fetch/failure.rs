//! What went wrong with one attempt, and whether another may do better.

use std::error::Error;
use std::io;
use std::iter::successors;

use reqwest::StatusCode;
use rustls::CertificateError;

use super::network::LookupError;
use super::{FetchCode, FetchError};

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: FetchError,
    pub(super) again: Again,
}

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It would end in the same way, or the server wants to be left alone.
    Never,
    /// One time: it may have been chance.
    Once,
    /// As often as the rules allow.
    Later,
}

impl From<FetchError> for Fault {
    fn from(error: FetchError) -> Self {
        Self { error, again: Again::Never }
    }
}

impl Fault {
    /// A fault that may pass.
    pub(super) fn passing(code: FetchCode, message: impl Into<String>) -> Self {
        Self { error: FetchError::new(code, message), again: Again::Later }
    }

    /// What a status other than 2xx means. `retry_after` is the server's wish in seconds.
    pub(super) fn of_status(status: StatusCode, retry_after: Option<u64>, host: &str) -> Self {
        let number = status.as_u16();
        let (code, again, message) = match number {
            401 => (FetchCode::Blocked, Again::Never, format!("{host} 要求登录（401）：请检查连接器里的账号或令牌")),
            // 412 and 521 are what the common firewalls answer with a riddle in JavaScript.
            403 | 412 | 429 | 521 => {
                let what = if number == 429 { "嫌访问太频繁" } else { "拒绝访问" };
                (
                    FetchCode::Blocked,
                    Again::Never,
                    format!("{host} {what}（{number}）：已停止，请过些时候再采集，或改用导出文件"),
                )
            }
            404 | 410 => (FetchCode::Gone, Again::Never, format!("{host} 上没有这一页（{number}）")),
            407 => (FetchCode::Settings, Again::Never, "代理服务器要求账号和密码（407）：请检查代理设置".to_owned()),
            408 => (FetchCode::Timeout, Again::Later, format!("{host} 等不及请求（408）")),
            501 | 505 => (FetchCode::Status, Again::Never, format!("{host} 不支持这种请求（{number}）")),
            500..=599 => (FetchCode::Status, Again::Later, format!("{host} 出错（{number}）：请过些时候再采集")),
            _ => (FetchCode::Status, Again::Never, format!("{host} 回答了状态 {number}，没有内容")),
        };
        Self { error: FetchError { code, message, retry_after }, again }
    }

    /// What a failure of the connection means. Nothing of the error itself is quoted: it names the whole address.
    pub(super) fn of_transport(error: &reqwest::Error, host: &str, proxied: bool) -> Self {
        for cause in causes(error) {
            if let Some(lookup) = cause.downcast_ref::<LookupError>() {
                return lookup.fault(host);
            }
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return of_tls(tls, host);
            }
        }
        let (code, message) = if error.is_timeout() {
            (FetchCode::Timeout, format!("连接 {host} 超时"))
        } else if error.is_connect() && proxied {
            (FetchCode::Network, format!("通过代理连不上 {host}：请检查代理设置"))
        } else if error.is_connect() {
            (FetchCode::Network, format!("连不上 {host}"))
        } else {
            (FetchCode::Network, format!("与 {host} 的连接中途断开，或回答不合 HTTP 的格式"))
        };
        Self::passing(code, message)
    }
}

/// What lies below an error, those that hide inside an I/O error among them.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(error.source(), |cause| below(*cause))
}

fn below<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

fn of_tls(error: &rustls::Error, host: &str) -> Fault {
    let message = match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!("{host} 的证书已过期"),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("{host} 的证书尚未生效：请检查本机时间")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("{host} 的证书是别的域名的")
            }
            CertificateError::UnknownIssuer => {
                format!("{host} 的证书不受信任：如果签发机构可信，请把它的证书（PEM）写进连接器的 certificate")
            }
            _ => format!("{host} 的证书不能用"),
        },
        rustls::Error::NoCertificatesPresented => format!("{host} 没有出示证书"),
        // An old server that knows no cipher of today, or something that is not TLS at all.
        _ => return Fault::passing(FetchCode::Network, format!("与 {host} 谈不成加密连接（TLS 1.2 或 1.3）")),
    };
    FetchError::new(FetchCode::Certificate, message).into()
}
