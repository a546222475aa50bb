//! Orders of convergence on a mixture of three normals on the line, from sigma = 4 to 0.05 in the frame alpha = 1:
//! results of another implementation, in another language, to their digits.

use super::gates::{Gate, must_fail, must_pass, within};
use super::mixture::Mixture;
use super::starts::{along, end, has_order, kept, program, slopes, with_exact_history};
use driftlane::diffusion::solver::{Description, Options, StartUp, find};
use driftlane::diffusion::{Node, Prediction, Schedule};

pub fn predict(x: &[f64], at: &Node, what: Prediction, out: &mut [f64]) {
    let mixture = Mixture {
        weights: vec![0.3, 0.5, 0.2],
        means: vec![vec![-2.0], vec![0.5], vec![3.0]],
        stds: vec![0.5, 0.4, 0.7],
    };
    mixture.predict(x, at, what, out);
}

pub fn uniform(steps: usize) -> Vec<Node> {
    let ratio = (0.05f64 / 4.0).ln() / steps as f64;
    (0..=steps)
        .map(|i| 4.0 * (ratio * i as f64).exp())
        .map(|level| Node::variance_exploding(level).unwrap())
        .collect()
}

pub fn karras(steps: usize) -> Vec<Node> {
    let (high, low) = (4.0f64.powf(1.0 / 7.0), 0.05f64.powf(1.0 / 7.0));
    (0..=steps)
        .map(|i| i as f64 / steps as f64)
        .map(|share| (high + share * (low - high)).powi(7))
        .map(|level| Node::variance_exploding(level).unwrap())
        .collect()
}

pub const START: [f64; 1] = [1.7];
/// The flow's end by Runge-Kutta in another language, 20000 steps.
const EXACT: f64 = 0.665535333236244;

pub fn schedule() -> Schedule {
    Schedule::from_name("ve").unwrap()
}

fn cold(solver: &Description, nodes: &[Node], start_up: StartUp) -> f64 {
    let options = Options {
        start_up,
        ..Options::default()
    };
    let program = program(solver, nodes, &schedule(), &kept(solver, options));
    assert!(start_up == StartUp::Stages || program.calls() == nodes.len() - 1);
    end(&program, &START, &predict)[0]
}

/// With exact solutions at the first `warm` + 1 nodes.
fn exact_start(solver: &Description, nodes: &[Node], warm: usize) -> f64 {
    let levels: Vec<f64> = nodes[..=warm].iter().map(Node::noise_level).collect();
    let history = along(&predict, &levels, &START);
    let options = kept(solver, Options::default());
    let program = program(solver, nodes, &schedule(), &options);
    with_exact_history(&program, &history, &predict)[0] - EXACT
}

