//! What a checkpoint costs the run that writes it: a million particles in ten dimensions, `f64`, two threads, for ULA
//! (80 MB) and HMC (184 MB).
//!
//! Two figures each: the wait of the run for one checkpoint, that is all but the way to the disk, and what a whole
//! checkpoint adds to a run, both as shares of ten seconds. Six of them in a minute add less than minutes differ among
//! themselves; so one is written every second, runs of twelve seconds with and without them take turns, and what they
//! add is divided by their number. `--quick` leaves these runs out.
//!
//! Goal: below 1% of a run that writes one every ten seconds.

mod common;

use driftlane::flow::Advance;
use driftlane::kernels::F64;
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleRun};
use driftlane::record::generations::Generations;
use driftlane::target::library::Gaussian;
use std::path::Path;
use std::time::{Duration, Instant};

const GOAL: f64 = 0.01;
/// Seconds that a checkpoint is to be a share of.
const CADENCE: f64 = 10.0;
/// How far apart they are here.
const EVERY: Duration = Duration::from_secs(1);
/// Seconds of a run, and how many pairs of runs.
const LENGTH: f64 = 12.0;
const PAIRS: usize = 4;
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
        let share = wait(&sample, folder.path()) / CADENCE;
        println!(
            "{name}: waiting is {:.2}% of ten seconds (goal {}%)",
            100.0 * share,
            100.0 * GOAL
        );
        if quick {
            continue;
        }
        let (seconds, _) = pool.install(|| run(&sample, None));
        let sample = settings(&target, kind, (moves as f64 * LENGTH / seconds) as usize);
        let mut costs = Vec::new();
        for pair in 0..PAIRS {
            // In turn, and which is first by turns too.
            let with = || pool.install(|| run(&sample, Some(folder.path())));
            let without = || pool.install(|| run(&sample, None)).0;
            let ((with, count), without) = match pair % 2 {
                0 => (with(), without()),
                _ => {
                    let without = without();
                    (with(), without)
                }
            };
            costs.push((with - without) / count as f64);
        }
        let mean = costs.iter().sum::<f64>() / PAIRS as f64;
        let square: f64 = costs.iter().map(|c| (c - mean) * (c - mean)).sum();
        let se = (square / ((PAIRS - 1) * PAIRS) as f64).sqrt();
        println!(
            "{name}: a checkpoint costs {:.0} +- {:.0} ms, {:.2}% of ten seconds (goal {}%)",
            1e3 * mean,
            1e3 * se,
            100.0 * mean / CADENCE,
            100.0 * GOAL
        );
    }
}
