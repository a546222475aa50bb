//! Same seed, same bytes: for any number of threads, on any build, and whatever happens to a
//! neighbour.
//!
//! Results are compared by the FNV-1a hash of the bits of samples, moments and evidence. The golden
//! hashes below hold for builds for AVX-512 and for x86-64-v3 alike; a change of them is a change
//! of the numeric contract and belongs in the release notes. NaN is compared as NaN: its bits are
//! not part of the contract.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::flow::{Flow, Resampler, Resampling, Tally};
use driftlane::integrator::{Rule, Scratch};
use driftlane::kernels::rng::Stream;
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane};
use driftlane::mcmc::{Chains, Move, MoveKind, MoveSettings, Sample, Start, Ula, Work};
use driftlane::particles::{Population, Span};
use driftlane::smc::{Ladder, Smc, SmcResult};
use driftlane::target::library::mixture::eight_gaussians;
use driftlane::target::library::{Gaussian, ManyWell, Phi4};
use driftlane::target::{BlockTarget, Law, Path, Precision, Reference, Target};
use gates::{Gate, must_fail, must_pass, require};

/// FNV-1a over the bits of numbers, eight bytes each, lowest first.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
    fn add(mut self, values: &[f64]) -> Self {
        for value in values {
            let bits = if value.is_nan() {
                f64::NAN.to_bits() & !(1 << 63)
            } else {
                value.to_bits()
            };
            for byte in bits.to_le_bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        self
    }
}

fn hash_smc(run: &SmcResult) -> u64 {
    Fnv::new()
        .add(&run.samples.to_vec())
        .add(&run.log_evidences)
        .add(&[run.log_evidence, run.log_evidence_se.unwrap_or(-1.0)])
        .add(&run.temperatures)
        .add(&run.ess)
        .add(&run.acceptance)
        .add(&run.step_size)
        .add(&run.mean)
        .add(&run.sd)
        .0
}

fn correlated(dim: usize) -> Gaussian {
    let cov: Vec<Vec<f64>> = (0..dim)
        .map(|i| {
            (0..dim)
                .map(|j| if i == j { 1.0 + 0.1 * i as f64 } else { 0.3 })
                .collect()
        })
        .collect();
    Gaussian::full(vec![0.25; dim], &cov).unwrap()
}

fn smc<R: Precision>(kind: MoveKind, resampler: Resampler, resampling: Resampling) -> u64 {
    let target = ManyWell::new(6).unwrap();
    let mover = MoveSettings {
        kind,
        leapfrog_steps: 4,
        ..MoveSettings::default()
    };
    let run = Smc::new(&target)
        .particles(10_007)
        .seed(42)
        .mover(mover)
        .moves_per_stage(2)
        .resampler(resampler)
        .resampling(resampling)
        .run_in::<R>(&mut |_, _| {})
        .unwrap();
    hash_smc(&run)
}

fn sample<R: Precision>(kind: MoveKind, target: &dyn BlockTarget) -> u64 {
    let step_size = kind.scheme().map(|_| 0.05);
    let mover = MoveSettings {
        kind,
        step_size,
        leapfrog_steps: 4,
        ..MoveSettings::default()
    };
    let run = Sample::new(target)
        .particles(5003)
        .seed(7)
        .mover(mover)
        .warmup(20)
        .draws(3, 2)
        .run_in::<R>(&mut |_| {})
        .unwrap();
    Fnv::new()
        .add(&run.samples.to_vec())
        .add(&run.draws.as_ref().unwrap().positions)
        .add(&run.mean)
        .add(&run.sd)
        .add(&[run.step_size, run.acceptance.unwrap_or(-1.0)])
        .add(&run.r_hat)
        .add(&run.ess_bulk)
        .0
}

