//! The header of an `.npy` file, and the items behind it.

use std::io::Read;

/// NumPy's own cap on the length of a header.
const HEADER_CAP: u64 = 10_000;
/// More axes than any array here has.
const AXES_CAP: usize = 32;

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
pub(super) struct Header {
    item: Item,
    /// Whether the first axis is fastest.
    pub(super) fortran: bool,
    /// The length of every axis.
    pub(super) shape: Vec<usize>,
    count: usize,
}

impl Header {
    /// Reads and checks everything up to the data of a file of `file_length` bytes.
    pub(super) fn read(
        reader: &mut impl Read,
        file_length: u64,
    ) -> std::result::Result<Self, String> {
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

    /// The items in the order of the file.
    pub(super) fn read_items(
        &self,
        reader: &mut impl Read,
    ) -> std::result::Result<Vec<f64>, String> {
        let size = self.item.size();
        let mut values = Vec::new();
        values
            .try_reserve_exact(self.count)
            .map_err(|_| format!("needs memory for {} numbers", self.count))?;
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
