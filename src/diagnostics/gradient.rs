//! Whether a gradient belongs to its density.
//!
//! Central differences with Richardson extrapolation (error O(h^4)) of the log density, at draws from
//! the target's reference:
//!
//! ```text
//! D(h) = (f(x + h e_j) - f(x - h e_j)) / 2h,   (4 D(h/2) - D(h)) / 3
//! ```
//!
//! A right gradient agrees to about 1e-8 relative to the largest component of the point; a wrong
//! term shows as 1e-3 or more.

use crate::target::BlockTarget;
use driftlane_kernels::lane::Lane;
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, weights::max_row};

/// The largest difference between the target's gradient and the differences of its log density, over
/// 32 draws from its reference, relative to the largest component of the gradient there (or 1).
/// Coordinates where a difference is not finite are passed over.
pub fn gradient_error(target: &dyn BlockTarget, seed: u64) -> f64 {
    let dim = target.dim();
    let mut stream = Stream::new(seed, Purpose::Exact, 0, 0);
    let mut x = vec![Row::<F64>::zero(); dim];
    target.reference().sample(&mut stream, &mut x);
    let mut grad = x.clone();
    target.gradient(&x, &mut grad);
    let largest = grad
        .iter()
        .fold(Row::<F64>::one(), |max, g| max.max(g.abs()));
    let mut value = [Row::<F64>::zero()];
    let mut at = |x: &mut [Row<F64>], j: usize, h: Row<F64>| {
        let centre = x[j];
        x[j] = centre + h;
        target.log_density(x, &mut value);
        let right = value[0];
        x[j] = centre - h;
        target.log_density(x, &mut value);
        x[j] = centre;
        (right - value[0]) / (h + h)
    };
    let mut worst = 0.0;
    for (j, g) in grad.iter().enumerate() {
        // Optimal for a fourth-order difference: the fifth root of the rounding error.
        let h = x[j].abs().max(Row::one()) * Row::splat(1e-3);
        let half = h * Row::splat(0.5);
        let (coarse, fine) = (at(&mut x, j, h), at(&mut x, j, half));
        let difference = (fine * Row::splat(4.0) - coarse) * Row::splat(1.0 / 3.0);
        let error = max_row(((*g - difference) / largest).abs());
        worst = if error > worst { error } else { worst };
    }
    worst
}