/// A name, the golden hash, and the run it belongs to.
type Case = (&'static str, u64, Box<dyn Fn() -> u64 + Send + Sync>);

fn cases() -> Vec<Case> {
    use MoveKind::{Hmc, Rwmh, Ula};
    use Resampler::{Multinomial, Systematic};
    let always = Resampling::Always;
    let due = Resampling::BelowEss(0.5);
    vec![
        (
            "smc hmc f64",
            GOLDEN[0],
            Box::new(move || smc::<F64>(Hmc, Multinomial, always)),
        ),
        (
            "smc hmc f32",
            GOLDEN[1],
            Box::new(move || smc::<F32>(Hmc, Systematic, due)),
        ),
        (
            "smc rwmh f64",
            GOLDEN[2],
            Box::new(move || smc::<F64>(Rwmh, Systematic, always)),
        ),
        (
            "smc rwmh f32",
            GOLDEN[3],
            Box::new(move || smc::<F32>(Rwmh, Multinomial, due)),
        ),
        (
            "chains ula f64",
            GOLDEN[4],
            Box::new(|| sample::<F64>(Ula, &eight_gaussians())),
        ),
        (
            "chains ula f32",
            GOLDEN[5],
            Box::new(|| sample::<F32>(Ula, &correlated(9))),
        ),
        (
            "chains hmc f64",
            GOLDEN[6],
            Box::new(|| sample::<F64>(Hmc, &correlated(7))),
        ),
        (
            "chains hmc f32",
            GOLDEN[7],
            Box::new(|| sample::<F32>(Hmc, &eight_gaussians())),
        ),
        (
            "chains baoab f64",
            GOLDEN[10],
            Box::new(|| sample::<F64>(langevin("baoab"), &correlated(7))),
        ),
        (
            "chains leimkuhler-matthews f32",
            GOLDEN[11],
            Box::new(|| sample::<F32>(langevin("leimkuhler-matthews"), &correlated(3))),
        ),
        (
            "chains underdamped-midpoint f32",
            GOLDEN[12],
            Box::new(|| sample::<F32>(langevin("underdamped-midpoint"), &phi4())),
        ),
        (
            "chains rwmh f64",
            GOLDEN[8],
            Box::new(|| sample::<F64>(Rwmh, &phi4())),
        ),
        (
            "chains rwmh f32",
            GOLDEN[9],
            Box::new(|| sample::<F32>(Rwmh, &correlated(3))),
        ),
    ]
}

fn langevin(name: &str) -> MoveKind {
    MoveKind::from_name(name).unwrap()
}

fn phi4() -> Phi4 {
    Phi4::new(16, 0.1, 0.002, 20.0).unwrap()
}

const GOLDEN: [u64; 13] = [
    0x9afc_1ec9_a650_2371,
    0x2f17_b118_da5f_8d77,
    0x2fb9_036c_f8e4_dbeb,
    0x597c_a9ac_1484_462e,
    0x51f2_1369_ead7_26cb,
    0x41df_c0eb_829b_5289,
    0x53f4_c485_7f2c_3ba7,
    0xedfd_7228_7df4_8429,
    0x4452_7854_6f06_7d81,
    0x5e2f_9b41_1a52_312f,
    0xa922_fbae_87a0_09ed,
    0x78ee_1f02_6252_50bb,
    0x4b3d_6757_9f09_a29c,
];

#[test]
fn short_runs_have_their_golden_hashes() {
    let got: Vec<(&str, u64, u64)> = cases()
        .iter()
        .map(|(name, golden, run)| (*name, *golden, run()))
        .collect();
    let listed: Vec<String> = got
        .iter()
        .map(|(name, _, hash)| format!("    {hash:#018x}, // {name}"))
        .collect();
    let wrong: Vec<&str> = got
        .iter()
        .filter(|(_, golden, hash)| golden != hash)
        .map(|(name, ..)| *name)
        .collect();
    assert!(
        wrong.is_empty(),
        "other bytes: {wrong:?}; this build has\n{}",
        listed.join("\n")
    );
}

/// The same hash in pools of 1, 2, 3 and 7 threads.
fn threads_do_not_matter(name: &str, run: &(dyn Fn() -> u64 + Send + Sync)) -> Gate {
    let hash = |threads: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(run)
    };
    let one = hash(1);
    for threads in [2, 3, 7] {
        let other = hash(threads);
        require(other == one, || {
            format!("{name}: {threads} threads give {other:x}, one {one:x}")
        })?;
    }
    Ok(())
}

