//! `huiyin user add`

use std::collections::BTreeSet;
use std::io::{BufRead as _, IsTerminal as _};

use clap::{Args, Subcommand};
use huiyin_domain::access::{Actor, Role, UnitKind};
use serde_json::json;

use super::output::Output;
use super::{Failure, Global, data};
use crate::service::Service;
use crate::service::account::NewAccount;
use crate::store::unit::UnitRow;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add an account; the password is read from standard input
    Add(Add),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// What is typed to sign in
    #[arg(long)]
    login: String,
    /// The name colleagues see
    #[arg(long)]
    name: String,
    /// Code of the unit
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Makes the unit under this name when it is missing
    #[arg(long, value_name = "NAME")]
    unit_name: Option<String>,
    /// What kind of unit to make: office, section or leadership
    #[arg(long, default_value = "section", value_parser = unit_kind)]
    unit_kind: UnitKind,
    /// office, handler, reviewer, publisher, system_admin, security_admin or auditor; may be given several times
    #[arg(long, required = true, value_parser = role)]
    role: Vec<Role>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| known("角色", Role::ALL.iter().map(|role| role.code())))
}

fn unit_kind(text: &str) -> Result<UnitKind, String> {
    UnitKind::parse(text).ok_or_else(|| known("单位类型", UnitKind::ALL.iter().map(|kind| kind.code())))
}

fn known<'a>(what: &str, codes: impl Iterator<Item = &'a str>) -> String {
    format!("没有这个{what}，可用的有：{}", codes.collect::<Vec<_>>().join("、"))
}

pub(super) async fn run(global: &Global, command: &User, output: Output) -> Result<(), Failure> {
    let User::Add(add) = command;
    let password = read_password(output)?;
    let service = data::open(global).await?.service;
    let unit = unit(&service, add).await?;
    let new = NewAccount {
        login: add.login.clone(),
        name: add.name.clone(),
        unit: unit.unit_id()?,
        roles: add.role.iter().copied().collect::<BTreeSet<_>>(),
        password,
        must_change: true,
    };
    let account = service.add_account(&Actor::System("cli"), new).await?;
    output.either(&json!({ "id": account.id, "login": account.login, "unit": unit.code }), || {
        format!("已添加账号 {}（{}）。首次登录后须先修改密码。", account.login, unit.name)
    })
}

/// Never from the command line, where other users of the machine could read it.
fn read_password(output: Output) -> Result<String, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        output.aside("请输入密码（会显示在屏幕上），回车结束：");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn unit(service: &Service, add: &Add) -> Result<UnitRow, Failure> {
    let system = Actor::System("cli");
    let units = service.units(&system).await?;
    if let Some(unit) = units.iter().find(|unit| unit.code == add.unit) {
        return Ok(unit.clone());
    }
    if let Some(name) = &add.unit_name {
        return Ok(service.add_unit(&system, &add.unit, name, add.unit_kind).await?);
    }
    let message = known("单位", units.iter().map(|unit| unit.code.as_str()));
    Err(Failure::Told(format!("{message}；要新建请加 --unit-name 名称")))
}
