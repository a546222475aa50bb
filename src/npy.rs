//! Arrays in NumPy's `.npy` format: a strict reader and a streaming writer.
//!
//! The reader trusts nothing: magic, version, header length (capped as NumPy caps it), the three keys
//! of the header, the item type, and the product of the shape against the length of the file, all
//! before a byte of data is allocated. The header is parsed here because the crates at hand multiply
//! a hostile shape without checking it.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// NumPy's own cap on the length of a header.
const HEADER_CAP: u64 = 10_000;
/// More axes than any array here has.
const AXES_CAP: usize = 32;

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
    let metadata = std::fs::metadata(path).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    if !metadata.is_file() {
        return Err(refuse("is not a file; expected an .npy file".into()));
    }
    let file = File::open(path).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let mut reader = BufReader::new(file);
    let header = Header::read(&mut reader, metadata.len()).map_err(refuse)?;
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

/// The accepted item types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Float(usize),
    Signed(usize),
    Unsigned(usize),
}

impl Item {
    fn parse(descr: &str) -> std::result::Result<Self, String> {
        let accepted =
            "accepted are little-endian f8, f4 and integers (<f8, <f4, <i8, <u4, |u1 ...)";
        let refuse = |kind: &str| {
            Err(format!(
                "dtype {descr:?} ({kind}) is not accepted; {accepted}"
            ))
        };
        let mut chars = descr.chars();
        let order = chars.next().unwrap_or(' ');
        let kind = chars.next().unwrap_or(' ');
        let size: usize = chars.as_str().parse().unwrap_or(0);
        match (order, kind, size) {
            (_, 'O', _) => refuse("Python objects"),
            ('>', ..) => refuse("big-endian"),
            (_, 'f', 2) => refuse("half precision"),
            ('<', 'f', 4 | 8) => Ok(Self::Float(size)),
            ('<' | '|', 'i', 1) | ('<', 'i', 2 | 4 | 8) => Ok(Self::Signed(size)),
            ('<' | '|', 'u', 1) | ('<', 'u', 2 | 4 | 8) => Ok(Self::Unsigned(size)),
            (_, 'c', _) => refuse("complex"),
            (_, 'b', _) => refuse("booleans"),
            (_, 'S' | 'U' | 'V', _) => refuse("text or raw bytes"),
            _ => refuse("unknown"),
        }
    }

    fn size(self) -> usize {
        let (Self::Float(size) | Self::Signed(size) | Self::Unsigned(size)) = self;
        size
    }

    /// One item from its bytes; `None` where `f64` cannot hold it.
    fn decode(self, bytes: &[u8]) -> Option<f64> {
        let mut word = [0u8; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let raw = u64::from_le_bytes(word);
        let exact = 1u64 << 53;
        match self {
            Self::Float(4) => Some(f64::from(f32::from_bits(raw as u32))),
            Self::Float(_) => Some(f64::from_bits(raw)),
            Self::Unsigned(_) => (raw <= exact).then_some(raw as f64),
            Self::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                let value = (raw << unused) as i64 >> unused;
                (value.unsigned_abs() <= exact).then_some(value as f64)
            }
        }
    }
}

/// What stands before the data.
#[derive(Debug)]
struct Header {
    item: Item,
    fortran: bool,
    shape: Vec<usize>,
    count: usize,
}

impl Header {
    /// Reads and checks everything up to the data of a file of `file_length` bytes.
    fn read(reader: &mut impl Read, file_length: u64) -> std::result::Result<Self, String> {
        let mut exact = |buffer: &mut [u8], what: &str| {
            reader
                .read_exact(buffer)
                .map_err(|_| format!("ends inside its {what}"))
        };
        let mut start = [0u8; 8];
        exact(&mut start, "magic: not an npy file")?;
        if &start[..6] != b"\x93NUMPY" {
            return Err("is not an npy file (wrong magic)".into());
        }
        let (length_bytes, before) = match (start[6], start[7]) {
            (1, 0) => (2, 10u64),
            (2 | 3, 0) => (4, 12),
            (major, minor) => {
                return Err(format!(
                    "npy version {major}.{minor}: accepted are 1.0, 2.0 and 3.0"
                ));
            }
        };
        let mut length = [0u8; 4];
        exact(&mut length[..length_bytes], "header length")?;
        let length = u64::from(u32::from_le_bytes(length));
        if length > HEADER_CAP {
            return Err(format!(
                "header length {length}: at most {HEADER_CAP} bytes"
            ));
        }
        let mut text = vec![0u8; length as usize];
        exact(&mut text, "header")?;
        let text = String::from_utf8(text).map_err(|_| "header is not text".to_owned())?;
        let (descr, fortran, shape) = Dict { rest: &text }.parse()?;
        let item = Item::parse(&descr)?;
        let data = file_length.saturating_sub(before + length);
        let count = shape
            .iter()
            .try_fold(1u64, |product, &n| product.checked_mul(n));
        let bytes = count.and_then(|c| c.checked_mul(item.size() as u64));
        match bytes {
            Some(bytes) if bytes == data => {}
            Some(bytes) if bytes < data => {
                let extra = data - bytes;
                return Err(format!("{extra} bytes after the data of shape {shape:?}"));
            }
            _ => {
                let needed = bytes.map_or("more than 2^64".into(), |b| b.to_string());
                return Err(format!(
                    "truncated: shape {shape:?} of {descr:?} needs {needed} bytes of data, the file holds {data}"
                ));
            }
        }
        let shape = shape.iter().map(|&n| n as usize).collect();
        Ok(Self {
            item,
            fortran,
            shape,
            count: count.unwrap_or(0) as usize,
        })
    }