#[test]
fn threads_do_not_change_a_bit() {
    for (name, _, run) in cases() {
        must_pass(threads_do_not_matter(name, &*run));
    }
    let target = correlated(3);
    let moody = || {
        let last = chains::<F64>(&target, Box::new(Moody), None, 2000);
        Fnv::new().add(&last).0
    };
    must_fail(
        "step size by number of threads",
        threads_do_not_matter("moody", &moody),
    );
}

#[test]
fn seeds_matter() {
    let target = correlated(3);
    let run = |seed| Smc::new(&target).seed(seed).particles(256).run().unwrap();
    assert_eq!(hash_smc(&run(5)), hash_smc(&run(5)));
    assert_ne!(run(5).samples, run(6).samples);
    assert_ne!(run(5).log_evidence, run(6).log_evidence);
}

/// The first replicate is the run alone, and a longer list of replicates begins as a shorter one.
#[test]
fn replicates_are_a_prefix() {
    let target = correlated(3);
    let run = |count| {
        Smc::new(&target)
            .particles(300)
            .replicates(count)
            .run()
            .unwrap()
    };
    let (one, three, five) = (run(1), run(3), run(5));
    assert_eq!(one.log_evidence, three.log_evidences[0]);
    assert_eq!(three.log_evidences, five.log_evidences[..3]);
    assert_eq!(one.samples.to_vec(), five.samples.to_vec());
}

/// An unadjusted step whose size depends on the pool: a defect.
struct Moody;

impl Move<F64> for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }
    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, F64>,
        stream: &mut Stream,
        scratch: &mut Scratch<F64>,
    ) -> Tally {
        let step_size = 0.05 + 1e-12 * rayon::current_num_threads() as f64;
        Ula::new(step_size).run(law, moves, fresh, block, stream, scratch)
    }
    fn adjusted(&self) -> bool {
        false
    }
    fn step_size(&self) -> f64 {
        0.05
    }
}

/// A step after which every particle of a tile has felt the sum of all: a defect.
struct Leaky;

impl Move<F64> for Leaky {
    fn name(&self) -> &'static str {
        "leaky"
    }
    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, F64>,
        stream: &mut Stream,
        scratch: &mut Scratch<F64>,
    ) -> Tally {
        let tally = Ula::new(0.05).run(law, moves, fresh, block, stream, scratch);
        for x in block.vectors[0].iter_mut() {
            let sum: f64 = bytemuck::cast_slice::<Row<F64>, f64>(&[*x]).iter().sum();
            *x += Row::splat(0.0 * sum);
        }
        tally
    }
    fn adjusted(&self) -> bool {
        false
    }
    fn step_size(&self) -> f64 {
        0.05
    }
}

/// Six moves of `n` chains, from given positions or from the reference; the last positions.
fn chains<R: Precision>(
    target: &dyn BlockTarget,
    mover: Box<dyn Move<R> + '_>,
    positions: Option<&[f64]>,
    n: usize,
) -> Vec<f64> {
    let work = Work {
        warmup: 0,
        moves: 6,
        every: 2,
    };
    let start = if positions.is_some() {
        Start::Given
    } else {
        Start::Reference
    };
    let mut model = Chains::new(Path::plain(target), mover, start, work, 3);
    let mut population = Population::<R>::new(
        n,
        target.dim(),
        driftlane::flow::FeynmanKac::channels(&model),
    );
    if let Some(positions) = positions {
        population.set_positions(positions);
    }
    let mut flow = Flow::start_from(&model, population, 3, Resampler::Multinomial).unwrap();
    while flow.advance(&mut model, &mut |_, _| {}).unwrap() == driftlane::flow::Advance::Moved {}
    flow.population().positions()
}

