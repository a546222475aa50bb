//! Particles that are not finite, and particles that never move: how they are counted, and what they
//! have no say in.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::flow::Resampling;
use driftlane::kernels::{F64, Lane};
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleResult};
use driftlane::smc::{Ladder, Smc};
use driftlane::target::{Reference, Target};
use gates::{Gate, must_fail, must_pass, within};

/// N(0, I) whose density is `value` where x[0] > 10.
struct Pit {
    dim: usize,
    edge: f64,
    value: f64,
}

const EDGE: f64 = 10.0;

fn pit(value: f64) -> Pit {
    Pit {
        dim: 3,
        edge: EDGE,
        value,
    }
}

impl Target for Pit {
    fn dim(&self) -> usize {
        self.dim
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let sum = x.iter().fold(L::zero(), |sum, x| x.mul_add(*x, sum));
        let inside = L::splat(self.edge).lt(x[0]);
        L::select(inside, L::splat(self.value), sum * L::splat(-0.5))
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        for (g, x) in grad.iter_mut().zip(x) {
            *g = -*x;
        }
    }
    /// Normal, as some moves need.
    fn reference(&self) -> Reference {
        Reference::normal(vec![0.0; self.dim], vec![3.0; self.dim]).unwrap()
    }
}

/// `n` starts like draws of N(0, I), then `bad` ones in the pit.
fn starts(n: usize, bad: usize) -> Vec<f64> {
    let good = (0..3 * n).map(|k| 1.4 * (k as f64 * 1.3).sin());
    let bad = (0..bad).flat_map(|k| [EDGE + 50.0 + k as f64, 0.0, 0.0]);
    good.chain(bad).collect()
}

fn settings(kind: MoveKind) -> MoveSettings {
    MoveSettings {
        kind,
        step_size: (!kind.is_adjusted()).then_some(0.05),
        leapfrog_steps: 4,
        ..MoveSettings::default()
    }
}

fn sample<'a>(target: &'a Pit, kind: MoveKind, n: usize, bad: usize) -> Sample<'a> {
    Sample::new(target)
        .particles(n + bad)
        .positions(starts(n, bad))
        .mover(settings(kind))
        .warmup(100)
        .draws(40, 1)
}

/// Means and standard deviations of the first `n` particles over all draws.
fn moments_of_draws(result: &SampleResult, n: usize) -> (Vec<f64>, Vec<f64>) {
    let draws = &result.draws.as_ref().unwrap().positions;
    let particles = result.samples.len() / 3;
    let values = |j: usize| {
        let rows = draws.chunks_exact(3).enumerate();
        rows.filter(move |(i, _)| i % particles < n)
            .map(move |(_, row)| row[j])
    };
    let count = (n * draws.len() / particles / 3) as f64;
    let mean: Vec<f64> = (0..3).map(|j| values(j).sum::<f64>() / count).collect();
    let sd = (0..3)
        .map(|j| (values(j).map(|x| (x - mean[j]).powi(2)).sum::<f64>() / count).sqrt())
        .collect();
    (mean, sd)
}

/// `got` has the step size, acceptance and sd of `clean`: tuning has seen the same particles.
fn tuned_alike(got: &SampleResult, clean: &SampleResult) -> Gate {
    let acceptance = |r: &SampleResult| r.acceptance.unwrap();
    // The same sums in another order: rounding, and what a step size off by it moves.
    within(
        "step size",
        got.step_size,
        clean.step_size,
        1e-3 * clean.step_size,
    )?;
    within("acceptance", acceptance(got), acceptance(clean), 2e-3)?;
    within("sd", got.sd[0], clean.sd[0], 0.02)
}

#[test]
fn particles_that_are_not_finite_are_left_out() {
    // 1024 particles are whole blocks of 256, so that the good ones draw the same numbers.
    let (n, bad) = (1024, 64);
    for kind in [MoveKind::Hmc, MoveKind::Rwmh] {
        let clean = sample(&pit(f64::NEG_INFINITY), kind, n, 0).run().unwrap();
        assert_eq!(
            (clean.nonfinite_starts, clean.nonfinite, clean.stuck.count),
            (0, 0, 0)
        );
        for value in [f64::NAN, f64::INFINITY] {
            let result = sample(&pit(value), kind, n, bad).run().unwrap();
            assert_eq!(result.nonfinite_starts, bad);
            assert_eq!(result.nonfinite, bad);
            assert_eq!(result.stuck.count, bad);
            must_pass(tuned_alike(&result, &clean));
            let (mean, sd) = moments_of_draws(&result, n);
            for j in 0..3 {
                must_pass(within("mean", result.mean[j], mean[j], 1e-12));
                must_pass(within("sd", result.sd[j], sd[j], 1e-12));
                must_pass(within("R-hat", result.r_hat[j], clean.r_hat[j], 0.02));
                assert!(result.ess_bulk[j] > 500.0);
            }
            let (_, all) = moments_of_draws(&result, n + bad);
            must_fail("all particles", within("sd", result.sd[0], all[0], 1e-12));
        }
        // Particles in the pit that have a say change tuning and moments.
        let heard = sample(&pit(200.0), kind, n, bad).run().unwrap();
        assert_eq!(heard.nonfinite, 0);
        must_fail("particles in the pit", tuned_alike(&heard, &clean));
    }
}

