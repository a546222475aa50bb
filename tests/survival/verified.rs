//! `verify`: every file that is damaged or gone is found, of finished runs and of those on their way.

use super::signals::stopped_when;
use super::{assert_same, errors, ok, results, run, undisturbed};
use std::fs;
use std::path::{Path, PathBuf};

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn every_damaged_file_of_a_finished_run_is_found() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample grid-9 --sampler mala --particles 40 --warmup 4 --draws 6 --quiet --out a",
    );
    ok(temp.path(), "smc grid-9 --particles 60 --quiet --out b");
    for name in ["a", "b"] {
        let verify = format!("verify {name}");
        assert!(ok(temp.path(), &verify).contains("files are as they were written"));
        let mut all = Vec::new();
        files(&temp.path().join(name), &mut all);
        let mut checked = 0;
        for path in all {
            let text = path.file_name().unwrap().to_string_lossy().into_owned();
            // Rewritten at will by later runs of the program.
            if text == "status.json" {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let mut other = bytes.clone();
            let at = other.len() / 2;
            other[at] ^= 1;
            fs::write(&path, &other).unwrap();
            let flipped = run(temp.path(), &verify);
            fs::remove_file(&path).unwrap();
            let gone = run(temp.path(), &verify);
            fs::write(&path, &bytes).unwrap();
            // A checkpoint that is gone was perhaps never there.
            let missed = text.starts_with("checkpoint.");
            for (output, may_pass) in [(flipped, false), (gone, missed)] {
                let code = output.status.code();
                let said = format!(
                    "{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    errors(&output)
                );
                assert!(
                    code == Some(5) || may_pass && code == Some(0),
                    "{text}: {code:?}: {said}"
                );
                // A damaged list tells that something differs, not what.
                let named = said.contains(&text) || text == "checksums.json";
                assert!(may_pass || named, "{text}: {said}");
            }
            checked += 1;
        }
        assert!(checked > 10, "{checked} files");
        ok(temp.path(), &verify);
    }
}

#[test]
fn a_damaged_chunk_of_a_run_on_its_way_is_found_and_named() {
    let temp = tempfile::tempdir().unwrap();
    let line =
        "sample gaussian --set dim=20 --sampler ula --step-size 0.1 --particles 600 --draws 20000";
    let chunk = temp.path().join("a/trace.zarr/posterior/x/c/0/1/0");
    // One checkpoint, which knows of two chunks.
    let starts = format!("{line} --quiet --out a --checkpoint-every none");
    let output = stopped_when(temp.path(), &starts, || chunk.exists());
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    assert!(ok(temp.path(), "verify a").contains("as they were written"));
    let mut bytes = fs::read(&chunk).unwrap();
    bytes[77] ^= 2;
    fs::write(&chunk, bytes).unwrap();
    let verified = run(temp.path(), "verify a --json");
    assert_eq!(verified.status.code(), Some(5));
    let found: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(found["ok"], false);
    let resumed = run(temp.path(), "resume a --quiet");
    assert_eq!(resumed.status.code(), Some(5), "{}", errors(&resumed));
    assert!(
        errors(&resumed).contains("posterior/x/c/0/1/0"),
        "{}",
        errors(&resumed)
    );
    assert_eq!(errors(&resumed).lines().count(), 1);
}

/// Damages the newest chunk that a checkpoint of the run in `a` rests on: the last ones are not whole yet.
fn damage_newest_chunk(folder: &Path) {
    let chunks = folder.join("a/trace.zarr/posterior/x/c/0");
    let count = fs::read_dir(&chunks).unwrap().count();
    let known = (0..count).rev().find(|k| {
        let chunk = chunks.join(k.to_string()).join("0");
        let whole = fs::read(&chunk).unwrap();
        let mut bytes = whole.clone();
        bytes[77] ^= 2;
        fs::write(&chunk, bytes).unwrap();
        let damaged = run(folder, "verify a").status.code() == Some(5);
        if !damaged {
            fs::write(&chunk, whole).unwrap();
        }
        damaged
    });
    assert!(known.is_some_and(|k| k > 10), "{known:?} of {count}");
}

/// What only the newer checkpoint knows of is made again.
#[test]
fn the_older_generation_is_used_where_a_newer_chunk_is_damaged() {
    let temp = tempfile::tempdir().unwrap();
    let line = "sample gaussian --set dim=20 --sampler ula --step-size 0.1 --particles 100 --draws 300000 --thin 50";
    let (wanted, _) = undisturbed(temp.path(), line);
    let folder = temp.path().join("a");
    let chunks =
        || fs::read_dir(folder.join("trace.zarr/posterior/x/c/0")).map_or(0, Iterator::count);
    // No cadence: of 376 chunks the first generation knows some 15, and the second at least 30 more than were there.
    let starts = format!("{line} --quiet --force --out a --checkpoint-every none");
    let both = (0..20).any(|_| {
        let first = stopped_when(temp.path(), &starts, || chunks() > 15);
        let more = chunks() + 30;
        let resume = "resume a --quiet --checkpoint-every none";
        let second = stopped_when(temp.path(), resume, || chunks() > more);
        // Where this process is not given the time to look, runs end.
        [first, second]
            .iter()
            .all(|output| output.status.code() == Some(143))
    });
    assert!(both, "the run always ended before it was stopped");
    damage_newest_chunk(temp.path());
    let resumed = run(temp.path(), "resume a --quiet");
    let said = errors(&resumed);
    assert_eq!(resumed.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("going on from"), "{said}");
    assert_same("a", &results(&folder), &wanted);
}

