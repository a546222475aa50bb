//! Tempered SMC against exact evidences, mode weights and laws.
//!
//! Evidences come from replicates averaged on the scale of Z, with the standard error a run of
//! replicates reports (the jackknife's scaled by Student's t: 1.09 for 16 replicates, 1.21 for 8);
//! the references are exact (constants, quadrature, transfer operator) or have errors of their own
//! (regressions: importance sampling around the mode, 1e6 draws), which are added in quadrature. Each
//! case states the largest standard error it may have, so that the gate keeps its power: at 4 standard
//! errors the smallest bias of log Z seen with 95% power is at most 5.6 of them.
//!
//! Adapting ladder and moves to the population biases Z by O(1/N) (measured on phi4: -0.08 at N = 512,
//! -0.02 at 2048, about minus the variance); populations here are large enough to keep it below
//! the standard error.
//!
//! Unbiasedness: a fixed ladder, fixed moves, 128 replicates, Z^/Z within 5 standard errors of 1.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::flow::{Advance, Flow, Resampler, Resampling, Tally};
use driftlane::integrator::Scratch;
use driftlane::kernels::rng::Stream;
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane};
use driftlane::mcmc::{Move, MoveKind, MoveSettings};
use driftlane::particles::Span;
use driftlane::smc::{
    Combined, Ladder, MovesPerStage, Smc, SmcResult, Tempering, combine_replicates,
};
use driftlane::target::library::logistic::{Data, Layout};
use driftlane::target::library::mixture::fab_40;
use driftlane::target::library::{Gaussian, Logistic, ManyWell, Mixture, Phi4};
use driftlane::target::{BlockTarget, Exact, Law, Path, Reference, Target};
use gates::{
    Gate, known_to, mean_and_se, mean_is, must_fail, must_pass, require, variance, within,
};
use rayon::prelude::*;
use std::path::PathBuf;

/// A target whose log density is off by a constant: so is its log evidence.
struct Shifted<T>(T, f64);

impl<T: Target> Target for Shifted<T> {
    fn dim(&self) -> usize {
        self.0.dim()
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        self.0.log_density(x) + L::splat(self.1)
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        self.0.gradient(x, grad);
    }
    fn reference(&self) -> Reference {
        self.0.reference()
    }
    fn exact(&self) -> Exact {
        self.0.exact()
    }
}

/// Independent runs of the same settings.
fn replicates(smc: &Smc<'_>, count: u64) -> Vec<SmcResult> {
    replicates_from(smc, 100, count)
}

fn replicates_from(smc: &Smc<'_>, first: u64, count: u64) -> Vec<SmcResult> {
    (first..first + count)
        .into_par_iter()
        .map(|r| smc.clone().seed(r).run().unwrap())
        .collect()
}

fn evidence(runs: &[SmcResult]) -> Combined {
    combine_replicates(&runs.iter().map(|r| r.log_evidence).collect::<Vec<_>>())
}

/// log Z within 4 standard errors (and the reference's own) of the exact one.
fn evidence_is(name: &str, runs: &[SmcResult], exact: f64, own_error: f64) -> Gate {
    let Combined {
        log_evidence,
        log_evidence_se,
    } = evidence(runs);
    let se = log_evidence_se.unwrap().hypot(own_error);
    within(&format!("log Z of {name}"), log_evidence, exact, 4.0 * se)
}

/// Panics where log Z is not known to this standard error.
fn resolves(name: &str, runs: &[SmcResult], standard_error: f64) {
    let se = evidence(runs).log_evidence_se.unwrap();
    assert!(
        se < standard_error,
        "{name}: standard error {se}, the gate has lost its power"
    );
}