#[test]
fn runs_without_a_valid_start_are_refused() {
    // Semilinear schemes need a target that declares a linear part.
    let made = |kind: &MoveKind| settings(*kind).build::<F64>(3).is_ok();
    let kinds: Vec<MoveKind> = MoveKind::ALL.into_iter().filter(made).collect();
    assert!(kinds.len() + 2 == MoveKind::ALL.len());
    for kind in kinds {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let nowhere = Pit {
                edge: -1e9,
                ..pit(value)
            };
            let refused = sample(&nowhere, kind, 100, 0).run().unwrap_err();
            assert_eq!(refused.exit_code(), 3);
            assert!(refused.to_string().contains("no valid start"), "{refused}");
        }
        // Zero is a legal density; the others are counted.
        for (value, counted) in [(f64::NEG_INFINITY, 0), (f64::NAN, 5), (f64::INFINITY, 5)] {
            let result = sample(&pit(value), kind, 100, 5).run().unwrap();
            assert_eq!(result.nonfinite_starts, counted, "{kind:?} {value}");
        }
    }
}

/// -x^4/4 in each coordinate: Langevin steps blow up from afar and nowhere else.
struct Quartic;

impl Target for Quartic {
    fn dim(&self) -> usize {
        3
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let sum = |sum: L, x: &L| (*x * *x).mul_add(*x * *x, sum);
        x.iter().fold(L::zero(), sum) * L::splat(-0.25)
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        for (g, x) in grad.iter_mut().zip(x) {
            *g = -(*x * *x * *x);
        }
    }
}

#[test]
fn a_particle_that_diverged_counts_once() {
    let run = |n: usize, bad: usize| {
        Sample::new(&Quartic)
            .particles(n + bad)
            .positions(starts(n, bad))
            .mover(settings(MoveKind::Ula))
            .warmup(0)
    };
    for sample in [run(300, 7).draws(30, 1), run(300, 7).steps(1000)] {
        let result = sample.run().unwrap();
        assert_eq!(result.nonfinite_starts, 0);
        assert_eq!((result.nonfinite, result.totals.nonfinite()), (7, 7));
        assert!(
            result.mean.iter().all(|m| m.is_finite()),
            "{:?}",
            result.mean
        );
        assert!(result.sd[1] < 2.0);
    }
    let refused = run(0, 9).steps(1000).run().unwrap_err();
    assert_eq!(refused.exit_code(), 3);
    assert!(
        refused.to_string().contains("none of 9 particles"),
        "{refused}"
    );
}

/// With steps too small to leave the pit, a particle in it is one NaN at its start and one for every
/// proposal, however often it is weighed.
#[test]
fn a_nan_density_is_counted_where_it_is_evaluated() {
    let target = Pit {
        edge: 1.0,
        ..pit(f64::NAN)
    };
    let mover = MoveSettings {
        step_size: Some(1e-12),
        ..settings(MoveKind::Rwmh)
    };
    let temperatures = 4;
    let result = Smc::new(&target)
        .particles(1000)
        .mover(mover)
        .moves_per_stage(2)
        .ladder(Ladder::fixed(vec![0.0, 0.1, 0.3, 0.6, 1.0]).unwrap())
        .resampling(Resampling::Never)
        .run()
        .unwrap();
    let starts = result.nonfinite_starts;
    // P(x > 1) = 0.3694 under the reference, at five standard errors.
    assert!((293..=446).contains(&starts), "{starts}");
    // The last temperature is resampled before it is moved at: nobody is left in the pit.
    assert_eq!(
        result.totals.nan as usize,
        starts * (1 + 2 * (temperatures - 1))
    );
    assert!(result.samples.to_vec().iter().all(|x| x.is_finite()));
}
