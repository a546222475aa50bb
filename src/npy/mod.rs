//! Arrays in NumPy's `.npy` format, alone or in an `.npz` archive: strict readers and streaming writers.
//!
//! The reader trusts nothing: magic, version, header length (capped as NumPy caps it), the three keys
//! of the header, the item type, and the product of the shape against the length of the file, all
//! before a byte of data is allocated. The header is parsed here because the crates at hand multiply
//! a hostile shape without checking it.

mod archive;
mod header;
pub mod npz;
mod writer;

pub use writer::{Writer, write};

use crate::error::{Error, Result};
use header::Header;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// An array of numbers, in C order (last axis fastest) whatever the file held.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// The length of every axis.
    pub shape: Vec<usize>,
    /// The items; their number is the product of `shape`.
    pub values: Vec<f64>,
}

/// Whether NaN and infinity may be in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// They are read like any number.
    Keep,
    /// They are refused with their position.
    Refuse,
}

/// Whether a text names a file of arrays: `FILE.npy`, `FILE.npz`, or `FILE.npz:NAME` for one of several arrays.
pub fn is_name(text: &str) -> bool {
    text.ends_with(".npy") || named(Path::new(text)).is_some()
}

/// The file a path names, without the name of an array in it.
pub fn file_of(path: &Path) -> &Path {
    match named(path) {
        Some((archive, _)) if !path.is_file() => archive,
        _ => path,
    }
}

/// The archive a path names, and the array in it if it names one; `None` where it names no archive.
fn named(path: &Path) -> Option<(&Path, Option<&str>)> {
    let Some(text) = path.to_str() else {
        let archive = path.extension().is_some_and(|end| end == "npz");
        return archive.then_some((path, None));
    };
    if text.ends_with(".npz") {
        return Some((path, None));
    }
    let at = text.rfind(".npz:")? + 4;
    let name = &text[at + 1..];
    (!name.is_empty()).then_some((Path::new(&text[..at]), Some(name)))
}

/// Reads an array of little-endian `f64`, `f32` or integers of any width, in C or Fortran order.
///
/// Errors ([`Error::Data`]) name the file and what is wrong: no file, not npy, a version, header or
/// item type that is not accepted (objects, big-endian and half floats by name), a shape that does not
/// match the length of the file, bytes after the data, a non-finite item when those are refused, an
/// integer that `f64` cannot hold.
///
/// A path that ends in `.npz` is an archive of exactly one array; `FILE.npz:NAME` is one of several. Refused besides:
/// what `numpy.savez` does not write (encryption, other methods, names that lead elsewhere, names that stand twice,
/// bytes around the entries), headers that disagree, sizes that are not those unpacked, a wrong CRC-32.
pub fn read(path: impl AsRef<Path>, non_finite: NonFinite) -> Result<Array> {
    let path = path.as_ref();
    read_from(file(path)?, path, non_finite)
}

/// [`read`] from a source that holds what `path` would; the path is what errors name, and says by its end whether
/// this is an archive.
pub fn read_from(
    source: impl Read + Seek,
    path: impl AsRef<Path>,
    non_finite: NonFinite,
) -> Result<Array> {
    let path = path.as_ref();
    let refuse = |what: String| Error::data(path, what);
    let (header, mut reader) = open(source, path)?;
    let mut values = header.read_items(&mut reader).map_err(refuse)?;
    if let Source::Member(member) = reader {
        member.finish().map_err(refuse)?;
    }
    if header.fortran {
        values = transpose(&values, &header.shape);
    }
    if non_finite == NonFinite::Refuse
        && let Some(at) = values.iter().position(|v| !v.is_finite())
    {
        let index = index_of(at, &header.shape);
        let value = values[at];
        return Err(refuse(format!(
            "item {index:?} is {value}: must be a finite number"
        )));
    }
    Ok(Array {
        shape: header.shape,
        values,
    })
}

/// The shape of an array, from its header alone; errors as those of [`read`].
pub fn shape(path: impl AsRef<Path>) -> Result<Vec<usize>> {
    let path = path.as_ref();
    Ok(open(file(path)?, path)?.0.shape)
}

/// What an array is read from.
enum Source<S> {
    File(BufReader<S>),
    Member(npz::Member<S>),
}

impl<S: Read> Read for Source<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Member(member) => member.read(buffer),
        }
    }
}

/// The regular file an array is in.
fn file(path: &Path) -> Result<File> {
    let refuse = |what: String| Error::data(path, what);
    let archive = named(path);
    let on_disk = archive.map_or(path, |(file, _)| file);
    let metadata =
        std::fs::metadata(on_disk).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    if !metadata.is_file() {
        let kind = if archive.is_some() { "npz" } else { "npy" };
        return Err(refuse(format!("is not a file; expected an .{kind} file")));
    }
    File::open(on_disk).map_err(|e| refuse(format!("cannot be read: {e}")))
}

/// The judged header of an array, and what is behind it.
fn open<S: Read + Seek>(mut source: S, path: &Path) -> Result<(Header, Source<S>)> {
    let refuse = |what: String| Error::data(path, what);
    let unreadable = |e: std::io::Error| refuse(format!("cannot be read: {e}"));
    let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    source.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let (mut source, length) = match named(path) {
        Some((_, name)) => {
            let member = npz::Member::open(source, length, name).map_err(refuse)?;
            let length = member.length();
            (Source::Member(member), length)
        }
        None => (Source::File(BufReader::new(source)), length),
    };
    let header = Header::read(&mut source, length).map_err(refuse)?;
    Ok((header, source))
}

/// The position, axis by axis, of item `at` of an array in C order.
fn index_of(mut at: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &n) in index.iter_mut().zip(shape).rev() {
        *i = at % n;
        at /= n;
    }
    index
}

/// Reorders items stored first axis fastest into last axis fastest.
fn transpose(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut strides = vec![1; shape.len()];
    for k in 1..shape.len() {
        strides[k] = strides[k - 1] * shape[k - 1];
    }
    (0..values.len())
        .map(|at| {
            let index = index_of(at, shape);
            values[index
                .iter()
                .zip(&strides)
                .map(|(i, s)| i * s)
                .sum::<usize>()]
        })
        .collect()
}
