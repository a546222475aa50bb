//! Archives of arrays as starting positions: the ways in which a zip archive can lie.

use super::By::Engine;
use super::starts::npy;
use super::{Case, with};
use std::io::Write;

/// One entry: what its two headers say of it.
#[derive(Clone)]
struct Entry {
    name: &'static str,
    flags: u16,
    method: u16,
    /// Added to the true checksum.
    crc: u32,
    packed: Option<u32>,
    length: Option<u32>,
    /// Where the directory says that it begins.
    offset: Option<u32>,
    /// The name before the data, where it differs.
    local: Option<&'static str>,
    content: Vec<u8>,
}

fn entry(name: &'static str, content: Vec<u8>) -> Entry {
    Entry {
        name,
        flags: 0,
        method: 0,
        crc: 0,
        packed: None,
        length: None,
        offset: None,
        local: None,
        content,
    }
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let data = match entry.method {
            8 => deflate(&entry.content),
            _ => entry.content.clone(),
        };
        let common = |name: &str| {
            let mut bytes = Vec::new();
            for field in [20, entry.flags, entry.method, 0, 0x21] {
                bytes.extend(u16::to_le_bytes(field));
            }
            let crc = crc32fast::hash(&entry.content).wrapping_add(entry.crc);
            let packed = entry.packed.unwrap_or(data.len() as u32);
            let length = entry.length.unwrap_or(entry.content.len() as u32);
            for field in [crc, packed, length] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend([0; 2]);
            bytes
        };
        let offset = entry.offset.unwrap_or(out.len() as u32);
        let local = entry.local.unwrap_or(entry.name);
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(common(local));
        out.extend(local.as_bytes());
        out.extend(&data);
        directory.extend(0x0201_4b50u32.to_le_bytes());
        directory.extend([20, 0]);
        directory.extend(common(entry.name));
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let (start, size) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(0x0605_4b50u32.to_le_bytes());
    out.extend([0; 4]);
    for _ in 0..2 {
        out.extend((entries.len() as u16).to_le_bytes());
    }
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

pub(super) fn archives() -> Vec<Case> {
    let good = || entry("s.npy", npy("<f8", "False", "(4, 2)", &[0; 64]));
    let from = |path: &str, bytes: Vec<u8>, words: &[&'static str]| {
        let line = format!("sample gaussian --set dim=2 --init {path}");
        with(Engine, &line, "s.npz", bytes, words)
    };
    let one = |entry: Entry, words: &[&'static str]| from("s.npz", zip(&[entry]), words);
    let whole = zip(&[good()]);
    vec![
        from("s.npz:t", whole.clone(), &["s.npz", "\"t\"", "it has s"]),
        from("s.npz", zip(&[]), &["s.npz", "no array"]),
        from(
            "s.npz",
            zip(&[good(), entry("t.npy", good().content)]),
            &["s.npz", "2 arrays (s, t)", "FILE.npz:NAME"],
        ),
        from(
            "s.npz",
            zip(&[good(), good()]),
            &["s.npz", "\"s\"", "twice"],
        ),
        from(
            "s.npz",
            whole[..whole.len() - 1].to_vec(),
            &["s.npz", "truncated"],
        ),
        from("s.npz", whole[..40].to_vec(), &["s.npz", "zip"]),
        from(
            "s.npz",
            [&whole[..], b"x"].concat(),
            &["s.npz", "end record"],
        ),
        from("s.npz", [b"x", &whole[..]].concat(), &["s.npz"]),
        from("s.npz", vec![], &["s.npz", "zip"]),
        one(
            Entry {
                method: 8,
                length: Some(u32::MAX - 1),
                ..good()
            },
            &["s.npz", "\"s\"", "4294967294", "unpack"],
        ),
        one(
            Entry {
                method: 8,
                content: vec![0; 1 << 20],
                ..good()
            },
            &["s.npz", "magic"],
        ),
        one(Entry { flags: 1, ..good() }, &["\"s\"", "encrypted"]),
        one(
            Entry {
                flags: 1 << 6,
                ..good()
            },
            &["\"s\"", "encrypted"],
        ),
        one(
            Entry {
                method: 12,
                packed: None,
                ..good()
            },
            &["\"s\"", "method 12", "deflated"],
        ),
        one(Entry { crc: 1, ..good() }, &["\"s\"", "CRC-32"]),
        one(
            Entry {
                name: "../s.npy",
                ..good()
            },
            &["../s.npy", "leads out"],
        ),
        one(
            Entry {
                name: "a/../../s.npy",
                ..good()
            },
            &["a/../../s.npy", "leads out"],
        ),
        one(
            Entry {
                name: "/s.npy",
                ..good()
            },
            &["/s.npy", "root"],
        ),
        one(
            Entry {
                name: "C:\\s.npy",
                ..good()
            },
            &["s.npy", "other"],
        ),
        one(
            Entry {
                name: "s.csv",
                ..good()
            },
            &["s.csv", "not an array"],
        ),
        one(
            Entry {
                name: ".npy",
                ..good()
            },
            &[".npy", "not an array"],
        ),
        one(
            Entry {
                name: "s\nt.npy",
                ..good()
            },
            &["s\\nt.npy"],
        ),
        one(
            Entry {
                local: Some("t.npy"),
                ..good()
            },
            &["\"s\"", "differs"],
        ),
        one(
            Entry {
                offset: Some(1 << 30),
                ..good()
            },
            &["\"s\"", "outside"],
        ),
        one(
            Entry {
                packed: Some(u32::MAX),
                ..good()
            },
            &["\"s\"", "zip64"],
        ),
        one(
            Entry {
                length: Some(u32::MAX),
                ..good()
            },
            &["\"s\"", "zip64"],
        ),
        one(
            Entry {
                length: Some(10),
                ..good()
            },
            &["\"s\"", "stored"],
        ),
        one(
            Entry {
                method: 8,
                length: Some(good().content.len() as u32 - 8),
                ..good()
            },
            &["s.npz"],
        ),
        one(
            entry("s.npy", npy("|O", "False", "(4, 2)", &[0; 64])),
            &["s.npz", "objects"],
        ),
        one(
            entry("s.npy", npy("<f8", "False", "(4, 3)", &[0; 96])),
            &["s.npz", "[4, 3]", "[N, 2]"],
        ),
        one(
            entry("s.npy", npy("<f8", "False", "(1000000000, 2)", &[0; 64])),
            &["s.npz", "truncated"],
        ),
        one(
            entry("s.npy", b"not an array".to_vec()),
            &["s.npz", "magic"],
        ),
    ]
}
