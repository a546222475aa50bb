//! Reading sections: everything is checked once, before anything is used.

use super::{END, LONGEST_NAME, MAGIC, VERSION, damaged, from_bytes};
use crate::error::Result;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

/// More sections than any run has.
const MOST_SECTIONS: usize = 1 << 20;

/// A checkpoint whose checksums hold.
#[derive(Debug)]
pub struct Reader<S> {
    source: S,
    prefix: String,
    payloads: HashMap<String, Range<u64>>,
}

impl<S: Read + Seek> Reader<S> {
    /// Reads all of `source` once. Refused ([`Error::Checkpoint`](crate::Error::Checkpoint)): what is not a
    /// checkpoint, another format version, a checksum that does not hold, a file that is cut or goes on.
    pub fn open(mut source: S) -> Result<Self> {
        let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
        source.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let mut reader = Checked {
            source: &mut source,
            at: 0,
            length,
            crc: crc32fast::Hasher::new(),
        };
        let magic: [u8; 8] = reader.array("the first bytes")?;
        if magic != MAGIC {
            return Err(damaged(
                "is not a checkpoint: its first bytes are not those of one",
            ));
        }
        let version = u32::from_le_bytes(reader.array("the format version")?);
        if version != VERSION {
            return Err(damaged(format!(
                "has format version {version}, and this program reads version {VERSION}: resume it with the \
                 program that wrote it"
            )));
        }
        let mut payloads = HashMap::new();
        loop {
            reader.crc = crc32fast::Hasher::new();
            let (name, payload) = reader.section()?;
            if name == END {
                let count: [u8; 4] = reader.last_payload(&payload)?;
                if u32::from_le_bytes(count) as usize != payloads.len() {
                    return Err(damaged("has lost sections"));
                }
                break;
            }
            if payloads.len() >= MOST_SECTIONS || payloads.insert(name, payload).is_some() {
                return Err(damaged("names a section twice"));
            }
        }
        if reader.at != length {
            let more = length - reader.at;
            return Err(damaged(format!("has {more} bytes after its end")));
        }
        Ok(Self {
            source,
            prefix: String::new(),
            payloads,
        })
    }

    /// Reads what `read` asks for under names that begin with `prefix`.
    pub fn within<T>(
        &mut self,
        prefix: &str,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let outer = self.prefix.len();
        self.prefix.push_str(prefix);
        let value = read(self);
        self.prefix.truncate(outer);
        value
    }

    /// Whether there is a section of this name.
    pub fn has(&self, name: &str) -> bool {
        self.payloads
            .contains_key(&format!("{}{name}", self.prefix))
    }

    /// The names of all sections, sorted, with the bytes of each.
    pub fn sections(&self) -> Vec<(String, u64)> {
        let mut all: Vec<_> = self
            .payloads
            .iter()
            .map(|(k, v)| (k.clone(), v.end - v.start))
            .collect();
        all.sort();
        all
    }

    fn find(&mut self, name: &str) -> Result<(String, Range<u64>)> {
        let name = format!("{}{name}", self.prefix);
        let found = self.payloads.get(&name).cloned();
        let range = found.ok_or_else(|| damaged(format!("has no section {name}")))?;
        self.source
            .seek(SeekFrom::Start(range.start))
            .map_err(unreadable)?;
        Ok((name, range))
    }

    /// A small value.
    pub fn get<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let bytes = self.bytes(name)?;
        from_bytes(&format!("section {}{name}", self.prefix), &bytes)
    }

    /// The bytes of a section.
    pub fn bytes(&mut self, name: &str) -> Result<Vec<u8>> {
        let (_, range) = self.find(name)?;
        // No longer than the file, or it would not have been found.
        let mut bytes = vec![0; (range.end - range.start) as usize];
        self.source.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }

    /// Fills `bytes` with a section of exactly as many.
    pub fn read_into(&mut self, name: &str, bytes: &mut [u8]) -> Result<()> {
        let (name, range) = self.find(name)?;
        if range.end - range.start != bytes.len() as u64 {
            return Err(damaged(format!(
                "section {name} has {} bytes, and the run needs {}",
                range.end - range.start,
                bytes.len()
            )));
        }
        self.source.read_exact(bytes).map_err(unreadable)
    }
}

fn unreadable(e: std::io::Error) -> crate::Error {
    match e.kind() {
        ErrorKind::UnexpectedEof => damaged("ends too early"),
        _ => damaged(format!("cannot be read: {e}")),
    }
}

/// Reads on and checks as it goes.
struct Checked<'a, S> {
    source: &'a mut S,
    at: u64,
    length: u64,
    crc: crc32fast::Hasher,
}

impl<S: Read + Seek> Checked<'_, S> {
    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8], what: &str) -> Result<()> {
        if self.length - self.at < bytes.len() as u64 {
            return Err(damaged(format!("ends within {what}")));
        }
        self.source.read_exact(bytes).map_err(unreadable)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// The name and place of a section whose checksum holds.
    fn section(&mut self) -> Result<(String, Range<u64>)> {
        let length: [u8; 2] = self.array("the name of a section")?;
        self.crc.update(&length);
        let length = u16::from_le_bytes(length) as usize;
        if length > LONGEST_NAME {
            return Err(damaged("has a section without a name"));
        }
        let mut name = vec![0; length];
        self.fill(&mut name, "the name of a section")?;
        self.crc.update(&name);
        let name = String::from_utf8(name).map_err(|_| damaged("has a section without a name"))?;
        let bytes: [u8; 8] = self.array("the length of a section")?;
        self.crc.update(&bytes);
        let bytes = u64::from_le_bytes(bytes);
        if bytes > self.length - self.at {
            return Err(damaged(format!("ends within section {name}")));
        }
        let payload = self.at..self.at + bytes;
        let mut piece = [0; 1 << 16];
        while self.at < payload.end {
            let most = (payload.end - self.at).min(piece.len() as u64) as usize;
            self.fill(&mut piece[..most], "a section")?;
            self.crc.update(&piece[..most]);
        }
        let stored = u32::from_le_bytes(self.array("a checksum")?);
        if stored != self.crc.clone().finalize() {
            return Err(damaged(format!("section {name} has another checksum")));
        }
        Ok((name, payload))
    }

    /// A payload just passed.
    fn last_payload<const N: usize>(&mut self, payload: &Range<u64>) -> Result<[u8; N]> {
        if payload.end - payload.start != N as u64 {
            return Err(damaged("has a trailer of another length"));
        }
        let back = SeekFrom::Start(payload.start);
        self.source.seek(back).map_err(unreadable)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }
}
