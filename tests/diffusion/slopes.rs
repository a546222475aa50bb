//! The order that each solver claims, on the flow of laws in several dimensions.

use super::gates::{Gate, must_fail, require};
use super::mixture::Mixture;
use super::starts::{
    Predict, along, distance, end, has_order, kept, program, shown, with_exact_history,
};
use super::tilted::tilted;
use driftlane::diffusion::solver::{Description, NoiseKind, Options, find, solvers};
use driftlane::diffusion::{Grid, Node, Prediction, Schedule};

/// A target, a schedule and a grid, none of them with a clean end.
struct Case<'a> {
    predict: Predict<'a>,
    schedule: Schedule,
    start: Vec<f64>,
    grid: &'a dyn Fn(&Schedule, usize) -> Vec<Node>,
}

impl Case<'_> {
    /// Where the flow ends, in the frame of the last node.
    fn exact(&self) -> Vec<f64> {
        let nodes = (self.grid)(&self.schedule, 1);
        let y: Vec<f64> = self.start.iter().map(|x| x / nodes[0].alpha).collect();
        let levels = [nodes[0].noise_level(), nodes[1].noise_level()];
        let end = along(self.predict, &levels, &y).swap_remove(1);
        end.iter().map(|y| y * nodes[1].alpha).collect()
    }

    /// Errors from a cold start over numbers of steps.
    fn errors(&self, solver: &Description, exact: &[f64], steps: &[usize]) -> Vec<f64> {
        let error = |steps: &usize| {
            let nodes = (self.grid)(&self.schedule, *steps);
            let options = kept(solver, Options::default());
            let program = program(solver, &nodes, &self.schedule, &options);
            distance(&end(&program, &self.start, self.predict), exact)
        };
        steps.iter().map(error).collect()
    }
}

/// The orders that cold starts may show: the least, that of the table for one-step methods, 2 at most for predictors
/// with a history, 3 with the corrector; and the most, where the first steps are long before anything happens.
fn expected(solver: &Description) -> (f64, f64) {
    let one_step = [
        "rho-kutta3",
        "rho-ralston3",
        "rho-heun3",
        "rho-vdh3",
        "rho-ssprk3",
        "rho-rk4",
    ];
    let name = &*solver.name;
    let least = match name {
        name if one_step.contains(&name) => 4,
        name if name.starts_with("unipc") => 3,
        _ => 2,
    };
    // Of uniform grids; on others until the difference shows.
    let most = match name {
        "ipndm-3" => 3,
        _ => solver.order,
    };
    (solver.order.min(least) as f64, most as f64)
}

/// Solvers of the flow, without those that are stochastic.
fn of_the_flow() -> impl Iterator<Item = &'static Description> {
    solvers().iter().filter(|solver| {
        matches!(solver.noise, NoiseKind::None | NoiseKind::Eta(0.0)) || solver.name == "restart"
    })
}

/// The slope over all errors but those of rounding.
fn overall(errors: &[f64]) -> f64 {
    let last = errors.iter().rposition(|e| *e > 1e-10).unwrap_or(0);
    (errors[0] / errors[last]).log2() / last as f64
}

fn judge(case: &Case) -> Vec<String> {
    let exact = case.exact();
    let mut wrong = Vec::new();
    for solver in of_the_flow() {
        let mut all = case.errors(solver, &exact, &[160, 320, 640, 1280]);
        // On roots of noise levels their errors change sign between the first two.
        if solver.name.starts_with("unipc-3-noise") {
            all.remove(0);
        }
        let (least, most) = expected(solver);
        let gate = |least: f64, most: f64| {
            require(
                (least - 0.15..=most + 0.45).contains(&overall(&all)),
                || format!("{}: {least} to {most}, errors {}", solver.name, shown(&all)),
            )
        };
        wrong.extend(gate(least, most).err());
        must_fail(
            &format!("an order less, {} {}", solver.name, shown(&all)),
            gate(least - 1.0, least - 0.6),
        );
        must_fail("an order more", gate(most + 1.0, most + 1.0));
    }
    wrong
}

