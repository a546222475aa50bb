//! The stationary law of every scheme on a Gaussian, exactly.
//!
//! The covariance that the linear map of the compiled scheme leaves invariant, against closed forms in
//! e = h^2 k/(4 m), z = h k/m and the friction:
//!
//! | scheme | k <x^2> | <p^2>/m |
//! |---|---|---|
//! | baoab | 1 | 1 - e |
//! | obabo | 1/(1-e) | 1 |
//! | aboba | 1 | 1/(1-e) |
//! | oabao | 1 - e | 1 |
//! | baoa | 1 | 1 |
//! | stochastic-position-verlet | (g h/2) coth(g h/2) | 1/(1 - k h (1-c)/(2 g m (1+c))), c = e^(-g h) |
//! | euler-maruyama, and tamed ones linearised | 1/(1 - z/2) | |
//! | leimkuhler-matthews | 1 | |
//! | randomized-midpoint | (2 - 2z + z^2)/(2 - 2z + z^2 - z^3/3) | |
//!
//! For the others the map itself is written down a second time, from their papers, and solved. Five
//! step sizes, d in {1, 7, 8, 9, 64}, unlike precisions and masses. Agreement to 1e-12: a wrong
//! splitting is off by e, 1e-4 at the smallest step.

use super::linear::{Map, NODES, Setting, maps, stationary};
use super::mutants;
use crate::gates::{Gate, must_fail, must_pass, require, within};
use driftlane::integrator::{Dynamics, Rule, SCHEMES, Scheme, scheme};

/// h: on rates up to 3.2, e = 0.29 at the largest.
const STEPS: [f64; 5] = [0.02, 0.1, 0.25, 0.4, 0.6];
const FRICTIONS: [f64; 4] = [1e-6, 0.7, 5.0, 60.0];

/// What the covariance should be: (k <x^2>, <p^2>/m, <x p>) of a coordinate.
type Exact = dyn Fn(f64, f64, f64) -> (f64, f64);

/// (rate, friction, h) to (k <x^2>, <p^2>/m).
fn closed_form(name: &str) -> Option<Box<Exact>> {
    let e = |rate: f64, h: f64| h * h * rate / 4.0;
    Some(match name {
        "baoab" => Box::new(move |w, _, h| (1.0, 1.0 - e(w, h))),
        "obabo" => Box::new(move |w, _, h| (1.0 / (1.0 - e(w, h)), 1.0)),
        "aboba" => Box::new(move |w, _, h| (1.0, 1.0 / (1.0 - e(w, h)))),
        "oabao" => Box::new(move |w, _, h| (1.0 - e(w, h), 1.0)),
        "baoa" => Box::new(|_, _, _| (1.0, 1.0)),
        "stochastic-position-verlet" => Box::new(|w, g, h| {
            let half = g * h / 2.0;
            let (c, kick) = ((-g * h).exp(), -(-g * h).exp_m1() / g);
            let x = half / half.tanh();
            (x, 1.0 / (1.0 - w * kick * h / (2.0 * (1.0 + c))))
        }),
        "euler-maruyama" => Box::new(|w, _, h| (1.0 / (1.0 - h * w / 2.0), f64::NAN)),
        "leimkuhler-matthews" => Box::new(|_, _, _| (1.0, f64::NAN)),
        "randomized-midpoint" => Box::new(|w, _, h| {
            let z = h * w;
            let top = 2.0 - 2.0 * z + z * z;
            (top / (top - z * z * z / 3.0), f64::NAN)
        }),
        _ => return None,
    })
}

