//! Runs that are killed, stopped, or run out of disk: what is left must be whole, and the run that goes on from it must
//! end with the bytes of one that was never stopped.
#![cfg(unix)]

mod faults;
mod kills;
mod leftovers;
mod lengthened;
mod locked;
mod signals;
mod torn;
mod verified;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// One run of every family of samplers: a fraction of a second each.
const FAMILIES: [(&str, &str); 26] = [
    (
        "ghmc",
        "sample gaussian --set dim=4 --sampler ghmc --particles 4000 --warmup 100 --draws 100",
    ),
    (
        "adjusted-mclmc",
        "sample gaussian --set dim=6 --sampler adjusted-mclmc --particles 1500 --warmup 60 --draws 60",
    ),
    (
        "barker",
        "sample grid-9 --sampler barker --particles 3000 --warmup 100 --draws 150",
    ),
    (
        "pcn",
        "smc gaussian --set dim=3 --particles 6000 --move pcn --moves-per-stage 30",
    ),
    (
        "elliptical-slice",
        "smc gaussian --set dim=3 --particles 4000 --move elliptical-slice --moves-per-stage 10",
    ),
    (
        "smc-fisher",
        "smc phi4 --set n=8 --particles 3000 --mass fisher --moves-per-stage 6",
    ),
    (
        "diffuse-restart",
        "diffuse grid-25 --solver restart --restart 6,3,0.5,2 --steps 100 --particles 4000",
    ),
    (
        "ula",
        "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 20000 --steps 1000",
    ),
    (
        "ula-f32",
        "sample eight-gaussians --sampler ula --step-size 0.01 --particles 50000 --steps 640 --precision f32",
    ),
    (
        "underdamped",
        "sample gaussian --set dim=5 --sampler underdamped --step-size 0.1 --particles 9000 --steps 600",
    ),
    (
        "mclmc",
        "sample gaussian --set dim=5 --sampler mclmc --step-size 0.1 --particles 5000 --draws 90",
    ),
    (
        "hmc",
        "sample fab-40 --sampler hmc --particles 1500 --warmup 120 --draws 200 --thin 4",
    ),
    (
        "hmc-chees",
        "sample gaussian --set dim=4 --sampler hmc --leapfrog-steps auto --mass fisher --particles 1000 --warmup 80 --draws 60",
    ),
    (
        "mala-f32",
        "sample grid-9 --sampler mala --particles 3000 --warmup 100 --draws 150 --precision f32",
    ),
    (
        "rwmh",
        "sample funnel --set dim=5 --set variance=9 --sampler rwmh --particles 4000 --warmup 100 --draws 100",
    ),
    (
        "smc",
        "smc eight-gaussians --particles 6000 --moves-per-stage 20",
    ),
    (
        "smc-particles",
        "smc eight-gaussians --particles 3000 --moves-per-stage 20 --keep-particles",
    ),
    (
        "smc-auto",
        "smc many-well --set dim=4 --particles 4000 --moves-per-stage auto --move mala",
    ),
    (
        "smc-replicates",
        "smc grid-9 --particles 1000 --replicates 4 --resampler systematic",
    ),
    (
        "smc-islands",
        "smc grid-9 --particles 4000 --islands 5 --resample ess:0.5",
    ),
    (
        "waste-free",
        "smc eight-gaussians --particles 6000 --waste-free 20 --move rwmh",
    ),
    (
        "smc-modes",
        "smc eight-gaussians --particles 1500 --lag 3 --check-modes",
    ),
    (
        "diffuse",
        "diffuse grid-25 --solver unipc-3-bh2 --steps 200 --particles 6000",
    ),
    (
        "diffuse-noise",
        "diffuse grid-25 --solver sde-dpmpp-2m --steps 150 --particles 5000 --precision f32 --brownian-path",
    ),
    (
        "compare",
        "compare ddim,dpmpp-2m,sde-dpmpp-2m --on grid-9 --particles 800 --nfe 10:160",
    ),
    (
        "diffuse-adaptive",
        "diffuse grid-9 --solver dpm-adaptive-23 --particles 9000 --rtol 1e-4 --atol 1e-5",
    ),
];

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftlane"));
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What the program does with the words of `line`.
fn run(folder: &Path, line: &str) -> Output {
    program(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a line that must exit with 0 and say nothing of a panic.
fn ok(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert_eq!(output.status.code(), Some(0), "{line}: {}", errors(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a run computed: every array and text of its folder by name, clocks and machines left out.
fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, "", &mut found);
    found
}

/// Files that tell of time, of the machine, or of the way to the end.
const OF_THE_WAY: [&str; 9] = [
    "manifest.json",
    "status.json",
    "config.toml",
    "report.html",
    "record.json",
    "checkpoint",
    "checksums.json",
    // With the wall time of every row; their numbers are in compare.json too.
    "compare.csv",
    "compare.svg",
];

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if OF_THE_WAY.iter().any(|known| name.starts_with(known)) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), found);
            continue;
        }
        let mut bytes = fs::read(entry.path()).unwrap();
        if name.ends_with(".json") {
            bytes = without_clocks(&bytes);
        }
        found.insert(name, bytes);
    }
}

/// A JSON object without what differs from run to run.
fn without_clocks(bytes: &[u8]) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    scrub(&mut value);
    serde_json::to_vec(&value).unwrap()
}

fn scrub(value: &mut serde_json::Value) {
    if let Some(object) = value.as_object_mut() {
        for key in [
            "seconds",
            "cost",
            "particle_steps_per_second",
            "gradients_per_second",
            "out",
            "threads",
            "created_at",
        ] {
            object.remove(key);
        }
        object.values_mut().for_each(scrub);
    }
    if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(scrub);
    }
}

/// The results of a run that nobody disturbed, and the seconds it computed: what reading, flushing and writing take
/// is the disk's, and says nothing of when a run is on its way.
fn undisturbed(folder: &Path, line: &str) -> (BTreeMap<String, Vec<u8>>, f64) {
    ok(folder, &format!("{line} --quiet --out undisturbed"));
    let status = ok(folder, "status undisturbed --json");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let seconds = status["seconds"].as_f64().unwrap();
    (results(&folder.join("undisturbed")), seconds)
}

fn assert_same(name: &str, got: &BTreeMap<String, Vec<u8>>, wanted: &BTreeMap<String, Vec<u8>>) {
    let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<Vec<_>>();
    let (ours, theirs) = (names(got), names(wanted));
    let odd = |a: &[String], b: &[String]| a.iter().find(|name| !b.contains(name)).cloned();
    let odd = (odd(&ours, &theirs), odd(&theirs, &ours));
    assert_eq!(
        odd,
        (None, None),
        "{name}: {} files, {} wanted",
        ours.len(),
        theirs.len()
    );
    for (file, bytes) in wanted {
        assert!(
            got[file] == *bytes,
            "{name}: {file} differs from the undisturbed run's"
        );
    }
}

/// Nothing half-written is left in a folder.
fn assert_clean(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.contains(".partial-"), "{name} was left");
        if entry.file_type().unwrap().is_dir() {
            assert_clean(&entry.path());
        }
    }
}

/// Uniform numbers in [0, 1) without a clock: a linear congruential generator (Knuth, MMIX).
struct Uniforms(u64);

impl Uniforms {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
