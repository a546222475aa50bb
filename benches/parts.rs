//! Whole moves against the sum of their parts, each part alone in a loop over tiles that stay in L1: noise,
//! gradient, updates (with
//! the cheapest noise there is, a bit a particle); of HMC also energies and the decision. One thread.
//!
//! Goals: BAOAB and HMC on N(0, I) in 32 dimensions within 20% of their parts; MALA inside tempered SMC on
//! the eight Gaussians at 80% of ULA's particle-steps in the same precision. What is measured on top of the
//! parts is loads and stores of the population, tallies and moments.
//!
//! Measured (2 cores of an AMD EPYC with AVX-512, 2.6 GHz): BAOAB 1.05 and 1.07; HMC 1.17 in f64 and 1.30 in
//! f32, where a step of 0.07 ns moves nine rows of 8 KiB a tile through a first-level cache of 48 KiB, and the
//! parts alone keep to three; MALA in SMC 0.40 in f64 and 0.17 in f32 of ULA. Of f64's 5.2 ns ULA's own
//! gradient and noise are 2.1; by profile the density beside the gradient, the reference's density and gradient,
//! an exponential, a uniform and the decision come to about 1.2, so a move alone stays below 0.7; the rest is
//! ladder, weights and resampling every 20 moves. In f32 densities stay double, which alone is twice ULA's 0.85 ns.

mod common;

use common::{Times, measure};
use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;
use driftlane::integrator::{Leapfrog, draw_momentum, kinetic_energy, scheme};
use driftlane::kernels::rng::{Purpose, Stream, TwoPoint};
use driftlane::kernels::step::splitting::{Coefficients, Piece, pass};
use driftlane::kernels::tile::{Row, particles_per_tile};
use driftlane::kernels::{F32, F64, Lane};
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, Start};
use driftlane::smc::Smc;
use driftlane::target::library::Gaussian;
use driftlane::target::library::mixture::eight_gaussians;
use driftlane::target::{BlockTarget, Precision};
use std::hint::black_box;

const DIM: usize = 32;
const PARTICLES: usize = 8192;
const STEPS: usize = 200;

fn baoab<R: Precision>(target: &dyn BlockTarget) {
    let mover = MoveSettings {
        kind: MoveKind::Dynamics(scheme("baoab").expect("a scheme")),
        step_size: Some(0.1),
        ..MoveSettings::default()
    };
    let sample = Sample::new(target).particles(PARTICLES).mover(mover);
    let sample = sample.start(Start::Exact).warmup(0).steps(STEPS);
    let result = sample.run_in::<R>(&mut |_| {}).expect("valid settings");
    assert_eq!(result.totals.nan, 0);
}

fn hmc<R: Precision>(target: &dyn BlockTarget, moves: usize) {
    let mover = MoveSettings {
        kind: MoveKind::Hmc,
        step_size: Some(0.3),
        jitter: Some(0.0),
        ..MoveSettings::default()
    };
    let sample = Sample::new(target).particles(PARTICLES).mover(mover);
    let sample = sample.start(Start::Exact).warmup(0).steps(moves);
    let result = sample.run_in::<R>(&mut |_| {}).expect("valid settings");
    assert!(result.acceptance.is_some_and(|a| a > 0.5));
}

/// A tile's rows that stay in L1.
struct TileRows<R: Precision> {
    x: Vec<Row<R>>,
    p: Vec<Row<R>>,
    grad: Vec<Row<R>>,
    wide: Vec<Row<F64>>,
    energy: Vec<Row<F64>>,
    stream: Stream,
}

impl<R: Precision> TileRows<R> {
    fn new() -> Self {
        let mut stream = Stream::new(1, Purpose::Move, 0, 0);
        let mut normals = || {
            (0..DIM)
                .map(|_| stream.normal_row::<R>())
                .collect::<Vec<_>>()
        };
        Self {
            x: normals(),
            p: normals(),
            grad: normals(),
            wide: vec![Row::zero(); DIM],
            energy: vec![Row::zero(); 2],
            stream,
        }
    }
}

/// Seconds of `work` on as many tiles as a run visits.
fn part<R: Precision>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    repeats: usize,
    mut work: impl FnMut(&mut TileRows<R>),
) -> f64 {
    let calls = PARTICLES / particles_per_tile::<R>() * repeats;
    let mut tile = TileRows::<R>::new();
    let elements = (PARTICLES * DIM * repeats) as u64;
    let times = measure(
        group,
        &format!("{name} {}", R::NAME),
        elements,
        None,
        || {
            for _ in 0..calls {
                work(black_box(&mut tile));
            }
        },
    );
    times.least
}

fn noise<R: Precision>(tile: &mut TileRows<R>) {
    for p in &mut tile.p {
        *p = tile.stream.normal_row::<R>();
    }
}

fn updates<R: Precision>(tile: &mut TileRows<R>, pieces: &[Piece]) {
    let mut coefficients = Coefficients::of_length(Row::<R>::splat(black_box(0.01)));
    coefficients.decay = Row::splat(0.9);
    let table = [coefficients; 4];
    let ones = [<R::Scalar as driftlane::kernels::Scalar>::from_f64(1.0); DIM];
    pass(
        pieces,
        &table[..pieces.len()],
        (&mut tile.x, &mut tile.p),
        &tile.grad,
        (&ones, &ones),
        &mut TwoPoint(&mut tile.stream),
    );
}