#[test]
fn orders_on_tilted_normals_uniform_in_lambda() {
    let target = tilted();
    let case = Case {
        predict: &|x, at, what, out| target.predict(x, at, what, out),
        schedule: Schedule::from_name("vp-linear").unwrap(),
        start: vec![0.9, -0.4, 1.3, 0.2, -1.1, 0.6, -0.8, 0.1],
        grid: &|schedule, steps| Grid::LogSnr.nodes(schedule, steps).unwrap(),
    };
    let wrong = judge(&case);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn orders_on_a_mixture_on_roots_of_noise_levels() {
    let target = Mixture {
        weights: vec![0.2, 0.5, 0.3],
        means: vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.5, -2.0]],
        stds: vec![0.3, 0.5, 0.4],
    };
    let case = Case {
        predict: &|x, at, what, out| target.predict(x, at, what, out),
        schedule: Schedule::from_name("edm").unwrap(),
        start: vec![61.0, -35.0],
        grid: &|schedule, steps| Grid::Karras.nodes(schedule, steps).unwrap(),
    };
    let wrong = judge(&case);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the weights of a uniform grid hold, histories begun exactly: all of the order that a name promises.
#[test]
fn orders_uniform_in_the_noise_level() {
    let mixture = Mixture {
        weights: vec![0.3, 0.7],
        means: vec![vec![-0.5], vec![0.8]],
        stds: vec![0.6, 0.9],
    };
    let predict = |x: &[f64], at: &Node, what: Prediction, out: &mut [f64]| {
        mixture.predict(x, at, what, out);
    };
    let start = [1.1];
    let levels = [2.5, 0.5];
    let exact = along(&predict, &levels, &start).swap_remove(1);
    let error = |solver: &Description, warm: usize, steps: usize| {
        let step = (levels[1] - levels[0]) / steps as f64;
        let level = |i: usize| levels[0] + step * (i as f64 - warm as f64);
        let nodes: Vec<Node> = (0..=warm + steps)
            .map(|i| Node::variance_exploding(level(i)).unwrap())
            .collect();
        let before: Vec<f64> = (0..=warm).rev().map(level).collect();
        let mut history = along(&predict, &before, &start);
        history.reverse();
        let schedule = Schedule::from_name("ve").unwrap();
        let options = kept(solver, Options::default());
        let program = program(solver, &nodes, &schedule, &options);
        distance(&with_exact_history(&program, &history, &predict), &exact)
    };
    let mut gates: Vec<Gate> = Vec::new();
    for (name, order) in [
        ("ipndm-2", 2.0),
        ("ipndm-3", 3.0),
        ("ipndm-4", 4.0),
        ("pndm", 4.0),
        ("pndm-rk", 4.0),
        ("ghvb-0.5", 1.0),
        ("ghvb-1.5", 2.0),
        ("ghvb-2.5", 3.0),
        ("ghvb-3.5", 4.0),
        ("ghvb-4.5", 5.0),
        ("ghvb-4", 4.0),
        ("heavy-ball-0.8", 1.0),
        ("heavy-ball-1.8", 1.0),
        ("heavy-ball-4", 4.0),
        ("gradient-estimation", 1.0),
        ("lms", 4.0),
        ("ipndm-v-4", 4.0),
    ] {
        let solver = find(name).unwrap();
        // Velocities forget: 0.5^60 is nothing.
        let steps = if order > 4.0 {
            [100, 200, 400, 800]
        } else {
            [240, 480, 960, 1920]
        };
        let all = steps.map(|steps| error(&solver, 60, steps));
        gates.push(has_order(name, &all, order));
        must_fail(name, has_order(name, &all, order + 0.5));
    }
    let wrong: Vec<String> = gates.into_iter().filter_map(Gate::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the table claims is of exact starts, and of singlestep methods at the ends of whole blocks: they end on a
/// step of order 1. Of cold starts the orders are lower. Between noise levels 20 and 0.2.
#[test]
fn claimed_orders_hold_from_exact_starts() {
    let target = tilted();
    let predict = |x: &[f64], at: &Node, what: Prediction, out: &mut [f64]| {
        target.predict(x, at, what, out);
    };
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let start = [0.9, -0.4, 1.3, 0.2, -1.1, 0.6, -0.8, 0.1];
    let (high, low) = (20.0f64.ln(), 0.2f64.ln());
    let node = |log: f64| schedule.of_noise_level(log.exp()).unwrap();
    let framed = |y: &[f64], node: &Node| y.iter().map(|y| y * node.alpha).collect::<Vec<_>>();
    let exact = along(&predict, &[high.exp(), low.exp()], &start).swap_remove(1);
    let exact = framed(&exact, &node(low));
    let mut wrong = Vec::new();
    for solver in of_the_flow() {
        let singlestep = ["dpm-2s", "dpm-3s", "dpmpp-2s", "dpmpp-3s"];
        let singlestep = singlestep.iter().any(|name| solver.name.starts_with(name));
        let more = usize::from(singlestep);
        let error = |warm: usize, steps: usize| {
            let h = (low - high) / steps as f64;
            let log = |i: usize| high + h * (i as f64 - warm as f64);
            let nodes: Vec<Node> = (0..=warm + steps + more).map(|i| node(log(i))).collect();
            let before: Vec<f64> = (0..=warm).rev().map(|i| log(i).exp()).collect();
            let mut history = along(&predict, &before, &start);
            history.reverse();
            let at = history.iter().zip(&nodes);
            let history: Vec<Vec<f64>> = at.map(|(y, node)| framed(y, node)).collect();
            let options = kept(solver, Options::default());
            let mut program = program(solver, &nodes, &schedule, &options);
            program.steps.truncate(warm + steps);
            distance(&with_exact_history(&program, &history, &predict), &exact)
        };
        // Velocities forget: 0.5^60 is nothing.
        let warm = if solver.name.starts_with("ghvb") {
            60
        } else {
            6
        };
        // The last has no rounding in its third digit.
        let steps: &[usize] = match solver.order {
            1 | 2 => &[192, 384, 768, 1536],
            3 => &[192, 384, 768],
            4 => &[192, 384],
            _ => &[96, 192],
        };
        let all: Vec<f64> = steps.iter().map(|steps| error(warm, *steps)).collect();
        // Those that hold on grids uniform in the noise level.
        let order = match ["ghvb", "pndm"].iter().any(|n| solver.name.starts_with(n)) {
            true => solver.order.min(2),
            false => solver.order,
        };
        wrong.extend(has_order(&solver.name, &all, order as f64).err());
        let other = has_order(&solver.name, &all, order as f64 + 0.5);
        must_fail("another order", other);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Starts cap orders, where the first step is as long as any other: between noise levels 1.5 and 0.15.
#[test]
fn cold_starts_cap_the_order() {
    let target = tilted();
    let case = Case {
        predict: &|x, at, what, out| target.predict(x, at, what, out),
        schedule: Schedule::from_name("vp-linear").unwrap(),
        start: vec![0.9, -0.4, 1.3, 0.2, -1.1, 0.6, -0.8, 0.1],
        grid: &|schedule, steps| {
            let level = |i: usize| 1.5 * 0.1f64.powf(i as f64 / steps as f64);
            (0..=steps)
                .map(|i| schedule.of_noise_level(level(i)).unwrap())
                .collect()
        },
    };
    let exact = case.exact();
    let mut wrong = Vec::new();
    for solver in of_the_flow() {
        if solver.order < 3 {
            continue;
        }
        let all = case.errors(solver, &exact, &[321, 642, 1284]);
        // Whole blocks end as they began: these numbers of steps are multiples of three.
        let least = match solver.name.ends_with("-fixed") {
            true => solver.order as f64,
            false => expected(solver).0,
        };
        wrong.extend(has_order(&solver.name, &all, least).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
