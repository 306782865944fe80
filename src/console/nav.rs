//! The navigation: ONE table of what stands on the left, read by the pages and by the tests.
//!
//! Who may open an entry is asked of `domain::access`, as everywhere; the table only adds for whom it is of use.

use huiyin_domain::access::{Action, Actor, Object, Role, allowed};
use serde::Serialize;

/// One entry.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The heading it stands under; empty for the first group.
    pub group: &'static str,
    /// Its word.
    pub label: &'static str,
    /// Its address, perhaps with a query.
    pub path: &'static str,
    /// What is typed after `g` to go there.
    pub key: &'static str,
    /// What it takes to open it; `None`: being signed in.
    pub needs: Option<Action>,
    /// The roles it is shown to, among those who may open it; empty: all.
    pub roles: &'static [Role],
    /// The count shown beside it: `mine`, `overdue`, the code of a kind of what waits (these follow what happens), or an
    /// alias of `graphql/pages/desk-frame.graphql`.
    pub badge: Option<&'static str>,
    /// Whether a count above zero is a warning.
    pub alarm: bool,
    /// Where pages of it stand besides; empty: nowhere.
    pub also: &'static str,
}

const PLAIN: Entry =
    Entry { group: "", label: "", path: "", key: "", needs: None, roles: &[], badge: None, alarm: false, also: "" };

/// Every entry, in the order shown.
pub const ENTRIES: &[Entry] = &[
    Entry { label: "首页", path: "/desk", key: "h", ..PLAIN },
    Entry {
        label: "待我处理",
        path: "/desk/items?waiting=me&order=oldest",
        key: "m",
        needs: Some(Action::ListItems),
        roles: &[Role::Office, Role::Handler, Role::Reviewer],
        badge: Some("mine"),
        ..PLAIN
    },
    Entry {
        label: "待分办",
        path: "/desk/items?task=register&task=route&waiting=me&order=oldest",
        key: "f",
        needs: Some(Action::ListItems),
        roles: &[Role::Office],
        badge: Some("route"),
        ..PLAIN
    },
    Entry {
        label: "退单待定",
        path: "/desk/items?task=decide_return&waiting=me&order=oldest",
        key: "t",
        needs: Some(Action::ListItems),
        roles: &[Role::Office],
        badge: Some("returns"),
        ..PLAIN
    },
    Entry {
        label: "待签发",
        path: "/desk/items?task=release&waiting=me&order=oldest",
        key: "r",
        needs: Some(Action::ListItems),
        roles: &[Role::Office],
        badge: Some("release"),
        ..PLAIN
    },
    Entry {
        label: "待签收",
        path: "/desk/items?task=accept&waiting=me&order=oldest",
        key: "q",
        needs: Some(Action::ListItems),
        roles: &[Role::Handler],
        badge: Some("accept"),
        ..PLAIN
    },
    Entry {
        label: "待答办",
        path: "/desk/items?task=answer&waiting=me&order=oldest",
        key: "d",
        needs: Some(Action::ListItems),
        roles: &[Role::Handler],
        badge: Some("answer"),
        ..PLAIN
    },
    Entry {
        label: "超期件",
        path: "/desk/items?open=yes&within=overdue&order=due",
        key: "c",
        needs: Some(Action::ListItems),
        roles: &[Role::Office, Role::Handler, Role::Reviewer],
        badge: Some("overdue"),
        alarm: true,
        ..PLAIN
    },
    Entry { label: "全部来件", path: "/desk/items", key: "l", needs: Some(Action::ListItems), ..PLAIN },
    Entry {
        group: "公开",
        label: "热点咨询",
        path: "/desk/issues",
        key: "p",
        needs: Some(Action::ViewPublicationDraft),
        ..PLAIN
    },
    Entry {
        group: "管理",
        label: "账号",
        path: "/desk/accounts",
        key: "a",
        needs: Some(Action::ViewAccounts),
        ..PLAIN
    },
    Entry {
        group: "管理",
        label: "单位",
        path: "/desk/units",
        key: "u",
        needs: Some(Action::ViewUnits),
        roles: &[Role::SystemAdmin],
        ..PLAIN
    },
    Entry {
        group: "来源",
        label: "渠道",
        path: "/desk/sources",
        key: "s",
        needs: Some(Action::ViewReconciliation),
        also: "/desk/pulls",
        ..PLAIN
    },
    Entry {
        group: "来源",
        label: "导入与对账",
        path: "/desk/imports",
        key: "i",
        needs: Some(Action::ImportFile),
        ..PLAIN
    },
    Entry {
        group: "来源",
        label: "待修复行",
        path: "/desk/held",
        key: "x",
        needs: Some(Action::ViewHeld),
        badge: Some("held"),
        ..PLAIN
    },
    Entry {
        group: "账目",
        label: "账目校验",
        path: "/desk/ledger",
        key: "z",
        needs: Some(Action::ViewLedger),
        ..PLAIN
    },
];

impl Entry {
    /// Whether this actor may open it.
    pub fn opens_for(&self, actor: &Actor) -> bool {
        let signed_in = matches!(actor, Actor::Account { .. });
        signed_in && self.needs.is_none_or(|action| allowed(actor, action, &Object::None).is_ok())
    }

    /// Whether it is shown to this actor.
    pub fn shown_to(&self, actor: &Actor) -> bool {
        let Actor::Account { roles, .. } = actor else { return false };
        let of_use = self.roles.is_empty() || self.roles.iter().any(|role| roles.contains(role));
        of_use && self.opens_for(actor)
    }

    /// Whether a page with this address, query included, is this entry's. An entry with a query stands for that very
    /// address; one without also for what lies below it.
    fn is_at(&self, address: &str) -> bool {
        let path = address.split('?').next().unwrap_or_default();
        let is_below = |above: &str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
        self.path == address
            || !self.path.contains('?') && (self.path == path || self.path != "/desk" && is_below(self.path))
            || !self.also.is_empty() && is_below(self.also)
    }
}

/// An entry as templates show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    group: &'static str,
    label: &'static str,
    path: &'static str,
    key: &'static str,
    current: bool,
    /// The name of its count.
    counts: Option<&'static str>,
    badge: Option<i64>,
    alarm: bool,
}

/// The entries shown to this actor on the page with this address.
pub fn shown(actor: &Actor, address: &str, count: impl Fn(&str) -> Option<i64>) -> Vec<Shown> {
    // The entry that says most of the address is the current one.
    let visible = || ENTRIES.iter().filter(|entry| entry.shown_to(actor));
    let current = visible().filter(|entry| entry.is_at(address)).max_by_key(|entry| entry.path.len());
    let shown = visible().map(|entry| {
        let badge = entry.badge.and_then(&count).filter(|count| *count > 0);
        Shown {
            group: entry.group,
            label: entry.label,
            path: entry.path,
            key: entry.key,
            current: current.is_some_and(|current| current.path == entry.path),
            counts: entry.badge,
            badge,
            alarm: entry.alarm,
        }
    });
    shown.collect()
}
