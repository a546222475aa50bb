//! A diagonal mass matrix, kept as its inverse and its square root in both precisions.

use crate::target::Precision;
use driftlane_kernels::lane::Table;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Noise;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// 1 / m and sqrt m of every coordinate.
#[derive(Debug, Clone)]
pub struct Masses {
    pub(super) inverse: Table,
    pub(super) root: Table,
}

impl Masses {
    /// With inverse masses, all positive: best the variances of the target's coordinates.
    pub fn new(inverse: Vec<f64>) -> Self {
        let root: Vec<f64> = inverse.iter().map(|v| 1.0 / v.sqrt()).collect();
        Self {
            inverse: inverse.into(),
            root: root.into(),
        }
    }

    /// The inverse masses.
    pub fn inverse(&self) -> &[f64] {
        self.inverse.values()
    }

    /// Momenta from N(0, M), made of standard normals.
    pub fn draw<R: Precision, N: Noise>(&self, normals: &mut N, p: &mut [Row<R>]) {
        for (p, &root) in p.iter_mut().zip(self.root.of::<R>()) {
            let hot = if active("momentum-too-hot") {
                1.05
            } else {
                1.0
            };
            *p = normals.row::<R>() * Row::<R>::broadcast(root) * Row::<R>::splat(hot);
        }
    }

    /// sum_j p_j^2 / (2 m_j), in double precision, one row for 32 particles.
    pub fn kinetic_energy<R: Precision>(&self, p: &[Row<R>], energy: &mut [Row<F64>]) {
        for (part, energy) in energy.iter_mut().enumerate() {
            let mut sum = Row::<F64>::zero();
            for (p, &w) in p.iter().zip(self.inverse.values()) {
                // Row by row: all momenta widened at once would be 8 KiB more of L1 in 32 dimensions.
                let mut wide = [Row::<F64>::zero()];
                R::widen_part(std::slice::from_ref(p), part, &mut wide);
                sum = (wide[0] * Row::<F64>::splat(w)).mul_add(wide[0], sum);
            }
            *energy = sum * Row::<F64>::splat(0.5);
        }
    }
}
