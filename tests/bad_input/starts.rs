//! Starting positions and references.

use super::By::{Engine, Parse};
use super::{Case, case, with};

/// An npy file with this item type, order, shape and number of data bytes, each byte the same.
pub(super) fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

pub(super) fn starts() -> Vec<Case> {
    let init = |bytes: Vec<u8>, words: &[&'static str]| {
        with(
            Engine,
            "sample gaussian --set dim=2 --init s.npy",
            "s.npy",
            bytes,
            words,
        )
    };
    let zeros = [0u8; 64];
    let mut nan = zeros;
    nan[8..16].copy_from_slice(&f64::NAN.to_le_bytes());
    vec![
        case(Engine, "sample gaussian --init absent.npy", &["absent.npy"]),
        case(
            Engine,
            "sample gaussian --init a.npz:x",
            &["a.npz:x", "cannot be read"],
        ),
        case(
            Parse,
            "sample gaussian --init a.npz:",
            &["--init = a.npz:", "FILE.npz"],
        ),
        with(
            Engine,
            "sample gaussian --init s.npz",
            "s.npz",
            npy("<f8", "False", "(8, 1)", &zeros),
            &["s.npz", "is not a zip archive"],
        ),
        case(Parse, "sample gaussian --init middle", &["--init = middle"]),
        case(Engine, "sample gaussian --init prior", &["--init", "prior"]),
        case(Engine, "sample phi4 --init exact", &["--init", "exact"]),
        init(npy("<f8", "False", "(8,)", &zeros), &["s.npy", "[8]"]),
        init(
            npy("<f8", "False", "(2, 4)", &zeros),
            &["s.npy", "[2, 4]", "2"],
        ),
        init(
            npy("<f8", "True", "(2, 4)", &zeros),
            &["s.npy", "[2, 4]", "2"],
        ),
        init(npy("<f8", "False", "(0, 2)", &[]), &["s.npy", "[0, 2]"]),
        init(
            npy("<f8", "False", "(4, 2)", &nan),
            &["s.npy", "[0, 1]", "NaN"],
        ),
        init(
            npy("<f8", "False", "(4, 2)", &zeros[..56]),
            &["s.npy", "truncated"],
        ),
        init(
            npy("<f8", "False", "(3, 2)", &zeros),
            &["s.npy", "16 bytes after"],
        ),
        init(npy("|O", "False", "(4, 2)", &zeros), &["s.npy", "objects"]),
        init(
            npy(">f8", "False", "(4, 2)", &zeros),
            &["s.npy", "big-endian"],
        ),
        init(
            npy("<f2", "False", "(16, 2)", &zeros),
            &["s.npy", "half precision"],
        ),
        init(
            npy("<f8", "False", "(4611686018427387904, 4)", &zeros),
            &["s.npy", "truncated"],
        ),
        init(
            npy("<f8", "False", "(4, 2, 1)", &zeros),
            &["s.npy", "[4, 2, 1]"],
        ),
        init(npy("<f8", "False", "()", &zeros[..8]), &["s.npy", "[]"]),
        init(
            npy("<c16", "False", "(2, 2)", &zeros),
            &["s.npy", "complex"],
        ),
        init(
            npy("|b1", "False", "(32, 2)", &zeros),
            &["s.npy", "boolean"],
        ),
        init(npy("<U4", "False", "(2, 2)", &zeros), &["s.npy", "text"]),
        init(npy("<f16", "False", "(2, 2)", &zeros), &["s.npy", "<f16"]),
        init(
            npy("<f8", "Maybe", "(4, 2)", &zeros),
            &["s.npy", "fortran_order"],
        ),
        init(npy("<f8", "False", "(-4, 2)", &zeros), &["s.npy", "shape"]),
        init(npy("<f8", "False", "(4, 2", &zeros), &["s.npy", "shape"]),
        init(
            npy("<f8", "False", "(18446744073709551616, 2)", &zeros),
            &["s.npy", "shape"],
        ),
        init(
            npy("<f8", "False", "(4294967296, 4294967296, 4)", &zeros),
            &["s.npy", "truncated"],
        ),
        init(
            npy("<f8", "False", "(4, 2), 'shape': (4, 2)", &zeros),
            &["s.npy", "shape", "twice"],
        ),
        init(
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}".to_vec(),
            &["s.npy", "4294967295", "10000"],
        ),
        init(
            b"\x93NUMPY\x01\x00\x20\x00{'descr': '<f8'".to_vec(),
            &["s.npy", "ends inside"],
        ),
        with(
            Engine,
            "sample gaussian --init d.npy",
            "d.npy/x",
            "",
            &["d.npy", "not a file"],
        ),
        init(b"\x93NUMPY\x09\x00".to_vec(), &["s.npy", "version 9"]),
        init(b"PK\x03\x04        ".to_vec(), &["s.npy", "magic"]),
        init(vec![], &["s.npy", "not an npy file"]),
        // No start has a density: not a fault of the file, and nothing can go on from it.
        with(
            Engine,
            "sample gaussian --set dim=2 --init s.npy --no-save --quiet",
            "s.npy",
            npy("<f8", "False", "(4, 2)", &1e200f64.to_le_bytes().repeat(8)),
            &["no valid start"],
        )
        .exits(3),
        with(
            Engine,
            "sample gaussian --set dim=2 --init s.npy --precision f32",
            "s.npy",
            npy("<f8", "False", "(4, 2)", &1e39f64.to_le_bytes().repeat(8)),
            &["s.npy", "item [0, 0] is 1e39", "--precision f32"],
        ),
        with(
            Engine,
            "sample gaussian --set dim=2 --init s.npy --particles 7",
            "s.npy",
            npy("<f8", "False", "(4, 2)", &zeros),
            &["--particles = 7", "4"],
        ),
    ]
}

