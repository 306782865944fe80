//! What the scripted source does wrong.

use serde::{Deserialize, Serialize};

use super::model::Letter;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum At {
    /// A page of the list, from one.
    List(usize),
    /// The page of a message, of this key where one is told.
    Detail(Option<u32>),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// The page has no rows, although there are some.
    Emptied,
    /// Its rows are left out: the page after it stands in its place.
    Skipped,
    /// It shows the rows of the page before.
    Repeated,
    /// A message is put at the top of the list just before the page is shown.
    Pushed(Box<Letter>),
    /// The message at the top of the list is taken away just before the page is shown.
    Pulled,
    /// A status other than 200, with the server's wish when to come back.
    Status(u16, Option<u32>),
    /// No answer at all.
    Silent,
    /// An answer that trickles and does not end.
    Slow,
    /// The connection is reset in the middle of the answer.
    Reset,
    /// 200 and nothing.
    Empty,
    /// 200 and a log-in page.
    Login,
    /// The answer in GB18030 or else UTF-8, under this label.
    Charset { gb18030: bool, label: Option<String> },
    /// Everything is there under other names.
    Layout,
    /// The first row has a date that nobody can read.
    BadRow,
    /// A redirect to this address.
    Redirect(String),
    /// A small body that unpacks to a large one.
    Bomb,
    /// A body of 2 GB, which may say so beforehand.
    Huge { stated: bool },
}

/// One fault; gone after it has struck so many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub at: At,
    pub what: What,
    pub times: u32,
}

impl Fault {
    /// One that stays until it is taken away.
    pub const fn lasting(at: At, what: What) -> Self {
        Self { at, what, times: u32::MAX }
    }

    /// One that strikes once.
    pub const fn once(at: At, what: What) -> Self {
        Self { at, what, times: 1 }
    }
}
