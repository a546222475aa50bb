//! Killed with SIGKILL at random times, resumed, killed again, resumed to the end.
//!
//! `DRIFTLANE_KILLS=200 cargo test --test survival kills` makes 200 kills instead of 20.

use super::signals::awaited;
use super::{FAMILIES, Uniforms, assert_clean, assert_same, ok, program, results, undisturbed};
use driftlane::cli::{HEAD, Head};
use driftlane::record::generations::{NAMES, newest};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// Starts `line`, kills it after `seconds`; whether it was still running.
fn killed(folder: &Path, line: &str, seconds: f64) -> bool {
    killed_after(folder, line, || true, seconds)
}

/// Starts `line`, kills it `seconds` after `reached` held; whether it was still running.
pub fn killed_after(folder: &Path, line: &str, reached: impl Fn() -> bool, seconds: f64) -> bool {
    let mut child = program(folder)
        .args(line.split_whitespace())
        .spawn()
        .unwrap();
    awaited(&mut child, reached);
    sleep(Duration::from_secs_f64(seconds));
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Particle-steps that the newest checkpoint of a folder holds.
fn particle_steps(folder: &Path) -> u64 {
    let found = newest(folder).unwrap();
    let head = found.map(|mut found| found.checkpoint.get::<Head>(HEAD).unwrap());
    head.map_or(0, |head| head.particle_steps)
}

/// Whether there is a checkpoint of a run on its way.
fn on_its_way(folder: &Path) -> bool {
    folder.join(NAMES[0]).exists() && particle_steps(folder) > 0
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let kills: usize = std::env::var("DRIFTLANE_KILLS").map_or(20, |n| n.parse().unwrap());
    let mut uniforms = Uniforms(11);
    let mut made = 0;
    let mut round = 0;
    // Runs that were resumed from somewhere on their way.
    let mut kept = 0;
    // More kills where too few came after a checkpoint.
    let enough =
        |made: usize, kept: usize| made >= kills && (kept * 6 >= kills || made >= 3 * kills);
    while !enough(made, kept) {
        for (name, line) in FAMILIES {
            if enough(made, kept) {
                break;
            }
            let temp = tempfile::tempdir().unwrap();
            let (wanted, seconds) = undisturbed(temp.path(), line);
            let run = format!(
                "{line} --quiet --out killed --checkpoint-every {}ms",
                2 + 9 * round
            );
            let folder = temp.path().join("killed");
            // At any moment, or at any after there is a checkpoint to go on from: that comes late where disks are slow.
            let late = 3 * kept <= made;
            let reached = || !late || on_its_way(&folder);
            let after = seconds * uniforms.next() * if late { 0.3 } else { 1.0 };
            let mut alive = killed_after(temp.path(), &run, reached, after);
            made += usize::from(alive);
            // Before its folder appears there is nothing to resume.
            if !folder.exists() {
                continue;
            }
            while alive && uniforms.next() < 0.6 && made < kills {
                let threads = 1 + (uniforms.next() * 3.0) as usize;
                let resume =
                    format!("resume killed --quiet --threads {threads} --checkpoint-every 5ms");
                alive = killed(temp.path(), &resume, seconds * uniforms.next());
                made += usize::from(alive);
            }
            kept += usize::from(particle_steps(&folder) > 0);
            ok(temp.path(), "resume killed --quiet --threads 2");
            assert_same(name, &results(&folder), &wanted);
            assert_clean(&folder);
        }
        round += 1;
    }
    println!("{made} kills, {kept} runs resumed from a checkpoint on their way");
    assert!(kept * 6 >= kills, "{kept} runs had a checkpoint");
}
