//! Constrained parameters: transforms stay in their spaces and have the Jacobian they say, gradients are
//! exact, and eight schools has the law of its one-dimensional integrals.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::kernels::{Dual, Lane};
use driftlane::smc::Smc;
use driftlane::target::library::EightSchools;
use driftlane::target::{Model, Parameter, Target, Transform, Unconstrained, gradient_by_dual};
use gates::{Gate, must_fail, must_pass, within};
use proptest::prelude::*;

/// Every transform at once, under a density that knows all of theta from each other, or a flat one.
struct Everything {
    flat: bool,
}

impl Model for Everything {
    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::new("real", 2, Transform::Real),
            Parameter::new("positive", 2, Transform::Positive),
            Parameter::new("share", 2, Transform::Interval(-1.0, 3.0)),
            Parameter::new("rising", 3, Transform::Ordered),
            Parameter::new("simplex", 4, Transform::Simplex),
        ]
    }
    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        if self.flat {
            return L::zero();
        }
        let mut sum = L::zero();
        for (k, &t) in theta.iter().enumerate() {
            let next = theta[(k + 1) % theta.len()];
            let z = t.mul_add(L::splat(0.1 * (k + 1) as f64), next * L::splat(-0.3));
            sum += (z * z).ln_1p() * L::splat(-0.7);
        }
        sum
    }
}

fn target(flat: bool) -> Unconstrained<Everything> {
    Unconstrained::new(Everything { flat }).unwrap()
}

/// ln |det| by elimination with pivots.
fn log_determinant(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut log = 0.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()));
        a.swap(k, pivot.unwrap());
        log += a[k][k].abs().ln();
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            let pivot = a[k].clone();
            for (below, above) in a[i].iter_mut().zip(&pivot).skip(k) {
                *below -= factor * above;
            }
        }
    }
    log
}

/// The Jacobian by exact differentiation of what `constrain` does; the last share of the simplex follows
/// from the others.
fn jacobian(target: &Unconstrained<Everything>, u: &[f64]) -> Vec<Vec<f64>> {
    let mut point: Vec<Dual<f64>> = u.iter().map(|&v| Dual::constant(v)).collect();
    let columns: Vec<Vec<f64>> = (0..u.len())
        .map(|j| {
            point[j].tangent = 1.0;
            let theta = target.constrain(&point);
            point[j].tangent = 0.0;
            theta[..u.len()].iter().map(|t| t.tangent).collect()
        })
        .collect();
    let entry = |i: usize, j: usize| columns[j][i];
    (0..u.len())
        .map(|i| (0..u.len()).map(|j| entry(i, j)).collect())
        .collect()
}