fn verdict(name: &str, whole: Times, parts: f64) {
    if whole.least.is_finite() && parts.is_finite() {
        let ratio = whole.least / parts;
        let verdict = if ratio <= 1.2 { "reached" } else { "MISSED" };
        println!("  {name}: {ratio:.2} of the sum of its parts; goal 1.20: {verdict}");
    }
}

fn against_parts<R: Precision>(group: &mut BenchmarkGroup<'_, WallTime>, target: &dyn BlockTarget) {
    use Piece::{A, B, O};
    let pool = common::pool(1);
    let elements = (PARTICLES * DIM * STEPS) as u64;
    let name = format!("baoab {}", R::NAME);
    let whole = measure(group, &name, elements, None, || {
        pool.install(|| baoab::<R>(target));
    });
    let gradient = |tile: &mut TileRows<R>| R::gradient(target, &tile.x, &mut tile.grad);
    let parts = part::<R>(group, "noise", STEPS, noise)
        + part::<R>(group, "gradient", STEPS, gradient)
        + part::<R>(group, "updates baoab", STEPS, |tile| {
            updates(tile, &[B, A, O, A])
        });
    verdict(&name, whole, parts);

    // Starts and moments are paid once a run, not once a trajectory.
    let (moves, steps) = (STEPS / 2, 10);
    let elements = (PARTICLES * DIM * moves * steps) as u64;
    let name = format!("hmc {}", R::NAME);
    let whole = measure(group, &name, elements, None, || {
        pool.install(|| hmc::<R>(target, moves));
    });
    let leapfrog = Leapfrog::new(vec![1.0; DIM]);
    let parts = part::<R>(group, "gradient hmc", moves * steps, gradient)
        + part::<R>(group, "updates leapfrog", moves * steps, |tile| {
            updates(tile, &[B, A])
        })
        + part::<R>(group, "momenta", moves, |tile| {
            draw_momentum(&leapfrog, &mut tile.stream, &mut tile.p);
        })
        + part::<R>(group, "kinetic energy", 2 * moves, |tile| {
            kinetic_energy(&leapfrog, &tile.p, &mut tile.energy[..R::WIDTH / 8]);
        })
        + part::<R>(group, "density", moves, |tile| {
            for part in 0..R::WIDTH / 8 {
                R::widen_part(&tile.x, part, &mut tile.wide);
                target.log_density(&tile.wide, &mut tile.energy[..1]);
            }
        })
        + part::<R>(group, "decision", moves, |tile| {
            let u = tile.stream.uniform_row::<R>();
            let accept = u.lt(black_box(tile.p[0]).min(Row::zero()).exp());
            for (x, new) in tile.x.iter_mut().zip(&tile.grad) {
                *x = Row::select(accept, *new, *x);
            }
        });
    verdict(&name, whole, parts);
}

/// Particle-steps a second of ULA, and of MALA inside tempered SMC.
fn mala_in_smc<R: Precision>(group: &mut BenchmarkGroup<'_, WallTime>) {
    const MANY: usize = 65_536;
    let target = eight_gaussians();
    let pool = common::pool(2);
    let settings = |kind| MoveSettings {
        kind,
        step_size: (kind == MoveKind::Ula).then_some(0.01),
        ..MoveSettings::default()
    };
    let ula = Sample::new(&target)
        .particles(MANY)
        .mover(settings(MoveKind::Ula));
    let ula = ula.start(Start::Exact).warmup(0).steps(STEPS);
    let name = format!("ula eight-gaussians {}", R::NAME);
    let steps = (MANY * STEPS) as u64;
    let plain = measure(group, &name, steps, None, || {
        pool.install(|| ula.run_in::<R>(&mut |_| {}).expect("valid settings"));
    });
    let smc = Smc::new(&target)
        .particles(MANY)
        .mover(settings(MoveKind::Mala));
    let smc = smc.moves_per_stage(20);
    let run = || pool.install(|| smc.run_in::<R>(&mut |_, _| {}).expect("valid settings"));
    let moves = run().totals.moves;
    let name = format!("mala in smc {}", R::NAME);
    let tempered = measure(group, &name, moves, None, || {
        black_box(run());
    });
    let share = (plain.least / steps as f64) / (tempered.least / moves as f64);
    if share.is_finite() {
        let verdict = if share >= 0.8 { "reached" } else { "MISSED" };
        println!("  {name}: {share:.2} of ULA's particle-steps; goal 0.80: {verdict}");
    }
}

fn main() {
    common::require_fast_build();
    let mut criterion = common::criterion();
    let gaussian = Gaussian::isotropic(vec![0.0; DIM], 1.0).expect("valid");
    let mut group = criterion.benchmark_group("parts");
    against_parts::<F32>(&mut group, &gaussian);
    against_parts::<F64>(&mut group, &gaussian);
    mala_in_smc::<F64>(&mut group);
    mala_in_smc::<F32>(&mut group);
    group.finish();
    criterion.final_summary();
}
