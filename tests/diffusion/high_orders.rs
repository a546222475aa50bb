//! UniP and UniPC of orders beyond the table: their weights are those of Adams methods and of interpolating polynomials,
//! they converge as fast as they claim, and populations carry their histories.

use super::gates::{Gate, must_fail, must_pass, within};
use super::starts::{along, has_order, kept, program, with_exact_history};
use driftlane::diffusion::solver::{
    FinalOrder, MOST_ORDER, Multistep, Options, StartUp, Weights, find, numbers_of_family,
};
use driftlane::diffusion::weights::{data_integral, noise_integral, solve};
use driftlane::diffusion::{Diffuse, Grid, Node, Prediction, Schedule, Start, diffuse, run_scalar};
use driftlane::kernels::F64;
use driftlane::target::library::Gaussian;

/// Gauss-Legendre nodes and weights on [0, 1], by Newton's method on the recursion of the polynomials.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let of = |k: usize| {
        let mut z = (std::f64::consts::PI * (k as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..50 {
            let (mut before, mut value) = (1.0, z);
            for j in 2..=n {
                let j = j as f64;
                (before, value) = (
                    value,
                    ((2.0 * j - 1.0) * z * value - (j - 1.0) * before) / j,
                );
            }
            slope = n as f64 * (z * value - before) / (z * z - 1.0);
            z -= value / slope;
        }
        (0.5 * (1.0 + z), 1.0 / ((1.0 - z * z) * slope * slope))
    };
    (0..n).map(of).collect()
}

/// Coefficients of Adams-Bashforth of order 9, Hairer, Norsett, Wanner, Solving ODEs I, III.1, times 3628800.
const ADAMS_9: [f64; 9] = [
    14_097_247.0,
    -43_125_206.0,
    95_476_786.0,
    -139_855_262.0,
    137_968_480.0,
    -91_172_642.0,
    38_833_486.0,
    -9_664_106.0,
    1_070_017.0,
];

#[test]
fn short_steps_are_those_of_adams_bashforth() {
    let nodes: Vec<f64> = (1..9).map(|j| -f64::from(j)).collect();
    let h = 1e-9;
    for integral in [data_integral, noise_integral] {
        let moments: Vec<f64> = (1..9).map(|k| integral(k, h)).collect();
        let w = solve(&nodes, &moments).unwrap();
        for (w, exact) in w.iter().zip(&ADAMS_9[1..]) {
            let exact = exact / 3_628_800.0;
            must_pass(within("Adams", w / h, exact, 1e-7));
            must_fail("Adams", within("Adams", w / h, exact * 1.000_01, 1e-7));
        }
    }
}

/// w_i is the integral of the i-th basis polynomial against the exponential, at any order and spacing.
#[test]
fn weights_are_integrals_of_basis_polynomials() {
    let rule = gauss_legendre(24);
    for (spread, corrected) in [(1.0, true), (1.0, false), (0.7, true), (1.3, false)] {
        let mut nodes = vec![];
        let (mut at, mut gap) = (0.0, 1.0);
        for _ in 1..MOST_ORDER {
            at -= gap;
            gap *= spread;
            nodes.push(at);
        }
        if corrected {
            nodes.push(1.0);
        }
        for h in [1e-3, 0.1, 0.8, 3.0] {
            let moments: Vec<f64> = (1..=nodes.len()).map(|k| data_integral(k, h)).collect();
            let w = solve(&nodes, &moments).unwrap();
            let basis = |i: usize, x: f64| {
                let others = nodes.iter().enumerate().filter(|(j, _)| *j != i);
                let product = others
                    .map(|(_, r)| (x - r) / (nodes[i] - r))
                    .product::<f64>();
                product * x / nodes[i]
            };
            let scale: f64 = w.iter().map(|w| w.abs()).sum();
            for (i, w) in w.iter().enumerate() {
                let part = |(x, c): &(f64, f64)| c * h * (-(1.0 - x) * h).exp() * basis(i, *x);
                let exact: f64 = rule.iter().map(part).sum();
                must_pass(within("weight", *w, exact, 1e-14 * scale));
                must_fail(
                    "weight",
                    within("weight", w + 3e-14 * scale, exact, 1e-14 * scale),
                );
            }
        }
    }
}

/// The exact prediction of N(0.4, sd^2).
fn normal(sd: f64) -> impl Fn(&[f64], &Node, Prediction, &mut [f64]) {
    move |x, at, what, out| {
        let (s, y) = (at.noise_level(), x[0] / at.alpha);
        let noise = s * (y - 0.4) / (sd * sd + s * s);
        out[0] = match what {
            Prediction::Noise => noise,
            Prediction::Data => y - s * noise,
        };
    }
}

