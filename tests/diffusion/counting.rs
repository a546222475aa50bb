//! Calls of the denoiser, counted where they are made.

use super::starts::program;
use driftlane::diffusion::solver::{Churn, Habit, Options, Restart, find, solvers};
use driftlane::diffusion::{Grid, Node, Operation, Program, Schedule, run_steps};

/// How often a run calls, and the noise levels it calls at.
fn count(program: &Program) -> Vec<f64> {
    let mut registers = vec![vec![0.5; 3]; program.registers];
    let mut levels = Vec::new();
    run_steps(
        program,
        0,
        &mut registers,
        |x, at, _, out| {
            levels.push(at.noise_level());
            out.copy_from_slice(x);
        },
        |_, noise| noise.fill(0.0),
    );
    levels
}

fn falls(levels: &[f64]) -> bool {
    levels
        .windows(2)
        .all(|pair| pair[1] <= pair[0] * (1.0 + 1e-14))
}

#[test]
fn calls_are_as_many_as_said() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    for steps in [5, 12, 30] {
        let nodes = Grid::LogSnr.nodes(&schedule, steps).unwrap();
        let clean = [&nodes[..], &[schedule.of_noise_level(0.0).unwrap()]].concat();
        for solver in solvers() {
            let of = |nodes: &[Node]| program(solver, nodes, &schedule, &Options::default());
            let plain = of(&nodes);
            let levels = count(&plain);
            let start = match &*solver.name {
                "pndm" => 1,
                "pndm-rk" => 9,
                _ => 0,
            };
            assert_eq!(
                levels.len(),
                solver.calls * steps + start,
                "{}",
                solver.name
            );
            assert_eq!(
                (plain.calls(), plain.noise_levels()),
                (levels.len(), levels.clone())
            );
            // The stages of this one are at the end, then at the middle.
            assert_eq!(
                falls(&levels),
                solver.name != "rho-ssprk3",
                "{}",
                solver.name
            );
            assert!(levels[0] == nodes[0].noise_level());
            if solver.habit == Habit::Zero {
                // The step to a clean node has one call, whatever the method.
                let levels = count(&of(&clean));
                assert_eq!(levels.len(), solver.calls * steps + 1, "{}", solver.name);
            }
            let draws = |op: &&Operation| matches!(op, Operation::Draw { .. });
            let drawn = plain.operations().filter(draws).count();
            assert_eq!(drawn > 0, plain.is_stochastic());
        }
    }
}

#[test]
fn noise_on_the_way_costs_what_it_should() {
    let schedule = Schedule::from_name("edm").unwrap();
    let nodes = Grid::Karras.nodes(&schedule, 18).unwrap();
    let restarts = Options {
        restarts: vec![Restart {
            points: 4,
            repeats: 3,
            foot: 0.2,
            head: 1.0,
        }],
        ..Options::default()
    };
    let levels = count(&program(
        &find("restart").unwrap(),
        &nodes,
        &schedule,
        &restarts,
    ));
    assert_eq!(levels.len(), 2 * 18 + 3 * 2 * 3);
    assert_eq!(
        levels.windows(2).filter(|pair| pair[1] > pair[0]).count(),
        3
    );
    let churned = Options {
        churn: Some(Churn {
            amount: 9.0,
            from: 0.05,
            to: 50.0,
        }),
        ..Options::default()
    };
    let heun = find("heun").unwrap();
    let levels = count(&program(&heun, &nodes, &schedule, &churned));
    assert_eq!(levels.len(), 2 * 18);
    for (i, pair) in levels.chunks(2).enumerate() {
        let level = nodes[i].noise_level();
        let raised = if (0.05..=50.0).contains(&level) {
            1.5f64.min(f64::sqrt(2.0))
        } else {
            1.0
        };
        assert!((pair[0] / level - raised).abs() < 1e-14);
    }
    assert!(!falls(&levels));
}
