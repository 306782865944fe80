//! How a letter stands, for the one who wrote it: by its number and its code, in words that need no explaining.
//!
//! A number that is not there and a code that is wrong are answered alike and as slowly; a number that was guessed at too
//! often is closed for a while, also for the right code.

use std::net::IpAddr;
use std::time::Duration;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::ItemId;
use huiyin_domain::item::{Event, Item, Stage};
use huiyin_domain::privacy;
use huiyin_domain::text::fold::fold_char;
use huiyin_domain::time::Instant;

use super::form::{code_digest, is_same, normal};
use super::index::released_reply;
use super::item::{load_state, subject};
use super::{Refusal, Service, ServiceError};
use crate::store::door::{self, InquiryRow};
use crate::store::item::{self as items, ItemRow};
use crate::store::{Conn, ledger, message, source};

/// How long every answer takes at least, so that neither its content nor a guess is told by the time.
const SLOWLY: Duration = Duration::from_millis(300);
/// Entries of an item's history that are read.
const HISTORY: u32 = 1_000;
/// How many items are followed from one that was merged into another.
const MERGED: usize = 4;

/// How a letter stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The item's number.
    pub number: i64,
    /// The box it was dropped into.
    pub letterbox: String,
    /// Its subject line.
    pub title: String,
    /// Where it stands, in a word.
    pub standing: &'static str,
    /// The same in a sentence, with what comes next.
    pub sentence: String,
    /// Until when it has to be answered; none once it is, and while that is not settled.
    pub due_at: Option<Instant>,
    /// What has happened, oldest first.
    pub steps: Vec<(&'static str, Instant)>,
    /// The answer that was released.
    pub answer: Option<String>,
}

impl Service {
    /// How a letter stands. Refused (`lookup_wrong`) when number and code do not belong together, and (`lookup_locked`) when
    /// the number, or the address, has been tried too often.
    pub async fn look_up(&self, address: Option<IpAddr>, number: &str, code: &str) -> Result<Progress, ServiceError> {
        let asked = self.looked_up(address, number, code);
        let (answer, ()) = tokio::join!(asked, tokio::time::sleep(SLOWLY));
        answer
    }

    async fn looked_up(&self, address: Option<IpAddr>, number: &str, code: &str) -> Result<Progress, ServiceError> {
        allowed(&Actor::Public, Action::LookUp, &Object::None)?;
        let now = self.now();
        let digits: String = number.chars().map(fold_char).filter(char::is_ascii_digit).take(18).collect();
        let guess_key = digits.trim_start_matches('0').to_owned();
        let address_key = self.doors.address_key(address);
        let pair_key = format!("{guess_key} {address_key}");
        let doors = &self.doors;
        // From one address a few guesses, from all together some more: nobody closes a number for its owner with a few tries.
        let may_ask = doors.questions.passes(&address_key, now) && doors.guesses.passes(&pair_key, now);
        if !may_ask || !doors.guesses_of_all.passes(&guess_key, now) {
            let message = "查询次数过多，请半小时后再试。收条上的编号和查询码请核对清楚。";
            return Err(Refusal::new("lookup_locked", message).into());
        }
        let mut reader = self.store.read().await?;
        let mut conn = reader.conn();
        let found = letter(&mut conn, digits.parse().unwrap_or(0)).await?;
        // One that is not there is compared all the same.
        let (salt, digest) = found.as_ref().map_or(("", ""), |(_, inquiry)| (&inquiry.salt, &inquiry.digest));
        let mut bytes = [0; 16];
        let _ = hex::decode_to_slice(salt, &mut bytes);
        let matches = is_same(&code_digest(&bytes, code).to_string(), digest) && !normal(code).is_empty();
        let Some((row, _)) = found.filter(|_| matches) else {
            let message = "编号和查询码对不上。请按收条上的编号和查询码重新填写。";
            return Err(Refusal::new("lookup_wrong", message).into());
        };
        self.doors.guesses.forget(&pair_key);
        self.doors.guesses_of_all.forget(&guess_key);
        self.told(&mut conn, row).await
    }

    async fn told(&self, conn: &mut Conn<'_>, row: ItemRow) -> Result<Progress, ServiceError> {
        let state = load_state(&row)?;
        let letterbox = source::by_id(conn, &row.source_id).await?.map_or_else(String::new, |source| source.name);
        let answer = self.answer_for(conn, &row, &state).await?;
        let (standing, sentence) = words(conn, &state, answer.is_some()).await?;
        let times = &state.times;
        let steps = [
            ("收到来信", Some(times.received_at)),
            ("交办", times.assigned_at),
            ("答复", times.replied_at.filter(|_| answer.is_some())),
        ];
        let mut steps: Vec<_> = steps.into_iter().filter_map(|(step, at)| Some((step, at?))).collect();
        steps.sort_by_key(|(_, at)| *at);
        let is_due = row.open && !row.due_provisional;
        Ok(Progress {
            number: row.number,
            letterbox,
            title: row.title,
            standing,
            sentence,
            due_at: row.due_at.filter(|_| is_due).map(Instant::from_micros),
            steps,
            answer,
        })
    }

