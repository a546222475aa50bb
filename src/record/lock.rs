//! One process on a run folder at a time.

use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// A probe holds the lock for microseconds: who wants it for a run tries again for so long.
const PATIENCE: Duration = Duration::from_millis(300);

/// A run folder for oneself, until this is dropped or the process ends, however it ends.
///
/// The folder itself is locked (`flock`, by the inode): there is no file that could be left, linked or taken away, and a
/// folder keeps its lock when it is given another name.
#[derive(Debug)]
pub struct Lock {
    folder: File,
}

impl Lock {
    /// Refused ([`Error::RunFolder`]) where another process has it.
    pub fn take(folder: &Path) -> Result<Self> {
        let file = File::open(folder).map_err(|e| Error::write(folder, e))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { folder: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::RunFolder {
                        path: folder.to_owned(),
                        what: "is in use by another process: wait for it, or stop it".into(),
                    });
                }
                Err(TryLockError::Error(e)) => return Err(Error::write(folder, e)),
            }
        }
    }

    /// The folder, where it can be had at once.
    pub fn take_if_free(folder: &Path) -> Option<Self> {
        let file = File::open(folder).ok()?;
        file.try_lock().ok()?;
        Some(Self { folder: file })
    }

    /// Whether the folder that is locked still stands at `path`.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let there = std::fs::symlink_metadata(path);
            let same = self.folder.metadata().and_then(|own| {
                there.map(|there| (own.dev(), own.ino()) == (there.dev(), there.ino()))
            });
            same.unwrap_or(false)
        }
        #[cfg(not(unix))]
        {
            path.exists()
        }
    }

    /// Whether a process has the folder now.
    pub fn is_taken(folder: &Path) -> bool {
        let probe = File::open(folder).map(|file| file.try_lock_shared());
        matches!(probe, Ok(Err(TryLockError::WouldBlock)))
    }
}
