//! `longer.toml`: a finished run that is being made longer, and whether its first results still stand.
//!
//! ```text
//! longer.toml appears -> draws are added -> checksums.json goes -> trace, config.toml -> longer.toml goes -> the rest
//! [ the first results are whole: they can be read              ][ a run that is not finished, as every other      ]
//! ```
//!
//! While draws are added nothing that `checksums.json` lists is touched: checkpoints live beside the results, new
//! chunks of the trace lie outside the shape its metadata tells, and the chunk that the first draws filled in part is
//! written under another name ([`trace::current`](super::trace::current)). Where both files stand, the results are
//! whole; where `checksums.json` is gone, they are being replaced.

use super::{OpenFolder, Status, checksums};
use crate::disk;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Read};

/// The file.
pub const FILE: &str = "longer.toml";
/// More than two numbers take.
const TEXT_CAP: u64 = 1 << 12;

/// How long a run was, and how long it will be: both as `draws` in `config.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Longer {
    /// The draws of the results that are there.
    pub from: u64,
    /// The draws that it will have.
    pub to: u64,
}

impl Longer {
    /// Of a folder; `None` of one that is not being lengthened. Refused ([`Error::RunFolder`]): a file that does not
    /// hold it.
    pub fn read(folder: &OpenFolder) -> Result<Option<Self>> {
        let path = folder.file(FILE);
        let refuse = |what: String| Error::RunFolder {
            path: path.clone(),
            what,
        };
        // Not what would never end, nor what stands elsewhere.
        if std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(refuse("is not a file".into()));
        }
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(refuse(format!("cannot be read: {e}"))),
        };
        let mut text = String::new();
        file.take(TEXT_CAP)
            .read_to_string(&mut text)
            .map_err(|e| refuse(format!("cannot be read: {e}")))?;
        let found: Option<Self> = toml::from_str(&text).ok();
        let found = found.filter(|longer| 0 < longer.from && longer.from <= longer.to);
        let allowed = "must hold from and to, the draws before and after lengthening";
        found.map(Some).ok_or_else(|| refuse(allowed.into()))
    }

    /// Says so in a folder.
    pub fn write(&self, folder: &OpenFolder) -> Result<()> {
        folder.put(FILE, &format!("from = {}\nto = {}\n", self.from, self.to))
    }

    /// Whether results can be read from a folder that is being lengthened.
    pub fn has_results(folder: &OpenFolder) -> bool {
        folder.file(checksums::FILE).exists()
    }

    /// The first results will not stand any more.
    pub fn begin_results(folder: &OpenFolder) -> Result<()> {
        // Flushed: from here on status.json alone says that this is not finished.
        let status = folder.status().unwrap_or_default();
        let phase = "running".to_owned();
        folder.put("status.json", &Status { phase, ..status }.to_json())?;
        disk::remove(&folder.file(checksums::FILE))?;
        let synced = disk::sync_folder(folder.path());
        synced.map_err(|e| Error::write(folder.path(), e))
    }

    /// The folder is that of the longer run, whose results are still to be written.
    pub fn end(folder: &OpenFolder) -> Result<()> {
        disk::remove(&folder.file(FILE))?;
        let synced = disk::sync_folder(folder.path());
        synced.map_err(|e| Error::write(folder.path(), e))
    }

    /// In words, for who asks.
    pub fn says(&self, whole: bool) -> String {
        let Self { from, to } = self;
        match whole {
            true => {
                format!(
                    "is being lengthened from {from} to {to} draws: results are those of {from}"
                )
            }
            false => format!(
                "is being lengthened from {from} to {to} draws, and its results are being replaced"
            ),
        }
    }
}
