//! Reading a folder: what is in it, what of that is new, and what is no longer there.

use std::collections::{HashMap, HashSet};

use super::letter::{self, Identity, Letter, cell, cell_of};
use super::room::Mailroom;
use super::session::{Fetched, Head};
use crate::connector::{Connector, Mailbox};
use crate::crawl::{
    Alarm, AlarmCode, Coverage, CrawlError, Found, Host, HostGone, Known, Payload, Reach, Reading, Shows,
};
use crate::fetch::FetchError;
use crate::line::{Lines, add_own};
use crate::mapper::Mapped;
use crate::record::{Held, HoldCode, HoldReason, Limits, RawCells, RowOutcome};

/// Letters whose headers are asked for at once: a page of the folder.
const PAGE: usize = 100;
/// A head goes on while all it meets is new, but not further than this. Pages.
const HEAD_PAGES_MOST: u64 = 50;
/// Keys compared at once.
const BATCH: usize = 1_000;
/// Letters that alarms name one by one.
const NAMED: usize = 20;
/// So many letters in a row that the server does not give out: it is not well, and is left alone.
const REFUSED_MOST: u64 = 10;

/// The reading of a mailbox, for one pull.
#[derive(Debug)]
pub struct MailReading<'a> {
    /// How its letters are read.
    pub connector: &'a Connector,
    /// The newest letters, or all of them.
    pub reach: Reach,
    /// Where they are.
    pub room: &'a mut Mailroom,
    /// Limits of a row.
    pub limits: Limits,
    /// Read so many of the newest at most: for a trial.
    pub most: Option<usize>,
}

impl Reading for MailReading<'_> {
    async fn read<H: Host>(self, host: &mut H) -> (Coverage, Result<(), CrawlError>) {
        let mut visit = Visit {
            connector: self.connector,
            mailbox: self.room.mailbox().clone(),
            reach: self.reach,
            room: self.room,
            host,
            most: self.most,
            coverage: Coverage::default(),
            taken: HashMap::new(),
            met: HashSet::new(),
            lines: Lines::new(self.connector, &self.limits),
            refused_in_a_row: 0,
            gone: Vec::new(),
            row: 0,
        };
        let result = visit.run().await;
        if let Err(CrawlError::Fetch(error)) = &result
            && error.code == crate::fetch::FetchCode::Blocked
        {
            visit.alarm(AlarmCode::Blocked, "source", error.message.clone());
        }
        (visit.coverage, result)
    }
}

struct Visit<'a, H> {
    connector: &'a Connector,
    mailbox: Mailbox,
    reach: Reach,
    room: &'a mut Mailroom,
    host: &'a mut H,
    most: Option<usize>,
    coverage: Coverage,
    /// Message-IDs met so far, each with the digest of the letter that has it as its key.
    taken: HashMap<String, String>,
    /// Keys of the letters met.
    met: HashSet<String>,
    lines: Lines<'a>,
    refused_in_a_row: u64,
    /// Letters that could not be had any more while the folder was read.
    gone: Vec<u32>,
    /// Rows handed over so far.
    row: u64,
}

/// A letter that is in the folder.
struct Listed {
    head: Head,
    identity: Identity,
    /// Its key where nobody else has it.
    base: String,
}

