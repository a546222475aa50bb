//! Checkpoints that are cut or have a bit flipped: all are found out, and the older generation is used.

use super::{assert_same, errors, ok, results, run, undisturbed};
use driftlane::checkpoint::Reader;
use driftlane::record::generations::{GENERATION, NAMES, newest};
use std::io::Cursor;
use std::path::Path;

/// Moves for many times the limit below, however fast the machine.
const LINE: &str = "smc eight-gaussians --particles 200 --moves-per-stage 200";

/// A folder with two generations of checkpoints.
fn two_generations(folder: &Path) {
    // Ended by a time limit after some checkpoints; resumed until there are two.
    let first = format!("{LINE} --quiet --out torn --checkpoint-every 4 --time-limit 1ms");
    let mut code = run(folder, &first).status.code();
    for _ in 0..20 {
        if NAMES
            .iter()
            .all(|name| folder.join("torn").join(name).exists())
        {
            break;
        }
        assert_eq!(code, Some(143));
        code = run(
            folder,
            "resume torn --quiet --checkpoint-every 4 --time-limit 1ms",
        )
        .status
        .code();
    }
    assert_eq!(code, Some(143), "finished too early for two generations");
}

fn generation(path: &Path) -> u64 {
    let mut reader = Reader::open(std::fs::File::open(path).unwrap()).unwrap();
    reader.get(GENERATION).unwrap()
}

#[test]
fn every_cut_and_every_flipped_bit_is_found() {
    let temp = tempfile::tempdir().unwrap();
    two_generations(temp.path());
    let whole = std::fs::read(temp.path().join("torn").join(NAMES[0])).unwrap();
    assert!(Reader::open(Cursor::new(&whole[..])).is_ok());
    for cut in 0..whole.len() {
        assert!(
            Reader::open(Cursor::new(&whole[..cut])).is_err(),
            "cut at {cut}"
        );
    }
    let mut flipped = whole.clone();
    for at in 0..whole.len() {
        for bit in 0..8 {
            // Every bit of the first and last 4096 bytes, one a byte between.
            let inner = at >= 4096 && at + 4096 < whole.len();
            if inner && bit != at % 8 {
                continue;
            }
            flipped[at] ^= 1 << bit;
            assert!(
                Reader::open(Cursor::new(&flipped[..])).is_err(),
                "bit {bit} of byte {at}"
            );
            flipped[at] ^= 1 << bit;
        }
    }
    let longer = [&whole[..], &[0]].concat();
    assert!(Reader::open(Cursor::new(&longer[..])).is_err());
}

#[test]
fn the_older_generation_is_used() {
    let temp = tempfile::tempdir().unwrap();
    let (wanted, _) = undisturbed(temp.path(), LINE);
    for damage in 0..4 {
        let _ = std::fs::remove_dir_all(temp.path().join("torn"));
        two_generations(temp.path());
        let folder = temp.path().join("torn");
        let mut paths = NAMES.map(|name| folder.join(name));
        paths.sort_by_key(|path| generation(path));
        let [older, newer] = paths;
        let mut bytes = std::fs::read(&newer).unwrap();
        let middle = bytes.len() / 2;
        match damage {
            0 => bytes.truncate(middle),
            1 => bytes[middle] ^= 4,
            2 => bytes.clear(),
            _ => bytes[8] = 9,
        }
        std::fs::write(&newer, &bytes).unwrap();
        let found = newest(&folder).unwrap().unwrap();
        assert_eq!(found.path, older);
        assert!(found.damage.is_some());
        let output = run(temp.path(), "resume torn --checkpoint-every none");
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(
            errors(&output).contains("going on from"),
            "{}",
            errors(&output)
        );
        assert_same("torn", &results(&folder), &wanted);
    }
}

#[test]
fn two_broken_generations_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    two_generations(temp.path());
    for name in NAMES {
        std::fs::write(temp.path().join("torn").join(name), b"no checkpoint at all").unwrap();
    }
    let output = run(temp.path(), "resume torn --quiet");
    assert_eq!(output.status.code(), Some(5), "{}", errors(&output));
    assert!(
        errors(&output).contains("not a checkpoint"),
        "{}",
        errors(&output)
    );
    assert_eq!(errors(&output).lines().count(), 1);
    assert!(ok(temp.path(), "status torn").contains("no usable checkpoint"));
}
