//! Particles without their centre of mass: the Helmert basis of the mean-free subspace.
//!
//! ```text
//! a_k = h_k / sqrt(k (k + 1)),   x_i = sum_(k > i) a_k - i a_i,      k = 1 .. n-1, each axis for itself
//! ```
//!
//! Its columns are orthonormal, so h in R^((n-1) d) carries the Lebesgue measure of the subspace, and
//! sum_i |x_i - mean|^2 = |h|^2. Coordinates are `[k][axis]` and `[i][axis]`. Cost: 3 n d operations there,
//! as many back.

use driftlane_kernels::Lane;

/// Positions of `n` particles in `axes` dimensions from the mean-free coordinates `h`, (n - 1) * axes of
/// them.
pub(super) fn positions<L: Lane>(h: &[L], axes: usize, x: &mut [L]) {
    let n = h.len() / axes + 1;
    for axis in 0..axes {
        let mut above = L::zero();
        for i in (0..n).rev() {
            let a = match i {
                0 => L::zero(),
                _ => h[(i - 1) * axes + axis] * L::splat(weight(i)),
            };
            x[i * axes + axis] = a.mul_add(L::splat(-(i as f64)), above);
            above += a;
        }
    }
}

/// The gradient with respect to h from that with respect to positions.
pub(super) fn pull_back<L: Lane>(by_position: &[L], axes: usize, grad: &mut [L]) {
    let n = by_position.len() / axes;
    for axis in 0..axes {
        let mut below = by_position[axis];
        for k in 1..n {
            let own = by_position[k * axes + axis];
            let pull = own.mul_add(L::splat(-(k as f64)), below);
            grad[(k - 1) * axes + axis] = pull * L::splat(weight(k));
            below += own;
        }
    }
}

fn weight(k: usize) -> f64 {
    let k = k as f64;
    1.0 / (k * (k + 1.0)).sqrt()
}

/// Names of the coordinates: `h[1].x`, `h[1].y`, ...
pub(super) fn names(particles: usize, axes: usize) -> Vec<String> {
    let axis = ["x", "y", "z"];
    (1..particles)
        .flat_map(|k| (0..axes).map(move |a| format!("h[{k}].{}", axis[a])))
        .collect()
}
