//! `.npz` files: several `.npy` arrays in one zip archive, as `numpy.savez` and `numpy.savez_compressed` write them.
//!
//! Reading: see `archive.rs` for the container. An array's header must account for every byte its entry
//! declares before those are allocated; the CRC-32 is checked over all of them. Writing: arrays are stored, not
//! deflated, with the date zip begins with, so that the same arrays are the same bytes.

use super::archive::{self, CENTRAL, END, END64, Entry, LOCAL, LOCATOR64, SATURATED, ZIP64};
use super::writer;
use crate::disk::{NewFile, bytes_of};
use crate::error::{Error, Result};
use flate2::bufread::DeflateDecoder;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};
use std::path::Path;

/// Bytes of an entry, unpacked, with their checksum.
#[derive(Debug)]
pub(super) struct Member<S> {
    source: Source<S>,
    entry: Entry,
    hasher: crc32fast::Hasher,
    left: u64,
}

#[derive(Debug)]
enum Source<S> {
    Stored(BufReader<Take<S>>),
    Deflated(Box<DeflateDecoder<BufReader<Take<S>>>>),
}

impl<S: Read + Seek> Member<S> {
    /// Opens the array called `name`, or the only one.
    pub(super) fn open(
        mut file: S,
        length: u64,
        name: Option<&str>,
    ) -> std::result::Result<Self, String> {
        let entries = archive::entries(&mut file, length)?;
        let names = || {
            let shown: Vec<&str> = entries.iter().take(8).map(|entry| &*entry.name).collect();
            let more = if entries.len() > 8 { ", ..." } else { "" };
            format!("{}{more}", shown.join(", "))
        };
        let entry = match (name, entries.as_slice()) {
            (None, [only]) => only,
            (None, []) => return Err("holds no array".into()),
            (None, many) => {
                let count = many.len();
                return Err(format!(
                    "holds {count} arrays ({}); must hold one, or be named as FILE.npz:NAME",
                    names()
                ));
            }
            (Some(name), all) => all
                .iter()
                .find(|entry| entry.name == name)
                .ok_or_else(|| format!("holds no array {name:?}; it has {}", names()))?,
        };
        let entry = entry.clone();
        file.seek(SeekFrom::Start(entry.start))
            .map_err(|e| format!("cannot be read: {e}"))?;
        let packed = BufReader::new(file.take(entry.packed));
        Ok(Self {
            source: match entry.deflated {
                true => Source::Deflated(Box::new(DeflateDecoder::new(packed))),
                false => Source::Stored(packed),
            },
            hasher: crc32fast::Hasher::new(),
            left: entry.length,
            entry,
        })
    }

    /// Unpacked bytes, as the archive declares them.
    pub(super) fn length(&self) -> u64 {
        self.entry.length
    }

    /// Judges what can only be told at the end: no bytes more than declared, and their checksum.
    pub(super) fn finish(mut self) -> std::result::Result<(), String> {
        let name = &self.entry.name;
        let mut byte = [0];
        let (more, used) = match &mut self.source {
            Source::Stored(reader) => (reader.read(&mut byte), self.entry.packed),
            Source::Deflated(decoder) => (decoder.read(&mut byte), decoder.total_in()),
        };
        let more = more.map_err(|e| format!("entry {name:?} cannot be unpacked: {e}"))?;
        if more != 0 || used != self.entry.packed {
            return Err(format!(
                "entry {name:?} does not unpack to the size it declares"
            ));
        }
        match self.hasher.finalize() == self.entry.crc {
            true => Ok(()),
            false => Err(format!("entry {name:?} is damaged: its CRC-32 differs")),
        }
    }
}

impl<S: Read> Read for Member<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = &mut buffer[..most];
        let count = match &mut self.source {
            Source::Stored(reader) => reader.read(buffer)?,
            Source::Deflated(decoder) => decoder.read(buffer)?,
        };
        self.hasher.update(&buffer[..count]);
        self.left -= count as u64;
        Ok(count)
    }
}

/// Writes an archive of `f64` arrays. It appears under its name only when [`Writer::finish`] has been called; a
/// writer that is dropped leaves nothing.
#[derive(Debug)]
pub struct Writer {
    file: NewFile,
    at: u64,
    directory: Vec<u8>,
    count: u64,
}