/// A target that returns `value`, and a gradient of NaN, where x[0] > `edge`.
#[derive(Clone)]
struct Trap<T> {
    inner: T,
    edge: f64,
    value: f64,
}

impl<T: Target> Target for Trap<T> {
    fn dim(&self) -> usize {
        self.inner.dim()
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let inside = L::splat(self.edge).lt(x[0]);
        L::select(inside, L::splat(self.value), self.inner.log_density(x))
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let inside = L::splat(self.edge).lt(x[0]);
        self.inner.gradient(x, grad);
        for g in grad {
            *g = L::select(inside, L::splat(f64::NAN), *g);
        }
    }
    fn reference(&self) -> Reference {
        self.inner.reference()
    }
}

/// All particles but `bad` have the same bits in both results.
fn others_agree(dim: usize, bad: usize, a: &[f64], b: &[f64]) -> Gate {
    let rows = a.chunks_exact(dim).zip(b.chunks_exact(dim)).enumerate();
    for (i, (a, b)) in rows.filter(|(i, _)| *i != bad) {
        let same = a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        require(same, || {
            format!("particle {i} felt particle {bad}: {a:?} {b:?}")
        })?;
    }
    Ok(())
}

const N: usize = 1037;
const DIM: usize = 5;

fn starts() -> Vec<f64> {
    (0..N * DIM).map(|k| (k as f64 * 0.7).sin()).collect()
}

fn neighbours_of_a_bad_particle<R: Precision>(mover: &dyn Fn() -> Box<dyn Move<R>>) -> Gate {
    let inner = correlated(DIM);
    for bad in [0, 37, 200, N - 1] {
        // A start that is no number.
        let clean = chains::<R>(&inner, mover(), Some(&starts()), N);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            let mut positions = starts();
            positions[bad * DIM + 2] = value;
            let dirty = chains::<R>(&inner, mover(), Some(&positions), N);
            others_agree(DIM, bad, &clean, &dirty)?;
        }
        // A region where the density or the gradient is no number.
        let mut positions = starts();
        positions[bad * DIM] = 1e3;
        let clean = chains::<R>(&inner, mover(), Some(&positions), N);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let trap = Trap {
                inner: inner.clone(),
                edge: 900.0,
                value,
            };
            let dirty = chains::<R>(&trap, mover(), Some(&positions), N);
            others_agree(DIM, bad, &clean, &dirty)?;
        }
    }
    Ok(())
}

#[test]
fn a_bad_particle_touches_no_other() {
    fn check<R: Precision>() {
        // Semilinear schemes need a target with a linear part.
        let plain = |kind: &MoveKind| {
            let rule = kind.scheme().map(|scheme| scheme.rule.clone());
            !matches!(rule, Some(Rule::Semilinear { .. }))
        };
        for kind in MoveKind::ALL.into_iter().filter(plain) {
            let settings = MoveSettings {
                kind,
                step_size: Some(0.05),
                leapfrog_steps: 4,
                ..MoveSettings::default()
            };
            must_pass(neighbours_of_a_bad_particle::<R>(&|| {
                settings.build::<R>(DIM).unwrap()
            }));
        }
    }
    check::<F64>();
    check::<F32>();
    must_fail(
        "a sum over a tile",
        neighbours_of_a_bad_particle::<F64>(&|| Box::new(Leaky)),
    );
}

