//! Unadjusted Langevin through the front door, whole runs: exact start, steps,
//! moments.
//!
//! N(0, I) in 32 dimensions (an element is a particle's coordinate and step; 8192 particles) and the
//! eight Gaussians in 2 (an element is a particle's step; 65536 particles), 200 steps of 0.01, as in
//! the peers' script. Goals: 30 and 40 times JAX with two threads, which made 8.2e7 coordinate steps
//! and 7.2e6 particle steps a second.

mod common;

use common::{Goal, measure};
use driftlane::kernels::{F32, F64};
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleResult, Start};
use driftlane::target::library::Gaussian;
use driftlane::target::library::mixture::eight_gaussians;
use driftlane::target::{BlockTarget, Precision};

const STEPS: usize = 200;
const GOAL_GAUSSIAN: Goal = Goal {
    nanoseconds: 1e9 / (30.0 * 8.2e7),
    source: "30 x JAX",
};
const GOAL_MIXTURE: Goal = Goal {
    nanoseconds: 1e9 / (40.0 * 7.2e6),
    source: "40 x JAX",
};

fn run<R: Precision>(target: &dyn BlockTarget, particles: usize, steps: usize) -> SampleResult {
    let mover = MoveSettings {
        kind: MoveKind::Ula,
        step_size: Some(0.01),
        ..MoveSettings::default()
    };
    Sample::new(target)
        .particles(particles)
        .mover(mover)
        .start(Start::Exact)
        .warmup(0)
        .steps(steps)
        .run_in::<R>(&mut |_| {})
        .expect("valid settings")
}

/// The stationary law of the dynamics, to what the population can tell.
fn check(result: &SampleResult, sd: f64) {
    assert_eq!(result.totals.nan, 0);
    for (mean, found) in result.mean.iter().zip(&result.sd) {
        assert!(
            mean.abs() < 0.1 * sd && (found / sd - 1.0).abs() < 0.05,
            "{mean} {found}"
        );
    }
}

fn main() {
    common::require_fast_build();
    let mut criterion = common::criterion();
    let gaussian = Gaussian::isotropic(vec![0.0; 32], 1.0).expect("valid");
    let mixture = eight_gaussians();
    check(&run::<F64>(&gaussian, 2048, STEPS), 1.0);
    check(&run::<F32>(&gaussian, 2048, STEPS), 1.0);
    // 10^2 / 2 of the ring and 0.7 of a mode.
    check(&run::<F32>(&mixture, 8192, STEPS), 50.7f64.sqrt());
    let mut group = criterion.benchmark_group("ula");
    for threads in [1, 2] {
        let elements = 8192 * 32 * STEPS as u64;
        let goal = (threads == 2).then_some(GOAL_GAUSSIAN);
        let pool = common::pool(threads);
        let name = |what: &str| format!("{what} x{threads}");
        measure(&mut group, &name("gaussian-32 f32"), elements, goal, || {
            pool.install(|| run::<F32>(&gaussian, 8192, STEPS));
        });
        measure(&mut group, &name("gaussian-32 f64"), elements, None, || {
            pool.install(|| run::<F64>(&gaussian, 8192, STEPS));
        });
        let goal = (threads == 2).then_some(GOAL_MIXTURE);
        let elements = 65536 * STEPS as u64;
        measure(
            &mut group,
            &name("eight-gaussians f32"),
            elements,
            goal,
            || {
                pool.install(|| run::<F32>(&mixture, 65536, STEPS));
            },
        );
    }
    group.finish();
    criterion.final_summary();
}
