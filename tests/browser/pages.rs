//! Every page there is: its address, the name of its pictures, and who may open it.

/// Somebody who looks at pages: a login of the demonstration, or [`VISITOR`].
pub type Viewer = &'static str;

/// Somebody who did not sign in.
pub const VISITOR: Viewer = "visitor";

/// A page, or a family of pages with one address pattern.
#[derive(Debug, Clone, Copy)]
pub struct PageCase {
    /// The path; `{…}` stands for one segment. A query string belongs to the same page.
    pub path: &'static str,
    /// What its pictures are called.
    pub name: &'static str,
    /// Who may open it; nobody named means everybody.
    pub viewers: &'static [Viewer],
    /// With which status it comes.
    pub status: u16,
}

/// The table. What a page links to has to be here; what is here has to be reachable by everybody it names: a page
/// without `{…}` is opened directly, one with it has to be linked from another.
pub const PAGES: &[PageCase] = &[
    open("/", "home"),
    open("/hot", "months"),
    open("/hot/{month}", "hot"),
    open("/write", "write"),
    open("/progress", "progress"),
    PageCase { status: 404, ..open("/not/here", "missing") },
    open("/graphql", "graphql"),
    staff("/sign-in", "sign-in", &[VISITOR]),
    staff("/desk", "desk", EVERY_ROLE),
    staff("/desk/help", "help", EVERY_ROLE),
    staff("/desk/items", "items", WITH_ITEMS),
    staff("/desk/items.xlsx", "items-file", WITH_ITEMS),
    staff("/desk/items/{number}", "item", WITH_ITEMS),
    staff("/desk/items/{number}/print", "item-print", WITH_ITEMS),
    staff("/desk/issues", "issues", WITH_ISSUES),
    staff("/desk/issues/{month}", "issue", WITH_ISSUES),
    staff("/desk/issues/{month}/preview", "issue-preview", WITH_ISSUES),
    staff("/desk/issues/{month}/add", "issue-add", &["publisher"]),
    staff("/desk/issues/{month}/entries/{entry}", "issue-entry", WITH_ISSUES),
    staff("/desk/sources", "sources", WITH_SOURCES),
    staff("/desk/sources/{id}", "source", WITH_SOURCES),
    staff("/desk/sources/{id}/preview", "source-preview", &["office"]),
    staff("/desk/pulls/{id}", "pull", WITH_SOURCES),
    staff("/desk/imports", "imports", &["office"]),
    staff("/desk/imports/{id}", "import", &["office"]),
    staff("/desk/held", "held", &["office"]),
    staff("/desk/held/{id}", "held-row", &["office"]),
    staff("/desk/ledger", "ledger", &["auditor"]),
    staff("/desk/me", "me", EVERY_ROLE),
    staff("/desk/accounts", "accounts", &["sysadmin", "secadmin"]),
    staff("/desk/accounts/{id}", "account", &["sysadmin", "secadmin"]),
    staff("/desk/units", "units", EVERY_ROLE),
    PageCase { status: 404, ..staff("/desk/not-here", "desk-missing", EVERY_ROLE) },
    staff("/dev/kit", "kit", EVERY_ROLE),
];

/// Everybody with a role.
const EVERY_ROLE: &[Viewer] =
    &["office", "handler", "review1", "review2", "review3", "publisher", "sysadmin", "secadmin", "auditor"];

/// Who sees items at all: not the three administrators.
const WITH_ITEMS: &[Viewer] = &["office", "handler", "review1", "review2", "review3", "publisher"];

/// Who reads a monthly issue before it is published: reviewers of the office and of the leadership only.
const WITH_ISSUES: &[Viewer] = &["office", "review2", "review3", "publisher"];

/// Who sees to it that every source is read.
const WITH_SOURCES: &[Viewer] = &["office", "sysadmin"];

/// A page of the staff.
const fn staff(path: &'static str, name: &'static str, viewers: &'static [Viewer]) -> PageCase {
    PageCase { path, name, viewers, status: 200 }
}

/// A page for everybody.
const fn open(path: &'static str, name: &'static str) -> PageCase {
    PageCase { path, name, viewers: &[], status: 200 }
}

impl PageCase {
    /// The page at an address, if the table has it; one without `{…}` comes first.
    pub fn at(address: &str) -> Option<&'static Self> {
        let path = address.split('?').next().unwrap_or(address);
        let exact = PAGES.iter().find(|page| page.path == path);
        exact.or_else(|| PAGES.iter().find(|page| page.fits(path)))
    }

    /// Whether somebody may open it.
    pub fn is_for(&self, viewer: Viewer) -> bool {
        self.viewers.is_empty() || self.viewers.contains(&viewer)
    }

    /// Whether somebody's walk looks at it: what is for everybody is looked at by visitors.
    pub fn is_looked_at_by(&self, viewer: Viewer) -> bool {
        if self.viewers.is_empty() { viewer == VISITOR } else { self.is_for(viewer) }
    }

    /// Whether it has one address only.
    pub fn is_single(&self) -> bool {
        !self.path.contains('{')
    }

    fn fits(&self, path: &str) -> bool {
        let (mine, its) = (self.path.split('/'), path.split('/'));
        let alike = |(mine, its): (&str, &str)| mine == its || (mine.starts_with('{') && !its.is_empty());
        mine.clone().count() == its.clone().count() && mine.zip(its).all(alike)
    }
}

#[test]
fn an_address_finds_its_page() {
    let name = |address: &str| PageCase::at(address).map(|page| page.name);
    assert_eq!(name("/"), Some("home"));
    assert_eq!(name("/hot?text=large"), Some("months"));
    assert_eq!(name("/hot/2026-10"), Some("hot"));
    assert_eq!(name("/hot/"), None);
    assert_eq!(name("/hot/2026-10/more"), None);
}
