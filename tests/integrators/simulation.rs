//! Confirmation by simulation, through the front door, in both precisions.
//!
//! 2^17 particles from exact draws of N(0, 1), 64 steps: the last population's variance is the scheme's
//! stationary one (relaxation is below e^-20). Standard error of a variance 0.39%, five of them
//! allowed: with 95% power a scheme off by 2.6% is seen; at e = 0.16 wrong splittings are off by 16%.
//! HMC under every composition: 2^16 particles, variances to 2.8%.

use crate::gates::{Gate, must_fail, must_pass, within};
use driftlane::integrator::{Dynamics, Increments, SCHEMES, Stability, scheme};
use driftlane::kernels::{F32, F64};
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleResult, Start};
use driftlane::target::Precision;
use driftlane::target::library::Gaussian;

const N: usize = 1 << 17;

fn run<R: Precision>(
    mover: MoveSettings,
    particles: usize,
    dim: usize,
    steps: usize,
) -> SampleResult {
    let target = Gaussian::isotropic(vec![0.0; dim], 1.0).unwrap();
    Sample::new(&target)
        .particles(particles)
        .seed(17)
        .mover(mover)
        .warmup(0)
        .steps(steps)
        .start(Start::Exact)
        .run_in::<R>(&mut |_| {})
        .unwrap()
}

fn variance(name: &str, values: &[f64], exact: f64) -> Gate {
    let n = values.len() as f64;
    let square = values.iter().map(|v| v * v).sum::<f64>() / n;
    within(name, square / exact, 1.0, 5.0 * (2.0 / n).sqrt())
}

fn settings(name: &str, increments: Increments) -> MoveSettings {
    let kind = MoveKind::from_name(name).unwrap();
    let overdamped = kind.scheme().unwrap().dynamics == Dynamics::Overdamped;
    MoveSettings {
        kind,
        // e = 0.16 either way.
        step_size: Some(if overdamped { 0.32 } else { 0.8 }),
        increments,
        ..MoveSettings::default()
    }
}

/// Schemes with a closed form at e = 0.16, friction 1.
const EXACT: [(&str, f64); 11] = [
    ("baoab", 1.0),
    ("underdamped", 1.0),
    ("obabo", 1.0 / 0.84),
    ("aboba", 1.0),
    ("oabao", 0.84),
    ("baoa", 1.0),
    ("stochastic-position-verlet", 1.052_772_976_732_875_3),
    ("ula", 1.0 / 0.84),
    ("leimkuhler-matthews", 1.0),
    ("randomized-midpoint", 1.007_525_206_502_248_6),
    ("etd2rk", 1.0),
];

#[test]
fn populations_have_the_stationary_variance() {
    for (name, exact) in EXACT {
        let mover = settings(name, Increments::Gaussian);
        let result = run::<F64>(mover.clone(), N, 1, 64);
        must_pass(variance(name, &result.samples.to_vec(), exact));
        let result = run::<F32>(mover, N, 1, 64);
        must_pass(variance(name, &result.samples.to_vec(), exact));
    }
    let result = run::<F64>(settings("obabo", Increments::Gaussian), N, 1, 64);
    must_fail(
        "obabo taken for baoab",
        variance("baoab", &result.samples.to_vec(), 1.0),
    );
}

/// Weak noise has the same second moments on a Gaussian.
#[test]
fn weak_noise_keeps_the_variance() {
    for (name, law) in [
        ("ula", Increments::TwoPoint),
        ("leimkuhler-matthews", Increments::TwoPoint),
        ("baoab", Increments::ThreePoint),
        ("randomized-midpoint", Increments::ThreePoint),
    ] {
        let exact = EXACT.iter().find(|(n, _)| *n == name).unwrap().1;
        let result = run::<F64>(settings(name, law), N, 1, 64);
        must_pass(variance(name, &result.samples.to_vec(), exact));
    }
    let wrong = settings("baoab", Increments::TwoPoint).build::<F64>(1);
    assert!(wrong.is_err());
}

/// Gradients are not evaluated twice, even one move a visit.
#[test]
fn gradients_are_counted() {
    for (name, per_draw, first) in [
        ("baoab", 1, 1),
        ("aboba", 1, 0),
        ("randomized-midpoint", 2, 0),
    ] {
        let target = Gaussian::isotropic(vec![0.0; 2], 1.0).unwrap();
        let result = Sample::new(&target)
            .particles(64)
            .mover(settings(name, Increments::Gaussian))
            .warmup(0)
            .draws(10, 1)
            .run()
            .unwrap();
        let want = 64 * (10 * per_draw + first);
        assert_eq!(result.totals.gradient_evaluations, want, "{name}");
    }
}

/// Every symmetric composition proposes reversibly and keeps volume, so HMC keeps its law.
#[test]
fn hmc_under_every_composition() {
    for s in SCHEMES
        .iter()
        .filter(|s| s.dynamics == Dynamics::Hamiltonian)
    {
        let Stability::Limit(limit) = s.stability else {
            panic!("{s:?}")
        };
        let mover = MoveSettings {
            step_size: Some(0.6 * limit),
            leapfrog_steps: 3,
            integrator: s,
            ..MoveSettings::default()
        };
        let result = run::<F64>(mover, 1 << 14, 4, 12);
        must_pass(variance(s.name, &result.samples.to_vec(), 1.0));
        let acceptance = result.acceptance.unwrap();
        assert!((0.4..1.0).contains(&acceptance), "{}: {acceptance}", s.name);
    }
    let lopsided = super::mutants::with_stages(
        "velocity-verlet",
        &[
            (super::mutants::B, 0.4),
            (super::mutants::A, 1.0),
            (super::mutants::B, 0.6),
        ],
    );
    let lopsided: &'static _ = Box::leak(Box::new(lopsided));
    let mover = MoveSettings {
        integrator: lopsided,
        ..MoveSettings::default()
    };
    assert!(mover.build::<F64>(2).is_err());
    assert!(scheme("velocity-verlet").unwrap().is_symmetric());
}
