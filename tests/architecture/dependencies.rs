//! The rules of `deny.toml`, held over what cargo says is built: banned crates, licences, sources.

use std::process::Command;

use serde::Deserialize;

use super::{assert_none, licence, read, root};

/// The part of `deny.toml` that says what is refused; cargo-deny knows more keys.
#[derive(Debug, Deserialize)]
struct Rules {
    bans: Bans,
    licenses: Licences,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

/// What one package may be under besides.
#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

/// What `cargo metadata` says, as far as the rules ask.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// Where it comes from; none for a package of this workspace.
    source: Option<String>,
}

impl Rules {
    fn read() -> Self {
        toml::from_str(&read(&root().join("deny.toml"))).expect("deny.toml has bans and licences")
    }

    /// Why `package` may not come in.
    fn refusals(&self, package: &Package) -> Vec<String> {
        let name = format!("{} {}", package.name, package.version);
        let banned = self.bans.deny.iter().filter(|ban| ban.name == package.name);
        let mut refusals: Vec<String> = banned.map(|ban| format!("{name} is banned: {}", ban.reason)).collect();
        let own = self.licenses.exceptions.iter().filter(|exception| exception.name == package.name);
        let allowed = [self.licenses.allow.clone(), own.flat_map(|own| own.allow.clone()).collect()].concat();
        match &package.license {
            Some(expression) if licence::is_met(expression, &allowed) => {}
            Some(expression) => refusals.push(format!("{name}: licence {expression} is not permitted")),
            None => refusals.push(format!("{name}: no licence is stated")),
        }
        let foreign = package.source.as_ref().filter(|source| !source.starts_with("registry+"));
        refusals.extend(foreign.map(|source| format!("{name} does not come from the registry: {source}")));
        refusals
    }
}

/// The packages built on this machine, those of the features that are off by default among them.
fn packages() -> Vec<Package> {
    let version = output(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let metadata = output(
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--all-features", "--filter-platform", host])
            .current_dir(root()),
    );
    serde_json::from_str::<Metadata>(&metadata).expect("cargo metadata can be read").packages
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

#[test]
fn follow_deny_toml() {
    let rules = Rules::read();
    let packages = packages();
    assert!(packages.len() > 100, "cargo named {} packages", packages.len());
    let findings: Vec<String> = packages.iter().flat_map(|package| rules.refusals(package)).collect();
    assert_none("dependencies follow deny.toml", &findings);
}

#[test]
fn what_deny_toml_refuses_is_refused() {
    let package = |name: &str, license: Option<&str>, source: &str| Package {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        license: license.map(str::to_owned),
        source: Some(source.to_owned()),
    };
    let rules = Rules::read();
    let registry = "registry+https://example.org/index";
    for bad in [
        package("openssl-sys", Some("MIT"), registry),
        package("fine", Some("GPL-3.0-only"), registry),
        package("fine", Some("MPL-2.0"), registry),
        package("fine", None, registry),
        package("fine", Some("MIT"), "git+https://example.org/fine"),
    ] {
        assert_eq!(rules.refusals(&bad).len(), 1, "{bad:?}");
    }
    for good in [package("fine", Some("MIT OR Apache-2.0"), registry), package("selectors", Some("MPL-2.0"), registry)]
    {
        assert_eq!(rules.refusals(&good), [] as [String; 0], "{good:?}");
    }
}
