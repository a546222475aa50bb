//! Grids at the ends of what schedules allow: noise alone at the start, a clean end, one step, neighbours as close
//! as numbers get. A program is finite, or refused by name.

use super::program_of;
use driftlane::diffusion::solver::{Habit, solvers};
use driftlane::diffusion::{Grid, Node, Operation, Program, Schedule};

fn is_finite(program: &Program) -> bool {
    let operations = program.steps.iter().flat_map(|step| &step.operations);
    operations.into_iter().all(|operation| match operation {
        Operation::Evaluate { at, .. } => at.alpha.is_finite() && at.sigma.is_finite(),
        Operation::Draw { .. } => true,
        Operation::Combine { terms, .. } => terms.iter().all(|(_, c)| c.is_finite()),
    })
}

#[test]
fn programs_are_finite_or_refused() {
    let (mut made, mut refused) = (0, 0);
    for name in Schedule::NAMES {
        let schedule = Schedule::from_name(name).unwrap();
        for grid in &Grid::NAMES[..5] {
            for steps in [1, 2, 3, 4, 5, 7, 30] {
                let grid = Grid::from_name(grid).unwrap();
                let nodes = grid.nodes(&schedule, steps).unwrap();
                let clean = [&nodes[..], &[schedule.of_noise_level(0.0).unwrap()]].concat();
                for solver in solvers() {
                    let ends_clean = solver.habit == Habit::Zero;
                    let nodes = if ends_clean { &clean } else { &nodes };
                    match program_of(solver, nodes, &schedule) {
                        Ok(program) => {
                            made += 1;
                            assert!(is_finite(&program), "{} {name} {steps}", solver.name);
                            assert_eq!(program.steps.len(), nodes.len() - 1);
                        }
                        Err(error) => {
                            refused += 1;
                            let error = error.to_string();
                            assert_eq!(*name, "flow", "{}: {error}", solver.name);
                            assert!(error.contains("finite at the start"), "{error}");
                        }
                    }
                }
            }
        }
    }
    // Solvers that predict noise or work in the noise level take a step of DDIM from noise alone.
    assert_eq!((made, refused), (8 * 35 * solvers().len(), 0));
}

/// Neighbours one unit in the last place apart, and the smallest and largest noise levels there are.
#[test]
fn extreme_grids_are_finite_or_refused() {
    let near = f64::from_bits(2f64.to_bits() - 1);
    for levels in [
        vec![3.0, 2.0, near, 1.0],
        vec![1e300, 1e-300],
        vec![1e150, 1.0, 1e-150],
        vec![1.0, f64::MIN_POSITIVE],
        vec![5e-324, 0.0],
    ] {
        for end in [None, Some(0.0)] {
            let all = levels
                .iter()
                .copied()
                .chain(end.filter(|_| levels.last() != Some(&0.0)));
            let nodes: Vec<Node> = all.map(|s| Node::variance_preserving(s).unwrap()).collect();
            for solver in solvers() {
                let schedule = Schedule::from_name("vp-linear").unwrap();
                if let Ok(program) = program_of(solver, &nodes, &schedule) {
                    assert!(is_finite(&program), "{} on {levels:?}", solver.name);
                }
            }
        }
    }
}
