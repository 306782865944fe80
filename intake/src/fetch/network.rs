//! Looking names up, once, and letting nothing through that lies inside of the house.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::FetchCode;
use super::address::{Side, is_public, private_refused};
use super::failure::Fault;
use super::settings::Lookup;

/// The resolver of a client: a connection goes to the very addresses that were checked here.
pub(super) struct Resolver {
    pub(super) lookup: Lookup,
    pub(super) side: Side,
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    /// No such name, or nobody to ask.
    #[error("the name is not known")]
    Unknown,
    /// All of its addresses are private.
    #[error("the address is private")]
    Private,
}

impl LookupError {
    pub(super) fn fault(&self, host: &str) -> Fault {
        match self {
            Self::Unknown => {
                Fault::passing(FetchCode::Network, format!("找不到 {host}：域名不存在，或域名服务暂时不可用"))
            }
            Self::Private => private_refused(host).into(),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, side) = (self.lookup.clone(), self.side);
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || lookup(name.as_str())).await?;
            let addresses = checked(&found.map_err(|_| LookupError::Unknown)?, side)?;
            let sockets: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(sockets)
        })
    }
}

/// The addresses that may be connected to. Of a name with both kinds the public ones are left.
pub(super) fn checked(found: &[IpAddr], side: Side) -> Result<Vec<IpAddr>, LookupError> {
    let good = found.iter().copied().filter(|address| side == Side::Private || is_public(*address));
    let good: Vec<IpAddr> = good.collect();
    match (good.is_empty(), found.is_empty()) {
        (false, _) => Ok(good),
        (true, true) => Err(LookupError::Unknown),
        (true, false) => Err(LookupError::Private),
    }
}

/// What the system says of a name.
pub(super) fn system_lookup(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|socket| socket.ip()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_both_kinds_only_the_public_addresses_are_left() {
        let [inside, outside]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "1.1.1.1".parse().unwrap()];
        assert_eq!(checked(&[inside, outside], Side::Public).unwrap(), [outside]);
        assert_eq!(checked(&[inside, outside], Side::Private).unwrap(), [inside, outside]);
        assert!(matches!(checked(&[inside], Side::Public), Err(LookupError::Private)));
        assert!(matches!(checked(&[], Side::Private), Err(LookupError::Unknown)));
    }
}