impl<H: Host> Visit<'_, H> {
    async fn run(&mut self) -> Result<(), CrawlError> {
        let (uids, exists) = self.room.all().await?;
        self.coverage.claimed = Some(exists);
        let uids = if uids.len() as u64 == exists { uids } else { self.settled(uids).await? };
        let known_before = !self.host.shown_after("", 1).await?.is_empty();
        if uids.is_empty() && known_before && self.coverage.alarms.is_empty() {
            let message = "文件夹是空的，可是以前读到过来信；请打开邮箱核对，邮件可能都移走了".to_owned();
            self.alarm(AlarmCode::TooFew, "list", message);
        }
        let whole = match self.reach {
            Reach::Head => self.head(&uids).await?,
            Reach::Sweep => {
                for page in uids.chunks(PAGE) {
                    let listed = self.listed(page).await?;
                    self.take_all(listed).await?;
                }
                true
            }
        };
        self.coverage.complete = whole;
        self.tell_gone().await?;
        let least = self.connector.schedule.min_items;
        if whole && self.coverage.met < least {
            let message = format!("文件夹里只有 {} 封，少于采集配置里的最少条数 {least}", self.coverage.met);
            self.alarm(AlarmCode::TooFew, "list", message);
        }
        if self.reach == Reach::Sweep && self.coverage.alarms.is_empty() {
            self.find_withdrawn().await?;
        }
        Ok(())
    }

    /// What went away meanwhile is no longer claimed by anybody. What is still there, and could not be read, is told.
    async fn tell_gone(&mut self) -> Result<(), CrawlError> {
        if self.gone.is_empty() {
            return Ok(());
        }
        let (uids, _) = self.room.all().await?;
        let gone = std::mem::take(&mut self.gone);
        let (still, away): (Vec<u32>, Vec<u32>) = gone.into_iter().partition(|uid| uids.binary_search(uid).is_ok());
        let away = away.len() as u64;
        self.coverage.claimed = self.coverage.claimed.map(|claimed| claimed.saturating_sub(away));
        for uid in still.iter().take(NAMED) {
            let message = format!("邮箱里的第 {uid} 号邮件列得出来，却读不到；下次采集再读，请到邮箱里查看");
            self.alarm(AlarmCode::PageMissing, &format!("uid {uid}"), message);
        }
        Ok(())
    }

    /// The server counts other letters than it names: new ones may be coming in. Asked twice more, it must agree with itself.
    async fn settled(&mut self, mut uids: Vec<u32>) -> Result<Vec<u32>, CrawlError> {
        for _ in 0..2 {
            let (again, exists) = self.room.all().await?;
            let agrees = again.len() as u64 == exists;
            uids = again;
            self.coverage.claimed = Some(exists);
            if agrees {
                return Ok(uids);
            }
        }
        let claimed = self.coverage.claimed.unwrap_or_default();
        let message = format!("邮箱说文件夹里有 {claimed} 封，列出来的是 {} 封", uids.len());
        self.alarm(AlarmCode::CountDiffers, "list", message);
        Ok(uids)
    }

    /// The newest letters, as far as they are new. Tells whether that was all of them.
    async fn head(&mut self, uids: &[u32]) -> Result<bool, CrawlError> {
        let mut found: Vec<Listed> = Vec::new();
        let mut pages = 0;
        let newest = self.most.map_or(uids, |most| uids.get(uids.len().saturating_sub(most)..).unwrap_or_default());
        for page in newest.rchunks(PAGE) {
            let listed = self.listed(page).await?;
            pages += 1;
            let keys: Vec<String> = listed.iter().map(|one| one.base.clone()).collect();
            let known = if keys.is_empty() { Vec::new() } else { self.host.known(&keys).await? };
            let all_new = known.iter().all(Option::is_none);
            found.extend(listed);
            if pages < self.connector.schedule.head_pages {
                continue;
            }
            if all_new && pages >= HEAD_PAGES_MOST {
                let message = format!("看了 {HEAD_PAGES_MOST} 页全是新邮件就停下了，其余的由全量采集来读");
                self.alarm(AlarmCode::Limit, "head", message);
            }
            if !all_new || pages >= HEAD_PAGES_MOST {
                break;
            }
        }
        let looked = found.len() + self.gone.len();
        // The oldest first: what a kill leaves unread is the newest, and the next look meets it.
        found.sort_by_key(|one| one.head.uid);
        self.take_all(found).await?;
        Ok(looked >= uids.len())
    }

    /// What the folder says of a page of letters.
    async fn listed(&mut self, page: &[u32]) -> Result<Vec<Listed>, CrawlError> {
        let heads = self.room.heads(page).await?;
        self.coverage.pages += 1;
        let is_there = |uid: &&u32| heads.binary_search_by_key(*uid, |head| head.uid).is_ok();
        self.gone.extend(page.iter().filter(|uid| !is_there(uid)));
        let validity = self.room.validity();
        Ok(heads
            .into_iter()
            .map(|mut head| {
                // Of thousands of letters that are looked at together only what their headers say is kept.
                let identity = letter::identity(&std::mem::take(&mut head.header));
                let base = identity.id.clone().unwrap_or_else(|| format!("{validity}/{}", head.uid));
                Listed { head, identity, base }
            })
            .collect())
    }

    async fn take_all(&mut self, listed: Vec<Listed>) -> Result<(), CrawlError> {
        let keys: Vec<String> = listed.iter().map(|one| one.base.clone()).collect();
        let known = if keys.is_empty() { Vec::new() } else { self.host.known(&keys).await? };
        for (one, known) in listed.into_iter().zip(known) {
            self.coverage.met += 1;
            self.take(one, known).await?;
        }
        Ok(())
    }

    /// One letter. The first with a Message-ID has it as its key; another one under it (a forged or a broken program's) has
    /// a key of its own, and a copy is a repetition.
    async fn take(&mut self, one: Listed, known: Option<Known>) -> Result<(), CrawlError> {
        let digest = &one.identity.digest;
        let before = self.taken.get(&one.base).cloned();
        let owner = before.clone().or_else(|| known.as_ref().and_then(|known| known.list_digest.clone()));
        let is_its_own = owner.as_ref().is_none_or(|owner| owner == digest);
        self.taken.entry(one.base.clone()).or_insert_with(|| owner.unwrap_or_else(|| digest.clone()));
        let (key, known) = if is_its_own {
            (one.base.clone(), known)
        } else {
            let key = format!("{}#{}", one.base, digest.get(..8).unwrap_or_default());
            let known = self.host.known(std::slice::from_ref(&key)).await?.pop().flatten();
            (key, known)
        };
        self.coverage.shown += 1;
        if !self.met.insert(key.clone()) {
            self.coverage.repeated += 1;
            return Ok(());
        }
        if known.is_some_and(|known| known.list_digest.is_some()) {
            self.row += 1;
            return Ok(self.host.take(Found::Unchanged { key }).await?);
        }
        let outcome = self.fetched(&one, &key).await?;
        let Some(outcome) = outcome else {
            // It went away after its header was read.
            self.gone.push(one.head.uid);
            self.coverage.met -= 1;
            self.coverage.shown -= 1;
            self.met.remove(&key);
            return Ok(());
        };
        self.row += 1;
        Ok(self.host.take(Found::Row(outcome)).await?)
    }

    /// The record or held row of a letter; `None` when it is not there any more.
    async fn fetched(&mut self, one: &Listed, key: &str) -> Result<Option<RowOutcome>, CrawlError> {
        let held = |code, why: String| Letter {
            cells: one.identity.cells.clone(),
            attachments: Vec::new(),
            fault: Some((code, why)),
        };
        let max = self.mailbox.max_bytes;
        let letter = if one.head.size > max {
            let why = format!("邮件有 {} MB，超过上限 {} MB，没有读；请到邮箱里查看", one.head.size >> 20, max >> 20);
            held(HoldCode::MailTooLarge, why)
        } else {
            match self.room.letter(one.head.uid, max.saturating_add(1 << 16)).await? {
                Fetched::Gone => return Ok(None),
                Fetched::Refused => {
                    self.refused_in_a_row += 1;
                    if self.refused_in_a_row >= REFUSED_MOST {
                        let message = "邮箱连续不给出邮件，已停止：请过些时候再采集".to_owned();
                        return Err(FetchError::new(crate::fetch::FetchCode::Status, message).into());
                    }
                    held(HoldCode::DetailMissing, "邮箱不给出这封邮件；下次采集会再读，也可以在这里补全".to_owned())
                }
                Fetched::Here(raw) => {
                    self.refused_in_a_row = 0;
                    let letter = letter::read(&raw, !self.mailbox.takes_automatic);
                    let url = Mailroom::address(&self.mailbox, self.room.validity(), one.head.uid, 0);
                    let url = url.trim_end_matches("#0").to_owned();
                    let media_type = Some("message/rfc822".to_owned());
                    self.host
                        .take(Found::Page(Payload { url, media_type, charset: None, body: raw, shows: Shows::Message }))
                        .await?;
                    letter
                }
            }
        };
        let received = one.head.received.as_deref().and_then(letter::received_cell);
        let at = (self.room.validity(), one.head.uid);
        let mut outcome = row(&mut self.lines, &self.mailbox, letter, (key, received, at), self.row + 1);
        if let RowOutcome::Record(record) = &mut outcome {
            record.list_digest = Some(one.identity.digest.clone());
        }
        Ok(Some(outcome))
    }

    /// Letters that a sweep without any alarm did not meet: somebody moved or deleted them.
    async fn find_withdrawn(&mut self) -> Result<(), HostGone> {
        let mut after = String::new();
        loop {
            let keys = self.host.shown_after(&after, BATCH).await?;
            let Some(last) = keys.last() else { return Ok(()) };
            after.clone_from(last);
            self.coverage.withdrawn.extend(keys.into_iter().filter(|key| !self.met.contains(key)));
        }
    }

    fn alarm(&mut self, code: AlarmCode, subject: &str, message: String) {
        self.coverage.alarms.insert(Alarm { code, subject: subject.to_owned(), message });
    }
}

