//! What would not fit the disk, and whether what is said of its size is so.

use super::{list, run};
use driftlane::cli::{Command, Settings, parse};
use std::path::Path;

fn settings(line: &str) -> Settings {
    let args = format!("driftlane {line}");
    match parse(args.split_whitespace()) {
        Ok(Command::Run(settings)) => *settings,
        other => panic!("{line}: {other:?}"),
    }
}

/// The bytes of a run's folder are those that were told, texts and the checkpoint being written apart.
#[test]
fn estimates_are_near_what_is_written() {
    for (line, particles, dim) in [
        (
            "sample gaussian --set dim=50 --particles 400 --warmup 10 --draws 60",
            400,
            50,
        ),
        (
            "sample gaussian --set dim=50 --particles 400 --warmup 10 --draws 60 --thin 3",
            400,
            50,
        ),
        (
            "sample gaussian --set dim=100 --particles 2000 --warmup 10 --steps 10",
            2000,
            100,
        ),
        (
            "sample gaussian --set dim=100 --particles 2000 --warmup 2 --draws 4 --precision f32",
            2000,
            100,
        ),
        (
            "smc gaussian --set dim=100 --particles 2000 --ladder 0,1 --moves-per-stage 1",
            2000,
            100,
        ),
        (
            "smc gaussian --set dim=100 --particles 2000 --ladder 0,0.01,0.03,0.1,0.3,1 --moves-per-stage 1 --keep-particles",
            2000,
            100,
        ),
        (
            "diffuse gaussian --set dim=100 --particles 2000 --steps 3",
            2000,
            100,
        ),
        ("compare ddim --on grid-9 --nfe 2,4 --particles 64", 64, 2),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let output = run(
            temp.path(),
            &format!("{line} --quiet --out run --checkpoint-every 1"),
        );
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let found: u64 = list(temp.path()).values().sum();
        let told = settings(&format!("{line} --checkpoint-every 1")).disk_estimate(particles, dim);
        assert!(told >= found, "{line}: {told} told, {found} written");
        // Not all of the three checkpoints are there at the end, nor all their vectors.
        let checkpoint = (16 * dim as u64 + 32) * particles;
        let most = found + found / 4 + 3 * checkpoint + (1 << 21);
        assert!(told <= most, "{line}: {told} told, {found} written");
    }
}

/// The most bytes that the folder of a run held while it went on, and those that were told.
fn peak_and_told(line: &str) -> (f64, f64) {
    let temp = tempfile::tempdir().unwrap();
    let told = run(temp.path(), &format!("{line} --dry-run"));
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    let (_, size) = said.split_once("of memory and ").unwrap();
    let (number, unit) = size
        .trim()
        .trim_end_matches(" of disk")
        .split_once(' ')
        .unwrap();
    let scale = match unit {
        "MB" => 1e6,
        "GB" => 1e9,
        other => panic!("{other}: {said}"),
    };
    let told = number.parse::<f64>().unwrap() * scale;
    let mut child = super::program(temp.path())
        .args(line.split_whitespace())
        .args(["--quiet", "--out", "run", "--checkpoint-every", "1"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(size_of(temp.path()));
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success(), "{line}");
    (most.max(size_of(temp.path())) as f64, told)
}

/// The bytes below a folder, whose files come and go.
fn size_of(path: &Path) -> u64 {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    match found.is_dir() {
        false => found.len(),
        true => std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| size_of(&entry.path()))
            .sum(),
    }
}

/// What is told is what the folder holds while it is largest: within it and half of it.
#[test]
fn the_largest_size_of_a_folder_is_told() {
    for line in [
        "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --steps 400",
        "sample gaussian --set dim=10 --sampler baoab --step-size 0.1 --steps 200 --precision f32",
        "sample gaussian --set dim=10 --sampler hmc --step-size 0.1 --leapfrog-steps 5 --warmup 5 --draws 6",
        "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --draws 8",
        "smc gaussian --set dim=10 --move mala --moves-per-stage 4",
        "smc gaussian --set dim=10 --move rwmh --waste-free 20",
        "diffuse gaussian --set dim=10 --steps 60",
        "diffuse gaussian --set dim=10 --solver heun --steps 40 --precision f32",
    ] {
        let (peak, told) = peak_and_told(&format!("{line} --particles 100000"));
        println!("{line}: {:.1} MB, {:.1} told", peak / 1e6, told / 1e6);
        assert!(peak <= told, "{line}: {peak} bytes, {told} were told");
        assert!(told <= 2.0 * peak, "{line}: {peak} bytes, {told} were told");
    }
}

