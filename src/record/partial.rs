//! A run folder under a temporary name, and those that killed processes have left.
//!
//! ```text
//! .NAME.partial-PID   (and three digits, where another has that name)   made -> locked -> filled -> renamed to NAME
//! ```
//!
//! Who makes one holds its lock (by the inode, so that it outlives the rename) until its run ends. What nobody holds
//! was left by a process that is dead, whatever its number says: numbers come again, and those of a container mean
//! nothing outside. One made and not locked yet may be taken for such: then it is gone when its lock is asked for, and
//! is made again.

use super::folder::OpenFolder;
use super::lock::Lock;
use crate::disk::{self, again, parent};
use crate::error::{Error, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is written before the folder has its name.
pub(super) const FIRST: [&str; 3] = ["config.toml", "manifest.json", "status.json"];
/// How often a folder is made that others clear away.
const ATTEMPTS: usize = 100;

/// A folder under a temporary name, removed again unless it is given its real one.
pub(super) struct Partial {
    path: PathBuf,
}

impl Partial {
    /// Makes it beside `final_path` and locks it; what killed processes left there is removed first.
    pub(super) fn create(final_path: &Path) -> Result<(Self, Lock)> {
        clear(parent(final_path));
        for attempt in 0..ATTEMPTS {
            // Processes of two containers may have one number.
            let mut path = disk::partial_name(final_path).into_os_string();
            if attempt > 0 {
                path.push(format!("{attempt:03}"));
            }
            let path = PathBuf::from(path);
            match again(|| fs::create_dir(&path)) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
                made => made.map_err(|e| Error::write(final_path, e))?,
            }
            let partial = Self { path: path.clone() };
            match Lock::take(&path) {
                Ok(lock) if lock.is_of(&path) => return Ok((partial, lock)),
                Err(error @ Error::Write { .. }) if path.exists() => return Err(error),
                // Another clears it away.
                _ => {}
            }
        }
        Err(Error::write(final_path, "is cleared away by others"))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the first name that is free: a rename onto a folder with files fails, so that two
    /// processes never share one.
    pub(super) fn become_one_of(
        mut self,
        names: impl Iterator<Item = PathBuf>,
    ) -> Result<OpenFolder> {
        let mut last = self.path.clone();
        for name in names {
            last.clone_from(&name);
            if fs::symlink_metadata(&name).is_ok() {
                continue;
            }
            match again(|| fs::rename(&self.path, &name)) {
                Ok(()) => {
                    // Until its name is on the disk it is removed under that one.
                    self.path.clone_from(&name);
                    disk::sync_folder(parent(&name)).map_err(|e| Error::write(&name, e))?;
                    self.path = PathBuf::new();
                    return Ok(OpenFolder::at(name));
                }
                Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => {}
                Err(e) => return Err(Error::write(name, e)),
            }
        }
        Err(Error::write(last, "was taken by another run"))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = again(|| fs::remove_dir_all(&self.path));
        }
    }
}

/// Removes what killed processes left in `place`: folders of our naming that hold nothing but what we put there, and
/// that nobody has. What cannot be removed stays.
fn clear(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !is_partial(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        // Held until it is removed: its maker, if it lives, waits for it.
        let Some(lock) = Lock::take_if_free(&path).filter(|lock| lock.is_of(&path)) else {
            continue;
        };
        if holds_only_ours(&path) {
            let _ = again(|| fs::remove_dir_all(&path));
        }
        drop(lock);
    }
}

/// Whether a name is one that [`disk::partial_name`] gives.
fn is_partial(name: &str) -> bool {
    let number = name
        .strip_prefix('.')
        .and_then(|rest| rest.rsplit_once(".partial-"))
        .map(|(_, number)| number);
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn holds_only_ours(folder: &Path) -> bool {
    let ours = |entry: std::io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let under_way = is_partial(&name)
                && FIRST
                    .iter()
                    .any(|first| name.starts_with(&format!(".{first}.")));
            let file = entry.file_type().is_ok_and(|kind| kind.is_file());
            file && (under_way || FIRST.contains(&&*name))
        })
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(ours))
}

#[cfg(test)]
mod tests {
    use super::is_partial;

    #[test]
    fn names_of_our_own_are_told_from_others() {
        for name in [".gaussian.partial-17", ".a.partial-b.partial-4"] {
            assert!(is_partial(name), "{name}");
        }
        for name in [
            "gaussian.partial-17",
            ".gaussian.partial-",
            ".gaussian.partial-1x",
            ".gaussian",
            ".partial",
        ] {
            assert!(!is_partial(name), "{name}");
        }
    }
}