/// The row that a letter makes. `at`: the folder's mark, and the letter's number in it.
fn row(
    lines: &mut Lines<'_>,
    mailbox: &Mailbox,
    letter: Letter,
    (key, received, at): (&str, Option<(String, String)>, (u32, u32)),
    number: u64,
) -> RowOutcome {
    let Letter { cells, attachments: came, fault } = letter;
    let mut all: RawCells = vec![(cell::KEY.to_owned(), key.to_owned())];
    all.extend(cells);
    all.extend(received);
    let attached: Vec<(String, String)> =
        (1..).zip(came).map(|(part, name)| (name, Mailroom::address(mailbox, at.0, at.1, part))).collect();
    add_own(&mut all, None, &attached, None);
    let unread = |code, message, raw: RawCells| {
        RowOutcome::Held(Held {
            sheet: String::new(),
            row: number,
            column: None,
            reason: HoldReason { code, message },
            header: raw.iter().map(|(name, _)| name.clone()).collect(),
            raw,
            key: Some(key.to_owned()),
        })
    };
    if let Some((code, message)) = fault {
        return unread(code, message, all);
    }
    match lines.map(&all, number) {
        Mapped::Record(record) => RowOutcome::Record(record),
        Mapped::Held(held) => RowOutcome::Held(Held { key: Some(key.to_owned()), ..held }),
        Mapped::Blank | Mapped::Furniture => unread(HoldCode::RequiredMissing, "这封邮件里读不出内容".to_owned(), all),
    }
}

/// The row of a letter that lies in a file, as it would be the only one in its folder.
pub(crate) fn letter_file(connector: &Connector, raw: &[u8], number: u64, limits: &Limits) -> Option<RowOutcome> {
    let mailbox = connector.mailbox()?;
    let identity = letter::identity(raw);
    let uid = u32::try_from(number).unwrap_or(u32::MAX);
    let key = identity.id.unwrap_or_else(|| format!("0/{uid}"));
    let letter = letter::read(raw, !mailbox.takes_automatic);
    debug_assert!(cell_of(&letter.cells, cell::KEY).is_none(), "the key is told by the folder");
    let mut lines = Lines::new(connector, limits);
    Some(row(&mut lines, mailbox, letter, (&key, None, (0, uid)), number))
}
