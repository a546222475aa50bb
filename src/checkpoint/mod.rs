//! The checkpoint format: named sections with checksums, read without trust.
//!
//! ```text
//! magic     8 bytes   89 'D' 'L' 'C' 'K' 0d 0a 1a   a text-mode transfer or a cut shows in the first bytes
//! version   u32       [`VERSION`]
//! sections  each      u16 length of the name, the name, u64 length of the payload, payload,
//!                     u32 CRC-32 (IEEE 802.3) of all of that
//! trailer             a section named "end" whose payload is the number of sections before it, u32
//! ```
//!
//! All numbers little-endian; nothing may follow. A single flipped bit changes a CRC-32, and so does every burst of
//! up to 32; a file cut anywhere lacks the trailer. Nothing is allocated for a length that the file does not hold.
//! Small values are serialised with `postcard`, whose floats are their bits; populations are written as they lie in
//! memory.

mod reader;
mod writer;

pub use reader::Reader;
pub use writer::Sections;

use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The format written and read.
pub const VERSION: u32 = 3;

const MAGIC: [u8; 8] = *b"\x89DLCK\r\n\x1a";
const END: &str = "end";
/// Names are short words.
const LONGEST_NAME: usize = 64;

/// A small value as bytes, floats bit by bit.
pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain structs of numbers, strings and lists always serialise.
    postcard::to_stdvec(value).unwrap_or_default()
}

/// A value from [`to_bytes`]; refused where the bytes are not exactly one.
pub(crate) fn from_bytes<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(damaged(format!("{what} has {} bytes too many", rest.len()))),
        Err(e) => Err(damaged(format!("{what} does not decode: {e}"))),
    }
}

/// A checkpoint that cannot be used; the caller adds which file it is.
pub(crate) fn damaged(what: impl Into<String>) -> Error {
    Error::Checkpoint(what.into())
}
