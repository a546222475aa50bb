//! The zip container of an `.npz` file, read strictly.
//!
//! Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3. Of what it allows, only what NumPy writes is read:
//! one disk, no comment, nothing before the first entry or after the end record, entries stored or deflated, zip64
//! where sizes need it. What the directory at the end and the header before each entry say must agree, entries may
//! not overlap, and a declared size that its bytes cannot unpack to is refused before anything is allocated.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

pub(super) const LOCAL: u32 = 0x0403_4b50;
pub(super) const CENTRAL: u32 = 0x0201_4b50;
pub(super) const END: u32 = 0x0605_4b50;
pub(super) const END64: u32 = 0x0606_4b50;
pub(super) const LOCATOR64: u32 = 0x0706_4b50;
/// The value of a 32-bit field whose number stands in the zip64 extra field.
pub(super) const SATURATED: u32 = u32::MAX;
/// The id of that field.
pub(super) const ZIP64: u16 = 1;
/// The longest directory that is read, in bytes, and the most entries.
const DIRECTORY_CAP: u64 = 16 << 20;
const ENTRIES_CAP: u64 = 10_000;
/// Deflate packs no more than this many bytes into one (zlib technical notes: 1032 to 1).
const MOST_PACKED: u64 = 1032;
/// Encryption, strong encryption, masked headers.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Checksum and sizes follow the data.
const DESCRIPTOR: u16 = 1 << 3;

/// One array's file in the archive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Its name without `.npy`.
    pub(super) name: String,
    pub(super) deflated: bool,
    pub(super) crc: u32,
    /// Bytes in the archive, and unpacked.
    pub(super) packed: u64,
    pub(super) length: u64,
    /// Where its bytes begin.
    pub(super) start: u64,
}

/// Little-endian numbers at the front of a slice.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let found = self.0.split_at_checked(count);
        let (taken, rest) = found.ok_or("is truncated inside a zip header")?;
        self.0 = rest;
        Ok(taken)
    }
    fn number(&mut self, size: usize) -> Result<u64, String> {
        let mut word = [0; 8];
        word[..size].copy_from_slice(self.take(size)?);
        Ok(u64::from_le_bytes(word))
    }
    fn u16(&mut self) -> Result<u16, String> {
        self.number(2).map(|n| n as u16)
    }
    fn u32(&mut self) -> Result<u32, String> {
        self.number(4).map(|n| n as u32)
    }
    fn u64(&mut self) -> Result<u64, String> {
        self.number(8)
    }
}

/// The bytes from `start` on.
fn bytes_at(file: &mut (impl Read + Seek), start: u64, count: u64) -> Result<Vec<u8>, String> {
    let fail = |e: std::io::Error| format!("cannot be read: {e}");
    file.seek(SeekFrom::Start(start)).map_err(fail)?;
    let mut bytes = vec![0; count as usize];
    file.read_exact(&mut bytes)
        .map_err(|_| "is truncated inside a zip header".to_owned())?;
    Ok(bytes)
}

/// The entries of an archive of `length` bytes, in the order of its directory.
pub(super) fn entries(file: &mut (impl Read + Seek), length: u64) -> Result<Vec<Entry>, String> {
    let (count, start, size) = directory(file, length)?;
    if count > ENTRIES_CAP || size > DIRECTORY_CAP {
        return Err(format!(
            "declares {count} entries in a directory of {size} bytes; at most {ENTRIES_CAP} in {DIRECTORY_CAP}"
        ));
    }
    let bytes = bytes_at(file, start, size)?;
    let mut fields = Fields(&bytes);
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    let mut spans = Vec::new();
    for _ in 0..count {
        let (entry, span) = entry(file, &mut fields, start)?;
        if !names.insert(entry.name.clone()) {
            return Err(format!("entry {:?} stands twice", entry.name));
        }
        spans.push((span, entry.start + entry.packed, entry.name.clone()));
        found.push(entry);
    }
    if !fields.0.is_empty() {
        return Err("has bytes after the last entry of its directory".into());
    }
    spans.sort();
    let first = spans.first().map_or(start, |span| span.0);
    if first != 0 {
        return Err(format!("has {first} bytes before its first entry"));
    }
    for pair in spans.windows(2) {
        if pair[1].0 < pair[0].1 {
            return Err(format!(
                "entries {:?} and {:?} overlap",
                pair[0].2, pair[1].2
            ));
        }
    }
    Ok(found)
}

/// Number of entries, start and size of the directory.
fn directory(file: &mut (impl Read + Seek), length: u64) -> Result<(u64, u64, u64), String> {
    let not_zip = "is not a zip archive, or is truncated, or goes on after its end record";
    let at = length.checked_sub(22).ok_or(not_zip)?;
    let bytes = bytes_at(file, at, 22)?;
    let mut end = Fields(&bytes);
    if end.u32()? != END {
        return Err(not_zip.into());
    }
    let disks = (end.u16()?, end.u16()?);
    let (here, all) = (end.u16()?, end.u16()?);
    let (size, start) = (end.u32()?, end.u32()?);
    if end.u16()? != 0 {
        return Err("has a zip comment, which NumPy does not write".into());
    }
    if disks != (0, 0) || here != all {
        return Err("is one part of a zip archive in several".into());
    }
    let mut told = (u64::from(all), u64::from(start), u64::from(size));
    let mut stop = at;
    if all == u16::MAX || size == SATURATED || start == SATURATED {
        let lie = "declares zip64 and has no valid zip64 end record";
        let locator_at = at.checked_sub(20).ok_or(lie)?;
        let bytes = bytes_at(file, locator_at, 20)?;
        let mut locator = Fields(&bytes);
        let signature = locator.u32()?;
        let _disk = locator.u32()?;
        stop = locator.u64()?;
        if signature != LOCATOR64 || stop.checked_add(56) != Some(locator_at) {
            return Err(lie.into());
        }
        let bytes = bytes_at(file, stop, 56)?;
        let mut end = Fields(&bytes);
        if end.u32()? != END64 || end.u64()? != 44 {
            return Err(lie.into());
        }
        end.take(4)?;
        let disks = (end.u32()?, end.u32()?);
        let (here, all) = (end.u64()?, end.u64()?);
        let (size, start) = (end.u64()?, end.u64()?);
        if disks != (0, 0) || here != all {
            return Err(lie.into());
        }
        told = (all, start, size);
    }
    if told.1.checked_add(told.2) != Some(stop) {
        return Err("declares a directory that does not end at its end record".into());
    }
    Ok(told)
}