fn jacobian_is_right(target: &Unconstrained<Everything>, u: &[f64], shift: f64) -> Gate {
    let exact = log_determinant(jacobian(target, u)) + shift;
    let got = target.log_density(u);
    within("log |J|", got, exact, 1e-9 * exact.abs().max(1.0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn transforms_stay_in_their_spaces_and_have_their_jacobian(
        u in prop::collection::vec(-6.0..6.0f64, 12),
    ) {
        let flat = target(true);
        let theta = flat.constrain(&u);
        prop_assert_eq!(theta.len(), 13);
        prop_assert!(theta[2..4].iter().all(|t| *t > 0.0));
        prop_assert!(theta[4..6].iter().all(|t| *t > -1.0 && *t < 3.0));
        prop_assert!(theta[6] < theta[7] && theta[7] < theta[8]);
        prop_assert!(theta[9..].iter().all(|t| *t > 0.0));
        prop_assert!((theta[9..].iter().sum::<f64>() - 1.0).abs() < 1e-14);
        must_pass(jacobian_is_right(&flat, &u, 0.0));
        must_fail("a factor of 1.001", jacobian_is_right(&flat, &u, 1e-3 * 12.0));

        let curved = target(false);
        let (mut own, mut exact) = ([0.0; 12], [0.0; 12]);
        gradient_by_dual(&curved, &u, &mut exact);
        let value = curved.log_density_and_gradient(&u, &mut own);
        prop_assert_eq!(value, curved.log_density(&u));
        for j in 0..12 {
            let size = exact[j].abs().max(1.0);
            prop_assert!((own[j] - exact[j]).abs() < 1e-11 * size, "{j}: {} {}", own[j], exact[j]);
        }
    }

    #[test]
    fn nothing_is_nan_far_out(u in prop::collection::vec(-300.0..300.0f64, 12)) {
        let flat = target(true);
        let mut grad = [0.0; 12];
        prop_assert!(!flat.log_density_and_gradient(&u, &mut grad).is_nan());
        prop_assert!(grad.iter().all(|g| !f64::is_nan(*g)), "{:?}", grad);
    }
}

#[test]
fn equal_shares_stand_at_the_origin_and_names_say_what_moves() {
    let flat = target(true);
    let theta = flat.constrain(&[0.0; 12]);
    for share in &theta[9..] {
        must_pass(within("share", *share, 0.25, 1e-15));
    }
    must_pass(within("middle", theta[4], 1.0, 1e-15));
    let names = flat.parameter_names();
    assert_eq!(names.len(), 12);
    for (at, name) in [
        (0, "real[0]"),
        (2, "ln positive[0]"),
        (5, "logit share[1]"),
        (6, "rising[0]"),
        (7, "ln step rising[1]"),
        (11, "stick simplex[2]"),
    ] {
        assert_eq!(names[at], name);
    }
}

#[test]
fn bad_parameters_are_refused() {
    struct Bad(Parameter);
    impl Model for Bad {
        fn parameters(&self) -> Vec<Parameter> {
            vec![self.0.clone()]
        }
        fn log_density<L: Lane>(&self, _: &[L]) -> L {
            L::zero()
        }
    }
    for (parameter, word) in [
        (Parameter::new("p", 0, Transform::Real), "p len"),
        (Parameter::new("w", 1, Transform::Simplex), "w len"),
        (
            Parameter::new("q", 1, Transform::Interval(2.0, 2.0)),
            "q interval",
        ),
        (
            Parameter::new("q", 1, Transform::Interval(f64::NAN, 2.0)),
            "q interval",
        ),
        (
            Parameter::new("q", 1, Transform::Interval(0.0, f64::INFINITY)),
            "q interval",
        ),
    ] {
        let error = Unconstrained::new(Bad(parameter)).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

fn schools(centred: bool) -> Unconstrained<EightSchools> {
    Unconstrained::new(EightSchools::new(centred)).unwrap()
}

const EFFECTS: [f64; 8] = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
const ERRORS: [f64; 8] = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];

fn normal(x: f64, mean: f64, sd: f64) -> f64 {
    let z = (x - mean) / sd;
    -0.5 * z * z - sd.ln() - 0.5 * std::f64::consts::TAU.ln()
}

#[test]
fn eight_schools_is_its_formula_either_way() {
    let u: Vec<f64> = (0..10).map(|j| 0.7 * j as f64 - 2.0).collect();
    let (mu, tau) = (u[0], u[1].exp());
    let prior =
        normal(mu, 0.0, 5.0) + u[1] - (std::f64::consts::PI * 2.5 * (1.0 + tau * tau / 25.0)).ln();
    let mut expected = [prior; 2];
    for i in 0..8 {
        let e = u[2 + i];
        expected[0] += normal(e, 0.0, 1.0) + normal(EFFECTS[i], mu + tau * e, ERRORS[i]);
        expected[1] += normal(e, mu, tau) + normal(EFFECTS[i], e, ERRORS[i]);
    }
    for (centred, expected) in [false, true].into_iter().zip(expected) {
        let target = schools(centred);
        must_pass(within("log p", target.log_density(&u[..]), expected, 1e-11));
        let (mut own, mut exact) = ([0.0; 10], [0.0; 10]);
        target.gradient(&u, &mut own);
        gradient_by_dual(&target, &u, &mut exact);
        for j in 0..10 {
            must_pass(within(
                "gradient",
                own[j],
                exact[j],
                1e-11 * exact[j].abs().max(1.0),
            ));
        }
    }
}

/// Means by quadrature in both mu and ln tau, 3401 by 1701 points, which needs no normal algebra; the sd
/// of mu is published (posteriordb's reference draws agree).
#[test]
fn eight_schools_has_its_known_moments() {
    let exact = Target::exact(&schools(true));
    let (mean, sd) = (exact.mean.unwrap(), exact.sd.unwrap());
    must_pass(within("mu", mean[0], 4.396_82, 1e-5));
    must_pass(within("sd of mu", sd[0], 3.3177, 6e-5));
    let effects = [
        6.21188, 4.94018, 3.92700, 4.75710, 3.61548, 4.04261, 6.29672, 4.85425,
    ];
    for (got, known) in mean[2..].iter().zip(effects) {
        must_pass(within("theta", *got, known, 1.5e-5));
    }
    let other = Target::exact(&schools(false));
    let both = exact.log_evidence.unwrap();
    must_pass(within("log Z", other.log_evidence.unwrap(), both, 1e-11));
}

/// log Z within 4 standard errors, means within 5 of theirs (the sd over sqrt of a tenth of the particles:
/// what the genealogy leaves); without the Jacobian both are off.
#[test]
fn tempering_finds_the_posterior_of_eight_schools() {
    let target = schools(false);
    let exact = Target::exact(&target);
    let result = Smc::new(&target)
        .particles(4096)
        .moves_until_decorrelated(50)
        .run()
        .unwrap();
    let se = result.log_evidence_se.unwrap();
    assert!(se < 0.1, "standard error {se}: the gate has lost its power");
    let log_evidence = exact.log_evidence.unwrap();
    let gate = |shift: f64| within("log Z", result.log_evidence, log_evidence + shift, 4.0 * se);
    must_pass(gate(0.0));
    must_fail("off by 0.8", gate(0.8));
    let (mean, sd) = (exact.mean.unwrap(), exact.sd.unwrap());
    for j in 0..10 {
        let tolerance = 5.0 * sd[j] / 410f64.sqrt();
        must_pass(within("mean", result.mean[j], mean[j], tolerance));
    }
}
