//! Archives of arrays: written and read back, and every way one can lie.

use driftlane::Error;
use driftlane::npy::{self, NonFinite, npz};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::tempdir;

/// The bytes of an `.npy` file of these numbers.
fn array(values: &[f64]) -> Vec<u8> {
    let temp = tempdir().unwrap();
    let path = temp.path().join("a.npy");
    npy::write(&path, &[values.len()], values).unwrap();
    fs::read(path).unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::best();
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What one of the two headers of an entry says.
#[derive(Clone)]
struct Told {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    length: u32,
    extra: Vec<u8>,
}

#[derive(Clone)]
struct Entry {
    local: Told,
    central: Told,
    data: Vec<u8>,
    /// Where the directory says it is, if not where it is.
    offset: Option<u32>,
}

impl Entry {
    fn new(name: &str, array: &[u8], method: u16) -> Self {
        let data = if method == 8 {
            deflate(array)
        } else {
            array.to_vec()
        };
        let told = Told {
            name: format!("{name}.npy").into_bytes(),
            flags: 0,
            method,
            crc: crc32fast::hash(array),
            packed: data.len() as u32,
            length: array.len() as u32,
            extra: Vec::new(),
        };
        Self {
            local: told.clone(),
            central: told,
            data,
            offset: None,
        }
    }

    /// Changes both headers alike.
    fn with(mut self, change: impl Fn(&mut Told)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    fn with_central(mut self, change: impl Fn(&mut Told)) -> Self {
        change(&mut self.central);
        self
    }

    fn with_local(mut self, change: impl Fn(&mut Told)) -> Self {
        change(&mut self.local);
        self
    }
}

fn common(told: &Told) -> Vec<u8> {
    let mut out = Vec::new();
    for field in [20, told.flags, told.method, 0, 0x21] {
        out.extend(u16::to_le_bytes(field));
    }
    for field in [told.crc, told.packed, told.length] {
        out.extend(field.to_le_bytes());
    }
    out.extend((told.name.len() as u16).to_le_bytes());
    out.extend((told.extra.len() as u16).to_le_bytes());
    out
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(out.len() as u32);
        out.extend(0x0403_4b50u32.to_le_bytes());
        out.extend(common(&entry.local));
        out.extend(&entry.local.name);
        out.extend(&entry.local.extra);
        out.extend(&entry.data);
        directory.extend(0x0201_4b50u32.to_le_bytes());
        directory.extend([20, 0]);
        directory.extend(common(&entry.central));
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.central.name);
        directory.extend(&entry.central.extra);
    }
    let (start, size) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(end(entries.len() as u16, size, start));
    out
}

