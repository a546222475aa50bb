//! Lattice, clusters, and two hierarchical models: densities against formulas written another way, gradients
//! against exact differentiation, log Z against sums and quadratures, by tempering too.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::mcmc::{MoveKind, MoveSettings, Sample};
use driftlane::parameters::Parameters;
use driftlane::smc::{Smc, SmcResult};
use driftlane::target::library::{Brownian, DoubleWell4, LennardJones13, Seeds, U1Gauge, build};
use driftlane::target::{BlockTarget, Reference, Target, Unconstrained, gradient_by_dual};
use gates::{Gate, mean_is, must_fail, must_pass, within};
use std::f64::consts::{PI, TAU};

fn normal(x: f64, mean: f64, sd: f64) -> f64 {
    let z = (x - mean) / sd;
    -0.5 * z * z - 0.5 * TAU.ln() - sd.ln()
}

/// Points that wander through [-spread, spread].
fn points(dim: usize, spread: f64, count: usize) -> Vec<Vec<f64>> {
    let value = |k: usize| ((k as f64 * 0.754_877_666 + 0.3).fract() * 2.0 - 1.0) * spread;
    (0..count)
        .map(|i| (0..dim).map(|j| value(i * dim + j + 1)).collect())
        .collect()
}

/// Density and gradient at `at`, in both precisions.
fn agree<T: Target>(target: &T, at: &[Vec<f64>], density: impl Fn(&[f64]) -> f64) {
    let dim = target.dim();
    for x in at {
        let exact = density(x);
        let scale = 1e-12 * exact.abs().max(1.0);
        must_pass(within("density", target.log_density(x), exact, scale));
        let (mut by_hand, mut by_dual) = (vec![0.0; dim], vec![0.0; dim]);
        let together = target.log_density_and_gradient(x, &mut by_hand);
        must_pass(within("both", together, exact, scale));
        gradient_by_dual(target, x, &mut by_dual);
        let size = by_dual.iter().fold(1.0, |m: f64, g| m.max(g.abs()));
        let single: Vec<f32> = x.iter().map(|x| *x as f32).collect();
        let mut grad = vec![0.0f32; dim];
        target.gradient(&single, &mut grad);
        for j in 0..dim {
            must_pass(within("gradient", by_hand[j], by_dual[j], 1e-11 * size));
            must_pass(within("f32", f64::from(grad[j]), by_dual[j], 2e-4 * size));
        }
        let off = target.log_density(x) + 1e2 * scale;
        must_fail("shifted", within("density", off, exact, scale));
    }
}

/// Particle positions by the basis vectors themselves.
fn cluster(h: &[f64], axes: usize) -> Vec<Vec<f64>> {
    let n = h.len() / axes + 1;
    let basis = |k: usize, i: usize| {
        let kf = k as f64;
        let norm = (kf * (kf + 1.0)).sqrt();
        match i {
            i if i < k => 1.0 / norm,
            i if i == k => -kf / norm,
            _ => 0.0,
        }
    };
    let place = |i: usize, a: usize| (1..n).map(|k| basis(k, i) * h[(k - 1) * axes + a]).sum();
    (0..n)
        .map(|i| (0..axes).map(|a| place(i, a)).collect())
        .collect()
}

fn distances(x: &[Vec<f64>]) -> Vec<f64> {
    let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    (0..x.len())
        .flat_map(|i| (0..i).map(move |j| (i, j)))
        .map(|(i, j)| square(&x[i], &x[j]).sqrt())
        .collect()
}

fn well(d: f64) -> f64 {
    0.9 * (d - 4.0).powi(4) - 4.0 * (d - 4.0).powi(2)
}