/// In SMC a density of NaN weighs what one of -infinity weighs, and the counts tell; +infinity is an
/// error that names the potential.
#[test]
fn smc_takes_nan_for_zero_and_refuses_infinity() {
    let run = |value: f64, kind: MoveKind, resampling: Resampling| {
        let target = Trap {
            inner: correlated(3),
            edge: 1.0,
            value,
        };
        let ladder = Ladder::fixed(vec![0.0, 0.3, 1.0]).unwrap();
        let mover = MoveSettings {
            kind,
            step_size: Some(0.3),
            leapfrog_steps: 3,
            ..MoveSettings::default()
        };
        Smc::new(&target)
            .particles(2001)
            .ladder(ladder)
            .mover(mover)
            .resampling(resampling)
            .run()
    };
    for kind in [MoveKind::Hmc, MoveKind::Rwmh] {
        for resampling in [Resampling::Always, Resampling::BelowEss(0.2)] {
            let zero = run(f64::NEG_INFINITY, kind, resampling).unwrap();
            let nan = run(f64::NAN, kind, resampling).unwrap();
            // Acceptance differs: a particle at -infinity accepts whatever is finite, one at NaN
            // stays; neither has weight.
            assert_eq!(zero.samples, nan.samples, "{kind:?} {resampling:?}");
            assert_eq!(zero.log_evidence.to_bits(), nan.log_evidence.to_bits());
            assert_eq!(zero.ess, nan.ess);
            assert!(nan.totals.nan > 100 && zero.totals.nan < nan.totals.nan);
            // HMC alone also meets the gradient, which is NaN in both.
            assert!(kind == MoveKind::Hmc || zero.totals.nan == 0);
            assert!(zero.log_evidence < -0.1 && zero.samples.iter().all(|x| x.is_finite()));
            let refused = run(f64::INFINITY, kind, resampling).unwrap_err();
            assert!(refused.to_string().contains("+infinity"), "{refused}");
            assert_eq!(refused.exit_code(), 3);
        }
    }
    let nothing = Trap {
        inner: correlated(3),
        edge: -1e9,
        value: f64::NEG_INFINITY,
    };
    let refused = Smc::new(&nothing).particles(100).run().unwrap_err();
    assert!(refused.to_string().contains("zero"), "{refused}");
}

/// The hash of a diffusion run: an SDE solver with fresh noise, or on Brownian paths.
fn hash_diffusion<R: Precision>(solver: &str, brownian_path: bool) -> u64 {
    use driftlane::diffusion::solver::{Options, Setup, find};
    use driftlane::diffusion::{Diffuse, Grid, Schedule, diffuse};
    let schedule = Schedule::from_name("vp-cosine").unwrap();
    let nodes = Grid::Karras.nodes(&schedule, 12).unwrap();
    let setup = Setup {
        nodes: &nodes,
        schedule: &schedule,
        options: &Options::default(),
    };
    let program = find(solver).unwrap().program(&setup).unwrap();
    let run = Diffuse {
        brownian_path,
        ..Diffuse::new(500, 7)
    };
    let result = diffuse::<R>(&eight_gaussians(), &program, &run, &mut |_| {}).unwrap();
    Fnv::new().add(&result.samples.to_vec()).0
}

/// Recorded with AVX-512; x86-64-v3 gives the same, and so does any number of threads.
#[test]
fn diffusion_has_its_golden_hashes() {
    let all = || {
        [
            hash_diffusion::<F64>("unipc-3-bh2", false),
            hash_diffusion::<F64>("sde-dpmpp-2m", false),
            hash_diffusion::<F32>("sde-dpmpp-2m", false),
            hash_diffusion::<F64>("ddpm", true),
        ]
    };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1);
    let alone = one.build().unwrap().install(all);
    assert_eq!(alone, all());
    assert_eq!(alone, DIFFUSION, "{alone:#018x?}");
}

const DIFFUSION: [u64; 4] = [
    0x9541_6014_4759_5aae,
    0xd22c_2142_ec3b_40f8,
    0x1e20_526f_271b_bc07,
    0xd66d_6def_fada_d06f,
];
