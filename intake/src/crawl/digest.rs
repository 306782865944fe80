//! Short digests: of a key, to remember what was met; of a row, to see that it is the same as before.

use huiyin_domain::text::fold::comparable;
use sm3::{Digest, Sm3};

use crate::connector::Connector;
use crate::extract::Cells;
use crate::fold::fold_header;

/// Sixteen bytes: a million keys are met in some tens of megabytes.
pub(super) type Short = [u8; 16];

fn short(sm3: Sm3) -> Short {
    let digest = sm3.finalize();
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

pub(super) fn of_text(text: &str) -> Short {
    let mut sm3 = Sm3::new();
    sm3.update(text.as_bytes());
    short(sm3)
}

/// Of a row of the list: white space and width are no difference, nor is a cell that changes by itself. The connector's
/// version is in it, because another version may read the same page differently.
pub(super) fn of_row(connector: &Connector, volatile: &[String], row: &Cells) -> String {
    let mut sm3 = Sm3::new();
    sm3.update(connector.version.to_be_bytes());
    for (name, text) in &row.cells {
        if !volatile.is_empty() && volatile.contains(&fold_header(name)) {
            continue;
        }
        sm3.update(name.as_bytes());
        sm3.update([0xFF]);
        sm3.update(comparable(text).as_bytes());
        sm3.update([0xFE]);
    }
    for (name, url) in &row.attachments {
        sm3.update(name.as_bytes());
        sm3.update([0xFF]);
        sm3.update(url.as_bytes());
    }
    hex::encode(short(sm3))
}