/// Errors from exact histories on one normal, whose flow is known: x - m falls as sqrt(sd^2 + s^2). Where the leading
/// term of the error changes its sign with the step, or nothing but rounding is left, no order can be seen: the widths
/// and numbers of steps are those between.
#[test]
fn orders_six_to_nine_are_reached() {
    let schedule = Schedule::from_name("ve").unwrap();
    let high = 2.5f64.ln();
    let mut gates: Vec<Gate> = Vec::new();
    for (name, order, (sd, low), steps) in [
        ("unip-6", 6.0, (1.0, 0.4), vec![32, 64, 128]),
        ("unip-6-noise", 6.0, (0.7, 0.4), vec![24, 48, 96, 192]),
        ("unipc-5-vary", 6.0, (1.0, 0.4), vec![32, 64, 128]),
        ("unipc-5-noise-bh1", 6.0, (1.0, 0.8), vec![16, 32, 64, 128]),
        ("unipc-6-bh2", 7.0, (1.0, 0.8), vec![32, 64, 128]),
        ("unipc-6-noise-bh2", 7.0, (1.0, 0.4), vec![16, 32, 64, 128]),
        ("unip-7", 7.0, (1.0, 0.8), vec![40, 80]),
        ("unip-8", 8.0, (0.5, 0.5), vec![40, 80]),
        ("unip-9", 9.0, (1.0, 0.4), vec![40, 80]),
    ] {
        let solver = find(name).unwrap();
        assert_eq!(solver.order as f64, order);
        let (predict, low) = (normal(sd), f64::ln(low));
        let place = |log: f64| 0.4 + 1.3 * (sd * sd + (2.0 * log).exp()).sqrt();
        let error = |steps: &i32| {
            let warm = 9;
            let h = (low - high) / f64::from(*steps);
            let log = |i: i32| h.mul_add(f64::from(i - warm), high);
            let nodes: Vec<Node> = (0..=warm + steps)
                .map(|i| Node::variance_exploding(log(i).exp()).unwrap())
                .collect();
            let history: Vec<Vec<f64>> = (0..=warm).map(|i| vec![place(log(i))]).collect();
            let options = kept(&solver, Options::default());
            let program = program(&solver, &nodes, &schedule, &options);
            with_exact_history(&program, &history, &predict)[0] - place(low)
        };
        let all: Vec<f64> = steps.iter().map(error).collect();
        gates.push(has_order(name, &all, order));
        must_fail(name, has_order(name, &all, order - 0.5));
        must_fail(name, has_order(name, &all, order + 0.5));
        let levels = [high.exp(), low.exp()];
        let exact = along(&predict, &levels, &[place(high)]).swap_remove(1);
        must_pass(within("the flow", exact[0], place(low), 1e-14));
    }
    let wrong: Vec<String> = gates.into_iter().filter_map(Gate::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn populations_carry_ten_outputs() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::LogSnr.nodes(&schedule, 70).unwrap();
    let target = Gaussian::diagonal(vec![0.5], vec![0.8]).unwrap();
    let given: Vec<f64> = (0..40).map(|k| 0.1 * f64::from(k) - 2.0).collect();
    let run = Diffuse {
        start: Start::Given(&given),
        ..Diffuse::new(40, 1)
    };
    for name in [
        "unip-6",
        "unipc-9-bh2",
        "unip-10",
        "unipc-10-vary",
        "unipc-7-noise-bh1",
    ] {
        let program = program(&find(name).unwrap(), &nodes, &schedule, &Options::default());
        let found = diffuse::<F64>(&target, &program, &run, &mut |_| {}).unwrap();
        for (start, end) in given.iter().zip(&found.samples.to_vec()) {
            let mut x = [*start];
            run_scalar(&program, &mut x, |x, at, what, out| {
                let variance = (0.8 * at.alpha).powi(2) + at.sigma * at.sigma;
                let away = x[0] - at.alpha * 0.5;
                out[0] = match what {
                    Prediction::Data => 0.5 + at.alpha * 0.64 / variance * away,
                    Prediction::Noise => at.sigma / variance * away,
                };
            });
            let allowed = 1e-9 * x[0].abs().max(1.0);
            must_pass(within(name, *end, x[0], allowed));
            must_fail(
                name,
                within(name, end + 1e-3 * x[0].abs().max(1.0), x[0], allowed),
            );
        }
    }
}

#[test]
fn orders_beyond_are_refused_with_their_limit() {
    for name in [
        "unip-11",
        "unipc-11-bh2",
        "unip-0",
        "unipc-12-noise-vary",
        "unip-100",
    ] {
        assert!(find(name).is_none(), "{name}");
    }
    let range = Some(format!("orders 1 to {MOST_ORDER}"));
    assert_eq!(numbers_of_family("unipc-11-bh2"), range);
    assert_eq!(numbers_of_family("unip-11-noise"), range);
    assert_eq!(
        numbers_of_family("ghvb-7"),
        Some("levels above 0, at most 5".into())
    );
    for name in [
        "unipc-3",
        "unip-x",
        "ghvb-x",
        "ddim",
        "unip-3-bh2",
        "unipc-3-bh2-noise",
    ] {
        assert!(numbers_of_family(name).is_none() && find(name).is_none() || name == "ddim");
    }
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::LogSnr.nodes(&schedule, 20).unwrap();
    let method = Multistep {
        order: MOST_ORDER + 1,
        prediction: Prediction::Data,
        weights: Weights::Exact,
        corrected: true,
        final_order: FinalOrder::Kept,
        start_up: StartUp::Cold,
        eta: 0.0,
        noise_scale: 1.0,
    };
    let error = method.program(&nodes).unwrap_err().to_string();
    assert_eq!(error, "order = 11: 1 to 10");
}