#[test]
fn a_damaged_status_hides_nothing() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample gaussian --particles 40 --warmup 4 --draws 6 --quiet --out a",
    );
    let samples = temp.path().join("a/samples.npy");
    let mut bytes = fs::read(&samples).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&samples, bytes).unwrap();
    for text in ["", "{\"phase\": \"finishee\"}"] {
        fs::write(temp.path().join("a/status.json"), text).unwrap();
        let output = run(temp.path(), "verify a");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains("DAMAGED  samples.npy"), "{said}");
    }
    fs::write(temp.path().join("a/checksums.json"), "{}").unwrap();
    assert_eq!(run(temp.path(), "verify a").status.code(), Some(5));
}

#[test]
fn names_that_lead_out_of_the_folder_are_not_opened() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample gaussian --particles 40 --warmup 4 --draws 6 --quiet --out a",
    );
    let list = temp.path().join("a/checksums.json");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(temp.path().join("victim"), "secret").unwrap();
    std::os::unix::fs::symlink("/dev/zero", temp.path().join("a/zero")).unwrap();
    for name in ["/dev/zero", "../victim", "zero"] {
        let more = format!("{{\n  \"{name}\": {{\"bytes\": 6, \"crc32\": 1}},");
        fs::write(&list, text.replacen('{', &more, 1)).unwrap();
        let output = run(temp.path(), "verify a");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains("leads out of the folder"), "{said}");
    }
}

#[test]
fn a_damaged_stage_of_weighted_particles_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let line = "smc phi4 --set n=8 --particles 20000 --keep-particles --moves-per-stage 60";
    let first = temp
        .path()
        .join("a/trace.zarr/smc_particles/log_weight/c/0/0");
    let starts = format!("{line} --quiet --out a");
    let output = stopped_when(temp.path(), &starts, || first.exists());
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    assert!(ok(temp.path(), "verify a").contains("as they were written"));
    let stage = temp
        .path()
        .join("a/trace.zarr/smc_particles/log_weight/c/0/0");
    let bytes = fs::read(&stage).unwrap();
    let mut other = bytes.clone();
    other[9] ^= 8;
    fs::write(&stage, other).unwrap();
    assert_eq!(run(temp.path(), "verify a").status.code(), Some(5));
    let resumed = run(temp.path(), "resume a --quiet");
    assert_eq!(resumed.status.code(), Some(5), "{}", errors(&resumed));
    assert!(
        errors(&resumed).contains("smc_particles/log_weight/c/0/0"),
        "{}",
        errors(&resumed)
    );
    fs::write(&stage, bytes).unwrap();
    ok(temp.path(), "resume a --quiet");
}

/// A report that is drawn again has a checksum of its own, whatever became of the old one.
#[test]
fn a_report_drawn_again_is_as_it_was_written() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample gaussian --particles 40 --warmup 4 --draws 6 --quiet --out a",
    );
    let report = temp.path().join("a/report.html");
    let list = temp.path().join("a/checksums.json");
    let first = fs::read(&report).unwrap();
    ok(temp.path(), "report a");
    ok(temp.path(), "verify a");
    let sums = fs::read_to_string(&list).unwrap();
    fs::write(&report, b"older").unwrap();
    assert_eq!(run(temp.path(), "verify a").status.code(), Some(5));
    for line in ["report a", "report a -o a/report.html --force"] {
        fs::write(&report, b"older").unwrap();
        ok(temp.path(), line);
        assert_eq!(fs::read(&report).unwrap(), first);
        ok(temp.path(), "verify a");
    }
    fs::remove_file(&report).unwrap();
    assert_eq!(run(temp.path(), "verify a").status.code(), Some(5));
    // A list without it, as those of older programs are: it is listed from now on.
    let mut without: serde_json::Value = serde_json::from_str(&sums).unwrap();
    without.as_object_mut().unwrap().remove("report.html");
    fs::write(&list, without.to_string()).unwrap();
    ok(temp.path(), "verify a");
    ok(temp.path(), "report a");
    assert!(ok(temp.path(), "verify a").contains("ok       report.html"));
    // A report elsewhere says nothing of this folder.
    let before = fs::read(&list).unwrap();
    ok(temp.path(), "report a -o elsewhere.html");
    assert_eq!(fs::read(&list).unwrap(), before);
}
