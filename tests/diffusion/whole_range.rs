//! Every solver from noise to data in either precision: finite everywhere, and single precision as near as it can be.

use super::gates::{must_fail, must_pass, within};
use super::program_of;
use super::starts::distance;
use driftlane::diffusion::solver::{Habit, find, solvers};
use driftlane::diffusion::{Diffuse, Grid, Node, Schedule, Start, diffuse};
use driftlane::kernels::{F32, F64};
use driftlane::target::library::{Gaussian, Mixture, Points};
use driftlane::target::{BlockTarget, Precision};

fn mixture() -> Mixture {
    Mixture::isotropic(
        vec![0.2, 0.5, 0.3],
        vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.5, -2.0]],
        vec![0.3, 0.5, 0.4],
    )
    .unwrap()
}

/// Points have no width: their denoiser is a step function where the noise is gone.
#[test]
fn whole_ranges_end_finite() {
    let points = Points::new(vec![vec![-1.0, 0.5], vec![1.0, 1.0]], 0.0).unwrap();
    let mixture = mixture();
    let targets: [&dyn BlockTarget; 2] = [&mixture, &points];
    for name in Schedule::NAMES {
        let schedule = Schedule::from_name(name).unwrap();
        for steps in [1, 6] {
            let nodes = Grid::Time.nodes(&schedule, steps).unwrap();
            for solver in solvers() {
                let mut nodes = nodes.clone();
                if solver.habit == Habit::Zero {
                    nodes.push(schedule.of_noise_level(0.0).unwrap());
                }
                let program = match program_of(solver, &nodes, &schedule) {
                    Ok(program) => program,
                    // From noise alone: begin at the next node, if there are two more.
                    Err(error) => {
                        assert!(error.to_string().contains("start"), "{error}");
                        match program_of(solver, &nodes[1..], &schedule) {
                            Ok(program) => program,
                            Err(_) if nodes.len() < 3 => continue,
                            Err(error) => panic!("{} {name}: {error}", solver.name),
                        }
                    }
                };
                for target in targets {
                    let run = Diffuse::new(40, 9);
                    let double = diffuse::<F64>(target, &program, &run, &mut |_| {}).unwrap();
                    let single = diffuse::<F32>(target, &program, &run, &mut |_| {}).unwrap();
                    let lost = (double.nonfinite, single.nonfinite);
                    assert_eq!(lost, (0, 0), "{} {name} {steps}", solver.name);
                }
            }
        }
    }
}

#[test]
fn nodes_that_repeat_are_refused() {
    let schedule = Schedule::from_name("edm").unwrap();
    let node = |s: f64| Node::variance_exploding(s).unwrap();
    for levels in [[3.0, 3.0, 1.0], [3.0, 1.0, 1.0], [3.0, 0.0, 0.0]] {
        let nodes = levels.map(node);
        for solver in solvers() {
            let error = program_of(solver, &nodes, &schedule)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("grid") && error.contains("below"),
                "{error}"
            );
        }
    }
}

/// The root mean square of what single precision changes, over that of the ends.
fn plateau<R: Precision>(name: &str, steps: usize, target: &dyn BlockTarget) -> f64 {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::LogSnr.nodes(&schedule, steps).unwrap();
    let given: Vec<f64> = (0..2000)
        .map(|k| f64::from((3.0 * ((f64::from(k) * 0.754_877_666).fract() - 0.5)) as f32))
        .collect();
    let program = program_of(&find(name).unwrap(), &nodes, &schedule).unwrap();
    let run = Diffuse {
        start: Start::Given(&given),
        ..Diffuse::new(1000, 1)
    };
    let double = diffuse::<F64>(target, &program, &run, &mut |_| {})
        .unwrap()
        .samples
        .to_vec();
    let other = diffuse::<R>(target, &program, &run, &mut |_| {})
        .unwrap()
        .samples
        .to_vec();
    distance(&double, &other) / distance(&double, &vec![0.0; double.len()])
}

#[test]
fn single_precision_keeps_its_digits() {
    let smooth = Gaussian::full(vec![1.0, -2.0], &[vec![1.0, 0.6], vec![0.6, 0.8]]).unwrap();
    for name in [
        "ddim",
        "dpmpp-2m",
        "dpmpp-3m-corrected",
        "unipc-3-bh2",
        "unip-3",
        "dpmpp-2s",
        "flow-heun",
        "heun",
        "lms",
        "deis-3",
        "euler",
        "dpm-2m",
        "dpmpp-1",
    ] {
        for steps in [10, 100, 240, 1000, 4000] {
            let off = plateau::<F32>(name, steps, &smooth);
            // 6e-8 a step, of either sign, until rounding is kept: then that of the end alone is left.
            let allowed = match steps {
                10 | 100 => 6e-7,
                240 => 1e-6,
                _ => 1e-7,
            };
            must_pass(within(name, off, 0.0, allowed));
            must_fail("ten times", within(name, 10.0 * off, 0.0, allowed));
        }
    }
}