/// The maps of the other schemes, from their formulas at unit mass and precision `rate`.
fn written(scheme: &Scheme, rate: f64, g: f64, h: f64, share: f64) -> Option<Vec<Map>> {
    let psi_1 = |t: f64| -(-g * t).exp_m1() / g;
    let psi_2 = |t: f64| {
        let z: f64 = g * t;
        // t^2 phi_2(-z), its series near 0.
        let near = 0.5 - z / 6.0 + z * z / 24.0 - z * z * z / 120.0;
        t * t
            * if z < 1e-3 {
                near
            } else {
                (z + (-z).exp_m1()) / (z * z)
            }
    };
    // Noise of free flight over t: integrals of 2 g (psi_1, e^-gs) by quadrature on pieces.
    let noise = |t: f64| {
        let mut c = [[0.0; 2]; 2];
        let pieces = 1 + (g * t * 2.0) as usize;
        for piece in 0..pieces {
            for (node, weight) in NODES {
                let s = t * (piece as f64 + node) / pieces as f64;
                let v = [psi_1(s), (-g * s).exp()];
                for i in 0..2 {
                    for j in 0..2 {
                        c[i][j] += 2.0 * g * weight * t / pieces as f64 * v[i] * v[j];
                    }
                }
            }
        }
        c
    };
    match &scheme.rule {
        Rule::FrozenForce => Some(vec![Map {
            weight: 1.0,
            m: [
                [1.0 - rate * psi_2(h), psi_1(h)],
                [-rate * psi_1(h), (-g * h).exp()],
            ],
            noise: noise(h),
        }]),
        Rule::RandomizedMidpoint if scheme.dynamics == Dynamics::Underdamped => {
            let of = |(u, weight): (f64, f64)| {
                let (first, second) = (u * h, h - u * h);
                let y = [1.0 - rate * psi_2(first), psi_1(first)];
                let (push, kick) = (h * psi_1(second), h * (-g * second).exp());
                let m = [
                    [1.0 - rate * push * y[0], psi_1(h) - rate * push * y[1]],
                    [-rate * kick * y[0], (-g * h).exp() - rate * kick * y[1]],
                ];
                // (a, b): noise of the first and second part; what the first adds to (x, p).
                let (a, b) = (noise(first), noise(second));
                let carry = [
                    [1.0 - rate * push, psi_1(second)],
                    [-rate * kick, (-g * second).exp()],
                ];
                let carried = super::linear::product(
                    super::linear::product(carry, a),
                    super::linear::transpose(carry),
                );
                Map {
                    weight,
                    m,
                    noise: super::linear::sum(carried, b),
                }
            };
            Some(NODES.into_iter().map(of).collect())
        }
        Rule::Semilinear { corrected } => {
            let (a, rest) = (-share * rate, -(1.0 - share) * rate);
            let (z, grown) = (a * h, (a * h).exp());
            let phi_1 = if a == 0.0 { 1.0 } else { z.exp_m1() / z };
            let phi_2 = if a == 0.0 { 0.5 } else { (phi_1 - 1.0) / z };
            let mut m = grown + h * phi_1 * rest;
            let mut s = (if a == 0.0 {
                2.0 * h
            } else {
                (2.0 * z).exp_m1() / a
            })
            .sqrt();
            if *corrected {
                m += h * phi_2 * rest * (m - 1.0);
                s *= 1.0 + h * phi_2 * rest;
            }
            Some(vec![Map {
                weight: 1.0,
                m: [[m, 0.0], [0.0, 0.0]],
                noise: [[s * s, 0.0], [0.0, 0.0]],
            }])
        }
        _ => None,
    }
}

