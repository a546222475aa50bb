//! Weak orders of stochastic solvers, without a sample: on a normal law every operation is linear, so that registers
//! are vectors of coefficients over independent normals and the variance of the end is a sum of squares.

use super::gates::{Gate, must_fail, must_pass, within};
use super::starts::{has_order, kept, program};
use driftlane::diffusion::solver::{Description, Options, find};
use driftlane::diffusion::{Node, Operation, Prediction, Program, Schedule, run_steps};

/// The variance of the data.
const SQUARE: f64 = 0.25;

fn predict(x: &[f64], at: &Node, what: Prediction, out: &mut [f64]) {
    let variance = at.alpha * at.alpha * SQUARE + at.sigma * at.sigma;
    let factor = match what {
        Prediction::Data => at.alpha * SQUARE / variance,
        Prediction::Noise => at.sigma / variance,
    };
    out.iter_mut().zip(x).for_each(|(out, x)| *out = factor * x);
}

fn variance_at(node: &Node) -> f64 {
    node.alpha * node.alpha * SQUARE + node.sigma * node.sigma
}

/// The relative error of the end's variance, and that of its covariance with the position of node `warm`. The positions of the first `warm` + 1 nodes have their exact law under
/// the reverse process, which is the forward process: from the last of them, noise is added node by node.
fn error(program: &Program, warm: usize) -> (f64, f64) {
    let draws = |op: &&Operation| matches!(op, Operation::Draw { .. });
    let normals = warm + 1 + program.operations().filter(draws).count();
    let nodes: Vec<Node> = program.steps.iter().map(|step| step.from).collect();
    let unit = |size: f64, place: usize| {
        let mut all = vec![0.0; normals];
        all[place] = size;
        all
    };
    let mut exact = vec![unit(variance_at(&nodes[warm]).sqrt(), 0)];
    for i in (0..warm).rev() {
        let (t, s) = (nodes[i + 1], nodes[i]);
        let kept = s.alpha / t.alpha;
        let added = s.sigma * s.sigma - (kept * t.sigma).powi(2);
        let mut x = unit(added.sqrt(), warm - i);
        x.iter_mut()
            .zip(&exact[exact.len() - 1])
            .for_each(|(x, t)| *x += kept * t);
        exact.push(x);
    }
    exact.reverse();
    let mut registers = vec![vec![0.0; normals]; program.registers];
    for (step, exact) in program.steps[..warm].iter().zip(&exact) {
        let Operation::Evaluate {
            to, at, prediction, ..
        } = &step.operations[0]
        else {
            panic!("a step begins with a call");
        };
        predict(exact, at, *prediction, &mut registers[*to]);
    }
    registers[0].clone_from(&exact[warm]);
    let mut next = warm + 1;
    run_steps(program, warm, &mut registers, predict, |_, noise| {
        noise.fill(0.0);
        noise[next] = 1.0;
        next += 1;
    });
    let variance: f64 = registers[0].iter().map(|c| c * c).sum();
    let end = program.steps[program.steps.len() - 1].to;
    // Forwards, the position of node `warm` is the end's times a ratio of alphas, and noise.
    let covariance = nodes[warm].alpha / end.alpha * variance_at(&end);
    let found = registers[0][0] * variance_at(&nodes[warm]).sqrt();
    (variance / variance_at(&end) - 1.0, found / covariance - 1.0)
}

fn uniform(low: f64, steps: usize) -> Vec<Node> {
    let ratio = (low / 4.0).ln() / steps as f64;
    (0..=steps)
        .map(|i| Node::variance_exploding(4.0 * (ratio * i as f64).exp()).unwrap())
        .collect()
}

fn errors(solver: &Description, low: f64, warm: usize, steps: &[usize]) -> Vec<f64> {
    let schedule = Schedule::from_name("ve").unwrap();
    let options = kept(solver, Options::default());
    steps
        .iter()
        .map(|steps| program(solver, &uniform(low, *steps), &schedule, &options))
        .map(|program| error(&program, warm).0)
        .collect()
}

const STEPS: [usize; 6] = [20, 40, 80, 160, 320, 640];

