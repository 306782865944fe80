//! `connector new`: a connector of one's own, begun as a copy of one that comes with the program.

use std::io;
use std::path::{Path, PathBuf};

use include_dir::Dir;

use super::connector::{BUILTIN, FILE_NAME, is_id};

/// Why there is no new connector.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The id would be no name for a folder.
    #[error("`{id}` is no lowercase noun: a to z, 0 to 9 and single hyphens")]
    BadId {
        /// What was asked for.
        id: String,
    },
    /// No connector of this name comes with the program.
    #[error("no connector `{from}` comes with the program")]
    Unknown {
        /// What was asked for.
        from: String,
    },
    /// There is something of this name already. Nothing was changed.
    #[error("{} exists already", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The folder cannot be written. Nothing of it is left.
    #[error("failed to write {}", path.display())]
    Unwritable {
        /// Which path.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

/// Copies the connector `from`, with its fixtures, to `parent/<id>` and gives it the id; `parent` is made when it is missing.
/// Returns the new folder. It appears as a whole or not at all, because a server may be looking.
pub fn scaffold(id: &str, from: &str, parent: &Path) -> Result<PathBuf, ScaffoldError> {
    if !is_id(id) {
        return Err(ScaffoldError::BadId { id: id.to_owned() });
    }
    let shipped = BUILTIN.get_dir(from).filter(|dir| dir.get_file(dir.path().join(FILE_NAME)).is_some());
    let shipped = shipped.ok_or_else(|| ScaffoldError::Unknown { from: from.to_owned() })?;
    let path = parent.join(id);
    if path.symlink_metadata().is_ok() {
        return Err(ScaffoldError::Exists { path });
    }
    // A name that is no id, so that nobody takes it for a connector.
    let draft = parent.join(format!(".{id}.new"));
    let cleared = if draft.is_dir() { std::fs::remove_dir_all(&draft) } else { Ok(()) };
    let made =
        cleared.and_then(|()| write(shipped, shipped.path(), &draft, id)).and_then(|()| std::fs::rename(&draft, &path));
    made.map_err(|source| {
        // What cannot be removed either is in nobody's way.
        let _ = std::fs::remove_dir_all(&draft);
        ScaffoldError::Unwritable { path: path.clone(), source }
    })?;
    Ok(path)
}

/// Writes a folder of the program's to `to`; `root` is the connector's own path among them.
fn write(dir: &Dir<'_>, root: &Path, to: &Path, id: &str) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for file in dir.files() {
        let path = to.join(file.path().strip_prefix(root).unwrap_or_else(|_| file.path()));
        match file.contents_utf8().filter(|_| file.path().ends_with(FILE_NAME)) {
            Some(text) => std::fs::write(path, with_id(text, id))?,
            None => std::fs::write(path, file.contents())?,
        }
    }
    for inner in dir.dirs() {
        let name = inner.path().strip_prefix(root).unwrap_or_else(|_| inner.path());
        std::fs::create_dir_all(to.join(name))?;
        write(inner, root, to, id)?;
    }
    Ok(())
}

/// The description with another id. Everything else stays as it is, the comments above all.
fn with_id(text: &str, id: &str) -> String {
    let mut is_done = false;
    let mut renamed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_id = !is_done && line.strip_prefix("id").is_some_and(|rest| rest.trim_start().starts_with('='));
        if is_id {
            is_done = true;
            renamed.push_str("id = \"");
            renamed.push_str(id);
            renamed.push_str("\"\n");
        } else {
            renamed.push_str(line);
        }
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{builtin, check};

    #[test]
    fn a_copy_of_every_shipped_connector_is_sound() {
        let parent = tempfile::tempdir().unwrap();
        let own = parent.path().join("data/connectors");
        for shipped in builtin().unwrap() {
            let dir = scaffold(&format!("own-{}", shipped.id), &shipped.id, &own).unwrap();
            check(&dir).unwrap_or_else(|error| panic!("{error}"));
            let text = std::fs::read_to_string(dir.join(FILE_NAME)).unwrap();
            let before = BUILTIN.get_file(Path::new(&shipped.id).join(FILE_NAME)).unwrap().contents_utf8().unwrap();
            let differing: Vec<_> = before.lines().zip(text.lines()).filter(|(a, b)| a != b).collect();
            assert_eq!(differing.len(), 1, "{differing:?}");
            assert_eq!(before.lines().count(), text.lines().count());
        }
        // Nothing else is left behind, and the folder as a whole is sound.
        assert_eq!(check(&own).unwrap().connectors.len(), builtin().unwrap().len());
    }

    #[test]
    fn what_cannot_be_made_changes_nothing() {
        let parent = tempfile::tempdir().unwrap();
        for wrong in ["", "Own", "../own", "own/x", "a--b", "-a", "1a"] {
            let refused = scaffold(wrong, "board", parent.path());
            assert!(matches!(refused, Err(ScaffoldError::BadId { .. })), "{wrong}: {refused:?}");
        }
        for unknown in ["nobody", "board/fixtures", "..", ""] {
            let refused = scaffold("own", unknown, parent.path());
            assert!(matches!(refused, Err(ScaffoldError::Unknown { .. })), "{unknown}: {refused:?}");
        }
        std::fs::write(parent.path().join("own"), "mine").unwrap();
        assert!(matches!(scaffold("own", "board", parent.path()), Err(ScaffoldError::Exists { .. })));
        assert_eq!(std::fs::read_to_string(parent.path().join("own")).unwrap(), "mine");
        let below_a_file = scaffold("own", "board", &parent.path().join("own"));
        assert!(matches!(below_a_file, Err(ScaffoldError::Unwritable { .. })), "{below_a_file:?}");
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
