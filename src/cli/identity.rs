//! What `huiyin serve` is told of an identity provider.

use std::path::PathBuf;

use clap::Args;

use super::Failure;

/// The variable with the client's secret. There is no option for it: other users of the machine can read a command line.
#[cfg(feature = "oidc")]
const SECRET: &str = "HUIYIN_OIDC_CLIENT_SECRET";

#[derive(Debug, Clone, Args)]
pub(super) struct Identity {
    /// Sign in through this identity provider (OpenID Connect) as well 统一身份认证
    #[arg(long, env = "HUIYIN_OIDC_ISSUER", value_name = "URL", requires_all = ["oidc_client_id", "public_url"])]
    oidc_issuer: Option<String>,
    /// The name under which the provider knows this installation
    #[arg(long, env = "HUIYIN_OIDC_CLIENT_ID", value_name = "ID")]
    oidc_client_id: Option<String>,
    /// File with the client's secret; without it the variable HUIYIN_OIDC_CLIENT_SECRET is read
    #[arg(long, env = "HUIYIN_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// What stands on the button
    #[arg(long, env = "HUIYIN_OIDC_NAME", default_value = "统一身份认证", value_name = "NAME")]
    oidc_name: String,
    /// The claim of the ID token that is the login here
    #[arg(long, env = "HUIYIN_OIDC_CLAIM", default_value = "preferred_username", value_name = "CLAIM")]
    oidc_claim: String,
    /// The address under which browsers reach this server, such as `https://huiyin.example`
    #[arg(long, env = "HUIYIN_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

#[cfg(feature = "oidc")]
impl Identity {
    /// The provider, if one is asked for.
    pub(super) fn provider(&self) -> Result<Option<crate::identity::Provider>, Failure> {
        use crate::identity::{Provider, Settings};

        let Some(issuer) = self.oidc_issuer.clone() else { return Ok(None) };
        let settings = Settings {
            issuer,
            client_id: self.oidc_client_id.clone().unwrap_or_default(),
            client_secret: self.secret()?,
            public_url: self.public_url.clone().unwrap_or_default(),
            name: self.oidc_name.clone(),
            claim: self.oidc_claim.clone(),
        };
        let provider = Provider::new(settings).map_err(|error| {
            let causes = crate::telemetry::chain(&error);
            Failure::Told(format!("统一身份认证的设置不能用（{causes}）。请对照 docs/accounts.md 修改。"))
        })?;
        Ok(Some(provider))
    }

    fn secret(&self) -> Result<String, Failure> {
        let text = match &self.oidc_client_secret_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Failure::Told(format!("读不了 {}：{error}。请核对文件和权限。", path.display())))?,
            None => std::env::var(SECRET).unwrap_or_default(),
        };
        let text = text.trim();
        if text.is_empty() {
            let missing = format!("没有客户端密钥。请用 --oidc-client-secret-file 指定文件，或设置 {SECRET}。");
            return Err(Failure::Told(missing));
        }
        Ok(text.to_owned())
    }
}

#[cfg(any(test, not(feature = "oidc")))]
impl Identity {
    /// Says so where one is asked for and this program has none: a server that silently leaves it out would be taken for a
    /// broken one. The tests, which are built with it, hold this too.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        if self.oidc_issuer.is_none() {
            return Ok(());
        }
        Err(Failure::Told(
            "这个程序没有编入统一身份认证。请用 cargo build --release --features oidc 重新编译。".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Options {
        #[command(flatten)]
        identity: Identity,
    }

    #[test]
    fn a_program_without_it_refuses_an_issuer() {
        let refused = |options: &[&str]| {
            let options = [&["serve", "--public-url", "https://huiyin.example"], options].concat();
            Options::try_parse_from(options).unwrap().identity.refuse()
        };
        assert!(refused(&[]).is_ok());
        assert!(refused(&["--oidc-name", "统一登录"]).is_ok());
        let refusal = refused(&["--oidc-issuer", "https://id.example", "--oidc-client-id", "huiyin"]);
        assert!(matches!(refusal, Err(Failure::Told(told)) if told.contains("--features oidc")));
    }
}