/// By a recursion of covariances in another language.
#[test]
fn variances_are_wrong_by_what_another_implementation_says() {
    let mut gates: Vec<Gate> = Vec::new();
    for (name, first, last, slope) in [
        ("sde-dpmpp-1", -1.88e-1, -6.75e-3, 0.99),
        ("euler-ancestral", -1.88e-1, -6.75e-3, 0.99),
        ("sde-dpmpp-2m", 1.39e-2, 1.44e-5, 2.0),
        ("sde-dpmpp-2m-heun", 3.26e-2, 3.0e-5, 2.0),
        ("sde-dpmpp-3m", 1.28e-2, 1.01e-5, 2.0),
        ("sde-dpmpp-3m-corrected", 7.72e-3, 5.14e-6, 2.0),
    ] {
        let all = errors(&find(name).unwrap(), 0.05, 2, &STEPS);
        gates.push(within(name, all[0], first, 0.006 * f64::abs(first)));
        gates.push(within(name, all[5], last, 0.006 * f64::abs(last)));
        gates.push(has_order(name, &all[2..], slope));
        must_fail(
            name,
            within(name, all[0], first * 1.02, 0.006 * f64::abs(first)),
        );
    }
    let wrong: Vec<String> = gates.into_iter().filter_map(Gate::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stochastic_solvers_have_their_weak_orders_from_cold_starts() {
    let mut gates: Vec<Gate> = Vec::new();
    for (name, order) in [
        ("ddpm", 1.0),
        ("ddpm-large", 1.0),
        ("dpm2-ancestral", 2.0),
        ("dpmpp-2s-ancestral", 2.0),
        ("dpmpp-sde", 2.0),
        ("sde-dpm-1", 1.0),
        ("sde-dpm-2m", 2.0),
        ("sde-dpmpp-1", 1.0),
        ("sde-dpmpp-2m", 2.0),
        ("sde-dpmpp-2m-heun", 2.0),
        ("sde-dpmpp-3m", 2.0),
        ("sde-dpmpp-3m-corrected", 2.0),
        ("accelerated-ddpm", 1.0),
    ] {
        let solver = find(name).unwrap();
        // Its error changes its sign on the way to 0.05.
        let low = if name == "sde-dpm-1" { 0.2 } else { 0.05 };
        let steps = match name {
            "sde-dpm-1" => [1280, 2560, 5120],
            _ => [320, 640, 1280],
        };
        let all = errors(&solver, low, 0, &steps);
        gates.push(has_order(name, &all, order));
        must_fail(name, has_order(name, &all, order + 0.5));
    }
    let wrong: Vec<String> = gates.into_iter().filter_map(Gate::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is left of the start at the end. Steps down and noise up keep a law that is right to the order of the step
/// down, but follow the reverse process to order 1; kernels of the data prediction have this exactly.
#[test]
fn the_start_is_forgotten_as_by_the_reverse_process() {
    let schedule = Schedule::from_name("ve").unwrap();
    let covariances = |name: &str| {
        [160, 320, 640, 1280].map(|steps| {
            let nodes = uniform(0.2, steps);
            let solver = find(name).unwrap();
            error(&program(&solver, &nodes, &schedule, &Options::default()), 0).1
        })
    };
    for (name, order) in [
        ("dpm2-ancestral", 1.0),
        ("dpmpp-2s-ancestral", 1.0),
        ("sde-dpm-1", 1.0),
        ("sde-dpm-2m", 2.0),
    ] {
        let all = covariances(name);
        must_pass(has_order(name, &all, order));
        must_fail(name, has_order(name, &all, order + 0.5));
    }
    for name in [
        "ddpm",
        "ddpm-large",
        "dpmpp-sde",
        "sde-dpmpp-1",
        "sde-dpmpp-2m",
        "sde-dpmpp-3m",
    ] {
        for off in covariances(name) {
            must_pass(within(name, off, 0.0, 1e-12));
        }
    }
    must_fail(
        "another kernel",
        within("", covariances("sde-dpm-2m")[3], 0.0, 1e-12),
    );
}

/// Errors of the standard deviation, time 1 to 0.01.
#[test]
fn acceleration_is_worth_an_order() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let of = |name: &str| {
        [50, 100, 200, 400, 800].map(|steps| {
            let time = |i: usize| 1.0 - 0.99 * i as f64 / steps as f64;
            let nodes: Vec<Node> = (0..=steps).map(|i| schedule.at(time(i))).collect();
            let solver = find(name).unwrap();
            let relative = error(&program(&solver, &nodes, &schedule, &Options::default()), 0).0;
            variance_at(&nodes[steps]).sqrt() * ((1.0 + relative).sqrt() - 1.0)
        })
    };
    for (name, first, last, order) in [
        ("ddim", -2.49e-2, -1.59e-3, 1.0),
        ("accelerated-ddim", -5.83e-3, -3.26e-5, 2.0),
    ] {
        let all = of(name);
        must_pass(within(name, all[0], first, 0.003 * f64::abs(first)));
        must_pass(within(name, all[4], last, 0.003 * f64::abs(last)));
        must_fail(
            name,
            within(name, all[4], 1.01 * last, 0.003 * f64::abs(last)),
        );
        must_pass(has_order(name, &all[2..], order));
    }
    let all = of("accelerated-ddpm");
    must_pass(has_order("accelerated-ddpm", &all, 1.0));
}