    fn read_items(&self, reader: &mut impl Read) -> std::result::Result<Vec<f64>, String> {
        let size = self.item.size();
        let mut values = Vec::with_capacity(self.count);
        let mut buffer = vec![0u8; 8192 * size];
        while values.len() < self.count {
            let bytes = (self.count - values.len()).min(8192) * size;
            let chunk = &mut buffer[..bytes];
            reader
                .read_exact(chunk)
                .map_err(|e| format!("cannot be read: {e}"))?;
            for item in chunk.chunks_exact(size) {
                let value = self.item.decode(item).ok_or_else(|| {
                    format!(
                        "item {} is an integer beyond 2^53, which f64 cannot hold",
                        values.len()
                    )
                })?;
                values.push(value);
            }
        }
        Ok(values)
    }
}

/// The header's Python dict literal, being consumed: exactly the keys `descr`, `fortran_order` and
/// `shape`, each once.
struct Dict<'a> {
    rest: &'a str,
}

impl Dict<'_> {
    fn parse(mut self) -> std::result::Result<(String, bool, Vec<u64>), String> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.accept('}') {
            let key = self.quoted()?;
            self.expect(':')?;
            let repeated = match key.as_str() {
                "descr" => descr.replace(self.quoted()?).is_some(),
                "fortran_order" => fortran.replace(self.boolean()?).is_some(),
                "shape" => shape.replace(self.tuple()?).is_some(),
                _ => return Err(format!("header key {key:?} is unknown")),
            };
            if repeated {
                return Err(format!("header key {key:?} stands twice"));
            }
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        if !self.rest.trim().is_empty() {
            return Err("header goes on after its dict".into());
        }
        let missing = |key: &str| format!("header key {key:?} is missing");
        Ok((
            descr.ok_or_else(|| missing("descr"))?,
            fortran.ok_or_else(|| missing("fortran_order"))?,
            shape.ok_or_else(|| missing("shape"))?,
        ))
    }

    fn accept(&mut self, token: char) -> bool {
        self.rest = self.rest.trim_start();
        self.rest
            .strip_prefix(token)
            .map(|rest| self.rest = rest)
            .is_some()
    }

    fn expect(&mut self, token: char) -> std::result::Result<(), String> {
        if self.accept(token) {
            return Ok(());
        }
        let near: String = self.rest.chars().take(20).collect();
        Err(format!(
            "header is malformed: expected '{token}' at {near:?}"
        ))
    }

    fn quoted(&mut self) -> std::result::Result<String, String> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(['[', '(']) {
            return Err("dtype is a record; accepted is one number per item".into());
        }
        let quote = if self.rest.starts_with('"') {
            '"'
        } else {
            '\''
        };
        self.expect(quote)?;
        let end = self
            .rest
            .find(quote)
            .ok_or("header is malformed: a quote is never closed")?;
        let text = self.rest[..end].to_owned();
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    fn boolean(&mut self) -> std::result::Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("header key \"fortran_order\" must be True or False".into())
    }

    fn tuple(&mut self) -> std::result::Result<Vec<u64>, String> {
        self.expect('(')?;
        let mut items = Vec::new();
        while !self.accept(')') {
            let digits = self.rest.len()
                - self
                    .rest
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .len();
            let item = self.rest[..digits].parse();
            items
                .push(item.map_err(|_| "header key \"shape\" must hold whole numbers below 2^64")?);
            self.rest = &self.rest[digits..];
            if items.len() > AXES_CAP {
                return Err(format!(
                    "header key \"shape\" has more than {AXES_CAP} axes"
                ));
            }
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(items)
    }
}

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
        let file = File::create(&partial).map_err(|e| Error::write(&path, e))?;
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

    /// Flushes to the disk and gives the file its name.
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
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&self.partial, &self.path));
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
fn header(shape: &[usize]) -> Vec<u8> {
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

/// A name beside `path` that no other process uses.
pub(crate) fn partial_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial-{}", std::process::id()))
}
