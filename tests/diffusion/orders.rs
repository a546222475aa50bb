//! Orders of convergence on a mixture of three normals on the line, from sigma = 4 to 0.05 in the frame alpha = 1.

use super::gates::{must_fail, must_pass, within};
use super::mixture::Mixture;
use driftlane::diffusion::solver::{FinalOrder, Multistep, StartUp, Weights};
use driftlane::diffusion::{Node, Prediction, Program, run_scalar};

fn mixture() -> Mixture {
    Mixture {
        weights: vec![0.3, 0.5, 0.2],
        means: vec![vec![-2.0], vec![0.5], vec![3.0]],
        stds: vec![0.5, 0.4, 0.7],
    }
}

fn uniform(steps: usize) -> Vec<Node> {
    let ratio = (0.05f64 / 4.0).ln();
    (0..=steps)
        .map(|i| Node::variance_exploding(4.0 * (ratio * i as f64 / steps as f64).exp()).unwrap())
        .collect()
}

fn karras(steps: usize) -> Vec<Node> {
    let (high, low) = (4.0f64.powf(1.0 / 7.0), 0.05f64.powf(1.0 / 7.0));
    (0..=steps)
        .map(|i| {
            let root = high + i as f64 / steps as f64 * (low - high);
            Node::variance_exploding(root.powi(7)).unwrap()
        })
        .collect()
}

fn end(program: &Program) -> f64 {
    let mixture = mixture();
    let mut x = [1.7];
    run_scalar(program, &mut x, |x, at, what, out| {
        mixture.predict(x, at, what, out)
    });
    x[0]
}

fn method(order: usize, weights: Weights, corrected: bool) -> Multistep {
    Multistep {
        order,
        prediction: Prediction::Data,
        weights,
        corrected,
        final_order: FinalOrder::Kept,
        start_up: StartUp::Cold,
        eta: 0.0,
        noise_scale: 1.0,
    }
}

/// Results of 20 cold-started steps computed in another language, uniform in lambda and Karras.
#[test]
fn cold_starts_end_where_they_should() {
    let noise = Multistep {
        prediction: Prediction::Noise,
        ..method(3, Weights::Exact, false)
    };
    for (name, method, exact) in [
        (
            "ddim",
            method(1, Weights::Exact, false),
            [0.658481957848638, 0.658879312473307],
        ),
        (
            "2M midpoint",
            method(2, Weights::Midpoint, false),
            [0.665511548537781, 0.665763498895277],
        ),
        (
            "2M heun",
            method(2, Weights::Exact, false),
            [0.665784537981687, 0.66604482601333],
        ),
        (
            "3M halved",
            method(3, Weights::ExactHalved, false),
            [0.664752759228529, 0.665224725693569],
        ),
        (
            "3M",
            method(3, Weights::Exact, false),
            [0.664490582318412, 0.665004700785289],
        ),
        (
            "UniP-3",
            method(3, Weights::Midpoint, false),
            [0.664447667415388, 0.664986256961425],
        ),
        ("DEIS-3", noise, [0.664538048927446, 0.665023226123727]),
        (
            "UniPC-2",
            method(2, Weights::Midpoint, true),
            [0.665646294154657, 0.665757751745909],
        ),
        (
            "UniPC-3",
            method(3, Weights::Midpoint, true),
            [0.665495609769805, 0.665503132210462],
        ),
    ] {
        for (grid, exact) in [uniform(20), karras(20)].iter().zip(exact) {
            let program = method.program(grid).unwrap();
            assert_eq!(program.calls(), 20, "{name}");
            must_pass(within(name, end(&program), exact, 2e-14));
            must_fail(name, within(name, end(&program), exact + 1e-6, 2e-14));
        }
    }
}

/// The flow's end by Runge-Kutta in another language, 20000 steps.
const EXACT: f64 = 0.665535333236244;

/// Slopes of the error over halvings up to 640 steps from cold starts: 2 at most for predictors, 3 with the
/// corrector.
#[test]
fn cold_starts_have_their_orders() {
    let slope = |method: Multistep| {
        let error = |steps| (end(&method.program(&uniform(steps)).unwrap()) - EXACT).abs();
        (error(160) / error(640)).log2() / 2.0
    };
    for (method, order) in [
        (method(1, Weights::Exact, false), 1.0),
        (method(2, Weights::Midpoint, false), 2.0),
        (method(2, Weights::Exact, false), 2.0),
        (method(3, Weights::Exact, false), 2.0),
        (method(2, Weights::Midpoint, true), 3.0),
        (method(3, Weights::Midpoint, true), 3.0),
    ] {
        let found = slope(method);
        must_pass(within("order", found, order + 0.075, 0.225));
    }
}
