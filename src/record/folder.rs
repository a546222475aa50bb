//! The run folder: appears whole or not at all, and never swallows a file that is not ours.
//!
//! [`RunFolder::choose`] settles where it will be and refuses what must be refused, creating nothing;
//! [`RunFolder::create`] makes it with `config.toml`, `manifest.json` and `status.json` inside, in one
//! rename; [`super::write`] adds the results. Every file is written under another name first.

use super::partial::{FIRST, Partial};
use super::{Lock, Manifest, Status};
use crate::disk::{self, Durability, parent};
use crate::error::{Error, Result};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The files a run and `export` write: what `--force` may replace.
pub const FILES: [&str; 20] = [
    "config.toml",
    "manifest.json",
    "status.json",
    "summary.json",
    super::stored::FILE,
    "samples.npy",
    "draws.npy",
    "schedule.toml",
    "report.html",
    "compare.svg",
    "compare.json",
    "compare.csv",
    super::checksums::FILE,
    super::flight::FILE,
    super::longer::FILE,
    "checkpoint.a",
    "checkpoint.b",
    "draws.csv",
    "samples.csv",
    "arrays.npz",
];
/// The folders they write, which `--force` may replace with all that is in them.
pub const TREES: [&str; 2] = [super::trace::NAME, "stan-csv"];
/// More default folders for one target than anyone has.
const LAST_NUMBER: usize = 1_000_000;

/// A run folder that does not exist yet.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFolder {
    place: Place,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// `runs/<target>-<n>` with the first free n.
    Default { runs: PathBuf, target: String },
    /// A given folder that does not exist.
    New(PathBuf),
    /// A given run folder whose files are to be replaced.
    Replace(PathBuf),
}

/// A run folder on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Settles the folder: `out`, or `runs/<target>-<n>` below the working folder. Creates nothing.
    ///
    /// Refused ([`Error::Invalid`]): an `out` that exists, unless `force` and it is empty or holds a
    /// run; an `out` that is a file or a link; an `out` whose parent is not a folder.
    pub fn choose(out: Option<&Path>, target: &str, force: bool) -> Result<Self> {
        let Some(out) = out else {
            let slug: String = target
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                        c
                    } else {
                        '-'
                    }
                })
                .collect();
            let target = slug.trim_start_matches(['.', '-']).to_owned();
            return Ok(Self {
                place: Place::Default {
                    runs: "runs".into(),
                    target,
                },
            });
        };
        let refuse = |allowed: &str| Err(Error::invalid("--out", out.display(), allowed));
        if out.as_os_str().is_empty() || out.file_name().is_none() {
            return refuse("must name a folder");
        }
        let place = match fs::symlink_metadata(out) {
            Ok(found) if !found.is_dir() => {
                return refuse("exists and is not a folder; must name a new folder");
            }
            Ok(_) if !force => return refuse("exists; choose another name or give --force"),
            Ok(_) if !is_replaceable(out) => {
                return refuse("exists and is not a run folder; --force replaces only run folders");
            }
            Ok(_) => Place::Replace(out.to_owned()),
            Err(e) if e.kind() == ErrorKind::NotFound => match parent(out) {
                parent if parent.is_dir() => Place::New(out.to_owned()),
                _ => return refuse("its parent must be a folder that exists"),
            },
            Err(e) => return refuse(&format!("cannot be used: {e}")),
        };
        Ok(Self { place })
    }

    /// Makes the folder with its configuration, manifest and status in it. Failures are
    /// [`Error::Write`] and leave nothing behind, of a run that is to be replaced all of it.
    pub fn create(&self, config: &str, manifest: &Manifest) -> Result<OpenFolder> {
        self.create_locked(config, manifest).map(|made| made.0)
    }

    /// [`create`](RunFolder::create) a folder that is locked from its first moment on.
    pub fn create_locked(&self, config: &str, manifest: &Manifest) -> Result<(OpenFolder, Lock)> {
        let manifest = manifest.to_json();
        let fill = |path: &Path| {
            let folder = OpenFolder::at(path.to_owned());
            folder.put("config.toml", config)?;
            folder.put("manifest.json", &manifest)?;
            folder.set_status(&Status::of("running", 0.0, &[]))
        };
        match &self.place {
            Place::Replace(path) => {
                // Not under a run that is going on.
                let lock = Lock::take(path)?;
                let open = OpenFolder::at(path.clone());
                open.sweep();
                replace(&open, config, &manifest)?;
                Ok((open, lock))
            }
            Place::New(path) => {
                let (partial, lock) = Partial::create(path)?;
                fill(partial.path())?;
                let open = partial.become_one_of(std::iter::once(path.clone()))?;
                Ok((open, lock))
            }
            Place::Default { runs, target } => {
                let made_runs = !runs.exists();
                disk::create_folders(runs)?;
                let result = Partial::create(&runs.join(target)).and_then(|(partial, lock)| {
                    fill(partial.path())?;
                    let name = |n| runs.join(format!("{target}-{n}"));
                    let open = partial.become_one_of((1..=LAST_NUMBER).map(name))?;
                    Ok((open, lock))
                });
                if result.is_err() && made_runs {
                    let _ = fs::remove_dir(runs); // only succeeds if empty
                }
                result
            }
        }
    }
}

