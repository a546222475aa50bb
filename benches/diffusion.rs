//! Diffusion solvers: the combination of registers against the copy peak, and whole runs against their denoiser.
//!
//! Goals: `dpmpp-2m` with 20 calls on a 25-component mixture in the plane, a million particles in f32, two threads:
//! the solver's own passes under 10% of the time; 30 times JAX (jit, whole loop compiled:
//! `benches/peers/jax_diffusion.py`). An element of a run is a particle's call; of a combination, a number of the
//! sum, over arrays of 64 MiB that no cache holds.

mod common;

use common::{Goal, Times, measure};
use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;
use driftlane::diffusion::solver::{Options, Setup, find};
use driftlane::diffusion::{Diffuse, Grid, Operation, Program, Schedule, diffuse};
use driftlane::kernels::step::combination::{Term, combine};
use driftlane::kernels::tile::{Row, particles_per_tile};
use driftlane::kernels::{F32, F64, Lane, Scalar as _};
use driftlane::target::library::{Gaussian, Mixture};
use driftlane::target::{BlockTarget, BoxedDenoiser, Precision};
use rayon::prelude::*;
use std::hint::black_box;

const PARTICLES: usize = 1_000_000;
const CALLS: usize = 20;
/// JAX 0.10.2 on 2 cores of an AMD EPYC with AVX-512 made 1.68e7 particle-calls a second.
const GOAL: Goal = Goal {
    nanoseconds: 1e9 / (30.0 * 1.68e7),
    source: "30 x JAX",
};

/// 25 modes on a lattice of spacing 2, sd 0.1.
fn mixture() -> Mixture {
    let place = |k: usize| vec![(k % 5) as f64 * 2.0 - 4.0, (k / 5) as f64 * 2.0 - 4.0];
    Mixture::isotropic(vec![1.0; 25], (0..25).map(place).collect(), vec![0.1; 25]).expect("valid")
}

fn program(name: &str, calls: usize) -> Program {
    let schedule = Schedule::from_name("vp-linear").expect("a schedule");
    let mut nodes = Grid::LogSnr.nodes(&schedule, calls - 1).expect("valid");
    nodes.push(schedule.of_noise_level(0.0).expect("valid"));
    let setup = Setup {
        nodes: &nodes,
        schedule: &schedule,
        options: &Options::default(),
    };
    let solver = find(name).expect("a solver");
    solver.program(&setup).expect("valid")
}

/// Bytes a second of sums of `M` streams, one thread.
fn combination<R: Precision>(group: &mut BenchmarkGroup<'_, WallTime>, streams: usize, peak: f64) {
    let rows = (64 << 20) / size_of::<Row<R>>();
    let arrays: Vec<Vec<Row<R>>> = (0..streams)
        .map(|k| vec![Row::splat(k as f64 + 0.5); rows])
        .collect();
    let mut sum = vec![Row::<R>::zero(); rows];
    let terms: Vec<Term<'_, Row<R>>> = arrays
        .iter()
        .map(|array| (&array[..], R::Scalar::from_f64(black_box(0.3))))
        .collect();
    let numbers = (rows * particles_per_tile::<R>()) as u64;
    let name = format!("combination of {streams} {}", R::NAME);
    let times = measure(group, &name, numbers, None, || {
        // Tile by tile, as a step has them: 16 rows are a tile of 16 coordinates.
        for (k, sum) in sum.chunks_exact_mut(16).enumerate() {
            let at = 16 * k..16 * (k + 1);
            let mut local = [terms[0]; 8];
            for (slot, (array, c)) in local.iter_mut().zip(&terms) {
                *slot = (&array[at.clone()], *c);
            }
            combine(&local[..streams], sum);
        }
        black_box(&mut sum);
    });
    if times.least.is_finite() {
        // Every stream is read and the sum written. A copy's stores bypass the caches; these, which are to
        // stay in them, read their lines first: streams + 2 rows move, and the peak is out of reach.
        let bytes = ((streams + 1) * rows * size_of::<Row<R>>()) as f64;
        let rate = bytes / times.least;
        println!(
            "  {name}: {:.1} GB/s, {:.0}% of the copy peak",
            rate / 1e9,
            100.0 * rate / peak
        );
    }
}

