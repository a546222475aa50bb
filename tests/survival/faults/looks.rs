//! `export` and `report`: the whole file or none, and the run as it was.

use super::{copy, place, survives};
use crate::{assert_clean, ok};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const KINDS: [(&str, usize); 4] = [("ENOSPC", 1), ("EIO", 1), ("short", 1), ("EINTR", 1)];

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type().unwrap().is_dir() {
            true => {
                // An empty folder is something too.
                found.insert(format!("{name}/"), Vec::new());
                let inner = files(&entry.path()).into_iter();
                found.extend(inner.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
            }
            false => drop(found.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
    found
}

#[test]
fn every_failing_write_of_a_look_is_survived() {
    let temp = place();
    ok(
        temp.path(),
        "sample grid-9 --sampler mala --particles 6 --warmup 6 --draws 700 --quiet --out run",
    );
    for line in [
        "export run --format csv",
        "export run --format npz",
        "export run --format stan-csv --chains 3",
        "export run --format csv --out elsewhere.csv",
        "report run",
        "report run --out elsewhere.html",
    ] {
        // What stands there after it, and before.
        let done = place();
        copy(&temp.path().join("run"), &done.path().join("run"));
        let before = files(done.path());
        ok(done.path(), line);
        let after = files(done.path());
        survives(
            line,
            &KINDS,
            |folder| copy(&temp.path().join("run"), &folder.join("run")),
            |folder, place, code| {
                let found = files(folder);
                // A file that has its name when the flush of its folder fails is whole.
                let whole = |name: &String| found.get(name) == after.get(name);
                match code {
                    0 => assert!(found == after, "{place}"),
                    _ => {
                        let same = |name: &String| found.get(name) == before.get(name);
                        let names = found.keys().chain(after.keys());
                        for name in names {
                            assert!(same(name) || whole(name), "{place}: {name}");
                        }
                        let chains =
                            |name: &&String| name.ends_with(".csv") && name.contains("chain");
                        let chains = found.keys().filter(chains).count();
                        assert!(chains == 0 || chains == 3, "{place}: {chains} chains");
                    }
                }
                assert_clean(folder);
            },
        );
    }
}

/// Files that are there already and are to be replaced: the old ones or the new ones.
#[test]
fn every_failing_write_of_a_replaced_export_is_survived() {
    let temp = place();
    ok(
        temp.path(),
        "sample grid-9 --sampler mala --particles 6 --warmup 6 --draws 20 --quiet --out run",
    );
    for name in ["draws.csv", "arrays.npz"] {
        fs::write(temp.path().join("run").join(name), "old").unwrap();
    }
    for (line, name) in [
        ("export run --format csv --force", "draws.csv"),
        ("export run --format npz --force", "arrays.npz"),
    ] {
        survives(
            line,
            &KINDS,
            |folder| copy(&temp.path().join("run"), &folder.join("run")),
            |folder, place, code| {
                let found = fs::read(folder.join("run").join(name)).unwrap();
                assert!(code == 4 || found != b"old", "{place}");
                assert!(found == b"old" || found.len() > 100, "{place}");
                assert_clean(folder);
            },
        );
    }
}
