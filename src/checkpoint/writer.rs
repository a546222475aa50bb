//! Writing sections.

use super::{END, LONGEST_NAME, MAGIC, VERSION, to_bytes};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

/// What a checkpoint holds, in order. Large payloads are borrowed: nothing is copied before it is written.
#[derive(Debug, Default)]
pub struct Sections<'a> {
    prefix: String,
    sections: Vec<(String, Cow<'a, [u8]>)>,
}

impl<'a> Sections<'a> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as they lie in memory.
    pub fn put_bytes(&mut self, name: &str, bytes: impl Into<Cow<'a, [u8]>>) {
        let name = format!("{}{name}", self.prefix);
        debug_assert!(name.len() <= LONGEST_NAME && name != END);
        self.sections.push((name, bytes.into()));
    }

    /// Adds a small value.
    pub fn put<T: Serialize>(&mut self, name: &str, value: &T) {
        self.put_bytes(name, to_bytes(value));
    }

    /// Adds what `fill` does under names that begin with `prefix`.
    pub fn within(&mut self, prefix: &str, fill: impl FnOnce(&mut Self)) {
        let outer = self.prefix.len();
        self.prefix.push_str(prefix);
        fill(self);
        self.prefix.truncate(outer);
    }

    /// The bytes of the whole file.
    pub fn len(&self) -> u64 {
        let section = |name: &str, payload: usize| (2 + name.len() + 8 + payload + 4) as u64;
        let all = self
            .sections
            .iter()
            .map(|(name, payload)| section(name, payload.len()));
        12 + all.sum::<u64>() + section(END, 4)
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Writes the file.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        for (name, payload) in &self.sections {
            write_section(out, name, payload)?;
        }
        write_section(out, END, &(self.sections.len() as u32).to_le_bytes())
    }
}

fn write_section(out: &mut impl Write, name: &str, payload: &[u8]) -> io::Result<()> {
    let mut head = (name.len() as u16).to_le_bytes().to_vec();
    head.extend(name.as_bytes());
    head.extend((payload.len() as u64).to_le_bytes());
    let mut crc = crc32fast::Hasher::new();
    crc.update(&head);
    out.write_all(&head)?;
    // A piece is read from memory once: by the checksum, and from L2 by the copy into the page cache.
    for piece in payload.chunks(1 << 18) {
        crc.update(piece);
        out.write_all(piece)?;
    }
    out.write_all(&crc.finalize().to_le_bytes())
}
