//! What runs take of memory: no more than 1.3 times the channels they declare and one more, whatever the number of
//! steps; and what is told before the run is true.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::process::Command;

/// On every machine: a kernel may count pages on every core and tell of them late.
const THREADS: [&str; 2] = ["--threads", "4"];

/// The most memory that a run held, in bytes. It is read once the results are written, when the run waits at a pipe that
/// is full: nothing that comes later is missed, however seldom this process is given the time to look.
fn peak(line: &str) -> f64 {
    let temp = tempfile::tempdir().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // More than a pipe holds.
    let full = std::thread::spawn(move || filler.write_all(&[0; 1 << 21]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_driftlane"))
        .current_dir(temp.path())
        .args(line.split_whitespace())
        .args(["--quiet", "--out", "run"])
        .args(THREADS)
        .stdout(writer)
        .spawn()
        .unwrap();
    let finished = || {
        let status = std::fs::read_to_string(temp.path().join("run/status.json"));
        status.is_ok_and(|status| status.contains("\"finished\""))
    };
    while !finished() {
        assert_eq!(child.try_wait().unwrap(), None, "{line}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let of_line = |line: &str| -> Option<f64> {
        let number = line.strip_prefix("VmHWM:")?.trim().split(' ').next()?;
        number.parse().ok()
    };
    let kib = text.lines().find_map(of_line).unwrap();
    reader.read_to_end(&mut Vec::new()).unwrap();
    full.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success(), "{line}");
    1024.0 * kib
}

/// What the program says that it takes.
fn told(line: &str) -> f64 {
    let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
        .args(line.split_whitespace())
        .args(THREADS)
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
