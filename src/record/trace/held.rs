//! What stays as it is while a finished run is being lengthened: metadata, coordinates, and the chunk that the first
//! draws filled in part.
//!
//! New draws of that chunk go, with the first ones, to a file beside it, which takes its place at the end; further
//! chunks lie outside the shape that the metadata still tells, where no reader looks.

use super::Trace;
use crate::disk::{self, again, parent};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The end of the name of the file beside a chunk.
const BESIDE: &str = ".longer";

/// The file beside a chunk.
pub(super) fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(BESIDE);
    path.with_file_name(name)
}

/// Where the newest draws of a chunk are: the file beside it, below `root`, if there is one.
pub fn current(chunk: PathBuf, root: &Path) -> PathBuf {
    let beside = aside(&chunk);
    match fs::symlink_metadata(root.join(&beside)) {
        Ok(_) => beside,
        Err(_) => chunk,
    }
}

impl Trace {
    /// Whether the file of a chunk has to stay as it is.
    pub(super) fn holds(&self, chunk: usize) -> bool {
        let each = self.plan.shape.chunk_draws;
        self.first
            .is_some_and(|first| !first.is_multiple_of(each) && first / each == chunk)
    }

    /// Puts the file beside the chunk in its place.
    pub(super) fn release(&mut self) -> Result<()> {
        let Some(first) = self.first.take() else {
            return Ok(());
        };
        for variable in &self.variables {
            let index = variable.index(first / self.plan.shape.chunk_draws);
            let path = self.store.chunk_path(&variable.path, &index);
            let beside = aside(&path);
            if fs::symlink_metadata(&beside).is_ok() {
                again(|| fs::rename(&beside, &path)).map_err(|e| Error::write(&path, e))?;
                disk::sync_folder(parent(&path)).map_err(|e| Error::write(&path, e))?;
            }
        }
        Ok(())
    }
}
