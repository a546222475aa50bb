//! What rounding to single precision may change, worked out from the program: the first-order bound
//!
//! ```text
//! |x_single - x_double| <= sum over operations |dx_end / dy| |own rounding of y|
//! combination:  u sum_k (|c_k x_k| + |c_1 x_1 + .. + c_k x_k|)        coefficients, and fused multiply-adds
//! call:         2 |single - double| at the same position, and u |output|
//! start:        u |x|
//! ```
//!
//! with u = 2^-24 and the derivatives carried back through the coefficients and the Jacobians of the calls, which are
//! central differences. Bounds that take absolute values at every operation are 30 times wider, and 70,000 times
//! where a method starts by Runge-Kutta.

use driftlane::diffusion::{Node, Operation, Prediction, Program};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane};
use driftlane::target::BlockTarget;

const UNIT: f64 = 5.960_464_477_539_063e-8;

/// A prediction by the target's own denoiser, in both precisions, at one position.
fn both(target: &dyn BlockTarget, x: &[f64], at: &Node, what: Prediction) -> (Vec<f64>, Vec<f64>) {
    let denoiser = target.denoiser(at.alpha, at.sigma, what).unwrap();
    let rounded: Vec<f64> = x.iter().map(|x| f64::from(*x as f32)).collect();
    let wide: Vec<Row<F64>> = rounded.iter().map(|x| Row::splat(*x)).collect();
    let narrow: Vec<Row<F32>> = rounded.iter().map(|x| Row::splat(*x)).collect();
    let mut double = wide.clone();
    let mut single = narrow.clone();
    denoiser.predict(&wide, &mut double);
    denoiser.predict_f32(&narrow, &mut single);
    let first = |row: &Row<F64>| bytemuck::cast_slice::<_, f64>(std::slice::from_ref(row))[0];
    let first_single =
        |row: &Row<F32>| f64::from(bytemuck::cast_slice::<_, f32>(std::slice::from_ref(row))[0]);
    (
        double.iter().map(first).collect(),
        single.iter().map(first_single).collect(),
    )
}

/// What an operation did: how far its own rounding may put each coordinate off, and the Jacobian of a call.
struct Trace {
    own: Vec<f64>,
    jacobian: Vec<Vec<f64>>,
}

/// A denoiser in plain double precision.
type Predict<'a> = &'a dyn Fn(&[f64], &Node, Prediction, &mut [f64]);

fn jacobian(x: &[f64], at: &Node, what: Prediction, predict: Predict) -> Vec<Vec<f64>> {
    let dim = x.len();
    let mut all = vec![vec![0.0; dim]; dim];
    for k in 0..dim {
        let step = 1e-5 * (at.sigma + 1e-3 * x[k].abs());
        let (mut high, mut low) = (vec![0.0; dim], vec![0.0; dim]);
        let mut moved = x.to_vec();
        moved[k] = x[k] + step;
        predict(&moved, at, what, &mut high);
        moved[k] = x[k] - step;
        predict(&moved, at, what, &mut low);
        for j in 0..dim {
            all[j][k] = (high[j] - low[j]) / (2.0 * step);
        }
    }
    all
}

/// How far single precision may end from double, coordinate by coordinate, in a program that draws no noise.
pub fn bound(
    program: &Program,
    start: &[f64],
    target: &dyn BlockTarget,
    predict: Predict,
) -> Vec<f64> {
    let dim = start.len();
    let mut values = vec![vec![0.0; dim]; program.registers];
    values[0].copy_from_slice(start);
    let mut traces = Vec::new();
    for operation in program.operations() {
        let (mut value, mut own) = (vec![0.0; dim], vec![0.0; dim]);
        let mut slopes = Vec::new();
        match operation {
            Operation::Draw { .. } => panic!("no bound for noise"),
            Operation::Combine { terms, .. } => {
                for j in 0..dim {
                    for (register, c) in terms {
                        let term = c * values[*register][j];
                        value[j] += term;
                        own[j] += UNIT * (term.abs() + value[j].abs());
                    }
                }
            }
            Operation::Evaluate {
                from,
                at,
                prediction,
                ..
            } => {
                let x = &values[*from];
                predict(x, at, *prediction, &mut value);
                let (double, single) = both(target, x, at, *prediction);
                for j in 0..dim {
                    own[j] = 2.0 * (double[j] - single[j]).abs() + UNIT * value[j].abs();
                }
                slopes = jacobian(x, at, *prediction, predict);
            }
        }
        values[operation.registers().1] = value;
        traces.push(Trace {
            own,
            jacobian: slopes,
        });
    }
    let operations: Vec<&Operation> = program.operations().collect();
    let of_coordinate = |j: usize| {
        // What the end's coordinate j changes by with each coordinate of each register.
        let mut weights = vec![vec![0.0; dim]; program.registers];
        weights[0][j] = 1.0;
        let mut total = 0.0;
        for (operation, trace) in operations.iter().zip(&traces).rev() {
            let to = operation.registers().1;
            let weight = std::mem::replace(&mut weights[to], vec![0.0; dim]);
            let parts = weight.iter().zip(&trace.own);
            total += parts.map(|(w, own)| w.abs() * own).sum::<f64>();
            match operation {
                Operation::Combine { terms, .. } => {
                    for (register, c) in terms {
                        for (sum, w) in weights[*register].iter_mut().zip(&weight) {
                            *sum += c * w;
                        }
                    }
                }
                Operation::Evaluate { from, .. } => {
                    for (w, row) in weight.iter().zip(&trace.jacobian) {
                        for (sum, slope) in weights[*from].iter_mut().zip(row) {
                            *sum += slope * w;
                        }
                    }
                }
                Operation::Draw { .. } => {}
            }
        }
        let first = weights[0].iter().zip(start);
        total + first.map(|(w, x)| w.abs() * UNIT * x.abs()).sum::<f64>()
    };
    (0..dim).map(of_coordinate).collect()
}