/// Every coordinate and step size of one setting.
fn gate(name: &str, scheme: &Scheme, setting: &Setting, tolerance: f64) -> Gate {
    let momentum = scheme.dynamics == Dynamics::Underdamped;
    for (j, of_coordinate) in maps(scheme, setting, &STEPS).iter().enumerate() {
        for (maps, h) in of_coordinate.iter().zip(STEPS) {
            let (k, rate) = (setting.precision[j], setting.rate(j));
            let mass = 1.0 / setting.inverse_mass[j];
            let covariance = stationary(maps, scheme.has_momentum());
            let (xx, xp, pp) = (
                k * covariance[0][0],
                covariance[0][1] * (k / mass).sqrt(),
                covariance[1][1] / mass,
            );
            let (want, want_xp) = match closed_form(name) {
                Some(exact) => (exact(rate, setting.friction, h), None),
                None => {
                    let share = setting.linear_share;
                    let own = written(scheme, rate, setting.friction, h, share).unwrap();
                    let s = stationary(&own, momentum);
                    ((rate * s[0][0], s[1][1]), Some(s[0][1] * rate.sqrt()))
                }
            };
            let place = format!(
                "{name}, friction {}, h {h}, coordinate {j}",
                setting.friction
            );
            within(&format!("{place}: x"), xx / want.0, 1.0, tolerance)?;
            if momentum {
                within(&format!("{place}: p"), pp / want.1, 1.0, tolerance)?;
                if let Some(want) = want_xp {
                    within(&format!("{place}: x p"), xp, want, tolerance)?;
                }
            }
        }
    }
    Ok(())
}

fn langevin() -> impl Iterator<Item = &'static Scheme> {
    // On a Gaussian a tamed scheme is not linear; see `tamed.rs`.
    let linear = |s: &&Scheme| !matches!(s.rule, Rule::Tamed { .. });
    let schemes = SCHEMES
        .iter()
        .filter(|s| s.dynamics != Dynamics::Hamiltonian);
    schemes.filter(linear)
}

#[test]
fn covariances_are_the_closed_forms() {
    let mut checked = 0;
    for scheme in langevin() {
        for friction in FRICTIONS {
            // Without friction the noise vanishes against rounding; frozen forces are unstable there.
            let restless = matches!(scheme.rule, Rule::FrozenForce | Rule::RandomizedMidpoint);
            if scheme.dynamics == Dynamics::Underdamped && restless && friction < 0.1 {
                continue;
            }
            // What a step forgets conditions the equations: 1e-8 of a momentum at friction 1e-6, 1e-5
            // of a position at friction 60.
            let tolerance = match friction {
                f if f < 1e-3 => 1e-7,
                f if f < 10.0 => 1e-12,
                _ => 2e-11,
            };
            let tolerance = if restless { 1e-10 } else { tolerance };
            for d in [1, 7, 8, 9, 64] {
                if d == 64 && friction != 0.7 {
                    continue;
                }
                let setting = Setting::spread(d, friction, scheme);
                // Frozen forces need friction to be stable at the larger steps.
                if matches!(scheme.rule, Rule::FrozenForce) && friction < 5.0 {
                    continue;
                }
                must_pass(gate(scheme.name, scheme, &setting, tolerance));
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

/// With the whole drift as its linear part an exponential scheme is exact in law at any step.
#[test]
fn exponential_euler_is_exact_on_a_gaussian() {
    for name in ["exponential-euler", "etd2rk"] {
        let scheme = scheme(name).unwrap();
        let mut setting = Setting::spread(7, 1.0, scheme);
        setting.linear_share = 1.0;
        let steps = [1e-12, 1e-6, 0.5, 5.0, 700.0];
        for (j, of_coordinate) in maps(scheme, &setting, &steps).iter().enumerate() {
            for maps in of_coordinate {
                let variance = setting.precision[j] * stationary(maps, false)[0][0];
                // At 1e-12 the balance of growth and noise is one in 1e12.
                let square = maps[0].m[0][0] * maps[0].m[0][0];
                let rounding = 1e-14 + 4e-16 / (1.0 - square);
                must_pass(within(name, variance, 1.0, rounding));
            }
        }
    }
}

/// Every defect of the list moves a covariance.
#[test]
fn wrong_schemes_are_seen() {
    for (what, name, wrong) in mutants::langevin() {
        let setting = Setting::spread(7, 0.7, &wrong);
        must_fail(what, gate(name, &wrong, &setting, 1e-7));
    }
    must_pass(require(mutants::langevin().len() >= 10, || {
        "mutants".into()
    }));
}