/// Puts a new run in the place of the one in a folder.
///
/// All that is to be written is on the disk before anything of the old run goes. From then on the folder holds a run
/// at every moment: the old one at its start, nothing computed, until the new configuration stands there.
fn replace(open: &OpenFolder, config: &str, manifest: &str) -> Result<()> {
    // An empty folder is no run, and is left empty.
    let was_run = OpenFolder::open(open.path()).is_ok();
    let first = disk::Prepared::write(open.file("config.toml"), config.as_bytes())?;
    let second = disk::Prepared::write(open.file("manifest.json"), manifest.as_bytes())?;
    let status = Status::of("running", 0.0, &[]).to_json();
    let third = disk::Prepared::write(open.file("status.json"), status.as_bytes())?;
    if !was_run {
        return first
            .place()
            .and_then(|()| second.place())
            .and_then(|()| third.place())
            .inspect_err(|_| {
                for name in FIRST {
                    let _ = fs::remove_file(open.file(name));
                }
            });
    }
    // Nobody takes what is left for results, nor goes on from a checkpoint of other settings.
    third.place()?;
    for name in FILES.iter().rev().filter(|name| !FIRST.contains(name)) {
        disk::remove(&open.file(name))?;
    }
    for name in TREES {
        disk::remove_tree(&open.file(name))?;
    }
    first.place()?;
    second.place()
}

impl OpenFolder {
    /// A folder that is known to be one.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Opens a run folder made earlier; [`Error::RunFolder`] if it is not one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        if path.join("config.toml").is_file() && path.join("manifest.json").is_file() {
            return Ok(Self { path });
        }
        let what = "is not a run folder (no config.toml and manifest.json in it)".into();
        Err(Error::RunFolder { path, what })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes or replaces a text file, whole.
    pub fn put(&self, name: &str, text: &str) -> Result<()> {
        disk::replace(&self.file(name), &[text.as_bytes()])
    }

    /// Rewrites `status.json`; it waits for no disk, as the next one comes within seconds.
    pub fn set_status(&self, status: &Status) -> Result<()> {
        disk::replace_with(
            &self.file("status.json"),
            &[status.to_json().as_bytes()],
            Durability::Lazy,
        )
    }

    /// `status.json`, where it can be read.
    pub fn status(&self) -> Option<Status> {
        let mut text = String::new();
        let file = fs::File::open(self.file("status.json")).ok()?;
        file.take(1 << 16).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Removes what a killed process left half-written. For who holds the folder's lock.
    pub fn sweep(&self) {
        sweep(&self.path);
    }
}

/// Removes partial files of a folder and of those in it; no link is followed.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.contains(".partial-") {
            let _ = fs::remove_file(entry.path());
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep(&entry.path());
        }
    }
}

/// Whether `--force` may write there: an empty folder, or one that holds a run.
fn is_replaceable(path: &Path) -> bool {
    let empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    empty || OpenFolder::open(path).is_ok()
}