#[test]
fn densities_and_gradients_are_those_of_the_formulas() {
    agree(&DoubleWell4, &points(6, 4.0, 50), |h| {
        -distances(&cluster(h, 2)).into_iter().map(well).sum::<f64>()
    });
    agree(&LennardJones13, &points(36, 2.5, 50), |h| {
        let x = cluster(h, 3);
        let pair = |d: f64| d.powi(-12) - 2.0 * d.powi(-6);
        let mean = |a: usize| x.iter().map(|x| x[a]).sum::<f64>() / 13.0;
        let trap: f64 = x
            .iter()
            .map(|x| (0..3).map(|a| (x[a] - mean(a)).powi(2)).sum::<f64>())
            .sum();
        -distances(&x).into_iter().map(pair).sum::<f64>() - 0.5 * trap
    });
    let gauge = U1Gauge::new(3, 1.7).unwrap();
    agree(&gauge, &points(18, 3.0, 50), |t| {
        let at = |mu: usize, i: usize, j: usize| t[mu * 9 + (i % 3) * 3 + j % 3];
        let plaquette = |i, j| at(0, i, j) + at(1, i, j + 1) - at(0, i + 1, j) - at(1, i, j);
        let sum: f64 = (0..9).map(|s| f64::cos(plaquette(s / 3, s % 3))).sum();
        1.7 * sum - 18.0 * TAU.ln()
    });
    let seeds = Unconstrained::new(Seeds::new()).unwrap();
    agree(&seeds, &points(26, 1.5, 50), |u| {
        let choose = |n: u32, r: u32| {
            (1..=r)
                .map(|k| f64::from(n - r + k).ln() - f64::from(k).ln())
                .sum::<f64>()
        };
        let r = [
            10, 23, 23, 26, 17, 5, 53, 55, 32, 46, 10, 8, 10, 8, 23, 0, 3, 22, 15, 32, 3,
        ];
        let n = [
            39, 62, 81, 51, 39, 6, 74, 72, 51, 79, 13, 16, 30, 28, 45, 4, 12, 41, 30, 51, 7,
        ];
        let mut sum = u[..4].iter().map(|a| normal(*a, 0.0, 10.0)).sum::<f64>();
        let tau = u[4].exp();
        // ln Gamma(0.01) = ln Gamma(1.01) - ln 0.01.
        let log_gamma = -0.005_690_307_946_068_9 - 0.01f64.ln();
        sum += 0.01 * 0.01f64.ln() - log_gamma - 0.99 * u[4] - 0.01 * tau + u[4];
        for i in 0..21 {
            let (x1, x2) = (
                f64::from(u8::from(i >= 11)),
                f64::from(u8::from((5..11).contains(&i) || i >= 16)),
            );
            let eta = u[0] + u[1] * x1 + u[2] * x2 + u[3] * x1 * x2 + u[5 + i];
            let p = 1.0 / (1.0 + (-eta).exp());
            sum += choose(n[i], r[i])
                + f64::from(r[i]) * p.ln()
                + f64::from(n[i] - r[i]) * (1.0 - p).ln();
            sum += normal(u[5 + i], 0.0, tau.powf(-0.5));
        }
        sum
    });
    let brownian = Unconstrained::new(Brownian).unwrap();
    agree(&brownian, &points(32, 1.0, 50), |u| {
        let y = [
            0.21592641,
            0.118771404,
            -0.07945447,
            0.037677474,
            -0.27885845,
            -0.1484156,
            -0.3250906,
            -0.22957903,
            -0.44110894,
            -0.09830782,
            -0.8786016,
            -0.83736074,
            -0.7384849,
            -0.8939254,
            -0.7774566,
            -0.70238715,
            -0.87771565,
            -0.51853573,
            -0.6948214,
            -0.6202789,
        ];
        let (inner, outer) = (u[0].exp(), u[1].exp());
        let mut sum = normal(u[0], 0.0, 2.0) + normal(u[1], 0.0, 2.0) + normal(u[2], 0.0, inner);
        sum += (1..30)
            .map(|t| normal(u[2 + t], u[1 + t], inner))
            .sum::<f64>();
        let seen = (0..10).chain(20..30);
        sum + seen
            .zip(y)
            .map(|(t, y)| normal(y, u[2 + t], outer))
            .sum::<f64>()
    });
}

/// Overlapping particles: no NaN, and nothing beyond their own density.
#[test]
fn particles_on_top_of_each_other_are_harmless() {
    let mut grad = [0.0f64; 36];
    let value = Target::log_density_and_gradient(&LennardJones13, &[0.0; 36], &mut grad);
    assert!(
        value < -1e100 && grad.iter().all(|g| !g.is_nan()),
        "{value}"
    );
    let mut grad = [0.0f64; 6];
    let value = Target::log_density_and_gradient(&DoubleWell4, &[0.0; 6], &mut grad);
    assert!((value + 6.0 * well(0.0)).abs() < 1e-6 && grad.iter().all(|g| *g == 0.0));
}