/// The mean over runs, each weighing as its Z, with the jackknife standard error.
fn weighted_mean(runs: &[SmcResult], f: impl Fn(&SmcResult) -> f64) -> (f64, f64) {
    let top = runs
        .iter()
        .map(|r| r.log_evidence)
        .fold(f64::NEG_INFINITY, f64::max);
    let terms: Vec<[f64; 2]> = runs
        .iter()
        .map(|r| {
            let w = (r.log_evidence - top).exp();
            [w, w * f(r)]
        })
        .collect();
    let sum = terms
        .iter()
        .fold([0.0; 2], |s, t| [s[0] + t[0], s[1] + t[1]]);
    let without: Vec<f64> = terms
        .iter()
        .map(|t| (sum[1] - t[1]) / (sum[0] - t[0]))
        .collect();
    let count = runs.len() as f64;
    (sum[1] / sum[0], mean_and_se(&without).1 * (count - 1.0))
}

fn hmc(leapfrog_steps: usize) -> MoveSettings {
    MoveSettings {
        leapfrog_steps,
        ..MoveSettings::default()
    }
}

#[test]
fn gaussian_evidence() {
    for (dim, particles, limit) in [
        (1, 2048, 0.01),
        (2, 2048, 0.015),
        (10, 2048, 0.03),
        (100, 2048, 0.09),
    ] {
        let target = Gaussian::diagonal(
            (0..dim).map(|j| 0.3 * j as f64).collect(),
            (0..dim).map(|j| 0.5 + 0.1 * (j % 9) as f64).collect(),
        )
        .unwrap();
        let name = format!("gaussian {dim}");
        let runs = replicates(&Smc::new(&target).particles(particles).mover(hmc(5)), 16);
        resolves(&name, &runs, limit);
        must_pass(evidence_is(&name, &runs, 0.0, 0.0));
        let exact = Target::exact(&target);
        for j in (0..dim).step_by(33) {
            let (mean, se) = weighted_mean(&runs, |r| r.mean[j]);
            must_pass(within(
                "mean",
                mean,
                exact.mean.as_ref().unwrap()[j],
                5.0 * se,
            ));
            let (sd, se) = weighted_mean(&runs, |r| r.sd[j]);
            // The sample sd of N particles is low by sd / (4 N); survivors are fewer than N.
            must_pass(within(
                "sd",
                sd,
                exact.sd.as_ref().unwrap()[j],
                5.0 * se + 1e-3 * sd,
            ));
        }
        let off = Shifted(target, 5.7 * limit);
        let runs = replicates(&Smc::new(&off).particles(particles).mover(hmc(5)), 16);
        must_fail(
            "constant off by what the gate sees",
            evidence_is(&name, &runs, 0.0, 0.0),
        );
    }
    let target = Gaussian::isotropic(vec![1.0; 10], 0.5).unwrap();
    let single = (0..16)
        .map(|r| {
            Smc::new(&target)
                .seed(r)
                .mover(hmc(5))
                .run_in::<F32>(&mut |_, _| {})
                .unwrap()
        })
        .collect::<Vec<_>>();
    must_pass(evidence_is("gaussian 10, f32", &single, 0.0, 0.0));
}

#[test]
fn mixture_evidence_and_a_reference_too_narrow() {
    let target = fab_40();
    let smc = Smc::new(&target).particles(4096).mover(hmc(5));
    let runs = replicates(&smc, 16);
    resolves("fab-40", &runs, 0.03);
    must_pass(evidence_is("fab-40", &runs, 0.0, 0.0));
    let narrow = smc.reference(Reference::standard_normal(2));
    must_fail(
        "reference N(0, 1)",
        evidence_is("fab-40", &replicates(&narrow, 16), 0.0, 0.0),
    );
    let off = Shifted(fab_40(), 0.17);
    let runs = replicates(&Smc::new(&off).particles(4096).mover(hmc(5)), 16);
    must_fail(
        "constant off by 0.17",
        evidence_is("fab-40", &runs, 0.0, 0.0),
    );
}

