//! Solutions of the probability flow to rounding, programs begun with an exact history, and slopes.

use super::gates::{Gate, require};
use driftlane::diffusion::solver::{Description, Options, Setup};
use driftlane::diffusion::{Node, Operation, Prediction, Program, Schedule, Step, run_steps};

/// A denoiser in plain double precision.
pub type Predict<'a> = &'a dyn Fn(&[f64], &Node, Prediction, &mut [f64]);

/// Runge-Kutta steps for a unit of lambda: an error below 1e-14.
const PER_UNIT: f64 = 2000.0;

/// Positions in the frame alpha = 1 at noise levels, which may rise or fall, from that at the first: classical
/// Runge-Kutta on dy / d lambda = -s e(y, s).
pub fn along(predict: Predict, levels: &[f64], start: &[f64]) -> Vec<Vec<f64>> {
    let mut all = vec![start.to_vec()];
    let slope = |y: &[f64], lambda: f64| {
        let level = (-lambda).exp();
        let mut e = vec![0.0; y.len()];
        let node = Node::variance_exploding(level).unwrap();
        predict(y, &node, Prediction::Noise, &mut e);
        e.iter_mut().for_each(|e| *e *= -level);
        e
    };
    let moved = |y: &[f64], k: &[f64], h: f64| -> Vec<f64> {
        y.iter().zip(k).map(|(y, k)| h.mul_add(*k, *y)).collect()
    };
    for pair in levels.windows(2) {
        let (from, to) = (-pair[0].ln(), -pair[1].ln());
        let pieces = ((to - from).abs() * PER_UNIT).ceil();
        let h = (to - from) / pieces;
        let mut y = all[all.len() - 1].clone();
        for i in 0..pieces as usize {
            let at = (i as f64).mul_add(h, from);
            let k1 = slope(&y, at);
            let k2 = slope(&moved(&y, &k1, 0.5 * h), at + 0.5 * h);
            let k3 = slope(&moved(&y, &k2, 0.5 * h), at + 0.5 * h);
            let k4 = slope(&moved(&y, &k3, h), at + h);
            for j in 0..y.len() {
                y[j] += h / 6.0 * (k1[j] + 2.0 * (k2[j] + k3[j]) + k4[j]);
            }
        }
        all.push(y);
    }
    all
}

/// The end of a program whose first `exact.len() - 1` steps are only there to fill its history: at the beginning of
/// each, and wherever the position changes within, it is put back to `exact`, in the frame of the nodes. The exact
/// position of the first step that counts is not corrected.
pub fn with_exact_history(program: &Program, exact: &[Vec<f64>], predict: Predict) -> Vec<f64> {
    let mut registers = vec![vec![0.0; exact[0].len()]; program.registers];
    let warm = exact.len() - 1;
    for (i, (step, exact)) in program.steps.iter().zip(exact).enumerate() {
        registers[0].clone_from(exact);
        let calls = |o: &&Operation| matches!(o, Operation::Evaluate { .. });
        let one_call = step.operations.iter().filter(calls).count() == 1;
        if i == warm && !(warm > 0 && one_call) {
            run_steps(
                program,
                warm,
                &mut registers,
                predict,
                |_, _| unreachable!(),
            );
            return registers.swap_remove(0);
        }
        let last = step.operations.len() - 1;
        for (k, operation) in step.operations.iter().enumerate() {
            let alone = Program {
                registers: program.registers,
                steps: vec![Step {
                    operations: vec![operation.clone()],
                    ..step.clone()
                }],
            };
            run_steps(&alone, 0, &mut registers, predict, |_, _| unreachable!());
            if operation.registers().1 == 0 && !(i == warm && k == last) {
                registers[0].clone_from(exact);
            }
        }
    }
    run_steps(
        program,
        warm + 1,
        &mut registers,
        predict,
        |_, _| unreachable!(),
    );
    registers.swap_remove(0)
}

/// The end of a program from its start.
pub fn end(program: &Program, start: &[f64], predict: Predict) -> Vec<f64> {
    with_exact_history(program, &[start.to_vec()], predict)
}

/// No step of lower order than it has to be, beside what is given.
pub fn kept(solver: &Description, options: Options) -> Options {
    use driftlane::diffusion::solver::Setting;
    let knows = solver.takes(Setting::LowerFinalOrder);
    Options {
        lower_final_order: knows.then_some(false),
        ..options
    }
}

pub fn program(solver: &Description, nodes: &[Node], on: &Schedule, options: &Options) -> Program {
    let setup = Setup {
        nodes,
        schedule: on,
        options,
    };
    solver.program(&setup).unwrap()
}

pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    square.sqrt()
}

/// Slopes between errors at step numbers that double.
pub fn slopes(errors: &[f64]) -> Vec<f64> {
    let slope = |pair: &[f64]| (pair[0] / pair[1]).abs().log2();
    errors.windows(2).map(slope).collect()
}

pub fn shown(errors: &[f64]) -> String {
    let errors_shown: Vec<String> = errors.iter().map(|e| format!("{e:.3e}")).collect();
    format!("{} slopes {:.3?}", errors_shown.join(" "), slopes(errors))
}

/// All slopes between these errors are those of an order.
pub fn has_order(name: &str, errors: &[f64], order: f64) -> Gate {
    let all = slopes(errors);
    let inside = all.iter().all(|s| (order - 0.15..=order + 0.3).contains(s));
    require(inside, || {
        format!("{name}: order {order}, errors {}", shown(errors))
    })
}