fn end(count: u16, size: u32, start: u32) -> Vec<u8> {
    let mut out = 0x0605_4b50u32.to_le_bytes().to_vec();
    out.extend([0; 4]);
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

fn read(path: &Path) -> driftlane::Result<npy::Array> {
    npy::read(path, NonFinite::Keep)
}

#[test]
fn archives_come_back_as_written() {
    let temp = tempdir().unwrap();
    let path = temp.path().join("a.npz");
    let at = |name: &str| Path::new(&format!("{}:{name}", path.display())).to_owned();
    let mut writer = npz::Writer::create(&path).unwrap();
    writer
        .push("draws", &[2, 3], &[1.0, -0.0, f64::NAN, 4.0, 5e-324, 6.0])
        .unwrap();
    assert!(!path.exists());
    writer.push("none", &[0, 7], &[]).unwrap();
    writer.push("one", &[], &[9.0]).unwrap();
    writer.finish().unwrap();
    let draws = read(&at("draws")).unwrap();
    assert_eq!(draws.shape, [2, 3]);
    assert_eq!(draws.values[1].to_bits(), (-0.0f64).to_bits());
    assert!(draws.values[2].is_nan() && draws.values[4] == 5e-324);
    assert_eq!(npy::shape(at("none")).unwrap(), [0, 7]);
    assert_eq!(read(&at("one")).unwrap().values, [9.0]);
    let error = npy::read(at("draws"), NonFinite::Refuse)
        .unwrap_err()
        .to_string();
    assert!(error.contains("item [0, 2] is NaN"), "{error}");
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.contains("holds 3 arrays (draws, none, one)"),
        "{error}"
    );
    let error = read(&at("other")).unwrap_err().to_string();
    assert!(error.contains("no array \"other\""), "{error}");

    let before = fs::read(&path).unwrap();
    let mut writer = npz::Writer::create(&path).unwrap();
    for (name, shape, values) in [
        ("", &[1][..], &[1.0][..]),
        ("a/b", &[1], &[1.0]),
        ("a", &[2], &[1.0]),
    ] {
        assert!(matches!(
            writer.push(name, shape, values),
            Err(Error::Write { .. })
        ));
    }
    drop(writer);
    assert_eq!(
        fs::read(&path).unwrap(),
        before,
        "a writer that is dropped leaves nothing"
    );
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn names_of_files_are_told_from_other_words() {
    for name in ["a.npy", "a.npz", "b/a.npz:x", "a.npz:x.y", "C:\\a.npz:x"] {
        assert!(npy::is_name(name), "{name}");
    }
    for name in ["exact", "a.npz:", "npz:x", "a.zip:x", ""] {
        assert!(!npy::is_name(name), "{name}");
    }
}

#[test]
fn both_methods_and_zip64_are_read() {
    let temp = tempdir().unwrap();
    let path = temp.path().join("a.npz");
    let numbers: Vec<f64> = (0..500).map(f64::from).collect();
    let bytes = array(&numbers);
    let streamed = Entry::new("x", &bytes, 8)
        .with(|told| told.flags = 1 << 3)
        .with_local(|told| (told.crc, told.packed, told.length) = (0, 0, 0));
    // As numpy.savez does: sizes in the extra field of the first header.
    let length = bytes.len() as u64;
    let large = Entry::new("x", &bytes, 0).with_local(|told| {
        (told.packed, told.length) = (u32::MAX, u32::MAX);
        told.extra = [1, 0, 16, 0]
            .into_iter()
            .chain(length.to_le_bytes())
            .collect();
        told.extra.extend(length.to_le_bytes());
    });
    for entry in [
        Entry::new("x", &bytes, 0),
        Entry::new("x", &bytes, 8),
        streamed,
        large,
    ] {
        fs::write(&path, zip(&[entry])).unwrap();
        let read = read(&path).unwrap();
        assert_eq!((read.shape, read.values), (vec![500], numbers.clone()));
    }
    // A directory told of by a zip64 end record.
    let plain = zip(&[Entry::new("x", &bytes, 0)]);
    let (front, tail) = plain.split_at(plain.len() - 22);
    let size = u64::from(u32::from_le_bytes(tail[12..16].try_into().unwrap()));
    let start = u64::from(u32::from_le_bytes(tail[16..20].try_into().unwrap()));
    let with_end64 = |size: u64, start: u64, at: u64| {
        let mut out = front.to_vec();
        out.extend(0x0606_4b50u32.to_le_bytes());
        out.extend(44u64.to_le_bytes());
        out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for field in [1, 1, size, start] {
            out.extend(u64::to_le_bytes(field));
        }
        out.extend(0x0706_4b50u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(at.to_le_bytes());
        out.extend(1u32.to_le_bytes());
        out.extend(end(u16::MAX, u32::MAX, u32::MAX));
        out
    };
    let at = front.len() as u64;
    fs::write(&path, with_end64(size, start, at)).unwrap();
    assert_eq!(read(&path).unwrap().values, numbers);
    for (size, start, at) in [
        (size + 1, start, at),
        (size, u64::MAX, at),
        (u64::MAX, 1, at),
        (size, start, at + 1),
        (size, start, u64::MAX),
    ] {
        fs::write(&path, with_end64(size, start, at)).unwrap();
        assert!(matches!(read(&path), Err(Error::Data { .. })));
    }
}

#[test]
fn every_lie_is_refused_by_name() {
    let temp = tempdir().unwrap();
    let path = temp.path().join("a.npz");
    let bytes = array(&[1.0, 2.0, 3.0]);
    let good = || Entry::new("x", &bytes, 0);
    let packed = || Entry::new("x", &bytes, 8);
    let named = |name: &str| {
        let name = name.as_bytes().to_vec();
        good().with(|told| told.name = name.clone())
    };
    let mut damaged = good();
    damaged.data[bytes.len() - 1] ^= 1;
    let mut cut = packed();
    cut.data.pop();
    cut = cut.with(|told| told.packed -= 1);
    let mut longer = packed();
    longer.data.push(0);
    longer = longer.with(|told| told.packed += 1);
    // An array of a million bytes that declares a thousand times as many, and one that unpacks to more.
    let zeros = array(&[0.0; 125_000]);
    let bomb = Entry::new("x", &zeros, 8).with(|told| told.length = u32::MAX - 1);
    let more = Entry::new("x", &[&bytes[..], &[0; 8]].concat(), 8).with(|told| told.length -= 8);
    let overlapping = [
        good(),
        Entry {
            offset: Some(0),
            ..good().with_central(|told| told.name = b"y.npy".to_vec())
        },
    ];
    let same_place = [
        good(),
        Entry {
            offset: Some(4),
            ..named("y.npy")
        },
    ];
    let cases: Vec<(&str, Vec<Entry>)> = vec![
        ("holds no array", vec![]),
        ("stands twice", vec![good(), good()]),
        ("leads out", vec![named("../x.npy")]),
        ("leads out", vec![named("a/../../x.npy")]),
        ("leads out", vec![named("a//x.npy")]),
        ("path from the root", vec![named("/etc/x.npy")]),
        ("path from the root", vec![named("..\\x.npy")]),
        ("path from the root", vec![named("C:x.npy")]),
        ("path from the root", vec![named("a\nx.npy")]),
        (
            "is not UTF-8",
            vec![good().with(|told| told.name = b"\xff.npy".to_vec())],
        ),
        ("is not an array", vec![named("x.txt")]),
        ("is not an array", vec![named(".npy")]),
        ("is encrypted", vec![good().with(|told| told.flags = 1)]),
        (
            "is encrypted",
            vec![good().with(|told| told.flags = 1 << 6)],
        ),
        (
            "is packed by method 9",
            vec![good().with(|told| told.method = 9)],
        ),
        ("CRC-32 differs", vec![good().with(|told| told.crc ^= 1)]),
        ("CRC-32 differs", vec![packed().with(|told| told.crc ^= 1)]),
        ("CRC-32 differs", vec![damaged]),
        (
            "stored in 152 bytes and declares 153",
            vec![good().with(|told| told.length += 1)],
        ),
        ("can unpack to", vec![bomb]),
        ("does not unpack to the size", vec![more]),
        (
            "truncated: shape [3]",
            vec![packed().with(|told| told.length -= 8)],
        ),
        (
            "after the data of shape",
            vec![packed().with(|told| told.length += 8)],
        ),
        ("cannot be unpacked", vec![cut]),
        ("does not unpack to the size", vec![longer]),
        (
            "differs from the directory",
            vec![good().with_local(|told| told.name = b"y.npy".to_vec())],
        ),
        (
            "differs from the directory",
            vec![good().with_local(|told| told.method = 8)],
        ),
        (
            "differs from the directory",
            vec![good().with_local(|told| told.crc ^= 1)],
        ),
        (
            "differs from the directory",
            vec![good().with_local(|told| told.length += 1)],
        ),
        (
            "differs from the directory",
            vec![good().with_local(|told| told.flags = 1)],
        ),
        (
            "declares zip64 sizes",
            vec![good().with(|told| told.length = u32::MAX)],
        ),
        (
            "lies outside",
            vec![good().with_central(|told| (told.packed, told.length) = (1 << 20, 1 << 20))],
        ),
        (
            "lies outside",
            vec![Entry {
                offset: Some(1 << 30),
                ..good()
            }],
        ),
        (
            "lies outside",
            vec![Entry {
                offset: Some(1),
                ..good()
            }],
        ),
        ("differs from the directory", overlapping.to_vec()),
        ("lies outside", same_place.to_vec()),
        ("wrong magic", vec![Entry::new("x", &[7; 200], 0)]),
        ("ends inside its magic", vec![Entry::new("x", &[], 0)]),
    ];
    let mut wrong = Vec::new();
    for (words, entries) in cases {
        fs::write(&path, zip(&entries)).unwrap();
        let error = read(&path).map(|array| array.shape).unwrap_err();
        let text = error.to_string();
        if !matches!(error, Error::Data { .. }) || !text.contains(words) {
            wrong.push(format!("{words}: {text}"));
        }
        assert!(
            text.contains("a.npz") && text.lines().count() == 1,
            "{text}"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn overlapping_entries_are_refused() {
    // Two directory entries of different names cannot share a header, but one may lie in the other's data.
    let temp = tempdir().unwrap();
    let path = temp.path().join("a.npz");
    let bytes = array(&[1.0]);
    let inner = zip(&[Entry::new("y", &bytes, 0)]);
    let header = 30 + 5;
    let outer = Entry::new("x", &inner, 0);
    let hidden = Entry {
        offset: Some(header),
        ..Entry::new("y", &bytes, 0)
    };
    let mut archive = zip(&[outer, hidden]);
    fs::write(&path, &archive).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("overlap"), "{error}");
    // Nothing may stand around the entries either.
    archive.push(0);
    fs::write(&path, &archive).unwrap();
    assert!(
        read(&path)
            .unwrap_err()
            .to_string()
            .contains("is not a zip archive")
    );
    let good = zip(&[Entry::new("x", &bytes, 0)]);
    fs::write(&path, [&b"#!"[..], &good].concat()).unwrap();
    assert!(read(&path).is_err());
    // Not even where all offsets know of it.
    let mut moved = [
        &[0; 4],
        &zip(&[Entry {
            offset: Some(4),
            ..Entry::new("x", &bytes, 0)
        }])[..],
    ]
    .concat();
    let at = moved.len() - 6;
    moved[at] += 4;
    fs::write(&path, &moved).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.contains("has 4 bytes before its first entry"),
        "{error}"
    );
}

#[test]
fn cut_and_flipped_archives_never_panic() {
    let temp = tempdir().unwrap();
    let path = temp.path().join("a.npz");
    let (a, b) = (array(&[1.0, 2.0]), array(&[3.0; 40]));
    let whole = zip(&[Entry::new("a", &a, 0), Entry::new("b", &b, 8)]);
    let named = Path::new(&format!("{}:b", path.display())).to_owned();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(
            matches!(read(&named), Err(Error::Data { .. })),
            "cut at {cut}"
        );
    }
    let before = {
        fs::write(&path, &whole).unwrap();
        read(&named).unwrap()
    };
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            fs::write(&path, &flipped).unwrap();
            // Dates and versions mean nothing here: then the array is right. It is never another one.
            if let Ok(found) = read(&named) {
                assert_eq!(found, before, "byte {at}, bit {bit}");
            }
        }
    }
}
