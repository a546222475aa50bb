//! Solvers that are the same map under different names.

use super::gates::{must_fail, must_pass, within};
use super::mixture::Mixture;
use super::starts::{distance, program};
use driftlane::diffusion::solver::{
    Churn, Description, FinalOrder, Multistep, Options, StartUp, Weights, find,
};
use driftlane::diffusion::{Grid, Node, Operation, Prediction, Program, Schedule, Step, run_steps};

fn predict(x: &[f64], at: &Node, what: Prediction, out: &mut [f64]) {
    let mixture = Mixture {
        weights: vec![0.2, 0.5, 0.3],
        means: vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.5, -2.0]],
        stds: vec![0.3, 0.5, 0.4],
    };
    mixture.predict(x, at, what, out);
}

/// The end under noise that depends on nothing but how much was drawn before.
fn end(program: &Program, start: &[f64]) -> Vec<f64> {
    let mut registers = vec![vec![0.0; 2]; program.registers];
    registers[0].copy_from_slice(start);
    let mut place = 0.0;
    run_steps(program, 0, &mut registers, predict, |_, noise| {
        for xi in noise {
            place += 0.754_877_666;
            *xi = 3.0 * (f64::fract(place) - 0.5);
        }
    });
    registers.swap_remove(0)
}

fn with(name: &str, options: &Options, schedule: &Schedule, nodes: &[Node]) -> Program {
    program(&find(name).unwrap(), nodes, schedule, options)
}

fn default(name: &str, schedule: &Schedule, nodes: &[Node]) -> Program {
    with(name, &Options::default(), schedule, nodes)
}

/// Ends of all of these on several schedules, with a relative tolerance.
fn all_equal(names: &[&str], other: &str, options: &Options, tolerance: f64) {
    for schedule in ["vp-linear", "edm", "vp-cosine", "sub-vp", "ve"] {
        let schedule = Schedule::from_name(schedule).unwrap();
        let nodes = Grid::Karras.nodes(&schedule, 9).unwrap();
        let size = nodes[0].sigma;
        let start = [0.7 * size, -0.4 * size];
        let of = |name: &&str| {
            let takes_eta = |s: &Description| s.takes(driftlane::diffusion::solver::Setting::Eta);
            let options = match takes_eta(&find(name).unwrap()) {
                true => options.clone(),
                false => Options::default(),
            };
            end(&with(name, &options, &schedule, &nodes), &start)
        };
        let first = of(&names[0]);
        for name in names {
            let off = distance(&of(name), &first);
            must_pass(within(name, off, 0.0, tolerance));
        }
        let off = distance(&of(&other), &first);
        must_fail(other, within(other, off, 0.0, 1e3 * tolerance));
    }
}

#[test]
fn first_order_maps_of_the_flow_are_one() {
    let names = [
        "ddim",
        "deis-1",
        "rho-ab-1",
        "t-ab-1",
        "dpm-1",
        "dpmpp-1",
        "unip-1",
        "euler",
        "flow-euler",
        "ghvb-1",
        "heavy-ball-1",
    ];
    all_equal(&names, "unip-2", &Options::default(), 1e-12);
}

#[test]
fn first_order_kernels_of_the_reverse_process_are_one() {
    let options = Options {
        eta: Some(1.0),
        ..Options::default()
    };
    let names = ["ddim", "ddpm", "euler-ancestral", "sde-dpmpp-1"];
    all_equal(&names, "sde-dpm-1", &options, 1e-12);
}

/// DDIM at eta has on every step the kernel of noise level -ln(1 - eta^2 (1 - e^(-2h))) / (2h).
#[test]
fn ddim_is_the_data_kernel_at_a_noise_level_of_its_own() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::Time.nodes(&schedule, 12).unwrap();
    for eta in [0.1, 0.5, 0.9, 1.0] {
        for pair in nodes.windows(2) {
            let h = pair[1].lambda() - pair[0].lambda();
            let level = -(1.0 - eta * eta * (1.0 - (-2.0 * h).exp())).ln() / (2.0 * h);
            let of = |name: &str, eta: f64| {
                let options = Options {
                    eta: Some(eta),
                    ..Options::default()
                };
                end(&with(name, &options, &schedule, pair), &[0.3, -0.8])
            };
            let off = distance(&of("ddim", eta), &of("sde-dpmpp-1", level));
            must_pass(within("ddim", off, 0.0, 1e-13));
            let off = distance(&of("ddim", eta), &of("sde-dpmpp-1", 1.01 * level));
            must_fail("another level", within("ddim", off, 0.0, 1e-7));
        }
    }
}

