//! Solvers in the noise level: the flow is dy = eps ds for y = x / alpha, s = sigma / alpha.
//!
//! ```text
//! Euler   x' = (alpha'/alpha) x + alpha' (s' - s) e                                     order 1, 1 call
//! Heun    the same with (e + e')/2, e' at the end of an Euler step; the last step Euler      2, 2 calls
//! KDPM2   e at the stage sqrt(s s'), reached by Euler; the last step Euler                   2, 2 calls
//! LMS     Adams-Bashforth of order 4 on the grid's own spacing                               2 to 4, 1 call
//! ```
//!
//! Coefficients of LMS are integrals of Lagrange polynomials, exact for any grid. Lower orders at the start
//! cap its global order at 2. Sources: Karras et al. 2022, arXiv:2206.00364; Crowson's k-diffusion.

use super::builder::{Builder, POSITION};
use super::check_grid;
use crate::diffusion::{Node, Prediction, Program};
use crate::error::{Error, Result};
use driftlane_kernels::Lane;

const OUTPUT: usize = 1;
const SECOND: usize = 2;
const STAGE: usize = 3;

/// What an Euler step multiplies: the position, and the noise.
pub(super) fn euler_step(s: Node, t: Node) -> (f64, f64) {
    (
        t.alpha / s.alpha,
        t.alpha * (t.noise_level() - s.noise_level()),
    )
}

/// Euler's method; for grids without a node of noise alone.
pub fn euler(nodes: &[Node]) -> Result<Program> {
    stages(nodes, |builder, s, t, _| {
        let (position, noise) = euler_step(s, t);
        builder.combine(POSITION, &[(POSITION, position), (OUTPUT, noise)]);
    })
}

/// Heun's method.
pub fn heun(nodes: &[Node]) -> Result<Program> {
    stages(nodes, |builder, s, t, _| {
        let (position, noise) = euler_step(s, t);
        if t.is_clean() {
            builder.combine(POSITION, &[(POSITION, position), (OUTPUT, noise)]);
            return;
        }
        builder.combine(STAGE, &[(POSITION, position), (OUTPUT, noise)]);
        builder.evaluate(STAGE, SECOND, t, Prediction::Noise);
        let half = 0.5 * noise;
        let terms = [(POSITION, position), (OUTPUT, half), (SECOND, half)];
        builder.combine(POSITION, &terms);
    })
}

/// The midpoint method in ln s (DPM2 of k-diffusion).
pub fn kdpm2(nodes: &[Node]) -> Result<Program> {
    stages(nodes, |builder, s, t, between| {
        let (position, noise) = euler_step(s, t);
        if t.is_clean() {
            builder.combine(POSITION, &[(POSITION, position), (OUTPUT, noise)]);
            return;
        }
        let middle = between(Lane::exp(
            0.5 * (Lane::ln(s.noise_level()) + Lane::ln(t.noise_level())),
        ));
        let (to_stage, noise_of_stage) = euler_step(s, middle);
        builder.combine(STAGE, &[(POSITION, to_stage), (OUTPUT, noise_of_stage)]);
        builder.evaluate(STAGE, SECOND, middle, Prediction::Noise);
        builder.combine(POSITION, &[(POSITION, position), (SECOND, noise)]);
    })
}

/// Runs `step` over the grid after an evaluation of the noise at its start; it may ask for the node of a noise
/// level between both ends, which lies on the circle or the line that they lie on.
fn stages(
    nodes: &[Node],
    step: impl Fn(&mut Builder, Node, Node, &dyn Fn(f64) -> Node),
) -> Result<Program> {
    check(nodes)?;
    let mut builder = Builder::new();
    for pair in nodes.windows(2) {
        let (s, t) = (pair[0], pair[1]);
        builder.step(s, t);
        builder.evaluate(POSITION, OUTPUT, s, Prediction::Noise);
        let between = |level: f64| {
            let exploding = s.alpha == t.alpha;
            let alpha = if exploding {
                s.alpha
            } else {
                1.0 / level.mul_add(level, 1.0).sqrt()
            };
            Node {
                time: level,
                alpha,
                sigma: alpha * level,
            }
        };
        step(&mut builder, s, t, &between);
    }
    builder.finish()
}

fn check(nodes: &[Node]) -> Result<()> {
    check_grid(nodes)?;
    let first = nodes[0].noise_level();
    if first.is_infinite() {
        let allowed = "finite at the start for solvers in the noise level";
        return Err(Error::invalid("grid", first, allowed));
    }
    Ok(())
}

/// Linear multistep of `order` 1 to 4.
pub fn lms(nodes: &[Node], order: usize) -> Result<Program> {
    check(nodes)?;
    if !(1..=4).contains(&order) {
        return Err(Error::invalid("order", order, "1 to 4"));
    }
    let slot = |i: usize| 1 + i % order;
    let mut builder = Builder::new();
    for (i, pair) in nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        builder.step(s, t);
        builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
        let used = order.min(i + 1);
        let levels: Vec<f64> = (0..used).map(|j| nodes[i - j].noise_level()).collect();
        let mut terms = vec![(POSITION, t.alpha / s.alpha)];
        for j in 0..used {
            let integral = lagrange_integral(&levels, j, t.noise_level());
            terms.push((slot(i - j), t.alpha * integral));
        }
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}

/// The integral from `levels[0]` to `end` of the Lagrange polynomial of node `j`: of degree at most 3, so two
/// Gauss points make it exact.
fn lagrange_integral(levels: &[f64], j: usize, end: f64) -> f64 {
    let (start, half) = (levels[0], 0.5 * (end - levels[0]));
    let root = 1.0 / 3f64.sqrt();
    let at = |place: f64| {
        let s = half.mul_add(place, start + half);
        let others = levels.iter().enumerate().filter(|(k, _)| *k != j);
        others
            .map(|(_, other)| (s - other) / (levels[j] - other))
            .product::<f64>()
    };
    half * (at(-root) + at(root))
}
