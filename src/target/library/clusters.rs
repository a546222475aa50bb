//! Clusters of particles on the mean-free subspace (the Helmert basis, so that log Z is that of the
//! orthonormal coordinates).
//!
//! ```text
//! DW-4    4 particles in the plane,  log pi = -sum_(i<j) [0.9 (d - 4)^4 - 4 (d - 4)^2]
//! LJ-13   13 particles in space,     log pi = -sum_(i<j) [d^-12 - 2 d^-6] - 1/2 sum_i |x_i - mean|^2
//! ```
//!
//! with d the distance of a pair (Koehler, Klein, Noe 2020, arXiv:2006.02425; LJ-13 as in bgflow and EACF,
//! each pair once; codes that count pairs twice sample another law). Both are invariant under rotations,
//! reflections and exchanges. log Z of DW-4 is a five-dimensional integral over the pair distances of three
//! particles about a first: by fast convolution on grids of 0.1, 0.08 and 0.06 it is 29.667232232904 each
//! time, and a test sums it anew. Cost of a gradient: 20 operations a pair (6 and 78 pairs).

use super::helmert;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::Lane;

/// Four particles in the plane that like to be 2.5 or 5.5 apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct DoubleWell4;

/// Thirteen Lennard-Jones particles in a harmonic trap.
#[derive(Debug, Clone, Copy, Default)]
pub struct LennardJones13;

/// Distances below this count as this: what a particle on top of another feels is finite, and pushes
/// nowhere.
const TOUCHING: f64 = 1e-12;

/// Energies of all pairs and, times difference over distance, their derivatives added to `forces`.
#[inline(always)]
fn pairs<L: Lane, const AXES: usize>(x: &[L], forces: &mut [L], pair: impl Fn(L) -> (L, L)) -> L {
    let n = x.len() / AXES;
    let mut energy = L::zero();
    for i in 0..n {
        for j in 0..i {
            let difference: [L; AXES] = std::array::from_fn(|a| x[i * AXES + a] - x[j * AXES + a]);
            let square = difference[1..]
                .iter()
                .fold(difference[0] * difference[0], |s, d| d.mul_add(*d, s));
            let (value, slope) = pair(square);
            energy += value;
            for (a, d) in difference.into_iter().enumerate() {
                let force = slope * d;
                forces[i * AXES + a] -= force;
                forces[j * AXES + a] += force;
            }
        }
    }
    energy
}

impl DoubleWell4 {
    /// -log pi, and minus its gradient by positions.
    fn energy<L: Lane>(h: &[L], forces: &mut [L; 8]) -> L {
        let mut x = [L::zero(); 8];
        helmert::positions(h, 2, &mut x);
        pairs::<L, 2>(&x, forces, |square| {
            let d = square.max(L::splat(TOUCHING * TOUCHING)).sqrt();
            let off = d - L::splat(4.0);
            let off2 = off * off;
            let value = off2 * off2.mul_add(L::splat(0.9), L::splat(-4.0));
            let slope = off * off2.mul_add(L::splat(3.6), L::splat(-8.0));
            (value, slope / d)
        })
    }
}

impl Target for DoubleWell4 {
    fn dim(&self) -> usize {
        6
    }
    fn log_density<L: Lane>(&self, h: &[L]) -> L {
        -Self::energy(h, &mut [L::zero(); 8])
    }
    fn gradient<L: Lane>(&self, h: &[L], grad: &mut [L]) {
        let _ = self.log_density_and_gradient(h, grad);
    }
    fn log_density_and_gradient<L: Lane>(&self, h: &[L], grad: &mut [L]) -> L {
        let mut forces = [L::zero(); 8];
        let energy = Self::energy(h, &mut forces);
        helmert::pull_back(&forces, 2, grad);
        -energy
    }
    /// Pairs are up to 6.5 apart: sd 3 for each coordinate of a difference, over sqrt(2).
    fn reference(&self) -> Reference {
        Reference::normal(vec![0.0; 6], vec![2.5; 6]).expect("constants are valid")
    }
    fn exact(&self) -> Exact {
        Exact {
            log_evidence: Some(29.667_232_232_904_3),
            mean: Some(vec![0.0; 6]),
            sd: None,
        }
    }
    fn parameter_names(&self) -> Vec<String> {
        helmert::names(4, 2)
    }
}

impl LennardJones13 {
    fn energy<L: Lane>(h: &[L], forces: &mut [L; 39]) -> L {
        let mut x = [L::zero(); 39];
        helmert::positions(h, 3, &mut x);
        pairs::<L, 3>(&x, forces, |square| {
            let s = L::one() / square.max(L::splat(TOUCHING * TOUCHING));
            let s6 = s * s * s;
            // Not s6^2 - 2 s6, which is NaN where both overflow.
            let value = s6 * (s6 - L::splat(2.0));
            let slope = s6 * (L::one() - s6) * s * L::splat(12.0);
            (value, slope)
        })
    }
}

impl Target for LennardJones13 {
    fn dim(&self) -> usize {
        36
    }
    fn log_density<L: Lane>(&self, h: &[L]) -> L {
        let trap = h.iter().fold(L::zero(), |s, h| h.mul_add(*h, s));
        trap.mul_add(L::splat(-0.5), -Self::energy(h, &mut [L::zero(); 39]))
    }
    fn gradient<L: Lane>(&self, h: &[L], grad: &mut [L]) {
        let _ = self.log_density_and_gradient(h, grad);
    }
    fn log_density_and_gradient<L: Lane>(&self, h: &[L], grad: &mut [L]) -> L {
        let mut forces = [L::zero(); 39];
        let energy = Self::energy(h, &mut forces);
        helmert::pull_back(&forces, 3, grad);
        let mut trap = L::zero();
        for (g, h) in grad.iter_mut().zip(h) {
            *g -= *h;
            trap = h.mul_add(*h, trap);
        }
        trap.mul_add(L::splat(-0.5), -energy)
    }
    fn exact(&self) -> Exact {
        Exact {
            mean: Some(vec![0.0; 36]),
            ..Exact::default()
        }
    }
    fn parameter_names(&self) -> Vec<String> {
        helmert::names(13, 3)
    }
}