impl Writer {
    /// Starts the file `path`.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self {
            file: NewFile::create(path)?,
            at: 0,
            directory: Vec::new(),
            count: 0,
        })
    }

    /// Appends an array in C order under a name of its own, which `numpy.load` gives back.
    pub fn push(&mut self, name: &str, shape: &[usize], values: &[f64]) -> Result<()> {
        let fits = shape
            .iter()
            .try_fold(1usize, |n, &axis| n.checked_mul(axis))
            == Some(values.len());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !fits || name.is_empty() || name.len() > 1000 || !name.chars().all(plain) {
            let what = format!(
                "array {name:?} does not fit its shape, or has a name of other than letters, digits, _ and -"
            );
            return Err(Error::write(self.file.path(), what));
        }
        let (header, data) = (writer::header(shape), bytes_of(values));
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&header);
        hasher.update(&data);
        let length = (header.len() + data.len()) as u64;
        let name = format!("{name}.npy");
        let saturate = |n: u64| u32::try_from(n).unwrap_or(SATURATED);
        let (size, offset) = (saturate(length), saturate(self.at));
        let mut large = Vec::new();
        if size == SATURATED {
            large.extend(length.to_le_bytes());
            large.extend(length.to_le_bytes());
        }
        // What both headers say: no flags, stored, 1 January 1980, checksum, sizes, length of the name.
        let mut common = Vec::new();
        for field in [0u16, 0, 0, 0x21] {
            common.extend(field.to_le_bytes());
        }
        for field in [hasher.finalize(), size, size] {
            common.extend(field.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());

        let mut local = LOCAL.to_le_bytes().to_vec();
        let needed = |extra: &[u8]| if extra.is_empty() { 20u16 } else { 45 };
        let extra = extra_field(&large);
        local.extend(needed(&extra).to_le_bytes());
        local.extend(&common);
        local.extend((extra.len() as u16).to_le_bytes());
        local.extend(name.as_bytes());
        local.extend(extra);

        if offset == SATURATED {
            large.extend(self.at.to_le_bytes());
        }
        let extra = extra_field(&large);
        let directory = &mut self.directory;
        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(needed(&extra).to_le_bytes());
        directory.extend(needed(&extra).to_le_bytes());
        directory.extend(&common);
        directory.extend((extra.len() as u16).to_le_bytes());
        // Comment, disk, attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        directory.extend(extra);
        self.count += 1;
        self.at += local.len() as u64 + length;
        for part in [&local[..], &header, &data] {
            self.file.write(part)?;
        }
        Ok(())
    }

    /// Writes the directory, flushes to the disk and gives the file its name.
    pub fn finish(mut self) -> Result<()> {
        let (start, size) = (self.at, self.directory.len() as u64);
        let mut end = std::mem::take(&mut self.directory);
        let small = u32::try_from(start.max(size)).is_ok_and(|n| n != SATURATED);
        if !small || self.count >= u64::from(u16::MAX) {
            end.extend(END64.to_le_bytes());
            end.extend(44u64.to_le_bytes());
            end.extend([45, 0, 45, 0]);
            end.extend([0; 8]);
            for field in [self.count, self.count, size, start] {
                end.extend(field.to_le_bytes());
            }
            end.extend(LOCATOR64.to_le_bytes());
            end.extend([0; 4]);
            end.extend((start + size).to_le_bytes());
            end.extend(1u32.to_le_bytes());
        }
        let count = u16::try_from(self.count).unwrap_or(u16::MAX);
        let saturate = |n: u64| u32::try_from(n).unwrap_or(SATURATED);
        end.extend(END.to_le_bytes());
        end.extend([0; 4]);
        end.extend(count.to_le_bytes());
        end.extend(count.to_le_bytes());
        end.extend(saturate(size).to_le_bytes());
        end.extend(saturate(start).to_le_bytes());
        end.extend([0; 2]);
        self.file.write(&end)?;
        self.file.finish()
    }
}

/// The zip64 extra field of these numbers; empty if there are none.
fn extra_field(numbers: &[u8]) -> Vec<u8> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let mut field = ZIP64.to_le_bytes().to_vec();
    field.extend((numbers.len() as u16).to_le_bytes());
    field.extend(numbers);
    field
}