#[test]
fn many_well_evidence() {
    for (dim, particles, limit, mass_limit) in [(8, 4096, 0.025, 0.006), (32, 4096, 0.08, 0.02)] {
        let target = ManyWell::new(dim).unwrap();
        let exact = Target::exact(&target);
        let name = format!("many-well {dim}");
        let runs = replicates(&Smc::new(&target).particles(particles).mover(hmc(5)), 16);
        resolves(&name, &runs, limit);
        let z = exact.log_evidence.unwrap();
        must_pass(evidence_is(&name, &runs, z, 0.0));
        // The weight of the wells: P(x1 > 0) = 0.84430710.
        let (mass, se) = weighted_mean(&runs, |r| {
            let first = r.samples.iter().step_by(dim);
            first.filter(|x| *x > 0.0).count() as f64 / particles as f64
        });
        assert!(se < mass_limit, "{se}");
        must_pass(within("mass of the right well", mass, 0.84430710, 5.0 * se));
        must_fail("wells of equal weight", within("mass", mass, 0.5, 5.0 * se));
        must_fail(
            "constant off",
            evidence_is(&name, &runs, z + 5.7 * limit, 0.0),
        );
    }
}

#[test]
fn phi4_evidence_and_mode_weights() {
    let known = [
        (0.0, -59.495458, 0.5),
        (0.0009, -59.485063, 0.42847869),
        (0.002, -59.444799, 0.34521623),
        (0.0025, -59.417021, 0.30998983),
        (0.0035, -59.345284, 0.24596851),
    ];
    for (k, (b, log_z, right)) in (0u64..).zip(known) {
        let target = Phi4::new(32, 0.1, b, 20.0).unwrap();
        must_pass(within(
            "transfer operator",
            target.transfer().log_evidence,
            log_z,
            6e-7,
        ));
        must_pass(within(
            "transfer operator",
            target.transfer().positive[16],
            right,
            1e-8,
        ));
        let particles = 4096;
        let smc = Smc::new(&target).particles(particles).mover(hmc(8));
        let runs = replicates_from(&smc, 1000 * (k + 1), 8);
        let name = format!("phi4, b = {b}");
        resolves(&name, &runs, 0.06);
        must_pass(evidence_is(&name, &runs, log_z, 0.0));
        let (mass, se) = weighted_mean(&runs, |r| {
            let middle = r.samples.iter().skip(16).step_by(32);
            middle.filter(|x| *x > 0.0).count() as f64 / particles as f64
        });
        assert!(se < 0.02, "{se}");
        must_pass(within("P(x_mid > 0)", mass, right, 5.0 * se));
        if b > 0.003 {
            must_fail(
                "the weight without tilt",
                within("P(x_mid > 0)", mass, 0.5, 5.0 * se),
            );
            must_fail(
                "log Z without tilt",
                evidence_is(&name, &runs, log_z - 0.35, 0.0),
            );
        }
    }
}

fn logistic(stem: &str, folder: &str, standardise: bool, sd: f64) -> Logistic {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = ["train", "test"].map(|part| root.join(format!("{stem}_{part}.csv")));
    let layout = Layout {
        response: "y".to_owned(),
        standardise,
        intercept: true,
    };
    let data = Data::read(&files, &layout).unwrap();
    let dim = data.names.len();
    Logistic::new(&data, vec![0.0; dim], vec![sd; dim]).unwrap()
}

#[test]
fn regression_evidence() {
    for (stem, folder, standardise, sd, particles, (exact, own_error), limit) in [
        (
            "german_credit",
            "examples/data",
            false,
            1.0,
            512,
            (-531.269, 0.001),
            0.14,
        ),
        (
            "german_credit",
            "examples/data",
            false,
            10.0,
            1024,
            (-585.086, 0.001),
            0.24,
        ),
        (
            "ionosphere",
            "tests/data",
            true,
            1.0,
            512,
            (-111.6105, 0.0025),
            0.14,
        ),
        (
            "sonar",
            "tests/data",
            true,
            1.0,
            1024,
            (-108.3769, 0.0029),
            0.1,
        ),
    ] {
        let target = logistic(stem, folder, standardise, sd);
        let runs = replicates(&Smc::new(&target).particles(particles), 8);
        let name = format!("{stem}, prior sd {sd}");
        resolves(&name, &runs, limit);
        must_pass(evidence_is(&name, &runs, exact, own_error));
        must_fail(
            "constant off",
            evidence_is(&name, &runs, exact + 5.7 * limit, own_error),
        );
        must_fail(
            "constant off",
            evidence_is(&name, &runs, exact - 5.7 * limit, own_error),
        );
    }
}