/// Every call of a program on as many tiles as a run visits, each tile's position in L1.
fn denoiser_alone<R: Precision>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    solver: &str,
    target: &Mixture,
    program: &Program,
    pool: &rayon::ThreadPool,
) -> Times {
    let calls: Vec<BoxedDenoiser> = program
        .operations()
        .filter_map(|operation| match operation {
            Operation::Evaluate { at, prediction, .. } => {
                target.denoiser(at.alpha, at.sigma, *prediction)
            }
            _ => None,
        })
        .collect();
    let tiles = PARTICLES.div_ceil(particles_per_tile::<R>());
    let name = format!("denoiser of {solver} {}", R::NAME);
    let elements = (PARTICLES * CALLS) as u64;
    measure(group, &name, elements, None, || {
        pool.install(|| {
            (0..64usize).into_par_iter().for_each(|part| {
                let mut x = vec![Row::<R>::splat(black_box(0.7)); 2];
                let mut prediction = vec![Row::<R>::zero(); 2];
                for _ in tiles * part / 64..tiles * (part + 1) / 64 {
                    for call in &calls {
                        R::predict(&**call, black_box(&x), &mut prediction);
                    }
                    x[0] = prediction[1];
                }
                black_box(&x);
            });
        });
    })
}

/// Seconds of a whole run.
fn whole<R: Precision>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    target: &dyn BlockTarget,
    program: &Program,
    pool: &rayon::ThreadPool,
    goal: Option<Goal>,
) -> f64 {
    let settings = Diffuse::new(PARTICLES, 1);
    let name = format!("{name} {} x{}", R::NAME, pool.current_num_threads());
    let elements = (PARTICLES * program.calls()) as u64;
    let times = measure(group, &name, elements, goal, || {
        pool.install(|| {
            let result = diffuse::<R>(target, program, &settings, &mut |_| {});
            assert_eq!(black_box(result.expect("a denoiser")).nonfinite, 0);
        });
    });
    times.least
}

/// A solver on the mixture, and what its own passes are of it: what twenty calls more cost on N(0, I), whose
/// denoiser is one fused multiply-add a coordinate (and counted here to the passes).
fn run<R: Precision>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    solver: &str,
    pool: &rayon::ThreadPool,
    goal: Option<Goal>,
) {
    let target = mixture();
    let normal = Gaussian::isotropic(vec![0.0; 2], 1.0).expect("valid");
    let (short, long) = (program(solver, CALLS), program(solver, 2 * CALLS));
    let seconds = whole::<R>(group, solver, &target, &short, pool, goal);
    denoiser_alone::<R>(group, solver, &target, &short, pool);
    let name = format!("{solver} on N(0, I), {CALLS} calls,");
    let few = whole::<R>(group, &name, &normal, &short, pool, None);
    let name = format!("{solver} on N(0, I), {} calls,", 2 * CALLS);
    let many = whole::<R>(group, &name, &normal, &long, pool, None);
    let share = (many - few) / seconds;
    if share.is_finite() {
        let verdict = if share < 0.1 { "reached" } else { "MISSED" };
        println!(
            "  {solver} {}: passes {:.1}% of the time; goal 10%: {verdict}",
            R::NAME,
            100.0 * share
        );
    }
}

fn main() {
    common::require_fast_build();
    let mut criterion = common::criterion();
    let mut group = criterion.benchmark_group("diffusion");
    let peak = common::copy_bandwidth(1);
    for streams in 2..=6 {
        combination::<F32>(&mut group, streams, peak);
        combination::<F64>(&mut group, streams, peak);
    }
    let pool = common::pool(2);
    run::<F32>(&mut group, "dpmpp-2m", &pool, Some(GOAL));
    run::<F64>(&mut group, "dpmpp-2m", &pool, None);
    run::<F32>(&mut group, "sde-dpmpp-2m", &pool, None);
    group.finish();
    criterion.final_summary();
}
