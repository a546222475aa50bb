//! The phi^4 chain in its sine modes, where the bonds are diagonal.
//!
//! ```text
//! x_i = sum_k S_ik y_k,   S_ik = sqrt(2/(N+1)) sin(pi i k/(N+1)),   S orthogonal and symmetric
//! bonds: -(1/2) sum_k l_k y_k^2,   l_k = beta a N (2 - 2 cos(pi k/(N+1)))
//! grad_y = -l y + S grad_x (sites)
//! ```
//!
//! The bonds are what limits an explicit step (l_N = 4 beta a N against beta/(a N) of a site); they
//! are the linear part that semilinear schemes solve exactly. An orthogonal change of coordinates
//! leaves log Z and the reference as they are. Cost of a gradient: 2 N^2 fused multiply-adds.

use super::Phi4;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::Lane;
use driftlane_kernels::lane::Table;

/// A chain seen in its modes.
#[derive(Debug, Clone)]
pub struct Phi4Modes {
    chain: Phi4,
    /// S, row by row.
    basis: Table,
    /// l_k.
    stiffness: Table,
}

impl Phi4Modes {
    /// The modes of `chain`.
    pub fn new(chain: Phi4) -> Self {
        let n = chain.n;
        let turn = 0.5 / (n + 1) as f64;
        let scale = (2.0 / (n + 1) as f64).sqrt();
        let sine = |i: usize, k: usize| {
            // Whole turns taken out of the integer, so that no argument is large.
            let (sin, _) = Lane::sin_cos_turns(((i * k) % (2 * (n + 1))) as f64 * turn);
            scale * sin
        };
        let basis: Vec<f64> = (1..=n)
            .flat_map(|i| (1..=n).map(move |k| sine(i, k)))
            .collect();
        let stiffness: Vec<f64> = (1..=n)
            .map(|k| {
                // 2 - 2 cos t = 4 sin^2 (t/2), without cancellation.
                let (sin, _): (f64, f64) = Lane::sin_cos_turns(0.5 * k as f64 * turn);
                4.0 * sin * sin * chain.stiffness()
            })
            .collect();
        Self {
            chain,
            basis: basis.into(),
            stiffness: stiffness.into(),
        }
    }

    /// S v: sites from modes, and modes from sites.
    pub fn transform<L: Lane>(&self, v: &[L]) -> Vec<L> {
        let rows = self.basis.of::<L>().chunks_exact(self.chain.n);
        rows.map(|row| {
            let terms = row.iter().zip(v);
            terms.fold(L::zero(), |sum, (&s, &v)| L::broadcast(s).mul_add(v, sum))
        })
        .collect()
    }
}

impl Target for Phi4Modes {
    fn dim(&self) -> usize {
        self.chain.n
    }

    fn log_density<L: Lane>(&self, y: &[L]) -> L {
        self.chain.log_density(&self.transform(y))
    }

    fn gradient<L: Lane>(&self, y: &[L], grad: &mut [L]) {
        let mut sites = self.transform(y);
        let (local, tilt) = (L::splat(self.chain.local()), L::splat(self.chain.b));
        for x in &mut sites {
            *x = x.neg_mul_add(*x, L::one()).mul_add(*x, -tilt) * local;
        }
        let forces = self.transform(&sites);
        let bonds = self.stiffness.of::<L>();
        for (((g, force), &y), &l) in grad.iter_mut().zip(forces).zip(y).zip(bonds) {
            *g = L::broadcast(l).neg_mul_add(y, force);
        }
    }

    fn linear_part(&self) -> Option<Vec<f64>> {
        Some(self.stiffness.values().iter().map(|l| -l).collect())
    }

    /// N(0, 1) for every mode, which is N(0, 1) for every site.
    fn reference(&self) -> Reference {
        self.chain.reference()
    }

    fn exact(&self) -> Exact {
        Exact {
            log_evidence: self.chain.exact().log_evidence,
            ..Exact::default()
        }
    }

    fn parameter_names(&self) -> Vec<String> {
        (1..=self.chain.n).map(|k| format!("mode[{k}]")).collect()
    }
}