/// The integral over the distances from a first particle: r to the second, then both others on a grid, a
/// trapezoidal rule that converges like exp(-2 pi^2 s^2 / h^2) with s = 0.25 / sqrt 3, the width of three wells
/// at once: 1e-7 at h = 0.16 (measured 7e-10). Places of less than 1e-9 of the weight are left out. The
/// Jacobian from positions about the first particle to the Helmert basis is 4^(-1).
#[test]
fn log_z_of_the_four_particles_is_their_integral() {
    let (h, step) = (0.16, 0.1);
    let grid = || (-50..=50).map(|k| f64::from(k) * h);
    let mut total = 0.0;
    for k in 10..80 {
        let r = f64::from(k) * step;
        let places: Vec<(f64, f64, f64)> = grid()
            .flat_map(|x| grid().map(move |y| (x, y)))
            .map(|(x, y)| {
                (
                    x,
                    y,
                    (-well(x.hypot(y)) - well((x - r).hypot(y)) - 9.0).exp(),
                )
            })
            .filter(|p| p.2 > 1e-9)
            .collect();
        let mut sum = 0.0;
        for (i, a) in places.iter().enumerate() {
            for b in &places[..i] {
                sum += 2.0 * a.2 * b.2 * (-well((a.0 - b.0).hypot(a.1 - b.1))).exp();
            }
        }
        total += TAU * r * (-well(r)).exp() * sum * h.powi(4) * step;
    }
    let log_evidence = total.ln() + 18.0 - 4f64.ln();
    let exact = Target::exact(&DoubleWell4).log_evidence.unwrap();
    must_pass(within("log Z", log_evidence, exact, 1e-7));
    must_fail(
        "a ten-thousandth",
        within("log Z", log_evidence + 1e-4, exact, 1e-7),
    );
}

/// Direct sums over 400 orders of I_k in double precision.
#[test]
fn gauge_theory_has_the_log_z_of_its_sum() {
    for (n, beta, log_evidence, plaquette) in [
        (8, 1.0, 15.098518944459, Some(0.44638996589653)),
        (8, 2.0, 52.735586655108, Some(0.69777465801)),
        (8, 4.0, 155.198425834166, Some(0.86353004251)),
        (8, 7.0, 328.173575949038, Some(0.92570036435)),
        (16, 1.0, 60.394075777838, None),
        (16, 2.0, 210.942346619637, None),
        (16, 4.0, 620.793035651958, None),
        (8, 0.0, 0.0, Some(0.0)),
    ] {
        let target = U1Gauge::new(n, beta).unwrap();
        let exact = Target::exact(&target).log_evidence.unwrap();
        must_pass(within(
            "log Z",
            exact,
            log_evidence,
            2e-12 * (1.0 + log_evidence),
        ));
        if let Some(plaquette) = plaquette {
            must_pass(within(
                "plaquette",
                target.mean_plaquette(),
                plaquette,
                1e-11,
            ));
        }
    }
}

#[test]
fn brownian_log_z_is_its_quadrature() {
    let target = Unconstrained::new(Brownian).unwrap();
    let exact = Target::exact(&target).log_evidence.unwrap();
    // Trapezoidal sums in another language over [-20, 8]^2 with steps of 1/8.
    must_pass(within("log Z", exact, 1.1877491032470824, 5e-11));
}

fn tempered(target: &dyn BlockTarget, spread: Option<f64>, moves: usize) -> SmcResult {
    let mover = MoveSettings {
        step_size_spread: spread,
        ..MoveSettings::default()
    };
    let smc = Smc::new(target).particles(4096).mover(mover);
    smc.moves_per_stage(moves).run().unwrap()
}

/// log Z within 4 standard errors, and what `error` the reference has.
fn evidence(result: &SmcResult, exact: f64, error: f64) -> Gate {
    let se = result.log_evidence_se.unwrap();
    assert!(
        se < 0.15,
        "standard error {se}: the gate has lost its power"
    );
    within("log Z", result.log_evidence, exact, 4.0 * se + error)
}