/// Kept particles are counted: of an adaptive ladder as many temperatures as it is taken to have, and not fewer than
/// it has.
#[test]
fn kept_particles_of_an_adaptive_ladder_fit_what_is_told() {
    for (target, dim) in [
        ("gaussian --set dim=100", 100),
        ("fab-40", 2),
        ("many-well --set dim=8", 8),
    ] {
        let line = format!("smc {target} --particles 1000 --keep-particles");
        let temp = tempfile::tempdir().unwrap();
        let output = run(temp.path(), &format!("{line} --quiet --out run"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let found: u64 = list(temp.path()).values().sum();
        let told = |line: &str| settings(line).disk_estimate(1000, dim);
        assert!(told(&line) >= found, "{line}: {found} written");
        let without = told(&line.replace(" --keep-particles", ""));
        let stages = 10 + (dim as u64).isqrt();
        let each = 1000 * (dim as u64 + 2) * 8;
        assert_eq!(told(&line) - without, stages * each);
    }
}

/// Draws that are read back are held twice for a while: besides what the run takes in the end only where it adds fewer.
#[test]
fn draws_read_back_are_counted_twice() {
    let settings = settings("sample gaussian --draws 1000 --thin 10");
    // A hundred draws of ten coordinates and seven numbers that moves tell.
    let all = 100 * 50 * 17 * 8;
    for (read_back, besides) in [
        (0, 0),
        (all / 4, 0),
        (all / 2, 0),
        (all / 4 * 3, all / 2),
        (all, all),
        (u64::MAX, u64::MAX),
    ] {
        assert_eq!(settings.read_back_estimate(50, 10, read_back), besides);
    }
}

#[test]
fn nothing_is_written_without_a_folder() {
    let settings = settings("sample gaussian --draws 1e9 --no-save");
    assert_eq!(settings.disk_estimate(1 << 30, 1 << 10), 0);
}

/// Refused below what is needed and not above, by the option that decides.
#[test]
fn a_full_disk_is_told_before() {
    let place = Path::new("/data");
    for (line, field) in [
        ("sample gaussian --draws 1000", "--draws = 1000"),
        ("sample gaussian --steps 1000", "--particles = 1000"),
        ("smc gaussian", "--particles = 1000"),
        ("smc gaussian --keep-particles", "--particles = 1000"),
        ("diffuse grid-9", "--particles = 1000"),
    ] {
        let settings = settings(line);
        let needed = settings.disk_estimate(1000, 10);
        assert!(settings.check_disk_of(1000, 10, needed, place).is_ok());
        let error = settings
            .check_disk_of(1000, 10, needed - 1, place)
            .unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let said = error.to_string();
        for word in [
            field,
            "must fit the disk",
            "MB needed",
            "MB free on that of /data",
        ] {
            assert!(said.contains(word), "{word} not in {said}");
        }
    }
    // No number is too large to be counted.
    let endless = settings("sample gaussian --draws 1e12");
    assert_eq!(endless.disk_estimate(1 << 36, 1_000_000), u64::MAX);
    assert!(
        endless
            .check_disk_of(1 << 36, 1_000_000, u64::MAX - 1, place)
            .is_err()
    );
}

/// A run whose draws fit the memory and not the disk: there is one where a file system is small enough.
#[test]
fn a_run_that_does_not_fit_is_refused_for_real() {
    let memory = driftlane::record::manifest::available_memory().unwrap_or(0);
    let temp = tempfile::tempdir().unwrap();
    let of = |draws: u64| {
        format!("sample gaussian --set dim=1000 --particles 1000 --time-limit 1ms --draws {draws}")
    };
    let fitting = |folder: &Path| {
        // One that may not be written to is refused for that.
        tempfile::tempfile_in(folder).ok()?;
        let free = driftlane::disk::free(folder)?;
        // Draws take twice their memory on the disk; a million numbers a draw.
        let draws = (free / 8_000_000).max(1);
        // Half as much again, of which other processes may take some meanwhile.
        let needed = settings(&of(draws)).memory_estimate(1000, 1000);
        (needed + needed / 2 < memory).then_some(draws)
    };
    let places = [
        temp.path(),
        Path::new("/dev/shm"),
        Path::new("/run/shm"),
        Path::new("/boot"),
    ];
    let Some((place, draws)) = places.iter().find_map(|p| Some((p, fitting(p)?))) else {
        return;
    };
    let out = place.join(format!("driftlane-{}", std::process::id()));
    for end in ["", " --dry-run", " --force"] {
        let line = format!("{} --out {}{end}", of(draws), out.display());
        let output = run(temp.path(), &line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        for word in [
            &format!("--draws = {draws}"),
            "must fit the disk",
            " needed",
            " free",
        ] {
            assert!(said.contains(word), "{word} not in {said}");
        }
        assert!(output.stdout.is_empty() && !out.exists());
    }
}

#[test]
fn a_dry_run_tells_both_sizes() {
    let temp = tempfile::tempdir().unwrap();
    let line = "sample gaussian --set dim=10 --particles 1000 --draws 1000 --dry-run";
    let output = run(temp.path(), line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("driftlane: about "), "{said}");
    assert!(
        said.contains(" MB of memory and ") && said.ends_with(" MB of disk\n"),
        "{said}"
    );
    let quiet = run(temp.path(), &format!("{line} --quiet"));
    assert!(quiet.stderr.is_empty());
    // Apart from that line, what is printed is the same.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let quiet = String::from_utf8_lossy(&quiet.stdout).replace("quiet = true", "quiet = false");
    assert_eq!(text, quiet);
}