    /// The answer that was released to this writer. One that was given to another letter about the same thing was written to
    /// somebody else: what is obviously theirs is left out.
    async fn answer_for(
        &self,
        conn: &mut Conn<'_>,
        row: &ItemRow,
        state: &Item,
    ) -> Result<Option<String>, ServiceError> {
        if let Some(answer) = answer_of(conn, row).await? {
            return Ok(Some(answer));
        }
        let mut next = state.merged_into;
        for _ in 0..MERGED {
            let Some(id) = next else { return Ok(None) };
            let Some(main) = items::by_id(conn, id).await? else { return Ok(None) };
            if let Some(answer) = answer_of(conn, &main).await? {
                return Ok(Some(privacy::mask(&answer, &self.rules.official_numbers)));
            }
            next = load_state(&main)?.merged_into;
        }
        Ok(None)
    }
}

/// A letter that came through the form, by the number of its item.
async fn letter(conn: &mut Conn<'_>, number: i64) -> Result<Option<(ItemRow, InquiryRow)>, ServiceError> {
    let Some(row) = items::by_number(conn, number).await? else { return Ok(None) };
    let inquiry = door::inquiry(conn, &row.message_id).await?;
    Ok(inquiry.map(|inquiry| (row, inquiry)))
}

/// What was released, here or at the source.
async fn answer_of(conn: &mut Conn<'_>, row: &ItemRow) -> Result<Option<String>, ServiceError> {
    let state = load_state(row)?;
    if !state.stage.is_answered() {
        return Ok(None);
    }
    let drafts = items::replies(conn, state.id).await?;
    if let Some(released) = released_reply(row, &drafts)? {
        return Ok(Some(released.text.clone()));
    }
    let newest = message::newest_of(conn, std::slice::from_ref(&row.message_id)).await?.pop();
    Ok(newest.map(|version| version.reply).filter(|reply| state.answered_at_source && !reply.is_empty()))
}

/// Where an item stands, as somebody who is no official would say it.
async fn words(conn: &mut Conn<'_>, state: &Item, has_answer: bool) -> Result<(&'static str, String), ServiceError> {
    let (word, sentence) = match state.stage {
        Stage::Received => ("已收到", "来信已经收到，正在登记。"),
        Stage::Registered => ("已登记", "来信已经登记，正在确定由哪个单位办理。"),
        Stage::Dispatched | Stage::ReturnReview | Stage::Arbitration => ("已交办", "来信已经交办，承办单位正在接收。"),
        Stage::Handling => ("办理中", "承办单位正在办理。"),
        Stage::Suspended => ("办理中", "承办单位正在办理，其中一项工作需要等待。"),
        Stage::Review1 | Stage::Review2 | Stage::Review3 | Stage::Approved => {
            ("答复审核中", "答复已经写好，正在审核。")
        }
        Stage::Replied | Stage::Closed | Stage::Archived => ("已答复", "答复见下。"),
        Stage::Merged if has_answer => ("已答复", "这件事与另一件来信一并办理，答复见下。"),
        Stage::Merged => ("办理中", "这件事与另一件来信一并办理，办好后在这里答复您。"),
        Stage::Withdrawn => ("已撤回", "按您的要求，来信已经撤回。"),
        Stage::NotAccepted => return Ok(("不予受理", not_accepted(conn, state.id).await?)),
        Stage::TransferredOut => return Ok(("已转出", transferred(conn, state.id).await?)),
    };
    Ok((word, sentence.to_owned()))
}

async fn not_accepted(conn: &mut Conn<'_>, item: ItemId) -> Result<String, ServiceError> {
    let ground = last_event(conn, item, |event| match event {
        Event::NotAccepted { ground } => Some(ground.label()),
        _ => None,
    });
    Ok(match ground.await? {
        Some(ground) => format!("来信不属于受理范围，原因：{ground}。如有疑问，请致电咨询。"),
        None => "来信不属于受理范围。如有疑问，请致电咨询。".to_owned(),
    })
}

async fn transferred(conn: &mut Conn<'_>, item: ItemId) -> Result<String, ServiceError> {
    let route = last_event(conn, item, |event| match event {
        Event::TransferredOut { route } => Some(route.label()),
        _ => None,
    });
    Ok(match route.await? {
        Some(route) => format!("这件事依法应由其他途径办理，已经转出：{route}。"),
        None => "这件事依法应由其他途径办理，已经转出。".to_owned(),
    })
}

/// The newest event of an item that says something.
async fn last_event<T>(
    conn: &mut Conn<'_>,
    item: ItemId,
    says: impl Fn(&Event) -> Option<T>,
) -> Result<Option<T>, ServiceError> {
    let history = ledger::of_subject(conn, &subject(item), 0, HISTORY).await?;
    let mut newest_first = history.iter().rev();
    Ok(newest_first.find_map(|entry| {
        let body = serde_json::from_str(&entry.body).ok()?;
        says(&Event::parse(&entry.kind, &body).ok()?)
    }))
}