/// x ~ N(0, 2^2 I), y = x + N(0, 0.5^2 I): a posterior with log Z = sum_k ln N(y_k; 0, 4.25).
struct Conjugate {
    noise: Noise,
}

/// Its likelihood, with standard deviation `sd`.
struct Noise {
    sd: f64,
}

const DATA: [f64; 3] = [1.0, -0.7, 0.4];

fn conjugate_log_z() -> f64 {
    DATA.iter()
        .map(|y| -0.5 * (std::f64::consts::TAU * 4.25).ln() - 0.5 * y * y / 4.25)
        .sum()
}

impl Target for Noise {
    fn dim(&self) -> usize {
        3
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let constant = -1.5 * (std::f64::consts::TAU * 0.25).ln();
        x.iter().zip(DATA).fold(L::splat(constant), |sum, (x, y)| {
            let z = (*x - L::splat(y)) * L::splat(1.0 / self.sd);
            sum - z * z * L::splat(0.5)
        })
    }
}

impl Target for Conjugate {
    fn dim(&self) -> usize {
        3
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        Target::log_density(&Target::reference(self), x) + Target::log_density(&self.noise, x)
    }
    fn reference(&self) -> Reference {
        Reference::normal(vec![0.0; 3], vec![2.0; 3]).unwrap()
    }
    fn likelihood(&self) -> Option<&dyn BlockTarget> {
        Some(&self.noise)
    }
}

fn two_modes() -> Mixture {
    Mixture::isotropic(
        vec![0.3, 0.7],
        vec![vec![-2.0, 1.0], vec![2.0, 0.0]],
        vec![0.6, 0.4],
    )
    .unwrap()
}

const REPLICATES: usize = 128;

fn ratios(
    target: &dyn BlockTarget,
    exact: f64,
    kind: MoveKind,
    step_size: f64,
    resampler: Resampler,
    resampling: Resampling,
) -> Vec<f64> {
    let ladder = Ladder::fixed(vec![0.0, 0.02, 0.06, 0.15, 0.3, 0.5, 0.75, 1.0]).unwrap();
    let mover = MoveSettings {
        kind,
        step_size: Some(step_size),
        leapfrog_steps: 4,
        ..MoveSettings::default()
    };
    let smc = Smc::new(target)
        .seed(31)
        .particles(500)
        .mover(mover)
        .moves_per_stage(2)
        .ladder(ladder)
        .resampler(resampler)
        .resampling(resampling)
        .replicates(REPLICATES)
        .without_tuning();
    smc.run()
        .unwrap()
        .log_evidences
        .iter()
        .map(|z| (z - exact).exp())
        .collect()
}

