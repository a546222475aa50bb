//! Unadjusted overdamped Langevin dynamics on one tile (Euler-Maruyama; see
//! [`driftlane_kernels::step::langevin`]).
//!
//! ```text
//! x <- x + h grad log pi(x) + sqrt(2 h) xi
//! ```
//!
//! One gradient and one normal a coordinate and step. The noise stays in registers: storing and
//! loading it would cost 16 bytes a coordinate, more than drawing it.

use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Source;
use driftlane_kernels::step::langevin::euler_maruyama;
use driftlane_kernels::tile::Row;

/// `steps` steps of size `step_size` (one for each particle) towards `law`. `grad` and `other` are
/// working memory.
pub fn euler_maruyama_steps<R: Precision, S: Source>(
    law: Law<'_>,
    step_size: Row<R>,
    steps: usize,
    source: &mut S,
    x: &mut [Row<R>],
    grad: &mut [Row<R>],
    other: &mut [Row<R>],
) {
    let two = if active("langevin-noise-sqrt-h") {
        1.0
    } else {
        2.0
    };
    let noise_scale = (Row::<R>::splat(two) * step_size).sqrt();
    for _ in 0..steps {
        law.gradient(x, grad, other);
        // A copy stays in registers through the loop; behind the reference it would be stored and
        // loaded for every row.
        let mut local = source.clone();
        for (x, g) in x.iter_mut().zip(grad.iter()) {
            let xi = local.next_normals::<R>();
            *x = euler_maruyama(*x, *g, step_size, noise_scale, xi);
        }
        *source = local;
    }
}
