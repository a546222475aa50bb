//! Elementary functions over a buffer in L1: 2048 `f64` or 4096 `f32`, one core.
//!
//! Goals: 1.4 times what two arithmetic ports need for the operations stated in `kernels::math`.
//! Rivals: `wide`'s own exp and ln, and a plain loop over the standard library's functions.

#![allow(clippy::disallowed_methods)]

mod common;

use common::{Goal, measure};
use driftlane::kernels::rng::Vector;
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane, Scalar as _};
use std::hint::black_box;

/// Operations a register (AVX-512, constants not counted) in double and single precision.
const OPERATIONS: [(&str, f64, f64); 7] = [
    ("exp", 18.0, 13.0),
    ("exp_m1", 26.0, 21.0),
    ("ln", 21.0, 18.0),
    ("ln_1p", 30.0, 28.0),
    ("sigmoid", 22.0, 17.0),
    ("softplus", 39.0, 32.0),
    ("sin_cos_turns", 28.0, 22.0),
];
const PORTS: f64 = 2.0;
const SLACK: f64 = 1.4;
/// The core's clock under 512-bit load on the machine the goals are for.
const GHZ: f64 = 2.2;

fn goal(operations: f64, width: usize) -> Goal {
    let nanoseconds = SLACK * operations / PORTS / width as f64 / GHZ;
    Goal {
        nanoseconds,
        source: "1.4 x operations on two ports at 2.2 GHz",
    }
}

const ROWS: usize = 64;

/// A register, so that the compiler may not fold calls together.
fn apply<R: Vector>(name: &str, x: &[Row<R>], y: &mut [Row<R>]) {
    macro_rules! run {
        ($f:expr) => {{
            for (y, x) in y.iter_mut().zip(x) {
                *y = $f(*x);
            }
        }};
    }
    match name {
        "exp" => run!(Row::<R>::exp),
        "exp_m1" => run!(Row::<R>::exp_m1),
        "ln" => run!(Row::<R>::ln),
        "ln_1p" => run!(Row::<R>::ln_1p),
        "sigmoid" => run!(Row::<R>::sigmoid),
        "softplus" => run!(Row::<R>::softplus),
        "sin_cos_turns" => run!(|x: Row<R>| {
            let (s, c) = x.sin_cos_turns();
            s + c
        }),
        other => panic!("{other}"),
    }
}

fn standard(name: &str, x: f64) -> f64 {
    let turn = x * std::f64::consts::TAU;
    match name {
        "exp" => x.exp(),
        "exp_m1" => x.exp_m1(),
        "ln" => x.ln(),
        "ln_1p" => x.ln_1p(),
        "sigmoid" => 1.0 / (1.0 + (-x).exp()),
        "softplus" => x.exp().ln_1p(),
        "sin_cos_turns" => turn.sin() + turn.cos(),
        other => panic!("{other}"),
    }
}

fn filled<R: Vector>() -> Vec<Row<R>> {
    let mut rows = vec![Row::<R>::zero(); ROWS];
    let values: &mut [R::Scalar] = bytemuck::cast_slice_mut(&mut rows);
    let n = values.len() as f64;
    for (k, value) in values.iter_mut().enumerate() {
        // Of both sizes of 1, positive for the logarithms.
        *value = R::Scalar::from_f64(0.01 + 8.0 * k as f64 / n);
    }
    rows
}

fn check<R: Vector>(name: &str, x: &[Row<R>], y: &[Row<R>], tolerance: f64) {
    let (x, y): (&[R::Scalar], &[R::Scalar]) = (bytemuck::cast_slice(x), bytemuck::cast_slice(y));
    for (&x, &y) in x.iter().zip(y) {
        let expected = standard(name, x.into());
        let error = (y.into() - expected).abs();
        assert!(
            error <= tolerance * expected.abs().max(1.0),
            "{name}({x:?}) = {y:?}"
        );
    }
}

fn main() {
    common::require_fast_build();
    let mut criterion = common::criterion().measurement_time(std::time::Duration::from_secs(1));
    let (x64, x32) = (filled::<F64>(), filled::<F32>());
    let (mut y64, mut y32) = (x64.clone(), x32.clone());
    let plain: Vec<f64> = bytemuck::cast_slice(&x64).to_vec();
    let plain32: Vec<f32> = bytemuck::cast_slice(&x32).to_vec();
    let (mut out, mut out32) = (plain.clone(), plain32.clone());
    let (n64, n32) = (plain.len() as u64, plain32.len() as u64);
    let mut group = criterion.benchmark_group("math");
    for (name, double, single) in OPERATIONS {
        apply(name, &x64, &mut y64);
        check(name, &x64, &y64, 1e-14);
        apply(name, &x32, &mut y32);
        check(name, &x32, &y32, 2e-5);
        let f64_ = measure(
            &mut group,
            &format!("{name} f64"),
            n64,
            Some(goal(double, 8)),
            || {
                apply(name, black_box(&x64), black_box(&mut y64));
            },
        );
        measure(
            &mut group,
            &format!("{name} f32"),
            n32,
            Some(goal(single, 16)),
            || {
                apply(name, black_box(&x32), black_box(&mut y32));
            },
        );
        if name == "exp" || name == "ln" {
            let wide = measure(
                &mut group,
                &format!("{name} f64 of wide"),
                n64,
                None,
                || {
                    for (y, x) in black_box(&mut y64).iter_mut().zip(black_box(&x64)) {
                        // The registers' own methods, not those of `Lane`.
                        *y = x.map(|r: wide::f64x8| if name == "exp" { r.exp() } else { r.ln() });
                    }
                },
            );
            measure(
                &mut group,
                &format!("{name} f32 of wide"),
                n32,
                None,
                || {
                    for (y, x) in black_box(&mut y32).iter_mut().zip(black_box(&x32)) {
                        *y = x.map(|r: wide::f32x16| if name == "exp" { r.exp() } else { r.ln() });
                    }
                },
            );
            if common::measuring() {
                println!("  {name}: {:.1}x wide", wide.median / f64_.median);
            }
        }
        let std = measure(&mut group, &format!("{name} f64 of std"), n64, None, || {
            for (y, x) in black_box(&mut out).iter_mut().zip(black_box(&plain)) {
                *y = standard(name, *x);
            }
        });
        if common::measuring() {
            println!("  {name}: {:.1}x std", std.median / f64_.median);
        }
    }
    measure(&mut group, "exp f32 of std", n32, None, || {
        for (y, x) in black_box(&mut out32).iter_mut().zip(black_box(&plain32)) {
            *y = x.exp();
        }
    });
    group.finish();
    criterion.final_summary();
}