/// The combinations of a step, in order.
fn combinations(step: &Step) -> Vec<&Vec<(usize, f64)>> {
    step.operations
        .iter()
        .filter_map(|operation| match operation {
            Operation::Combine { terms, .. } => Some(terms),
            _ => None,
        })
        .collect()
}

fn same(a: &[(usize, f64)], b: &[(usize, f64)]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-14)
}

/// Two outputs besides that at the start leave no choice of weights.
#[test]
fn forms_differ_at_the_lowest_order_alone() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::Time.nodes(&schedule, 12).unwrap();
    let of = |order, weights, corrected| {
        let method = Multistep {
            order,
            prediction: Prediction::Data,
            weights,
            corrected,
            final_order: FinalOrder::Kept,
            start_up: StartUp::Cold,
            eta: 0.0,
            noise_scale: 1.0,
        };
        method.program(&nodes).unwrap()
    };
    let forms = [Weights::StepSize, Weights::Midpoint, Weights::Exact];
    for order in [1, 2, 3, 4] {
        let predictors = forms.map(|weights| of(order, weights, false));
        let correctors = forms.map(|weights| of(order, weights, true));
        for (a, b) in [(0, 1), (1, 2)] {
            for i in 4..11 {
                let predict = |k: usize| combinations(&predictors[k].steps[i])[0];
                assert_eq!(same(predict(a), predict(b)), order != 2, "{order}");
                let correct = |k: usize| combinations(&correctors[k].steps[i])[0];
                assert_eq!(same(correct(a), correct(b)), order >= 2, "{order}");
            }
        }
    }
}

#[test]
fn special_cases_are_what_they_are_cases_of() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::LogSnr.nodes(&schedule, 18).unwrap();
    let of = |name: &str| default(name, &schedule, &nodes);
    assert_eq!(of("restart"), of("heun"));
    let still = Options {
        churn: Some(Churn {
            amount: 0.0,
            from: 0.0,
            to: f64::INFINITY,
        }),
        ..Options::default()
    };
    for name in ["heun", "euler", "kdpm2"] {
        assert_eq!(with(name, &still, &schedule, &nodes), of(name));
    }
    let quiet = Options {
        eta: Some(0.0),
        ..Options::default()
    };
    for (a, b) in [
        ("sde-dpmpp-2m", "dpmpp-2m"),
        ("sde-dpmpp-3m", "dpmpp-3m-heun"),
        ("sde-dpm-2m", "dpm-2m"),
        ("ddpm", "ddim"),
    ] {
        assert_eq!(with(a, &quiet, &schedule, &nodes), of(b));
        assert_ne!(of(a), of(b));
    }
    assert_eq!(of("lms"), of("rho-ab-4"));
    assert_eq!(of("ipndm-v-3"), of("rho-ab-3"));
    let start = [0.4, -0.9];
    let off = |a: &Program, b: &Program| distance(&end(a, &start), &end(b, &start));
    for order in 2..=4 {
        let plain = of(&format!("ipndm-{order}"));
        for name in ["ghvb", "heavy-ball"] {
            must_pass(within(
                name,
                off(&of(&format!("{name}-{order}")), &plain),
                0.0,
                1e-13,
            ));
        }
        let less = of(&format!("ghvb-{}", f64::from(order) - 0.1));
        must_fail("b = 0.9", within("ghvb", off(&less, &plain), 0.0, 1e-6));
    }
    let second = Options {
        extrapolation: Some(1.5),
        ..Options::default()
    };
    let second = with("gradient-estimation", &second, &schedule, &nodes);
    must_pass(within("3/2", off(&second, &of("ipndm-2")), 0.0, 1e-13));
    // The midpoint in lambda: nine steps of eighteen, the last block of which is whole on one more step.
    let nine: Vec<Node> = nodes.iter().step_by(2).copied().collect();
    let more = [&nodes[..], &[schedule.of_noise_level(0.001).unwrap()]].concat();
    let mut blocks = default("dpm-2s", &schedule, &more);
    blocks.steps.truncate(18);
    let midpoint = default("kdpm2", &schedule, &nine);
    must_pass(within("kdpm2", off(&blocks, &midpoint), 0.0, 1e-12));
}
