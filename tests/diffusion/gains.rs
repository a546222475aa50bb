//! Gains of a linear model, which another implementation asserts.

use super::gates::{must_fail, must_pass, within};
use super::starts::program;
use driftlane::diffusion::solver::{Options, find};
use driftlane::diffusion::{Node, Prediction, Schedule, run_scalar};

/// Noise levels of 1000 linear betas.
fn trained() -> Vec<f64> {
    let mut kept = 1.0;
    (0..1000)
        .map(|i| {
            kept *= 1.0 - (1e-4 + (0.02 - 1e-4) * f64::from(i) / 999.0);
            f64::sqrt((1.0 - kept) / kept)
        })
        .collect()
}

/// What diffusers multiplies a start by in ten steps of a model that says x t / (t + 1), read as the noise or as the
/// velocity, from their own f64 runs.
#[test]
fn gains_of_a_linear_model() {
    let trained = trained();
    let times = [999, 899, 799, 699, 599, 500, 400, 300, 200, 100];
    let smallest = trained[0];
    let run = |name: &str, velocity: bool, lowered: Option<bool>, spare: bool| {
        let mut levels: Vec<f64> = times.iter().map(|t| trained[*t as usize]).collect();
        levels.push(smallest);
        if spare {
            levels.push(0.5 * smallest);
        }
        let node = |s: &f64| Node::variance_preserving(*s).unwrap();
        let nodes: Vec<Node> = levels.iter().map(node).collect();
        let options = Options {
            lower_final_order: lowered,
            ..Options::default()
        };
        let schedule = Schedule::from_name("vp-discrete").unwrap();
        let mut program = program(&find(name).unwrap(), &nodes, &schedule, &options);
        program.steps.truncate(10);
        let mut x = [1.0];
        run_scalar(&program, &mut x, |x, at, what, out| {
            let near = |t: &&i32| (trained[**t as usize] / at.noise_level() - 1.0).abs() < 1e-9;
            let t = f64::from(*times.iter().find(near).unwrap());
            let said = x[0] * t / (t + 1.0);
            let (noise, data) = match velocity {
                true => (
                    at.sigma * x[0] + at.alpha * said,
                    at.alpha * x[0] - at.sigma * said,
                ),
                false => (said, (x[0] - at.sigma * said) / at.alpha),
            };
            out[0] = match what {
                Prediction::Noise => noise,
                Prediction::Data => data,
            };
        });
        x[0]
    };
    for (name, velocity, lowered, spare, gain) in [
        ("dpmpp-2m", false, Some(false), false, 0.6611548344),
        ("dpmpp-2m", true, Some(false), false, 0.4507856593),
        ("unipc-2-bh2", false, None, false, 0.4934332547),
        ("unipc-2-bh2", true, None, false, 0.2030571567),
        ("deis-2", false, None, false, 0.4789470406),
        ("deis-2", true, None, false, 0.1823823135),
        ("dpmpp-2s", false, None, true, 0.5589622737),
        ("dpmpp-2s", true, None, true, 0.2910025310),
    ] {
        let found = run(name, velocity, lowered, spare);
        must_pass(within(name, found, gain, 1e-10));
        must_fail(name, within(name, found, gain + 2e-10, 1e-10));
    }
    let lower = run("dpmpp-2m", false, Some(true), false);
    must_fail(
        "a lower order at the end",
        within("dpmpp-2m", lower, 0.6611548344, 1e-5),
    );
}
