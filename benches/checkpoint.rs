//! What a checkpoint costs the run that writes it: a million particles in ten dimensions, `f64`, two threads, for ULA
//! (80 MB) and HMC (184 MB), one every ten seconds of computing.
//!
//! Two figures each: the wait of the run for one checkpoint, that is all but the way to the disk, and seconds of a run
//! of a minute with six of them over one with none, in turn, least of three. `--quick` leaves the minutes out.
//!
//! Goal: below 1% of the run.

mod common;

use driftlane::flow::Advance;
use driftlane::kernels::F64;
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleRun};
use driftlane::record::generations::Generations;
use driftlane::target::library::Gaussian;
use std::path::Path;
use std::time::{Duration, Instant};

const GOAL: f64 = 0.01;
const EVERY: Duration = Duration::from_secs(10);
const PARTICLES: usize = 1_000_000;

fn settings<'a>(target: &'a Gaussian, kind: MoveKind, moves: usize) -> Sample<'a> {
    let mover = MoveSettings {
        kind,
        step_size: Some(0.1),
        ..MoveSettings::default()
    };
    Sample::new(target)
        .particles(PARTICLES)
        .mover(mover)
        .warmup(0)
        .steps(moves)
}

/// Seconds of a run, with checkpoints in `folder` or none, and how many there were.
fn run(sample: &Sample<'_>, folder: Option<&Path>) -> (f64, usize) {
    let start = Instant::now();
    let mut run = SampleRun::<F64>::begin(sample).expect("valid settings");
    let mut generations = folder.map(|folder| Generations::new(folder, None));
    let mut last = Instant::now();
    let mut written = 0;
    loop {
        let due = folder.is_some();
        let pause = || due && last.elapsed() >= EVERY;
        let end = run.advance(&mut |_| {}, &pause).expect("no divergence");
        if end == Advance::Finished {
            break;
        }
        if let Some(generations) = generations.as_mut().filter(|_| pause()) {
            generations.write(|out| run.save(0, out)).expect("written");
            last = Instant::now();
            written += 1;
        }
    }
    if let Some(generations) = &mut generations {
        generations.settle().expect("written");
    }
    (start.elapsed().as_secs_f64(), written)
}

/// Seconds of waiting for one checkpoint, the least of five.
fn wait(sample: &Sample<'_>, folder: &Path) -> f64 {
    let run = SampleRun::<F64>::begin(sample).expect("valid settings");
    let mut generations = Generations::new(folder, None);
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        generations.write(|out| run.save(0, out)).expect("written");
        least = least.min(start.elapsed().as_secs_f64());
        generations.settle().expect("written");
    }
    least
}

fn main() {
    common::require_fast_build();
    if !common::measuring() {
        return;
    }
    let quick = std::env::args().any(|a| a == "--quick");
    let target = Gaussian::isotropic(vec![0.0; 10], 1.0).expect("valid");
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let pool = common::pool(2);
    for (name, kind, moves) in [("ula", MoveKind::Ula, 640), ("hmc", MoveKind::Hmc, 32)] {
        let sample = settings(&target, kind, moves);
        let share = wait(&sample, folder.path()) / EVERY.as_secs_f64();
        println!(
            "{name}: waiting is {:.2}% of ten seconds (goal {}%)",
            100.0 * share,
            100.0 * GOAL
        );
        if quick {
            continue;
        }
        let (seconds, _) = pool.install(|| run(&sample, None));
        let minute = (moves as f64 * 60.0 / seconds) as usize;
        let sample = settings(&target, kind, minute);
        let (mut with, mut without, mut count) = (f64::INFINITY, f64::INFINITY, 0);
        for _ in 0..3 {
            let (seconds, written) = pool.install(|| run(&sample, Some(folder.path())));
            (with, count) = (with.min(seconds), written);
            without = without.min(pool.install(|| run(&sample, None)).0);
        }
        println!(
            "{name}: {with:.2} s with {count} checkpoints, {without:.2} s without: {:+.2}% (goal {}%)",
            100.0 * (with / without - 1.0),
            100.0 * GOAL
        );
    }
}
