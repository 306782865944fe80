//! The invented bureau's units and people.

use std::collections::{BTreeMap, BTreeSet};

use huiyin_domain::access::{Actor, Role, UnitKind};
use huiyin_domain::id::UnitId;

use super::{Failure, Stage};
use crate::service::account::{NewAccount, Viewer};

/// Every demo account's password.
pub(in crate::cli) const PASSWORD: &str = "Huiyin-2026";

/// Units: code, name, kind.
const UNITS: &[(&str, &str, UnitKind)] = &[
    ("bangongshi", "办公室", UnitKind::Office),
    ("julingdao", "局领导", UnitKind::Leadership),
    ("xinxi", "信息中心", UnitKind::Section),
    ("budongchan", "不动产中心", UnitKind::Section),
    ("quequan", "确权科", UnitKind::Section),
    ("zhengchai", "征拆中心", UnitKind::Section),
    ("liyong", "利用科", UnitKind::Section),
    ("guihua", "规划科", UnitKind::Section),
    ("cunzhen", "村镇科", UnitKind::Section),
    ("gengbao", "耕保科", UnitKind::Section),
    ("zhifa", "执法支队", UnitKind::Section),
    ("dikan", "地勘科", UnitKind::Section),
    ("shengai", "审改科", UnitKind::Section),
];

/// One demo account.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct DemoAccount {
    /// What is typed.
    pub(in crate::cli) login: &'static str,
    /// An invented name.
    pub(in crate::cli) name: &'static str,
    /// The unit's code.
    unit: &'static str,
    /// The role.
    pub(in crate::cli) role: Role,
}

const fn person(login: &'static str, name: &'static str, unit: &'static str, role: Role) -> DemoAccount {
    DemoAccount { login, name, unit, role }
}

/// The accounts worth telling come first.
pub(in crate::cli) const ACCOUNTS: &[DemoAccount] = &[
    person("office", "周敏", "bangongshi", Role::Office),
    person("handler", "吴桐", "budongchan", Role::Handler),
    person("review1", "郑宁", "budongchan", Role::Reviewer),
    person("review2", "冯越", "bangongshi", Role::Reviewer),
    person("review3", "陈远", "julingdao", Role::Reviewer),
    person("publisher", "褚言", "xinxi", Role::Publisher),
    person("sysadmin", "卫朗", "xinxi", Role::SystemAdmin),
    person("secadmin", "蒋恒", "xinxi", Role::SecurityAdmin),
    person("auditor", "沈正", "xinxi", Role::Auditor),
    person("handler-guihua", "韩溪", "guihua", Role::Handler),
    person("review1-guihua", "杨帆", "guihua", Role::Reviewer),
    person("handler-zhifa", "朱砺", "zhifa", Role::Handler),
    person("review1-zhifa", "秦川", "zhifa", Role::Reviewer),
    person("handler-zhengchai", "尤然", "zhengchai", Role::Handler),
    person("review1-zhengchai", "许诺", "zhengchai", Role::Reviewer),
];

/// The people of the demo, signed in.
#[derive(Debug)]
pub(super) struct People {
    units: BTreeMap<&'static str, UnitId>,
    accounts: BTreeMap<&'static str, Viewer>,
}

impl People {
    /// A unit by its code.
    pub(super) fn unit(&self, code: &str) -> Result<UnitId, Failure> {
        self.units.get(code).copied().ok_or_else(|| Failure::Told(format!("演示数据里没有单位 {code}")))
    }

    /// An account by its login.
    pub(super) fn actor(&self, login: &str) -> Result<&Actor, Failure> {
        let viewer = self.accounts.get(login).ok_or_else(|| Failure::Told(format!("演示数据里没有账号 {login}")))?;
        Ok(&viewer.actor)
    }
}

/// Sets up units and accounts.
pub(super) async fn hire(stage: &Stage) -> Result<People, Failure> {
    let system = Actor::System("demo");
    let mut units = BTreeMap::new();
    for (code, name, kind) in UNITS {
        units.insert(*code, stage.service.add_unit(&system, code, name, *kind).await?.unit_id()?);
    }
    let mut people = People { units, accounts: BTreeMap::new() };
    for account in ACCOUNTS {
        let new = NewAccount {
            login: account.login.to_owned(),
            name: account.name.to_owned(),
            unit: people.unit(account.unit)?,
            roles: BTreeSet::from([account.role]),
            password: PASSWORD.to_owned(),
            must_change: false,
        };
        let row = stage.service.add_account(&system, new).await?;
        people.accounts.insert(account.login, Viewer::of(row)?);
    }
    stage.pass(5);
    Ok(people)
}