#[test]
fn tempering_finds_log_z() {
    let four = DoubleWell4;
    let gauge = U1Gauge::new(4, 2.0).unwrap();
    let brownian = Unconstrained::new(Brownian).unwrap();
    let seeds = Unconstrained::new(Seeds::new()).unwrap();
    let exact = |target: &dyn BlockTarget| target.exact().log_evidence.unwrap();
    for (name, target, spread, moves, log_evidence, error) in [
        (
            "dw-4",
            &four as &dyn BlockTarget,
            None,
            10,
            exact(&four),
            0.0,
        ),
        ("u1-gauge", &gauge, None, 5, exact(&gauge), 0.0),
        ("brownian", &brownian, Some(10.0), 30, exact(&brownian), 0.0),
        ("seeds", &seeds, None, 10, -73.404, 0.01),
    ] {
        let result = tempered(target, spread, moves);
        eprintln!(
            "{name} {} {:?} {log_evidence}",
            result.log_evidence, result.log_evidence_se
        );
        must_pass(evidence(&result, log_evidence, error));
        must_fail(name, evidence(&result, log_evidence + 0.9, error));
    }
}

/// Angles stay in [-pi, pi), their plaquettes have the exact mean, and no other reference will do.
#[test]
fn angles_stay_on_the_torus() {
    let target = U1Gauge::new(4, 1.5).unwrap();
    let result = tempered(&target, None, 5);
    let chains = Sample::new(&target).particles(512).mover(MoveSettings {
        kind: MoveKind::Hmc,
        ..MoveSettings::default()
    });
    let chains = chains.steps(200).run().unwrap();
    for samples in [&result.samples.to_vec(), &chains.samples.to_vec()] {
        assert!(samples.iter().all(|t| (-PI - 1e-9..=PI + 1e-9).contains(t)));
        let plaquettes: Vec<f64> = samples
            .chunks_exact(32)
            .map(|t| (Target::log_density(&target, t) + 32.0 * TAU.ln()) / (1.5 * 16.0))
            .collect();
        must_pass(mean_is(
            "plaquette",
            &plaquettes,
            target.mean_plaquette(),
            5.0,
        ));
        must_fail(
            "off",
            mean_is("plaquette", &plaquettes, target.mean_plaquette() + 0.1, 5.0),
        );
    }
    let normal = Smc::new(&target).reference(Reference::standard_normal(32));
    let refused = normal.run().unwrap_err().to_string();
    assert!(refused.contains("torus"), "{refused}");
}

/// E h . grad log pi = -dim for every density that falls off: a check of the sampler where log Z is unknown.
#[test]
fn the_lennard_jones_cluster_obeys_the_virial_theorem() {
    let result = tempered(&LennardJones13, None, 20);
    let mut grad = vec![0.0; 36];
    let virial: Vec<f64> = result
        .samples
        .to_vec()
        .chunks_exact(36)
        .map(|h| {
            Target::gradient(&LennardJones13, h, &mut grad);
            h.iter().zip(&grad).map(|(h, g)| h * g).sum::<f64>()
        })
        .collect();
    eprintln!(
        "{:?} {} {:?}",
        gates::mean_and_se(&virial),
        result.log_evidence,
        result.log_evidence_se
    );
    must_pass(mean_is("virial", &virial, -36.0, 5.0));
    must_fail("off by five", mean_is("virial", &virial, -31.0, 5.0));
    let wider = Reference::normal(vec![0.0; 36], vec![1.4; 36]).unwrap();
    let other = Smc::new(&LennardJones13)
        .particles(4096)
        .moves_per_stage(20);
    let other = other.reference(wider).run().unwrap();
    let se = result
        .log_evidence_se
        .unwrap()
        .hypot(other.log_evidence_se.unwrap());
    assert!(se < 0.3, "standard error {se}");
    must_pass(within(
        "log Z",
        result.log_evidence,
        other.log_evidence,
        4.0 * se,
    ));
}

#[test]
fn bad_settings_are_refused_by_name() {
    for (name, settings, words) in [
        ("u1-gauge", "n = 1", "n = 1"),
        ("u1-gauge", "beta = -1", "beta"),
        ("u1-gauge", "beta = nan", "beta"),
        ("dw-4", "dim = 6", "dim"),
        ("lj-13", "n = 13", "n"),
        ("seeds", "tau = 1", "tau"),
        ("brownian", "steps = 3", "steps"),
    ] {
        let parameters = Parameters::new("--set", ".", settings.parse().unwrap());
        match build(name, parameters) {
            Ok(_) => panic!("{name} {settings}: accepted"),
            Err(error) => {
                let line = error.to_string();
                assert!(line.contains(words), "{name} {settings}: {line}");
            }
        }
    }
}
