//! What runs take of memory: no more than 1.3 times the channels they declare and one more, whatever the number of
//! steps; and what is told before the run is true.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

/// The most memory that a run held, in bytes.
fn peak(line: &str) -> f64 {
    let temp = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_driftlane"))
        .current_dir(temp.path())
        .args(line.split_whitespace())
        .args(["--quiet", "--out", "run"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0f64;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let of_line = |line: &str| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .split(' ')
                .next()?
                .parse()
                .ok()
        };
        most = text
            .lines()
            .find_map(of_line)
            .map_or(most, |kib: f64| 1024.0 * kib);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success(), "{line}");
    most
}

/// What the program says that it takes.
fn told(line: &str) -> f64 {
    let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
        .args(line.split_whitespace())
        .arg("--dry-run")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let (_, rest) = said.split_once("about ").unwrap();
    let mut words = rest.split(' ');
    let number: f64 = words.next().unwrap().parse().unwrap();
    number
        * match words.next().unwrap() {
            "kB" => 1e3,
            "MB" => 1e6,
            "GB" => 1e9,
            other => panic!("{other}: {said}"),
        }
}

#[test]
fn a_population_takes_its_channels_and_no_more() {
    const PARTICLES: usize = 400_000;
    // Channels of ten coordinates and of one double that each declares.
    for (line, vectors, doubles) in [
        (
            "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --steps 300",
            1,
            0,
        ),
        (
            "sample gaussian --set dim=10 --sampler baoab --step-size 0.1 --steps 100",
            3,
            0,
        ),
        (
            "sample gaussian --set dim=10 --sampler mala --step-size 0.1 --warmup 0 --steps 50",
            2,
            3,
        ),
        (
            "sample gaussian --set dim=10 --sampler hmc --step-size 0.1 --leapfrog-steps 5 --warmup 0 --steps 8",
            2,
            3,
        ),
        (
            "smc gaussian --set dim=10 --move mala --moves-per-stage 2",
            2,
            3,
        ),
        ("diffuse gaussian --set dim=10 --steps 10", 1, 0),
    ] {
        for (precision, word) in [("f64", 8), ("f32", 4)] {
            let line = format!("{line} --particles {PARTICLES} --precision {precision}");
            let channels = (vectors + 1) * 10 * word + doubles * 8;
            let bar = 1.3 * (PARTICLES * channels) as f64;
            let (peak, told) = (peak(&line), told(&line));
            println!(
                "{line}: {:.0} MB of {:.0}, {:.0} told",
                peak / 1e6,
                bar / 1e6,
                told / 1e6
            );
            assert!(peak <= bar, "{line}: {peak} bytes, the bar is {bar}");
            assert!(
                peak <= 1.05 * told,
                "{line}: {peak} bytes, {told} were told"
            );
            assert!(told <= 2.0 * peak, "{line}: {peak} bytes, {told} were told");
        }
    }
}

#[test]
fn kept_draws_take_what_is_told() {
    for line in [
        "sample gaussian --set dim=10 --particles 20000 --draws 50 --warmup 5",
        "sample gaussian --set dim=1 --sampler ula --step-size 0.1 --particles 20000 --draws 100",
        "sample gaussian --set dim=1 --sampler mala --particles 20000 --draws 100 --thin 2 --warmup 5",
    ] {
        let (peak, told) = (peak(line), told(line));
        println!("{line}: {:.0} MB, {:.0} told", peak / 1e6, told / 1e6);
        assert!(
            peak <= 1.05 * told,
            "{line}: {peak} bytes, {told} were told"
        );
        assert!(told <= 2.0 * peak, "{line}: {peak} bytes, {told} were told");
    }
}
