//! Files that are whole or absent, also after a loss of power.
//!
//! A file is written under another name in its own folder, flushed to the disk, renamed over its name (atomic
//! in POSIX, `rename(2)`), and the folder is flushed, without which the new name itself may be lost. A reader
//! sees the old bytes or the new ones, never a part.

use crate::error::{Error, Result};
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Whether a write waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// File and folder are flushed: what was written outlives a loss of power.
    Flushed,
    /// Left to the system: whole after a crash of this process, perhaps not after one of the machine.
    Lazy,
}

/// Writes `parts`, one after the other, as the file `path`, replacing what was there: whole or not at all.
///
/// Every failure is [`Error::Write`] and leaves the old file, if there was one, and no other.
pub fn replace(path: &Path, parts: &[&[u8]]) -> Result<()> {
    replace_with(path, parts, Durability::Flushed)
}

/// [`replace`], waiting for the disk or not.
pub fn replace_with(path: &Path, parts: &[&[u8]], durability: Durability) -> Result<()> {
    replace_from(
        path,
        parts.iter().map(|part| Cow::Borrowed(*part)),
        durability,
    )
}

/// [`replace_with`], of parts that are made as they are written.
pub fn replace_from<'a>(
    path: &Path,
    parts: impl Iterator<Item = Cow<'a, [u8]>>,
    durability: Durability,
) -> Result<()> {
    let partial = partial_name(path);
    let write = || {
        let mut file = create(&partial)?;
        for part in parts {
            file.write_all(&part)?;
        }
        settle(&file, &partial, path, durability)
    };
    write().map_err(|e| {
        let _ = fs::remove_file(&partial);
        Error::write(path, e)
    })
}

/// A file whose bytes are on the disk and which waits for its name; one that is dropped leaves nothing.
#[derive(Debug)]
pub(crate) struct Prepared {
    path: PathBuf,
    partial: Option<PathBuf>,
}

impl Prepared {
    /// Writes what will be the file `path`.
    pub(crate) fn write(path: PathBuf, bytes: &[u8]) -> Result<Self> {
        let partial = partial_name(&path);
        let write = || {
            let mut file = create(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        let written = write();
        let prepared = Self {
            partial: Some(partial),
            path,
        };
        written.map_err(|e| Error::write(&prepared.path, e))?;
        Ok(prepared)
    }

    /// Gives it its name, in place of what was there.
    pub(crate) fn place(mut self) -> Result<()> {
        let Some(partial) = &self.partial else {
            return Ok(());
        };
        again(|| fs::rename(partial, &self.path)).map_err(|e| Error::write(&self.path, e))?;
        self.partial = None;
        sync_folder(parent(&self.path)).map_err(|e| Error::write(&self.path, e))
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            let _ = fs::remove_file(partial);
        }
    }
}

/// A file being written, which appears under its name, in place of what was there, only when
/// [`NewFile::finish`] is called; one that is dropped leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    file: Option<BufWriter<File>>,
    path: PathBuf,
    partial: PathBuf,
}

impl NewFile {
    /// Starts the file `path`.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let partial = partial_name(&path);
        let file = create(&partial).map_err(|e| Error::write(&path, e))?;
        Ok(Self {
            file: Some(BufWriter::with_capacity(1 << 16, file)),
            path,
            partial,
        })
    }

    /// The name it will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let written = file.write_all(bytes);
        written.map_err(|e| Error::write(&self.path, e))
    }

    /// Brings what was written to the disk; only the name is missing then.
    pub fn flush(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let flushed = file.flush().and_then(|()| file.get_ref().sync_all());
        flushed.map_err(|e| Error::write(&self.path, e))
    }

    /// Flushes to the disk and gives the file its name.
    pub fn finish(mut self) -> Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let done = file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| settle(&file, &self.partial, &self.path, Durability::Flushed));
        if done.is_err() {
            let _ = fs::remove_file(&self.partial);
        }
        done.map_err(|e| Error::write(&self.path, e))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Opens a new file. What a killed process left under the name is removed first, so that no link is followed.
pub(crate) fn create(partial: &Path) -> io::Result<File> {
    let open = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(partial)
    };
    match open() {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            again(|| fs::remove_file(partial))?;
            open()
        }
        opened => opened,
    }
}

/// A call of the system, made again where a signal came in its way: std does so for opening, writing and flushing
/// alone, and file systems over a network let a signal interrupt the others too.
pub(crate) fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Makes a folder and those above it.
pub(crate) fn create_folders(path: &Path) -> Result<()> {
    again(|| fs::create_dir_all(path)).map_err(|e| Error::write(path, e))
}

/// Removes a file, if there is one.
pub(crate) fn remove(path: &Path) -> Result<()> {
    absent(again(|| fs::remove_file(path)), path)
}

/// Gives a file that has been written its name.
pub(crate) fn settle(
    file: &File,
    partial: &Path,
    path: &Path,
    durability: Durability,
) -> io::Result<()> {
    if durability == Durability::Flushed {
        file.sync_all()?;
    }
    again(|| fs::rename(partial, path))?;
    match durability {
        Durability::Flushed => sync_folder(parent(path)),
        Durability::Lazy => Ok(()),
    }
}

/// Flushes the names in a folder. A file system that cannot is not an error: it has no better to offer.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

/// Removes a folder with all that is in it. A link there is removed as a link: what it points to stays, as does
/// what links inside the folder point to.
pub(crate) fn remove_tree(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => absent(again(|| fs::remove_dir_all(path)), path),
        Ok(_) => remove(path),
        Err(e) => absent(Err(e), path),
    }
}

/// A removal, whose failure does not matter where there was nothing.
fn absent(removed: io::Result<()>, path: &Path) -> Result<()> {
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::write(path, e)),
        _ => Ok(()),
    }
}

/// The bytes of numbers, little-endian, as all our formats have them.
pub fn bytes_of(values: &[f64]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(values));
    }
    Cow::Owned(values.iter().flat_map(|v| v.to_le_bytes()).collect())
}

/// The bytes that this user may still write to the file system `path` is on; `None` where the system does not tell,
/// or it has no size, as `/proc` has none.
pub fn free(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(path).ok()?;
        (found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// The folder a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A name beside `path` that no other process uses.
pub(crate) fn partial_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn parts_are_joined_and_replace_what_was_there() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a");
        replace(&path, &[b"old"]).unwrap();
        replace(&path, &[b"n", b"", b"ew"]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(temp.path()), ["a"]);
    }

    #[test]
    fn a_failure_leaves_what_was_there_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let taken = temp.path().join("folder");
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join("x"), "x").unwrap();
        let error = replace(&taken, &[b"new"]).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
        assert_eq!(names(temp.path()), ["folder"]);
        let missing = temp.path().join("no/such");
        assert!(replace(&missing, &[b"new"]).is_err());
        assert_eq!(names(temp.path()), ["folder"]);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let temp = tempfile::tempdir().unwrap();
        let (path, aim) = (temp.path().join("a"), temp.path().join("aim"));
        fs::write(&aim, "kept").unwrap();
        std::os::unix::fs::symlink(&aim, partial_name(&path)).unwrap();
        replace(&path, &[b"new"]).unwrap();
        assert_eq!(fs::read(&aim).unwrap(), b"kept");
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
