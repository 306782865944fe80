//! Responsible units 责任单位.

use huiyin_domain::access::{Action, Actor, Object, Permit, UnitKind, allowed};
use huiyin_domain::id::UnitId;
use huiyin_domain::item::Code;
use serde_json::json;

use super::error::or_taken;
use super::{Refusal, Service, ServiceError, checked_name};
use crate::store::Tx;
use crate::store::unit::{self as units, UnitRow};

impl Service {
    /// Adds a responsible unit. `code` is short, lower case and unique, such as `zhk`.
    pub async fn add_unit(
        &self,
        actor: &Actor,
        code: &str,
        name: &str,
        kind: UnitKind,
    ) -> Result<UnitRow, ServiceError> {
        let permit = allowed(actor, Action::ManageUnits, &Object::None)?;
        let code: Code = code.trim().parse().map_err(|_| {
            Refusal::new("unit_code_shape", "单位代码只能用小写字母、数字和连字符，1 至 64 个字符，请修改。")
        })?;
        let name = unit_name(name)?;
        let now = self.now();
        let id = UnitId::new(now, self.random()?);
        let row = UnitRow {
            id: id.to_string(),
            code: code.to_string(),
            name,
            kind: kind.code().to_owned(),
            active: true,
            created_at: now.as_micros(),
        };
        let mut tx = self.store.begin(&permit).await?;
        let taken = Refusal::new("unit_code_taken", "已有单位使用这个代码，请换一个。");
        units::insert(&mut tx, row.clone()).await.map_err(or_taken(taken))?;
        tx.record(format!("unit:{id}"), "unit.added", &json!({ "code": code.as_str(), "kind": kind.code() }))?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// All units.
    pub async fn units(&self, actor: &Actor) -> Result<Vec<UnitRow>, ServiceError> {
        allowed(actor, Action::ViewUnits, &Object::None)?;
        Ok(units::all(&mut self.store.read().await?.conn()).await?)
    }

    /// Gives a unit another name. Its code stays, and so does what was written under the old name.
    pub async fn rename_unit(&self, actor: &Actor, id: UnitId, name: &str) -> Result<UnitRow, ServiceError> {
        let permit = allowed(actor, Action::ManageUnits, &Object::None)?;
        let name = unit_name(name)?;
        let (mut tx, row) = self.unit_to_change(&permit, id).await?;
        if row.name != name {
            units::rename(&mut tx, id, &name).await?;
            tx.record(format!("unit:{id}"), "unit.renamed", &json!({ "code": row.code }))?;
            tx.commit(self.now()).await?;
        }
        Ok(UnitRow { name, ..row })
    }

    /// Sets whether items and people can be given to a unit. What it has stays with it.
    pub async fn set_unit_active(&self, actor: &Actor, id: UnitId, active: bool) -> Result<UnitRow, ServiceError> {
        let permit = allowed(actor, Action::ManageUnits, &Object::None)?;
        let (mut tx, row) = self.unit_to_change(&permit, id).await?;
        if row.active != active {
            units::set_active(&mut tx, id, active).await?;
            tx.record(format!("unit:{id}"), "unit.active_set", &json!({ "active": active }))?;
            tx.commit(self.now()).await?;
        }
        Ok(UnitRow { active, ..row })
    }

    async fn unit_to_change(&self, permit: &Permit, id: UnitId) -> Result<(Tx, UnitRow), ServiceError> {
        let mut tx = self.store.begin(permit).await?;
        let row = units::by_id(&mut tx.conn(), id).await?;
        let row = row.ok_or_else(|| Refusal::new("unit_unknown", "没有这个责任单位，或者已停用。请重新选择单位。"))?;
        Ok((tx, row))
    }
}

fn unit_name(name: &str) -> Result<String, Refusal> {
    checked_name(name).ok_or_else(|| Refusal::new("unit_name_missing", "请填写单位名称，最多 64 个字。"))
}
