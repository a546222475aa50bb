//! One process on a run folder at a time.

use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The file that is locked; it holds nothing.
pub const NAME: &str = "checkpoint.lock";

/// A run folder for oneself, until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Refused ([`Error::RunFolder`]) where another process has it.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let file = File::create(&path).map_err(|e| Error::write(&path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(Error::RunFolder {
                path: folder.to_owned(),
                what: "is in use by another process: wait for it, or stop it".into(),
            }),
            Err(TryLockError::Error(e)) => Err(Error::write(&path, e)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is held: who opened it before finds it locked or gone.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}
