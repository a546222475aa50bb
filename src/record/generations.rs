//! Two generations of checkpoints in a run folder: `checkpoint.a` and `checkpoint.b`, written in turn.
//!
//! The older of the two is replaced, by a rename of a whole file, so that at every moment one of them is whole: a
//! process may be killed, a disk fill up or the power fail at any point. The bytes are handed to the system while the
//! computation waits (a copy, no disk), and reach the disk and their name by a thread beside it: at a million
//! particles in ten dimensions the wait is a twentieth of a second, the way to the disk many times that.

use crate::checkpoint::{Reader, Sections};
use crate::disk::{self, Durability};
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;

/// The files, by turns.
pub const NAMES: [&str; 2] = ["checkpoint.a", "checkpoint.b"];

/// The section that tells which of the two is newer, in every checkpoint.
pub const GENERATION: &str = "generation";

/// A checkpoint that was read.
pub type Checkpoint = Reader<BufReader<File>>;

/// Whether a checkpoint has come to the disk: for another thread to look at.
#[derive(Debug, Default)]
pub struct Settled(AtomicU8);

const KEPT: u8 = 1;
const FAILED: u8 = 2;

impl Settled {
    fn say(&self, kept: bool) {
        let state = if kept { KEPT } else { FAILED };
        self.0.store(state, Ordering::Release);
    }

    /// Whether it is there; `None` while it is on its way.
    pub fn done(&self) -> Option<bool> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            state => Some(state == KEPT),
        }
    }
}

/// The writer of a run's checkpoints.
#[derive(Debug)]
pub struct Generations {
    folder: PathBuf,
    /// Of the next checkpoint, from 1.
    next: u64,
    /// Which file comes next.
    turn: usize,
    /// The way to the disk of the latest.
    under_way: Option<JoinHandle<Result<()>>>,
    /// How the way of the latest ended.
    settled: Arc<Settled>,
    /// The newest that is on the disk.
    newest: Option<PathBuf>,
}

impl Generations {
    /// Of a run folder; those that are there stay until they are the older ones.
    pub fn new(folder: &Path, newest: Option<&Found>) -> Self {
        Self {
            folder: folder.to_owned(),
            next: newest.map_or(1, |found| found.generation.saturating_add(1)),
            turn: newest.map_or(0, |found| 1 - found.turn),
            under_way: None,
            settled: Arc::new(Settled(AtomicU8::new(KEPT))),
            newest: newest.map(|found| found.path.clone()),
        }
    }

    /// Writes the next generation: `fill` adds its sections.
    pub fn write<'a>(&mut self, fill: impl FnOnce(&mut Sections<'a>)) -> Result<()> {
        self.settle()?;
        let mut sections = Sections::new();
        sections.put(GENERATION, &self.next);
        fill(&mut sections);
        let path = self.folder.join(NAMES[self.turn]);
        let partial = disk::partial_name(&path);
        let written = disk::create(&partial).and_then(|file| {
            let mut out = BufWriter::with_capacity(1 << 16, file);
            sections.write(&mut out)?;
            out.flush()?;
            out.into_inner()
                .map_err(std::io::IntoInnerError::into_error)
        });
        let file = written.map_err(|e| {
            let _ = std::fs::remove_file(&partial);
            Error::write(&path, e)
        })?;
        let settled = Arc::new(Settled::default());
        self.settled = settled.clone();
        let unwritten = path.clone();
        let settle = move || {
            let done = disk::settle(&file, &partial, &path, Durability::Flushed);
            settled.say(done.is_ok());
            done.map_err(|e| {
                let _ = std::fs::remove_file(&partial);
                Error::write(&path, e)
            })
        };
        let thread = std::thread::Builder::new().spawn(settle);
        self.under_way = Some(thread.map_err(|e| Error::write(&unwritten, e))?);
        Ok(())
    }

    /// Waits until the latest checkpoint is on the disk.
    pub fn settle(&mut self) -> Result<()> {
        let Some(thread) = self.under_way.take() else {
            return Ok(());
        };
        let path = self.folder.join(NAMES[self.turn]);
        match thread.join() {
            Ok(result) => result?,
            Err(_) => return Err(Error::write(&path, "the thread that wrote it ended")),
        }
        self.newest = Some(path);
        self.next = self.next.saturating_add(1);
        self.turn = 1 - self.turn;
        Ok(())
    }

    /// How the latest checkpoint fares on its way to the disk; kept, where none was written.
    pub fn settled(&self) -> Arc<Settled> {
        self.settled.clone()
    }

    /// Removes all checkpoints: of a run that is finished and never goes on.
    pub fn discard(&self) -> Result<()> {
        for name in NAMES {
            disk::remove(&self.folder.join(name))?;
        }
        Ok(())
    }

    /// The newest checkpoint that is on the disk.
    pub fn newest(&self) -> Option<&Path> {
        self.newest.as_deref()
    }
}

/// The newest checkpoint of a folder that can be used.
#[derive(Debug)]
pub struct Found {
    /// Counted from 1.
    pub generation: u64,
    /// The file.
    pub path: PathBuf,
    /// Its content.
    pub checkpoint: Checkpoint,
    turn: usize,
    /// What is wrong with the other one, where it cannot be used.
    pub damage: Option<Error>,
}

impl Found {
    /// The other checkpoint of the folder, where it can be used.
    pub fn other(&self, folder: &Path) -> Option<Self> {
        let turn = 1 - self.turn;
        let path = folder.join(NAMES[turn]);
        let (generation, checkpoint) = open(&path)?.ok()?;
        Some(Self {
            generation,
            path,
            checkpoint,
            turn,
            damage: None,
        })
    }
}

/// What is wrong with a checkpoint or another file of a run folder.
pub(crate) fn unusable(path: &Path, error: &Error) -> Error {
    let what = error.to_string();
    Error::RunFolder {
        path: path.to_owned(),
        what: what
            .strip_prefix("checkpoint ")
            .map_or(what.clone(), str::to_owned),
    }
}

/// Opens one checkpoint and its generation; `None` where there is no such file.
pub(super) fn open(path: &Path) -> Option<Result<(u64, Checkpoint)>> {
    // Not what would never end, nor what stands elsewhere.
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Some(Err(Error::Checkpoint("is not a file".into())));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return None,
        Err(e) => {
            let what = format!("cannot be read: {e}");
            return Some(Err(Error::Checkpoint(what)));
        }
    };
    let opened = Reader::open(BufReader::with_capacity(1 << 16, file));
    Some(opened.and_then(|mut reader| Ok((reader.get(GENERATION)?, reader))))
}

/// The newest usable checkpoint of `folder`; `None` where there is none at all. Refused ([`Error::RunFolder`]) where
/// there are some and none can be used.
pub fn newest(folder: &Path) -> Result<Option<Found>> {
    let mut best: Option<Found> = None;
    let mut damage = None;
    for (turn, name) in NAMES.iter().enumerate() {
        let path = folder.join(name);
        match open(&path) {
            None => {}
            Some(Err(error)) => damage = Some(unusable(&path, &error)),
            Some(Ok((generation, _)))
                if best.as_ref().is_some_and(|b| b.generation >= generation) => {}
            Some(Ok((generation, checkpoint))) => {
                best = Some(Found {
                    generation,
                    path,
                    checkpoint,
                    turn,
                    damage: None,
                });
            }
        }
    }
    match (best, damage) {
        (Some(found), damage) => Ok(Some(Found { damage, ..found })),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(None),
    }
}