/// Smallest bias of Z seen with 95% power: 8%, in most cases 4%.
#[test]
fn evidence_is_unbiased_with_fixed_ladder_and_moves() {
    let well = ManyWell::new(2).unwrap();
    let exact = Target::exact(&well).log_evidence.unwrap();
    let right = Conjugate {
        noise: Noise { sd: 0.5 },
    };
    let schemes = [
        (Resampler::Multinomial, Resampling::Always),
        (Resampler::Systematic, Resampling::Always),
        (Resampler::Multinomial, Resampling::BelowEss(0.5)),
        (Resampler::Systematic, Resampling::Never),
    ];
    let modes = two_modes();
    let targets = [
        ("conjugate", &right as &dyn BlockTarget, conjugate_log_z()),
        ("many-well 2", &well, exact),
        ("two modes", &modes, 0.0),
    ];
    let cases: Vec<_> = schemes
        .into_iter()
        .flat_map(|scheme| targets.map(|target| (scheme, target, MoveKind::Hmc, 0.3)))
        .chain(targets.map(|target| (schemes[0], target, MoveKind::Rwmh, 0.7)))
        .collect();
    cases.into_par_iter().for_each(
        |((resampler, resampling), (name, target, exact), kind, h)| {
            let z = ratios(target, exact, kind, h, resampler, resampling);
            let name = format!(
                "Z of {name}, {kind:?}, {}, {resampling:?}",
                resampler.name()
            );
            known_to(&name, &z, 0.012);
            must_pass(mean_is(&name, &z, 1.0, 5.0));
        },
    );
    let multinomial = Resampler::Multinomial;
    let wide = Conjugate {
        noise: Noise { sd: 0.515 },
    };
    must_fail(
        "likelihood 3% wider",
        mean_is(
            "Z",
            &ratios(
                &wide,
                conjugate_log_z(),
                MoveKind::Hmc,
                0.3,
                multinomial,
                Resampling::Always,
            ),
            1.0,
            5.0,
        ),
    );
    must_fail(
        "constant off by 8%",
        mean_is(
            "Z",
            &ratios(
                &Shifted(two_modes(), 0.08),
                0.0,
                MoveKind::Hmc,
                0.3,
                multinomial,
                Resampling::Always,
            ),
            1.0,
            5.0,
        ),
    );
}

/// A random walk that leaves nothing invariant: it accepts always.
struct Wanderer(f64);

impl Move<F64> for Wanderer {
    fn name(&self) -> &'static str {
        "wanderer"
    }
    fn run(
        &self,
        law: Law<'_>,
        _: usize,
        _: bool,
        block: &mut Span<'_, F64>,
        stream: &mut Stream,
        scratch: &mut Scratch<F64>,
    ) -> Tally {
        for tile in 0..block.tiles() {
            let (rows, at) = (block.rows(tile), block.scalar_range(tile));
            for x in &mut block.vectors[0][rows.clone()] {
                *x = Row::<F64>::splat(self.0).mul_add(stream.normal_row::<F64>(), *x);
            }
            let [base, ratio, ..] = &mut block.scalars;
            law.log_densities(
                &block.vectors[0][rows],
                &mut scratch.wide,
                &mut base[at.clone()],
                &mut ratio[at],
            );
        }
        Tally::default()
    }
    fn step_size(&self) -> f64 {
        self.0
    }
}

/// Z is sensitive to the moves: the gate of unbiasedness sees one that is not invariant.
#[test]
fn a_move_that_is_not_invariant_biases_the_evidence() {
    let target = two_modes();
    let ladder = vec![0.0, 0.02, 0.06, 0.15, 0.3, 0.5, 0.75, 1.0];
    let z: Vec<f64> = (0..REPLICATES as u64)
        .map(|seed| {
            let path = Path::tempered(&target, None).unwrap();
            let fixed = Ladder::fixed(ladder.clone()).unwrap();
            let mut model = Tempering::new(
                path,
                Box::new(Wanderer(0.3)),
                fixed,
                MovesPerStage::Fixed(2),
                seed,
            )
            .without_tuning();
            let mut flow = Flow::<F64>::start(&model, 500, seed, Resampler::Multinomial).unwrap();
            while flow.advance(&mut model, &mut |_, _| {}).unwrap() == Advance::Moved {}
            flow.log_evidence().exp()
        })
        .collect();
    must_fail("every proposal accepted", mean_is("Z", &z, 1.0, 5.0));
}

/// Every temperature but the last keeps CESS (here ESS: weights were equal) where it was asked for.
fn ladder_keeps(target_ess: f64, particles: usize, run: &SmcResult) -> Gate {
    let last = run.ess.len() - 1;
    for (k, ess) in run.ess.iter().enumerate() {
        let fraction = ess / particles as f64;
        if k < last {
            within(
                &format!("CESS of temperature {k}"),
                fraction,
                target_ess,
                1e-4,
            )?;
        } else {
            require(fraction >= target_ess, || format!("last CESS {fraction}"))?;
        }
    }
    let t = &run.temperatures;
    require(t[0] == 0.0 && t[t.len() - 1] == 1.0, || {
        "ends of the ladder".into()
    })?;
    require(t.windows(2).all(|w| w[0] < w[1]), || {
        format!("not increasing: {t:?}")
    })
}

