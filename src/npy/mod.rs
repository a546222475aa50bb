//! Arrays in NumPy's `.npy` format: a strict reader and a streaming writer.
//!
//! The reader trusts nothing: magic, version, header length (capped as NumPy caps it), the three keys
//! of the header, the item type, and the product of the shape against the length of the file, all
//! before a byte of data is allocated. The header is parsed here because the crates at hand multiply
//! a hostile shape without checking it.

mod header;
mod writer;

pub use writer::{Writer, write};

use crate::error::{Error, Result};
use header::Header;
use std::fs::File;
use std::io::BufReader;
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

/// Reads an array of little-endian `f64`, `f32` or integers of any width, in C or Fortran order.
///
/// Errors ([`Error::Data`]) name the file and what is wrong: no file, not npy, a version, header or
/// item type that is not accepted (objects, big-endian and half floats by name), a shape that does not
/// match the length of the file, bytes after the data, a non-finite item when those are refused, an
/// integer that `f64` cannot hold.
pub fn read(path: impl AsRef<Path>, non_finite: NonFinite) -> Result<Array> {
    let path = path.as_ref();
    let refuse = |what: String| Error::data(path, what);
    let (header, mut reader) = open(path)?;
    let mut values = header.read_items(&mut reader).map_err(refuse)?;
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
    Ok(open(path.as_ref())?.0.shape)
}

/// The judged header of a file, and the file behind it.
fn open(path: &Path) -> Result<(Header, BufReader<File>)> {
    let refuse = |what: String| Error::data(path, what);
    let metadata = std::fs::metadata(path).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    if !metadata.is_file() {
        return Err(refuse("is not a file; expected an .npy file".into()));
    }
    let file = File::open(path).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let mut reader = BufReader::new(file);
    let header = Header::read(&mut reader, metadata.len()).map_err(refuse)?;
    Ok((header, reader))
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
