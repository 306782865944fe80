//! Licence expressions: `MIT OR Apache-2.0`, `(MIT OR Apache-2.0) AND Unicode-3.0`, and the old `MIT/Apache-2.0`.

/// Whether `expression` can be met with the licences in `allowed` alone. AND binds closer than OR. An expression that
/// cannot be read is not met.
pub(super) fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = Words { rest: spaced.split_whitespace().collect(), allowed };
    words.rest.reverse();
    words.any() == Some(true) && words.rest.is_empty()
}

/// The words still to be read, the next one last.
struct Words<'a> {
    rest: Vec<&'a str>,
    allowed: &'a [String],
}

impl Words<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.take("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.take("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let met = self.any()?;
            return self.take(")").then_some(met);
        }
        let mut licence = self.rest.pop()?.to_owned();
        if self.take("WITH") {
            licence = format!("{licence} WITH {}", self.rest.pop()?);
        }
        Some(self.allowed.contains(&licence))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest.last() == Some(&word);
        if found {
            self.rest.pop();
        }
        found
    }
}

#[test]
fn expressions_are_weighed() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned);
    for met in [
        "MIT",
        "GPL-3.0-only OR MIT",
        "MPL-2.0/MIT",
        "(MIT OR GPL-2.0-only) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0-only AND MIT OR Apache-2.0",
    ] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "MIT WITH Some-exception",
        "(MIT",
        "MIT Apache-2.0",
        "MIT AND (GPL-2.0-only OR MPL-2.0)",
    ] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}