#[test]
fn adaptive_ladder_keeps_cess() {
    let target = ManyWell::new(8).unwrap();
    for target_ess in [0.3, 0.5, 0.9, 0.97] {
        let ladder = Ladder::adaptive(target_ess).unwrap();
        let run = Smc::new(&target)
            .particles(1000)
            .ladder(ladder)
            .mover(hmc(3))
            .run()
            .unwrap();
        assert!(run.ess.len() > 3);
        must_pass(ladder_keeps(target_ess, 1000, &run));
        must_fail(
            "another target",
            ladder_keeps(target_ess + 0.001, 1000, &run),
        );
    }
    // A likelihood of hundreds of units: a first step below 1e-3.
    let target = logistic("ionosphere", "tests/data", true, 10.0);
    let run = Smc::new(&target)
        .particles(500)
        .mover(hmc(3))
        .moves_per_stage(1)
        .run()
        .unwrap();
    assert!(run.temperatures[1] < 1e-3);
    must_pass(ladder_keeps(0.5, 500, &run));
}

/// A flat likelihood: one jump to 1, log Z = 0.
#[test]
fn a_flat_likelihood_needs_one_temperature() {
    let target = Reference::student_t(4.0, vec![0.5, -1.0], vec![1.0, 3.0]).unwrap();
    for constant in [0.0, 3.5] {
        let shifted = Shifted(target.clone(), constant);
        for resampler in Resampler::ALL {
            let run = Smc::new(&shifted)
                .particles(1000)
                .resampler(resampler)
                .run()
                .unwrap();
            assert_eq!(run.temperatures, [0.0, 1.0]);
            must_pass(within("log Z", run.log_evidence, constant, 1e-12));
            must_pass(within("ESS", run.ess[0], 1000.0, 1e-6));
            // Nothing varies: no standard error, rather than zero.
            assert!(
                run.log_evidence_se.is_none_or(|se| se > 0.0 && se < 1e-5),
                "{:?}",
                run.log_evidence_se
            );
        }
    }
    let run = Smc::new(&Gaussian::isotropic(vec![0.0], 1.0).unwrap())
        .run()
        .unwrap();
    assert!(
        run.log_evidence.abs() > 1e-12,
        "a likelihood that is not flat is seen"
    );
}

/// The reported standard error is that of the replicates (64 runs: known to 9%), within 1.5.
fn standard_error_is_honest(runs: &[SmcResult], exact: f64) -> Gate {
    let z: Vec<f64> = runs
        .iter()
        .map(|r| (r.log_evidence - exact).exp())
        .collect();
    let v: Vec<f64> = runs
        .iter()
        .map(|r| r.log_evidence_se.unwrap().powi(2))
        .collect();
    let ratio = (mean_and_se(&v).0 / variance(&z)).sqrt();
    require((1.0 / 1.4..1.4).contains(&ratio), || {
        format!("reported / actual = {ratio}")
    })
}

#[test]
fn reported_standard_errors_are_honest() {
    let gaussian = Gaussian::isotropic(vec![0.5; 10], 1.5).unwrap();
    let well = ManyWell::new(8).unwrap();
    for target in [&gaussian as &dyn BlockTarget, &well] {
        for resampling in [Resampling::Always, Resampling::BelowEss(0.7)] {
            let smc = Smc::new(target)
                .particles(512)
                .mover(hmc(4))
                .resampling(resampling);
            let mut runs = replicates(&smc, 64);
            let exact = target.exact().log_evidence.unwrap();
            must_pass(standard_error_is_honest(&runs, exact));
            for r in &mut runs {
                r.log_evidence_se = r.log_evidence_se.map(|se| 2.0 * se);
            }
            must_fail("twice the error", standard_error_is_honest(&runs, exact));
        }
    }
}
