//! Writing `.npy` files as a stream.

use crate::disk::{NewFile, bytes_of};
use crate::error::{Error, Result};
use std::path::Path;

/// Writes an `f64` array in C order as it is produced. The file appears under its name only when
/// [`Writer::finish`] has written the last item; a writer that is dropped leaves nothing.
#[derive(Debug)]
pub struct Writer {
    file: NewFile,
    remaining: u64,
}

impl Writer {
    /// Starts the file `path` for an array of the given shape.
    pub fn create(path: impl AsRef<Path>, shape: &[usize]) -> Result<Self> {
        let path = path.as_ref();
        let count = shape
            .iter()
            .try_fold(1u64, |product, &n| product.checked_mul(n as u64));
        let remaining = count.ok_or_else(|| Error::write(path, "shape overflows"))?;
        let mut file = NewFile::create(path)?;
        file.write(&header(shape))?;
        Ok(Self { file, remaining })
    }

    /// Appends items, last axis fastest.
    pub fn push(&mut self, values: &[f64]) -> Result<()> {
        let left = self.remaining.checked_sub(values.len() as u64);
        self.remaining =
            left.ok_or_else(|| Error::write(self.file.path(), "more items than the shape"))?;
        self.file.write(&bytes_of(values))
    }

    /// Flushes to the disk and gives the file its name, as [`crate::disk::replace`] does.
    pub fn finish(self) -> Result<()> {
        if self.remaining > 0 {
            let what = format!("{} items are missing from the shape", self.remaining);
            return Err(Error::write(self.file.path(), what));
        }
        self.file.finish()
    }
}

/// Writes a whole array; see [`Writer`].
pub fn write(path: impl AsRef<Path>, shape: &[usize], values: &[f64]) -> Result<()> {
    let mut writer = Writer::create(path, shape)?;
    writer.push(values)?;
    writer.finish()
}

/// The bytes before the data, their number a multiple of 64.
pub(super) fn header(shape: &[usize]) -> Vec<u8> {
    let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let axes = if shape.len() == 1 {
        axes.trim_end()
    } else {
        axes.trim_end_matches(", ")
    };
    let mut text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({axes}), }}");
    while !(10 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}