/// An entry of the directory with the header before its data, and where that header is.
fn entry(
    file: &mut (impl Read + Seek),
    fields: &mut Fields<'_>,
    limit: u64,
) -> Result<(Entry, u64), String> {
    if fields.u32()? != CENTRAL {
        return Err("has a directory entry with a wrong signature".into());
    }
    fields.take(4)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.take(4)?;
    let crc = fields.u32()?;
    let (packed, length) = (fields.u32()?, fields.u32()?);
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let disk = fields.u16()?;
    fields.take(6)?;
    let offset = fields.u32()?;
    let raw = fields.take(name.into())?;
    let extra = fields.take(extra.into())?;
    fields.take(comment.into())?;
    let name = checked_name(raw)?;
    let refuse = |what: String| format!("entry {name:?} {what}");
    if flags & ENCRYPTED != 0 {
        return Err(refuse("is encrypted".into()));
    }
    if !matches!(method, 0 | 8) {
        return Err(refuse(format!(
            "is packed by method {method}; accepted are 0 (stored) and 8 (deflated)"
        )));
    }
    if disk != 0 {
        return Err(refuse("is on another disk".into()));
    }
    let lie = || refuse("declares zip64 sizes and has none".into());
    let told = [length, packed, offset];
    let [length, packed, offset] = sizes64(extra, told)?.ok_or_else(lie)?;
    if method == 0 && packed != length {
        return Err(refuse(format!(
            "is stored in {packed} bytes and declares {length}"
        )));
    }
    if length > packed.saturating_mul(MOST_PACKED).saturating_add(64) {
        return Err(refuse(format!(
            "declares {length} bytes, more than {packed} bytes can unpack to"
        )));
    }
    let disagree = || refuse("has a header that differs from the directory's".into());
    let outside = || refuse("lies outside the archive".into());
    if offset.checked_add(30).is_none_or(|end| end > limit) {
        return Err(outside());
    }
    let bytes = bytes_at(file, offset, 30)?;
    let mut local = Fields(&bytes);
    let signature = local.u32()?;
    local.take(2)?;
    let (local_flags, local_method) = (local.u16()?, local.u16()?);
    local.take(4)?;
    let (local_crc, local_packed, local_length) = (local.u32()?, local.u32()?, local.u32()?);
    let (name_size, extra_size) = (u64::from(local.u16()?), u64::from(local.u16()?));
    let start = offset + 30 + name_size + extra_size;
    if start.checked_add(packed).is_none_or(|end| end > limit) {
        return Err(outside());
    }
    let rest = bytes_at(file, offset + 30, name_size + extra_size)?;
    let (local_name, local_extra) = rest.split_at(name_size as usize);
    if signature != LOCAL
        || local_name != raw
        || (local_flags ^ flags) & ENCRYPTED != 0
        || local_method != method
    {
        return Err(disagree());
    }
    // Where they follow the data, the header may leave them out.
    let left_out =
        local_flags & DESCRIPTOR != 0 && (local_crc, local_packed, local_length) == (0, 0, 0);
    if !left_out {
        let told = sizes64(local_extra, [local_length, local_packed, 0])?;
        if local_crc != crc || told != Some([length, packed, 0]) {
            return Err(disagree());
        }
    }
    let entry = Entry {
        name,
        deflated: method == 8,
        crc,
        packed,
        length,
        start,
    };
    Ok((entry, offset))
}

/// Length, packed length and offset, where saturated from the zip64 extra field; `None` if that lacks them.
fn sizes64(extra: &[u8], told: [u32; 3]) -> Result<Option<[u64; 3]>, String> {
    let mut fields = Fields(extra);
    let mut large = Fields(&[]);
    // Fewer than four bytes are padding.
    while fields.0.len() >= 4 {
        let (id, size) = (fields.u16()?, fields.u16()?);
        let data = fields.take(size.into())?;
        if id == ZIP64 {
            large = Fields(data);
        }
    }
    let mut sizes = [0; 3];
    for (size, told) in sizes.iter_mut().zip(told) {
        *size = match told {
            SATURATED if large.0.len() < 8 => return Ok(None),
            SATURATED => large.u64()?,
            told => told.into(),
        };
    }
    Ok(Some(sizes))
}

/// The name of an array, without `.npy`.
fn checked_name(raw: &[u8]) -> Result<String, String> {
    let shown: String = String::from_utf8_lossy(raw).chars().take(60).collect();
    let refuse = |what: &str| Err(format!("entry {shown:?} {what}"));
    let Ok(text) = std::str::from_utf8(raw) else {
        return refuse("has a name that is not UTF-8");
    };
    if text.starts_with('/') || text.contains(['\\', ':']) || text.chars().any(char::is_control) {
        return refuse("has a name that is a path from the root or of another system");
    }
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return refuse("has a name that leads out of the archive");
    }
    match text.strip_suffix(".npy") {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => refuse("is not an array (.npy)"),
    }
}