pub(super) fn references() -> Vec<Case> {
    let file = |text: &str, words: &[&'static str]| {
        with(
            Engine,
            "smc gaussian --set dim=2 --reference r.toml",
            "r.toml",
            text,
            words,
        )
    };
    vec![
        case(
            Parse,
            "smc gaussian --reference normal:",
            &["--reference = normal:"],
        ),
        case(
            Parse,
            "smc gaussian --reference normal:inf",
            &["--reference = normal:inf"],
        ),
        case(
            Parse,
            "smc gaussian --reference student:0,1",
            &["--reference = student:0,1"],
        ),
        case(
            Parse,
            "smc gaussian --reference student:nan,1",
            &["--reference = student:nan,1"],
        ),
        case(
            Parse,
            "smc gaussian --reference wide",
            &["--reference = wide", "FILE.toml"],
        ),
        file("", &["r.toml", "empty"]),
        file("family = \"normal\"\n", &["r.toml scale = missing"]),
        file(
            "scale = 1\n",
            &["r.toml family = missing", "normal", "student"],
        ),
        file(
            "family = \"cauchy\"\nscale = 1\n",
            &["r.toml family = cauchy"],
        ),
        file("family = 3\nscale = 1\n", &["r.toml family = 3"]),
        file("family = \"normal\"\nscale = 0\n", &["r.toml scale = 0"]),
        file(
            "family = \"normal\"\nscale = [1.0, -2.0]\n",
            &["r.toml scale = -2"],
        ),
        file(
            "family = \"normal\"\nscale = [1.0]\n",
            &["r.toml scale = 1 numbers", "2"],
        ),
        file(
            "family = \"normal\"\nscale = nan\n",
            &["r.toml scale = NaN"],
        ),
        file(
            "family = \"normal\"\nscale = 1\nlocation = inf\n",
            &["r.toml location = inf"],
        ),
        file(
            "family = \"normal\"\nscale = 1\nloc = 0\n",
            &["r.toml loc = 0", "location"],
        ),
        file(
            "family = \"normal\"\nscale = 1\ndf = 3\n",
            &["r.toml df = 3"],
        ),
        file(
            "family = \"student\"\nscale = 1\n",
            &["r.toml df = missing"],
        ),
        file(
            "family = \"student\"\nscale = 1\ndf = -1\n",
            &["r.toml df = -1"],
        ),
    ]
}
