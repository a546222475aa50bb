//! Weak orders on a Gaussian, exactly: mean and second moments after a fixed time, propagated by the
//! linear maps, against the solution of the dynamics.
//!
//! Over four halvings the error falls by 2^p within 10%. A scheme may be better on a Gaussian than in
//! general (its table order is then the general one); it may not be worse.

use super::linear::{Map, Matrix, Setting, maps, product, sum, transpose};
use super::mutants;
use crate::gates::{Gate, must_fail, must_pass, require};
use driftlane::integrator::{Dynamics, Order, Rule, SCHEMES, Scheme, scheme};

const TIME: f64 = 2.0;
const FRICTION: f64 = 1.3;
const RATE: f64 = 1.7;

/// e^A by its series on a 2^-10th, squared.
fn exponential(a: Matrix) -> Matrix {
    let a = a.map(|row| row.map(|v| v / 1024.0));
    let identity = [[1.0, 0.0], [0.0, 1.0]];
    let (mut e, mut power) = (identity, identity);
    for n in 1..12 {
        power = product(power, a).map(|row| row.map(|v| v / f64::from(n)));
        e = sum(e, power);
    }
    (0..10).fold(e, |e, _| product(e, e))
}

/// (mean, second moment) after `steps` steps from (x, p) = (1.3, 0.4); of x alone where overdamped.
fn after(maps: &[Map], scheme: &Scheme, steps: usize) -> ([f64; 2], Matrix) {
    // The noise of the last step, which leimkuhler-matthews keeps, starts as a normal.
    let overdamped = scheme.dynamics == Dynamics::Overdamped;
    let (mut mean, mut second) = if overdamped {
        ([1.3, 0.0], [[1.69, 0.0], [0.0, 1.0]])
    } else {
        ([1.3, 0.4], [[1.69, 0.52], [0.52, 0.16]])
    };
    for _ in 0..steps {
        let (mut m, mut s) = ([0.0; 2], [[0.0; 2]; 2]);
        for map in maps {
            let moved = product(product(map.m, second), transpose(map.m));
            let all = sum(moved, map.noise);
            s = sum(s, all.map(|row| row.map(|v| map.weight * v)));
            for i in 0..2 {
                m[i] += map.weight * (map.m[i][0] * mean[0] + map.m[i][1] * mean[1]);
            }
        }
        (mean, second) = (m, s);
    }
    (mean, second)
}

/// The largest error of a moment at step TIME/steps.
fn error(scheme: &Scheme, steps: usize) -> f64 {
    let setting = Setting::new(vec![RATE], FRICTION);
    let map = &maps(scheme, &setting, &[TIME / steps as f64])[0][0];
    let (mean, second) = after(map, scheme, steps);
    if scheme.dynamics == Dynamics::Overdamped {
        let decay = (-RATE * TIME).exp();
        let exact = decay * decay * (1.69 - 1.0 / RATE) + 1.0 / RATE;
        return (mean[0] - 1.3 * decay)
            .abs()
            .max((second[0][0] - exact).abs());
    }
    let e = exponential([[0.0, TIME], [-RATE * TIME, -FRICTION * TIME]]);
    let start = [[1.69 - 1.0 / RATE, 0.52], [0.52, 0.16 - 1.0]];
    let exact = sum(
        product(product(e, start), transpose(e)),
        [[1.0 / RATE, 0.0], [0.0, 1.0]],
    );
    let mut worst = 0.0f64;
    for i in 0..2 {
        worst = worst.max((mean[i] - (e[i][0] * 1.3 + e[i][1] * 0.4)).abs());
        for j in 0..2 {
            worst = worst.max((second[i][j] - exact[i][j]).abs());
        }
    }
    worst
}

fn gate(name: &str, scheme: &Scheme, order: u32, at_least: bool) -> Gate {
    let errors: Vec<f64> = (0..5).map(|k| error(scheme, 40 << k)).collect();
    for pair in errors.windows(2) {
        let ratio = pair[0] / pair[1] / f64::from(1 << order);
        require(ratio > 0.9 && (at_least || ratio < 1.1), || {
            format!("{name}: weak order {order}, errors {errors:?}")
        })?;
    }
    Ok(())
}

#[test]
fn weak_orders() {
    for scheme in &SCHEMES {
        let Order::Langevin { weak, .. } = scheme.order else {
            continue;
        };
        if !matches!(scheme.rule, Rule::Tamed { .. }) {
            must_pass(gate(scheme.name, scheme, weak, false));
        }
    }
    for (what, name, stages) in [
        (
            "a first order splitting",
            "obabo",
            &[(mutants::O, 1.0), (mutants::B, 1.0), (mutants::A, 1.0)][..],
        ),
        (
            "half the friction",
            "baoa",
            &[
                (mutants::B, 1.0),
                (mutants::A, 0.5),
                (mutants::O, 0.5),
                (mutants::A, 0.5),
            ],
        ),
    ] {
        let wrong = mutants::with_stages(name, stages);
        let Order::Langevin { weak, .. } = scheme(name).unwrap().order else {
            panic!()
        };
        must_fail(what, gate(name, &wrong, weak, false));
    }
}
