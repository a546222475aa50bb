//! Writing `.npy` files as a stream.

use crate::disk::{self, Durability, partial_name};
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes an `f64` array in C order as it is produced. The file appears under its name only when
/// [`Writer::finish`] has written the last item; a writer that is dropped leaves nothing.
#[derive(Debug)]
pub struct Writer {
    file: Option<BufWriter<File>>,
    path: PathBuf,
    partial: PathBuf,
    remaining: u64,
}

impl Writer {
    /// Starts the file `path` for an array of the given shape.
    pub fn create(path: impl AsRef<Path>, shape: &[usize]) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let partial = partial_name(&path);
        let count = shape
            .iter()
            .try_fold(1u64, |product, &n| product.checked_mul(n as u64));
        let remaining = count.ok_or_else(|| Error::write(&path, "shape overflows"))?;
        let file = disk::create(&partial).map_err(|e| Error::write(&path, e))?;
        let mut file = BufWriter::with_capacity(1 << 16, file);
        if let Err(e) = file.write_all(&header(shape)) {
            let _ = std::fs::remove_file(&partial);
            return Err(Error::write(&path, e));
        }
        Ok(Self {
            file: Some(file),
            path,
            partial,
            remaining,
        })
    }

    /// Appends items, last axis fastest.
    pub fn push(&mut self, values: &[f64]) -> Result<()> {
        let left = self.remaining.checked_sub(values.len() as u64);
        self.remaining =
            left.ok_or_else(|| Error::write(&self.path, "more items than the shape"))?;
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut buffer = [0u8; 4096];
        for chunk in values.chunks(512) {
            for (bytes, value) in buffer.chunks_exact_mut(8).zip(chunk) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
            let bytes = &buffer[..8 * chunk.len()];
            file.write_all(bytes)
                .map_err(|e| Error::write(&self.path, e))?;
        }
        Ok(())
    }

    /// Flushes to the disk and gives the file its name, as [`disk::replace`] does.
    pub fn finish(mut self) -> Result<()> {
        if self.remaining > 0 {
            let what = format!("{} items are missing from the shape", self.remaining);
            return Err(Error::write(&self.path, what));
        }
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let done = file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|file| disk::settle(&file, &self.partial, &self.path, Durability::Flushed));
        if done.is_err() {
            let _ = std::fs::remove_file(&self.partial);
        }
        done.map_err(|e| Error::write(&self.path, e))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.partial);
        }
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
