//! What a list left out although it showed it before: named by the numbers of the items.

use super::super::{Service, ServiceError};
use super::Told;
use crate::intake::crawl::AlarmCode;
use crate::store::{item as items, message};

/// The entry of the ledger that names the items.
pub(in crate::service) const NOT_SHOWN: &str = "rows.not_shown";
/// Ranges of numbers that an alarm names; the others are in the ledger and in the day's reconciliation.
const NAMED: usize = 20;

impl Service {
    /// The numbers of the items made from the messages with these keys of a source, ascending.
    pub(super) async fn numbers_of(&self, source: &str, keys: &[String]) -> Result<Vec<i64>, ServiceError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.store.read().await?;
        let mut conn = reader.conn();
        let messages = message::by_keys(&mut conn, source, keys).await?;
        let ids: Vec<String> = messages.into_iter().map(|row| row.id).collect();
        let mut numbers: Vec<i64> =
            items::by_messages(&mut conn, &ids).await?.into_iter().map(|item| item.number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Adds the numbers to what says that the list is short.
pub(super) fn name_in(alarms: &mut [Told], numbers: &[i64]) {
    let codes = [AlarmCode::CountDiffers.as_str(), AlarmCode::PageMissing.as_str()];
    let is_short = |told: &&mut Told| codes.contains(&told.code.as_str());
    if numbers.is_empty() {
        return;
    }
    if let Some(told) = alarms.iter_mut().find(is_short) {
        let said = told.message.trim_end_matches('。');
        told.message = format!("{said}。原来在列表里、这次没有读到的有 {} 件：{}", numbers.len(), ranges(numbers));
    }
}

/// Ascending numbers for people: `第 3、8–11 件`.
fn ranges(numbers: &[i64]) -> String {
    let of_range = |run: &[i64]| match run {
        [first, .., last] => format!("{first}–{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    };
    let runs: Vec<String> = numbers.chunk_by(|before, after| before + 1 == *after).map(of_range).collect();
    let more = if runs.len() > NAMED { "件等" } else { "件" };
    let named: Vec<&str> = runs.iter().take(NAMED).map(String::as_str).collect();
    format!("第 {} {more}", named.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_told_as_a_range() {
        assert_eq!(ranges(&[3, 8, 9, 10, 11, 20, 21]), "第 3、8–11、20–21 件");
        let scattered: Vec<i64> = (1..=21).map(|number| number * 2).collect();
        assert!(ranges(&scattered).ends_with("、40 件等"), "{}", ranges(&scattered));
    }

    #[test]
    fn they_are_told_where_the_list_is_short() {
        let told = |code: AlarmCode| Told {
            code: code.as_str().to_owned(),
            subject: "list".to_owned(),
            message: "少了".to_owned(),
        };
        let mut alarms = [told(AlarmCode::TooFew), told(AlarmCode::CountDiffers)];
        name_in(&mut alarms, &[]);
        assert_eq!(alarms[1].message, "少了");
        name_in(&mut alarms, &[7]);
        assert_eq!(alarms[0].message, "少了");
        assert_eq!(alarms[1].message, "少了。原来在列表里、这次没有读到的有 1 件：第 7 件");
    }
}
