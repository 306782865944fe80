//! Which addresses may be read at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::{FetchCode, FetchError, FetchRules};

/// Where a connector may read.
#[derive(Debug)]
pub(super) struct Gate {
    base: Named,
    hosts: Vec<Named>,
    private: Vec<Named>,
}

/// What an address may resolve to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A public address and no other.
    Public,
    /// Any address: the connector names this host as private.
    Private,
}

/// A host, or one port of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    name: String,
    port: Option<u16>,
}

impl Named {
    pub(super) fn parse(text: &str) -> Self {
        let (name, port) = match text.rsplit_once(':') {
            // A colon inside of a name is one of an IPv6 address, unless that stands in brackets.
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
            _ => (text, None),
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let bracketed = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
        // As an address would spell it: in lower case, Chinese names in ASCII, numbers in dots.
        let spelt = Url::parse(&format!("http://{bracketed}/")).ok().and_then(|url| host_name(&url));
        Self { name: spelt.unwrap_or_else(|| bare.to_lowercase()), port }
    }

    pub(super) fn is(&self, name: &str, port: u16) -> bool {
        self.name == name && self.port.is_none_or(|own| own == port)
    }
}

/// The host of an address without brackets and final dot.
pub(super) fn host_name(url: &Url) -> Option<String> {
    let name = url.host_str()?.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    (!name.is_empty()).then(|| name.to_owned())
}

impl Gate {
    pub(super) fn new(rules: &FetchRules) -> Self {
        let base = Named { name: host_name(&rules.base).unwrap_or_default(), port: rules.base.port_or_known_default() };
        let parse = |texts: &[String]| texts.iter().map(|text| Named::parse(text)).collect();
        Self { base, hosts: parse(&rules.hosts), private: parse(&rules.private) }
    }

    /// Refuses an address that the connector does not name, or that lies inside of the house. A name is resolved later:
    /// what it may resolve to is the answer.
    pub(super) fn check(&self, url: &Url) -> Result<Side, FetchError> {
        let refuse = |why: String| Err(FetchError::new(FetchCode::Address, why));
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("只能读取 http 和 https 的地址".to_owned());
        }
        let (Some(name), Some(port)) = (host_name(url), url.port_or_known_default()) else {
            return refuse("地址里没有主机名".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(format!("{name} 的地址里写着账号或密码：请改用密钥"));
        }
        let usual = matches!(port, 80 | 443);
        let known = (self.base.name == name && (usual || self.base.port == Some(port)))
            || self.hosts.iter().any(|host| host.is(&name, port) && (host.port.is_some() || usual));
        if !known {
            return refuse(format!("连接器没有登记主机 {name}:{port}：确认可以读取后写进 hosts"));
        }
        if self.private.iter().any(|private| private.is(&name, port)) {
            return Ok(Side::Private);
        }
        let inside = match url.host() {
            Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
            _ => name == "localhost" || name.ends_with(".localhost"),
        };
        if inside { Err(private_refused(&name)) } else { Ok(Side::Public) }
    }
}

/// The refusal of a private address, literal or looked up.
pub(super) fn private_refused(name: &str) -> FetchError {
    let message = format!("{name} 是内网或本机地址：确需读取时，请在连接器的 private 里写明");
    FetchError::new(FetchCode::Address, message)
}

/// Whether an address belongs to the public internet. What holds an IPv4 address inside counts as that one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IANA's special-purpose registry for IPv4.
fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // "This network", private, loopback, multicast and all above.
        [0 | 10 | 127 | 224..=255, ..]
        // Shared by carriers.
        | [100, 64..=127, ..]
        // Link-local: the metadata services of clouds live there.
        | [169, 254, ..]
        | [172, 16..=31, ..]
        // Protocol assignments, documentation, the old relays of 6to4.
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [192, 168, ..]
        // Benchmarks and documentation.
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
    )
}

/// Only global unicast (2000::/3) is public, minus what is special in it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Mapped, translated by NAT64, and 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let [[first, second], [third, fourth]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(first, second, third, fourth))
        }
        // Protocol assignments, Teredo among them, and documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSIDE: &str = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 \
        172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 \
        203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 \
        ::ffff:10.1.1.1 64:ff9b::10.0.0.1 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1 2001::1 2001:db8::1 \
        3fff::1 fc00::1 fd12::1 fe80::1 fec0::1 ff02::1 100::1 5f00::1";

    const OUTSIDE: &str = "1.1.1.1 9.255.255.255 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 \
        223.255.255.255 2400:3200::1 2606:4700::1111 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1";

    #[test]
    fn only_the_public_internet_is_public() {
        for inside in INSIDE.split(' ') {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in OUTSIDE.split(' ') {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    fn gate(base: &str, hosts: &[&str], private: &[&str]) -> Gate {
        let mut rules = FetchRules::new(base.parse().unwrap());
        rules.hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        rules.private = private.iter().map(|&host| host.to_owned()).collect();
        Gate::new(&rules)
    }

    fn check(gate: &Gate, url: &str) -> Option<Side> {
        gate.check(&url.parse().unwrap()).map_err(|error| assert_eq!(error.code, FetchCode::Address)).ok()
    }

    #[test]
    fn only_hosts_that_are_named_are_read() {
        let gate = gate("https://www.example.gov.cn/", &["api.example.cn", "old.example.cn:8080", "政务.cn"], &[]);
        for good in [
            "https://www.example.gov.cn/list",
            "http://www.example.gov.cn/",
            "https://WWW.Example.gov.cn./x",
            "https://api.example.cn/",
            "http://old.example.cn:8080/",
            "https://政务.cn/",
        ] {
            assert_eq!(check(&gate, good), Some(Side::Public), "{good}");
        }
        for bad in [
            "https://www.example.gov.cn:8443/",
            "https://api.example.cn:22/",
            "http://old.example.cn/",
            "https://example.gov.cn/",
            "https://www.example.gov.cn.evil.example/",
            "ftp://www.example.gov.cn/",
            "file:///etc/passwd",
            "https://user:word@www.example.gov.cn/",
            "https://user@www.example.gov.cn/",
        ] {
            assert_eq!(check(&gate, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_private_literal_needs_to_be_named_in_every_spelling() {
        for literal in [
            "127.0.0.1",
            "[::1]",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "[::ffff:10.0.0.1]",
            "localhost",
            "a.localhost",
        ] {
            let url = format!("http://{literal}/");
            assert_eq!(check(&gate(&url, &[], &[]), &url), None, "{literal}");
            assert_eq!(check(&gate(&url, &[], &[literal]), &url), Some(Side::Private), "{literal}");
        }
        let gate = gate("http://127.0.0.1:8080/", &["127.0.0.1:9090"], &["127.0.0.1:8080"]);
        assert_eq!(check(&gate, "http://127.0.0.1:8080/"), Some(Side::Private));
        assert_eq!(check(&gate, "http://127.0.0.1:9090/"), None, "another port of the same machine");
        assert_eq!(check(&gate, "http://127.0.0.1/"), None);
        let gate = super::tests::gate("http://[::1]:8080/", &[], &["[::1]:8080"]);
        assert_eq!(check(&gate, "http://[::1]:8080/"), Some(Side::Private));
    }
}