/// Solver; from exact solutions at how many more nodes than the first; from there the error of 320 steps uniform in lambda, the last slope, and the order; from a cold
/// start the order, and the ends of 20 steps, uniform in lambda and Karras.
type Row = (&'static str, usize, (f64, f64, f64), f64, [f64; 2]);
const TABLE: [Row; 13] = [
    (
        "ddim",
        0,
        (4.36e-4, 1.00, 1.0),
        1.0,
        [0.658481957848638, 0.658879312473307],
    ),
    (
        "dpmpp-2m",
        1,
        (3.77e-6, 2.01, 2.0),
        2.0,
        [0.665511548537781, 0.665763498895277],
    ),
    (
        "dpmpp-2m-heun",
        1,
        (4.77e-6, 2.01, 2.0),
        2.0,
        [0.665784537981687, 0.66604482601333],
    ),
    (
        "dpmpp-3m-heun",
        2,
        (9.77e-7, 2.04, 2.0),
        2.0,
        [0.664752759228529, 0.665224725693569],
    ),
    (
        "dpmpp-3m-corrected",
        2,
        (2.17e-8, 3.02, 3.0),
        2.0,
        [0.664490582318412, 0.665004700785289],
    ),
    (
        "unip-3",
        2,
        (2.17e-8, 3.02, 3.0),
        2.0,
        [0.664447667415388, 0.664986256961425],
    ),
    (
        "deis-3",
        2,
        (7.66e-8, 2.99, 3.0),
        2.0,
        [0.664538048927446, 0.665023226123727],
    ),
    (
        "rho-ab-3",
        2,
        (4.99e-8, 2.88, 3.0),
        2.0,
        [0.664132823294179, 0.664542829698771],
    ),
    (
        "rho-ab-4",
        3,
        (2.56e-9, 4.05, 4.0),
        2.0,
        [0.66413834512908, 0.664672984670654],
    ),
    (
        "ipndm-4",
        3,
        (9.72e-7, 1.97, 2.0),
        2.0,
        [0.664595240513062, 0.665120257195179],
    ),
    (
        "gradient-estimation",
        1,
        (4.32e-4, 0.99, 1.0),
        1.0,
        [0.67065760335452, 0.670532365892847],
    ),
    (
        "unipc-2-bh2",
        1,
        (5.53e-8, 2.98, 3.0),
        3.0,
        [0.665646294154657, 0.665757751745909],
    ),
    (
        "unipc-3-bh2",
        2,
        (6.9e-11, 4.0, 4.0),
        3.0,
        [0.665495609769805, 0.665503132210462],
    ),
];

#[test]
fn the_flow_ends_where_another_implementation_says() {
    let levels = [4.0, 0.05];
    let end = along(&predict, &levels, &START)[1][0];
    must_pass(within("flow", end, EXACT, 2e-14));
}

#[test]
fn cold_starts_end_where_they_should() {
    for (name, _, _, _, ends) in TABLE {
        let solver = find(name).unwrap();
        for (grid, exact) in [uniform(20), karras(20)].iter().zip(ends) {
            let end = cold(&solver, grid, StartUp::Cold);
            must_pass(within(name, end, exact, 2e-14));
            must_fail(name, within(name, end, exact + 1e-13, 2e-14));
        }
    }
}

/// Errors over 160, 320, 640 and 1280 steps.
fn errors(of: impl Fn(usize) -> f64) -> Vec<f64> {
    [160, 320, 640, 1280].map(of).to_vec()
}

fn all_pass(gates: Vec<Gate>) {
    let wrong: Vec<String> = gates.into_iter().filter_map(Gate::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn exact_starts_have_their_errors_and_orders() {
    let mut gates = Vec::new();
    for (name, warm, (error, slope, order), _, _) in TABLE {
        let solver = find(name).unwrap();
        let all = errors(|steps| exact_start(&solver, &uniform(steps), warm));
        gates.push(within(name, all[1].abs(), error, 0.01 * error));
        // Errors of the fourth order change their sign before 320 steps.
        if order < 4.0 || warm == 3 {
            gates.push(within(name, slopes(&all)[0], slope, 0.015));
            gates.push(has_order(name, &all, order));
        }
        must_fail(name, within(name, all[1].abs(), 1.03 * error, 0.01 * error));
        let all = errors(|steps| exact_start(&solver, &karras(steps), warm));
        gates.push(has_order(name, &all, order));
    }
    all_pass(gates);
}

#[test]
fn cold_starts_have_their_orders() {
    let mut gates = Vec::new();
    for (name, _, _, order, _) in TABLE {
        let solver = find(name).unwrap();
        for grid in [uniform, karras] {
            let error = |steps| cold(&solver, &grid(steps), StartUp::Cold) - EXACT;
            let all = errors(error);
            gates.push(has_order(name, &all, order));
            must_fail(name, has_order(name, &all, order + 0.5));
        }
    }
    all_pass(gates);
}

/// Steps in stages until there is a history: predictors keep their order from a cold start.
#[test]
fn stages_start_predictors_at_their_order() {
    let mut gates = Vec::new();
    for (name, order) in [
        ("dpmpp-2m", 2.0),
        ("dpmpp-3m-corrected", 3.0),
        ("unip-3", 3.0),
        ("deis-3", 3.0),
        ("rho-ab-3", 3.0),
        ("rho-ab-4", 4.0),
        ("lms", 4.0),
    ] {
        let solver = find(name).unwrap();
        for grid in [uniform, karras] {
            let error = |steps| cold(&solver, &grid(steps), StartUp::Stages) - EXACT;
            let all = errors(error);
            gates.push(has_order(name, &all, order));
        }
        if order > 2.0 {
            let error = |steps| cold(&solver, &uniform(steps), StartUp::Cold) - EXACT;
            must_fail("a cold start", has_order(name, &errors(error), order));
        }
    }
    all_pass(gates);
}
